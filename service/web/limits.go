package web

import (
	"net/netip"
	"sync"
	"time"
)

// tries counts what somebody tried within a window of time: a source of
// requests, or an address. It is this process's own: several count each for
// itself.
type tries struct {
	most   int
	window time.Duration

	mu  sync.Mutex
	who map[string][]time.Time
}

func newTries(most int, window time.Duration) *tries {
	return &tries{most: most, window: window, who: map[string][]time.Time{}}
}

// known is how many of whom are remembered before those whose window has passed
// are forgotten.
const known = 50_000

// locked tells how long who has to wait; 0 if not at all.
func (t *tries) locked(who string, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	recent := t.recent(who, now)
	if len(recent) < t.most {
		return 0
	}
	return recent[len(recent)-t.most].Add(t.window).Sub(now)
}

// count notes a try of who.
func (t *tries) count(who string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.who) >= known {
		for w := range t.who {
			if len(t.recent(w, now)) == 0 {
				delete(t.who, w)
			}
		}
	}
	t.who[who] = append(t.recent(who, now), now)
}

// recent is who's tries within the window, at most as many as are allowed.
func (t *tries) recent(who string, now time.Time) []time.Time {
	at := t.who[who]
	for len(at) > 0 && now.Sub(at[0]) >= t.window {
		at = at[1:]
	}
	if len(at) > t.most {
		at = at[len(at)-t.most:]
	}
	return at
}

// network is what is counted as one source: an IPv4 address, or the /64 that an
// IPv6 host has to itself.
func network(source string) string {
	at, err := netip.ParseAddr(source)
	if err != nil {
		return source
	}
	if at = at.Unmap(); at.Is6() {
		if p, err := at.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return at.String()
}
