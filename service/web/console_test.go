package web

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"landlord/service/store"
)

// rowNames is the texts of the rows' first headers.
func rowNames(root *html.Node) []string {
	var names []string
	for _, tr := range all(root, "tr") {
		for n := range tr.ChildNodes() {
			if n.Data == "th" && attr(n, "scope") == "row" {
				names = append(names, text(all(n, "a")[0]))
			}
		}
	}
	return names
}

func TestDirectory(t *testing.T) {
	h := build(t)
	v := h.signedIn(store.Who{ID: "engineer"})
	for _, tt := range []struct{ name, query, want string }{
		{"all, by name", "", "ACME Finance Inc, MediCorp Solutions Inc, Quantum Bank Corp, StartupCorp Inc, TechGov Solutions Inc"},
		{"part of a name, whatever its case", "q=BANK", "Quantum Bank Corp"},
		{"an account", "q=222233334446", "TechGov Solutions Inc"},
		{"a contact's address", "q=contact@medicorp", "MediCorp Solutions Inc"},
		{"a tier", "tier=fintech", "ACME Finance Inc, Quantum Bank Corp"},
		{"a tier and a text", "tier=fintech&q=quantum", "Quantum Bank Corp"},
		{"a framework", "framework=HIPAA", "MediCorp Solutions Inc"},
		{"failing checks", "health=failing", "ACME Finance Inc"},
		{"the dearest first", "sort=-price&q=corp", "MediCorp Solutions Inc, Quantum Bank Corp, StartupCorp Inc"},
		{"a sort that is none", "sort=;drop&q=bank", "Quantum Bank Corp"},
		{"a wildcard is a text", "q=%25", ""},
		{"nobody", "q=zebra", ""},
		{"another page", "page=2", ""},
	} {
		a := v.get("/customers?" + tt.query)
		if got := strings.Join(rowNames(a.page()), ", "); a.status != http.StatusOK || got != tt.want {
			t.Errorf("%s: %d %q, want %q", tt.name, a.status, got, tt.want)
		}
		part := v.get("/customers?"+tt.query, "HX-Request", "true")
		if got := strings.Join(rowNames(part.page()), ", "); got != tt.want || strings.Contains(part.body, "<nav") {
			t.Errorf("%s, for htmx: %q, want %q and no frame", tt.name, got, tt.want)
		}
	}
	if a := v.get("/customers?q=zebra"); !strings.Contains(a.text(), "Nothing that is known of a customer holds “zebra”.") {
		t.Errorf("an empty search says %q", a.text())
	}
	rows, err := csv.NewReader(strings.NewReader(v.get("/customers.csv?tier=fintech").body)).ReadAll()
	if err != nil || len(rows) != 3 || rows[1][1] != "ACME Finance Inc" || rows[1][11] == "" {
		t.Errorf("the export is %q, %v", rows, err)
	}
}

// TestNamesAreTexts: no name is markup, a formula or a wildcard.
func TestNamesAreTexts(t *testing.T) {
	h := build(t)
	h.add("evil", `=cmd()<script>alert("1")</script>%_`, "standard", "999988887777", true)
	v := h.signedIn(store.Who{ID: "owner"})
	for _, path := range []string{"/customers", "/customers/evil", "/find?q=cmd", "/overview", "/as/evil"} {
		if a := v.get(path); strings.Contains(a.body, "<script>") {
			t.Errorf("%s runs what a customer is called", path)
		}
	}
	if a := v.get("/customers.csv"); !strings.Contains(a.body, `"'=cmd()`) {
		t.Errorf("the export has a formula: %s", a.body)
	}
	if names := rowNames(v.get("/customers?q=%25_").page()); len(names) != 1 {
		t.Errorf("a search for %%_ finds %q", names)
	}
}

