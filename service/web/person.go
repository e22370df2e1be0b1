package web

import (
	"strings"

	"landlord/service/store"
)

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
	auditors  = Owner | Engineer | Auditor
	lookers   = Owner | Engineer | Support | Auditor // at portals as their customers see them
	helpers   = Owner | Engineer | Support           // write a customer's people, contacts and domains
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
	ID       string // the operator's id, or the member's address
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

// kind is the word that the audit log has for the person.
func (p Person) kind() string {
	if p.Is(operators) {
		return store.ByPerson
	}
	return store.ByMember
}

// roleOf is the role with that name among a set; Nobody if there is none.
func roleOf(name string, among Role) Role {
	for one := Nobody; one <= Member; one <<= 1 {
		if roleNames[one] == name && one&among != 0 {
			return one
		}
	}
	return Nobody
}
