package simaws

import (
	"encoding/xml"
	"strconv"
	"strings"
	"time"

	"landlord/guard/guardrail"
	"landlord/org"
)

// Source: STS API reference, AssumeRole, DurationSeconds.
const (
	sessionLeast   = 900 * time.Second
	sessionDefault = time.Hour
	sessionMost    = 12 * time.Hour
)

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

type assumeRoleOut struct {
	XMLName   xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ AssumeRoleResponse"`
	ARN       string   `xml:"AssumeRoleResult>AssumedRoleUser>Arn"`
	User      string   `xml:"AssumeRoleResult>AssumedRoleUser>AssumedRoleId"`
	AccessKey string   `xml:"AssumeRoleResult>Credentials>AccessKeyId"`
	Secret    string   `xml:"AssumeRoleResult>Credentials>SecretAccessKey"`
	Token     string   `xml:"AssumeRoleResult>Credentials>SessionToken"`
	Expires   string   `xml:"AssumeRoleResult>Credentials>Expiration"`
	Request   string   `xml:"ResponseMetadata>RequestId"`
}

// assumeRole lets the management account enter a member through the role that
// was made with it. Sessions are not ended by time: the clock that a client
// compares their end with is not simaws's.
func (w *world) assumeRole(c *call) (any, error) {
	roleARN, name := c.in.text("RoleArn"), c.in.text("RoleSessionName")
	if roleARN == "" || name == "" {
		return nil, &fault{code: "ValidationError", message: "RoleArn and RoleSessionName must not be null."}
	}
	lifetime, err := sessionLifetime(c.in.text("DurationSeconds"))
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
	w.count.Minted++
	s := &session{
		Key:     "ASIA" + draw(w.seed, "access key", w.count.Minted, base32, 16),
		Account: id, Role: role, Name: name, Expires: c.now.Add(lifetime),
	}
	w.sessions[s.Key] = s
	w.change.Sessions = append(w.change.Sessions, s)
	return assumeRoleOut{
		ARN: s.arn(), User: w.roleID(s), AccessKey: s.Key,
		Secret:  draw(w.seed, "secret "+s.Key, 0, base64s, 40),
		Token:   draw(w.seed, "token "+s.Key, 0, base64s, 200),
		Expires: s.Expires.UTC().Format(time.RFC3339), Request: c.id,
	}, nil
}

// open tells whether the resource control policies on an account let a call
// reach what is in it.
func (w *world) open(c *call, a *account) bool {
	if a.Outside || !w.enabled(resourceControl) {
		return true
	}
	levels := w.levels(&a.node, resourceControl)
	for request := range w.requests(c) {
		if !guardrail.Permitted(levels, request) {
			return false
		}
	}
	return true
}

func sessionLifetime(text string) (time.Duration, error) {
	if text == "" {
		return sessionDefault, nil
	}
	seconds, err := strconv.Atoi(text)
	d := time.Duration(seconds) * time.Second
	if err != nil || d < sessionLeast || d > sessionMost {
		return 0, &fault{code: "ValidationError", message: "DurationSeconds must be from 900 to 43200."}
	}
	return d, nil
}
