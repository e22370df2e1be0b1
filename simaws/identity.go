package simaws

import (
	"fmt"
	"strings"
	"time"

	"landlord/guard/guardrail"
)

// identity is who makes a call.
type identity struct {
	account string
	arn     string
	user    string              // UserId, as GetCallerIdentity shows it
	limits  *guardrail.Document // what the identity may do; nil: everything
	member  bool                // of a member account
}

// session is an assumed role, known by its access key.
type session struct {
	Key     string    `json:"key"`
	Account string    `json:"account"`
	Role    string    `json:"role"`
	Name    string    `json:"name"`
	Expires time.Time `json:"expires"`
}

// arn is the identity of a session; user is its id.
func (s *session) arn() string {
	return "arn:aws:sts::" + s.Account + ":assumed-role/" + s.Role + "/" + s.Name
}

func (s *session) user(seed uint64) string {
	return draw(seed, "role "+s.Account+s.Role, 0, base32, 17) + ":" + s.Name
}

// credential is what an Authorization header says of its signer. The
// signature is not checked: whoever reaches simaws may use it.
type credential struct{ key, region, service string }

// credentialOf reads "… Credential=KEY/DATE/REGION/SERVICE/aws4_request, …".
func credentialOf(authorization string) (credential, bool) {
	_, rest, ok := strings.Cut(authorization, "Credential=")
	if !ok {
		return credential{}, false
	}
	scope, _, _ := strings.Cut(rest, ",")
	key, scope, _ := strings.Cut(scope, "/")
	_, scope, _ = strings.Cut(scope, "/") // the date: simaws judges nothing by it
	region, scope, _ := strings.Cut(scope, "/")
	service, _, _ := strings.Cut(scope, "/")
	return credential{key, region, service}, key != ""
}

// identify tells whose an access key is: a session's, a configured caller's,
// else the management account's administrator, whatever the key.
func (w *world) identify(key string) identity {
	if s := w.sessions[key]; s != nil {
		return identity{account: s.Account, arn: s.arn(), user: "AROA" + s.user(w.seed), member: s.Account != w.management}
	}
	who := identity{account: w.management, arn: "arn:aws:iam::" + w.management + ":user/administrator", user: "AIDA" + draw(w.seed, "user", 0, base32, 17)}
	if d, ok := w.callers[key]; ok {
		who.arn = "arn:aws:iam::" + w.management + ":user/" + key
		who.user = "AIDA" + draw(w.seed, "user "+key, 0, base32, 17)
		who.limits = &d
	}
	return who
}

// authorize refuses what the caller's policies do not allow.
func (c *call) authorize(actions ...string) error {
	if c.who.limits == nil {
		return nil
	}
	for _, action := range actions {
		if !guardrail.Allowed([]guardrail.Document{*c.who.limits}, guardrail.Request{Action: action}) {
			return c.service.denied(fmt.Sprintf("User: %s is not authorized to perform: %s because no identity-based policy allows the %s action", c.who.arn, action, action))
		}
	}
	return nil
}
