package control

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"landlord/service/store"
	"landlord/vend/apply"
	"landlord/vend/plan"
)

// Digest is the same for plans with the same changes: what a person confirmed is
// known by it.
func Digest(p *plan.Plan) string {
	h := sha256.New()
	_ = json.NewEncoder(h).Encode(p.Changes) // of plain values into memory
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// verdict is what a run that changed AWS came to.
func verdict(o apply.Outcome, err error, f *facts) (state, summary string) {
	did := count(o.Done, "step") + " done"
	switch {
	case err != nil:
		return store.RunFailed, did + ", then: " + err.Error()
	case o.Complete() && len(o.Left.Barred) == 0: // what failed on the way, the last look found done
		return store.RunDone, did + ", nothing left to do; " + f.sentence(0)
	case len(o.Failures) > 0:
		return store.RunFailed, fmt.Sprintf("%s; %s: %v", did, whom(o.Failures[0].Step), o.Failures[0].Err) + more(len(o.Failures)-1)
	}
	left := 0
	if o.Left != nil {
		left = len(o.Left.Changes) + len(o.Left.Barred)
	}
	return store.RunFailed, fmt.Sprintf("%s, %s left", did, count(left, "change"))
}

func more(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(", and %d more", n)
}

// whom is whom a step serves.
func whom(s plan.Step) string {
	switch {
	case s.Customer != "":
		return s.Customer
	case s.Tier != "":
		return s.Tier
	}
	return "organization"
}

// sentence is a plan in a few words.
func sentence(p *plan.Plan) string {
	if p.Empty() {
		return "nothing to do"
	}
	var parts []string
	for _, a := range []struct {
		action plan.Action
		word   string
	}{{plan.Create, "to create"}, {plan.Adopt, "to adopt"}, {plan.Move, "to move"}, {plan.Modify, "to change"}, {plan.Wait, "to wait for"}, {plan.Shut, "to close"}, {plan.Remove, "to remove"}} {
		if n := p.Count(a.action); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, a.word))
		}
	}
	return strings.Join(parts, ", ")
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
