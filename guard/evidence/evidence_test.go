package evidence

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"landlord/guard/compliance"
	"landlord/org"
)

const acme, quantum = org.AccountID("222233334444"), org.AccountID("555566667777")

func finding(account org.AccountID, n int) compliance.Finding {
	return compliance.Finding{
		Name: "s3.versioning", Account: account, Region: "us-east-1", Resource: fmt.Sprint("bucket-", n), Status: compliance.Pass,
		At: time.Date(2026, 11, 1, 0, 0, n, 0, time.UTC), Method: compliance.ByCalls, UID: fmt.Sprint(n), Hash: hex.EncodeToString(make([]byte, 32)),
	}
}

// take imports findings as one file.
func take(t *testing.T, dir, file string, all ...compliance.Finding) (Manifest, error) {
	t.Helper()
	b, err := Open(dir).Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Discard()
	for _, f := range all {
		if err := b.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	sum := sha256.Sum256([]byte(file))
	return b.Commit(Manifest{Digest: hex.EncodeToString(sum[:]), File: file})
}

// kept are the findings of an account.
func kept(dir string, account org.AccountID) (all []compliance.Finding, err error) {
	for f, err := range Open(dir).Of(account) {
		if err != nil {
			return all, err
		}
		all = append(all, f)
	}
	return all, nil
}

// TestKept checks that what was taken in comes back, of its account only, and what
// stands twice in a file once.
func TestKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "findings")
	if all, err := kept(dir, acme); err != nil || len(all) != 0 {
		t.Errorf("a folder that is not there holds %v, %v", all, err)
	}
	m, err := take(t, dir, "a", finding(acme, 1), finding(quantum, 2), finding(acme, 1), finding(acme, 3))
	if err != nil || m.Findings != 3 || m.Duplicates != 1 || m.Accounts != 2 {
		t.Fatalf("took in %+v, %v", m, err)
	}
	all, err := kept(dir, acme)
	if err != nil || len(all) != 2 || all[0] != finding(acme, 1) || all[1] != finding(acme, 3) {
		t.Errorf("of acme %+v, %v", all, err)
	}
	if old, err := take(t, dir, "a", finding(acme, 9)); !errors.Is(err, ErrKnown) || old.Findings != 3 {
		t.Errorf("the same file again: %+v, %v", old, err)
	}
	if _, err := take(t, dir, "b", finding(acme, 4)); err != nil {
		t.Fatal(err)
	}
	if all, err := kept(dir, acme); err != nil || len(all) != 3 {
		t.Errorf("after two files %d findings of acme, %v", len(all), err)
	}
	if n, imports, err := Open(dir).Count(acme); n != 3 || imports != 2 || err != nil {
		t.Errorf("counts %d findings of %d imports, %v", n, imports, err)
	}
}

// TestNothingHalfDone checks that an import that ends anywhere before its manifest
// counts for nothing, leaves nothing in the way and can be made again.
func TestNothingHalfDone(t *testing.T) {
	dir := t.TempDir()
	m, err := take(t, dir, "a", finding(acme, 1), finding(quantum, 2))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, importsDir, m.ID+".json")); err != nil { // as if killed just before
		t.Fatal(err)
	}
	for _, account := range []org.AccountID{acme, quantum} {
		if all, err := kept(dir, account); err != nil || len(all) != 0 {
			t.Errorf("an import without its manifest counts: %v, %v", all, err)
		}
	}
	if _, err := take(t, dir, "a", finding(acme, 1), finding(quantum, 2)); err != nil {
		t.Fatal(err)
	}
	if all, err := kept(dir, acme); err != nil || len(all) != 1 {
		t.Errorf("made again: %v, %v", all, err)
	}
	b, err := Open(dir).Begin()
	if err != nil {
		t.Fatal(err)
	}
	_ = b.Add(finding(acme, 7))
	b.Discard()
	if left, _ := filepath.Glob(filepath.Join(dir, ".import-*")); len(left) > 0 {
		t.Errorf("a discarded import leaves %v", left)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*", ".new-*")); len(left) > 0 {
		t.Errorf("files that have no name yet are left: %v", left)
	}
}

// TestAnyChangeIsFound flips each byte of what is kept, and cuts it off at each:
// the reading ends with an error, never with other findings.
func TestAnyChangeIsFound(t *testing.T) {
	dir := t.TempDir()
	m, err := take(t, dir, "a", finding(acme, 1), finding(acme, 2))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, string(acme), m.ID+lines)
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, text []byte) {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		all, err := kept(dir, acme)
		if err == nil && (len(all) != 2 || all[0] != finding(acme, 1) || all[1] != finding(acme, 2)) {
			t.Errorf("%s: read %v and no error", what, all)
		}
	}
	for i := range whole {
		changed := append([]byte(nil), whole...)
		changed[i] ^= 1
		try(fmt.Sprintf("byte %d changed", i), changed)
		try(fmt.Sprintf("cut off at %d", i), whole[:i])
	}
	if err := os.WriteFile(name, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, string(quantum))
	if err := os.MkdirAll(other, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(other, m.ID+lines), whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if all, err := kept(dir, quantum); err == nil || len(all) > 0 {
		t.Errorf("acme's file in quantum's folder is read: %v, %v", all, err)
	}
}

