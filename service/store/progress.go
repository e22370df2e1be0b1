package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Progress is how far a run's steps have come. A call that a later attempt tried
// again, or waits for, counts once, as it is now.
type Progress struct {
	Steps, Done      int // of a run that is done, what was left too: its last look found it done
	Customers, Ready int // ready: with nothing left to do
	// At are the steps that customers are at, or their last: first what failed, what
	// is under way, what waits, what was left; of these in the order of the keys.
	At []Step
	// Shared are the steps that serve all customers, in the same order, and of these
	// by place.
	Shared []Step
}

// progressSQL folds the steps of a run twice: to the last try of each call, then to
// customers. A step is its place and its class in one number: place * 8 + class; a
// call is a number of 64 bits, which groups 20,000 in two thirds of the time.
const progressSQL = `
	WITH try AS (
		SELECT customer, max(n * 8 + CASE
			WHEN state = 'failed' THEN 0
			WHEN state = 'running' AND error = '' THEN 1
			WHEN state IN ('running', 'waiting') THEN 2
			WHEN state = 'skipped' AND NOT $2 THEN 3
			ELSE 4 END) AS at
		FROM step WHERE run = $1
		GROUP BY customer, hashtextextended(what, hashtextextended(CASE kind WHEN 'await-account' THEN 'create-account' WHEN 'await-closure' THEN 'close-account' ELSE kind END, 0))
	), whose AS (
		SELECT customer, count(*) AS steps, count(*) FILTER (WHERE at % 8 = 4) AS done,
			coalesce(min(at) FILTER (WHERE at % 8 < 4), max(at)) AS at
		FROM try WHERE customer IS NOT NULL GROUP BY customer
	), shown AS (
		(SELECT at FROM whose ORDER BY at % 8, customer COLLATE "C" LIMIT $3)
		UNION ALL
		(SELECT at FROM try WHERE customer IS NULL ORDER BY at % 8, at LIMIT $3)
	), counted AS (
		SELECT coalesce(sum(steps), 0) AS steps, coalesce(sum(done), 0) AS done, count(*) AS customers, count(*) FILTER (WHERE at % 8 = 4) AS ready FROM whose
	), others AS (
		SELECT count(*) AS steps, count(*) FILTER (WHERE at % 8 = 4) AS done FROM try WHERE customer IS NULL
	)
	SELECT (c.steps + o.steps)::bigint, (c.done + o.done)::bigint, c.customers, c.ready,
		s.run, s.n, coalesce(s.customer, ''), s.kind, s.what, s.state, s.attempts, s.error, s.started_at, s.ended_at
	FROM counted c CROSS JOIN others o
	LEFT JOIN (shown JOIN step s ON s.run = $1 AND s.n = shown.at / 8) ON true
	ORDER BY shown.at % 8, s.customer COLLATE "C", s.n`

// Progress tells how far the steps of a run have come, with at most so many of
// customers and as many that serve all.
func (tx Tx) Progress(ctx context.Context, r Run, most int) (p Progress, err error) {
	rows, err := tx.Query(ctx, progressSQL, r.ID, r.State == RunDone, most)
	if err != nil {
		return p, fmt.Errorf("read how far run %s is: %w", r.ID, err)
	}
	var run, customer, kind, what, state, fault *string
	var n, attempts *int
	var s Step
	into := []any{&p.Steps, &p.Done, &p.Customers, &p.Ready, &run, &n, &customer, &kind, &what, &state, &attempts, &fault, &s.Started, &s.Ended}
	if _, err := pgx.ForEachRow(rows, into, func() error {
		if run == nil { // it has no steps
			return nil
		}
		s.Run, s.N, s.Customer, s.Kind, s.What, s.State, s.Attempts, s.Error = *run, *n, *customer, *kind, *what, *state, *attempts, *fault
		if s.Customer == "" {
			p.Shared = append(p.Shared, s)
		} else {
			p.At = append(p.At, s)
		}
		return nil
	}); err != nil {
		return p, fmt.Errorf("read how far run %s is: %w", r.ID, err)
	}
	return p, nil
}
