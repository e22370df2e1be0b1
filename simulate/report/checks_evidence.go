package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"

	"landlord/guard/compliance"
	compliancereport "landlord/guard/compliance/report"
	"landlord/guard/identity"
	"landlord/portfolio"
	"landlord/vend/verify"
)

// trailCheck is the check by which an account is asked whether its calls are logged.
const trailCheck = "cloudtrail.multi_region"

// trails checks that the organization's trail logs every account, each where no other
// is, and that each account sees it.
func (c court) trails() Line {
	keys, account, faults := c.accounts()
	var looked []string
	if c.Baselines == nil {
		return c.line("CloudTrail tracks each customer separately", nil, faults)
	}
	logs := c.Baselines.Logs
	for _, g := range logs.Gaps(c.Baselines.LogsSeen) {
		faults = append(faults, g.String())
	}
	owner := map[string]string{}
	for _, key := range keys {
		id := account[key].ID
		at := logs.Events(id)
		if other, taken := owner[at]; taken {
			faults = append(faults, fmt.Sprintf("%s is both %s's and %s's", at, other, key))
		}
		owner[at] = key
		looked = append(looked, at)
	}
	for _, x := range c.assessed() {
		id, sees := account[x.Key].ID, false
		for _, f := range c.Findings[id] {
			sees = sees || f.Name == trailCheck && f.Method == compliance.ByCalls && f.Status == compliance.Pass && f.Account == id
		}
		if !sees && id != "" {
			faults = append(faults, fmt.Sprintf("account %s of %s sees no trail of all regions", id, x.Key))
		}
	}
	return c.line("CloudTrail tracks each customer separately", looked, faults)
}

// recorded checks that AWS Config judged in each account, and that what it found is
// that account's.
func (c court) recorded() Line {
	keys, account, faults := c.accounts()
	judges := map[string]bool{}
	for _, x := range c.assessed() {
		judges[x.Key] = true
	}
	var looked []string
	for _, key := range keys {
		id, n, judged := account[key].ID, 0, judges[key]
		for _, f := range c.Findings[id] {
			switch {
			case f.Account != id:
				faults = append(faults, fmt.Sprintf("a finding in account %s of %s is of account %s", id, key, f.Account))
			case f.Method == compliance.ByConfig && f.Status != compliance.Error:
				n++
			}
		}
		switch {
		case judged && n == 0:
			faults = append(faults, fmt.Sprintf("AWS Config found nothing in account %s of %s", id, key))
		case judged:
			looked = append(looked, fmt.Sprintf("%s in account %s", count(n, "finding"), id))
		}
	}
	return c.line("AWS Config records findings by account", looked, faults)
}

// framework is that of a customer's tier.
func (c court) framework(x portfolio.Customer) string {
	t, _ := c.file.Tier(x.Tier)
	return t.Framework
}

// assessed are the customers whose framework landlord has checks of.
func (c court) assessed() (some []portfolio.Customer) {
	for _, x := range c.Portfolio.Customers {
		if len(compliance.ChecksOf(c.framework(x))) > 0 {
			some = append(some, x)
		}
	}
	return some
}

// written are the formats that a report is written in here: for people, and for
// programs the one that has everything. All seven would take most of the time of a
// simulation of few customers.
var written = slices.DeleteFunc(slices.Clone(compliancereport.Formats), func(f compliancereport.Format) bool {
	return f.Name != "html" && f.Name != "md" && f.Name != "json"
})

// writing is a customer's report in one format, and what it names that is not that
// customer's.
type writing struct {
	customer, format string
	frameworks       []string
	others           []string // accounts and names
	err              error
}

