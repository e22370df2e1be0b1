// Package postgres runs a PostgreSQL server of landlord's own, for whoever has
// none: a folder goes in, a server comes out that only this user of this machine
// can reach. It knows no schema.
//
// The data is in the folder and nowhere else. The server listens on a unix socket
// in a private folder, asks the kernel who is there (peer authentication), and
// stops with the process that started it.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"landlord/internal/clock"
)

// Options are how to run a server.
type Options struct {
	Dir   string       // the server's folder: data, log and lock; made if it is not there
	Roles []string     // the database roles that this process may log in as, beside Superuser
	From  []Binaries   // what Find found
	Log   *slog.Logger // what happens to the server while nobody asks
	// Throwaway trades the safety of the data for speed: after the machine
	// stops, nothing need be left. For tests.
	Throwaway bool
}

// Superuser is the role that made the database. It is for making roles and
// databases; nothing is served as it.
const Superuser = "postgres"

// A Server is a running PostgreSQL.
type Server struct {
	o      Options
	bin    Binaries
	run    account
	data   string
	socket string // folder of the socket
	lock   *os.File

	stop sync.Once
	quit chan struct{}
	done chan struct{}
	err  error // after done
}

const (
	startLimit = 60 * time.Second // recovery after a crash reads up to max_wal_size, 1 GB
	stopLimit  = 20 * time.Second // then connections are cut without a checkpoint
	poll       = 4 * time.Millisecond
	again      = time.Second // between attempts to start a server that ended by itself
	logLimit   = 8 << 20     // a start after which the log begins anew; the one before is kept
)

// Start starts the server of a folder, and makes its data if there is none. An
// orphan that a killed process left is stopped first. Another process's server is
// an *OwnedError. Data is never removed or replaced. Until Stop, a server that
// ends by itself is started again on the same socket.
func Start(ctx context.Context, o Options) (*Server, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("the database's folder: %w", err)
	}
	o.Dir = dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the database's folder: %w", err)
	}
	s := &Server{o: o, data: filepath.Join(dir, "data"), quit: make(chan struct{}), done: make(chan struct{})}
	if s.lock, err = own(filepath.Join(dir, "lock")); err != nil {
		return nil, err
	}
	if err := s.start(ctx); err != nil {
		_ = s.lock.Close() // perhaps it is already
		return nil, err
	}
	return s, nil
}

// start is Start, under the lock.
func (s *Server) start(ctx context.Context) error {
	major, err := majorOf(s.data)
	if err != nil {
		return err
	}
	if s.bin, err = choose(s.data, major, s.o.From); err != nil {
		return err
	}
	if s.run, err = accountFor(s.data); err != nil {
		return err
	}
	if major == 0 {
		if err := s.initialize(ctx); err != nil {
			return err
		}
	}
	if err := s.admit(); err != nil {
		return err
	}
	if err := s.place(); err != nil {
		return err
	}
	ready := make(chan error, 1)
	go s.supervise(ctx, ready)
	if err := <-ready; err != nil {
		<-s.done
		return err
	}
	return nil
}

// URL is how pgx reaches a database of the server as a role.
func (s *Server) URL(role, database string) string { return address(s.socket, role, database) }

func address(socket, role, database string) string {
	return fmt.Sprintf("host=%s port=%s user=%s dbname=%s", socket, port, role, database)
}

// Version is the server's major version.
func (s *Server) Version() int { return s.bin.Major }

// Process is the id of the server's process as its folder tells it; 0 while it is down.
func (s *Server) Process() int {
	p, err := readPID(s.data)
	if err != nil {
		return 0
	}
	return p.id
}

// Stop stops the server and waits until it has. What was committed is kept.
func (s *Server) Stop() error {
	s.stop.Do(func() { close(s.quit) })
	<-s.done
	return s.err
}

