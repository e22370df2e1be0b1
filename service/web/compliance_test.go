package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"landlord/guard/compliance"
	"landlord/guard/compliance/report"
	"landlord/service/store"
)

// TestStrangeAddresses: no address of the pages on compliance, whatever is asked for in
// it, is a fault of ours.
func TestStrangeAddresses(t *testing.T) {
	h := build(t).assess()
	engineer, own := h.signedIn(store.Who{ID: "engineer"}), h.signedIn(store.Who{Customer: "acme", ID: "member@acme.example"})
	asked := []string{"page=9223372036854775807", "page=99999999999999999999", "page=-1", "edition=%00", "status=%27", "q=%00%ff", "catalogue=%E2%80%AE", "control=%00", "tier=%00", "framework=%27%3B--", "after=%00", "customer=%00", "version=-9223372036854775808"}
	for _, path := range []string{"/compliance", "/compliance/queue", "/compliance/isolation", "/compliance/checks/s3.versioning", "/customers/acme/compliance", "/customers/acme/compliance/checks/s3.versioning",
		"/customers/acme/compliance/controls/CC6.1", "/customers", "/portal/compliance", "/portal/compliance/checks/s3.versioning", "/portal/compliance/controls/CC6.1", "/portal/compliance/reports/json", "/runs", "/organization", "/find", "/portfolio"} {
		v := engineer
		if strings.HasPrefix(path, "/portal") {
			v = own
		}
		for _, query := range asked {
			h.clock.Advance(100 * time.Millisecond)
			if a := v.get(path + "?" + query); a.status >= http.StatusInternalServerError {
				t.Errorf("%s?%s answers %d", path, query, a.status)
			}
		}
	}
	for _, path := range []string{"/customers/%00/compliance", "/customers/acme/compliance/checks/%00", "/customers/acme/compliance/controls/%ff", "/customers/acme/compliance/reports/..%2f..%2fjson", "/compliance/checks/%00", "/compliance/isolation/%00", "/as/%00/compliance"} {
		h.clock.Advance(100 * time.Millisecond)
		if a := engineer.get(path); a.status >= http.StatusInternalServerError {
			t.Errorf("%s answers %d", path, a.status)
		}
	}
}

// TestOwnCompliance: what each customer reads of its compliance, on every page and in
// every file, is its own: its framework's controls by status, no other framework by
// name or id, no other customer; and the operators' page of the customer has the same
// files, byte for byte.
func TestOwnCompliance(t *testing.T) {
	h := build(t).assess()
	engineer := h.signedIn(store.Who{ID: "engineer"})
	for _, c := range h.folio.Customers {
		tier, _ := h.folio.Tier(c.Tier)
		own := h.signedIn(store.Who{Customer: c.Key, ID: "member@" + c.Key + ".example"})
		own.h.clock.Advance(time.Minute) // nobody is told to wait
		read := func(path string) answer {
			t.Helper()
			h.clock.Advance(100 * time.Millisecond)
			a := own.get("/portal/compliance" + path)
			var all strings.Builder
			all.WriteString(a.body)
			for key := range a.header {
				all.WriteString(key + ": " + a.header.Get(key) + "\n")
			}
			if word := foreignTo(tier.Framework, all.String()); word != "" && !strings.HasPrefix(path, "/reports/pdf") { // whose texts are packed
				t.Errorf("%s at %s reads %q", c.Key, path, word)
			}
			for _, other := range h.folio.Customers {
				if other.Key != c.Key && (strings.Contains(all.String(), other.Name) || strings.Contains(all.String(), "logs-of-"+other.Key)) {
					t.Errorf("%s at %s reads of %s", c.Key, path, other.Key)
				}
			}
			return a
		}
		page := read("")
		for _, want := range []string{tier.Framework, "What to fix first", "fail", "Every control", "no attestation"} {
			if page.status != http.StatusOK || !strings.Contains(page.text(), want) {
				t.Errorf("%s: the page (%d) does not say %q: %s", c.Key, page.status, want, page.text())
			}
		}
		pages := 0
		for n := range page.page().Descendants() { // controls and checks that it leads to
			to, is := strings.CutPrefix(attr(n, "href"), "/portal/compliance")
			if !is || strings.Contains(to, "/reports/") {
				continue
			}
			to, _, _ = strings.Cut(to, "#")
			a := read(to)
			if pages++; a.status != http.StatusOK {
				t.Errorf("%s: %s answers %d", c.Key, to, a.status)
			}
			if strings.Contains(to, "/checks/") && !strings.Contains(a.body, "logs-of-"+c.Key) {
				t.Errorf("%s: %s has no resource", c.Key, to)
			}
		}
		if pages < 20 {
			t.Errorf("%s: the page leads to %d others", c.Key, pages)
		}
		for _, f := range report.Formats {
			a := read("/reports/" + f.Name)
			if a.status != http.StatusOK || a.header.Get("Content-Type") != f.Media || a.header.Get("Content-Disposition") != `attachment; filename="`+c.Key+`-2026-11-23-`+f.File+`"` || len(a.body) < 1000 {
				t.Errorf("%s: %s answers %d, %s, %s with %d bytes", c.Key, f.Name, a.status, a.header.Get("Content-Type"), a.header.Get("Content-Disposition"), len(a.body))
			}
			if same := engineer.get("/customers/" + c.Key + "/compliance/reports/" + f.Name); same.body != a.body || same.header.Get("Content-Disposition") != a.header.Get("Content-Disposition") {
				t.Errorf("%s: operators get another %s", c.Key, f.Name)
			}
		}
		if a := read("/reports/docx"); a.status != http.StatusNotFound {
			t.Errorf("a format that there is not answers %d", a.status)
		}
	}
}

