package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"landlord/guard/compliance"
	"landlord/guard/compliance/report"
	"landlord/guard/compliance/scan"
	"landlord/guard/evidence"
	"landlord/org"
	"landlord/service/store"
)

// Taken is what became of a file of findings.
type Taken struct {
	Batch     store.Batch
	Known     bool                  // the same file came in before; nothing was changed
	Customers map[string]int        // key → findings
	Queue     map[org.AccountID]int // account of nobody's → findings
	Unmapped  map[string]int        // check that landlord's table does not know → findings
}

// unmappedMost is how many checks that landlord does not know are told apart.
const unmappedMost = 1000

// inOneAccount is how many findings of one account a file may have: they are in
// memory at once. A scanner's run has some hundreds to some ten thousands.
const inOneAccount = 500_000

// Import takes a file of findings in, whole or not at all, and says how the customers
// stand by it; name is what the file is called. A file that came in before changes
// nothing. The error is a *scan.Fault if the file is at fault.
//
// It is read as a stream, laid down by account in a folder of its own meanwhile, and
// written in one transaction.
func (c *Control) Import(ctx context.Context, name string, r io.Reader, by By) (t Taken, err error) {
	t = Taken{Customers: map[string]int{}, Queue: map[org.AccountID]int{}, Unmapped: map[string]int{}}
	dir, err := os.MkdirTemp("", "landlord-findings-")
	if err != nil {
		return t, fmt.Errorf("lay findings down: %w", err)
	}
	defer os.RemoveAll(dir)
	name = filepath.Base(filepath.Clean("/" + name))
	laid, m, err := c.layDown(ctx, dir, name, r, t.Unmapped)
	if err != nil {
		return t, err
	}
	now := c.clock.Now()
	t.Batch = store.Batch{ID: m.ID, Digest: m.Digest, File: name, Format: m.Format, By: by.Name, At: now, Records: m.Records, Findings: m.Findings, Duplicates: m.Duplicates, Skipped: m.Skipped}
	err = c.Store.Operator(ctx, func(tx store.Tx) error {
		before, err := tx.Batch(ctx, m.ID)
		if err == nil {
			t.Batch, t.Known = before, true
			return by.also(ctx, tx)
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		owners, err := tx.AccountOwners(ctx)
		if err != nil {
			return err
		}
		if err := give(ctx, tx, laid, owners, &t, now); err != nil {
			return err
		}
		t.Batch.Customers = len(t.Customers)
		for _, n := range t.Queue {
			t.Batch.Queued += n
		}
		if err := tx.AddBatch(ctx, t.Batch); err != nil {
			return err
		}
		told := map[string]any{"import": m.ID, "file": name, "sha256": m.Digest, "findings": m.Findings, "customers": len(t.Customers), "queued": t.Batch.Queued}
		if err := tx.Audit(ctx, by.entry(now, "findings.import", nil, told)); err != nil {
			return err
		}
		return by.also(ctx, tx)
	})
	if err != nil || t.Known {
		return t, err
	}
	c.log.Info("findings came in", "import", m.ID, "findings", m.Findings, "customers", len(t.Customers), "queued", t.Batch.Queued)
	return t, c.count(ctx, now)
}

// layDown reads a file into a folder, by account.
func (c *Control) layDown(ctx context.Context, dir, name string, r io.Reader, unmapped map[string]int) (*evidence.Folder, evidence.Manifest, error) {
	folder := evidence.Open(dir)
	batch, err := folder.Begin()
	if err != nil {
		return nil, evidence.Manifest{}, err
	}
	defer batch.Discard()
	sum := sha256.New()
	whole := io.TeeReader(r, sum)
	of := map[org.AccountID]int{}
	read, err := scan.Read(name, whole, c.clock.Now(), func(f compliance.Finding) error {
		if of[f.Account]++; of[f.Account] > inOneAccount {
			return &scan.Fault{File: name, Line: 1, Why: fmt.Sprintf("has more than %s of account %s; split it", count(inOneAccount, "finding"), f.Account)}
		}
		if len(compliance.Named(f.Name)) == 0 {
			other := f.Name
			if len(unmapped) >= unmappedMost && unmapped[other] == 0 {
				other = "others"
			}
			unmapped[other]++
		}
		return errors.Join(ctx.Err(), batch.Add(f))
	})
	if err == nil {
		_, err = io.Copy(io.Discard, whole) // what is left is part of the file's hash
	}
	if err != nil {
		return nil, evidence.Manifest{}, err
	}
	m, err := batch.Commit(evidence.Manifest{Digest: hex.EncodeToString(sum.Sum(nil)), File: name, Format: read.Format, At: c.clock.Now(), Records: read.Records, Skipped: read.Skipped})
	return folder, m, err
}

// give gives what was laid down to whose accounts these are, by their keys, and keeps
// the rest in the queue.
func give(ctx context.Context, tx store.Tx, laid *evidence.Folder, owners map[org.AccountID]string, t *Taken, now time.Time) error {
	accounts, err := laid.Accounts()
	if err != nil {
		return err
	}
	of := map[string][]org.AccountID{}
	for _, account := range accounts {
		of[owners[account]] = append(of[owners[account]], account)
	}
	for _, customer := range slices.Sorted(maps.Keys(of)) {
		var found []compliance.Finding
		for _, account := range of[customer] {
			one, err := all(laid, account)
			switch {
			case err != nil:
				return err
			case customer != "":
				found = append(found, one...)
				continue
			}
			t.Queue[account] = len(one)
			if err := tx.QueueFindings(ctx, account, t.Batch.ID, one); err != nil {
				return err
			}
		}
		if customer == "" {
			continue
		}
		t.Customers[customer] = len(found)
		if err := tx.AddFindings(ctx, customer, t.Batch.ID, found, now); err != nil {
			return err
		}
	}
	return nil
}

func all(laid *evidence.Folder, account org.AccountID) (found []compliance.Finding, err error) {
	for f, err := range laid.Of(account) {
		if err != nil {
			return nil, err
		}
		found = append(found, f)
	}
	return found, nil
}

// Assign says that an account of the queue is a customer's, and gives it what was
// found there. The error is store.ErrTaken if the account is another's by what AWS
// shows or somebody said, store.ErrNotFound if there is no such customer, or nothing of
// the account.
func (c *Control) Assign(ctx context.Context, account org.AccountID, customer string, by By) (findings int, err error) {
	return c.assign(ctx, account, customer, false, by)
}

// Reassign is Assign, whatever somebody said before: what was found there is taken
// from whom it was given to by mistake.
func (c *Control) Reassign(ctx context.Context, account org.AccountID, customer string, by By) (findings int, err error) {
	return c.assign(ctx, account, customer, true, by)
}

func (c *Control) assign(ctx context.Context, account org.AccountID, customer string, again bool, by By) (findings int, err error) {
	now := c.clock.Now()
	err = c.Store.Operator(ctx, func(tx store.Tx) error {
		owner, err := tx.Customer(ctx, customer)
		if err != nil {
			return err
		}
		if err := tx.Assign(ctx, account, customer, again, by.Name, now); err != nil {
			return err
		}
		if findings, err = tx.Unqueue(ctx, account, customer, now); err != nil {
			return err
		}
		moved, err := replace(ctx, tx, account, now)
		if err != nil {
			return err
		}
		if findings += moved; findings == 0 {
			return fmt.Errorf("findings of account %s: %w", account, store.ErrNotFound)
		}
		e := by.entry(now, "findings.assign", nil, map[string]any{"account": account, "findings": findings})
		e.Customer, e.Framework = owner.Key, owner.Framework
		if err := tx.Audit(ctx, e); err != nil {
			return err
		}
		return by.also(ctx, tx)
	})
	if err != nil {
		return 0, err
	}
	return findings, c.count(ctx, now)
}

// ErrUnassessed is that landlord has no controls of a customer's framework, so that
// there is nothing to report.
var ErrUnassessed = errors.New("landlord has no controls of the framework of this customer's tier, so there is no report of it")

// Report makes a customer's compliance report of what is kept, in the scope of tx; edition
// is that of its framework, "" the default. The same evidence makes the same report,
// whoever asks.
func Report(ctx context.Context, tx store.Tx, customer, edition string) (*report.Report, error) {
	c, err := tx.Customer(ctx, customer)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(compliance.Frameworks(), c.Framework) {
		return nil, ErrUnassessed
	}
	f, err := compliance.Of(c.Framework, edition)
	if err != nil {
		return nil, &EditionError{err}
	}
	s, err := tx.Standing(ctx, customer, c.Framework)
	if errors.Is(err, store.ErrNotFound) {
		s, err = &compliance.State{}, nil
	}
	if err != nil {
		return nil, err
	}
	t, err := tx.Tier(ctx, c.Framework, c.Tier)
	if errors.Is(err, store.ErrNotFound) {
		t, err = store.Tier{Name: c.Tier}, nil
	}
	if err != nil {
		return nil, err
	}
	return report.New(report.Subject{Provider: t.Provider, Customer: c.Key, Name: c.Name, Tier: t.Name, Account: org.AccountID(c.Account), Regions: t.Regions}, s.Posture(f)), nil
}

// An EditionError is that a framework has no edition of a name.
type EditionError struct{ Err error }

func (e *EditionError) Error() string { return e.Err.Error() }

// Unwrap returns why.
func (e *EditionError) Unwrap() error { return e.Err }
