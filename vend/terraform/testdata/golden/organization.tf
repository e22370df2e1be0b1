# Made by `landlord terraform export`, which writes this file anew; what is added by hand belongs into files of other names.

resource "aws_organizations_organization" "this" {
  feature_set          = "ALL"
  enabled_policy_types = ["SERVICE_CONTROL_POLICY", "TAG_POLICY"]

  # Which services may act in the organization is not landlord's.
  lifecycle {
    prevent_destroy = true
    ignore_changes  = [aws_service_access_principals]
  }
}
