package estate

import (
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// alone is a world of one account.
type alone struct {
	*Estate
	contact bool
}

func (w alone) Holder(bucket string) string {
	if w.HasBucket(bucket) {
		return w.account
	}
	return ""
}
func (w alone) Of(string) *Estate                      { return w.Estate }
func (alone) Management() string                       { return "" }
func (alone) Trusts(string) bool                       { return false }
func (alone) Member(string) bool                       { return true }
func (alone) Open(string) bool                         { return true }
func (alone) IdentityRegion() string                   { return "" }
func (w alone) SecurityContact(string) bool            { return w.contact }
func (alone) Events(string, string, func(*Event) bool) {}

var born = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// caller calls operations of one account.
type caller struct {
	t      testing.TB
	world  alone
	chance *rand.Rand
}

func newCaller(t testing.TB, seed uint64) *caller {
	return &caller{t, alone{New(seed, "123456789012", born, NewShared()), seed%2 == 0}, rand.New(rand.NewPCG(1, 2))}
}

func (c *caller) call(service, operation string, in Doc) (Doc, error) {
	in, _ = plain(in).(Doc)
	out, err := Operations[service][operation](&Call{Now: born.Add(time.Hour), Service: service, Operation: operation, Account: "123456789012", Region: Home,
		In: in, Chance: c.chance, World: c.world, Estate: c.world.Estate})
	if out != nil {
		out, _ = plain(out).(Doc)
	}
	return out, err
}

func (c *caller) must(service, operation string, in Doc) Doc {
	c.t.Helper()
	out, err := c.call(service, operation, in)
	if err != nil {
		c.t.Fatalf("%s %s: %v", service, operation, err)
	}
	return out
}

// record makes a recorder and a channel and starts them.
func (c *caller) record() {
	c.must("s3", "CreateBucket", Doc{"Bucket": "config-bucket"})
	c.must("config", "PutConfigurationRecorder", Doc{"ConfigurationRecorder": Doc{"name": "default", "roleARN": "arn:aws:iam::123456789012:role/config"}})
	c.must("config", "PutDeliveryChannel", Doc{"DeliveryChannel": Doc{"name": "default", "s3BucketName": "config-bucket"}})
	c.must("config", "StartConfigurationRecorder", Doc{"ConfigurationRecorderName": "default"})
	c.must("s3", "PutBucketVersioning", Doc{"Bucket": "config-bucket", "VersioningConfiguration": Doc{"Status": "Enabled", "MFADelete": "Enabled"}})
	c.must("s3", "PutBucketPolicy", Doc{"Bucket": "config-bucket", "Policy": fill(tlsOnly+"]}", "config-bucket")})
}

// verdict is what a managed rule says of the account, as the rule's reader is
// told.
func (c *caller) verdict(rule, given string) string {
	c.must("config", "PutConfigRule", Doc{"ConfigRule": Doc{"ConfigRuleName": "r", "InputParameters": given, "Source": Doc{"Owner": "AWS", "SourceIdentifier": rule}}})
	out := c.must("config", "DescribeComplianceByConfigRule", Doc{"ConfigRuleNames": []string{"r"}})
	return text(sub(docs(out, "ComplianceByConfigRules")[0], "Compliance"), "ComplianceType")
}

// report is the credential report by user and column.
func (c *caller) report() map[string]map[string]string {
	c.must("iam", "GenerateCredentialReport", nil)
	raw, _ := base64.StdEncoding.DecodeString(text(c.must("iam", "GetCredentialReport", nil), "Content"))
	rows := map[string]map[string]string{}
	lines := strings.Split(string(raw), "\n")
	head := strings.Split(lines[0], ",")
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, v := range strings.Split(line, ",") {
			row[head[i]] = v
		}
		rows[row["user"]] = row
	}
	return rows
}

func rootUnused(c *caller) bool {
	at, err := time.Parse(time.RFC3339, c.report()["<root_account>"]["password_last_used"])
	return err != nil || born.Sub(at) > 90*24*time.Hour
}

func oneKey(c *caller) bool {
	for _, row := range c.report() {
		if row["access_key_1_active"] == "true" && row["access_key_2_active"] == "true" {
			return false
		}
	}
	return true
}

func noInitialKey(c *caller) bool {
	for user, row := range c.report() {
		if user != "<root_account>" && row["password_enabled"] == "true" && row["access_key_1_active"] == "true" && row["access_key_1_last_rotated"] == row["user_creation_time"] {
			return false
		}
	}
	return true
}

