package store

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Manifest says what is in a dump. It is the last thing written into one.
type Manifest struct {
	Format     int       `json:"format"`
	At         time.Time `json:"at"`
	PostgreSQL string    `json:"postgresql"` // version of the server that was read
	Schema     []string  `json:"schema"`     // digests of the migrations that it had
	Tables     []Dumped  `json:"tables"`     // what is referred to before what refers to it
}

// Dumped is a table in a dump: a file of COPY's text format.
type Dumped struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	Rows    int64    `json:"rows"`
	Digest  string   `json:"sha256"`
}

// Rows is how many there are in all.
func (m Manifest) Rows() (n int64) {
	for _, t := range m.Tables {
		n += t.Rows
	}
	return n
}

const (
	dumpFormat   = 1
	manifestName = "manifest.json"
)

// Dump writes all that a database keeps, as it is at one moment, through COPY: it
// needs no program of PostgreSQL's and is read by any version. What waits in the
// tables of the jobs is not kept: it follows from the rest. url is the owner's.
func Dump(ctx context.Context, url string, w io.Writer, now time.Time) (m Manifest, err error) {
	conn, err := connectOwner(ctx, url)
	if err != nil {
		return m, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	archive := zip.NewWriter(w)
	err = pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		done, err := history(ctx, tx)
		if err != nil {
			return err
		}
		if len(done) == 0 {
			return errors.New("the database has no schema of landlord's: there is nothing to dump")
		}
		m = Manifest{Format: dumpFormat, At: now}
		for _, d := range done {
			m.Schema = append(m.Schema, d.Digest)
		}
		if err := tx.QueryRow(ctx, `SHOW server_version`).Scan(&m.PostgreSQL); err != nil {
			return fmt.Errorf("ask the database for its version: %w", err)
		}
		if m.Tables, err = tables(ctx, tx); err != nil {
			return err
		}
		for i := range m.Tables {
			if err := m.Tables[i].dump(ctx, tx, archive); err != nil {
				return fmt.Errorf("dump table %s: %w", m.Tables[i].Name, err)
			}
		}
		return nil
	})
	if err != nil {
		return m, err
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return m, err
	}
	file, err := archive.Create(manifestName)
	if err == nil {
		_, err = file.Write(text)
	}
	if err := errors.Join(err, archive.Close()); err != nil {
		return m, fmt.Errorf("write the dump: %w", err)
	}
	return m, nil
}

func (t *Dumped) dump(ctx context.Context, tx pgx.Tx, archive *zip.Writer) error {
	file, err := archive.Create(t.Name + ".copy")
	if err != nil {
		return err
	}
	sum := sha256.New()
	tag, err := tx.Conn().PgConn().CopyTo(ctx, io.MultiWriter(file, sum), t.copies("TO STDOUT"))
	t.Rows, t.Digest = tag.RowsAffected(), hex.EncodeToString(sum.Sum(nil))
	return err
}

// copies is the COPY of a table's columns.
func (t Dumped) copies(where string) string {
	var columns []string
	for _, c := range t.Columns {
		columns = append(columns, pgx.Identifier{c}.Sanitize())
	}
	return `COPY public.` + pgx.Identifier{t.Name}.Sanitize() + ` (` + strings.Join(columns, ", ") + `) ` + where
}

// tables are those whose rows are kept, each after what it refers to.
func tables(ctx context.Context, q querier) (ordered []Dumped, err error) {
	rows, _ := q.Query(ctx, `
		SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum),
			ARRAY(SELECT f.relname::text FROM pg_constraint k JOIN pg_class f ON f.oid = k.confrelid WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.confrelid <> c.oid)
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'migration'
		AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
		GROUP BY c.oid, c.relname ORDER BY c.relname`)
	type table struct {
		Dumped
		after []string
	}
	left, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t table, err error) {
		err = row.Scan(&t.Name, &t.Columns, &t.after)
		return t, err
	})
	if err != nil {
		return nil, fmt.Errorf("read what tables there are: %w", err)
	}
	for len(left) > 0 {
		at := slices.IndexFunc(left, func(t table) bool {
			return !slices.ContainsFunc(left, func(other table) bool { return slices.Contains(t.after, other.Name) })
		})
		if at < 0 {
			return nil, errors.New("tables refer to each other in a circle")
		}
		ordered = append(ordered, left[at].Dumped)
		left = slices.Delete(left, at, at+1)
	}
	return ordered, nil
}

// ReadManifest says what is in a dump, every byte of which is there.
func ReadManifest(r io.ReaderAt, size int64) (Manifest, error) {
	_, m, err := readDump(r, size)
	return m, err
}

