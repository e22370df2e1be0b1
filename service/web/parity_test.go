package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	programs "landlord/service/api"
	"landlord/service/control"
)

// counterparts are the operations of the API that do what each address does, by hand.
var counterparts = map[string]string{
	"GET /overview": "GET /overview", "GET /find": "GET /customers", "GET /customers": "GET /customers", "GET /customers.csv": "GET /customers",
	"GET /customers/{key}":                  "GET /customers/{key}",
	"GET /onboard":                          "GET /portfolio",
	"POST /onboard":                         "PUT /portfolio, POST /customers/{key}/onboard",
	"POST /customers/{key}/onboard":         "POST /customers/{key}/onboard",
	"GET /customers/{key}/people":           "GET /customers/{key}/members",
	"POST /customers/{key}/people":          "PUT /customers/{key}/members/{email}",
	"POST /customers/{key}/people/role":     "PUT /customers/{key}/members/{email}",
	"POST /customers/{key}/people/remove":   "DELETE /customers/{key}/members/{email}",
	"GET /customers/{key}/history":          "GET /customers/{key}/steps, GET /audit",
	"GET /customers/{key}/contacts":         "GET /customers/{key}",
	"POST /customers/{key}/contacts":        "PUT /customers/{key}/contacts/{email}",
	"POST /customers/{key}/contacts/remove": "DELETE /customers/{key}/contacts/{email}",
	"POST /customers/{key}/contacts/ask":    "POST /customers/{key}/contacts/{email}/ask",
	"GET /customers/{key}/domains/{name}":   "GET /customers/{key}/domains/{name}",
	"POST /customers/{key}/domains":         "PUT /customers/{key}/domains/{name}",
	"POST /customers/{key}/domains/remove":  "DELETE /customers/{key}/domains/{name}",
	"POST /customers/{key}/domains/{name}":  "POST /customers/{key}/domains/{name}/verify",
	"GET /customers/{key}/suspend":          "GET /customers/{key}/suspend",
	"POST /customers/{key}/suspend":         "POST /customers/{key}/suspend",
	"GET /customers/{key}/resume":           "GET /customers/{key}/resume",
	"POST /customers/{key}/resume":          "POST /customers/{key}/resume",
	"GET /customers/{key}/close":            "GET /customers/{key}/close",
	"POST /customers/{key}/close":           "POST /customers/{key}/close",

	"GET /organization":       "GET /organization, GET /organization/accounts",
	"GET /compliance":         "GET /compliance/tiers, GET /compliance/controls, GET /compliance/customers",
	"POST /compliance/assess": "POST /runs", "POST /customers/{key}/compliance/assess": "POST /runs",
	"GET /compliance/queue": "GET /findings/queue", "POST /compliance/queue/{account}": "PUT /findings/queue/{account}",
	"GET /customers/{key}/compliance": "GET /customers/{key}/posture, GET /customers/{key}/report", "GET /customers/{key}/compliance/controls/{control}": "GET /customers/{key}/report",
	"GET /customers/{key}/compliance/checks/{check}": "GET /customers/{key}/report", "GET /customers/{key}/compliance/reports/{format}": "GET /customers/{key}/report",
	"GET /portal/compliance": "GET /portal/posture, GET /portal/report", "GET /portal/compliance/controls/{control}": "GET /portal/report",
	"GET /portal/compliance/checks/{check}": "GET /portal/report", "GET /portal/compliance/reports/{format}": "GET /portal/report",
	"GET /invoices": "GET /invoices, GET /invoices/drafts", "GET /customers/{key}/invoices": "GET /customers/{key}/invoices", "GET /customers/{key}/invoices/{number}": "GET /customers/{key}/invoices/{number}",
	"GET /customers/{key}/invoices/{number}/{kind}": "GET /customers/{key}/invoices/{number}/document",
	"GET /portal/invoices":                          "GET /portal/invoices", "GET /portal/invoices/{number}": "GET /portal/invoices/{number}", "GET /portal/invoices/{number}/{kind}": "GET /portal/invoices/{number}/document",
	"GET /compliance/isolation": "GET /organization/isolation", "GET /compliance/isolation/{statement}": "GET /organization/isolation",
	"GET /portfolio": "GET /portfolio, GET /portfolio/versions", "GET /portfolio.yaml": "GET /portfolio, GET /portfolio/versions/{version}",
	"POST /portfolio/plan": "POST /portfolio/proposals", "POST /portfolio": "PUT /portfolio", "GET /plan": "POST /portfolio/proposals", "POST /plan": "POST /runs",
	"GET /runs": "GET /runs", "GET /runs/{id}": "GET /runs/{id}, GET /runs/{id}/steps, GET /runs/{id}/plan, GET /runs/{id}/checklist", "GET /runs/{id}/events": "GET /runs/{id}/events",
	"POST /runs/{id}/stop": "POST /runs/{id}/stop",
	"GET /simulation":      "GET /simulation", "GET /simulation/report": "GET /simulation",
	"GET /audit": "GET /audit",

	"GET /settings": "GET /sessions", "POST /settings/sessions/{id}/end": "DELETE /sessions/{id}",
	"GET /settings/people": "GET /people", "POST /settings/people": "PUT /people/{email}", "POST /settings/people/role": "PUT /people/{email}", "POST /settings/people/remove": "PUT /people/{email}",
	"GET /settings/tokens": "GET /tokens", "POST /settings/tokens": "POST /tokens", "POST /settings/tokens/{id}/end": "DELETE /tokens/{id}",

	"GET /portal": "GET /portal, GET /portal/checks", "GET /portal/account": "GET /portal", "GET /portal/guardrails": "GET /portal/guardrails",
	"GET /portal/contacts": "GET /portal", "GET /portal/domains/{name}": "GET /portal/domains/{name}", "GET /portal/audit": "GET /portal/audit",
	"GET /portal/people": "GET /portal/members, GET /sessions", "POST /portal/people": "PUT /portal/members/{email}", "POST /portal/people/role": "PUT /portal/members/{email}",
	"POST /portal/people/remove": "DELETE /portal/members/{email}", "POST /portal/sessions/{id}/end": "DELETE /sessions/{id}",
	"POST /portal/contacts": "PUT /portal/contacts/{email}", "POST /portal/contacts/remove": "DELETE /portal/contacts/{email}", "POST /portal/contacts/ask": "POST /portal/contacts/{email}/ask",
	"POST /portal/domains": "PUT /portal/domains/{name}", "POST /portal/domains/remove": "DELETE /portal/domains/{name}", "POST /portal/domains/{name}": "POST /portal/domains/{name}/verify",
	"GET /portal/tokens": "GET /tokens", "POST /portal/tokens": "POST /tokens", "POST /portal/tokens/{id}/end": "DELETE /tokens/{id}",
}

