package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// The kinds of run.
const (
	RunPlan      = "plan"      // look, and say what would change
	RunApply     = "apply"     // make AWS what the portfolio says
	RunVerify    = "verify"    // look, and check every customer
	RunReconcile = "reconcile" // look, and mend what drifted, if that is wanted

	// Orders: what is asked for of one customer's account beside what the portfolio
	// wants.
	RunSuspend = "suspend"
	RunResume  = "resume"
	RunClose   = "close"

	RunOnboard = "onboard" // take a customer of the portfolio from its key to its first report
	RunInvoice = "invoice" // work out the invoices of a month, and issue those that are due to be
	RunScan    = "scan"    // assess customers' accounts, and keep what is found
)

// Changing are the kinds of run that change AWS: one at a time does.
var Changing = []string{RunApply, RunReconcile, RunSuspend, RunResume, RunClose, RunOnboard}

// The states of a run.
const (
	RunWaiting = "waiting"
	RunRunning = "running"
	RunDone    = "done"
	RunFailed  = "failed"
	RunStopped = "stopped" // because somebody asked for that
)

// The states of a step.
const (
	StepWaiting = "waiting"
	StepRunning = "running"
	StepDone    = "done"
	StepFailed  = "failed"
	StepSkipped = "skipped" // left: a later look told what was still to do
)

// Run is something that was asked for, and how far it is.
type Run struct {
	ID        string
	Kind      string
	State     string
	Portfolio int64    // version
	Customer  string   // of an order: key
	Assesses  []string // of a scan: the keys of whose accounts; none is all
	Month     string   // of the invoices that are worked out
	AskedBy   string
	AskedAt   time.Time
	Started   *time.Time
	Ended     *time.Time
	Summary   string
	Confirmed string     // digest of the plan that was shown to whoever asked; "" if none was
	Stopping  bool       // somebody asked for it to stop
	Tries     int        // looks at AWS that failed in a row
	Failing   *time.Time // since when they do
	Next      *time.Time // when the next try is
	// What the checks of its last look came to; nil if it checked nothing.
	ChecksPassed, ChecksFailed *int
	Writes                     int64 // how often steps of it were written
}

// Over tells whether the run has ended.
func (r Run) Over() bool { return r.Ended != nil }

const runColumns = `id, kind, state, coalesce(portfolio, 0) AS portfolio, coalesce(customer, '') AS customer, coalesce(assesses, '{}') AS assesses, coalesce(month, '') AS month, asked_by, asked_at, started_at AS started, ended_at AS ended, summary, confirmed, stop_asked_at IS NOT NULL AS stopping, tries, failing_since AS failing, next_at AS next, checks_passed, checks_failed, writes`

