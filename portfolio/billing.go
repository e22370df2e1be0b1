package portfolio

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v4"

	"landlord/internal/money"
)

// Billing is how the provider's customers are invoiced.
type Billing struct {
	Currency  string // ISO 4217; every amount of the file is in it
	DueDays   int    // from the issue of an invoice
	GraceDays int    // from the end of a month until its invoices are issued
	Tax       Tax    // of customers that have none of their own
	From      Party  // the provider, as it differs from Provider
	Prices    []Version

	prices []placed[Version]
}

// Tax is a tax on the sum of an invoice. Exempt says why there is none.
type Tax struct {
	Name   string     `json:"name,omitempty"`
	Rate   money.Rate `json:"millionths,omitempty"`
	Exempt string     `json:"exempt,omitempty"`
}

// Version is the price of a tier from a day on.
type Version struct {
	Tier  string
	From  string // "2026-03-01"
	Price money.Cents
}

// Terms are what a tier or a customer is invoiced by beside its price. The zero
// value says nothing of AWS's cost: the price covers it.
type Terms struct {
	PassThrough bool        // AWS's cost is invoiced too
	Markup      money.Rate  // on it
	Included    money.Cents // of AWS's cost a month that the price covers
}

// Invoicing is what one customer is invoiced by, beside its tier's price and terms.
type Invoicing struct {
	OwnTerms  bool
	Terms     Terms // if OwnTerms
	OwnTax    bool
	Tax       Tax         // if OwnTax
	Minimum   money.Cents // a month
	Discounts []Discount
	Credits   []Credit
	Before    []Former // by Until
	To        Party    // the customer, as it differs from what else is said of it
}

// Discount takes off a part of the price, by a rate or an amount a month, while it
// lasts.
type Discount struct {
	Name        string
	Rate        money.Rate
	Amount      money.Cents // a month
	From, Until string      // the first day with and the first day without; "" is no bound
}

// Credit is an amount that an invoice of one month is less by.
type Credit struct {
	Name   string
	Amount money.Cents
	Month  string // "2026-01"
}

// Former is a tier that a customer was in before its present one.
type Former struct {
	Tier     string
	Until    string // the first day in the next
	Price    money.Cents
	OwnPrice bool
}

// GraceDays are 5 unless the file says otherwise: AWS changes a month's charges for
// some days after its end, and issues its own invoices in these days.
var billing = Billing{Currency: "USD", DueDays: 30, GraceDays: 5}

var percentValue = value[money.Rate]{
	expects: "a percentage such as 8.25",
	kind:    yaml.ScalarNode,
	schema: func() *jsonschema.Schema {
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
			{Type: "number", Minimum: "0", Maximum: json.Number("1000")},
			{Type: "string", Pattern: `^(0|[1-9][0-9]{0,3})(\.[0-9]{1,4})?$`},
		}}
	},
	read: func(r *reader, n *yaml.Node, name string) money.Rate {
		rate, err := money.ParsePercent(n.Value)
		if err != nil {
			r.fault(n, "%s %s is not a percentage from 0 to 1000: digits such as 10, or 8.25 with at most four after the point", name, quote(n.Value))
		}
		return rate
	},
}

// currencies are those of two decimal places that invoices can be in.
var currencies = []string{"USD", "EUR", "GBP", "CHF", "CAD", "AUD", "NZD", "SEK", "NOK", "DKK", "PLN", "CZK", "SGD", "HKD", "ILS", "INR", "BRL", "MXN", "ZAR"}

var (
	currencyValue = scalar("a currency such as USD", jsonschema.Schema{Enum: anyOf(currencies)}, func(text, name string) string {
		if !slices.Contains(currencies, text) {
			return name + " " + quote(text) + " is not one that invoices can be in; known are " + strings.Join(currencies, ", ")
		}
		return ""
	})
	monthValue = scalar("a month such as 2026-01", jsonschema.Schema{Pattern: `^2[0-9]{3}-[0-9]{2}$`}, func(text, name string) string {
		if at, err := time.Parse("2006-01", text); err != nil || at.Year() < 2000 || at.Year() > 2999 {
			return name + " " + quote(text) + " is not a month; expected one such as 2026-01"
		}
		return ""
	})
)

func anyOf(texts []string) []any {
	all := make([]any, len(texts))
	for i, t := range texts {
		all[i] = t
	}
	return all
}

var taxValue = mapping("a mapping with name and percent, or exempt", Tax{}, []field[Tax]{
	may("name", "What the tax is called on an invoice.", line(64), func(t *Tax) *string { return &t.Name }),
	may("percent", "Of the sum of the invoice.", percentValue, func(t *Tax) *money.Rate { return &t.Rate }),
	may("exempt", "Why there is none, such as a certificate's number; instead of name and percent.", line(128), func(t *Tax) *string { return &t.Exempt }),
})

