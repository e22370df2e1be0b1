package simaws

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	configtypes "github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// inside is the SDK's configuration in an account, entered through the role
// that was made with it.
func (l *lab) inside(account string) aws.Config {
	l.t.Helper()
	out, err := l.sts("AKIAADMIN").AssumeRole(l.t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + account + ":role/OrganizationAccountAccessRole"), RoleSessionName: aws.String("baseline"),
	})
	if err != nil {
		l.t.Fatal(err)
	}
	cfg := l.config("")
	cfg.Credentials = credentials.NewStaticCredentialsProvider(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
	return cfg
}

// s3client addresses buckets by path, as a port needs.
func s3client(cfg aws.Config) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
}

func ok[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// record turns on recording in an account, as a baseline does.
func record(t testing.TB, cfg aws.Config, account string) *configservice.Client {
	t.Helper()
	ctx, config := t.Context(), configservice.NewFromConfig(cfg)
	bucket := aws.String("config-" + account)
	ok[*s3.CreateBucketOutput](t)(s3client(cfg).CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket}))
	ok[*configservice.PutConfigurationRecorderOutput](t)(config.PutConfigurationRecorder(ctx, &configservice.PutConfigurationRecorderInput{
		ConfigurationRecorder: &configtypes.ConfigurationRecorder{Name: aws.String("default"), RoleARN: aws.String("arn:aws:iam::" + account + ":role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig")},
	}))
	ok[*configservice.PutDeliveryChannelOutput](t)(config.PutDeliveryChannel(ctx, &configservice.PutDeliveryChannelInput{
		DeliveryChannel: &configtypes.DeliveryChannel{Name: aws.String("default"), S3BucketName: bucket},
	}))
	ok[*configservice.StartConfigurationRecorderOutput](t)(config.StartConfigurationRecorder(ctx, &configservice.StartConfigurationRecorderInput{ConfigurationRecorderName: aws.String("default")}))
	return config
}

// packOf is a conformance pack's template with a rule of each kind.
func packOf(identifiers ...string) string {
	var b strings.Builder
	b.WriteString("Parameters:\n  Age:\n    Type: String\n    Default: '90'\nConditions:\n  aged: !Not [!Equals ['', !Ref Age]]\nResources:\n")
	for i, id := range identifiers {
		fmt.Fprintf(&b, "  Rule%d:\n    Type: AWS::Config::ConfigRule\n    Properties:\n      ConfigRuleName: %s\n      InputParameters:\n        maxAccessKeyAge: !If [aged, !Ref Age, !Ref AWS::NoValue]\n", i, strings.ToLower(strings.ReplaceAll(id, "_", "-")))
		fmt.Fprintf(&b, "      Source:\n        Owner: AWS\n        SourceIdentifier: %s\n", id)
	}
	return b.String()
}

// verdict is what a pack's compliance says of a rule, by the beginning of its
// name.
func packVerdict(t testing.TB, config *configservice.Client, rule string) string {
	t.Helper()
	out := ok[*configservice.DescribeConformancePackComplianceOutput](t)(config.DescribeConformancePackCompliance(t.Context(), &configservice.DescribeConformancePackComplianceInput{ConformancePackName: aws.String("pack")}))
	for _, r := range out.ConformancePackRuleComplianceList {
		if strings.HasPrefix(*r.ConfigRuleName, rule+"-conformance-pack-") {
			return string(r.ComplianceType)
		}
	}
	t.Fatalf("the pack has no rule %s", rule)
	return ""
}

