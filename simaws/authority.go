package simaws

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"landlord/guard/guardrail"
)

// standing is how close a caller's account is to the organization. An
// operation may be called down to some standing.
type standing int

const (
	manager  standing = iota // the management account
	delegate                 // a member that is delegated administrator of some service
	member                   // any member
	outsider                 // any account
)

// standingOf tells how an account stands to the organization.
func (w *world) standingOf(id string) standing {
	switch a := w.account(id); {
	case id == w.management:
		return manager
	case a == nil:
		return outsider
	case len(a.Delegated) > 0:
		return delegate
	}
	return member
}

// authorize refuses what a call may not: first what the caller's own policy
// and the service control policies on its account say, then who it is.
//
// Source: IAM user guide, "Policy evaluation logic"; Organizations user guide,
// "Service control policies": they hold members, never the management account.
func (w *world) authorize(c *call, op operation) error {
	if op.anyone {
		return nil
	}
	held := c.who.standing != manager && c.who.standing != outsider && w.enabled(serviceControl)
	if len(c.who.limits) > 0 || held {
		for request := range w.requests(c) {
			if err := w.judge(c, request, held); err != nil {
				return err
			}
		}
	}
	if !w.entitled(c, op) {
		return c.service.denied("You don't have permissions to access this resource.")
	}
	return nil
}

// judge refuses one request that policies do not allow.
func (w *world) judge(c *call, r guardrail.Request, held bool) error {
	what := fmt.Sprintf("User: %s is not authorized to perform: %s", c.who.arn, r.Action)
	if r.Resource != "" {
		what += " on resource: " + r.Resource
	}
	for _, own := range c.who.limits {
		if !guardrail.Allowed([]guardrail.Document{own}, r) {
			return c.service.denied(fmt.Sprintf("%s because no identity-based policy allows the %s action", what, r.Action))
		}
	}
	if !held {
		return nil
	}
	switch guardrail.Decide(w.levels(&w.account(c.who.account).node, serviceControl), r).Reason {
	case guardrail.ExplicitDeny:
		return c.service.denied(what + " with an explicit deny in a service control policy")
	case guardrail.ImplicitDeny:
		return c.service.denied(fmt.Sprintf("%s because no service control policy allows the %s action", what, r.Action))
	}
	return nil
}

// levels are the policies of a type from the root down to a node.
func (w *world) levels(n *node, kind string) [][]*guardrail.Prepared {
	var levels [][]*guardrail.Prepared
	for _, at := range w.lineage(n) {
		var level []*guardrail.Prepared
		for _, p := range w.attached(at, kind) {
			level = append(level, p.documents()...)
		}
		levels = append(levels, level)
	}
	return levels
}

// entitled tells whether who the caller is lets it call the operation. A
// delegated administrator of a service may read; what else a member may do of
// what can be delegated, the organization's resource policy says.
//
// Source: API reference, each operation's "You can call this operation from";
// RegisterDelegatedAdministrator: "It grants read-only access".
func (w *world) entitled(c *call, op operation) bool {
	switch {
	case op.to == outsider || c.who.standing == manager:
		return true
	case c.who.standing == outsider:
		return true // it is told that it is in no organization
	case op.to != delegate:
		return c.who.standing <= op.to
	case c.who.standing == delegate && reads(c.operation):
		return true
	}
	return w.org != nil && w.org.Policy != nil && w.org.Policy.allows(c.who, w.requests(c))
}

// requests yields what a call asks of IAM: each of its actions on each
// resource that it names.
func (w *world) requests(c *call) func(yield func(guardrail.Request) bool) {
	return func(yield func(guardrail.Request) bool) {
		context := w.context(c)
		resources := w.resources(c)
		if len(resources) == 0 {
			resources = []string{""}
		}
		for _, action := range c.actions() {
			for _, resource := range resources {
				if !yield(guardrail.Request{Action: action, Resource: resource, Context: context, Unknown: unknownKey}) {
					return
				}
			}
		}
	}
}

// unknownKey tells of what simaws does not know whether AWS would have it: of
// all that context does not have, but what follows from what is called and from
// who calls, since no user or role has tags.
func unknownKey(key string) bool {
	return !strings.HasPrefix(key, "aws:requesttag/") && !strings.HasPrefix(key, "aws:principaltag/")
}

