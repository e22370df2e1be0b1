package web

import "landlord/service/store"

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
