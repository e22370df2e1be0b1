package web

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"

	"landlord/service/store"
)

// customerShell is what stands above every tab of a customer's page.
type customerShell struct {
	shell
	Key, Lead string
	MayLook   bool // may see the customer's portal
	Tabs      []place
}

// account is what is known of a customer's account.
type account struct {
	State                            tone
	Account, Email, Unit             string
	Tier, Framework, Region, Segment string
	Price                            string
	Domains                          []domainLine
	Updated                          moment
	WaitsFor                         string // what a person has to do before it is there
	SignIn                           string // where its people sign in to it; "" if nobody was let in
}

type domainLine struct {
	Name  string
	State tone
}

// checkLine is what a promise came to when it was last looked at.
type checkLine struct {
	Title, Detail string
	State         tone
}

// guardrailLine is a statement of a policy.
type guardrailLine struct {
	Sid, Says string
}

type customerPage struct {
	customerShell
	account
	Tags       []string
	Checks     []checkLine
	Checked    moment
	Guardrails []guardrailLine
	Standing   standing
	Listed     bool        // the portfolio names the customer
	Orders     []orderLine // that can be given
	Onboards   bool        // who looks may have it onboarded
	Onboarding runLine     // the last, if there was one
	Given      runLine     // the order that is being carried out, if one is
	Posture    postureLine
}

type contactLine struct {
	Name, Email, Role string
	State             tone
}

