package cloud_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"landlord/guard/guardrail"
	"landlord/internal/clock"
	"landlord/org"
	"landlord/simaws"
	"landlord/vend/cloud"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// wire carries calls to a simulated AWS, except those that refuse names.
type wire struct {
	server *simaws.Server
	refuse string // the end of an X-Amz-Target
	calls  map[string]int
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	target := r.Header.Get("X-Amz-Target")
	w.calls[target[strings.LastIndexByte(target, '.')+1:]]++
	if w.refuse != "" && strings.HasSuffix(target, w.refuse) {
		r.Header.Set("X-Amz-Target", "NoSuchService.NoSuchOperation")
	}
	answer, _, err := w.server.RoundTrip(r)
	return answer, err
}

// newAWS is a simulated AWS without latencies, and a client of it.
func newAWS(t *testing.T) (*cloud.Client, *wire) {
	t.Helper()
	profile, err := simaws.ProfileNamed("instant")
	if err != nil {
		t.Fatal(err)
	}
	c := clock.NewVirtual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	server, err := simaws.New(simaws.Config{Profile: profile, Seed: 1, Clock: c, Organization: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	w := &wire{server: server, calls: map[string]int{}}
	return cloud.InProcess(w, cloud.Options{Clock: c}), w
}

func do(t *testing.T, c *cloud.Client, s plan.Step) (execute.Result, error) {
	t.Helper()
	return c.Do(t.Context(), execute.Call{Step: s})
}

func must(t *testing.T, c *cloud.Client, s plan.Step) string {
	t.Helper()
	r, err := do(t, c, s)
	if err != nil {
		t.Fatal(err)
	}
	return r.ID
}

func observe(t *testing.T, c *cloud.Client) org.Organization {
	t.Helper()
	seen, err := c.Observe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

// TestSomebodyElsesAccount: an account that came of a creation found under way
// is the customer's only by its tag.
func TestSomebodyElsesAccount(t *testing.T) {
	c, _ := newAWS(t)
	id := must(t, c, plan.Step{Kind: plan.CreateAccount, Name: "A", Email: "a@x.example", Tags: org.Tags{org.TagCustomer: "acme"}})
	for _, tt := range []struct {
		keys []string
		mine bool
	}{{[]string{"acme"}, true}, {[]string{"acme2", "acme"}, true}, {[]string{"quantum"}, false}} {
		_, err := do(t, c, plan.Step{Kind: plan.IdentifyAccount, Target: plan.Ref(id), Keys: tt.keys})
		if mine := err == nil; mine != tt.mine {
			t.Errorf("keys %v: %v, want its own: %t", tt.keys, err, tt.mine)
		}
		if err != nil && !errors.Is(err, execute.ErrLater) {
			t.Errorf("keys %v: %v does not leave it to the next look", tt.keys, err)
		}
	}
}

// TestDoneAlready: a step whose answer was lost is found done; a thing of the
// same name that is not landlord's is not taken for it.
func TestDoneAlready(t *testing.T) {
	c, _ := newAWS(t)
	root := observe(t, c).Root
	document := `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}`
	unit := plan.Step{Kind: plan.CreateUnit, To: plan.Ref(root), Name: "Customers", Tags: org.Tags{org.TagTier: "fintech"}}
	policy := plan.Step{Kind: plan.CreatePolicy, Name: "landlord-x", Text: "x", Document: document, Tags: org.Tags{org.TagFramework: "SOC 2"}}
	for _, s := range []plan.Step{unit, policy} {
		first := must(t, c, s)
		if again := must(t, c, s); again != first {
			t.Errorf("%s again made %s, not %s", s.Kind, again, first)
		}
		for key := range s.Tags {
			s.Tags = org.Tags{key: "another"}
		}
		if r, err := do(t, c, s); !errors.Is(err, execute.ErrCustomer) {
			t.Errorf("%s of another's name: %v, %v; want a failure", s.Kind, r, err)
		}
	}
	must(t, c, plan.Step{Kind: plan.EnablePolicies, Target: plan.Ref(root)})
	must(t, c, plan.Step{Kind: plan.EnablePolicies, Target: plan.Ref(root)})
}

// TestTagsOneByOne: where the bulk read says nothing, each resource is asked
// about; where it works, none is.
func TestTagsOneByOne(t *testing.T) {
	c, w := newAWS(t)
	must(t, c, plan.Step{Kind: plan.CreateAccount, Name: "A", Email: "a@x.example", Tags: org.Tags{org.TagCustomer: "acme"}})
	root := observe(t, c).Root
	must(t, c, plan.Step{Kind: plan.CreateUnit, To: plan.Ref(root), Name: "Customers", Tags: org.Tags{org.TagTier: "fintech"}})
	check := func(when string) {
		t.Helper()
		seen := observe(t, c)
		found := false
		for _, a := range seen.Accounts {
			found = found || a.Tags[org.TagCustomer] == "acme"
		}
		if !found || len(seen.Units) != 1 || seen.Units[0].Tags[org.TagTier] != "fintech" {
			t.Errorf("%s: tags are not read: %+v, %+v", when, seen.Accounts, seen.Units)
		}
	}
	w.calls["ListTagsForResource"] = 0
	check("in bulk")
	if n := w.calls["ListTagsForResource"]; n != 0 {
		t.Errorf("in bulk: %d resources were asked about one by one", n)
	}
	w.refuse = ".GetResources"
	check("one by one")
	if n := w.calls["ListTagsForResource"]; n != 2 {
		t.Errorf("one by one: %d resources were asked about, want 2", n)
	}
}

// TestPoliciesByTag: a policy of landlord's that somebody renamed is still its own.
func TestPoliciesByTag(t *testing.T) {
	c, _ := newAWS(t)
	root := observe(t, c).Root
	must(t, c, plan.Step{Kind: plan.EnablePolicies, Target: plan.Ref(root)})
	for key, value := range map[string]string{org.TagFramework: "HIPAA", org.TagPolicy: guardrail.Purpose} {
		name := "hidden by " + key
		id := must(t, c, plan.Step{Kind: plan.CreatePolicy, Name: name, Text: "x", Tags: org.Tags{key: value},
			Document: `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}`})
		must(t, c, plan.Step{Kind: plan.AttachPolicy, Target: plan.Ref(id), To: plan.Ref(root)})
		for _, p := range observe(t, c).Policies {
			if p.Name == name && (len(p.Targets) != 1 || p.Document == "") {
				t.Errorf("its targets and document are not read: %+v", p)
			}
		}
	}
}

// TestNotAWS: an endpoint that answers with nothing in it is told, not obeyed.
func TestNotAWS(t *testing.T) {
	c := cloud.InProcess(empty{}, cloud.Options{Clock: clock.NewVirtual(time.Now())})
	if seen, err := c.Observe(t.Context()); err == nil || !strings.Contains(err.Error(), "is this an AWS endpoint?") {
		t.Errorf("observed %+v, %v", seen, err)
	}
	for kind := range map[plan.Kind]bool{plan.CreateAccount: true, plan.CreatePolicy: true, plan.CreateUnit: true} {
		if r, err := do(t, c, plan.Step{Kind: kind}); err == nil {
			t.Errorf("%s: %+v without an error", kind, r)
		}
	}
}

// empty answers every call with 200 and {}.
type empty struct{}

func (empty) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, Body: http.NoBody, Request: r}, nil
}

// rewriting carries calls to a simulated AWS and changes what it answers.
type rewriting struct {
	http.RoundTripper
	calls   int
	rewrite func(operation, answer string) string
	endless string // an operation that answers each time as the first
	first   string
}

func (w *rewriting) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.calls++; w.calls > 2000 {
		return nil, errors.New("asked 2,000 times")
	}
	if target := r.Header.Get("X-Amz-Target"); w.first != "" && strings.HasSuffix(target, "."+w.endless) {
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, Body: io.NopCloser(strings.NewReader(w.first)), Request: r}, nil
	}
	answer, err := w.RoundTripper.RoundTrip(r)
	if err != nil {
		return answer, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	target := r.Header.Get("X-Amz-Target")
	text := w.rewrite(target[strings.LastIndexByte(target, '.')+1:], string(body))
	answer.Body, answer.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	answer.Header.Set("Content-Length", fmt.Sprint(len(text)))
	return answer, nil
}

