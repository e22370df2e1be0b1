package portfolio

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// SignIn is how customers' people sign in to AWS: with IAM Identity Center.
type SignIn struct {
	Portal string // the access portal's name before .awsapps.com; "" is the identity store's id
	Region string // where the instance of IAM Identity Center is
	Users  string // CreateUsers or ExistingUsers
	Hours  int    // that a session in an account lasts; 0 is each role's own
}

// Whose users the people are.
const (
	CreateUsers   = "create"   // landlord makes who is not there
	ExistingUsers = "existing" // somebody else does, such as an identity provider by SCIM
)

// Roles that people may have in their account.
const (
	RoleAdmin    = "admin"
	RoleReadOnly = "read-only"
	RoleBilling  = "billing"
)

// Roles are all of them.
func Roles() []string { return []string{RoleAdmin, RoleReadOnly, RoleBilling} }

// Person is somebody who may sign in to a customer's account.
type Person struct {
	Email string   // the user's name
	Name  string   // "" if the file does not say
	Roles []string // each once, in the file's order
}

// userNameLength is how long the name of a user may be.
//
// Source: Identity Store API reference, CreateUser, UserName.
const userNameLength = 128

var signInValue = mapping("a mapping, {} for the defaults", SignIn{Users: CreateUsers}, []field[SignIn]{
	may("portal", "The name of the AWS access portal, before .awsapps.com; left out, it is the id of the identity store.",
		matching("a name of lower-case letters, digits and hyphens", `^[a-z0-9][a-z0-9-]{0,62}$`, 63), func(s *SignIn) *string { return &s.Portal }),
	may("region", "Where IAM Identity Center is enabled; left out, it is the home region.", regionValue, func(s *SignIn) *string { return &s.Region }),
	may("users", "create: landlord makes a user of each person. existing: somebody else does, such as an identity provider.", oneOf(`"create" or "existing"`, CreateUsers, ExistingUsers), func(s *SignIn) *string { return &s.Users }),
	may("session_hours", "How long a session in an account lasts; left out, 4 hours for admin and billing, 8 for read-only.", count(1, 12), func(s *SignIn) *int { return &s.Hours }),
})

var peopleValue = list("a list of people, [] for none", "a person", mapping("a mapping with email and roles", Person{}, []field[Person]{
	need("email", "The person's address, by which they sign in; of one customer only.", contactValue, func(p *Person) *string { return &p.Email }),
	may("name", "The person's name.", line(128), func(p *Person) *string { return &p.Name }),
	need("roles", "What they may do in the account: admin, read-only, billing.", list("a list of roles", "role", oneOf(`"admin", "read-only" or "billing"`, Roles()...)), func(p *Person) *[]string { return &p.Roles }),
}))

// checkPeople tells which people cannot be users: an address is one user, and of
// one customer.
func (r *reader) checkPeople(d document) {
	seen := map[string]int{}
	for _, c := range d.customers {
		for _, p := range c.value.people {
			if n := scalarOf(p.fields["email"]); n != nil {
				r.once(n, seen, strings.ToLower(n.Value), "person")
				r.checkUserName(n)
			}
			roles := p.fields["roles"]
			if roles == nil || roles.Kind != yaml.SequenceNode {
				continue
			}
			if len(roles.Content) == 0 {
				r.fault(roles, "roles is empty; expected at least one of %s", strings.Join(Roles(), ", "))
			}
			twice := map[string]int{}
			for _, n := range roles.Content {
				r.once(n, twice, n.Value, "role")
			}
		}
	}
	if d.signIn.node == nil {
		return
	}
	for _, c := range d.customers { // whose contact is their one person
		if n := scalarOf(c.fields["contact"]); n != nil && c.fields["people"] == nil {
			r.once(n, seen, strings.ToLower(n.Value), "person")
			r.checkUserName(n)
		}
	}
}

func (r *reader) checkUserName(n *yaml.Node) {
	if len(n.Value) > userNameLength {
		r.fault(n, "%s has %d characters; the name of a user in AWS has at most %d", quote(n.Value), len(n.Value), userNameLength)
	}
}

// peopleOf are the people of a customer: those of the file, else, where people
// sign in, its contact.
func (d document) peopleOf(c placed[Customer]) []Person {
	var people []Person
	for _, p := range c.value.people {
		people = append(people, p.value)
	}
	if c.fields["people"] == nil && d.signIn.node != nil {
		people = []Person{{Email: c.value.Contact, Roles: []string{RoleAdmin}}}
	}
	return people
}
