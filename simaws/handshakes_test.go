package simaws

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
)

var elsewhere = []OutsideAccount{
	{ID: "555566667777", Email: "out@example.net", Name: "Out"},
	{ID: "555566668888", Email: "far@example.net", Name: "Far"},
}

// invite sends an invitation as the management account.
func (l *lab) invite(kind types.HandshakePartyType, id string) (*types.Handshake, error) {
	out, err := l.organizations().InviteAccountToOrganization(l.t.Context(), &organizations.InviteAccountToOrganizationInput{
		Target: &types.HandshakeParty{Type: kind, Id: aws.String(id)}, Notes: aws.String("join us"),
		Tags: []types.Tag{{Key: aws.String("customer"), Value: aws.String("out")}},
	})
	if err != nil {
		return nil, err
	}
	return out.Handshake, nil
}

// TestSDKInviteAcceptLeave takes an account in and out again.
func TestSDKInviteAcceptLeave(t *testing.T) {
	for kind, id := range map[types.HandshakePartyType]string{types.HandshakePartyTypeAccount: "555566667777", types.HandshakePartyTypeEmail: "OUT@example.net"} {
		l := newLab(t, "instant", Config{Seed: 1, Organization: true, Outside: elsewhere})
		ctx, guest := t.Context(), l.as("555566667777")
		h, err := l.invite(kind, id)
		if err != nil {
			t.Fatal(err)
		}
		want := "arn:aws:organizations::111122223333:handshake/" + l.world.org.ID + "/invite/" + aws.ToString(h.Id)
		if h.State != types.HandshakeStateOpen || aws.ToString(h.Arn) != want || h.Action != types.ActionTypeInviteAccountToOrganization ||
			!aws.ToTime(h.ExpirationTimestamp).Equal(start.Add(15*24*time.Hour)) || len(h.Parties) != 2 || aws.ToString(h.Parties[1].Id) != id {
			t.Errorf("the invitation is %+v, want %s", h, want)
		}
		if _, err := l.invite(types.HandshakePartyTypeAccount, "555566667777"); errorCode(err) != "DuplicateHandshakeException" {
			t.Errorf("inviting twice: %v", err)
		}
		if _, err := guest.DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{}); errorCode(err) != "AWSOrganizationsNotInUseException" {
			t.Errorf("who is outside sees an organization: %v", err)
		}
		seen, err := guest.ListHandshakesForAccount(ctx, &organizations.ListHandshakesForAccountInput{Filter: &types.HandshakeFilter{ActionType: types.ActionTypeInviteAccountToOrganization}})
		if err != nil || len(seen.Handshakes) != 1 || aws.ToString(seen.Handshakes[0].Id) != aws.ToString(h.Id) {
			t.Errorf("the guest sees %v, %v", seen, err)
		}
		if _, err := l.as("555566668888").AcceptHandshake(ctx, &organizations.AcceptHandshakeInput{HandshakeId: h.Id}); errorCode(err) != "AccessDeniedException" {
			t.Errorf("somebody else accepts: %v", err)
		}
		if _, err := l.organizations().AcceptHandshake(ctx, &organizations.AcceptHandshakeInput{HandshakeId: h.Id}); errorCode(err) != "AccessDeniedException" {
			t.Errorf("the sender accepts: %v", err)
		}
		l.clock.Advance(time.Hour)
		if _, err := guest.AcceptHandshake(ctx, &organizations.AcceptHandshakeInput{HandshakeId: h.Id}); err != nil {
			t.Fatal(err)
		}
		if _, err := guest.AcceptHandshake(ctx, &organizations.AcceptHandshakeInput{HandshakeId: h.Id}); errorCode(err) != "HandshakeAlreadyInStateException" {
			t.Errorf("accepting twice: %v", err)
		}
		got, err := l.organizations().DescribeAccount(ctx, &organizations.DescribeAccountInput{AccountId: aws.String("555566667777")})
		if err != nil || got.Account.JoinedMethod != types.AccountJoinedMethodInvited || !aws.ToTime(got.Account.JoinedTimestamp).Equal(start.Add(time.Hour)) ||
			aws.ToString(got.Account.Name) != "Out" || got.Account.Paths[0] != l.world.org.ID+"/"+l.world.org.Root+"/555566667777/" {
			t.Errorf("the account is %+v, %v", got, err)
		}
		if got := l.must("ListTagsForResource", `{"ResourceId":"555566667777"}`, "Tags", "Value"); got != "out" {
			t.Errorf("the account has the tag %q", got)
		}
		if a := l.world.account("555566667777"); a.Role != "" {
			t.Errorf("an invited account has the role %s", a.Role)
		}
		if _, err := guest.LeaveOrganization(ctx, &organizations.LeaveOrganizationInput{}); err != nil {
			t.Errorf("an invited account leaves at once: %v", err)
		}
		if got := l.send("AKIAADMIN", "DescribeAccount", `{"AccountId":"555566667777"}`); got.code != "AccountNotFoundException" {
			t.Errorf("after leaving: %q", got.code)
		}
		if _, err := l.invite(kind, id); err != nil {
			t.Errorf("inviting it back: %v", err)
		}
	}
}

