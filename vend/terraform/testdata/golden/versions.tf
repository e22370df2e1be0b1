# Made by `landlord terraform export`, which writes this file anew; what is added by hand belongs into files of other names.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

# Organizations is served from us-east-1, to the management account.
provider "aws" {
  region              = "us-east-1"
  allowed_account_ids = ["111122223333"]
}
