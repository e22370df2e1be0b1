package assess

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"landlord/guard/compliance"
)

// verdicts are what each check says: of a sound account it passes; with these
// answers instead it fails, or comes to something else, or has nothing to look at.
// The answers are as AWS's API references show them.
var verdicts = slices.Concat(commonVerdicts, serviceVerdicts)

type verdict struct {
	check string
	fails []string            // operations and answers
	also  map[string][]string // other answers that fail too, by what they are
	empty []string            // answers in which there is nothing
	then  compliance.Status   // what that comes to
}

var commonVerdicts = []verdict{
	{check: "account.security_contact", fails: []string{"account:GetAlternateContact", "!ResourceNotFoundException: No contact of the type"}},
	{check: "account.in_organization", fails: []string{"organizations:DescribeOrganization", `{"Organization":{"Id":"o-other"}}`}, also: map[string][]string{
		"in none": {"organizations:DescribeOrganization", "!AWSOrganizationsNotInUseException: Your account is not a member of an organization."}}},
	{check: "iam.root_no_access_key", fails: []string{"iam:GetAccountSummary", `{"SummaryMap":{"AccountAccessKeysPresent":1,"AccountMFAEnabled":1}}`}},
	{check: "iam.root_mfa", fails: []string{"iam:GetAccountSummary", `{"SummaryMap":{"AccountAccessKeysPresent":0,"AccountMFAEnabled":0,"AccountPasswordPresent":1}}`}, also: map[string][]string{
		"nothing said of the password": {"iam:GetAccountSummary", `{"SummaryMap":{"AccountAccessKeysPresent":0,"AccountMFAEnabled":0}}`}},
		empty: []string{"iam:GetAccountSummary", `{"SummaryMap":{"AccountAccessKeysPresent":0,"AccountMFAEnabled":0,"AccountPasswordPresent":0}}`}, then: compliance.Pass},
	{check: "iam.root_hardware_mfa", fails: []string{"iam:ListVirtualMFADevices", `{"VirtualMFADevices":[{"SerialNumber":"arn:aws:iam::123456789012:mfa/any","User":{"Arn":"arn:aws:iam::123456789012:root"}}]}`},
		also: map[string][]string{"no MFA": {"iam:GetAccountSummary", `{"SummaryMap":{"AccountAccessKeysPresent":0,"AccountMFAEnabled":0}}`}}},
	{check: "iam.root_not_used", fails: []string{"iam:GetCredentialReport", report64(rootInUse)}, also: map[string][]string{"by its key": {"iam:GetCredentialReport", report64(rootKey)}}},
	{check: "iam.password_min_length", fails: []string{"iam:GetAccountPasswordPolicy", `{"PasswordPolicy":{"MinimumPasswordLength":13}}`}, also: map[string][]string{"no policy": {"iam:GetAccountPasswordPolicy", "!NoSuchEntity: cannot be found"}}},
	{check: "iam.password_reuse", fails: []string{"iam:GetAccountPasswordPolicy", `{"PasswordPolicy":{"PasswordReusePrevention":23}}`}, also: map[string][]string{"no policy": {"iam:GetAccountPasswordPolicy", "!NoSuchEntity: cannot be found"}, "none": {"iam:GetAccountPasswordPolicy", `{"PasswordPolicy":{"PasswordReusePrevention":null}}`}}},
	{check: "iam.password_complexity", fails: []string{"iam:GetAccountPasswordPolicy", `{"PasswordPolicy":{"RequireUppercaseCharacters":true,"RequireLowercaseCharacters":true,"RequireNumbers":true,"RequireSymbols":false}}`}},
	{check: "iam.user_console_mfa", fails: []string{"iam:GetCredentialReport", adaBut(map[int]string{7: "false"})}, empty: []string{"iam:GetCredentialReport", adaBut(map[int]string{3: "false", 7: "false"})}, then: compliance.NotApplicable},
	{check: "iam.user_mfa", fails: []string{"iam:GetCredentialReport", adaBut(map[int]string{3: "false", 7: "false"})}, empty: []string{"iam:GetCredentialReport", report64(rootAtRest)}, then: compliance.NotApplicable},
	{check: "iam.user_unused_credentials", fails: []string{"iam:GetCredentialReport", adaBut(map[int]string{4: "2026-10-08T00:00:00+00:00", 5: "2026-01-01T00:00:00+00:00"})}, also: map[string][]string{
		"the key":         {"iam:GetCredentialReport", adaBut(map[int]string{10: "2026-10-08T00:00:00+00:00"})},
		"a key not used":  {"iam:GetCredentialReport", adaBut(map[int]string{9: "2026-10-01T00:00:00+00:00", 10: "N/A"})},
		"never signed in": {"iam:GetCredentialReport", adaBut(map[int]string{4: "no_information", 5: "2026-01-01T00:00:00+00:00"})}},
		empty: []string{"iam:GetCredentialReport", adaBut(map[int]string{3: "false", 8: "false"})}, then: compliance.NotApplicable},
	{check: "iam.access_key_rotation", fails: []string{"iam:GetCredentialReport", adaBut(map[int]string{9: "2026-08-24T00:00:00+00:00"})}, empty: []string{"iam:GetCredentialReport", adaBut(map[int]string{8: "false", 9: "2020-08-24T00:00:00+00:00"})}, then: compliance.NotApplicable},
	{check: "iam.one_active_key", fails: []string{"iam:GetCredentialReport", adaBut(map[int]string{13: "true", 14: "2026-11-01T00:00:00+00:00"})}, empty: []string{"iam:GetCredentialReport", report64(rootAtRest)}, then: compliance.NotApplicable},
	{check: "iam.no_initial_access_key", fails: []string{"iam:GetCredentialReport", adaBut(map[int]string{9: "2026-01-01T00:00:20+00:00"})}, empty: []string{"iam:GetCredentialReport", adaBut(map[int]string{3: "false", 9: "2026-01-01T00:00:00+00:00"})}, then: compliance.NotApplicable},
	{check: "iam.user_no_direct_policies", fails: []string{"iam:ListUserPolicies", `{"PolicyNames":["own"]}`}, also: map[string][]string{"attached": {"iam:ListAttachedUserPolicies", `{"AttachedPolicies":[{"PolicyArn":"arn:aws:iam::aws:policy/ReadOnlyAccess"}]}`}},
		empty: []string{"iam:ListUsers", `{"Users":[]}`}, then: compliance.NotApplicable},
	{check: "iam.user_in_group", fails: []string{"iam:ListGroupsForUser", `{"Groups":[]}`}, empty: []string{"iam:ListUsers", `{"Users":[]}`}, then: compliance.NotApplicable},
	{check: "iam.no_admin_policy", fails: []string{"iam:GetPolicyVersion", `{"PolicyVersion":{"Document":"` + escaped(`{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*"},{"Effect":"Allow","Action":["ec2:*","*"],"Resource":["*"]}]}`) + `"}}`},
		empty: []string{"iam:ListPolicies", `{"Policies":[]}`}, then: compliance.NotApplicable},
	{check: "iam.no_full_service_policy", fails: []string{"iam:GetPolicyVersion", `{"PolicyVersion":{"Document":"` + escaped(`{"Statement":{"Effect":"Allow","Action":"ec2:*","Resource":"arn:aws:ec2:*:*:instance/*"}}`) + `"}}`},
		empty: []string{"iam:ListPolicies", `{"Policies":null}`}, then: compliance.NotApplicable},
	{check: "iam.no_inline_admin_policy", fails: []string{"iam:GetAccountAuthorizationDetails", `{"UserDetailList":[],"GroupDetailList":[],"RoleDetailList":[{"Arn":"arn:aws:iam::123456789012:role/r","RolePolicyList":[{"PolicyName":"in","PolicyDocument":"` + escaped(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`) + `"}]}]}`},
		empty: []string{"iam:GetAccountAuthorizationDetails", `{"UserDetailList":[],"GroupDetailList":[],"RoleDetailList":[]}`}, then: compliance.NotApplicable},
	{check: "iam.support_role", fails: []string{"iam:ListEntitiesForPolicy", `{"PolicyRoles":[],"PolicyUsers":[{"UserName":"ada"}],"PolicyGroups":[]}`}},
	{check: "iam.cloudshell_restricted", fails: []string{"iam:ListEntitiesForPolicy arn:aws:iam::aws:policy/AWSCloudShellFullAccess", `{"PolicyRoles":[],"PolicyUsers":[],"PolicyGroups":[{"GroupName":"all"}]}`}},
	{check: "iam.server_certs_current", fails: []string{"iam:ListServerCertificates", `{"ServerCertificateMetadataList":[{"Arn":"arn:aws:iam::123456789012:server-certificate/web","Expiration":"2026-11-23T11:59:59Z"}]}`},
		empty: []string{"iam:ListServerCertificates", `{"ServerCertificateMetadataList":[]}`}, then: compliance.NotApplicable},
	{check: "iam.access_analyzer", fails: []string{"access-analyzer:ListAnalyzers", `{"Analyzers":[{"Name":"u","Type":"ACCOUNT_UNUSED_ACCESS","Status":"ACTIVE"},{"Name":"a","Type":"ACCOUNT","Status":"CREATING"}]}`},
		empty: []string{"access-analyzer:ListAnalyzers", `{"Analyzers":[]}`}, then: compliance.Fail},

	{check: "cloudtrail.multi_region", fails: []string{"cloudtrail:GetTrailStatus", `{"IsLogging":false}`}, also: map[string][]string{
		"of one region":      {"cloudtrail:DescribeTrails", strings.Replace(trailJSON(""), `"IsMultiRegionTrail":true`, `"IsMultiRegionTrail":false`, 1)},
		"only writes":        {"cloudtrail:GetEventSelectors", `{"EventSelectors":[{"ReadWriteType":"WriteOnly","IncludeManagementEvents":true}]}`},
		"no management":      {"cloudtrail:GetEventSelectors", `{"EventSelectors":[{"ReadWriteType":"All","IncludeManagementEvents":false}]}`},
		"but of one service": {"cloudtrail:GetEventSelectors", `{"EventSelectors":[{"ReadWriteType":"All","IncludeManagementEvents":true,"ExcludeManagementEventSources":["kms.amazonaws.com"]}]}`},
		"some of them":       {"cloudtrail:GetEventSelectors", `{"AdvancedEventSelectors":[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"eventSource","NotEquals":["kms.amazonaws.com"]}]}]}`},
		"only writes, again": {"cloudtrail:GetEventSelectors", `{"AdvancedEventSelectors":[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"readOnly","Equals":["false"]}]}]}`}},
		empty: []string{"cloudtrail:DescribeTrails", `{"TrailList":[]}`}, then: compliance.Fail},
	{check: "cloudtrail.log_validation", fails: []string{"cloudtrail:DescribeTrails", strings.Replace(trailJSON(""), `"LogFileValidationEnabled":true`, `"LogFileValidationEnabled":false`, 1)}, empty: []string{"cloudtrail:DescribeTrails", `{"TrailList":[]}`}, then: compliance.NotApplicable},
	{check: "cloudtrail.kms", fails: []string{"cloudtrail:DescribeTrails", trailJSON(`,"KmsKeyId":""`)}, empty: []string{"cloudtrail:DescribeTrails", `{"TrailList":[]}`}, then: compliance.NotApplicable},
	{check: "cloudtrail.cloudwatch_logs", fails: []string{"cloudtrail:DescribeTrails", trailJSON(`,"CloudWatchLogsLogGroupArn":""`)}, also: map[string][]string{"off": {"cloudtrail:GetTrailStatus", `{"IsLogging":false}`}},
		empty: []string{"cloudtrail:DescribeTrails", `{"TrailList":[]}`}, then: compliance.NotApplicable},
	{check: "cloudtrail.bucket_access_logging", fails: []string{"s3:GetBucketLogging", `{"LoggingEnabled":null}`}, empty: []string{"s3:ListBuckets", `{"Buckets":[{"Name":"mine"}]}`}, then: compliance.Manual},
	{check: "cloudtrail.s3_write_events", fails: []string{"cloudtrail:GetEventSelectors", `{"EventSelectors":[{"ReadWriteType":"ReadOnly","DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]}]}]}`}, also: map[string][]string{
		"off":           {"cloudtrail:GetTrailStatus", `{"IsLogging":false}`},
		"of one bucket": {"cloudtrail:GetEventSelectors", `{"EventSelectors":[{"ReadWriteType":"All","DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::logs/"]}]}]}`},
		"of functions":  {"cloudtrail:GetEventSelectors", `{"AdvancedEventSelectors":[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::Lambda::Function"]}]}]}`},
		"but one":       {"cloudtrail:GetEventSelectors", `{"AdvancedEventSelectors":[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::S3::Object"]},{"Field":"resources.ARN","NotStartsWith":["arn:aws:s3:::logs/"]}]}]}`}},
		empty: []string{"cloudtrail:DescribeTrails", `{"TrailList":[]}`}, then: compliance.Fail},
	{check: "cloudtrail.s3_read_events", fails: []string{"cloudtrail:GetEventSelectors", `{"EventSelectors":[{"ReadWriteType":"WriteOnly","DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]}]}]}`}, empty: []string{"cloudtrail:DescribeTrails", `{"TrailList":[]}`}, then: compliance.Fail},

	{check: "config.recorder", fails: []string{"config:DescribeConfigurationRecorderStatus", `{"ConfigurationRecordersStatus":[{"Recording":false}]}`}, also: map[string][]string{
		"some types": {"config:DescribeConfigurationRecorders", `{"ConfigurationRecorders":[{"Name":"default","RecordingGroup":{"AllSupported":false,"ResourceTypes":["AWS::S3::Bucket"]}}]}`},
		"fails":      {"config:DescribeConfigurationRecorderStatus", `{"ConfigurationRecordersStatus":[{"Recording":true,"LastStatus":"FAILURE"}]}`},
		"no channel": {"config:DescribeDeliveryChannels", `{"DeliveryChannels":[]}`}},
		empty: []string{"config:DescribeConfigurationRecorders", `{"ConfigurationRecorders":[]}`}, then: compliance.Fail},
	{check: "securityhub.enabled", fails: []string{"securityhub:DescribeHub", "!InvalidAccessException: Account 123456789012 is not subscribed to AWS Security Hub"}},
	{check: "macie.enabled", fails: []string{"macie2:GetMacieSession", "!AccessDeniedException: Macie is not enabled"}, also: map[string][]string{"paused": {"macie2:GetMacieSession", `{"Status":"PAUSED"}`}}},

	{check: "s3.account_public_block", fails: []string{"s3control:GetPublicAccessBlock", `{"PublicAccessBlockConfiguration":{"BlockPublicAcls":true,"IgnorePublicAcls":true,"BlockPublicPolicy":true,"RestrictPublicBuckets":false}}`}, also: map[string][]string{
		"none": {"s3control:GetPublicAccessBlock", "!NoSuchPublicAccessBlockConfiguration: was not found"}, "nothing in it": {"s3control:GetPublicAccessBlock", `{}`}}},
	{check: "s3.bucket_public_block", fails: []string{"s3:GetPublicAccessBlock", "!NoSuchPublicAccessBlockConfiguration: was not found"}, empty: []string{"s3:ListBuckets", `{"Buckets":null}`}, then: compliance.NotApplicable},
	{check: "s3.no_public_read", fails: []string{"s3:GetBucketAcl", `{"Grants":[{"Grantee":{"URI":"http://acs.amazonaws.com/groups/global/AllUsers"},"Permission":"READ"}]}`}, also: map[string][]string{"by its policy": {"s3:GetBucketPolicyStatus", `{"PolicyStatus":{"IsPublic":true}}`}},
		empty: []string{"s3:ListBuckets", `{"Buckets":null}`}, then: compliance.NotApplicable},
	{check: "s3.no_public_write", fails: []string{"s3:GetBucketAcl", `{"Grants":[{"Grantee":{"URI":"http://acs.amazonaws.com/groups/global/AuthenticatedUsers"},"Permission":"WRITE"}]}`}, empty: []string{"s3:ListBuckets", `{"Buckets":null}`}, then: compliance.NotApplicable},
	{check: "s3.tls_only", fails: []string{"s3:GetBucketPolicy", "!NoSuchBucketPolicy: does not exist"}, also: map[string][]string{
		"allows":          {"s3:GetBucketPolicy", quoted(strings.Replace(tlsPolicy, "Deny", "Allow", 1))},
		"only reading":    {"s3:GetBucketPolicy", quoted(strings.Replace(tlsPolicy, "s3:*", "s3:Get*", 1))},
		"one principal":   {"s3:GetBucketPolicy", quoted(strings.Replace(tlsPolicy, `"Principal":"*"`, `"Principal":{"AWS":"arn:aws:iam::123456789012:root"}`, 1))},
		"only objects":    {"s3:GetBucketPolicy", quoted(strings.Replace(tlsPolicy, `"arn:aws:s3:::logs",`, "", 1))},
		"another bucket":  {"s3:GetBucketPolicy", quoted(strings.ReplaceAll(tlsPolicy, ":::logs", ":::other"))},
		"another key too": {"s3:GetBucketPolicy", quoted(strings.Replace(tlsPolicy, `"Condition":{`, `"Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.7"},`, 1))},
		"the other way":   {"s3:GetBucketPolicy", quoted(strings.Replace(tlsPolicy, `"false"`, `"true"`, 1))}},
		empty: []string{"s3:ListBuckets", `{"Buckets":null}`}, then: compliance.NotApplicable},
	{check: "s3.default_encryption", fails: []string{"s3:GetBucketEncryption", "!ServerSideEncryptionConfigurationNotFoundError: was not found"}, empty: []string{"s3:ListBuckets", `{"Buckets":null}`}, then: compliance.NotApplicable},
	{check: "s3.kms_encryption", fails: []string{"s3:GetBucketEncryption", `{"ServerSideEncryptionConfiguration":{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}}`}, empty: []string{"s3:ListBuckets", `{"Buckets":null}`}, then: compliance.NotApplicable},
	{check: "s3.versioning", fails: []string{"s3:GetBucketVersioning", `{"Status":"Suspended"}`}, also: map[string][]string{"never": {"s3:GetBucketVersioning", `{}`}}, empty: []string{"s3:ListBuckets", `{"Buckets":null}`}, then: compliance.NotApplicable},
	{check: "s3.mfa_delete", fails: []string{"s3:GetBucketVersioning", `{"Status":"Enabled"}`}, empty: []string{"s3:ListBuckets", `{"Buckets":null}`}, then: compliance.NotApplicable},
	{check: "s3.access_logging", fails: []string{"s3:GetBucketLogging", `{}`}, empty: []string{"s3:ListBuckets", `{"Buckets":null}`}, then: compliance.NotApplicable},
	{check: "s3.object_lock", fails: []string{"s3:GetObjectLockConfiguration", "!ObjectLockConfigurationNotFoundError: does not exist"}, empty: []string{"s3:ListBuckets", `{"Buckets":null}`}, then: compliance.NotApplicable},
	{check: "s3.replication", fails: []string{"s3:GetBucketReplication", "!ReplicationConfigurationNotFoundError: was not found"}, also: map[string][]string{"in the same region": {"s3:GetBucketLocation", `{"LocationConstraint":""}`},
		"off": {"s3:GetBucketReplication", `{"ReplicationConfiguration":{"Rules":[{"Status":"Disabled","Destination":{"Bucket":"arn:aws:s3:::copy"}}]}}`}}, empty: []string{"s3:ListBuckets", `{"Buckets":null}`}, then: compliance.NotApplicable},

	{check: "ec2.ebs_default_encryption", fails: []string{"ec2:GetEbsEncryptionByDefault", `{"EbsEncryptionByDefault":false}`}},
	{check: "ec2.ebs_volume_encryption", fails: []string{"ec2:DescribeVolumes", `{"Volumes":[{"VolumeId":"vol-1","Encrypted":true},{"VolumeId":"vol-2","Encrypted":false}]}`}, empty: []string{"ec2:DescribeVolumes", `{"Volumes":null}`}, then: compliance.NotApplicable},
	{check: "ec2.ebs_snapshot_public", fails: []string{"ec2:DescribeSnapshotAttribute", `{"CreateVolumePermissions":[{"Group":"all"}]}`}, empty: []string{"ec2:DescribeSnapshots", `{"Snapshots":[]}`}, then: compliance.NotApplicable},
	{check: "ec2.imdsv2", fails: []string{"ec2:DescribeInstances", machine(`"MetadataOptions":{"HttpTokens":"optional","HttpEndpoint":"enabled"}`)}, empty: []string{"ec2:DescribeInstances", strings.Replace(machine(`"X":0`), "running", "terminated", 1)}, then: compliance.NotApplicable},
	{check: "ec2.no_public_ip", fails: []string{"ec2:DescribeInstances", machine(`"PublicIpAddress":"203.0.113.7"`)}, empty: []string{"ec2:DescribeInstances", `{"Reservations":[]}`}, then: compliance.NotApplicable},
	{check: "ec2.instance_profile", fails: []string{"ec2:DescribeInstances", machine(`"IamInstanceProfile":null`)}, empty: []string{"ec2:DescribeInstances", `{"Reservations":[]}`}, then: compliance.NotApplicable},

	{check: "vpc.flow_logs", fails: []string{"ec2:DescribeFlowLogs", `{"FlowLogs":[{"ResourceId":"vpc-2","FlowLogStatus":"ACTIVE"}]}`}, empty: []string{"ec2:DescribeVpcs", `{"Vpcs":[]}`}, then: compliance.NotApplicable},
	{check: "vpc.default_sg_closed", fails: []string{"ec2:DescribeSecurityGroups", `{"SecurityGroups":[{"GroupId":"sg-0","GroupName":"default","IpPermissionsEgress":[{"IpProtocol":"-1"}]}]}`}, empty: []string{"ec2:DescribeSecurityGroups", `{"SecurityGroups":[]}`}, then: compliance.NotApplicable},
	{check: "vpc.sg_no_ssh", fails: []string{"ec2:DescribeSecurityGroups", group22(`{"IpProtocol":"tcp","FromPort":20,"ToPort":25,"IpRanges":[{"CidrIp":"0.0.0.0/0"}]}`)}, also: map[string][]string{
		"IPv6":        {"ec2:DescribeSecurityGroups", group22(`{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"Ipv6Ranges":[{"CidrIpv6":"::/0"}]}`)},
		"everything":  {"ec2:DescribeSecurityGroups", group22(`{"IpProtocol":"-1","IpRanges":[{"CidrIp":"0.0.0.0/0"}]}`)},
		"by a number": {"ec2:DescribeSecurityGroups", group22(`{"IpProtocol":"6","FromPort":22,"ToPort":22,"IpRanges":[{"CidrIp":"0.0.0.0/0"}]}`)}},
		empty: []string{"ec2:DescribeSecurityGroups", `{"SecurityGroups":[]}`}, then: compliance.NotApplicable},
	{check: "vpc.sg_no_rdp", fails: []string{"ec2:DescribeSecurityGroups", group22(`{"IpProtocol":"tcp","FromPort":3389,"ToPort":3389,"IpRanges":[{"CidrIp":"0.0.0.0/0"}]}`)}, empty: []string{"ec2:DescribeSecurityGroups", `{"SecurityGroups":[]}`}, then: compliance.NotApplicable},
	{check: "vpc.sg_no_cifs", fails: []string{"ec2:DescribeSecurityGroups", group22(`{"IpProtocol":"tcp","FromPort":445,"ToPort":445,"IpRanges":[{"CidrIp":"0.0.0.0/0"}]}`)}, empty: []string{"ec2:DescribeSecurityGroups", `{"SecurityGroups":[]}`}, then: compliance.NotApplicable},
	{check: "vpc.sg_no_all_ports", fails: []string{"ec2:DescribeSecurityGroups", group22(`{"IpProtocol":"tcp","FromPort":0,"ToPort":65535,"IpRanges":[{"CidrIp":"0.0.0.0/0"}]}`)}, also: map[string][]string{
		"everything": {"ec2:DescribeSecurityGroups", group22(`{"IpProtocol":"-1","Ipv6Ranges":[{"CidrIpv6":"::/0"}]}`)}}, empty: []string{"ec2:DescribeSecurityGroups", `{"SecurityGroups":[]}`}, then: compliance.NotApplicable},
	{check: "vpc.nacl_no_admin_ports", fails: []string{"ec2:DescribeNetworkAcls", entries(`{"RuleNumber":100,"RuleAction":"allow","Protocol":"-1","CidrBlock":"0.0.0.0/0"}`)}, also: map[string][]string{
		"RDP over IPv6":           {"ec2:DescribeNetworkAcls", entries(`{"RuleNumber":100,"RuleAction":"allow","Protocol":"6","Ipv6CidrBlock":"::/0","PortRange":{"From":3000,"To":4000}}`)},
		"a part denied before":    {"ec2:DescribeNetworkAcls", entries(`{"RuleNumber":90,"RuleAction":"deny","Protocol":"6","CidrBlock":"198.51.100.0/24","PortRange":{"From":22,"To":22}},{"RuleNumber":100,"RuleAction":"allow","Protocol":"6","CidrBlock":"0.0.0.0/0","PortRange":{"From":22,"To":22}}`)},
		"denied when it was late": {"ec2:DescribeNetworkAcls", entries(`{"RuleNumber":110,"RuleAction":"deny","Protocol":"-1","CidrBlock":"0.0.0.0/0"},{"RuleNumber":100,"RuleAction":"allow","Protocol":"6","CidrBlock":"0.0.0.0/0","PortRange":{"From":22,"To":22}}`)}},
		empty: []string{"ec2:DescribeNetworkAcls", entries(`{"RuleNumber":90,"RuleAction":"deny","Protocol":"6","CidrBlock":"0.0.0.0/0","PortRange":{"From":22,"To":3389}},{"RuleNumber":100,"RuleAction":"allow","Protocol":"-1","CidrBlock":"0.0.0.0/0"}`)}, then: compliance.Pass},
	{check: "vpc.subnet_no_auto_public_ip", fails: []string{"ec2:DescribeSubnets", `{"Subnets":[{"SubnetId":"subnet-1","MapPublicIpOnLaunch":true}]}`}, empty: []string{"ec2:DescribeSubnets", `{"Subnets":[]}`}, then: compliance.NotApplicable},

	{check: "kms.rotation", fails: []string{"kms:GetKeyRotationStatus", `{"KeyRotationEnabled":false}`}, empty: []string{"kms:DescribeKey", `{"KeyMetadata":{"KeyId":"k","Arn":"arn:k","KeyManager":"AWS","KeyState":"Enabled","KeySpec":"SYMMETRIC_DEFAULT","Origin":"AWS_KMS"}}`}, then: compliance.NotApplicable},
	{check: "kms.not_pending_deletion", fails: []string{"kms:DescribeKey", `{"KeyMetadata":{"KeyId":"k","Arn":"arn:k","KeyManager":"CUSTOMER","KeyState":"PendingDeletion"}}`}, empty: []string{"kms:ListKeys", `{"Keys":[]}`}, then: compliance.NotApplicable},
	{check: "rds.encrypted", fails: []string{"rds:DescribeDBInstances", databases(`"StorageEncrypted":false`)}, empty: []string{"rds:DescribeDBInstances", `{"DBInstances":[]}`}, then: compliance.NotApplicable},
	{check: "rds.not_public", fails: []string{"rds:DescribeDBInstances", databases(`"PubliclyAccessible":true`)}, empty: []string{"rds:DescribeDBInstances", `{"DBInstances":[]}`}, then: compliance.NotApplicable},
	{check: "rds.backup", fails: []string{"rds:DescribeDBInstances", databases(`"BackupRetentionPeriod":0`)}, empty: []string{"rds:DescribeDBInstances", `{"DBInstances":[]}`}, then: compliance.NotApplicable},
	{check: "rds.multi_az", fails: []string{"rds:DescribeDBInstances", databases(`"MultiAZ":false`)}, empty: []string{"rds:DescribeDBInstances", databases(`"Engine":"aurora-postgresql","MultiAZ":false`)}, then: compliance.NotApplicable},
	{check: "rds.minor_upgrade", fails: []string{"rds:DescribeDBInstances", databases(`"AutoMinorVersionUpgrade":false`)}, empty: []string{"rds:DescribeDBInstances", `{"DBInstances":[]}`}, then: compliance.NotApplicable},
	{check: "rds.logging", fails: []string{"rds:DescribeDBInstances", databases(`"EnabledCloudwatchLogsExports":null`)}, empty: []string{"rds:DescribeDBInstances", `{"DBInstances":[]}`}, then: compliance.NotApplicable},
	{check: "rds.deletion_protection", fails: []string{"rds:DescribeDBInstances", databases(`"DeletionProtection":false`)}, empty: []string{"rds:DescribeDBInstances", `{"DBInstances":[]}`}, then: compliance.NotApplicable},
	{check: "efs.encrypted", fails: []string{"elasticfilesystem:DescribeFileSystems", `{"FileSystems":[{"FileSystemId":"fs-1","Encrypted":false}]}`}, empty: []string{"elasticfilesystem:DescribeFileSystems", `{"FileSystems":[]}`}, then: compliance.NotApplicable},
	{check: "efs.backup", fails: []string{"elasticfilesystem:DescribeBackupPolicy", "!PolicyNotFound: not found"}, also: map[string][]string{"off": {"elasticfilesystem:DescribeBackupPolicy", `{"BackupPolicy":{"Status":"DISABLED"}}`}}, empty: []string{"elasticfilesystem:DescribeFileSystems", `{"FileSystems":[]}`}, then: compliance.NotApplicable},
	{check: "cloudwatch.log_retention", fails: []string{"logs:DescribeLogGroups", `{"LogGroups":[{"Arn":"arn:g","RetentionInDays":180}]}`}, empty: []string{"logs:DescribeLogGroups", `{"LogGroups":[]}`}, then: compliance.NotApplicable},
	{check: "cloudwatch.log_kms", fails: []string{"logs:DescribeLogGroups", `{"LogGroups":[{"Arn":"arn:g"}]}`}, empty: []string{"logs:DescribeLogGroups", `{"LogGroups":[]}`}, then: compliance.NotApplicable},
	{check: "sns.kms", fails: []string{"sns:GetTopicAttributes", `{"Attributes":{}}`}, empty: []string{"sns:ListTopics", `{"Topics":[]}`}, then: compliance.NotApplicable},
}

func machine(members string) string {
	return `{"Reservations":[{"Instances":[{"InstanceId":"i-1","State":{"Name":"running"},` + members + `}]}]}`
}

func entries(all string) string {
	return `{"NetworkAcls":[{"NetworkAclId":"acl-1","Entries":[` + all + `]}]}`
}

// alarming are the ways in which nobody is told, of every alarm alike.
var alarming = map[string][]string{
	"no filter":             {"logs:DescribeMetricFilters", `{"MetricFilters":[]}`},
	"a filter of all":       {"logs:DescribeMetricFilters", filters(`{$.eventName = *}`)},
	"a filter of something": {"logs:DescribeMetricFilters", filters(`{$.eventName = Nothing}`)},
	"no alarm":              {"cloudwatch:DescribeAlarmsForMetric", `{"MetricAlarms":[]}`},
	"an alarm that is off":  {"cloudwatch:DescribeAlarmsForMetric", `{"MetricAlarms":[{"AlarmName":"a","ActionsEnabled":false,"AlarmActions":["arn:aws:sns:us-east-1:123456789012:security"]}]}`},
	"an alarm of machines":  {"cloudwatch:DescribeAlarmsForMetric", `{"MetricAlarms":[{"AlarmName":"a","ActionsEnabled":true,"AlarmActions":["arn:aws:automate:us-east-1:ec2:stop"]}]}`},
	"nobody subscribed":     {"sns:ListSubscriptionsByTopic", `{"Subscriptions":[{"SubscriptionArn":"PendingConfirmation"}]}`},
	"no trail":              {"cloudtrail:DescribeTrails", `{"TrailList":[]}`},
	"a trail without logs":  {"cloudtrail:DescribeTrails", trailJSON(`,"CloudWatchLogsLogGroupArn":""`)},
	"a trail that is off":   {"cloudtrail:GetTrailStatus", `{"IsLogging":false}`},
}

func TestEveryCheckSaysWhatIsSo(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range verdicts {
		seen[v.check] = true
		is := func(name string, want compliance.Status, answers []string) {
			t.Helper()
			if got, all := found(t, v.check, but(answers...)); got != want {
				t.Errorf("%s, %s: %v, want %v\n%s", v.check, name, got, want, reasons(all))
			}
		}
		is("sound", compliance.Pass, nil)
		is("failing", compliance.Fail, v.fails)
		for name, answers := range v.also {
			is(name, compliance.Fail, answers)
		}
		if v.empty != nil {
			is("empty", v.then, v.empty)
		}
	}
	for check := range documented {
		seen[check] = true
		if got, all := found(t, check, but("logs:DescribeMetricFilters", filters(documented[check]))); got != compliance.Pass {
			t.Errorf("%s, with the documented filter: %v\n%s", check, got, reasons(all))
		}
		for name, answers := range alarming {
			if got, _ := found(t, check, but(answers...)); got != compliance.Fail {
				t.Errorf("%s, %s: %v, want fail", check, name, got)
			}
		}
		if got, _ := found(t, check, but("cloudtrail:DescribeTrails", trailJSON(`,"CloudWatchLogsLogGroupArn":"arn:aws:logs:us-east-1:999999999999:log-group:all:*"`))); got != compliance.Manual {
			t.Errorf("%s, with logs in another account: %v, want manual", check, got)
		}
	}
	for id := range evaluators {
		if !seen[id] {
			t.Errorf("nothing here tests %s", id)
		}
	}
}

func reasons(all []compliance.Finding) string {
	var b strings.Builder
	for _, f := range all {
		fmt.Fprintf(&b, "  %v %s: %s\n", f.Status, f.Resource, f.Reason)
	}
	return b.String()
}

// TestWhatCannotBeAskedIsAnError lets each call of each check fail, in each way in
// which calls fail, and all of them at once: never does the check pass, nor say
// that there is nothing.
func TestWhatCannotBeAskedIsAnError(t *testing.T) {
	ways := map[string]error{
		"denied":    &Refusal{Code: "AccessDenied", Message: "not authorized", Err: errors.New("AccessDenied: not authorized")},
		"denied by": &Refusal{Code: "AccessDeniedException", Message: "with an explicit deny in a service control policy", Err: errors.New("AccessDeniedException")},
		"may not":   &Refusal{Code: "InvalidAccessException", Message: "you may not", Err: errors.New("InvalidAccessException")},
		"throttled": &Refusal{Code: "ThrottlingException", Message: "Rate exceeded", Err: errors.New("ThrottlingException")},
		"timeout":   context.DeadlineExceeded,
		"page lost": errors.New("page 2 of 3: connection reset by peer"),
	}
	for _, c := range Checks(compliance.Checks()) {
		whole := but()
		found(t, c.ID, whole)
		for operation := range whole.asked {
			for way, err := range ways {
				a := but()
				a.fails, a.with = operation, err
				if got, all := found(t, c.ID, a); got != compliance.Error {
					t.Errorf("%s, %s %s: %v, want an error\n%s", c.ID, operation, way, got, reasons(all))
				}
			}
			for _, strange := range []string{`{}`, `null`, `[]`, `"text"`, `{"Truncated`} {
				if got, _ := found(t, c.ID, but(operation, strange)); got == compliance.Pass && !slices.Contains(saysLittle, operation) {
					t.Errorf("%s passes when %s answers %s", c.ID, operation, strange)
				}
			}
		}
		more := but(failsBy(c.ID)...)
		found(t, c.ID, more)
		for operation := range more.asked {
			if whole.asked[operation] {
				continue
			}
			more.fails, more.with = operation, ways["denied"]
			if got, all := found(t, c.ID, more); got != compliance.Error {
				t.Errorf("%s, failing, %s denied: %v, want an error\n%s", c.ID, operation, got, reasons(all))
			}
		}
		a := but()
		a.fails, a.with = "*", ways["denied"]
		_, all := found(t, c.ID, a)
		for _, f := range all {
			if f.Status != compliance.Error || f.Whole || !slices.ContainsFunc(f.Evidence.Calls, func(c compliance.Call) bool { return c.Error != "" && c.SHA256 == "" }) {
				t.Errorf("%s, all denied: %+v", c.ID, f)
			}
		}
	}
}

// failsBy are the answers with which a check fails: it may ask more then.
func failsBy(check string) []string {
	for _, v := range verdicts {
		if v.check == check {
			return v.fails
		}
	}
	return nil
}

// saysLittle are operations whose answer may be without what is read of it: a bucket
// of us-east-1 has no location, and a report that is asked for is read by another.
var saysLittle = []string{"s3:GetBucketLocation", "iam:GenerateCredentialReport"}

// actions are what operations are called in IAM, where that is something else.
//
// Source: service authorization reference, "Actions, resources, and condition keys
// for Amazon S3" and its neighbours.
var actions = map[string]string{
	"s3:ListBuckets": "s3:ListAllMyBuckets", "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock", "s3control:GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock",
	"s3:GetBucketEncryption": "s3:GetEncryptionConfiguration", "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration", "s3:GetBucketReplication": "s3:GetReplicationConfiguration",
	"elb:DescribeLoadBalancers": "elasticloadbalancing:DescribeLoadBalancers", "elb:DescribeLoadBalancerAttributes": "elasticloadbalancing:DescribeLoadBalancerAttributes", "apigateway:GetRestApis": "apigateway:GET", "apigateway:GetStages": "apigateway:GET",
}

// TestCallsAreThoseOfTheTable holds what is asked against what the table names.
func TestCallsAreThoseOfTheTable(t *testing.T) {
	for _, c := range Checks(compliance.Checks()) {
		a := but()
		found(t, c.ID, a)
		failing := but(failsBy(c.ID)...)
		found(t, c.ID, failing)
		maps.Copy(a.asked, failing.asked)
		var asked []string
		for operation := range a.asked {
			if action := actions[operation]; action != "" {
				operation = action
			}
			asked = append(asked, operation)
		}
		for _, call := range c.Calls {
			if !slices.Contains(asked, call) {
				t.Errorf("%s asks %v, and the table names %s", c.ID, asked, call)
			}
		}
	}
	cis, err := compliance.Of("CIS", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cis.Checks() {
		if evaluators[c.ID].look == nil {
			t.Errorf("nothing assesses %s of CIS", c.ID)
		}
	}
}
