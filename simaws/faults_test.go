package simaws

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// faulty is a lab in which one thing goes wrong.
func faulty(t *testing.T, rules ...FaultRule) *lab {
	t.Helper()
	return newLab(t, "instant", Config{Seed: 1, Organization: true, Faults: &Faults{Rules: rules}})
}

// try sends a raw call and tells the exception, "cut" for a cut connection.
func (l *lab) try(operation, body string) string {
	l.t.Helper()
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", "AWSOrganizationsV20161128."+operation)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAADMIN/20270104/us-east-1/organizations/aws4_request, x")
	resp, _, err := l.RoundTrip(r)
	if err != nil {
		return "cut"
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		return "ok"
	}
	var f jsonFault
	if err := json.NewDecoder(resp.Body).Decode(&f); err != nil {
		l.t.Fatal(err)
	}
	return f.Type
}

func create(email string) string {
	return fmt.Sprintf(`{"Email":%q,"AccountName":"An account"}`, email)
}

// TestFaultsRefuse: what a call meets, whether it took effect all the same, and
// that the next one goes well.
func TestFaultsRefuse(t *testing.T) {
	for _, row := range []struct {
		kind   FaultKind
		want   string
		effect bool
	}{
		{CutBefore, "cut", false},
		{CutAfter, "cut", true},
		{ErrorBefore, "ServiceException", false},
		{ErrorAfter, "ServiceException", true},
		{Throttled, "TooManyRequestsException", false},
		{Concurrent, "ConcurrentModificationException", false},
		{Finalizing, "FinalizingOrganizationException", false},
		{QuotaExhausted, "ConstraintViolationException", false},
		{Expired, "ExpiredTokenException", false},
	} {
		l := faulty(t, FaultRule{Kind: row.kind, Operation: "Create*", Calls: []int{1}})
		if got := l.try("CreateAccount", create("a@x.example")); got != row.want {
			t.Errorf("%s: answered %q, want %q", row.kind, got, row.want)
		}
		if made := len(l.Truth().Accounts) == 2; made != row.effect {
			t.Errorf("%s: took effect: %t, want %t", row.kind, made, row.effect)
		}
		if got := l.try("CreateAccount", create("b@x.example")); got != "ok" {
			t.Errorf("%s: the call after it answered %q", row.kind, got)
		}
		if got := l.Metrics().Faults; !reflect.DeepEqual(got, map[string]int{string(row.kind): 1}) {
			t.Errorf("%s: counted %v", row.kind, got)
		}
	}
	l := faulty(t, FaultRule{Kind: PolicyChanges, Calls: []int{1}})
	if got := l.try("EnablePolicyType", fmt.Sprintf(`{"RootId":%q,"PolicyType":"SERVICE_CONTROL_POLICY"}`, l.Truth().Root)); got != "PolicyChangesInProgressException" {
		t.Errorf("policy-changes: answered %q", got)
	}
}

// TestFaultsGoOn: a refusal that lasts holds every call that its rule meets,
// and no other, until it is over.
func TestFaultsGoOn(t *testing.T) {
	l := faulty(t, FaultRule{Kind: Expired, Operation: "ListRoots", Calls: []int{2}, For: time.Minute})
	var got []string
	for range 4 {
		got = append(got, l.try("ListRoots", "{}"), l.try("ListAccounts", "{}"))
		l.clock.Advance(25 * time.Second)
	}
	want := []string{"ok", "ok", "ExpiredTokenException", "ok", "ExpiredTokenException", "ok", "ExpiredTokenException", "ok"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	l.clock.Advance(25 * time.Second)
	if got := l.try("ListRoots", "{}"); got != "ok" {
		t.Errorf("after a minute: %s", got)
	}
}

// TestCutOnThePort: over a port the connection ends without an answer.
func TestCutOnThePort(t *testing.T) {
	l := faulty(t, FaultRule{Kind: CutAfter, Rate: 1})
	port := httptest.NewServer(l)
	defer port.Close()
	r, err := http.NewRequestWithContext(t.Context(), "POST", port.URL, strings.NewReader(create("a@x.example")))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", "AWSOrganizationsV20161128.CreateAccount")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAADMIN/20270104/us-east-1/organizations/aws4_request, x")
	if resp, err := http.DefaultClient.Do(r); err == nil {
		resp.Body.Close()
		t.Errorf("answered %s", resp.Status)
	}
	if n := len(l.Truth().Accounts); n != 2 {
		t.Errorf("%d accounts, want 2: the call took effect", n)
	}
}

