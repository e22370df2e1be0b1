package report

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"landlord/portfolio"
	"landlord/simulate"
)

// referenceScales are those that the figures need.
var referenceScales = []int{1, 2, 5, 10, 25, 50, 100}

// followedScales are enough to see what follows from the file; larger ones take
// longer and move by the same rules.
var followedScales = []int{1, 2, 5, 10}

func TestFiguresOfTheReference(t *testing.T) {
	figures := New(study(t, example(t), referenceScales...)).Figures
	if got, want := len(figures), len(references()); got != want {
		t.Fatalf("%d figures, want %d", got, want)
	}
	for _, g := range references() {
		f, is := figures.Of(g.ID)
		switch {
		case !is:
			t.Errorf("%s: no such figure", g.ID)
		case f.Value == "" || f.How == "" || f.Unit == "" || f.Reference != g.Value:
			t.Errorf("%s: incomplete: %+v", g.ID, f)
		case g.Kind != kindConflict && !f.Agrees:
			t.Errorf("%s (%s): got %q, the reference has %q; how: %s", g.ID, g.Kind, f.Value, g.Value, f.How)
		}
	}
}

// TestReferenceIsWhole checks the table of the reference itself.
func TestReferenceIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, g := range references() {
		if seen[g.ID] || g.What == "" || g.Value == "" || g.Unit == "" {
			t.Errorf("%s: twice or incomplete: %+v", g.ID, g)
		}
		seen[g.ID] = true
		if !slices.Contains([]string{kindInput, kindAssumption, kindDerived, kindConflict}, g.Kind) {
			t.Errorf("%s: unknown kind %q", g.ID, g.Kind)
		}
		if units, parts := strings.Count(g.Unit, ";"), strings.Count(g.Value, ";"); units > 0 && units != parts {
			t.Errorf("%s: %q has other parts than its unit %q", g.ID, g.Value, g.Unit)
		}
		if !slices.ContainsFunc(slicesOf(moneyRules, deployRules, effortRules, verdictRules), func(r rule) bool {
			_, is := matches(g.ID, r.ids)
			return is
		}) {
			t.Errorf("%s: nothing computes it", g.ID)
		}
	}
}

// TestEveryRuleComputes checks that none is hidden behind another.
func TestEveryRuleComputes(t *testing.T) {
	used := map[string]bool{}
	rules := slicesOf(moneyRules, deployRules, effortRules, verdictRules)
	for _, g := range references() {
		i := slices.IndexFunc(rules, func(r rule) bool { _, is := matches(g.ID, r.ids); return is })
		if i >= 0 {
			used[rules[i].ids] = true
		}
	}
	for _, r := range rules {
		if !used[r.ids] {
			t.Errorf("rule %s computes no figure", r.ids)
		}
	}
}

