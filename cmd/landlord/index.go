package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"landlord/directory"
	"landlord/internal/clock"
	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/blueprint"
	"landlord/vend/cloud"
)

// What `customer find` keeps in the folder of --dir. Both can be deleted at any
// time; nothing but find reads them.
const (
	lookFile  = "look.json"  // a line of lookHead, then the organization as AWS was last seen to hold it
	indexFile = "find.index" // a line of indexHead, then a directory.Index
)

// indexFormat changes whenever an index of before must not be used.
const indexFormat = "3"

// indexHead tells what an index was made of. While that is the same, the index is
// the same.
type indexHead struct {
	Format    string    `json:"format"`
	File      string    `json:"file"`   // SHA-256 of the portfolio file
	Target    string    `json:"target"` // of the organization
	Flag      string    `json:"flag"`   // --target
	Look      lookHead  `json:"look"`   // at AWS
	State     stamp     `json:"state"`  // of the file of the simulated AWS
	AsOf      time.Time `json:"as_of"`  // when that was read
	Customers int       `json:"customers"`
	Accounts  int       `json:"accounts"`
	Digest    string    `json:"digest,omitempty"` // SHA-256 of this without it, and the index
}

// sealed is the head as it is kept before an index: a line with the digest of both.
func (h indexHead) sealed(ix directory.Index) ([]byte, error) {
	h.Digest = ""
	line, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	h.Digest = digest(line, ix)
	line, err = json.Marshal(h)
	return append(line, '\n'), err
}

// lookHead tells one look at AWS from every other.
type lookHead struct {
	At           time.Time `json:"at"`
	Endpoint     string    `json:"endpoint"`
	Organization string    `json:"organization"` // o-…
	Digest       string    `json:"digest"`       // SHA-256 of what was seen
}

// age says how old what is known of the organization is.
func (h indexHead) age() string {
	if h.Target != portfolio.AWS {
		return "as the simulated AWS is now"
	}
	d := time.Since(h.AsOf)
	switch {
	case d < time.Minute:
		return "as of a moment ago"
	case d < time.Hour:
		return fmt.Sprintf("as of %d min ago (--refresh reads AWS anew)", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("as of %d h ago (--refresh reads AWS anew)", int(d.Hours()))
	}
	return fmt.Sprintf("as of %d days ago (--refresh reads AWS anew)", int(d.Hours()/24))
}

// stamp is what a file has another of when it changes.
type stamp struct {
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
}

// stampOf is the stamp of a file; the zero stamp if it is not there.
func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	return stamp{info.Size(), info.ModTime().UTC()}
}

// digestOf is the SHA-256 of a file, "" if it cannot be read.
func digestOf(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return digest(text)
}

