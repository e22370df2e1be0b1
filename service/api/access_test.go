package api_test

import (
	"slices"
	"strings"
	"testing"

	"landlord/service/api"
)

// access is the scope that each operation asks for, written a second time by hand;
// "" is that a token is enough.
var access = map[string]string{
	"GET /portfolio": "read", "GET /portfolio/versions": "read", "GET /portfolio/versions/{version}": "read",
	"POST /portfolio/proposals": "read", "PUT /portfolio": "portfolio",
	"GET /runs": "read", "POST /runs": "portfolio", "GET /runs/{id}": "read", "POST /runs/{id}/stop": "portfolio",
	"GET /runs/{id}/plan": "read", "GET /runs/{id}/checklist": "read", "GET /runs/{id}/steps": "read", "GET /runs/{id}/events": "read",
	"GET /customers": "read", "GET /customers/{key}": "read", "GET /customers/{key}/steps": "audit",
	"GET /customers/{key}/suspend": "accounts", "GET /customers/{key}/resume": "accounts", "GET /customers/{key}/close": "accounts",
	"POST /customers/{key}/suspend": "accounts", "POST /customers/{key}/resume": "accounts", "POST /customers/{key}/close": "accounts", "POST /customers/{key}/onboard": "accounts",
	"PUT /customers/{key}/contacts/{email}": "customers", "DELETE /customers/{key}/contacts/{email}": "customers", "POST /customers/{key}/contacts/{email}/ask": "customers",
	"GET /customers/{key}/domains/{name}": "read", "PUT /customers/{key}/domains/{name}": "customers", "DELETE /customers/{key}/domains/{name}": "customers",
	"POST /customers/{key}/domains/{name}/verify": "customers",
	"GET /customers/{key}/members":                "read", "PUT /customers/{key}/members/{email}": "customers", "DELETE /customers/{key}/members/{email}": "customers",
	"GET /customers/{key}/members/{email}/sessions": "customers", "DELETE /customers/{key}/members/{email}/sessions/{id}": "customers",
	"GET /organization": "read", "GET /organization/accounts": "read", "GET /organization/isolation": "read", "GET /overview": "read", "GET /simulation": "read",
	"GET /people": "read", "PUT /people/{email}": "people", "GET /people/{email}/sessions": "people", "DELETE /people/{email}/sessions/{id}": "people",
	"GET /audit":  "audit",
	"GET /portal": "own", "GET /portal/audit": "own", "GET /portal/checks": "own", "GET /portal/guardrails": "own",
	"GET /portal/members": "own", "PUT /portal/members/{email}": "manage", "DELETE /portal/members/{email}": "manage",
	"GET /portal/members/{email}/sessions": "manage", "DELETE /portal/members/{email}/sessions/{id}": "manage",
	"PUT /portal/contacts/{email}": "manage", "DELETE /portal/contacts/{email}": "manage", "POST /portal/contacts/{email}/ask": "manage",
	"GET /portal/domains/{name}": "own", "PUT /portal/domains/{name}": "manage", "DELETE /portal/domains/{name}": "manage", "POST /portal/domains/{name}/verify": "manage",
	"POST /findings/imports": "portfolio", "GET /findings/imports": "read", "GET /findings/queue": "read", "PUT /findings/queue/{account}": "portfolio",
	"GET /compliance/tiers": "read", "GET /compliance/controls": "read", "GET /compliance/customers": "read",
	"GET /customers/{key}/posture": "read", "GET /customers/{key}/report": "read", "GET /portal/posture": "own", "GET /portal/report": "own",
	"GET /tickets": "read", "GET /mail/queue": "read", "GET /mail/{mail}": "read", "PUT /mail/{mail}": "customers",
	"GET /customers/{key}/tickets": "read", "GET /customers/{key}/tickets/{ticket}": "read", "GET /customers/{key}/tickets/{ticket}/attachments/{n}/{part}": "read",
	"PUT /customers/{key}/tickets/{ticket}": "customers", "POST /customers/{key}/tickets/{ticket}/answers": "customers", "POST /customers/{key}/tickets/{ticket}/notes": "customers",
	"GET /portal/tickets": "own", "POST /portal/tickets": "own", "GET /portal/tickets/{ticket}": "own", "POST /portal/tickets/{ticket}/messages": "own", "POST /portal/tickets/{ticket}/rating": "own",
	"GET /portal/tickets/{ticket}/attachments/{n}/{part}": "own",
	"POST /usage/imports": "billing", "GET /usage/imports": "read", "GET /usage": "read", "GET /customers/{key}/usage": "read", "GET /portal/usage": "own",
	"GET /customers/{key}/invoices": "read", "GET /customers/{key}/invoices/{number}": "read", "GET /customers/{key}/invoices/{number}/document": "read",
	"GET /portal/invoices": "own", "GET /portal/invoices/{number}": "own", "GET /portal/invoices/{number}/document": "own",
	"GET /invoices": "read", "GET /invoices/{number}": "read", "GET /invoices/drafts": "read", "GET /invoices/reconciliation": "read",
	"POST /invoices": "billing", "POST /invoices/runs": "billing", "POST /invoices/{number}/void": "billing", "POST /invoices/{number}/uncollectible": "billing",
	"POST /invoices/{number}/credit": "billing", "POST /invoices/{number}/payments": "billing",
	"GET /me": "", "GET /tokens": "", "POST /tokens": "tokens", "DELETE /tokens/{id}": "",
	"GET /sessions": "tokens", "DELETE /sessions/{id}": "tokens",
}

// scopes are those that a token of each role may have, by hand too.
var scopes = map[string]string{
	"owner": "read portfolio accounts customers billing people audit tokens", "engineer": "read portfolio accounts customers audit tokens", "billing": "read billing tokens",
	"support": "read customers tokens", "auditor": "read audit tokens", "admin": "own manage tokens", "member": "own tokens", "nobody": "",
}

// TestOperationsAreAsWritten: every operation asks for the scope that access names,
// access names every operation, and roles have the scopes that are written.
func TestOperationsAreAsWritten(t *testing.T) {
	there := begin(t).operations()
	for op, needs := range there {
		method, path, _ := strings.Cut(op, " ")
		scope, written := access[method+" "+strings.TrimPrefix(path, api.Prefix)]
		switch {
		case !written:
			t.Errorf("%s, with the scopes %q, is not written down: who may?", op, needs)
		case strings.Join(needs, " ") != scope:
			t.Errorf("%s asks for the scopes %q, and %q is written", op, needs, scope)
		}
	}
	for op := range access {
		method, path, _ := strings.Cut(op, " ")
		if _, is := there[method+" "+api.Prefix+path]; !is {
			t.Errorf("%s is written down, and no operation", op)
		}
	}
	for role, written := range scopes {
		if has := api.Scopes(role); !slices.Equal(has, strings.Fields(written)) {
			t.Errorf("a token of %s may have %q, and %q is written", role, has, written)
		}
	}
}
