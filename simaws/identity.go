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
	session *session            // the assumed role; nil for a user
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

// arn is the identity of a session.
func (s *session) arn() string {
	return "arn:aws:sts::" + s.Account + ":assumed-role/" + s.Role + "/" + s.Name
}

// userID is the UserId of an identity, as GetCallerIdentity shows it.
func (w *world) userID(who identity) string {
	if who.session != nil {
		return w.roleID(who.session)
	}
	return "AIDA" + draw(w.seed, "user "+who.arn, 0, base32, 17)
}

// roleID is the AssumedRoleId of a session.
func (w *world) roleID(s *session) string {
	return "AROA" + draw(w.seed, "role "+s.Account+"/"+s.Role, 0, base32, 17) + ":" + s.Name
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
		return identity{account: s.Account, arn: s.arn(), session: s, member: s.Account != w.management}
	}
	who := identity{account: w.management, arn: "arn:aws:iam::" + w.management + ":user/administrator"}
	if d, ok := w.callers[key]; ok {
		who.arn = "arn:aws:iam::" + w.management + ":user/" + key
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