func TestSDKDeclineCancelExpire(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1, Organization: true, Outside: elsewhere})
	ctx, admin, guest := t.Context(), l.organizations(), l.as("555566667777")
	decline := func(c *organizations.Client, id *string) error {
		_, err := c.DeclineHandshake(ctx, &organizations.DeclineHandshakeInput{HandshakeId: id})
		return err
	}
	cancel := func(c *organizations.Client, id *string) error {
		_, err := c.CancelHandshake(ctx, &organizations.CancelHandshakeInput{HandshakeId: id})
		return err
	}
	accept := func(c *organizations.Client, id *string) error {
		_, err := c.AcceptHandshake(ctx, &organizations.AcceptHandshakeInput{HandshakeId: id})
		return err
	}
	var ids []*string
	for _, row := range []struct {
		name, state string
		end, other  func(*organizations.Client, *string) error
		ender       *organizations.Client
	}{
		{"declined", "DECLINED", decline, accept, guest},
		{"canceled", "CANCELED", cancel, accept, admin},
		{"expired", "EXPIRED", func(*organizations.Client, *string) error { l.clock.Advance(15 * 24 * time.Hour); return nil }, accept, guest},
	} {
		h, err := l.invite(types.HandshakePartyTypeAccount, "555566667777")
		if err != nil {
			t.Fatalf("%s: %v", row.name, err)
		}
		ids = append(ids, h.Id)
		if err := row.end(row.ender, h.Id); err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
		got, err := guest.DescribeHandshake(ctx, &organizations.DescribeHandshakeInput{HandshakeId: h.Id})
		if err != nil || string(got.Handshake.State) != row.state {
			t.Errorf("%s: %v, %v, want %s", row.name, got, err, row.state)
		}
		if err := row.other(guest, h.Id); errorCode(err) != "InvalidHandshakeTransitionException" {
			t.Errorf("accepting one that is %s: %v", row.name, err)
		}
	}
	if err := cancel(guest, ids[0]); errorCode(err) != "AccessDeniedException" {
		t.Errorf("the recipient cancels: %v", err)
	}
	all, err := admin.ListHandshakesForOrganization(ctx, &organizations.ListHandshakesForOrganizationInput{})
	if err != nil || len(all.Handshakes) != 3 {
		t.Errorf("handshakes %v, %v, want all three", all, err)
	}
	l.clock.Advance(30 * 24 * time.Hour)
	all, err = admin.ListHandshakesForOrganization(ctx, &organizations.ListHandshakesForOrganizationInput{})
	if err != nil || len(all.Handshakes) != 0 {
		t.Errorf("a month later %v, %v are still shown", all, err)
	}
	if err := accept(guest, ids[0]); errorCode(err) != "HandshakeNotFoundException" {
		t.Errorf("accepting one that is gone: %v", err)
	}
}

func TestInvitationsThatAreRefused(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1, Organization: true, Outside: elsewhere, AccountQuota: 3})
	in := l.account("in")
	for _, row := range []struct {
		kind     types.HandshakePartyType
		id, want string
	}{
		{types.HandshakePartyTypeAccount, in, "HandshakeConstraintViolationException ALREADY_IN_AN_ORGANIZATION"},
		{types.HandshakePartyTypeEmail, "management@example.com", "HandshakeConstraintViolationException ALREADY_IN_AN_ORGANIZATION"},
		{types.HandshakePartyTypeOrganization, "o-aaaaaaaaaa", "InvalidInputException INVALID_PARTY_TYPE_TARGET"},
		{types.HandshakePartyTypeAccount, "000000000000", "InvalidInputException INVALID_PARTY_TYPE_TARGET"},
		{types.HandshakePartyTypeEmail, "not an e-mail", "InvalidInputException INVALID_EMAIL_ADDRESS_TARGET"},
	} {
		_, err := l.invite(row.kind, row.id)
		got := errorCode(err) + " " + reasonOf(err)
		if h, ok := errors.AsType[*types.HandshakeConstraintViolationException](err); ok {
			got = errorCode(err) + " " + string(h.Reason)
		}
		if got != row.want {
			t.Errorf("inviting %s: %q, want %q", row.id, got, row.want)
		}
	}
	if _, err := l.invite(types.HandshakePartyTypeEmail, "nobody@example.net"); err != nil {
		t.Errorf("AWS does not tell that nobody has an e-mail: %v", err)
	}
	// Two accounts and an open invitation are three.
	if got := l.send("AKIAADMIN", "CreateAccount", createBody("more")); got.reason != "ACCOUNT_NUMBER_LIMIT_EXCEEDED" {
		t.Errorf("an account beyond the quota: %s %s", got.code, got.reason)
	}
	body := `{"Target":{"Type":"ACCOUNT","Id":"555566667777"}}`
	if got := l.send("AKIAADMIN", "InviteAccountToOrganization", body); got.reason != "ACCOUNT_NUMBER_LIMIT_EXCEEDED" {
		t.Errorf("an invitation beyond the quota: %s %s", got.code, got.reason)
	}
	l.world.quota = 5
	cancelAll := func() {
		for _, h := range list(l.send("AKIAADMIN", "ListHandshakesForOrganization", "{}").body, "Handshakes") {
			l.send("AKIAADMIN", "CancelHandshake", fmt.Sprintf(`{"HandshakeId":%q}`, dig(h, "Id")))
		}
	}
	cancelAll()
	for range 19 {
		l.must("InviteAccountToOrganization", body)
		cancelAll()
	}
	if got := l.send("AKIAADMIN", "InviteAccountToOrganization", body); got.reason != "HANDSHAKE_RATE_LIMIT_EXCEEDED" {
		t.Errorf("the 21st attempt of a day: %s %s", got.code, got.reason)
	}
	l.clock.Advance(24 * time.Hour)
	l.must("InviteAccountToOrganization", body)
}

