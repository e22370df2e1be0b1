package apply_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"landlord/guard/guardrail"
	"landlord/org"
	"landlord/portfolio"
	"landlord/simaws"
	"landlord/simulate"
	"landlord/vend/blueprint"
)

const dividing = `
provider: {name: MSP, account_email: "aws+{customer}@a.example"}
organization: {target: simulated, management_account: "111122223333"}
tiers: {fintech: {units: %s}, healthcare: {units: %s}}
customers:
  - {key: a, name: A, tier: fintech, contact: a@a.example, region: us-east-1, segment: banks}
  - {key: b, name: B, tier: fintech, contact: b@b.example, region: eu-west-1, segment: banks}
  - {key: c, name: C, tier: fintech, contact: c@c.example, segment: us-east-1}
  - {key: d, name: D, tier: healthcare, contact: d@d.example, region: us-east-1, segment: dentists}
  - {key: e, name: E, tier: healthcare, contact: e@e.example, region: us-east-1}
`

// held are the customers whose account is in a unit of its tier's, under the
// tier's policy by such a unit, and under no other tier's.
func held(want blueprint.Blueprint, seen org.Organization) map[string]bool {
	units := map[string]org.Unit{}
	for _, u := range seen.Units {
		units[u.ID] = u
	}
	policy := map[string]guardrail.Policy{}
	for _, t := range want.Tiers {
		policy[t.Key] = t.Policies[0]
	}
	tier := map[string]string{}
	for _, c := range want.Customers {
		tier[c.Key] = c.Tier
	}
	held := map[string]bool{}
	for key, a := range want.Owners(seen).Of {
		wanted := policy[tier[key]]
		holds, others := false, false
		for at := a.Parent; at != ""; at = units[at].Parent {
			for _, p := range seen.Policies {
				if p.Tags[org.TagFramework] == "" || !slices.Contains(p.Targets, at) {
					continue
				}
				if p.Name != wanted.Name {
					others = true
				} else if units[at].Tags[org.TagTier] == tier[key] {
					holds = holds || seen.SCPs && guardrail.Same(p.Document, wanted.Document)
				}
			}
		}
		held[key] = holds && !others
	}
	return held
}

// watched judges the organization after each call that may have changed it: no
// account that was held by its tier's policies alone stops being so.
func watched(t *testing.T, w *simulate.World, p *portfolio.Portfolio, next func(*http.Request, func() (*http.Response, error)) (*http.Response, error)) func(*http.Request, func() (*http.Response, error)) (*http.Response, error) {
	want := blueprint.From(p)
	before := map[string]bool{}
	return func(req *http.Request, call func() (*http.Response, error)) (*http.Response, error) {
		answer, err := next(req, call)
		target := req.Header.Get("X-Amz-Target")
		operation := target[strings.LastIndexByte(target, '.')+1:]
		if strings.HasPrefix(operation, "List") || strings.HasPrefix(operation, "Describe") || strings.HasPrefix(operation, "Get") {
			return answer, err
		}
		seen, failed := w.Beside().Observe(t.Context())
		if failed != nil {
			t.Fatal(failed)
		}
		now := held(want, seen)
		for key := range before {
			if before[key] && !now[key] {
				t.Errorf("after %s the account of %s is not held by its tier's policies alone any more", operation, key)
			}
		}
		before = now
		return answer, err
	}
}

// TestDividingSurvivesAnything divides tiers, divides them otherwise and joins
// them, while calls are cut and the process is killed; the organization is judged
// after every call.
func TestDividingSurvivesAnything(t *testing.T) {
	modes := []string{portfolio.Flat, portfolio.ByRegion, portfolio.BySegment}
	profile, err := simaws.ProfileNamed("instant")
	if err != nil {
		t.Fatal(err)
	}
	kills, removed := 0, 0
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 0))
		w := newWorld(t, simaws.Config{Seed: seed, Profile: profile})
		for edit := range 3 {
			p := load(t, fmt.Sprintf(dividing, modes[r.IntN(3)], modes[r.IntN(3)]))
			once := asked{}
			for try := range r.IntN(3) {
				w.Meddle = watched(t, w, p, chaos(t, r, 30+r.IntN(60), once))
				if attempt(t, w, p, seed+uint64(try)) {
					kills++
				}
				w.Reconnect()
			}
			w.Meddle = watched(t, w, p, func(_ *http.Request, next func() (*http.Response, error)) (*http.Response, error) { return next() })
			out, err := run(t.Context(), w, p, seed)
			if err != nil || !out.Complete() {
				t.Fatalf("seed %d, edit %d: left %+v, %v", seed, edit, out.Left, err)
			}
			w.Meddle = nil
			check(t, w, p)
			seen, err := w.Observe(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if n, wanted := len(seen.Units), len(blueprint.From(p).Units); n != wanted {
				t.Errorf("seed %d, edit %d: %d units stand, want %d", seed, edit, n, wanted)
			}
		}
		removed += w.Server.Metrics().Calls["DeleteOrganizationalUnit"]
	}
	if kills < 20 || removed < 40 {
		t.Errorf("only %d kills and %d units removed: the test does not test", kills, removed)
	}
}
