package report

import (
	"context"
	"fmt"
	"strings"

	"landlord/business/billing"
	"landlord/business/support"
	"landlord/internal/money"
	"landlord/portfolio"
	"landlord/simulate"
)

// firstMonth is the month that the simulation begins in.
func firstMonth() billing.Month { return billing.MonthOf(simulate.Start) }

// invoices checks that the invoice of each customer for the first month can be made:
// its lines sum to it, it is the same where the others are not in the file, and it
// names no other customer.
func (a *auditor) invoices() Line {
	text := whole(a.n) + " invoices can be generated independently"
	month := firstMonth()
	all := billing.New(a.file, month)
	var total money.Cents
	n := 0
	var faults []string
	for _, c := range a.file.Customers {
		in, served, err := all.Draft(c, billing.Given{})
		if err != nil {
			faults = append(faults, err.Error())
			continue
		}
		if !served {
			continue
		}
		n, total = n+1, total+in.Total
		one := *a.file
		one.Customers = []portfolio.Customer{c}
		alone, _, err := billing.New(&one, month).Draft(c, billing.Given{})
		if err != nil || fmt.Sprint(alone) != fmt.Sprint(in) {
			faults = append(faults, fmt.Sprintf("the invoice of %s is another where the others are not", c.Key))
		}
		var sum money.Cents
		for _, l := range in.Lines {
			sum += l.Amount
		}
		if sum != in.Total {
			faults = append(faults, fmt.Sprintf("the lines of %s come to %s, the invoice to %s", c.Key, sum.Format(), in.Total.Format()))
		}
		if other := a.namesAnother(c, in); other != "" {
			faults = append(faults, fmt.Sprintf("the invoice of %s names %s", c.Key, other))
		}
	}
	looked := ""
	if n > 0 {
		looked = fmt.Sprintf("%s for %s come to %s; AWS's cost is not among it, since none was imported", count(n, "invoice"), month.Text(), total.Format())
	}
	return line(text, looked, joined(faults))
}

// namesAnother is the name of another customer that an invoice names; only of few
// customers is each compared with each.
func (a *auditor) namesAnother(c portfolio.Customer, in billing.Invoice) string {
	if a.n > simulate.OnboardedMost {
		return ""
	}
	text := fmt.Sprint(in)
	for _, other := range a.file.Customers {
		if other.Key != c.Key && other.Name != c.Name && names(text, other.Name) {
			return other.Name
		}
	}
	return ""
}

// relay is whom messages of this check are vouched for by.
const relay = "mx.simulated.example"

// tickets checks that what a customer's contact writes is that customer's, whatever
// name it is written under, and that what is written in a contact's name and not
// vouched for is nobody's.
func (a *auditor) tickets() Line {
	known := support.InFile(a.file)
	trust := support.Trust{Relays: []string{relay}}
	n := 0
	var faults []string
	for i, c := range a.file.Customers {
		address, ok := support.AddressOf(c.Contact)
		if !ok {
			faults = append(faults, fmt.Sprintf("%s has no contact whose mail could be told", c.Key))
			continue
		}
		n++
		other := a.file.Customers[(i+1)%len(a.file.Customers)]
		for _, m := range []struct{ verdict, want string }{{"pass", c.Key}, {"fail", ""}, {"none", ""}} {
			raw := fmt.Sprintf("Authentication-Results: %s; dmarc=%s header.from=%s\r\nFrom: %q <%s>\r\nTo: support@simulated.example\r\nMessage-ID: <%d@simulated.example>\r\nSubject: Financial error in dashboard\r\n\r\nThe account is not %s's.\r\n",
				relay, m.verdict, support.DomainOf(address), strings.Map(plain, other.Name), address, i, strings.Map(plain, other.Name))
			d := support.Whose(context.Background(), support.Read([]byte(raw)), known, trust)
			if d.Customer != m.want {
				faults = append(faults, fmt.Sprintf("a message of %s's contact with dmarc=%s is %s", c.Key, m.verdict, orQueued(d.Customer)))
			}
		}
	}
	looked := ""
	if n > 0 {
		looked = fmt.Sprintf("a message of the contact of %s, under another's name, is its customer's; the same without proof of its sender is nobody's", count(n, "customer"))
	}
	return line("Mail from each customer's contact is that customer's ticket", looked, joined(faults))
}

func orQueued(customer string) string {
	if customer == "" {
		return "nobody's"
	}
	return customer + "'s"
}

// plain is what of a name a header has without being encoded.
func plain(r rune) rune {
	if r < ' ' || r > '~' || r == '"' || r == '\\' {
		return '-'
	}
	return r
}
