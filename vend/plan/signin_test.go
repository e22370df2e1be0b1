package plan

import (
	"slices"
	"testing"

	"landlord/guard/identity"
	"landlord/org"
	"landlord/portfolio"
)

// TestNobodyEntersAnothersAccount: an assignment ends in an account that has become
// another customer's, also while it is not known which account the customer has; it
// stays in one that is nobody else's.
func TestNobodyEntersAnothersAccount(t *testing.T) {
	person := []portfolio.Person{{Email: "a@acme.example", Roles: []string{portfolio.RoleAdmin}}}
	want := identity.Wanted{Region: "us-east-1", Customers: []identity.Customer{{Key: "acme", People: person}, {Key: "zed"}}}
	const account = org.AccountID("222233334444")
	have := identity.Seen{
		Instance: "arn:aws:sso:::instance/ssoins-1", Sets: []identity.PermissionSet{{ARN: "set", Name: "landlord-admin", Tags: org.Tags{org.TagRole: portfolio.RoleAdmin}}},
		Groups: []identity.Group{{ID: "g", Name: identity.GroupName("acme", portfolio.RoleAdmin), Description: identity.Describe("acme", portfolio.RoleAdmin)}},
		Users:  []identity.User{{ID: "u", Name: "a@acme.example"}}, Members: []identity.Member{{ID: "m", Group: "g", User: "u"}},
		Assignments: []identity.Assignment{{Group: "g", Set: "set", Account: account}},
	}
	ends := func(doors map[string]identity.Door) bool {
		t.Helper()
		p, err := SignIn(want, have, doors, SignInOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Kind == UnassignGroup && s.To == Ref(account) })
	}
	none := identity.Door{State: identity.Wait, Why: "there is no account yet"}
	if !ends(map[string]identity.Door{"acme": none, "zed": {Account: account, State: identity.Open}}) {
		t.Error("acme's people still enter the account that is zed's")
	}
	if ends(map[string]identity.Door{"acme": none, "zed": {Account: "999988887777", State: identity.Open}}) {
		t.Error("acme's people lose the account that is nobody else's")
	}
}
