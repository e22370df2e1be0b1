package estate

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The verdicts of AWS Config.
const (
	Compliant        = "COMPLIANT"
	NonCompliant     = "NON_COMPLIANT"
	InsufficientData = "INSUFFICIENT_DATA"
)

// identifier is what names a managed rule.
var identifier = regexp.MustCompile(`^[A-Z][A-Z0-9_]{2,127}$`)

// Evaluation is what a rule says of one resource.
type Evaluation struct {
	Type       string
	ID         string
	Compliance string
}

// total is the verdict of a rule: on no resource there is none.
func total(judged []Evaluation) string {
	switch {
	case len(judged) == 0:
		return InsufficientData
	case slices.ContainsFunc(judged, func(e Evaluation) bool { return e.Compliance == NonCompliant }):
		return NonCompliant
	}
	return Compliant
}

// shown is an evaluation as AWS Config shows it.
func (e Evaluation) shown(rule Doc) Doc {
	return Doc{"ComplianceType": e.Compliance, "ResultRecordedTime": rule["since"], "ConfigRuleInvokedTime": rule["since"], "EvaluationResultIdentifier": Doc{
		"EvaluationResultQualifier": Doc{"ConfigRuleName": rule["ConfigRuleName"], "ResourceType": e.Type, "ResourceId": e.ID, "EvaluationMode": "DETECTIVE"}, "OrderingTimestamp": rule["since"]}}
}

// judge is what a rule says now of all that it looks at. While nothing is
// recorded it says nothing. A managed rule that simaws does not have looks at
// kinds of resources that accounts here have none of.
func (c *Call) judge(rule Doc) []Evaluation {
	look := managedRules[text(sub(rule, "Source"), "SourceIdentifier")]
	if look == nil || !flag(c.recorder(c.Region), "recording") {
		return nil
	}
	given := map[string]any{}
	if in := text(rule, "InputParameters"); in != "" {
		_ = json.Unmarshal([]byte(in), &given) // it was read when it was put
	}
	return look(&judge{c, given})
}

// judge is a call's account and region under one rule's parameters.
type judge struct {
	*Call
	given map[string]any
}

func (j *judge) parameter(name, usual string) string {
	if v, ok := j.given[name]; ok {
		return fmt.Sprint(v)
	}
	return usual
}

func (j *judge) days(name string, usual int) time.Time {
	n := usual
	_, _ = fmt.Sscan(j.parameter(name, ""), &n) // what is no number leaves the usual
	return j.Now.Add(-time.Duration(n) * 24 * time.Hour)
}

func (j *judge) list(name string) []string {
	return strings.FieldsFunc(j.parameter(name, ""), func(r rune) bool { return r == ',' || r == ' ' })
}

type look func(*judge) []Evaluation

// account is a rule that looks at the account as a whole.
func account(ok func(*judge) bool) look {
	return func(j *judge) []Evaluation { return []Evaluation{verdict("AWS::::Account", j.Account, ok(j))} }
}

func verdict(kind, id string, ok bool) Evaluation {
	if ok {
		return Evaluation{kind, id, Compliant}
	}
	return Evaluation{kind, id, NonCompliant}
}

// kinds are where resources are kept, what AWS Config calls them and the member
// that is their id there.
var kinds = map[string]struct {
	name, id string
	global   bool
}{
	"user": {"AWS::IAM::User", "UserId", true}, "group": {"AWS::IAM::Group", "GroupId", true}, "role": {"AWS::IAM::Role", "RoleId", true}, "policy": {"AWS::IAM::Policy", "PolicyId", true},
	"bucket": {"AWS::S3::Bucket", "Name", true}, "key": {"AWS::KMS::Key", "KeyId", false}, "volume": {"AWS::EC2::Volume", "VolumeId", false},
	"instance": {"AWS::EC2::Instance", "InstanceId", false}, "vpc": {"AWS::EC2::VPC", "VpcId", false}, "subnet": {"AWS::EC2::Subnet", "SubnetId", false},
	"securitygroup": {"AWS::EC2::SecurityGroup", "GroupId", false}, "networkacl": {"AWS::EC2::NetworkAcl", "NetworkAclId", false},
	"database": {"AWS::RDS::DBInstance", "DBInstanceIdentifier", false}, "filesystem": {"AWS::EFS::FileSystem", "FileSystemId", false},
	"loggroup": {"AWS::Logs::LogGroup", "logGroupName", false}, "topic": {"AWS::SNS::Topic", "TopicArn", false},
	"patches": {"AWS::SSM::PatchCompliance", "ResourceId", false}, "dbsnapshot": {"AWS::RDS::DBSnapshot", "DBSnapshotIdentifier", false}, "table": {"AWS::DynamoDB::Table", "TableName", false},
	"recoverypoint": {"AWS::Backup::RecoveryPoint", "RecoveryPointArn", false}, "backupplan": {"AWS::Backup::BackupPlan", "BackupPlanId", false},
	"balancer": {"AWS::ElasticLoadBalancingV2::LoadBalancer", "LoadBalancerArn", false}, "classic": {"AWS::ElasticLoadBalancing::LoadBalancer", "LoadBalancerName", false},
	"certificate": {"AWS::ACM::Certificate", "CertificateArn", false}, "webacl": {"AWS::WAFv2::WebACL", "ARN", false}, "function": {"AWS::Lambda::Function", "FunctionName", false},
	"secret": {"AWS::SecretsManager::Secret", "ARN", false}, "stage": {"AWS::ApiGateway::Stage", "arn", false}, "warehouse": {"AWS::Redshift::Cluster", "ClusterIdentifier", false},
	"domain": {"AWS::OpenSearch::Domain", "ARN", false}, "kubernetes": {"AWS::EKS::Cluster", "name", false},
}

// every is a rule that looks at each resource of a kind. A bucket is looked at
// in its own region.
func every(kind string, ok func(*judge, Doc) bool) look { return those(kind, nil, ok) }

// those is every, but for resources that the rule leaves out.
func those(kind string, in, ok func(*judge, Doc) bool) look {
	return func(j *judge) []Evaluation {
		k := kinds[kind]
		region := j.Region
		if k.global {
			region = Global
		}
		var all []Evaluation
		for _, d := range j.all(region, kind) {
			if kind == "bucket" && text(d, "BucketRegion") != j.Region || in != nil && !in(j, d) {
				continue
			}
			all = append(all, verdict(k.name, text(d, k.id), ok(j, d)))
		}
		return all
	}
}

// is is a test of one member.
func is(member string, want any) func(*judge, Doc) bool {
	return func(_ *judge, d Doc) bool { return d[member] == want }
}

// not is the opposite of a test.
func not(test func(*judge, Doc) bool) func(*judge, Doc) bool {
	return func(j *judge, d Doc) bool { return !test(j, d) }
}
