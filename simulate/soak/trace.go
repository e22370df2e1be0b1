package soak

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"time"
)

// exchange is one line of a trace: a call and what came of it, or something
// else that happened.
type exchange struct {
	at        time.Time
	who       string // a process of landlord's, or "outsider", or "life"
	operation string
	input     []byte
	status    int
	answer    []byte
	err       string // no answer came
	fault     string
	broke     []string // promises that the call broke
	note      string
}

// line is an exchange as a trace file holds it.
type line struct {
	Seed      uint64          `json:"seed"`
	At        time.Time       `json:"at"`
	Who       string          `json:"who"`
	Operation string          `json:"operation,omitempty"`
	Input     json.RawMessage `json:"input,omitempty"`
	Status    int             `json:"status,omitempty"`
	Answer    json.RawMessage `json:"answer,omitempty"`
	Error     string          `json:"error,omitempty"`
	Fault     string          `json:"fault,omitempty"`
	Broke     []string        `json:"broke,omitempty"`
	Note      string          `json:"note,omitempty"`
}

// write adds an exchange to the life's trace.
func (l *life) write(c exchange) {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %d %s %s %d %s %s ", l.hash, c.at.UnixNano(), c.who, c.operation, c.status, c.err, c.note)
	h.Write(c.input)
	h.Write(c.answer)
	l.hash = h.Sum64()
	if c.operation != "" && c.who != "outsider" {
		l.calls++
	}
	if l.trace == nil {
		return
	}
	raw := func(b []byte) json.RawMessage {
		if !json.Valid(b) {
			return nil
		}
		return b
	}
	_ = json.NewEncoder(l.trace).Encode(line{l.seed, c.at, c.who, c.operation, raw(c.input), c.status, raw(c.answer), c.err, c.fault, c.broke, c.note}) // into memory
}

// say writes down something that is no call.
func (l *life) say(format string, args ...any) {
	l.write(exchange{at: l.aws.Clock.Now(), who: "life", note: fmt.Sprintf(format, args...)})
}

// wrong is a promise that was broken.
func (l *life) wrong(format string, args ...any) {
	l.broken = append(l.broken, fmt.Sprintf(format, args...))
}
