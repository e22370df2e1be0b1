package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"landlord/guard/compliance"
	"landlord/service/control"
	"landlord/service/store"
)

// effectPage is a check and what it touches in every framework. No customer sees it.
type effectPage struct {
	shell
	Tabs            []place
	ID              string
	Severity, Scope string
	Calls, Rules    string
	Hub, Prowler    string
	Of, Key         string // the customer that it was looked at from
	State           tone   // there
	Bad             int
	Frameworks      []effectLine
}

// effectLine are the controls of a framework that a check touches.
type effectLine struct {
	Name     string
	Own      bool // the customer's
	Controls []effectControl
}

type effectControl struct {
	ID, Title, Sources string
	Confirmed          bool
}

// effect shows what a check touches in every framework, and how it stands with the
// customer that the address names.
func (s *Server) effect(v *visit) error {
	id := v.PathValue("check")
	checks := compliance.Checks()
	i := slices.IndexFunc(checks, func(c *compliance.Check) bool { return c.ID == id })
	if i < 0 {
		return problem{Status: http.StatusNotFound, Title: "No such check", Detail: "landlord's table has no check " + id + "."}
	}
	p := effectOf(checks[i])
	p.shell = s.shell(v, checks[i].Title)
	err := s.Store.Operator(v.Context(), func(tx store.Tx) (err error) {
		if p.Tabs, err = s.complianceTabs(v, tx); err != nil || v.FormValue("customer") == "" {
			return err
		}
		c, err := tx.Customer(v.Context(), v.FormValue("customer"))
		if err != nil {
			return err
		}
		posture := compliance.Posture{}
		switch r, err := reportOf(v, tx, c); {
		case err == nil:
			posture = r.Posture
		case !errors.Is(err, control.ErrUnassessed):
			return err
		}
		p.Of, p.Key, p.State = c.Name, c.Key, assessed(compliance.NotAssessed)
		for _, k := range posture.Checks {
			if k.ID == id {
				p.State, p.Bad = assessed(k.Status), unwell(k)
			}
		}
		for i := range p.Frameworks {
			p.Frameworks[i].Own = p.Frameworks[i].Name == edition(posture)
		}
		return nil
	})
	if err != nil {
		return notHere(err)
	}
	return s.render(v, "effect", p)
}

func effectOf(c *compliance.Check) effectPage {
	p := effectPage{ID: c.ID, Severity: c.Severity, Scope: c.Scope, Calls: strings.Join(c.Calls, ", "), Rules: strings.Join(c.Rules, ", "), Hub: strings.Join(c.SecurityHub, ", "), Prowler: strings.Join(c.Prowler, ", ")}
	for _, e := range c.Effects() {
		line := effectLine{Name: strings.TrimSpace(e.Framework.Name + " " + e.Framework.Edition)}
		for _, m := range e.Touches {
			line.Controls = append(line.Controls, effectControl{m.Control, titleOf(e.Framework, m.Control), m.Sources, m.Confirmed})
		}
		p.Frameworks = append(p.Frameworks, line)
	}
	return p
}

func titleOf(f compliance.Framework, id string) string {
	for _, c := range f.Catalogues {
		for _, control := range c.Controls {
			if control.ID == id {
				return control.Title
			}
		}
	}
	return ""
}