// TestFindingIsFixed enters an account, turns recording on, puts a pack, fixes
// what it finds, and sees the rules turn.
func TestFindingIsFixed(t *testing.T) {
	l := newLab(t, "typical", Config{Seed: 3, Organization: true})
	account := l.account("ada")
	cfg, ctx := l.inside(account), t.Context()
	config := record(t, cfg, account)
	ok[*configservice.PutConformancePackOutput](t)(config.PutConformancePack(ctx, &configservice.PutConformancePackInput{
		ConformancePackName: aws.String("pack"), TemplateBody: aws.String(packOf("S3_BUCKET_SSL_REQUESTS_ONLY", "IAM_PASSWORD_POLICY", "ELASTICACHE_REDIS_CLUSTER_AUTOMATIC_BACKUP_CHECK")),
	}))
	status := ok[*configservice.DescribeConformancePackStatusOutput](t)(config.DescribeConformancePackStatus(ctx, &configservice.DescribeConformancePackStatusInput{}))
	if state := status.ConformancePackStatusDetails[0].ConformancePackState; state != "CREATE_IN_PROGRESS" {
		t.Errorf("a new pack is %s", state)
	}
	l.clock.Advance(2 * time.Minute)
	status = ok[*configservice.DescribeConformancePackStatusOutput](t)(config.DescribeConformancePackStatus(ctx, &configservice.DescribeConformancePackStatusInput{}))
	if state := status.ConformancePackStatusDetails[0].ConformancePackState; state != "CREATE_COMPLETE" {
		t.Errorf("a pack of two minutes is %s", state)
	}
	for rule, want := range map[string]string{"s3-bucket-ssl-requests-only": "NON_COMPLIANT", "iam-password-policy": "NON_COMPLIANT", "elasticache-redis-cluster-automatic-backup-check": "INSUFFICIENT_DATA"} {
		if got := packVerdict(t, config, rule); got != want {
			t.Errorf("%s is %s, want %s", rule, got, want)
		}
	}
	details := ok[*configservice.GetConformancePackComplianceDetailsOutput](t)(config.GetConformancePackComplianceDetails(ctx, &configservice.GetConformancePackComplianceDetailsInput{ConformancePackName: aws.String("pack")}))
	client := s3client(cfg)
	for _, r := range details.ConformancePackRuleEvaluationResults {
		q := r.EvaluationResultIdentifier.EvaluationResultQualifier
		if *q.ResourceType != "AWS::S3::Bucket" || r.ComplianceType != "NON_COMPLIANT" {
			continue
		}
		policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::%[1]s","arn:aws:s3:::%[1]s/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}}`, *q.ResourceId)
		ok[*s3.PutBucketPolicyOutput](t)(client.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: q.ResourceId, Policy: &policy}))
		back := ok[*s3.GetBucketPolicyOutput](t)(client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: q.ResourceId}))
		if *back.Policy != policy {
			t.Errorf("the policy came back as %s", *back.Policy)
		}
	}
	ok[*iam.UpdateAccountPasswordPolicyOutput](t)(iam.NewFromConfig(cfg).UpdateAccountPasswordPolicy(ctx, &iam.UpdateAccountPasswordPolicyInput{
		MinimumPasswordLength: aws.Int32(14), PasswordReusePrevention: aws.Int32(24), MaxPasswordAge: aws.Int32(90),
		RequireLowercaseCharacters: true, RequireNumbers: true, RequireSymbols: true, RequireUppercaseCharacters: true,
	}))
	for _, rule := range []string{"s3-bucket-ssl-requests-only", "iam-password-policy"} {
		if got := packVerdict(t, config, rule); got != "COMPLIANT" {
			t.Errorf("fixed, %s is %s", rule, got)
		}
	}
	ok[*configservice.StopConfigurationRecorderOutput](t)(config.StopConfigurationRecorder(ctx, &configservice.StopConfigurationRecorderInput{ConfigurationRecorderName: aws.String("default")}))
	if got := packVerdict(t, config, "iam-password-policy"); got != "INSUFFICIENT_DATA" {
		t.Errorf("while nothing is recorded, a rule is %s", got)
	}
}

// TestHistoryTellsWhoCalled looks up what was called in an account, page by
// page.
func TestHistoryTellsWhoCalled(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1, Organization: true})
	account, other := l.account("ada"), l.account("bob")
	cfg, ctx := l.inside(account), t.Context()
	users := iam.NewFromConfig(cfg)
	for i := range 60 {
		ok[*iam.CreateUserOutput](t)(users.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String(fmt.Sprintf("u%d", i))}))
		l.clock.Advance(time.Second)
	}
	if _, err := users.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("u1")}); errorCode(err) != "EntityAlreadyExists" {
		t.Errorf("a second u1: %v", err)
	}
	trail := cloudtrail.NewFromConfig(cfg)
	var events []trailtypes.Event
	pages := cloudtrail.NewLookupEventsPaginator(trail, &cloudtrail.LookupEventsInput{LookupAttributes: []trailtypes.LookupAttribute{{AttributeKey: "EventName", AttributeValue: aws.String("CreateUser")}}})
	for pages.HasMorePages() {
		events = append(events, ok[*cloudtrail.LookupEventsOutput](t)(pages.NextPage(ctx)).Events...)
	}
	if len(events) != 61 {
		t.Fatalf("found %d calls of CreateUser, want 61", len(events))
	}
	for _, e := range events {
		if *e.Username != "baseline" || !strings.Contains(*e.CloudTrailEvent, "assumed-role/OrganizationAccountAccessRole/baseline") || !json.Valid([]byte(*e.CloudTrailEvent)) {
			t.Fatalf("event %s by %s: %s", *e.EventName, *e.Username, *e.CloudTrailEvent)
		}
	}
	if !strings.Contains(*events[0].CloudTrailEvent, `"errorCode":"EntityAlreadyExists"`) || events[0].EventTime.Before(*events[60].EventTime) {
		t.Errorf("the newest is %s", *events[0].CloudTrailEvent)
	}
	entered := ok[*cloudtrail.LookupEventsOutput](t)(trail.LookupEvents(ctx, &cloudtrail.LookupEventsInput{LookupAttributes: []trailtypes.LookupAttribute{{AttributeKey: "EventName", AttributeValue: aws.String("AssumeRole")}}}))
	if len(entered.Events) != 1 || !strings.Contains(*entered.Events[0].CloudTrailEvent, l.world.management) {
		t.Errorf("of being entered the account has %d events", len(entered.Events))
	}
	there := ok[*cloudtrail.LookupEventsOutput](t)(cloudtrail.NewFromConfig(l.inside(other)).LookupEvents(ctx, &cloudtrail.LookupEventsInput{}))
	if slices.ContainsFunc(there.Events, func(e trailtypes.Event) bool { return *e.EventName == "CreateUser" }) {
		t.Error("another account's calls are shown")
	}
}

// TestMemberIsHeld denies a member what its service control policies deny, and
// lets the management account go on.
func TestMemberIsHeld(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1, Organization: true})
	account, ctx := l.account("ada"), t.Context()
	l.enable()
	cfg := l.inside(account)
	config := record(t, cfg, account)
	policy := l.must("CreatePolicy", fmt.Sprintf(`{"Name":"keep","Description":"","Type":"SERVICE_CONTROL_POLICY","Content":%q}`,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["config:DeleteConfigurationRecorder","s3:PutAccountPublicAccessBlock"],"Resource":"*"},{"Effect":"Deny","Action":"s3:DeleteBucket","Resource":"arn:aws:s3:::config-*"}]}`), "Policy", "PolicySummary", "Id")
	l.must("AttachPolicy", fmt.Sprintf(`{"PolicyId":%q,"TargetId":%q}`, policy, account))
	in := &configservice.DeleteConfigurationRecorderInput{ConfigurationRecorderName: aws.String("default")}
	_, err := config.DeleteConfigurationRecorder(ctx, in)
	if errorCode(err) != "AccessDeniedException" || !strings.Contains(err.Error(), "explicit deny in a service control policy") {
		t.Errorf("the member deletes its recorder: %v", err)
	}
	if out := ok[*configservice.DescribeConfigurationRecordersOutput](t)(config.DescribeConfigurationRecorders(ctx, nil)); len(out.ConfigurationRecorders) != 1 {
		t.Errorf("the recorder went with it: %v", out)
	}
	buckets := s3client(cfg)
	if _, err := buckets.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: aws.String("config-" + account)}); errorCode(err) != "AccessDenied" {
		t.Errorf("the member deletes the bucket: %v", err)
	}
	ok[*s3.DeleteBucketOutput](t)(buckets.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: aws.String("data-" + account)}))
	own := l.config("AKIAADMIN")
	record(t, own, l.world.management)
	if _, err := configservice.NewFromConfig(own).DeleteConfigurationRecorder(ctx, in); err != nil {
		t.Errorf("the management account is held: %v", err)
	}
}

