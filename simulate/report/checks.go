package report

import (
	"fmt"
	"slices"
	"strings"

	"landlord/org"
	"landlord/portfolio"
	"landlord/simulate"
	"landlord/vend/blueprint"
	"landlord/vend/verify"
)

// State is what became of a line.
type State string

// The states of a line. A Figure line states a number and checks nothing.
const (
	Passed     State = "passed"
	Failed     State = "failed"
	NotChecked State = "not checked"
	Stated     State = "figure"
)

// Mark is the sign before a line of this state.
func (s State) Mark() string {
	return map[State]string{Passed: "✅", Failed: "❌", NotChecked: "not checked:", Stated: "·"}[s]
}

// Line is one promise of the report and the check of it.
type Line struct {
	Text   string
	State  State
	Looked string // what was looked at, on the simulated organization
	Fault  string // what is wrong; "" unless Failed
}

// Group is lines on one subject, in a list of the report.
type Group struct {
	List, Name string
	Lines      []Line
}

// Tally counts lines by what became of them. Lines that only state a figure
// are not counted.
type Tally struct {
	Passed     int `json:"passed"`
	Failed     int `json:"failed"`
	NotChecked int `json:"not_checked"`
}

func tally(groups []Group) (t Tally) {
	for _, g := range groups {
		for _, l := range g.Lines {
			switch l.State {
			case Passed:
				t.Passed++
			case Failed:
				t.Failed++
			case NotChecked:
				t.NotChecked++
			}
		}
	}
	return t
}

// auditor makes the lines of a scenario from what its verification found.
type auditor struct {
	*facts
	scenario *simulate.Scenario
	want     blueprint.Blueprint
	byName   map[string][]verify.Check
	unitOf   map[string]org.Unit // by tier's key
	above    string              // the id of the unit that those of divided tiers stand in; "" for none
}

func newAuditor(f *facts) *auditor {
	a := &auditor{facts: f, scenario: f.whole, want: blueprint.From(f.whole.Portfolio), byName: map[string][]verify.Check{}, unitOf: map[string]org.Unit{}}
	for _, c := range f.whole.Verified.Checks {
		a.byName[c.Name] = append(a.byName[c.Name], c)
	}
	standing := a.want.Standing(f.whole.Organization)
	for _, t := range a.want.Tiers {
		if u, stands := standing.Of[t.Key]; stands {
			a.unitOf[t.Key] = u
		}
	}
	a.above = standing.Of[blueprint.Above].ID
	return a
}

// line is Passed if fault is empty, and not checked where there is nothing to
// look at.
func line(text, looked, fault string) Line {
	switch {
	case fault != "":
		return Line{text, Failed, looked, fault}
	case looked == "":
		return Line{Text: text, State: NotChecked}
	}
	return Line{text, Passed, looked, ""}
}

// stated is a line that checks nothing.
func stated(format string, args ...any) Line {
	return Line{Text: fmt.Sprintf(format, args...), State: Stated}
}

// of is the line of all checks with a name, of one tier if tier is not "".
func (a *auditor) of(text, name, tier string) Line {
	var looked, faults []string
	for _, c := range a.byName[name] {
		if tier != "" && c.Tier != tier {
			continue
		}
		looked = append(looked, c.Looked)
		if !c.Passed {
			faults = append(faults, c.Fault)
		}
	}
	return line(text, joined(looked), joined(faults))
}

// joined writes at most three texts and how many more there are.
func joined(texts []string) string {
	const shown = 3
	if len(texts) > shown {
		return fmt.Sprintf("%s; and %s more", strings.Join(texts[:shown], "; "), whole(len(texts)-shown))
	}
	return strings.Join(texts, "; ")
}

// and is a line that passed if both did.
func and(a, b Line) Line {
	return line(a.Text, joined(nonEmpty(a.Looked, b.Looked)), joined(nonEmpty(a.Fault, b.Fault)))
}

func nonEmpty(texts ...string) []string {
	return slices.DeleteFunc(texts, func(s string) bool { return s == "" })
}

// architecture checks where accounts are and which policies hold there.
func (a *auditor) architecture() []Group {
	routing := Group{List: "Architecture", Name: "Multi-tier routing"}
	for _, t := range a.tiers {
		text := fmt.Sprintf("%s: %s in unit %s", t.Name, count(t.Customers, "customer"), t.Unit)
		routing.Lines = append(routing.Lines, and(a.of(text, verify.Unit, t.Key), a.of(text, verify.Tier, t.Key)))
	}
	routing.Lines = append(routing.Lines, a.independent())

	policies := Group{List: "Architecture", Name: "Policy application"}
	for _, name := range frameworks(a.tiers) {
		policies.Lines = append(policies.Lines, a.onlyTo(name))
	}
	policies.Lines = append(policies.Lines,
		and(a.of("No policy of one tier applies to an account of another", verify.Isolation, ""), a.of("", verify.Apart, "")),
		and(a.of("Each policy says what its framework demands", verify.Content, ""), a.of("", verify.Guardrails, "")),
		a.enabled())

	naming := Group{List: "Architecture", Name: "Naming and conflicts", Lines: []Line{
		a.unique("unique prefix", "es", tagOf),
		a.unique("unique account id", "s", func(x org.Account) string { return string(x.ID) }),
		a.contacts(),
		a.of("Account names are unique", verify.Names, ""),
		a.of("Each root address is its account's own", verify.Email, ""),
		a.of("No account is two customers'", verify.IDs, ""),
		a.of("Each account carries its customer's tags", verify.Tags, ""),
		a.of("No account is tagged for a customer who is not in the file", verify.Orphans, ""),
	}}
	return []Group{routing, policies, naming}
}

