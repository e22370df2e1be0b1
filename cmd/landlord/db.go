package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"landlord/service/control"
	"landlord/service/postgres"
	"landlord/service/store"
)

func (p *program) dbCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "db",
		Short: "Make, look at, dump and restore the house's database",
		Long: `db is for the database that ` + "`landlord up` and `landlord serve`" + ` keep customers in. Without
DATABASE_URL it is landlord's own PostgreSQL in the folder pg of --dir, which is
started for as long as the command takes, or shared with a running ` + "`landlord up`" + `.`,
		Example: `  landlord db status
  landlord db migrate
  landlord db dump house.dump
  landlord db restore house.dump
  landlord db roles | psql -d postgres   # once, on a server of your own`,
	}
	c.AddCommand(p.dbStatusCommand(), p.dbMigrateCommand(), p.dbDumpCommand(), p.dbRestoreCommand(), &cobra.Command{
		Use: "roles", Short: "Print the SQL that makes landlord's roles", Args: noArguments("Its output is for psql."),
		Long:    "roles prints what an administrator runs once on a PostgreSQL server that is to keep landlord's database.",
		Example: "  landlord db roles | psql -d postgres",
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(p.stdout, store.RolesSQL())
			return err
		},
	})
	return c
}

// base is a database that a command of db or audit works on.
type base struct {
	url  func(role string) (string, error)
	name string // for people
	stop func() error
}

// reach finds the database: the one that is named, or the folder's own, which is
// made if wanted, and started, or joined where another process runs it.
func (p *program) reach(ctx context.Context, f *databaseFlags, make bool) (b base, err error) {
	if f.url != "" {
		return base{f.login, "the one that DATABASE_URL names", func() error { return nil }}, nil
	}
	dir := filepath.Join(p.dir, databaseDir)
	if _, err := os.Stat(filepath.Join(dir, "data", "PG_VERSION")); errors.Is(err, fs.ErrNotExist) && !make {
		return b, fmt.Errorf("there is no database in %s: `landlord up` or `landlord db migrate` makes one; DATABASE_URL names one elsewhere", dir)
	}
	from, err := postgres.Find()
	if err != nil {
		return b, err
	}
	var url func(role, database string) string
	server, err := postgres.Start(ctx, postgres.Options{Dir: dir, Roles: store.Roles(), From: from, Log: slog.New(slog.NewTextHandler(p.stderr, nil))})
	if _, is := errors.AsType[*postgres.OwnedError](err); is {
		if url, err = postgres.Join(dir); err != nil {
			return b, err
		}
		b.name, b.stop = dir+", which another process runs", func() error { return nil }
	} else if err != nil {
		return b, err
	} else {
		url = server.URL
		b.name, b.stop = fmt.Sprintf("%s, PostgreSQL %d", dir, server.Version()), server.Stop
	}
	if make {
		if err := store.Prepare(ctx, url(postgres.Superuser, "postgres"), databaseName); err != nil {
			return b, errors.Join(err, b.stop())
		}
	}
	b.url = func(role string) (string, error) { return url(role, databaseName), nil }
	return b, nil
}

// withOwner runs fn with the database's address as its owner.
func (p *program) withOwner(ctx context.Context, f *databaseFlags, make bool, fn func(b base, url string) error) (err error) {
	b, err := p.reach(ctx, f, make)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.stop()) }()
	url, err := b.url(store.OwnerRole)
	if err != nil {
		return err
	}
	return fn(b, url)
}

// migrationLine is a migration as --json has it.
type migrationLine struct {
	Version   int        `json:"version"`
	Name      string     `json:"name"`
	AppliedAt *time.Time `json:"applied_at"` // null while it is not
}

func lines(all []store.Migration) []migrationLine {
	made := make([]migrationLine, 0, len(all))
	for _, m := range all {
		l := migrationLine{Version: m.Version, Name: m.Name}
		if !m.AppliedAt.IsZero() {
			at := m.AppliedAt.UTC()
			l.AppliedAt = &at
		}
		made = append(made, l)
	}
	return made
}

func (p *program) dbStatusCommand() *cobra.Command {
	var f databaseFlags
	c := &cobra.Command{
		Use: "status", Short: "Tell which migrations the database has", Args: noArguments("The database is named by --database or --dir."),
		Long:    "status tells which of this landlord's migrations the database has. It changes nothing. With --exit-code\nit ends with 2 where one is to be applied.",
		Example: "  landlord db status\n  landlord db status --exit-code",
	}
	f.add(c)
	p.dirFlag(c)
	c.Flags().BoolVar(&p.json, "json", false, "print the migrations as JSON")
	told := c.Flags().Bool("exit-code", false, "end with 2 where migrations are to be applied")
	c.RunE = func(c *cobra.Command, _ []string) error {
		return p.withOwner(c.Context(), &f, false, func(b base, url string) error {
			all, err := store.Status(c.Context(), url)
			if err != nil {
				return err
			}
			open := 0
			for _, m := range all {
				if m.AppliedAt.IsZero() {
					open++
				}
			}
			if p.json {
				err = printJSON(p.stdout, lines(all))
			} else {
				fmt.Fprintf(p.stdout, "Database: %s\n", b.name)
				t := newTable(p.stdout, 2)
				for _, m := range all {
					at := "to be applied"
					if !m.AppliedAt.IsZero() {
						at = m.AppliedAt.UTC().Format("2006-01-02 15:04:05 UTC")
					}
					fmt.Fprintf(t, "  %04d\t%s\t%s\n", m.Version, m.Name, at)
				}
				t.Flush()
				if open > 0 {
					fmt.Fprintf(p.stdout, "%s to be applied: `landlord db migrate` applies them.\n", count(open, "migration"))
				} else {
					fmt.Fprintln(p.stdout, "The schema is this landlord's.")
				}
			}
			if err == nil && open > 0 && *told {
				return exit(exitChanges)
			}
			return err
		})
	}
	return c
}

