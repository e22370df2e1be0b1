package draft_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"landlord/org"
	"landlord/portfolio"
	"landlord/simaws"
	"landlord/simulate"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/draft"
	"landlord/vend/plan"
)

// folio is a random portfolio, as text.
func folio(r *rand.Rand) string {
	var b strings.Builder
	patterns := []string{"aws+{customer}@landlord.example", "{customer}@cloud.example", "c.{customer}.root@a.example"}
	fmt.Fprintf(&b, "provider: {name: P, account_email: %q}\norganization: {target: simulated, management_account: \"111122223333\"}\n", patterns[r.IntN(len(patterns))])
	spread := func() string { return []string{"flat", "by-region", "by-segment"}[r.IntN(3)] }
	fmt.Fprintf(&b, "tiers:\n  gaming: {name: Gaming, framework: ISO 27001, price: 5, units: %s}\n", spread())
	fmt.Fprintf(&b, "  fintech: {units: %s}\n", spread())
	if r.IntN(2) == 0 {
		fmt.Fprintf(&b, "  standard: {unit: Plain, framework: CIS 3, units: %s}\n", spread())
	}
	b.WriteString("customers:\n")
	names := []string{"Zoë & Söhne GmbH", "Twin Inc", "Twin Inc", "\"quoted\" #1", "株式会社", "a: b", strings.Repeat("Long ", 20), "true"}
	for i := range 1 + r.IntN(8) {
		tier := []string{"fintech", "healthcare", "government-federal", "standard", "gaming"}[r.IntN(5)]
		key := fmt.Sprintf("%s%d", strings.Repeat("k", 1+r.IntN(35)), i)
		fmt.Fprintf(&b, "  - key: %s\n    name: %q\n    tier: %s\n    contact: \"o'ps+%d=x@c.example\"\n", key, names[r.IntN(len(names))], tier, i)
		if r.IntN(2) == 0 {
			b.WriteString("    region: eu-west-1\n")
		}
		if r.IntN(2) == 0 {
			b.WriteString("    segment: \"No\"\n")
		}
		if r.IntN(3) == 0 {
			b.WriteString("    tags: {\"cost: center\": \"042\", empty: \"\", \"Größe\": \"a = b\"}\n")
		}
	}
	return b.String()
}

// TestRoundTrip: of whatever portfolio, the organization that apply made of it
// is written back so that its plan is empty and the customers are the same.
func TestRoundTrip(t *testing.T) {
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 0))
		text := folio(r)
		was, err := portfolio.Parse("was", []byte(text))
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, text)
		}
		seen := applied(t, seed, was)
		d := draft.Portfolio(seen, draft.Options{Target: portfolio.Simulated})
		now, err := portfolio.Parse("now", d.Text)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, d.Text)
		}
		todo, err := plan.Make(blueprint.From(now), seen, plan.Options{})
		if err != nil || !todo.Empty() || d.Commented > 0 {
			t.Errorf("seed %d: the plan is %+v, %v\n%s\nfrom\n%s", seed, todo, err, d.Text, text)
		}
		before := map[string]string{}
		for _, c := range was.Customers {
			before[c.Key] = fmt.Sprint(c.Tier, c.Region, c.Segment, c.Contact, c.Tags)
		}
		for _, c := range now.Customers {
			if got := fmt.Sprint(c.Tier, c.Region, c.Segment, c.Contact, c.Tags); got != before[c.Key] {
				t.Errorf("seed %d: customer %s was %s, is %s", seed, c.Key, before[c.Key], got)
			}
			delete(before, c.Key)
		}
		if len(before) > 0 {
			t.Errorf("seed %d: not written back: %v", seed, before)
		}
	}
}

