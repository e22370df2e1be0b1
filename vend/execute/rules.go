package execute

import (
	"errors"
	"time"

	"landlord/internal/limits"
	"landlord/vend/plan"
)

// What an error means to the machine. An actuator wraps one of these; an error
// that wraps none stops the run.
var (
	// ErrBusy: not now. The call is made again after a while.
	ErrBusy = errors.New("busy")
	// ErrThrottled: too fast. Like ErrBusy, and the operation's pace is halved
	// for a while, since somebody else is using the limit too.
	ErrThrottled = errors.New("throttled")
	// ErrNotYet: what the call needs is not there, or not yet. It is made again a
	// few times, then left to the next look at the organization.
	ErrNotYet = errors.New("not there")
	// ErrUnknown: the call may have taken effect or not (a cut connection). A
	// step that may be done twice is; the creation of an account is left to the
	// next look at the organization.
	ErrUnknown = errors.New("outcome unknown")
	// ErrLater: this step's customer must wait for the next look at the
	// organization.
	ErrLater = errors.New("left to the next look")
	// ErrExhausted: a quota is used up. No further step of the operation starts;
	// the rest goes on.
	ErrExhausted = errors.New("quota used up")
	// ErrHeld: Rules.Most lets no more of the operation start for now.
	ErrHeld = errors.New("held back")
	// ErrCustomer: this step fails for good, and what depends on it; the rest
	// goes on.
	ErrCustomer = errors.New("failed")
)

// Rules are the limits a machine keeps to.
type Rules struct {
	// Rate is the published rate of an operation; nil paces nothing.
	Rate func(operation string) limits.Rate
	// Margin is how much of a bucket's burst is held back for calls that
	// travel for unequal times.
	Margin time.Duration
	// Serial names operations of which only one may be in flight at a time.
	Serial map[string]bool
	// Once names operations that must not be repeated while it is unknown
	// whether they took effect.
	Once map[string]bool
	// Async are the operations that AWS goes on with after it has answered.
	Async map[string]Async
	// Calls is how many calls may be in flight at once; 0 is DefaultCalls.
	Calls int
	// PerAccount is how many calls may be in flight in one account at once; 0 is any
	// number. Those in the caller's own account are not counted.
	PerAccount int
	// Attempts is how often a busy step is tried; 0 is DefaultAttempts.
	Attempts int
	// Begun is how often AWS may begin the work of one customer's step, and
	// fail, before the step fails for good; 0 is DefaultBegun. Before is how
	// often it began by customer before this plan, in the same run.
	Begun  int
	Before map[string]int
	// Most bounds how often an operation is called in a stretch of time, whoever
	// calls, whatever its rate: a guard against what nobody meant.
	Most map[string]Most
}

// Most is so many calls in so long a time.
type Most struct {
	Calls int
	In    time.Duration
}

// Async is how an operation is followed that AWS goes on with after its answer.
type Async struct {
	Slots   int           // how many may be under way at once, anybody's; 0 is any number
	Watch   string        // the operation that lists what is under way; "" if there is none, and each is asked about
	Confirm string        // the operation that tells what became of one
	Every   time.Duration // between two watches
}

// Defaults of Rules.
const (
	DefaultCalls    = 64
	DefaultAttempts = 30
	DefaultBegun    = 3
)

const (
	notYetAttempts = 5               // of a step whose needs are not there: half a minute
	silence        = 3 * time.Minute // without an answer to any call, after which a run stops
)

// Purpose is what a call is for.
type Purpose int

// The purposes of a call.
const (
	Do      Purpose = iota // perform the step
	Watch                  // list what is under way, for all steps of an operation
	Confirm                // tell what became of one
)

// Call is one call to start now.
type Call struct {
	Purpose   Purpose
	Operation string    // AWS's name of it
	Step      plan.Step // Do, Confirm: the step, its refs resolved; Confirm has Handle set
}

// Result is what a call answered.
type Result struct {
	ID       string    // what was made; "" for a call that makes nothing
	Handle   string    // AWS's id of work that goes on; ID follows when it is done
	Ended    bool      // Confirm: the work has ended; an error is then the work's and not the question's
	Working  []Work    // Watch: all that is under way
	Finished time.Time // Confirm: when AWS was done with the work, on its clock; zero if it does not tell
	Request  string    // AWS's id of the call, for whoever must ask AWS about it
	Seen     any       // what a step that looks saw; the machine tells it in the event and keeps none of it
}

// Work is what AWS goes on with after its answer.
type Work struct {
	Handle string    // "" if it has ended and nobody asks for it any more
	Asked  time.Time // when it was asked for, on our clock; zero if AWS does not tell
}

// Event is what became of a step, for whoever shows progress.
type Event struct {
	At     time.Time
	Step   plan.Step
	State  State
	Answer Result    // the last that AWS answered about the step
	Err    error     // why, for Retrying, Held, Failed and Later
	Again  time.Time // Retrying, Held: when it is tried again
}

// State is how far a step has come.
type State string

// The states of a step.
const (
	Waiting  State = "waiting"  // for its turn or for other steps
	Running  State = "running"  // its call is in flight
	Working  State = "working"  // AWS has answered and goes on with it
	Retrying State = "retrying" // it was refused and will be tried again
	Held     State = "held"     // Rules.Most lets none of the operation start; Step has its name and no place
	Answered State = "answered" // a question about what is under way, which had been asked in vain; Step has its name and no place
	Done     State = "done"
	Failed   State = "failed"
	Later    State = "later"   // left to the next look at the organization
	Skipped  State = "skipped" // a step it needed is not done
)

// final tells whether a step in this state is over.
func (s State) final() bool { return s == Done || s == Failed || s == Later || s == Skipped }
