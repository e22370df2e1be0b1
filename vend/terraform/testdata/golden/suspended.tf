# Made by `landlord terraform export`, which writes this file anew; what is added by hand belongs into files of other names.

locals {
  suspended_description = "Denies everything in the accounts of customers that landlord suspended"
  suspended_tags        = { "landlord:policy" = "suspended" }
}

# Customers that landlord suspended: everything is denied in their accounts.

resource "aws_organizations_policy" "suspended" {
  name        = "landlord-suspended"
  description = local.suspended_description
  content     = file("${path.module}/policies/landlord-suspended.json")
  type        = "SERVICE_CONTROL_POLICY"
  tags        = local.suspended_tags

  depends_on = [aws_organizations_organization.this]

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_organizations_policy_attachment" "suspended" {
  for_each = { for key, account in local.accounts : key => account if contains(keys(account.tags), "landlord:suspended") }

  policy_id = aws_organizations_policy.suspended.id
  target_id = aws_organizations_account.customer[each.key].id
}
