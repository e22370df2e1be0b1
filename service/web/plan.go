package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"landlord/portfolio"
	programs "landlord/service/api"
	"landlord/service/control"
	"landlord/service/store"
	"landlord/vend/plan"
)

type planPage struct {
	shell
	Fault             string
	Problems          []string
	Empty             bool
	Sum, Closes, Time string
	Organization      string
	Management        string
	Simulated         bool
	Present           int
	Customers         int
	Groups            []changeGroup
	Notices           []string
	Running           string // the run that is under way
	MayApply          bool
	Digest, Button    string
	Confirm           field
}

// changeGroup is what changes in a tier, or above all.
type changeGroup struct {
	ID              int
	Name, Framework string
	Changes         []changeLine
	More            int
}

type changeLine struct {
	Action, Mark, Noun, Customer, Name, Detail string
	Loses, Gains                               string
}

// mostChanges is how many changes of a tier are shown.
const mostChanges = 50

// plan looks at the organization and shows what would change.
func (s *Server) plan(v *visit) error { return s.showPlan(v, http.StatusOK, "") }

func (s *Server) showPlan(v *visit, status int, fault string) error {
	p := planPage{shell: s.shell(v, "What would change?"), MayApply: v.Person.Is(engineers)}
	planned, folio, err := s.propose(v)
	if conflict, is := errors.AsType[*plan.Conflict](err); is {
		p.Fault, p.Problems = "File and organization contradict each other, and only a person can tell which is right.", conflict.Problems
		return s.renderStatus(v, status, "plan", p)
	}
	if errors.Is(err, ErrNoPortfolio) {
		p.Fault, p.Problems = "There is no portfolio yet.", []string{"`landlord push -f portfolio.yaml` sends one."}
		return s.renderStatus(v, status, "plan", p)
	}
	if err != nil {
		return err
	}
	p.fill(planned, folio)
	if s.Estimate != nil && !p.Empty {
		took, err := s.Estimate(v.Context(), planned.Plan.Steps)
		if err != nil {
			return fmt.Errorf("estimate: %w", err)
		}
		p.Time = between(took.Low, took.High)
	}
	p.Confirm.Fault = fault
	if p.Running, err = s.running(v); err != nil {
		return err
	}
	return s.renderStatus(v, status, "plan", p)
}

// propose looks at the organization and plans the portfolio in force.
func (s *Server) propose(v *visit) (control.Proposal, *portfolio.Portfolio, error) {
	folio, err := s.folio(v.Context())
	if err != nil {
		return control.Proposal{}, nil, err
	}
	var text string
	err = s.Store.Operator(v.Context(), func(tx store.Tx) error {
		latest, err := tx.LatestPortfolio(v.Context())
		text = latest.Text
		return err
	})
	if err != nil {
		return control.Proposal{}, nil, err
	}
	planned, err := s.proposeText(v, text)
	if err != nil {
		return control.Proposal{}, nil, fmt.Errorf("plan: %w", err)
	}
	return planned, folio, nil
}

// proposeText is what a text would change. The error is a problem if the
// organization that it names cannot be looked at.
func (s *Server) proposeText(v *visit, text string) (control.Proposal, error) {
	planned, err := s.Control.Propose(v.Context(), text)
	if err == nil {
		return planned, nil
	}
	return planned, s.outside(v, err)
}

// outside makes an error that is of the organization a problem that says so.
func (s *Server) outside(v *visit, err error) error {
	status, told, is := programs.Outside(err)
	switch {
	case !is || s.away(v):
		return err
	case status == http.StatusConflict:
		return problem{Status: status, Title: "That is another organization", Detail: sentence(told)}
	}
	s.log.Warn("the organization cannot be looked at", "path", v.URL.Path, "err", err)
	return problem{Status: status, Title: "The organization cannot be looked at", Detail: sentence(told) + " Nothing was changed."}
}

