package plan

import (
	"strings"

	"landlord/org"
)

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

// The kinds of step of a baseline. Those that look change nothing: what they saw
// is in the answer.
const (
	EnterAccount   Kind = "enter-account"   // through the role that AWS made with it
	LookRecorder   Kind = "look-recorder"   // AWS Config's
	LookRecording  Kind = "look-recording"  // whether it runs
	LookChannel    Kind = "look-channel"    // where it delivers to
	LookPacks      Kind = "look-packs"      // the conformance packs
	LookPackStates Kind = "look-pack-state" // and how far they are
	LookRules      Kind = "look-rules"      // the rules that they made
	LookTrust      Kind = "look-trust"      // which services the organization trusts
	LookTrails     Kind = "look-trails"     // CloudTrail's
	LookLogging    Kind = "look-logging"    // whether one logs
	LookBucket     Kind = "look-bucket"     // the policy of the log bucket
	LookPrivate    Kind = "look-private"    // whether it can be public

	CreateBucket Kind = "create-bucket"
	GuardBucket  Kind = "guard-bucket" // put its policy
	CloseBucket  Kind = "close-bucket" // to the public
	CreateTrail  Kind = "create-trail"
	UpdateTrail  Kind = "update-trail"
	StartTrail   Kind = "start-trail"
	CreateRole   Kind = "create-role" // AWS Config's own, in an account
	PutRecorder  Kind = "put-recorder"
	PutChannel   Kind = "put-channel"
	StartRecord  Kind = "start-recorder"
	PutPack      Kind = "put-pack"
	AwaitPack    Kind = "await-pack" // one that AWS was making already
	DeletePack   Kind = "delete-pack"
)

// operations names the one AWS operation that a step of each kind calls; that of a
// service of accounts after the name it is signed for under.
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

	EnterAccount:   "AssumeRole",
	LookRecorder:   "config:DescribeConfigurationRecorders",
	LookRecording:  "config:DescribeConfigurationRecorderStatus",
	LookChannel:    "config:DescribeDeliveryChannels",
	LookPacks:      "config:DescribeConformancePacks",
	LookPackStates: "config:DescribeConformancePackStatus",
	LookRules:      "config:DescribeConfigRules",
	LookTrust:      "ListAWSServiceAccessForOrganization",
	LookTrails:     "cloudtrail:DescribeTrails",
	LookLogging:    "cloudtrail:GetTrailStatus",
	LookBucket:     "s3:GetBucketPolicy",
	LookPrivate:    "s3:GetPublicAccessBlock",
	CreateBucket:   "s3:CreateBucket",
	GuardBucket:    "s3:PutBucketPolicy",
	CloseBucket:    "s3:PutPublicAccessBlock",
	CreateTrail:    "cloudtrail:CreateTrail",
	UpdateTrail:    "cloudtrail:UpdateTrail",
	StartTrail:     "cloudtrail:StartLogging",
	CreateRole:     "iam:CreateServiceLinkedRole",
	PutRecorder:    "config:PutConfigurationRecorder",
	PutChannel:     "config:PutDeliveryChannel",
	StartRecord:    "config:StartConfigurationRecorder",
	PutPack:        "config:PutConformancePack",
	AwaitPack:      "config:PutConformancePack",
	DeletePack:     "config:DeleteConformancePack",
}

// Operation is the AWS operation that a step of kind k calls; its limits are
// the step's.
func (k Kind) Operation() string {
	if operation, is := signInOperations[k]; is {
		return operation
	}
	return operations[k]
}

// Member tells whether a step of kind k is about what an account holds, rather
// than about the organization.
func (k Kind) Member() bool {
	return k == EnterAccount || k == LookTrust || strings.Contains(operations[k], ":")
}

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

	Account org.AccountID `json:"account,omitempty"` // the member that the call is made in; "" is the caller's own
	Region  string        `json:"region,omitempty"`  // and where; "" is that of Organizations

	Name     string            `json:"name,omitempty"`
	Email    string            `json:"email,omitempty"`
	Text     string            `json:"description,omitempty"` // of a policy; the notes of an invitation
	Document string            `json:"document,omitempty"`    // of a policy or a pack; what a recorder, a channel or a trail should be, as JSON
	Tags     map[string]string `json:"tags,omitempty"`
	Session  string            `json:"session,omitempty"` // of a permission set: how long one lasts, as ISO 8601
	Keys     []string          `json:"keys,omitempty"`    // identify: the values of landlord:customer that make it the customer's; untag: the keys
	Handle   string            `json:"handle,omitempty"`  // await: AWS's id of the creation (car-…), of the account being closed, or of the pack being made
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
