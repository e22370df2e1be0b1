package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// How long a lease holds that is not renewed, and how often it is renewed. Two
// renewals may be lost without losing the lock.
const (
	Lease = 30 * time.Second
	renew = Lease / 3
	again = time.Second // between two looks at somebody else's lease, and two tries of a renewal
)

// What a Store answers.
var (
	ErrNone    = errors.New("there is no such object")
	ErrChanged = errors.New("the object was written meanwhile")
	ErrUnknown = errors.New("no answer") // a write may have taken effect or not
)

// Store keeps one small object, which is written only if nobody else has
// written it since: a conditional write.
type Store interface {
	// Read returns the object, or ErrNone.
	Read(ctx context.Context) (Object, error)
	// Write replaces the object of a version; of version "", it makes one where
	// there is none. ErrChanged says that there is another version.
	Write(ctx context.Context, version string, body []byte) (written string, err error)
	// String is the object's address.
	String() string
}

// Object is what a Store keeps.
type Object struct {
	Body    []byte
	Version string
	Age     time.Duration // since it was written, on the store's own clock
}

// lease is the object. No two writes have the same bytes, so no two versions
// are the same either.
type lease struct {
	Format  int  `json:"landlord_lock"`
	Free    bool `json:"free,omitempty"`
	Renewal int  `json:"renewal"`
	Holder
}

func (l lease) body() []byte {
	l.Format = 1
	b, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		panic(err) // texts, numbers and a time
	}
	return append(b, '\n')
}

// TakeLease takes the lock that is the store's object, and renews it until it
// is released. One whose process has ended on this machine is taken over at
// once; one that lapsed, as soon as that is known: at a glance if the store
// says so, else when it has not been renewed for a lease.
func TakeLease(ctx context.Context, store Store, me Holder, w Wait) (*Lock, error) {
	t := taking{store: store, me: me, wait: w, began: w.Clock.Now()}
	asked := t.began
	version, err := store.Write(ctx, "", lease{Holder: me}.body())
	for tries, writes := 1, 1; err != nil; {
		if errors.Is(err, ErrUnknown) && tries < unknownTries {
			tries++
			if err := w.Clock.Sleep(ctx, again); err != nil {
				return nil, err
			}
		} else if !errors.Is(err, ErrChanged) || writes > mostWrites {
			return nil, fmt.Errorf("take the lock %s: %w", store, err)
		}
		object, seen, readErr := t.look(ctx)
		if err = readErr; err != nil {
			continue
		}
		if seen.Run == me.Run { // ours: the answer to the write was lost
			return keepLease(ctx, store, me, w, object.Version, seen.Renewal, asked), nil
		}
		why := t.free(object, seen)
		if why == "" {
			if err := t.patient(ctx, seen.Holder); err != nil {
				return nil, err
			}
			tries, writes, err = 1, 0, ErrChanged
			continue
		}
		if writes++; writes > 2 { // whoever was quicker twice is given time
			if err := w.Clock.Sleep(ctx, again); err != nil {
				return nil, err
			}
		}
		if why != released {
			t.wait.say(&t.told, "%s held the lock %s; %s. It is taken over", seen.Holder, store, why)
		}
		asked = w.Clock.Now()
		version, err = store.Write(ctx, object.Version, lease{Holder: me}.body())
	}
	return keepLease(ctx, store, me, w, version, 0, asked), nil
}

// unknownTries is how many calls in a row may go without an answer.
const unknownTries = 5

// mostWrites is how many writes in a row may be refused though the lock is free:
// such a store is not one that keeps a lock.
const mostWrites = 20

const released = "it was released"

// taking is what is known of somebody else's lease while waiting for it.
type taking struct {
	store   Store
	me      Holder
	wait    Wait
	began   time.Time
	version string    // that was seen last
	since   time.Time // when it was first seen
	renewed bool      // it has been renewed before our eyes: its holder is at work
	told    string
}

// look reads the lease. A store that has none yet, or none any more, has a free one.
func (t *taking) look(ctx context.Context) (Object, lease, error) {
	object, err := t.store.Read(ctx)
	if errors.Is(err, ErrNone) {
		return Object{}, lease{Free: true}, nil
	}
	if err != nil {
		return object, lease{}, err
	}
	var seen lease
	if err := json.Unmarshal(object.Body, &seen); err != nil || seen.Format != 1 {
		return object, seen, errors.New("the object there is not a lock of landlord's; name another, or remove it")
	}
	if now := t.wait.Clock.Now(); object.Version != t.version {
		t.renewed = t.version != ""
		t.version, t.since = object.Version, now
	}
	return object, seen, nil
}

