package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// TestMain also is the process that a test kills: with SERVE it runs a server
// until it is told to stop.
func TestMain(m *testing.M) {
	dir := os.Getenv("LANDLORD_TEST_SERVE")
	if dir == "" {
		os.Exit(m.Run())
	}
	if err := serve(dir); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func serve(dir string) error {
	o, err := options(dir)
	if err != nil {
		return err
	}
	s, err := Start(context.Background(), o)
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(context.Background(), s.URL(Superuser, "postgres"))
	if err != nil {
		return errors.Join(err, s.Stop())
	}
	var who string
	err = conn.QueryRow(context.Background(), `SELECT session_user || ' ' || pg_backend_pid()`).Scan(&who)
	fmt.Println("serving", who, err)
	_, _ = fmt.Scanln() // until the end of input
	return s.Stop()
}

func options(dir string) (Options, error) {
	from, err := Find()
	return Options{Dir: dir, From: from, Log: slog.New(slog.DiscardHandler), Throwaway: true}, err
}

// start starts a server that ends with the test.
func start(t *testing.T, dir string) *Server {
	t.Helper()
	o, err := options(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// query runs SQL as the superuser and returns the last value.
func query(t *testing.T, s *Server, sql string) (value string, err error) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), s.URL(Superuser, "postgres"))
	if err != nil {
		return "", err
	}
	defer conn.Close(context.Background())
	results, err := conn.PgConn().Exec(context.Background(), sql).ReadAll()
	for _, r := range results {
		for _, row := range r.Rows {
			value = string(row[0])
		}
	}
	return value, err
}

func must(t *testing.T, s *Server, sql string) string {
	t.Helper()
	value, err := query(t, s, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}

// private is a folder as `mktemp -d` makes it: only this user can enter.
func private(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestDataOutlivesTheServer(t *testing.T) {
	dir := filepath.Join(private(t), ".landlord", "pg")
	o, err := options(dir)
	if err != nil {
		t.Fatal(err)
	}
	for turn := range 2 {
		s, err := Start(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		want := strconv.Itoa(turn + 1)
		if got := must(t, s, `CREATE TABLE IF NOT EXISTS kept (n int); INSERT INTO kept VALUES (1)`); got != "" {
			t.Errorf("got %s", got)
		}
		if got := must(t, s, `SELECT count(*)::text FROM kept`); got != want {
			t.Errorf("turn %d: %s rows, want %s", turn, got, want)
		}
		socket := s.socket
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(socket); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket's folder %s is left: %v", socket, err)
		}
		if left := s.strays(); len(left) > 0 {
			t.Errorf("processes %v are left", left)
		}
	}
}

// child runs this test's program as a server's owner, as a user of the machine.
func child(t *testing.T, dir string, as *syscall.Credential) (cmd *exec.Cmd, said string) {
	t.Helper()
	cmd = exec.Command("/proc/self/exe") // reachable whoever it is
	cmd.Env = []string{"LANDLORD_TEST_SERVE=" + dir, "PATH=" + os.Getenv("PATH"), named + "=" + os.Getenv(named)}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	b := make([]byte, 4096)
	n, _ := out.Read(b)
	return cmd, strings.TrimSpace(string(b[:n]))
}

// TestAsEveryUser: as whoever runs the test and, if that is root, as another
// user too, in a folder that nobody else can enter.
func TestAsEveryUser(t *testing.T) {
	users := map[string]*syscall.Credential{"self": nil}
	if os.Geteuid() == 0 {
		users["nobody"] = &syscall.Credential{Uid: 65534, Gid: 65534}
	}
	for name, as := range users {
		t.Run(name, func(t *testing.T) {
			dir, err := os.MkdirTemp("/tmp", "landlord-test-")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll(dir) })
			if as != nil {
				if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
					t.Fatal(err)
				}
			}
			if _, said := child(t, filepath.Join(dir, "pg"), as); !strings.HasPrefix(said, "serving postgres ") {
				t.Errorf("the server said %q", said)
			}
		})
	}
}