// changed is the example with a part of its text replaced.
func changed(t testing.TB, old, new string) *portfolio.Portfolio {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", "five-customers.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("the example does not hold %q", old)
	}
	p, err := portfolio.Parse("changed.yaml", []byte(strings.Replace(string(text), old, new, 1)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestFiguresFollowTheFile(t *testing.T) {
	before := New(quick(t, example(t), followedScales...)).Figures
	profit := "projection.profit.10 projection.profit.25 projection.profit.50 projection.profit.100"
	for _, row := range []struct {
		name, old, new string
		changed        string // ids whose value is another
	}{
		{name: "a price of one customer", old: "    contact: john@acmefinance.com\n", new: "    contact: john@acmefinance.com\n    price: 9000\n",
			changed: "customer.acme mrr.1 mrr.2 mrr.5 gross_profit.5 gross_margin.1 gross_margin.gain revenue.growth arpc " +
				"tier.fintech.revenue tier.healthcare.revenue tier.government-federal.revenue margin.support.1 margin.support.2 " +
				"profit.5 margin.5 projection.revenue.10 projection.revenue.25 projection.revenue.50 projection.revenue.100 " + profit},
		{name: "the salary", old: "customers:\n", new: "economics: {support_salary: 4000}\ncustomers:\n",
			changed: "margin.support.1 margin.support.2 staff.5 costs.5 profit.5 margin.5 " + profit},
		{name: "hosting", old: "customers:\n", new: "economics: {hosting: 900}\ncustomers:\n",
			changed: "margin.support.1 margin.support.2 hosting costs.5 profit.5 margin.5 " + profit},
		{name: "a contact", old: "ops@quantumbank.com", new: "it@quantumbank.com", changed: "customer.quantum"},
		{name: "the minutes of a baseline", old: "customers:\n", new: "economics: {minutes: {baseline: 20}}\ncustomers:\n",
			changed: "effort.baseline effort.post effort.total.1 effort.total.2 effort.total.5 effort.saving effort.saving.validation " +
				"effort.onboarding effort.per_customer capacity.per_day capacity.per_day.said"},
		{name: "whom one person supports", old: "customers:\n", new: "economics: {customers_per_person: 20}\ncustomers:\n",
			changed: "staff.50 projection.profit.50 projection.profit.100"},
		{name: "the lines of an entry, while they stay within", old: "    tier: fintech\n    contact: john", new: "    segment: banks\n    tier: fintech\n    contact: john"},
	} {
		t.Run(row.name, func(t *testing.T) {
			after := New(quick(t, changed(t, row.old, row.new), followedScales...)).Figures
			var got []string
			for i, f := range after {
				if f.Value != before[i].Value {
					got = append(got, f.ID)
				}
				if f.Kind != kindConflict && f.Value != before[i].Value && f.Agrees && f.Reference != f.Value && !strings.Contains(f.Reference, "-") && f.ID != "effort.total.5" {
					t.Errorf("%s is %s now, was %s, and still agrees with %s", f.ID, f.Value, before[i].Value, f.Reference)
				}
			}
			want := strings.Fields(row.changed)
			for _, id := range got {
				if !slices.Contains(want, id) {
					f, _ := after.Of(id)
					was, _ := before.Of(id)
					t.Errorf("%s changed from %s to %s", id, was.Value, f.Value)
				}
			}
			for _, id := range want {
				if !slices.Contains(got, id) {
					f, _ := after.Of(id)
					t.Errorf("%s did not change: %s", id, f.Value)
				}
			}
		})
	}
}

func TestFiguresOfCustomersWhoAreNotThere(t *testing.T) {
	p := example(t)
	p.Customers = slices.DeleteFunc(p.Customers, func(c portfolio.Customer) bool { return c.Key == "techgov" })
	f, _ := New(quick(t, p)).Figures.Of("customer.techgov")
	if f.Value != "" || f.Agrees || f.How == "" {
		t.Errorf("figure of a customer who is not there: %+v", f)
	}
}

// TestFiguresOfScalesNotSimulated checks that a figure names the --scale it needs.
func TestFiguresOfScalesNotSimulated(t *testing.T) {
	figures := New(quick(t, example(t))).Figures
	for id, scale := range map[string]string{"deploy_minutes.50": "50", "resources.10": "10", "units.1": "1", "effort.total.2": "2", "deploy_minutes.same": "2"} {
		f, _ := figures.Of(id)
		if f.Value != "" || f.Agrees || !strings.Contains(f.How, "add "+scale+" to --scale") {
			t.Errorf("%s without scale %s: %+v", id, scale, f)
		}
	}
	for _, id := range []string{"mrr.1", "projection.revenue.100", "config_lines.50"} {
		if f, _ := figures.Of(id); !f.Agrees {
			t.Errorf("%s needs no scenario, yet: %+v", id, f)
		}
	}
}

func TestConfigLinesBeyondTheCeiling(t *testing.T) {
	p := changed(t, "customers:\n", "economics: {config_lines_per_customer: 3}\ncustomers:\n")
	f := newFacts(&simulate.Study{Portfolio: p, Scenarios: []*simulate.Scenario{{Portfolio: p}}})
	for n, want := range map[int]int{1: 4, 5: 20, 10: 40} {
		if got, within := f.lines(n); got != want || within {
			t.Errorf("%d customers of 4 lines with a ceiling of 3: %d lines, within %t; want %d, false", n, got, within, want)
		}
	}
}
