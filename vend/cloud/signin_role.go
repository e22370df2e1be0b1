package cloud

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"landlord/guard/identity"
	"landlord/org"
)

// SignInRoles reads the roles of permission sets with some names out of an account
// itself: two calls there for each.
func (c *Client) SignInRoles(ctx context.Context, account org.AccountID, sets []string) ([]identity.AccountRole, error) {
	m := c.In(account, region)
	var roles []identity.AccountRole
	for marker := (*string)(nil); ; {
		out, err := readInside(ctx, m, "iam:ListRoles", m.iam.ListRoles, &iam.ListRolesInput{PathPrefix: aws.String("/aws-reserved/sso.amazonaws.com/"), Marker: marker})
		if err != nil {
			return nil, fmt.Errorf("read the roles of account %s: %w", account, err)
		}
		for _, r := range out.Roles {
			for _, set := range sets {
				if strings.HasPrefix(aws.ToString(r.RoleName), identity.RoleName(set)) {
					role, err := m.signInRole(ctx, set, aws.ToString(r.RoleName), aws.ToString(r.Arn))
					if err != nil {
						return nil, err
					}
					roles = append(roles, role)
				}
			}
		}
		if marker = out.Marker; !out.IsTruncated {
			return roles, nil
		}
	}
}

func (m *Member) signInRole(ctx context.Context, set, name, arn string) (identity.AccountRole, error) {
	role := identity.AccountRole{Set: set, ARN: arn}
	out, err := readInside(ctx, m, "iam:ListAttachedRolePolicies", m.iam.ListAttachedRolePolicies, &iam.ListAttachedRolePoliciesInput{RoleName: &name})
	if err != nil {
		return role, fmt.Errorf("read role %s: %w", arn, err)
	}
	for _, p := range out.AttachedPolicies {
		role.Policies = append(role.Policies, aws.ToString(p.PolicyArn))
	}
	return role, nil
}
