// Package billing says what a customer owes for a month: lines, each with how it
// was computed, and their sum. A portfolio and the month's AWS cost come in. It
// keeps nothing, numbers nothing and knows no clock. What AWS charged after an invoice
// becomes lines on a later one that name the first.
//
// A month's price is spread evenly over its days, and each day that is served
// costs its part; what is worked out is exact until a line is rounded, half to
// even, to a cent. Lines that divide one amount are rounded so that they sum to
// the rounded amount: each is within a cent of its own.
package billing

import (
	"fmt"
	"math/big"
	"slices"

	"landlord/internal/money"
	"landlord/portfolio"
)

// Kind is what a line is for.
type Kind string

// The kinds of lines, in the order in which an invoice has them.
const (
	Subscription Kind = "subscription" // the price of days in a tier
	Discount     Kind = "discount"     // taken off the price
	Usage        Kind = "usage"        // AWS's cost of a service
	Included     Kind = "included"     // AWS's cost that the price covers
	Markup       Kind = "markup"       // on the rest of it
	Minimum      Kind = "minimum"      // what is missing of the agreed minimum
	Adjustment   Kind = "adjustment"   // AWS's cost that changed after an earlier invoice
	Credit       Kind = "credit"
	Tax          Kind = "tax"
)

// Line is one line of an invoice.
type Line struct {
	Kind        Kind
	Description string
	How         string // "8000.00 a month × 17 of 31 days"
	Amount      money.Cents

	Service string   // of AWS, if the line is of its cost
	Cost    *big.Rat // what that service cost, exact, or by how much it changed
	Of      string   // the number of the invoice that an adjustment is of
}

// Invoice is what a customer owes for a month. Total is the sum of the lines.
type Invoice struct {
	Customer string // its key
	Name     string
	Month    Month
	Currency string
	Lines    []Line
	Total    money.Cents
	Terms    Terms
}

// Terms are what an invoice says beside its lines. They are kept with it: what
// changes later, such as an address, does not change it.
type Terms struct {
	From   portfolio.Party `json:"from"`
	To     portfolio.Party `json:"to"`
	Tax    portfolio.Tax   `json:"tax"`
	Rating Rating          `json:"rating"`
	Days   int             `json:"due_days"` // from its issue until it is due
}

// Cost is what AWS charges for one service in an account in a month, exact, in
// the currency of the invoice.
type Cost struct {
	Service string
	Amount  *big.Rat
}

// Given is what a month brought beside what the portfolio says.
type Given struct {
	Costs     []Cost // AWS's, of the month
	Suspended []Stretch
	Late      []Late
}

// Stretch is days in a row: From is the first, Until the first after them, "" if
// there is none yet.
type Stretch struct{ From, Until string }

func (s Stretch) holds(day string) bool { return day >= s.From && (s.Until == "" || day < s.Until) }

// Biller drafts the invoices of a portfolio's customers for one month.
type Biller struct {
	file  *portfolio.Portfolio
	month Month
	tiers map[string]portfolio.Tier
}

// New returns the biller of a month.
func New(p *portfolio.Portfolio, m Month) *Biller {
	b := &Biller{file: p, month: m, tiers: map[string]portfolio.Tier{}}
	for _, t := range p.Tiers {
		b.tiers[t.Key] = t
	}
	return b
}

