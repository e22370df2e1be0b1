// Package trail reads the log files that CloudTrail writes: each call that was
// made, as a request that policies can be asked about. It judges nothing.
package trail

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"landlord/guard/guardrail"
)

// Event is one record of a log file, as far as it is looked at.
//
// Source: CloudTrail user guide, "CloudTrail record contents", "userIdentity element".
type Event struct {
	Source      string    `json:"eventSource"`
	Name        string    `json:"eventName"`
	Type        string    `json:"eventType"`
	ID          string    `json:"eventID"`
	Time        time.Time `json:"eventTime"`
	Region      string    `json:"awsRegion"`
	Address     string    `json:"sourceIPAddress"`
	Agent       string    `json:"userAgent"`
	Endpoint    string    `json:"vpcEndpointId"`
	Error       string    `json:"errorCode"`
	Identity    identity  `json:"userIdentity"`
	Parameters  any       `json:"requestParameters"`
	TLS         *struct{} `json:"tlsDetails"`
	ResourceSet []struct {
		ARN string `json:"ARN"`
	} `json:"resources"`
}

type identity struct {
	Type      string `json:"type"`
	ARN       string `json:"arn"`
	Account   string `json:"accountId"`
	Principal string `json:"principalId"`
	User      string `json:"userName"`
	InvokedBy string `json:"invokedBy"`
	Session   struct {
		Issuer struct {
			ARN string `json:"arn"`
		} `json:"sessionIssuer"`
		Attributes struct {
			MFA     string `json:"mfaAuthenticated"`
			Created string `json:"creationDate"`
		} `json:"attributes"`
	} `json:"sessionContext"`
}

// ErrDigest says that a file is none of events but a digest, by which the files of
// events are validated.
//
// Source: CloudTrail user guide, "CloudTrail digest file structure".
var ErrDigest = errors.New("a digest of log files, which holds no events")

// recordMost is the most bytes of one record, and of what is beside the records.
// Those of CloudTrail have at most 256 kB.
//
// Source: CloudTrail user guide, "CloudTrail record contents", eventVersion 1.06 on.
const recordMost = 4 << 20

// bounded refuses to read on where a record has no end.
type bounded struct {
	r        io.Reader
	at, from int64 // what was read, and where the record began
}

func (b *bounded) Read(into []byte) (int, error) {
	if b.at-b.from > recordMost {
		return 0, fmt.Errorf("a record of more than %d MiB", recordMost>>20)
	}
	n, err := b.r.Read(into)
	b.at += int64(n)
	return n, err
}

// Read gives each event of one log file to take, one at a time: no file is held as
// a whole. A record that is no event is told by wrong, and the rest goes on; the
// error says that the file is no log, or ends early. Several logs may stand one
// behind the other.
func Read(r io.Reader, take func(Event), wrong func(record int, err error)) error {
	in := &bounded{r: r}
	d := json.NewDecoder(in)
	n := 0
	for first := true; ; first = false {
		open, err := d.Token()
		if err == io.EOF && !first {
			return nil
		}
		if err != nil || open != json.Delim('{') {
			return errors.Join(errors.New("no log of CloudTrail: want {\"Records\":[…]}"), err)
		}
		there, digest := false, false
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return err
			}
			if name == "Records" {
				there = true
				if n, err = records(d, in, n, take, wrong); err != nil {
					return err
				}
				continue
			}
			digest = digest || name == "digestS3Object" || name == "digestStartTime"
			var other json.RawMessage
			if err := d.Decode(&other); err != nil {
				return err
			}
			in.from = d.InputOffset()
		}
		if _, err := d.Token(); err != nil {
			return err
		}
		switch {
		case digest && !there:
			return ErrDigest
		case !there:
			return errors.New("no log of CloudTrail: no Records")
		}
	}
}

// records reads a list of records, the first of which is the one behind n.
func records(d *json.Decoder, in *bounded, n int, take func(Event), wrong func(record int, err error)) (int, error) {
	if open, err := d.Token(); err != nil || open != json.Delim('[') {
		return n, errors.Join(errors.New("no log of CloudTrail: Records is no list"), err)
	}
	for d.More() {
		n++
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return n, fmt.Errorf("record %d: %w", n, err)
		}
		in.from = d.InputOffset()
		var e Event
		if err := json.Unmarshal(raw, &e); err != nil {
			wrong(n, fmt.Errorf("no event: %w", err))
		} else if !e.other() && (e.Source == "" || e.Name == "") {
			wrong(n, errors.New("no eventSource or no eventName"))
		} else {
			take(e)
		}
	}
	_, err := d.Token()
	return n, err
}

// other tells whether an event is none of a call, as CloudTrail Insights' are.
func (e Event) other() bool { return e.Type != "" && e.Type != "AwsApiCall" }

// Why a record is no call that an organization's policies could refuse.
var (
	ErrNoCall  = errors.New("no call of an API: a sign-in or a service's own event")
	ErrService = errors.New("a call of an AWS service or without credentials, which the policies of an organization do not limit")
	ErrRefused = errors.New("a call that was refused when it was made")
)

// refused are the errors of calls that AWS did not let through.
//
// Source: each service's "Common errors"; EC2 API reference, "Error codes".
func refused(code string) bool {
	return strings.Contains(code, "AccessDenied") || strings.Contains(code, "Unauthorized") || strings.Contains(code, "NotAuthorized") || strings.Contains(code, "AuthorizationError") || code == "AuthFailure"
}

