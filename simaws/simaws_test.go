package simaws

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"landlord/internal/clock"
)

// start is when simulated time begins in tests.
var start = time.Date(2027, 1, 4, 9, 0, 0, 0, time.UTC)

// lab is a simulated AWS in virtual time, and the SDK in front of it.
type lab struct {
	*Server
	clock *clock.Virtual
	t     testing.TB
}

func newLab(t testing.TB, profile string, cfg Config) *lab {
	t.Helper()
	v := clock.NewVirtual(start)
	p, err := ProfileNamed(profile)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Profile, cfg.Clock = p, v
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &lab{s, v, t}
}

// transport lets an SDK client reach the lab: a call moves the clock by the
// time it takes.
type transport struct{ lab *lab }

func (tr transport) Do(r *http.Request) (*http.Response, error) {
	resp, took, err := tr.lab.RoundTrip(r)
	tr.lab.clock.Advance(took)
	return resp, err
}

func (l *lab) config(key string) aws.Config {
	return aws.Config{
		Region: "us-east-1", HTTPClient: transport{l},
		Credentials: credentials.NewStaticCredentialsProvider(key, "secret", ""),
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
	}
}

func (l *lab) organizations() *organizations.Client {
	return organizations.NewFromConfig(l.config("AKIAADMIN"))
}

func (l *lab) sts(key string) *sts.Client { return sts.NewFromConfig(l.config(key)) }

func (l *lab) tagging() *resourcegroupstaggingapi.Client {
	return resourcegroupstaggingapi.NewFromConfig(l.config("AKIAADMIN"))
}

// reply is the answer to a raw call.
type reply struct {
	status int
	code   string // exception type, "" for success
	reason string
	body   map[string]any
	header http.Header
	took   time.Duration
}

// send sends raw JSON to Organizations, as the holder of key. Whatever simaws
// refuses with must be an exception that the service model gives the operation.
func (l *lab) send(key, operation, body string) reply {
	l.t.Helper()
	r := rawRequest(key, "AWSOrganizationsV20161128."+operation, body)
	resp, took, err := l.RoundTrip(r)
	if err != nil {
		l.t.Fatalf("%s %s: %v", operation, body, err)
	}
	out := reply{status: resp.StatusCode, header: resp.Header, took: took}
	raw, _ := io.ReadAll(resp.Body)
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out.body); err != nil {
			l.t.Fatalf("%s %s answered %q: %v", operation, body, raw, err)
		}
	}
	if out.status != http.StatusOK {
		out.code, _ = out.body["__type"].(string)
		out.reason, _ = out.body["Reason"].(string)
		model := serviceModel()
		if op, ok := model.Operations[operation]; ok && out.code != "SerializationException" && out.code != "MissingAuthenticationTokenException" &&
			!slices.Contains(op.Errors, out.code) && out.code != "UnsupportedAPIEndpointException" {
			l.t.Errorf("%s %s answered %s, which AWS does not list for it", operation, body, out.code)
		}
		if reasons, ok := model.Reasons[out.code]; ok {
			if _, ok := reasons[out.reason]; !ok {
				l.t.Errorf("%s %s answered %s with Reason %q, which AWS does not list", operation, body, out.code, out.reason)
			}
		}
		if out.body["Message"] == "" {
			l.t.Errorf("%s %s answered %s without a message", operation, body, out.code)
		}
	}
	return out
}

func rawRequest(key, target, body string) *http.Request {
	r, _ := http.NewRequest(http.MethodPost, "https://organizations.us-east-1.amazonaws.com/", bytes.NewReader([]byte(body)))
	r.Header.Set("X-Amz-Target", target)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	if key != "" {
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+key+"/20270104/us-east-1/organizations/aws4_request, SignedHeaders=host, Signature=00")
	}
	return r
}

// must sends a call that succeeds and returns a string of its answer, found by
// the names on the way to it.
func (l *lab) must(operation, body string, way ...string) string {
	l.t.Helper()
	got := l.send("AKIAADMIN", operation, body)
	if got.code != "" {
		l.t.Fatalf("%s %s: %s %s: %v", operation, body, got.code, got.reason, got.body["Message"])
	}
	return dig(got.body, way...)
}

// dig follows names down an answer; of a list it takes the first.
func dig(value any, way ...string) string {
	for _, name := range way {
		if list, ok := value.([]any); ok && len(list) > 0 {
			value = list[0]
		}
		fields, _ := value.(map[string]any)
		value = fields[name]
	}
	s, _ := value.(string)
	return s
}

func (l *lab) root() string { return l.must("ListRoots", "{}", "Roots", "Id") }

func (l *lab) unit(parent, name string) string {
	return l.must("CreateOrganizationalUnit", fmt.Sprintf(`{"ParentId":%q,"Name":%q}`, parent, name), "OrganizationalUnit", "Id")
}

// account creates an account and waits until it is there.
func (l *lab) account(name string) string {
	l.t.Helper()
	id := l.must("CreateAccount", fmt.Sprintf(`{"Email":"%s@example.com","AccountName":%q}`, name, name), "CreateAccountStatus", "Id")
	for {
		got := l.send("AKIAADMIN", "DescribeCreateAccountStatus", fmt.Sprintf(`{"CreateAccountRequestId":%q}`, id))
		if dig(got.body, "CreateAccountStatus", "State") == "SUCCEEDED" {
			return dig(got.body, "CreateAccountStatus", "AccountId")
		}
		l.clock.Advance(10 * time.Second)
	}
}

const denyLeaving = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"organizations:LeaveOrganization","Resource":"*"}]}`

func (l *lab) policy(name string) string {
	return l.must("CreatePolicy", fmt.Sprintf(`{"Name":%q,"Description":"","Type":"SERVICE_CONTROL_POLICY","Content":%q}`, name, denyLeaving), "Policy", "PolicySummary", "Id")
}

func (l *lab) enable() {
	l.must("EnablePolicyType", fmt.Sprintf(`{"RootId":%q,"PolicyType":"SERVICE_CONTROL_POLICY"}`, l.root()))
}

// fill makes n tagged accounts under the root.
func fill(l *lab, n int) {
	for i := range n {
		l.must("CreateAccount", fmt.Sprintf(`{"Email":"c%d@example.com","AccountName":"c%d","Tags":[{"Key":"customer","Value":"c%d"}]}`, i, i, i))
	}
}

// errorCode is the code of an SDK's error.
func errorCode(err error) string {
	if api, ok := errors.AsType[interface {
		error
		ErrorCode() string
	}](err); ok {
		return api.ErrorCode()
	}
	return ""
}
