package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"

	"landlord/service/store"
)

// A route is an address, who may use it, and what answers.
type route struct {
	pattern string // as http.ServeMux has it
	who     Role
	do      func(*visit) error
}

// routes is every address of the house. Nothing answers that is not here.
func (s *Server) routes() []route {
	all := []route{
		{"GET /healthz", anybody, s.healthz},
		{"GET /readyz", anybody, s.readyz},
		{"GET /metrics", anybody, s.metrics},
		{"GET /openapi.json", anybody, s.openAPI},
		{"GET /docs/api", anybody, s.reference},
		{"GET /docs/api/{group}", anybody, s.reference},
		{"GET /static/", anybody, s.static},
		{"POST /theme", anybody, s.chooseTheme},

		{"GET /signin", anybody, s.signIn},
		{"POST /signin", anybody, s.askLink},
		{"GET /signin/sent", anybody, s.sent},
		{"GET /signin/oidc", anybody, s.toProvider},
		{"GET /signin/oidc/{door}", anybody, s.toCustomersProvider},
		{"GET /signin/oidc/back", anybody, s.fromProvider},
		{"GET /signin/oidc/back/{customer}", anybody, s.fromProvider},
		{"POST /signin/device", anybody, s.askDevice},
		{"POST /signin/device/token", anybody, s.pollDevice},
		{"GET /signin/{link}", anybody, s.link},
		{"POST /signin/{link}", anybody, s.useLink},
		{"GET /confirm/{link}", anybody, s.confirmation},
		{"POST /confirm/{link}", anybody, s.confirm},
		{"POST /signout", operators, s.signOut},
		{"POST /portal/signout", customers, s.signOut},

		{"GET /{$}", operators | customers, s.home},
		{"/api/", anybody, s.api}, // which asks for a token itself
		{"/", operators | customers, s.nothing},

		{"GET /overview", operators, s.overview},
		{"GET /find", operators, s.find},
		{"GET /customers", operators, s.customers},
		{"GET /customers.csv", operators, s.customersCSV},
		{"GET /onboard", engineers, s.newCustomer},
		{"POST /onboard", engineers, s.addCustomer},
		{"POST /customers/{key}/onboard", engineers, s.onboardCustomer},
		{"GET /customers/{key}", operators, s.customer},
		{"GET /customers/{key}/people", operators, s.customerPeople},
		{"POST /customers/{key}/people", helpers, s.inviteMember},
		{"POST /customers/{key}/people/role", helpers, s.changeRole},
		{"POST /customers/{key}/people/remove", helpers, s.removeMember},
		{"GET /customers/{key}/compliance", operators, s.customerCompliance},
		{"GET /customers/{key}/compliance/controls/{control}", operators, s.customerControl},
		{"GET /customers/{key}/compliance/checks/{check}", operators, s.customerCheck},
		{"GET /customers/{key}/compliance/reports/{format}", operators, s.customerReport},
		{"POST /customers/{key}/compliance/assess", engineers, s.assess},
		{"GET /customers/{key}/invoices", operators, s.customerInvoices},
		{"GET /customers/{key}/invoices/{number}", operators, s.customerInvoice},
		{"GET /customers/{key}/invoices/{number}/{kind}", operators, s.customerInvoiceFile},
		{"GET /invoices", operators, s.invoices},
		{"GET /customers/{key}/history", auditors, s.customerHistory},
		{"GET /organization", operators, s.organization},
		{"GET /compliance", operators, s.compliance},
		{"POST /compliance/assess", engineers, s.assess},
		{"GET /compliance/checks/{check}", operators, s.effect},
		{"GET /compliance/queue", operators, s.queue},
		{"POST /compliance/queue/{account}", engineers, s.assignAccount},
		{"GET /compliance/isolation", operators, s.isolation},
		{"GET /compliance/isolation/{statement}", operators, s.statement},
		{"GET /portfolio", operators, s.portfolio},
		{"GET /portfolio.yaml", operators, s.portfolioFile},
		{"POST /portfolio/plan", engineers, s.planPortfolio},
		{"POST /portfolio/edit", engineers, s.editPortfolio},
		{"POST /portfolio", engineers, s.pushPortfolio},
		{"GET /plan", operators, s.plan},
		{"POST /plan", engineers, s.applyPlan},
		{"GET /runs", operators, s.runs},
		{"GET /runs/{id}", operators, s.run},
		{"GET /runs/{id}/events", operators, s.runEvents},
		{"POST /runs/{id}/stop", engineers, s.stopRun},
		{"GET /simulation", operators, s.simulation},
		{"GET /simulation/report", operators, s.simulationReport},
		{"GET /audit", auditors, s.audit},
		{"GET /settings", operators, s.sessions},
		{"POST /settings/sessions/{id}/end", operators, s.endSession},
		{"GET /settings/people", operators, s.people},
		{"POST /settings/people", Owner, s.invitePerson},
		{"POST /settings/people/role", Owner, s.changePerson},
		{"POST /settings/people/remove", Owner, s.removePerson},
		{"GET /settings/signin", operators, s.providers},
		{"POST /settings/signin", operators, s.checkProvider},
		{"GET /device", operators, s.device},
		{"POST /device", operators, s.answerDevice},
		{"GET /settings/tokens", operators, s.tokens},
		{"POST /settings/tokens", operators, s.makeToken},
		{"POST /settings/tokens/{id}/end", operators, s.endToken},
	}
	for _, p := range []struct {
		path string
		do   func(*visit, store.Tx, store.Customer) error
	}{
		{"", s.portal},
		{"/account", s.portalAccount},
		{"/guardrails", s.portalGuardrails},
		{"/compliance", s.portalCompliance},
		{"/compliance/controls/{control}", s.portalControl},
		{"/compliance/checks/{check}", s.portalCheck},
		{"/compliance/reports/{format}", s.portalReport},
		{"/invoices", s.portalInvoices},
		{"/invoices/{number}", s.portalInvoice},
		{"/invoices/{number}/{kind}", s.portalInvoiceFile},
		{"/people", s.portalPeople},
		{"/aws", s.portalAWS},
		{"/contacts", s.portalContacts},
		{"/domains/{name}", s.portalDomain},
		{"/audit", s.portalAudit},
	} { // what a customer sees, and an operator who looks at it as the customer
		all = append(all,
			route{"GET /portal" + p.path, customers, s.own(p.do)},
			route{"GET /as/{customer}" + p.path, lookers, s.looked(p.do)})
	}
	for _, p := range []struct {
		path string
		who  Role
	}{{"/customers/{key}", helpers}, {"/portal", Admin}} { // what is written for a customer, by either side
		all = append(all,
			route{"POST " + p.path + "/contacts", p.who, s.putContact},
			route{"POST " + p.path + "/contacts/remove", p.who, s.removeContact},
			route{"POST " + p.path + "/contacts/ask", p.who, s.askContact},
			route{"POST " + p.path + "/domains", p.who, s.addDomain},
			route{"POST " + p.path + "/domains/remove", p.who, s.removeDomain},
			route{"POST " + p.path + "/domains/{name}", p.who, s.lookUpDomain})
	}
	for _, kind := range []string{store.RunSuspend, store.RunResume, store.RunClose} { // what is done to a customer's account
		all = append(all,
			route{"GET /customers/{key}/" + kind, engineers, s.showsOrder(kind)},
			route{"POST /customers/{key}/" + kind, engineers, s.givesOrder(kind)})
	}
	return append(all,
		route{"GET /customers/{key}/contacts", operators, s.customerContacts},
		route{"GET /customers/{key}/domains/{name}", operators, s.customerDomain},
		route{"GET /portal/tokens", customers, s.portalTokens},
		route{"POST /portal/tokens", customers, s.makeToken},
		route{"POST /portal/tokens/{id}/end", customers, s.endToken},
		route{"POST /portal/people/role", Admin, s.own(s.changeColleague)},
		route{"POST /portal/people", Admin, s.own(s.inviteColleague)},
		route{"POST /portal/people/remove", Admin, s.own(s.removeColleague)},
		route{"POST /portal/sessions/{id}/end", customers, s.endSession},
	)
}

