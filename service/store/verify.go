package store

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Verified is what a verification of the audit log found.
type Verified struct {
	Head   Head
	Sealed int      // entries whose seal was looked at
	Open   int      // entries that wait for their seal
	Faults []string // what was changed, removed or put in; empty if nothing was
}

// mostFaults is how many faults are told. One change breaks one seal, and whoever
// has more than these has lost the log.
const mostFaults = 100

// grace is how long an entry may wait for its seal: the sealer comes each second,
// and looks at everything every few minutes.
const grace = 15 * time.Minute

// VerifyAudit looks at every entry and every seal, and tells which entries were
// changed, removed or put in. kept is a head that was noted earlier, or the zero
// Head: with it, a tail that was cut off since is seen too. Nothing is changed.
func (s *Store) VerifyAudit(ctx context.Context, key SealKey, kept Head, now time.Time) (v Verified, err error) {
	err = s.Operator(ctx, func(tx Tx) error {
		// One snapshot for all that is read.
		if _, err := tx.Exec(ctx, `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`); err != nil {
			return err
		}
		if err := v.chain(ctx, tx, key, kept); err != nil {
			return err
		}
		return v.unsealed(ctx, tx, now)
	})
	return v, err
}

func (v *Verified) fault(format string, args ...any) {
	if len(v.Faults) < mostFaults {
		v.Faults = append(v.Faults, fmt.Sprintf(format, args...))
	}
}

// chain follows the seals from the first. Each is judged by the one that stands
// before it, so that what is right after a fault is not told as wrong.
func (v *Verified) chain(ctx context.Context, tx Tx, key SealKey, kept Head) error {
	rows, _ := tx.Query(ctx, `
		SELECT s.seq, s.entry, s.at, s.hash, e.found, `+recordColumns+`
		FROM audit_seal s LEFT JOIN (SELECT true AS found, * FROM audit_entry) e ON e.id = s.entry
		ORDER BY s.seq, e.customer, e.at, e.actor, e.action`)
	defer rows.Close()
	var seen bool
	for rows.Next() {
		var (
			seq, entry int64
			at         time.Time
			hash       []byte
			found      *bool
			r          record
		)
		if err := rows.Scan(append([]any{&seq, &entry, &at, &hash, &found}, r.fields()...)...); err != nil {
			return fmt.Errorf("read the audit log: %w", err)
		}
		if seq == v.Head.Seq {
			v.fault("entry %d is there twice: one was put in", entry)
			continue
		}
		if missing := seq - v.Head.Seq - 1; missing > 0 {
			v.fault("seals %d to %d are missing: %d were removed", v.Head.Seq+1, seq-1, missing)
		}
		v.Sealed++
		switch {
		case found == nil:
			v.fault("entry %d, which seal %d is of, was removed", entry, seq)
		case seq == v.Head.Seq+1 && !bytes.Equal(hash, key.link(v.Head.Hash, seq, at, r)):
			v.fault("entry %d or its seal %d was changed", entry, seq)
		}
		v.Head = Head{seq, hash}
		if seq == kept.Seq {
			if seen = bytes.Equal(hash, kept.Hash); !seen {
				v.fault("seal %d is not the one that was noted: the log was sealed anew", seq)
			}
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the audit log: %w", err)
	}
	if kept.Seq > v.Head.Seq {
		v.fault("the log ends at seal %d, and seal %d was noted: its tail was cut off", v.Head.Seq, kept.Seq)
	}
	return nil
}

// unsealed finds entries that no seal is of. Those of just now wait for theirs.
func (v *Verified) unsealed(ctx context.Context, tx Tx, now time.Time) error {
	rows, _ := tx.Query(ctx, `
		SELECT e.id, e.at FROM audit_entry e WHERE NOT EXISTS (SELECT FROM audit_seal s WHERE s.entry = e.id) ORDER BY e.id`)
	var id int64
	var at time.Time
	_, err := pgx.ForEachRow(rows, []any{&id, &at}, func() error {
		if at.After(now.Add(time.Minute)) || at.Before(now.Add(-grace)) {
			v.fault("entry %d of %s is not sealed: it was put in, or nobody has sealed since", id, at.UTC().Format(time.RFC3339))
		} else {
			v.Open++
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the audit log: %w", err)
	}
	return nil
}
