package pace

import (
	"testing"
	"time"

	"landlord/internal/limits"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// TestCreateAccount: three at once, then one every 10 s; a margin is given up once.
func TestCreateAccount(t *testing.T) {
	for _, tt := range []struct {
		name   string
		margin time.Duration
		want   []time.Duration
	}{
		{"no margin", 0, []time.Duration{0, 0, 0, 10e9, 20e9, 30e9}},
		{"a margin of 1 s", time.Second, []time.Duration{0, 0, 1e9, 11e9, 21e9, 31e9}},
		{"a margin beyond the burst", time.Minute, []time.Duration{0, 10e9, 20e9, 30e9, 40e9, 50e9}},
	} {
		m := New(limits.Of("CreateAccount").Account, tt.margin)
		now := start
		for i, want := range tt.want {
			now = m.Earliest(now)
			m.Take(now)
			if got := now.Sub(start); got != want {
				t.Errorf("%s: call %d starts after %v, want %v", tt.name, i+1, got, want)
			}
		}
	}
}

// TestRefused: a refusal empties the bucket and halves the rate for a minute.
func TestRefused(t *testing.T) {
	m := New(limits.Bucket{Rate: 1, Burst: 5}, 0)
	m.Take(start)
	m.Refused(start)
	if got := m.Earliest(start).Sub(start); got != time.Second {
		t.Errorf("after a refusal the next call starts after %v, want 1 s", got)
	}
	now, calls := start, 0
	for {
		now = m.Earliest(now)
		if now.Sub(start) >= time.Minute {
			break
		}
		m.Take(now)
		calls++
	}
	if calls < 28 || calls > 31 {
		t.Errorf("%d calls in the minute after a refusal, want about 30", calls)
	}
	for now = start.Add(2 * time.Minute); now.Sub(start) < 3*time.Minute; calls++ {
		m.Take(m.Earliest(now))
		now = m.Earliest(now)
	}
	if calls < 85 {
		t.Errorf("%d calls in all: the rate does not recover", calls)
	}
}

// TestUnlimited: the zero meter and one without a rate let everything through.
func TestUnlimited(t *testing.T) {
	m := New(limits.Of("NoSuchOperation").Account, time.Second)
	for range 1000 {
		m.Take(start)
		m.Refused(start)
	}
	if got := m.Earliest(start); !got.Equal(start) {
		t.Errorf("an operation without a rate waits until %v", got)
	}
}
