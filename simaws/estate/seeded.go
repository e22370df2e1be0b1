package estate

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// Home is the region in which a new account has most of what it has.
const Home = "us-east-1"

// seeded furnishes one region of a new account.
type seeded struct {
	*Estate
	region string
	place
}

func (s seeded) add(kind, id string, doc Doc) {
	doc, _ = plain(doc).(Doc)
	s.place.set(kind, id, doc)
}

// furnish puts in what a new account has: each resource in order or not, as the
// seed has it. Ages are those of an account that was in use for a year.
func (s seeded) furnish() {
	if s.region == Global {
		s.people()
		s.policies()
		s.buckets()
		s.trails()
		return
	}
	s.network()
	s.switches()
	if s.region == Home {
		s.machines()
		s.keys()
		s.alarms()
		s.services()
	}
}

// sure tells whether something is in order, with a chance in per cent.
func sure(r *rand.Rand, percent int) bool { return r.IntN(100) < percent }

func (s seeded) ago(days int) string {
	return stamp(s.since.Add(-time.Duration(days) * 24 * time.Hour))
}

func (s seeded) people() {
	r := s.chance("root")
	root := Doc{"AccessKey": !sure(r, 80), "AccessKeyId": "AKIA" + word(r, base32, 16), "Password": true}
	if sure(r, 70) {
		root["MFA"] = []string{"virtual", "hardware"}[r.IntN(2)]
	}
	if !sure(r, 60) {
		root["PasswordLastUsed"] = s.ago(1 + r.IntN(20))
	}
	s.add("root", "root", root)
	r = s.chance("passwords")
	if sure(r, 75) {
		length, age := 14, 0
		if !sure(r, 70) {
			length = 8
		}
		p := Doc{"MinimumPasswordLength": length, "RequireSymbols": sure(r, 80), "RequireNumbers": sure(r, 80), "RequireUppercaseCharacters": sure(r, 80),
			"RequireLowercaseCharacters": sure(r, 80), "AllowUsersToChangePassword": true}
		if sure(r, 60) {
			p["PasswordReusePrevention"] = 24
		}
		if sure(r, 70) {
			age = 90
			p["MaxPasswordAge"] = age
		}
		p["ExpirePasswords"] = age > 0
		s.add("passwordpolicy", "policy", p)
	}
	for i, name := range []string{"ada", "deploy", "grace"} {
		s.user(i, name)
	}
	s.group("operators", awsManaged+"ReadOnlyAccess")
}

func (s seeded) iam(rest string) string { return "arn:aws:iam::" + s.account + ":" + rest }

func (s seeded) group(name, policy string) {
	r := s.chance("group " + name)
	s.add("group", name, Doc{"GroupName": name, "Path": "/", "Arn": s.iam("group/" + name), "GroupId": "AGPA" + word(r, base32, 17), "CreateDate": s.ago(300), "Attached": []string{policy}})
}

// user makes a user: people have a password, machines have keys.
func (s seeded) user(i int, name string) {
	r := s.chance("user " + name)
	made := 100 + r.IntN(200)
	u := Doc{"UserName": name, "Path": "/", "Arn": s.iam("user/" + name), "UserId": "AIDA" + word(r, base32, 17), "CreateDate": s.ago(made)}
	if sure(r, 80) {
		u["Groups"] = []string{"operators"}
	} else {
		u["Attached"] = []string{awsManaged + "ReadOnlyAccess"}
	}
	if machine := i == 1; !machine {
		u["LoginProfile"] = Doc{"UserName": name, "CreateDate": s.ago(made), "PasswordResetRequired": false}
		u["PasswordLastChanged"] = s.ago(made)
		used := 1 + r.IntN(20)
		if !sure(r, 85) {
			used = 95 + r.IntN(5)
		}
		u["PasswordLastUsed"] = s.ago(used)
		if sure(r, 75) {
			u["MFADevices"] = []Doc{{"UserName": name, "SerialNumber": s.iam("mfa/" + name), "EnableDate": s.ago(made)}}
		}
		if !sure(r, 85) {
			s.key(r, name, made, 1) // made with the user
		}
	} else {
		old := 10 + r.IntN(50)
		if !sure(r, 65) {
			old = 91
		}
		s.key(r, name, old, 1+r.IntN(9))
		if !sure(r, 75) {
			s.key(r, name, 5, 1)
		}
	}
	s.add("user", name, u)
}

