package store

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// SealKey is what the audit log is sealed with. It is kept outside the database:
// whoever can write there only, cannot seal what they wrote.
type SealKey []byte

// LoadSealKey reads the key in a file, which nobody else may read.
func LoadSealKey(path string) (SealKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the audit log's key: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("the audit log's key %s is no file", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the audit log's key %s has mode %04o: others could read it, and seal what they like; chmod 600 it", path, info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the audit log's key: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != sha256.Size {
		return nil, fmt.Errorf("the audit log's key %s is not %d hexadecimal digits", path, 2*sha256.Size)
	}
	return key, nil
}

// MakeSealKey reads the key in a file, and makes one if there is no file; of several
// that begin at once in a folder, all get the one that is there in the end. A database
// keeps to the first key: another is refused, as is a new one for a log that has
// seals.
func (s *Store) MakeSealKey(ctx context.Context, path string) (SealKey, error) {
	key, err := LoadSealKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		head, err := s.Head(ctx)
		if err != nil {
			return nil, err
		}
		if head.Seq > 0 {
			return nil, fmt.Errorf("the audit log is sealed up to %s with a key that is not at %s: put it there", head, path)
		}
		if key, err = makeSealKey(path); err != nil {
			return nil, fmt.Errorf("make the audit log's key: %w", err)
		}
	} else if err != nil {
		return nil, err
	}
	return key, s.keepTo(ctx, key, path)
}

// makeSealKey makes a key, whole under another name first, and returns the one that
// then has the name: another process may have been first.
func makeSealKey(path string) (SealKey, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	part, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".part-") // 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(part.Name())
	key := make(SealKey, sha256.Size)
	_, _ = rand.Read(key) // never fails; see crypto/rand
	_, err = fmt.Fprintln(part, hex.EncodeToString(key))
	if err := errors.Join(err, part.Sync(), part.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(part.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return nil, err
	}
	return LoadSealKey(path)
}

// sealedBy is the setting that tells which key seals the audit log, and not what it
// is.
const sealedBy = "audit.key"

// mark tells a key from others.
func (k SealKey) mark() string {
	mac := hmac.New(sha256.New, k)
	mac.Write([]byte("which key seals the audit log"))
	return hex.EncodeToString(mac.Sum(nil))
}

// keepTo refuses a key where another replica's, on another machine, was first: a
// log sealed with two could not be verified.
func (s *Store) keepTo(ctx context.Context, key SealKey, path string) error {
	var first string
	err := s.Operator(ctx, func(tx Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO setting (key, value) VALUES ($1, to_jsonb($2::text)) ON CONFLICT (key) DO NOTHING`, sealedBy, key.mark()); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `SELECT value #>> '{}' FROM setting WHERE key = $1`, sealedBy).Scan(&first)
	})
	if err != nil {
		return fmt.Errorf("keep to the audit log's key: %w", err)
	}
	if first != key.mark() {
		return fmt.Errorf("the audit log is sealed with another key than the one in %s: put there the one that the other replicas have", path)
	}
	return nil
}

// Head is where the audit log's chain of seals ends. Keep it somewhere else, and a
// cut tail is seen.
type Head struct {
	Seq  int64 // 0 if nothing is sealed
	Hash []byte
}

func (h Head) String() string { return fmt.Sprintf("%d:%x", h.Seq, h.Hash) }

// ParseHead reads what Head.String wrote.
func ParseHead(text string) (h Head, err error) {
	seq, hash, found := strings.Cut(text, ":")
	if found {
		_, err = fmt.Sscanf(seq, "%d", &h.Seq)
	}
	if err == nil {
		h.Hash, err = hex.DecodeString(hash)
	}
	if !found || err != nil || h.Seq < 1 || len(h.Hash) != sha256.Size {
		return Head{}, fmt.Errorf("%q is no head of the audit log: want SEQ:HASH, as landlord logs it", text)
	}
	return h, nil
}

// Head returns where the chain ends.
func (s *Store) Head(ctx context.Context) (h Head, err error) {
	err = s.Operator(ctx, func(tx Tx) error {
		h, err = tx.head(ctx)
		return err
	})
	return h, err
}

func (tx Tx) head(ctx context.Context) (h Head, err error) {
	err = tx.QueryRow(ctx, `SELECT seq, hash FROM audit_seal ORDER BY seq DESC LIMIT 1`).Scan(&h.Seq, &h.Hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return Head{}, nil
	}
	if err != nil {
		return Head{}, fmt.Errorf("read the audit log's head: %w", err)
	}
	return h, nil
}

