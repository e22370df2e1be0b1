package web

import (
	"strings"
	"time"
)

// shell is what stands around every page.
type shell struct {
	Title  string // of the page, a name or a question
	Person Person
	Now    time.Time
	Theme  string // "light", "dark" or "" for the system's
	Here   string // the address, without its query
	House  string // who runs it
	Nav    []place
	Marked bool   // an operator looks at a customer's portal
	Whose  string // the portal's customer, by name
	Base   string // what the portal's addresses begin with
	Key    string // the portal's customer
}

// place is an entry of the navigation.
type place struct {
	Name, To string
	Here     bool
}

// consolePlaces and portalPlaces are what the navigation shows. What does not
// exist yet is not in it.
var consolePlaces = []struct {
	name, to string
	who      Role
}{
	{"Overview", "/overview", operators},
	{"Customers", "/customers", operators},
	{"Organization", "/organization", operators},
	{"Portfolio", "/portfolio", operators},
	{"Runs", "/runs", operators},
	{"Compliance", "/compliance", operators},
	{"Invoices", "/invoices", operators},
	{"Simulation", "/simulation", operators},
	{"Audit", "/audit", Owner | Engineer | Auditor},
	{"Settings", "/settings", operators},
}

var portalPlaces = []place{
	{Name: "Overview", To: ""}, {Name: "Account", To: "/account"}, {Name: "Guardrails", To: "/guardrails"}, {Name: "Compliance", To: "/compliance"}, {Name: "Invoices", To: "/invoices"},
	{Name: "Contacts", To: "/contacts"}, {Name: "People", To: "/people"}, {Name: "Tokens", To: "/tokens"}, {Name: "Sign in to AWS", To: "/aws"}, {Name: "Audit", To: "/audit"},
}

// shell is what stands around a page of that title.
func (s *Server) shell(v *visit, title string) shell {
	h := shell{Title: title, Person: v.Person, Now: v.Now, Theme: themeOf(v.Request), Here: v.URL.Path, House: s.house()}
	switch {
	case v.customer != "":
		h.Base, h.Key, h.Whose, h.Marked = v.base, v.customer, v.whose, v.looking()
		for _, p := range portalPlaces {
			if p.To == "/tokens" && v.looking() {
				continue // they are each person's own
			}
			to := v.base + p.To
			h.Nav = append(h.Nav, place{p.Name, to, at(v.URL.Path, to, p.To == "")})
		}
	case v.Person.Is(operators):
		for _, p := range consolePlaces {
			if v.Person.Is(p.who) {
				h.Nav = append(h.Nav, place{p.name, p.to, at(v.URL.Path, p.to, false)})
			}
		}
	}
	return h
}

// at tells whether an address is a place's own or below it.
func at(address, place string, only bool) bool {
	return address == place || !only && strings.HasPrefix(address, place+"/")
}