func certificatesCurrent(c *caller) bool {
	return !slices.ContainsFunc(docs(c.must("iam", "ListServerCertificates", nil), "ServerCertificateMetadataList"), func(d Doc) bool { return when(d, "Expiration").Before(born) })
}

func noCIFS(c *caller) bool {
	return !slices.ContainsFunc(docs(c.must("ec2", "DescribeSecurityGroups", nil), "SecurityGroups"), func(g Doc) bool { return exposed(g, 445) })
}

func recording(c *caller) bool {
	return slices.ContainsFunc(docs(c.must("config", "DescribeConfigurationRecorderStatus", nil), "ConfigurationRecordersStatus"), func(s Doc) bool { return flag(s, "recording") })
}

// alarmed follows an event from the trail to somebody who is told.
func alarmed(pattern int) func(*caller) bool {
	return func(c *caller) bool {
		for _, t := range docs(c.must("cloudtrail", "DescribeTrails", nil), "trailList") {
			group := strings.TrimSuffix(strings.TrimPrefix(text(t, "CloudWatchLogsLogGroupArn"), "arn:aws:logs:us-east-1:123456789012:log-group:"), ":*")
			if group == "" || !flag(t, "IsMultiRegionTrail") || !flag(c.must("cloudtrail", "GetTrailStatus", Doc{"Name": t["TrailARN"]}), "IsLogging") {
				continue
			}
			for _, f := range docs(c.must("logs", "DescribeMetricFilters", Doc{"logGroupName": group}), "metricFilters") {
				m := docs(f, "metricTransformations")[0]
				if text(f, "filterPattern") != Patterns[pattern].Pattern {
					continue
				}
				for _, a := range docs(c.must("cloudwatch", "DescribeAlarmsForMetric", Doc{"MetricName": m["metricName"], "Namespace": m["metricNamespace"]}), "MetricAlarms") {
					for _, topic := range texts(a, "AlarmActions") {
						if len(docs(c.must("sns", "ListSubscriptionsByTopic", Doc{"TopicArn": topic}), "Subscriptions")) > 0 {
							return true
						}
					}
				}
			}
		}
		return false
	}
}

