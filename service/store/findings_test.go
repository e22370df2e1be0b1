package store_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"landlord/guard/compliance"
	"landlord/guard/compliance/report"
	"landlord/org"
	"landlord/service/store"
	"landlord/service/store/storetest"
)

// found is what Prowler's run of a day found in an account of some checks: fail of
// every nth, 0 is none.
func found(account org.AccountID, at time.Time, nth int, checks ...string) (all []compliance.Finding) {
	for i, name := range checks {
		f := compliance.Finding{Name: name, Account: account, Region: "us-east-1", Resource: "arn:aws:s3:::" + name, Status: compliance.Pass, At: at,
			Method: compliance.Imported + "prowler", Whole: true, Hash: fmt.Sprintf("%064x", at.Unix()+int64(i))}
		if nth > 0 && i%nth == 0 {
			f.Status = compliance.Fail
		}
		all = append(all, f)
	}
	return all
}

// checksOf are the ids of the checks of a framework, and of one that nobody knows.
func checksOf(t *testing.T, framework string) (ids []string) {
	t.Helper()
	f, err := compliance.Of(framework, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range f.Checks() {
		ids = append(ids, c.ID)
	}
	return append(ids, "nobody_knows")
}

func with(c store.Customer, tier, framework, account string) store.Customer {
	c.Tier, c.Framework, c.Account, c.State = tier, framework, account, store.Active
	return c
}

// rendered is a customer's report in a scope.
func rendered(t *testing.T, key string, scope func(func(store.Tx) error) error) (text string, p compliance.Posture) {
	t.Helper()
	err := scope(func(tx store.Tx) error {
		c, err := tx.Customer(t.Context(), key)
		if err != nil {
			return err
		}
		s, err := tx.Standing(t.Context(), key, c.Framework)
		if err != nil {
			return err
		}
		f, err := compliance.Of(c.Framework, "")
		if err != nil {
			return err
		}
		p = s.Posture(f)
		var b bytes.Buffer
		err = report.New(report.Subject{Customer: key}, p).JSON(&b)
		text = b.String()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text, p
}

// TestPostureIsKept: what is kept of findings says the same as the findings, to the
// operator and to the customer, to the byte, and after a change of tier too.
func TestPostureIsKept(t *testing.T) {
	s := storetest.New(t)
	ctx := t.Context()
	const account = org.AccountID("222233334444")
	operator(t, s, func(tx store.Tx) error {
		return errors.Join(tx.PutCustomer(ctx, with(acme("acme"), "fintech", "SOC 2", string(account))), tx.PutCustomer(ctx, with(acme("globex"), "standard", "CIS", "333344445555")))
	})
	var all []compliance.Finding
	for day, nth := range []int{3, 2, 0, 5} {
		some := found(account, now.AddDate(0, 0, day), nth, checksOf(t, "FedRAMP")...)
		all = append(all, some...)
		operator(t, s, func(tx store.Tx) error { return tx.AddFindings(ctx, "acme", fmt.Sprint("batch ", day), some, now) })
	}
	as := func(framework string) compliance.Posture {
		var h compliance.History
		for _, f := range all {
			h.Add(f)
		}
		f, err := compliance.Of(framework, "")
		if err != nil {
			t.Fatal(err)
		}
		return h.Posture(f)
	}
	theirs := func(fn func(store.Tx) error) error { return s.Customer(ctx, "acme", fn) }
	ours := func(fn func(store.Tx) error) error { return s.Operator(ctx, fn) }
	same := func(framework string, trend int) {
		t.Helper()
		want := as(framework)
		text, got := rendered(t, "acme", theirs)
		if other, _ := rendered(t, "acme", ours); other != text {
			t.Error("the operator's report of the customer is another than the customer's")
		}
		want.Unmapped, want.Elsewhere = got.Unmapped, got.Elsewhere // what is counted there stands
		want.Trend = want.Trend[len(want.Trend)-trend:]
		if one, two := fmt.Sprintf("%+v", want.Trend), fmt.Sprintf("%+v", got.Trend); one != two {
			t.Errorf("%s: the trend is %s, want %s", framework, two, one)
		}
		one, _ := json.Marshal(want)
		two, _ := json.Marshal(got)
		if !bytes.Equal(one, two) {
			t.Errorf("%s: what is kept says\n%s\nwant\n%s", framework, two, one)
		}
		if got.Unmapped != (compliance.Rest{Checks: 1, Findings: 1}) || got.Elsewhere.Findings == 0 {
			t.Errorf("%s: %v are of unknown checks, %v of others", framework, got.Unmapped, got.Elsewhere)
		}
	}
	same("SOC 2", 4)
	if err := s.Customer(ctx, "globex", func(tx store.Tx) error { _, err := tx.Standing(ctx, "acme", "SOC 2"); return err }); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another reads how acme stands: %v", err)
	}
	if err := s.Customer(ctx, "acme", func(tx store.Tx) error { _, err := tx.Standing(ctx, "acme", "FedRAMP"); return err }); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("acme reads of another framework: %v", err)
	}
	operator(t, s, func(tx store.Tx) error {
		if err := tx.PutCustomer(ctx, with(acme("acme"), "health", "HIPAA", string(account))); err != nil {
			return err
		}
		stale, err := tx.StalePostures(ctx, "", 10)
		if err != nil || !slices.Equal(stale, []string{"acme"}) {
			t.Errorf("stale are %q, %v", stale, err)
		}
		return tx.Recompute(ctx, "acme", now)
	})
	same("HIPAA", 1) // its days begin with the new tier
	operator(t, s, func(tx store.Tx) error {
		_, err := tx.Rename(ctx, "acme", "apex", now)
		return err
	})
	if err := s.Customer(ctx, "apex", func(tx store.Tx) error { _, err := tx.Standing(ctx, "apex", "HIPAA"); return err }); err != nil {
		t.Errorf("under its new key: %v", err)
	}
}

// TestOverview: the counts of a tier's customers, the order of the worst, who has a
// control in a status, and what was a week ago.
func TestOverview(t *testing.T) {
	s := storetest.New(t)
	ctx := t.Context()
	week := now.AddDate(0, 0, 7)
	operator(t, s, func(tx store.Tx) error {
		for i, key := range []string{"a", "b", "c", "none"} {
			if err := tx.PutCustomer(ctx, with(acme(key), "standard", "CIS", fmt.Sprintf("%012d", i+1))); err != nil {
				return err
			}
		}
		ids := checksOf(t, "CIS")
		return errors.Join(
			tx.AddFindings(ctx, "a", "1", found("000000000001", now, 4, ids...), now),
			tx.AddFindings(ctx, "b", "1", found("000000000002", now, 1, ids...), now),
			tx.AddFindings(ctx, "c", "1", found("000000000003", now, 0, ids...), now),
			tx.CountTiers(ctx, now),
			tx.AddFindings(ctx, "b", "2", found("000000000002", week, 0, ids...), week),
			tx.AddFindings(ctx, "c", "2", found("000000000003", week, 2, ids...), week),
			tx.CountTiers(ctx, week),
		)
	})
	operator(t, s, func(tx store.Tx) error {
		heat, err := tx.Heat(ctx, now)
		if err != nil || len(heat) != 63 {
			t.Fatalf("%d controls, %v", len(heat), err)
		}
		failing := ""
		for _, h := range heat {
			sum := func(c store.Counts) int {
				return c.Pass + c.Fail + c.Error + c.Manual + c.NotApplicable + c.NotAssessed
			}
			if sum(h.Now) != 3 || sum(h.Was) != 3 || h.Tier != "standard" {
				t.Errorf("counted %+v", h)
			}
			if h.Now.Fail == 2 {
				failing = h.Control
			}
		}
		if h := heat[1]; h.Control != "1.2" || h.Now.Fail != 2 || h.Was.Fail != 2 { // by its first check, which a always and then c has failing, and b had
			t.Errorf("control 1.2 is %+v", h)
		}
		list, total, err := tx.Standings(ctx, store.Standings{Since: now, Limit: 10})
		if err != nil || total != 4 || len(list) != 4 {
			t.Fatalf("%d of %d, %v", len(list), total, err)
		}
		var keys []string
		for _, one := range list {
			keys = append(keys, one.Key)
		}
		if !slices.Equal(keys, []string{"c", "a", "b", "none"}) {
			t.Errorf("the worst first are %q", keys)
		}
		if b := list[2]; b.Was.Pass != 0 || b.Was.Of == 0 || b.Controls.Score().Tenths() != 1000 || list[3].Assessed {
			t.Errorf("b stands %+v, and there is %+v", b, list[3])
		}
		list, total, err = tx.Standings(ctx, store.Standings{Framework: "CIS", Control: failing, Status: compliance.Fail, Since: now, Limit: 1})
		if err != nil || total != 2 || len(list) != 1 || list[0].Key != "c" {
			t.Errorf("of %d customers with control %s failing the worst is %v, %v", total, failing, list, err)
		}
		if list, behind, err := tx.Standings(ctx, store.Standings{Framework: "CIS", Control: failing, Status: compliance.Fail, Since: now, Limit: 1, Offset: 1000}); err != nil || len(list) != 0 || behind != total {
			t.Errorf("behind the last one: %d of %d, %v", len(list), behind, err)
		}
		if _, _, err := tx.Standings(ctx, store.Standings{Framework: "CIS", Control: "CC6.1"}); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a control of another framework: %v", err)
		}
		tiers, err := tx.Tiers(ctx, now)
		if err != nil || len(tiers) != 2 || tiers[1].Customers != 4 || tiers[1].Assessed != 3 || tiers[0].Score == tiers[1].Score {
			t.Errorf("tiers %+v, %v", tiers, err)
		}
		trend, err := tx.Trend(ctx, "b", "CIS", 12)
		if err != nil || len(trend) != 2 || trend[0].Score.Pass != 0 || trend[1].Score.Pass != trend[1].Score.Of {
			t.Errorf("trend %+v, %v", trend, err)
		}
		return nil
	})
}

