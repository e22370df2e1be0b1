//go:build unix && !linux

package postgres

import (
	"context"
	"os/exec"
	"syscall"
)

// enter makes cmd run as the account. Other systems than Linux have no signal at
// the parent's death: the server outlives a kill -9 and is then stopped by the
// next start.
func (a account) enter(cmd *exec.Cmd, data string) (path string, free func(), err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if a.drop {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return data, func() {}, nil
}

// syncsWhole: initdb brings what it made to the disk itself.
const syncsWhole = false

func syncWhole(string) error { return nil }

// clear asks a server that was left running to end; PostgreSQL itself refuses to
// start a second over the same data.
func (s *Server) clear(ctx context.Context) error {
	if p, err := readPID(s.data); err == nil {
		_ = syscall.Kill(p.id, syscall.SIGINT)
	}
	return ctx.Err()
}
