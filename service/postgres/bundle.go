//go:build bundle && linux && amd64

package postgres

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// packed is PostgreSQL 17 as scripts/bundle packs it.
//
//go:embed postgres.tar.gz
var packed []byte

// bundle is the PostgreSQL that is built in. It is unpacked when it is chosen.
var bundle = &Binaries{Major: 17, unpack: unpack}

// unpack puts the built-in PostgreSQL where any account can run it and only this
// one can write, once, and returns the folder of its programs.
func unpack() (string, error) {
	base := "/var/cache"
	if os.Geteuid() != 0 {
		var err error
		if base, err = os.UserCacheDir(); err != nil {
			return "", fmt.Errorf("find a folder for the built-in PostgreSQL: %w", err)
		}
	}
	base = filepath.Join(base, "landlord")
	if err := os.MkdirAll(base, 0o755); err != nil {
		return "", fmt.Errorf("make a folder for the built-in PostgreSQL: %w", err)
	}
	home := filepath.Join(base, fmt.Sprintf("postgres-%.8x", sha256.Sum256(packed)))
	if info, err := os.Lstat(home); err == nil {
		if have, is := info.Sys().(*syscall.Stat_t); !is || int(have.Uid) != os.Geteuid() || !info.IsDir() || info.Mode().Perm()&0o022 != 0 {
			return "", fmt.Errorf("%s is not a folder that only this user can write: remove it, the built-in PostgreSQL goes there", home)
		}
		return filepath.Join(home, "bin"), nil
	}
	part, err := os.MkdirTemp(base, "unpacking-")
	if err != nil {
		return "", fmt.Errorf("unpack the built-in PostgreSQL: %w", err)
	}
	defer os.RemoveAll(part)
	if err := errors.Join(extract(part), os.Chmod(part, 0o755)); err != nil {
		return "", fmt.Errorf("unpack the built-in PostgreSQL: %w", err)
	}
	if err := os.Rename(part, home); err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, syscall.ENOTEMPTY) { // another was quicker
		return "", fmt.Errorf("unpack the built-in PostgreSQL: %w", err)
	}
	return filepath.Join(home, "bin"), nil
}

func extract(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	plain, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	for archive := tar.NewReader(plain); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := filepath.Clean(h.Name)
		switch h.Typeflag {
		case tar.TypeDir:
			err = root.MkdirAll(name, 0o755)
		case tar.TypeSymlink:
			err = root.Symlink(h.Linkname, name)
		case tar.TypeReg:
			err = write(root, name, fs.FileMode(h.Mode)&0o755|0o444, archive)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
}

func write(root *os.Root, name string, mode fs.FileMode, from io.Reader) error {
	file, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, from)
	return errors.Join(err, file.Chmod(mode), file.Close())
}
