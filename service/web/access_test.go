package web

import "testing"

// The kinds of people as access names them: spelled out here, so that who adds a
// role to a set that routes name meets this table.
const (
	ours   = Owner | Engineer | Billing | Support | Auditor
	theirs = Admin | Member
	anyone = Nobody | ours | theirs
)

// access is who may what, written a second time by hand: what is loosened or
// tightened by mistake differs from it.
var access = map[string]Role{
	"GET /healthz": anyone, "GET /readyz": anyone, "GET /metrics": anyone, "GET /openapi.json": anyone, "GET /docs/api": anyone, "POST /signin/device": anyone, "POST /signin/device/token": anyone, "GET /device": ours, "POST /device": ours, "GET /docs/api/{group}": anyone, "GET /static/": anyone, "POST /theme": anyone,
	"GET /signin": anyone, "POST /signin": anyone, "GET /signin/sent": anyone, "GET /signin/{link}": anyone, "POST /signin/{link}": anyone,
	"GET /signin/oidc": anyone, "GET /signin/oidc/{door}": anyone, "GET /signin/oidc/back": anyone, "GET /signin/oidc/back/{customer}": anyone,
	"GET /confirm/{link}": anyone, "POST /confirm/{link}": anyone, "/api/": anyone,

	"POST /signout": ours, "POST /portal/signout": theirs, "GET /{$}": ours | theirs, "/": ours | theirs,

	"GET /compliance": ours, "GET /compliance/checks/{check}": ours, "GET /compliance/queue": ours, "POST /compliance/queue/{account}": Owner | Engineer,
	"GET /customers/{key}/compliance": ours, "GET /customers/{key}/compliance/controls/{control}": ours, "GET /customers/{key}/compliance/checks/{check}": ours, "GET /customers/{key}/compliance/reports/{format}": ours,
	"GET /portal/compliance": theirs, "GET /portal/compliance/controls/{control}": theirs, "GET /portal/compliance/checks/{check}": theirs, "GET /portal/compliance/reports/{format}": theirs,
	"GET /as/{customer}/compliance": Owner | Engineer | Support | Auditor, "GET /as/{customer}/compliance/controls/{control}": Owner | Engineer | Support | Auditor, "GET /as/{customer}/compliance/checks/{check}": Owner | Engineer | Support | Auditor, "GET /as/{customer}/compliance/reports/{format}": Owner | Engineer | Support | Auditor,
	"GET /invoices": ours, "GET /customers/{key}/invoices": ours, "GET /customers/{key}/invoices/{number}": ours, "GET /customers/{key}/invoices/{number}/{kind}": ours,
	"GET /portal/invoices": theirs, "GET /portal/invoices/{number}": theirs, "GET /portal/invoices/{number}/{kind}": theirs,
	"GET /as/{customer}/invoices": Owner | Engineer | Support | Auditor, "GET /as/{customer}/invoices/{number}": Owner | Engineer | Support | Auditor, "GET /as/{customer}/invoices/{number}/{kind}": Owner | Engineer | Support | Auditor,
	"GET /compliance/isolation": ours, "GET /compliance/isolation/{statement}": ours,
	"GET /overview": ours, "GET /find": ours, "GET /customers": ours, "GET /customers.csv": ours,
	"GET /customers/{key}":                  ours,
	"GET /customers/{key}/people":           ours,
	"POST /customers/{key}/people":          Owner | Engineer | Support,
	"POST /customers/{key}/people/role":     Owner | Engineer | Support,
	"POST /customers/{key}/people/remove":   Owner | Engineer | Support,
	"GET /customers/{key}/history":          Owner | Engineer | Auditor,
	"GET /customers/{key}/contacts":         ours,
	"POST /customers/{key}/contacts":        Owner | Engineer | Support,
	"POST /customers/{key}/contacts/remove": Owner | Engineer | Support,
	"POST /customers/{key}/contacts/ask":    Owner | Engineer | Support,
	"GET /customers/{key}/domains/{name}":   ours,
	"POST /customers/{key}/domains":         Owner | Engineer | Support,
	"POST /customers/{key}/domains/remove":  Owner | Engineer | Support,
	"POST /customers/{key}/domains/{name}":  Owner | Engineer | Support,

	"GET /onboard": Owner | Engineer, "POST /onboard": Owner | Engineer, "POST /customers/{key}/onboard": Owner | Engineer,
	"POST /compliance/assess": Owner | Engineer, "POST /customers/{key}/compliance/assess": Owner | Engineer,
	"GET /customers/{key}/suspend":  Owner | Engineer,
	"POST /customers/{key}/suspend": Owner | Engineer,
	"GET /customers/{key}/resume":   Owner | Engineer,
	"POST /customers/{key}/resume":  Owner | Engineer,
	"GET /customers/{key}/close":    Owner | Engineer,
	"POST /customers/{key}/close":   Owner | Engineer,

	"GET /organization": ours, "GET /portfolio": ours, "GET /portfolio.yaml": ours,
	"POST /portfolio/plan": Owner | Engineer, "POST /portfolio/edit": Owner | Engineer, "POST /portfolio": Owner | Engineer,
	"GET /plan": ours, "POST /plan": Owner | Engineer,
	"GET /runs": ours, "GET /runs/{id}": ours, "GET /runs/{id}/events": ours, "POST /runs/{id}/stop": Owner | Engineer,
	"GET /simulation": ours, "GET /simulation/report": ours,
	"GET /audit": Owner | Engineer | Auditor,

	"GET /settings": ours, "POST /settings/sessions/{id}/end": ours,
	"GET /settings/people": ours, "POST /settings/people": Owner, "POST /settings/people/role": Owner, "POST /settings/people/remove": Owner,
	"GET /settings/signin": ours, "POST /settings/signin": ours,
	"GET /settings/tokens": ours, "POST /settings/tokens": ours, "POST /settings/tokens/{id}/end": ours,

	"GET /portal": theirs, "GET /portal/account": theirs, "GET /portal/guardrails": theirs, "GET /portal/people": theirs, "GET /portal/aws": theirs,
	"GET /portal/contacts": theirs, "GET /portal/domains/{name}": theirs, "GET /portal/audit": theirs,
	"GET /portal/tokens": theirs, "POST /portal/tokens": theirs, "POST /portal/tokens/{id}/end": theirs, "POST /portal/sessions/{id}/end": theirs,
	"POST /portal/people": Admin, "POST /portal/people/role": Admin, "POST /portal/people/remove": Admin,
	"POST /portal/contacts": Admin, "POST /portal/contacts/remove": Admin, "POST /portal/contacts/ask": Admin,
	"POST /portal/domains": Admin, "POST /portal/domains/remove": Admin, "POST /portal/domains/{name}": Admin,

	"GET /as/{customer}":                Owner | Engineer | Support | Auditor,
	"GET /as/{customer}/account":        Owner | Engineer | Support | Auditor,
	"GET /as/{customer}/guardrails":     Owner | Engineer | Support | Auditor,
	"GET /as/{customer}/people":         Owner | Engineer | Support | Auditor,
	"GET /as/{customer}/aws":            Owner | Engineer | Support | Auditor,
	"GET /as/{customer}/contacts":       Owner | Engineer | Support | Auditor,
	"GET /as/{customer}/domains/{name}": Owner | Engineer | Support | Auditor,
	"GET /as/{customer}/audit":          Owner | Engineer | Support | Auditor,
}

// TestRoutesAreAsWritten: every route is open to those that access names, and
// access names every route.
func TestRoutesAreAsWritten(t *testing.T) {
	there := map[string]bool{}
	for _, rt := range build(t).routes() {
		who, written := access[rt.pattern]
		switch {
		case !written:
			t.Errorf("%s, open to %s, is not written down: who may?", rt.pattern, rt.who)
		case rt.who != who:
			t.Errorf("%s is open to %s, and written for %s", rt.pattern, rt.who, who)
		}
		there[rt.pattern] = true
	}
	for pattern := range access {
		if !there[pattern] {
			t.Errorf("%s is written down, and no route", pattern)
		}
	}
}