// TestOnlyThisUserIsAdmitted: peer authentication tells others apart, and none
// but the owner and root can even reach the socket.
func TestOnlyThisUserIsAdmitted(t *testing.T) {
	s := start(t, filepath.Join(private(t), "pg"))
	hba, err := os.ReadFile(filepath.Join(s.data, "pg_hba.conf"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(hba)) {
		if !strings.HasPrefix(line, "#") && line != "local all all peer map=landlord\n" {
			t.Errorf("pg_hba.conf admits %q", line)
		}
	}
	must(t, s, `CREATE ROLE stranger LOGIN`)
	conn, err := pgx.Connect(t.Context(), s.URL("stranger", "postgres"))
	if err == nil {
		conn.Close(t.Context())
		t.Error("a role that is not in the map was let in")
	} else if !strings.Contains(err.Error(), "eer authentication failed") {
		t.Errorf("refused for another reason: %v", err)
	}
	if got := must(t, s, `SELECT current_setting('listen_addresses')`); got != "" {
		t.Errorf("listens on %q", got)
	}
	info, err := os.Stat(s.socket)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the socket's folder has mode %v (%v)", info.Mode(), err)
	}
	if len(s.socket+"/.s.PGSQL.5432") > longest {
		t.Errorf("%s is too long", s.socket)
	}
}

func TestLongPath(t *testing.T) {
	dir := private(t)
	for range 12 {
		dir = filepath.Join(dir, "a-folder-with-a-long-name ü")
	}
	s := start(t, dir)
	if got := must(t, s, `SELECT 'here'`); got != "here" {
		t.Errorf("got %q", got)
	}
}

func TestOneOwner(t *testing.T) {
	dir := filepath.Join(private(t), "pg")
	s := start(t, dir)
	o, err := options(dir)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Start(t.Context(), o)
	owned, is := errors.AsType[*OwnedError](err)
	if !is || owned.PID != os.Getpid() {
		t.Fatalf("a second owner got %v, %v", second, err)
	}
	url, err := Join(dir)
	if err != nil || url("a", "b") != s.URL("a", "b") {
		t.Errorf("joined at another address, or %v", err)
	}
}

// TestParentIsKilled: a server whose owner is killed ends, or is ended by the next
// start; what was committed is there.
func TestParentIsKilled(t *testing.T) {
	dir := filepath.Join(private(t), "pg")
	sockets := map[string]bool{}
	for turn := range 3 {
		cmd, said := child(t, dir, nil)
		if !strings.HasPrefix(said, "serving") {
			t.Fatalf("turn %d: %s", turn, said)
		}
		url, err := Join(dir)
		if err != nil {
			t.Fatal(err)
		}
		config, err := pgx.ParseConfig(url(Superuser, "postgres"))
		if err != nil {
			t.Fatal(err)
		}
		sockets[config.Host] = true
		conn, err := pgx.ConnectConfig(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), `CREATE TABLE IF NOT EXISTS kept (n int); INSERT INTO kept VALUES (1)`); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // until then the folder is its own
		_ = conn.Close(context.Background())
	}
	s := start(t, dir)
	if got := must(t, s, `SELECT count(*)::text FROM kept`); got != "3" {
		t.Errorf("%s rows, want 3", got)
	}
	sockets[s.socket] = true
	for socket := range sockets {
		if _, err := os.Stat(socket); (err == nil) != (socket == s.socket) {
			t.Errorf("socket's folder %s of %s: %v", socket, s.socket, err)
		}
	}
}

