package cloud

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/macie2"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// readers are the clients that only assessments read with.
func readers(cfg aws.Config) []any {
	return []any{
		accessanalyzer.NewFromConfig(cfg), account.NewFromConfig(cfg), cloudwatch.NewFromConfig(cfg), cloudwatchlogs.NewFromConfig(cfg),
		ec2.NewFromConfig(cfg), efs.NewFromConfig(cfg), kms.NewFromConfig(cfg), macie2.NewFromConfig(cfg), organizations.NewFromConfig(cfg),
		rds.NewFromConfig(cfg), s3control.NewFromConfig(cfg, func(o *s3control.Options) { o.EndpointResolverV2 = oneHost{o.EndpointResolverV2} }), securityhub.NewFromConfig(cfg), sns.NewFromConfig(cfg),
	}
}

// questions are all that assessments ask, by the service's name in IAM and the
// operation. A test holds the names against the operations beside them.
//
// Source: Service Authorization Reference, "Actions, resources, and condition
// keys" of each service, 2026-11.
var questions = map[string]question{
	"account:GetAlternateContact":        asking((*account.Client).GetAlternateContact, whole),
	"organizations:DescribeOrganization": asking((*organizations.Client).DescribeOrganization, whole),

	"iam:GetAccountSummary":              asking((*iam.Client).GetAccountSummary, whole),
	"iam:GetAccountPasswordPolicy":       asking((*iam.Client).GetAccountPasswordPolicy, whole),
	"iam:ListVirtualMFADevices":          asking((*iam.Client).ListVirtualMFADevices, byMark),
	"iam:GenerateCredentialReport":       asking((*iam.Client).GenerateCredentialReport, whole),
	"iam:GetCredentialReport":            asking((*iam.Client).GetCredentialReport, whole),
	"iam:ListUsers":                      asking((*iam.Client).ListUsers, byMark),
	"iam:ListUserPolicies":               asking((*iam.Client).ListUserPolicies, byMark),
	"iam:ListAttachedUserPolicies":       asking((*iam.Client).ListAttachedUserPolicies, byMark),
	"iam:ListGroupsForUser":              asking((*iam.Client).ListGroupsForUser, byMark),
	"iam:ListPolicies":                   asking((*iam.Client).ListPolicies, byMark),
	"iam:GetPolicyVersion":               asking((*iam.Client).GetPolicyVersion, whole),
	"iam:GetAccountAuthorizationDetails": asking((*iam.Client).GetAccountAuthorizationDetails, byMark),
	"iam:ListEntitiesForPolicy":          asking((*iam.Client).ListEntitiesForPolicy, byMark),
	"iam:ListServerCertificates":         asking((*iam.Client).ListServerCertificates, byMark),
	"access-analyzer:ListAnalyzers":      asking((*accessanalyzer.Client).ListAnalyzers, byNext),

	"cloudtrail:DescribeTrails":    asking((*cloudtrail.Client).DescribeTrails, whole),
	"cloudtrail:GetTrailStatus":    asking((*cloudtrail.Client).GetTrailStatus, whole),
	"cloudtrail:GetEventSelectors": asking((*cloudtrail.Client).GetEventSelectors, whole),

	"config:DescribeConfigurationRecorders":      asking((*configservice.Client).DescribeConfigurationRecorders, whole),
	"config:DescribeConfigurationRecorderStatus": asking((*configservice.Client).DescribeConfigurationRecorderStatus, whole),
	"config:DescribeDeliveryChannels":            asking((*configservice.Client).DescribeDeliveryChannels, whole),
	"config:DescribeConfigRules":                 asking((*configservice.Client).DescribeConfigRules, byNext),
	"config:DescribeConformancePacks":            asking((*configservice.Client).DescribeConformancePacks, byNext),
	"config:GetConformancePackComplianceDetails": asking((*configservice.Client).GetConformancePackComplianceDetails, byNext),

	"securityhub:DescribeHub": asking((*securityhub.Client).DescribeHub, whole),
	"macie2:GetMacieSession":  asking((*macie2.Client).GetMacieSession, whole),

	"logs:DescribeLogGroups":             asking((*cloudwatchlogs.Client).DescribeLogGroups, byNext),
	"logs:DescribeMetricFilters":         asking((*cloudwatchlogs.Client).DescribeMetricFilters, byNext),
	"cloudwatch:DescribeAlarmsForMetric": asking((*cloudwatch.Client).DescribeAlarmsForMetric, whole),
	"sns:ListTopics":                     asking((*sns.Client).ListTopics, byNext),
	"sns:GetTopicAttributes":             asking((*sns.Client).GetTopicAttributes, whole),
	"sns:ListSubscriptionsByTopic":       asking((*sns.Client).ListSubscriptionsByTopic, byNext),

	"s3:ListBuckets":                 asking((*s3.Client).ListBuckets, paging{out: "ContinuationToken", in: "ContinuationToken"}),
	"s3:GetBucketLocation":           asking((*s3.Client).GetBucketLocation, whole),
	"s3:GetPublicAccessBlock":        asking((*s3.Client).GetPublicAccessBlock, whole),
	"s3:GetBucketPolicy":             asking((*s3.Client).GetBucketPolicy, whole),
	"s3:GetBucketPolicyStatus":       asking((*s3.Client).GetBucketPolicyStatus, whole),
	"s3:GetBucketAcl":                asking((*s3.Client).GetBucketAcl, whole),
	"s3:GetBucketVersioning":         asking((*s3.Client).GetBucketVersioning, whole),
	"s3:GetBucketLogging":            asking((*s3.Client).GetBucketLogging, whole),
	"s3:GetBucketEncryption":         asking((*s3.Client).GetBucketEncryption, whole),
	"s3:GetObjectLockConfiguration":  asking((*s3.Client).GetObjectLockConfiguration, whole),
	"s3:GetBucketReplication":        asking((*s3.Client).GetBucketReplication, whole),
	"s3control:GetPublicAccessBlock": asking((*s3control.Client).GetPublicAccessBlock, whole),

	"ec2:GetEbsEncryptionByDefault": asking((*ec2.Client).GetEbsEncryptionByDefault, whole),
	"ec2:DescribeVolumes":           asking((*ec2.Client).DescribeVolumes, byPage),
	"ec2:DescribeSnapshots":         asking((*ec2.Client).DescribeSnapshots, byPage),
	"ec2:DescribeSnapshotAttribute": asking((*ec2.Client).DescribeSnapshotAttribute, whole),
	"ec2:DescribeInstances":         asking((*ec2.Client).DescribeInstances, byPage),
	"ec2:DescribeVpcs":              asking((*ec2.Client).DescribeVpcs, byPage),
	"ec2:DescribeSubnets":           asking((*ec2.Client).DescribeSubnets, byPage),
	"ec2:DescribeFlowLogs":          asking((*ec2.Client).DescribeFlowLogs, byPage),
	"ec2:DescribeSecurityGroups":    asking((*ec2.Client).DescribeSecurityGroups, byPage),
	"ec2:DescribeNetworkAcls":       asking((*ec2.Client).DescribeNetworkAcls, byPage),
	"ec2:DescribeRegions":           asking((*ec2.Client).DescribeRegions, whole),

	"kms:ListKeys":                           asking((*kms.Client).ListKeys, byMore),
	"kms:DescribeKey":                        asking((*kms.Client).DescribeKey, whole),
	"kms:GetKeyRotationStatus":               asking((*kms.Client).GetKeyRotationStatus, whole),
	"rds:DescribeDBInstances":                asking((*rds.Client).DescribeDBInstances, byMark),
	"elasticfilesystem:DescribeFileSystems":  asking((*efs.Client).DescribeFileSystems, byMore),
	"elasticfilesystem:DescribeBackupPolicy": asking((*efs.Client).DescribeBackupPolicy, whole),
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
}