// serve answers a route: whose request it is, whether they may, then the
// handler. A panic is a fault of ours like any other.
func (s *Server) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := s.visit(w, r)
		defer func() {
			if fault := recover(); fault != nil && fault != http.ErrAbortHandler {
				s.fail(v, fmt.Errorf("panic: %v\n%s", fault, debug.Stack()))
			}
		}()
		if err := s.pacedSource(v, rt.pattern); err != nil {
			s.fail(v, err)
			return
		}
		if err := s.admit(v, rt.who); err != nil {
			s.fail(v, err)
			return
		}
		if err := s.pacedSession(v); err != nil {
			s.fail(v, err)
			return
		}
		if err := typed(v); err != nil {
			s.fail(v, err)
			return
		}
		if err := rt.do(v); err != nil {
			s.fail(v, err)
		}
	})
}

// admit finds out whose request v is, and refuses who may not.
func (s *Server) admit(v *visit, who Role) error {
	if who&Nobody != 0 {
		return nil
	}
	var err error
	// Who is both an operator and a customer's admin has two sessions: the one
	// that the page is for counts, and the other tells who is refused.
	for _, customer := range []bool{who&operators == 0, who&operators != 0} {
		if v.Person.Role != 0 {
			break
		}
		if v.Person, err = s.signedIn(v.Request, customer, v.Now); err != nil {
			return err
		}
	}
	if v.customer = v.Person.Customer; v.customer != "" {
		v.base = "/portal"
	}
	switch {
	case v.Person.Is(Nobody):
		return errSignIn
	case !v.Person.Is(who):
		return errRefused
	}
	return nil
}