// TestSpoiledCreations: every FailureReason, a slow creation, and an account
// that nobody can enter yet.
func TestSpoiledCreations(t *testing.T) {
	reasons := FailureReasons()
	if want := types.CreateAccountFailureReason("").Values(); len(want) != len(reasons) || slices.ContainsFunc(want, func(r types.CreateAccountFailureReason) bool {
		return !slices.Contains(reasons, string(r))
	}) {
		t.Errorf("reasons %v, the SDK has %v", reasons, want)
	}
	for _, reason := range reasons {
		l := faulty(t, FaultRule{Kind: FailedCreation, Calls: []int{1}, Reason: reason})
		status := l.send("AKIAADMIN", "CreateAccount", create("a@x.example")).body["CreateAccountStatus"].(map[string]any)
		if status["State"] != "FAILED" || status["FailureReason"] != reason || len(l.Truth().Accounts) != 1 {
			t.Errorf("%s: %v", reason, status)
		}
	}
	seen := map[any]bool{}
	l := faulty(t, FaultRule{Kind: FailedCreation, Rate: 1})
	for i := range 300 {
		status := l.send("AKIAADMIN", "CreateAccount", create(fmt.Sprintf("a%d@x.example", i))).body["CreateAccountStatus"].(map[string]any)
		seen[status["FailureReason"]] = true
	}
	if len(seen) != len(reasons) {
		t.Errorf("drawn without a reason, %d of %d happen", len(seen), len(reasons))
	}

	l = faulty(t, FaultRule{Kind: SlowCreation, Calls: []int{1}, For: time.Hour})
	l.send("AKIAADMIN", "CreateAccount", create("a@x.example"))
	l.clock.Advance(59 * time.Minute)
	if n := len(l.Truth().Coming); n != 1 {
		t.Errorf("after 59 minutes %d accounts are coming, want 1", n)
	}
	l.clock.Advance(time.Minute)
	if n := len(l.Truth().Accounts); n != 2 {
		t.Errorf("after an hour there are %d accounts, want 2", n)
	}

	l = faulty(t, FaultRule{Kind: UnusableAccount, Calls: []int{1}, For: time.Minute})
	status := l.send("AKIAADMIN", "CreateAccount", create("a@x.example")).body["CreateAccountStatus"].(map[string]any)
	role := fmt.Sprintf("arn:aws:iam::%s:role/OrganizationAccountAccessRole", status["AccountId"])
	name := "test"
	enter := func() error {
		_, err := l.sts("AKIAADMIN").AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: &name})
		return err
	}
	if err := enter(); err == nil || !strings.Contains(err.Error(), "AccessDenied") {
		t.Errorf("a new account can be entered: %v", err)
	}
	l.clock.Advance(time.Minute)
	if err := enter(); err != nil {
		t.Errorf("after a minute it cannot: %v", err)
	}
}

// TestStaleReads: a read may not show the last writes, never shows what was
// not, and shows all once they are old enough. The truth does not lag.
func TestStaleReads(t *testing.T) {
	l := faulty(t, FaultRule{Kind: StaleRead, Operation: "ListAccounts", Rate: 1, For: 10 * time.Second})
	count := func() int { return len(l.send("AKIAADMIN", "ListAccounts", "{}").body["Accounts"].([]any)) }
	stale := false
	for i := range 15 { // one page
		l.send("AKIAADMIN", "CreateAccount", create(fmt.Sprintf("a%d@x.example", i)))
		if n := len(l.Truth().Accounts); n != i+2 {
			t.Fatalf("the truth has %d accounts, want %d", n, i+2)
		}
		l.clock.Advance(time.Second)
		n := count()
		if n > i+2 || n < i+2-10 {
			t.Fatalf("%d accounts are shown, of %d", n, i+2)
		}
		stale = stale || n < i+2
	}
	if !stale {
		t.Error("no read was stale")
	}
	l.clock.Advance(11 * time.Second)
	if n := count(); n != 16 {
		t.Errorf("long after, %d accounts are shown, want 16", n)
	}
}

