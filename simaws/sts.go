package simaws

import (
	"encoding/xml"
	"regexp"
	"strconv"
	"strings"
	"time"

	"landlord/guard/guardrail"
	"landlord/org"
)

// Source: STS API reference, AssumeRole and GetSessionToken, DurationSeconds; IAM
// user guide, "Maximum session duration": an hour unless the role says more.
const (
	sessionLeast = 900 * time.Second
	roleMost     = time.Hour
	tokenDefault = 12 * time.Hour
	tokenMost    = 36 * time.Hour
)

// remembered is how long after its end a session is known to have been one, at
// least; then its key is unknown. AWS does not say how long it remembers.
const remembered = 24 * time.Hour

// sessionName is what a RoleSessionName may be.
//
// Source: STS API reference, AssumeRole.
var sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)

type callerIdentityOut struct {
	XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ GetCallerIdentityResponse"`
	ARN     string   `xml:"GetCallerIdentityResult>Arn"`
	User    string   `xml:"GetCallerIdentityResult>UserId"`
	Account string   `xml:"GetCallerIdentityResult>Account"`
	Request string   `xml:"ResponseMetadata>RequestId"`
}

func (w *world) getCallerIdentity(c *call) (any, error) {
	return callerIdentityOut{ARN: c.who.arn, User: w.userID(c.who), Account: c.who.account, Request: c.id}, nil
}

// credentialsOut is what a new session is used with.
type credentialsOut struct {
	AccessKey string `xml:"AccessKeyId"`
	Secret    string `xml:"SecretAccessKey"`
	Token     string `xml:"SessionToken"`
	Expires   string `xml:"Expiration"`
}

type assumeRoleOut struct {
	XMLName     xml.Name       `xml:"https://sts.amazonaws.com/doc/2011-06-15/ AssumeRoleResponse"`
	ARN         string         `xml:"AssumeRoleResult>AssumedRoleUser>Arn"`
	User        string         `xml:"AssumeRoleResult>AssumedRoleUser>AssumedRoleId"`
	Credentials credentialsOut `xml:"AssumeRoleResult>Credentials"`
	Policy      int            `xml:"AssumeRoleResult>PackedPolicySize,omitempty"`
	Source      string         `xml:"AssumeRoleResult>SourceIdentity,omitempty"`
	Request     string         `xml:"ResponseMetadata>RequestId"`
}

type sessionTokenOut struct {
	XMLName     xml.Name       `xml:"https://sts.amazonaws.com/doc/2011-06-15/ GetSessionTokenResponse"`
	Credentials credentialsOut `xml:"GetSessionTokenResult>Credentials"`
	Request     string         `xml:"ResponseMetadata>RequestId"`
}

type federationTokenOut struct {
	XMLName     xml.Name       `xml:"https://sts.amazonaws.com/doc/2011-06-15/ GetFederationTokenResponse"`
	ARN         string         `xml:"GetFederationTokenResult>FederatedUser>Arn"`
	User        string         `xml:"GetFederationTokenResult>FederatedUser>FederatedUserId"`
	Credentials credentialsOut `xml:"GetFederationTokenResult>Credentials"`
	Policy      int            `xml:"GetFederationTokenResult>PackedPolicySize,omitempty"`
	Request     string         `xml:"ResponseMetadata>RequestId"`
}

type keyInfoOut struct {
	XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ GetAccessKeyInfoResponse"`
	Account string   `xml:"GetAccessKeyInfoResult>Account"`
	Request string   `xml:"ResponseMetadata>RequestId"`
}

// assumeRole lets the management account enter a member through the role that
// was made with it.
func (w *world) assumeRole(c *call) (any, error) {
	roleARN, name := c.in.text("RoleArn"), c.in.text("RoleSessionName")
	switch {
	case roleARN == "" || name == "":
		return nil, wrongParameter("RoleArn and RoleSessionName must not be null.")
	case len(roleARN) < 20 || !sessionName.MatchString(name):
		return nil, wrongParameter("1 validation error detected: RoleArn or RoleSessionName does not have the required form.")
	}
	lifetime, err := sessionLifetime(c.in.text("DurationSeconds"), roleMost, roleMost)
	if err != nil {
		return nil, err
	}
	policy, err := c.sessionPolicy()
	if err != nil {
		return nil, err
	}
	rest, _ := strings.CutPrefix(roleARN, "arn:aws:iam::")
	id, role, _ := strings.Cut(rest, ":role/")
	a := w.accounts[id] // also one that left: its role still trusts the account that made it
	if a == nil || a.Role != role || role == "" || a.State != org.Active || !w.usable(a) || c.who.standing != manager {
		return nil, c.service.denied("User: " + c.who.arn + " is not authorized to perform: sts:AssumeRole on resource: " + roleARN)
	}
	if !w.open(c, a) {
		return nil, c.service.denied("User: " + c.who.arn + " is not authorized to perform: sts:AssumeRole on resource: " + roleARN + " with an explicit deny in a resource control policy")
	}
	s := &session{Account: id, Role: role, Name: name, Policy: policy}
	out := assumeRoleOut{Credentials: w.beginSession(c, s, lifetime), Source: c.in.text("SourceIdentity"), Request: c.id}
	out.ARN, out.User = s.arn(), w.roleID(s)
	out.Policy = packed(policy)
	return out, nil
}

