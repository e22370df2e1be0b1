package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"landlord/internal/clock"
	"landlord/service/control"
	"landlord/service/postgres"
	"landlord/service/store"
	"landlord/simaws"
)

// replica is a `landlord serve` in a process of its own.
type replica struct {
	*exec.Cmd
	remote
	mu  sync.Mutex
	log bytes.Buffer
}

func (r *replica) logged() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.String()
}

// fleet is a database, a simulated AWS behind a port, and replicas.
type fleet struct {
	t        *testing.T
	dir      string // the database's
	database *postgres.Server
	url      string
	aws      *simaws.Server
	env      []string
	token    string
	key      string // the audit log's
	store    *store.Store
	replicas []*replica
}

// quick is an AWS that takes no time to speak of.
var quick = simaws.Profile{Name: "quick", CreationMedian: 200 * time.Millisecond, CreationSigma: 0.5, Read: time.Millisecond, Write: 15 * time.Millisecond, PolicyChange: 20 * time.Millisecond}

func newFleet(t *testing.T, faults *simaws.Faults) *fleet {
	t.Helper()
	return newFleetIn(t, t.TempDir(), quick, faults)
}

// newFleetIn has the database in a folder.
func newFleetIn(t *testing.T, dir string, profile simaws.Profile, faults *simaws.Faults) *fleet {
	t.Helper()
	from, err := postgres.Find()
	if err != nil {
		t.Fatal(err)
	}
	f := &fleet{t: t, dir: dir, key: filepath.Join(t.TempDir(), "audit.key")}
	f.database, err = postgres.Start(t.Context(), postgres.Options{Dir: dir, Roles: store.Roles(), From: from, Log: slog.New(slog.DiscardHandler), Throwaway: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.database.Stop() })
	if err := store.Prepare(t.Context(), f.database.URL(postgres.Superuser, "postgres"), databaseName); err != nil {
		t.Fatal(err)
	}
	owner := f.database.URL(store.OwnerRole, databaseName)
	if _, err := control.Migrate(t.Context(), owner, time.Now()); err != nil {
		t.Fatal(err)
	}
	at, err := pgx.ParseConfig(owner)
	if err != nil {
		t.Fatal(err)
	}
	if f.store, err = store.Open(t.Context(), store.Logins{Operator: f.database.URL(store.OperatorRole, databaseName), Customer: f.database.URL(store.CustomerRole, databaseName)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.store.Close)
	f.url = fmt.Sprintf("postgres:///%s?host=%s&port=%d", databaseName, at.Host, at.Port)
	f.aws, err = simaws.New(simaws.Config{
		Profile: profile, Seed: 1, Clock: clock.Real(), Organization: true, Faults: faults,
	})
	if err != nil {
		t.Fatal(err)
	}
	port := httptest.NewServer(f.aws)
	t.Cleanup(func() { port.Close(); f.aws.Close() })
	f.env = append(os.Environ(), "AWS_ENDPOINT_URL="+port.URL, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true", "DATABASE_URL="+f.url, "LANDLORD_DIR="+filepath.Join(t.TempDir(), "dir"), "LANDLORD_AUDIT_KEY="+f.key)
	c := exec.Command("landlord", "operator", "ada@example.com", "--token", "test")
	c.Env = f.env
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f.token = strings.TrimSpace(string(out))
	return f
}

// serve starts a replica and waits until it answers.
func (f *fleet) serve(flags ...string) *replica {
	f.t.Helper()
	r := &replica{Cmd: exec.Command("landlord", append([]string{"serve", "--listen", "127.0.0.1:0", "--pace", "off", "--creations-per-hour", "100000", "--check", "0"}, flags...)...)}
	r.Env = f.env
	stderr, err := r.StderrPipe()
	if err != nil {
		f.t.Fatal(err)
	}
	if err := r.Start(); err != nil {
		f.t.Fatal(err)
	}
	address := make(chan string, 1)
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			r.mu.Lock()
			r.log.Write(append(lines.Bytes(), '\n'))
			r.mu.Unlock()
			var said struct{ Msg, Listen string }
			if json.Unmarshal(lines.Bytes(), &said) == nil && said.Msg == "serving" {
				address <- said.Listen
			}
		}
	}()
	f.t.Cleanup(func() {
		_ = r.Process.Signal(syscall.SIGTERM)
		<-read
		if err := r.Wait(); err != nil && !strings.Contains(err.Error(), "killed") {
			f.t.Errorf("a replica ended with %v\n%s", err, r.logged())
		}
	})
	select {
	case a := <-address:
		base, err := serverAddress("http://" + a)
		if err != nil {
			f.t.Fatal(err)
		}
		r.remote = remote{base, f.token}
		f.replicas = append(f.replicas, r)
	case <-read:
		f.t.Fatalf("a replica does not start:\n%s", r.logged())
	}
	return r
}

// customersText is a portfolio of n customers in two tiers, on AWS.
func customersText(n int) string {
	var b strings.Builder
	b.WriteString("provider: {name: Example, account_email: \"aws+{customer}@landlord.example\"}\norganization: {target: aws, management_account: \"111122223333\"}\ncustomers:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - {key: c%d, name: Customer %d, tier: %s, contact: c%d@customer.example}\n", i, i, []string{"fintech", "standard"}[i%2], i)
	}
	return b.String()
}

