//go:build unix

package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// folderPoll is how often a lock in a folder is tried again while somebody has
// it: the kernel tells at once when it is free, and trying costs nothing.
const folderPoll = 100 * time.Millisecond

// TakeFolder takes the lock that is the file at path, and makes its folder. The
// kernel gives the lock back when the process ends, however it ends. What the
// file says is who has it, for people.
func TakeFolder(ctx context.Context, path string, me Holder, w Wait) (*Lock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the lock: %w", err)
	}
	var told string
	for began := w.Clock.Now(); ; {
		file, err := lockFile(path)
		if err == nil {
			return keepFile(ctx, file, me)
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		by, _ := FolderHolder(path) // one who has just taken it has not said so yet
		if w.Clock.Now().Sub(began) >= w.Timeout {
			return nil, &HeldError{path, by}
		}
		w.say(&told, "%s holds the lock %s; waiting", by, path)
		if err := w.Clock.Sleep(ctx, folderPoll); err != nil {
			return nil, err
		}
	}
}

// lockFile opens and locks the file at path, never one that a link there names:
// what is in it would be lost. One that was removed or replaced meanwhile is not
// the lock any more.
func lockFile(path string) (*os.File, error) {
	for {
		file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
		if err != nil {
			return nil, err
		}
		if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			return nil, errors.Join(err, file.Close())
		}
		mine, err := file.Stat()
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		if there, err := os.Stat(path); err == nil && os.SameFile(mine, there) {
			return file, nil
		}
		if err := file.Close(); err != nil {
			return nil, err
		}
	}
}

// keepFile says in a locked file whose it is.
func keepFile(ctx context.Context, file *os.File, me Holder) (*Lock, error) {
	line, err := json.Marshal(me)
	if err == nil {
		err = file.Truncate(0)
	}
	if err == nil {
		_, err = file.WriteAt(append(line, '\n'), 0)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write the lock %s: %w", file.Name(), err), file.Close())
	}
	l := held(ctx)
	l.release = func() error { return errors.Join(file.Truncate(0), file.Close()) }
	return l, nil
}

// FolderHolder is who the lock file at path says has it; false if it says
// nobody, or is not there.
func FolderHolder(path string) (by Holder, said bool) {
	file, err := os.Open(path)
	if err != nil {
		return by, false
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, 1<<16))
	if err != nil || json.Unmarshal(text, &by) != nil {
		return Holder{}, false
	}
	return by, true
}
