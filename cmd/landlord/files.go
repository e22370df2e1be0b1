package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// create writes a file whole or not at all, and over none: also not over one that
// somebody made meanwhile, where the file system has hard links.
func create(name string, text []byte, mode fs.FileMode) error {
	written, err := beside(name, text, mode)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer os.Remove(written) // its own name, or what could not be placed
	if os.Link(written, name) == nil {
		return nil
	}
	if _, err := os.Lstat(name); err == nil {
		return fmt.Errorf("%s is there already; nothing was written", name)
	}
	if err := placed(os.Rename(written, name)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// placed leaves out of an error of a rename the names: one is nobody's.
func placed(err error) error {
	if e, is := errors.AsType[*os.LinkError](err); is {
		return e.Err
	}
	return err
}

// replace writes a file whole or not at all. What is no file (a device, a pipe)
// is written to as it is; a link stays, and what it leads to is replaced. A file
// that is new gets the mode.
func replace(name string, text []byte, mode fs.FileMode) error {
	path := name
	if target, err := filepath.EvalSymlinks(name); err == nil {
		path = target
	} else if target, err := os.Readlink(name); err == nil {
		return fmt.Errorf("write %s: it is a link to %s, which is not there", name, target)
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		_, err = f.Write(text)
		return errors.Join(err, f.Close())
	} else if err == nil {
		mode = info.Mode().Perm()
	}
	written, err := beside(path, text, mode)
	if err == nil {
		err = placed(os.Rename(written, path))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// beside writes a file in the folder of another, to take its name.
func beside(name string, text []byte, mode fs.FileMode) (written string, err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no folder %s", filepath.Dir(name))
	}
	if e, is := errors.AsType[*fs.PathError](err); is {
		return "", fmt.Errorf("folder %s: %w", filepath.Dir(name), e.Err)
	}
	if err != nil {
		return "", err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil { // a name that is on the disk before its text would be an empty file after a power cut
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}
