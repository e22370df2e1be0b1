// Package identity is sign-in to AWS: who may enter which customer's account
// with what permission set, as a portfolio wants it, and the words for what IAM
// Identity Center was seen to have. It reads nothing and changes nothing.
//
// For each customer and role there is a group, and for each role one permission
// set, which all customers share. A group is assigned its role's permission set in
// the customer's account; a person is in the groups of their roles. No user is ever
// assigned anything.
package identity

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"landlord/org"
	"landlord/portfolio"
)

// Set is a permission set: what a role may do in an account.
type Set struct {
	Role        string
	Name        string
	Description string
	Policies    []string // ARNs of AWS managed policies
	Session     time.Duration
}

// sets are the permission sets of all roles, with how long their sessions last
// unless the file says otherwise.
//
// Source: AWS managed policy reference: AdministratorAccess, ReadOnlyAccess,
// job-function/Billing.
var sets = []Set{
	{portfolio.RoleAdmin, "landlord-admin", "Runs what is in the account, within its guardrails.", []string{"arn:aws:iam::aws:policy/AdministratorAccess"}, 4 * time.Hour},
	{portfolio.RoleReadOnly, "landlord-read-only", "Reads what is in the account.", []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"}, 8 * time.Hour},
	{portfolio.RoleBilling, "landlord-billing", "Reads and pays what the account costs.", []string{"arn:aws:iam::aws:policy/job-function/Billing"}, 4 * time.Hour},
}

// Wanted is the sign-in that a portfolio asks for.
type Wanted struct {
	Portal    string // the access portal's name; "" is the identity store's id
	Region    string // of the instance
	Create    bool   // landlord makes users; else somebody else does
	Sets      []Set  // of the roles in use
	Customers []Customer
	Departed  []string // keys that are gone for ever: nobody of them has access
}

// Customer is a customer's people.
type Customer struct {
	Key      string
	Formerly []string
	People   []portfolio.Person
}

// From returns what p asks for, and whether it asks for sign-in at all.
func From(p *portfolio.Portfolio) (Wanted, bool) {
	if p.SignIn == nil {
		return Wanted{}, false
	}
	w := Wanted{Portal: p.SignIn.Portal, Region: p.SignIn.Region, Create: p.SignIn.Users == portfolio.CreateUsers}
	used := map[string]bool{}
	for _, c := range p.Customers {
		w.Customers = append(w.Customers, Customer{c.Key, c.Formerly, c.People})
		for _, person := range c.People {
			for _, role := range person.Roles {
				used[role] = true
			}
		}
	}
	for _, s := range sets {
		if p.SignIn.Hours > 0 {
			s.Session = time.Duration(p.SignIn.Hours) * time.Hour
		}
		if used[s.Role] {
			w.Sets = append(w.Sets, s)
		}
	}
	for _, d := range p.Departed {
		w.Departed = append(w.Departed, d.Key)
	}
	return w, true
}

// With are c's people who have a role.
func (c Customer) With(role string) []portfolio.Person {
	return slices.DeleteFunc(slices.Clone(c.People), func(p portfolio.Person) bool { return !slices.Contains(p.Roles, role) })
}

// GroupName is what the group of a customer's role is called.
func GroupName(key, role string) string { return "landlord-" + key + "-" + role }

// mark begins each word by which a group is known to be landlord's. The Identity
// Store has no tags.
const (
	markCustomer = org.TagCustomer + "="
	markRole     = org.TagRole + "="
)

// Describe is the description of the group of a customer's role.
func Describe(key, role string) string {
	return fmt.Sprintf("The people of %s as %s. %s%s %s%s", key, role, markCustomer, key, markRole, role)
}

// Described are the customer and the role that a group's description says it is
// of; own is false if it is not landlord's.
func Described(description string) (key, role string, own bool) {
	for word := range strings.FieldsSeq(description) {
		if v, is := strings.CutPrefix(word, markCustomer); is {
			key = v
		}
		if v, is := strings.CutPrefix(word, markRole); is {
			role = v
		}
	}
	return key, role, key != "" && role != ""
}

// Made is the type of the users that landlord made.
const Made = "landlord"

// Seen is what IAM Identity Center was seen to have.
type Seen struct {
	Instance    string // ARN; "" where there is none
	Store       string // d-…
	Sets        []PermissionSet
	Groups      []Group // landlord's own, and those that have the name of one
	Users       []User
	Members     []Member     // of landlord's groups
	Assignments []Assignment // of landlord's groups
	Pending     []Pending    // assignments that AWS is making
}

// PermissionSet is a permission set. What it holds is read of landlord's own only.
type PermissionSet struct {
	ARN         string
	Name        string
	Description string
	Session     time.Duration
	Tags        org.Tags
	Policies    []string // ARNs
	Inline      string
	Accounts    int             // that it is provisioned in
	Outdated    []org.AccountID // of these, where its role is not as the set is now
}

// Role is the role that a set is landlord's for; "" if it is not landlord's.
func (s PermissionSet) Role() string { return s.Tags[org.TagRole] }

// Group is a group of people.
type Group struct {
	ID          string
	Name        string
	Description string
}

// User is a person's user.
type User struct {
	ID       string
	Name     string   // by which they sign in
	Emails   []string // addresses
	Type     string   // Made, or somebody else's word
	Disabled bool
}

// Member is that a user is in a group.
type Member struct {
	ID    string
	Group string
	User  string
}

// Assignment is that a group may enter an account with a permission set.
type Assignment struct {
	Group   string
	Set     string // ARN
	Account org.AccountID
}

// Pending is an assignment that AWS is making.
type Pending struct {
	Request string
	Assignment
}

// AccountRole is the role that a permission set became in an account.
type AccountRole struct {
	Set      string // the permission set's name
	ARN      string
	Policies []string // ARNs, in the order that AWS has them
}

// Link is the address of the access portal, by its name or the identity store's.
//
// Source: IAM Identity Center user guide, "Customizing the AWS access portal URL".
func Link(portal, store string) string {
	if portal == "" {
		portal = store
	}
	if portal == "" {
		return ""
	}
	return "https://" + portal + ".awsapps.com/start"
}

// UserOf finds a person's user: the one that has their address as its name, else the
// only one that has it as an address.
func (s Seen) UserOf(email string) (User, bool) {
	var by []User
	for _, u := range s.Users {
		if strings.EqualFold(u.Name, email) {
			return u, true
		}
		if slices.ContainsFunc(u.Emails, func(e string) bool { return strings.EqualFold(e, email) }) {
			by = append(by, u)
		}
	}
	if len(by) == 1 {
		return by[0], true
	}
	return User{}, false
}

// RoleName is how the name of the role that a permission set becomes in an account
// begins; AWS adds 16 hexadecimal digits.
//
// Source: IAM Identity Center user guide, "Referencing permission sets in resource
// policies".
func RoleName(set string) string { return "AWSReservedSSO_" + set + "_" }
