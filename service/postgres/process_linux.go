package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"landlord/internal/clock"
)

// enter makes cmd run as the account and end with this process, and returns how
// it reaches the data folder. An account that root drops to often cannot: the
// working folder may be root's own. So root opens the folder for it, and the
// path is the one that the kernel gives to an open file.
func (a account) enter(cmd *exec.Cmd, data string) (path string, free func(), err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Pdeathsig: syscall.SIGINT, // a fast, clean shutdown
		Setpgid:   true,           // Ctrl-C is for this process, which then stops it
	}
	if !a.drop {
		return data, func() {}, nil
	}
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	dir, err := os.Open(data)
	if err != nil {
		return "", nil, fmt.Errorf("open the database's data: %w", err)
	}
	cmd.ExtraFiles = []*os.File{dir} // becomes 3
	return "/proc/self/fd/3", func() { dir.Close() }, nil
}

// syncsWhole: syncWhole does what initdb would.
const syncsWhole = true

// syncWhole brings everything in a folder's file system to the disk. One call takes
// 0.1 s where initdb's own, a file after the other, takes over a second.
// Source: sync(2): syncfs waits, as fsync on every file would.
func syncWhole(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(int(d.Fd())), d.Close())
}

// patience is how long what an ended server left is given to end.
const patience = 10 * time.Second

// clear ends what a server that nobody owns any more left running over the data:
// a server whose parent was killed, or the processes of a killed server. They
// are told by their working folder, which is the data.
func (s *Server) clear(ctx context.Context) error {
	c := clock.Real()
	p, err := readPID(s.data)
	if err != nil {
		return nil // no server was there, or it ended in order
	}
	began := c.Now()
	for _, step := range []struct {
		after  time.Duration
		signal syscall.Signal
	}{{0, syscall.SIGINT}, {patience, syscall.SIGQUIT}, {2 * patience, syscall.SIGKILL}, {3 * patience, 0}} {
		for c.Now().Sub(began) < step.after {
			if len(s.strays()) == 0 {
				return nil
			}
			if err := c.Sleep(ctx, poll); err != nil {
				return fmt.Errorf("wait for the database server that was left running: %w", err)
			}
		}
		for _, pid := range s.strays() {
			if step.signal == syscall.SIGINT && pid != p.id {
				continue // the server ends its own, and without it they end by themselves
			}
			if err := syscall.Kill(pid, step.signal); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("stop the database process %d that was left running: %w", pid, err)
			}
		}
	}
	return fmt.Errorf("processes %v still use %s: end them", s.strays(), s.data)
}

// strays are the processes of PostgreSQL that work in the data folder.
func (s *Server) strays() (pids []int) {
	data, err := os.Stat(s.data)
	if err != nil {
		return nil
	}
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, proc := range all {
		cwd, err := os.Stat(proc + "/cwd")
		if err != nil || !os.SameFile(cwd, data) {
			continue
		}
		exe, err := os.Readlink(proc + "/exe")
		if pid, bad := strconv.Atoi(filepath.Base(proc)); bad == nil && err == nil && strings.HasPrefix(filepath.Base(exe), "postgres") {
			pids = append(pids, pid)
		}
	}
	return pids
}
