package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"landlord/internal/clock"
	"landlord/portfolio"
	"landlord/service/store"
	"landlord/simaws"
)

// TestHouseHoldsTheLock: a command beside the house is told who is at work, and so
// is the house; a replica that is killed with the lock leaves it to the next.
func TestHouseHoldsTheLock(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, lock, place string }{
		{"in the folder", "", `/dir/111122223333\.lock`},
		{"in S3", "lock: \"s3://bucket/landlord.lock\", ", `s3://bucket/landlord\.lock`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFleetIn(t, t.TempDir(), simaws.Profile{Name: "slow", CreationMedian: 3 * time.Second, Read: time.Millisecond, Write: 15 * time.Millisecond, PolicyChange: 20 * time.Millisecond}, nil)
			bucket := httptest.NewServer(&objects{bodies: map[string][]byte{}, written: map[string]time.Time{}})
			t.Cleanup(bucket.Close)
			f.env = append(f.env, "AWS_ENDPOINT_URL_S3="+bucket.URL)
			text := func(n int) string {
				return strings.Replace(customersText(n), "{target: aws, ", "{target: aws, "+tt.lock, 1)
			}
			all := []*replica{f.serve(), f.serve()}
			run := f.pushText(all[0], `"0"`, text(2))
			f.until(run, func(_ store.Run, tally map[string]int) bool { return tally["create-account running"] > 0 })
			worker, other := all[0], all[1]
			if !strings.Contains(worker.logged(), `"msg":"run begins","run":"`+run+`"`) {
				worker, other = other, worker
			}
			file := filepath.Join(t.TempDir(), "portfolio.yaml")
			if err := os.WriteFile(file, []byte(text(3)), 0o600); err != nil {
				t.Fatal(err)
			}
			apply := func() (*exec.Cmd, *bytes.Buffer) {
				said := new(bytes.Buffer)
				c := exec.Command("landlord", "apply", "-f", file, "--pace", "off", "--yes")
				c.Env, c.Stdout, c.Stderr = f.env, said, said
				return c, said
			}
			c, said := apply()
			want := fmt.Sprintf(`landlord serve \(run %s\) of .* on .*, process %d, since 2.* UTC holds the lock .*%s\. Nothing was changed`, run, worker.Process.Pid, tt.place)
			if err := c.Run(); err == nil || !regexp.MustCompile(want).Match(said.Bytes()) {
				t.Errorf("beside the house apply ended with %v, want it to say %s:\n%s", err, want, said)
			}
			if err := worker.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			if came := f.until(run, over); came.State != store.RunDone {
				t.Errorf("the run of the killed replica came to %+v", came)
			}

			made := f.aws.Metrics().Calls["CreateAccount"]
			c, said = apply()
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			for f.aws.Metrics().Calls["CreateAccount"] == made {
				if err := clock.Real().Sleep(ctx, 5*time.Millisecond); err != nil {
					t.Fatalf("apply creates no account:\n%s", said)
				}
			}
			run = f.pushText(other, `"1"`, text(3))
			why := fmt.Sprintf(`^landlord apply of .* on .*, process %d, since 2.* UTC holds the lock .*%s$`, c.Process.Pid, tt.place)
			waits := f.until(run, func(r store.Run, _ map[string]int) bool {
				return r.Over() || r.State == store.RunWaiting && r.Next != nil && regexp.MustCompile(why).MatchString(r.Summary)
			})
			if waits.Over() || waits.Tries > 0 || waits.Failing != nil {
				t.Errorf("beside apply the run is %+v, want that it waits and says %s", waits, why)
			}
			if err := c.Wait(); err != nil {
				t.Errorf("apply ended with %v\n%s", err, said)
			}
			if came := f.until(run, over); came.State != store.RunDone {
				t.Errorf("after apply the run came to %+v", came)
			}
			for email, n := range f.accounts() {
				if n != 1 {
					t.Errorf("%s has %d accounts", email, n)
				}
			}
			if n := len(f.accounts()); n != 4 { // with the management account
				t.Errorf("there are %d accounts, want 3 and the management account", n)
			}
		})
	}
}

// TestHouseAloneHasNoLock: where the server alone changes the organization, a run of the
// house looks for no lock, whatever it would find, and the command line is refused one.
func TestHouseAloneHasNoLock(t *testing.T) {
	folio := &portfolio.Portfolio{Organization: portfolio.Organization{Target: portfolio.AWS, Management: "111122223333", Lock: byServer}}
	p := &program{dir: t.TempDir(), stderr: io.Discard}
	h := &house{p: p, locks: true, beside: p.dir, command: "serve"}
	lock, err := h.lock(t.Context(), folio, "r", func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Release(); err != nil {
		t.Error(err)
	}
	_, err = p.alone(t.Context(), folio, &lockFlags{take: true}, "apply")
	if err == nil || !strings.Contains(err.Error(), "`landlord push` asks it to") {
		t.Errorf("the command line got %v, want that it is refused", err)
	}
	if left, err := os.ReadDir(p.dir); err != nil || len(left) > 0 {
		t.Errorf("in the folder are %v (%v), want nothing", left, err)
	}
}
