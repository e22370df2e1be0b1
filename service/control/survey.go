package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"landlord/guard/compliance"
	"landlord/guard/compliance/assess"
	"landlord/guard/survey"
	"landlord/org"
	"landlord/service/store"
	"landlord/vend/plan"
)

// How many accounts of an assessment are read at once, and of these how many are
// written at once: the pages need connections too.
const (
	readAtOnce    = 32
	writtenAtOnce = 4
)

// assessStep is the kind of an assessment's steps, one for each account.
const assessStep = "assess"

// surveying is an assessment under way.
type surveying struct {
	*Control
	run      store.Run
	customer map[org.AccountID]string
	scribe   *scribe
	place    map[org.AccountID]int // of its step; not of those that were done before
	turn     chan struct{}         // as many as may write

	mu     sync.Mutex
	hashes map[org.AccountID]string // of what was found
	errors map[org.AccountID]int    // findings that could not be told
}

// survey assesses accounts by landlord's own reads and by what AWS Config found, and
// keeps what is found of each as soon as it is done, with its step: those that an
// earlier attempt of the run did are not read again. It returns how many findings of
// each account could not be told.
func (c *Control) survey(ctx context.Context, run store.Run, w World, all plan.Assessments, s *scribe) (survey.Sum, map[org.AccountID]int, error) {
	v := &surveying{Control: c, run: run, customer: all.Customer, scribe: s, place: map[org.AccountID]int{}, turn: make(chan struct{}, writtenAtOnce), hashes: map[org.AccountID]string{}, errors: map[org.AccountID]int{}}
	if err := v.begin(ctx, all); err != nil {
		return survey.Sum{}, nil, err
	}
	sum, err := survey.Survey{
		Parallel: readAtOnce, Now: c.clock.Now,
		Ask: func(of assess.Subject) assess.Asker {
			row, now := s.row(v.place[of.Account]), c.clock.Now()
			row.State, row.Started, row.Attempts = store.StepRunning, &now, 1
			s.put(row)
			return w.Asker(of)
		},
		Kept: func(id org.AccountID) ([]compliance.Finding, bool, error) { return v.kept(ctx, id) },
		Keep: func(id org.AccountID, found []compliance.Finding) error { return v.keep(ctx, id, found) },
		Told: func(d survey.Done) {
			v.mu.Lock()
			defer v.mu.Unlock()
			v.errors[d.Account] = d.Errors
		},
	}.Run(ctx, all.Of)
	if err != nil {
		return sum, v.errors, err
	}
	return sum, v.errors, v.end(ctx, sum)
}

