package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// port is the number in the socket's name; there is one server to a folder.
const port = "5432"

// OwnedError says that another process runs the server of a folder.
type OwnedError struct {
	Dir string
	PID int // 0 if it has not said
}

func (e *OwnedError) Error() string {
	return fmt.Sprintf("process %d runs the database in %s already: stop it, or give each its own folder", e.PID, e.Dir)
}

// own takes a folder for this process. The kernel gives it back when the process
// ends, however it ends.
func own(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock of the database's folder: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer file.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		text, _ := os.ReadFile(path)
		pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
		return nil, &OwnedError{filepath.Dir(path), pid}
	}
	err = file.Truncate(0)
	if err == nil {
		_, err = file.WriteAt(fmt.Appendln(nil, os.Getpid()), 0)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", path, err), file.Close())
	}
	return file, nil
}

// Join returns the addresses of the server that another process runs in a folder,
// as Server.URL does.
func Join(dir string) (func(role, database string) string, error) {
	p, err := readPID(filepath.Join(dir, "data"))
	if err != nil {
		return nil, fmt.Errorf("find the database server of %s: %w", dir, err)
	}
	if !p.ready {
		return nil, fmt.Errorf("the database server of %s is starting or stopping: try again", dir)
	}
	return func(role, database string) string { return address(p.socket, role, database) }, nil
}

// pidFile is what postmaster.pid says.
// Source: PostgreSQL, src/include/utils/pidfile.h.
type pidFile struct {
	id     int
	socket string
	ready  bool
}

func readPID(data string) (p pidFile, err error) {
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return p, err
	}
	lines := append(strings.Split(string(text), "\n"), make([]string, 8)...)
	if p.id, err = strconv.Atoi(strings.TrimSpace(lines[0])); err != nil {
		return p, fmt.Errorf("postmaster.pid says %q", lines[0])
	}
	p.socket, p.ready = lines[4], strings.TrimSpace(lines[7]) == "ready"
	return p, nil
}

// account is who of the machine the server runs as.
type account struct {
	uid, gid int
	name     string
	drop     bool // this process is root, which PostgreSQL refuses to run as
}

// accountFor picks the account: this process's own, or, as root, the owner of the
// data, or else postgres, or nobody.
func accountFor(data string) (account, error) {
	if uid := os.Geteuid(); uid != 0 {
		return account{uid: uid, gid: os.Getegid()}, nil
	}
	if info, err := os.Stat(data); err == nil {
		if have, is := info.Sys().(*syscall.Stat_t); is && have.Uid != 0 {
			a := account{uid: int(have.Uid), gid: int(have.Gid), drop: true}
			if u, err := user.LookupId(strconv.Itoa(a.uid)); err == nil {
				a.name = u.Username
			}
			return a, nil
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		if err := errors.Join(err1, err2); err != nil {
			return account{}, fmt.Errorf("the ids of user %s: %w", name, err)
		}
		return account{uid: uid, gid: gid, name: u.Username, drop: true}, nil
	}
	return account{}, errors.New("PostgreSQL does not run as root, and this machine has neither a user postgres nor nobody to run it as: run landlord as another user, or set DATABASE_URL")
}

func userName() (string, error) {
	u, err := user.LookupId(strconv.Itoa(os.Geteuid()))
	if err != nil {
		return "", fmt.Errorf("user %d has no name on this machine, and PostgreSQL admits by name: add it to /etc/passwd, or set DATABASE_URL", os.Geteuid())
	}
	return u.Username, nil
}

// give makes a folder the account's alone.
func (a account) give(dir string) error {
	if !a.drop {
		return os.Chmod(dir, 0o700)
	}
	if err := os.Chown(dir, a.uid, a.gid); err != nil {
		return fmt.Errorf("give %s to %s: %w", dir, a.name, err)
	}
	return os.Chmod(dir, 0o700)
}

// write writes a file in the account's folder whole or not at all. A link there is
// replaced, never followed: the folder is another user's.
func (a account) write(dir, name, text string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	part := name + ".landlord"
	if err := root.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	file, err := root.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	if a.drop && err == nil {
		err = file.Chown(a.uid, a.gid)
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return root.Rename(part, name)
}

// place makes the folder of the socket, in the place of the one that a killed
// owner left. Which it is stands in the file socket.
func (s *Server) place() error {
	noted := filepath.Join(s.o.Dir, "socket")
	if old, err := os.ReadFile(noted); err == nil && strings.HasPrefix(filepath.Base(string(old)), socketPrefix) {
		if err := os.RemoveAll(string(old)); err != nil {
			return fmt.Errorf("remove the socket that was left: %w", err)
		}
	}
	dir, err := socketDir(s.run)
	if err != nil {
		return err
	}
	if err := os.WriteFile(noted, []byte(dir), 0o600); err != nil {
		return errors.Join(fmt.Errorf("note the database's socket: %w", err), os.Remove(dir))
	}
	s.socket = dir
	return nil
}

const socketPrefix = "landlord-pg-"

// longest is the most bytes that the path of a unix socket has.
// Source: unix(7), sun_path is 108 bytes with the final zero.
const longest = 107

// socketDir makes a folder for the socket that only the account can enter, with a
// short path that it can reach.
func socketDir(a account) (string, error) {
	candidates := []string{os.TempDir(), "/tmp", "/var/tmp", "/run"}
	if run := os.Getenv("XDG_RUNTIME_DIR"); run != "" && !a.drop {
		candidates = append([]string{run}, candidates...)
	}
	var why error
	for _, parent := range candidates {
		if len(parent)+len("/"+socketPrefix+"0123456789/.s.PGSQL.")+len(port) > longest || !filepath.IsAbs(parent) || !a.reaches(parent) {
			continue
		}
		dir, err := os.MkdirTemp(parent, socketPrefix)
		if err == nil {
			if err = a.give(dir); err == nil {
				return dir, nil
			}
			err = errors.Join(err, os.Remove(dir))
		}
		why = errors.Join(why, err)
	}
	if why == nil {
		why = fmt.Errorf("none of %s can be reached by user %d", strings.Join(candidates, ", "), a.uid)
	}
	return "", fmt.Errorf("make a folder for the database's socket: %w", why)
}

// reaches reports whether the account may enter a folder and those above it.
func (a account) reaches(dir string) bool {
	for {
		info, err := os.Stat(dir)
		if err != nil || !info.IsDir() {
			return false
		}
		have, is := info.Sys().(*syscall.Stat_t)
		if !is {
			return false
		}
		bit := os.FileMode(0o001)
		switch {
		case int(have.Uid) == a.uid:
			bit = 0o100
		case int(have.Gid) == a.gid:
			bit = 0o010
		}
		if info.Mode()&bit == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
		dir = filepath.Dir(dir)
	}
}