func TestCustomerPages(t *testing.T) {
	h := build(t)
	v := h.signedIn(store.Who{ID: "support"})
	for path, wants := range map[string][]string{
		"/customers/acme":          {"222233334444", "Customers-Fintech", "SOC 2", "1 check of what we promise fails.", "The account cannot leave the organization", "acme.example ", "See their portal"},
		"/customers/acme/contacts": {"contact@acme.example", "acme.example", "Send a link"},
		"/customers/acme/people":   {"admin@acme.example", "Invite somebody of ACME Finance Inc"},
		"/customers/acme/history":  {"account of acme created", "No run has touched it yet."},
		"/overview":                {"1 thing needs a person.", "The account is in its tier's unit: the account is in Root", "a month from 5 customers"},
		"/organization":            {"o-nhhwx365my", "Customers-Fintech", "landlord-soc2", "management account: no guardrail holds it"},
		"/runs":                    {"Nothing has run yet"},
		"/settings/people":         {"engineer@msp.example", "An owner invites and removes."},
	} {
		a := v.get(path)
		if path == "/customers/acme/history" { // which has entries of the audit log
			a = h.signedIn(store.Who{ID: "auditor"}).get(path)
		}
		for _, want := range wants {
			if !strings.Contains(a.text(), want) {
				t.Errorf("%s (%d) does not say %q: %s", path, a.status, want, a.text())
			}
		}
	}
	if a := v.get("/customers/nobody"); a.status != http.StatusNotFound || !strings.Contains(a.text(), "Nobody has the key nobody.") {
		t.Errorf("nobody's page answers %d %q", a.status, a.text())
	}
}

// TestInvite: who is invited gets a link and signs in; who is removed is out at
// once; nothing that was typed is lost when it is wrong.
func TestInvite(t *testing.T) {
	h := build(t)
	admin := h.signedIn(store.Who{Customer: "acme", ID: "admin@acme.example"})
	a := admin.post("/portal/people", url.Values{"email": {"not an address"}, "role": {"admin"}})
	if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `value="not an address"`) || !strings.Contains(a.text(), "This is no e-mail address.") {
		t.Errorf("a wrong address answers %d: %s", a.status, a.text())
	}
	if a := admin.post("/portal/people", url.Values{"email": {"New@acme.example"}, "role": {"member"}}); a.status != http.StatusSeeOther {
		t.Fatalf("inviting answers %d: %s", a.status, a.text())
	}
	if err := h.SendLinks(t.Context(), h.clock.Now()); err != nil || len(h.letters) != 1 || h.letters[0].To != "new@acme.example" {
		t.Fatalf("letters %v, %v", h.letters, err)
	}
	if l := h.letters[0]; l.Subject != "Invitation to "+h.house() || !strings.HasPrefix(l.Text, "admin@acme.example invites you to sign in to ") || !strings.Contains(l.Text, "Sign in as one of ACME Finance Inc:") || !strings.Contains(l.Text, h.Base.String()+"/signin\n") || strings.Contains(l.Text, "asked to sign in") {
		t.Errorf("the invitation says %q: %s", l.Subject, l.Text)
	}
	colleague := h.visitor()
	colleague.post(linkIn.FindString(h.letters[0].Text), nil)
	if a := colleague.get("/portal/people"); a.status != http.StatusOK || strings.Contains(a.text(), "Invite a colleague") {
		t.Errorf("a member sees %d %s", a.status, a.text())
	}
	if a := admin.post("/portal/people/remove", url.Values{"email": {"admin@acme.example"}}); a.status != http.StatusConflict {
		t.Errorf("an admin removes herself: %d", a.status)
	}
	if a := admin.post("/portal/people/remove", url.Values{"email": {"new@acme.example"}}); a.status != http.StatusSeeOther {
		t.Errorf("removing answers %d", a.status)
	}
	if a := colleague.get("/portal"); a.status != http.StatusSeeOther {
		t.Errorf("who was removed goes on: %d", a.status)
	}
	owner := h.signedIn(store.Who{ID: "owner"})
	if a := owner.post("/settings/people/role", url.Values{"id": {"auditor"}, "role": {"engineer"}}); a.status != http.StatusSeeOther {
		t.Errorf("a change of role answers %d", a.status)
	}
	engineer := h.signedIn(store.Who{ID: "engineer"})
	owner.post("/settings/people/remove", url.Values{"id": {"engineer"}})
	if a := engineer.get("/overview"); a.status != http.StatusSeeOther {
		t.Errorf("a removed operator goes on: %d", a.status)
	}
	if a := owner.get("/audit"); !strings.Contains(a.text(), "auditor@msp.example, engineer") || !strings.Contains(a.text(), "removed an operator") || !strings.Contains(a.text(), "invited a person") {
		t.Errorf("the audit log says %s", a.text())
	}
}

