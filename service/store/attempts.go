package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// Bound is how often something may be tried within a time. It holds for all
// replicas together.
type Bound struct {
	Most   int
	Within time.Duration
}

// Wait tells how long who has to wait before the next try at now; 0 if not at all.
// who names what is tried too, and is kept as a hash only.
func (tx Tx) Wait(ctx context.Context, who string, b Bound, now time.Time) (time.Duration, error) {
	at, err := tx.attempts(ctx, attemptOf(who), "")
	if err != nil {
		return 0, err
	}
	return b.wait(b.recent(at, now), now), nil
}

// Try counts a try of who at now, or returns how long who has to wait, and counts
// nothing.
func (tx Tx) Try(ctx context.Context, who string, b Bound, now time.Time) (time.Duration, error) {
	key := attemptOf(who)
	if _, err := tx.attempts(ctx, key, ""); err != nil { // names the row
		return 0, err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO attempt (who, at, until) VALUES ($1, '{}', $2) ON CONFLICT (who) DO NOTHING`, key, now.Add(b.Within)); err != nil {
		return 0, wrote(err, "what was tried")
	}
	at, err := tx.attempts(ctx, key, "FOR UPDATE")
	if err != nil {
		return 0, err
	}
	at = b.recent(at, now)
	if wait := b.wait(at, now); wait > 0 {
		return wait, nil
	}
	_, err = tx.Exec(ctx, `UPDATE attempt SET at = $2, until = $3 WHERE who = $1`, key, append(at, now), now.Add(b.Within))
	return 0, wrote(err, "what was tried")
}

// ForgetAttempts removes what was tried so long before now that nobody waits for it.
func (tx Tx) ForgetAttempts(ctx context.Context, now time.Time) error {
	_, err := tx.Exec(ctx, `DELETE FROM attempt WHERE until < $1`, now)
	return wrote(err, "what was tried")
}

// attempts are the tries of a row, which the scope sees from then on.
func (tx Tx) attempts(ctx context.Context, key, lock string) (at []time.Time, err error) {
	if err := tx.QueryRow(ctx, `SELECT set_config('landlord.attempt', $1, true)`, key).Scan(nil); err != nil {
		return nil, missing(err, "what was tried")
	}
	err = tx.QueryRow(ctx, `SELECT at FROM attempt WHERE who = $1 `+lock, key).Scan(&at)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, missing(err, "what was tried")
	}
	return at, nil
}

func attemptOf(who string) string {
	sum := sha256.Sum256([]byte(who))
	return hex.EncodeToString(sum[:])
}

// recent is what of at still counts at now.
func (b Bound) recent(at []time.Time, now time.Time) (recent []time.Time) {
	for _, t := range at {
		if now.Sub(t) < b.Within {
			recent = append(recent, t)
		}
	}
	return recent
}

// wait is how long after now the first of recent no longer counts, where they are
// as many as may be.
func (b Bound) wait(recent []time.Time, now time.Time) time.Duration {
	if len(recent) < b.Most {
		return 0
	}
	return recent[len(recent)-b.Most].Add(b.Within).Sub(now)
}
