# The guardrails of the tiers: service control policies, attached to the units.

resource "aws_organizations_policy" "guardrail" {
  for_each = local.guardrails

  name        = each.key
  description = each.value.description
  content     = file("${path.module}/policies/${each.key}.json")
  type        = "SERVICE_CONTROL_POLICY"
  tags        = each.value.tags

  depends_on = [aws_organizations_organization.this]

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_organizations_policy_attachment" "guardrail" {
  for_each = merge([
    for key, unit in local.units : {
      for i, policy in unit.policies : i == 0 ? key : "${key} ${i + 1}" => { unit = key, policy = policy }
    }
  ]...)

  policy_id = aws_organizations_policy.guardrail[each.value.policy].id
  target_id = local.unit_ids[each.value.unit]

  lifecycle {
    create_before_destroy = true
  }
}
