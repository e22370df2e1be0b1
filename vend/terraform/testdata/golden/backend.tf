# Made by `landlord terraform export`, which writes this file anew; what is added by hand belongs into files of other names.

terraform {
  backend "s3" {
    bucket       = "example-terraform"
    key          = "landlord/terraform.tfstate"
    region       = "eu-west-1"
    encrypt      = true
    use_lockfile = true
  }
}