// customer says how a customer is.
func (s *Server) customer(v *visit) error {
	var p customerPage
	err := s.ofCustomer(v, "", &p.customerShell, func(tx store.Tx, c store.Customer) (err error) {
		if p.account, err = s.account(v, tx, c); err != nil {
			return err
		}
		for _, key := range slices.Sorted(maps.Keys(c.Tags)) {
			p.Tags = append(p.Tags, key+"="+c.Tags[key])
		}
		if p.Checks, p.Checked, err = s.checks(v, tx, c); err != nil {
			return err
		}
		if p.Guardrails, err = guardrails(v, tx, c); err != nil {
			return err
		}
		if p.Standing, err = s.standing(v, tx, c); err != nil {
			return err
		}
		if p.Posture, err = postureLineOf(v, tx, c); err != nil {
			return err
		}
		p.Lead, p.Listed = howIs(c, p.Tier, p.Checks), c.State != store.Departed
		if p.Checks != nil && p.Listed {
			p.Lead += p.Posture.Lead
		}
		if !p.Listed && c.Account != "" {
			p.Lead += " Its account is left alone until somebody closes it."
		}
		open, err := tx.OpenRuns(v.Context(), store.Changing...)
		for _, r := range open {
			if r.Customer == c.Key {
				p.Given = runLineOf(v.Now, r)
			}
		}
		if v.Person.Is(engineers) && p.Given.ID == "" {
			p.Orders = ordersFor(c)
			p.Onboards = p.Listed && (c.State == store.Wanted || c.State == store.Active)
		}
		if r, missing := tx.OnboardingOf(v.Context(), c.Key); missing == nil {
			p.Onboarding = runLineOf(v.Now, r)
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.render(v, "customer", p)
}

// ofCustomer reads what a tab of a customer's page shows.
func (s *Server) ofCustomer(v *visit, tab string, head *customerShell, read func(store.Tx, store.Customer) error) error {
	err := s.Store.Operator(v.Context(), func(tx store.Tx) error {
		c, err := tx.Customer(v.Context(), v.PathValue("key"))
		if err != nil {
			return err
		}
		*head = customerShell{shell: s.shell(v, c.Name), Key: c.Key, MayLook: v.Person.Is(lookers)}
		for _, t := range []place{{Name: "Overview"}, {Name: "Contacts", To: "contacts"}, {Name: "People", To: "people"}, {Name: "Compliance", To: "compliance"}, {Name: "Invoices", To: "invoices"}, {Name: "History", To: "history"}} {
			if t.To == "history" && !v.Person.Is(auditors) {
				continue
			}
			t.Here = t.To == tab
			if t.To != "" {
				t.To = "/" + t.To
			}
			t.To = "/customers/" + c.Key + t.To
			head.Tabs = append(head.Tabs, t)
		}
		head.Lead = howIs(c, named(s.tierNames(v, tx), c.Tier), nil)
		return read(tx, c)
	})
	if errors.Is(err, store.ErrNotFound) {
		return problem{Status: http.StatusNotFound, Title: "No such customer", Detail: "Nobody has the key " + v.PathValue("key") + ". The directory has a search."}
	}
	return err
}

// howIs a customer, in a sentence.
func howIs(c store.Customer, tier string, checks []checkLine) string {
	in := "In " + tier + " (" + c.Framework + ")"
	failing := 0
	for _, k := range checks {
		if k.State.Class == "bad" {
			failing++
		}
	}
	switch {
	case c.State == store.Wanted && c.WaitsFor != "":
		return in + ". The account waits for a person."
	case c.State == store.Wanted:
		return in + ". The account does not exist yet; the next run creates it."
	case c.State == store.Suspended:
		return in + ". Suspended: nothing is allowed in the account, and it is not billed."
	case c.State == store.Closed:
		return in + ". The account is closed; what is known is kept."
	case c.State == store.Departed:
		return in + " before. Not in the portfolio any more; what is known is kept."
	case failing > 0:
		return in + ". " + count(failing, "check") + " of what we promise " + map[bool]string{true: "fails", false: "fail"}[failing == 1] + "."
	case len(checks) > 0:
		return in + ". The account and its guardrails are as we promise."
	}
	return in + "."
}

// howAreYou is how a customer is, in a sentence to its own people.
func howAreYou(c store.Customer, tier, house string, checks []checkLine) string {
	if c.State == store.Wanted && c.WaitsFor != "" {
		return "For " + tier + " (" + c.Framework + "). Your account waits for a person."
	}
	switch c.State {
	case store.Wanted:
		return "For " + tier + " (" + c.Framework + "). Your account does not exist yet; you will see it here when it does."
	case store.Suspended:
		return "In " + tier + " (" + c.Framework + "). Suspended: nothing is allowed in your account, and it is not billed."
	case store.Closed:
		return "In " + tier + " (" + c.Framework + "). Your account is closed; what is known of it stays here."
	case store.Departed:
		return "You were in " + tier + " (" + c.Framework + ") and are not a customer of " + house + " any more. What is known stays here for you to read."
	}
	return howIs(c, tier, checks)
}

// ownState is the state of a customer as its own people read it.
func ownState(state string) tone {
	t := stateOf(state)
	switch state {
	case store.Wanted:
		t.Word = "on its way"
	case store.Departed:
		t.Word = "no customer any more"
	}
	return t
}

func (s *Server) account(v *visit, tx store.Tx, c store.Customer) (account, error) {
	tier, state := titled(c.Tier), ownState(c.State)
	if tx.Key == "" {
		tier, state = named(s.tierNames(v, tx), c.Tier), stateOf(c.State)
	}
	a := account{State: state, Account: c.Account, Email: c.Email, Unit: c.Unit, Tier: tier, Framework: c.Framework, Region: c.Region, Segment: c.Segment,
		Price: price(c), Updated: momentOf(v.Now, c.UpdatedAt), WaitsFor: c.WaitsFor, SignIn: c.SignIn}
	domains, err := tx.Domains(v.Context(), c.Key)
	if err != nil {
		return a, err
	}
	for _, d := range domains {
		a.Domains = append(a.Domains, domainLine{d.Name, verified(d.VerifiedAt)})
	}
	return a, nil
}

func verified(at *time.Time) tone {
	if at == nil {
		return stateOf("unverified")
	}
	return stateOf("verified")
}

// checks are what is promised to a customer, the broken promises first.
func (s *Server) checks(v *visit, tx store.Tx, c store.Customer) ([]checkLine, moment, error) {
	found, err := tx.Checks(v.Context(), c.Key)
	if err != nil {
		return nil, moment{}, err
	}
	var last time.Time
	for _, k := range found {
		if k.At.After(last) {
			last = k.At
		}
	}
	return checkLines(found), momentOf(v.Now, last), nil
}

func checkLines(found []store.Check) (lines []checkLine) {
	for _, k := range found {
		state := stateOf("passed")
		if !k.Passed {
			state = stateOf("failed")
		}
		lines = append(lines, checkLine{k.Title, k.Detail, state})
	}
	return lines
}

func guardrails(v *visit, tx store.Tx, c store.Customer) ([]guardrailLine, error) {
	found, err := tx.Guardrails(v.Context(), c.Framework)
	if err != nil {
		return nil, err
	}
	var lines []guardrailLine
	for _, g := range found {
		lines = append(lines, guardrailLine{g.Sid, sentence(g.Says)})
	}
	return lines, nil
}

func contacts(v *visit, tx store.Tx, c store.Customer) ([]contactLine, error) {
	found, err := tx.Contacts(v.Context(), c.Key)
	if err != nil {
		return nil, err
	}
	var lines []contactLine
	for _, k := range found {
		lines = append(lines, contactLine{k.Name, k.Email, k.Role, verified(k.VerifiedAt)})
	}
	return lines, nil
}
