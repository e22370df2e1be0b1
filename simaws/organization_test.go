package simaws

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"landlord/internal/limits"
)

// TestSDKFromNothingToAGuardedAccount takes the way that every user takes,
// through the unmodified SDK.
func TestSDKFromNothingToAGuardedAccount(t *testing.T) {
	l := newLab(t, "typical", Config{Seed: 1, AccountIDs: map[string]string{"Acme@example.com": "222233334444"}})
	ctx, client := t.Context(), l.organizations()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	made, err := client.CreateOrganization(ctx, &organizations.CreateOrganizationInput{FeatureSet: types.OrganizationFeatureSetAll})
	check(err)
	roots, err := client.ListRoots(ctx, &organizations.ListRootsInput{})
	check(err)
	root := roots.Roots[0].Id
	_, err = client.EnablePolicyType(ctx, &organizations.EnablePolicyTypeInput{RootId: root, PolicyType: types.PolicyTypeServiceControlPolicy})
	check(err)
	unit, err := client.CreateOrganizationalUnit(ctx, &organizations.CreateOrganizationalUnitInput{ParentId: root, Name: aws.String("Customers")})
	check(err)
	policy, err := client.CreatePolicy(ctx, &organizations.CreatePolicyInput{
		Name: aws.String("stay"), Description: aws.String(""), Content: aws.String(denyLeaving), Type: types.PolicyTypeServiceControlPolicy,
	})
	check(err)
	_, err = client.AttachPolicy(ctx, &organizations.AttachPolicyInput{PolicyId: policy.Policy.PolicySummary.Id, TargetId: unit.OrganizationalUnit.Id})
	check(err)

	creation, err := client.CreateAccount(ctx, &organizations.CreateAccountInput{
		Email: aws.String("acme@example.com"), AccountName: aws.String("Acme"),
		Tags: []types.Tag{{Key: aws.String("customer"), Value: aws.String("acme")}},
	})
	check(err)
	if got := creation.CreateAccountStatus.State; got != types.CreateAccountStateInProgress {
		t.Errorf("a new creation is %s, want IN_PROGRESS", got)
	}
	listed, err := client.ListAccounts(ctx, &organizations.ListAccountsInput{})
	check(err)
	if len(listed.Accounts) != 1 {
		t.Errorf("while a creation is in progress %d accounts are listed, want the management account alone", len(listed.Accounts))
	}
	requested := aws.ToTime(creation.CreateAccountStatus.RequestedTimestamp)
	latency := l.world.profile.CreationLatency(1, 1)
	l.clock.MoveTo(requested.Add(latency))
	status, err := client.DescribeCreateAccountStatus(ctx, &organizations.DescribeCreateAccountStatusInput{CreateAccountRequestId: creation.CreateAccountStatus.Id})
	check(err)
	if got := status.CreateAccountStatus; got.State != types.CreateAccountStateSucceeded || aws.ToString(got.AccountId) != "222233334444" {
		t.Fatalf("after %v the creation is %s with account %s, want SUCCEEDED with the configured one", latency, got.State, aws.ToString(got.AccountId))
	}
	_, err = client.MoveAccount(ctx, &organizations.MoveAccountInput{
		AccountId: aws.String("222233334444"), SourceParentId: root, DestinationParentId: unit.OrganizationalUnit.Id,
	})
	check(err)

	account, err := client.DescribeAccount(ctx, &organizations.DescribeAccountInput{AccountId: aws.String("222233334444")})
	check(err)
	want := aws.ToString(made.Organization.Id) + "/" + aws.ToString(root) + "/" + aws.ToString(unit.OrganizationalUnit.Id) + "/222233334444/"
	if got := account.Account; got.State != types.AccountStateActive || len(got.Paths) != 1 || got.Paths[0] != want {
		t.Errorf("the account is %s at %v, want ACTIVE at %s", got.State, got.Paths, want)
	}
	if got := aws.ToTime(account.Account.JoinedTimestamp); !got.Equal(requested.Add(latency)) {
		t.Errorf("joined at %v, want when the creation ended, %v", got, requested.Add(latency))
	}
	policies, err := client.ListPoliciesForTarget(ctx, &organizations.ListPoliciesForTargetInput{TargetId: unit.OrganizationalUnit.Id, Filter: types.PolicyTypeServiceControlPolicy})
	check(err)
	if len(policies.Policies) != 2 {
		t.Errorf("the unit has %d policies, want FullAWSAccess and its own", len(policies.Policies))
	}
	tags, err := client.ListTagsForResource(ctx, &organizations.ListTagsForResourceInput{ResourceId: aws.String("222233334444")})
	check(err)
	if len(tags.Tags) != 1 || aws.ToString(tags.Tags[0].Value) != "acme" {
		t.Errorf("tags %v, want those of the create call", tags.Tags)
	}
	resources, err := l.tagging().GetResources(ctx, &resourcegroupstaggingapi.GetResourcesInput{ResourceTypeFilters: []string{"organizations:account"}})
	check(err)
	if len(resources.ResourceTagMappingList) != 1 || aws.ToString(resources.ResourceTagMappingList[0].ResourceARN) != aws.ToString(account.Account.Arn) {
		t.Errorf("tagged resources %v, want the account", resources.ResourceTagMappingList)
	}
}

