package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"landlord/internal/limits"
	"landlord/internal/nearest"
	"landlord/org"
	"landlord/vend/blueprint"
)

// Closing is what is known of AWS's quota of closures, which AWS does not tell.
type Closing struct {
	Quotas limits.Quotas // the zero value is AWS's present ones
	// Refused are the customers whose accounts AWS would not close, since the quota
	// is used up: it is then no more than what is used.
	Refused []string
}

// refusalHolds is how long AWS is not asked again after it has refused to close
// accounts: what uses its quota may be others' closures, which landlord cannot date.
const refusalHolds = 24 * time.Hour

// A Refusal is that AWS would not close accounts, since its quota is used up. It is
// kept, so that nobody asks AWS in vain until then.
type Refusal struct {
	Customers []string  `json:"customers"` // whose accounts
	Until     time.Time `json:"until"`     // by AWS's clock
}

// RefusalOf is the refusal that was met before a look: until the first place is known
// to become free, or for a day.
func RefusalOf(have org.Organization, customers []string) Refusal {
	r := Refusal{customers, have.Seen.Add(refusalHolds)}
	if at := Closings(have, Closing{Refused: customers}).Frees(); !at.IsZero() && at.Before(r.Until) {
		r.Until = at
	}
	return r
}

// At is whose accounts AWS would not close at a time.
func (r Refusal) At(now time.Time) []string {
	if !now.Before(r.Until) || r.Until.Sub(now) > 2*refusalHolds { // a clock that went back
		return nil
	}
	return r.Customers
}

// refused tells whether AWS would not close an account.
func (c Closing) refused(a org.Account) bool {
	return !a.Gone() && slices.Contains(c.Refused, a.Tags[org.TagCustomer])
}

// Close returns the plan that closes the accounts of customers: each is first
// tagged with when AWS is asked, by which a later run knows how much of AWS's
// quota is used. It takes at most what the quota leaves, in the order of keys;
// the rest is Held. A customer whose account is closed already needs nothing.
// No other plan closes anything. The error is a *Conflict.
func Close(want blueprint.Blueprint, have org.Organization, keys []string, known Closing) (*Plan, error) {
	m := newMaker(want, have, Options{})
	quota := Closings(have, known)
	free := quota.Free()
	for _, a := range have.Accounts { // others' closures take AWS's places too
		if a.State == org.PendingClosure {
			key := a.Tags[org.TagCustomer]
			if own, err := AccountOf(want, have, key); err != nil || own.ID != a.ID {
				key = "" // its end is not that of the customer's account
			}
			m.add(Step{Kind: AwaitClosure, Customer: key, Tier: a.Tags[org.TagTier], Handle: string(a.ID), Name: a.Name, Tags: asked(a)})
			m.change(Change{Action: Wait, Noun: AnAccount, Tier: a.Tags[org.TagTier], Customer: a.Tags[org.TagCustomer], Name: a.Name, Detail: string(a.ID) + " is being closed"})
		}
	}
	m.plan.Customers = len(keys)
	for _, key := range keys {
		account, err := AccountOf(want, have, key)
		if err != nil {
			m.problem("%v", err)
			continue
		}
		m.plan.Present++
		if account.Gone() {
			continue
		}
		c := m.customer(key, account)
		at := account.Tags[org.TagClosed]
		begun := closing(account, have.Seen) && !known.refused(account) // AWS may have been asked, and show it later; its place is taken
		if free == 0 && !begun {
			m.plan.Held = append(m.plan.Held, key)
			if at := quota.Frees(); at.IsZero() {
				m.change(Change{Action: Wait, Noun: AnAccount, Tier: c.Tier, Customer: key, Name: account.Name, Detail: fmt.Sprintf("%s until AWS's quota of closures leaves a place, in 30 days at the latest", account.ID)})
			} else {
				m.change(Change{Action: Wait, Noun: AnAccount, Tier: c.Tier, Customer: key, Name: account.Name, Detail: fmt.Sprintf("%s until %s, when AWS's quota of closures leaves a place", account.ID, at.UTC().Format(time.DateOnly))})
				quota.Used = append(quota.Used, at) // that place is this one's
			}
			continue
		}
		var after []int
		if !begun {
			free--
			quota.Used = append(quota.Used, have.Seen)
			at = org.TagTime(have.Seen)
			after = []int{m.add(Step{Kind: Tag, Tier: c.Tier, Customer: key, Target: Ref(account.ID), Tags: org.Tags{org.TagClosed: at}, Name: account.Name})}
		}
		m.add(Step{Kind: CloseAccount, Tier: c.Tier, Customer: key, Target: Ref(account.ID), After: after, Name: account.Name, Tags: org.Tags{org.TagClosed: at}})
		m.change(Change{Action: Shut, Noun: AnAccount, Tier: c.Tier, Customer: key, Name: account.Name, Detail: fmt.Sprintf("%s %s", account.ID, account.Email)})
	}
	return m.done()
}