// TestApply: the plan is shown, what was shown is started, its progress comes as
// events.
func TestApply(t *testing.T) {
	h := build(t)
	v := h.signedIn(store.Who{ID: "engineer"})
	a := v.get("/plan")
	for _, want := range []string{"17 to create, 1 to change.", "Nothing moves or closes.", "1 min to 7 min", "Government-Federal", "Apply 18 changes", "This organization is simulated"} {
		if !strings.Contains(a.text(), want) {
			t.Errorf("the plan does not say %q: %s", want, a.text())
		}
	}
	if a := v.post("/plan", url.Values{"digest": {"of another"}}); a.status != http.StatusConflict || !strings.Contains(a.text(), "Something has changed since") {
		t.Errorf("a plan that is not the one shown answers %d %s", a.status, a.text())
	}
	if a := v.post("/plan", url.Values{"digest": {"the digest"}}); a.header.Get("Location") != "/runs/"+runID {
		t.Fatalf("applying answers %d, leads to %q", a.status, a.header.Get("Location"))
	}
	if a := v.get("/runs/" + runID); !strings.Contains(a.text(), "0 of 1 step, 0 of 1 customer ready") {
		t.Errorf("the run says %s", a.text())
	}
	if a := v.get("/plan"); !strings.Contains(a.text(), "A run is under way.") || strings.Contains(a.text(), "Apply 18 changes") {
		t.Errorf("beside a run the plan says %s", a.text())
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.web.URL+"/runs/"+runID+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := v.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	lines := bufio.NewScanner(w.Body)
	next := func() string { // the next event and what it says
		var b strings.Builder
		for lines.Scan() && lines.Text() != "" {
			fmt.Fprintln(&b, strings.TrimPrefix(lines.Text(), "data: "))
		}
		return b.String()
	}
	if e := next(); !strings.HasPrefix(e, "event: progress") || !strings.Contains(e, "0 of 1 step") {
		t.Errorf("the first event is %s", e)
	}
	h.end(store.RunDone, store.StepDone, "", "1 step done, nothing left to do")
	if e := next(); !strings.Contains(e, "1 of 1 step, 1 of 1 customer ready") {
		t.Errorf("the second event is %s", e)
	}
	if e := next(); !strings.HasPrefix(e, "event: ended") || lines.Scan() {
		t.Errorf("the end is %q, and more", e)
	}
	if a := v.get("/customers/acme/history"); !strings.Contains(a.text(), "create account ACME Finance Inc") {
		t.Errorf("the history says %s", a.text())
	}
}

// TestPortfolio: a text is planned before it is the portfolio; what is wrong is
// told with its line and nothing typed is lost; whoever comes second is told.
func TestPortfolio(t *testing.T) {
	h := build(t)
	v := h.signedIn(store.Who{ID: "engineer"})
	a := v.get("/portfolio")
	kept := text(all(a.page(), "textarea")[0])
	if !strings.Contains(a.text(), "Version 1, by owner@msp.example") || !strings.Contains(kept, "key: acme") {
		t.Fatalf("the portfolio is %s", a.text())
	}
	raw := v.get("/portfolio.yaml").body
	wrong := strings.Replace(raw, "tier: standard", "tier: standrad", 1)
	if a := v.post("/portfolio/plan", url.Values{"text": {wrong}, "base": {"1"}, "note": {"a typo"}}); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "unknown tier") ||
		!strings.Contains(a.text(), "tier: standrad") || !strings.Contains(a.body, `value="a typo"`) {
		t.Errorf("a wrong text answers %d %s", a.status, a.text())
	}
	right := strings.ReplaceAll(strings.Replace(raw, "name: StartupCorp Inc", "name: StartupCorp GmbH", 1), "\n", "\r\n")
	a = v.post("/portfolio/plan", url.Values{"text": {right}, "base": {"1"}, "note": {"a new name"}})
	if got := text(all(a.page(), "pre")[0]); a.status != http.StatusOK || !strings.Contains(got, "- name: StartupCorp Inc + name: StartupCorp GmbH") || !strings.Contains(a.text(), "Make it version 2 and apply 18 changes") {
		t.Errorf("the plan of a text is %d %s", a.status, a.text())
	}
	form := url.Values{"text": {right}, "base": {"1"}, "note": {"a new name"}, "digest": {"the digest"}}
	if a := v.post("/portfolio", form); a.status != http.StatusSeeOther {
		t.Fatalf("pushing answers %d %s", a.status, a.text())
	}
	if a := v.get("/portfolio"); !strings.Contains(a.text(), "Version 2, by engineer@msp.example") || !strings.Contains(a.text(), "StartupCorp GmbH") || !strings.Contains(a.text(), "a new name") {
		t.Errorf("then the portfolio is %s", a.text())
	}
	if a := v.post("/portfolio", form); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "Somebody was first: engineer@msp.example made version 2") {
		t.Errorf("whoever is second is told %d %s", a.status, a.text())
	}
	if got := v.get("/portfolio.yaml?version=1").body; got != raw {
		t.Errorf("version 1 is not what it was:\n%s", got)
	}
	if a := h.signedIn(store.Who{ID: "auditor"}).get("/portfolio?version=1"); !strings.Contains(a.text(), "The latest is version 2") || len(all(a.page(), "textarea")) > 0 {
		t.Errorf("an auditor sees %s", a.text())
	}
}

