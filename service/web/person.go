package web

import "strings"

// Role is what a person is to the house, as a set of one; a route names a set
// of those who may.
type Role uint16

// The roles. Nobody is a request that no session came with.
const (
	Nobody Role = 1 << iota
	Owner
	Engineer
	Billing
	Support
	Auditor
	Admin
	Member
)

// Sets of roles that routes name.
const (
	operators = Owner | Engineer | Billing | Support | Auditor
	engineers = Owner | Engineer
	customers = Admin | Member
	anybody   = Nobody | operators | customers
)

var roleNames = map[Role]string{
	Nobody: "nobody", Owner: "owner", Engineer: "engineer", Billing: "billing", Support: "support", Auditor: "auditor",
	Admin: "admin", Member: "member",
}

// String is the names of the roles of the set.
func (r Role) String() string {
	var names []string
	for one := Nobody; one <= Member; one <<= 1 {
		if r&one != 0 {
			names = append(names, roleNames[one])
		}
	}
	return strings.Join(names, ", ")
}

// Person is whom a request is from. The zero Person is nobody.
type Person struct {
	Role     Role
	Email    string
	Name     string // as they are called; the address where no name is known
	Customer string // the key of the customer whose person it is; "" for operators
	Session  string // which of the person's sessions
}

// Is tells whether the person's role is one of a set.
func (p Person) Is(set Role) bool { return p.role()&set != 0 }

func (p Person) role() Role {
	if p.Role == 0 {
		return Nobody
	}
	return p.Role
}

// Called is the person's name, or the address.
func (p Person) Called() string {
	if p.Name != "" {
		return p.Name
	}
	return p.Email
}

// Kind is the word that the audit log has for the person.
func (p Person) Kind() string {
	switch {
	case p.Is(operators):
		return "operator"
	case p.Is(customers):
		return "member"
	}
	return "nobody"
}