var versionValue = mapping("a mapping with tier, from and price", Version{}, []field[Version]{
	need("tier", "The key of the tier.", tierKeyValue, func(v *Version) *string { return &v.Tier }),
	need("from", "The first day at this price.", dateValue, func(v *Version) *string { return &v.From }),
	need("price", "A month and customer.", moneyValue, func(v *Version) *money.Cents { return &v.Price }),
})

// billed is a Billing as the file has it.
type billed struct {
	Billing
	tax  placed[Tax]
	from placed[Party]
}

var billingValue = mapping("a mapping of how customers are invoiced", billed{Billing: billing}, []field[billed]{
	may("currency", "The currency of every amount of the file, by its ISO 4217 code.", currencyValue, func(b *billed) *string { return &b.Currency }),
	may("due_days", "How many days after its issue an invoice is due.", count(0, 365), func(b *billed) *int { return &b.DueDays }),
	may("grace_days", "How many days after the end of a month its invoices are issued, so that what AWS charges late is on them.", count(0, 28), func(b *billed) *int { return &b.GraceDays }),
	may("from", "The provider, as it stands on invoices.", issuerValue, func(b *billed) *placed[Party] { return &b.from }),
	may("tax", "The tax of customers that have none of their own.", taxValue, func(b *billed) *placed[Tax] { return &b.tax }),
	may("prices", "Prices of tiers from a day on; before the first of a tier, its price is the tier's own.", list("a list of prices", "a price", versionValue), func(b *billed) *[]placed[Version] { return &b.prices }),
})

// usage is what a file says of AWS's cost.
type usage struct{ Terms }

var usageValue = mapping("a mapping with markup and included", usage{}, []field[usage]{
	may("markup", "Percent that are added to AWS's cost; 0 passes it on as it is.", percentValue, func(u *usage) *money.Rate { return &u.Markup }),
	may("included", "AWS's cost a month that the price covers.", moneyValue, func(u *usage) *money.Cents { return &u.Included }),
})

// termsOf are p's. That AWS's cost is passed on, p says by being there.
func termsOf(p placed[usage]) Terms {
	p.value.PassThrough = p.node != nil
	return p.value.Terms
}

var discountValue = mapping("a mapping with name and percent or amount", Discount{}, []field[Discount]{
	need("name", "What it is called on an invoice.", line(64), func(d *Discount) *string { return &d.Name }),
	may("percent", "Of the price.", percentValue, func(d *Discount) *money.Rate { return &d.Rate }),
	may("amount", "A month, instead of percent.", moneyValue, func(d *Discount) *money.Cents { return &d.Amount }),
	may("from", "The first day with it.", dateValue, func(d *Discount) *string { return &d.From }),
	may("until", "The first day without it; after from.", dateValue, func(d *Discount) *string { return &d.Until }),
})

var creditValue = mapping("a mapping with name, amount and month", Credit{}, []field[Credit]{
	need("name", "What it is called on an invoice.", line(64), func(c *Credit) *string { return &c.Name }),
	need("amount", "What the invoice is less by.", moneyValue, func(c *Credit) *money.Cents { return &c.Amount }),
	need("month", "The month whose invoice is less.", monthValue, func(c *Credit) *string { return &c.Month }),
})

var formerValue = mapping("a mapping with tier and until", Former{}, []field[Former]{
	need("tier", "The key of the tier it was in.", tierKeyValue, func(f *Former) *string { return &f.Tier }),
	need("until", "The first day in the next tier.", dateValue, func(f *Former) *string { return &f.Until }),
	may("price", "A month, if it was not the tier's.", moneyValue, func(f *Former) *money.Cents { return &f.Price }),
})

// invoicing is an Invoicing as the file has it.
type invoicing struct {
	Invoicing
	usage     placed[usage]
	tax       placed[Tax]
	to        placed[Party]
	discounts []placed[Discount]
	credits   []placed[Credit]
	before    []placed[Former]
}

var customerBillingValue = boxed(mapping("a mapping of how the customer is invoiced", invoicing{}, []field[invoicing]{
	may("usage", "How AWS's cost is passed on to it, instead of as its tier says.", usageValue, func(i *invoicing) *placed[usage] { return &i.usage }),
	may("tax", "Its tax, or why it is exempt.", taxValue, func(i *invoicing) *placed[Tax] { return &i.tax }),
	may("to", "The customer, as it stands on invoices.", payerValue, func(i *invoicing) *placed[Party] { return &i.to }),
	may("minimum", "What a whole month comes to at least, before credits and tax.", moneyValue, func(i *invoicing) *money.Cents { return &i.Minimum }),
	may("discounts", "What is taken off its price.", list("a list of discounts", "a discount", discountValue), func(i *invoicing) *[]placed[Discount] { return &i.discounts }),
	may("credits", "What invoices are less by.", list("a list of credits", "a credit", creditValue), func(i *invoicing) *[]placed[Credit] { return &i.credits }),
	may("before", "The tiers it was in before, the first one first.", list("a list of tiers it was in", "a tier it was in", formerValue), func(i *invoicing) *[]placed[Former] { return &i.before }),
}))