// TestPostureByHand: of findings that are counted by hand, the pages say the numbers.
func TestPostureByHand(t *testing.T) {
	h := build(t)
	find := func(key, check string, status compliance.Status, day int) {
		at := testNow.AddDate(0, 0, -day)
		h.operator(func(ctx context.Context, tx store.Tx) error {
			f := compliance.Finding{Name: check, Account: "666677778888", Region: "us-east-1", Resource: "arn:aws:s3:::one", Status: status, At: at, Method: compliance.Imported + "prowler", Hash: strings.Repeat("ab", 32), Reason: "the bucket has no policy"}
			return tx.AddFindings(ctx, key, "by hand", []compliance.Finding{f}, at)
		})
	}
	count := func(day int) {
		h.operator(func(ctx context.Context, tx store.Tx) error { return tx.CountTiers(ctx, testNow.AddDate(0, 0, -day)) })
	}
	engineer := h.signedIn(store.Who{ID: "engineer"})
	says := func(path string, want ...string) {
		t.Helper()
		a := engineer.get(path)
		for _, w := range want {
			if a.status != http.StatusOK || !strings.Contains(a.text(), w) {
				t.Errorf("%s (%d) does not say %q: %s", path, a.status, w, a.text())
			}
		}
	}
	says("/compliance", "Nothing was found of anybody yet.")
	says("/customers/startup", "as we promise. Nothing was assessed by CIS yet.")
	says("/customers/startup/compliance", "Nothing was found of StartupCorp Inc yet")
	if a := h.signedIn(store.Who{Customer: "startup", ID: "admin@startup.example"}).get("/portal/compliance"); !strings.Contains(a.text(), "Nothing was looked at yet") {
		t.Errorf("without evidence the portal says %s", a.text())
	}
	// 1.4 is "root has MFA" of CIS 5.0, by one check alone; 1.3 that root has no key.
	find("startup", "iam.root_mfa", compliance.Pass, 8)
	find("startup", "iam.root_no_access_key", compliance.Pass, 8)
	count(8)
	find("startup", "iam.root_mfa", compliance.Fail, 0)
	count(0)
	says("/customers/startup/compliance", "50.0 % of the controls of CIS v5 that were assessed pass; 1 control does not.", "Worse: from 100.0 % on 15 November 2026 to 50.0 % on 23 November 2026.")
	says("/customers/startup/compliance?status=fail", "1 control")
	says("/customers/startup/compliance/checks/iam.root_mfa", "fail", "the bucket has no policy", strings.Repeat("ab", 32), "import from Prowler")
	says("/compliance", "50.0 % of what was assessed of CIS passes.", "50.0 % of their assessed controls pass", "−50.0 points", "not met for 1 customer more than last week")
	says("/compliance?tier=standard", "StartupCorp Inc", "Root user has MFA")
	says("/overview", "Controls of 1 customer", "StartupCorp Inc has the lowest score: 50.0 % of what was assessed of CIS passes.")
	says("/customers/startup", "as we promise. 1 of the 2 controls of CIS that were assessed does not pass.", "1 of 2 assessed controls pass")
	own := h.signedIn(store.Who{Customer: "startup", ID: "admin@startup.example"})
	if a := own.get("/portal"); !strings.Contains(a.text(), "1 of the 2 controls of CIS that were assessed does not pass.") {
		t.Errorf("the portal's overview says nothing of what fails: %s", a.text())
	}
	h.operator(func(ctx context.Context, tx store.Tx) error {
		return tx.QueueFindings(ctx, "999988887777", "batch", foundIn("999988887777", "nobody", testNow, 3)[:4])
	})
	says("/overview", "4 findings of 1 account In no report")
	says("/compliance?tier=fintech&status=none", "ACME Finance Inc")
	says("/compliance?status=fail", "StartupCorp Inc", "1 customer ")
	says("/compliance?framework=CIS&control=1.4", "Customers whom 1.4 fails for", "StartupCorp Inc")
	says("/compliance?status=error", "No customer is like this")
	says("/compliance?framework=CIS&control=1.3", "No customer is like this")
	says("/compliance?framework=CIS&control=CC6.1", "No customer is like this")
	says("/compliance?control=ac-2&tier=standard", "No customer is like this")
	says("/compliance?control=1.4", "StartupCorp Inc")
	says("/compliance/checks/iam.root_mfa?customer=startup", "With StartupCorp Inc fail at 1 resource", "SOC 2", "HIPAA", "FedRAMP", "CIS v3", "CIS v5 the customer's")
	find("techgov", "iam.root_no_access_key", compliance.Fail, 0)
	says("/customers/techgov/compliance?q=ac-6(2)", "AC-6(2)", "Non-privileged Access for Nonsecurity Functions", "1 control")
	says("/customers/techgov/compliance/controls/ac-6.2", "AC-6(2)")
	says("/compliance?framework=FedRAMP&control=AC-6(2)", "Customers whom AC-6(2) fails for", "TechGov Solutions Inc")
	if a := engineer.get("/customers/startup/compliance?edition=v3"); !strings.Contains(a.body, `/compliance/controls/1.4?edition=v3"`) || !strings.Contains(a.text(), "CIS v3") {
		t.Error("links leave the edition")
	}
	for _, path := range []string{"/compliance/checks/none", "/compliance/checks/iam.root_mfa?customer=nobody", "/customers/startup/compliance/controls/CC6.1", "/customers/startup/compliance/checks/none", "/customers/nobody/compliance"} {
		if a := engineer.get(path); a.status != http.StatusNotFound {
			t.Errorf("%s answers %d", path, a.status)
		}
	}
}

