package verify

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"landlord/guard/guardrail"
	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/blueprint"
)

// Cell is what the probes of one rule answered in all accounts of one tier.
type Cell struct {
	Tier      string `json:"tier"`
	Statement string `json:"statement"`
	Set       string `json:"set"`    // whose the rule is: base, or a framework's
	Denies    bool   `json:"denies"` // it is of the tier's own set, or of the base
	Probes    int    `json:"probes"`
	Denied    int    `json:"denied"` // of the probes: those that must be denied, by whichever rule
	Accounts  int    `json:"accounts"`
	Newcomer  bool   `json:"newcomer,omitempty"` // the tier has none: asked was what holds who enters its unit
	Wrong     int    `json:"wrong"`              // answers that are not those written beside the rule
	Exempt    int    `json:"exempt,omitempty"`   // customers of the tier whom the file exempts from the rule

	Faults []Answer `json:"faults,omitempty"` // the first of the wrong answers, one for each probe and cause
}

// Answer is what some accounts of a tier answer to a probe otherwise than it is
// written beside the rule.
type Answer struct {
	Action    string   `json:"action"`
	Says      string   `json:"says"`                // what is wrong
	Accounts  int      `json:"accounts"`            // that answer so
	Customers []string `json:"customers,omitempty"` // the first of them; none where the tier has no account yet
}

// How many wrong answers a cell tells, and how many customers each.
const (
	mostAnswers   = 5
	mostCustomers = 10
)

// fault notes a wrong answer that accounts of the tier give.
func (c *Cell) fault(action, says string, members []member) {
	c.Wrong += len(members)
	if len(c.Faults) == mostAnswers {
		return
	}
	a := Answer{Action: action, Says: says, Accounts: min(len(members), c.Accounts)}
	for _, m := range members[:min(len(members), mostCustomers, c.Accounts)] {
		a.Customers = append(a.Customers, m.customer.Key)
	}
	c.Faults = append(c.Faults, a)
}

// everyRule are the rules that probes stand beside, and which of them are asked
// in a tier: all, since what another's set denies must be allowed.
func everyRule() []guardrail.Rule {
	all := slices.Clone(guardrail.Rules(guardrail.Base))
	for _, slug := range guardrail.Known() {
		all = append(all, guardrail.Rules(slug)[len(guardrail.Rules(guardrail.Base)):]...)
	}
	return all
}

// prover asks the probes of every rule in the accounts of tiers, by the policies
// that were really found on them and above.
type prover struct {
	*verifier
	rules    []guardrail.Rule
	policies map[string]*guardrail.Prepared // by id: what they say
	said     map[string][sha256.Size]byte   // by id: the hash of what they say
	on       map[string][]org.Policy        // by target
	free     *guardrail.Prepared            // AWS's own FullAWSAccess
	single   map[string]bool                // accounts that some policy speaks of
}

// aNumber is what may be an account's id in a policy.
var aNumber = regexp.MustCompile(`[0-9]{12}`)

func newProver(v *verifier) *prover {
	p := &prover{verifier: v, rules: everyRule(), policies: map[string]*guardrail.Prepared{}, said: map[string][sha256.Size]byte{}, on: map[string][]org.Policy{}, single: map[string]bool{}}
	p.free = (&guardrail.Document{Version: "2012-10-17", Statements: []guardrail.Statement{{Effect: guardrail.Allow, Actions: []string{"*"}, Resources: []string{"*"}}}}).Prepare()
	for _, policy := range v.have.Policies {
		if !v.have.SCPs || policy.AWSManaged || policy.Document == "" || policy.Tags[org.TagPolicy] == guardrail.Purpose {
			continue // what is not in force, not known, or judged by itself
		}
		said := sha256.Sum256([]byte(policy.Document))
		prepared := known(&ready, string(said[:]), func() *guardrail.Prepared {
			d, err := guardrail.ParseDocument([]byte(policy.Document))
			if err != nil {
				return nil
			}
			return d.Prepare()
		})
		if prepared == nil {
			continue // it then denies nothing, and what it should deny is missed
		}
		p.policies[policy.ID], p.said[policy.ID] = prepared, said
		for _, target := range policy.Targets {
			p.on[target] = append(p.on[target], policy)
		}
		for _, id := range aNumber.FindAllString(policy.Document, -1) {
			p.single[id] = true
		}
	}
	return p
}

// held is what an account is held by.
type held struct {
	account org.Account
	at      []string // targets, the root first
	levels  [][]*guardrail.Prepared
	key     string // the same for accounts in which every probe is answered alike
	said    string // what the levels say: the same also in another organization, on another day
}

