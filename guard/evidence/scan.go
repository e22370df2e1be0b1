package evidence

import (
	"bufio"
	"compress/gzip"
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
	"time"

	"landlord/guard/compliance"
	"landlord/org"
)

// scanPrefix begins the name of a file of findings that landlord made itself. It
// needs no manifest: what a scan found in an account is one file, which is there as
// a whole or not at all.
//
// It is packed: a day of ten thousand accounts is 2 GB as it is, a twentieth so.
const (
	scanPrefix = "scan-"
	packed     = lines + ".gz"
)

// scansDir holds a file for each scan.
const scansDir = "scans"

// Scan is one look at many accounts. It may be stopped and go on.
type Scan struct {
	ID       string          `json:"id"` // its beginning, in UTC: scans sort by it
	Began    time.Time       `json:"began_at"`
	Ended    time.Time       `json:"ended_at,omitzero"`
	Accounts []org.AccountID `json:"accounts"`
	Settings string          `json:"settings"` // what it looks at; a scan of others is another
}

// Keep keeps what a scan found in an account, whole or not at all; a second time
// replaces the first.
func (f *Folder) Keep(scan string, account org.AccountID, found []compliance.Finding) error {
	dir := filepath.Join(f.dir, string(account))
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = write(f.scanFile(scan, account), func(out io.Writer) error {
			sum := sha256.New()
			z := gzip.NewWriter(out)
			lines := json.NewEncoder(io.MultiWriter(z, sum))
			for _, one := range found {
				if one.Account != account {
					return fmt.Errorf("a finding is of account %s", one.Account)
				}
				if err := lines.Encode(one); err != nil {
					return err
				}
			}
			err := json.NewEncoder(z).Encode(seal{len(found), hex.EncodeToString(sum.Sum(nil))})
			return errors.Join(err, z.Close())
		})
	}
	if err != nil {
		return fmt.Errorf("keep the findings of account %s: %w", account, err)
	}
	return nil
}

// Kept returns what a scan found in an account, and whether it was there already.
func (f *Folder) Kept(scan string, account org.AccountID) ([]compliance.Finding, bool, error) {
	name := f.scanFile(scan, account)
	if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	var all []compliance.Finding
	for one, err := range readPacked(name) {
		if err != nil {
			return nil, false, err
		}
		all = append(all, one)
	}
	return all, true, nil
}

func (f *Folder) scanFile(scan string, account org.AccountID) string {
	return filepath.Join(f.dir, string(account), scanPrefix+scan+packed)
}

// readPacked returns the findings of a scan's file. That they are all, and as they
// were written, shows at the end.
func readPacked(name string) iter.Seq2[compliance.Finding, error] {
	return func(yield func(compliance.Finding, error) bool) {
		fail := func(err error) {
			yield(compliance.Finding{}, fmt.Errorf("%s is not as landlord wrote it: %w", name, err))
		}
		file, err := os.Open(name)
		if err != nil {
			yield(compliance.Finding{}, err)
			return
		}
		defer file.Close()
		z, err := gzip.NewReader(bufio.NewReaderSize(file, 64<<10))
		if err != nil {
			fail(err)
			return
		}
		sum, in := sha256.New(), bufio.NewReaderSize(z, 64<<10)
		n := 0
		for {
			line, err := in.ReadBytes('\n')
			if err != nil {
				fail(fmt.Errorf("it was cut off: %w", err))
				return
			}
			if _, err := in.Peek(1); errors.Is(err, io.EOF) { // the last
				var s seal
				if json.Unmarshal(line, &s) != nil || hex.EncodeToString(sum.Sum(nil)) != s.Digest || n != s.Findings {
					fail(errors.New("its hash or number of findings differs from its last line"))
				}
				return
			} else if err != nil {
				fail(err)
				return
			}
			sum.Write(line)
			var found compliance.Finding
			if err := json.Unmarshal(line, &found); err != nil {
				fail(fmt.Errorf("finding %d: %w", n+1, err))
				return
			}
			n++
			if !yield(found, nil) {
				return
			}
		}
	}
}

// Resume returns the newest scan with these settings that began at or after a time
// and has not ended, if there is one.
func (f *Folder) Resume(settings string, since time.Time) (s Scan, is bool, err error) {
	entries, err := os.ReadDir(filepath.Join(f.dir, scansDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, false, fmt.Errorf("read which scans there were: %w", err)
	}
	for i := len(entries) - 1; i >= 0; i-- {
		text, err := os.ReadFile(filepath.Join(f.dir, scansDir, entries[i].Name()))
		if err != nil {
			return s, false, fmt.Errorf("read which scans there were: %w", err)
		}
		if !strings.HasSuffix(entries[i].Name(), ".json") {
			continue
		}
		var one Scan
		if err := json.Unmarshal(text, &one); err != nil {
			return s, false, fmt.Errorf("read scan %s: %w", entries[i].Name(), err)
		}
		if one.Began.Before(since) {
			break
		}
		if one.Ended.IsZero() && one.Settings == settings {
			return one, true, nil
		}
	}
	return s, false, nil
}

// Note keeps how a scan stands.
func (f *Folder) Note(s Scan) error {
	dir := filepath.Join(f.dir, scansDir)
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = write(filepath.Join(dir, s.ID+".json"), func(out io.Writer) error {
			e := json.NewEncoder(out)
			e.SetIndent("", "  ")
			return e.Encode(s)
		})
	}
	if err != nil {
		return fmt.Errorf("keep how scan %s stands: %w", s.ID, err)
	}
	return nil
}

// ScanAt is a scan that begins now. Two that begin at once have two ids.
func ScanAt(now time.Time, accounts []org.AccountID, settings string) Scan {
	now = now.UTC()
	return Scan{ID: now.Format("20060102T150405.000000Z"), Began: now, Accounts: accounts, Settings: settings}
}
