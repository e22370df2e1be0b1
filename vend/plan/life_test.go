package plan_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"landlord/directory"
	"landlord/guard/guardrail"
	"landlord/org"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
)

// stillSuspended fails the test if an account that was suspended, by tag or by
// policy, is not so any more.
func stillSuspended(t *testing.T, seed uint64, before, after org.Organization) {
	t.Helper()
	for _, a := range before.Accounts {
		if _, tagged, denied := plan.Suspension(before, a); !tagged && !denied || a.Tags[org.TagCustomer] == "" {
			continue
		}
		if _, tagged, denied := plan.Suspension(after, *account(after, plan.Ref(a.ID))); !tagged || !denied {
			t.Errorf("seed %d: account %s was suspended; after a plan of apply it is tagged: %t, denied: %t", seed, a.ID, tagged, denied)
		}
	}
}

// settled is an organization as wanted.
func settled(t *testing.T, seed uint64) (blueprint.Blueprint, org.Organization) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 2))
	_, want := wanted(r)
	for len(want.Customers) == 0 {
		_, want = wanted(r)
	}
	have := drifted(r, want)
	p, err := plan.Make(want, have, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	have = after(t, want, have, p.Steps, shuffled(r, p.Steps))
	have.Seen = time.Date(2026, 1, 19, 9, 0, 0, 0, time.UTC)
	return want, have
}

// TestSuspensionStoppedAnywhere stops a suspension and its end after each number
// of steps. What apply does next leaves the account wholly suspended, or never
// touched; the command run again ends what it began.
func TestSuspensionStoppedAnywhere(t *testing.T) {
	for seed := range uint64(40) {
		want, have := settled(t, seed)
		r := rand.New(rand.NewPCG(seed, 3))
		key := want.Customers[r.IntN(len(want.Customers))].Key
		state := func(o org.Organization) (tagged, denied bool) {
			a, err := plan.AccountOf(want, o, key)
			if err != nil {
				t.Fatal(err)
			}
			_, tagged, denied = plan.Suspension(o, a)
			return tagged, denied
		}
		again := func(o org.Organization, make func() (*plan.Plan, error)) org.Organization {
			p, err := make()
			if err != nil {
				t.Fatal(err)
			}
			return after(t, want, o, p.Steps, shuffled(r, p.Steps))
		}
		if tagged, _ := state(have); tagged { // by chance: begin without
			have = again(have, func() (*plan.Plan, error) { return plan.Resume(want, have, key) })
		}
		p, err := plan.Suspend(want, have, key)
		if a, _ := plan.AccountOf(want, have, key); full(have, string(a.ID)) {
			if err == nil || !strings.Contains(err.Error(), "detach 1 of them first") {
				t.Errorf("seed %d: account %s carries as many policies as AWS lets; suspending it plans %+v, %v", seed, a.ID, p, err)
			}
			account(have, plan.Ref(a.ID)).SCPs = a.SCPs[:len(a.SCPs)-1]
			p, err = plan.Suspend(want, have, key)
		}
		if err != nil {
			t.Fatal(err)
		}
		order := shuffled(r, p.Steps)
		for n := range len(order) + 1 {
			half := after(t, want, have, p.Steps, order[:n])
			tagged, denied := state(half)
			if tagged && !denied {
				t.Errorf("seed %d: after %d steps the tag says suspended and nothing is denied", seed, n)
			}
			applied := again(half, func() (*plan.Plan, error) { return plan.Make(want, half, plan.Options{}) })
			if tagged, now := state(applied); now != denied || tagged != denied {
				t.Errorf("seed %d stopped after %d steps (denied %t): apply leaves tagged %t, denied %t", seed, n, denied, tagged, now)
			}
			whole := again(half, func() (*plan.Plan, error) { return plan.Suspend(want, half, key) })
			if tagged, denied := state(whole); !tagged || !denied {
				t.Errorf("seed %d stopped after %d steps: suspending again leaves tagged %t, denied %t", seed, n, tagged, denied)
			}
			if rest, err := plan.Suspend(want, whole, key); err != nil || !rest.Empty() {
				t.Errorf("seed %d: suspending what is suspended plans %+v, %v", seed, rest, err)
			}
		}
		whole := after(t, want, have, p.Steps, order)
		p, err = plan.Resume(want, whole, key)
		if err != nil {
			t.Fatal(err)
		}
		order = shuffled(r, p.Steps)
		for n := range len(order) {
			half := after(t, want, whole, p.Steps, order[:n])
			applied := again(half, func() (*plan.Plan, error) { return plan.Make(want, half, plan.Options{}) })
			if tagged, denied := state(applied); !tagged || !denied {
				t.Errorf("seed %d: resuming stopped after %d steps, and apply lifts the rest: tagged %t, denied %t", seed, n, tagged, denied)
			}
			free := again(half, func() (*plan.Plan, error) { return plan.Resume(want, half, key) })
			if tagged, denied := state(free); tagged || denied {
				t.Errorf("seed %d: resuming again leaves tagged %t, denied %t", seed, tagged, denied)
			}
		}
	}
}