// forPeople are the addresses that no operation of the API does, and why.
var forPeople = map[string]string{
	"GET /healthz": "not of the console", "GET /readyz": "not of the console", "GET /metrics": "not of the console", "GET /openapi.json": "the API's own", "GET /docs/api": "the API's own", "GET /docs/api/{group}": "the API's own",
	"/api/": "the API itself", "GET /static/": "what pages load", "POST /theme": "how pages look",
	"GET /signin": "a person signs in", "POST /signin": "a person signs in", "GET /signin/sent": "a person signs in", "GET /signin/{link}": "a person signs in", "POST /signin/{link}": "a person signs in",
	"GET /signin/oidc": "a person signs in", "GET /signin/oidc/{door}": "a person signs in", "GET /signin/oidc/back": "a person signs in", "GET /signin/oidc/back/{customer}": "a person signs in",
	"POST /signout": "a browser's session ends; a program ends its token", "POST /portal/signout": "a browser's session ends; a program ends its token",
	"GET /confirm/{link}": "a person confirms an address from a letter", "POST /confirm/{link}": "a person confirms an address from a letter",
	"GET /{$}": "leads to a page", "/": "says that there is no page",
	"POST /portfolio/edit": "shows a text again that was typed",
	"GET /settings/signin": "identity providers come from the file of --oidc", "POST /settings/signin": "asks a provider whether a browser could be sent to it",
	"POST /signin/device": "a program gets its first token", "POST /signin/device/token": "a program gets its first token", "GET /device": "a person gives it", "POST /device": "a person gives it",
	"GET /compliance/checks/{check}": "a table of landlord's own: landlord findings checks prints it",
	"GET /as/{customer}/compliance":  "shows an operator what a customer sees", "GET /as/{customer}/compliance/controls/{control}": "shows an operator what a customer sees",
	"GET /as/{customer}/compliance/checks/{check}": "shows an operator what a customer sees", "GET /as/{customer}/compliance/reports/{format}": "shows an operator what a customer sees",
	"GET /as/{customer}/invoices": "shows an operator what a customer sees", "GET /as/{customer}/invoices/{number}": "shows an operator what a customer sees", "GET /as/{customer}/invoices/{number}/{kind}": "shows an operator what a customer sees",
	"GET /portal/aws":    "links into AWS for a browser; the account is in GET /portal",
	"GET /as/{customer}": "shows an operator what a customer sees", "GET /as/{customer}/account": "shows an operator what a customer sees", "GET /as/{customer}/guardrails": "shows an operator what a customer sees",
	"GET /as/{customer}/people": "shows an operator what a customer sees", "GET /as/{customer}/aws": "shows an operator what a customer sees", "GET /as/{customer}/contacts": "shows an operator what a customer sees",
	"GET /as/{customer}/domains/{name}": "shows an operator what a customer sees", "GET /as/{customer}/audit": "shows an operator what a customer sees",
}

