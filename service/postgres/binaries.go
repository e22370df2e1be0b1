package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Oldest is the oldest major version of PostgreSQL that landlord works with:
// views with security_invoker, on which isolation rests, came with it.
// Source: PostgreSQL 15 release notes, E.19.3.1.7.
const Oldest = 15

// Binaries is a folder with initdb and postgres of one version.
type Binaries struct {
	Dir   string
	Major int

	unpack func() (dir string, err error) // of those that are built in: makes Dir
}

// places are where the packages of operating systems put PostgreSQL.
var places = []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/lib/postgresql*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin"}

// named is the variable that names the folder of the PostgreSQL to use.
const named = "LANDLORD_POSTGRES"

// Find returns the PostgreSQL that is on this machine, newest first and, of one
// version, the operating system's before the one in PATH; then the one that is
// built into landlord. Versions before Oldest are left out. Where LANDLORD_POSTGRES
// names a folder, there is only that.
func Find() ([]Binaries, error) {
	if dir := os.Getenv(named); dir != "" {
		b, err := look(dir)
		if err == nil && b.Major < Oldest {
			err = fmt.Errorf("that is PostgreSQL %d, and landlord works with %d or later", b.Major, Oldest)
		}
		if err != nil {
			return nil, fmt.Errorf("%s=%s: %w", named, dir, err)
		}
		return []Binaries{b}, nil
	}
	var dirs []string
	for _, pattern := range places {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return nil, fmt.Errorf("look for PostgreSQL at %s: %w", pattern, err)
		}
		dirs = append(dirs, found...)
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		dirs = append(dirs, filepath.Dir(path))
	}
	var all []Binaries
	for _, dir := range dirs {
		if b, err := look(dir); err == nil && b.Major >= Oldest {
			all = append(all, b)
		}
	}
	slices.SortStableFunc(all, func(a, b Binaries) int { return b.Major - a.Major })
	if bundle != nil {
		all = append(all, *bundle)
	}
	return all, nil
}

// errNone tells what to install where there is no PostgreSQL.
var errNone = fmt.Errorf("no PostgreSQL %d or later on this machine: install it (Debian, Ubuntu: apt-get install postgresql; Fedora: dnf install postgresql-server; macOS: brew install postgresql@17), or set DATABASE_URL to one that runs elsewhere, or build landlord with `make bundle`", Oldest)

var versionLine = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// look asks the postgres in dir for its version.
func look(dir string) (Binaries, error) {
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return Binaries{}, err
	}
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return Binaries{}, fmt.Errorf("ask %s for its version: %w", dir, err)
	}
	found := versionLine.FindSubmatch(out)
	if found == nil {
		return Binaries{}, fmt.Errorf("%s/postgres does not tell its version: %q", dir, out)
	}
	major, err := strconv.Atoi(string(found[1]))
	return Binaries{Dir: dir, Major: major}, err
}

// choose picks the binaries for a data folder: those of its version, or for a
// new one (major 0) the newest.
func choose(data string, major int, from []Binaries) (Binaries, error) {
	if len(from) == 0 {
		return Binaries{}, errNone
	}
	b := from[0]
	if major != 0 {
		at := slices.IndexFunc(from, func(b Binaries) bool { return b.Major == major })
		if at < 0 {
			return Binaries{}, &VersionError{Data: data, Major: major, Have: from}
		}
		b = from[at]
	}
	if b.unpack != nil {
		var err error
		if b.Dir, err = b.unpack(); err != nil {
			return Binaries{}, err
		}
	}
	return b, nil
}

// VersionError says that a data folder is of a major version of PostgreSQL that
// is not on this machine. PostgreSQL reads only data of its own version.
type VersionError struct {
	Data  string
	Major int
	Have  []Binaries
}

func (e *VersionError) Error() string {
	var have []string
	for _, b := range e.Have {
		have = append(have, strconv.Itoa(b.Major))
	}
	away := filepath.Dir(e.Data)
	if e.Major < Oldest {
		return fmt.Sprintf("%s was made by PostgreSQL %d, which landlord never works with: it is not landlord's, and nothing was touched. Name another folder with --dir", e.Data, e.Major)
	}
	return fmt.Sprintf("%s was made by PostgreSQL %d, and here is only %s: nothing was touched. Install PostgreSQL %d beside it (Debian: apt-get install postgresql-%d), "+
		"run `landlord db dump house.dump`, move %s to %s-%d, and run `landlord db restore house.dump`",
		e.Data, e.Major, strings.Join(slices.Compact(have), " and "), e.Major, e.Major, away, away, e.Major)
}

// majorOf reads the version of a data folder; 0 if there is none.
func majorOf(data string) (int, error) {
	text, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	switch {
	case errors.Is(err, os.ErrNotExist):
		if there, err := os.ReadDir(data); err == nil && len(there) > 0 {
			return 0, fmt.Errorf("%s holds files but no PG_VERSION, so it is no database: move it away and start again, or put back what is missing", data)
		}
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("read the version of the database: %w", err)
	}
	number, _, _ := strings.Cut(strings.TrimSpace(string(text)), ".") // "9.6", before version 10
	major, err := strconv.Atoi(number)
	if err != nil {
		return 0, fmt.Errorf("%s/PG_VERSION says %q, which is no version of PostgreSQL", data, text)
	}
	return major, nil
}
