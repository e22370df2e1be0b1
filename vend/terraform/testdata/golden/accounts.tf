# Made by `landlord terraform export`, which writes this file anew; what is added by hand belongs into files of other names.


# One account per customer, in the unit of its tier.

locals {
  accounts = merge([
    for unit, customers in local.customers : {
      for key, customer in customers : key => {
        name  = customer.name
        email = customer.email
        unit  = unit
        tags  = merge({ "landlord:customer" = key, "landlord:tier" = local.units[unit].tier }, customer.tags)
      }
    }
  ]...)
}

resource "aws_organizations_account" "customer" {
  for_each = local.accounts

  name      = each.value.name
  email     = each.value.email
  parent_id = local.unit_ids[each.value.unit]
  tags      = each.value.tags

  # Guardrails before tenants: no account enters a unit that does not carry its policy.
  depends_on = [aws_organizations_policy_attachment.guardrail]

  lifecycle {
    prevent_destroy = true
    ignore_changes  = [close_on_deletion, create_govcloud, iam_user_access_to_billing, role_name]
  }
}
