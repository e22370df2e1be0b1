package simaws

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"landlord/guard/guardrail"
)

// identity is who makes a call.
type identity struct {
	key      string // the access key
	account  string
	arn      string
	session  *session             // the assumed role; nil for a user
	limits   []guardrail.Document // each must allow what it does
	standing standing             // of the account
}

// session is an assumed role, or a user with other credentials, known by its
// access key. That of a user that has a name is a federated user's.
type session struct {
	Key     string    `json:"key"`
	Account string    `json:"account"`
	Role    string    `json:"role,omitempty"`
	Name    string    `json:"name,omitempty"`
	Policy  string    `json:"policy,omitempty"` // the most that may be done in it; "" is all that its role may, and nothing for a federated user
	Of      string    `json:"of,omitempty"`     // of a user: the access key that it was made with
	Expires time.Time `json:"expires"`
}

// limits is the session's policy, if it has one.
func (s *session) limits() []guardrail.Document {
	if s.Policy == "" && !s.federated() {
		return nil
	}
	d, err := guardrail.ParseDocument([]byte(s.Policy))
	if err != nil {
		d = guardrail.Document{} // a policy was checked when it was kept: this one allows nothing
	}
	return []guardrail.Document{d}
}

// federated tells whether it is a federated user's.
func (s *session) federated() bool { return s.Of != "" && s.Name != "" }

// principal is what policies call a caller: the role, not its session.
func (who identity) principal() string {
	if s := who.session; s != nil {
		return "arn:aws:iam::" + s.Account + ":role/" + s.Role
	}
	return who.arn
}

// arn is the identity of a session.
func (s *session) arn() string {
	if s.federated() {
		return "arn:aws:sts::" + s.Account + ":federated-user/" + s.Name
	}
	return "arn:aws:sts::" + s.Account + ":assumed-role/" + s.Role + "/" + s.Name
}

// userID is the UserId of an identity, as GetCallerIdentity shows it.
func (w *world) userID(who identity) string {
	if who.session != nil {
		return w.roleID(who.session)
	}
	if s := w.sessions[who.key]; s != nil && s.federated() {
		return s.Account + ":" + s.Name
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

// temporary is how the access key of a session begins, and no other.
//
// Source: IAM user guide, "IAM identifiers", Unique identifiers.
const temporary = "ASIA"

// identify tells whose an access key is: a session's, a configured caller's,
// that of the administrator of the account that has the key for its id, nobody's
// if it could only be a session's, else that of the management account's
// administrator, whatever the key. Nobody has no account.
func (w *world) identify(key string) identity {
	if s := w.sessions[key]; s != nil && s.Of != "" {
		who := w.identify(s.Of)
		if who.account != s.Account {
			return identity{key: key} // whoever made it is not there any more
		}
		who.key = key
		if s.federated() {
			who.arn, who.limits = s.arn(), append(slices.Clone(who.limits), s.limits()...)
		}
		return who
	} else if s != nil {
		return identity{key: key, account: s.Account, arn: s.arn(), session: s, limits: s.limits(), standing: w.standingOf(s.Account)}
	}
	id, name := w.management, "administrator"
	if w.accounts[key] != nil {
		id = key
	}
	who := identity{key: key, account: id, standing: w.standingOf(id)}
	if d, ok := w.callers[key]; ok {
		name, who.limits = key, []guardrail.Document{d}
	} else if user, ok := w.keyHolder(key); ok {
		return user
	} else if strings.HasPrefix(key, temporary) {
		return identity{key: key}
	}
	who.arn = "arn:aws:iam::" + id + ":user/" + name
	return who
}

// admit refuses a session that has ended, and one that there is not.
func (w *world) admit(c *call) error {
	s := w.sessions[c.key]
	switch {
	case c.who.account == "":
		return unknownToken(c)
	case s != nil && !c.now.Before(s.Expires):
		return expiredToken(c)
	}
	return nil
}

// Source: AWS general reference, "Common errors": InvalidClientTokenId where a
// service answers in XML, UnrecognizedClientException where in JSON.
func unknownToken(c *call) error {
	f := &fault{code: "UnrecognizedClientException", message: "The security token included in the request is invalid."}
	if c.inXML() {
		f.code, f.status = "InvalidClientTokenId", http.StatusForbidden
	}
	return f
}