// AddRun adds a run that waits.
func (tx Tx) AddRun(ctx context.Context, r Run) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO run (id, kind, state, portfolio, asked_by, asked_at, confirmed, customer, month, assesses)
		VALUES ($1, $2, 'waiting', nullif($3::bigint, 0), $4, $5, $6, nullif($7, ''), nullif($8, ''), nullif($9::text[], '{}'))`,
		r.ID, r.Kind, r.Portfolio, r.AskedBy, r.AskedAt, r.Confirmed, r.Customer, r.Month, append([]string{}, r.Assesses...))
	if err != nil {
		return fmt.Errorf("add run %s: %w", r.ID, err)
	}
	return nil
}

// Run reads a run; ErrNotFound if there is none of that id.
func (tx Tx) Run(ctx context.Context, id string) (Run, error) {
	rows, _ := tx.Query(ctx, `SELECT `+runColumns+` FROM run WHERE id = $1`, id) // CollectOneRow returns the error
	r, err := pgx.CollectOneRow(rows, pgx.RowToStructByName[Run])
	if err != nil {
		return Run{}, missing(err, "run "+id)
	}
	return r, nil
}

// Runs returns runs, the newest first: those asked for before the one of that id,
// "" is all, and at most so many.
func (tx Tx) Runs(ctx context.Context, before string, most int) ([]Run, error) {
	rows, _ := tx.Query(ctx, `
		SELECT `+runColumns+` FROM run
		WHERE $1 = '' OR (asked_at, id) < (SELECT asked_at, id FROM run WHERE id = $1)
		ORDER BY asked_at DESC, id DESC LIMIT $2`, before, most) // CollectRows returns the error
	runs, err := pgx.CollectRows(rows, pgx.RowToStructByName[Run])
	if err != nil {
		return nil, fmt.Errorf("read the runs: %w", err)
	}
	return runs, nil
}

// Order tells whether the run is about one customer's account.
func (r Run) Order() bool { return r.Customer != "" }

// PutChecklist notes how far the steps of an onboarding are.
func (tx Tx) PutChecklist(ctx context.Context, run string, checklist json.RawMessage) error {
	if _, err := tx.Exec(ctx, `UPDATE run SET checklist = $2, writes = writes + 1 WHERE id = $1 AND ended_at IS NULL`, run, checklist); err != nil {
		return fmt.Errorf("note how far run %s is: %w", run, err)
	}
	return nil
}

// Checklist returns how far the steps of an onboarding are; nil if none has begun.
func (tx Tx) Checklist(ctx context.Context, run string) (checklist json.RawMessage, err error) {
	if err := tx.QueryRow(ctx, `SELECT checklist FROM run WHERE id = $1`, run).Scan(&checklist); err != nil {
		return nil, missing(err, "the checklist of run "+run)
	}
	return checklist, nil
}

// OnboardingOf returns the newest onboarding of a customer; ErrNotFound if there was
// none.
func (tx Tx) OnboardingOf(ctx context.Context, customer string) (Run, error) {
	rows, _ := tx.Query(ctx, `SELECT `+runColumns+` FROM run WHERE customer = $1 AND kind = 'onboard' ORDER BY asked_at DESC, id DESC LIMIT 1`, customer) // CollectOneRow returns the error
	r, err := pgx.CollectOneRow(rows, pgx.RowToStructByName[Run])
	if err != nil {
		return Run{}, missing(err, "onboarding of "+customer)
	}
	return r, nil
}

// BillingOf returns the newest run over a month's invoices; ErrNotFound if there was none.
func (tx Tx) BillingOf(ctx context.Context, month string) (Run, error) {
	rows, _ := tx.Query(ctx, `SELECT `+runColumns+` FROM run WHERE month = $1 ORDER BY asked_at DESC, id DESC LIMIT 1`, month) // CollectOneRow returns the error
	r, err := pgx.CollectOneRow(rows, pgx.RowToStructByName[Run])
	if err != nil {
		return Run{}, missing(err, "run over the invoices of "+month)
	}
	return r, nil
}

// OpenRuns returns the runs that have not ended, the oldest first: of some kinds, or
// all.
func (tx Tx) OpenRuns(ctx context.Context, kinds ...string) ([]Run, error) {
	rows, _ := tx.Query(ctx, `
		SELECT `+runColumns+` FROM run
		WHERE state IN ('waiting', 'running') AND (cardinality($1::text[]) = 0 OR kind = ANY ($1))
		ORDER BY asked_at, id`, append([]string{}, kinds...)) // CollectRows returns the error
	runs, err := pgx.CollectRows(rows, pgx.RowToStructByName[Run])
	if err != nil {
		return nil, fmt.Errorf("read the open runs: %w", err)
	}
	return runs, nil
}

// StartRun notes that a run is at work, since then; what earlier attempts left of
// its steps is skipped. It returns how many steps there are.
func (tx Tx) StartRun(ctx context.Context, id string, at time.Time) (steps int, err error) {
	_, err = tx.Exec(ctx, `UPDATE run SET state = 'running', summary = '', next_at = NULL, started_at = coalesce(started_at, greatest($2, asked_at)) WHERE id = $1 AND ended_at IS NULL`, id, at)
	if err == nil {
		err = tx.write(ctx, id, func(write int64) error {
			_, err := tx.Exec(ctx, `UPDATE step SET state = 'skipped', started_at = least(coalesce(started_at, $2), $2), ended_at = $2, write = $3 WHERE run = $1 AND ended_at IS NULL`, id, at, write)
			return err
		})
	}
	if err == nil {
		err = tx.QueryRow(ctx, `SELECT coalesce(max(n) + 1, 0) FROM step WHERE run = $1`, id).Scan(&steps)
	}
	if err != nil {
		return 0, fmt.Errorf("start run %s: %w", id, err)
	}
	return steps, nil
}

// StopRun notes that a run is asked to stop. One that has not begun has stopped by
// that; one that has ended stays as it ended.
func (tx Tx) StopRun(ctx context.Context, id string, at time.Time) error {
	_, err := tx.Exec(ctx, `
		UPDATE run SET stop_asked_at = coalesce(stop_asked_at, $2),
			state = CASE state WHEN 'waiting' THEN 'stopped' ELSE state END,
			ended_at = CASE state WHEN 'waiting' THEN greatest($2, asked_at) END,
			summary = CASE state WHEN 'waiting' THEN CASE WHEN started_at IS NULL THEN 'stopped before it began' ELSE 'stopped while it waited: ' || summary END ELSE summary END
		WHERE id = $1 AND ended_at IS NULL`, id, at)
	if err != nil {
		return fmt.Errorf("stop run %s: %w", id, err)
	}
	return nil
}

// WaitRun notes that a run could not look at AWS, why, and when it is tried again.
func (tx Tx) WaitRun(ctx context.Context, id, why string, next, at time.Time) error {
	_, err := tx.Exec(ctx, `
		UPDATE run SET state = 'waiting', summary = $2, tries = tries + 1, failing_since = coalesce(failing_since, $4), next_at = $3
		WHERE id = $1 AND ended_at IS NULL`, id, why, next, at)
	if err != nil {
		return fmt.Errorf("have run %s wait: %w", id, err)
	}
	return nil
}

// PauseRun notes why steps of a run that is at work wait, and when what they wait for
// is tried again; "" that they no longer do.
func (tx Tx) PauseRun(ctx context.Context, id, why string, until time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE run SET summary = $2, next_at = CASE WHEN $2 <> '' THEN $3::timestamptz END WHERE id = $1 AND state = 'running'`, id, why, until)
	if err != nil {
		return fmt.Errorf("note what run %s waits for: %w", id, err)
	}
	return nil
}