// TestEntriesInWords: what the audit log names is said, and digests are short.
func TestEntriesInWords(t *testing.T) {
	h := build(t)
	h.operator(func(ctx context.Context, tx store.Tx) error {
		return tx.Audit(ctx, store.Entry{At: testNow, ActorKind: store.BySystem, Actor: "landlord", Action: "portfolio.push", Before: map[string]any{"version": 1},
			After: map[string]any{"version": 2, "digest": strings.Repeat("0123456789abcdef", 4), "note": "<b>two, three</b>"}})
	})
	a := h.signedIn(store.Who{ID: "auditor"}).get("/audit?action=portfolio.push")
	if want := "made a version of the portfolio version: 1 → digest: 0123456789ab…, note: <b>two, three</b>, version: 2 landlord"; !strings.Contains(a.text(), want) {
		t.Errorf("the entry says %s, want %s", a.text(), want)
	}
	if a := h.signedIn(store.Who{ID: "auditor"}).get("/overview"); !strings.Contains(a.text(), "1 thing needs a person.") {
		t.Errorf("the overview says %s", a.text())
	}
}

// TestEveryDeedHasWords: what the house writes into the audit log is read in words.
func TestEveryDeedHasWords(t *testing.T) {
	named := regexp.MustCompile(`(?:entry\(|told\(|act\{|Action: |did: )[^"\n]*"([a-z]+\.[a-z]+)"`)
	found := map[string]bool{}
	for _, dir := range []string{".", "../control", "../api", "../store"} {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range named.FindAllStringSubmatch(string(text), -1) {
				if found[m[1]] = true; deeds[m[1]] == "" {
					t.Errorf("%s writes %q, for which there are no words", name, m[1])
				}
			}
		}
	}
	if len(found) < 30 {
		t.Errorf("only %d deeds were found", len(found))
	}
}

