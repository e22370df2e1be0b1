package clock

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func TestScaledRunsFaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Scaled(start, 60)
		time.Sleep(time.Second)
		if got := c.Now().Sub(start); got != time.Minute {
			t.Errorf("after a second, %v passed, want a minute", got)
		}
		wall := time.Now()
		if err := c.Sleep(t.Context(), time.Hour); err != nil {
			t.Fatal(err)
		}
		if got := time.Since(wall); got != time.Minute {
			t.Errorf("an hour took %v, want a minute", got)
		}
		<-c.At(start) // the past has come
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := c.Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
			t.Errorf("Sleep of an ended context: %v", err)
		}
	})
}

func TestVirtualMovesOnlyForward(t *testing.T) {
	c := NewVirtual(start)
	c.Advance(time.Hour)
	c.Advance(-time.Hour)
	c.MoveTo(start)
	if got := c.Now().Sub(start); got != time.Hour {
		t.Errorf("moved to %v, want an hour", got)
	}
	<-c.At(start.Add(2 * time.Hour))
	if got := c.Now().Sub(start); got != 2*time.Hour {
		t.Errorf("waiting moved it to %v, want two hours", got)
	}
}
