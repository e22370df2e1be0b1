package simaws

import (
	"fmt"
	"testing"
	"time"
)

// billing is an organization of consolidated billing with two invited accounts
// and a created one, that has asked for all features.
func billing(t *testing.T) (l *lab, whole string, approvals []string) {
	l = newLab(t, "instant", Config{Seed: 1, Outside: elsewhere})
	l.must("CreateOrganization", `{"FeatureSet":"CONSOLIDATED_BILLING"}`)
	l.account("made")
	for _, o := range elsewhere {
		id := l.must("InviteAccountToOrganization", fmt.Sprintf(`{"Target":{"Type":"ACCOUNT","Id":%q}}`, o.ID), "Handshake", "Id")
		l.send(o.ID, "AcceptHandshake", fmt.Sprintf(`{"HandshakeId":%q}`, id))
	}
	whole = l.must("EnableAllFeatures", `{}`, "Handshake", "Id")
	for _, h := range list(l.send("AKIAADMIN", "ListHandshakesForOrganization", fmt.Sprintf(`{"Filter":{"ParentHandshakeId":%q}}`, whole)).body, "Handshakes") {
		approvals = append(approvals, dig(h, "Id"))
	}
	if len(approvals) != 2 {
		t.Fatalf("%d accounts are asked, want the two that were invited", len(approvals))
	}
	return l, whole, approvals
}

func (l *lab) stateOf(handshake string) string {
	return l.must("DescribeHandshake", fmt.Sprintf(`{"HandshakeId":%q}`, handshake), "Handshake", "State")
}

func (l *lab) features() string {
	return l.must("DescribeOrganization", `{}`, "Organization", "FeatureSet")
}