// TestSDKAssumedRoleIsTheMember checks who a caller is, and what a member may not.
func TestSDKAssumedRoleIsTheMember(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1, Organization: true})
	ctx, member := t.Context(), l.account("acme")
	role := aws.String("arn:aws:iam::" + member + ":role/OrganizationAccountAccessRole")
	assumed, err := l.sts("AKIAADMIN").AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: role, RoleSessionName: aws.String("landlord")})
	if err != nil {
		t.Fatal(err)
	}
	key := aws.ToString(assumed.Credentials.AccessKeyId)
	who, err := l.sts(key).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	if aws.ToString(who.Account) != member || aws.ToString(who.Arn) != aws.ToString(assumed.AssumedRoleUser.Arn) {
		t.Errorf("the session is %s in %s, want %s in %s", aws.ToString(who.Arn), aws.ToString(who.Account), aws.ToString(assumed.AssumedRoleUser.Arn), member)
	}
	if got := l.send(key, "ListAccounts", "{}"); got.code != "AccessDeniedException" {
		t.Errorf("a member lists accounts: %q, want AccessDeniedException", got.code)
	}
	if got := l.send(key, "DescribeOrganization", "{}"); got.code != "" {
		t.Errorf("a member describes its organization: %s", got.code)
	}
	for name, in := range map[string]*sts.AssumeRoleInput{
		"another role":      {RoleArn: aws.String("arn:aws:iam::" + member + ":role/Admin"), RoleSessionName: aws.String("x1")},
		"another account":   {RoleArn: aws.String("arn:aws:iam::999999999999:role/OrganizationAccountAccessRole"), RoleSessionName: aws.String("x1")},
		"no account at all": {RoleArn: aws.String("OrganizationAccountAccessRole is the one"), RoleSessionName: aws.String("x1")},
	} {
		if _, err := l.sts("AKIAADMIN").AssumeRole(ctx, in); errorCode(err) != "AccessDenied" {
			t.Errorf("assume %s: %v, want AccessDenied", name, err)
		}
	}
	if _, err := l.sts(key).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: role, RoleSessionName: aws.String("x1")}); errorCode(err) != "AccessDenied" {
		t.Errorf("a member assumes a role: %v, want AccessDenied", err)
	}
}

// TestSDKPagesTenThousandAccounts reads every list of a large organization to its end.
func TestSDKPagesTenThousandAccounts(t *testing.T) {
	const n = 10_000
	l := newLab(t, "instant", Config{Seed: 1, Organization: true})
	fill(l, n)
	ctx, client := t.Context(), l.organizations()
	seen := map[string]bool{}
	for p := organizations.NewListAccountsPaginator(client, &organizations.ListAccountsInput{}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if p.HasMorePages() && len(page.Accounts) != 20 {
			t.Fatalf("a page of %d accounts before the last, want 20", len(page.Accounts))
		}
		for _, a := range page.Accounts {
			seen[aws.ToString(a.Id)] = true
		}
	}
	if len(seen) != n+1 {
		t.Errorf("ListAccounts shows %d accounts, want %d", len(seen), n+1)
	}
	children := 0
	root := aws.String(l.root())
	for p := organizations.NewListChildrenPaginator(client, &organizations.ListChildrenInput{ParentId: root, ChildType: types.ChildTypeAccount}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		children += len(page.Children)
	}
	if children != n+1 {
		t.Errorf("ListChildren shows %d accounts, want %d", children, n+1)
	}
	resources, calls := 0, 0
	in := &resourcegroupstaggingapi.GetResourcesInput{ResourcesPerPage: aws.Int32(100)}
	for p := resourcegroupstaggingapi.NewGetResourcesPaginator(l.tagging(), in); p.HasMorePages(); calls++ {
		page, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		resources += len(page.ResourceTagMappingList)
	}
	if resources != n || calls != n/100 {
		t.Errorf("GetResources shows %d resources in %d calls, want %d in %d", resources, calls, n, n/100)
	}
	l.enable()
	targets := 0
	for p := organizations.NewListTargetsForPolicyPaginator(client, &organizations.ListTargetsForPolicyInput{PolicyId: aws.String(fullAccess)}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		targets += len(page.Targets)
	}
	if targets != n+2 {
		t.Errorf("FullAWSAccess shows %d targets, want %d", targets, n+2)
	}
}

