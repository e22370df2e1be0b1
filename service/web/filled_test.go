package web

import (
	"maps"
	"net/http/httptest"
	"strings"
	"time"

	"landlord/service/onboard"
	"landlord/service/store"
)

var testNow = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func before(d time.Duration) moment { return momentOf(testNow, testNow.Add(-d)) }

// long is a name as long as names may be.
const long = "Wirtschaftsprüfungsgesellschaft Müller & Söhne Aktiengesel"

func filledShell(title, here string, console bool) shell {
	h := shell{Title: title, Now: testNow, Here: here, House: "Example MSP", Person: Person{Role: Engineer, Email: "eva@msp.example", Name: "Eva Berg"}}
	if console {
		for _, p := range consolePlaces {
			h.Nav = append(h.Nav, place{p.name, p.to, at(here, p.to, false)})
		}
		return h
	}
	h.Base, h.Key, h.Whose, h.Marked = "/portal", "startup", "StartupCorp Inc", strings.HasPrefix(here, "/as/")
	h.Person = Person{Role: Admin, Email: "admin@startupcorp.io", Customer: "startup"}
	for _, p := range portalPlaces {
		h.Nav = append(h.Nav, place{p.Name, h.Base + p.To, at(here, h.Base+p.To, p.To == "")})
	}
	return h
}

var filledEntries = []entryLine{
	{At: before(3 * time.Minute), What: "run started", Who: "eva@msp.example", Source: "192.0.2.7"},
	{At: before(5 * time.Hour), What: "customer changed", Before: "tier: standard", After: "tier: fintech", Who: "eva@msp.example", Source: "192.0.2.7", On: "acme", To: "/customers/acme"},
	{At: before(9 * time.Hour), What: "ended a run", After: "run: 20261123-204125-wh4pp, state: done, summary: nothing to do: account 555566667777 is not suspended, and is billed again", Who: "run 20261123-204125-wh4pp of somebody.with.a.long.name@msp.example", Source: "landlord"},
	{At: before(23 * time.Hour), What: "portal looked at", Who: "support@msp.example", Source: "2001:db8::7", On: "startup", To: "/customers/startup"},
}

var filledAccount = account{
	State: stateOf("active"), Account: "222233334444", Email: "aws+acme@landlord.example", Unit: "Customers-Fintech", Tier: "Fintech", Framework: "SOC 2",
	Region: "us-east-1", Segment: "", Price: "$5,000.00", Domains: []domainLine{{"acmefinance.com", stateOf("verified")}, {"acme.example", stateOf("unverified")}}, Updated: before(50 * time.Hour),
}

var filledChecks = []checkLine{
	{"The account is in the unit Customers-Fintech", "", stateOf("passed")},
	{"The tier's policy holds for it", "", stateOf("passed")},
	{"It carries the tags of the file", "landlord:tier is standard, not fintech", stateOf("failed")},
}

var filledGuardrails = []guardrailLine{
	{"StayInOrganization", "The account cannot leave the organization"}, {"KeepCloudTrail", "CloudTrail goes on recording"}, {"NoRoot", "The root user can do nothing"},
}

var filledChecklist = checklist{Account: "222233334444", Sum: "2 of 4 steps done in 1m44s; by hand these steps take 20 min", Lines: []checklistLine{
	{"The account stands, with its tags, in its tier's unit", "account 222233334444", stateOf("done"), "1m39s", ""},
	{"AWS Config records and judges there, and its calls are logged", "rule landlord-soc2-ec2-imdsv2 in us-east-1 is missing. Onboard again: it goes on from what AWS holds", stateOf("failed"), "5s", "15 min"},
	{"The customer's portal answers, and names only its framework", "", stateOf("waiting"), "", "5 min"},
}, Tasks: []onboard.Task{{Who: "who looks after the customer", What: "invite its first person to the portal", Why: "that an address is the contact's does not say that they may see everything"}}}

func filledCustomerShell(tab string) customerShell {
	return customerShell{filledShell("ACME Finance Inc", "/customers/acme", true), "acme", "In Fintech, with a failing check since 5 hours.", true,
		[]place{{"Overview", "/customers/acme", tab == ""}, {"Contacts", "/customers/acme/contacts", tab == "contacts"}, {"People", "/customers/acme/people", tab == "people"}, {"Compliance", "/customers/acme/compliance", tab == "compliance"}, {"Invoices", "/customers/acme/invoices", tab == "invoices"}, {"History", "/customers/acme/history", tab == "history"}}}
}

