package guardrail

import (
	"fmt"
	"regexp"
	"strings"
)

// Principal is who makes a call, as far as an ARN tells.
type Principal struct {
	ARN     string // as policies know it: of a session the role's
	Account string // 12 digits
	Type    string // as aws:PrincipalType calls it: Account, User, AssumedRole or FederatedUser
	User    string // the name of an IAM user
	ID      string // the aws:userid of who has none that IAM drew

	linked bool
}

// principalARN is how ARNs name who may make calls.
//
// Source: IAM user guide, "IAM identifiers", IAM ARNs.
var principalARN = regexp.MustCompile(`^arn:(aws[a-z-]*):(iam|sts)::([0-9]{12}):(root|user|role|assumed-role|federated-user)(?:/(.+))?$`)

// ParsePrincipal reads the ARN of a root user, an IAM user, a role, a session of a
// role or a federated user; the id of an account stands for its root user. A
// session tells its role's name, not its path: the role is taken to have none, and
// to be linked to a service if it is called as those are.
//
// Source: IAM user guide, "IAM policy elements: Variables and tags", Principal key
// values; "AWS global condition context keys", aws:PrincipalArn.
func ParsePrincipal(arn string) (Principal, error) {
	if len(arn) == 12 && strings.Trim(arn, "0123456789") == "" {
		arn = "arn:aws:iam::" + arn + ":root"
	}
	m := principalARN.FindStringSubmatch(arn)
	if m == nil {
		return Principal{}, fmt.Errorf("principal %q: want the ARN of a root user, a user, a role, an assumed role or a federated user", arn)
	}
	p := Principal{ARN: arn, Account: m[3]}
	kind, name := m[4], m[5]
	last := name[strings.LastIndexByte(name, '/')+1:]
	role, session, both := strings.Cut(name, "/")
	switch kind = m[2] + " " + kind; {
	case kind == "iam root" && name == "":
		p.Type, p.ID = "Account", p.Account
	case kind == "iam user" && last != "":
		p.Type, p.User = "User", last
	case kind == "iam role" && last != "":
		p.Type = "AssumedRole"
		p.linked = strings.HasPrefix(name, "aws-service-role/")
	case kind == "sts assumed-role" && both && role != "" && session != "":
		p.Type, p.ARN = "AssumedRole", "arn:"+m[1]+":iam::"+p.Account+":role/"+role
		p.linked = strings.HasPrefix(role, linkedName)
	case kind == "sts federated-user" && name != "":
		p.Type, p.ID = "FederatedUser", p.Account+":"+name
	default:
		return Principal{}, fmt.Errorf("principal %q: no such ARN", arn)
	}
	return p, nil
}

// linkedName is how the names of service-linked roles begin. Names of roles are
// unique in an account whatever their paths.
//
// Source: IAM user guide, "Service-linked roles"; "IAM identifiers".
const linkedName = "AWSServiceRoleFor"

// Fill puts into a context what follows from who calls, where the context, by
// whatever case of a key, does not have it.
func (p Principal) Fill(context map[string][]string) {
	there := make(map[string]bool, len(context))
	for key := range context {
		there[lower(key)] = true
	}
	for _, f := range []struct{ key, value string }{
		{"aws:PrincipalArn", p.ARN}, {"aws:PrincipalAccount", p.Account}, {"aws:PrincipalType", p.Type},
		{"aws:username", p.User}, {"aws:userid", p.ID},
	} {
		if f.value != "" && !there[lower(f.key)] {
			context[f.key] = []string{f.value}
		}
	}
}

// Unlimited tells whether no policy of an organization limits p, and why:
// service-linked roles, and everybody in the management account, whose id may be
// "" if it is not known.
//
// Source: Organizations user guide, "Service control policies" and "Resource
// control policies": tasks and entities that they do not restrict.
func (p Principal) Unlimited(management string) (Decision, bool) {
	switch {
	case p.linked:
		return undecided(ServiceLinkedRole), true
	case management != "" && p.Account == management:
		return undecided(ManagementAccount), true
	}
	return Decision{}, false
}