func (s seeded) key(r *rand.Rand, user string, made, used int) {
	id := "AKIA" + word(r, base32, 16)
	s.add("accesskey", id, Doc{"AccessKeyId": id, "UserName": user, "Status": "Active", "CreateDate": s.ago(made), "LastUsed": s.ago(min(used, made))})
}

func (s seeded) policies() {
	r := s.chance("policies")
	document := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":"*"}]}`
	if !sure(r, 75) {
		document = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	}
	arn := s.iam("policy/deploy")
	s.add("policy", arn, Doc{"PolicyName": "deploy", "Arn": arn, "Path": "/", "PolicyId": "ANPA" + word(r, base32, 17), "DefaultVersionId": "v1", "IsAttachable": true,
		"CreateDate": s.ago(200), "UpdateDate": s.ago(200), "Versions": []Doc{version("v1", document, s.ago(200))}})
	if sure(r, 60) {
		s.role(r, "support", supportAccess)
	}
	if !sure(r, 70) {
		s.role(r, "shell", cloudShellAccess)
	}
	if sure(r, 70) {
		expires := s.since.Add(-30 * 24 * time.Hour)
		if sure(r, 60) {
			expires = s.since.Add(400 * 24 * time.Hour)
		}
		s.add("servercertificate", "site", Doc{"ServerCertificateName": "site", "Path": "/", "Arn": s.iam("server-certificate/site"), "ServerCertificateId": "ASCA" + word(r, base32, 17),
			"UploadDate": s.ago(390), "Expiration": expires})
	}
}

func (s seeded) role(r *rand.Rand, name, policy string) {
	s.add("role", name, Doc{"RoleName": name, "Path": "/", "Arn": s.iam("role/" + name), "RoleId": "AROA" + word(r, base32, 17), "CreateDate": s.ago(250), "MaxSessionDuration": 3600,
		"AssumeRolePolicyDocument": "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D", "Attached": []string{policy}})
}

const tlsOnly = `{"Version":"2012-10-17","Statement":[{"Sid":"TLS","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::NAME","arn:aws:s3:::NAME/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}`

// buckets makes an account's buckets. The names end with its id, so that no
// other account has them.
func (s seeded) buckets() {
	r := s.chance("buckets")
	if sure(r, 65) {
		s.add("publicaccessblock", "account", blocked(true))
	}
	names := []string{"data", "logs"}
	if sure(r, 50) {
		names = append(names, "site")
	}
	for _, name := range names {
		full := name + "-" + s.account
		b := newBucket(full, Home, s.ago(300))
		more := ""
		if name == "logs" {
			more = `,{"Sid":"Trail","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":["s3:GetBucketAcl","s3:PutObject"],"Resource":["arn:aws:s3:::NAME","arn:aws:s3:::NAME/*"]}`
		}
		switch {
		case sure(r, 70):
			b["Policy"] = fill(tlsOnly+more+"]}", full)
		case more != "":
			b["Policy"] = fill(`{"Version":"2012-10-17","Statement":[`+more[1:]+"]}", full)
		}
		if !sure(r, 85) {
			delete(b, "PublicAccessBlockConfiguration")
		}
		if sure(r, 40) {
			b["ServerSideEncryptionConfiguration"] = encryption("aws:kms")
		}
		if v := (Doc{"Status": "Enabled"}); sure(r, 75) {
			if sure(r, 60) {
				v["MFADelete"] = "Enabled"
			}
			b["VersioningConfiguration"] = v
		}
		if sure(r, 60) {
			b["BucketLoggingStatus"] = Doc{"LoggingEnabled": Doc{"TargetBucket": "logs-" + s.account, "TargetPrefix": name + "/"}}
		}
		s.add("bucket", full, b)
	}
}

// fill puts a bucket's name into a policy.
func fill(policy, name string) string {
	return strings.ReplaceAll(policy, "NAME", name)
}