// Account is the account whose policies hold the caller.
func (e Event) Account() string { return e.Identity.Account }

// Requests are what a call asked of IAM: its action on each resource that is known,
// and who made it. The error is one of those above.
func (e Event) Requests() ([]guardrail.Request, guardrail.Principal, error) {
	none := guardrail.Principal{}
	switch who := e.Identity; {
	case e.other():
		return nil, none, ErrNoCall
	case who.Type == "AWSService", who.Account == "" || who.ARN == "" && who.Session.Issuer.ARN == "":
		return nil, none, ErrService
	case refused(e.Error):
		return nil, none, ErrRefused
	}
	arn := e.Identity.ARN
	if e.Identity.Type == "AssumedRole" && e.Identity.Session.Issuer.ARN != "" {
		arn = e.Identity.Session.Issuer.ARN // the role with its path
	}
	p, err := guardrail.ParsePrincipal(arn)
	if err != nil {
		return nil, none, ErrService
	}
	context := e.context()
	p.Fill(context)
	r := guardrail.Request{Action: Action(e.Source, e.Name), Context: context, Unknown: func(string) bool { return true }}
	var requests []guardrail.Request
	for _, resource := range e.resources() {
		r.Resource = resource
		requests = append(requests, r)
	}
	if requests == nil {
		requests = []guardrail.Request{r}
	}
	return requests, p, nil
}

// context is what the record tells of the request's context. What it does not tell
// is not known.
func (e Event) context() map[string][]string {
	c := map[string][]string{"aws:RequestedRegion": nil, "aws:SourceVpce": nil, "aws:username": nil, "aws:TokenIssueTime": nil}
	set := func(key, value string) {
		if value != "" {
			c[key] = []string{value}
		}
	}
	set("aws:RequestedRegion", e.Region)
	set("aws:UserAgent", e.Agent)
	set("aws:SourceVpce", e.Endpoint)
	set("aws:userid", e.Identity.Principal)
	if e.Identity.Type == "IAMUser" {
		set("aws:username", e.Identity.User)
	}
	if _, err := netip.ParseAddr(e.Address); err == nil {
		set("aws:SourceIp", e.Address)
	}
	if !e.Time.IsZero() {
		set("aws:CurrentTime", e.Time.UTC().Format(time.RFC3339))
		set("aws:EpochTime", strconv.FormatInt(e.Time.Unix(), 10))
	}
	set("aws:TokenIssueTime", e.Identity.Session.Attributes.Created)
	set("aws:MultiFactorAuthPresent", e.Identity.Session.Attributes.MFA)
	if e.Identity.Session.Attributes.MFA == "" {
		c["aws:MultiFactorAuthPresent"] = nil // AWS has the key with temporary credentials only
	}
	if e.TLS != nil {
		set("aws:SecureTransport", "true")
	}
	c["aws:ViaAWSService"] = []string{strconv.FormatBool(strings.HasSuffix(e.Identity.InvokedBy, ".amazonaws.com"))}
	c["aws:PrincipalIsAWSService"] = []string{"false"}
	return c
}

// resources are the ARNs that the record names, or that follow from what the call
// was given.
func (e Event) resources() []string {
	var arns []string
	for _, r := range e.ResourceSet {
		if strings.HasPrefix(r.ARN, "arn:") {
			arns = append(arns, r.ARN)
		}
	}
	if arns != nil {
		return arns
	}
	parameters, _ := e.Parameters.(map[string]any)
	text := func(name string) string {
		s, _ := parameters[name].(string)
		return s
	}
	partition := "aws"
	if parts := strings.SplitN(e.Identity.ARN, ":", 3); len(parts) == 3 {
		partition = parts[1]
	}
	of := func(service, region, kind, name string) []string {
		account := e.Identity.Account
		if service == "s3" {
			account = ""
		}
		return []string{"arn:" + partition + ":" + service + ":" + region + ":" + account + ":" + kind + name}
	}
	for _, name := range []string{"resourceArn", "topicArn", "streamARN", "secretId", "keyId", "functionName", "stateMachineArn", "roleArn", "name"} {
		if arn := text(name); strings.HasPrefix(arn, "arn:") {
			return []string{arn}
		}
	}
	service, _, _ := strings.Cut(e.Source, ".")
	switch {
	case service == "s3" && text("bucketName") != "" && text("key") != "":
		return of("s3", "", "", text("bucketName")+"/"+text("key"))
	case service == "s3" && text("bucketName") != "":
		return of("s3", "", "", text("bucketName"))
	case service == "iam" && text("userName") != "":
		return of("iam", "", "user/", text("userName"))
	case service == "iam" && text("roleName") != "":
		return of("iam", "", "role/", text("roleName"))
	case service == "kms" && text("keyId") != "" && !strings.HasPrefix(text("keyId"), "alias/"):
		return of("kms", e.Region, "key/", text("keyId"))
	case service == "dynamodb" && text("tableName") != "":
		return of("dynamodb", e.Region, "table/", text("tableName"))
	case service == "lambda" && text("functionName") != "":
		return of("lambda", e.Region, "function:", text("functionName"))
	case service == "cloudtrail" && text("name") != "":
		return of("cloudtrail", e.Region, "trail/", text("name"))
	case service == "logs" && text("logGroupName") != "":
		return of("logs", e.Region, "log-group:", text("logGroupName"))
	}
	return nil
}
