package report

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"landlord/guard/baseline"
	"landlord/guard/compliance"
	compliancereport "landlord/guard/compliance/report"
	"landlord/guard/identity"
	"landlord/org"
	"landlord/portfolio"
	"landlord/service/onboard"
	"landlord/simulate"
	"landlord/vend/plan"
	"landlord/vend/verify"
)

// TestBrokenOnboardings breaks what stands of customers who were onboarded, and looks
// for the ❌: each row fails its lines and no other of those that it is about.
func TestBrokenOnboardings(t *testing.T) {
	const (
		people, links, baselines, reports = "3 IAM Identity Center users", "3 sign-in links", "3 compliance baselines", "3 separate compliance reports"
		portal, trails, recorded          = "What each customer's portal", "CloudTrail tracks", "AWS Config records"
		pages                             = "Each customer's portal was read"
	)
	const acme, startup = org.AccountID("222233334444"), org.AccountID("666677778888")
	p := example(t)
	p.Customers = slices.DeleteFunc(p.Customers, func(c portfolio.Customer) bool { return c.Key == "medicorp" || c.Key == "techgov" })
	s := quick(t, p)
	whole, err := simulate.Onboard(t.Context(), s.Portfolio, simulate.Options{Profile: s.Profile, Seed: s.Seed, Portal: func(context.Context, simulate.Shown) (func(context.Context, string) (string, error), error) {
		return func(context.Context, string) (string, error) { return "19 pages answer", nil }, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	lines := func(s *simulate.Study) map[string]Line {
		all := map[string]Line{}
		for _, g := range newAuditor(newFacts(s)).operations() {
			for _, l := range g.Lines {
				for _, begins := range []string{people, links, baselines, reports, portal, pages, trails, recorded} {
					if strings.HasPrefix(l.Text, begins) || begins[0] == '3' && strings.Contains(l.Text, begins[2:len(begins)-1]) { // fewer are left
						all[begins] = l
					}
				}
			}
		}
		return all
	}
	s.Onboarding = whole
	if all := lines(s); len(all) != 8 {
		t.Fatalf("of what is whole: %+v", all)
	} else if r := New(s); r.Tally.Failed > 0 || !r.Decision.Deploy {
		t.Fatalf("of what is whole: %+v, %+v", r.Tally, all)
	}
	for _, row := range []struct {
		name  string
		wreck func(o *simulate.Onboarding)
		fails []string
	}{
		{"it could not go on", func(o *simulate.Onboarding) { o.Fault = "the disk is full" }, []string{people, links, baselines, reports, trails, recorded, pages}},
		{"nothing was read back", func(o *simulate.Onboarding) {
			*o = simulate.Onboarding{Portfolio: o.Portfolio, Fault: "AWS does not answer"}
		}, []string{people, links, baselines, reports, trails, recorded, pages}},
		{"a page of a portal that does not answer", func(o *simulate.Onboarding) {
			portalLine(o).State, portalLine(o).Says = onboard.Failed, "page /portal/compliance of the portal answers 500"
		}, []string{pages}},
		{"a portal that nobody came to read", func(o *simulate.Onboarding) { portalLine(o).State = onboard.Waiting }, []string{pages}},
		{"a user who is gone", func(o *simulate.Onboarding) {
			o.SignIn.Users = slices.DeleteFunc(slices.Clone(o.SignIn.Users), func(u identity.User) bool { return strings.HasPrefix(u.Name, "john@") })
		}, []string{people}},
		{"a user who is disabled", func(o *simulate.Onboarding) {
			o.SignIn.Users = slices.Clone(o.SignIn.Users)
			o.SignIn.Users[0].Disabled = true
		}, []string{people}},
		{"a group that enters another's account", func(o *simulate.Onboarding) {
			a := o.SignIn.Assignments[0]
			a.Account = map[bool]org.AccountID{true: acme, false: startup}[a.Account == startup]
			o.SignIn.Assignments = append(slices.Clone(o.SignIn.Assignments), a)
		}, []string{people}},
		{"an assignment that is gone", func(o *simulate.Onboarding) { o.SignIn.Assignments = o.SignIn.Assignments[1:] }, []string{people}},
		{"no instance of IAM Identity Center", func(o *simulate.Onboarding) { o.SignIn = identity.Seen{} }, []string{people, links}},
		{"a role that is not in the account", func(o *simulate.Onboarding) {
			o.Access["acme"] = []verify.Access{{Role: "admin", Test: verify.Reaches, Fault: "account 222233334444 has no role"}}
		}, []string{links}},
		{"a guardrail that does not hold whoever enters", func(o *simulate.Onboarding) {
			o.Access["acme"] = append(slices.Clone(o.Access["acme"][:1]), verify.Access{Role: "admin", Test: verify.Holds, Fault: "1 of 76 calls"})
		}, []string{links}},
		{"a link into another's account", func(o *simulate.Onboarding) { o.Access["acme"] = o.Access["startup"] }, []string{links}},
		{"a link that nobody tried", func(o *simulate.Onboarding) { delete(o.Access, "acme") }, []string{links}},
		{"a recorder that is gone", func(o *simulate.Onboarding) {
			of := &o.Baselines.Of[0]
			of.Seen = slices.Clone(of.Seen)
			of.Seen[0].Recorder = nil
		}, []string{people, baselines}},
		{"an account that gets no baseline", func(o *simulate.Onboarding) {
			o.Baselines.Unready = append(o.Baselines.Unready, plan.Unready{Customer: "acme", Why: "it is suspended"})
		}, []string{people, baselines}},
		{"baselines one after the other", func(o *simulate.Onboarding) {
			at := map[string]time.Duration{}
			var bars []simulate.Bar
			for _, b := range o.Bars["baseline"] {
				if _, met := at[b.Customer]; !met {
					at[b.Customer] = time.Duration(len(at)) * time.Hour
				}
				b.From, b.To = at[b.Customer], at[b.Customer]+time.Minute
				bars = append(bars, b)
			}
			o.Bars["baseline"] = bars
		}, []string{baselines}},
		{"a trail that logs nothing", func(o *simulate.Onboarding) { o.Baselines.LogsSeen.Logging = false }, []string{people, trails}},
		{"a trail whose files are not closed to the public", func(o *simulate.Onboarding) { o.Baselines.LogsSeen.Bucket = &baseline.Bucket{} }, []string{people, trails}},
		{"an account that sees no trail", func(o *simulate.Onboarding) {
			o.Findings[acme] = slices.DeleteFunc(slices.Clone(o.Findings[acme]), func(f compliance.Finding) bool { return f.Name == trailCheck })
		}, []string{trails}},
		{"an account that AWS Config found nothing in", func(o *simulate.Onboarding) {
			o.Findings[acme] = slices.DeleteFunc(slices.Clone(o.Findings[acme]), func(f compliance.Finding) bool { return f.Method == compliance.ByConfig })
		}, []string{recorded}},
		{"a finding of another account", func(o *simulate.Onboarding) {
			o.Findings[acme] = slices.Clone(o.Findings[acme])
			o.Findings[acme][0].Account = startup
		}, []string{recorded}},
		{"a report that is missing", func(o *simulate.Onboarding) { delete(o.Reports, "acme") }, []string{reports}},
		{"a report of another's account", func(o *simulate.Onboarding) { o.Reports["acme"] = o.Reports["quantum"] }, []string{reports}},
		{"a report that rests on nothing", func(o *simulate.Onboarding) { edit(o, "acme").Findings = 0 }, []string{reports}},
		{"a report that names another customer", func(o *simulate.Onboarding) { edit(o, "acme").Statement += " Unlike Quantum Bank Corp." }, []string{reports}},
		{"a report that names another account", func(o *simulate.Onboarding) { edit(o, "acme").Statement += " See 555566667777." }, []string{reports}},
		{"a report that names another framework", func(o *simulate.Onboarding) { edit(o, "startup").Statement += " As under SOC 2." }, []string{reports, portal}},
		{"a portal of AWS that names another framework", func(o *simulate.Onboarding) {
			p := *o.Portfolio
			sign := *p.SignIn
			sign.Portal = "cis-msp"
			p.SignIn, o.Portfolio = &sign, &p
		}, []string{portal}},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := *whole
			o.Bars, o.Access, o.Findings, o.Reports = maps.Clone(o.Bars), maps.Clone(o.Access), maps.Clone(o.Findings), maps.Clone(o.Reports)
			seen := *o.Baselines
			seen.Of = slices.Clone(seen.Of)
			o.Baselines = &seen
			o.Lists = slices.Clone(o.Lists)
			o.Lists[0].Lines = slices.Clone(o.Lists[0].Lines)
			row.wreck(&o)
			s := *s
			s.Onboarding = &o
			var failed []string
			for begins, l := range lines(&s) {
				if l.State == Failed {
					failed = append(failed, begins)
				}
				if l.State == Failed && l.Fault == "" {
					t.Errorf("line %q failed and does not say why", l.Text)
				}
			}
			slices.Sort(failed)
			if !slices.Equal(failed, slices.Sorted(slices.Values(row.fails))) {
				t.Errorf("failed are %q, want %q", failed, row.fails)
			}
		})
	}
}

// edit is a customer's report that may be changed.
func edit(o *simulate.Onboarding, customer string) *compliancereport.Report {
	r := *o.Reports[customer]
	o.Reports[customer] = &r
	return &r
}

// portalLine is the first customer's line of the portal, which may be changed.
func portalLine(o *simulate.Onboarding) *onboard.Line {
	lines := o.Lists[0].Lines
	return &lines[slices.IndexFunc(lines, func(l onboard.Line) bool { return l.Step == "portal" })]
}

// TestPortalUnread: without the means nobody says that a portal was read.
func TestPortalUnread(t *testing.T) {
	s := quick(t, example(t))
	var err error
	if s.Onboarding, err = simulate.Onboard(t.Context(), s.Portfolio, simulate.Options{Profile: s.Profile, Seed: s.Seed}); err != nil {
		t.Fatal(err)
	}
	if l := newFacts(s).onboarded.portals; l.State != NotChecked || !strings.Contains(l.Text, "--portal") {
		t.Errorf("%+v", l)
	}
}

// TestNotOnboarded: lines about customers whom nobody onboarded are not checked.
func TestNotOnboarded(t *testing.T) {
	open := 0
	for _, g := range newAuditor(newFacts(quick(t, example(t)))).operations() {
		for _, l := range g.Lines {
			if l.State == NotChecked && strings.HasSuffix(l.Text, "(not simulated: customers were not onboarded)") {
				open++
			}
		}
	}
	if open != 7 {
		t.Errorf("%d lines are not checked, want 7", open)
	}
}