// free says why the lease may be taken, or "".
func (t *taking) free(object Object, seen lease) string {
	switch {
	case seen.Free:
		return released
	case seen.Gone(t.me.Process):
		return "that process has ended"
	case object.Age > Lease+time.Second: // two whole seconds are compared
		return fmt.Sprintf("it was last renewed %s ago", object.Age.Round(time.Second))
	case t.wait.Clock.Now().Sub(t.since) >= Lease:
		return fmt.Sprintf("it was not renewed for %s", Lease)
	}
	return ""
}

// patient waits before the next look, or refuses: it can be told that the
// holder is at work, and there is no more time.
func (t *taking) patient(ctx context.Context, by Holder) error {
	works := t.renewed || by.Runs(t.me.Process)
	if works && t.wait.Clock.Now().Sub(t.began) >= t.wait.Timeout {
		return &HeldError{t.store.String(), by}
	}
	if works {
		t.wait.say(&t.told, "%s holds the lock %s; waiting", by, t.store)
	} else {
		t.wait.say(&t.told, "%s holds the lock %s. Whether it still runs cannot be told from here: waiting up to %s for its lease to be renewed or to lapse", by, t.store, Lease)
	}
	return t.wait.Clock.Sleep(ctx, again)
}

// keeper renews a lease.
type keeper struct {
	store   Store
	me      Holder
	wait    Wait
	version string
	renewal int
	until   time.Time // when the lease lapses unless it is renewed
}

// keepLease has the lease renewed until the lock is released.
func keepLease(ctx context.Context, store Store, me Holder, w Wait, version string, renewal int, asked time.Time) *Lock {
	l := held(ctx)
	k := &keeper{store, me, w, version, renewal, asked.Add(Lease)}
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() {
		err := k.renew(renewing)
		if err != nil {
			l.end(err)
		}
		ended <- err
	}()
	l.release = func() error {
		stop()
		if lost := <-ended; lost != nil {
			return nil // it is somebody else's now
		}
		giving, cancel := context.WithTimeout(context.WithoutCancel(ctx), renew)
		defer cancel()
		err := k.write(giving, true)
		if errors.Is(err, ErrChanged) { // by a renewal of our own that the release cut off
			err = k.write(giving, true)
		}
		if err != nil {
			return fmt.Errorf("release the lock %s, which lapses in %s: %w", store, Lease, err)
		}
		return nil
	}
	return l
}

// renew renews the lease until ctx ends, and returns why it was lost, if it was.
func (k *keeper) renew(ctx context.Context) error {
	for pause := renew; k.wait.Clock.Sleep(ctx, pause) == nil; {
		asked := k.wait.Clock.Now()
		left := k.until.Sub(asked)
		if left <= 0 {
			return fmt.Errorf("%w: %s was not renewed for %s", ErrLost, k.store, Lease)
		}
		calling, cancel := context.WithTimeout(ctx, min(left, renew))
		err := k.write(calling, false)
		cancel()
		switch {
		case errors.Is(err, ErrLost):
			return err
		case err != nil:
			pause = min(again, left)
		default:
			pause, k.until = renew, asked.Add(Lease)
		}
	}
	return nil
}

// write renews the lease once, or frees it. If an earlier write took effect
// whose answer was lost, its version is learnt and ErrChanged asks for another
// try.
func (k *keeper) write(ctx context.Context, free bool) error {
	k.renewal++
	version, err := k.store.Write(ctx, k.version, lease{Free: free, Renewal: k.renewal, Holder: k.me}.body())
	if !errors.Is(err, ErrChanged) {
		if err == nil {
			k.version = version
		}
		return err
	}
	object, readErr := k.store.Read(ctx)
	var seen lease
	switch {
	case errors.Is(readErr, ErrNone):
		return fmt.Errorf("%w: somebody removed %s", ErrLost, k.store)
	case readErr != nil:
		return readErr
	case json.Unmarshal(object.Body, &seen) == nil && seen.Run == k.me.Run:
		k.version = object.Version
		return err
	}
	return fmt.Errorf("%w: %s has taken %s over", ErrLost, seen.Holder, k.store)
}