func (p *program) dbMigrateCommand() *cobra.Command {
	var f databaseFlags
	c := &cobra.Command{
		Use: "migrate", Short: "Bring the database to this landlord's schema", Args: noArguments("The database is named by --database or --dir."),
		Long: `migrate applies the migrations that the database lacks, as landlord_owner, each in a
transaction of its own; forward only. Two at once wait for each other. A database
that another build of landlord made is refused and left as it is.`,
		Example: "  landlord db migrate\n  DATABASE_URL=postgres://db.example/landlord landlord db migrate",
	}
	f.add(c)
	p.dirFlag(c)
	c.Flags().BoolVar(&p.json, "json", false, "print the migrations that were applied as JSON")
	c.RunE = func(c *cobra.Command, _ []string) error {
		return p.withOwner(c.Context(), &f, true, func(b base, url string) error {
			applied, err := control.Migrate(c.Context(), url, time.Now())
			if p.json {
				return errors.Join(err, printJSON(p.stdout, lines(applied)))
			}
			fmt.Fprintf(p.stdout, "Database: %s\n", b.name)
			for _, m := range applied {
				fmt.Fprintf(p.stdout, "  %04d %s applied\n", m.Version, m.Name)
			}
			if err == nil {
				fmt.Fprintf(p.stdout, "%s applied. The schema is this landlord's.\n", count(len(applied), "migration"))
			}
			return err
		})
	}
	return c
}

func (p *program) dbDumpCommand() *cobra.Command {
	var f databaseFlags
	c := &cobra.Command{
		Use: "dump FILE", Short: "Write all that the database keeps into a file", Args: someArguments("a file to write", 1),
		Long: `dump writes all rows, as they are at one moment, into one file that only you can
read. Any version of PostgreSQL that landlord works with reads it back: it is the
way from one version to the next, and a backup. The audit log's key is not in it.
A file that is there is never replaced.`,
		Example: "  landlord db dump house.dump",
	}
	f.add(c)
	p.dirFlag(c)
	c.Flags().BoolVar(&p.json, "json", false, "print what was dumped as JSON")
	c.RunE = func(c *cobra.Command, args []string) error {
		return p.withOwner(c.Context(), &f, false, func(b base, url string) error {
			m, err := dumpTo(c.Context(), args[0], url)
			switch {
			case err != nil:
				return err
			case p.json:
				return printJSON(p.stdout, m)
			}
			fmt.Fprintf(p.stdout, "Dumped %s of %s into %s, from %s.\n", count(int(m.Rows()), "row"), count(len(m.Tables), "table"), args[0], b.name)
			return nil
		})
	}
	return c
}

// dumpTo writes a dump whole or not at all, and over no file.
func dumpTo(ctx context.Context, name, url string) (m store.Manifest, err error) {
	if _, err := os.Lstat(name); err == nil {
		return m, fmt.Errorf("%s is there already; nothing was written", name)
	}
	part, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".") // 0600
	if err != nil {
		return m, fmt.Errorf("write %s: %w", name, err)
	}
	defer os.Remove(part.Name())
	m, err = store.Dump(ctx, url, part, time.Now())
	if err := errors.Join(err, part.Sync(), part.Close()); err != nil {
		return m, err
	}
	if err := placed(os.Rename(part.Name(), name)); err != nil {
		return m, fmt.Errorf("write %s: %w", name, err)
	}
	return m, nil
}

func (p *program) dbRestoreCommand() *cobra.Command {
	var f databaseFlags
	c := &cobra.Command{
		Use: "restore FILE", Short: "Fill an empty database from a dump", Args: someArguments("the file that `landlord db dump` wrote", 1),
		Long: `restore fills an empty database from a dump, whole or not at all, and then applies
the migrations that came since. A database with rows is refused. Put the audit
log's key (audit.key in --dir) where it was, or the log cannot be verified.`,
		Example: "  landlord db restore house.dump",
	}
	f.add(c)
	p.dirFlag(c)
	c.Flags().BoolVar(&p.json, "json", false, "print what was restored as JSON")
	c.RunE = func(c *cobra.Command, args []string) error {
		file, err := os.Open(args[0])
		if err != nil {
			return err
		}
		defer file.Close()
		info, err := file.Stat()
		if err != nil {
			return err
		}
		if _, err := store.ReadManifest(file, info.Size()); err != nil {
			return err // before a database is made for it
		}
		return p.withOwner(c.Context(), &f, true, func(b base, url string) error {
			m, err := store.Restore(c.Context(), url, file, info.Size(), time.Now())
			if err == nil {
				_, err = control.Migrate(c.Context(), url, time.Now())
			}
			switch {
			case err != nil:
				return err
			case p.json:
				return printJSON(p.stdout, m)
			}
			fmt.Fprintf(p.stdout, "Restored %s of %s, dumped %s from PostgreSQL %s, into %s.\n",
				count(int(m.Rows()), "row"), count(len(m.Tables), "table"), m.At.UTC().Format("2006-01-02 15:04:05 UTC"), m.PostgreSQL, b.name)
			return nil
		})
	}
	return c
}