// enabled checks that policies hold at all; without tiers none is needed.
func (a *auditor) enabled() Line {
	l := a.of("Service control policies are enabled", verify.Enabled, "")
	if len(a.tiers) == 0 {
		l.State, l.Looked, l.Fault = NotChecked, "", ""
	}
	return l
}

// independent checks that each tier in use has a unit of its own under the root.
func (a *auditor) independent() Line {
	var looked, faults []string
	where := "stand under the root"
	if a.above != "" {
		where += " or in " + portfolio.UnitsAbove
	}
	for _, t := range a.tiers {
		u, stands := a.unitOf[t.Key]
		switch {
		case !stands:
			faults = append(faults, fmt.Sprintf("tier %s has no unit", t.Name))
		case u.Parent != a.scenario.Organization.Root && u.Parent != a.above:
			faults = append(faults, fmt.Sprintf("unit %s does not %s", u.Name, where))
		default:
			looked = append(looked, fmt.Sprintf("unit %s %s under %s", u.Name, u.ID, u.Parent))
		}
	}
	return line(fmt.Sprintf("%s %s, one a tier", count(len(a.tiers), "unit"), where), joined(looked), joined(faults))
}

// onlyTo checks that a framework's policy is attached to the units of its
// tiers and to nothing else, and applies to their customers.
func (a *auditor) onlyTo(framework string) Line {
	home := map[string]bool{}
	var tiers []string
	var own blueprint.Tier
	out := Line{}
	for _, t := range a.want.Tiers {
		if t.Framework != framework {
			continue
		}
		home[a.unitOf[t.Key].ID] = true
		tiers, own = append(tiers, a.name(t.Key)), t
		applies := a.of("", verify.Policies, t.Key)
		out.Looked, out.Fault = joined(nonEmpty(out.Looked, applies.Looked)), joined(nonEmpty(out.Fault, applies.Fault))
	}
	for _, p := range a.scenario.Organization.Policies {
		if !own.Carries(p.Name) {
			continue
		}
		out.Looked = joined(nonEmpty(fmt.Sprintf("policy %s %s, attached to %s", p.Name, p.ID, list(p.Targets)), out.Looked))
		for _, target := range p.Targets {
			if !home[target] {
				out.Fault = joined(nonEmpty(fmt.Sprintf("policy %s is attached to %s", p.Name, target), out.Fault))
			}
		}
	}
	return line(fmt.Sprintf("%s policy applies to %s only", framework, list(tiers)), out.Looked, out.Fault)
}

// name is the name of the tier with a key.
func (a *auditor) name(key string) string {
	t, _ := a.file.Tier(key)
	return t.Name
}

func tagOf(x org.Account) string { return x.Tags[org.TagCustomer] }

// unique checks that as many different values were read back as there are
// customers.
func (a *auditor) unique(noun, plural string, value func(org.Account) string) Line {
	owner := map[string]string{}
	var values, faults []string
	for _, c := range a.file.Customers {
		account, found := a.scenario.Verified.Account[c.Key]
		v := value(account)
		other, taken := owner[v]
		switch {
		case !found:
			faults = append(faults, c.Key+" has no account")
		case v == "":
			faults = append(faults, c.Key+" has none")
		case taken:
			faults = append(faults, fmt.Sprintf("%s is both %s's and %s's", v, other, c.Key))
		}
		owner[v] = c.Key
		values = append(values, v)
	}
	if a.n == 1 {
		plural = ""
	}
	return line(fmt.Sprintf("%s %s%s", whole(a.n), noun, plural), some(values), joined(faults))
}

// contacts checks that nobody shares a contact.
func (a *auditor) contacts() Line {
	owner := map[string]string{}
	var values, faults []string
	for _, c := range a.file.Customers {
		address := strings.ToLower(c.Contact)
		if address == "" { // a copy, made to fill a scale
			continue
		}
		if other, taken := owner[address]; taken {
			faults = append(faults, fmt.Sprintf("%s is both %s's and %s's", c.Contact, other, c.Key))
		}
		owner[address] = c.Key
		values = append(values, c.Contact)
	}
	return line(count(a.n, "unique contact e-mail"), some(values), joined(faults))
}