// TestDrift: what a look found and nobody mended is told, and not when it was.
func TestDrift(t *testing.T) {
	h := build(t)
	v := h.signedIn(store.Who{ID: "owner"})
	look := func(id, kind, plan string, steps ...store.Step) {
		h.clock.Advance(time.Minute)
		h.operator(func(ctx context.Context, tx store.Tx) error {
			if err := tx.AddRun(ctx, store.Run{ID: id, Kind: kind, Portfolio: 1, AskedBy: "control", AskedAt: h.clock.Now()}); err != nil {
				return err
			}
			if _, err := tx.StartRun(ctx, id, h.clock.Now()); err != nil {
				return err
			}
			if err := tx.PutSteps(ctx, steps); err != nil {
				return err
			}
			return tx.EndRun(ctx, id, store.RunDone, "done", json.RawMessage(plan), h.clock.Now())
		})
	}
	const drift = "AWS is not as the portfolio wants it 2 changes would make it so."
	for _, tt := range []struct {
		name string
		run  func()
		told bool
	}{
		{"a look that found something", func() { look("a", store.RunReconcile, `{"plan": {"changes": [{}, {}]}}`) }, true},
		{"one that mended it", func() {
			look("b", store.RunReconcile, `{"plan": {"changes": [{}, {}]}}`, store.Step{Run: "b", Kind: "tag", State: store.StepRunning})
		}, false},
		{"another that only looked", func() { look("c", store.RunVerify, `{"plan": {"changes": [{}, {}]}}`) }, true},
		{"an apply", func() { look("d", store.RunApply, `{"plan": {"changes": [{}, {}]}}`) }, false},
		{"a look that found nothing", func() { look("e", store.RunReconcile, `{"plan": {"changes": []}}`) }, false},
	} {
		tt.run()
		if a := v.get("/overview"); a.status != http.StatusOK || strings.Contains(a.text(), drift) != tt.told {
			t.Errorf("after %s the overview says %s", tt.name, a.text())
		}
	}
}

// TestDatabaseAway: what people see is a sentence, and the house says that it is
// not ready.
func TestDatabaseAway(t *testing.T) {
	h := build(t)
	v := h.signedIn(store.Who{ID: "owner"})
	h.store.Close()
	if a := v.get("/overview"); a.status != http.StatusServiceUnavailable || !strings.Contains(a.text(), "The house cannot reach its database") {
		t.Errorf("without a database the overview answers %d %s", a.status, a.text())
	}
	if a := v.get("/readyz"); a.status != http.StatusServiceUnavailable {
		t.Errorf("without a database it is ready: %d", a.status)
	}
	if a := v.get("/healthz"); a.status != http.StatusOK {
		t.Errorf("without a database it is dead: %d", a.status)
	}
}

// TestRealOrganization: where the organization is AWS's, its id is typed.
func TestRealOrganization(t *testing.T) {
	h := build(t)
	h.operator(func(ctx context.Context, tx store.Tx) error {
		first, err := tx.LatestPortfolio(ctx)
		if err != nil {
			return err
		}
		text, _, _ := strings.Cut(first.Text, "  # The ids that the simulated AWS gives.")
		_, customers, _ := strings.Cut(first.Text, "# The tiers are built in")
		return tx.AddPortfolio(ctx, store.Portfolio{Version: 2, Text: strings.Replace(text, "target: simulated", "target: aws", 1) + "\n#" + customers, Author: "owner@msp.example", At: testNow})
	})
	v := h.signedIn(store.Who{ID: "owner"})
	for _, typed := range []string{"", "yes", "o-other"} {
		if a := v.post("/plan", url.Values{"digest": {"the digest"}, "confirm": {typed}}); a.status != http.StatusUnprocessableEntity {
			t.Errorf("typing %q answers %d", typed, a.status)
		}
	}
	if a := v.post("/plan", url.Values{"digest": {"the digest"}, "confirm": {" o-nhhwx365my "}}); a.status != http.StatusSeeOther {
		t.Errorf("typing the id answers %d", a.status)
	}
}

