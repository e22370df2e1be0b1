package cloud

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"
	opensearchtypes "github.com/aws/aws-sdk-go-v2/service/opensearch/types"
	"github.com/aws/aws-sdk-go-v2/service/redshift"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	controltypes "github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"landlord/guard/baseline"
	"landlord/guard/compliance"
	"landlord/guard/compliance/assess"
	"landlord/internal/clock"
	"landlord/org"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// differs are the checks of which the two methods may say different things, and why.
var differs = map[string]string{
	"cloudtrail.s3_write_events": "CLOUDTRAIL_S3_DATAEVENTS_ENABLED asks for reads too",
	"cloudtrail.s3_read_events":  "CLOUDTRAIL_S3_DATAEVENTS_ENABLED asks for writes too",
	"cloudtrail.cloudwatch_logs": "a trail that is stopped delivers nothing, and the rule asks only whereto",
	"iam.no_admin_policy":        "CIS asks of policies that are attached, the rule of all",
}

// TestMethodsAgree assesses accounts by every check and both methods: nothing is an
// error, every check is told by landlord's own reads, and where AWS Config says
// something it is the same.
func TestMethodsAgree(t *testing.T) {
	c, accounts, now := recorded12(t)
	told := map[string]map[compliance.Status]bool{}
	for _, id := range accounts {
		by := byMethods(t, c, id, now.Now(), compliance.Checks())
		for _, check := range compliance.Checks() {
			reads, config := by[check.ID][compliance.ByCalls], by[check.ID][compliance.ByConfig]
			if reads == compliance.NotAssessed {
				t.Errorf("%s: nothing was read of %s", id, check.ID)
			}
			if told[check.ID] == nil {
				told[check.ID] = map[compliance.Status]bool{}
			}
			told[check.ID][reads] = true
			if compliance.Contradict(reads, config) && differs[check.ID] == "" {
				t.Errorf("%s %s: %v by reads, %v by AWS Config", id, check.ID, reads, config)
			}
		}
	}
	both := 0
	for _, statuses := range told {
		if statuses[compliance.Pass] && statuses[compliance.Fail] {
			both++
		}
	}
	if both < 70 { // else it shows little
		t.Errorf("%d of %d checks pass somewhere and fail elsewhere", both, len(told))
	}
}

// recorded12 are twelve accounts that AWS Config records and judges.
func recorded12(t *testing.T) (*Client, []org.AccountID, *clock.Virtual) {
	t.Helper()
	c, _, now, first := newMember(t)
	accounts := []org.AccountID{first}
	for i := range 11 {
		name := fmt.Sprintf("more%d", i)
		r, err := c.Do(t.Context(), execute.Call{Step: plan.Step{Kind: plan.CreateAccount, Name: name, Email: name + "@landlord.example"}})
		if err == nil && r.ID == "" {
			r, err = c.Do(t.Context(), execute.Call{Purpose: execute.Confirm, Operation: "DescribeCreateAccountStatus", Step: plan.Step{Kind: plan.CreateAccount, Handle: r.Handle}})
		}
		if err != nil {
			t.Fatal(err)
		}
		accounts = append(accounts, org.AccountID(r.ID))
	}
	for _, id := range accounts {
		recordWith(t, c.In(id, "us-east-1"), string(id))
	}
	now.Advance(time.Hour)
	return c, accounts, now
}

// byMethods is what each method says of checks in an account, the worst of all their
// resources.
func byMethods(t *testing.T, c *Client, id org.AccountID, at time.Time, checks []*compliance.Check) map[string]map[string]compliance.Status {
	t.Helper()
	subject := assess.Subject{Account: id, Regions: []string{"us-east-1"}, At: at, Checks: checks, Packs: baseline.Prefix}
	ask := c.Asker(subject)
	var whose struct{ Organization struct{ Id string } }
	answer, err := ask.Ask(t.Context(), assess.Question{Operation: "organizations:DescribeOrganization"})
	if err := cmp.Or(err, json.Unmarshal(answer.Body, &whose)); err != nil {
		t.Fatal(err)
	}
	subject.Organization = whose.Organization.Id
	found, err := assess.Account(t.Context(), subject, ask)
	if err != nil {
		t.Fatal(err)
	}
	judged, err := assess.Config(t.Context(), subject, ask)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]map[string]compliance.Status{}
	for _, f := range slices.Concat(found, judged) {
		if f.Status == compliance.Error {
			t.Errorf("%s %s %s: %s", id, f.Name, f.Resource, f.Reason)
		}
		for _, check := range compliance.Named(f.Name) {
			if by[check.ID] == nil {
				by[check.ID] = map[string]compliance.Status{}
			}
			by[check.ID][f.Method] = max(by[check.ID][f.Method], f.Status)
		}
	}
	return by
}

