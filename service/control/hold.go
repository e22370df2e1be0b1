package control

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// errLost is why the context of a hold ended that was lost.
var errLost = errors.New("the hold on the run was lost: the database is gone or did not hear from this process")

// A hold keeps other replicas off a run: advisory locks of a connection of its
// own. They go with it, so whoever is killed holds nothing; and the server, on
// its own clock, ends a connection that says nothing for a while, so neither does
// whoever stands still or is cut off.
type hold struct {
	conn  *pgx.Conn
	ctx   context.Context
	lose  context.CancelCauseFunc
	beats sync.WaitGroup
}

// How long a silent holder keeps its hold, and how often one says something.
const (
	holdSilence = 10 * time.Second
	holdBeat    = 2 * time.Second
)

// grab takes the locks of all names, in their order, or none: nil, nil if
// somebody has one of them.
func (c *Control) grab(ctx context.Context, names ...string) (*hold, error) {
	cfg := c.pool.Config().ConnConfig.Copy()
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect for a hold: %w", err)
	}
	// Source: PostgreSQL 15, 20.11.1 (idle_session_timeout) and 20.3.2 (TCP keepalives).
	_, err = conn.Exec(ctx, fmt.Sprintf(`SET idle_session_timeout = '%d'; SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3`, holdSilence.Milliseconds()))
	for _, name := range names {
		var got bool
		if err == nil {
			err = conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(hashtextextended($1, 0))`, name).Scan(&got)
		}
		if err != nil || !got {
			c.hangUp(conn)
			return nil, err
		}
	}
	h := &hold{conn: conn}
	h.ctx, h.lose = context.WithCancelCause(ctx)
	h.beats.Go(func() { h.beat(c) })
	return h, nil
}

// beat says something to the server until the hold ends.
func (h *hold) beat(c *Control) {
	for c.clock.Sleep(h.ctx, holdBeat) == nil {
		ask, cancel := context.WithTimeout(h.ctx, holdSilence/2)
		_, err := h.conn.Exec(ask, `SELECT 1`)
		cancel()
		if err != nil && h.ctx.Err() == nil {
			h.lose(fmt.Errorf("%w (%w)", errLost, err))
		}
	}
}

// release gives the locks back.
func (h *hold) release(c *Control) {
	h.lose(context.Canceled)
	h.beats.Wait()
	c.hangUp(h.conn)
}

// hangUp ends a connection, which gives back its locks. What does not end in a
// moment is cut.
func (c *Control) hangUp(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = conn.Close(ctx) // cut or closed, its locks go with it
}