func digest(parts ...[]byte) string {
	sum := sha256.New()
	for _, text := range parts {
		sum.Write(text)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// index returns the index of the portfolio's customers and the organization's
// accounts: the one that is kept, if neither has changed since.
func (p *program) index(ctx context.Context, f *worldFlags, refresh bool) (directory.Index, indexHead, error) {
	if file := digestOf(p.file); file != "" && !refresh {
		if head, ix, is := p.kept(); is && head.File == file && head.Flag == p.target && p.current(ctx, head) {
			return ix, head, nil
		}
	}
	folio, err := p.load(nil)
	if err != nil {
		return nil, indexHead{}, err
	}
	seen, head, err := p.look(ctx, folio, f, refresh)
	if err != nil {
		return nil, indexHead{}, err
	}
	return p.keepIndex(folio, seen, head)
}

// current tells whether what an index was made of is what is known of the
// organization now.
func (p *program) current(ctx context.Context, head indexHead) bool {
	if head.Target != portfolio.AWS {
		return head.State != (stamp{}) && head.State == stampOf(filepath.Join(p.dir, state))
	}
	path := filepath.Join(p.dir, lookFile)
	if plain(path) != nil {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	line, err := bufio.NewReader(f).ReadBytes('\n')
	var last lookHead
	return err == nil && json.Unmarshal(line, &last) == nil && last == head.Look && last.Endpoint == endpoint(ctx)
}

// endpoint is where AWS is asked for the organization; "" if that cannot be told.
func endpoint(ctx context.Context) string {
	c, err := cloud.FromEnvironment(ctx, cloud.Options{Clock: clock.Real()})
	if err != nil {
		return ""
	}
	return c.Endpoint()
}

// keepIndex makes the index of what was seen, and keeps it. head tells when, and
// which look it was.
func (p *program) keepIndex(folio *portfolio.Portfolio, seen org.Organization, head indexHead) (directory.Index, indexHead, error) {
	head.Format, head.File, head.Target, head.Flag = indexFormat, p.digest, folio.Organization.Target, p.target
	head.Customers, head.Accounts = len(folio.Customers), len(seen.Accounts)
	ix, err := directory.NewIndex(directory.Entries(folio, blueprint.From(folio).Owners(seen), seen))
	if err != nil {
		return nil, head, err
	}
	if line, err := head.sealed(ix); err == nil && head.File != "" && (head.State != (stamp{}) || head.Look != (lookHead{})) {
		p.keep(indexFile, slices.Concat(line, ix))
	}
	return ix, head, nil
}

// kept is the index in the folder, if there is one, byte for byte as it was kept:
// what a directory.Index finds in anything else is nobody's guess.
func (p *program) kept() (head indexHead, ix directory.Index, is bool) {
	text, err := readKept(filepath.Join(p.dir, indexFile))
	if err != nil {
		return head, nil, false
	}
	end := bytes.IndexByte(text, '\n') + 1
	line, rest := text[:end], text[end:]
	if json.Unmarshal(line, &head) != nil || head.Format != indexFormat {
		return head, nil, false
	}
	whole, err := head.sealed(rest)
	return head, rest, err == nil && bytes.Equal(whole, line)
}

// look is what the organization holds, and when that was read: of AWS the last
// look at this endpoint, unless there is none or it shall be read anew.
func (p *program) look(ctx context.Context, folio *portfolio.Portfolio, f *worldFlags, refresh bool) (org.Organization, indexHead, error) {
	aws := folio.Organization.Target == portfolio.AWS
	if aws && !refresh {
		if head, seen, is := p.lastLook(endpoint(ctx)); is && owned(folio, seen) == nil {
			return seen, indexHead{Look: head, AsOf: head.At}, nil
		}
	}
	w, seen, err := p.observe(ctx, folio, f)
	if err != nil {
		return org.Organization{}, indexHead{}, err
	}
	if !aws {
		head := indexHead{State: stampOf(filepath.Join(p.dir, state)), AsOf: time.Now()} // while the file is ours alone
		return seen, head, w.Close()
	}
	head, _ := headOf(seen, w.AWS().Endpoint())
	head = p.asKept(head)
	return seen, indexHead{Look: head, AsOf: head.At}, w.Close()
}

// asKept is the head of the look that is kept, if that saw the same: observe has
// kept it, and a moment ago. If another run has kept its own since, it is head.
func (p *program) asKept(head lookHead) lookHead {
	if last, _, is := p.lastLook(head.Endpoint); is && last.Digest == head.Digest {
		return last
	}
	return head
}

// headOf is the head of a look that ends now, and what was seen as it is kept.
func headOf(seen org.Organization, endpoint string) (lookHead, []byte) {
	text, err := json.Marshal(seen)
	if err != nil {
		panic(err) // it holds texts, numbers and times
	}
	return lookHead{time.Now().UTC().Round(0), endpoint, seen.ID, digest(text)}, text
}

// lastLook is the look that is kept, if it was at an endpoint and is whole.
func (p *program) lastLook(endpoint string) (head lookHead, seen org.Organization, is bool) {
	text, err := readKept(filepath.Join(p.dir, lookFile))
	if err != nil {
		return head, seen, false
	}
	line, rest, _ := bytes.Cut(text, []byte{'\n'})
	is = json.Unmarshal(line, &head) == nil && head.Endpoint == endpoint && head.Digest == digest(rest) && json.Unmarshal(rest, &seen) == nil
	return head, seen, is
}

// keepLook keeps a look at AWS for find, and the index that it makes.
func (p *program) keepLook(folio *portfolio.Portfolio, endpoint string, seen org.Organization) {
	head, text := headOf(seen, endpoint)
	if line, err := json.Marshal(head); err == nil {
		p.keep(lookFile, slices.Concat(line, []byte{'\n'}, text))
		_, _, _ = p.keepIndex(folio, seen, indexHead{Look: head, AsOf: head.At}) // find makes it anew
	}
}

// keep writes a file in the folder of --dir, whole or not at all, for nobody else
// to read, in the place of whatever has its name: who shares the folder may have
// put a link there. One that cannot be written is missed by nobody: it is made anew.
func (p *program) keep(name string, text []byte) {
	if os.MkdirAll(p.dir, 0o700) != nil {
		return
	}
	path := filepath.Join(p.dir, name)
	if written, err := beside(path, text, 0o600); err == nil && os.Rename(written, path) != nil {
		_ = os.Remove(written)
	}
}

// keptMost is more than an index or a look of 50,000 accounts takes.
const keptMost = 1 << 30

// plain refuses what keep has not written: a link, or a pipe, which would keep who
// reads it for ever.
func plain(path string) error {
	info, err := os.Lstat(path)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > keptMost) {
		err = fmt.Errorf("%s is not what landlord keeps there", path)
	}
	return err
}

// readKept is what a file holds that keep wrote.
func readKept(path string) ([]byte, error) {
	if err := plain(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}
