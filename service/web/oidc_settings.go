package web

import (
	"cmp"
	"errors"
	"strings"

	"landlord/service/oidc"
	"landlord/service/store"
)

// providerLine is a provider that people sign in with.
type providerLine struct {
	Customer       string // "" for the operators'
	Issuer, Client string
	Domains        []domainLine
	Roles          []string // "role: groups"
	Enter          string   // the address where people sign in with it
	Back           string   // the address that it sends them back to
	Fault          string   // why nobody can
	Note           string   // what is not as it should stay
}

// providers shows with which providers people sign in, and how to try that.
func (s *Server) providers(v *visit) error { return s.showProviders(v, settingsPage{}) }

func (s *Server) showProviders(v *visit, checked settingsPage) error {
	p := s.settings(v, "signin", "How do people sign in?")
	p.Checked, p.CheckedOf, p.Answers = checked.Checked, checked.CheckedOf, checked.Answers
	p.Lead = "With links by mail. No provider of OpenID Connect is configured."
	if s.OIDC == nil {
		return s.render(v, "settings", p)
	}
	if o := s.OIDC.Operators; o != nil {
		l := providerLine{Issuer: o.Issuer, Client: o.Client, Roles: roleLines(o.Roles), Enter: s.Base.JoinPath("signin", "oidc").String(), Back: s.back("")}
		for _, d := range o.Domains {
			l.Domains = append(l.Domains, domainLine{d, tone{}})
		}
		p.Providers = append(p.Providers, l)
	}
	err := s.Store.Operator(v.Context(), func(tx store.Tx) error {
		all, err := tx.IdentityProviders(v.Context())
		for _, c := range all {
			l := providerLine{Customer: c.Customer, Issuer: c.Issuer, Client: c.Client, Enter: s.door(c.Customer)}
			domains, err := tx.Domains(v.Context(), c.Customer)
			if err != nil {
				return err
			}
			l.Fault = "Nobody can sign in with it: no domain of the customer is verified."
			for _, d := range domains {
				state := stateOf("unverified")
				if d.VerifiedAt != nil {
					state, l.Fault = stateOf("verified"), ""
				}
				l.Domains = append(l.Domains, domainLine{d.Name, state})
			}
			t, err := s.unsealed(v.Context(), tx, c)
			if err != nil {
				l.Fault = "Nobody can sign in with it: its secret was sealed with another key."
			}
			if l.Back = s.back(cmp.Or(t.as, c.Customer)); t.as != c.Customer && err == nil {
				l.Note = "In the file it is " + t.as + ", as the customer was called before. The provider knows the address below; call the block " + c.Customer + " when it knows " + s.back(c.Customer) + " too."
			}
			l.Roles = roleLines(t.roles)
			p.Providers = append(p.Providers, l)
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(p.Providers) > 0 {
		p.Lead = count(len(p.Providers), "provider") + " of OpenID Connect, and links by mail."
	}
	return s.render(v, "settings", p)
}

func roleLines(roles []oidc.Mapped) (lines []string) {
	for _, m := range roles {
		lines = append(lines, m.Role+": "+strings.Join(m.Groups, ", "))
	}
	return lines
}

// checkProvider asks a provider what it says of itself.
func (s *Server) checkProvider(v *visit) error {
	customer := v.PostFormValue("customer")
	t, err := s.trusted(v.Context(), customer)
	if err != nil {
		return notHere(err)
	}
	p := settingsPage{Checked: "It answers. Now sign in with it, in a private window: whoever is refused stands in the audit log, with the reason.", CheckedOf: customer, Answers: true}
	if err := s.clients.Check(v.Context(), t.Issuer); errors.Is(err, oidc.ErrDown) {
		p.Checked, p.Answers = sentence(strings.TrimPrefix(err.Error(), oidc.ErrDown.Error()+": "))+".", false
	} else if err != nil {
		return err
	}
	return s.showProviders(v, p)
}
