package preflight

import (
	"slices"

	"landlord/org"
	"landlord/vend/blueprint"
)

// units returns the units that are wanted, and those of them that stand, by key.
func units(want blueprint.Blueprint, seen org.Organization) (wanted map[string]blueprint.Unit, stands map[string]org.Unit) {
	wanted = make(map[string]blueprint.Unit, len(want.Units))
	for _, u := range want.Units {
		wanted[u.Key] = u
	}
	return wanted, want.Standing(seen).Of
}

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
	depth = w.enter(u.Parent) + 1
	w.entered[key] = depth
	w.depth.see(depth, u.Name)
	w.called.see(len([]rune(u.Name)), u.Name)
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
	for _, p := range w.want.On(u) {
		if !stands || !w.attachedTo(p.Name, there.ID) {
			attached++
		}
	}
	w.attached.see(attached, u.Name)
	return depth
}

func (w *walk) attachedTo(policy, target string) bool {
	i := slices.IndexFunc(w.seen.Policies, func(p org.Policy) bool { return p.Name == policy })
	return i >= 0 && slices.Contains(w.seen.Policies[i].Targets, target)
}