// checks are the checks of CIS's benchmark 5.0 that an account's API decides:
// the reads that do, and AWS's rules where there are any.
var checks = []struct {
	id, cis, reads string
	rules          []string
	given          string // the rules' parameters
	read           func(*caller) bool
}{
	{id: "account.security_contact", cis: "1.2", reads: "account GetAlternateContact", rules: []string{"SECURITY_ACCOUNT_INFORMATION_PROVIDED"}},
	{id: "iam.root_no_access_key", cis: "1.3", reads: "iam GetAccountSummary", rules: []string{"IAM_ROOT_ACCESS_KEY_CHECK"}},
	{id: "iam.root_mfa", cis: "1.4", reads: "iam GetAccountSummary", rules: []string{"ROOT_ACCOUNT_MFA_ENABLED"}},
	{id: "iam.root_hardware_mfa", cis: "1.5", reads: "iam GetAccountSummary, iam ListVirtualMFADevices", rules: []string{"ROOT_ACCOUNT_HARDWARE_MFA_ENABLED"}},
	{id: "iam.root_not_used", cis: "1.6", reads: "iam GenerateCredentialReport, iam GetCredentialReport", read: rootUnused},
	{id: "iam.password_min_length", cis: "1.7", reads: "iam GetAccountPasswordPolicy", rules: []string{"IAM_PASSWORD_POLICY"}, given: `{"PasswordReusePrevention":"0","MaxPasswordAge":"0","RequireSymbols":"false","RequireNumbers":"false","RequireUppercaseCharacters":"false","RequireLowercaseCharacters":"false"}`},
	{id: "iam.password_reuse", cis: "1.8", reads: "iam GetAccountPasswordPolicy", rules: []string{"IAM_PASSWORD_POLICY"}, given: `{"MinimumPasswordLength":"1","MaxPasswordAge":"0","RequireSymbols":"false","RequireNumbers":"false","RequireUppercaseCharacters":"false","RequireLowercaseCharacters":"false"}`},
	{id: "iam.user_console_mfa", cis: "1.9", reads: "iam GetCredentialReport", rules: []string{"MFA_ENABLED_FOR_IAM_CONSOLE_ACCESS"}},
	{id: "iam.user_unused_credentials", cis: "1.11", reads: "iam GetCredentialReport", rules: []string{"IAM_USER_UNUSED_CREDENTIALS_CHECK"}, given: `{"maxCredentialUsageAge":"45"}`},
	{id: "iam.access_key_rotation", cis: "1.13", reads: "iam GetCredentialReport", rules: []string{"ACCESS_KEYS_ROTATED"}},
	{id: "iam.one_active_key", cis: "1.12", reads: "iam GetCredentialReport", read: oneKey},
	{id: "iam.no_initial_access_key", cis: "1.10", reads: "iam GetCredentialReport", read: noInitialKey},
	{id: "iam.user_no_direct_policies", cis: "1.14", reads: "iam ListUsers, iam ListUserPolicies, iam ListAttachedUserPolicies", rules: []string{"IAM_USER_NO_POLICIES_CHECK"}},
	{id: "iam.no_admin_policy", cis: "1.15", reads: "iam ListPolicies, iam GetPolicyVersion", rules: []string{"IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS"}},
	{id: "iam.support_role", cis: "1.16", reads: "iam ListEntitiesForPolicy", rules: []string{"IAM_POLICY_IN_USE"}, given: `{"policyARN":"arn:aws:iam::aws:policy/AWSSupportAccess"}`},
	{id: "iam.server_certs_current", cis: "1.18", reads: "iam ListServerCertificates", read: certificatesCurrent},
	{id: "iam.cloudshell_restricted", cis: "1.21", reads: "iam ListEntitiesForPolicy", rules: []string{"IAM_POLICY_BLACKLISTED_CHECK"}, given: `{"policyArns":"arn:aws:iam::aws:policy/AWSCloudShellFullAccess"}`},
	{id: "iam.access_analyzer", cis: "1.19", reads: "accessanalyzer ListAnalyzers", rules: []string{"IAM_EXTERNAL_ACCESS_ANALYZER_ENABLED"}},
	{id: "cloudtrail.multi_region", cis: "3.1", reads: "cloudtrail DescribeTrails, cloudtrail GetTrailStatus, cloudtrail GetEventSelectors", rules: []string{"MULTI_REGION_CLOUD_TRAIL_ENABLED", "CLOUD_TRAIL_ENABLED"}},
	{id: "cloudtrail.log_validation", cis: "3.2", reads: "cloudtrail DescribeTrails", rules: []string{"CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED"}},
	{id: "cloudtrail.kms", cis: "3.5", reads: "cloudtrail DescribeTrails", rules: []string{"CLOUD_TRAIL_ENCRYPTION_ENABLED"}},
	{id: "cloudtrail.bucket_access_logging", cis: "3.4", reads: "cloudtrail DescribeTrails, s3 GetBucketLogging", rules: []string{"CLOUDTRAIL_S3_BUCKET_ACCESS_LOGGING"}},
	{id: "cloudtrail.s3_write_events", cis: "3.8", reads: "cloudtrail GetEventSelectors", rules: []string{"CLOUDTRAIL_ALL_WRITE_S3_DATA_EVENT_CHECK", "CLOUDTRAIL_S3_DATAEVENTS_ENABLED"}},
	{id: "cloudtrail.s3_read_events", cis: "3.9", reads: "cloudtrail GetEventSelectors", rules: []string{"CLOUDTRAIL_ALL_READ_S3_DATA_EVENT_CHECK", "CLOUDTRAIL_S3_DATAEVENTS_ENABLED"}},
	{id: "config.recorder", cis: "3.3", reads: "config DescribeConfigurationRecorders, config DescribeConfigurationRecorderStatus, config DescribeDeliveryChannels", read: recording},
	{id: "securityhub.enabled", cis: "4.16", reads: "securityhub DescribeHub", rules: []string{"SECURITYHUB_ENABLED"}},
	{id: "macie.enabled", cis: "2.1.3", reads: "macie2 GetMacieSession", rules: []string{"MACIE_STATUS_CHECK"}},
	{id: "cloudwatch.alarm_unauthorized_api", cis: "4.1", reads: "logs DescribeMetricFilters, cloudwatch DescribeAlarmsForMetric, sns ListSubscriptionsByTopic", read: alarmed(0)},
	{id: "cloudwatch.alarm_no_mfa_signin", cis: "4.2", reads: "logs DescribeMetricFilters, cloudwatch DescribeAlarmsForMetric, sns ListSubscriptionsByTopic", read: alarmed(1)},
	{id: "cloudwatch.alarm_root_usage", cis: "4.3", reads: "logs DescribeMetricFilters, cloudwatch DescribeAlarmsForMetric, sns ListSubscriptionsByTopic", read: alarmed(2)},
	{id: "cloudwatch.alarm_iam_policy", cis: "4.4", reads: "logs DescribeMetricFilters, cloudwatch DescribeAlarmsForMetric, sns ListSubscriptionsByTopic", read: alarmed(3)},
	{id: "cloudwatch.alarm_cloudtrail", cis: "4.5", reads: "logs DescribeMetricFilters, cloudwatch DescribeAlarmsForMetric, sns ListSubscriptionsByTopic", read: alarmed(4)},
	{id: "cloudwatch.alarm_auth_failures", cis: "4.6", reads: "logs DescribeMetricFilters, cloudwatch DescribeAlarmsForMetric, sns ListSubscriptionsByTopic", read: alarmed(5)},
	{id: "cloudwatch.alarm_kms_disable", cis: "4.7", reads: "logs DescribeMetricFilters, cloudwatch DescribeAlarmsForMetric, sns ListSubscriptionsByTopic", read: alarmed(6)},
	{id: "cloudwatch.alarm_bucket_policy", cis: "4.8", reads: "logs DescribeMetricFilters, cloudwatch DescribeAlarmsForMetric, sns ListSubscriptionsByTopic", read: alarmed(7)},
	{id: "cloudwatch.alarm_config", cis: "4.9", reads: "logs DescribeMetricFilters, cloudwatch DescribeAlarmsForMetric, sns ListSubscriptionsByTopic", read: alarmed(8)},
	{id: "cloudwatch.alarm_security_group", cis: "4.10", reads: "logs DescribeMetricFilters, cloudwatch DescribeAlarmsForMetric, sns ListSubscriptionsByTopic", read: alarmed(9)},
	{id: "cloudwatch.alarm_nacl", cis: "4.11", reads: "logs DescribeMetricFilters, cloudwatch DescribeAlarmsForMetric, sns ListSubscriptionsByTopic", read: alarmed(10)},
	{id: "cloudwatch.alarm_gateway", cis: "4.12", reads: "logs DescribeMetricFilters, cloudwatch DescribeAlarmsForMetric, sns ListSubscriptionsByTopic", read: alarmed(11)},
	{id: "cloudwatch.alarm_route_table", cis: "4.13", reads: "logs DescribeMetricFilters, cloudwatch DescribeAlarmsForMetric, sns ListSubscriptionsByTopic", read: alarmed(12)},
	{id: "cloudwatch.alarm_vpc", cis: "4.14", reads: "logs DescribeMetricFilters, cloudwatch DescribeAlarmsForMetric, sns ListSubscriptionsByTopic", read: alarmed(13)},
	{id: "cloudwatch.alarm_organizations", cis: "4.15", reads: "logs DescribeMetricFilters, cloudwatch DescribeAlarmsForMetric, sns ListSubscriptionsByTopic", read: alarmed(14)},
	{id: "kms.rotation", cis: "3.6", reads: "kms ListKeys, kms DescribeKey, kms GetKeyRotationStatus", rules: []string{"CMK_BACKING_KEY_ROTATION_ENABLED"}},
	{id: "s3.account_public_block", cis: "2.1.4", reads: "s3control GetPublicAccessBlock", rules: []string{"S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS_PERIODIC"}},
	{id: "s3.bucket_public_block", cis: "2.1.4", reads: "s3 ListBuckets, s3 GetPublicAccessBlock", rules: []string{"S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED"}},
	{id: "s3.tls_only", cis: "2.1.1", reads: "s3 GetBucketPolicy", rules: []string{"S3_BUCKET_SSL_REQUESTS_ONLY"}},
	{id: "s3.mfa_delete", cis: "2.1.2", reads: "s3 GetBucketVersioning", rules: []string{"S3_BUCKET_MFA_DELETE_ENABLED"}},
	{id: "ec2.ebs_default_encryption", cis: "5.1.1", reads: "ec2 GetEbsEncryptionByDefault", rules: []string{"EC2_EBS_ENCRYPTION_BY_DEFAULT"}},
	{id: "ec2.ebs_volume_encryption", cis: "5.1.1", reads: "ec2 DescribeVolumes", rules: []string{"ENCRYPTED_VOLUMES"}},
	{id: "ec2.imdsv2", cis: "5.7", reads: "ec2 DescribeInstances", rules: []string{"EC2_IMDSV2_CHECK"}},
	{id: "ec2.instance_profile", cis: "1.17", reads: "ec2 DescribeInstances", rules: []string{"EC2_INSTANCE_PROFILE_ATTACHED"}},
	{id: "vpc.flow_logs", cis: "3.7", reads: "ec2 DescribeVpcs, ec2 DescribeFlowLogs", rules: []string{"VPC_FLOW_LOGS_ENABLED"}},
	{id: "vpc.default_sg_closed", cis: "5.5", reads: "ec2 DescribeSecurityGroups", rules: []string{"VPC_DEFAULT_SECURITY_GROUP_CLOSED"}},
	{id: "vpc.sg_no_ssh", cis: "5.3,5.4", reads: "ec2 DescribeSecurityGroups", rules: []string{"INCOMING_SSH_DISABLED"}},
	{id: "vpc.sg_no_rdp", cis: "5.3,5.4", reads: "ec2 DescribeSecurityGroups", rules: []string{"RESTRICTED_INCOMING_TRAFFIC"}},
	{id: "vpc.sg_no_all_ports", cis: "5.3,5.4", reads: "ec2 DescribeSecurityGroups", rules: []string{"VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS"}, given: `{"authorizedTcpPorts":"443"}`},
	{id: "vpc.sg_no_cifs", cis: "5.1.2", reads: "ec2 DescribeSecurityGroups", read: noCIFS},
	{id: "vpc.nacl_no_admin_ports", cis: "5.2", reads: "ec2 DescribeNetworkAcls", rules: []string{"NACL_NO_UNRESTRICTED_SSH_RDP"}},
	{id: "rds.encrypted", cis: "2.2.1", reads: "rds DescribeDBInstances", rules: []string{"RDS_STORAGE_ENCRYPTED"}},
	{id: "rds.not_public", cis: "2.2.3", reads: "rds DescribeDBInstances", rules: []string{"RDS_INSTANCE_PUBLIC_ACCESS_CHECK"}},
	{id: "rds.multi_az", cis: "2.2.4", reads: "rds DescribeDBInstances", rules: []string{"RDS_MULTI_AZ_SUPPORT"}},
	{id: "rds.minor_upgrade", cis: "2.2.2", reads: "rds DescribeDBInstances", rules: []string{"RDS_AUTOMATIC_MINOR_VERSION_UPGRADE_ENABLED"}},
	{id: "efs.encrypted", cis: "2.3.1", reads: "efs DescribeFileSystems", rules: []string{"EFS_ENCRYPTED_CHECK"}}}

