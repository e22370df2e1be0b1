package verify

import (
	"fmt"
	"slices"
	"strings"

	"landlord/guard/guardrail"
	"landlord/org"
	"landlord/vend/blueprint"
)

// tier makes the checks of a tier's units and policy.
func (v *verifier) tier(t blueprint.Tier) []Check {
	var looked []string
	fault := ""
	for _, u := range v.want.Units {
		if u.Tier != t.Key && u.Key != v.above(t.Key) {
			continue
		}
		looked = append(looked, strings.TrimSpace(v.named[u.Key]+" "+v.stand.Of[u.Key].ID))
		if fault == "" {
			fault = v.unit(u)
		}
	}
	if fault == "" {
		fault = v.attachments(t, v.stand.Of[t.Key])
	}
	text := "unit " + looked[0] + " and its attachments"
	if len(looked) > 1 {
		text = "units " + strings.Join(looked, ", ") + " and their attachments"
	}
	stand := check(Tier, text, fault)

	var documents, faults []string
	for _, p := range t.Policies {
		id, fault := v.document(t, p)
		documents = append(documents, fmt.Sprintf("document of policy %s %s", p.Name, id))
		if fault != "" {
			faults = append(faults, fault)
		}
	}
	content := check(Content, strings.Join(documents, ", "), strings.Join(faults, "; "))
	stand.Tier, content.Tier = t.Key, t.Key
	return []Check{stand, content}
}

// attachments says what of a tier's policies is not attached to its unit.
func (v *verifier) attachments(t blueprint.Tier, unit org.Unit) string {
	for _, p := range t.Policies {
		switch {
		case v.foreign(p.Name):
			return fmt.Sprintf("policy %s is not landlord's: it has no tag %s; `landlord plan` says what to do", p.Name, org.TagFramework)
		case !slices.Contains(v.policies[unit.ID], p.Name), !v.carries(unit, p.Name):
			return fmt.Sprintf("policy %s is not attached to %s: nothing of %s holds there. `landlord apply` attaches it", p.Name, v.named[t.Key], t.Framework)
		}
	}
	return ""
}

// document is the id of a tier's policy, and what is wrong with what it says.
func (v *verifier) document(t blueprint.Tier, p guardrail.Policy) (id, fault string) {
	fault = fmt.Sprintf("there is no policy %s. `landlord apply` makes it", p.Name)
	for _, seen := range v.have.Policies {
		switch {
		case seen.Name != p.Name:
		case seen.Tags[org.TagFramework] == "":
			id, fault = seen.ID, fmt.Sprintf("policy %s (%s) is not landlord's: it has no tag %s; `landlord plan` says what to do", p.Name, seen.ID, org.TagFramework)
		case !guardrail.Same(seen.Document, p.Document):
			id, fault = seen.ID, fmt.Sprintf("policy %s (%s) does not say what %s demands. `landlord apply` restores it", p.Name, seen.ID, t.Framework)
		default:
			id, fault = seen.ID, ""
		}
	}
	return id, fault
}

// carries tells whether the list of a unit's own policies does not deny what the
// list of the policy's targets says: one of the two may lag behind.
func (v *verifier) carries(unit org.Unit, name string) bool {
	i := slices.IndexFunc(v.have.Policies, func(p org.Policy) bool { return p.Name == name })
	return i >= 0 && org.Carries(v.have, unit.ID, v.have.Policies[i].ID)
}

// above is the key of the unit that a tier's unit stands in.
func (v *verifier) above(tier string) string {
	return v.want.Units[slices.IndexFunc(v.want.Units, func(u blueprint.Unit) bool { return u.Key == tier })].Parent
}

// unit says what is wrong with a unit that is wanted.
func (v *verifier) unit(u blueprint.Unit) string {
	name := v.named[u.Key]
	seen, stands := v.stand.Of[u.Key]
	switch {
	case !stands:
		return fmt.Sprintf("there is no unit tagged %s. `landlord apply` makes %s", blueprint.Shown(u.Tags), name)
	case seen.Name != u.Name:
		return fmt.Sprintf("unit %s is called %s, not %s. `landlord apply` renames it", seen.ID, seen.Name, u.Name)
	case blueprint.Locked(v.have, seen):
		return fmt.Sprintf("no policy on %s allows anything: nobody can work in its accounts. `landlord apply` attaches FullAWSAccess", name)
	}
	return ""
}

// left checks that none of landlord's units is left from before the tiers were
// divided otherwise. One that holds what is somebody else's is told and is no
// fault, since apply leaves it alone.
func (v *verifier) left(of map[string]org.Account) []Check {
	_, divided := v.named[blueprint.Above]
	if !divided && len(v.stand.Old) == 0 && len(v.stand.Conflicts) == 0 {
		return nil
	}
	customers := map[org.AccountID]bool{}
	for _, a := range of {
		customers[a.ID] = true
	}
	stays := map[string]string{} // by unit: what of others is in it
	for _, a := range v.have.Accounts {
		if !customers[a.ID] {
			stays[a.Parent] = "account " + string(a.ID)
		}
	}
	old := map[string]bool{}
	for _, u := range v.stand.Old {
		old[u.ID] = true
	}
	for _, u := range slices.Backward(v.have.Units) { // children first
		if !old[u.ID] || stays[u.ID] != "" {
			stays[u.Parent] = "unit " + u.ID
		}
	}
	looked := []string{fmt.Sprintf("landlord's units (%d wanted, %d of before)", len(v.want.Units), len(v.stand.Old))}
	faults := slices.Clone(v.stand.Conflicts)
	for _, u := range v.stand.Old {
		if by := stays[u.ID]; by != "" {
			looked = append(looked, fmt.Sprintf("unit %s (%s) is not wanted any more and stays, since it holds %s", v.place(u.ID), u.ID, by))
		} else {
			faults = append(faults, fmt.Sprintf("unit %s (%s) is left from before. `landlord apply` removes it when it is empty", v.place(u.ID), u.ID))
		}
	}
	return []Check{check(Units, strings.Join(looked, "; "), strings.Join(faults, "; "))}
}

// path returns the targets whose policies apply to a, from itself to the root,
// and the same in words.
func (v *verifier) path(a org.Account) (targets []string, words string) {
	targets = []string{string(a.ID)}
	for at := a.Parent; at != ""; at = v.units[at].Parent {
		targets = append(targets, at)
	}
	words = v.place(a.Parent)
	if _, in := v.units[a.Parent]; in {
		words = "Root/" + words
	}
	return targets, words
}

// place is the path of a unit from below the root, by its id.
func (v *verifier) place(id string) string {
	if id == v.have.Root {
		return "Root"
	}
	return org.Path(v.units, v.have.Root, id)
}
