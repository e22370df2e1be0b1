package assess

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"landlord/guard/compliance"
)

var at = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// account answers as an account would that has these answers, by operation. An
// answer that begins with ! is a refusal's code and message.
type account struct {
	answers map[string]string
	asked   map[string]bool
	fails   string // the operation that fails
	with    error
}

func (a *account) Ask(_ context.Context, q Question) (Answer, error) {
	a.asked[q.Operation] = true
	if q.Operation == a.fails || a.fails == "*" {
		return Answer{}, a.with
	}
	text, is := a.answers[q.Operation]
	for _, with := range q.Input {
		if special, has := a.answers[fmt.Sprint(q.Operation, " ", with)]; has {
			text, is = special, true
		}
	}
	if !is {
		return Answer{}, fmt.Errorf("the test has no answer to %s", q.Operation)
	}
	if refusal, is := strings.CutPrefix(text, "!"); is {
		code, message, _ := strings.Cut(refusal, ": ")
		return Answer{}, &Refusal{Code: code, Message: message, RequestID: "r-1", Err: errors.New(refusal)}
	}
	return Answer{[]byte(text), "r-1", at}, nil
}

// found are the findings of one check, and all their status together.
func found(t *testing.T, check string, a *account) (compliance.Status, []compliance.Finding) {
	t.Helper()
	named := compliance.Named(check)
	if len(named) != 1 || len(Checks(named)) != 1 {
		t.Fatalf("no evaluator of %s", check)
	}
	a.asked = map[string]bool{}
	all, err := Account(t.Context(), Subject{Account: "123456789012", Organization: "o-house", Regions: []string{"us-east-1"}, At: at, Checks: named, Framework: "CIS"}, a)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatalf("%s came to no finding", check)
	}
	var worst compliance.Status
	for _, f := range all {
		worst = max(worst, f.Status)
		if f.Evidence == nil || len(f.Evidence.Calls) == 0 || f.Reason == "" || len(f.Hash) != 64 || f.Evidence.Evaluator != Version || f.Evidence.Mapping != compliance.Version {
			t.Errorf("%s: a finding without what it rests on: %+v", check, f)
		}
	}
	return worst, all
}

func escaped(policy string) string { return url.PathEscape(policy) }

func report64(rows ...string) string {
	head := "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active," +
		"access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service," +
		"access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service," +
		"cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
	return `{"Content":"` + base64.StdEncoding.EncodeToString([]byte(strings.Join(append([]string{head}, rows...), "\n"))) + `","ReportFormat":"text/csv"}`
}

const (
	rootAtRest = "<root_account>,arn:aws:iam::123456789012:root,2025-01-01T00:00:00+00:00,not_supported,2026-01-01T00:00:00+00:00,not_supported,not_supported,true,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
	rootInUse  = "<root_account>,arn:aws:iam::123456789012:root,2025-01-01T00:00:00+00:00,not_supported,2026-11-20T00:00:00+00:00,not_supported,not_supported,true,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
	rootKey    = "<root_account>,arn:aws:iam::123456789012:root,2025-01-01T00:00:00+00:00,not_supported,no_information,not_supported,not_supported,true,true,2025-01-01T00:00:00+00:00,2026-11-01T00:00:00+00:00,us-east-1,s3,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
	ada        = "ada,arn:aws:iam::123456789012:user/ada,2026-01-01T00:00:00+00:00,true,2026-11-20T00:00:00+00:00,2026-10-01T00:00:00+00:00,N/A,true,true,2026-10-01T00:00:00+00:00,2026-11-20T00:00:00+00:00,us-east-1,s3,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
)

// adaBut is a user of whom some columns differ.
func adaBut(columns map[int]string) string {
	fields := strings.Split(ada, ",")
	for i, v := range columns {
		fields[i] = v
	}
	return report64(rootAtRest, strings.Join(fields, ","))
}

const tlsPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::logs","arn:aws:s3:::logs/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`

// quoted is a policy as a member of an answer.
func quoted(policy string) string {
	return `{"Policy":` + fmt.Sprintf("%q", policy) + `}`
}

func trailJSON(members string) string {
	return `{"TrailList":[{"Name":"main","TrailARN":"arn:aws:cloudtrail:us-east-1:123456789012:trail/main","HomeRegion":"us-east-1","S3BucketName":"logs","IsMultiRegionTrail":true,"LogFileValidationEnabled":true,"KmsKeyId":"arn:aws:kms:us-east-1:123456789012:key/k","CloudWatchLogsLogGroupArn":"arn:aws:logs:us-east-1:123456789012:log-group:trail:*"` + members + `}]}`
}

// filters are metric filters as the documentation of Security Hub has them.
func filters(patterns ...string) string {
	var all []string
	for i, p := range patterns {
		all = append(all, fmt.Sprintf(`{"FilterName":"f%d","FilterPattern":%q,"MetricTransformations":[{"MetricName":"m%d","MetricNamespace":"LogMetrics"}]}`, i, p, i))
	}
	return `{"MetricFilters":[` + strings.Join(all, ",") + `]}`
}

// documented are the filter patterns of Security Hub's documentation, by check.
//
// Source: Security Hub user guide, "CloudWatch controls", remediation of each.
var documented = map[string]string{
	"cloudwatch.alarm_unauthorized_api": `{($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*")}`,
	"cloudwatch.alarm_no_mfa_signin":    `{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }`,
	"cloudwatch.alarm_root_usage":       `{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}`,
	"cloudwatch.alarm_iam_policy":       `{($.eventSource=iam.amazonaws.com) && (($.eventName=DeleteGroupPolicy) || ($.eventName=DeleteRolePolicy) || ($.eventName=DeleteUserPolicy) || ($.eventName=PutGroupPolicy) || ($.eventName=PutRolePolicy) || ($.eventName=PutUserPolicy) || ($.eventName=CreatePolicy) || ($.eventName=DeletePolicy) || ($.eventName=CreatePolicyVersion) || ($.eventName=DeletePolicyVersion) || ($.eventName=AttachRolePolicy) || ($.eventName=DetachRolePolicy) || ($.eventName=AttachUserPolicy) || ($.eventName=DetachUserPolicy) || ($.eventName=AttachGroupPolicy) || ($.eventName=DetachGroupPolicy))}`,
	"cloudwatch.alarm_cloudtrail":       `{($.eventName=CreateTrail) || ($.eventName=UpdateTrail) || ($.eventName=DeleteTrail) || ($.eventName=StartLogging) || ($.eventName=StopLogging)}`,
	"cloudwatch.alarm_auth_failures":    `{($.eventName=ConsoleLogin) && ($.errorMessage="Failed authentication")}`,
	"cloudwatch.alarm_kms_disable":      `{($.eventSource=kms.amazonaws.com) && (($.eventName=DisableKey) || ($.eventName=ScheduleKeyDeletion))}`,
	"cloudwatch.alarm_bucket_policy":    `{($.eventSource=s3.amazonaws.com) && (($.eventName=PutBucketAcl) || ($.eventName=PutBucketPolicy) || ($.eventName=PutBucketCors) || ($.eventName=PutBucketLifecycle) || ($.eventName=PutBucketReplication) || ($.eventName=DeleteBucketPolicy) || ($.eventName=DeleteBucketCors) || ($.eventName=DeleteBucketLifecycle) || ($.eventName=DeleteBucketReplication))}`,
	"cloudwatch.alarm_config":           `{($.eventSource=config.amazonaws.com) && (($.eventName=StopConfigurationRecorder) || ($.eventName=DeleteDeliveryChannel) || ($.eventName=PutDeliveryChannel) || ($.eventName=PutConfigurationRecorder))}`,
	"cloudwatch.alarm_security_group":   `{($.eventName=AuthorizeSecurityGroupIngress) || ($.eventName=AuthorizeSecurityGroupEgress) || ($.eventName=RevokeSecurityGroupIngress) || ($.eventName=RevokeSecurityGroupEgress) || ($.eventName=CreateSecurityGroup) || ($.eventName=DeleteSecurityGroup)}`,
	"cloudwatch.alarm_nacl":             `{($.eventName=CreateNetworkAcl) || ($.eventName=CreateNetworkAclEntry) || ($.eventName=DeleteNetworkAcl) || ($.eventName=DeleteNetworkAclEntry) || ($.eventName=ReplaceNetworkAclEntry) || ($.eventName=ReplaceNetworkAclAssociation)}`,
	"cloudwatch.alarm_gateway":          `{($.eventName=CreateCustomerGateway) || ($.eventName=DeleteCustomerGateway) || ($.eventName=AttachInternetGateway) || ($.eventName=CreateInternetGateway) || ($.eventName=DeleteInternetGateway) || ($.eventName=DetachInternetGateway)}`,
	"cloudwatch.alarm_route_table":      `{($.eventSource=ec2.amazonaws.com) && (($.eventName=CreateRoute) || ($.eventName=CreateRouteTable) || ($.eventName=ReplaceRoute) || ($.eventName=ReplaceRouteTableAssociation) || ($.eventName=DeleteRouteTable) || ($.eventName=DeleteRoute) || ($.eventName=DisassociateRouteTable))}`,
	"cloudwatch.alarm_vpc":              `{($.eventName=CreateVpc) || ($.eventName=DeleteVpc) || ($.eventName=ModifyVpcAttribute) || ($.eventName=AcceptVpcPeeringConnection) || ($.eventName=CreateVpcPeeringConnection) || ($.eventName=DeleteVpcPeeringConnection) || ($.eventName=RejectVpcPeeringConnection) || ($.eventName=AttachClassicLinkVpc) || ($.eventName=DetachClassicLinkVpc) || ($.eventName=DisableVpcClassicLink) || ($.eventName=EnableVpcClassicLink)}`,
	"cloudwatch.alarm_organizations":    `{($.eventSource=organizations.amazonaws.com) && (($.eventName=AcceptHandshake) || ($.eventName=AttachPolicy) || ($.eventName=CreateAccount) || ($.eventName=CreateOrganizationalUnit) || ($.eventName=CreatePolicy) || ($.eventName=DeclineHandshake) || ($.eventName=DeleteOrganization) || ($.eventName=DeleteOrganizationalUnit) || ($.eventName=DeletePolicy) || ($.eventName=DetachPolicy) || ($.eventName=DisablePolicyType) || ($.eventName=EnablePolicyType) || ($.eventName=InviteAccountToOrganization) || ($.eventName=LeaveOrganization) || ($.eventName=MoveAccount) || ($.eventName=RemoveAccountFromOrganization) || ($.eventName=UpdatePolicy) || ($.eventName=UpdateOrganizationalUnit))}`,
}

// sound is an account in which every check passes.
var sound = map[string]string{
	"account:GetAlternateContact":        `{"AlternateContact":{"AlternateContactType":"SECURITY","EmailAddress":"security@example.com"}}`,
	"organizations:DescribeOrganization": `{"Organization":{"Id":"o-house"}}`,
	"iam:GetAccountSummary":              `{"SummaryMap":{"AccountAccessKeysPresent":0,"AccountMFAEnabled":1,"AccountPasswordPresent":1}}`,
	"iam:ListVirtualMFADevices":          `{"VirtualMFADevices":[{"SerialNumber":"arn:aws:iam::123456789012:mfa/ada","User":{"Arn":"arn:aws:iam::123456789012:user/ada"}}]}`,
	"iam:GetAccountPasswordPolicy":       `{"PasswordPolicy":{"MinimumPasswordLength":14,"PasswordReusePrevention":24,"RequireUppercaseCharacters":true,"RequireLowercaseCharacters":true,"RequireNumbers":true,"RequireSymbols":true}}`,
	"iam:GenerateCredentialReport":       `{"State":"COMPLETE"}`,
	"iam:GetCredentialReport":            report64(rootAtRest, ada),
	"iam:ListUsers":                      `{"Users":[{"UserName":"ada","Arn":"arn:aws:iam::123456789012:user/ada"}]}`,
	"iam:ListUserPolicies":               `{"PolicyNames":[]}`,
	"iam:ListAttachedUserPolicies":       `{"AttachedPolicies":[]}`,
	"iam:ListGroupsForUser":              `{"Groups":[{"GroupName":"operators"}]}`,
	"iam:ListServerCertificates":         `{"ServerCertificateMetadataList":[{"Arn":"arn:aws:iam::123456789012:server-certificate/web","Expiration":"2027-01-01T00:00:00Z"}]}`,
	"iam:ListPolicies":                   `{"Policies":[{"Arn":"arn:aws:iam::123456789012:policy/p","DefaultVersionId":"v2"}]}`,
	"iam:GetPolicyVersion":               `{"PolicyVersion":{"Document":"` + escaped(`{"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}`) + `"}}`,
	"iam:GetAccountAuthorizationDetails": `{"UserDetailList":[{"Arn":"arn:aws:iam::123456789012:user/ada","UserPolicyList":[{"PolicyName":"in","PolicyDocument":"` + escaped(`{"Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":"*"}]}`) + `"}]}],"GroupDetailList":[],"RoleDetailList":[]}`,
	"iam:ListEntitiesForPolicy":          `{"PolicyRoles":[{"RoleName":"support"}],"PolicyUsers":[],"PolicyGroups":[]}`,
	"iam:ListEntitiesForPolicy arn:aws:iam::aws:policy/AWSCloudShellFullAccess": `{"PolicyRoles":[],"PolicyUsers":[],"PolicyGroups":[]}`,

	"access-analyzer:ListAnalyzers": `{"Analyzers":[{"Name":"a","Type":"ACCOUNT","Status":"ACTIVE"}]}`,

	"cloudtrail:DescribeTrails":          trailJSON(""),
	"cloudtrail:GetTrailStatus":          `{"IsLogging":true}`,
	"cloudtrail:GetEventSelectors":       `{"EventSelectors":[{"ReadWriteType":"All","IncludeManagementEvents":true,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]}]}]}`,
	"logs:DescribeMetricFilters":         filters(slices.Collect(maps.Values(documented))...),
	"cloudwatch:DescribeAlarmsForMetric": `{"MetricAlarms":[{"AlarmName":"a","ActionsEnabled":true,"AlarmActions":["arn:aws:sns:us-east-1:123456789012:security"]}]}`,
	"sns:ListSubscriptionsByTopic":       `{"Subscriptions":[{"SubscriptionArn":"arn:aws:sns:us-east-1:123456789012:security:1"}]}`,

	"config:DescribeConfigurationRecorders":      `{"ConfigurationRecorders":[{"Name":"default","RecordingGroup":{"AllSupported":true}}]}`,
	"config:DescribeConfigurationRecorderStatus": `{"ConfigurationRecordersStatus":[{"Name":"default","Recording":true,"LastStatus":"SUCCESS"}]}`,
	"config:DescribeDeliveryChannels":            `{"DeliveryChannels":[{"Name":"default"}]}`,
	"securityhub:DescribeHub":                    `{"HubArn":"arn:aws:securityhub:us-east-1:123456789012:hub/default"}`,
	"macie2:GetMacieSession":                     `{"Status":"ENABLED"}`,

	"s3control:GetPublicAccessBlock": `{"PublicAccessBlockConfiguration":{"BlockPublicAcls":true,"IgnorePublicAcls":true,"BlockPublicPolicy":true,"RestrictPublicBuckets":true}}`,
	"s3:ListBuckets":                 `{"Buckets":[{"Name":"logs"}]}`,
	"s3:GetBucketLocation":           `{"LocationConstraint":""}`,
	"s3:GetBucketLocation copy":      `{"LocationConstraint":"eu-west-1"}`,
	"s3:GetPublicAccessBlock":        `{"PublicAccessBlockConfiguration":{"BlockPublicAcls":true,"IgnorePublicAcls":true,"BlockPublicPolicy":true,"RestrictPublicBuckets":true}}`,
	"s3:GetBucketPolicyStatus":       `{"PolicyStatus":{"IsPublic":false}}`,
	"s3:GetBucketAcl":                `{"Grants":[{"Grantee":{"ID":"owner"},"Permission":"FULL_CONTROL"}]}`,
	"s3:GetBucketPolicy":             quoted(tlsPolicy),
	"s3:GetBucketEncryption":         `{"ServerSideEncryptionConfiguration":{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms"}}]}}`,
	"s3:GetBucketVersioning":         `{"Status":"Enabled","MFADelete":"Enabled"}`,
	"s3:GetBucketLogging":            `{"LoggingEnabled":{"TargetBucket":"access"}}`,
	"s3:GetObjectLockConfiguration":  `{"ObjectLockConfiguration":{"ObjectLockEnabled":"Enabled"}}`,
	"s3:GetBucketReplication":        `{"ReplicationConfiguration":{"Rules":[{"Status":"Enabled","Destination":{"Bucket":"arn:aws:s3:::copy"}}]}}`,

	"ec2:GetEbsEncryptionByDefault": `{"EbsEncryptionByDefault":true}`,
	"ec2:DescribeVolumes":           `{"Volumes":[{"VolumeId":"vol-1","Encrypted":true}]}`,
	"ec2:DescribeSnapshots":         `{"Snapshots":[{"SnapshotId":"snap-1"}]}`,
	"ec2:DescribeSnapshotAttribute": `{"CreateVolumePermissions":[{"UserId":"111122223333"}]}`,
	"ec2:DescribeInstances":         `{"Reservations":[{"Instances":[{"InstanceId":"i-1","State":{"Name":"running"},"IamInstanceProfile":{"Arn":"arn:aws:iam::123456789012:instance-profile/p"},"MetadataOptions":{"HttpTokens":"required","HttpEndpoint":"enabled"}}]}]}`,
	"ec2:DescribeVpcs":              `{"Vpcs":[{"VpcId":"vpc-1"}]}`,
	"ec2:DescribeFlowLogs":          `{"FlowLogs":[{"ResourceId":"vpc-1","FlowLogStatus":"ACTIVE"}]}`,
	"ec2:DescribeSecurityGroups":    `{"SecurityGroups":[{"GroupId":"sg-0","GroupName":"default","IpPermissions":[],"IpPermissionsEgress":[]},{"GroupId":"sg-1","GroupName":"web","IpPermissions":[{"IpProtocol":"tcp","FromPort":443,"ToPort":443,"IpRanges":[{"CidrIp":"0.0.0.0/0"}],"Ipv6Ranges":[{"CidrIpv6":"::/0"}]},{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"IpRanges":[{"CidrIp":"10.0.0.0/8"}]}]}]}`,
	"ec2:DescribeNetworkAcls":       `{"NetworkAcls":[{"NetworkAclId":"acl-1","Entries":[{"RuleNumber":100,"RuleAction":"allow","Protocol":"6","CidrBlock":"0.0.0.0/0","PortRange":{"From":443,"To":443}},{"RuleNumber":32767,"RuleAction":"deny","Protocol":"-1","CidrBlock":"0.0.0.0/0"},{"RuleNumber":100,"Egress":true,"RuleAction":"allow","Protocol":"-1","CidrBlock":"0.0.0.0/0"}]}]}`,
	"ec2:DescribeSubnets":           `{"Subnets":[{"SubnetId":"subnet-1","MapPublicIpOnLaunch":false}]}`,

	"kms:ListKeys":                           `{"Keys":[{"KeyId":"k","KeyArn":"arn:aws:kms:us-east-1:123456789012:key/k"}]}`,
	"kms:DescribeKey":                        `{"KeyMetadata":{"KeyId":"k","Arn":"arn:aws:kms:us-east-1:123456789012:key/k","KeyManager":"CUSTOMER","KeyState":"Enabled","KeySpec":"SYMMETRIC_DEFAULT","Origin":"AWS_KMS"}}`,
	"kms:GetKeyRotationStatus":               `{"KeyRotationEnabled":true}`,
	"rds:DescribeDBInstances":                databases(`"StorageEncrypted":true,"MultiAZ":true,"AutoMinorVersionUpgrade":true,"DeletionProtection":true,"BackupRetentionPeriod":7,"EnabledCloudwatchLogsExports":["error"]`),
	"elasticfilesystem:DescribeFileSystems":  `{"FileSystems":[{"FileSystemId":"fs-1","Encrypted":true}]}`,
	"elasticfilesystem:DescribeBackupPolicy": `{"BackupPolicy":{"Status":"ENABLED"}}`,
	"logs:DescribeLogGroups":                 `{"LogGroups":[{"Arn":"arn:aws:logs:us-east-1:123456789012:log-group:app:*","LogGroupName":"app","RetentionInDays":365,"KmsKeyId":"arn:aws:kms:us-east-1:123456789012:key/k"}]}`,
	"sns:ListTopics":                         `{"Topics":[{"TopicArn":"arn:aws:sns:us-east-1:123456789012:security"}]}`,
	"sns:GetTopicAttributes":                 `{"Attributes":{"KmsMasterKeyId":"alias/aws/sns"}}`,
}

func databases(members string) string {
	return `{"DBInstances":[{"DBInstanceArn":"arn:aws:rds:us-east-1:123456789012:db:d","Engine":"postgres",` + members + `}]}`
}

func group22(rule string) string {
	return `{"SecurityGroups":[{"GroupId":"sg-1","GroupName":"web","IpPermissions":[` + rule + `],"IpPermissionsEgress":[]}]}`
}

// but is a sound account but for some answers.
func but(answers ...string) *account {
	a := &account{answers: maps.Clone(sound)}
	maps.Copy(a.answers, soundServices)
	for i := 0; i < len(answers); i += 2 {
		if !strings.Contains(answers[i], " ") { // of that operation, whatever it is asked with
			maps.DeleteFunc(a.answers, func(key, _ string) bool { return strings.HasPrefix(key, answers[i]+" ") })
		}
		a.answers[answers[i]] = answers[i+1]
	}
	return a
}