// TestEveryCheckPassesAndFails looks at accounts of many seeds: each check
// passes in one and fails in another, and its reads are there.
func TestEveryCheckPassesAndFails(t *testing.T) {
	const seeds = 60
	seen := map[string]map[string]bool{}
	note := func(check, verdict string) {
		if seen[check] == nil {
			seen[check] = map[string]bool{}
		}
		seen[check][verdict] = true
	}
	for seed := range uint64(seeds) {
		c := newCaller(t, seed)
		for _, check := range checks {
			if check.read == nil {
				continue
			}
			note(check.id, map[bool]string{true: Compliant, false: NonCompliant}[check.read(c)])
		}
		c.record()
		note("config.recorder", map[bool]string{true: Compliant, false: NonCompliant}[recording(c)])
		for _, check := range checks {
			for _, rule := range check.rules {
				note(check.id+" "+rule, c.verdict(rule, check.given))
			}
		}
	}
	if len(checks) != 63 {
		t.Errorf("there are %d checks, want 63", len(checks))
	}
	for _, check := range checks {
		names := []string{}
		if check.read != nil {
			names = append(names, check.id)
		}
		for _, rule := range check.rules {
			names = append(names, check.id+" "+rule)
		}
		if len(names) == 0 {
			t.Errorf("nothing decides %s", check.id)
		}
		for _, name := range names {
			if !seen[name][Compliant] || !seen[name][NonCompliant] {
				t.Errorf("%s (CIS %s) was %v in %d accounts", name, check.cis, seen[name], seeds)
			}
		}
		for read := range strings.SplitSeq(check.reads, ", ") {
			service, operation, _ := strings.Cut(read, " ")
			if service != "account" && Operations[service][operation] == nil {
				t.Errorf("%s is read by %s, which is not there", check.id, read)
			}
		}
	}
}