// record is an entry as its row has it, NULL apart from what is empty.
type record struct {
	id                  *int64
	at                  *time.Time
	kind, actor, action *string
	customer, framework *string
	before, after       *string // to the letter
	source              *string
}

const recordColumns = `e.id, e.at, e.actor_kind, e.actor, e.action, e.customer, e.framework, e.before::text, e.after::text, e.source`

func (r *record) fields() []any {
	return []any{&r.id, &r.at, &r.kind, &r.actor, &r.action, &r.customer, &r.framework, &r.before, &r.after, &r.source}
}

// link is the seal of an entry: over the seal before, its own number and time, and
// all of the entry, each part with its length before it.
func (k SealKey) link(before []byte, seq int64, at time.Time, r record) []byte {
	mac := hmac.New(sha256.New, k)
	part := func(b []byte) {
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(b))))
		mac.Write(b)
	}
	number := func(n int64) { part(binary.BigEndian.AppendUint64(nil, uint64(n))) }
	part(before)
	number(seq)
	number(at.UnixMicro())
	number(*r.id)
	number(r.at.UnixMicro())
	for _, text := range []*string{r.kind, r.actor, r.action, r.customer, r.framework, r.before, r.after, r.source} {
		if text == nil {
			part(nil)
		} else {
			part([]byte("=" + *text))
		}
	}
	return mac.Sum(nil)
}

// sealing is the advisory lock of the one that seals.
const sealing = 0x7365616c // "seal"

// window is how far behind the newest sealed entry a quick look for unsealed ones
// goes: further behind than that an entry is sealed only if so many others were
// written while its transaction was open, and the next whole look finds it.
const window = 10_000

// mostSealed is how many entries are sealed in one transaction.
const mostSealed = 5_000

// Seal numbers and chains the entries that are not sealed yet, and returns where
// the chain then ends and how many it added. One seals at a time; another waits.
// whole looks at all entries, not only at the newest.
func (s *Store) Seal(ctx context.Context, key SealKey, now time.Time, whole bool) (h Head, added int, err error) {
	for {
		n := 0
		err := s.Operator(ctx, func(tx Tx) (err error) {
			if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(sealing)); err != nil {
				return fmt.Errorf("wait for who seals the audit log: %w", err)
			}
			h, n, err = tx.seal(ctx, key, now.Truncate(time.Microsecond), whole)
			return err
		})
		if added += n; err != nil || n < mostSealed {
			return h, added, err
		}
	}
}

func (tx Tx) seal(ctx context.Context, key SealKey, now time.Time, whole bool) (h Head, n int, err error) {
	if h, err = tx.head(ctx); err != nil {
		return h, 0, err
	}
	rows, _ := tx.Query(ctx, `
		SELECT `+recordColumns+` FROM audit_entry e
		WHERE ($1 OR e.id > (SELECT coalesce(max(entry), 0) FROM audit_seal) - $2)
		AND NOT EXISTS (SELECT FROM audit_seal s WHERE s.entry = e.id)
		ORDER BY e.id LIMIT $3`, whole, window, mostSealed)
	entries, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r record, err error) {
		err = row.Scan(r.fields()...)
		return r, err
	})
	if err != nil {
		return h, 0, fmt.Errorf("read the audit log: %w", err)
	}
	batch := &pgx.Batch{}
	for _, r := range entries {
		h = Head{h.Seq + 1, key.link(h.Hash, h.Seq+1, now, r)}
		batch.Queue(`INSERT INTO audit_seal (seq, entry, at, hash) VALUES ($1, $2, $3, $4)`, h.Seq, *r.id, now, h.Hash)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return h, 0, fmt.Errorf("seal the audit log: %w", err)
	}
	return h, len(entries), nil
}

// A Sealer seals the audit log, a step at a time.
type Sealer struct {
	Store *Store
	Key   SealKey
	Log   *slog.Logger // told each head: keep what it says apart from the database

	looked time.Time // when last at everything
}

// Step seals what was written since the last one. Every ten minutes it looks at
// everything.
func (s *Sealer) Step(ctx context.Context, now time.Time) error {
	whole := now.Sub(s.looked) >= 10*time.Minute
	head, added, err := s.Store.Seal(ctx, s.Key, now, whole)
	if added > 0 {
		s.Log.Info("the audit log is sealed", "head", head.String(), "entries", added)
	}
	if err == nil && whole {
		s.looked = now
	}
	return err
}
