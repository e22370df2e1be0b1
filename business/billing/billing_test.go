package billing

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"landlord/internal/money"
	"landlord/portfolio"
)

const head = `provider: {name: Example MSP, account_email: "aws+{customer}@landlord.example"}
organization: {target: simulated, management_account: "111122223333"}
`

func parse(t *testing.T, text string) *portfolio.Portfolio {
	t.Helper()
	p, err := portfolio.Parse("f", []byte(head+text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func month(t *testing.T, s string) Month {
	t.Helper()
	m, err := ParseMonth(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestDraft: cases with amounts worked out by hand.
func TestDraft(t *testing.T) {
	const one = "customers: [{key: one, name: One, contact: a@one.example, tier: %s}]\n"
	for _, c := range []struct {
		name, file, month string
		costs             string // "service amount, …"
		want              string // "kind amount, …"; "" for no invoice
	}{
		{"a whole month", fmt.Sprintf(one, "fintech"), "2026-01", "", "subscription 8000.00"},
		{"the same in February", fmt.Sprintf(one, "fintech"), "2026-02", "", "subscription 8000.00"},
		{"from the last day on", fmt.Sprintf(one, "fintech, since: 2026-01-31"), "2026-01", "", "subscription 258.06"}, // 8000 / 31
		{"all but the last day", fmt.Sprintf(one, "fintech, until: 2026-01-31"), "2026-01", "", "subscription 7741.94"},
		{"from the first day of the next", fmt.Sprintf(one, "fintech, since: 2026-02-01"), "2026-01", "", ""},
		{"until the first day", fmt.Sprintf(one, "fintech, until: 2026-01-01"), "2026-01", "", ""},
		{"a leap day", fmt.Sprintf(one, "standard, since: 2028-02-29"), "2028-02", "", "subscription 68.97"}, // 2000 / 29
		{"a price of its own", fmt.Sprintf(one, "standard, price: 99.99"), "2026-01", "", "subscription 99.99"},
		{"a new tier in the middle", fmt.Sprintf(one, "fintech, billing: {before: [{tier: standard, until: 2026-01-16}]}"), "2026-01", "", "subscription 967.74, subscription 4129.03"},
		{"three tiers in a month", fmt.Sprintf(one, "healthcare, billing: {before: [{tier: standard, until: 2026-01-02}, {tier: fintech, until: 2026-01-03}]}"), "2026-01", "", "subscription 64.52, subscription 258.06, subscription 14032.26"},
		{"a former price of its own, and its own now", fmt.Sprintf(one, "fintech, price: 3100, billing: {before: [{tier: standard, until: 2026-01-11, price: 31}]}"), "2026-01", "", "subscription 10.00, subscription 2100.00"},
		{"a new price in the middle", "billing: {prices: [{tier: fintech, from: 2026-04-16, price: 9000}]}\n" + fmt.Sprintf(one, "fintech"), "2026-04", "", "subscription 4000.00, subscription 4500.00"},
		{"before the new price", "billing: {prices: [{tier: fintech, from: 2026-04-16, price: 9000}]}\n" + fmt.Sprintf(one, "fintech"), "2026-03", "", "subscription 8000.00"},
		{"after two, told in any order", "billing: {prices: [{tier: fintech, from: 2026-03-01, price: 9500}, {tier: fintech, from: 2026-02-01, price: 9000}]}\n" + fmt.Sprintf(one, "fintech"), "2026-04", "", "subscription 9500.00"},
		{"a discount by a rate", fmt.Sprintf(one, "fintech, billing: {discounts: [{name: Year, percent: 12.5}]}"), "2026-01", "", "subscription 8000.00, discount -1000.00"},
		{"one for ten days", fmt.Sprintf(one, "fintech, billing: {discounts: [{name: Start, percent: 50, from: 2026-04-01, until: 2026-04-11}]}"), "2026-04", "", "subscription 8000.00, discount -1333.33"},
		{"one by an amount, and half a month", fmt.Sprintf(one, "standard, since: 2026-04-16, billing: {discounts: [{name: Less, amount: 500}]}"), "2026-04", "", "subscription 1000.00, discount -250.00"},
		{"more than the price", fmt.Sprintf(one, "standard, billing: {discounts: [{name: A, amount: 1500}, {name: B, percent: 50}]}"), "2026-04", "", "subscription 2000.00, discount -1500.00, discount -500.00"},
		{"AWS's cost is in the price", fmt.Sprintf(one, "standard"), "2026-01", "EC2 100", "subscription 2000.00"},
		{"it is passed on", "tiers: {standard: {usage: {markup: 0}}}\n" + fmt.Sprintf(one, "standard"), "2026-01", "S3 0.004, EC2 0.003, RDS 0.004", "subscription 2000.00, usage 0.00, usage 0.01, usage 0.00"},
		{"with a markup", "tiers: {standard: {usage: {markup: 15}}}\n" + fmt.Sprintf(one, "standard"), "2026-01", "EC2 100.125", "subscription 2000.00, usage 100.12, markup 15.02"},
		{"beyond what the price covers", "tiers: {standard: {usage: {markup: 10, included: 60}}}\n" + fmt.Sprintf(one, "standard"), "2026-01", "EC2 100", "subscription 2000.00, usage 100.00, included -60.00, markup 4.00"},
		{"less than the price covers", "tiers: {standard: {usage: {markup: 10, included: 60}}}\n" + fmt.Sprintf(one, "standard"), "2026-01", "EC2 40", "subscription 2000.00, usage 40.00, included -40.00"},
		{"as the customer's own terms say", "tiers: {standard: {usage: {markup: 10}}}\n" + fmt.Sprintf(one, "standard, billing: {usage: {markup: 20}}"), "2026-01", "EC2 100", "subscription 2000.00, usage 100.00, markup 20.00"},
		{"AWS gives money back", "tiers: {standard: {usage: {markup: 10, included: 60}}}\n" + fmt.Sprintf(one, "standard"), "2026-01", "EC2 -100", "subscription 2000.00, usage -100.00"},
		{"a minimum", fmt.Sprintf(one, "standard, billing: {minimum: 3000}"), "2026-01", "", "subscription 2000.00, minimum 1000.00"},
		{"a minimum that is reached", fmt.Sprintf(one, "standard, billing: {minimum: 1000}"), "2026-01", "", "subscription 2000.00"},
		{"a minimum of half a month", fmt.Sprintf(one, "standard, since: 2026-04-16, billing: {minimum: 3000}"), "2026-04", "", "subscription 1000.00, minimum 500.00"},
		{"a credit", fmt.Sprintf(one, "standard, billing: {credits: [{name: Sorry, amount: 100, month: 2026-01}, {name: Later, amount: 100, month: 2026-02}]}"), "2026-01", "", "subscription 2000.00, credit -100.00"},
		{"a credit beyond the invoice", fmt.Sprintf(one, "standard, billing: {credits: [{name: Sorry, amount: 3000, month: 2026-01}]}"), "2026-01", "", "subscription 2000.00, credit -2000.00"},
		{"tax", "billing: {tax: {name: Sales tax, percent: 8.25}}\n" + fmt.Sprintf(one, "fintech"), "2026-01", "", "subscription 8000.00, tax 660.00"},
		{"tax of its own, after discount and credit", "billing: {tax: {name: Sales tax, percent: 8.25}}\n" + fmt.Sprintf(one, "fintech, billing: {tax: {name: VAT, percent: 20}, discounts: [{name: D, percent: 10}], credits: [{name: C, amount: 200, month: 2026-01}]}"), "2026-01", "", "subscription 8000.00, discount -800.00, credit -200.00, tax 1400.00"},
		{"exempt", "billing: {tax: {name: Sales tax, percent: 8.25}}\n" + fmt.Sprintf(one, "fintech, billing: {tax: {exempt: certificate 7}}"), "2026-01", "", "subscription 8000.00, tax 0.00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := parse(t, c.file)
			in, ok, err := New(p, month(t, c.month)).Draft(p.Customers[0], Given{Costs: costs(t, c.costs)})
			if err != nil || ok != (c.want != "") {
				t.Fatalf("ok %v, %v", ok, err)
			}
			var got []string
			var sum money.Cents
			for _, l := range in.Lines {
				got = append(got, string(l.Kind)+" "+l.Amount.Fixed())
				sum += l.Amount
				if l.Description == "" || l.How == "" {
					t.Errorf("%+v does not say what it is or how it was computed", l)
				}
			}
			if text := strings.Join(got, ", "); text != c.want {
				t.Errorf("got  %s\nwant %s", text, c.want)
			}
			if sum != in.Total {
				t.Errorf("the lines sum to %s, the total is %s", sum.Fixed(), in.Total.Fixed())
			}
		})
	}
}

// costs reads "service amount, …".
func costs(t *testing.T, text string) (all []Cost) {
	t.Helper()
	for part := range strings.SplitSeq(text, ", ") {
		service, amount, found := strings.Cut(part, " ")
		if !found {
			continue
		}
		r, ok := new(big.Rat).SetString(amount)
		if !ok {
			t.Fatal(amount)
		}
		all = append(all, Cost{service, r})
	}
	return all
}

// TestTooMuch: an amount that cents cannot hold is an error, not another amount.
func TestTooMuch(t *testing.T) {
	p := parse(t, "tiers: {standard: {usage: {markup: 1000}}}\ncustomers: [{key: one, name: One, contact: a@one.example, tier: standard}]\n")
	for _, text := range []string{"EC2 90071992547409.92", "EC2 1e30", "EC2 -1e30", "EC2 80071992547409.91"} {
		if in, ok, err := New(p, month(t, "2026-01")).Draft(p.Customers[0], Given{Costs: costs(t, text)}); ok || err == nil || !strings.Contains(err.Error(), "more than an invoice can hold") {
			t.Errorf("%s: %+v, %v", text, in, err)
		}
	}
}

// TestNoCentIsLost: whatever happens to a customer within a month, the price's
// lines sum to the exact sum of its days, rounded once; the total is the sum of
// the lines; costs divided over services sum to their sum.
func TestNoCentIsLost(t *testing.T) {
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 6))
		m := month(t, fmt.Sprintf("20%02d-%02d", 24+r.IntN(6), 1+r.IntN(12)))
		n := m.Length()
		prices := []money.Cents{money.Cents(1 + r.IntN(9_999_999)), money.Cents(r.IntN(9_999_999)), money.Cents(r.IntN(100))}
		p := &portfolio.Portfolio{Billing: portfolio.Billing{Currency: "USD"}}
		for i, price := range prices {
			p.Tiers = append(p.Tiers, portfolio.Tier{Key: fmt.Sprint(i), Name: fmt.Sprint("T", i), Price: price, Terms: portfolio.Terms{PassThrough: true}})
		}
		// The tier of each day, by cuts.
		cuts := []int{1 + r.IntN(n), 1 + r.IntN(n)}
		first, second := min(cuts[0], cuts[1]), max(cuts[0], cuts[1])
		c := portfolio.Customer{Key: "c", Tier: "2", Billing: &portfolio.Invoicing{Before: []portfolio.Former{{Tier: "0", Until: m.Day(first)}, {Tier: "1", Until: m.Day(second)}}}}
		from, to := 1, n
		if r.IntN(2) == 0 {
			from = 1 + r.IntN(n)
			c.Since = m.Day(from)
		}
		if r.IntN(2) == 0 && from < n {
			to = from + r.IntN(n-from)
			c.Until = m.Day(to + 1)
		}
		cents := new(big.Int) // n-ths of a cent
		for d := from; d <= to; d++ {
			tier := 2
			if d < first {
				tier = 0
			} else if d < second {
				tier = 1
			}
			cents.Add(cents, big.NewInt(int64(prices[tier])))
		}
		var costs []Cost
		whole := new(big.Rat)
		for i := range r.IntN(20) {
			amount := big.NewRat(r.Int64N(1e15), 1e12)
			costs = append(costs, Cost{fmt.Sprint(i), amount})
			whole.Add(whole, amount)
		}
		in, ok, err := New(p, m).Draft(c, Given{Costs: costs})
		if err != nil || !ok {
			t.Fatalf("seed %d: %v %v", seed, ok, err)
		}
		sums := map[Kind]money.Cents{}
		var total money.Cents
		for _, l := range in.Lines {
			sums[l.Kind] += l.Amount
			total += l.Amount
		}
		// Half even by whole numbers: twice the n-ths against the odd halves.
		q, rest := new(big.Int).QuoRem(cents, big.NewInt(int64(n)), new(big.Int))
		if twice := rest.Int64() * 2; twice > int64(n) || twice == int64(n) && q.Bit(0) == 1 {
			q.Add(q, big.NewInt(1))
		}
		if sums[Subscription] != money.Cents(q.Int64()) {
			t.Errorf("seed %d: the price comes to %s, its days to %s/%d cents", seed, sums[Subscription].Fixed(), cents, n)
		}
		if exact, _ := money.Round(whole); sums[Usage] != exact {
			t.Errorf("seed %d: usage comes to %s, its services to %s", seed, sums[Usage].Fixed(), whole.FloatString(12))
		}
		if total != in.Total {
			t.Errorf("seed %d: total %s, lines %s", seed, in.Total.Fixed(), total.Fixed())
		}
	}
}

// TestHandover: a customer that goes on under a new entry pays, for the month of
// the change, what it would have paid, within a cent.
func TestHandover(t *testing.T) {
	p := &portfolio.Portfolio{Tiers: []portfolio.Tier{{Key: "t", Name: "T"}}}
	for price := money.Cents(0); price < 4000; price += 7 {
		p.Tiers[0].Price = price
		for n := 2; n <= 31; n++ {
			m := month(t, "2026-01")
			one, _, err := New(p, m).Draft(portfolio.Customer{Key: "a", Tier: "t", Until: m.Day(n)}, Given{})
			two, _, err2 := New(p, m).Draft(portfolio.Customer{Key: "b", Tier: "t", Since: m.Day(n)}, Given{})
			if off := one.Total + two.Total - price; err != nil || err2 != nil || off > 1 || off < -1 {
				t.Fatalf("%s divided at %d: %s and %s, %v %v", price.Fixed(), n, one.Total.Fixed(), two.Total.Fixed(), err, err2)
			}
		}
	}
}

func TestParseMonth(t *testing.T) {
	for _, s := range []string{"", "2026", "2026-1", "2026-13", "2026-00", "2026-01-01", "01-2026", "1999-12", "3000-01", " 2026-01"} {
		if m, err := ParseMonth(s); err == nil {
			t.Errorf("%q is %s", s, m)
		}
	}
}