// wholeAPI has every operation, and answers none.
func wholeAPI() *programs.API { return programs.New(programs.Config{Control: new(control.Control)}) }

// scopesOf are the scopes that each operation of the API asks for.
func scopesOf(t *testing.T) map[string][]string {
	t.Helper()
	w := httptest.NewRecorder()
	wholeAPI().OpenAPI(w, httptest.NewRequest("GET", "/openapi.json", nil))
	var doc struct {
		Paths map[string]map[string]struct{ Security []map[string][]string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			all[strings.ToUpper(method)+" "+strings.TrimPrefix(path, programs.Prefix)] = op.Security[0]["token"]
		}
	}
	return all
}

// TestProgramsDoWhatPeopleDo: what each address does, an operation of the API does,
// or forPeople says why not; and a role may by an operation what it may on the pages.
func TestProgramsDoWhatPeopleDo(t *testing.T) {
	operations := scopesOf(t)
	may := map[string]Role{} // by operation, on pages
	for _, rt := range build(t).routes() {
		does, is := counterparts[rt.pattern]
		why := forPeople[rt.pattern]
		if is == (why != "") {
			t.Errorf("%s: say in counterparts which operation of the API does this, or in forPeople why none does", rt.pattern)
		}
		for op := range strings.SplitSeq(does, ", ") {
			if op != "" {
				may[op] |= rt.who
			}
		}
	}
	for op, who := range may {
		scopes, is := operations[op]
		if !is {
			t.Errorf("%s does what a page does, and is no operation", op)
			continue
		}
		var have Role
		for one := Owner; one <= Member; one <<= 1 {
			all := true
			for _, s := range scopes {
				all = all && slices.Contains(programs.Scopes(one.String()), s)
			}
			if all {
				have |= one
			}
		}
		if who != have {
			t.Errorf("%s is open to tokens of %s, and what it does on pages to %s", op, have, who)
		}
	}
}

// TestReferenceHasEveryOperation: what the document has, the reference has, on the
// page of its subject, to people who are not signed in.
func TestReferenceHasEveryOperation(t *testing.T) {
	h := build(t)
	if a := h.visitor().get("/docs/api"); a.status != http.StatusNotFound {
		t.Errorf("without an API there is a reference: %d", a.status)
	}
	h.Reference = wholeAPI().Reference()
	short, found := h.visitor().get("/docs/api"), map[string]bool{}
	for _, g := range h.Reference {
		a := h.visitor().get("/docs/api/" + strings.ToLower(g.Name))
		for _, op := range g.Operations {
			found[op.Method+" "+strings.TrimPrefix(op.Path, programs.Prefix)] = true
			for _, want := range []string{op.Summary, op.Method + " " + op.Path} {
				if !strings.Contains(a.text(), want) || !strings.Contains(short.text(), want) {
					t.Errorf("%s: not on both pages (%d, %d): %q", op.ID, a.status, short.status, want)
				}
			}
			if says := programs.Says(op.Scope); op.Scope != "" && (says == "" || !strings.Contains(a.text(), says)) {
				t.Errorf("%s: the page does not say what the scope %s is", op.ID, op.Scope)
			}
		}
	}
	for op := range scopesOf(t) {
		if !found[op] {
			t.Errorf("%s is not in the reference", op)
		}
	}
	if a := h.visitor().get("/docs/api/nothing"); a.status != http.StatusNotFound {
		t.Errorf("a subject that there is not answers %d", a.status)
	}
}
