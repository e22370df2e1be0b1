package pace

import (
	"sync"
	"time"

	"landlord/internal/limits"
)

// Meters are the measures of many who ask, each by a name. They are safe for
// concurrent use.
type Meters struct {
	mu sync.Mutex
	of map[string]*Meter
}

// NewMeters returns meters that nobody has asked yet.
func NewMeters() *Meters { return &Meters{of: map[string]*Meter{}} }

// mostMeters bounds what is remembered; beyond it all begin anew.
const mostMeters = 100_000

// Wait takes a request of who at now into account, or returns how long it has to
// wait, and takes nothing.
func (m *Meters) Wait(who string, now time.Time, b limits.Bucket) time.Duration {
	if !b.Limited() {
		return 0
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	meter := m.of[who]
	if meter == nil {
		if len(m.of) >= mostMeters {
			clear(m.of)
		}
		meter = New(b, 0)
		m.of[who] = meter
	}
	if at := meter.Earliest(now); at.After(now) {
		return at.Sub(now)
	}
	meter.Take(now)
	return 0
}