func filledRows(n int) []customerRow {
	rows := []customerRow{
		{"acme", "ACME Finance Inc", "", "Fintech", "SOC 2", stateOf("active"), stateOf("failed"), "222233334444", "us-east-1", "$5,000.00"},
		{"medicorp", "MediCorp Solutions Inc", "", "Healthcare", "HIPAA", stateOf("active"), stateOf("passed"), "333344445555", "us-east-1", "$7,500.00"},
		{"techgov", "TechGov Solutions Inc", "address aws+techgov@landlord.example", "Government-Federal", "FedRAMP", stateOf("suspended"), tone{"", "not checked"}, "444455556666", "us-gov-west-1", "$15,000.00"},
		{"mueller", long, "", "Standard", "CIS", stateOf("wanted"), tone{"", "not checked"}, "", "eu-central-1", "$500.00"},
		{"startup", "StartupCorp Inc", "", "Standard", "CIS", stateOf("active"), stateOf("passed"), "666677778888", "us-east-1", "$500.00"},
	}
	for len(rows) < n {
		rows = append(rows, rows[len(rows)%5])
	}
	return rows[:n]
}

// filled is every page with everything on it, by the name of its template.
// More than one of a page are told apart by what follows a blank.
func filled() map[string]any {
	console := func(title, here string) shell { return filledShell(title, here, true) }
	portal := func(title, here string) shell { return filledShell(title, here, false) }
	alone := shell{Title: "Sign in", Now: testNow, House: "Example MSP"}
	choices := []choice{
		{"tier", "Tier", []option{{"fintech", "Fintech", true}, {"standard", "Standard", false}}}, {"framework", "Framework", []option{{"SOC 2", "SOC 2", false}}},
		{"region", "Region", []option{{"us-east-1", "us-east-1", false}}}, {"state", "State", []option{{"active", "active", false}}}, {"health", "Checks", []option{{"failing", "failing", false}}},
	}
	heads := []columnHead{{"Name", "", "?sort=-name", "ascending"}, {"Tier", "", "?sort=tier", ""}, {"State", "", "?sort=state", ""}, {"Checks", "", "", ""}, {"Account", "less", "", ""}, {"Price a month", "n", "?sort=price", ""}}
	runs := []runLine{
		{"20261123T113944Z-beb9632", "Apply portfolio 12", "eva@msp.example", stateOf("running"), before(2 * time.Minute), "2 min"},
		{"20261122T080000Z-0cc1fa1", "Reconcile", "system", stateOf("failed"), before(28 * time.Hour), "41 s"},
	}
	steps := []stepLine{
		{before(0), "create account", stateOf("running"), "", "1", "20261123T113944Z-beb9632", "acme"},
		{before(0), "move account", stateOf("retrying"), "AWS is busy (ConcurrentModificationException)", "3", "20261123T113944Z-beb9632", "medicorp"},
	}
	live := progress{"20261123T113944Z-beb9632", true, true, stateOf("running"), "12 of 22 steps, 2 of 5 customers ready", "about 2 min left", 22, 12, "", "", steps, 3, []stepLine{{before(0), "create unit Customers-Fintech", stateOf("done"), "", "1", "", ""}}, "", "", checklist{}}
	sessions := []sessionLine{{"s1", before(time.Hour), before(time.Minute), momentOf(testNow, testNow.Add(11*time.Hour)), "192.0.2.7", "Firefox on Linux", true}, {"s2", before(5 * time.Hour), before(4 * time.Hour), momentOf(testNow, testNow.Add(7*time.Hour)), "198.51.100.4", "Safari on an iPhone", false}}
	tabs := func(tab string) []place {
		return []place{{"Your sessions", "/settings", tab == "sessions"}, {"Operators", "/settings/people", tab == "people"}, {"Tokens", "/settings/tokens", tab == "tokens"}, {"Sign-in", "/settings/signin", tab == "signin"}}
	}
	tokens := []tokenLine{{"t1", "CI", "used 3 h ago", "read", momentOf(testNow, testNow.Add(700*time.Hour))}, {"t2", "rd", "used just now", "read, portfolio, accounts, customers, people, audit, tokens", momentOf(testNow, testNow.Add(700*time.Hour))}}
	part := func(to string, w written) contactsPart {
		p := contactsPart{To: to, MayChange: true, Contacts: []contactLine{{"John Doe", "john@startupcorp.io", "primary", stateOf("verified")}, {long, "very.long.address.of.somebody@startupcorp.io", "security", stateOf("unverified")}},
			Domains: []domainLine{{"startupcorp.io", stateOf("verified")}, {"a-very-long-name-of-a-department.of-a-company.startupcorp.example", stateOf("unverified")}},
			Email:   emailField(w.email, w.emailFault), Name: field{Name: "name", Label: "Name", Hint: "May be left empty", Type: "text"}, Roles: contactRoles,
			Domain: field{Name: "domain", Label: "Domain", Type: "text", Needed: true, Value: w.domain, Fault: w.nameInDNS}}
		return p
	}
	record := func(to string, looked *lookedUpPart) domainPart {
		return domainPart{to, true, "startupcorp.io", stateOf("unverified"), "_landlord.startupcorp.io", "landlord-domain=0d2f7a1c9b3e4f5a8c6d7e8f90a1b2c3", looked}
	}
	settings := func(tab string) settingsPage {
		return settingsPage{shell: console("Settings", "/settings"), Lead: "Two sessions, this one among them.", Tabs: tabs(tab), Tab: tab, EndTo: "/settings/sessions", Sessions: sessions,
			People: []personLine{{"1", "Eva Berg", "eva@msp.example", "owner", true, nil}, {"2", "", "support@msp.example", "support", false, chosen(roleWords, "support")}}, MayInvite: true, Invite: emailField("eva@", "This is no e-mail address."),
			Roles:      []option{{"engineer", "Engineer: plans and applies", true}, {"auditor", "Auditor: sees all, changes nothing", false}},
			tokensPart: tokensPart{TokensTo: "/settings/tokens", Tokens: tokens, MayMake: true, Scopes: []option{{"read", "read: read all that operators see", true}, {"customers", "customers: change customers' people, contacts and domains", false}}, Token: tokenField("", ""), Secret: "ll_example_not_a_secret"},
			Providers: []providerLine{
				{"", "https://login.msp.example", "landlord", []domainLine{{"msp.example", tone{}}}, []string{"owner: landlord-owners", "engineer: platform, sre"}, "https://landlord.msp.example/signin/oidc", "https://landlord.msp.example/signin/oidc/back", "", ""},
				{"acme", "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0", "0c9a3cb5-3f9f-4d39-8f2b-6d6f3d3f6f3a", []domainLine{{"acmefinance.com", stateOf("verified")}, {"acme.example", stateOf("unverified")}}, nil, "https://landlord.msp.example/signin/oidc/acme.mfrggzdfmztwq2lk", "https://landlord.msp.example/signin/oidc/back/acme", "", "In the file it is acme-finance, as the customer was called before."},
				{"startup", "https://id.startupcorp.io", "landlord", nil, nil, "https://landlord.msp.example/signin/oidc/startup.mfrggzdfmztwq2lk", "https://landlord.msp.example/signin/oidc/back/startup", "Nobody can sign in with it: no domain of the customer is verified.", ""},
			}, CheckedOf: "acme", Checked: "Ask https://login.microsoftonline.com what it is: connection refused."}
	}
	tree := unitNode{"Root", true, 5, nil, []unitNode{
		{"Customers-Fintech", true, 2, []string{"landlord-soc2"}, nil, []accountLeaf{{"acme", "ACME Finance Inc", "222233334444", "", tone{}}, {"quantum", long, "555566667777", "", stateOf("suspended")}}, 12, "fintech"},
		{"Customers-Standard", false, 0, []string{"landlord-cis"}, nil, nil, 0, "standard"},
	}, []accountLeaf{{"", "management", "111122223333", "management account", tone{}}}, 0, ""}
	groups := []changeGroup{{0, "Fintech", "SOC 2", []changeLine{{"create", "+", "unit", "", "Customers-Fintech", "", "", ""}, {"move", ">", "account", "acme", "ACME Finance Inc", "from Root to Customers-Fintech", "KeepSafeDefaults", "NoRoot, KeepCloudTrail"}, {"change", "~", "account", "quantum", long, "tags landlord:tier", "", ""}}, 40}}
	plan := planPage{shell: console("What would change?", "/plan"), Sum: "17 to create, 1 to change.", Closes: "Nothing moves or closes.", Time: "60 s to 7 min", Organization: "o-nhhwx365my", Management: "111122223333", Present: 0, Customers: 5, Groups: groups,
		Notices: []string{"52 customers are in one unit; units: by-region would divide them."}, MayApply: true, Digest: "abc", Button: "Apply 18 changes", Confirm: field{Name: "confirm", Label: "Type the id of the organization: o-nhhwx365my", Type: "text", Needed: true, Fault: "That is another id."}}
	order := func(kind string, changes ...changeLine) orderPage {
		return orderPage{customerShell: filledCustomerShell(""), orderWords: orders[kind], Kind: kind, Account: "222233334444", Email: "aws+acme@landlord.example", Called: "ACME Finance Inc", Changes: changes, Looked: before(time.Hour),
			Closes: kind == store.RunClose, Quota: "AWS lets 250 accounts be closed in 30 days; 3 are used.", Running: "20261123T113944Z-beb9632", Digest: "abc",
			Confirm: field{Name: "name", Label: "To close it for good, type the account's name: ACME Finance Inc", Type: "text", Needed: true, Value: "ACME", Fault: "Type it exactly as it is written above."}}
	}
	later := order(store.RunClose, changeLine{Action: "wait", Mark: "…", Noun: "account", Name: "ACME Finance Inc", Detail: "222233334444 until 2026-12-01, when AWS's quota of closures leaves a place"})
	later.Frees = "2026-12-01"
	pg := paging{"1 to 50 of 10,000", "?page=1", "?page=3"}
	operations := wholeAPI().Reference()
	reference := func(group string) referencePage {
		v := &visit{Request: httptest.NewRequest("GET", "/docs/api"+group, nil)}
		p := referenceOf(v, operations, "https://landlord.msp.example")
		p.shell = alone
		p.Title = "The API"
		return p
	}
	pages := map[string]any{
		"reference":                      reference(""),
		"reference customers":            reference("/customers"),
		"reference portal":               reference("/portal"),
		"signin":                         signInPage{alone, emailField("john@", "This is no e-mail address."), "/customers", "/signin/oidc?next=%2Fcustomers"},
		"sent":                           sentPage{alone, "john@acmefinance.com"},
		"link":                           linkPage{shell: alone},
		"link fault":                     linkPage{alone, "It was used already, or it is older than 15 minutes.", ""},
		"problem":                        problemPage{console("Not yours to see", "/audit"), errRefused},
		"problem 500":                    problemPage{alone, problem{500, "That did not work", "The fault is ours, and it is written down.", "ABCD2345"}},
		"overview":                       overviewPage{console("Overview", "/overview"), true, true, 5, "$33,500", before(time.Hour), "", []need{{stateOf("drift"), "ACME Finance Inc: moved out of its unit", "Someone moved the account to Root; nothing of its tier holds there.", "/customers/acme", before(5 * time.Hour)}, {stateOf("failed"), "Run 20261122T080000Z-0cc1fa1 stopped", "AWS refused an account: the quota is used up.", "/runs/1", before(28 * time.Hour)}}, 3, 2, []tierShare{{"fintech", "Fintech", "SOC 2", "$10,000", "2 customers", 30}, {"government-federal", "Government-Federal", "FedRAMP", "$15,000", "1 customer", 45}, {"standard", "Standard", "CIS", "$500", "1 customer", 2}}, runs, filledEntries},
		"overview none":                  overviewPage{shell: console("Overview", "/overview"), MayPlan: true},
		"customers":                      customersPage{shell: console("Customers", "/customers"), All: 10000, Failing: 2, MRR: "$33,500", CSV: "/customers.csv", Query: "acme", Choices: choices, Heads: heads, Rows: filledRows(5), Paging: pg},
		"customers none":                 customersPage{shell: console("Customers", "/customers")},
		"customers nobody":               customersPage{shell: console("Customers", "/customers"), All: 5, MRR: "$33,500", Query: "zebra", Filtered: true, Choices: choices},
		"customer":                       customerPage{filledCustomerShell(""), filledAccount, []string{"cost=shared"}, filledChecks, before(time.Hour), filledGuardrails, standing{}, true, ordersFor(store.Customer{Key: "acme", Account: "222233334444", State: store.Active}), true, runLine{ID: "20261123T113944Z-beb9632", State: stateOf("failed"), At: before(time.Hour)}, runLine{}, postureLine{Known: true, Score: "6.4 %", Of: "2 of 31 assessed controls pass", AsOf: before(time.Hour)}},
		"customer suspended":             customerPage{filledCustomerShell(""), filledAccount, nil, filledChecks, before(time.Hour), filledGuardrails, standing{Suspended: true, Since: before(50 * time.Hour)}, true, ordersFor(store.Customer{Key: "acme", Account: "222233334444", State: store.Suspended}), false, runLine{}, runLine{}, postureLine{Known: true, Score: "6.4 %", Of: "2 of 31 assessed controls pass", AsOf: before(time.Hour)}},
		"customer that waits":            customerPage{filledCustomerShell(""), account{State: stateOf("wanted"), Tier: "Fintech", Framework: "SOC 2", Price: "$5,000.00", Updated: before(50 * time.Hour), WaitsFor: "Account 555566667777 was invited to the organization on 2026-11-23. Its administrator accepts by 2026-12-08, signed in there: aws organizations accept-handshake --handshake-id h-examplehandshakeid111"}, nil, filledChecks, before(time.Hour), filledGuardrails, standing{}, true, nil, true, runLine{}, runLine{}, postureLine{Known: true, Score: "6.4 %", Of: "2 of 31 assessed controls pass", AsOf: before(time.Hour)}},
		"customer closed":                customerPage{filledCustomerShell(""), filledAccount, nil, filledChecks, before(time.Hour), filledGuardrails, standing{Closed: true, Since: before(50 * time.Hour), Until: "2027-02-19"}, true, nil, false, runLine{}, runs[0], postureLine{Known: true, Score: "6.4 %", Of: "2 of 31 assessed controls pass", AsOf: before(time.Hour)}},
		"customer_order suspend":         order(store.RunSuspend, changeLine{Action: "create", Mark: "+", Noun: "attachment", Name: "landlord-suspended", Detail: "on account 222233334444: nothing is allowed there"}),
		"customer_order close":           order(store.RunClose, changeLine{Action: "close", Mark: "-", Noun: "account", Name: "ACME Finance Inc", Detail: "222233334444 aws+acme@landlord.example"}),
		"customer_order later":           later,
		"customer_order fault":           orderPage{customerShell: filledCustomerShell(""), orderWords: orders[store.RunSuspend], Kind: store.RunSuspend, Fault: "It cannot be done as things are.", Problems: []string{"customer acme: account 222233334444 is closed; there is nothing to suspend"}},
		"customer_order nothing":         orderPage{customerShell: filledCustomerShell(""), orderWords: orders[store.RunResume], Kind: store.RunResume, Nothing: true, Account: "222233334444", Called: "ACME Finance Inc"},
		"portal suspended":               portalPage{portal("Overview", "/portal"), account{State: stateOf("suspended"), Account: "666677778888", Tier: "Standard", Framework: "CIS"}, standing{Suspended: true, Since: before(50 * time.Hour)}, "In Standard (CIS). Suspended.", filter{To: "/portal", Label: "Find in what we promise", Fails: true}, filledChecks[:2], before(time.Hour), nil, postureLine{Known: true, Score: "6.4 %", Of: "2 of 31 assessed controls pass"}},
		"portal departed":                portalPage{portal("Overview", "/portal"), account{State: ownState("departed"), Account: "666677778888", Tier: "Standard", Framework: "CIS"}, standing{Left: true}, "You were in Standard (CIS) and are not a customer of Example MSP any more. What was kept stays here for you to read.", filter{To: "/portal", Label: "Find in what we promise", Fails: true}, nil, moment{}, nil, postureLine{Known: true, Score: "6.4 %", Of: "2 of 31 assessed controls pass"}},
		"portal closed":                  portalPage{portal("Overview", "/portal"), account{State: stateOf("closed"), Account: "666677778888", Tier: "Standard", Framework: "CIS"}, standing{Closed: true, Since: before(50 * time.Hour), Until: "2027-02-19"}, "In Standard (CIS). Closed.", filter{To: "/portal", Label: "Find in what we promise", Fails: true}, nil, moment{}, nil, postureLine{Known: true, Score: "6.4 %", Of: "2 of 31 assessed controls pass"}},
		"customer_people":                customerPeoplePage{filledCustomerShell("people"), []personLine{{"1", "John", "john@acmefinance.com", "admin", false, nil}}, true, emailField("", ""), "admin"},
		"customer_contacts":              customerContactsPage{filledCustomerShell("contacts"), part("/customers/acme", written{email: "john@", emailFault: "This is no e-mail address."})},
		"customer_contacts change":       customerContactsPage{filledCustomerShell("contacts"), contactsPart{To: "/customers/acme", MayChange: true, Changed: "john@startupcorp.io", Name: field{Name: "name", Label: "Name", Type: "text", Value: "John"}, Roles: contactRoles, Domain: field{Name: "domain", Label: "Domain", Type: "text", Value: "https://x", Fault: "This is no domain."}}},
		"customer_domain":                customerDomainPage{filledCustomerShell("contacts"), record("/customers/acme", &lookedUpPart{Others: []string{"landlord-domain=another"}})},
		"portal_contacts":                portalContactsPage{portal("Whom do we write to?", "/portal/contacts"), part("/portal", written{})},
		"invoices":                       invoicesPage{console("Who owes what?", "/invoices"), "58,000.00 USD is to be paid, of 5 invoices.", []choice{{"state", "State", []option{{"issued", "issued", true}}}}, "acme", true, filledDrafts, 3, filledInvoices("/customers/acme/invoices"), pg},
		"invoices none":                  invoicesPage{shell: console("Who owes what?", "/invoices"), Lead: "Nobody owes anything."},
		"customer_invoices":              customerInvoicesPage{filledCustomerShell("invoices"), filledInvoices("/customers/acme/invoices"), pg},
		"customer_invoices none":         customerInvoicesPage{customerShell: filledCustomerShell("invoices")},
		"customer_invoice":               customerInvoicePage{filledCustomerShell("invoices"), filledInvoice("/customers/acme/invoices", false)},
		"portal_invoices":                portalInvoicesPage{portal("Invoices", "/portal/invoices"), "2,380.00 USD is to be paid, of 1 invoice.", filledInvoices("/portal/invoices"), pg},
		"portal_invoices none":           portalInvoicesPage{shell: portal("Invoices", "/portal/invoices"), Lead: "Nothing is to be paid."},
		"portal_invoice":                 portalInvoicePage{portal("INV-000001", "/portal/invoices/INV-000001"), filledInvoice("/portal/invoices", false)},
		"portal_invoice note":            portalInvoicePage{portal("CN-000001", "/portal/invoices/CN-000001"), filledInvoice("/portal/invoices", true)},
		"portal_domain":                  portalDomainPage{portal("startupcorp.io", "/portal/contacts"), record("/portal", nil)},
		"portal_domain none":             portalDomainPage{portal("startupcorp.io", "/portal/contacts"), record("/portal", &lookedUpPart{})},
		"portal_domain proven":           portalDomainPage{portal("startupcorp.io", "/portal/contacts"), record("/portal", &lookedUpPart{Proven: true})},
		"portal_tokens":                  portalTokensPage{portal("Which programs act as you?", "/portal/tokens"), tokensPart{TokensTo: "/portal/tokens", Tokens: tokens, MayMake: true, Scopes: []option{{"own", "own: read what is yours", true}, {"manage", "manage: change your people, contacts and domains", false}}, Token: tokenField("", "Name it, in at most 100 characters."), Secret: "landlord_cu_example_not_a_secret"}},
		"portal_tokens none":             portalTokensPage{portal("Which programs act as you?", "/portal/tokens"), tokensPart{TokensTo: "/portal/tokens", MayMake: true, Token: tokenField("", "")}},
		"confirm":                        confirmPage{shell: alone},
		"confirm done":                   confirmPage{shell: alone, Done: true},
		"confirm fault":                  confirmPage{shell: alone, Fault: "It was used already."},
		"problem 429":                    problemPage{alone, problem{429, "Too many pages at once", "Wait 3 s, then try again.", ""}},
		"customer_history":               customerHistoryPage{filledCustomerShell("history"), steps, filledEntries, pg},
		"organization":                   organizationPage{console("Organization", "/organization"), true, true, true, "o-nhhwx365my", 6, 2, before(time.Hour), tree},
		"organization none":              organizationPage{shell: console("Organization", "/organization"), MayPlan: true},
		"plan":                           plan,
		"plan fault":                     planPage{shell: console("What would change?", "/plan"), Fault: "File and organization contradict each other.", Problems: []string{"acme: the file says 222233334444, the tag says 333344445555."}},
		"portfolio":                      portfolioPage{shell: console("What do we want?", "/portfolio"), Lead: "Version 2, by eva@msp.example, 3 h ago.", Text: "customers:\n  - key: acme\n    tier: fintec\n", Version: 2, Latest: true, From: 2, Note: noteField("Acme changes its tier"), Fault: "1 fault. Nothing was changed.", Faults: []faultLine{{"Line 3", "unknown tier \"fintec\". Did you mean \"fintech\"?"}}, Versions: []versionLine{{2, "eva@msp.example", before(3 * time.Hour), "two more banks", true}, {1, "eva@msp.example", before(30 * time.Hour), "", false}}, MayEdit: true},
		"portfolio old":                  portfolioPage{shell: console("What do we want?", "/portfolio"), Lead: "Version 1, by eva@msp.example, 30 h ago. The latest is version 2.", Text: "customers:\n  - key: acme\n", Version: 1, Versions: []versionLine{{2, "eva@msp.example", before(3 * time.Hour), "two more banks", false}, {1, "eva@msp.example", before(30 * time.Hour), "", true}}},
		"portfolio_plan":                 portfolioPlanPage{plan, "customers:\n", 2, "two more banks", []diffLine{{"", "@@ -1,2 +1,2 @@"}, {"", " customers:"}, {"before", "-    tier: standard"}, {"after", "+    tier: fintech"}}},
		"runs":                           runsPage{console("Runs", "/runs"), "One is under way.", true, runs, pg},
		"runs none":                      runsPage{shell: console("Runs", "/runs"), Lead: "None yet.", MayPlan: true},
		"run":                            runPage{console("Apply portfolio 12", "/runs/1"), "eva@msp.example", before(2 * time.Minute), false, live},
		"run stopped too late":           runPage{console("Apply portfolio 12", "/runs/1"), "eva@msp.example", before(2 * time.Minute), true, progress{ID: "20261123T113944Z-beb9632", State: stateOf("done"), Doing: "22 of 22 steps", Steps: 22, Done: 22, Came: "22 steps done, nothing left to do"}},
		"run failed":                     runPage{console("Apply portfolio 12", "/runs/1"), "eva@msp.example", before(2 * time.Minute), false, progress{"20261123T113944Z-beb9632", false, false, stateOf("failed"), "12 of 22 steps done, then it stopped", "", 22, 12, "AWS refused CreateAccount: the account quota is used up. Ask for a higher one: landlord preflight --request-increases.", "", steps, 0, nil, "", "", checklist{}}},
		"run with a list that is silent": runPage{console("Apply portfolio 12", "/runs/1"), "eva@msp.example", before(2 * time.Minute), false, progress{ID: "20261123T113944Z-beb9632", MayStop: true, Live: true, State: stateOf("running"), Doing: "12 of 22 steps, 2 of 5 customers ready", Left: "for 2 min", Steps: 22, Done: 12, Waits: "It waits, again at 12:00:16 UTC", Away: "AWS does not say how far it is: ListCreateAccountStatus: outcome unknown: connection refused", Customers: steps}},
		"run onboards":                   runPage{console("Onboard acme", "/runs/1"), "eva@msp.example", before(2 * time.Minute), false, progress{ID: "20261123T113944Z-beb9632", MayStop: true, Live: true, State: stateOf("running"), Doing: "12 of 22 steps, 0 of 1 customer ready", Left: "for 2 min", Steps: 22, Done: 12, Checklist: filledChecklist}},
		"onboard":                        newCustomerPage{console("Who is the new customer?", "/onboard"), []field{{Name: "key", Label: "Key", Hint: "For ever", Type: "text", Value: "No Key", Fault: "\"No Key\" is no key: want small letters, digits and hyphens.", Needed: true}, {Name: "name", Label: "Name", Type: "text", Value: long, Needed: true}}, []option{{"fintech", "Fintech (SOC 2), $5,000.00 a month", true}}, "Version 3 of the portfolio was changed meanwhile.", "in the simulated organization: nothing outside changes"},
		"run waits for a lock":           runPage{console("Apply portfolio 12", "/runs/1"), "eva@msp.example", before(2 * time.Minute), false, progress{ID: "20261123T113944Z-beb9632", MayStop: true, Live: true, State: stateOf("waiting"), Doing: "It waits for the organization's lock, again at 12:00:16 UTC.", Left: "for 2 min", Waits: "Another command has the organization", Away: "Landlord apply of eva on desk, process 4711, since 2026-11-23 11:39:44 UTC holds the lock s3://bucket/landlord.lock"}},
		"run waits":                      runPage{console("Apply portfolio 12", "/runs/1"), "eva@msp.example", before(2 * time.Minute), false, progress{ID: "20261123T113944Z-beb9632", MayStop: true, Live: true, State: stateOf("waiting"), Doing: "It waits for AWS, tried 3 times, again at 12:00:16 UTC.", Left: "for 2 min", Waits: "AWS cannot be looked at now", Away: "Read the organization: DescribeOrganization: outcome unknown: connection refused"}},
		"simulation":                     simulationPage{console("What if we had more customers?", "/simulation"), 5, 100, 10000, []option{{"fintech", "Fintech", true}}, "", &simulated{true, stateOf("passed"), "deploy", []string{"All 42 checks pass."}, []todayThen{{"Customers", "5", "105"}, {"Revenue a month", "$33,500", "$533,500"}}, "/simulation/report"}},
		"audit":                          auditPage{console("Who did what?", "/audit"), "3 entries.", "acme", "", []option{{"session.begin", "signed in", false}}, true, filledEntries, pg},
		"audit none":                     auditPage{shell: console("Who did what?", "/audit"), Lead: "Nothing yet."},
		"settings":                       settings("sessions"),
		"settings people":                settings("people"),
		"settings tokens":                settings("tokens"),
		"settings signin":                settings("signin"),
		"settings links":                 settingsPage{shell: console("Settings", "/settings"), Lead: "With links by mail.", Tabs: tabs("signin"), Tab: "signin"},
		"found":                          foundPage{console("Find", "/find"), "ac", []found{{"ACME Finance Inc", "customer acme", "/customers/acme"}}},
		"isolation":                      filledIsolation(console("Do the tiers keep apart?", "/compliance/isolation"), true),
		"isolation holds":                filledIsolation(console("Do the tiers keep apart?", "/compliance/isolation"), false),
		"isolation nobody":               isolationPage{shell: console("Do the tiers keep apart?", "/compliance/isolation"), Tabs: filledTabs, MayLook: true},
		"statement":                      filledStatement(console("KeepKeys", "/compliance/isolation/KeepKeys")),
		"statement nobody":               statementPage{shell: console("NoMarketplace", "/compliance/isolation/NoMarketplace"), Set: "Every tier", Prevents: "Nothing is bought", Text: "{}"},
		"portal":                         portalPage{portal("Overview", "/portal"), account{State: stateOf("active"), Account: "666677778888", Tier: "Standard", Framework: "CIS"}, standing{}, "Your account is there, and everything we promise of it held an hour ago.", filter{To: "/portal", Label: "Find in what we promise", Fails: true}, filledChecks[:2], before(time.Hour), nil, postureLine{Known: true, Score: "6.4 %", Of: "2 of 31 assessed controls pass"}},
		"portal_account":                 portalAccountPage{portal("Your AWS account", "/portal/account"), account{State: stateOf("active"), Account: "666677778888", Tier: "Standard", Framework: "CIS", Email: "aws+startup@landlord.example", Unit: "Customers-Standard"}, standing{}, []contactLine{{"", "admin@startupcorp.io", "primary", stateOf("verified")}}},
		"signedout":                      signedOutPage{alone, "https://login.example/end?client_id=landlord"},
		"device":                         devicePage{shell: console("Give a program a token?", "/device"), Code: field{Name: "code", Label: "Code", Hint: "That the program shows, like BCDF-GHJK", Type: "text", Needed: true, Value: "AAAA", Fault: "No program waits with this code."}},
		"device asks":                    devicePage{shell: console("Give a program a token?", "/device"), Asks: &deviceAsks{"landlord on eva-laptop", "192.0.2.7", before(time.Minute)}, Spoken: "BCDF-GHJK", Scopes: []option{{"read", "read: read all that operators see", true}, {"portfolio", "portfolio: change the portfolio, ask for runs", false}}},
		"device done":                    devicePage{shell: console("The program has its token", "/device"), Done: "landlord on eva-laptop"},
		"portal_people nobody":           portalPeoplePage{shell: portal("Who of us can sign in?", "/portal/people"), Filter: filter{To: "/portal/people", Label: "Find a person", Query: "zebra"}},
		"portal nothing":                 portalPage{shell: portal("Overview", "/portal"), Filter: filter{To: "/portal", Label: "Find in what we promise", Query: "zebra", Failing: true, Fails: true}},
		"portal_audit nothing":           portalAuditPage{shell: portal("Who did what with what is ours?", "/portal/audit"), Filter: filter{To: "/portal/audit", Label: "Find in what was done", Query: "zebra"}},
		"portal_guardrails":              portalGuardrailsPage{portal("What is never allowed in your account", "/portal/guardrails"), "CIS", filledGuardrails},
		"portal_people":                  portalPeoplePage{portal("Who of us can sign in?", "/portal/people"), filter{To: "/portal/people", Label: "Find a person"}, []personLine{{"1", "", "admin@startupcorp.io", "admin", true, nil}, {"2", long, "very.long.address.of.somebody@startupcorp.io", "member", false, nil}}, true, emailField("", ""), "", "/portal/sessions", sessions},
		"portal_aws":                     portalAWSPage{portal("Sign in to AWS", "/portal/aws"), standing{Suspended: true, Since: before(50 * time.Hour)}, "666677778888", false, "https://d-1234567890.awsapps.com/start"},
		"portal_audit":                   portalAuditPage{portal("Who did what with what is ours?", "/portal/audit"), filter{To: "/portal/audit", Label: "Find in what was done", Query: "signed"}, []entryLine{{At: before(time.Hour), What: "signed in", Who: "admin@startupcorp.io", Source: "192.0.2.7"}}, paging{}},
	}
	maps.Copy(pages, filledCompliance(console, portal))
	maps.Copy(pages, filledHeat(console))
	return pages
}

// templateOf is the template of a filled page.
func templateOf(name string) string { return strings.Fields(name)[0] }