// TestQueue: what is nobody's waits, is in no posture, and is a customer's once its
// account is, or a person says so.
func TestQueue(t *testing.T) {
	s := storetest.New(t)
	ctx := t.Context()
	const ours, strange, outside = org.AccountID("222233334444"), org.AccountID("999999999999"), org.AccountID("888888888888")
	operator(t, s, func(tx store.Tx) error {
		return errors.Join(
			tx.PutCustomer(ctx, with(acme("acme"), "standard", "CIS", string(ours))),
			tx.QueueFindings(ctx, strange, "1", found(strange, now, 1, checksOf(t, "CIS")[:3]...)),
			tx.QueueFindings(ctx, strange, "2", found(strange, now.Add(time.Hour), 2, checksOf(t, "CIS")[:2]...)),
			tx.QueueFindings(ctx, outside, "1", found(outside, now, 0, checksOf(t, "CIS")[:3]...)),
		)
	})
	operator(t, s, func(tx store.Tx) error {
		queue, err := tx.Queue(ctx, "", 10)
		if err != nil || len(queue) != 2 || queue[1].Account != strange || queue[1].Findings != 3 || queue[1].Failing != 2 || queue[1].Batch != "2" {
			t.Errorf("the queue is %+v, %v", queue, err)
		}
		if claimed, err := tx.Claimed(ctx); err != nil || len(claimed) != 0 {
			t.Errorf("claimed are %v, %v", claimed, err)
		}
		if err := tx.Assign(ctx, strange, "acme", false, "Pia", now); err != nil {
			return err
		}
		if err := tx.PutCustomer(ctx, with(acme("globex"), "standard", "CIS", string(outside))); err != nil {
			return err
		}
		claimed, err := tx.Claimed(ctx)
		if err != nil || len(claimed) != 2 || claimed[strange] != "acme" || claimed[outside] != "globex" {
			t.Fatalf("claimed are %v, %v", claimed, err)
		}
		for account, customer := range claimed {
			if n, err := tx.Unqueue(ctx, account, customer, now); err != nil || n != 3 {
				t.Errorf("%d findings of %s, %v", n, account, err)
			}
		}
		p, err := tx.Posture(ctx, "acme", "CIS")
		if err != nil || p.Controls.Fail == 0 {
			t.Errorf("acme stands %+v, %v", p, err)
		}
		accounts, findings, err := tx.QueueSize(ctx)
		if err != nil || accounts != 0 || findings != 0 {
			t.Errorf("%d findings of %d accounts are left, %v", findings, accounts, err)
		}
		return nil
	})
	if err := s.Operator(ctx, func(tx store.Tx) error { return tx.Assign(ctx, outside, "acme", false, "Pia", now) }); !errors.Is(err, store.ErrTaken) {
		t.Errorf("another's account was assigned: %v", err)
	}
	operator(t, s, func(tx store.Tx) error { // what AWS shows counts before what a person said
		if err := tx.PutCustomer(ctx, with(acme("initech"), "standard", "CIS", string(strange))); err != nil {
			return err
		}
		owners, err := tx.AccountOwners(ctx)
		if owners[strange] != "initech" || owners[outside] != "globex" || owners[ours] != "acme" {
			t.Errorf("the owners are %v", owners)
		}
		return err
	})
}