// TestEstateSurvives kills simaws after a fix and finds the fix there again, the
// rest as it was, and what was called.
func TestEstateSurvives(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	cfg := Config{Seed: 5, Organization: true, State: state}
	l := newLab(t, "instant", cfg)
	account, ctx := l.account("ada"), t.Context()
	users := iam.NewFromConfig(l.inside(account))
	before := ok[*iam.ListUsersOutput](t)(users.ListUsers(ctx, nil))
	ok[*iam.CreateUserOutput](t)(users.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("new")}))
	text, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	cfg.State = filepath.Join(t.TempDir(), "state") // as a kill leaves it
	if err := os.WriteFile(cfg.State, text, 0o600); err != nil {
		t.Fatal(err)
	}
	again := newLab(t, "instant", cfg)
	inside := again.inside(account)
	after := ok[*iam.ListUsersOutput](t)(iam.NewFromConfig(inside).ListUsers(ctx, nil))
	if len(after.Users) != len(before.Users)+1 {
		t.Errorf("there were %d users, and one more was made; now there are %d", len(before.Users), len(after.Users))
	}
	for _, u := range before.Users {
		if !slices.ContainsFunc(after.Users, func(a iamtypes.User) bool { return *a.UserId == *u.UserId && a.CreateDate.Equal(*u.CreateDate) }) {
			t.Errorf("user %s is not as it was", *u.UserName)
		}
	}
	events := ok[*cloudtrail.LookupEventsOutput](t)(cloudtrail.NewFromConfig(inside).LookupEvents(ctx, nil))
	if !slices.ContainsFunc(events.Events, func(e trailtypes.Event) bool { return *e.EventName == "CreateUser" }) {
		t.Errorf("the call is forgotten: %v", events.Events)
	}
}