// write writes each customer's report, several beside each other.
func (c court) write() []writing {
	var all []writing
	for _, x := range c.Portfolio.Customers {
		for _, f := range written {
			if c.Reports[x.Key] != nil {
				all = append(all, writing{customer: x.Key, format: f.Title})
			}
		}
	}
	var writers sync.WaitGroup
	for n, format := range written {
		writers.Go(func() {
			for i := n; i < len(all); i += len(written) {
				var b bytes.Buffer
				all[i].err = format.Write(c.Reports[all[i].customer], &b)
				c.read(&all[i], strings.ToLower(b.String()))
			}
		})
	}
	writers.Wait()
	return all
}

// read notes what a text in lower case names that is not its customer's.
func (c court) read(w *writing, text string) {
	at := slices.IndexFunc(c.Portfolio.Customers, func(x portfolio.Customer) bool { return x.Key == w.customer })
	own := c.Portfolio.Customers[at]
	for _, word := range frameworks(c.tiers) {
		if word != c.framework(own) && mentions(text, strings.ToLower(word)) {
			w.frameworks = append(w.frameworks, word)
		}
	}
	for _, x := range c.Portfolio.Customers {
		id := string(c.Verified.Account[x.Key].ID)
		switch {
		case x.Key == own.Key:
		case id != "" && strings.Contains(text, id):
			w.others = append(w.others, fmt.Sprintf("account %s of %s", id, x.Key))
		case mentions(text, strings.ToLower(x.Name)) && !names(own.Name, x.Name):
			w.others = append(w.others, x.Name)
		}
	}
}

// reports checks that each customer has a report of its own account and framework,
// and that it names no other customer and no other framework.
func (c court) reports(all []writing) Line {
	var looked, titles, faults []string
	for _, f := range written {
		titles = append(titles, f.Title)
	}
	of := map[string][]writing{}
	for _, w := range all {
		of[w.customer] = append(of[w.customer], w)
	}
	some := c.assessed()
	for _, x := range some {
		r, has := c.Reports[x.Key]
		id := c.Verified.Account[x.Key].ID
		switch {
		case !has:
			faults = append(faults, x.Key+" has no report")
			continue
		case r.Subject.Account != id || id == "" || r.Framework != c.framework(x):
			faults = append(faults, fmt.Sprintf("the report of %s is of account %s and %s", x.Key, r.Subject.Account, r.Framework))
		case r.Findings == 0:
			faults = append(faults, fmt.Sprintf("the report of %s rests on nothing", x.Key))
		}
		for _, w := range of[x.Key] {
			if w.err != nil {
				faults = append(faults, fmt.Sprintf("the report of %s as %s: %v", x.Key, w.format, w.err))
			}
			for _, other := range append(w.frameworks, w.others...) {
				faults = append(faults, fmt.Sprintf("the report of %s as %s names %s", x.Key, w.format, other))
			}
		}
		looked = append(looked, fmt.Sprintf("%s of account %s: %s", r.Framework, id, count(r.Findings, "finding")))
	}
	l := c.line(count(len(some), "separate compliance report"), looked, faults)
	if l.State == Passed {
		l.Looked += "; written as " + list(titles) + ", none of which names another customer or framework"
	}
	return l
}

// named says what customers' portals would tell of frameworks that are not theirs, of
// their compliance and their sign-in.
func (c court) named(all []writing) (faults []string) {
	sign, _ := identity.From(c.Portfolio)
	reads := func(x portfolio.Customer, where string, others ...string) {
		for _, other := range others {
			faults = append(faults, fmt.Sprintf("%s of %s reads of %s in its %s", x.Key, c.framework(x), other, where))
		}
	}
	for i, x := range c.Portfolio.Customers {
		for _, w := range all {
			if w.customer == x.Key {
				reads(x, "report as "+w.format, w.frameworks...)
			}
		}
		var shown strings.Builder
		shown.WriteString(identity.Link(sign.Portal, c.SignIn.Store))
		for name := range verify.Sets(sign, sign.Customers[i]) {
			shown.WriteString(" " + name)
		}
		for _, other := range frameworks(c.tiers) {
			if other != c.framework(x) && names(shown.String(), other) {
				reads(x, "sign-in", other)
			}
		}
	}
	return faults
}