// mended are checks, and what somebody in the account does about what they found.
var mended = []struct {
	check string
	mend  func(ctx context.Context, cfg aws.Config, id string) error
}{
	{"s3.account_public_block", func(ctx context.Context, cfg aws.Config, id string) error {
		_, err := s3control.NewFromConfig(cfg, func(o *s3control.Options) { o.EndpointResolverV2 = oneHost{o.EndpointResolverV2} }).PutPublicAccessBlock(ctx, &s3control.PutPublicAccessBlockInput{AccountId: &id,
			PublicAccessBlockConfiguration: &controltypes.PublicAccessBlockConfiguration{BlockPublicAcls: aws.Bool(true), IgnorePublicAcls: aws.Bool(true), BlockPublicPolicy: aws.Bool(true), RestrictPublicBuckets: aws.Bool(true)}})
		return err
	}},
	{"iam.password_min_length", func(ctx context.Context, cfg aws.Config, _ string) error {
		_, err := iam.NewFromConfig(cfg).UpdateAccountPasswordPolicy(ctx, &iam.UpdateAccountPasswordPolicyInput{MinimumPasswordLength: aws.Int32(14)})
		return err
	}},
	{"iam.password_reuse", func(ctx context.Context, cfg aws.Config, _ string) error {
		_, err := iam.NewFromConfig(cfg).UpdateAccountPasswordPolicy(ctx, &iam.UpdateAccountPasswordPolicyInput{PasswordReusePrevention: aws.Int32(24)})
		return err
	}},
	{"iam.password_complexity", func(ctx context.Context, cfg aws.Config, _ string) error {
		_, err := iam.NewFromConfig(cfg).UpdateAccountPasswordPolicy(ctx, &iam.UpdateAccountPasswordPolicyInput{RequireSymbols: true, RequireNumbers: true, RequireLowercaseCharacters: true, RequireUppercaseCharacters: true})
		return err
	}},
	{"vpc.sg_no_ssh", func(ctx context.Context, cfg aws.Config, _ string) error {
		client := ec2.NewFromConfig(cfg)
		out, err := client.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: []ec2types.Filter{{Name: aws.String("group-name"), Values: []string{"web"}}}})
		if err == nil {
			_, err = client.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: out.SecurityGroups[0].GroupId, IpPermissions: out.SecurityGroups[0].IpPermissions})
		}
		return err
	}},
	{"dynamodb.pitr", func(ctx context.Context, cfg aws.Config, _ string) error {
		_, err := dynamodb.NewFromConfig(cfg).UpdateContinuousBackups(ctx, &dynamodb.UpdateContinuousBackupsInput{TableName: aws.String("orders"),
			PointInTimeRecoverySpecification: &dynamodbtypes.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: aws.Bool(true)}})
		return err
	}},
	{"lambda.not_public", func(ctx context.Context, cfg aws.Config, _ string) error {
		_, err := lambda.NewFromConfig(cfg).RemovePermission(ctx, &lambda.RemovePermissionInput{FunctionName: aws.String("report"), StatementId: aws.String("any")})
		return err
	}},
	{"redshift.not_public", func(ctx context.Context, cfg aws.Config, _ string) error {
		_, err := redshift.NewFromConfig(cfg).ModifyCluster(ctx, &redshift.ModifyClusterInput{ClusterIdentifier: aws.String("warehouse"), PubliclyAccessible: aws.Bool(false)})
		return err
	}},
	{"opensearch.node_encryption", func(ctx context.Context, cfg aws.Config, _ string) error {
		_, err := opensearch.NewFromConfig(cfg).UpdateDomainConfig(ctx, &opensearch.UpdateDomainConfigInput{DomainName: aws.String("search"), NodeToNodeEncryptionOptions: &opensearchtypes.NodeToNodeEncryptionOptions{Enabled: aws.Bool(true)}})
		return err
	}},
}

// TestWhatIsMendedTurns enters an account by its role, as its people do, and mends
// what a check found: both methods say so at the next look.
func TestWhatIsMendedTurns(t *testing.T) {
	c, accounts, now := recorded12(t)
	cfg := c.members.cfg.Copy()
	cfg.Region = "us-east-1"
	for _, row := range mended {
		turned := false
		for _, id := range accounts {
			before := byMethods(t, c, id, now.Now(), compliance.Named(row.check))[row.check]
			if before[compliance.ByCalls] != compliance.Fail || before[compliance.ByConfig] != compliance.Fail {
				continue
			}
			there, err := c.In(id, "us-east-1").enter(t.Context())
			if err := cmp.Or(err, row.mend(there, cfg, string(id))); err != nil {
				t.Fatalf("%s: %v", row.check, err)
			}
			after := byMethods(t, c, id, now.Now(), compliance.Named(row.check))[row.check]
			if after[compliance.ByCalls] != compliance.Pass || after[compliance.ByConfig] != compliance.Pass {
				t.Errorf("%s, mended: %v", row.check, after)
			}
			turned = true
			break
		}
		if !turned {
			t.Errorf("%s fails by both methods in no account", row.check)
		}
	}
}

// recordWith has AWS Config record an account and judge by the packs of all
// frameworks.
func recordWith(t *testing.T, m *Member, id string) {
	t.Helper()
	ctx, bucket := t.Context(), "config-"+id
	recorderOf(t, m)
	_, made := inside(ctx, m, "s3:CreateBucket", m.s3.CreateBucket, &s3.CreateBucketInput{Bucket: &bucket})
	_, kept := inside(ctx, m, "config:PutDeliveryChannel", m.config.PutDeliveryChannel, &configservice.PutDeliveryChannelInput{DeliveryChannel: &types.DeliveryChannel{Name: aws.String("default"), S3BucketName: &bucket}})
	_, begun := inside(ctx, m, "config:StartConfigurationRecorder", m.config.StartConfigurationRecorder, &configservice.StartConfigurationRecorderInput{ConfigurationRecorderName: aws.String("default")})
	if err := cmp.Or(made, kept, begun); err != nil {
		t.Fatal(err)
	}
	for _, framework := range compliance.Frameworks() {
		p := baseline.PackOf(framework, true)
		if _, err := m.putPack(ctx, plan.Step{Name: p.Name, Document: p.Template, Text: p.Version}); err != nil {
			t.Fatal(err)
		}
	}
}
