package soak

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"time"
)

// late is a request of a process that was killed, on its way to AWS.
type late struct {
	at   time.Time
	of   *process
	what exchange
	r    *http.Request
}

// longestWay is how long after its death a process's request may take effect.
// Stale reads are as old; who edits the file, or gives a command, takes longer.
const longestWay = 20 * time.Second

// send leaves a request on its way: its process is dead.
func (l *life) send(p *process, c exchange, r *http.Request) {
	way := time.Second + time.Duration(l.r.Int64N(int64(longestWay-time.Second)))
	l.late = append(l.late, late{l.aws.Clock.Now().Add(way), p, c, r.Clone(context.WithoutCancel(r.Context()))})
	slices.SortStableFunc(l.late, func(a, b late) int { return a.at.Compare(b.at) })
}

// arrive has the requests reach AWS whose time has come. What they do is judged
// as their process's, if only landlord acts; nobody is left to hear the answer.
func (l *life) arrive() {
	for len(l.late) > 0 && !l.late[0].at.After(l.aws.Clock.Now()) {
		x := l.late[0]
		l.late = l.late[1:]
		before := l.aws.Server.Truth()
		x.r.Body = io.NopCloser(bytes.NewReader(x.what.input))
		c := x.what
		c.at, c.note = l.aws.Clock.Now(), "a request of a dead run arrives"
		if resp, _, err := l.aws.Server.RoundTrip(x.r); err != nil {
			c.err = err.Error()
		} else {
			c.status = resp.StatusCode
			c.answer, _ = io.ReadAll(resp.Body)
		}
		if l.arrived++; !l.outsiders {
			after := l.aws.Server.Truth()
			c.broke = l.file.verdict(x.of.task, &before, &after)
		}
		for _, wrong := range c.broke {
			l.wrong("%s, late: %s: %s", x.of.who, c.operation, wrong)
		}
		l.write(c)
	}
}
