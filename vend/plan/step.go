package plan

import "strings"

// Kind is what a step does.
type Kind string

// The kinds of step.
const (
	CreateOrganization Kind = "create-organization"
	EnablePolicies     Kind = "enable-policies" // service control policies, on the root
	CreatePolicy       Kind = "create-policy"
	UpdatePolicy       Kind = "update-policy"
	CreateUnit         Kind = "create-unit"
	RenameUnit         Kind = "rename-unit"
	DeleteUnit         Kind = "delete-unit" // landlord's own, empty
	AttachPolicy       Kind = "attach-policy"
	DetachPolicy       Kind = "detach-policy"
	CreateAccount      Kind = "create-account"
	AwaitAccount       Kind = "await-account"    // a creation that was already under way
	IdentifyAccount    Kind = "identify-account" // whether the account that came of it is the customer's
	MoveAccount        Kind = "move-account"
	Tag                Kind = "tag"
	Untag              Kind = "untag"
	TrustService       Kind = "trust-service"  // let an AWS service work on the organization's accounts
	RenameAccount      Kind = "rename-account" // needs trust for Account Management
	InviteAccount      Kind = "invite-account"
	CloseAccount       Kind = "close-account" // in no plan of Make
	AwaitClosure       Kind = "await-closure" // a closure that was already under way
)

// operations names the one AWS operation that a step of each kind calls.
var operations = map[Kind]string{
	CreateOrganization: "CreateOrganization",
	EnablePolicies:     "EnablePolicyType",
	CreatePolicy:       "CreatePolicy",
	UpdatePolicy:       "UpdatePolicy",
	CreateUnit:         "CreateOrganizationalUnit",
	RenameUnit:         "UpdateOrganizationalUnit",
	DeleteUnit:         "DeleteOrganizationalUnit",
	AttachPolicy:       "AttachPolicy",
	DetachPolicy:       "DetachPolicy",
	CreateAccount:      "CreateAccount",
	AwaitAccount:       "CreateAccount",
	IdentifyAccount:    "ListTagsForResource",
	MoveAccount:        "MoveAccount",
	Tag:                "TagResource",
	Untag:              "UntagResource",
	TrustService:       "EnableAWSServiceAccess",
	RenameAccount:      "PutAccountName",
	InviteAccount:      "InviteAccountToOrganization",
	CloseAccount:       "CloseAccount",
	AwaitClosure:       "CloseAccount",
}

// Operation is the AWS operation that a step of kind k calls; its limits are
// the step's.
func (k Kind) Operation() string { return operations[k] }

// A Ref names a thing: by its AWS id, or, while it has none, by a name that
// begins with "@" and that the step which makes it also carries.
type Ref string

// Pending tells whether r still waits for an id.
func (r Ref) Pending() bool { return strings.HasPrefix(string(r), "@") }

const rootRef = Ref("@root")

func unitRef(key string) Ref         { return Ref("@unit/" + key) }
func policyRef(name string) Ref      { return Ref("@policy/" + name) }
func accountRef(customer string) Ref { return Ref("@account/" + customer) }

// Step is one call to AWS, and what must have happened before.
type Step struct {
	ID       int    `json:"id"` // its place in the plan, from 0
	Kind     Kind   `json:"kind"`
	Tier     string `json:"tier,omitempty"`
	Customer string `json:"customer,omitempty"` // whose failure it is; "" for what serves all
	After    []int  `json:"after,omitempty"`    // steps that must be done before

	Makes  Ref `json:"makes,omitempty"`  // what gets an id by it
	Target Ref `json:"target,omitempty"` // what is changed: a root, unit, account or policy
	From   Ref `json:"from,omitempty"`   // move: the parent it is in
	To     Ref `json:"to,omitempty"`     // move, create: the parent; attach, detach: the target

	Name     string            `json:"name,omitempty"`
	Email    string            `json:"email,omitempty"`
	Text     string            `json:"description,omitempty"` // of a policy; the notes of an invitation
	Document string            `json:"document,omitempty"`
	Tags     map[string]string `json:"tags,omitempty"`
	Keys     []string          `json:"keys,omitempty"`   // identify: the values of landlord:customer that make it the customer's; untag: the keys
	Handle   string            `json:"handle,omitempty"` // await: AWS's id of the creation (car-…), or of the account being closed
}

// Resolve replaces the refs of s that have got an id. It does not change s.
func (s Step) Resolve(ids map[Ref]string) Step {
	for _, r := range []*Ref{&s.Target, &s.From, &s.To} {
		if id, known := ids[*r]; known {
			*r = Ref(id)
		}
	}
	return s
}