// TestNothingIsKeptUntilItChanges reads an account through, and finds nothing
// that a state would have to keep; made anew it is the same.
func TestNothingIsKeptUntilItChanges(t *testing.T) {
	reads := [][2]string{{"iam", "ListUsers"}, {"s3", "ListBuckets"}, {"ec2", "DescribeInstances"}, {"ec2", "DescribeSecurityGroups"}, {"rds", "DescribeDBInstances"}, {"kms", "ListKeys"}, {"cloudtrail", "DescribeTrails"}, {"logs", "DescribeMetricFilters"}}
	look := func(c *caller) string {
		var all strings.Builder
		for _, r := range reads {
			out, _ := json.Marshal(c.must(r[0], r[1], nil))
			all.WriteString(string(out))
		}
		return all.String()
	}
	c := newCaller(t, 7)
	first := look(c)
	if n := len(c.world.Kept()); n != 0 {
		t.Errorf("reading kept %d resources", n)
	}
	c.world.Forget()
	if look(c) != first || look(newCaller(t, 7)) != first {
		t.Error("the same seed and account have other resources")
	}
	if look(newCaller(t, 8)) == first {
		t.Error("another seed has the same resources")
	}
	c.must("iam", "CreateUser", Doc{"UserName": "new"})
	changed := look(c)
	again := newCaller(t, 7)
	for _, k := range c.world.Kept() {
		again.world.Restore(k)
	}
	if look(again) != changed || changed == first {
		t.Error("what changed is not what was kept")
	}
}