func TestSimulation(t *testing.T) {
	h := build(t)
	v := h.signedIn(store.Who{ID: "auditor"})
	if a := v.get("/simulation"); !strings.Contains(a.text(), "Our 5 customers and") {
		t.Errorf("the page says %s", a.text())
	}
	a := v.get("/simulation?add=3&tier=standard")
	if got := text(all(a.page(), "table")[0]); !strings.Contains(got, "Customers 5 8") || !strings.Contains(a.text(), "Decision: ") {
		t.Errorf("three more: %s", a.text())
	}
	for _, q := range []string{"add=-1&tier=standard", "add=999999&tier=standard", "add=x&tier=standard", "add=1&tier=nobody"} {
		if a := v.get("/simulation?" + q); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s answers %d", q, a.status)
		}
	}
	if a := v.get("/simulation/report?add=3&tier=standard"); a.status != http.StatusOK || !strings.Contains(a.body, "Eight-Customer Simulation") && !strings.Contains(a.body, "8-Customer Simulation") {
		t.Errorf("the report answers %d", a.status)
	}
}

// TestTokens: a token may what its person may, is shown once, and ends.
func TestTokens(t *testing.T) {
	h := build(t)
	h.Tokens = Tokens{New: func(string) (string, []byte) { return "landlord_op_x", hashOf("landlord_op_x") }, Scopes: func(role string) []string { return []string{"read", role + "s"} }}
	v := h.signedIn(store.Who{ID: "billing"})
	if a := v.post("/settings/tokens", url.Values{"name": {" "}, "scope": {"read"}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a token without a name answers %d", a.status)
	}
	if a := v.post("/settings/tokens", url.Values{"name": {"CI"}, "scope": {"owners"}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a scope that the role does not have answers %d", a.status)
	}
	if a := v.post("/settings/tokens", url.Values{"name": {"CI"}, "scope": {"read", "owners", "billings"}, "days": {"30"}}); !strings.Contains(a.text(), "landlord_op_x") || !strings.Contains(a.text(), "read, billings") {
		t.Fatalf("no token is shown: %s", a.text())
	}
	if a := v.get("/settings/tokens"); strings.Contains(a.body, "landlord_op_x") {
		t.Error("the token is shown again")
	}
	for _, f := range all(v.get("/settings/tokens").page(), "form") {
		if to := attr(f, "action"); strings.HasSuffix(to, "/end") {
			v.post(to, nil)
		}
	}
	if a := v.get("/settings/tokens"); !strings.Contains(a.text(), "No tokens") {
		t.Errorf("the token that was ended is there: %s", a.text())
	}
	if a := h.visitor().get("/api/v1/x"); a.status != http.StatusUnauthorized || a.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("without a token the API answers %d %s", a.status, a.header.Get("Content-Type"))
	}
}

// TestEmptyHouse: with nobody in it every page says what belongs there.
func TestEmptyHouse(t *testing.T) {
	empty := build(t)
	empty.operator(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM member; DELETE FROM contact; DELETE FROM domain; DELETE FROM check_result; DELETE FROM customer; DELETE FROM portfolio; DELETE FROM setting`)
		return err
	})
	v := empty.signedIn(store.Who{ID: "owner"})
	for path, want := range map[string]string{"/overview": "No customers yet", "/customers": "Customers come from the portfolio file", "/runs": "Nothing has run yet", "/organization": "What is there is read from AWS", "/simulation": "There is no portfolio yet"} {
		if a := v.get(path); a.status != http.StatusOK || !strings.Contains(a.text(), want) {
			t.Errorf("%s answers %d without %q: %s", path, a.status, want, a.text())
		}
	}
}
