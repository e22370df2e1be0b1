package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"

	"landlord/service/proof"
	"landlord/service/store"
)

// contactsPart is the part of a page that says whom to write to at a customer and
// which domains are theirs, for the console and the portal.
type contactsPart struct {
	To        string // what its addresses begin with
	MayChange bool
	Contacts  []contactLine
	Domains   []domainLine
	Changed   string // the contact that the form changes; "" for a new one
	Email     field
	Name      field
	Roles     []option
	Domain    field
}

type customerContactsPage struct {
	customerShell
	contactsPart
}

var contactRoles = []option{
	{Value: "primary", Label: "Primary: everything, if nobody else is named"},
	{Value: "billing", Label: "Billing"},
	{Value: "security", Label: "Security: incidents, findings"},
	{Value: "operations", Label: "Operations: maintenance, outages"},
	{Value: "other", Label: "Other"},
}

// written is what was typed into a form of contacts, with its faults.
type written struct {
	email, name, role, domain        string
	emailFault, nameFault, nameInDNS string
}

// customerContacts shows and changes whom to write to at a customer.
func (s *Server) customerContacts(v *visit) error {
	return s.showContacts(v, http.StatusOK, written{})
}

// showContacts shows the contacts and domains of the customer that v is about,
// with what was typed.
func (s *Server) showContacts(v *visit, status int, w written) error {
	if v.customer != "" {
		return s.inPortal(v, func(v *visit, tx store.Tx, c store.Customer) error { return s.portalContactsWith(v, tx, c, status, w) })
	}
	var p customerContactsPage
	err := s.ofCustomer(v, "contacts", &p.customerShell, func(tx store.Tx, c store.Customer) (err error) {
		p.contactsPart, err = s.contactsPart(v, tx, c, w)
		return err
	})
	if err != nil {
		return err
	}
	return s.renderStatus(v, status, "customer_contacts", p)
}

// portalContacts shows the same to the customer.
func (s *Server) portalContacts(v *visit, tx store.Tx, c store.Customer) error {
	return s.portalContactsWith(v, tx, c, http.StatusOK, written{})
}

func (s *Server) portalContactsWith(v *visit, tx store.Tx, c store.Customer, status int, w written) error {
	part, err := s.contactsPart(v, tx, c, w)
	if err != nil {
		return err
	}
	return s.renderStatus(v, status, "portal_contacts", portalContactsPage{s.shell(v, "Whom do we write to?"), part})
}

func (s *Server) contactsPart(v *visit, tx store.Tx, c store.Customer, w written) (p contactsPart, err error) {
	p = contactsPart{To: placeOf(v, c), MayChange: v.Person.Is(helpers) && !v.looking() || v.Person.Is(Admin)}
	if p.Contacts, err = contacts(v, tx, c); err != nil {
		return p, err
	}
	found, err := tx.Domains(v.Context(), c.Key)
	if err != nil {
		return p, err
	}
	for _, d := range found {
		p.Domains = append(p.Domains, domainLine{d.Name, verified(d.VerifiedAt)})
	}
	for _, k := range p.Contacts {
		if k.Email == strings.ToLower(v.FormValue("change")) && w == (written{}) {
			p.Changed, w.email, w.name, w.role = k.Email, k.Email, k.Name, k.Role
		}
	}
	p.Email = emailField(w.email, w.emailFault)
	p.Name = field{Name: "name", Label: "Name", Hint: "May be left empty", Type: "text", Value: w.name, Fault: w.nameFault}
	p.Domain = field{Name: "domain", Label: "Domain", Hint: "Like company.example", Type: "text", Needed: true, Value: w.domain, Fault: w.nameInDNS}
	for _, r := range contactRoles {
		r.Chosen = r.Value == cmp.Or(w.role, "other")
		p.Roles = append(p.Roles, r)
	}
	return p, nil
}

// placeOf is what the addresses of a customer's contacts and domains begin with.
func placeOf(v *visit, c store.Customer) string {
	if v.customer != "" {
		return v.base
	}
	return "/customers/" + c.Key
}

// forCustomer changes something of the customer that v is about, in the scope of
// whoever changes it, and then leads to a page of it.
func (s *Server) forCustomer(v *visit, page string, change func(store.Tx, store.Customer) error) error {
	key := v.customer
	if key == "" {
		key = v.PathValue("key")
	}
	var to string
	err := s.scope(v.Context(), v.customer, func(tx store.Tx) error {
		c, err := tx.Customer(v.Context(), key)
		if err != nil {
			return err
		}
		to = placeOf(v, c) + page
		return change(tx, c)
	})
	if err != nil {
		return notHere(err)
	}
	return v.redirect(to)
}

// mostName is how long a contact's name may be.
const mostName = 200

// putContact adds a contact, or changes one's name and role.
func (s *Server) putContact(v *visit) error {
	w := written{email: strings.TrimSpace(v.PostFormValue("email")), name: strings.TrimSpace(v.PostFormValue("name")), role: v.PostFormValue("role")}
	var address string
	if address, w.emailFault = addressOf(w.email); len([]rune(w.name)) > mostName {
		w.nameFault = "At most 200 characters."
	}
	if w.emailFault != "" || w.nameFault != "" || !slices.ContainsFunc(contactRoles, func(r option) bool { return r.Value == w.role }) {
		return s.showContacts(v, http.StatusUnprocessableEntity, w)
	}
	return s.forCustomer(v, "/contacts", func(tx store.Tx, c store.Customer) error {
		k, err := tx.Contact(v.Context(), c.Key, address)
		var before any
		switch {
		case err == nil:
			before = contactWords(k)
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		k = store.Contact{Customer: c.Key, Email: address, Name: w.name, Role: w.role, VerifiedAt: k.VerifiedAt}
		if err := tx.PutContact(v.Context(), k); err != nil {
			return err
		}
		return s.record(v, tx, act{did: "contact.put", customer: c.Key, framework: c.Framework, before: before, after: contactWords(k)})
	})
}

func contactWords(k store.Contact) string {
	return strings.TrimSpace(k.Name+" "+k.Email) + ", " + k.Role
}

// removeContact removes a contact.
func (s *Server) removeContact(v *visit) error {
	return s.forCustomer(v, "/contacts", func(tx store.Tx, c store.Customer) error {
		k, err := tx.Contact(v.Context(), c.Key, v.PostFormValue("email"))
		if err != nil {
			return err
		}
		if err := tx.DeleteContact(v.Context(), c.Key, k.Email); err != nil {
			return err
		}
		return s.record(v, tx, act{did: "contact.delete", customer: c.Key, framework: c.Framework, before: contactWords(k)})
	})
}

// askContact has a contact sent a link that confirms the address.
func (s *Server) askContact(v *visit) error {
	return s.forCustomer(v, "/contacts", func(tx store.Tx, c store.Customer) error {
		email := v.PostFormValue("email")
		wait, err := proof.Ask(v.Context(), tx, c.Key, email, v.Now)
		if wait > 0 {
			return later(v, wait, "Too many letters", "The last one is good for a week.")
		}
		if err != nil {
			return err
		}
		return s.record(v, tx, act{did: "contact.ask", customer: c.Key, framework: c.Framework, after: email})
	})
}
