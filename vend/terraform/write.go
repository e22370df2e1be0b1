package terraform

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// ForeignError refuses to replace files that Export did not make.
type ForeignError struct {
	Dir   string
	Files []string
}

func (e *ForeignError) Error() string {
	return fmt.Sprintf("%s holds files that are not landlord's: %s. Nothing was written; name another folder, or replace them with --force", e.Dir, strings.Join(e.Files, ", "))
}

// sometimes are the files that an export may have no need of.
var sometimes = []string{"imports.tf", "suspended.tf"}

// Write writes the files into a folder, which it makes: each whole or not at
// all, and none if one of them would replace a file that Export did not make,
// unless force says so. A file of an earlier export that is not needed any more
// is removed.
func Write(dir string, files []File, force bool) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the folder of the configuration: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open the folder of the configuration: %w", err)
	}
	defer root.Close()
	if foreign, err := foreign(root, files); err != nil {
		return err
	} else if len(foreign) > 0 && !force {
		return &ForeignError{dir, foreign}
	}
	const begun = ".landlord-new"
	err = func() error {
		for _, f := range files {
			if err := root.MkdirAll(path.Dir(f.Name), 0o755); err != nil {
				return err
			}
			if err := root.WriteFile(f.Name+begun, f.Text, 0o644); err != nil {
				return err
			}
		}
		for _, f := range files {
			if err := root.Rename(f.Name+begun, f.Name); err != nil {
				return err
			}
		}
		return nil
	}()
	if err != nil {
		for _, f := range files {
			_ = root.Remove(f.Name + begun) // one that was never begun is not there
		}
		return fmt.Errorf("write the configuration: %w", err)
	}
	return tidy(root, files)
}

// foreign are the files that would be replaced and are not of an export. The
// document of a policy is one's if the configuration beside it is.
func foreign(root *os.Root, files []File) ([]string, error) {
	ours := made(root, "versions.tf")
	var names []string
	for _, f := range files {
		text, err := root.ReadFile(f.Name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, fmt.Errorf("read what the configuration would replace: %w", err)
		case bytes.Equal(text, f.Text), bytes.HasPrefix(text, []byte(Header)), ours && path.Ext(f.Name) == ".json":
		default:
			names = append(names, f.Name)
		}
	}
	return names, nil
}

// made tells whether an export made a file.
func made(root *os.Root, name string) bool {
	text, err := root.ReadFile(name)
	return err == nil && bytes.HasPrefix(text, []byte(Header))
}

// tidy removes what an earlier export made and this one did not.
func tidy(root *os.Root, files []File) error {
	for _, name := range sometimes {
		if !slices.ContainsFunc(files, func(f File) bool { return f.Name == name }) && made(root, name) {
			if err := root.Remove(name); err != nil {
				return fmt.Errorf("remove %s, which is not needed any more: %w", name, err)
			}
		}
	}
	return nil
}
