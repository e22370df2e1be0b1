package portfolio

import (
	"reflect"
	"strings"
	"testing"
)

const signed = valid + `  - key: zed
    name: Zed
    tier: healthcare
    contact: z@zed.example
    people:
      - {email: ada@zed.example, name: Ada Lovelace, roles: [admin, billing]}
      - {email: bob@zed.example, roles: [read-only]}
sign_in: {portal: zed-cloud}
`

func TestPeopleOfAFile(t *testing.T) {
	p := parse(t, signed)
	if want := (SignIn{Portal: "zed-cloud", Region: p.Organization.Regions[0], Users: CreateUsers}); p.SignIn == nil || *p.SignIn != want {
		t.Errorf("sign-in is %+v, want %+v", p.SignIn, want)
	}
	last := p.Customers[len(p.Customers)-1]
	if want := []Person{{"ada@zed.example", "Ada Lovelace", []string{RoleAdmin, RoleBilling}}, {"bob@zed.example", "", []string{RoleReadOnly}}}; !reflect.DeepEqual(last.People, want) {
		t.Errorf("the people are %+v, want %+v", last.People, want)
	}
	if first := p.Customers[0]; !reflect.DeepEqual(first.People, []Person{{first.Contact, "", []string{RoleAdmin}}}) {
		t.Errorf("without people there is %+v, want the contact as admin", first.People)
	}
	if none := parse(t, strings.Replace(signed, "      - {email: ada@zed.example, name: Ada Lovelace, roles: [admin, billing]}\n      - {email: bob@zed.example, roles: [read-only]}", "      []", 1)); len(none.Customers[len(none.Customers)-1].People) != 0 {
		t.Errorf("with people: [] there are some")
	}
	if old := parse(t, valid); old.SignIn != nil || old.Customers[0].People != nil {
		t.Errorf("without sign_in there is %+v, and people %+v", old.SignIn, old.Customers[0].People)
	}
}

func TestFaultsOfPeople(t *testing.T) {
	contact := parse(t, valid).Customers[0].Contact
	for _, c := range []struct{ name, old, now, want string }{
		{"a role that there is not", "[read-only]", "[readonly]", `unknown role "readonly". Did you mean "read-only"?`},
		{"a role twice", "[admin, billing]", "[admin, admin]", `role "admin" is already on line`},
		{"no role", "[read-only]", "[]", "roles is empty; expected at least one of admin, read-only, billing"},
		{"a person without roles", ", roles: [read-only]", "", `a person lacks "roles"`},
		{"a person without an address", "email: bob@zed.example, ", "", `a person lacks "email"`},
		{"an address that is none", "bob@zed.example", "bob", `email "bob" is not an e-mail address`},
		{"a person twice", "bob@zed.example", "Ada@zed.example", `person "Ada@zed.example" is already on line`},
		{"a person of two customers", "bob@zed.example", contact, "is already on line"},
		{"an address too long for a user", "bob@zed.example", strings.Repeat("b", 120) + "@zed.example", "has 132 characters; the name of a user in AWS has at most 128"},
		{"a portal that is none", "portal: zed-cloud", "portal: https://x", `portal "https://x" is not a name of lower-case letters`},
		{"users of nobody", "portal: zed-cloud", "users: scim", `unknown users "scim"`},
		{"a session of a day", "portal: zed-cloud", "session_hours: 24", `session_hours "24" is not a whole number from 1 to 12`},
	} {
		if got := faultsOf(t, strings.Replace(signed, c.old, c.now, 1)); !strings.Contains(got, c.want) {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}
