// Package journal keeps what a run did, for people, and the courtesy lock that
// keeps two runs out of each other's way. Nothing needs either to converge:
// AWS is the state, and its own uniqueness is what safety rests on.
package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"landlord/internal/clock"
)

// ErrLost is why the context of a lock ended that was lost.
var ErrLost = errors.New("the lock was lost")

// HeldError refuses a lock that somebody else has.
type HeldError struct {
	Place string // the lock's file or object
	By    Holder
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("%s holds the lock %s", e.By, e.Place)
}

// Wait is how to wait for a lock that somebody has.
type Wait struct {
	Clock   clock.Clock
	Timeout time.Duration // how long to wait for one who is at work; 0 refuses at once
	Say     func(string)  // told, a sentence at a time, why it takes long
}

// say tells a sentence unless it was the last one told.
func (w Wait) say(last *string, format string, args ...any) {
	if text := fmt.Sprintf(format, args...); text != *last {
		*last = text
		w.Say(text)
	}
}

// Lock is a lock that is held until Release, or until it is lost.
type Lock struct {
	ctx     context.Context
	end     context.CancelCauseFunc
	release func() error
}

// Context is the one that the lock was taken with, and ends when the lock is
// lost too: whoever works under it starts nothing more then. context.Cause
// tells which it was.
func (l *Lock) Context() context.Context { return l.ctx }

// Release gives the lock back.
func (l *Lock) Release() error {
	err := l.release()
	l.end(nil)
	return err
}

// held is a lock that has been taken.
func held(ctx context.Context) *Lock {
	l := &Lock{release: func() error { return nil }}
	l.ctx, l.end = context.WithCancelCause(ctx)
	return l
}

// None is the lock of whoever asked for none: it keeps nobody out.
func None(ctx context.Context) *Lock { return held(ctx) }
