package wire

import "testing"

// TestTimes: a time is one, however its protocol writes it; a word is refused.
func TestTimes(t *testing.T) {
	m := &member{shape: &shape{Type: "timestamp"}}
	for _, c := range []struct {
		given any
		good  bool
	}{{float64(1.7e9), true}, {"2026-11-24T00:00:00Z", true}, {"never", false}, {"", false}} {
		if wrong := m.check("startTime", m.take(c.given)); (wrong == nil) != c.good {
			t.Errorf("%v: %v", c.given, wrong)
		}
	}
}
