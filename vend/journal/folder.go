//go:build unix

package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"landlord/internal/clock"
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
			return keepFile(ctx, file, me, w.Clock)
		}
		if errors.Is(err, fs.ErrPermission) {
			return nil, fmt.Errorf("lock %s: %w. Whoever shares the lock must be allowed to write the file, and its folder", path, err)
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
		file, err := openLock(path)
		if err != nil {
			return nil, err
		}
		if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			return nil, errors.Join(err, file.Close())
		}
		if stands(file) {
			return file, nil
		}
		if err := file.Close(); err != nil {
			return nil, err
		}
	}
}

// openLock opens the file at path, or makes it for all who may write its folder.
// One that is there is opened as it is: in a folder where nobody may remove
// another's files, Linux refuses to open those as if to make them.
//
// Source: proc_sys_fs(5), protected_regular.
func openLock(path string) (*os.File, error) {
	for {
		file, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOFOLLOW, 0)
		if !errors.Is(err, fs.ErrNotExist) {
			return file, err
		}
		file, err = os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue // somebody was quicker
		}
		if err == nil {
			hand(file, 0o666)
		}
		return file, err
	}
}

// hand gives a file that was just made to those whom its folder is for: to its
// owner where root made the file, to its group or to all where they may write
// in the folder, and that with no more than most. What is not allowed is left.
func hand(file *os.File, most fs.FileMode) {
	folder, err := os.Stat(filepath.Dir(file.Name()))
	if err != nil {
		return
	}
	shared := false
	if of, is := folder.Sys().(*syscall.Stat_t); is {
		shared = file.Chown(-1, int(of.Gid)) == nil // to a group that one is in
		_ = file.Chown(int(of.Uid), -1)             // by root only
	}
	_ = file.Chmod(modeIn(folder.Mode(), shared) & most) // it is ours
}

// modeIn is the mode of a file that is for whoever may write in its folder. Its
// group is the folder's only if they share it: another group gets nothing.
func modeIn(folder fs.FileMode, shared bool) fs.FileMode {
	mode := fs.FileMode(0o600)
	if shared && folder&0o020 != 0 {
		mode |= 0o060
	}
	if folder&0o002 != 0 {
		mode |= 0o006
	}
	return mode
}

// stands tells whether an open file is still the one that its name names.
func stands(file *os.File) bool {
	mine, err := file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(file.Name())
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist) // what cannot be seen is not known to be gone
	}
	return os.SameFile(mine, there)
}

// keepFile says in a locked file whose it is, and watches that the file stays.
func keepFile(ctx context.Context, file *os.File, me Holder, c clock.Clock) (*Lock, error) {
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
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for c.Sleep(watching, again) == nil {
			if !stands(file) {
				l.end(fmt.Errorf("%w: somebody removed or replaced %s", ErrLost, file.Name()))
				return
			}
		}
	}()
	l.release = func() error {
		stop()
		<-ended
		return errors.Join(file.Truncate(0), file.Close())
	}
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
