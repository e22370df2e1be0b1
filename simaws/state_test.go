package simaws

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"landlord/internal/clock"
	"landlord/internal/limits"
)

// picture is all that clients can see of a simulated AWS.
func picture(l *lab) string {
	var b strings.Builder
	see := func(operation, body string) map[string]any {
		got := l.send("AKIAADMIN", operation, body)
		text, _ := json.Marshal(got.body)
		fmt.Fprintln(&b, operation, body, string(text))
		return got.body
	}
	see("DescribeOrganization", "{}")
	see("ListRoots", "{}")
	see("ListCreateAccountStatus", "{}")
	see("ListAWSServiceAccessForOrganization", "{}")
	see("ListHandshakesForOrganization", "{}")
	see("DescribeResourcePolicy", "{}")
	for _, a := range list(see("ListDelegatedAdministrators", "{}"), "DelegatedAdministrators") {
		see("ListDelegatedServicesForAccount", `{"AccountId":"`+dig(a, "Id")+`"}`)
	}
	for _, path := range []string{"/getContactInformation", "/getAlternateContact"} {
		for _, key := range []string{"AKIAADMIN", elsewhere[0].ID} {
			fmt.Fprintln(&b, path, l.manage(key, path, `{"AlternateContactType":"BILLING"}`).body)
		}
	}
	fmt.Fprintln(&b, len(l.world.handshakes), "handshakes are kept", l.world.mailbox(), l.manage("AKIAADMIN", "/listRegions", "{}").body)
	fmt.Fprintln(&b, l.quota("AKIAADMIN", "ListRequestedServiceQuotaChangeHistory", "{}").body, l.quota("AKIAADMIN", "GetServiceQuota", `{`+accountsQuota+`}`).body)
	fmt.Fprintln(&b, l.send(elsewhere[0].ID, "ListHandshakesForAccount", "{}").body, l.send(elsewhere[0].ID, "DescribeOrganization", "{}").body)
	var policies []any
	kinds := []string{serviceControl, resourceControl, tagPolicy}
	for _, kind := range kinds {
		policies = append(policies, list(see("ListPolicies", `{"Filter":"`+kind+`"}`), "Policies")...)
	}
	ids := []string{"111122223333"}
	for _, a := range list(see("ListAccounts", "{}"), "Accounts") {
		ids = append(ids, dig(a, "Id"))
	}
	if l.world.org != nil {
		ids = append(ids, l.world.org.Root)
		for _, u := range list(see("ListOrganizationalUnitsForParent", `{"ParentId":"`+l.world.org.Root+`"}`), "OrganizationalUnits") {
			ids = append(ids, dig(u, "Id"))
		}
	}
	for _, id := range ids {
		see("ListTagsForResource", `{"ResourceId":"`+id+`"}`)
		for _, kind := range kinds {
			see("ListPoliciesForTarget", `{"TargetId":"`+id+`","Filter":"`+kind+`"}`)
		}
	}
	for _, p := range policies {
		see("DescribePolicy", `{"PolicyId":"`+dig(p, "Id")+`"}`)
		see("ListTargetsForPolicy", `{"PolicyId":"`+dig(p, "Id")+`"}`)
	}
	return b.String()
}

func list(body map[string]any, name string) []any {
	items, _ := body[name].([]any)
	return items
}

// openAt opens a state with its clock at the last call.
func openAt(t *testing.T, path, profile string) (*lab, error) {
	t.Helper()
	p, err := ProfileNamed(profile)
	if err != nil {
		t.Fatal(err)
	}
	v := clock.NewVirtual(time.Time{})
	s, err := New(Config{Profile: p, Seed: 3, Clock: v, State: path, AccountQuota: 20})
	if err != nil {
		return nil, err
	}
	v.MoveTo(s.LastTime())
	return &lab{s, v, t}, nil
}