// TestSDKPagesOfHandshakesAndAdministrators reads lists of 25 to their end.
func TestSDKPagesOfHandshakesAndAdministrators(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1, Organization: true})
	ctx, client := t.Context(), l.organizations()
	l.must("EnableAWSServiceAccess", `{"ServicePrincipal":"config.amazonaws.com"}`)
	for i := range 25 {
		if _, err := l.invite(types.HandshakePartyTypeEmail, fmt.Sprintf("g%d@example.net", i)); err != nil {
			t.Fatal(err)
		}
		l.must("RegisterDelegatedAdministrator", fmt.Sprintf(`{"AccountId":%q,"ServicePrincipal":"config.amazonaws.com"}`, l.account(fmt.Sprint("a", i))))
	}
	handshakes, administrators, pages := map[string]bool{}, map[string]bool{}, 0
	for p := organizations.NewListHandshakesForOrganizationPaginator(client, &organizations.ListHandshakesForOrganizationInput{}); p.HasMorePages(); pages++ {
		page, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range page.Handshakes {
			handshakes[aws.ToString(h.Id)] = true
		}
	}
	for p := organizations.NewListDelegatedAdministratorsPaginator(client, &organizations.ListDelegatedAdministratorsInput{}); p.HasMorePages(); pages++ {
		page, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page.DelegatedAdministrators {
			administrators[aws.ToString(a.Id)] = true
		}
	}
	if len(handshakes) != 25 || len(administrators) != 25 || pages != 4 {
		t.Errorf("%d handshakes and %d administrators on %d pages, want 25 and 25 on 4", len(handshakes), len(administrators), pages)
	}
}

// TestDelegatedAdministratorStays checks who cannot be taken out.
func TestDelegatedAdministratorStays(t *testing.T) {
	f := furnish(t, Config{Seed: 1})
	f.clock.Advance(5 * 24 * time.Hour)
	f.must("EnableAWSServiceAccess", `{"ServicePrincipal":"config.amazonaws.com"}`)
	f.must("RegisterDelegatedAdministrator", f.say(`{"AccountId":"IN","ServicePrincipal":"config.amazonaws.com"}`))
	if got := f.send("AKIAADMIN", "RemoveAccountFromOrganization", f.say(`{"AccountId":"IN"}`)); got.reason != "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG" {
		t.Errorf("removing a delegated administrator: %s %s", got.code, got.reason)
	}
	f.must("DeregisterDelegatedAdministrator", f.say(`{"AccountId":"IN","ServicePrincipal":"config.amazonaws.com"}`))
	f.attach(f.names["SPARE"], f.names["ROOT"]) // denies LeaveOrganization
	if got := f.send(f.names["IN"], "LeaveOrganization", `{}`); got.code != "AccessDeniedException" {
		t.Errorf("leaving against a guardrail: %q", got.code)
	}
	f.must("RemoveAccountFromOrganization", f.say(`{"AccountId":"IN"}`))
	if key := f.enter(f.names["IN"]); f.send(key, "DescribeOrganization", "{}").code != "AWSOrganizationsNotInUseException" {
		t.Error("an account that was removed is in the organization, or lost its role")
	}
}

func TestOutsideAccountsThatCannotBe(t *testing.T) {
	for name, o := range map[string]OutsideAccount{
		"no id":                         {ID: "1", Email: "a@example.net"},
		"the management account":        {ID: "111122223333", Email: "a@example.net"},
		"the management account's mail": {ID: "555566667777", Email: "Management@example.com"},
		"no e-mail":                     {ID: "555566667777", Email: "a"},
	} {
		if _, err := New(Config{Outside: []OutsideAccount{o}}); err == nil || !strings.Contains(err.Error(), "outside") {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
	twice := append(elsewhere[:1:1], OutsideAccount{ID: "555566669999", Email: "OUT@example.net"})
	if _, err := New(Config{Outside: twice}); err == nil {
		t.Error("two accounts have one e-mail")
	}
}