// TestPageStaysInPlaceWhileEntitiesComeAndGo checks that a token points at an
// entity, not at a count.
func TestPageStaysInPlaceWhileEntitiesComeAndGo(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1, Organization: true})
	root := l.root()
	var units []string
	for _, name := range []string{"a", "b", "c", "d"} {
		units = append(units, l.unit(root, name))
	}
	first := l.send("AKIAADMIN", "ListOrganizationalUnitsForParent", `{"ParentId":"`+root+`","MaxResults":2}`)
	token := dig(first.body, "NextToken")
	for _, gone := range units[:2] {
		l.must("DeleteOrganizationalUnit", `{"OrganizationalUnitId":"`+gone+`"}`)
	}
	next := `{"ParentId":"` + root + `","MaxResults":2,"NextToken":"` + token + `"}`
	if got := l.must("ListOrganizationalUnitsForParent", next, "OrganizationalUnits", "Id"); got != units[2] {
		t.Errorf("the second page starts with %s, want %s", got, units[2])
	}
	if got := l.send("AKIAADMIN", "ListAccounts", `{"NextToken":"`+token+`"}`); got.reason != "INVALID_NEXT_TOKEN" {
		t.Errorf("the token of another list: %s %q, want INVALID_NEXT_TOKEN", got.code, got.reason)
	}
}

// TestClosedForGood: 90 days after it was closed the organization has an account
// no more, but its e-mail stays used.
func TestClosedForGood(t *testing.T) {
	f := furnish(t, Config{Seed: 1, AccountQuota: 3})
	f.must("EnableAWSServiceAccess", `{"ServicePrincipal":"config.amazonaws.com"}`)
	f.must("RegisterDelegatedAdministrator", f.say(`{"AccountId":"IN","ServicePrincipal":"config.amazonaws.com"}`))
	f.must("CloseAccount", f.say(`{"AccountId":"IN"}`))
	f.clock.Advance(limits.PostClosure - time.Second)
	if got := f.must("DescribeAccount", f.say(`{"AccountId":"IN"}`), "Account", "State"); got != "CLOSED" {
		t.Errorf("before 90 days the account is %s", got)
	}
	if got := f.send("AKIAADMIN", "DeleteOrganizationalUnit", f.say(`{"OrganizationalUnitId":"FULL"}`)); got.code != "OrganizationalUnitNotEmptyException" {
		t.Errorf("before 90 days its unit is gone: %q", got.code)
	}
	f.clock.Advance(time.Second)
	if got := f.send("AKIAADMIN", "DescribeAccount", f.say(`{"AccountId":"IN"}`)); got.code != "AccountNotFoundException" {
		t.Errorf("after 90 days: %q", got.code)
	}
	if got := f.send("AKIAADMIN", "InviteAccountToOrganization", f.say(`{"Target":{"Type":"ACCOUNT","Id":"IN"}}`)); got.reason != "INVALID_PARTY_TYPE_TARGET" {
		t.Errorf("inviting it: %q", got.reason)
	}
	f.must("DeleteOrganizationalUnit", f.say(`{"OrganizationalUnitId":"FULL"}`))
	again := f.send("AKIAADMIN", "CreateAccount", createBody("in"))
	if got := dig(again.body, "CreateAccountStatus", "FailureReason"); got != "EMAIL_ALREADY_EXISTS" {
		t.Errorf("its e-mail again: %v", again.body)
	}
	f.account("third") // there is room again
}
