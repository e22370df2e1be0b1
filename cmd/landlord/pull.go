package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"
)

// pulled is what a file was when it was last equal to a version of a house.
type pulled struct {
	Version int64  `json:"version"`
	Hash    string `json:"sha256"`
}

func pulledFile() (string, error) {
	dir, err := os.UserConfigDir()
	return filepath.Join(dir, "landlord", "pulled.json"), err
}

func readPulled() map[string]pulled {
	kept := map[string]pulled{}
	if path, err := pulledFile(); err == nil {
		if text, err := os.ReadFile(path); err == nil {
			_ = json.Unmarshal(text, &kept) // without it, a push compares with what is in force
		}
	}
	return kept
}

// pulledKey is a file of a house.
func pulledKey(server, file string) string {
	whole, err := filepath.Abs(file)
	if err != nil {
		whole = file
	}
	return server + " " + whole
}

// pulledFrom is the version that a file was pulled or pushed as.
func pulledFrom(server, file string) (pulled, bool) {
	was, known := readPulled()[pulledKey(server, file)]
	return was, known
}

// keepPulled remembers which version a file is. That it cannot is said, and no
// reason to fail.
func keepPulled(warn io.Writer, server, file string, is pulled) {
	kept := readPulled()
	kept[pulledKey(server, file)] = is
	path, err := pulledFile()
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	var text []byte
	if err == nil {
		text, err = json.MarshalIndent(kept, "", "  ")
	}
	if err == nil {
		err = writeWhole(path, append(text, '\n'), 0o600)
	}
	if err != nil {
		fmt.Fprintf(warn, "landlord: which version %s is cannot be kept: %s\n", file, cleanLines(err.Error()))
	}
}

func (p *program) pullCommand() *cobra.Command {
	var out string
	var version int64
	var force, compare bool
	c := &cobra.Command{
		Use:   "pull",
		Short: "Write the house's portfolio into a file",
		Long: `pull writes the portfolio in force, or an earlier version, as it was pushed, to the
byte. A file that has changes of its own is not replaced unless --force says so.`,
		Example: `  landlord pull -o portfolio.yaml --server https://landlord.example
  landlord pull --version 3 -o -          # to standard output
  landlord pull --version 3 --diff        # what version 3 changed`,
		Args: cobra.NoArgs,
	}
	p.serverFlag(c)
	c.Flags().StringVarP(&out, "output", "o", "portfolio.yaml", "the file; - is standard output")
	c.Flags().Int64Var(&version, "version", 0, "which version; 0 is the one in force")
	c.Flags().BoolVar(&force, "force", false, "replace a file that has changes of its own")
	c.Flags().BoolVar(&compare, "diff", false, "print what the version changed instead of writing it")
	c.RunE = func(c *cobra.Command, _ []string) error {
		r, err := p.remote()
		if err != nil {
			return err
		}
		ctx := c.Context()
		path := "/portfolio"
		if version < 0 {
			return fmt.Errorf("--version %d: want 0 or more", version)
		}
		if version > 0 {
			path = "/portfolio/versions/" + strconv.FormatInt(version, 10)
		}
		var v remoteVersion
		err = r.ask(ctx, http.MethodGet, path, nil, &v)
		if told, is := errors.AsType[*refusal](err); is && told.Status == http.StatusNotFound {
			if version > 0 {
				return fmt.Errorf("%s has no version %d of the portfolio: without --version, pull writes the one in force", r.base.Host, version)
			}
			return fmt.Errorf("%s has no portfolio yet: `landlord push -f FILE` makes the first version", r.base.Host)
		}
		if err != nil {
			return err
		}
		switch {
		case compare:
			var before remoteVersion
			if v.Version > 1 {
				if err := r.ask(ctx, http.MethodGet, "/portfolio/versions/"+strconv.FormatInt(v.Version-1, 10), nil, &before); err != nil {
					return err
				}
			}
			fmt.Fprintf(p.stdout, "Version %d by %s, %s. %s\n", v.Version, clean(v.Author), v.At, clean(v.Note))
			_, err := p.stdout.Write([]byte(cleanLines(string(diff.Diff(fmt.Sprintf("version %d", before.Version), []byte(before.Text), fmt.Sprintf("version %d", v.Version), []byte(v.Text))))))
			return err
		case out == "-":
			_, err := p.stdout.Write([]byte(v.Text))
			return err
		}
		have, err := os.ReadFile(out)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		was, known := pulledFrom(r.base.String(), out)
		if err == nil && !force && string(have) != v.Text && !(known && was.Hash == hash(out)) {
			return fmt.Errorf("%s has changes of its own and was not replaced: --force replaces it, -o writes another file", out)
		}
		if err := writeWhole(out, []byte(v.Text), 0o644); err != nil {
			return err
		}
		keepPulled(p.stderr, r.base.String(), out, pulled{v.Version, hash(out)})
		fmt.Fprintf(p.stdout, "%s: version %d by %s, %s.\n", out, v.Version, clean(v.Author), v.At)
		return nil
	}
	return c
}
