package apply

import (
	"landlord/org"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// made counts what a run did by thing, each once: a look that lags behind has a
// run make again what is there, and AWS answers that it is. What was attached and
// taken off again is not there.
type made struct {
	ids  map[plan.Ref]string // of what was made
	seen map[thing]bool
	of   map[plan.Kind]int
}

// thing is what a step of a kind is about.
type thing struct {
	kind              plan.Kind
	makes, target, to plan.Ref
	handle            string
	account           org.AccountID // that it is in
	region            string
}

func newMade(of map[plan.Kind]int) *made {
	return &made{ids: map[plan.Ref]string{}, seen: map[thing]bool{}, of: of}
}

// event takes in what happened to a step.
func (m *made) event(e execute.Event) {
	if e.State != execute.Done {
		return
	}
	if e.Step.Makes != "" && e.Answer.ID != "" {
		m.ids[e.Step.Makes] = e.Answer.ID
	}
	s := e.Step.Resolve(m.ids)
	if s.Kind == plan.DetachPolicy {
		if on := (thing{kind: plan.AttachPolicy, target: s.Target, to: s.To}); m.seen[on] {
			delete(m.seen, on)
			m.of[plan.AttachPolicy]--
		}
	}
	t := thing{kind: s.Kind, makes: s.Makes, target: s.Target, to: s.To, handle: s.Handle, account: s.Account, region: s.Region}
	if !m.seen[t] {
		m.seen[t] = true
		m.of[s.Kind]++
	}
}
