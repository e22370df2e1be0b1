package verify

import (
	"sync"

	"landlord/guard/guardrail"
)

// What was found out of texts stays true of them: a house that verifies each few
// minutes, and a life in which every look is verified, ask the same over and over.
var (
	ready    memory[*guardrail.Prepared]  // by the hash of a policy
	answered memory[[]guardrail.Decision] // by what an account is held by
)

// memory keeps what it was told of mostKnown keys, and then begins anew.
type memory[V any] struct {
	sync.Mutex
	of map[string]V
}

const mostKnown = 256

func known[V any](m *memory[V], key string, find func() V) V {
	m.Lock()
	v, is := m.of[key]
	m.Unlock()
	if is {
		return v
	}
	v = find()
	m.Lock()
	defer m.Unlock()
	if m.of == nil || len(m.of) >= mostKnown {
		m.of = make(map[string]V, mostKnown)
	}
	m.of[key] = v
	return v
}
