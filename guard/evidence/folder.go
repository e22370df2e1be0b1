// Package evidence keeps findings in a folder: a folder per account, and in it a
// file per import, so that who reads one account reads nothing of another. An
// import is there as a whole or not at all: its files count from the moment on
// that its manifest has its name. What is kept is never changed.
//
//	222233334444/1f0c….jsonl     the findings of one import in one account; the last line is their hash
//	imports/1f0c….json           the manifest, written last
//	222233334444/scan-2026….jsonl.gz  what landlord's own scan found in the account
//	scans/2026….json             the scan: its accounts, and whether it has ended
package evidence

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"landlord/guard/compliance"
	"landlord/org"
)

// Folder is where findings are kept. It is safe for use by several goroutines; an
// import that ends after its first read is not seen by it.
type Folder struct {
	dir string

	once   sync.Once
	whole  map[string]bool // imports that have a manifest
	failed error
}

// Open returns the folder at a path, which need not be there yet.
func Open(dir string) *Folder { return &Folder{dir: dir} }

// Manifest says what an import took in.
type Manifest struct {
	ID         string         `json:"id"`     // the beginning of Digest
	Digest     string         `json:"sha256"` // of the file
	File       string         `json:"file"`   // its name
	Format     string         `json:"format"`
	At         time.Time      `json:"imported_at"`
	Records    int            `json:"records"`
	Findings   int            `json:"findings"` // that were kept
	Duplicates int            `json:"duplicates"`
	Accounts   int            `json:"accounts"`
	Skipped    map[string]int `json:"skipped,omitempty"`

	Of map[org.AccountID]int `json:"-"` // findings that were kept, by account
}

const (
	importsDir = "imports"
	lines      = ".jsonl"
)

// seal is the last line of a file of findings.
type seal struct {
	Findings int    `json:"findings"`
	Digest   string `json:"sha256"` // of all that stands before
}

// imports reads once which imports are whole.
func (f *Folder) imports() (map[string]bool, error) {
	f.once.Do(func() {
		f.whole = map[string]bool{}
		entries, err := os.ReadDir(filepath.Join(f.dir, importsDir))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			f.failed = fmt.Errorf("read which findings are kept: %w", err)
		}
		for _, e := range entries {
			if id, is := strings.CutSuffix(e.Name(), ".json"); is {
				f.whole[id] = true
			}
		}
	})
	return f.whole, f.failed
}

// Accounts returns the accounts of which something is kept, in order.
func (f *Folder) Accounts() ([]org.AccountID, error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read which findings are kept: %w", err)
	}
	var all []org.AccountID
	for _, e := range entries {
		if id := org.AccountID(e.Name()); id.Valid() && e.IsDir() {
			all = append(all, id)
		}
	}
	return all, nil
}

// files are the names of an account's files, in order.
func (f *Folder) files(account org.AccountID) ([]string, error) {
	whole, err := f.imports()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(filepath.Join(f.dir, string(account)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the findings of account %s: %w", account, err)
	}
	var names []string
	for _, e := range entries {
		id, is := strings.CutSuffix(e.Name(), lines)
		if is && whole[id] || strings.HasPrefix(e.Name(), scanPrefix) && strings.HasSuffix(e.Name(), packed) {
			names = append(names, filepath.Join(f.dir, string(account), e.Name()))
		}
	}
	return names, nil
}

// Count is how many findings of an account are kept, and in how many imports.
func (f *Folder) Count(account org.AccountID) (findings, imports int, err error) {
	names, err := f.files(account)
	for _, name := range names {
		if strings.HasSuffix(name, packed) {
			for _, err := range readPacked(name) {
				if err != nil {
					return 0, 0, err
				}
				findings++
			}
			continue
		}
		s, _, err := sealOf(name)
		if err != nil {
			return 0, 0, err
		}
		findings += s.Findings
	}
	return findings, len(names), err
}

// Of returns the findings of one account. A file that is not as it was written ends
// them with an error.
func (f *Folder) Of(account org.AccountID) iter.Seq2[compliance.Finding, error] {
	return func(yield func(compliance.Finding, error) bool) {
		names, err := f.files(account)
		if err != nil {
			yield(compliance.Finding{}, err)
			return
		}
		for _, name := range names {
			for found, err := range read(name) {
				if err == nil && found.Account != account {
					err = fmt.Errorf("%s holds a finding of account %s", name, found.Account)
				}
				if !yield(found, err) || err != nil {
					return
				}
			}
		}
	}
}

// sealOf reads the last line of a file, and where it begins.
func sealOf(name string) (seal, int64, error) {
	changed := fmt.Errorf("%s is not as landlord wrote it: it was cut off or changed; import its source again after deleting the file and its manifest", name)
	file, err := os.Open(name)
	if err != nil {
		return seal{}, 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return seal{}, 0, err
	}
	tail := make([]byte, min(info.Size(), 256))
	if _, err := file.ReadAt(tail, info.Size()-int64(len(tail))); err != nil {
		return seal{}, 0, err
	}
	tail = bytes.TrimSuffix(tail, []byte("\n"))
	line := tail[bytes.LastIndexByte(tail, '\n')+1:]
	var s seal
	if json.Unmarshal(line, &s) != nil || len(s.Digest) != 2*sha256.Size {
		return seal{}, 0, changed
	}
	return s, info.Size() - int64(len(line)) - 1, nil
}

// read returns the findings of a file. Each is checked; that they are all, and
// as they were written, shows at the end.
func read(name string) iter.Seq2[compliance.Finding, error] {
	if strings.HasSuffix(name, packed) {
		return readPacked(name)
	}
	return func(yield func(compliance.Finding, error) bool) {
		fail := func(err error) { yield(compliance.Finding{}, err) }
		s, end, err := sealOf(name)
		if err != nil {
			fail(err)
			return
		}
		file, err := os.Open(name)
		if err != nil {
			fail(err)
			return
		}
		defer file.Close()
		sum := sha256.New()
		b := bufio.NewReaderSize(io.TeeReader(io.LimitReader(file, end), sum), 64<<10)
		d := json.NewDecoder(b)
		n := 0
		for {
			var found compliance.Finding
			if err := d.Decode(&found); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				fail(fmt.Errorf("%s: finding %d: %w", name, n+1, err))
				return
			}
			n++
			if !yield(found, nil) {
				return
			}
		}
		if hex.EncodeToString(sum.Sum(nil)) != s.Digest || n != s.Findings {
			fail(fmt.Errorf("%s is not as landlord wrote it: its hash or number of findings differs from its last line", name))
		}
	}
}

// manifest reads what an import took in.
func (f *Folder) manifest(id string) (m Manifest, err error) {
	text, err := os.ReadFile(filepath.Join(f.dir, importsDir, id+".json"))
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		return m, fmt.Errorf("read what import %s took in: %w", id, err)
	}
	return m, nil
}
