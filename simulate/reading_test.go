package simulate

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"landlord/internal/limits"
	"landlord/portfolio"
	"landlord/simaws"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
)

// TestReadingTenThousand: an organization of 10,000 accounts is read back, with
// its units, parents, policies and tags, in at most 3 minutes of AWS's limits:
// counted in calls, and by a simulated AWS that refuses calls beyond its rates.
func TestReadingTenThousand(t *testing.T) {
	const customers, most = 10_000, 3 * time.Minute
	p := Scale(example(t), customers)
	state := filepath.Join(t.TempDir(), "organization.jsonl")
	fill(t, p, state)

	w, err := NewWorld(simaws.Config{Profile: named(t, "typical"), ManagementAccount: string(p.Organization.Management), AccountQuota: customers + 1, State: state})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	calls := map[string]int{}
	w.Meddle = func(r *http.Request, next func() (*http.Response, error)) (*http.Response, error) {
		target := r.Header.Get("X-Amz-Target")
		calls[target[strings.LastIndexByte(target, '.')+1:]]++
		return next()
	}
	began := w.Clock.Now()
	seen, err := w.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	took := w.Clock.Now().Sub(began)
	if _, throttled := w.Client().Calls(); took > most || throttled > 0 {
		t.Errorf("reading %d accounts takes %v, want at most %v; %d calls throttled", len(seen.Accounts), took, most, throttled)
	}
	todo, err := plan.Make(blueprint.From(p), seen, plan.Options{})
	if err != nil || !todo.Empty() || len(seen.Accounts) != customers+1 {
		t.Errorf("%d accounts were read, and the plan is %+v, %v", len(seen.Accounts), todo, err)
	}
	// The calls of each operation one after the other at its long-run rate.
	var sum time.Duration
	for operation, n := range calls {
		rate := limits.Of(operation).Account.Rate
		if rate == 0 {
			rate = 1 // none is published: much slower than any that is
		}
		sum += time.Duration(float64(n) / rate * float64(time.Second))
	}
	if sum > most {
		t.Errorf("the calls %v take %v at their rates", calls, sum)
	}
	t.Logf("%v in %v; %v at the published rates, one operation after the other", calls, took, sum)
}

// fill makes the organization of p in a file, in no time.
func fill(t *testing.T, p *portfolio.Portfolio, state string) {
	t.Helper()
	w, err := NewWorld(simaws.Config{Profile: named(t, "instant"), ManagementAccount: string(p.Organization.Management), Organization: true, AccountQuota: len(p.Customers) + 1, State: state})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	seen, err := w.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := blueprint.From(p)
	todo, err := plan.Make(want, seen, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := apply.Rounds(t.Context(), w, want, todo, seen, apply.Options{Rules: w.Rules()}); err != nil || !out.Complete() {
		t.Fatalf("left %v, %v", out.Left, err)
	}
}