// visit is r as handlers see it.
func (s *Server) visit(w http.ResponseWriter, r *http.Request) *visit {
	r.Body = http.MaxBytesReader(w, r.Body, most(r))
	return &visit{Request: r, w: w, Now: s.Clock.Now(), source: s.Source(r)}
}

// own answers a page of a customer's own portal, inside its scope.
func (s *Server) own(do func(*visit, store.Tx, store.Customer) error) func(*visit) error {
	return func(v *visit) error {
		err := s.inPortal(v, do)
		if errors.Is(err, errNotHere) {
			// A customer's sessions end where its key changes, which can be since this one was looked at.
			if p, err := s.signedIn(v.Request, true, v.Now); err == nil && p.Is(Nobody) {
				return errSignIn
			}
		}
		return err
	}
}

// looked answers the same page for an operator who looks at it as the customer:
// inside the customer's scope, marked, and written down where both can read it.
func (s *Server) looked(do func(*visit, store.Tx, store.Customer) error) func(*visit) error {
	return func(v *visit) error {
		v.customer = v.PathValue("customer")
		err := s.Store.Operator(v.Context(), func(tx store.Tx) error {
			c, err := tx.Customer(v.Context(), v.customer)
			if err != nil {
				return err
			}
			v.base = "/as/" + c.Key
			return s.record(v, tx, act{did: "portal.look", customer: c.Key, framework: c.Framework, after: titled(cmp.Or(strings.TrimPrefix(strings.TrimPrefix(v.URL.Path, v.base), "/"), "overview"))})
		})
		if err != nil {
			v.customer = ""
			return notHere(err)
		}
		return s.inPortal(v, do)
	}
}

// inPortal runs a handler inside the customer's scope. What it answers goes out
// when the transaction is committed, so that nothing is told that is not so.
func (s *Server) inPortal(v *visit, do func(*visit, store.Tx, store.Customer) error) error {
	reader, held := v.w, &heldAnswer{header: http.Header{}, status: http.StatusOK}
	v.w = held
	err := s.Store.Customer(v.Context(), v.customer, func(tx store.Tx) error {
		c, err := tx.Customer(v.Context(), v.customer)
		if err != nil {
			return err
		}
		v.whose = c.Name
		return do(v, tx, c)
	})
	v.w = reader
	if err != nil {
		return notHere(err)
	}
	held.sendTo(reader)
	return nil
}

// notHere says of what the store does not have that there is nothing here.
func notHere(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return errNotHere
	}
	return err
}

// api has Config.API answer; without one nobody has a token.
func (s *Server) api(v *visit) error {
	if s.API == nil {
		return errSignIn
	}
	s.API.ServeHTTP(v.w, v.Request)
	return nil
}

// nothing answers where there is no page.
func (s *Server) nothing(*visit) error { return errNotHere }