// TestHistoryIsPruned: of a check's history goes what ended before a time; what its
// status was at that time stays known.
func TestHistoryIsPruned(t *testing.T) {
	s := storetest.New(t)
	ctx := t.Context()
	before := now.AddDate(0, -store.HistoryMonths, 0)
	operator(t, s, func(tx store.Tx) error {
		err := tx.PutCustomer(ctx, with(acme("acme"), "standard", "CIS", "222233334444"))
		for i, at := range []time.Time{before.AddDate(0, -2, 0), before.AddDate(0, -1, 0), before.AddDate(0, 1, 0)} { // pass, fail, pass
			err = errors.Join(err, tx.AddFindings(ctx, "acme", fmt.Sprint(i), found("222233334444", at, i%2, "s3.versioning"), at))
		}
		if err != nil {
			return err
		}
		for turn := 0; ; turn++ {
			if n, err := tx.PruneHistory(ctx, before, 1); err != nil || turn > 9 {
				return errors.Join(err, errors.New("pruning has no end"))
			} else if n == 0 {
				break
			}
		}
		rows, _ := tx.Query(ctx, `SELECT status FROM check_history WHERE name = 's3.versioning' ORDER BY day`)
		kept, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if !slices.Equal(kept, []string{"fail", "pass"}) {
			t.Errorf("kept is %q", kept)
		}
		return err
	})
}
