package apply_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"landlord/guard/compliance/assess"
	"landlord/guard/identity"
	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/apply"
	"landlord/vend/execute"
	"landlord/vend/plan"
	"landlord/vend/verify"
)

// recorded tells whether AWS Config records in an account and has landlord's pack, as
// the account itself answers, without landlord's idea of a baseline.
func (s *signing) recorded(account string) bool {
	ask := s.Beside().Client().Asker(assess.Subject{Account: org.AccountID(account), Regions: []string{"us-east-1"}})
	on, err := ask.Ask(s.t.Context(), assess.Question{Operation: "config:DescribeConfigurationRecorderStatus", Region: "us-east-1"})
	packs, missing := ask.Ask(s.t.Context(), assess.Question{Operation: "config:DescribeConformancePacks", Region: "us-east-1"})
	return err == nil && missing == nil && bytes.Contains(on.Body, []byte(`"Recording":true`)) && bytes.Contains(packs.Body, []byte(`"landlord-`))
}

// TestNobodyEntersBeforeTheBaseline: whatever is run in whatever order, cut off and
// killed anywhere, no group is assigned in an account that does not record yet; in the
// end everybody may enter.
func TestNobodyEntersBeforeTheBaseline(t *testing.T) {
	cut := errors.New("connection reset by peer")
	assigned, held := 0, 0
	for seed := range uint64(12) {
		s := newSigning(t, "typical", peopled)
		s.inner = true
		r := rand.New(rand.NewPCG(seed, 1))
		share := r.Float64() / 8
		judge := func(req *http.Request) {
			if !strings.HasSuffix(req.Header.Get("X-Amz-Target"), ".CreateAccountAssignment") {
				return
			}
			body, err := io.ReadAll(req.Body)
			if err != nil {
				t.Fatal(err)
			}
			req.Body = io.NopCloser(bytes.NewReader(body))
			var in struct{ TargetId string }
			if err := json.Unmarshal(body, &in); err != nil || in.TargetId == "" {
				t.Fatalf("%s: %v", body, err)
			}
			if assigned++; !s.recorded(in.TargetId) {
				t.Errorf("seed %d: a group is assigned in account %s, which does not record", seed, in.TargetId)
			}
		}
		for range 6 {
			ctx, stop := context.WithCancel(t.Context())
			kill, calls := r.IntN(120), 0
			s.Meddle = func(req *http.Request, next func() (*http.Response, error)) (*http.Response, error) {
				judge(req)
				if calls++; calls == kill {
					stop()
				}
				if x := r.Float64(); x < share {
					return nil, cut
				}
				return next()
			}
			watch := func([]execute.Event) {}
			if r.IntN(2) == 0 {
				b := s.baselines([]string{"acme", "zed"}[r.IntN(2)])
				if seen, err := b.Observe(ctx); err == nil {
					if todo, err := b.Plan(seen, plan.Options{}); err == nil {
						_, _ = apply.Rounds(ctx, b, b.Want, todo, seen, apply.Options{Plan: b.Plan, Rules: b.Rules, Seed: seed, Watch: watch})
					}
				}
			} else if doors, err := s.tried(ctx); err == nil {
				if seen, err := s.SignIn(ctx); err == nil {
					if first, err := doors(seen); err == nil {
						held += len(first.Waiting)
						_, _ = apply.SignIn(ctx, s, first, doors, apply.Options{Rules: s.Rules(), Seed: seed, Watch: watch})
					}
				}
			}
			stop()
			s.Reconnect()
		}
		s.Meddle = func(req *http.Request, next func() (*http.Response, error)) (*http.Response, error) {
			judge(req)
			return next()
		}
		b := s.baselines()
		seen, err := b.Observe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		todo, err := b.Plan(seen, plan.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if out, err := apply.Rounds(t.Context(), b, b.Want, todo, seen, apply.Options{Plan: b.Plan, Rules: b.Rules, Seed: seed}); err != nil || !out.Left.Empty() {
			t.Fatalf("seed %d: baselines: %v, left %+v", seed, err, out.Left)
		}
		s.done()
		if got := s.access(); got != wantAccess {
			t.Errorf("seed %d: access is\n%s\nwant\n%s", seed, got, wantAccess)
		}
	}
	if assigned < 12*4 || held == 0 {
		t.Errorf("%d assignments were judged and %d held back: this says nothing", assigned, held)
	}
}

// tried makes plans of sign-in by one look into the accounts, as a command does.
func (s *signing) tried(ctx context.Context) (func(identity.Seen) (*plan.Plan, error), error) {
	b := s.baselines()
	seen, err := b.Observe(ctx)
	if err != nil {
		return nil, err
	}
	sign, _ := identity.From(s.folio)
	doors := verify.Doors(b.Want, seen, verify.Organization(b.Want, seen), b.Last.Lacks)
	return func(have identity.Seen) (*plan.Plan, error) { return plan.SignIn(sign, have, doors, s.opt) }, nil
}

// TestLetInBehindItsBack: who may enter an account whose calls are logged no more stays and
// verify says so; nobody joins them until the baseline is whole again.
func TestLetInBehindItsBack(t *testing.T) {
	s := newSigning(t, "instant", peopled)
	s.inner = true
	baseline := func() {
		t.Helper()
		b := s.baselines()
		seen, err := b.Observe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		todo, err := b.Plan(seen, plan.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if out, err := apply.Rounds(t.Context(), b, b.Want, todo, seen, apply.Options{Plan: b.Plan, Rules: b.Rules}); err != nil || !out.Left.Empty() {
			t.Fatalf("%v, left %+v", err, out.Left)
		}
	}
	baseline()
	s.done()
	if fault := s.fault("zed"); fault != "" {
		t.Errorf("verify says %q", fault)
	}
	zed := s.doors()["zed"].Account
	s.unlog()
	if fault := s.fault("zed"); !strings.Contains(fault, "people may enter account "+string(zed)+", which is not ready for them: its baseline is not whole: ") || !strings.Contains(fault, "`landlord baseline apply zed` mends it") {
		t.Errorf("verify says %q", fault)
	}
	folio, err := portfolio.Parse("f", []byte(strings.Replace(peopled, "eve@zed.example", "new@zed.example", 1)))
	if err != nil {
		t.Fatal(err)
	}
	s.folio = folio
	s.done()
	if got := s.access(); strings.Contains(got, "eve@") || strings.Contains(got, "new@") || !strings.Contains(got, "ada@zed.example enters zed") {
		t.Errorf("while nothing is logged, access is\n%s", got)
	}
	baseline()
	s.done()
	if got := s.access(); !strings.Contains(got, "new@zed.example enters zed") || s.fault("zed") != "" {
		t.Errorf("when it is again, access is\n%s; verify says %q", got, s.fault("zed"))
	}
}

// unlog stops the organization's trail behind landlord's back.
func (s *signing) unlog() {
	s.t.Helper()
	req := httptest.NewRequest("POST", "https://cloudtrail.us-east-1.amazonaws.com/", strings.NewReader(`{"Name":"landlord-organization"}`))
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.StopLogging")
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAOUTSIDER/20260101/us-east-1/cloudtrail/aws4_request, SignedHeaders=host, Signature=0")
	w := httptest.NewRecorder()
	s.Server.ServeHTTP(w, req)
	if w.Code != http.StatusOK {
		s.t.Fatalf("stop the trail: %d %s", w.Code, w.Body)
	}
}