// sessionPolicyMost is how many characters a session's policy may have.
//
// Source: STS API reference, AssumeRole and GetFederationToken, Policy.
const sessionPolicyMost = 2048

// sessionPolicy is the policy that a call gives a session, "" if none.
func (c *call) sessionPolicy() (string, error) {
	policy := c.in.text("Policy")
	_, err := guardrail.ParseDocument([]byte(policy))
	switch {
	case c.in.text("PolicyArns.member.1.arn") != "":
		return "", wrongParameter("simaws has no managed policies. Give the session's policy as Policy.")
	case len(policy) > sessionPolicyMost:
		return "", wrongParameter("1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to " + strconv.Itoa(sessionPolicyMost))
	case policy != "" && err != nil:
		return "", &fault{code: "MalformedPolicyDocument", message: "The policy is not in the valid JSON format: " + err.Error()}
	}
	return policy, nil
}

// packed is how full a session's policy is, in per cent. AWS packs it and does
// not say how.
func packed(policy string) int {
	if policy == "" {
		return 0
	}
	return 1 + 100*len(policy)/sessionPolicyMost
}

// federatedName is what the Name of a federated user may be.
//
// Source: STS API reference, GetFederationToken.
var federatedName = regexp.MustCompile(`^[\w+=,.@-]{2,32}$`)

// getFederationToken gives credentials to somebody whom the caller knows, for
// what both the policy and the caller may do.
//
// Source: STS API reference, GetFederationToken: not with temporary credentials,
// nothing without a policy.
func (w *world) getFederationToken(c *call) (any, error) {
	name := c.in.text("Name")
	switch {
	case w.sessions[c.who.key] != nil:
		return nil, c.service.denied("Cannot call GetFederationToken with session credentials")
	case !federatedName.MatchString(name):
		return nil, wrongParameter("1 validation error detected: Value at 'name' failed to satisfy constraint: Member must have length between 2 and 32 and satisfy regular expression pattern: [\\w+=,.@-]*")
	}
	lifetime, err := sessionLifetime(c.in.text("DurationSeconds"), tokenDefault, tokenMost)
	if err != nil {
		return nil, err
	}
	policy, err := c.sessionPolicy()
	if err != nil {
		return nil, err
	}
	s := &session{Account: c.who.account, Of: c.who.key, Name: name, Policy: policy}
	return federationTokenOut{
		Credentials: w.beginSession(c, s, lifetime),
		ARN:         s.arn(), User: s.Account + ":" + name, Policy: packed(policy), Request: c.id,
	}, nil
}

// getSessionToken gives the caller other credentials for who it is.
//
// Source: STS API reference, GetSessionToken: not with temporary credentials.
func (w *world) getSessionToken(c *call) (any, error) {
	if w.sessions[c.who.key] != nil {
		return nil, c.service.denied("Cannot call GetSessionToken with session credentials")
	}
	lifetime, err := sessionLifetime(c.in.text("DurationSeconds"), tokenDefault, tokenMost)
	if err != nil {
		return nil, err
	}
	return sessionTokenOut{Credentials: w.beginSession(c, &session{Account: c.who.account, Of: c.who.key}, lifetime), Request: c.id}, nil
}

// beginSession makes a session's credentials and keeps it.
func (w *world) beginSession(c *call, s *session, lifetime time.Duration) credentialsOut {
	w.count.Minted++
	s.Key, s.Expires = temporary+draw(w.seed, "access key", w.count.Minted, base32, 16), c.now.Add(lifetime)
	w.sessions[s.Key] = s
	w.change.Sessions = append(w.change.Sessions, s)
	return credentialsOut{
		AccessKey: s.Key,
		Secret:    draw(w.seed, "secret "+s.Key, 0, base64s, 40),
		Token:     draw(w.seed, "token "+s.Key, 0, base64s, 200),
		Expires:   s.Expires.UTC().Format(time.RFC3339),
	}
}

// getAccessKeyInfo tells whose account a key is of.
func (w *world) getAccessKeyInfo(c *call) (any, error) {
	key := c.in.text("AccessKeyId")
	if len(key) < 12 { // an account's id, for its administrator, is the shortest
		return nil, wrongParameter("AccessKeyId must be at least 16 characters long.")
	}
	who := w.identify(key)
	if who.account == "" {
		return nil, wrongParameter("There is no access key " + key + ".")
	}
	return keyInfoOut{Account: who.account, Request: c.id}, nil
}

func wrongParameter(message string) *fault { return &fault{code: "ValidationError", message: message} }

// open tells whether the resource control policies on an account let a call
// reach what is in it.
func (w *world) open(c *call, a *account) bool {
	if a.Outside || !w.enabled(resourceControl) {
		return true
	}
	levels := w.levels(&a.node, resourceControl)
	for request := range w.requests(c) {
		if !guardrail.Decide(levels, request).Allowed {
			return false
		}
	}
	return true
}

func sessionLifetime(text string, usual, most time.Duration) (time.Duration, error) {
	if text == "" {
		return usual, nil
	}
	seconds, err := strconv.Atoi(text)
	switch {
	case err != nil || seconds < int(sessionLeast/time.Second):
		return 0, wrongParameter("DurationSeconds must be at least 900.")
	case seconds > int(most/time.Second):
		return 0, wrongParameter("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return time.Duration(seconds) * time.Second, nil
}
