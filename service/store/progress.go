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

// progressSQL reads what fold keeps: as many rows as are shown. OFFSET 0 has each step
// found by its key where PostgreSQL does not know yet how many there are.
const progressSQL = `
	WITH shown AS (
		(SELECT n, class FROM run_part WHERE run = $1 AND customer IS NOT NULL ORDER BY class, customer COLLATE "C" LIMIT $2)
		UNION ALL
		(SELECT n, class FROM run_part WHERE run = $1 AND customer IS NULL ORDER BY class, n LIMIT $2)
	)
	SELECT s.run, s.n, coalesce(s.customer, '') AS customer, s.kind, s.what, s.state, s.attempts, s.error, s.started_at AS started, s.ended_at AS ended
	FROM shown CROSS JOIN LATERAL (SELECT * FROM step WHERE run = $1 AND n = shown.n OFFSET 0) s
	ORDER BY shown.class, s.customer COLLATE "C", s.n`

// Progress tells how far the steps of a run have come, with at most so many of
// customers and as many that serve all.
func (tx Tx) Progress(ctx context.Context, run string, most int) (p Progress, err error) {
	err = tx.QueryRow(ctx, `
		SELECT waiting + running + done + failed + skipped, done + CASE state WHEN 'done' THEN skipped ELSE 0 END, customers, ready FROM run WHERE id = $1`, run).
		Scan(&p.Steps, &p.Done, &p.Customers, &p.Ready)
	if err != nil {
		return p, missing(err, "how far run "+run+" is")
	}
	rows, _ := tx.Query(ctx, progressSQL, run, most) // CollectRows returns the error
	steps, err := pgx.CollectRows(rows, pgx.RowToStructByName[Step])
	if err != nil {
		return p, fmt.Errorf("read how far run %s is: %w", run, err)
	}
	for _, s := range steps {
		if s.Customer == "" {
			p.Shared = append(p.Shared, s)
		} else {
			p.At = append(p.At, s)
		}
	}
	return p, nil
}

// Tally counts the steps of a run by state, each call once.
func (tx Tx) Tally(ctx context.Context, run string) (map[string]int, error) {
	var waiting, running, done, failed, skipped int
	err := tx.QueryRow(ctx, `SELECT waiting, running, done, failed, skipped FROM run WHERE id = $1`, run).Scan(&waiting, &running, &done, &failed, &skipped)
	if err != nil {
		return nil, missing(err, "the steps of run "+run)
	}
	tally := map[string]int{}
	for state, n := range map[string]int{StepWaiting: waiting, StepRunning: running, StepDone: done, StepFailed: failed, StepSkipped: skipped} {
		if n > 0 {
			tally[state] = n
		}
	}
	return tally, nil
}

