package cloud_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"landlord/internal/clock"
	"landlord/org"
	"landlord/simaws"
	"landlord/vend/cloud"
	"landlord/vend/plan"
)

// served answers in process, from any number of goroutines.
type served struct {
	handler http.Handler
	refuse  string // the operation that the caller may not call
}

func (s served) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.refuse != "" && strings.HasSuffix(r.Header.Get("X-Amz-Target"), "."+s.refuse) {
		return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"__type":"AccessDeniedException","Message":"no"}`))}, nil
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

// TestSideBySide: reads that are made side by side see what those that follow
// each other see, and fail as they do.
func TestSideBySide(t *testing.T) {
	profile, err := simaws.ProfileNamed("instant")
	if err != nil {
		t.Fatal(err)
	}
	server, err := simaws.New(simaws.Config{Profile: profile, Seed: 1, Clock: clock.Real(), Organization: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	client := func(parallel int, refuse string) *cloud.Client {
		return cloud.InProcess(served{server, refuse}, cloud.Options{Clock: clock.Real(), Parallel: parallel})
	}
	c := client(0, "")
	root := plan.Ref(observe(t, c).Root)
	must(t, c, plan.Step{Kind: plan.EnablePolicies, Target: root})
	parents := []plan.Ref{root}
	for i := range 30 {
		tags := org.Tags{org.TagTier: fmt.Sprint("t", i)}
		if i%3 == 0 {
			tags = nil
		}
		parents = append(parents, plan.Ref(must(t, c, plan.Step{Kind: plan.CreateUnit, To: parents[i/8], Name: fmt.Sprint("Unit ", i), Tags: tags})))
	}
	in := map[org.AccountID]string{}
	for i := range 60 {
		r, err := do(t, c, plan.Step{Kind: plan.CreateAccount, Name: fmt.Sprint("A", i), Email: fmt.Sprintf("a%d@x.example", i), Tags: org.Tags{org.TagCustomer: fmt.Sprint("c", i)}})
		if err != nil || r.ID == "" {
			t.Fatalf("%+v, %v", r, err)
		}
		if to := parents[i%len(parents)]; to != root {
			must(t, c, plan.Step{Kind: plan.MoveAccount, Target: plan.Ref(r.ID), From: root, To: to})
		}
		in[org.AccountID(r.ID)] = string(parents[i%len(parents)])
	}
	want := observe(t, c)
	if len(want.Units) != 30 || len(want.Accounts) != 61 {
		t.Fatalf("%d units and %d accounts were read, want 30 and 61", len(want.Units), len(want.Accounts))
	}
	for _, a := range want.Accounts {
		if parent := in[a.ID]; parent != "" && a.Parent != parent {
			t.Errorf("account %s is read to be in %q, and is in %s", a.ID, a.Parent, parent)
		}
	}
	for _, parallel := range []int{1, 4, 16} {
		got := observe(t, client(parallel, ""))
		got.Seen, got.Skew = want.Seen, want.Skew
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%d at once read\n%+v\nwant\n%+v", parallel, got, want)
		}
		_, err := client(parallel, "ListAccounts").Observe(t.Context())
		if err == nil || !strings.Contains(err.Error(), "may not call ListAccounts;") {
			t.Errorf("%d at once, and ListAccounts is refused: %v", parallel, err)
		}
	}
}