// Restore fills an empty database from a dump, whole or not at all, and brings it
// to this landlord's schema. A database with rows is refused. url is the owner's.
func Restore(ctx context.Context, url string, r io.ReaderAt, size int64, now time.Time) (m Manifest, err error) {
	archive, m, err := readDump(r, size)
	if err != nil {
		return m, err
	}
	known := Migrations()
	if len(m.Schema) > len(known) {
		return m, fmt.Errorf("the dump has %d migrations, and this landlord knows only %d: use the landlord that made it, or a newer one", len(m.Schema), len(known))
	}
	for i, digest := range m.Schema {
		if known[i].Digest != digest {
			return m, fmt.Errorf("the dump's migration %d is not this landlord's %04d_%s: it was made by another build", i+1, known[i].Version, known[i].Name)
		}
	}
	conn, err := connectOwner(ctx, url)
	if err != nil {
		return m, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if err := empty(ctx, conn); err != nil {
		return m, err
	}
	if _, err := migrate(ctx, url, now, known[:len(m.Schema)]); err != nil {
		return m, fmt.Errorf("prepare the schema that the dump has: %w", err)
	}
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(migrating)); err != nil {
			return fmt.Errorf("wait for a migration: %w", err)
		}
		if err := empty(ctx, tx); err != nil { // another was quicker
			return err
		}
		for _, t := range m.Tables {
			if err := t.restore(ctx, tx, archive); err != nil {
				return fmt.Errorf("restore table %s, and so nothing: %w", t.Name, err)
			}
		}
		if _, err := tx.Exec(ctx, `SET CONSTRAINTS ALL IMMEDIATE`); err != nil { // what else would be looked at last keeps tables from being altered
			return fmt.Errorf("restore rows that belong together, and so nothing: %w", err)
		}
		for _, t := range m.Tables {
			if err := t.force(ctx, tx, "FORCE"); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return m, err
	}
	_, err = Migrate(ctx, url, now)
	return m, err
}

// empty refuses a database that keeps anything.
func empty(ctx context.Context, q querier) error {
	all, err := tables(ctx, q)
	if err != nil {
		return err
	}
	for _, t := range all {
		var some bool
		if err := q.QueryRow(ctx, `SELECT EXISTS (SELECT FROM public.`+pgx.Identifier{t.Name}.Sanitize()+`)`).Scan(&some); err != nil {
			return fmt.Errorf("look whether the database is empty: %w", err)
		}
		if some {
			return fmt.Errorf("the database is not empty: table %s has rows. A dump is restored into an empty database only; nothing was changed", t.Name)
		}
	}
	return nil
}

// readDump reads what a dump says of itself, and that it is whole.
func readDump(r io.ReaderAt, size int64) (archive *zip.Reader, m Manifest, err error) {
	if archive, err = zip.NewReader(r, size); err != nil {
		return nil, m, fmt.Errorf("this is no dump of landlord's, or it is cut off: %w", err)
	}
	text, err := contents(archive, manifestName)
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		return nil, m, fmt.Errorf("this is no dump of landlord's: %w", err)
	}
	if m.Format != dumpFormat {
		return nil, m, fmt.Errorf("the dump is of format %d, and this landlord reads format %d", m.Format, dumpFormat)
	}
	for _, t := range m.Tables {
		file, err := archive.Open(t.Name + ".copy")
		if err != nil {
			return nil, m, fmt.Errorf("the dump lacks table %s: %w", t.Name, err)
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, file); err != nil || hex.EncodeToString(sum.Sum(nil)) != t.Digest {
			return nil, m, fmt.Errorf("table %s of the dump is not what was dumped (%w)", t.Name, errors.Join(err, file.Close()))
		}
		if err := file.Close(); err != nil {
			return nil, m, err
		}
	}
	return archive, m, nil
}

func contents(archive *zip.Reader, name string) ([]byte, error) {
	file, err := archive.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var b bytes.Buffer
	_, err = io.Copy(&b, file)
	return b.Bytes(), err
}

// restore copies a table's rows in. Policies do not let COPY in, so the owner is
// not bound by them meanwhile: nobody else sees that before it is over.
func (t Dumped) restore(ctx context.Context, tx pgx.Tx, archive *zip.Reader) error {
	name := `public.` + pgx.Identifier{t.Name}.Sanitize()
	if err := t.force(ctx, tx, "NO FORCE"); err != nil {
		return err
	}
	file, err := archive.Open(t.Name + ".copy")
	if err != nil {
		return err
	}
	defer file.Close()
	tag, err := tx.Conn().PgConn().CopyFrom(ctx, file, t.copies("FROM STDIN"))
	if err != nil {
		return err
	}
	if tag.RowsAffected() != t.Rows {
		return fmt.Errorf("%d rows of %d", tag.RowsAffected(), t.Rows)
	}
	return t.renumber(ctx, tx, name)
}

// force has policies bind the table's owner, or not.
func (t Dumped) force(ctx context.Context, tx pgx.Tx, how string) error {
	_, err := tx.Exec(ctx, `ALTER TABLE public.`+pgx.Identifier{t.Name}.Sanitize()+` `+how+` ROW LEVEL SECURITY`)
	return err
}

// renumber has the numbers that the database gives go on after those restored.
func (t Dumped) renumber(ctx context.Context, tx pgx.Tx, name string) error {
	rows, _ := tx.Query(ctx, `SELECT attname::text FROM pg_attribute WHERE attrelid = $1::regclass AND attidentity <> '' AND NOT attisdropped`, name)
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, column := range columns {
		_, bad := tx.Exec(ctx, `SELECT setval(pg_get_serial_sequence($1, $2), (SELECT coalesce(max(`+pgx.Identifier{column}.Sanitize()+`), 0) + 1 FROM `+name+`), false)`, name, column)
		err = errors.Join(err, bad)
	}
	return err
}