// foldSQL folds to the last try of each call, and then to the parts of the run, the
// steps of those parts that had a write from $2 on, and of the customers $3. A step is
// its place and its class in one number.
const foldSQL = `
	WITH was AS (
		SELECT state = 'done' AS done FROM run WHERE id = $1
	), touched AS (
		SELECT customer, ` + callSQL + ` AS call FROM step WHERE run = $1 AND write >= $2
		UNION
		SELECT unnest($3::text[]), NULL
	), tried AS (
		SELECT customer, ` + callSQL + ` AS call, ` + atSQL + ` AS at FROM step, was
		WHERE run = $1 AND customer IN (SELECT customer FROM touched)
		UNION ALL
		SELECT NULL, ` + callSQL + `, ` + atSQL + ` FROM step, was
		WHERE run = $1 AND customer IS NULL AND ` + callSQL + ` IN (SELECT call FROM touched WHERE customer IS NULL)
	), last AS (
		SELECT customer, call, max(at) AS at FROM tried GROUP BY 1, 2
	), now AS (
		SELECT coalesce(customer, call) AS part, customer, coalesce(min(at) FILTER (WHERE at % 8 < 5), max(at)) AS at,
			count(*) FILTER (WHERE at % 8 = 3) AS waiting, count(*) FILTER (WHERE at % 8 IN (1, 2)) AS running, count(*) FILTER (WHERE at % 8 = 6) AS done,
			count(*) FILTER (WHERE at % 8 = 0) AS failed, count(*) FILTER (WHERE at % 8 IN (4, 5)) AS skipped
		FROM last GROUP BY 1, 2
	), part AS (
		SELECT part, customer, at / 8 AS n, (ARRAY[0, 1, 2, 2, 3, 4, 4])[at % 8 + 1] AS class, waiting, running, done, failed, skipped FROM now
	), before AS (
		SELECT * FROM run_part WHERE run = $1 AND part = ANY (ARRAY(SELECT coalesce(customer, call) FROM touched))
	), gone AS (
		DELETE FROM run_part WHERE run = $1 AND part IN (SELECT part FROM before EXCEPT SELECT part FROM part)
	), put AS (
		INSERT INTO run_part SELECT $1, * FROM part
		ON CONFLICT (run, part) DO UPDATE SET n = excluded.n, class = excluded.class, waiting = excluded.waiting, running = excluded.running,
			done = excluded.done, failed = excluded.failed, skipped = excluded.skipped
		WHERE run_part IS DISTINCT FROM excluded
	)
	UPDATE run SET waiting = run.waiting + more.waiting, running = run.running + more.running, done = run.done + more.done, failed = run.failed + more.failed,
		skipped = run.skipped + more.skipped, customers = run.customers + more.customers, ready = run.ready + more.ready
	FROM (
		SELECT coalesce(sum(sign * waiting), 0) AS waiting, coalesce(sum(sign * running), 0) AS running, coalesce(sum(sign * done), 0) AS done,
			coalesce(sum(sign * failed), 0) AS failed, coalesce(sum(sign * skipped), 0) AS skipped,
			coalesce(sum(sign) FILTER (WHERE customer IS NOT NULL), 0) AS customers, coalesce(sum(sign) FILTER (WHERE customer IS NOT NULL AND class = 4), 0) AS ready
		FROM (
			SELECT 1 AS sign, customer, class, waiting, running, done, failed, skipped FROM part
			UNION ALL
			SELECT -1, customer, class, waiting, running, done, failed, skipped FROM before
		) s
	) more
	WHERE id = $1`

// callSQL names the call of a step: what an earlier attempt began is waited for.
const callSQL = `CASE kind WHEN 'await-account' THEN 'create-account' WHEN 'await-closure' THEN 'close-account' ELSE kind END || ' ' || what`

const atSQL = `n * 8 + CASE
	WHEN state = 'failed' THEN 0
	WHEN state = 'running' AND error = '' THEN 1
	WHEN state = 'running' THEN 2
	WHEN state = 'waiting' THEN 3
	WHEN state = 'skipped' AND NOT was.done THEN 4
	WHEN state = 'skipped' THEN 5
	ELSE 6 END`

// write has fn write steps of a run, with the number of the write, and then brings up
// to date how far the run is: of the parts that fn wrote steps of, and of some
// customers. One write of a run waits for another.
func (tx Tx) write(ctx context.Context, run string, fn func(write int64) error, customers ...string) error {
	var write int64
	if err := tx.QueryRow(ctx, `UPDATE run SET writes = writes + 1 WHERE id = $1 RETURNING writes`, run).Scan(&write); err != nil {
		return missing(err, "run "+run)
	}
	if err := fn(write); err != nil {
		return err
	}
	return tx.fold(ctx, run, write, customers...)
}

func (tx Tx) fold(ctx context.Context, run string, since int64, customers ...string) error {
	if _, err := tx.Exec(ctx, foldSQL, run, since, append([]string{}, customers...)); err != nil {
		return fmt.Errorf("count the steps of run %s: %w", run, err)
	}
	return nil
}