// TestClose: as many as the quota leaves, each tagged before AWS is asked; what
// is closed or being closed is not asked for again.
func TestClose(t *testing.T) {
	now := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	member := func(i int, state, closed string) org.Account {
		key := fmt.Sprintf("c%d", i)
		a := org.Account{ID: org.AccountID(fmt.Sprintf("%012d", i)), Name: "Customer " + key, Email: key + "@x.example", State: state, Parent: "r-1", Tags: org.Tags{org.TagCustomer: key}}
		if closed != "" {
			a.Tags[org.TagClosed] = closed
		}
		return a
	}
	var used []org.Account // 249 of the 250 that AWS allows
	for i := range 249 {
		used = append(used, member(100+i, org.Closed, "2026-01-15T00:00:00Z"))
	}
	used = append(used, member(99, org.Closed, "2025-12-01T00:00:00Z"), member(98, org.Closed, ""))
	for _, tt := range []struct {
		name     string
		accounts []org.Account
		keys     string
		kinds    string // of the steps
		held     int
	}{
		{"one", []org.Account{member(1, org.Active, "")}, "c1", "tag close-account", 0},
		{"one of which AWS was asked a moment ago, and shows it as it was", []org.Account{member(1, org.Active, "2026-01-30T23:59:00Z")}, "c1", "close-account", 0},
		{"one that was tagged long ago and is open", []org.Account{member(1, org.Active, "2026-01-20T00:00:00Z")}, "c1", "tag close-account", 0},
		{"one being closed", []org.Account{member(1, org.PendingClosure, "2026-01-30T23:59:00Z")}, "c1", "await-closure", 0},
		{"one that is closed", []org.Account{member(1, org.Closed, "2026-01-30T23:59:00Z")}, "c1", "", 0},
		{"one where AWS was asked for the last a moment ago, and shows it as it was", append(slices.Clone(used), member(1, org.Active, ""), member(2, org.Active, "2026-01-30T23:59:00Z")), "c1", "", 1},
		{"the last, of which AWS was asked a moment ago", append(slices.Clone(used), member(2, org.Active, "2026-01-30T23:59:00Z")), "c2", "close-account", 0},
		{"two where the quota leaves one", append(slices.Clone(used), member(1, org.Active, ""), member(2, org.Active, "")), "c2 c1", "tag close-account", 1},
	} {
		seen := with(tt.accounts...)
		seen.Seen = now
		p, err := plan.Close(blueprint.Blueprint{Management: "999999999999"}, seen, strings.Fields(tt.keys), plan.Closing{})
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		for _, c := range p.Changes {
			if c.Action == plan.Wait && tt.held > 0 && !strings.Contains(c.Detail, "until 2026-02-14, when AWS's quota") {
				t.Errorf("%s: waits %q, want the day on which a place becomes free", tt.name, c.Detail)
			}
		}
		var kinds []string
		for _, s := range p.Steps {
			kinds = append(kinds, string(s.Kind))
			if s.Kind == plan.CloseAccount && len(s.After) == 0 && !strings.Contains(tt.name, "a moment ago") {
				t.Errorf("%s: AWS is asked before the tag says so", tt.name)
			}
		}
		if got := strings.Join(kinds, " "); got != tt.kinds || len(p.Held) != tt.held {
			t.Errorf("%s: steps %q, %d held; want %q, %d", tt.name, got, len(p.Held), tt.kinds, tt.held)
		}
	}
	seen := with(used...)
	seen.Seen = now
	if w := plan.Closings(seen, plan.Closing{}); w.Quota != 250 || len(w.Used) != 249 || w.Unknown != 1 || w.Free() != 1 || !w.Frees().Equal(time.Date(2026, 2, 14, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("the window is %d of %d, %d unknown, frees %s", len(w.Used), w.Quota, w.Unknown, w.Frees())
	}
	double := member(7, org.PendingClosure, "")
	double.Tags[org.TagCustomer] = "c1"
	seen = with(double, member(1, org.Active, ""))
	p, err := plan.Close(blueprint.Blueprint{Management: "999999999999"}, seen, []string{"c1"}, plan.Closing{})
	if err != nil || len(p.Steps) != 3 || p.Steps[0].Customer != "" {
		t.Errorf("that another account of that tag is closed is taken for the end of c1's: %+v, %v", p, err)
	}
	if _, err := plan.Close(blueprint.Blueprint{}, seen, []string{"nobody"}, plan.Closing{}); err == nil || !strings.Contains(err.Error(), "no such customer is in the file") {
		t.Errorf("closing nobody's account: %v", err)
	}
}

// TestInvite: an account outside is invited once; what waits for somebody else
// is said and holds nothing back.
func TestInvite(t *testing.T) {
	want := acme(directory.Customer{Key: "acme", Email: "aws+acme@x.example", Account: "000000000007"})
	want.Provider = "Example MSP"
	now := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	sent := func(state string, ago int) org.Invitation {
		at := now.AddDate(0, 0, -ago)
		return org.Invitation{ID: "h-" + fmt.Sprint(ago), Account: "000000000007", State: state, Requested: at, Expires: at.AddDate(0, 0, 15)}
	}
	for _, tt := range []struct {
		name    string
		sent    []org.Invitation
		invites bool
		says    string
	}{
		{"none was sent", nil, true, ""},
		{"one to another account", []org.Invitation{{ID: "h-9", Account: "000000000008", State: org.Open}}, true, ""},
		{"one is open", []org.Invitation{sent(org.Open, 2)}, false, "was invited 2 days ago; that expires in 13 days, its administrator accepts with: aws organizations accept-handshake --handshake-id h-2"},
		{"one expired", []org.Invitation{sent(org.Expired, 20)}, true, ""},
		{"one was declined", []org.Invitation{sent(org.Declined, 3)}, false, "declined its invitation h-3"},
		{"one was declined, a later one is open", []org.Invitation{sent(org.Declined, 3), sent(org.Open, 1)}, false, "was invited 1 day ago"},
		{"one was canceled", []org.Invitation{sent(org.Canceled, 3)}, false, "somebody canceled"},
		{"one was accepted, and it left", []org.Invitation{sent(org.Accepted, 3)}, false, "it has left since, or AWS does not show it yet"},
	} {
		seen := with()
		seen.Seen, seen.Invitations = now, tt.sent
		p, err := plan.Make(want, seen, plan.Options{})
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		i := slices.IndexFunc(p.Steps, func(s plan.Step) bool { return s.Kind == plan.InviteAccount })
		if (i >= 0) != tt.invites || slices.ContainsFunc(p.Steps, func(s plan.Step) bool { return s.Kind == plan.CreateAccount }) {
			t.Errorf("%s: steps are %+v", tt.name, p.Steps)
		}
		if tt.invites {
			if s := p.Steps[i]; s.Tags[org.TagCustomer] != "acme" || !strings.Contains(s.Text, "Example MSP") {
				t.Errorf("%s: the invitation is %+v", tt.name, s)
			}
			continue
		}
		if len(p.Invited) != 1 || !strings.Contains(p.Invited[0].Why, tt.says) {
			t.Errorf("%s: waiting are %+v, want one that says %q", tt.name, p.Invited, tt.says)
		}
	}
}

// TestNameTaken: no two accounts are called the same, and what was called with
// its key stays so.
func TestNameTaken(t *testing.T) {
	want := acme(directory.Customer{Key: "acme", Email: "aws+acme@x.example"})
	mine := org.Account{ID: "000000000001", Name: "Old", Email: "aws+acme@x.example", State: org.Active, Parent: "r-1", Tags: org.Tags{org.TagCustomer: "acme", org.TagTier: "fintech"}}
	for _, tt := range []struct {
		name, mine, other string
		becomes           string
	}{
		{"another name", "Old", "Other", "ACME Finance Inc"},
		{"the name is another account's", "Old", "ACME Finance Inc", "ACME Finance Inc (acme)"},
		{"the name with its key stays", "ACME Finance Inc (acme)", "Other", ""},
	} {
		mine.Name = tt.mine
		p, err := plan.Make(want, with(mine, org.Account{ID: "000000000002", Name: tt.other, State: org.Active, Parent: "r-1"}), plan.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, s := range p.Steps {
			if s.Kind == plan.RenameAccount {
				got = s.Name
			}
		}
		if got != tt.becomes {
			t.Errorf("%s: renamed to %q, want %q", tt.name, got, tt.becomes)
		}
	}
	var conflict *plan.Conflict
	if _, err := plan.Suspend(want, with(), "acme"); !errors.As(err, &conflict) {
		t.Errorf("suspending a customer without an account: %v", err)
	}
}

// TestMoveWaitsForThePolicy: while the policy on a tier's unit says something
// else, nobody enters the unit.
func TestMoveWaitsForThePolicy(t *testing.T) {
	for seed := range uint64(40) {
		want, have := settled(t, seed)
		r := rand.New(rand.NewPCG(seed, 4))
		own := want.Owners(have)
		for _, c := range want.Customers {
			account(have, plan.Ref(own.Of[c.Key].ID)).Parent = have.Root
		}
		for i := range have.Policies {
			have.Policies[i].Document = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}`
		}
		p, err := plan.Make(want, have, plan.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if p.Count(plan.Move) != len(want.Customers) {
			t.Fatalf("seed %d: %d moves of %d customers", seed, p.Count(plan.Move), len(want.Customers))
		}
		after(t, want, have, p.Steps, shuffled(r, p.Steps))
	}
}

// TestTwoDenials: of two policies that could be the one that suspends, none is
// picked: neither by apply nor by suspend or resume.
func TestTwoDenials(t *testing.T) {
	want := acme(directory.Customer{Key: "acme", Email: "aws+acme@x.example"})
	seen := with(org.Account{ID: "000000000001", Name: "ACME Finance Inc", Email: "aws+acme@x.example", State: org.Active, Parent: "r-1"})
	for _, id := range []string{"p-1", "p-2"} {
		seen.Policies = append(seen.Policies, org.Policy{ID: id, Name: "denies " + id, Targets: []string{"000000000001"}, Tags: org.Tags{org.TagPolicy: guardrail.Purpose}})
	}
	for name, make := range map[string]func() (*plan.Plan, error){
		"apply":   func() (*plan.Plan, error) { return plan.Make(want, seen, plan.Options{}) },
		"suspend": func() (*plan.Plan, error) { return plan.Suspend(want, seen, "acme") },
		"resume":  func() (*plan.Plan, error) { return plan.Resume(want, seen, "acme") },
	} {
		var conflict *plan.Conflict
		if p, err := make(); !errors.As(err, &conflict) || len(conflict.Problems) != 1 || !strings.Contains(err.Error(), "policies denies p-1 (p-1) and denies p-2 (p-2) are both tagged landlord:policy=suspended") {
			t.Errorf("%s: %+v, %v; want a conflict", name, p, err)
		}
	}
}

// TestResumeInOrder: the tag goes after the policy, so that a run that stops in
// between leaves the account suspended.
func TestResumeInOrder(t *testing.T) {
	want := acme(directory.Customer{Key: "acme", Email: "aws+acme@x.example"})
	denial := guardrail.Suspended()
	seen := with(org.Account{ID: "000000000001", Name: "ACME Finance Inc", Email: "aws+acme@x.example", State: org.Active, Parent: "r-1", Tags: org.Tags{org.TagSuspended: "2026-01-01T00:00:00Z"}})
	seen.Policies = []org.Policy{{ID: "p-1", Name: denial.Name, Document: denial.Document, Targets: []string{"000000000001"}, Tags: org.Tags{org.TagPolicy: guardrail.Purpose}}}
	p, err := plan.Resume(want, seen, "acme")
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Steps) != 2 || p.Steps[0].Kind != plan.DetachPolicy || p.Steps[1].Kind != plan.Untag || !slices.Equal(p.Steps[1].After, []int{0}) {
		t.Errorf("steps are %+v, want the policy off and then, after it, the tag", p.Steps)
	}
}

// TestClosingsCountMembers: the quota is a share of the members that are open: not
// of the management account, nor of what is closed or being closed.
func TestClosingsCountMembers(t *testing.T) {
	seen := with()
	seen.Seen = time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	add := func(state string, tags org.Tags) {
		seen.Accounts = append(seen.Accounts, org.Account{ID: org.AccountID(fmt.Sprintf("%012d", len(seen.Accounts))), State: state, Tags: tags})
	}
	for range 1259 { // one more would be 252
		add(org.Active, nil)
	}
	add(org.Closed, nil)
	add(org.PendingClosure, nil)
	add(org.Active, org.Tags{org.TagClosed: "2026-01-30T23:59:00Z"})
	if w := plan.Closings(seen, plan.Closing{}); w.Quota != 251 {
		t.Errorf("of 1,259 members %d may be closed, want 251", w.Quota)
	}
}

// TestHeldUntil: of closures that the quota holds back each waits for a place of
// its own, those that are closed by the same plan counted.
func TestHeldUntil(t *testing.T) {
	now := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	var accounts []org.Account
	add := func(state string, closed time.Time) {
		key := fmt.Sprintf("c%d", len(accounts))
		a := org.Account{ID: org.AccountID(fmt.Sprintf("%012d", len(accounts))), Name: key, Email: key + "@x.example", State: state, Parent: "r-1", Tags: org.Tags{org.TagCustomer: key}}
		if !closed.IsZero() {
			a.Tags[org.TagClosed] = org.TagTime(closed)
		}
		accounts = append(accounts, a)
	}
	for range 3 {
		add(org.Active, time.Time{})
	}
	add(org.Closed, now.AddDate(0, 0, -30)) // whose place is free since this moment
	for i := range 249 {
		add(org.Closed, now.AddDate(0, 0, -29).Add(time.Duration(min(i, 2))*72*time.Hour))
	}
	seen := with(accounts...)
	seen.Seen = now
	p, err := plan.Close(blueprint.Blueprint{Management: "999999999999"}, seen, []string{"c0", "c1", "c2"}, plan.Closing{})
	if err != nil {
		t.Fatal(err)
	}
	var held []string
	for _, c := range p.Changes {
		if c.Action == plan.Wait {
			held = append(held, c.Detail)
		}
	}
	if got := strings.Join(held, "\n"); len(held) != 2 || !strings.Contains(held[0], "until 2026-02-01") || !strings.Contains(held[1], "until 2026-02-04") {
		t.Errorf("held back are:\n%s\nwant until 1 and 4 February", got)
	}
}

// TestAccountOf: which account is meant where several could be, or a closed one.
func TestAccountOf(t *testing.T) {
	tagged := func(id org.AccountID, state string) org.Account {
		return org.Account{ID: id, Name: "A", Email: string(id) + "@x.example", State: state, Parent: "r-1", Tags: org.Tags{org.TagCustomer: "acme"}}
	}
	inFile := acme(directory.Customer{Key: "acme", Email: "aws+acme@x.example"})
	for _, tt := range []struct {
		name     string
		want     blueprint.Blueprint
		accounts []org.Account
		account  org.AccountID // "" for an error
	}{
		{"one, not in the file", blueprint.Blueprint{}, []org.Account{tagged("000000000001", org.Active)}, "000000000001"},
		{"a closed one, in the file", inFile, []org.Account{tagged("000000000001", org.Closed)}, "000000000001"},
		{"a closed one and an open one, not in the file", blueprint.Blueprint{}, []org.Account{tagged("000000000001", org.Closed), tagged("000000000002", org.Active)}, "000000000002"},
		{"two closed ones", blueprint.Blueprint{}, []org.Account{tagged("000000000001", org.Closed), tagged("000000000002", org.Closed)}, ""},
		{"two open ones", blueprint.Blueprint{}, []org.Account{tagged("000000000001", org.Active), tagged("000000000002", org.Active)}, ""},
		{"the management account", blueprint.Blueprint{}, []org.Account{tagged("999999999999", org.Active)}, ""},
	} {
		seen := with()
		seen.Accounts = tt.accounts
		if a, err := plan.AccountOf(tt.want, seen, "acme"); a.ID != tt.account || (err != nil) != (tt.account == "") {
			t.Errorf("%s: %s, %v; want %q", tt.name, a.ID, err, tt.account)
		}
	}
}

// TestCreatedAs: an account is created under a name that no other has, nor one
// that is being created, and only where that was confirmed.
func TestCreatedAs(t *testing.T) {
	want := acme(directory.Customer{Key: "acme", Email: "aws+acme@x.example"})
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name      string
		creations []org.Creation
		other     string
		may       bool
		as        string
	}{
		{"nobody is called so", nil, "Other", true, "ACME Finance Inc"},
		{"another account is", nil, "ACME Finance Inc", true, "ACME Finance Inc (acme)"},
		{"two of others are being created so", []org.Creation{{ID: "car-1", AccountName: "ACME Finance Inc", Requested: began.Add(1)}, {ID: "car-2", AccountName: "ACME Finance Inc", Requested: began.Add(1)}}, "Other", true, "ACME Finance Inc (acme)"},
		{"it was not confirmed", nil, "Other", false, ""},
	} {
		seen := with(org.Account{ID: "000000000002", Name: tt.other, State: org.Active, Parent: "r-1"})
		seen.Creations = tt.creations
		p, err := plan.Make(want, seen, plan.Options{Since: began, Create: func(string) bool { return tt.may }})
		if err != nil {
			t.Fatal(err)
		}
		as := ""
		for _, s := range p.Steps {
			if s.Kind == plan.CreateAccount {
				as = s.Name
			}
		}
		if as != tt.as || (len(p.Barred) == 0) != tt.may {
			t.Errorf("%s: created as %q, barred %v; want %q", tt.name, as, p.Barred, tt.as)
		}
	}
}

// TestNothingIsWanted: without customers an organization is left as it is, and
// where no policy is enabled a move loses none.
func TestNothingIsWanted(t *testing.T) {
	seen := with(org.Account{ID: "000000000001", Name: "ACME Finance Inc", Email: "aws+acme@x.example", State: org.Active, Parent: "ou-x"})
	seen.SCPs = false
	seen.Units = []org.Unit{{ID: "ou-x", Name: "X", Parent: "r-1"}}
	seen.Policies = []org.Policy{{ID: "p-x", Name: "X", Document: guardrail.For("HIPAA").Document, Targets: []string{"ou-x"}, Tags: org.Tags{org.TagFramework: "HIPAA"}}}
	if p, err := plan.Make(blueprint.Blueprint{Management: "999999999999"}, seen, plan.Options{}); err != nil || !p.Empty() {
		t.Errorf("%+v, %v", p, err)
	}
	p, err := plan.Make(acme(directory.Customer{Key: "acme", Email: "aws+acme@x.example"}), seen, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range p.Changes {
		if c.Action == plan.Move && (len(c.Loses) > 0 || len(c.Gains) == 0) {
			t.Errorf("the move loses %v and gains %v", c.Loses, c.Gains)
		}
	}
}
