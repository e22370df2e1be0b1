package control_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"landlord/guard/compliance"
	"landlord/guard/compliance/report"
	"landlord/guard/compliance/scan"
	"landlord/internal/clock"
	"landlord/org"
	"landlord/service/control"
	"landlord/service/store"
)

// assessed is a house with customers who have accounts, of two frameworks, that is
// told the time.
func assessed(t *testing.T, n int) (*house, *clock.Virtual) {
	t.Helper()
	v := clock.NewVirtual(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	h := begin(t, fresh(t), func(cfg *control.Config) { cfg.Clock = v })
	err := h.store.Operator(t.Context(), func(tx store.Tx) error {
		for i := range n {
			if err := tx.PutCustomer(t.Context(), tenant(i, []string{"SOC 2", "CIS"}[i%2])); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return h, v
}

func tenant(n int, framework string) store.Customer {
	return store.Customer{Key: fmt.Sprint("c", n), Name: fmt.Sprint("Customer ", n), Tier: strings.ToLower(framework[:3]), Framework: framework, State: store.Active,
		Account: string(accountOf(n)), Currency: "USD", UpdatedAt: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
}

func accountOf(n int) org.AccountID { return org.AccountID(fmt.Sprintf("%012d", 200000000000+n)) }

// csv is a file of what was found in accounts at a time; a status for each.
func csv(at time.Time, status string, accounts ...org.AccountID) string {
	var b strings.Builder
	b.WriteString("check,account,status,at,region,resource\n")
	for _, account := range accounts {
		for _, name := range []string{"s3.versioning", "iam.root_mfa", "kms.rotation"} {
			fmt.Fprintf(&b, "%s,%s,%s,%s,us-east-1,thing of %s\n", name, account, status, at.Format(time.RFC3339), account)
		}
	}
	return b.String()
}

// everything is all that is kept of findings.
func (h *house) everything(t *testing.T) string {
	t.Helper()
	var all []string
	err := h.store.Operator(t.Context(), func(tx store.Tx) error {
		for _, table := range []string{"finding", "check_history", "assessment", "posture", "posture_day", "finding_batch", "unowned_finding", "account_owner", "tier_tally", "control_tally"} {
			var rows string
			if err := tx.QueryRow(t.Context(), `SELECT coalesce(string_agg(t::text, E'\n' ORDER BY t::text), '') FROM `+table+` t`).Scan(&rows); err != nil {
				return err
			}
			all = append(all, table+"\n"+rows)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, "\n\n")
}

func (h *house) posture(t *testing.T, n int, framework string) (p store.Posture, err error) {
	err = h.store.Operator(t.Context(), func(tx store.Tx) (err error) {
		p, err = tx.Posture(t.Context(), fmt.Sprint("c", n), framework)
		return err
	})
	return p, err
}

// TestImport: a file is each customer's by its accounts, what is nobody's waits, the
// same file changes nothing, and one that is wrong at its end leaves nothing.
func TestImport(t *testing.T) {
	h, v := assessed(t, 3)
	const nobody = org.AccountID("999999999999")
	file := csv(v.Now(), "FAIL", accountOf(0), accountOf(1), nobody)
	before := h.everything(t)
	_, err := h.Import(t.Context(), "../x/broken.csv", strings.NewReader(file+"s3.versioning,12,FAIL,x,,\n"), ada)
	if fault, is := errors.AsType[*scan.Fault](err); !is || fault.Record != 10 || fault.File != "broken.csv" {
		t.Errorf("a broken file: %v", err)
	}
	if after := h.everything(t); after != before {
		t.Errorf("a broken file left %s", after)
	}
	got, err := h.Import(t.Context(), "findings.csv", strings.NewReader(file), ada)
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]int{"c0": 3, "c1": 3}; got.Known || !maps.Equal(got.Customers, want) || got.Queue[nobody] != 3 || got.Batch.Findings != 9 || got.Batch.Queued != 3 {
		t.Errorf("taken in was %+v", got)
	}
	if p, err := h.posture(t, 0, "SOC 2"); err != nil || p.Controls.Fail == 0 || p.Controls.Pass != 0 {
		t.Errorf("c0 stands %+v, %v", p, err)
	}
	if _, err := h.posture(t, 2, "SOC 2"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("of c2 nothing was found: %v", err)
	}
	before = h.everything(t)
	v.Advance(time.Hour)
	if got, err = h.Import(t.Context(), "again.csv", strings.NewReader(file), ada); err != nil || !got.Known || got.Batch.File != "findings.csv" {
		t.Errorf("the same file: %+v, %v", got, err)
	}
	if after := h.everything(t); after != before {
		t.Errorf("the same file changed\n%s\nto\n%s", before, after)
	}
	if n, err := h.Assign(t.Context(), nobody, "c2", ada); err != nil || n != 3 {
		t.Errorf("assigned %d, %v", n, err)
	}
	if p, err := h.posture(t, 2, "SOC 2"); err != nil || p.Controls.Fail == 0 {
		t.Errorf("c2 stands %+v, %v", p, err)
	}
	if got, err = h.Import(t.Context(), "later.csv", strings.NewReader(csv(v.Now(), "PASS", nobody)), ada); err != nil || got.Customers["c2"] != 3 {
		t.Errorf("what is found there later: %+v, %v", got, err)
	}
	if p, err := h.posture(t, 2, "SOC 2"); err != nil || p.Controls.Fail != 0 || p.Controls.Pass == 0 {
		t.Errorf("c2 stands %+v, %v", p, err)
	}
}

// TestPosturesFollow: who comes to another tier is computed anew, what was nobody's
// is a customer's once its account is, and what is old is let go of.
func TestPosturesFollow(t *testing.T) {
	h, v := assessed(t, 2)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := h.Import(t.Context(), "f.csv", strings.NewReader(csv(v.Now(), "FAIL", accountOf(0), accountOf(1), accountOf(7))), ada)
	must(err)
	must(h.store.Operator(t.Context(), func(tx store.Tx) error {
		return errors.Join(tx.PutCustomer(t.Context(), tenant(0, "HIPAA")), tx.PutCustomer(t.Context(), tenant(7, "CIS")))
	}))
	v.Advance(time.Minute)
	must(h.Postures(t.Context(), v.Now()))
	if p, err := h.posture(t, 0, "HIPAA"); err != nil || p.Controls.Fail == 0 {
		t.Errorf("c0 stands %+v, %v", p, err)
	}
	if p, err := h.posture(t, 7, "CIS"); err != nil || p.Controls.Fail == 0 {
		t.Errorf("c7 stands %+v, %v", p, err)
	}
	err = h.store.Operator(t.Context(), func(tx store.Tx) error {
		tiers, err := tx.Tiers(t.Context(), v.Now())
		if len(tiers) != 2 || tiers[0].Tier != "cis" || tiers[0].Assessed != 2 || tiers[1].Tier != "hip" || tiers[1].Assessed != 1 {
			t.Errorf("counted are %+v", tiers)
		}
		return err
	})
	must(err)
	before := h.everything(t)
	must(h.Postures(t.Context(), v.Now()))
	if after := h.everything(t); after != before {
		t.Errorf("a second turn changed\n%s\nto\n%s", before, after)
	}
	// A month before the end c1 is looked at again; then only that stands.
	v.Advance(17 * 30 * 24 * time.Hour)
	_, err = h.Import(t.Context(), "g.csv", strings.NewReader(csv(v.Now(), "PASS", accountOf(1))), ada)
	must(err)
	v.Advance(60 * 24 * time.Hour)
	must(h.Postures(t.Context(), v.Now()))
	if p, err := h.posture(t, 1, "CIS"); err != nil || p.Controls.Pass == 0 || p.Controls.Fail != 0 {
		t.Errorf("c1 stands %+v, %v", p, err)
	}
	if p, err := h.posture(t, 7, "CIS"); err != nil || p.Controls.NotAssessed != 63 {
		t.Errorf("c7, of whom all is old, stands %+v, %v", p, err)
	}
}

// TestFindingsFollowTheAccount: what was found in an account is of whose it is: of
// another than was said at first, of another than AWS showed before, of nobody. No
// report shows an account that is not its customer's any more.
func TestFindingsFollowTheAccount(t *testing.T) {
	h, v := assessed(t, 4)
	const one = org.AccountID("999999999999")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	in := func(n int, account org.AccountID) (shown int) {
		t.Helper()
		key := fmt.Sprint("c", n)
		must(h.store.Customer(t.Context(), key, func(tx store.Tx) error {
			doc, err := control.Report(t.Context(), tx, key, "")
			if err != nil {
				return err
			}
			for _, c := range doc.Checks {
				for _, r := range c.Resources {
					if strings.Contains(r.Resource, string(account)) {
						shown++
					}
				}
			}
			return nil
		}))
		return shown
	}
	becomes := func(n int, account org.AccountID) {
		t.Helper()
		c := tenant(n, []string{"SOC 2", "CIS"}[n%2])
		c.Account = string(account)
		must(h.store.Operator(t.Context(), func(tx store.Tx) error { return tx.PutCustomer(t.Context(), c) }))
	}
	turn := func() {
		t.Helper()
		v.Advance(time.Minute)
		must(h.Postures(t.Context(), v.Now()))
	}
	_, err := h.Import(t.Context(), "f.csv", strings.NewReader(csv(v.Now(), "FAIL", accountOf(0), accountOf(1), accountOf(3), one)), ada)
	must(err)
	// It was said to be c0's by mistake, and is c1's.
	if n, err := h.Assign(t.Context(), one, "c0", ada); err != nil || n != 3 {
		t.Errorf("assigned to c0 were %d findings, %v", n, err)
	}
	if _, err := h.Assign(t.Context(), one, "c1", ada); !errors.Is(err, store.ErrTaken) {
		t.Errorf("assigned twice: %v", err)
	}
	if n, err := h.Reassign(t.Context(), one, "c1", ada); err != nil || n != 3 {
		t.Errorf("assigned to c1 were %d findings, %v", n, err)
	}
	if a, b := in(0, one), in(1, one); a != 0 || b == 0 {
		t.Errorf("c0 is shown %d resources of c1's account, and c1 %d", a, b)
	}
	// AWS shows it to be c2's; then c3 has c2's, and another for its own.
	becomes(2, one)
	if _, err := h.Reassign(t.Context(), one, "c0", ada); !errors.Is(err, store.ErrTaken) {
		t.Errorf("assigned against what AWS shows: %v", err)
	}
	turn()
	if a, b := in(1, one), in(2, one); a != 0 || b == 0 {
		t.Errorf("c1 is shown %d resources of c2's account, and c2 %d", a, b)
	}
	becomes(2, "888888888888")
	becomes(3, "777777777777")
	must(h.store.Operator(t.Context(), func(tx store.Tx) error {
		_, err := tx.Exec(t.Context(), `DELETE FROM account_owner`)
		return err
	}))
	turn()
	if a, b := in(2, one), in(3, accountOf(3)); a != 0 || b != 0 {
		t.Errorf("c2 and c3 are shown %d and %d resources of accounts that are nobody's now", a, b)
	}
	must(h.store.Operator(t.Context(), func(tx store.Tx) error {
		accounts, findings, err := tx.QueueSize(t.Context())
		if accounts != 2 || findings != 6 {
			t.Errorf("in the queue are %d findings of %d accounts", findings, accounts)
		}
		return err
	}))
	if p, err := h.posture(t, 3, "CIS"); err != nil || p.Controls.Fail != 0 {
		t.Errorf("c3 stands %+v by an account that is not its own, %v", p, err)
	}
	if in(0, accountOf(0)) == 0 || in(1, accountOf(1)) == 0 {
		t.Error("who kept their accounts lost what was found there")
	}
	before := h.everything(t)
	turn()
	if after := h.everything(t); after != before {
		t.Errorf("a further turn changed\n%s\nto\n%s", before, after)
	}
}

// TestReportsNameNoOther: what a house reports of each customer, in every format, to
// it and to operators, is the same, and names no other customer and no other
// framework.
func TestReportsNameNoOther(t *testing.T) {
	h, v := assessed(t, 2)
	var accounts []org.AccountID
	for i, framework := range compliance.Frameworks() {
		accounts = append(accounts, accountOf(i))
		err := h.store.Operator(t.Context(), func(tx store.Tx) error { return tx.PutCustomer(t.Context(), tenant(i, framework)) })
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.Import(t.Context(), "f.csv", strings.NewReader(csv(v.Now(), "FAIL", accounts...)), ada); err != nil {
		t.Fatal(err)
	}
	foreign := map[string][]string{"SOC 2": {"SOC 2", "CC6."}, "HIPAA": {"HIPAA", "164.3"}, "FedRAMP": {"FedRAMP", "KSI-", "800-53"}, "CIS": {"CIS Amazon", "Foundations Benchmark"}}
	for i, framework := range compliance.Frameworks() {
		key := fmt.Sprint("c", i)
		for _, format := range report.Formats {
			write := func(scope func(func(store.Tx) error) error) string {
				var doc *report.Report
				err := scope(func(tx store.Tx) (err error) {
					doc, err = control.Report(t.Context(), tx, key, "")
					return err
				})
				var b bytes.Buffer
				if err == nil {
					err = format.Write(doc, &b)
				}
				if err != nil {
					t.Fatalf("%s of %s: %v", format.Name, key, err)
				}
				return b.String()
			}
			theirs := write(func(fn func(store.Tx) error) error { return h.store.Customer(t.Context(), key, fn) })
			ours := write(func(fn func(store.Tx) error) error { return h.store.Operator(t.Context(), fn) })
			if theirs != ours {
				t.Errorf("%s of %s is another for operators", format.Name, key)
			}
			for other, words := range foreign {
				for _, w := range words {
					if other != framework && strings.Contains(theirs, w) {
						t.Errorf("%s of %s, which is held to %s, has %q", format.Name, key, framework, w)
					}
				}
			}
			for n, account := range accounts {
				if n != i && strings.Contains(theirs, string(account)) {
					t.Errorf("%s of %s names account %s", format.Name, key, account)
				}
			}
		}
	}
}

// TestImportsAtOnce: files that come in at once leave what they leave one after the
// other, whatever their order.
func TestImportsAtOnce(t *testing.T) {
	const files = 8
	at := time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)
	r := rand.New(rand.NewPCG(1, 0))
	var texts []string
	for n := range files {
		accounts := []org.AccountID{accountOf(0), accountOf(1), accountOf(2), accountOf(3)}
		if n > files-3 { // those that have something for the queue wait for each other there
			accounts = append(accounts, accountOf(9))
		}
		r.Shuffle(len(accounts), func(i, j int) { accounts[i], accounts[j] = accounts[j], accounts[i] })
		texts = append(texts, csv(at.Add(time.Duration(n)*time.Hour), []string{"PASS", "FAIL"}[n%2], accounts...))
	}
	h, v := assessed(t, 4)
	v.Advance(24 * time.Hour)
	done := make(chan error)
	for n, text := range texts {
		go func() {
			_, err := h.Import(t.Context(), fmt.Sprint(n, ".csv"), strings.NewReader(text), ada)
			done <- err
		}()
	}
	for range texts {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	err := h.store.Operator(t.Context(), func(tx store.Tx) error {
		batches, err := tx.Batches(t.Context(), 100)
		if err != nil || len(batches) != files {
			t.Errorf("%d of %d files came in, %v", len(batches), files, err)
		}
		for n := range 4 {
			s, err := tx.Standing(t.Context(), fmt.Sprint("c", n), []string{"SOC 2", "CIS"}[n%2])
			if err != nil {
				return err
			}
			if s.Read != 3*files || !s.First.Equal(at) || !s.Last.Equal(at.Add((files-1)*time.Hour)) {
				t.Errorf("of c%d %d findings were read, of %v to %v", n, s.Read, s.First, s.Last)
			}
		}
		queue, err := tx.Queue(t.Context(), "", 10)
		if err != nil || len(queue) != 1 || queue[0].Failing != 3 || queue[0].Findings != 3 {
			t.Errorf("the queue is %+v, %v", queue, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
