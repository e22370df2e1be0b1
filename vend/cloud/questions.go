package cloud

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/macie2"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/redshift"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
)

// questions are all that assessments ask, by the service's name in IAM and the
// operation. A test holds the names against the operations beside them.
//
// Source: Service Authorization Reference, "Actions, resources, and condition
// keys" of each service, 2026-11.
//
// The clients are known to the questions alone. Were they a field of anything that
// becomes an interface's value, the linker would keep all of their operations, 84
// MB of them.
func questions(cfg aws.Config, inProcess bool) map[string]question {
	analyzer := accessanalyzer.NewFromConfig(cfg)
	own := account.NewFromConfig(cfg)
	trails := cloudtrail.NewFromConfig(cfg)
	alarms := cloudwatch.NewFromConfig(cfg)
	logs := cloudwatchlogs.NewFromConfig(cfg)
	config := configservice.NewFromConfig(cfg)
	ec := ec2.NewFromConfig(cfg)
	files := efs.NewFromConfig(cfg)
	people := iam.NewFromConfig(cfg)
	keys := kms.NewFromConfig(cfg)
	macie := macie2.NewFromConfig(cfg)
	owner := organizations.NewFromConfig(cfg)
	databases := rds.NewFromConfig(cfg)
	buckets := newS3(cfg, inProcess)
	control := s3control.NewFromConfig(cfg, func(o *s3control.Options) { o.EndpointResolverV2 = oneHost{o.EndpointResolverV2} })
	hub := securityhub.NewFromConfig(cfg)
	topics := sns.NewFromConfig(cfg)
	certificates := acm.NewFromConfig(cfg)
	interfaces := apigateway.NewFromConfig(cfg)
	backups := backup.NewFromConfig(cfg)
	tables := dynamodb.NewFromConfig(cfg)
	clusters := eks.NewFromConfig(cfg)
	classics := elasticloadbalancing.NewFromConfig(cfg)
	balancers := elasticloadbalancingv2.NewFromConfig(cfg)
	guard := guardduty.NewFromConfig(cfg)
	functions := lambda.NewFromConfig(cfg)
	search := opensearch.NewFromConfig(cfg)
	warehouses := redshift.NewFromConfig(cfg)
	secrets := secretsmanager.NewFromConfig(cfg)
	systems := ssm.NewFromConfig(cfg)
	walls := wafv2.NewFromConfig(cfg)
	return map[string]question{
		"account:GetAlternateContact":        asking(own.GetAlternateContact, whole),
		"organizations:DescribeOrganization": asking(owner.DescribeOrganization, whole),

		"iam:GetAccountSummary":              asking(people.GetAccountSummary, whole),
		"iam:GetAccountPasswordPolicy":       asking(people.GetAccountPasswordPolicy, whole),
		"iam:ListVirtualMFADevices":          asking(people.ListVirtualMFADevices, byMark),
		"iam:GenerateCredentialReport":       asking(people.GenerateCredentialReport, whole),
		"iam:GetCredentialReport":            asking(people.GetCredentialReport, whole),
		"iam:ListUsers":                      asking(people.ListUsers, byMark),
		"iam:ListUserPolicies":               asking(people.ListUserPolicies, byMark),
		"iam:ListAttachedUserPolicies":       asking(people.ListAttachedUserPolicies, byMark),
		"iam:ListGroupsForUser":              asking(people.ListGroupsForUser, byMark),
		"iam:ListPolicies":                   asking(people.ListPolicies, byMark),
		"iam:GetPolicyVersion":               asking(people.GetPolicyVersion, whole),
		"iam:GetAccountAuthorizationDetails": asking(people.GetAccountAuthorizationDetails, byMark),
		"iam:ListEntitiesForPolicy":          asking(people.ListEntitiesForPolicy, byMark),
		"iam:ListServerCertificates":         asking(people.ListServerCertificates, byMark),
		"access-analyzer:ListAnalyzers":      asking(analyzer.ListAnalyzers, byNext),

		"cloudtrail:DescribeTrails":    asking(trails.DescribeTrails, whole),
		"cloudtrail:GetTrailStatus":    asking(trails.GetTrailStatus, whole),
		"cloudtrail:GetEventSelectors": asking(trails.GetEventSelectors, whole),

		"config:DescribeConfigurationRecorders":      asking(config.DescribeConfigurationRecorders, whole),
		"config:DescribeConfigurationRecorderStatus": asking(config.DescribeConfigurationRecorderStatus, whole),
		"config:DescribeDeliveryChannels":            asking(config.DescribeDeliveryChannels, whole),
		"config:DescribeConfigRules":                 asking(config.DescribeConfigRules, byNext),
		"config:DescribeConformancePacks":            asking(config.DescribeConformancePacks, byNext),
		"config:GetConformancePackComplianceDetails": asking(config.GetConformancePackComplianceDetails, byNext),

		"securityhub:DescribeHub": asking(hub.DescribeHub, whole),
		"macie2:GetMacieSession":  asking(macie.GetMacieSession, whole),

		"logs:DescribeLogGroups":             asking(logs.DescribeLogGroups, byNext),
		"logs:DescribeMetricFilters":         asking(logs.DescribeMetricFilters, byNext),
		"cloudwatch:DescribeAlarmsForMetric": asking(alarms.DescribeAlarmsForMetric, whole),
		"sns:ListTopics":                     asking(topics.ListTopics, byNext),
		"sns:GetTopicAttributes":             asking(topics.GetTopicAttributes, whole),
		"sns:ListSubscriptionsByTopic":       asking(topics.ListSubscriptionsByTopic, byNext),

		"s3:ListBuckets":                 asking(buckets.ListBuckets, paging{out: "ContinuationToken", in: "ContinuationToken"}),
		"s3:GetBucketLocation":           asking(buckets.GetBucketLocation, whole),
		"s3:GetPublicAccessBlock":        asking(buckets.GetPublicAccessBlock, whole),
		"s3:GetBucketPolicy":             asking(buckets.GetBucketPolicy, whole),
		"s3:GetBucketPolicyStatus":       asking(buckets.GetBucketPolicyStatus, whole),
		"s3:GetBucketAcl":                asking(buckets.GetBucketAcl, whole),
		"s3:GetBucketVersioning":         asking(buckets.GetBucketVersioning, whole),
		"s3:GetBucketLogging":            asking(buckets.GetBucketLogging, whole),
		"s3:GetBucketEncryption":         asking(buckets.GetBucketEncryption, whole),
		"s3:GetObjectLockConfiguration":  asking(buckets.GetObjectLockConfiguration, whole),
		"s3:GetBucketReplication":        asking(buckets.GetBucketReplication, whole),
		"s3control:GetPublicAccessBlock": asking(control.GetPublicAccessBlock, whole),

		"ec2:GetEbsEncryptionByDefault": asking(ec.GetEbsEncryptionByDefault, whole),
		"ec2:DescribeVolumes":           asking(ec.DescribeVolumes, byPage),
		"ec2:DescribeSnapshots":         asking(ec.DescribeSnapshots, byPage),
		"ec2:DescribeSnapshotAttribute": asking(ec.DescribeSnapshotAttribute, whole),
		"ec2:DescribeInstances":         asking(ec.DescribeInstances, byPage),
		"ec2:DescribeVpcs":              asking(ec.DescribeVpcs, byPage),
		"ec2:DescribeSubnets":           asking(ec.DescribeSubnets, byPage),
		"ec2:DescribeFlowLogs":          asking(ec.DescribeFlowLogs, byPage),
		"ec2:DescribeSecurityGroups":    asking(ec.DescribeSecurityGroups, byPage),
		"ec2:DescribeNetworkAcls":       asking(ec.DescribeNetworkAcls, byPage),
		"ec2:DescribeRegions":           asking(ec.DescribeRegions, whole),

		"kms:ListKeys":                            asking(keys.ListKeys, byMore),
		"kms:DescribeKey":                         asking(keys.DescribeKey, whole),
		"kms:GetKeyRotationStatus":                asking(keys.GetKeyRotationStatus, whole),
		"rds:DescribeDBInstances":                 asking(databases.DescribeDBInstances, byMark),
		"rds:DescribeDBSnapshots":                 asking(databases.DescribeDBSnapshots, byMark),
		"rds:DescribeDBSnapshotAttributes":        asking(databases.DescribeDBSnapshotAttributes, whole),
		"rds:DescribeDBClusterSnapshots":          asking(databases.DescribeDBClusterSnapshots, byMark),
		"rds:DescribeDBClusterSnapshotAttributes": asking(databases.DescribeDBClusterSnapshotAttributes, whole),
		"elasticfilesystem:DescribeFileSystems":   asking(files.DescribeFileSystems, byMore),
		"elasticfilesystem:DescribeBackupPolicy":  asking(files.DescribeBackupPolicy, whole),
		"dynamodb:ListTables":                     asking(tables.ListTables, paging{out: "LastEvaluatedTableName", in: "ExclusiveStartTableName"}),
		"dynamodb:DescribeTable":                  asking(tables.DescribeTable, whole),
		"dynamodb:DescribeContinuousBackups":      asking(tables.DescribeContinuousBackups, whole),
		"backup:ListBackupVaults":                 asking(backups.ListBackupVaults, byNext),
		"backup:ListRecoveryPointsByBackupVault":  asking(backups.ListRecoveryPointsByBackupVault, byNext),
		"backup:ListBackupPlans":                  asking(backups.ListBackupPlans, byNext),
		"backup:GetBackupPlan":                    asking(backups.GetBackupPlan, whole),

		"guardduty:ListDetectors":             asking(guard.ListDetectors, byNext),
		"guardduty:GetDetector":               asking(guard.GetDetector, whole),
		"guardduty:ListFindings":              asking(guard.ListFindings, byNext),
		"guardduty:GetFindings":               asking(guard.GetFindings, whole),
		"ssm:DescribeInstanceInformation":     asking(systems.DescribeInstanceInformation, byNext),
		"ssm:ListResourceComplianceSummaries": asking(systems.ListResourceComplianceSummaries, byNext),

		"elb:DescribeLoadBalancers":                           asking(classics.DescribeLoadBalancers, byMore),
		"elb:DescribeLoadBalancerAttributes":                  asking(classics.DescribeLoadBalancerAttributes, whole),
		"elasticloadbalancing:DescribeLoadBalancers":          asking(balancers.DescribeLoadBalancers, byMore),
		"elasticloadbalancing:DescribeLoadBalancerAttributes": asking(balancers.DescribeLoadBalancerAttributes, whole),
		"elasticloadbalancing:DescribeListeners":              asking(balancers.DescribeListeners, byMore),
		"acm:ListCertificates":                                asking(certificates.ListCertificates, byNext),
		"acm:DescribeCertificate":                             asking(certificates.DescribeCertificate, whole),
		"wafv2:ListWebACLs":                                   asking(walls.ListWebACLs, paging{out: "NextMarker", in: "NextMarker"}),
		"wafv2:GetLoggingConfiguration":                       asking(walls.GetLoggingConfiguration, whole),
		"apigateway:GetRestApis":                              asking(interfaces.GetRestApis, paging{out: "Position", in: "Position"}),
		"apigateway:GetStages":                                asking(interfaces.GetStages, whole),
		"lambda:ListFunctions":                                asking(functions.ListFunctions, byMore),
		"lambda:GetPolicy":                                    asking(functions.GetPolicy, whole),
		"secretsmanager:ListSecrets":                          asking(secrets.ListSecrets, byNext),

		"redshift:DescribeClusters":      asking(warehouses.DescribeClusters, byMark),
		"redshift:DescribeLoggingStatus": asking(warehouses.DescribeLoggingStatus, whole),
		"es:ListDomainNames":             asking(search.ListDomainNames, whole),
		"es:DescribeDomains":             asking(search.DescribeDomains, whole),
		"eks:ListClusters":               asking(clusters.ListClusters, byNext),
		"eks:DescribeCluster":            asking(clusters.DescribeCluster, whole),
	}
}

// actionNamed are the IAM actions of questions that are not called as the
// operation is.
var actionNamed = map[string]string{
	"s3:ListBuckets":                 "s3:ListAllMyBuckets",
	"s3:GetPublicAccessBlock":        "s3:GetBucketPublicAccessBlock",
	"s3:GetBucketEncryption":         "s3:GetEncryptionConfiguration",
	"s3:GetObjectLockConfiguration":  "s3:GetBucketObjectLockConfiguration",
	"s3:GetBucketReplication":        "s3:GetReplicationConfiguration",
	"s3control:GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock",

	"elb:DescribeLoadBalancers":          "elasticloadbalancing:DescribeLoadBalancers",
	"elb:DescribeLoadBalancerAttributes": "elasticloadbalancing:DescribeLoadBalancerAttributes",
	"apigateway:GetRestApis":             "apigateway:GET",
	"apigateway:GetStages":               "apigateway:GET",
}
