package report

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"landlord/guard/identity"
	"landlord/org"
	"landlord/service/onboard"
	"landlord/simulate"
	"landlord/vend/blueprint"
	"landlord/vend/verify"
)

// onboarded are the lines about customers who were onboarded, made once for all
// lists that have them.
type onboarded struct {
	people, links, baselines, reports, trails, recorded, portals Line
	named                                                        []string // what their portals say of other frameworks
}

// onboard makes the lines of what the study's onboarding left behind.
func (f *facts) onboard() onboarded {
	o := f.study.Onboarding
	if o == nil {
		not := func(text string) Line {
			return Line{Text: text + " (not simulated: customers were not onboarded)", State: NotChecked}
		}
		return onboarded{
			people: not("People sign in to their customer's account"), links: not("Sign-in links lead there"),
			baselines: not("Compliance baselines run in parallel"), reports: not("Compliance reports are of one customer and framework"),
			trails: not("CloudTrail tracks each customer separately"), recorded: not("AWS Config records findings by account"),
			portals: not(portalsRead),
		}
	}
	c := court{f, o}
	all := onboarded{people: c.people(), links: c.links(), baselines: c.baselines(), trails: c.trails(), recorded: c.recorded(), portals: c.portals()}
	texts := c.write()
	all.reports, all.named = c.reports(texts), c.named(texts)
	return all
}

// portalsRead is what the access test of the portal is about.
const portalsRead = "Each customer's portal was read as its people read it, page by page"

// portals tells how the access test of the portal ended, where it was done.
func (c court) portals() Line {
	var looked, faults []string
	tried := false
	for _, list := range c.Lists {
		for _, l := range list.Lines {
			if l.Step != "portal" {
				continue
			}
			tried = true
			if l.State == onboard.Done {
				looked = append(looked, list.Customer+": "+l.Says)
			} else {
				faults = append(faults, strings.TrimSuffix(list.Customer+": "+l.Says, ": ")) // or it did not come so far
			}
		}
	}
	if !tried && len(c.Lists) > 0 {
		return Line{Text: portalsRead + " (simulate --portal does, in a database of its own)", State: NotChecked}
	}
	return c.line(portalsRead, looked, faults)
}

// court judges an onboarding.
type court struct {
	*facts
	*simulate.Onboarding
}

// line is of what was looked at in an onboarding; it failed too if the onboarding
// could not go on.
func (c court) line(text string, looked, faults []string) Line {
	if c.Fault != "" {
		faults = append(faults, c.Fault)
	}
	return line(text+c.sampled(), joined(looked), joined(faults))
}

// sampled says of how many customers a line is, where it is not of all.
func (c court) sampled() string {
	if n := len(c.Portfolio.Customers); n < c.n {
		return fmt.Sprintf(" (tried with %s, one a tier)", count(n, "customer"))
	}
	return ""
}

// accounts are the customers who have an account, each with it, in file order. Who has
// none is a fault.
func (c court) accounts() (keys []string, of map[string]org.Account, faults []string) {
	for _, x := range c.Portfolio.Customers {
		if _, has := c.Verified.Account[x.Key]; has {
			keys = append(keys, x.Key)
		} else {
			faults = append(faults, x.Key+" has no account")
		}
	}
	return keys, c.Verified.Account, faults
}

// people checks that the people of each customer are users, and enter that
// customer's account and no other.
func (c court) people() Line {
	sign, _ := identity.From(c.Portfolio)
	var looked, faults []string
	users := 0
	for _, x := range sign.Customers {
		for _, p := range x.People {
			if u, is := c.SignIn.UserOf(p.Email); is {
				users++
				looked = append(looked, fmt.Sprintf("%s as %s in account %s", u.Name, list(p.Roles), c.Verified.Account[x.Key].ID))
			} else {
				faults = append(faults, fmt.Sprintf("%s of %s is no user", p.Email, x.Key))
			}
		}
	}
	for _, k := range verify.People(sign, c.SignIn, verify.Doors(blueprint.From(c.Portfolio), c.Organization, c.Verified, c.Baselines.Lacks)) {
		if !k.Passed {
			faults = append(faults, strings.TrimPrefix(k.Customer+": ", ": ")+k.Fault)
		}
	}
	return c.line(count(users, "IAM Identity Center user")+" created, each for their customer's account alone", looked, faults)
}

// links checks that the link of each customer's people leads to roles in its
// account, where its guardrails hold.
func (c court) links() Line {
	sign, _ := identity.From(c.Portfolio)
	link := identity.Link(sign.Portal, c.SignIn.Store)
	var looked, faults []string
	if at, err := url.Parse(link); err != nil || at.Scheme != "https" || !strings.HasSuffix(at.Host, ".awsapps.com") {
		faults = append(faults, fmt.Sprintf("%q is no link to an access portal", link))
	}
	_, account, _ := c.accounts()
	led := 0
	for _, x := range sign.Customers {
		if len(x.People) == 0 {
			continue
		}
		tests := c.Access[x.Key]
		fault := verify.Faulty(tests)
		for _, t := range tests {
			if t.Test == verify.Reaches && !strings.Contains(t.Looked, ":"+string(account[x.Key].ID)+":") {
				fault = "leads to " + t.Looked
			}
		}
		if len(tests) == 0 {
			fault = "was not tried"
		}
		if fault != "" {
			faults = append(faults, fmt.Sprintf("%s of %s: %s", link, x.Key, fault))
			continue
		}
		led++
		looked = append(looked, fmt.Sprintf("%s of %s, %s", strings.TrimPrefix(link, "https://"), x.Key, tests[0].Looked)) // the page links to nothing
	}
	return c.line(count(led, "sign-in link")+", each to a role in the customer's account", looked, faults)
}

// baselines checks that each account has its baseline, and that they were brought
// about beside each other.
func (c court) baselines() Line {
	keys, _, faults := c.accounts()
	most, from, to := atWork(c.Bars["baseline"])
	looked := []string{}
	if c.Baselines != nil {
		for _, u := range c.Baselines.Unready {
			faults = append(faults, fmt.Sprintf("%s has no baseline: %s", u.Customer, u.Why))
		}
		for _, of := range c.Baselines.Of {
			for _, g := range of.Gaps() {
				faults = append(faults, fmt.Sprintf("%s: %s", of.Customer, g))
			}
		}
		looked = append(looked, fmt.Sprintf("a look into %s; timeline: up to %d worked on at once, all in %s", count(len(c.Baselines.Of), "account"), most, minutes(to-from)))
	}
	if most < min(len(keys), 2) && to > from { // with a profile that takes no time nothing is beside anything
		faults = append(faults, "one account was worked on after the other")
	}
	return c.line(count(len(keys), "compliance baseline")+" run in parallel", looked, faults)
}

// atWork is how many customers were worked on at one moment, at most, and from when
// to when there was work on any.
func atWork(bars []simulate.Bar) (most int, from, to time.Duration) {
	first, last := map[string]time.Duration{}, map[string]time.Duration{}
	for _, b := range bars {
		if b.Customer == "" {
			continue
		}
		if at, is := first[b.Customer]; !is || b.From < at {
			first[b.Customer] = b.From
		}
		last[b.Customer] = max(last[b.Customer], b.To)
	}
	var spans []simulate.Bar
	for _, key := range slices.Sorted(maps.Keys(first)) {
		spans = append(spans, simulate.Bar{From: first[key], To: last[key]})
	}
	if len(spans) > 0 {
		from = slices.Min(slices.Collect(maps.Values(first)))
		to = slices.Max(slices.Collect(maps.Values(last)))
	}
	return mostAtOnce(spans), from, to
}