// hostile is a client of an organization with something of everything, whose
// answers are rewritten.
func hostile(t *testing.T, rewrite func(operation, answer string) string) (*cloud.Client, *rewriting) {
	t.Helper()
	c, w := newAWS(t)
	root := observe(t, c).Root
	unit := must(t, c, plan.Step{Kind: plan.CreateUnit, To: plan.Ref(root), Name: "Customers", Tags: org.Tags{org.TagTier: "fintech"}})
	must(t, c, plan.Step{Kind: plan.EnablePolicies, Target: plan.Ref(root)})
	policy := must(t, c, plan.Step{Kind: plan.CreatePolicy, Name: "landlord-x", Text: "x", Tags: org.Tags{org.TagFramework: "HIPAA"},
		Document: `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}`})
	must(t, c, plan.Step{Kind: plan.AttachPolicy, Target: plan.Ref(policy), To: plan.Ref(unit)})
	must(t, c, plan.Step{Kind: plan.CreateAccount, Name: "A", Email: "a@x.example", Tags: org.Tags{org.TagCustomer: "acme"}})
	r := &rewriting{RoundTripper: w, rewrite: rewrite}
	return cloud.InProcess(r, cloud.Options{Clock: clock.NewVirtual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))}), r
}

// TestEndlessPages: an endpoint that gives the same token for ever is told.
func TestEndlessPages(t *testing.T) {
	for _, operation := range []string{"ListAccounts", "ListPolicies", "ListOrganizationalUnitsForParent", "ListCreateAccountStatus"} {
		var r *rewriting
		c, made := hostile(t, func(o, answer string) string {
			if o == operation {
				answer = strings.Replace(answer, "{", `{"NextToken":"again","PaginationToken":"again",`, 1)
				answer = strings.TrimSuffix(strings.TrimSuffix(answer, "}"), ",") + "}"
				r.first = answer
			}
			return answer
		})
		r = made
		r.endless = operation
		_, err := c.Observe(t.Context())
		if r.calls > 200 || err == nil || !strings.Contains(err.Error(), operation) {
			t.Errorf("%s: %d calls, then %v", operation, r.calls, err)
		}
	}
}

