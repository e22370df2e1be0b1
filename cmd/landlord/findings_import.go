package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"landlord/guard/compliance"
	"landlord/guard/compliance/scan"
	"landlord/guard/evidence"
	"landlord/internal/clock"
	"landlord/org"
)

// takenIn is what became of one file.
type takenIn struct {
	File       string                `json:"file"`
	Import     string                `json:"import,omitempty"`
	Known      bool                  `json:"known,omitempty"` // the same file was taken in before
	Format     string                `json:"format,omitempty"`
	Records    int                   `json:"records"`
	Findings   int                   `json:"findings"` // that are kept
	Duplicates int                   `json:"duplicates"`
	Customers  map[string]int        `json:"customers"` // key → findings
	Queue      map[org.AccountID]int `json:"queue"`     // account of nobody's → findings
	Unmapped   map[string]int        `json:"unmapped"`  // check that landlord does not know → findings
	Skipped    map[string]int        `json:"skipped,omitempty"`
	Error      string                `json:"error,omitempty"`
}

// unmappedMost is how many checks that landlord does not know are told apart.
const unmappedMost = 1000

// findingsFiles are the files that paths name: a folder stands for the files of
// findings in it, not those in folders below.
func findingsFiles(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("there is no file %s; nothing was taken in", path)
		case err != nil:
			return nil, fmt.Errorf("%w; nothing was taken in", err)
		case !info.IsDir():
			files = append(files, path)
			continue
		}
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, fmt.Errorf("%w; nothing was taken in", err)
		}
		n := len(files)
		for _, e := range entries {
			ending := strings.ToLower(filepath.Ext(e.Name()))
			if !e.IsDir() && slices.Contains([]string{".json", ".jsonl", ".ndjson", ".csv"}, ending) {
				files = append(files, filepath.Join(path, e.Name()))
			}
		}
		if len(files) == n {
			return nil, fmt.Errorf("folder %s holds no .json, .jsonl, .ndjson or .csv; nothing was taken in", path)
		}
	}
	return distinct(files), nil
}

// takeIn takes files in, each whole or not at all, as many at once as there are
// cores. When ctx ends no further one is begun.
func (p *program) takeIn(ctx context.Context, files []string, o owners) []takenIn {
	all := make([]takenIn, len(files))
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		wg.Go(func() {
			for i := range next {
				all[i] = p.takeInFile(ctx, files[i], o)
			}
		})
	}
	for i := range files {
		next <- i
	}
	close(next)
	wg.Wait()
	return all
}

func (p *program) takeInFile(ctx context.Context, name string, o owners) takenIn {
	t := takenIn{File: name, Customers: map[string]int{}, Queue: map[org.AccountID]int{}, Unmapped: map[string]int{}}
	err := p.takeInto(ctx, &t, name, o)
	if err != nil {
		t = takenIn{File: name, Format: t.Format, Customers: map[string]int{}, Queue: map[org.AccountID]int{}, Unmapped: map[string]int{}}
		t.Error = fmt.Sprintf("%v\nNothing of %s was taken in.", err, name)
	}
	return t
}

func (p *program) takeInto(ctx context.Context, t *takenIn, name string, o owners) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	batch, err := p.evidence().Begin()
	if err != nil {
		return err
	}
	defer batch.Discard()
	sum := sha256.New()
	whole := io.TeeReader(file, sum)
	now := clock.Real().Now()
	read, err := scan.Read(name, whole, now, func(f compliance.Finding) error {
		if !nameKnown(f.Name) {
			name := f.Name
			if len(t.Unmapped) >= unmappedMost && t.Unmapped[name] == 0 {
				name = "others"
			}
			t.Unmapped[name]++
		}
		return errors.Join(ctx.Err(), batch.Add(f))
	})
	if err == nil {
		_, err = io.Copy(io.Discard, whole) // what is left is part of the file's hash
	}
	if err != nil {
		return err
	}
	m, err := batch.Commit(evidence.Manifest{
		Digest: hex.EncodeToString(sum.Sum(nil)), File: filepath.Base(name), Format: read.Format,
		At: now, Records: read.Records, Skipped: read.Skipped,
	})
	for account, n := range m.Of {
		if key := o.customer[account]; key != "" {
			t.Customers[key] += n
		} else {
			t.Queue[account] += n
		}
	}
	t.Import, t.Format, t.Records, t.Findings, t.Duplicates, t.Skipped = m.ID, read.Format, read.Records, m.Findings, m.Duplicates, read.Skipped
	if errors.Is(err, evidence.ErrKnown) {
		t.Known = true
		return nil
	}
	return err
}