// still lets an SDK client reach the lab in no time.
type still struct{ lab *lab }

func (s still) Do(r *http.Request) (*http.Response, error) {
	resp, _, err := s.lab.RoundTrip(r)
	return resp, err
}

// TestMembersAreThrottled: what is published of a service's rate holds for each
// account by itself, and is said as that service says it.
func TestMembersAreThrottled(t *testing.T) {
	l := newLab(t, "typical", Config{Seed: 1, Organization: true})
	first, other := l.inside(l.account("first")), l.inside(l.account("other"))
	first.HTTPClient, other.HTTPClient = still{l}, still{l}
	lookUp := func(cfg aws.Config) string {
		_, err := cloudtrail.NewFromConfig(cfg).LookupEvents(t.Context(), &cloudtrail.LookupEventsInput{})
		return errorCode(err)
	}
	for i, want := range []string{"", "", "ThrottlingException"} {
		if got := lookUp(first); got != want {
			t.Errorf("call %d: %q, want %q", i+1, got, want)
		}
	}
	if got := lookUp(other); got != "" {
		t.Errorf("another account's first call: %q", got)
	}
	l.clock.Advance(time.Second)
	if got := lookUp(first); got != "" {
		t.Errorf("a second later: %q", got)
	}
	machines := ec2.NewFromConfig(first)
	for i := range 101 {
		_, err := machines.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{})
		if want := map[bool]string{true: "RequestLimitExceeded"}[i == 100]; errorCode(err) != want {
			t.Fatalf("DescribeVolumes %d: %q, want %q", i+1, errorCode(err), want)
		}
	}
}