// TestHostileAnswers: whatever an endpoint leaves out or makes of its answers,
// reading ends, and what was read makes a plan or an error, and no crash.
func TestHostileAnswers(t *testing.T) {
	members := regexp.MustCompile(`"([A-Z][A-Za-z]+)":("(?:[^"\\]|\\.)*"|[0-9.]+|true|false)`)
	lists := regexp.MustCompile(`:\[[^\[\]]*\]`)
	for seed := range uint64(400) {
		chance := rand.New(rand.NewPCG(seed, 0))
		c, r := hostile(t, func(o, answer string) string {
			if chance.IntN(6) > 0 {
				return answer
			}
			switch chance.IntN(4) {
			case 0:
				return lists.ReplaceAllString(answer, ":[null]")
			case 1:
				return lists.ReplaceAllString(answer, ":[{}]")
			}
			return members.ReplaceAllStringFunc(answer, func(member string) string {
				if chance.IntN(3) > 0 {
					return member
				}
				name, _, _ := strings.Cut(member, ":")
				return name + ":" + []string{"null", `""`}[chance.IntN(2)]
			})
		})
		seen, err := c.Observe(t.Context())
		if r.calls > 500 {
			t.Errorf("seed %d: %d calls", seed, r.calls)
		}
		if err != nil {
			continue
		}
		if slices.ContainsFunc(seen.Accounts, func(a org.Account) bool { return a.ID == "" }) || slices.ContainsFunc(seen.Units, func(u org.Unit) bool { return u.ID == "" }) {
			t.Errorf("seed %d: read as what it is not: %+v", seed, seen)
		}
	}
}

// TestUnserved: an operation that an emulator does not have is asked for once
// more, not as often as where a proxy cannot reach AWS.
func TestUnserved(t *testing.T) {
	for status, want := range map[int]int{500: 2, 502: 5} {
		_, w := newAWS(t)
		page := &unserving{RoundTripper: w, operation: "ListRoots", status: status}
		c := cloud.InProcess(page, cloud.Options{Clock: clock.NewVirtual(time.Now())})
		if _, err := c.Observe(t.Context()); err == nil || page.asked != want {
			t.Errorf("%d: asked %d times, want %d: %v", status, page.asked, want, err)
		}
	}
}

// unserving answers one operation as a web server does that does not know it.
type unserving struct {
	http.RoundTripper
	operation     string
	status, asked int
}

func (u *unserving) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), "."+u.operation) {
		return u.RoundTripper.RoundTrip(r)
	}
	u.asked++
	return &http.Response{StatusCode: u.status, Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}},
		Body: io.NopCloser(strings.NewReader("<!doctype html><title>Error</title>")), Request: r}, nil
}
