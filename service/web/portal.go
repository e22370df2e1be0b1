package web

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

	"landlord/portfolio"
	"landlord/service/store"
)

type portalPage struct {
	shell
	account
	Standing standing
	Lead     string
	Filter   filter
	Checks   []checkLine
	Checked  moment
	Entries  []entryLine
	Posture  postureLine
}

type portalAccountPage struct {
	shell
	account
	Standing standing
	Contacts []contactLine
}

type portalTokensPage struct {
	shell
	tokensPart
}

type portalContactsPage struct {
	shell
	contactsPart
}

type portalDomainPage struct {
	shell
	domainPart
}

type portalGuardrailsPage struct {
	shell
	Framework  string
	Guardrails []guardrailLine
}

type portalPeoplePage struct {
	shell
	Filter     filter
	Members    []personLine
	MayInvite  bool
	Invite     field
	InviteRole string
	EndTo      string
	Sessions   []sessionLine
}

type portalAWSPage struct {
	shell
	Standing  standing
	Account   string
	Simulated bool
	Start     string // the organization's access portal; "" where there is none
}

type portalAuditPage struct {
	shell
	Filter  filter
	Entries []entryLine
	Paging  paging
}

// filter is a form that leaves of a list what a customer looks for.
type filter struct {
	To, Label, Query string
	Failing, Fails   bool // only what is not so; Fails offers it
}

// On tells whether anything is left out.
func (f filter) On() bool { return f.Query != "" || f.Failing }

func filterOf(v *visit, label string, fails bool) filter {
	return filter{v.URL.Path, label, strings.TrimSpace(v.FormValue("q")), fails && v.FormValue("failing") != "", fails}
}

// portal says how things are with a customer's account.
func (s *Server) portal(v *visit, tx store.Tx, c store.Customer) (err error) {
	p := portalPage{shell: s.shell(v, "Overview")}
	if p.account, err = s.account(v, tx, c); err != nil {
		return err
	}
	if p.Checks, p.Checked, err = s.checks(v, tx, c); err != nil {
		return err
	}
	if p.Standing, err = s.standing(v, tx, c); err != nil {
		return err
	}
	found, err := tx.Entries(v.Context(), store.EntryQuery{Customer: c.Key, Limit: mostEntries})
	if err != nil {
		return err
	}
	lines := s.entryLines(v, found)
	if p.Posture, err = postureLineOf(v, tx, c); err != nil {
		return err
	}
	p.Entries, p.Lead = lines[:min(len(lines), mostLately)], howAreYou(c, p.Tier, p.House, p.Checks)
	if p.Checks != nil && c.State == store.Active {
		p.Lead += p.Posture.Lead
	}
	if p.Filter = filterOf(v, "Find in what we promise", true); p.Filter.On() {
		left, err := tx.FindChecks(v.Context(), c.Key, p.Filter.Query, p.Filter.Failing)
		if err != nil {
			return err
		}
		p.Checks = checkLines(left)
	}
	return s.render(v, "portal", p)
}

// portalAccount shows the account.
func (s *Server) portalAccount(v *visit, tx store.Tx, c store.Customer) (err error) {
	p := portalAccountPage{shell: s.shell(v, "Your AWS account")}
	if p.account, err = s.account(v, tx, c); err != nil {
		return err
	}
	if p.Standing, err = s.standing(v, tx, c); err != nil {
		return err
	}
	if p.Contacts, err = contacts(v, tx, c); err != nil {
		return err
	}
	return s.render(v, "portal_account", p)
}

// portalGuardrails shows what is forbidden in the account, in its framework's
// words and in no other's.
func (s *Server) portalGuardrails(v *visit, tx store.Tx, c store.Customer) (err error) {
	p := portalGuardrailsPage{shell: s.shell(v, "What is never allowed in your account"), Framework: c.Framework}
	if p.Guardrails, err = guardrails(v, tx, c); err != nil {
		return err
	}
	return s.render(v, "portal_guardrails", p)
}

