package verify

import (
	"cmp"
	"fmt"

	"landlord/guard/identity"
	"landlord/org"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
)

// Doors tell into which accounts people may be let, by customer: those that stand
// in their units under their tiers' policies and no others. r is what was found of
// the same organization; lacks, if not nil, says what else a customer's account
// must have first, "" for nothing.
func Doors(want blueprint.Blueprint, have org.Organization, r Report, lacks func(customer string) string) map[string]identity.Door {
	faults := map[string]string{} // by customer, or by tier
	for _, c := range r.Checks {
		if c.Passed {
			continue
		}
		switch c.Name {
		case Account, Unit, Policies, Isolation:
			faults[c.Customer] = cmp.Or(faults[c.Customer], c.Fault)
		case Content, Guardrails:
			faults["tier "+c.Tier] = cmp.Or(faults["tier "+c.Tier], c.Fault)
		case Enabled:
			faults[""] = cmp.Or(faults[""], c.Fault)
		}
	}
	doors := map[string]identity.Door{}
	for _, c := range want.Customers {
		a, exists := r.Account[c.Key]
		if !exists {
			doors[c.Key] = identity.Door{State: identity.Wait, Why: "there is no account yet"}
			continue
		}
		d := door(have, a)
		if d.State == identity.Open {
			d.Why = cmp.Or(faults[c.Key], faults["tier "+c.Tier], faults[""])
			if d.Why == "" && lacks != nil {
				d.Why = lacks(c.Key)
			}
			if d.Why != "" {
				d.State = identity.Wait
			}
		}
		doors[c.Key] = d
	}
	for _, key := range want.Departed {
		a, err := plan.AccountOf(want, have, key)
		if err != nil {
			continue
		}
		d := door(have, a)
		if d.State == identity.Open {
			d.State, d.Why = identity.Shut, "the customer has departed"
		}
		doors[key] = d
	}
	return doors
}

// door is an account's by its state alone.
func door(have org.Organization, a org.Account) identity.Door {
	d := identity.Door{Account: a.ID, State: identity.Open}
	since, tagged, denied := plan.Suspension(have, a)
	switch {
	case a.Gone():
		d.State, d.Why = identity.Gone, fmt.Sprintf("account %s is closed", a.ID)
	case tagged || denied:
		d.State, d.Why = identity.Shut, fmt.Sprintf("account %s is suspended", a.ID)
		if !since.IsZero() {
			d.Why += " since " + since.UTC().Format("2006-01-02")
		}
	}
	return d
}