// TestPackLimits holds a pack to what AWS allows.
func TestPackLimits(t *testing.T) {
	rules := func(n int) string {
		var b strings.Builder
		b.WriteString("Resources:\n")
		for i := range n {
			b.WriteString("  R" + strings.Repeat("x", i) + ":\n    Type: AWS::Config::ConfigRule\n    Properties: {Source: {Owner: AWS, SourceIdentifier: ENCRYPTED_VOLUMES}}\n")
		}
		return b.String()
	}
	for _, row := range []struct{ name, template, want string }{
		{"130 rules", rules(130), ""},
		{"131 rules", rules(131), "ConformancePackTemplateValidationException"},
		{"no rule", "Resources: {}", "ConformancePackTemplateValidationException"},
		{"a custom rule", "Resources: {A: {Type: 'AWS::Config::ConfigRule', Properties: {Source: {Owner: CUSTOM_LAMBDA}}}}", "ConformancePackTemplateValidationException"},
		{"no YAML", "a: b: c", "ConformancePackTemplateValidationException"},
		{"51,200 bytes", rules(1) + "#" + strings.Repeat("x", templateMost-len(rules(1))-1), ""},
		{"51,201 bytes", rules(1) + "#" + strings.Repeat("x", templateMost-len(rules(1))), "ConformancePackTemplateValidationException"},
	} {
		c := newCaller(t, 1)
		c.record()
		_, err := c.call("config", "PutConformancePack", Doc{"ConformancePackName": "p", "TemplateBody": row.template})
		got := ""
		if err != nil {
			got = err.(*Refusal).Code
		}
		if got != row.want {
			t.Errorf("%s: %v, want %q", row.name, err, row.want)
		}
	}
	c := newCaller(t, 1)
	c.record()
	for i := range packsMost {
		c.must("config", "PutConformancePack", Doc{"ConformancePackName": "p" + strings.Repeat("x", i), "TemplateBody": rules(1)})
	}
	if _, err := c.call("config", "PutConformancePack", Doc{"ConformancePackName": "more", "TemplateBody": rules(1)}); err == nil || err.(*Refusal).Code != "MaxNumberOfConformancePacksExceededException" {
		t.Errorf("a pack beyond %d: %v", packsMost, err)
	}
	unrecorded := newCaller(t, 1)
	unrecorded.must("config", "PutConformancePack", Doc{"ConformancePackName": "p", "TemplateBody": rules(1)})
	if s := docs(unrecorded.must("config", "DescribeConformancePackStatus", nil), "ConformancePackStatusDetails")[0]; s["ConformancePackState"] != "CREATE_FAILED" {
		t.Errorf("without a recorder a pack is %v", s["ConformancePackState"])
	}
}