// applied is the organization that apply makes of a portfolio.
func applied(t *testing.T, seed uint64, p *portfolio.Portfolio) org.Organization {
	t.Helper()
	profile, err := simaws.ProfileNamed("instant")
	if err != nil {
		t.Fatal(err)
	}
	w, err := simulate.NewWorld(simaws.Config{Profile: profile, Seed: seed, Organization: true, ManagementAccount: string(p.Organization.Management)})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	want := blueprint.From(p)
	seen, err := w.Observe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	todo, err := plan.Make(want, seen, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := apply.Rounds(context.Background(), w, want, todo, seen, apply.Options{Rules: w.Rules(), Seed: seed})
	if err != nil || !out.Complete() {
		t.Fatalf("seed %d: %v, %+v", seed, err, out.Failures)
	}
	return out.Seen
}

// FuzzForeign: whatever accounts, names and tags an organization has, its draft
// is a valid file.
func FuzzForeign(f *testing.F) {
	for seed := range uint64(100) {
		f.Add(seed, "Ops Team #1", "a\tb", "x@y.example")
		f.Add(seed, "x\n  - key: evil", "2026\n  - {key: evil, name: E}", "a: b\n@y.example")
	}
	f.Fuzz(func(t *testing.T, seed uint64, name, value, email string) {
		r := rand.New(rand.NewPCG(seed, 0))
		seen := org.Organization{ID: []string{"o-1", value}[r.IntN(2)], Root: "r-1", Management: "111122223333", SCPs: true}
		seen.Units = []org.Unit{{ID: "ou-1", Name: name, Parent: "r-1", Tags: org.Tags{org.TagTier: []string{"", "fintech", "own", value}[r.IntN(4)]}}, {ID: "ou-2", Name: value, Parent: "ou-1"}}
		texts := []string{"", name, value, "acme", "fintech", "own", "2026-01-01T00:00:00Z", "ops@x.example", "a|b"}
		keys := []string{org.TagCustomer, org.TagTier, org.TagRegion, org.TagSegment, org.TagContact, org.TagSuspended, org.TagClosed, name, value, "aws:x", "team"}
		for i := range r.IntN(10) {
			a := org.Account{ID: org.AccountID([]string{fmt.Sprintf("%012d", i), fmt.Sprint(i, name)}[r.IntN(2)]), Name: texts[r.IntN(len(texts))], Email: []string{email, "acme@x.example"}[r.IntN(2)],
				State: []string{org.Active, org.Closed, org.Suspended, org.PendingClosure, value}[r.IntN(5)], Parent: []string{"r-1", "ou-1", "ou-2"}[r.IntN(3)], Tags: org.Tags{}}
			for range r.IntN(8) {
				a.Tags[keys[r.IntN(len(keys))]] = texts[r.IntN(len(texts))]
			}
			seen.Accounts = append(seen.Accounts, a)
		}
		opt := draft.Options{Target: portfolio.AWS, Tiers: map[string]string{[]string{"all", name, "Root", "none"}[r.IntN(4)]: "standard"}}
		d := draft.Portfolio(seen, opt)
		p, err := portfolio.Parse("draft", d.Text)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, d.Text)
		}
		if len(p.Customers) != d.Customers {
			t.Errorf("seed %d: %d customers are in the file, %d are said", seed, len(p.Customers), d.Customers)
		}
	})
}

// TestTwice: of two accounts with the tag of one customer, one is left out and
// said; two with the same contact are both written.
func TestTwice(t *testing.T) {
	seen := org.Organization{ID: "o-1", Root: "r-1", Management: "111122223333"}
	for i, key := range []string{"acme", "acme", "beta"} {
		seen.Accounts = append(seen.Accounts, org.Account{ID: org.AccountID(fmt.Sprintf("%012d", i)), Name: "Account", Email: "a@x.example", State: org.Active, Parent: "r-1",
			Tags: org.Tags{org.TagCustomer: key, org.TagTier: "fintech", org.TagContact: "ops@x.example"}})
	}
	d := draft.Portfolio(seen, draft.Options{Target: portfolio.AWS})
	p, err := portfolio.Parse("draft", d.Text)
	if err != nil {
		t.Fatalf("%v\n%s", err, d.Text)
	}
	if len(p.Customers) != 2 || !strings.Contains(strings.Join(d.Notes, "\n"), "000000000001 (Account) is left out") {
		t.Errorf("%d customers, notes %q", len(p.Customers), d.Notes)
	}
}

// TestNamesThatNoTierCanHave: a tier's unit whose name the file does not take, or
// gives to another tier, is not said to be the tier's: the file stays valid.
func TestNamesThatNoTierCanHave(t *testing.T) {
	for _, tt := range []struct {
		name, unit string
		own        bool // the tier is written
	}{
		{"a name of its own", "Games", true},
		{"a name with a joiner", "Zwölf\u200dGames", true},
		{"bytes that are no text", "Games\xff", false},
		{"another tier's name, in other letters", "customers-fintech", false},
		{"a line break", "Games\n  evil: {}", false},
		{"what no unit of a file is called", strings.Repeat("x", 129), false},
		{"nothing", "", false},
	} {
		seen := org.Organization{ID: "o-1", Root: "r-1", Management: "111122223333",
			Units: []org.Unit{{ID: "ou-1", Name: tt.unit, Parent: "r-1", Tags: org.Tags{org.TagTier: "own"}}}}
		d := draft.Portfolio(seen, draft.Options{Target: portfolio.AWS})
		p, err := portfolio.Parse("draft", d.Text)
		if err != nil {
			t.Errorf("%s: %v\n%s", tt.name, err, d.Text)
			continue
		}
		if tier, is := p.Tier("own"); is != tt.own || is && tier.Unit != tt.unit {
			t.Errorf("%s: that the tier is written is %t, with unit %q; want %t:\n%s", tt.name, is, tier.Unit, tt.own, d.Text)
		}
	}
}

// TestSuspendedSinceInOneLine: what a tag holds does not get out of the comment
// that it is written in.
func TestSuspendedSinceInOneLine(t *testing.T) {
	seen := org.Organization{ID: "o-1", Root: "r-1", Management: "111122223333", Accounts: []org.Account{{ID: "000000000001", Name: "Acme", Email: "aws+acme@x.example", State: org.Active, Parent: "r-1",
		Tags: org.Tags{org.TagCustomer: "acme", org.TagTier: "fintech", org.TagContact: "a@x.example", org.TagSuspended: "2026\n  - {key: evil, name: Evil, tier: fintech, contact: e@x.example}"}}}}
	d := draft.Portfolio(seen, draft.Options{Target: portfolio.AWS})
	p, err := portfolio.Parse("draft", d.Text)
	if err != nil || len(p.Customers) != 1 || !strings.Contains(string(d.Text), "# suspended since 2026   - {key: evil") {
		t.Errorf("%v\n%s", err, d.Text)
	}
}
