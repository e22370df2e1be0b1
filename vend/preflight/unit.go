package preflight

import (
	"slices"

	"landlord/org"
	"landlord/vend/blueprint"
)

// unit is a unit that is wanted.
type unit struct {
	name   string
	parent string // key of the unit above; "" is the root
	policy string // name of the policy it carries; "" for none
}

// units returns the units that are wanted, and those of them that stand, by key.
func units(want blueprint.Blueprint, seen org.Organization) (wanted map[string]unit, stands map[string]org.Unit) {
	wanted, stands = map[string]unit{}, map[string]org.Unit{}
	for _, t := range want.Tiers {
		wanted[t.Key] = unit{name: t.Unit, policy: t.Policy.Name}
		at := slices.IndexFunc(seen.Units, func(u org.Unit) bool { return u.Parent == seen.Root && u.Tags[org.TagTier] == t.Key })
		if at >= 0 {
			stands[t.Key] = seen.Units[at]
		}
	}
	return wanted, stands
}

// unitOf is the key of the unit that a customer's account is in.
func unitOf(c blueprint.Customer) string { return c.Tier }

// enter counts what the first account in a unit brings with it, and in those
// above. It returns how many levels of units end with it.
func (w *walk) enter(key string) (depth int) {
	if key == "" {
		return 0
	}
	if depth, counted := w.entered[key]; counted {
		return depth
	}
	u := w.wanted[key]
	depth = w.enter(u.parent) + 1
	w.entered[key] = depth
	w.depth.see(depth, u.name)
	w.called.see(len(u.name), u.name)
	attached := 1 // AWS's own, which stands on every new unit
	there, stands := w.stands[key]
	if stands {
		attached = len(there.SCPs)
		if blueprint.Locked(w.seen, there) {
			attached++ // what allows comes back
		}
	} else {
		w.units++
	}
	if u.policy != "" && !(stands && w.attachedTo(u.policy, there.ID)) {
		attached++
	}
	w.attached.see(attached, u.name)
	return depth
}

func (w *walk) attachedTo(policy, target string) bool {
	i := slices.IndexFunc(w.seen.Policies, func(p org.Policy) bool { return p.Name == policy })
	return i >= 0 && slices.Contains(w.seen.Policies[i].Targets, target)
}