func (p *prover) held(a org.Account) held {
	path, _ := p.path(a)
	slices.Reverse(path)
	h := held{account: a, at: path}
	var key, said strings.Builder
	for _, target := range path {
		var level []*guardrail.Prepared
		if u, is := p.units[target]; !is || !blueprint.Ours(u) || !blueprint.Locked(p.have, u) {
			level = append(level, p.free)
			key.WriteByte('f')
			said.WriteByte('f')
		}
		for _, policy := range p.on[target] {
			level = append(level, p.policies[policy.ID])
			key.WriteString(policy.ID)
			hash := p.said[policy.ID]
			said.WriteByte('p')
			said.Write(hash[:])
		}
		h.levels = append(h.levels, level)
		key.WriteByte('/')
		said.WriteByte('/')
	}
	if p.single[string(a.ID)] {
		key.WriteString(string(a.ID))
		said.WriteString(string(a.ID))
	}
	h.key, h.said = key.String(), said.String()
	return h
}

// answers are what the probes of all rules, one after the other, get in an account.
func (p *prover) answers(h held) []guardrail.Decision {
	return known(&answered, h.said, func() []guardrail.Decision {
		var all []guardrail.Decision
		for _, r := range p.rules {
			for _, probe := range r.Probes {
				all = append(all, guardrail.Decide(h.levels, probe.Request(string(h.account.ID))))
			}
		}
		return all
	})
}

// by names what denies: the statement, the policy and where that is attached.
func (p *prover) by(h held, d guardrail.Decision) string {
	if d.Reason != guardrail.ExplicitDeny {
		return "nothing allows it at " + p.place(h.at[max(d.Level, 0)])
	}
	policies := p.on[h.at[d.Level]]
	i := d.Policy - (len(h.levels[d.Level]) - len(policies))
	said := d.Sid
	if said == "" {
		said = fmt.Sprintf("statement %d", d.Statement+1)
	}
	return fmt.Sprintf("%s of policy %s at %s denies it", said, policies[i].Name, p.place(h.at[d.Level]))
}

// newcomer stands for an account that is not there yet.
const newcomer org.AccountID = "000000000000"

// wrong is how some accounts of a tier answer a rule's probes otherwise.
type wrong struct {
	what     string
	accounts []string
}

// tier asks every probe in every account of a tier. Accounts that are held by
// the same are asked once.
// A tier that has none is asked what holds an account that enters its unit.
func (p *prover) tier(t blueprint.Tier, members []member) (cells []Cell, checks []Check) {
	accounts := len(members)
	unit, stands := p.stand.Of[t.Key]
	newcomers := accounts == 0 && stands
	if newcomers {
		var nobody blueprint.Customer
		nobody.Key = "whoever enters " + p.named[t.Key]
		members = []member{{nobody, org.Account{ID: newcomer, Parent: unit.ID}}}
	}
	groups, size := map[string][]member{}, 0
	var order []held
	for _, m := range members {
		h := p.held(m.account)
		if len(m.customer.Exempt) > 0 {
			h.key += "/" + m.customer.Key
		}
		if len(groups[h.key]) == 0 {
			order = append(order, h)
		}
		groups[h.key] = append(groups[h.key], m)
		size++
	}
	demanded, elsewhere := []wrong{}, []wrong{}
	asked := [2]int{}
	own := p.added(t)
	answers := make([][]guardrail.Decision, len(order))
	for i, h := range order {
		answers[i] = p.answers(h)
	}
	n := -1 // the probe among those of all rules
	for _, r := range p.rules {
		cell := Cell{Tier: t.Key, Statement: r.Sid, Set: r.Set, Denies: r.Set == guardrail.Base || r.Set == guardrail.Slug(t.Framework), Accounts: accounts, Newcomer: newcomers, Probes: len(r.Probes)}
		for _, m := range members {
			if cell.Denies && p.exempt(m.customer, r.Sid) {
				cell.Exempt++
			}
		}
		for _, probe := range r.Probes {
			want := probe.DeniedIn(r, t.Framework)
			n++
			for i, h := range order {
				d := answers[i][n]
				group := groups[h.key]
				switch {
				case d.Allowed == !want, p.open(group[0].customer, r, cell.Denies && probe.Denied, want):
				case !d.Allowed && own != nil && !guardrail.Decide(own, probe.Request(string(h.account.ID))).Allowed: // the file adds it
				case want:
					cell.fault(probe.Action, "it is allowed, which "+r.Sid+" should deny", group)
					demanded = append(demanded, wrong{fmt.Sprintf("%s allows %s, which %s should deny", t.Key, probe.Action, r.Sid), keysOf(group)})
				default:
					by := p.by(h, d)
					cell.fault(probe.Action, by, group)
					elsewhere = append(elsewhere, wrong{fmt.Sprintf("%s: %s", probe.Action, by), keysOf(group)})
				}
			}
			if want {
				cell.Denied++
				asked[0] += size
			} else {
				asked[1] += size
			}
		}
		cells = append(cells, cell)
	}
	in := fmt.Sprintf(" in %d accounts of %s", size, t.Key)
	switch {
	case size == 1 && accounts == 0:
		in = fmt.Sprintf(" in an account that enters %s; %s has none", p.named[t.Key], t.Key)
	case size == 1:
		in = fmt.Sprintf(" in account %s of %s", members[0].account.ID, t.Key)
	}
	none := ""
	if size == 0 {
		none = fmt.Sprintf("there is no unit to ask in. `landlord apply` makes %s", p.named[t.Key])
	}
	held := check(Guardrails, fmt.Sprintf("%d calls that must be denied%s", asked[0], in), none)
	apart := check(Apart, fmt.Sprintf("%d calls that must be allowed%s", asked[1], in), none)
	if len(demanded) > 0 {
		held = check(Guardrails, held.Looked, "what must be denied is not: "+told(demanded)+". `landlord apply` mends it")
	}
	if len(elsewhere) > 0 {
		apart = check(Apart, apart.Looked, "what must be allowed is denied: "+told(elsewhere)+". `landlord apply` mends it where the policy is landlord's")
	}
	held.Tier, apart.Tier = t.Key, t.Key
	return cells, []Check{held, apart}
}