// closingTakes is how long AWS may show an account as it was before it was asked
// to close it. Two closures that were measured took ten minutes
// (hashicorp/terraform-provider-aws#46284, #46406).
const closingTakes = time.Hour

// closing tells whether AWS may be closing an account that it shows as it was.
func closing(a org.Account, now time.Time) bool {
	at, is := org.FromTagTime(a.Tags[org.TagClosed])
	return is && !a.Gone() && now.Sub(at) <= closingTakes
}

// asked is the tag that says when AWS was asked to close an account, if
// landlord asked.
func asked(a org.Account) org.Tags {
	if at, is := a.Tags[org.TagClosed]; is {
		return org.Tags{org.TagClosed: at}
	}
	return nil
}

// Window is how much of AWS's quota of closures is used.
type Window struct {
	Quota   int         // closures in 30 days
	Used    []time.Time // when landlord asked for those of the last 30 days, oldest first
	Unknown int         // accounts closed at an unknown time: by somebody else, at most 90 days ago
}

// Closings tells how much of AWS's quota of closures an organization has used.
// AWS does not say whether accounts that are closed count among the members of
// which it is a share; here they do not, which is the smaller number.
func Closings(have org.Organization, known Closing) Window {
	var w Window
	members := 0
	for _, a := range have.Accounts {
		if !a.Gone() && !closing(a, have.Seen) || known.refused(a) {
			if a.ID != have.Management {
				members++
			}
			continue
		}
		switch at, is := org.FromTagTime(a.Tags[org.TagClosed]); {
		case !is:
			w.Unknown++
		case have.Seen.Sub(at) < limits.ClosingWindow:
			w.Used = append(w.Used, at)
		}
	}
	slices.SortFunc(w.Used, time.Time.Compare)
	quotas := known.Quotas
	if quotas.Name == "" {
		quotas = limits.Present()
	}
	if w.Quota = quotas.Closings(members); len(known.Refused) > 0 {
		w.Quota = min(w.Quota, len(w.Used))
	}
	return w
}

// Free is how many accounts can still be closed now. Those closed at an unknown
// time may leave fewer: AWS then says so.
func (w Window) Free() int { return max(0, w.Quota-len(w.Used)) }

// Frees is when the next place of the quota becomes free; zero if none is used.
func (w Window) Frees() time.Time {
	if len(w.Used) == 0 {
		return time.Time{}
	}
	return w.Used[max(0, len(w.Used)-w.Quota)].Add(limits.ClosingWindow)
}

// AccountOf finds the account of a customer, in the file or not, also a closed
// one. The error says what a person must settle first.
func AccountOf(want blueprint.Blueprint, have org.Organization, key string) (org.Account, error) {
	own := want.Owners(have)
	if a, found := own.Of[key]; found {
		return a, nil
	}
	why := fmt.Sprintf("customer %s has no account in the organization", key)
	var closed, other []org.Account
	for _, a := range have.Accounts {
		switch {
		case a.Tags[org.TagCustomer] != key || a.ID == have.Management:
		case a.Gone():
			closed = append(closed, a)
		default:
			other = append(other, a)
		}
	}
	for _, c := range own.Conflicts {
		if c.Customer == key && (len(closed) != 1 || len(other) != 0) {
			return org.Account{}, fmt.Errorf("%s", c.Why)
		}
	}
	switch found := append(other, closed...); {
	case len(other) > 1 || len(other) == 0 && len(closed) > 1:
		return org.Account{}, fmt.Errorf("customer %s: accounts %s and %s both have its tag; remove the tag %s from the other", key, found[0].ID, found[1].ID, org.TagCustomer)
	case len(found) > 0:
		return found[0], nil
	}
	for owner, a := range own.Of {
		if string(a.ID) == key {
			return org.Account{}, fmt.Errorf("%s is the account of customer %s, and customers are named by their keys", key, owner)
		}
	}
	known := make([]string, 0, len(want.Customers))
	for _, c := range want.Customers {
		known = append(known, c.Key)
	}
	if slices.Contains(known, key) {
		return org.Account{}, fmt.Errorf("%s", why)
	}
	for _, a := range own.Orphans {
		known = append(known, a.Tags[org.TagCustomer])
	}
	if near := nearest.Of(key, known); near != "" {
		why += fmt.Sprintf(", and no such customer is in the file. Did you mean %q?", near)
	} else {
		why += ", and no such customer is in the file"
	}
	return org.Account{}, fmt.Errorf("%s", why)
}

// state is an account's state in words.
func state(a org.Account) string { return strings.ToLower(strings.ReplaceAll(a.State, "_", " ")) }