// TestServerIsKilled: a killed server is started again on the same socket, with
// what was committed.
func TestServerIsKilled(t *testing.T) {
	s := start(t, filepath.Join(private(t), "pg"))
	must(t, s, `CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)`)
	for turn := range 3 {
		old := s.Process()
		if err := syscall.Kill(old, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for {
			got, err := query(t, s, `SELECT count(*)::text FROM kept`)
			if err == nil && s.Process() != old {
				if got != "1" {
					t.Errorf("turn %d: %s rows, want 1", turn, got)
				}
				break
			}
			if ctx.Err() != nil || err == nil && got != "1" {
				t.Fatalf("turn %d: not started again: %v", turn, err)
			}
		}
	}
}

// lines hands on what is logged.
type lines chan string

func (l lines) Write(b []byte) (int, error) {
	select {
	case l <- string(b):
	default: // nobody waits for it
	}
	return len(b), nil
}

// TestServerCannotStart: what keeps a server from starting again is told, and once
// it is mended the server serves what it had.
func TestServerCannotStart(t *testing.T) {
	o, err := options(filepath.Join(private(t), "pg"))
	if err != nil {
		t.Fatal(err)
	}
	said := make(lines, 64)
	o.Log = slog.New(slog.NewTextHandler(said, nil))
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	must(t, s, `CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)`)
	version := filepath.Join(s.data, "PG_VERSION")
	if err := os.Rename(version, version+".away"); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(s.Process(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for line := range said {
		if strings.Contains(line, "does not start; trying again") {
			break
		}
	}
	if err := os.Rename(version+".away", version); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		got, err := query(t, s, `SELECT count(*)::text FROM kept`)
		if err == nil && got == "1" {
			break
		}
		if ctx.Err() != nil {
			t.Fatalf("mended, it serves %q, %v", got, err)
		}
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}

func TestAnotherMajor(t *testing.T) {
	dir := filepath.Join(private(t), "pg")
	data := filepath.Join(dir, "data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"PG_VERSION": "99\n", "precious": "rows"} {
		if err := os.WriteFile(filepath.Join(data, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o, err := options(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Start(t.Context(), o)
	version, is := errors.AsType[*VersionError](err)
	if !is || version.Major != 99 {
		t.Fatalf("got %v", err)
	}
	for _, word := range []string{"PostgreSQL 99", "landlord db dump", "landlord db restore", data} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
	if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("9.6\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), o); err == nil || !strings.Contains(err.Error(), "it is not landlord's") {
		t.Errorf("data of PostgreSQL 9.6 gave %v", err)
	}
	if text, err := os.ReadFile(filepath.Join(data, "precious")); err != nil || string(text) != "rows" {
		t.Errorf("the data was touched: %q, %v", text, err)
	}
}

func TestDataWithoutVersionIsLeft(t *testing.T) {
	dir := filepath.Join(private(t), "pg")
	kept := filepath.Join(dir, "data", "base")
	if err := os.MkdirAll(kept, 0o700); err != nil {
		t.Fatal(err)
	}
	o, err := options(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), o); err == nil || !strings.Contains(err.Error(), "no PG_VERSION") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Error(err)
	}
}

func TestNothingInstalled(t *testing.T) {
	o := Options{Dir: private(t), Log: slog.New(slog.DiscardHandler)}
	if _, err := Start(t.Context(), o); !errors.Is(err, errNone) {
		t.Errorf("got %v", err)
	}
}

// TestUnfinishedIsMadeAgain: an initdb that was killed leaves nothing in the way.
func TestUnfinishedIsMadeAgain(t *testing.T) {
	dir := private(t)
	if err := os.MkdirAll(filepath.Join(dir, fresh+"1", "base"), 0o700); err != nil {
		t.Fatal(err)
	}
	start(t, dir)
	if left, _ := filepath.Glob(filepath.Join(dir, fresh+"*")); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

func TestFolderWithinReach(t *testing.T) {
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.Atoi(nobody.Uid)
	if err != nil {
		t.Fatal(err)
	}
	a := account{uid: uid, gid: uid}
	if dir := private(t); uid != os.Geteuid() && a.reaches(dir) {
		t.Errorf("nobody reaches %s", dir)
	}
	if !a.reaches("/tmp") {
		t.Error("nobody does not reach /tmp")
	}
}

// BenchmarkColdStart is from nothing to a server that takes connections, and
// BenchmarkStart to one whose data is there; both safe against a loss of power.
func BenchmarkColdStart(b *testing.B) {
	for b.Loop() {
		startAndStop(b, b.TempDir())
	}
}

func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	startAndStop(b, dir)
	for b.Loop() {
		startAndStop(b, dir)
	}
}

func startAndStop(b *testing.B, dir string) {
	b.Helper()
	o, err := options(dir)
	if err != nil {
		b.Fatal(err)
	}
	o.Throwaway = false
	began := time.Now()
	s, err := Start(b.Context(), o)
	if err == nil {
		b.ReportMetric(float64(time.Since(began).Milliseconds()), "ms-to-ready") // of the last
		err = s.Stop()
	}
	if err != nil {
		b.Fatal(err)
	}
}
