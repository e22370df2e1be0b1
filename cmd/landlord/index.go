package main

import (
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
	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/blueprint"
)

// What `customer find` keeps in the folder of --dir. Both can be deleted at any
// time; nothing but find reads them.
const (
	lookFile  = "look.json"  // the organization as AWS was last seen to hold it
	indexFile = "find.index" // a line of indexHead, then a directory.Index
)

// indexFormat changes whenever an index of before must not be used.
const indexFormat = "1"

// indexHead tells what an index was made of. While that is the same, the index is
// the same.
type indexHead struct {
	Format    string    `json:"format"`
	File      string    `json:"file"`   // SHA-256 of the portfolio file
	Target    string    `json:"target"` // of the organization
	Flag      string    `json:"flag"`   // --target
	Seen      stamp     `json:"seen"`   // of the file that tells what the organization holds
	AsOf      time.Time `json:"as_of"`  // when that was read of AWS
	Customers int       `json:"customers"`
	Accounts  int       `json:"accounts"`
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

// source is the file that tells what the organization of a target holds.
func (p *program) source(target string) string {
	if target == portfolio.AWS {
		return filepath.Join(p.dir, lookFile)
	}
	return filepath.Join(p.dir, state)
}

// digestOf is the SHA-256 of a file, "" if it cannot be read.
func digestOf(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// index returns the index of the portfolio's customers and the organization's
// accounts: the one that is kept, if neither has changed since.
func (p *program) index(ctx context.Context, f *worldFlags, refresh bool) (directory.Index, indexHead, error) {
	if digest := digestOf(p.file); digest != "" && !refresh {
		if head, ix, is := p.kept(); is && head.File == digest && head.Flag == p.target && head.Seen != (stamp{}) && head.Seen == stampOf(p.source(head.Target)) {
			return ix, head, nil
		}
	}
	folio, err := p.load(nil)
	if err != nil {
		return nil, indexHead{}, err
	}
	seen, at, err := p.look(ctx, folio, f, refresh)
	if err != nil {
		return nil, indexHead{}, err
	}
	return p.keepIndex(folio, seen, at)
}

// keepIndex makes the index of what was seen at a time, and keeps it.
func (p *program) keepIndex(folio *portfolio.Portfolio, seen org.Organization, at time.Time) (directory.Index, indexHead, error) {
	target := folio.Organization.Target
	head := indexHead{indexFormat, p.digest, target, p.target, stampOf(p.source(target)), at, len(folio.Customers), len(seen.Accounts)}
	ix, err := directory.NewIndex(directory.Entries(folio, blueprint.From(folio).Owners(seen), seen))
	if err != nil {
		return nil, head, err
	}
	if line, err := json.Marshal(head); err == nil && head.File != "" && head.Seen != (stamp{}) {
		p.keep(indexFile, slices.Concat(line, []byte{'\n'}, ix))
	}
	return ix, head, nil
}

// kept is the index in the folder, if there is a sound one.
func (p *program) kept() (head indexHead, ix directory.Index, is bool) {
	text, err := os.ReadFile(filepath.Join(p.dir, indexFile))
	if err != nil {
		return head, nil, false
	}
	line, rest, _ := bytes.Cut(text, []byte{'\n'})
	if json.Unmarshal(line, &head) != nil || head.Format != indexFormat {
		return head, nil, false
	}
	return head, rest, true
}

// keptLook is a look at AWS, and when it was.
type keptLook struct {
	At           time.Time
	Organization org.Organization
}

// look is what the organization holds, and when that was read: of AWS the last
// look, unless there is none or it shall be read anew.
func (p *program) look(ctx context.Context, folio *portfolio.Portfolio, f *worldFlags, refresh bool) (org.Organization, time.Time, error) {
	if folio.Organization.Target == portfolio.AWS && !refresh {
		var last keptLook
		text, err := os.ReadFile(filepath.Join(p.dir, lookFile))
		if err == nil && json.Unmarshal(text, &last) == nil && owned(folio, last.Organization) == nil {
			return last.Organization, last.At, nil
		}
	}
	w, seen, err := p.observe(ctx, folio, f)
	if err != nil {
		return org.Organization{}, time.Time{}, err
	}
	return seen, time.Now(), w.Close()
}

// keepLook keeps a look at AWS for find, and the index that it makes.
func (p *program) keepLook(folio *portfolio.Portfolio, seen org.Organization) {
	now := time.Now()
	if text, err := json.Marshal(keptLook{now, seen}); err == nil {
		p.keep(lookFile, text)
		_, _, _ = p.keepIndex(folio, seen, now) // find makes it anew
	}
}

// keep writes a file in the folder of --dir, whole or not at all, for nobody else
// to read. One that cannot be written is missed by nobody: it is made anew.
func (p *program) keep(name string, text []byte) {
	if os.MkdirAll(p.dir, 0o700) == nil {
		_ = replace(filepath.Join(p.dir, name), text, 0o600)
	}
}