// TestAllFeatures goes from consolidated billing to all features, by every way
// that it can go.
func TestAllFeatures(t *testing.T) {
	answer := func(l *lab, key, operation, id string) reply {
		return l.send(key, operation, fmt.Sprintf(`{"HandshakeId":%q}`, id))
	}
	for _, row := range []struct {
		name string
		do   func(l *lab, whole string, approvals []string) string // the code of the last word
		want string                                                // that code, then the states and the features
	}{
		{"nobody answers", func(l *lab, whole string, _ []string) string {
			return answer(l, "AKIAADMIN", "AcceptHandshake", whole).code
		}, "InvalidHandshakeTransitionException REQUESTED OPEN OPEN CONSOLIDATED_BILLING"},
		{"all approve", func(l *lab, whole string, approvals []string) string {
			for i, o := range elsewhere {
				answer(l, o.ID, "AcceptHandshake", approvals[i])
			}
			return answer(l, "AKIAADMIN", "AcceptHandshake", whole).code
		}, " ACCEPTED ACCEPTED ACCEPTED ALL"},
		{"all approve and the last word is missing", func(l *lab, whole string, approvals []string) string {
			for i, o := range elsewhere {
				answer(l, o.ID, "AcceptHandshake", approvals[i])
			}
			return l.send("AKIAADMIN", "EnableAllFeatures", `{}`).reason
		}, "ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION OPEN ACCEPTED ACCEPTED CONSOLIDATED_BILLING"},
		{"one declines", func(l *lab, whole string, approvals []string) string {
			answer(l, elsewhere[0].ID, "DeclineHandshake", approvals[0])
			answer(l, elsewhere[1].ID, "AcceptHandshake", approvals[1])
			return answer(l, "AKIAADMIN", "AcceptHandshake", whole).code
		}, "InvalidHandshakeTransitionException REQUESTED DECLINED ACCEPTED CONSOLIDATED_BILLING"},
		{"one leaves, the other approves", func(l *lab, whole string, approvals []string) string {
			l.send(elsewhere[0].ID, "LeaveOrganization", `{}`)
			answer(l, elsewhere[1].ID, "AcceptHandshake", approvals[1])
			return answer(l, "AKIAADMIN", "AcceptHandshake", whole).code
		}, " ACCEPTED ACCEPTED ACCEPTED ALL"},
		{"the sender takes it back", func(l *lab, whole string, approvals []string) string {
			return answer(l, "AKIAADMIN", "CancelHandshake", whole).code
		}, " CANCELED CANCELED CANCELED CONSOLIDATED_BILLING"},
		{"90 days pass", func(l *lab, whole string, approvals []string) string {
			l.clock.Advance(90 * 24 * time.Hour)
			return answer(l, elsewhere[0].ID, "AcceptHandshake", approvals[0]).code
		}, "InvalidHandshakeTransitionException EXPIRED EXPIRED EXPIRED CONSOLIDATED_BILLING"},
		{"an invitation meanwhile", func(l *lab, _ string, _ []string) string {
			return l.send("AKIAADMIN", "InviteAccountToOrganization", `{"Target":{"Type":"EMAIL","Id":"more@example.net"}}`).reason
		}, "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES REQUESTED OPEN OPEN CONSOLIDATED_BILLING"},
		{"somebody else approves", func(l *lab, _ string, approvals []string) string {
			return answer(l, elsewhere[1].ID, "AcceptHandshake", approvals[0]).code
		}, "AccessDeniedException REQUESTED OPEN OPEN CONSOLIDATED_BILLING"},
		{"trust before that", func(l *lab, _ string, _ []string) string {
			return l.send("AKIAADMIN", "ListAWSServiceAccessForOrganization", `{}`).reason
		}, "ORGANIZATION_NOT_IN_ALL_FEATURES_MODE REQUESTED OPEN OPEN CONSOLIDATED_BILLING"},
	} {
		l, whole, approvals := billing(t)
		code := row.do(l, whole, approvals)
		if got := fmt.Sprint(code, " ", l.stateOf(whole), " ", l.stateOf(approvals[0]), " ", l.stateOf(approvals[1]), " ", l.features()); got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
	l := newLab(t, "instant", Config{Seed: 1})
	l.must("CreateOrganization", `{"FeatureSet":"CONSOLIDATED_BILLING"}`)
	l.account("made")
	whole := l.must("EnableAllFeatures", `{}`, "Handshake", "Id")
	answer(l, "AKIAADMIN", "AcceptHandshake", whole)
	l.enable()
	if got := l.must("ListPolicies", `{"Filter":"SERVICE_CONTROL_POLICY"}`, "Policies", "Id"); got != fullAccess {
		t.Errorf("with all features the first policy is %q, want AWS's own", got)
	}
}

// TestPrimaryEmail changes a member's root address, and what may go wrong.
func TestPrimaryEmail(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1, Organization: true})
	l.must("EnableAWSServiceAccess", `{"ServicePrincipal":"account.amazonaws.com"}`)
	id, other := l.account("acme"), l.account("other")
	about := fmt.Sprintf(`{"AccountId":%q,"PrimaryEmail":"New@example.com"`, id)
	otp := func() string {
		r := rawRequest("", "", "")
		r.Method, r.URL.Path = "GET", "/_simaws/mail"
		resp, _, err := l.RoundTrip(r)
		if err != nil || resp.StatusCode != 200 {
			t.Fatal(resp, err)
		}
		return l.world.mailbox()[0].OTP
	}
	start := func() string { return l.manage("AKIAADMIN", "/startPrimaryEmailUpdate", about+`}`).code }
	accept := func(otp string) string {
		return l.manage("AKIAADMIN", "/acceptPrimaryEmailUpdate", about+`,"Otp":"`+otp+`"}`).code
	}
	if got := accept("000000"); got != "ResourceNotFoundException" {
		t.Errorf("accepting what was not started: %q", got)
	}
	if got := start(); got != "" {
		t.Fatal(got)
	}
	first := otp()
	if got := start(); got != "" || otp() == first {
		t.Errorf("starting again: %q, code %s after %s", got, otp(), first)
	}
	if got := accept(first); got != "ValidationException" {
		t.Errorf("an old code: %q", got)
	}
	if got := l.manage("AKIAADMIN", "/startPrimaryEmailUpdate", fmt.Sprintf(`{"AccountId":%q,"PrimaryEmail":"ACME@example.com"}`, other)); got.code != "ConflictException" || got.status != 409 {
		t.Errorf("an address that is taken: %d %s", got.status, got.code)
	}
	if got := l.manage(id, "/startPrimaryEmailUpdate", about+`}`); got.code != "AccessDeniedException" {
		t.Errorf("the member itself: %q", got.code)
	}
	if got := accept(otp()); got != "" {
		t.Errorf("the right code: %q", got)
	}
	if got := l.must("DescribeAccount", fmt.Sprintf(`{"AccountId":%q}`, id), "Account", "Email"); got != "New@example.com" {
		t.Errorf("the address is %s", got)
	}
	created := l.send("AKIAADMIN", "CreateAccount", createBody("acme"))
	if got := dig(created.body, "CreateAccountStatus", "State"); got != "SUCCEEDED" {
		t.Errorf("the old address again: %v", created.body)
	}
	if len(l.world.mailbox()) != 0 {
		t.Errorf("the mailbox has %v", l.world.mailbox())
	}
}

