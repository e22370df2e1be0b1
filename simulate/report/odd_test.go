package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"landlord/internal/money"
	"landlord/portfolio"
	"landlord/simaws"
	"landlord/simulate"
)

// oddly is a portfolio of n customers spread over tiers, by their keys.
func oddly(t testing.TB, n int, price string, tiers ...string) *portfolio.Portfolio {
	t.Helper()
	var b strings.Builder
	b.WriteString("provider: {name: P, account_email: 'aws+{customer}@p.example'}\norganization: {target: simulated, management_account: '111122223333'}\n")
	b.WriteString("tiers: {own: {name: Own Tier, framework: ISO 27001, price: 700}}\ncustomers:\n")
	if n == 0 {
		b.WriteString("  []\n")
	}
	for i := range n {
		fmt.Fprintf(&b, "  - {key: c%d, name: Customer %d, tier: %s, contact: c%d@c.example%s}\n", i, i, tiers[i%len(tiers)], i, price)
	}
	p, err := portfolio.Parse("odd.yaml", []byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// nonsense is what no report may say.
var nonsense = regexp.MustCompile(`NaN|Inf\b|%!|<nil>|-0%|\$-|\(\)|  \|  \|  \||\b1 customers|\b1 tiers|\b1 units|All 1 `)

func TestOddPortfolios(t *testing.T) {
	weird := oddly(t, 2, "", "fintech")
	weird.Customers[0].Name = "a|b `c` <script>alert(1)</script> *d* [e](http://f)"
	weird.Customers[1].Name = "line\nbreak\r\n# heading\n```\n| x |\u202e"
	unpaid := oddly(t, 3, ", price: 0", "fintech", "healthcare")
	effortless := oddly(t, 2, "", "fintech", "standard")
	effortless.Economics.Minutes = portfolio.Minutes{}
	dear := oddly(t, 2, "", "standard")
	dear.Economics.SupportSalary = money.Dollars(90_000_000)
	free := oddly(t, 4, "", "own", "standard")
	free.Economics.Infrastructure, free.Economics.AccountCost = 0, portfolio.AccountCost{}
	divided := oddly(t, 8, ", region: eu-west-1", "fintech", "standard")
	divided.Tiers[0].Units = portfolio.ByRegion
	for _, row := range []struct {
		name   string
		file   *portfolio.Portfolio
		scales []int
		deploy bool
		says   []string
	}{
		{"no customers", oddly(t, 0, ""), []int{1, 2, 5}, false, []string{"The file has no customers", "do not deploy", "└─ nothing"}},
		{"one customer", oddly(t, 1, "", "healthcare"), []int{1}, true, []string{"No tier has two customers", "1-Customer Simulation"}},
		{"one customer who costs more than it pays", oddly(t, 1, "", "standard"), []int{1}, false, []string{"it earns no more than it costs", "raise its price"}},
		{"one tier", oddly(t, 4, "", "fintech"), []int{1, 2}, true, []string{"Customers-Fintech"}},
		{"a tier of the file's own", oddly(t, 8, "", "own", "fintech"), []int{1, 2, 5}, true, []string{"Customers-Own Tier", "ISO 27001", "landlord-iso27001"}},
		{"200 customers", oddly(t, 200, "", "fintech", "healthcare", "standard"), []int{1}, true, []string{"Customer 199", "crossed by this file", "divide the fullest units"}},
		{"a divided tier", divided, []int{1}, true, []string{"Units and how far they carry", "stand under the root or in Customers", "three deep", "├─ Customers ("}},
		{"names that are markup", weird, []int{1}, true, []string{`a\|b \`, "&lt;script&gt;"}},
		{"customers who pay nothing", unpaid, []int{1, 2}, false, []string{"The first customer pays nothing", dash}},
		{"onboarding that takes no time", effortless, []int{1, 2}, true, nil},
		{"salaries that eat everything", dear, []int{1}, false, []string{"-$1"}},
		{"accounts and infrastructure for nothing", free, []int{1, 2}, false, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := New(study(t, row.file, row.scales...))
			text := markdown(t, r)
			if found := nonsense.FindString(text); found != "" {
				at := strings.Index(text, found)
				t.Errorf("the report says %q: …%s…", found, text[max(0, at-150):min(len(text), at+100)])
			}
			for _, want := range row.says {
				if !strings.Contains(text, want) {
					t.Errorf("the report does not say %q", want)
				}
			}
			if r.Decision.Deploy != row.deploy {
				t.Errorf("deploy %t, want %t: %+v", r.Decision.Deploy, row.deploy, r.Decision.Reasons)
			}
			if r.Tally.Failed > 0 {
				t.Errorf("%d checks failed", r.Tally.Failed)
			}
			checkTables(t, text)
			if strings.Contains(text, "<") {
				t.Errorf("the report holds HTML")
			}
			var b bytes.Buffer
			if err := r.JSON(&b); err != nil {
				t.Fatal(err)
			}
			if !json.Valid(b.Bytes()) || nonsense.Match(b.Bytes()) || bytes.Contains(b.Bytes(), []byte(": null")) {
				t.Errorf("JSON is not valid, holds nonsense (%q) or null", nonsense.Find(b.Bytes()))
			}
		})
	}
}

var bare = regexp.MustCompile(`(^|[^\\])\|`)

// checkTables checks that each row of a table has as many cells as its head.
func checkTables(t *testing.T, text string) {
	t.Helper()
	cells := 0
	fenced := false
	for i, l := range strings.Split(text, "\n") {
		if strings.HasPrefix(l, "```") {
			fenced = !fenced
		}
		if fenced || !strings.HasPrefix(l, "|") {
			cells = 0
			continue
		}
		n := strings.Count(l, "|") - strings.Count(l, `\|`)
		if cells > 0 && n != cells {
			t.Errorf("line %d has %d cells, its head %d: %s", i+1, n-1, cells-1, l)
		}
		cells = n
	}
	if fenced {
		t.Errorf("a fence is left open")
	}
}

// FuzzEscape checks that escaped text stays on its line, in its cell, and
// holds no HTML; and that a fence cannot be left.
func FuzzEscape(f *testing.F) {
	f.Add("a|b `c` <d> &amp; \\ _e_ *f*\n# g")
	f.Add("```\n</pre>")
	f.Fuzz(func(t *testing.T, s string) {
		got := escape(s)
		if strings.ContainsAny(got, "\n\r<>") || bare.MatchString(strings.ReplaceAll(got, `\\`, "")) {
			t.Errorf("escape(%q) = %q", s, got)
		}
		if got := verbatim(s); strings.ContainsAny(got, "\n\r<>`") {
			t.Errorf("verbatim(%q) = %q", s, got)
		}
	})
}

// TestSameStudySameBytes checks that a report is a function of its study.
func TestSameStudySameBytes(t *testing.T) {
	var reports, documents []string
	for range 2 {
		r := New(study(t, example(t), 1, 2, 5))
		var b bytes.Buffer
		if err := r.JSON(&b); err != nil {
			t.Fatal(err)
		}
		reports, documents = append(reports, markdown(t, r)), append(documents, b.String())
	}
	if reports[0] != reports[1] || documents[0] != documents[1] {
		t.Error("the same file and random seed gave two reports")
	}
}

func TestJSON(t *testing.T) {
	r := New(study(t, example(t), simulate.Scales...))
	var b bytes.Buffer
	if err := r.JSON(&b); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Figures   map[string]Figure
		Scenarios []struct {
			Customers, Calls, Throttled, Resources int
			PlanSteps                              int         `json:"plan_steps"`
			Seconds                                json.Number `json:"seconds"`
			PhasedSeconds                          json.Number `json:"phased_seconds"`
			Revenue                                json.Number
			Checks                                 Tally
			Latencies                              []json.Number
		}
		Checks []struct {
			Name, State string
			Looked      string `json:"looked_at"`
		}
		Onboarding struct {
			Customers, Minutes int
			Seconds            json.Number
			Steps              []struct{ Done, Failed int }
		}
	}
	d := json.NewDecoder(bytes.NewReader(b.Bytes()))
	d.UseNumber()
	if err := d.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if len(got.Figures) != len(references()) || got.Figures["mrr.5"].Value != "58000" {
		t.Errorf("%d figures, mrr.5 %+v", len(got.Figures), got.Figures["mrr.5"])
	}
	if at, before := bytes.Index(b.Bytes(), []byte(`"mrr.5"`)), bytes.Index(b.Bytes(), []byte(`"arpc"`)); at < 0 || at > before {
		t.Error("figures are not in the reference's order")
	}
	plain := regexp.MustCompile(`^[0-9]+(\.[0-9]{1,3})?$`)
	if o := got.Onboarding; o.Customers != 5 || o.Minutes != 35 || !plain.MatchString(string(o.Seconds)) || len(o.Steps) != 6 || o.Steps[5].Done != 5 {
		t.Errorf("onboarding %+v", o)
	}
	for i, s := range got.Scenarios {
		want := r.Scenarios[i]
		if s.Customers != simulate.Scales[i] || s.Resources != want.Resources() || s.PlanSteps != want.Created || s.Calls != want.Calls || s.Checks.Failed != 0 || s.Checks.Passed == 0 || s.Checks.NotChecked != 1 {
			t.Errorf("scenario %d: %+v", i, s)
		}
		for _, n := range append([]json.Number{s.Seconds, s.PhasedSeconds, s.Revenue}, s.Latencies...) {
			if !plain.MatchString(string(n)) {
				t.Errorf("scenario %d: number %s", i, n)
			}
		}
		if len(s.Latencies) != s.Customers {
			t.Errorf("scenario %d: %d latencies of %d customers", i, len(s.Latencies), s.Customers)
		}
		if s.Revenue != json.Number(want.Revenue().String()) {
			t.Errorf("scenario %d: revenue %s, want %s", i, s.Revenue, want.Revenue())
		}
	}
	for _, c := range got.Checks {
		if known := []State{Passed, Failed, NotChecked}; !slices.Contains(known, State(c.State)) || c.State == string(Passed) && c.Looked == "" {
			t.Errorf("check %+v", c)
		}
	}
}

// TestEveryProfile checks that no mark depends on how slow AWS is.
func TestEveryProfile(t *testing.T) {
	for _, name := range simaws.Profiles() {
		profile, err := simaws.ProfileNamed(name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := simulate.RunStudy(t.Context(), example(t), []int{1, 12}, simulate.Options{Profile: profile, Seed: 7})
		if err != nil {
			t.Fatal(err)
		}
		r := New(s)
		for _, g := range append(r.Validation, r.Fixes) {
			for _, l := range g.Lines {
				if l.State == Failed {
					t.Errorf("profile %s: %s: %s", name, l.Text, l.Fault)
				}
			}
		}
		if found := nonsense.FindString(markdown(t, r)); found != "" {
			t.Errorf("profile %s: the report says %q", name, found)
		}
	}
}