// context is what conditions may ask about. See unknownKey for what is not in it.
//
// Source: IAM user guide, "AWS global condition context keys"; service
// authorization reference, "Condition keys for AWS Organizations".
func (w *world) context(c *call) map[string][]string {
	kind := "User"
	if c.who.session != nil {
		kind = "AssumedRole"
	}
	context := map[string][]string{
		"aws:PrincipalAccount":       {c.who.account},
		"aws:PrincipalArn":           {c.who.principal()},
		"aws:PrincipalType":          {kind},
		"aws:PrincipalIsAWSService":  {"false"},
		"aws:ViaAWSService":          {"false"},
		"aws:userid":                 {w.userID(c.who)},
		"aws:username":               nil,
		"aws:MultiFactorAuthPresent": nil,
		"aws:CurrentTime":            {c.now.UTC().Format(time.RFC3339)},
		"aws:EpochTime":              {strconv.FormatInt(c.now.Unix(), 10)},
		"aws:RequestedRegion":        {c.region},
		"aws:SecureTransport":        {"true"}, // simaws stands for AWS's own endpoints, whatever its port speaks
		"organizations:PolicyType":   nil,
		"aws:TagKeys":                nil,
		"aws:PrincipalOrgID":         nil,
	}
	if _, name, named := strings.Cut(c.who.arn, ":user/"); named {
		context["aws:username"] = []string{name}
	}
	if w.sessions[c.who.key] == nil {
		context["aws:TokenIssueTime"] = nil
	}
	if w.org != nil && c.who.standing != outsider {
		context["aws:PrincipalOrgID"] = []string{w.org.ID}
	}
	for _, name := range []string{"PolicyType", "Type", "Filter"} {
		if kind := c.in.text(name); kind != "" {
			context["organizations:PolicyType"] = []string{kind}
		}
	}
	if p := w.policies[c.in.text("PolicyId")]; p != nil {
		context["organizations:PolicyType"] = []string{p.Type}
	}
	if service := c.in.text("ServicePrincipal"); service != "" {
		context["organizations:ServicePrincipal"] = []string{service}
	}
	for _, item := range c.in.list("Tags") {
		if fields, ok := item.(map[string]any); ok {
			tag := input(fields)
			context["aws:TagKeys"] = append(context["aws:TagKeys"], tag.text("Key"))
			context["aws:RequestTag/"+tag.text("Key")] = []string{tag.text("Value")}
		}
	}
	return context
}

// resources are the ARNs of the entities that a call names.
func (w *world) resources(c *call) []string {
	if c.wire != nil {
		return w.memberResources(c)
	}
	switch c.service.name {
	case "sts":
		return c.named("RoleArn")
	case "account":
		return []string{"arn:aws:account::" + cmp.Or(c.accountNamed(), c.who.account) + ":account"}
	case "organizations":
	default:
		return nil
	}
	if w.org == nil {
		return nil
	}
	var arns []string
	for _, name := range []string{
		"PolicyId", "TargetId", "AccountId", "OrganizationalUnitId", "ResourceId", "RootId",
		"ParentId", "ChildId", "SourceParentId", "DestinationParentId", "HandshakeId",
	} {
		for _, id := range c.named(name) {
			arns = append(arns, w.arnOf(id))
		}
	}
	return arns
}

// named is the member of that name, if the call has it.
func (c *call) named(name string) []string {
	if text := c.in.text(name); text != "" {
		return []string{text}
	}
	return nil
}

// arnOf is the ARN of whatever has that id in the organization, whether it is
// there or not.
func (w *world) arnOf(id string) string {
	prefix, _, _ := strings.Cut(id, "-")
	switch p := w.policies[id]; {
	case p != nil:
		return w.policyARN(p)
	case prefix == "h":
		return w.arn("handshake", w.kindOfHandshake(id)+"/"+id)
	case prefix == "rp":
		return w.arn("resourcepolicy", id)
	case prefix == "r":
		return w.arn("root", id)
	case prefix == "ou" || prefix == "p":
		return w.arn(map[string]string{"ou": "ou", "p": "policy"}[prefix], id)
	}
	return w.arn("account", id)
}

// kindOfHandshake is how ARNs call what a handshake is about; one that is not
// there is taken for an invitation.
func (w *world) kindOfHandshake(id string) string {
	if h := w.handshakes[id]; h != nil {
		return strings.ToLower(h.action())
	}
	return strings.ToLower(invite)
}
