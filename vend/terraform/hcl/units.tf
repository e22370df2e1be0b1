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