// change is a text, with what it would change, as who pushes it was shown.
func change(t *testing.T, r *remote, text string) map[string]string {
	t.Helper()
	var shown struct{ Confirm string }
	if err := r.ask(t.Context(), http.MethodPost, "/portfolio/proposals", map[string]string{"text": text}, &shown); err != nil {
		t.Fatal(err)
	}
	return map[string]string{"text": text, "confirm": shown.Confirm}
}

// push makes n customers the portfolio, through r.
func (f *fleet) push(r *replica, base string, n int) (run string) {
	f.t.Helper()
	return f.pushText(r, base, customersText(n))
}

// pushText makes a text the portfolio, through r.
func (f *fleet) pushText(r *replica, base, text string) (run string) {
	f.t.Helper()
	var made struct{ Run string }
	if err := r.ask(f.t.Context(), http.MethodPut, "/portfolio", change(f.t, &r.remote, text), &made, "If-Match", base); err != nil {
		f.t.Fatal(err)
	}
	return made.Run
}

// until looks at a run until it is as wanted.
func (f *fleet) until(run string, as func(store.Run, map[string]int) bool) (one store.Run) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 60*time.Second)
	defer cancel()
	for {
		tally := map[string]int{}
		err := f.store.Operator(ctx, func(tx store.Tx) (err error) {
			if one, err = tx.Run(ctx, run); err != nil {
				return err
			}
			steps, err := tx.Steps(ctx, run, 0, 1000)
			for _, s := range steps {
				tally[s.Kind+" "+s.State]++
			}
			return err
		})
		if err == nil && as(one, tally) {
			return one
		}
		if clock.Real().Sleep(ctx, 20*time.Millisecond) != nil {
			for _, r := range f.replicas {
				f.t.Log(r.logged())
			}
			f.t.Fatalf("run %s is after 60 s %+v, %v (%v)", run, one, tally, err)
		}
	}
}

// open waits for a run that has not ended, and is its id.
func (f *fleet) open() (run string) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 30*time.Second)
	defer cancel()
	for {
		err := f.store.Operator(ctx, func(tx store.Tx) error {
			runs, err := tx.OpenRuns(ctx)
			if len(runs) > 0 {
				run = runs[0].ID
			}
			return err
		})
		if run != "" {
			return run
		}
		if clock.Real().Sleep(ctx, 5*time.Millisecond) != nil {
			f.t.Fatalf("no run is open after 30 s (%v)", err)
		}
	}
}

func over(r store.Run, _ map[string]int) bool { return r.Over() }

// accounts are the accounts beside the management account, by root address.
func (f *fleet) accounts() map[string]int {
	f.t.Helper()
	of := map[string]int{}
	for _, a := range f.aws.Truth().Accounts {
		of[strings.ToLower(a.Email)]++
	}
	return of
}

// TestReplicas: three replicas on one database, runs asked of each, AWS slow and its
// answers cut; the one that
// carries out an apply is killed in the middle, then the database. Nothing is lost,
// nothing made twice.
func TestReplicas(t *testing.T) {
	t.Parallel()
	f := newFleet(t, &simaws.Faults{Rules: []simaws.FaultRule{
		{Kind: simaws.SlowCreation, Rate: 0.2, For: 3 * time.Second},
		{Kind: simaws.CutAfter, Operation: "CreateAccount", Rate: 0.1},
		{Kind: simaws.Throttled, Rate: 0.02},
	}})
	all := []*replica{f.serve(), f.serve(), f.serve()}
	run := f.push(all[0], `"0"`, 15)
	var verifies []string
	for i := range 12 {
		var v remoteRun
		if err := all[i%3].ask(t.Context(), http.MethodPost, "/runs", map[string]string{"kind": "verify"}, &v); err != nil {
			t.Fatal(err)
		}
		verifies = append(verifies, v.ID)
	}
	f.until(run, func(_ store.Run, tally map[string]int) bool { return tally["create-account done"] >= 1 })
	var left []*replica
	for _, r := range all {
		if strings.Contains(r.logged(), `"msg":"run begins","run":"`+run+`"`) {
			if err := r.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			continue
		}
		left = append(left, r)
	}
	if len(left) != 2 {
		t.Fatalf("%d replicas are left, want 2: one carried out the run", len(left))
	}
	if came := f.until(run, over); came.State != "done" {
		t.Errorf("the run of the killed replica came to %+v", came)
	}
	for _, v := range verifies {
		if came := f.until(v, over); came.State != "done" {
			t.Errorf("verify came to %+v", came)
		}
	}
	taken := strings.Contains(left[0].logged()+left[1].logged(), "is taken up")
	if !taken {
		t.Error("nobody took the run up: it had ended before the kill")
	}

	run = f.push(left[0], `"1"`, 25)
	f.until(run, func(_ store.Run, tally map[string]int) bool { return tally["create-account done"] >= 1 })
	before := f.database.Process()
	if err := syscall.Kill(before, syscall.SIGQUIT); err != nil { // at once, as a crash
		t.Fatal(err)
	}
	if came := f.until(run, over); came.State != "done" {
		t.Errorf("the run that lost its database came to %+v", came)
	}
	if f.database.Process() == before {
		t.Error("the database was never gone")
	}
	made := f.accounts()
	if len(made) != 26 { // with the management account
		t.Errorf("there are %d accounts, want 25 and the management account", len(made))
	}
	for email, n := range made {
		if n != 1 {
			t.Errorf("%s has %d accounts", email, n)
		}
	}
}
