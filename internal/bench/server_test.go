package main

import (
	"testing"
	"time"
)

// TestServerLimits: each figure that simaws promises can fail, and keeps to its
// limit where it just does.
func TestServerLimits(t *testing.T) {
	kept := speed{perCore: leastRate, memory: mostMemory, start: mostStart}
	if kept.broken() {
		t.Errorf("%+v just keeps to every limit and is broken", kept)
	}
	for name, change := range map[string]func(*speed){
		"requests": func(s *speed) { s.perCore-- },
		"memory":   func(s *speed) { s.memory++ },
		"start":    func(s *speed) { s.start += time.Nanosecond },
	} {
		s := kept
		if change(&s); !s.broken() {
			t.Errorf("%s beyond its limit: %+v breaks none", name, s)
		}
	}
}
