package control_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"landlord/business/billing"
	"landlord/business/usage"
	"landlord/internal/clock"
	"landlord/internal/money"
	"landlord/service/control"
	"landlord/service/store"
)

// calendar is the machine's clock, some days on.
type calendar struct {
	clock.Clock
	ahead *atomic.Int64
}

func (c calendar) Now() time.Time { return c.Clock.Now().Add(time.Duration(c.ahead.Load())) }

func (c calendar) to(t *testing.T, day string) {
	t.Helper()
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		t.Fatal(err)
	}
	c.ahead.Store(int64(at.Add(12 * time.Hour).Sub(c.Clock.Now())))
}

// ledger is a house with a calendar, and AWS's cost as the test has it.
type ledger struct {
	*house
	calendar
	costs map[string][]usage.Owned // AWS's, by month
}

func books(t *testing.T, day, text string) *ledger {
	t.Helper()
	l := &ledger{calendar: calendar{clock.Real(), new(atomic.Int64)}, costs: map[string][]usage.Owned{}}
	l.to(t, day)
	l.house = begin(t, fresh(t), func(cfg *control.Config) { cfg.Clock = l.calendar })
	l.run(t)
	_, run := l.push(t, 0, text)
	l.await(t, run)
	return l
}

func (l *ledger) bill(t *testing.T, month string) store.Run {
	t.Helper()
	m, err := billing.ParseMonth(month)
	if err != nil {
		t.Fatal(err)
	}
	run, err := l.Bill(t.Context(), m, ada)
	if err != nil {
		t.Fatal(err)
	}
	return l.await(t, run).Run
}