// boxed is v in a place of its own, for what few entries of many have.
func boxed[V any](v value[V]) value[*V] {
	return value[*V]{expects: v.expects, kind: v.kind, schema: v.schema, read: func(r *reader, n *yaml.Node, name string) *V {
		return new(v.read(r, n, name))
	}}
}

// invoicingOf is what p says, nil if the file does not.
func invoicingOf(p *placed[invoicing]) *Invoicing {
	if p == nil {
		return nil
	}
	a := p.value
	got := &a.Invoicing
	got.OwnTerms, got.Terms = a.usage.node != nil, termsOf(a.usage)
	got.OwnTax, got.Tax = a.tax.node != nil, a.tax.value
	got.To = a.to.value
	for _, d := range a.discounts {
		got.Discounts = append(got.Discounts, d.value)
	}
	for _, c := range a.credits {
		got.Credits = append(got.Credits, c.value)
	}
	for _, f := range a.before {
		f.value.OwnPrice = f.fields["price"] != nil
		got.Before = append(got.Before, f.value)
	}
	return got
}

func billingOf(p placed[billed]) Billing {
	b := p.value.Billing
	if p.node == nil {
		b = billing
	}
	b.Tax, b.From = p.value.tax.value, p.value.from.value
	for _, v := range b.prices {
		b.Prices = append(b.Prices, v.value)
	}
	slices.SortStableFunc(b.Prices, func(x, y Version) int { return strings.Compare(x.From, y.From) })
	b.prices = nil
	return b
}

// checkBilling tells what of the invoicing cannot be together.
func (r *reader) checkBilling(d document) {
	known := map[string]bool{}
	var names []string
	for _, t := range d.allTiers() {
		known[t.Key] = true
		names = append(names, t.Key)
	}
	tier := func(n *yaml.Node) {
		if n != nil && n.Kind == yaml.ScalarNode && !isNull(n) && !known[n.Value] {
			r.fault(n, "unknown tier %s%s", quote(n.Value), r.nearest(n.Value, names, "; known are "+cut(strings.Join(names, ", "))))
		}
	}
	r.checkTax(d.billing.value.tax)
	seen := map[string]int{}
	for _, v := range d.billing.value.prices {
		if v.node == nil {
			continue
		}
		tier(v.fields["tier"])
		if v.fields["from"] != nil {
			r.once(v.at("from"), seen, v.value.Tier+" "+v.value.From, "price of "+v.value.Tier+" from")
		}
	}
	for _, c := range d.customers {
		if c.value.billing == nil {
			continue
		}
		a := c.value.billing.value
		r.checkTax(a.tax)
		for _, one := range a.discounts {
			if one.node == nil {
				continue
			}
			switch both := one.fields["percent"] != nil; {
			case both == (one.fields["amount"] != nil):
				r.fault(one.node, "a discount has percent or amount: one of them")
			case one.value.Rate > 1_000_000:
				r.fault(one.at("percent"), "a discount of %s %% is more than the price", one.value.Rate)
			}
			if from, until := one.value.From, one.value.Until; from != "" && until != "" && until <= from {
				r.fault(one.at("until"), "until %s is not after from %s", quote(until), quote(from))
			}
		}
		last := c.value.Since
		for _, f := range a.before {
			if f.node == nil {
				continue
			}
			tier(f.fields["tier"])
			if n := f.fields["until"]; n != nil && last != "" && f.value.Until <= last {
				r.fault(n, "until %s is not after %s, when the one before it ends or service begins; the first tier comes first", quote(f.value.Until), quote(last))
			}
			last = f.value.Until
		}
		if end := c.value.Until; end != "" && last != "" && last > end && len(a.before) > 0 {
			r.fault(c.at("until"), "until %s is before %s, when the customer came into tier %s", quote(end), quote(last), quote(c.value.Tier))
		}
	}
}

func (r *reader) checkTax(t placed[Tax]) {
	if t.node == nil {
		return
	}
	exempt, rated := t.fields["exempt"] != nil, t.fields["name"] != nil || t.fields["percent"] != nil
	if exempt == rated || rated && (t.fields["name"] == nil || t.fields["percent"] == nil) {
		r.fault(t.node, "tax has name and percent, or exempt with the reason")
	}
}