// Draft returns c's invoice. It is not ok if there is nothing to invoice: c is served
// on no day of the month, and nothing of earlier ones has changed. An amount beyond
// the bound of money.Cents is an error.
func (b *Biller) Draft(c portfolio.Customer, g Given) (in Invoice, ok bool, err error) {
	days := b.days(c, g.Suspended)
	if len(days) == 0 && !slices.ContainsFunc(g.Late, Late.Changed) {
		return Invoice{}, false, nil
	}
	d := &draft{Biller: b, c: c, days: days, Invoice: Invoice{Customer: c.Key, Name: c.Name, Month: b.month, Currency: b.file.Billing.Currency}}
	if c.Billing != nil {
		d.own = *c.Billing
	}
	d.Terms = Terms{From: b.file.Issuer(), To: c.Payer(), Tax: b.file.Billing.Tax, Days: b.file.Billing.DueDays}
	if d.own.OwnTax {
		d.Terms.Tax = d.own.Tax
	}
	d.price()
	d.discounts()
	d.usage(g.Costs)
	d.minimum()
	for _, l := range g.Late {
		d.late(l)
	}
	d.credits()
	d.tax()
	if d.err != nil {
		return Invoice{}, false, fmt.Errorf("the invoice of %s for %s: %w", c.Key, b.month, d.err)
	}
	return d.Invoice, true, nil
}

// PassesOn tells whether AWS's cost of the month is invoiced to c.
func (b *Biller) PassesOn(c portfolio.Customer) bool {
	days := b.days(c, nil)
	return len(days) > 0 && terms(c, days).PassThrough
}

// day is a day that is served, and at which price a month.
type day struct {
	on    string
	tier  portfolio.Tier
	price money.Cents
}

// days are those of the month on which c is served.
func (b *Biller) days(c portfolio.Customer, suspended []Stretch) []day {
	var days []day
	for n := range b.month.Length() {
		on := b.month.Day(n + 1)
		if c.Since != "" && on < c.Since || c.Until != "" && on >= c.Until || slices.ContainsFunc(suspended, func(s Stretch) bool { return s.holds(on) }) {
			continue
		}
		days = append(days, b.day(c, on))
	}
	return days
}

// day is the tier that c is in on a day, and its price then: what the customer
// has of its own, else the tier's.
func (b *Biller) day(c portfolio.Customer, on string) day {
	if c.Billing != nil {
		for _, f := range c.Billing.Before {
			if on < f.Until {
				if f.OwnPrice {
					return day{on, b.tiers[f.Tier], f.Price}
				}
				return day{on, b.tiers[f.Tier], b.tierPrice(f.Tier, on)}
			}
		}
	}
	if c.OwnPrice {
		return day{on, b.tiers[c.Tier], c.Price}
	}
	return day{on, b.tiers[c.Tier], b.tierPrice(c.Tier, on)}
}

// tierPrice is a tier's price on a day: the newest version's that has begun.
func (b *Biller) tierPrice(key, on string) money.Cents {
	price := b.tiers[key].Price
	for _, v := range b.file.Billing.Prices { // by From
		if v.Tier == key && v.From <= on {
			price = v.Price
		}
	}
	return price
}

// draft is an invoice that is being drawn up.
type draft struct {
	*Biller
	c    portfolio.Customer
	own  portfolio.Invoicing
	days []day
	Invoice
	err error
}

// add puts a line on the invoice. An exact amount is rounded to a cent.
func (d *draft) add(kind Kind, amount *big.Rat, description, how string, args ...any) {
	d.put(Line{Kind: kind, Description: description, How: fmt.Sprintf(how, args...)}, amount)
}

// put adds a line of an amount.
func (d *draft) put(l Line, amount *big.Rat) {
	cents, ok := money.Round(amount)
	if sum, fits := money.Round(new(big.Rat).Add(d.Total.Rat(), cents.Rat())); ok && fits {
		l.Amount = cents
		d.Lines = append(d.Lines, l)
		d.Total = sum
		return
	}
	if d.err == nil {
		d.err = fmt.Errorf("%s comes to %s, more than an invoice can hold", l.Description, money.Decimal(amount, 2))
	}
}

// share is the part of a month's amount that falls on some of its days.
func (d *draft) share(amount money.Cents, days int) *big.Rat {
	return new(big.Rat).Mul(amount.Rat(), big.NewRat(int64(days), int64(d.month.Length())))
}