// supervise runs the server until Stop. It keeps one thread of the operating
// system to itself: the kernel tells the server to end when the thread that
// started it does.
func (s *Server) supervise(ctx context.Context, ready chan<- error) {
	runtime.LockOSThread()
	defer func() {
		s.err = errors.Join(s.err, os.RemoveAll(s.socket), s.lock.Close())
		close(s.done)
	}()
	c := clock.Real()
	for first := true; ; first = false {
		ended, signal, err := s.launch(ctx)
		if first {
			ready <- err
			ctx = context.Background() // Start has returned, and its context with it
		}
		switch {
		case err == nil:
		case first:
			return
		default: // a full disk is emptied, a file is put back: it goes on then
			s.o.Log.Error("the database server does not start; trying again", "every", again, "why", err)
			select {
			case <-c.At(c.Now().Add(again)):
				continue
			case <-s.quit:
				return
			}
		}
		select {
		case err := <-ended:
			s.o.Log.Error("the database server ended by itself; starting it again", "why", err)
		case <-s.quit:
			s.err = halt(ended, signal)
			return
		}
	}
}

// halt stops a running server: open transactions are rolled back, and what
// takes too long is recovered by the next start.
func halt(ended <-chan error, signal func(os.Signal) error) error {
	if err := signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop the database server: %w", err)
	}
	c := clock.Real()
	select {
	case <-ended:
	case <-c.At(c.Now().Add(stopLimit)):
		_ = signal(syscall.SIGQUIT)
		<-ended
	}
	return nil
}

// launch starts a server process and returns when it answers.
func (s *Server) launch(ctx context.Context) (ended <-chan error, signal func(os.Signal) error, err error) {
	if err := s.clear(ctx); err != nil {
		return nil, nil, err
	}
	name := filepath.Join(s.o.Dir, "log")
	if info, err := os.Stat(name); err == nil && info.Size() > logLimit {
		if err := os.Rename(name, name+".old"); err != nil {
			return nil, nil, fmt.Errorf("begin a new log of the database: %w", err)
		}
	}
	log, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("open the database's log: %w", err)
	}
	defer log.Close()
	from, err := log.Seek(0, 2)
	if err != nil {
		return nil, nil, fmt.Errorf("read the database's log: %w", err)
	}
	cmd, free, err := s.command("postgres", s.data, "-k", s.socket)
	if err != nil {
		return nil, nil, err
	}
	defer free()
	cmd.Args = append(cmd.Args, settings(s.o.Throwaway)...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	exit := make(chan error, 1)
	go func() { exit <- cmd.Wait() }()
	if err := s.await(ctx, cmd, exit); err != nil {
		if log.Sync() == nil {
			err = fmt.Errorf("%w%s", err, lastWords(log, from))
		}
		return nil, nil, err
	}
	return exit, cmd.Process.Signal, nil
}

// await waits until the server that cmd started takes connections.
func (s *Server) await(ctx context.Context, cmd *exec.Cmd, exit chan error) error {
	c := clock.Real()
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		select {
		case err := <-exit:
			return fmt.Errorf("the database server ended while it started (%v)", err)
		case <-ctx.Done():
			_ = cmd.Process.Signal(syscall.SIGQUIT)
			<-exit
			return fmt.Errorf("start the database server: %w", ctx.Err())
		case <-s.quit:
			_ = cmd.Process.Signal(syscall.SIGINT)
			<-exit
			return errors.New("the database server was stopped while it started")
		case <-c.At(c.Now().Add(poll)):
		}
		if p, err := readPID(s.data); err == nil && p.ready && p.id == cmd.Process.Pid {
			return nil
		}
	}
}

// settings are what the server is told on its command line.
func settings(throwaway bool) []string {
	set := []string{
		"listen_addresses=", "unix_socket_permissions=0700", "max_connections=120",
		"shared_buffers=128MB", "password_encryption=scram-sha-256", "log_timezone=UTC", "timezone=UTC",
		"log_checkpoints=off", "logging_collector=off", "log_line_prefix=%m [%p] %u@%d ",
	}
	if throwaway {
		set = append(set, "fsync=off", "full_page_writes=off", "shared_buffers=32MB")
	}
	var args []string
	for _, s := range set {
		args = append(args, "-c", s)
	}
	return args
}
