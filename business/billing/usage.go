package billing

import (
	"maps"
	"math/big"
	"slices"
	"strings"

	"landlord/internal/money"
	"landlord/portfolio"
)

// Rating is how an invoice passes AWS's cost on. It is kept with the invoice: what
// comes late is rated as the rest was.
type Rating struct {
	PassThrough bool        `json:"pass_through,omitempty"`
	Markup      money.Rate  `json:"markup_millionths,omitempty"`
	Covered     money.Cents `json:"covered_cents,omitempty"` // of the cost, by the price
}

// on is what a rating takes off a cost, and what it adds to it.
func (r Rating) on(cost money.Cents) (covered, markup *big.Rat) {
	covered, markup = new(big.Rat), new(big.Rat)
	if r.Covered > 0 && cost > 0 {
		covered = min(r.Covered, cost).Rat()
	}
	if rest := new(big.Rat).Sub(cost.Rat(), covered); rest.Sign() > 0 {
		markup = r.Markup.Of(rest)
		if cents, ok := money.Round(markup); ok { // else put tells
			markup = cents.Rat()
		}
	}
	return covered, markup
}

// Late is an earlier invoice of the customer's, what it and those after it charged of
// AWS's cost of its month, and what that cost is now.
type Late struct {
	Month  Month
	Number string
	Rating Rating
	Was    []Cost // charged so far, later adjustments included
	Now    []Cost
}

// Changed tells whether AWS's cost is another than what was charged.
func (l Late) Changed() bool { return l.Rating.PassThrough && len(l.changes()) > 0 }

// changes are the services whose cost changed, and by how much, in order.
func (l Late) changes() []Cost {
	by := map[string]*big.Rat{}
	add := func(service string, amount *big.Rat) {
		if by[service] == nil {
			by[service] = new(big.Rat)
		}
		by[service].Add(by[service], amount)
	}
	for _, c := range l.Now {
		add(c.Service, c.Amount)
	}
	for _, c := range l.Was {
		add(c.Service, new(big.Rat).Neg(c.Amount))
	}
	var changed []Cost
	for _, service := range slices.Sorted(maps.Keys(by)) {
		if by[service].Sign() != 0 {
			changed = append(changed, Cost{service, by[service]})
		}
	}
	return changed
}

// late adds lines for what changed since an earlier invoice: after them, what was
// charged in all is what one invoice of the present cost would charge.
func (d *draft) late(l Late) {
	if !l.Rating.PassThrough {
		return
	}
	after := " of " + l.Month.Text() + ", after " + l.Number
	was := new(big.Rat)
	for _, c := range l.Was {
		was.Add(was, c.Amount)
	}
	before, ok := money.Round(was)
	if !ok {
		return // no invoice charged it
	}
	s := spread{was, before.Rat()}
	sum := d.Total
	for _, c := range l.changes() {
		change := exactly(c.Amount)
		if c.Amount.Sign() > 0 {
			change = "+" + change
		}
		d.put(Line{Kind: Adjustment, Description: "AWS: " + c.Service + after, How: change + " at cost since then", Service: c.Service, Cost: c.Amount, Of: l.Number}, s.next(c.Amount))
	}
	if d.err != nil {
		return
	}
	covered, markup := l.Rating.on(before)
	coveredNow, markupNow := l.Rating.on(before + d.Total - sum)
	if less := new(big.Rat).Sub(covered, coveredNow); less.Sign() != 0 {
		d.put(Line{Kind: Adjustment, Description: "AWS cost that the price covers" + after, How: money.Decimal(coveredNow, 2) + " now, " + money.Decimal(covered, 2) + " then", Of: l.Number}, less)
	}
	if more := new(big.Rat).Sub(markupNow, markup); more.Sign() != 0 {
		d.put(Line{Kind: Adjustment, Description: "On AWS cost" + after, How: l.Rating.Markup.String() + " %: " + money.Decimal(markupNow, 2) + " now, " + money.Decimal(markup, 2) + " then", Of: l.Number}, more)
	}
}

// terms are how AWS's cost is passed on: the customer's own, else those of the tier
// that it is in on its last day of the month.
func terms(c portfolio.Customer, days []day) portfolio.Terms {
	if c.Billing != nil && c.Billing.OwnTerms {
		return c.Billing.Terms
	}
	return days[len(days)-1].tier.Terms
}

// usage adds AWS's cost, service by service, where the price does not cover it.
func (d *draft) usage(costs []Cost) {
	if len(d.days) == 0 {
		return
	}
	t := terms(d.c, d.days)
	covers, _ := money.Round(d.share(t.Included, len(d.days)))
	d.Terms.Rating = Rating{t.PassThrough, t.Markup, covers}
	if !t.PassThrough || len(costs) == 0 {
		return
	}
	var s spread
	before := d.Total
	for _, c := range slices.SortedFunc(slices.Values(costs), func(a, b Cost) int { return strings.Compare(a.Service, b.Service) }) {
		d.put(Line{Kind: Usage, Description: "AWS: " + c.Service, How: exactly(c.Amount) + " at cost", Service: c.Service, Cost: c.Amount}, s.next(c.Amount))
	}
	if d.err != nil {
		return
	}
	cost := d.Total - before
	covered, markup := d.Terms.Rating.on(cost)
	if covered.Sign() > 0 {
		how := d.of(t.Included, len(d.days))
		if covers > cost {
			how += ", of which this was used"
		}
		d.add(Included, new(big.Rat).Neg(covered), "AWS cost that the price covers", "%s", how)
	}
	if markup.Sign() > 0 || t.Markup > 0 && cost.Rat().Cmp(covered) > 0 {
		d.add(Markup, markup, "On AWS cost", "%s %% of %s", t.Markup, money.Decimal(new(big.Rat).Sub(cost.Rat(), covered), 2))
	}
}

// exactly writes an amount with all its places. Costs have a finite number.
func exactly(r *big.Rat) string {
	places, _ := r.FloatPrec()
	return money.Decimal(r, max(places, 2))
}