func (l *ledger) invoices(t *testing.T, q store.InvoiceQuery) (list []store.Invoice) {
	t.Helper()
	err := l.store.Operator(t.Context(), func(tx store.Tx) (err error) {
		list, _, err = tx.Invoices(t.Context(), q)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func (l *ledger) lines(t *testing.T, in store.Invoice) (text string) {
	t.Helper()
	err := l.store.Customer(t.Context(), in.Customer, func(tx store.Tx) error {
		lines, err := tx.InvoiceLines(t.Context(), in.Customer, in.Number)
		for _, one := range lines {
			text += fmt.Sprintf("%s %s | ", one.Kind, one.Amount.Fixed())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(text, " | ")
}

const five = `provider: {name: Example MSP, account_email: "aws+{customer}@landlord.example"}
organization: {target: simulated, management_account: "111122223333"}
customers:
  - {key: acme, name: ACME Finance Inc, tier: fintech, contact: john@acme.example}
  - {key: medicorp, name: MediCorp Solutions Inc, tier: healthcare, contact: it@medicorp.example}
  - {key: techgov, name: TechGov Solutions Inc, tier: government-federal, contact: it@techgov.example}
  - {key: quantum, name: Quantum Bank Corp, tier: fintech, contact: it@quantum.example}
  - {key: startup, name: StartupCorp Inc, tier: standard, contact: it@startup.example}
`

// TestAYear: the five customers' first month is 58,000.00; a month is a draft until its
// grace is over; a year has an invoice for each customer and month, by numbers without
// a gap.
func TestAYear(t *testing.T) {
	l := books(t, "2026-02-03", five)
	if r := l.bill(t, "2026-01"); r.State != store.RunDone || !strings.Contains(r.Summary, "0 invoices for January 2026 issued; 5 drafts until 2026-02-06") {
		t.Errorf("within its grace: %+v", r)
	}
	for m, last := must(t, "2026-01"), must(t, "2027-01"); m != last; m = m.Next() {
		l.to(t, m.Next().Day(10))
		if r := l.bill(t, m.String()); r.State != store.RunDone || !strings.Contains(r.Summary, "5 invoices for "+m.Text()+" issued, 58000.00 USD") && !strings.Contains(r.Summary, "5 customers had theirs already") {
			t.Errorf("%s: %+v", m, r)
		}
	}
	all := l.invoices(t, store.InvoiceQuery{})
	want := map[string]string{"acme": "8000.00", "medicorp": "15000.00", "techgov": "25000.00", "quantum": "8000.00", "startup": "2000.00"}
	seen := map[string]bool{}
	for i, in := range all {
		if in.Number != fmt.Sprintf("INV-%06d", len(all)-i) || in.Total.Fixed() != want[in.Customer] || in.State != store.InvoiceIssued {
			t.Errorf("%+v", in)
		}
		seen[in.Month+in.Customer] = true
	}
	if len(all) != 60 || len(seen) != 60 {
		t.Errorf("%d invoices for %d months of customers", len(all), len(seen))
	}
	if late := l.invoices(t, store.InvoiceQuery{State: store.InvoiceOverdue, Now: l.Now()}); len(late) != 55 {
		t.Errorf("%d are overdue", len(late))
	}
	if noted := l.noted(t, "acme", "invoice.issue"); len(noted) != 12 {
		t.Errorf("the audit log has %d of acme", len(noted))
	}
	m, _ := billing.ParseMonth("2027-03")
	if _, err := l.Bill(t.Context(), m, ada); !errors.Is(err, control.ErrMonth) {
		t.Errorf("a month to come: %v", err)
	}
}

func must(t *testing.T, month string) billing.Month {
	t.Helper()
	m, err := billing.ParseMonth(month)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestDraftsAreIssuedByThemselves: once the grace is over, nobody has to ask.
func TestDraftsAreIssuedByThemselves(t *testing.T) {
	l := books(t, "2026-02-03", text(3))
	l.bill(t, "2026-01")
	l.to(t, "2026-02-06")
	if err := l.Step(t.Context(), l.Now()); err != nil {
		t.Fatal(err)
	}
	var run store.Run
	if err := l.store.Operator(t.Context(), func(tx store.Tx) (err error) { run, err = tx.BillingOf(t.Context(), "2026-01"); return err }); err != nil {
		t.Fatal(err)
	}
	l.await(t, run.ID)
	if got := l.invoices(t, store.InvoiceQuery{}); run.AskedBy != "billing" || len(got) != 3 {
		t.Errorf("%d invoices by %+v", len(got), run)
	}
}

// TestTwoRunsAtOnce: however many invoice a month side by side, and are cut off, each
// customer has one invoice, by numbers without a gap.
func TestTwoRunsAtOnce(t *testing.T) {
	l := books(t, "2026-02-20", text(450))
	m := must(t, "2026-01")
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			run, err := l.Bill(t.Context(), m, ada)
			if err != nil {
				t.Error(err)
				return
			}
			l.await(t, run)
		})
	}
	for range 2 { // others whose transaction is taken back, in the middle of it
		wg.Go(func() {
			_ = l.store.Operator(t.Context(), func(tx store.Tx) error {
				if err := tx.HoldInvoices(t.Context()); err != nil {
					return err
				}
				one := store.Invoice{Customer: "c449", Month: "2026-01", Currency: "USD", Total: 5, IssuedAt: l.Now(), DueOn: "2026-03-01"}
				if err := tx.Issue(t.Context(), store.Invoices, []store.Invoice{one}, [][]billing.Line{{{Kind: billing.Credit, Description: "x", How: "x", Amount: 5}}}); err != nil {
					return err
				}
				return errors.New("killed")
			})
		})
	}
	wg.Wait()
	all := l.invoices(t, store.InvoiceQuery{})
	seen := map[string]bool{}
	for i, in := range all {
		seen[in.Customer] = true
		if in.Number != fmt.Sprintf("INV-%06d", len(all)-i) {
			t.Fatalf("at %d is %s", i, in.Number)
		}
	}
	if len(all) != 450 || len(seen) != 450 {
		t.Errorf("%d invoices of %d customers", len(all), len(seen))
	}
}

// TestLateUsage: what AWS charges after an invoice is on the next one, which names it,
// once; what has not come in holds an invoice up; both are told when the month is
// compared with what is known.
func TestLateUsage(t *testing.T) {
	l := books(t, "2026-02-20", strings.Replace(five, "customers:", "tiers: {fintech: {usage: {markup: 10, included: 60}}}\ncustomers:", 1))
	if r := l.bill(t, "2026-01"); !strings.Contains(r.Summary, "3 invoices for January 2026 issued, 42000.00 USD; 2 drafts held: AWS's cost of January 2026 has not come in") {
		t.Errorf("without AWS's cost: %+v", r)
	}
	cost := func(month, customer, service, amount string) {
		t.Helper()
		line := usage.Line{Account: "222233334444", Day: month + "-03", Service: service, Category: "Usage", Billed: money.Metered(amount), Effective: money.Metered(amount)}
		l.costs[month] = append(l.costs[month], usage.Owned{Line: line, Customer: customer})
		var sum money.Sum
		for _, one := range l.costs[month] {
			sum.Add(one.Billed)
		}
		in := store.UsageImport{Source: "aws", Account: "111122223333", Month: month, Currency: "USD", Digest: usage.Digest(l.costs[month]), Format: "FOCUS 1.2", Rows: 1000, Billed: sum.Metered(), Effective: sum.Metered(), By: "test", At: l.Now()}
		err := l.store.Operator(t.Context(), func(tx store.Tx) error {
			_, _, err := tx.PutUsage(t.Context(), in, l.costs[month])
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	cost("2026-01", "acme", "EC2", "100.004")
	cost("2026-01", "quantum", "EC2", "10")
	if r := l.bill(t, "2026-01"); !strings.Contains(r.Summary, "2 invoices for January 2026 issued, 16044.00 USD; 3 customers had theirs already") {
		t.Errorf("with it: %+v", r)
	}
	cost("2026-01", "acme", "S3", "0.002")
	cost("2026-01", "acme", "EC2", "20.25")
	differs := func(want string) {
		t.Helper()
		var got []string
		err := l.store.Operator(t.Context(), func(tx store.Tx) error {
			n, found, err := l.Reconcile(t.Context(), tx, must(t, "2026-01"))
			for _, d := range found {
				got = append(got, fmt.Sprintf("%s %s %s: %s, now %s", d.Customer, d.Number, d.Line, d.Invoiced.Fixed(), d.Now.Fixed()))
			}
			if n != 5 {
				t.Errorf("%d were compared", n)
			}
			return err
		})
		if text := strings.Join(got, "\n"); err != nil || text != want {
			t.Errorf("got  %s\nwant %s, %v", text, want, err)
		}
	}
	differs("acme INV-000004 AWS cost: 100.00, now 120.26")
	l.to(t, "2026-03-20")
	cost("2026-02", "acme", "EC2", "1")
	for range 2 {
		l.bill(t, "2026-02")
	}
	in := l.invoices(t, store.InvoiceQuery{Customer: "acme", Month: "2026-02"})
	if len(in) != 1 || l.lines(t, in[0]) != "subscription 8000.00 | usage 1.00 | included -1.00 | adjustment 20.25 | adjustment 0.01 | adjustment 2.03" {
		t.Errorf("%+v: %s", in, l.lines(t, in[0]))
	}
	differs("")
	if _, err := l.Void(t.Context(), "INV-000004", "wrong", ada); err == nil || !strings.Contains(err.Error(), "charges what came late of INV-000004") {
		t.Errorf("void: %v", err)
	}
	l.to(t, "2026-04-20")
	cost("2026-03", "acme", "EC2", "1")
	l.bill(t, "2026-03")
	if in := l.invoices(t, store.InvoiceQuery{Customer: "acme", Month: "2026-03"}); l.lines(t, in[0]) != "subscription 8000.00 | usage 1.00 | included -1.00" {
		t.Errorf("a month later: %s", l.lines(t, in[0]))
	}
}

// TestReceivables: payments, credit notes, what is void or not collected; what cannot be
// is refused, and changes nothing.
func TestReceivables(t *testing.T) {
	l := books(t, "2026-02-20", strings.Replace(five, "customers:", "billing: {tax: {name: VAT, percent: 19}}\ncustomers:", 1))
	l.bill(t, "2026-01") // 9520, 17850, 29750, 9520, 2380
	pay := func(number, amount, reference string) error {
		cents, err := money.Parse(amount)
		if err != nil {
			t.Fatal(err)
		}
		_, err = l.Pay(t.Context(), store.Payment{Number: number, Amount: cents, Reference: reference, Method: "transfer"}, ada)
		return err
	}
	credit := func(number, amount string) error {
		cents, err := money.Parse(amount)
		if err != nil {
			t.Fatal(err)
		}
		_, err = l.Credit(t.Context(), number, cents, "Outage", ada)
		return err
	}
	void := func(number string) error { _, err := l.Void(t.Context(), number, "made in error", ada); return err }
	off := func(number string) error { _, err := l.WriteOff(t.Context(), number, "insolvent", ada); return err }
	for _, step := range []struct {
		what string
		err  error
		says string // of the error; "" for none
	}{
		{"a part", pay("INV-000001", "9000", "A1"), ""},
		{"the same again", pay("INV-000001", "520", "A1"), "payment A1: taken"},
		{"too much", pay("INV-000001", "520.01", "A2"), "only 520.00 is left, and 520.01 is more"},
		{"back what was not paid", pay("INV-000001", "-1", "A2"), "520.00 is left, and -1.00 is not a part"},
		{"void what is paid in part", void("INV-000001"), "has payments"},
		{"a credit", credit("INV-000001", "119"), ""},
		{"the rest", pay("INV-000001", "0", "A2"), ""},
		{"once more", pay("INV-000001", "0", "A3"), "INV-000001 is paid"},
		{"a credit of what is paid", credit("INV-000001", "1"), ""},
		{"which is paid back", pay("INV-000001", "-1", "A4"), ""},
		{"more credit than there was", credit("INV-000001", "9400.01"), "at most 9400.00 can be credited"},
		{"all of another", credit("INV-000002", "0"), ""},
		{"credited once", credit("INV-000002", "0"), "all of INV-000002 is credited"},
		{"a void one", void("INV-000003"), ""},
		{"paid though void", pay("INV-000003", "0", "B"), "is void"},
		{"void though void", void("INV-000003"), "is void and cannot"},
		{"one that is not collected", off("INV-000004"), ""},
		{"and is paid after all", pay("INV-000004", "0", "C"), ""},
		{"a credit note", void("CN-000001"), "is a credit note"},
		{"one that there is not", void("INV-000009"), "not found"},
	} {
		if (step.err == nil) != (step.says == "") || step.err != nil && !strings.Contains(step.err.Error(), step.says) {
			t.Errorf("%s: %v, want %q", step.what, step.err, step.says)
		}
	}
	got := map[string]store.Invoice{}
	for _, in := range l.invoices(t, store.InvoiceQuery{}) {
		got[in.Number] = in
	}
	for number, want := range map[string]string{"INV-000001": "paid 0.00", "INV-000002": "paid 0.00", "INV-000003": "void 0.00", "INV-000004": "paid 0.00", "INV-000005": "issued 2380.00"} {
		if in := got[number]; in.State+" "+in.Left().Fixed() != want {
			t.Errorf("%s: %s %s, want %s", number, in.State, in.Left().Fixed(), want)
		}
	}
	for number, want := range map[string]string{"CN-000001": "credit -100.00 | tax -19.00", "CN-000002": "credit -0.84 | tax -0.16", "CN-000003": "subscription -15000.00 | tax -2850.00"} {
		if text := l.lines(t, got[number]); text != want {
			t.Errorf("%s: %s, want %s", number, text, want)
		}
	}
	if r := l.bill(t, "2026-01"); !strings.Contains(r.Summary, "1 invoice for January 2026 issued, 29750.00 USD; 4 customers had theirs") {
		t.Errorf("in place of the void one: %+v", r)
	}
}
