# Made by `landlord terraform export`, which writes this file anew; what is added by hand belongs into files of other names.

# What exists already, with its ids. Once it is imported, this file can go; a new customer needs no line in it.
import {
  to = aws_organizations_organization.this
  id = "o-exampleorgid"
}

locals {
  imported_units = {
    "fintech"   = "ou-root-00000000"
    "Customers" = "ou-root-00000001"
  }
}

import {
  for_each = local.imported_units
  to       = aws_organizations_organizational_unit.level_1[each.key]
  id       = each.value
}

locals {
  imported_units_below = {
    "healthcare" = "ou-root-00000002"
  }
}

import {
  for_each = local.imported_units_below
  to       = aws_organizations_organizational_unit.level_2[each.key]
  id       = each.value
}

locals {
  imported_units_lowest = {
    "healthcare/eu-west-1" = "ou-root-00000003"
  }
}

import {
  for_each = local.imported_units_lowest
  to       = aws_organizations_organizational_unit.level_3[each.key]
  id       = each.value
}

locals {
  imported_policies = {
    "landlord-soc2"  = "p-00000000"
    "landlord-hipaa" = "p-00000001"
  }
}

import {
  for_each = local.imported_policies
  to       = aws_organizations_policy.guardrail[each.key]
  id       = each.value
}

locals {
  imported_attachments = {
    "fintech"    = "ou-root-00000000:p-00000000"
    "healthcare" = "ou-root-00000002:p-00000001"
  }
}

import {
  for_each = local.imported_attachments
  to       = aws_organizations_policy_attachment.guardrail[each.key]
  id       = each.value
}

locals {
  imported_accounts = {
    "medi" = "333344445555"
    "old"  = "222233334444"
  }
}

import {
  for_each = local.imported_accounts
  to       = aws_organizations_account.customer[each.key]
  id       = each.value
}

import {
  to = aws_organizations_policy.suspended
  id = "p-denying0"
}

locals {
  imported_suspended = {
    "medi" = "333344445555:p-denying0"
  }
}

import {
  for_each = local.imported_suspended
  to       = aws_organizations_policy_attachment.suspended[each.key]
  id       = each.value
}
