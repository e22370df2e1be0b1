package web

import (
	"context"
	"net/http"

	"landlord/service/proof"
	"landlord/service/store"
)

// domainPart is the part of a page that says how a domain is shown to be a
// customer's, for the console and the portal.
type domainPart struct {
	To            string // what its addresses begin with
	MayChange     bool
	Domain        string
	State         tone
	Record, Value string
	Looked        *lookedUpPart // what DNS held, just now
}

type lookedUpPart struct {
	Proven bool
	Fault  string // why DNS was not asked
	Others []string
}

type customerDomainPage struct {
	customerShell
	domainPart
}

// addDomain adds a domain, and leads to the page that says what to do.
func (s *Server) addDomain(v *visit) error {
	w := written{domain: v.PostFormValue("domain")}
	var name string
	if name, w.nameInDNS = proof.Name(w.domain); w.nameInDNS != "" {
		return s.showContacts(v, http.StatusUnprocessableEntity, w)
	}
	return s.forCustomer(v, "/domains/"+name, func(tx store.Tx, c store.Customer) error {
		if _, err := tx.Domain(v.Context(), c.Key, name); err == nil {
			return nil // it is there, with what is known of it
		}
		if err := tx.PutDomain(v.Context(), store.Domain{Customer: c.Key, Name: name}); err != nil {
			return err
		}
		return s.record(v, tx, act{did: "domain.put", customer: c.Key, framework: c.Framework, after: name})
	})
}

// removeDomain removes a domain.
func (s *Server) removeDomain(v *visit) error {
	return s.forCustomer(v, "/contacts", func(tx store.Tx, c store.Customer) error {
		name := v.PostFormValue("domain")
		if err := tx.DeleteDomain(v.Context(), c.Key, name); err != nil {
			return err
		}
		return s.record(v, tx, act{did: "domain.delete", customer: c.Key, framework: c.Framework, before: name})
	})
}

// customerDomain says which record shows that a domain is the customer's.
func (s *Server) customerDomain(v *visit) error { return s.showDomain(v, nil) }

func (s *Server) showDomain(v *visit, looked *lookedUpPart) error {
	if v.customer != "" {
		return s.inPortal(v, func(v *visit, tx store.Tx, c store.Customer) error { return s.portalDomainWith(v, tx, c, looked) })
	}
	var p customerDomainPage
	err := s.ofCustomer(v, "contacts", &p.customerShell, func(tx store.Tx, c store.Customer) (err error) {
		p.domainPart, err = s.domainPart(v, tx, c, looked)
		return err
	})
	if err != nil {
		return err
	}
	return s.render(v, "customer_domain", p)
}

// portalDomain says the same to the customer.
func (s *Server) portalDomain(v *visit, tx store.Tx, c store.Customer) error {
	return s.portalDomainWith(v, tx, c, nil)
}

func (s *Server) portalDomainWith(v *visit, tx store.Tx, c store.Customer, looked *lookedUpPart) error {
	part, err := s.domainPart(v, tx, c, looked)
	if err != nil {
		return err
	}
	return s.render(v, "portal_domain", portalDomainPage{s.shell(v, part.Domain), part})
}

func (s *Server) domainPart(v *visit, tx store.Tx, c store.Customer, looked *lookedUpPart) (domainPart, error) {
	d, err := tx.Domain(v.Context(), c.Key, v.PathValue("name"))
	if err != nil {
		return domainPart{}, notHere(err)
	}
	return domainPart{To: placeOf(v, c), MayChange: v.Person.Is(helpers) && !v.looking() || v.Person.Is(Admin), Domain: d.Name, State: verified(d.VerifiedAt),
		Record: proof.Record(d.Name), Value: proof.Value(d), Looked: looked}, nil
}

// lookUpDomain asks DNS whether the record is there.
func (s *Server) lookUpDomain(v *visit) error {
	key := v.customer
	if key == "" {
		key = v.PathValue("key")
	}
	in := func(ctx context.Context, do func(store.Tx) error) error { return s.scope(ctx, v.customer, do) }
	found, wait, silent, err := proof.Verify(v.Context(), in, s.Resolver, key, v.PathValue("name"), v.Now, func(tx store.Tx, d store.Domain) error {
		c, err := tx.Customer(v.Context(), key)
		if err != nil {
			return err
		}
		return s.record(v, tx, act{did: "domain.verify", customer: c.Key, framework: c.Framework, after: d.Name})
	})
	switch {
	case wait > 0:
		return tooMany(v, wait)
	case err != nil:
		return notHere(err)
	}
	looked := &lookedUpPart{Proven: found.Proven, Others: found.Others}
	if silent != nil {
		s.log.Warn("look into DNS", "err", silent)
		looked.Fault = "DNS did not answer. That is no fault of the record; try again in a moment."
	}
	return s.showDomain(v, looked)
}