// TestFlappingState: a closed account shows as active now and then, for a while.
func TestFlappingState(t *testing.T) {
	l := faulty(t, FaultRule{Kind: FlappingState, Rate: 1, For: time.Minute})
	id := l.send("AKIAADMIN", "CreateAccount", create("a@x.example")).body["CreateAccountStatus"].(map[string]any)["AccountId"]
	l.send("AKIAADMIN", "CloseAccount", fmt.Sprintf(`{"AccountId":%q}`, id))
	shown := func() map[any]int {
		states := map[any]int{}
		for range 40 {
			states[l.send("AKIAADMIN", "DescribeAccount", fmt.Sprintf(`{"AccountId":%q}`, id)).body["Account"].(map[string]any)["State"]]++
		}
		return states
	}
	if got := shown(); got["ACTIVE"] == 0 || got["CLOSED"] == 0 {
		t.Errorf("shown as %v, want both", got)
	}
	l.clock.Advance(time.Minute)
	if got := shown(); got["CLOSED"] != 40 {
		t.Errorf("a minute later shown as %v", got)
	}
}

// TestSameFaults: the same calls meet the same faults, other seeds others, and
// a reset begins anew; what the state file says is what the truth is.
func TestSameFaults(t *testing.T) {
	run := func(l *lab) (answers []string) {
		for i := range 300 {
			answers = append(answers, l.try("CreateAccount", create(fmt.Sprintf("a%d@x.example", i))), l.try("ListAccounts", "{}"))
			l.clock.Advance(5 * time.Second)
		}
		return answers
	}
	state := filepath.Join(t.TempDir(), "state.jsonl")
	cfg := Config{Seed: 7, Organization: true, Faults: FaultsAt(0.3, profiles[0]), State: state}
	l := newLab(t, "instant", cfg)
	first := run(l)
	truth := l.Truth()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	again := newLab(t, "instant", cfg)
	again.clock.MoveTo(truth.Seen)
	if got := again.Truth(); !reflect.DeepEqual(got, truth) {
		t.Errorf("the state says %+v, the truth was %+v", got, truth)
	}
	cfg.State = ""
	other := newLab(t, "instant", cfg)
	if got := run(other); !slices.Equal(got, first) {
		t.Error("the same calls met other faults")
	}
	if err := other.reset(); err != nil {
		t.Fatal(err)
	}
	if got := run(other); !slices.Equal(got, first) {
		t.Error("after a reset the same calls met other faults")
	}
	cfg.Seed = 8
	if got := run(newLab(t, "instant", cfg)); slices.Equal(got, first) {
		t.Error("another seed met the same faults")
	}
}

// TestDuplicateEmails: an endpoint that accepts one e-mail twice, if asked to.
func TestDuplicateEmails(t *testing.T) {
	for _, accepts := range []bool{false, true} {
		l := newLab(t, "instant", Config{Seed: 1, Organization: true, Faults: &Faults{DuplicateEmails: accepts}})
		l.try("CreateAccount", create("a@x.example"))
		l.try("CreateAccount", create("A@x.example"))
		if got := len(l.Truth().Accounts) == 3; got != accepts {
			t.Errorf("accepts %t: made two: %t", accepts, got)
		}
	}
}

func TestFaultFile(t *testing.T) {
	f, err := ParseFaults("f.yaml", []byte("accepts_duplicate_emails: true\nrules:\n  - {kind: cut-after, operation: Create*, calls: [2, 3]}\n  - {kind: stale-read, rate: 0.5, for: 20s}\n"))
	want := &Faults{DuplicateEmails: true, Rules: []FaultRule{
		{Kind: CutAfter, Operation: "Create*", Calls: []int{2, 3}}, {Kind: StaleRead, Rate: 0.5, For: 20 * time.Second},
	}}
	if err != nil || !reflect.DeepEqual(f, want) {
		t.Errorf("got %+v, %v", f, err)
	}
	if f, err := ParseFaults("f.json", []byte(`{"rules": [{"kind": "throttled", "rate": 0.1}]}`)); err != nil || len(f.Rules) != 1 {
		t.Errorf("JSON: %+v, %v", f, err)
	}
	for text, want := range map[string]string{
		"rules:\n  - kind: cut-after\n    rate: 1\n  - kind: cut\n    rate: 1\n": `f.yaml:4: rule 2: kind "cut": want one of cut-before`,
		"rules: [{kind: cut-after}]":                                    "f.yaml:1: rule 1: it never happens",
		"rules: [{kind: cut-after, rate: 2}]":                           "rate 2: want 0 to 1",
		"rules: [{kind: cut-after, rate: .nan}]":                        "rate NaN: want 0 to 1",
		"rules: [{kind: cut-after, calls: [0]}]":                        "the first call is 1",
		"rules: [{kind: cut-after, rate: 1, for: -1s}]":                 "for -1s: want 0 to 1000h",
		"rules: [{kind: stale-read, rate: 1}]":                          "needs how long: for: 2m",
		"rules: [{kind: finalizing, rate: 1, operation: ListRoots}]":    `operation "ListRoots": no operation of that name can have a finalizing`,
		"rules: [{kind: cut-after, rate: 1, operation: '['}]":           `operation "["`,
		"rules: [{kind: failed-creation, rate: 1, reason: BAD_LUCK}]":   `reason "BAD_LUCK": want one of`,
		"rules: [{kind: cut-after, rate: 1, reason: INTERNAL_FAILURE}]": `reason "INTERNAL_FAILURE": want one of a failed-creation`,
		"rule: []":  "f.yaml",
		"rules: []": "nothing would go wrong",
		"rules: [{kind: cut-after, rate: often}]": "f.yaml",
	} {
		if _, err := ParseFaults("f.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n\tgot %v, want %q", text, err, want)
		}
	}
}

