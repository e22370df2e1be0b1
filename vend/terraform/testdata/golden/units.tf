# Made by `landlord terraform export`, which writes this file anew; what is added by hand belongs into files of other names.

locals {
  units = {
    "fintech" = {
      name     = "Customers-Fintech"
      tier     = "fintech"
      parent   = ""
      level    = 1
      policies = ["landlord-soc2"]
      tags     = { "landlord:tier" = "fintech", "of-somebody" = "else" }
    }
    "Customers" = {
      name     = "Customers"
      tier     = ""
      parent   = ""
      level    = 1
      policies = []
      tags     = { "landlord:unit" = "customers", "of-somebody" = "else" }
    }
    "healthcare" = {
      name     = "Customers-Healthcare"
      tier     = "healthcare"
      parent   = "Customers"
      level    = 2
      policies = ["landlord-hipaa"]
      tags     = { "landlord:tier" = "healthcare", "of-somebody" = "else" }
    }
    "healthcare/eu-west-1" = {
      name     = "eu-west-1"
      tier     = "healthcare"
      parent   = "healthcare"
      level    = 3
      policies = []
      tags     = { "landlord:region" = "eu-west-1", "landlord:tier" = "healthcare", "of-somebody" = "else" }
    }
    "standard" = {
      name     = "Customers-Standard"
      tier     = "standard"
      parent   = ""
      level    = 1
      policies = ["landlord-cis"]
      tags     = { "landlord:tier" = "standard" }
    }
  }
}

# The units of the tiers, level by level: a unit is made before those below it.

resource "aws_organizations_organizational_unit" "level_1" {
  for_each = { for key, unit in local.units : key => unit if unit.level == 1 }

  name      = each.value.name
  parent_id = aws_organizations_organization.this.roots[0].id
  tags      = each.value.tags

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_organizations_organizational_unit" "level_2" {
  for_each = { for key, unit in local.units : key => unit if unit.level == 2 }

  name      = each.value.name
  parent_id = aws_organizations_organizational_unit.level_1[each.value.parent].id
  tags      = each.value.tags

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_organizations_organizational_unit" "level_3" {
  for_each = { for key, unit in local.units : key => unit if unit.level == 3 }

  name      = each.value.name
  parent_id = aws_organizations_organizational_unit.level_2[each.value.parent].id
  tags      = each.value.tags

  lifecycle {
    prevent_destroy = true
  }
}

locals {
  unit_ids = {
    for key, unit in merge(
      aws_organizations_organizational_unit.level_1,
      aws_organizations_organizational_unit.level_2,
      aws_organizations_organizational_unit.level_3,
    ) : key => unit.id
  }
}
