package web

import (
	"strings"

	"landlord/service/store"
)

type foundPage struct {
	shell
	Query string
	Found []found
}

// found is a customer, a page or an action.
type found struct {
	Name, What, To string
}

// actions are what the palette finds beside customers and pages.
var actions = []struct {
	name, to string
	who      Role
}{
	{"Plan changes", "/plan", operators},
	{"Customers with failing checks", "/customers?health=failing", operators},
	{"Export all customers as CSV", "/customers.csv", operators},
	{"Sessions", "/settings", operators},
	{"Operators", "/settings/people", operators},
	{"Tokens", "/settings/tokens", operators},
}

// find is the command palette's answer: pages, actions, then customers.
func (s *Server) find(v *visit) error {
	p := foundPage{shell: s.shell(v, "Find"), Query: strings.TrimSpace(v.FormValue("q"))}
	matches := func(name string) bool { return strings.Contains(strings.ToLower(name), strings.ToLower(p.Query)) }
	for _, page := range p.Nav {
		if matches(page.Name) {
			p.Found = append(p.Found, found{page.Name, "page", page.To})
		}
	}
	for _, a := range actions {
		if p.Query != "" && v.Person.Is(a.who) && matches(a.name) {
			p.Found = append(p.Found, found{a.name, "action", a.to})
		}
	}
	if p.Query != "" {
		err := s.Store.Operator(v.Context(), func(tx store.Tx) error {
			customers, _, err := tx.Search(v.Context(), store.Search{Text: p.Query, Limit: 8})
			for _, c := range customers {
				p.Found = append(p.Found, found{c.Name, "customer " + c.Key, "/customers/" + c.Key})
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	if v.partial() {
		return s.renderPart(v, "found", "found", p)
	}
	return s.render(v, "found", p)
}