// TestMoreThanWaits takes in more than is kept in memory, of many accounts.
func TestMoreThanWaits(t *testing.T) {
	dir := t.TempDir()
	var all []compliance.Finding
	const accounts, each = 40, 1500
	for i := range accounts {
		for n := range each {
			all = append(all, finding(org.AccountID(fmt.Sprintf("%012d", i)), n))
		}
	}
	m, err := take(t, dir, "a", all...)
	if err != nil || m.Findings != accounts*each || m.Accounts != accounts {
		t.Fatalf("took in %+v, %v", m, err)
	}
	if got, err := kept(dir, "000000000007"); err != nil || len(got) != each {
		t.Errorf("of one account %d findings, %v", len(got), err)
	}
}

// TestScans keeps what a scan found of an account as a whole, and reads it with
// what was imported.
func TestScans(t *testing.T) {
	dir := t.TempDir()
	f := Open(dir)
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	found := []compliance.Finding{{Name: "s3.versioning", Account: "222233334444", Resource: "arn:aws:s3:::a", Status: compliance.Fail, At: at, Method: compliance.ByCalls, Hash: "00",
		Reason: "versioning is off", Evidence: &compliance.Evidence{Calls: []compliance.Call{{Operation: "s3:GetBucketVersioning", At: at, SHA256: "00"}}, Population: 1, Evaluator: "1", Mapping: "m"}}}
	if _, is, err := f.Kept("one", "222233334444"); is || err != nil {
		t.Errorf("nothing is there: %v, %v", is, err)
	}
	for range 2 { // again without harm
		if err := f.Keep("one", "222233334444", found); err != nil {
			t.Fatal(err)
		}
	}
	got, is, err := f.Kept("one", "222233334444")
	if !is || err != nil || !reflect.DeepEqual(got, found) {
		t.Errorf("kept %+v, %v, %v", got, is, err)
	}
	n := 0
	for one, err := range Open(dir).Of("222233334444") {
		if err != nil || one.Reason != "versioning is off" {
			t.Errorf("%+v, %v", one, err)
		}
		n++
	}
	if n != 1 {
		t.Errorf("%d findings", n)
	}
	if err := f.Keep("two", "999999999999", found); err == nil {
		t.Error("another account's finding is kept")
	}
	if _, is, err := f.Kept("two", "999999999999"); is || err != nil {
		t.Errorf("half of it is there: %v, %v", is, err)
	}
	name := filepath.Join(dir, "222233334444", "scan-one.jsonl.gz")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	for end := range text {
		if err := os.WriteFile(name, text[:end], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := f.Kept("one", "222233334444"); err == nil {
			t.Fatalf("cut off at byte %d of %d, it is believed", end, len(text))
		}
	}
	var changed bytes.Buffer
	w := gzip.NewWriter(&changed)
	w.Write(bytes.Replace(plain, []byte(`"fail"`), []byte(`"pass"`), 1))
	w.Close()
	if err := os.WriteFile(name, changed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Kept("one", "222233334444"); err == nil {
		t.Error("a finding that was changed is believed")
	}
}

// TestResume finds the scan that was stopped: of the same settings, not ended, not
// old.
func TestResume(t *testing.T) {
	f := Open(t.TempDir())
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	old := ScanAt(at.Add(-30*time.Hour), nil, "a")
	ended := ScanAt(at.Add(-2*time.Hour), nil, "a")
	ended.Ended = at
	stopped := ScanAt(at.Add(-3*time.Hour), []org.AccountID{"222233334444"}, "a")
	other := ScanAt(at.Add(-time.Hour), nil, "b")
	if _, is, err := f.Resume("a", at); is || err != nil {
		t.Errorf("nothing is there: %v, %v", is, err)
	}
	for _, s := range []Scan{old, ended, stopped, other} {
		if err := f.Note(s); err != nil {
			t.Fatal(err)
		}
	}
	got, is, err := f.Resume("a", at.Add(-24*time.Hour))
	if !is || err != nil || !reflect.DeepEqual(got, stopped) {
		t.Errorf("%+v, %v, %v", got, is, err)
	}
	stopped.Ended = at
	if err := f.Note(stopped); err != nil {
		t.Fatal(err)
	}
	if got, is, err := f.Resume("a", at.Add(-24*time.Hour)); is || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
}
