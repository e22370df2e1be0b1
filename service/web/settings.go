package web

import (
	"net/http"
	"strings"

	"landlord/service/store"
)

type settingsPage struct {
	shell
	Lead      string
	Tabs      []place
	Tab       string // sessions, people, tokens or signin
	EndTo     string // below which sessions are ended
	Sessions  []sessionLine
	People    []personLine
	Roles     []option
	MayInvite bool
	Invite    field
	tokensPart
	Providers []providerLine
	Checked   string // what came of asking a provider
	CheckedOf string // whose; "" for the operators'
	Answers   bool
}

type sessionLine struct {
	ID                string
	Began, Seen, Ends moment
	Source, Agent     string
	Me                bool
}

func (s *Server) settings(v *visit, tab, title string) settingsPage {
	p := settingsPage{shell: s.shell(v, title), Tab: tab, EndTo: "/settings/sessions"}
	for _, t := range []struct{ tab, name, to string }{{"sessions", "Your sessions", "/settings"}, {"people", "Operators", "/settings/people"}, {"tokens", "Your tokens", "/settings/tokens"}, {"signin", "Sign-in", "/settings/signin"}} {
		p.Tabs = append(p.Tabs, place{t.name, t.to, t.tab == tab})
	}
	return p
}

// sessions shows where somebody is signed in.
func (s *Server) sessions(v *visit) error {
	p := s.settings(v, "sessions", "Where are you signed in?")
	err := s.Store.Operator(v.Context(), func(tx store.Tx) (err error) {
		p.Sessions, err = s.sessionsOf(v, tx)
		return err
	})
	if err != nil {
		return err
	}
	p.Lead = count(len(p.Sessions), "session") + ". End one that you do not know."
	return s.render(v, "settings", p)
}

func (s *Server) sessionsOf(v *visit, tx store.Tx) ([]sessionLine, error) {
	open, err := tx.Sessions(v.Context(), v.Person.who(), v.Now)
	if err != nil {
		return nil, err
	}
	var lines []sessionLine
	for _, o := range open {
		lines = append(lines, sessionLine{o.ID, momentOf(v.Now, o.CreatedAt), momentOf(v.Now, o.SeenAt), momentOf(v.Now, o.ExpiresAt), o.Address, o.Agent, o.ID == v.Person.Session})
	}
	return lines, nil
}

// endSession ends a session of one's own.
func (s *Server) endSession(v *visit) error {
	err := s.scope(v.Context(), v.Person.Customer, func(tx store.Tx) error {
		if err := tx.EndSession(v.Context(), v.Person.who(), v.PathValue("id"), v.Now); err != nil {
			return err
		}
		return s.record(v, tx, act{did: "session.end", customer: v.Person.Customer})
	})
	if err != nil {
		return notHere(err)
	}
	if v.Person.Customer != "" {
		return v.redirect("/portal/people")
	}
	return v.redirect("/settings")
}

// roleWords say what an operator's role may.
var roleWords = []option{
	{Value: "engineer", Label: "Engineer: plans and applies"},
	{Value: "support", Label: "Support: helps customers, invites their people"},
	{Value: "billing", Label: "Billing: invoices and prices"},
	{Value: "auditor", Label: "Auditor: sees all, changes nothing"},
	{Value: "owner", Label: "Owner: everything, operators too"},
}

// people shows the operators.
func (s *Server) people(v *visit) error {
	return s.showPeople(v, http.StatusOK, emailField("", ""), "")
}

func (s *Server) showPeople(v *visit, status int, invite field, role string) error {
	p := s.settings(v, "people", "Who runs the house?")
	p.MayInvite, p.Invite = v.Person.Is(Owner), invite
	for _, r := range roleWords {
		r.Chosen = r.Value == role
		p.Roles = append(p.Roles, r)
	}
	err := s.Store.Operator(v.Context(), func(tx store.Tx) error {
		all, err := tx.Persons(v.Context())
		for _, o := range all {
			if o.DisabledAt == nil {
				p.People = append(p.People, personLine{o.ID, o.Name, o.Email, o.Role, o.ID == v.Person.ID})
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	p.Lead = count(len(p.People), "person") + "."
	if !p.MayInvite {
		p.Lead += " An owner invites and removes."
	}
	return s.renderStatus(v, status, "settings", p)
}

// invitePerson makes somebody an operator and has a link mailed to them. Who was
// one before comes back, without the sessions and tokens of then.
func (s *Server) invitePerson(v *visit) error {
	address, fault := addressOf(strings.TrimSpace(v.PostFormValue("email")))
	role := v.PostFormValue("role")
	if fault != "" || roleOf(role, operators) == Nobody {
		return s.showPeople(v, http.StatusUnprocessableEntity, emailField(v.PostFormValue("email"), fault), role)
	}
	err := s.Store.Operator(v.Context(), func(tx store.Tx) error {
		p, err := tx.PersonByEmail(v.Context(), address)
		if err != nil {
			p = store.Person{ID: newID(), Email: address, CreatedAt: v.Now}
		}
		if p.ID == v.Person.ID {
			return problem{Status: http.StatusConflict, Title: "That is you", Detail: "Another owner changes your role, so that the house always has one."}
		}
		before := p.Role
		p.Role, p.Subject, p.DisabledAt = role, "", nil // whoever signs in with that address next is who it is
		if err := tx.PutPerson(v.Context(), p); err != nil {
			return err
		}
		if err := s.record(v, tx, act{did: "person.put", before: before, after: address + ", " + role}); err != nil {
			return err
		}
		return askFor(v.Context(), v, tx, address)
	})
	if err != nil {
		return err
	}
	return v.redirect("/settings/people")
}

// removePerson ends an operator's sessions and tokens and lets them sign in no
// more. What they did stays under their name.
func (s *Server) removePerson(v *visit) error {
	id := v.PostFormValue("id")
	if id == v.Person.ID {
		return problem{Status: http.StatusConflict, Title: "That is you", Detail: "Another owner removes you, so that the house always has one."}
	}
	err := s.Store.Operator(v.Context(), func(tx store.Tx) error {
		p, err := tx.Person(v.Context(), id)
		if err != nil {
			return err
		}
		p.DisabledAt = &v.Now
		if err := tx.PutPerson(v.Context(), p); err != nil {
			return err
		}
		return s.record(v, tx, act{did: "person.disable", before: p.Email + ", " + p.Role})
	})
	if err != nil {
		return notHere(err)
	}
	return v.redirect("/settings/people")
}