// fill shows a plan.
func (p *planPage) fill(planned control.Proposal, folio *portfolio.Portfolio) {
	todo := planned.Plan
	p.Empty, p.Digest = todo.Empty(), planned.Digest
	p.Organization, p.Management = todo.Organization, string(todo.Management)
	p.Simulated = folio.Organization.Target == portfolio.Simulated
	p.Present, p.Customers = todo.Present, todo.Customers
	p.Sum, p.Closes = sumOf(todo)
	p.Groups = groupsOf(folio, todo)
	p.Notices = planned.Notices()
	p.Button = "Apply " + count(len(todo.Changes), "change")
	p.Confirm = field{Name: "confirm", Label: "To go on, type " + p.confirmation(), Type: "text", Needed: true}
}

// confirmation is what somebody types who changes a real organization.
func (p *planPage) confirmation() string {
	if p.Organization != "" {
		return p.Organization
	}
	return p.Management
}

// sumOf is a plan in two sentences: what happens, and what does not.
func sumOf(todo *plan.Plan) (sum, rest string) {
	var parts, none []string
	for _, a := range []struct {
		action plan.Action
		verb   string
		not    string
	}{{plan.Create, "to create", ""}, {plan.Adopt, "to adopt", ""}, {plan.Modify, "to change", "changes"}, {plan.Move, "to move", "moves"}, {plan.Remove, "to remove", ""}, {plan.Wait, "to wait for", ""}, {plan.Shut, "to close", "closes"}} {
		if n := todo.Count(a.action); n > 0 {
			parts = append(parts, whole(n)+" "+a.verb)
		} else if a.not != "" {
			none = append(none, a.not)
		}
	}
	if len(parts) > 0 {
		sum = strings.Join(parts, ", ") + "."
	}
	switch last := len(none) - 1; {
	case last > 0:
		rest = "Nothing " + strings.Join(none[:last], ", ") + " or " + none[last] + "."
	case last == 0:
		rest = "Nothing " + none[0] + "."
	}
	return sum, rest
}

// groupsOf is the changes: first what serves all, then by tier in the file's
// order.
func groupsOf(p *portfolio.Portfolio, todo *plan.Plan) []changeGroup {
	of := map[string][]changeLine{}
	for _, c := range todo.Changes {
		of[c.Tier] = append(of[c.Tier], changeLine{string(c.Action), c.Action.Mark(), c.Noun, c.Customer, c.Name, c.Detail, strings.Join(c.Loses, ", "), strings.Join(c.Gains, ", ")})
	}
	tiers := append([]portfolio.Tier{{Name: "The organization"}}, p.Tiers...)
	var groups []changeGroup
	for _, t := range tiers {
		lines := of[t.Key]
		if len(lines) == 0 {
			continue
		}
		shown := min(len(lines), mostChanges)
		groups = append(groups, changeGroup{len(groups), t.Name, t.Framework, lines[:shown], len(lines) - shown})
	}
	return groups
}

// between is a range of time in words.
func between(low, high time.Duration) string {
	if a, b := span(low), span(high); a != b {
		return a + " to " + b
	}
	return span(high)
}

// applyPlan begins the run of the plan that was shown.
func (s *Server) applyPlan(v *visit) error {
	planned, folio, err := s.propose(v)
	if err != nil {
		return s.showPlan(v, http.StatusConflict, "") // which says why
	}
	var p planPage
	p.fill(planned, folio)
	if v.PostFormValue("digest") != planned.Digest {
		return errChanged
	}
	if !p.Simulated && strings.TrimSpace(v.PostFormValue("confirm")) != p.confirmation() {
		return s.showPlan(v, http.StatusUnprocessableEntity, "Type it exactly: "+p.confirmation())
	}
	if running, err := s.running(v); err != nil || running != "" {
		return cmp.Or(err, error(problem{Status: http.StatusConflict, Title: "Another run is under way", Detail: "Nothing was started. See the runs; another can begin when that one has ended."}))
	}
	run, err := s.Control.Begin(v.Context(), store.RunApply, planned.Digest, v.by())
	if err != nil {
		return fmt.Errorf("start a run: %w", err)
	}
	return v.redirect("/runs/" + run)
}