// TestQueue: what is nobody's is in the queue until an engineer says whose it is; a
// wrong key is told by its field; then it is that customer's and in its audit log.
func TestQueue(t *testing.T) {
	h := build(t).assess()
	engineer, auditor := h.signedIn(store.Who{ID: "engineer"}), h.signedIn(store.Who{ID: "auditor"})
	const account = "999988887777"
	if a := auditor.get("/compliance/queue"); !strings.Contains(a.text(), "of 1 account is nobody's") || !strings.Contains(a.text(), account) || strings.Contains(a.body, "/compliance/queue/"+account) {
		t.Errorf("an auditor reads %s", a.text())
	}
	give := func(key string) answer {
		return engineer.post("/compliance/queue/"+account, url.Values{"customer-" + account: {key}})
	}
	for key, says := range map[string]string{"nobody": "Nobody has this key", "": "Nobody has this key"} {
		if a := give(key); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), says) {
			t.Errorf("for the key %q it answers %d: %s", key, a.status, a.text())
		}
	}
	if a := give("startup"); a.status != http.StatusSeeOther {
		t.Fatalf("giving it answers %d: %s", a.status, a.text())
	}
	if a := auditor.get("/compliance/queue"); !strings.Contains(a.text(), "Every finding is of a customer's account.") {
		t.Errorf("after that the queue says %s", a.text())
	}
	own := h.signedIn(store.Who{Customer: "startup", ID: "member@startup.example"})
	if a := own.get("/portal/compliance/checks/iam.root_mfa"); !strings.Contains(a.body, "logs-of-nobody") {
		t.Errorf("the customer reads %s", a.text())
	}
	if a := own.get("/portal/audit"); !strings.Contains(a.text(), account) {
		t.Errorf("its audit log says %s", a.text())
	}
	if a := give("acme"); a.status == http.StatusSeeOther {
		t.Error("an account was given twice")
	}
}