// told writes the first faults and how many more there are.
func told(list []wrong) string {
	const shown = 3
	var texts []string
	for i, w := range list {
		if i == shown {
			texts = append(texts, fmt.Sprintf("and %d more", len(list)-shown))
			break
		}
		who := strings.Join(w.accounts[:min(len(w.accounts), shown)], ", ")
		if len(w.accounts) > shown {
			who += fmt.Sprintf(" and %d more", len(w.accounts)-shown)
		}
		texts = append(texts, fmt.Sprintf("%s (%s)", w.what, who))
	}
	return strings.Join(texts, "; ")
}

// member is a customer of a tier and its account.
type member struct {
	customer blueprint.Customer
	account  org.Account
}

func keysOf(members []member) []string {
	keys := make([]string, len(members))
	for i, m := range members {
		keys[i] = m.customer.Key
	}
	return keys
}

// exempt tells whether the file exempts the customer from a rule on that day.
func (p *prover) exempt(c blueprint.Customer, sid string) bool {
	return slices.ContainsFunc(c.Exempt, func(e portfolio.Exemption) bool { return e.Statement == sid && !blueprint.Ended(e, p.have.Seen) })
}

// open tells whether nothing is expected of the answer to a probe: the file exempts
// the customer from the rule, or from some rule, and only another than the probe's
// own denies it.
func (p *prover) open(c blueprint.Customer, r guardrail.Rule, own, want bool) bool {
	return len(c.Exempt) > 0 && (p.exempt(c, r.Sid) || want && !own)
}

// added is what the file adds to a tier, as a level of its own; nil is nothing.
func (p *prover) added(t blueprint.Tier) [][]*guardrail.Prepared {
	own := slices.DeleteFunc(slices.Clone(t.Rules), func(r guardrail.Rule) bool { return r.Set != guardrail.Added })
	if len(own) == 0 {
		return nil
	}
	d, err := guardrail.ParseDocument([]byte(guardrail.Compile("", own).Document))
	if err != nil {
		return nil
	}
	return [][]*guardrail.Prepared{{p.free, d.Prepare()}}
}

// exemptions checks that each exemption of a customer is in its tier's policy,
// and that none is any more when it has ended.
func (v *verifier) exemptions(c blueprint.Customer, t blueprint.Tier, a org.Account) []Check {
	var checks []Check
	for _, e := range c.Exempt {
		holds := v.leaves(t, e.Statement, string(a.ID))
		looked := fmt.Sprintf("exempt from %s until %s: %s", e.Statement, e.Until, e.Reason)
		fault := ""
		switch ended := blueprint.Ended(e, v.have.Seen); {
		case ended && holds:
			fault = fmt.Sprintf("account %s is still exempt from %s, which ended on %s (%s). `landlord apply` ends it", a.ID, e.Statement, e.Until, e.Reason)
		case ended:
			looked = fmt.Sprintf("no longer exempt from %s, since %s: %s", e.Statement, e.Until, e.Reason)
		case !holds:
			fault = fmt.Sprintf("account %s is not exempt from %s yet. `landlord apply` exempts it", a.ID, e.Statement)
		}
		k := check(Exempt, looked, fault)
		k.Customer, k.Tier = c.Key, c.Tier
		checks = append(checks, k)
	}
	return checks
}

// leaves tells whether the statement of a tier's policies that are there leaves an
// account out.
func (v *verifier) leaves(t blueprint.Tier, statement, account string) bool {
	for _, p := range v.have.Policies {
		d, err := guardrail.ParseDocument([]byte(p.Document))
		if !t.Carries(p.Name) || err != nil {
			continue
		}
		for _, s := range d.Statements {
			if slices.Contains(guardrail.Sids(s.Sid), statement) {
				return slices.Contains(s.Condition["StringNotEquals"]["aws:PrincipalAccount"], account)
			}
		}
	}
	return false
}