// trails makes the account's own trail, which about half of accounts have. It
// delivers to the log group that alarms look at.
func (s seeded) trails() {
	r := s.chance("trail")
	if !sure(r, 60) {
		return
	}
	t := Doc{"Name": "own", "TrailARN": "arn:aws:cloudtrail:" + Home + ":" + s.account + ":trail/own", "HomeRegion": Home, "S3BucketName": "logs-" + s.account,
		"IncludeGlobalServiceEvents": true, "IsMultiRegionTrail": sure(r, 80), "LogFileValidationEnabled": sure(r, 60), "IsOrganizationTrail": false, "HasInsightSelectors": false,
		"Logging": sure(r, 85), "Started": s.ago(300)}
	if sure(r, 50) {
		t["KmsKeyId"] = "arn:aws:kms:" + Home + ":" + s.account + ":key/" + uuid(r)
	}
	if sure(r, 75) {
		t["CloudWatchLogsLogGroupArn"] = "arn:aws:logs:" + Home + ":" + s.account + ":log-group:" + trailGroup + ":*"
		t["CloudWatchLogsRoleArn"] = s.iam("role/cloudtrail")
	}
	events := Doc{"ReadWriteType": "All", "IncludeManagementEvents": true, "DataResources": []any{}, "ExcludeManagementEventSources": []any{}}
	if ways := []string{"All", "ReadOnly", "WriteOnly", ""}; sure(r, 60) {
		if way := ways[r.IntN(len(ways))]; way != "" {
			events["DataResources"], events["ReadWriteType"] = []Doc{{"Type": "AWS::S3::Object", "Values": []string{"arn:aws:s3"}}}, way
			t["HasCustomEventSelectors"] = true
		}
	}
	t["EventSelectors"] = []Doc{events}
	s.add("trail", "own", t)
}

// trailGroup is the log group that a new account's trail delivers to.
const trailGroup = "cloudtrail"

// keys makes keys of KMS.
func (s seeded) keys() {
	r := s.chance("keys")
	for range 1 + r.IntN(2) {
		k := newKey(s.account, uuid(r), s.region, s.ago(200))
		k["Rotation"] = sure(r, 70)
		s.add("key", text(k, "KeyId"), k)
	}
	s.add("loggroup", trailGroup, newLogGroup(s.account, trailGroup, s.region, float64(s.since.Add(-300*24*time.Hour).UnixMilli())))
}

// alarms makes what tells somebody of events: a metric filter, an alarm, a topic
// with a subscription.
func (s seeded) alarms() {
	r := s.chance("alarms")
	arn := "arn:aws:sns:" + s.region + ":" + s.account + ":security"
	topic := newTopic(s.account, arn)
	if sure(r, 80) {
		topic["Subscriptions"] = []Doc{{"SubscriptionArn": arn + ":" + uuid(r), "Owner": s.account, "Protocol": "email", "Endpoint": "security@example.com", "TopicArn": arn}}
	}
	s.add("topic", arn, topic)
	for i, f := range Patterns {
		if !sure(r, 70) {
			continue
		}
		name := "watch-" + strconv.Itoa(i+1) + "-" + f.Name
		filter := Doc{"filterName": name, "filterPattern": f.Pattern, "logGroupName": trailGroup, "creationTime": float64(s.since.Add(-200 * 24 * time.Hour).UnixMilli()),
			"metricTransformations": []Doc{{"metricName": name, "metricNamespace": "CISBenchmark", "metricValue": "1"}}}
		s.add("metricfilter", filterID(filter), filter)
		if !sure(r, 85) {
			continue
		}
		s.add("alarm", name, Doc{"AlarmName": name, "AlarmArn": "arn:aws:cloudwatch:" + s.region + ":" + s.account + ":alarm:" + name, "MetricName": name, "Namespace": "CISBenchmark",
			"Statistic": "Sum", "Period": 300, "EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold", "ActionsEnabled": true,
			"AlarmActions": []string{arn}, "StateValue": "OK", "StateUpdatedTimestamp": s.ago(10)})
	}
}