// of says which part of a month's amount is taken.
func (d *draft) of(amount money.Cents, days int) string {
	if days == d.month.Length() {
		return amount.Fixed() + " a month"
	}
	return fmt.Sprintf("%s a month × %d of %d days", amount.Fixed(), days, d.month.Length())
}

// spread adds lines whose exact amounts divide a whole: they sum to it, rounded.
type spread struct{ exact, given *big.Rat }

func (s *spread) next(amount *big.Rat) *big.Rat {
	if s.exact == nil {
		s.exact, s.given = new(big.Rat), new(big.Rat)
	}
	s.exact.Add(s.exact, amount)
	whole, ok := money.Round(s.exact)
	if !ok {
		return new(big.Rat).Set(s.exact) // too large, which add tells
	}
	part := new(big.Rat).Sub(whole.Rat(), s.given)
	s.given = whole.Rat()
	return part
}

// price adds a line for each stretch of days at one price in one tier.
func (d *draft) price() {
	var s spread
	for i := 0; i < len(d.days); {
		first := d.days[i]
		n := 1
		for i+n < len(d.days) && d.days[i+n].tier.Key == first.tier.Key && d.days[i+n].price == first.price && d.days[i+n].on == after(d.days[i+n-1].on) {
			n++
		}
		description := first.tier.Name + ", " + d.month.Text()
		if n < d.month.Length() {
			description = fmt.Sprintf("%s, %s to %s", first.tier.Name, first.on, d.days[i+n-1].on)
		}
		d.add(Subscription, s.next(d.share(first.price, n)), description, "%s", d.of(first.price, n))
		i += n
	}
}

// discounts takes off the price what was agreed, never more than the price.
func (d *draft) discounts() {
	for _, off := range d.own.Discounts {
		exact, n := new(big.Rat), 0
		for _, on := range d.days {
			if off.From != "" && on.on < off.From || off.Until != "" && on.on >= off.Until {
				continue
			}
			n++
			if off.Rate > 0 {
				exact.Add(exact, off.Rate.Of(d.share(on.price, 1)))
			}
		}
		how := fmt.Sprintf("%s %% of the price of %d days", off.Rate, n)
		if off.Rate == 0 {
			exact, how = d.share(off.Amount, n), d.of(off.Amount, n)
		}
		if n > 0 {
			d.less(Discount, exact, off.Name, how, "the price")
		}
	}
}

// less takes an amount off what the invoice has come to, and no more than that.
func (d *draft) less(kind Kind, exact *big.Rat, description, how, of string) {
	left := max(d.Total, 0).Rat()
	if exact.Cmp(left) > 0 {
		how += fmt.Sprintf(", cut to what is left of %s", of)
		exact = left
	}
	d.add(kind, new(big.Rat).Neg(exact), description, "%s", how)
}

// minimum adds what is missing of it.
func (d *draft) minimum() {
	if d.own.Minimum == 0 || len(d.days) == 0 {
		return
	}
	least := d.share(d.own.Minimum, len(d.days))
	if missing := new(big.Rat).Sub(least, d.Total.Rat()); missing.Sign() > 0 {
		d.add(Minimum, missing, "Up to the agreed minimum", "%s, less %s", d.of(d.own.Minimum, len(d.days)), d.Total.Fixed())
	}
}

// credits takes off those of the month.
func (d *draft) credits() {
	for _, c := range d.own.Credits {
		if c.Month == d.month.String() {
			d.less(Credit, c.Amount.Rat(), c.Name, "credit of "+c.Amount.Fixed(), "the invoice")
		}
	}
}

// tax adds the tax on the sum so far, or why there is none.
func (d *draft) tax() {
	switch tax := d.Terms.Tax; {
	case tax.Exempt != "":
		d.add(Tax, new(big.Rat), "Tax", "exempt: %s", tax.Exempt)
	case tax.Name != "":
		d.add(Tax, tax.Rate.Of(d.Total.Rat()), tax.Name, "%s %% of %s", tax.Rate, d.Total.Fixed())
	}
}