// TestRegions opts in and out, on the clock.
func TestRegions(t *testing.T) {
	l := newLab(t, "typical", Config{Seed: 1, Organization: true})
	call := func(path, region string) reply {
		return l.manage("AKIAADMIN", path, fmt.Sprintf(`{"RegionName":%q}`, region))
	}
	for _, row := range []struct{ name, path, region, want string }{
		{"as it begins", "/getRegionOptStatus", "af-south-1", " DISABLED"},
		{"one of AWS's first", "/getRegionOptStatus", "us-east-1", " ENABLED_BY_DEFAULT"},
		{"disabling that", "/disableRegion", "us-east-1", "ValidationException "},
		{"one that is none", "/enableRegion", "xx-south-1", "ValidationException "},
		{"enabling", "/enableRegion", "af-south-1", " "},
		{"enabling twice", "/enableRegion", "af-south-1", " "},
		{"meanwhile", "/getRegionOptStatus", "af-south-1", " ENABLING"},
		{"disabling meanwhile", "/disableRegion", "af-south-1", "ConflictException "},
		{"a second", "/enableRegion", "ap-east-1", " "},
		{"a third", "/enableRegion", "ap-east-2", " "},
		{"a fourth", "/enableRegion", "ap-south-2", " "},
		{"a fifth", "/enableRegion", "eu-south-1", " "},
		{"a sixth", "/enableRegion", "eu-south-2", " "},
		{"a seventh", "/enableRegion", "ca-west-1", "ConflictException "},
	} {
		got := call(row.path, row.region)
		if have := got.code + " " + dig(got.body, "RegionOptStatus"); have != row.want {
			t.Errorf("%s: %q, want %q", row.name, have, row.want)
		}
		l.clock.Advance(time.Second)
	}
	l.clock.Advance(10 * time.Minute)
	page := l.manage("AKIAADMIN", "/listRegions", `{"RegionOptStatusContains":["ENABLED"],"MaxResults":5}`)
	rest := l.manage("AKIAADMIN", "/listRegions", fmt.Sprintf(`{"RegionOptStatusContains":["ENABLED"],"MaxResults":5,"NextToken":%q}`, dig(page.body, "NextToken")))
	if a, b := list(page.body, "Regions"), list(rest.body, "Regions"); len(a) != 5 || len(b) != 1 || rest.body["NextToken"] != nil || dig(b[0], "RegionName") != "eu-south-2" {
		t.Errorf("pages %v, %v: want five and one", page.body, rest.body)
	}
	if got := l.manage("AKIAADMIN", "/listRegions", `{"NextToken":"x"}`).code; got != "ValidationException" {
		t.Errorf("a token of nobody's: %q", got)
	}
}