// TestStateSurvivesTheEndAtEveryByte plays a story, cuts its log at every byte
// and opens what is left: it must be the state after the last call whose line
// is whole.
func TestStateSurvivesTheEndAtEveryByte(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	l := newLab(t, "typical", Config{Seed: 3, State: path, Outside: elsewhere, AccountQuota: 20, QuotaDelay: time.Hour})
	l.world.profile.Throttle = false
	after := map[int]string{} // length of the file: what was to be seen
	note := func() {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		after[len(raw)] = pictureOf(l)
	}
	note()
	step := func(operation, body string) string {
		l.clock.Advance(20 * time.Second)
		got := l.send("AKIAADMIN", operation, body)
		if got.code != "" {
			t.Fatalf("%s %s: %s %v", operation, body, got.code, got.body["Message"])
		}
		note()
		return dig(got.body, "OrganizationalUnit", "Id") + dig(got.body, "Policy", "PolicySummary", "Id")
	}
	invitation := `{"Target":{"Type":"ACCOUNT","Id":"` + elsewhere[0].ID + `"}}`
	step("CreateOrganization", "{}")
	step("InviteAccountToOrganization", invitation)
	l.clock.Advance(limits.InvitationLife) // it ends in the call that ends the organization
	step("DeleteOrganization", "{}")
	step("CreateOrganization", `{"FeatureSet":"CONSOLIDATED_BILLING"}`)
	step("EnableAllFeatures", "{}")
	step("AcceptHandshake", `{"HandshakeId":"`+l.world.handshakeList.items[0].ID+`"}`)
	root := l.world.org.Root
	step("EnablePolicyType", `{"RootId":"`+root+`","PolicyType":"SERVICE_CONTROL_POLICY"}`)
	step("CreateAccount", `{"Email":"a@example.com","AccountName":"a","Tags":[{"Key":"k","Value":"v"}]}`)
	unit := step("CreateOrganizationalUnit", `{"ParentId":"`+root+`","Name":"u"}`)
	step("CreateAccount", `{"Email":"A@example.com","AccountName":"again"}`)
	policy := step("CreatePolicy", fmt.Sprintf(`{"Name":"p","Description":"","Type":"SERVICE_CONTROL_POLICY","Content":%q}`, denyLeaving))
	step("AttachPolicy", `{"PolicyId":"`+policy+`","TargetId":"`+unit+`"}`)
	step("DetachPolicy", `{"PolicyId":"p-FullAWSAccess","TargetId":"`+unit+`"}`)
	l.clock.Advance(10 * time.Minute)
	member := ""
	for _, a := range list(l.send("AKIAADMIN", "ListAccounts", "{}").body, "Accounts") {
		member = dig(a, "Id")
	}
	note()
	step("MoveAccount", `{"AccountId":"`+member+`","SourceParentId":"`+root+`","DestinationParentId":"`+unit+`"}`)
	step("TagResource", `{"ResourceId":"`+member+`","Tags":[{"Key":"x","Value":"y"}]}`)
	step("EnableAWSServiceAccess", `{"ServicePrincipal":"config.amazonaws.com"}`)
	step("AttachPolicy", `{"PolicyId":"p-FullAWSAccess","TargetId":"`+unit+`"}`)
	step("DetachPolicy", `{"PolicyId":"`+policy+`","TargetId":"`+unit+`"}`)
	step("DeletePolicy", `{"PolicyId":"`+policy+`"}`)
	step("EnablePolicyType", `{"RootId":"`+root+`","PolicyType":"RESOURCE_CONTROL_POLICY"}`)
	step("EnablePolicyType", `{"RootId":"`+root+`","PolicyType":"TAG_POLICY"}`)
	tags := step("CreatePolicy", `{"Name":"t","Description":"","Type":"TAG_POLICY","Content":"{\"tags\":{}}"}`)
	step("AttachPolicy", `{"PolicyId":"`+tags+`","TargetId":"`+unit+`"}`)
	step("DisablePolicyType", `{"RootId":"`+root+`","PolicyType":"TAG_POLICY"}`)
	step("RegisterDelegatedAdministrator", `{"AccountId":"`+member+`","ServicePrincipal":"config.amazonaws.com"}`)
	step("PutResourcePolicy", fmt.Sprintf(`{"Content":%q}`, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"organizations:ListRoots","Resource":"*"}}`))
	step("DeleteResourcePolicy", "{}")
	step("DisableAWSServiceAccess", `{"ServicePrincipal":"config.amazonaws.com"}`)
	as := func(key, operation, body string) string {
		l.clock.Advance(20 * time.Second)
		got := l.send(key, operation, body)
		if got.code != "" {
			t.Fatalf("%s by %s: %s %v", operation, key, got.code, got.body["Message"])
		}
		note()
		return dig(got.body, "Handshake", "Id")
	}
	first := as("AKIAADMIN", "InviteAccountToOrganization", invitation)
	as(elsewhere[0].ID, "DeclineHandshake", `{"HandshakeId":"`+first+`"}`)
	second := as("AKIAADMIN", "InviteAccountToOrganization", invitation)
	as(elsewhere[0].ID, "AcceptHandshake", `{"HandshakeId":"`+second+`"}`)
	as(elsewhere[0].ID, "LeaveOrganization", "{}")
	for _, call := range []func() reply{
		func() reply {
			return l.manage("AKIAADMIN", "/putContactInformation", `{"ContactInformation":`+contact+`}`)
		},
		func() reply {
			return l.manage(elsewhere[0].ID, "/putAlternateContact", `{`+strings.Replace(alternate, "SECURITY", "BILLING", 1)+`}`)
		},
		func() reply {
			return l.manage(elsewhere[0].ID, "/deleteAlternateContact", `{"AlternateContactType":"BILLING"}`)
		},
		func() reply {
			return l.quota("AKIAADMIN", "RequestServiceQuotaIncrease", `{`+accountsQuota+`,"DesiredValue":30}`)
		},
		func() reply { l.clock.Advance(time.Hour); return l.quota("AKIAADMIN", "ListServices", `{}`) },
	} {
		if got := call(); got.code != "" {
			t.Fatalf("%s: %v", got.code, got.body)
		}
		note()
	}
	step("EnableAWSServiceAccess", `{"ServicePrincipal":"account.amazonaws.com"}`)
	for _, call := range []func() reply{
		func() reply { return l.manage("AKIAADMIN", "/enableRegion", `{"RegionName":"af-south-1"}`) },
		func() reply {
			return l.manage("AKIAADMIN", "/startPrimaryEmailUpdate", `{"AccountId":"`+member+`","PrimaryEmail":"b@example.com"}`)
		},
		func() reply {
			return l.manage("AKIAADMIN", "/acceptPrimaryEmailUpdate", `{"AccountId":"`+member+`","PrimaryEmail":"b@example.com","Otp":"`+l.world.mailbox()[0].OTP+`"}`)
		},
	} {
		if got := call(); got.code != "" {
			t.Fatalf("%s: %v", got.code, got.body)
		}
		note()
	}
	step("CloseAccount", `{"AccountId":"`+member+`"}`)
	l.clock.Advance(limits.PostClosure)
	step("EnableAWSServiceAccess", `{"ServicePrincipal":"ram.amazonaws.com"}`)
	if l.world.quota != 30 {
		t.Errorf("the quota is %d, want what was granted", l.world.quota)
	}

	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	shorter, cut := filepath.Join(dir, "shorter"), filepath.Join(dir, "cut")
	if err := os.WriteFile(shorter, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	for n := len(whole); n >= 0; n-- {
		if err := os.Truncate(shorter, int64(n)); err != nil {
			t.Fatal(err)
		}
		lines := bytes.LastIndexByte(whole[:n], '\n') + 1
		read := &log{path: shorter}
		if _, err := read.read(); err != nil || read.whole != int64(lines) {
			t.Fatalf("cut at byte %d: %d bytes were read, want %d: %v", n, read.whole, lines, err)
		}
		length := bytes.IndexByte(whole[lines:], '\n')
		if in := n - lines; in > 1 && in != length/2 && in != length {
			continue // what is read is the same as after the line before: opened at four places of each line
		}
		if err := os.WriteFile(cut, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := openAt(t, cut, "typical")
		if err != nil {
			t.Fatalf("cut at byte %d: %v", n, err)
		}
		again.world.profile.Throttle = false
		if want, known := after[lines]; known {
			if got := pictureOf(again); got != want {
				t.Fatalf("cut at byte %d: %s\nwant %s", n, got, want)
			}
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// pictureOf is the picture as of the last call, without leaving a trace in the state.
func pictureOf(l *lab) string {
	kept := l.Server.log
	l.Server.log = nil
	requests, last := l.world.count.Requests, l.last
	defer func() { l.Server.log, l.world.count.Requests, l.last = kept, requests, last }()
	if l.world.count.Requests == 0 {
		return "nothing yet"
	}
	return picture(l)
}

func TestStateIsShortenedAndGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	l := newLab(t, "instant", Config{Seed: 3, State: path, Organization: true, AccountQuota: 20})
	id := l.account("acme")
	for i := range 300 {
		l.must("TagResource", fmt.Sprintf(`{"ResourceId":%q,"Tags":[{"Key":"n","Value":"%d"}]}`, id, i))
	}
	want := pictureOf(l)
	l.Close()
	long, _ := os.ReadFile(path)
	again, err := openAt(t, path, "instant")
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	short, _ := os.ReadFile(path)
	if got := pictureOf(again); got != want {
		t.Errorf("shortened: %s\nwant %s", got, want)
	}
	if len(short) > len(long)/10 {
		t.Errorf("%d bytes became %d, want a tenth", len(long), len(short))
	}
	if other := again.account("medicorp"); other == id {
		t.Errorf("a new account got the id of an old one, %s", id)
	}
}

// TestLookLeavesTheState: a look sees what is kept, may change it for itself, and
// leaves every byte and the time as they were, also where the state would be shortened.
func TestLookLeavesTheState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	l := newLab(t, "instant", Config{Seed: 3, State: path, Organization: true, AccountQuota: 20})
	id := l.account("acme")
	for i := range 300 {
		l.must("TagResource", fmt.Sprintf(`{"ResourceId":%q,"Tags":[{"Key":"n","Value":"%d"}]}`, id, i))
	}
	want, last := pictureOf(l), l.LastTime()
	l.Close()
	torn, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(torn, `{"at":`)
	torn.Close()
	before, _ := os.ReadFile(path)
	for range 2 {
		v := clock.NewVirtual(time.Time{})
		s, err := New(Config{Profile: l.cfg.Profile, Seed: 3, Clock: v, State: path, Look: true, AccountQuota: 20})
		if err != nil {
			t.Fatal(err)
		}
		if !s.LastTime().Equal(last) {
			t.Errorf("a look begins at %v, want %v", s.LastTime(), last)
		}
		v.MoveTo(s.LastTime())
		look := &lab{s, v, t}
		if got := pictureOf(look); got != want {
			t.Errorf("seen: %s\nwant %s", got, want)
		}
		v.Advance(time.Hour)
		look.account("medicorp")
		if _, err := New(Config{Seed: 3, State: path}); err == nil || !strings.Contains(err.Error(), "another process") {
			t.Errorf("opened beside a look: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(after, before) {
			t.Fatalf("a look left %d bytes of %d", len(after), len(before))
		}
	}
}

func TestStateOfSomebodyElseIsRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	l := newLab(t, "instant", Config{Seed: 3, State: path, Organization: true, AccountQuota: 20})
	if _, err := New(Config{Seed: 3, State: path}); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("opened twice: %v", err)
	}
	l.unit(l.root(), "u")
	l.Close()
	for _, row := range []struct {
		cfg  Config
		want string
	}{
		{Config{Seed: 4}, "seed 3, not 4"},
		{Config{Seed: 3, ManagementAccount: "999999999999"}, "management account 111122223333, not 999999999999"},
		{Config{Seed: 3, ManagementEmail: "x@example.com"}, "management@example.com, not x@example.com"},
	} {
		row.cfg.State = path
		if _, err := New(row.cfg); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%+v: %v, want %q", row.cfg, err, row.want)
		}
	}
	raw, _ := os.ReadFile(path)
	lines := bytes.SplitAfter(raw, []byte("\n"))
	lines[1] = []byte("{\"at\":\n")
	os.WriteFile(path, bytes.Join(lines, nil), 0o600)
	if _, err := New(Config{Seed: 3, State: path}); err == nil || !strings.Contains(err.Error(), path+":2:") {
		t.Errorf("a broken second line: %v, want its place", err)
	}
	lines[1] = []byte(`{"accounts":[{"number":9,"id":"999999999999","name":"x","parent":"ou-0000-00000000","email":"x@example.com"}]}` + "\n")
	os.WriteFile(path, bytes.Join(lines, nil), 0o600)
	if _, err := New(Config{Seed: 3, State: path}); err == nil || !strings.Contains(err.Error(), "which is not there") {
		t.Errorf("an account in no unit: %v, want a refusal", err)
	}
	lines = lines[:1]
	lines = append(lines, []byte(`{"at":"2027-01-04T09:00:00Z","handshakes":[{"number":9,"id":"h-00000000","email":"x@example.com","state":"OPEN","requested":"2027-01-04T09:00:00Z"}]}`+"\n"))
	os.WriteFile(path, bytes.Join(lines, nil), 0o600)
	if _, err := New(Config{Seed: 3, State: path}); err == nil || !strings.Contains(err.Error(), "no organization") {
		t.Errorf("an invitation into nothing: %v, want a refusal", err)
	}
}