// portalPeople shows who of a customer signs in, and where the reader is signed
// in.
func (s *Server) portalPeople(v *visit, tx store.Tx, c store.Customer) error {
	return s.showColleagues(v, tx, c, http.StatusOK, emailField("", ""), "")
}

func (s *Server) showColleagues(v *visit, tx store.Tx, c store.Customer, status int, invite field, role string) (err error) {
	p := portalPeoplePage{shell: s.shell(v, "Who of us can sign in?"), MayInvite: v.Person.Is(Admin), Invite: invite, InviteRole: role, EndTo: "/portal/sessions"}
	p.Filter = filterOf(v, "Find a person", false)
	found, err := tx.FindMembers(v.Context(), c.Key, p.Filter.Query)
	if err != nil {
		return err
	}
	p.Members = personLines(v, c, found)
	if !v.looking() {
		if p.Sessions, err = s.sessionsOf(v, tx); err != nil {
			return err
		}
	}
	return s.renderStatus(v, status, "portal_people", p)
}

// inviteColleague lets a colleague sign in.
func (s *Server) inviteColleague(v *visit, tx store.Tx, c store.Customer) error {
	address, fault := addressOf(strings.TrimSpace(v.PostFormValue("email")))
	role := v.PostFormValue("role")
	if fault == "" && address == v.Person.ID {
		fault = "That is you. Another admin changes your role."
	}
	if fault != "" || roleOf(role, customers) == Nobody {
		return s.showColleagues(v, tx, c, http.StatusUnprocessableEntity, emailField(v.PostFormValue("email"), fault), role)
	}
	err := s.invite(v, tx, c, address, role)
	if present, is := errors.AsType[presentError](err); is {
		return s.showColleagues(v, tx, c, http.StatusUnprocessableEntity, emailField(v.PostFormValue("email"), present.sentence()), role)
	}
	if err != nil {
		return err
	}
	return v.redirect("/portal/people")
}

// changeColleague gives a colleague another role.
func (s *Server) changeColleague(v *visit, tx store.Tx, c store.Customer) error {
	if strings.ToLower(v.PostFormValue("email")) == v.Person.ID {
		return problem{Status: http.StatusConflict, Title: "That is you", Detail: "Another admin changes your role, so that there is always one."}
	}
	if err := s.toRole(v, tx, c); err != nil {
		return err
	}
	return v.redirect("/portal/people")
}

// removeColleague takes the right to sign in from a colleague.
func (s *Server) removeColleague(v *visit, tx store.Tx, c store.Customer) error {
	email := strings.ToLower(v.PostFormValue("email"))
	if email == v.Person.ID {
		return problem{Status: http.StatusConflict, Title: "That is you", Detail: "Another admin removes you, so that there is always one."}
	}
	if err := s.remove(v, tx, c, email); err != nil {
		return err
	}
	return v.redirect("/portal/people")
}

// portalAWS leads to AWS's own sign-in.
func (s *Server) portalAWS(v *visit, tx store.Tx, c store.Customer) error {
	stands, err := s.standing(v, tx, c)
	if err != nil {
		return err
	}
	return s.render(v, "portal_aws", portalAWSPage{s.shell(v, "Sign in to AWS"), stands, c.Account, s.Target == portfolio.Simulated, cmp.Or(c.SignIn, s.AccessPortal)})
}

// portalAudit shows who did what with what is the customer's.
func (s *Server) portalAudit(v *visit, tx store.Tx, c store.Customer) (err error) {
	p := portalAuditPage{shell: s.shell(v, "Who did what with what is ours?")}
	p.Filter = filterOf(v, "Find in what was done", false)
	if p.Entries, p.Paging, err = s.entries(v, tx, store.EntryQuery{Customer: c.Key, Text: p.Filter.Query, Actions: done(p.Filter.Query)}); err != nil {
		return err
	}
	return s.render(v, "portal_audit", p)
}
