package simaws

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	storetypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
)

// unions takes out of an input what the SDK has as unions and documents, and sets
// it itself: JSON cannot.
func unions(in string, input reflect.Value) string {
	fields := map[string]any{}
	if json.Unmarshal([]byte(in), &fields) != nil {
		return in
	}
	if who, is := fields["MemberId"].(map[string]any); is {
		var member storetypes.MemberId = &storetypes.MemberIdMemberUserId{Value: fmt.Sprint(who["UserId"])}
		input.FieldByName("MemberId").Set(reflect.ValueOf(&member).Elem())
		delete(fields, "MemberId")
	}
	if _, is := fields["AlternateIdentifier"]; is {
		name := "i"
		var by storetypes.AlternateIdentifier = &storetypes.AlternateIdentifierMemberExternalId{Value: storetypes.ExternalId{Id: &name, Issuer: &name}}
		input.FieldByName("AlternateIdentifier").Set(reflect.ValueOf(&by).Elem())
		delete(fields, "AlternateIdentifier")
	}
	if ops, is := fields["Operations"].([]any); is && input.FieldByName("IdentityStoreId").IsValid() {
		var all []storetypes.AttributeOperation
		for _, op := range ops {
			path := fmt.Sprint(op.(map[string]any)["AttributePath"])
			all = append(all, storetypes.AttributeOperation{AttributePath: &path, AttributeValue: document.NewLazyDocument("")})
		}
		input.FieldByName("Operations").Set(reflect.ValueOf(all))
		delete(fields, "Operations")
	}
	rest, _ := json.Marshal(fields) // it was JSON
	return string(rest)
}

// center is an organization's Identity Center, through the SDK.
type center struct {
	*lab
	sso             *ssoadmin.Client
	store           *identitystore.Client
	instance, where string
	set, group      string
}

func newCenter(l *lab) *center {
	c := &center{lab: l, sso: ssoadmin.NewFromConfig(l.config("AKIAADMIN")), store: identitystore.NewFromConfig(l.config("AKIAADMIN"))}
	ctx := l.t.Context()
	found, err := c.sso.ListInstances(ctx, &ssoadmin.ListInstancesInput{})
	if err != nil || len(found.Instances) != 1 {
		l.t.Fatalf("instances: %v, %v", found, err)
	}
	c.instance, c.where = *found.Instances[0].InstanceArn, *found.Instances[0].IdentityStoreId
	name, admin := "admin", "arn:aws:iam::aws:policy/AdministratorAccess"
	set, err := c.sso.CreatePermissionSet(ctx, &ssoadmin.CreatePermissionSetInput{InstanceArn: &c.instance, Name: &name})
	if err != nil {
		l.t.Fatal(err)
	}
	c.set = *set.PermissionSet.PermissionSetArn
	if _, err := c.sso.AttachManagedPolicyToPermissionSet(ctx, &ssoadmin.AttachManagedPolicyToPermissionSetInput{InstanceArn: &c.instance, PermissionSetArn: &c.set, ManagedPolicyArn: &admin}); err != nil {
		l.t.Fatal(err)
	}
	group, err := c.store.CreateGroup(ctx, &identitystore.CreateGroupInput{IdentityStoreId: &c.where, DisplayName: &name})
	if err != nil {
		l.t.Fatal(err)
	}
	c.group = *group.GroupId
	return c
}

func (c *center) assign(account string) (*types.AccountAssignmentOperationStatus, error) {
	out, err := c.sso.CreateAccountAssignment(c.t.Context(), &ssoadmin.CreateAccountAssignmentInput{InstanceArn: &c.instance, PermissionSetArn: &c.set,
		PrincipalId: &c.group, PrincipalType: types.PrincipalTypeGroup, TargetId: &account, TargetType: types.TargetTypeAwsAccount})
	if err != nil {
		return nil, err
	}
	return out.AccountAssignmentCreationStatus, nil
}

func (c *center) status(id *string) *types.AccountAssignmentOperationStatus {
	out, err := c.sso.DescribeAccountAssignmentCreationStatus(c.t.Context(), &ssoadmin.DescribeAccountAssignmentCreationStatusInput{InstanceArn: &c.instance, AccountAssignmentCreationRequestId: id})
	if err != nil {
		c.t.Fatal(err)
	}
	return out.AccountAssignmentCreationStatus
}

// reserved are the roles of permission sets in an account, with their policies.
func (l *lab) reserved(account string) string {
	out, err := l.sdk(memberServices["iam"], account, "GetAccountAuthorizationDetails", `{"Filter":["Role"]}`)
	if err != nil {
		l.t.Fatal(err)
	}
	text, _ := json.Marshal(out.Interface())
	var found struct {
		RoleDetailList []struct {
			RoleName, Path, Arn     string
			AttachedManagedPolicies []struct{ PolicyArn string }
		}
	}
	if err := json.Unmarshal(text, &found); err != nil {
		l.t.Fatal(err)
	}
	var all []string
	for _, r := range found.RoleDetailList {
		if strings.HasPrefix(r.Path, "/aws-reserved/") {
			all = append(all, fmt.Sprint(r.Arn, r.AttachedManagedPolicies))
		}
	}
	return strings.Join(all, "\n")
}

