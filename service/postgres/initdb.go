package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// fresh is how the folder is called in which data is made.
const fresh = "init-"

// initialize makes the data folder: elsewhere first, then renamed, so that what
// is called data is whole. What an earlier attempt left unfinished is removed:
// nobody could ever have written to it.
func (s *Server) initialize(ctx context.Context) error {
	left, err := filepath.Glob(filepath.Join(s.o.Dir, fresh+"*"))
	if err != nil {
		return fmt.Errorf("look for what is unfinished: %w", err)
	}
	for _, dir := range left {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove what is unfinished: %w", err)
		}
	}
	dir, err := os.MkdirTemp(s.o.Dir, fresh)
	if err != nil {
		return fmt.Errorf("make the database's data: %w", err)
	}
	if err := s.run.give(dir); err != nil {
		return err
	}
	cmd, free, err := s.command("initdb", dir, "--username="+Superuser, "--auth=peer", "--encoding=UTF8", "--locale=C", "--data-checksums", "--no-instructions")
	if err != nil {
		return err
	}
	defer free()
	// The server is told its time zone at each start. Where /etc/localtime names none,
	// initdb would compare it with 600 files.
	cmd.Env = append(cmd.Env, "TZ=UTC")
	if s.o.Throwaway || syncsWhole {
		cmd.Args = append(cmd.Args, "--no-sync")
	}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	if err := cmd.Wait(); err != nil {
		return errors.Join(fmt.Errorf("make a database with %s (%w): %s", cmd.Path, err, strings.TrimSpace(said.String())), os.RemoveAll(dir))
	}
	if !s.o.Throwaway {
		if err := syncWhole(dir); err != nil {
			return errors.Join(fmt.Errorf("bring the database's data to the disk: %w", err), os.RemoveAll(dir))
		}
	}
	if err := os.Remove(s.data); err != nil && !errors.Is(err, os.ErrNotExist) { // it is empty, or it would have a version
		return fmt.Errorf("put the database's data in place: %w", err)
	}
	if err := os.Rename(dir, s.data); err != nil {
		return fmt.Errorf("put the database's data in place: %w", err)
	}
	return syncDir(s.o.Dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// admit writes who may connect: this user of the machine, as Superuser and the
// roles, through the socket. The kernel says who is at the other end.
func (s *Server) admit() error {
	me, err := userName()
	if err != nil {
		return err
	}
	names := []string{quoted(me)}
	if s.run.name != "" && s.run.name != me {
		names = append(names, quoted(s.run.name)) // who owns the files can do all anyway, and pg_dump then works
	}
	var ident strings.Builder
	for _, name := range names {
		for _, role := range slices.Concat([]string{Superuser}, s.o.Roles) {
			fmt.Fprintf(&ident, "landlord %s %s\n", name, quoted(role))
		}
	}
	head := "# Written by landlord at each start.\n"
	for name, text := range map[string]string{"pg_hba.conf": head + "local all all peer map=landlord\n", "pg_ident.conf": head + ident.String()} {
		if err := s.run.write(s.data, name, text); err != nil {
			return fmt.Errorf("write who may use the database: %w", err)
		}
	}
	return nil
}

// quoted is a name as pg_ident.conf has it.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// command is a program of PostgreSQL over a data folder, as the account that the
// server runs as. free is for after it has started.
func (s *Server) command(program, data string, args ...string) (cmd *exec.Cmd, free func(), err error) {
	cmd = exec.Command(filepath.Join(s.bin.Dir, program))
	cmd.Dir = "/"
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { // the server's own settings are those given here
		return strings.HasPrefix(v, "PG") || strings.HasPrefix(v, "LC_") || strings.HasPrefix(v, "LANG")
	}), "LC_ALL=C")
	path, free, err := s.run.enter(cmd, data)
	if err != nil {
		return nil, nil, err
	}
	cmd.Args = append([]string{cmd.Path, "-D", path}, args...)
	return cmd, free, nil
}

// lastWords are the last lines that the server logged since an offset.
func lastWords(log io.ReaderAt, from int64) string {
	text, _ := io.ReadAll(io.NewSectionReader(log, from, 1<<16))
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if lines[0] == "" {
		return ""
	}
	return ":\n  " + strings.Join(lines[max(0, len(lines)-6):], "\n  ")
}