// QueueRun notes that a run waits for somebody else's work to end, whose, and when it
// asks again; nil if that is not known.
func (tx Tx) QueueRun(ctx context.Context, id, why string, next *time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE run SET state = 'waiting', summary = $2, next_at = $3 WHERE id = $1 AND ended_at IS NULL`, id, why, next)
	if err != nil {
		return fmt.Errorf("have run %s wait: %w", id, err)
	}
	return nil
}

// RunLooked notes that a run could look at AWS, and that the customers of some keys
// have their accounts: the creations that an attempt of it left are done.
func (tx Tx) RunLooked(ctx context.Context, id string, accounts []string) error {
	_, err := tx.Exec(ctx, `UPDATE run SET tries = 0, failing_since = NULL WHERE id = $1 AND tries > 0`, id)
	if err == nil {
		err = tx.write(ctx, id, func(write int64) error {
			_, err := tx.Exec(ctx, `
				UPDATE step SET state = 'done', error = '', write = $3 WHERE run = $1 AND n IN (
					SELECT max(n) FROM step WHERE run = $1 AND kind = 'create-account' AND customer = ANY ($2)
					GROUP BY customer HAVING bool_and(state = 'skipped'))`, id, accounts, write)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("note the look of run %s: %w", id, err)
	}
	return nil
}

// RunChecked notes what the checks of a run's last look came to.
func (tx Tx) RunChecked(ctx context.Context, id string, passed, failed int) error {
	if _, err := tx.Exec(ctx, `UPDATE run SET checks_passed = $2, checks_failed = $3 WHERE id = $1`, id, passed, failed); err != nil {
		return fmt.Errorf("note the checks of run %s: %w", id, err)
	}
	return nil
}

// EndRun notes what a run came to. plan may be nil.
func (tx Tx) EndRun(ctx context.Context, id, state, summary string, plan json.RawMessage, at time.Time) error {
	tag, err := tx.Exec(ctx, `
		UPDATE run SET state = $2, summary = $3, plan = $4, next_at = NULL, ended_at = greatest($5, asked_at) WHERE id = $1 AND ended_at IS NULL`,
		id, state, summary, plan, at)
	if err == nil && tag.RowsAffected() == 0 {
		err = fmt.Errorf("it has ended already, or is not there")
	}
	if err == nil && state == RunDone { // what was left is done
		err = tx.fold(ctx, id, 0)
	}
	if err != nil {
		return fmt.Errorf("end run %s: %w", id, err)
	}
	return nil
}

// PlanOf returns the plan that a run made, as JSON; nil if it made none.
func (tx Tx) PlanOf(ctx context.Context, id string) (plan json.RawMessage, err error) {
	if err := tx.QueryRow(ctx, `SELECT plan FROM run WHERE id = $1`, id).Scan(&plan); err != nil {
		return nil, missing(err, "the plan of run "+id)
	}
	return plan, nil
}

// Step is one call of a run to AWS.
type Step struct {
	Run      string
	N        int
	Customer string // key; "" for what serves all
	Kind     string
	What     string
	State    string
	Attempts int
	Error    string
	Started  *time.Time
	Ended    *time.Time
}

const stepColumns = `run, n, coalesce(customer, '') AS customer, kind, what, state, attempts, error, started_at AS started, ended_at AS ended`

// PutSteps writes steps of one run as they are now, new ones and known ones.
func (tx Tx) PutSteps(ctx context.Context, steps []Step) error {
	if len(steps) == 0 {
		return nil
	}
	run := steps[0].Run
	if i := slices.IndexFunc(steps, func(s Step) bool { return s.Run != run }); i >= 0 {
		return fmt.Errorf("write steps of run %s: one is of run %s", run, steps[i].Run)
	}
	return tx.write(ctx, run, func(write int64) error {
		for part := range slices.Chunk(steps, 5000) {
			var (
				customer, kind, what, state, fault []string
				n, attempts                        []int64
				started, ended                     []*time.Time
			)
			for _, s := range part {
				customer, kind, what = append(customer, s.Customer), append(kind, s.Kind), append(what, s.What)
				state, fault, n, attempts = append(state, s.State), append(fault, s.Error), append(n, int64(s.N)), append(attempts, int64(s.Attempts))
				started, ended = append(started, s.Started), append(ended, s.Ended)
			}
			_, err := tx.Exec(ctx, `
				INSERT INTO step (run, write, n, customer, kind, what, state, attempts, error, started_at, ended_at)
				SELECT $1, $2, n, nullif(customer, ''), kind, what, state, attempts, error, started_at, ended_at
				FROM unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::text[], $10::timestamptz[], $11::timestamptz[])
					AS s (n, customer, kind, what, state, attempts, error, started_at, ended_at)
				ON CONFLICT (run, n) DO UPDATE SET state = excluded.state, attempts = excluded.attempts, error = excluded.error,
					started_at = excluded.started_at, ended_at = excluded.ended_at, write = excluded.write`,
				run, write, n, customer, kind, what, state, attempts, fault, started, ended)
			if err != nil {
				return fmt.Errorf("write %d steps: %w", len(part), err)
			}
		}
		return nil
	})
}

// Steps returns the steps of a run from a place on, in order, at most so many.
func (tx Tx) Steps(ctx context.Context, run string, from, most int) ([]Step, error) {
	rows, _ := tx.Query(ctx, `
		SELECT `+stepColumns+` FROM step WHERE run = $1 AND n >= $2 ORDER BY n LIMIT $3`, run, from, most) // CollectRows returns the error
	steps, err := pgx.CollectRows(rows, pgx.RowToStructByName[Step])
	if err != nil {
		return nil, fmt.Errorf("read the steps of run %s: %w", run, err)
	}
	return steps, nil
}

// StepsWritten returns the steps of a run whose last write came after one and not
// after another, in order.
func (tx Tx) StepsWritten(ctx context.Context, run string, after, last int64) ([]Step, error) {
	rows, _ := tx.Query(ctx, `SELECT `+stepColumns+` FROM step WHERE run = $1 AND write > $2 AND write <= $3 ORDER BY n`, run, after, last) // CollectRows returns the error
	steps, err := pgx.CollectRows(rows, pgx.RowToStructByName[Step])
	if err != nil {
		return nil, fmt.Errorf("read the steps of run %s: %w", run, err)
	}
	return steps, nil
}