// TestAssignmentReachesTheAccount: an assignment ends when its time has come, also
// over a kill, and is then a role in the account, which only Identity Center changes.
func TestAssignmentReachesTheAccount(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	cfg := Config{Seed: 1, Organization: true, State: file}
	l := newLab(t, "instant", cfg)
	c, account := newCenter(l), l.account("ada")
	l.world.profile.Assignment = 30 * time.Second
	begun, err := c.assign(account)
	if err != nil || begun.Status != types.StatusValuesInProgress {
		t.Fatalf("assign: %+v, %v", begun, err)
	}
	if roles := l.reserved(account); roles != "" {
		t.Errorf("before its time there is %s", roles)
	}
	l.clock.Advance(29 * time.Second)
	if s := c.status(begun.RequestId); s.Status != types.StatusValuesInProgress {
		t.Errorf("after 29 s the assignment is %s", s.Status)
	}
	if err := l.log.unlock(); err != nil { // as a kill does
		t.Fatal(err)
	}
	again := &lab{clock: l.clock, t: t}
	if again.Server, err = New(Config{Seed: 1, State: file, Clock: l.clock, Profile: l.world.profile}); err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	l = again
	c.lab, c.sso = l, ssoadmin.NewFromConfig(l.config("AKIAADMIN"))
	l.clock.Advance(time.Second)
	roles := l.reserved(account)
	if !strings.Contains(roles, ":role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_admin_") || !strings.Contains(roles, "policy/AdministratorAccess") {
		t.Errorf("after 30 s the account has the roles %q", roles)
	}
	if s := c.status(begun.RequestId); s.Status != types.StatusValuesSucceeded {
		t.Errorf("after 30 s the assignment is %s", s.Status)
	}
	_, name, _ := strings.Cut(strings.SplitN(roles, "[", 2)[0], "AWSReservedSSO_")
	_, err = l.sdk(memberServices["iam"], account, "DetachRolePolicy", fmt.Sprintf(`{"RoleName":"AWSReservedSSO_%s","PolicyArn":"arn:aws:iam::aws:policy/AdministratorAccess"}`, strings.TrimSpace(name)))
	if errorCode(err) != "UnmodifiableEntity" {
		t.Errorf("a change of the role by the account: %v, want UnmodifiableEntity", err)
	}
}

// TestAssignmentsAtOnce: the sixteenth that is under way is refused, and one on the
// same account, set and principal conflicts.
func TestAssignmentsAtOnce(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1, Organization: true})
	c := newCenter(l)
	l.world.profile.Assignment = 30 * time.Second
	for i := range 16 {
		account := l.account(fmt.Sprintf("c%d", i))
		want := ""
		if i == 15 {
			want = "ThrottlingException"
		}
		if _, err := c.assign(account); errorCode(err) != want {
			t.Errorf("assignment %d: %v, want %q", i+1, err, want)
		}
		if _, err := c.assign(account); i < 15 && errorCode(err) != "ConflictException" {
			t.Errorf("assignment %d again: %v, want ConflictException", i+1, err)
		}
	}
	l.clock.Advance(30 * time.Second)
	if _, err := c.assign(l.account("last")); err != nil {
		t.Errorf("when all have ended: %v", err)
	}
}

// TestAssignmentOfAClosedAccount: AWS takes it on, and it fails.
func TestAssignmentOfAClosedAccount(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1, Organization: true})
	c, account := newCenter(l), l.account("ada")
	if got := l.try("CloseAccount", fmt.Sprintf(`{"AccountId":%q}`, account)); got != "ok" {
		t.Fatal(got)
	}
	begun, err := c.assign(account)
	if err != nil {
		t.Fatal(err)
	}
	l.clock.Advance(time.Second)
	if s := c.status(begun.RequestId); s.Status != types.StatusValuesFailed || s.FailureReason == nil {
		t.Errorf("the assignment in a closed account is %+v, want FAILED with a reason", s)
	}
}

// TestIdentityRates: Identity Center counts all its operations together, the
// Identity Store each.
func TestIdentityRates(t *testing.T) {
	l := newLab(t, "typical", Config{Seed: 1, Organization: true})
	c := newCenter(l)
	l.clock.Advance(10 * time.Second)
	l.world.profile.Read = 0
	refused := 0
	for i := range 30 {
		var err error
		if i%2 == 0 {
			_, err = c.sso.ListPermissionSets(t.Context(), &ssoadmin.ListPermissionSetsInput{InstanceArn: &c.instance})
		} else {
			_, err = c.sso.ListInstances(t.Context(), &ssoadmin.ListInstancesInput{})
		}
		if errorCode(err) == "ThrottlingException" {
			refused++
		}
		if _, err := c.store.ListGroups(t.Context(), &identitystore.ListGroupsInput{IdentityStoreId: &c.where}); i < 20 && err != nil {
			t.Errorf("list of groups %d: %v", i+1, err)
		}
	}
	if refused != 10 {
		t.Errorf("%d of 30 calls at once were refused, want 10", refused)
	}
}
