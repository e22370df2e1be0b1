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
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"

	"landlord/guard/compliance"
	"landlord/org"
)

// Batch is an import under way. Nothing of it counts before Commit.
type Batch struct {
	f       *Folder
	dir     string // where findings are laid down, by account
	waiting map[org.AccountID]*bytes.Buffer
	bytes   int
	all     map[org.AccountID]bool
}

// waitingMost is how many bytes wait in memory before they are laid down.
const waitingMost = 16 << 20

// Begin begins an import.
func (f *Folder) Begin() (*Batch, error) {
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of findings: %w", err)
	}
	dir, err := os.MkdirTemp(f.dir, ".import-")
	if err != nil {
		return nil, fmt.Errorf("begin an import: %w", err)
	}
	return &Batch{f: f, dir: dir, waiting: map[org.AccountID]*bytes.Buffer{}, all: map[org.AccountID]bool{}}, nil
}

// Add adds a finding.
func (b *Batch) Add(found compliance.Finding) error {
	line, err := json.Marshal(found)
	if err != nil {
		return fmt.Errorf("keep a finding: %w", err)
	}
	w := b.waiting[found.Account]
	if w == nil {
		w = &bytes.Buffer{}
		b.waiting[found.Account] = w
		b.all[found.Account] = true
	}
	key := same(found)
	w.Write(key[:])
	w.Write(line)
	w.WriteByte('\n')
	if b.bytes += len(key) + len(line) + 1; b.bytes > waitingMost {
		return b.layDown()
	}
	return nil
}

// layDown writes what waits.
func (b *Batch) layDown() error {
	for account, w := range b.waiting {
		file, err := os.OpenFile(filepath.Join(b.dir, string(account)), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("lay findings down: %w", err)
		}
		_, err = w.WriteTo(file)
		if err = errors.Join(err, file.Close()); err != nil {
			return fmt.Errorf("lay findings down: %w", err)
		}
	}
	clear(b.waiting)
	b.bytes = 0
	return nil
}

// Discard ends the import and leaves nothing. After Commit it does nothing more.
func (b *Batch) Discard() { _ = os.RemoveAll(b.dir) }

// ErrKnown says that the same file was imported before.
var ErrKnown = errors.New("was imported before")

// Commit ends the import: from now on all its findings count. It is known by the
// digest of its file; one that is kept already comes back with ErrKnown.
func (b *Batch) Commit(m Manifest) (Manifest, error) {
	defer b.Discard()
	m.ID = m.Digest[:24]
	if err := os.MkdirAll(filepath.Join(b.f.dir, importsDir), 0o700); err != nil {
		return m, fmt.Errorf("make the folder of findings: %w", err)
	}
	name := filepath.Join(b.f.dir, importsDir, m.ID+".json")
	if _, err := os.Lstat(name); err == nil {
		old, err := b.f.manifest(m.ID)
		return old, errors.Join(err, ErrKnown)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return m, err
	}
	if err := b.layDown(); err != nil {
		return m, err
	}
	m.Of = map[org.AccountID]int{}
	accounts := make(chan org.AccountID)
	var (
		mu     sync.Mutex
		failed error
		wg     sync.WaitGroup
	)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for account := range accounts {
				kept, twice, err := b.place(account, m.ID)
				mu.Lock()
				m.Findings += kept
				m.Of[account] = kept
				m.Duplicates += twice
				failed = errors.Join(failed, err)
				mu.Unlock()
			}
		})
	}
	for account := range b.all {
		accounts <- account
	}
	close(accounts)
	wg.Wait()
	m.Accounts = len(b.all)
	if failed != nil {
		return m, fmt.Errorf("keep findings: %w", failed)
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return m, err
	}
	err = write(name, func(out io.Writer) error {
		_, err := out.Write(append(text, '\n'))
		return err
	})
	if err != nil {
		return m, fmt.Errorf("keep findings: %w", err)
	}
	return m, nil
}

// place writes one account's findings where they are kept, each once.
func (b *Batch) place(account org.AccountID, id string) (kept, twice int, err error) {
	laid := filepath.Join(b.dir, string(account))
	in, err := os.Open(laid)
	if err != nil {
		return 0, 0, err
	}
	defer in.Close()
	dir := filepath.Join(b.f.dir, string(account))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, 0, err
	}
	err = write(filepath.Join(dir, id+lines), func(out io.Writer) error {
		sum := sha256.New()
		both := io.MultiWriter(out, sum)
		seen := map[[keySize]byte]bool{}
		for r := bufio.NewReaderSize(in, 64<<10); ; {
			key, err := r.Peek(keySize) // which may hold the end of a line itself
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			k := [keySize]byte(key)
			if _, err := r.Discard(keySize); err != nil {
				return err
			}
			line, err := r.ReadSlice('\n')
			if err != nil {
				return err
			}
			if seen[k] {
				twice++
				continue
			}
			seen[k] = true
			kept++
			if _, err := both.Write(line); err != nil {
				return err
			}
		}
		end, err := json.Marshal(seal{kept, hex.EncodeToString(sum.Sum(nil))})
		if err == nil {
			_, err = out.Write(append(end, '\n'))
		}
		return err
	})
	return kept, twice, errors.Join(err, os.Remove(laid))
}

// keySize is how many bytes same has.
const keySize = 16

// same is equal for findings that say the same of the same thing at the same time.
func same(f compliance.Finding) [keySize]byte {
	text := make([]byte, 0, 256)
	for _, part := range []string{f.Name, f.Method, f.Region, f.Resource} {
		text = append(append(text, part...), 0)
	}
	text = strconv.AppendInt(text, f.At.UnixNano(), 10)
	sum := sha256.Sum256(append(text, byte(f.Status)))
	return [keySize]byte(sum[:])
}

// write writes a file whole or not at all.
func write(name string, fill func(io.Writer) error) error {
	file, err := os.CreateTemp(filepath.Dir(name), ".new-")
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(file, 64<<10)
	err = fill(out)
	if err = errors.Join(err, out.Flush(), file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}
