package simaws

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"landlord/internal/limits"
)

func createBody(name string) string {
	return fmt.Sprintf(`{"Email":"%s@example.com","AccountName":%q}`, name, name)
}

// TestFiveCreationsAtOnce checks the limit, and that the slot of a creation is
// free at the moment it ends.
func TestFiveCreationsAtOnce(t *testing.T) {
	l := newLab(t, "typical", Config{Seed: 1, Organization: true})
	l.world.profile.Throttle = false
	var ends []time.Time
	for i := 1; i <= limits.CreationsInFlight; i++ {
		l.must("CreateAccount", createBody(fmt.Sprint("c", i)))
		ends = append(ends, start.Add(l.world.profile.CreationLatency(1, i)))
	}
	got := l.send("AKIAADMIN", "CreateAccount", createBody("sixth"))
	if got.code != "TooManyRequestsException" || !strings.Contains(fmt.Sprint(got.body["Message"]), "another request is already in progress") {
		t.Errorf("a sixth creation: %s %v", got.code, got.body["Message"])
	}
	first := slices.MinFunc(ends, time.Time.Compare)
	l.clock.MoveTo(first.Add(-time.Nanosecond))
	if got := l.send("AKIAADMIN", "CreateAccount", createBody("sixth")); got.code != "TooManyRequestsException" {
		t.Errorf("just before a slot is free: %q", got.code)
	}
	l.clock.MoveTo(first)
	l.must("CreateAccount", createBody("sixth"))
	if got := l.send("AKIAADMIN", "CreateAccount", createBody("C1")); got.code != "TooManyRequestsException" {
		t.Errorf("five are in flight again: %q", got.code)
	}
}

// TestCreationsThatFail checks that AWS says so only at the end.
func TestCreationsThatFail(t *testing.T) {
	l := newLab(t, "typical", Config{Seed: 1, Organization: true, ManagementEmail: "boss@example.com"})
	l.world.profile.Throttle = false
	old := l.account("old")
	l.world.profile.Closing = 0
	l.must("CloseAccount", `{"AccountId":"`+old+`"}`)
	l.must("CreateAccount", createBody("new"))
	for _, row := range []struct{ name, email, want string }{
		{"the e-mail of a closed account, in capitals", "OLD@example.com", "EMAIL_ALREADY_EXISTS"},
		{"the management account's e-mail", "boss@example.com", "EMAIL_ALREADY_EXISTS"},
		{"the e-mail of a creation in flight", "New@example.com", "CONCURRENT_ACCOUNT_MODIFICATION"},
		{"an e-mail with characters that AWS does not take", "a,b@example.com", "INVALID_EMAIL"},
	} {
		got := l.send("AKIAADMIN", "CreateAccount", fmt.Sprintf(`{"Email":%q,"AccountName":"x"}`, row.email))
		if state := dig(got.body, "CreateAccountStatus", "State"); state != "IN_PROGRESS" {
			t.Errorf("%s: at first %q %s, want IN_PROGRESS", row.name, state, got.code)
		}
		id := fmt.Sprintf(`{"CreateAccountRequestId":%q}`, dig(got.body, "CreateAccountStatus", "Id"))
		c := l.world.creationList.items[l.world.creationList.len()-1]
		if got := l.must("DescribeCreateAccountStatus", id, "CreateAccountStatus", "FailureReason"); got != "" {
			t.Errorf("%s: fails at once with %s", row.name, got)
		}
		if c.Failure != row.want {
			t.Errorf("%s: will fail with %q, want %q", row.name, c.Failure, row.want)
		}
	}
	l.clock.Advance(time.Hour)
	got := l.send("AKIAADMIN", "ListCreateAccountStatus", `{"States":["FAILED"]}`)
	if list, _ := got.body["CreateAccountStatuses"].([]any); len(list) != 4 {
		t.Errorf("%d failed creations are listed, want 4", len(list))
	}
	if got := l.must("ListCreateAccountStatus", `{"States":["IN_PROGRESS"]}`, "CreateAccountStatuses", "Id"); got != "" {
		t.Errorf("%s is in progress after an hour", got)
	}
}

func TestCreationLatency(t *testing.T) {
	for _, row := range []struct {
		profile string
		median  time.Duration
		spread  float64 // of the p95 to the median, without the tail
	}{{"typical", 45 * time.Second, 4}, {"reference", 80 * time.Second, math.Exp(1.645 * 0.2)}, {"instant", 0, 1}} {
		p, err := ProfileNamed(row.profile)
		if err != nil {
			t.Fatal(err)
		}
		var all []time.Duration
		for i := 1; i <= 20_000; i++ {
			d := p.CreationLatency(7, i)
			if d != p.CreationLatency(7, i) {
				t.Fatalf("%s: creation %d takes two times", row.profile, i)
			}
			all = append(all, d)
		}
		slices.Sort(all)
		median, p95 := all[len(all)/2].Seconds(), all[len(all)*95/100].Seconds()
		if math.Abs(median-row.median.Seconds()) > 0.03*row.median.Seconds() || math.Abs(p95-row.spread*median) > 0.06*p95 {
			t.Errorf("%s: median %.1f s, p95 %.1f s; want %v and %.2f times that", row.profile, median, p95, row.median, row.spread)
		}
	}
}