// begin adds a step for each account that is not done.
func (v *surveying) begin(ctx context.Context, all plan.Assessments) error {
	done := map[string]bool{} // accounts
	err := v.Store.Operator(ctx, func(tx store.Tx) error {
		before, err := tx.StepsOfKind(ctx, v.run.ID, assessStep)
		for _, st := range before {
			if st.State == store.StepDone || st.State == store.StepFailed {
				done[st.What] = true
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	var rows []store.Step
	var ids []org.AccountID
	for _, of := range all.Of {
		if !done[string(of.Account)] {
			ids = append(ids, of.Account)
			rows = append(rows, store.Step{Customer: all.Customer[of.Account], Kind: assessStep, What: string(of.Account)})
		}
	}
	first := v.scribe.add(rows)
	for i, id := range ids {
		v.place[id] = first + i
	}
	v.scribe.flush(ctx) // whoever takes the run up knows that it was begun
	return nil
}

// kept is what an earlier attempt found of an account.
func (v *surveying) kept(ctx context.Context, id org.AccountID) (found []compliance.Finding, before bool, err error) {
	if _, anew := v.place[id]; anew {
		return nil, false, nil
	}
	err = v.Store.Operator(ctx, func(tx store.Tx) error {
		found, err = tx.FoundIn(ctx, v.customer[id], v.run.ID, id)
		return err
	})
	v.hash(id, found)
	return found, true, err
}

// keep keeps what was found of an account and that it is done, both or neither. What
// cannot be kept is that account's fault: the others go on.
func (v *surveying) keep(ctx context.Context, id org.AccountID, found []compliance.Finding) error {
	v.turn <- struct{}{}
	defer func() { <-v.turn }()
	row := v.scribe.row(v.place[id])
	err := v.retried(ctx, func() error {
		now := v.clock.Now()
		row.State, row.Ended, row.Error = store.StepDone, &now, untold(found)
		if row.Error != "" {
			row.State = store.StepFailed
		}
		return v.Store.Operator(ctx, func(tx store.Tx) error {
			if err := tx.AddFindings(ctx, v.customer[id], v.run.ID, found, now); err != nil {
				return err
			}
			return tx.PutSteps(ctx, []store.Step{row})
		})
	})
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, store.ErrNotFound):
		row.State, row.Error = store.StepSkipped, "it is no customer's by that key any more; the next assessment reads it by the portfolio as it is then"
	case err != nil:
		v.log.Error("what was found in an account cannot be kept", "run", v.run.ID, "account", id, "error", err)
		row.State, row.Error = store.StepFailed, "what was found cannot be kept: "+err.Error()
	default:
		v.hash(id, found)
	}
	v.scribe.put(row)
	return nil
}

// keepTries is how often keeping is tried, a moment apart: longer than it takes to
// notice that the database is lost, and with it the run.
const keepTries = 15

// retried does something until it succeeds, ctx ends, or it was tried often.
func (v *surveying) retried(ctx context.Context, do func() error) (err error) {
	for range keepTries {
		if err = do(); err == nil || errors.Is(err, store.ErrNotFound) || v.clock.Sleep(ctx, tick) != nil {
			return err
		}
	}
	return err
}

// untold says what of an account could not be told; "" if all could.
func untold(found []compliance.Finding) string {
	n, first := 0, ""
	for _, f := range found {
		if f.Status == compliance.Error {
			if n++; first == "" {
				first = f.Reason
			}
		}
	}
	switch {
	case n == 0:
		return ""
	case first == "":
		return count(n, "finding") + " could not be told"
	}
	return fmt.Sprintf("%s could not be told; the first: %s", count(n, "finding"), first)
}

// hash notes a hash of what was found of an account.
func (v *surveying) hash(id org.AccountID, found []compliance.Finding) {
	var hashes []string
	for _, f := range found {
		if f.Status != compliance.NotAssessed {
			hashes = append(hashes, f.Hash)
		}
	}
	slices.Sort(hashes)
	h := sha256.New()
	for _, one := range hashes {
		fmt.Fprintln(h, one)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.hashes[id] = hex.EncodeToString(h.Sum(nil))
}

// end notes what came in at once.
func (v *surveying) end(ctx context.Context, sum survey.Sum) error {
	if sum.Accounts == 0 {
		return nil
	}
	h := sha256.New()
	for _, id := range slices.Sorted(maps.Keys(v.hashes)) {
		fmt.Fprintln(h, id, v.hashes[id])
	}
	now := v.clock.Now()
	b := store.Batch{ID: v.run.ID, Digest: hex.EncodeToString(h.Sum(nil)), File: "assessment of " + count(sum.Accounts, "account"), Format: "scan", By: v.run.AskedBy, At: now, Records: sum.Findings, Findings: sum.Findings, Customers: sum.Accounts}
	return v.Store.Operator(ctx, func(tx store.Tx) error {
		_, err := tx.Batch(ctx, b.ID)
		if err == nil { // an earlier attempt came so far
			return nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err := tx.AddBatch(ctx, b); err != nil {
			return err
		}
		return tx.Audit(ctx, system("run "+v.run.ID).entry(now, "findings.assess", nil, map[string]any{"run": v.run.ID, "sha256": b.Digest, "findings": b.Findings, "accounts": sum.Accounts}))
	})
}
