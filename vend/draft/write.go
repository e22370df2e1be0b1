package draft

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"landlord/org"
	"landlord/portfolio"
)

// write writes the file.
func (d *drafter) write() Draft {
	var b strings.Builder
	out := Draft{Notes: d.notes}
	provider := d.opt.Provider
	if provider == "" {
		provider = "Your company"
		out.Notes = append(out.Notes, "provider.name: fill in your own")
	}
	fmt.Fprintf(&b, "# Written by `landlord import` on %s from organization %s.\n", d.seen.Seen.UTC().Format(time.DateOnly), clean(d.seen.ID))
	fmt.Fprintf(&b, "provider:\n  name: %s\n  account_email: %s\n", quoted(provider), quoted(d.address))
	fmt.Fprintf(&b, "\norganization:\n  target: %s\n  management_account: %q\n", d.opt.Target, string(d.seen.Management))
	d.writeTiers(&b)
	b.WriteString("\ncustomers:")
	for _, e := range d.entries {
		out.Customers += count(e.live)
		out.Commented += count(!e.live)
	}
	if out.Customers == 0 {
		b.WriteString(" []")
	}
	b.WriteString("\n")
	address := map[string]bool{}
	for _, a := range d.seen.Accounts {
		address[strings.ToLower(a.Email)] = true
	}
	for _, e := range d.entries {
		text := d.entry(e)
		if !e.live {
			text = commented(text)
		}
		b.WriteString(text)
	}
	if out.Customers == 0 && out.Commented > 0 {
		out.Notes = append(out.Notes, "no account is tagged landlord:customer: uncomment those that are customers' and remove the [] after customers, or give --tier UNIT=TIER")
	}
	if len(d.departed) > 0 {
		b.WriteString("\ndeparted:\n")
		for _, e := range d.departed {
			fmt.Fprintf(&b, "  - %s # account %s is closed\n", e.key, e.account.ID)
		}
	}
	d.writeInvitations(&b)
	out.Notes = append(out.Notes, d.changes()...)
	out.Text = []byte(b.String())
	return out
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

func (d *drafter) writeTiers(b *strings.Builder) {
	if len(d.changed) == 0 {
		return
	}
	b.WriteString("\ntiers:\n")
	for _, t := range d.changed {
		fmt.Fprintf(b, "  %s:\n    name: %s\n    framework: %s\n    unit: %s\n", t.Key, quoted(t.Name), quoted(t.Framework), quoted(t.Unit))
		if t.Units != portfolio.Flat {
			fmt.Fprintf(b, "    units: %s\n", t.Units)
		}
		if t.Price == 0 {
			b.WriteString("    price: 0 # AWS does not hold it: fill it in\n")
		}
	}
}

// entry writes one customer.
func (d *drafter) entry(e entry) string {
	var b strings.Builder
	switch {
	case e.why != "":
		fmt.Fprintf(&b, "  # account %s: %s\n", e.account.ID, e.why)
	case !e.ours:
		fmt.Fprintf(&b, "  # account %s in %s, %s\n", e.account.ID, clean(e.place), strings.ToLower(clean(e.account.State)))
	}
	if since := e.account.Tags[org.TagSuspended]; since != "" {
		fmt.Fprintf(&b, "  # suspended since %s\n", clean(since))
	}
	fmt.Fprintf(&b, "  - key: %s\n    name: %s\n    tier: %s\n    contact: %s", e.key, quoted(e.name), e.tier, quoted(e.contact))
	if e.invented {
		b.WriteString(" # AWS does not hold it: fill it in")
	}
	b.WriteString("\n")
	if e.region != "" {
		fmt.Fprintf(&b, "    region: %s\n", e.region)
	}
	if e.segment != "" {
		fmt.Fprintf(&b, "    segment: %s\n", quoted(e.segment))
	}
	if len(e.tags) > 0 {
		b.WriteString("    tags:\n")
		for _, key := range slices.Sorted(maps.Keys(e.tags)) {
			fmt.Fprintf(&b, "      %s: %s\n", quoted(key), quoted(e.tags[key]))
		}
	}
	if !e.ours || !strings.EqualFold(portfolio.AccountEmail(d.address, e.key), e.account.Email) {
		fmt.Fprintf(&b, "    account: %q\n", string(e.account.ID))
	}
	return b.String()
}

func (d *drafter) writeInvitations(b *strings.Builder) {
	for _, i := range d.seen.Invitations {
		if i.State == org.Open {
			fmt.Fprintf(b, "\n# Invited, not yet accepted: %s%s (%s, until %s). As a customer it has `account:` and this id.\n", clean(string(i.Account)), clean(i.Email), clean(i.ID), i.Expires.UTC().Format(time.DateOnly))
		}
	}
}

// changes says what the plan of the file will change, and why.
func (d *drafter) changes() []string {
	var notes []string
	invented, adopted, renamed := 0, 0, 0
	var called = map[string]int{}
	for _, e := range d.entries {
		if e.live {
			called[portfolio.AccountName(e.name, e.key)]++
		}
	}
	for _, e := range d.entries {
		if !e.live {
			continue
		}
		invented += count(e.invented)
		adopted += count(!e.ours)
		name := portfolio.AccountName(e.name, e.key)
		renamed += count(name != e.account.Name || called[name] > 1)
	}
	if invented > 0 {
		notes = append(notes, fmt.Sprintf("%s no contact that the file can take: fill in those that end in @contact.invalid; the plan then tags the accounts", has(invented)))
	}
	if adopted > 0 {
		notes = append(notes, fmt.Sprintf("%s not landlord's yet: the plan shows what adopting them changes", are(adopted)))
	}
	if renamed > 0 {
		notes = append(notes, fmt.Sprintf("%s a name that is another's too, or that AWS would not take anew: the plan shows what it becomes", has(renamed)))
	}
	return notes
}

func has(n int) string {
	if n == 1 {
		return "1 customer has"
	}
	return fmt.Sprintf("%d customers have", n)
}

func are(n int) string {
	if n == 1 {
		return "1 customer is"
	}
	return fmt.Sprintf("%d customers are", n)
}

// commented puts each line behind a "#".
func commented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("  #" + strings.TrimPrefix(line, "  "))
	}
	return b.String()
}

// quoted writes a text so that YAML takes it for nothing else.
func quoted(s string) string { return strconv.QuoteToGraphic(s) }

// clean makes a text fit for one line: what is not graphic becomes a space.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsGraphic(r) {
			return ' '
		}
		return r
	}, s)
}