// TestRateIsTheRate: in every profile, of each operation's calls the share that
// was asked for meets a fault, for any random seed; of every kind that can hit
// them, as often as the others.
func TestRateIsTheRate(t *testing.T) {
	const rounds = 300
	for _, name := range Profiles() {
		for _, rate := range []float64{0.05, 0.3} {
			kinds, wanted := map[FaultKind]float64{}, map[FaultKind]float64{}
			for seed := uint64(1); seed <= 5; seed++ {
				p, _ := ProfileNamed(name)
				l := newLab(t, name, Config{Seed: seed, Organization: true, Faults: FaultsAt(rate, p)})
				root, hit := l.Truth().Root, map[string]float64{}
				for i := range rounds {
					for _, said := range [][2]string{
						{"EnablePolicyType", fmt.Sprintf(`{"RootId":%q,"PolicyType":"SERVICE_CONTROL_POLICY"}`, root)},
						{"CreateAccount", create(fmt.Sprintf("a%d@x.example", i))},
						{"ListAccounts", "{}"},
						{"AttachPolicy", fmt.Sprintf(`{"PolicyId":"p-FullAWSAccess","TargetId":%q}`, root)},
						{"CloseAccount", `{"AccountId":"999999999999"}`},
					} {
						operation := said[0]
						before := l.Metrics().Faults
						l.try(operation, said[1])
						l.clock.Advance(time.Millisecond)
						for kind, n := range l.Metrics().Faults {
							hit[operation] += float64(n - before[kind])
							kinds[FaultKind(kind)] += float64(n - before[kind])
						}
						can := hitting(&call{service: organizationsService, operation: operation})
						for _, kind := range can {
							wanted[kind] += rate / float64(len(can))
						}
					}
				}
				for operation, n := range hit {
					if want := rate * rounds; math.Abs(n-want) > 5*math.Sqrt(want) {
						t.Errorf("%s, seed %d: %v of %d calls of %s met a fault, want about %v", name, seed, n, rounds, operation, want)
					}
				}
			}
			for _, kind := range FaultKinds() {
				if n, want := kinds[kind], wanted[kind]; math.Abs(n-want) > 5*math.Sqrt(want) {
					t.Errorf("%s, rate %v: %v times %s, want about %.0f", name, rate, n, kind, want)
				}
			}
		}
	}
}

// TestCreationsGoOnUnderFaults: where no time passes, all but the share of
// creations that was asked for is accepted, however fast a client asks.
func TestCreationsGoOnUnderFaults(t *testing.T) {
	for seed := uint64(1); seed <= 20; seed++ {
		l := newLab(t, "instant", Config{Seed: seed, Organization: true, Faults: FaultsAt(0.05, profiles[0])})
		const calls = 600
		refused := 0
		for i := range calls {
			if l.try("CreateAccount", create(fmt.Sprintf("a%d@x.example", i))) != "ok" {
				refused++
			}
			l.clock.Advance(time.Millisecond)
		}
		if refused > calls/10 {
			t.Errorf("seed %d: %d of %d creations were refused, want about one in twenty", seed, refused, calls)
		}
	}
}

// TestFaultsAreChecked: what cannot be is refused when the server is made.
func TestFaultsAreChecked(t *testing.T) {
	for name, f := range map[string]*Faults{
		"a rule of no kind":  {Rules: []FaultRule{{Kind: "none"}}},
		"a rate above 1":     {Rate: 1.5},
		"nothing that lasts": {Rate: 0.5},
	} {
		if _, err := New(Config{Faults: f}); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