// TestThrottles checks AWS's published bucket of creations: three at once, then
// one every ten seconds, to the nanosecond.
func TestThrottles(t *testing.T) {
	l := newLab(t, "typical", Config{Seed: 1, Organization: true})
	l.world.profile.CreationMedian = 0
	for i := range 3 {
		l.must("CreateAccount", createBody(fmt.Sprint("c", i)))
	}
	if got := l.send("AKIAADMIN", "CreateAccount", createBody("d")); got.code != "TooManyRequestsException" || got.took != l.world.profile.Read {
		t.Errorf("a fourth creation: %q in %v, want a throttle as fast as a read", got.code, got.took)
	}
	l.clock.Advance(10*time.Second - 1)
	if got := l.send("AKIAADMIN", "CreateAccount", createBody("d")); got.code != "TooManyRequestsException" {
		t.Errorf("just before ten seconds: %q", got.code)
	}
	l.clock.Advance(1)
	l.must("CreateAccount", createBody("d"))
	l.clock.Advance(time.Hour)
	for i := range 3 {
		l.must("CreateAccount", createBody(fmt.Sprint("e", i)))
	}
	if got := l.send("AKIAADMIN", "CreateAccount", createBody("f")); got.code != "TooManyRequestsException" {
		t.Errorf("an hour fills the bucket with three, not more: %q", got.code)
	}
	m := l.Metrics()
	if m.Calls["CreateAccount"] != 10 || m.Throttled["CreateAccount"] != 3 {
		t.Errorf("metrics count %d calls and %d throttles, want 10 and 3", m.Calls["CreateAccount"], m.Throttled["CreateAccount"])
	}
}

// TestPolicyChangesAreOneAtATime checks that AWS's serialization is seen, and
// ends with the call that it waits for.
func TestPolicyChangesAreOneAtATime(t *testing.T) {
	l := newLab(t, "typical", Config{Seed: 1, Organization: true})
	l.enable()
	body := func(name string) string {
		return fmt.Sprintf(`{"Name":%q,"Description":"","Type":"SERVICE_CONTROL_POLICY","Content":%q}`, name, denyLeaving)
	}
	if got := l.send("AKIAADMIN", "CreatePolicy", body("a")); got.code != "ConcurrentModificationException" {
		t.Errorf("while a type is being enabled: %q", got.code)
	}
	l.clock.Advance(l.world.profile.PolicyChange)
	l.must("CreatePolicy", body("a"))
	l.clock.Advance(l.world.profile.PolicyChange - 1)
	if got := l.send("AKIAADMIN", "CreatePolicy", body("b")); got.code != "ConcurrentModificationException" {
		t.Errorf("just before the first ends: %q", got.code)
	}
	l.clock.Advance(1)
	l.must("CreatePolicy", body("b"))
	l.unit(l.root(), "not a policy")
}

func TestClosingTakesItsTime(t *testing.T) {
	l := newLab(t, "typical", Config{Seed: 1, Organization: true})
	id := l.account("acme")
	l.must("CloseAccount", `{"AccountId":"`+id+`"}`)
	state := func() string { return l.must("DescribeAccount", `{"AccountId":"`+id+`"}`, "Account", "State") }
	if got := state(); got != "PENDING_CLOSURE" {
		t.Errorf("at first %s, want PENDING_CLOSURE", got)
	}
	if got := l.send("AKIAADMIN", "CloseAccount", `{"AccountId":"`+id+`"}`); got.code != "TooManyRequestsException" {
		t.Errorf("closing again at once: %q", got.code)
	}
	l.clock.Advance(20 * time.Second)
	if got := l.send("AKIAADMIN", "CloseAccount", `{"AccountId":"`+id+`"}`); got.code != "ConflictException" {
		t.Errorf("closing again: %q", got.code)
	}
	l.clock.Advance(l.world.profile.Closing)
	if got := state(); got != "CLOSED" {
		t.Errorf("in the end %s, want CLOSED", got)
	}
}

// TestDateIsTheSimulatedClocks checks the time that clients take for AWS's own:
// when the answer leaves.
func TestDateIsTheSimulatedClocks(t *testing.T) {
	l := newLab(t, "reference", Config{Seed: 1, Organization: true})
	got := l.send("AKIAADMIN", "CreateOrganizationalUnit", fmt.Sprintf(`{"ParentId":%q,"Name":"u"}`, l.root()))
	if want := start.Add(18 * time.Second).Format("Mon, 02 Jan 2006 15:04:05 GMT"); got.took != 18*time.Second || got.header.Get("Date") != want {
		t.Errorf("took %v, Date %s; want 18s, %s", got.took, got.header.Get("Date"), want)
	}
}

// TestSameSeedSameBytes runs one story twice.
func TestSameSeedSameBytes(t *testing.T) {
	story := func() string {
		var b strings.Builder
		l := newLab(t, "typical", Config{Seed: 5, Organization: true})
		for i := range 8 {
			for _, call := range []struct{ operation, body string }{
				{"CreateAccount", createBody(fmt.Sprint("c", i))}, {"ListAccounts", "{}"}, {"ListCreateAccountStatus", "{}"}, {"ListRoots", "{}"},
			} {
				got := l.send("AKIAADMIN", call.operation, call.body)
				fmt.Fprintln(&b, got.header, got.took, got.body)
			}
			l.clock.Advance(12 * time.Second)
		}
		return b.String()
	}
	if a, b := story(), story(); a != b {
		t.Errorf("two runs differ:\n%s\n%s", a, b)
	}
}
