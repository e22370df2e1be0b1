package simaws

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
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
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/macie2"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/redshift"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
)

// memberClient is the SDK's client of a service of accounts.
func (l *lab) memberClient(api, key string) any {
	cfg := l.config(key)
	switch api {
	case "accessanalyzer":
		return accessanalyzer.NewFromConfig(cfg)
	case "cloudtrail":
		return cloudtrail.NewFromConfig(cfg)
	case "cloudwatch":
		return cloudwatch.NewFromConfig(cfg)
	case "logs":
		return cloudwatchlogs.NewFromConfig(cfg)
	case "config":
		return configservice.NewFromConfig(cfg)
	case "ec2":
		return ec2.NewFromConfig(cfg)
	case "efs":
		return efs.NewFromConfig(cfg)
	case "iam":
		return iam.NewFromConfig(cfg)
	case "kms":
		return kms.NewFromConfig(cfg)
	case "macie2":
		return macie2.NewFromConfig(cfg)
	case "rds":
		return rds.NewFromConfig(cfg)
	case "s3control":
		return s3control.NewFromConfig(cfg)
	case "securityhub":
		return securityhub.NewFromConfig(cfg)
	case "sns":
		return sns.NewFromConfig(cfg)
	case "sso-admin":
		return ssoadmin.NewFromConfig(cfg)
	case "identitystore":
		return identitystore.NewFromConfig(cfg)
	case "guardduty":
		return guardduty.NewFromConfig(cfg)
	case "ssm":
		return ssm.NewFromConfig(cfg)
	case "dynamodb":
		return dynamodb.NewFromConfig(cfg)
	case "backup":
		return backup.NewFromConfig(cfg)
	case "elb":
		return elasticloadbalancing.NewFromConfig(cfg)
	case "elbv2":
		return elasticloadbalancingv2.NewFromConfig(cfg)
	case "acm":
		return acm.NewFromConfig(cfg)
	case "lambda":
		return lambda.NewFromConfig(cfg)
	case "secretsmanager":
		return secretsmanager.NewFromConfig(cfg)
	case "redshift":
		return redshift.NewFromConfig(cfg)
	case "opensearch":
		return opensearch.NewFromConfig(cfg)
	case "wafv2":
		return wafv2.NewFromConfig(cfg)
	case "apigateway":
		return apigateway.NewFromConfig(cfg)
	case "eks":
		return eks.NewFromConfig(cfg)
	case "s3":
		return s3client(cfg)
	}
	l.t.Fatalf("no client of %s", api)
	return nil
}

// everyMember is each operation of the services of accounts, in an order in
// which they succeed. ID stands for the account; $NAME for what an answer had
// under NAME, the last time; a line that ends in " !CODE" is refused so.
const everyMember = `
s3 CreateBucket {"Bucket":"trail-ID"}
s3 HeadBucket {"Bucket":"trail-ID"}
s3 GetBucketLocation {"Bucket":"trail-ID"}
s3 ListBuckets {}
s3 PutBucketPolicy {"Bucket":"trail-ID","Policy":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"cloudtrail.amazonaws.com\"},\"Action\":\"s3:PutObject\",\"Resource\":\"arn:aws:s3:::trail-ID/*\"}]}"}
s3 GetBucketPolicy {"Bucket":"trail-ID"}
s3 GetBucketPolicyStatus {"Bucket":"trail-ID"}
s3 GetBucketAcl {"Bucket":"trail-ID"}
s3 PutBucketVersioning {"Bucket":"trail-ID","VersioningConfiguration":{"Status":"Enabled"}}
s3 GetBucketVersioning {"Bucket":"trail-ID"}
s3 PutBucketLogging {"Bucket":"trail-ID","BucketLoggingStatus":{"LoggingEnabled":{"TargetBucket":"trail-ID","TargetPrefix":"x/"}}}
s3 GetBucketLogging {"Bucket":"trail-ID"}
s3 PutBucketEncryption {"Bucket":"trail-ID","ServerSideEncryptionConfiguration":{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms"}}]}}
s3 GetBucketEncryption {"Bucket":"trail-ID"}
s3 DeleteBucketEncryption {"Bucket":"trail-ID"}
s3 GetPublicAccessBlock {"Bucket":"trail-ID"}
s3 PutPublicAccessBlock {"Bucket":"trail-ID","PublicAccessBlockConfiguration":{"BlockPublicAcls":true}}
s3 DeletePublicAccessBlock {"Bucket":"trail-ID"}
s3 GetPublicAccessBlock {"Bucket":"trail-ID"} !NoSuchPublicAccessBlockConfiguration
s3 GetObjectLockConfiguration {"Bucket":"trail-ID"} !ObjectLockConfigurationNotFoundError
s3 GetBucketReplication {"Bucket":"trail-ID"} !ReplicationConfigurationNotFoundError
s3 HeadBucket {"Bucket":"nobodys"} !NotFound
s3 CreateBucket {"Bucket":"Wrong_Name"} !InvalidBucketName
s3control PutPublicAccessBlock {"AccountId":"ID","PublicAccessBlockConfiguration":{"BlockPublicAcls":true,"IgnorePublicAcls":true,"BlockPublicPolicy":true,"RestrictPublicBuckets":true}}
s3control GetPublicAccessBlock {"AccountId":"ID"}
s3control DeletePublicAccessBlock {"AccountId":"ID"}
s3control GetPublicAccessBlock {"AccountId":"ID"} !NoSuchPublicAccessBlockConfiguration
cloudtrail CreateTrail {"Name":"all","S3BucketName":"nobodys"} !S3BucketDoesNotExistException
cloudtrail CreateTrail {"Name":"all","S3BucketName":"trail-ID","IsMultiRegionTrail":true,"EnableLogFileValidation":true}
cloudtrail UpdateTrail {"Name":"all","KmsKeyId":"arn:aws:kms:us-east-1:ID:key/k"}
cloudtrail StartLogging {"Name":"all"}
cloudtrail GetTrailStatus {"Name":"all"}
cloudtrail StopLogging {"Name":"all"}
cloudtrail DescribeTrails {}
cloudtrail ListTrails {}
cloudtrail GetTrail {"Name":"all"}
cloudtrail GetEventSelectors {"TrailName":"all"}
cloudtrail PutEventSelectors {"TrailName":"all","EventSelectors":[{"ReadWriteType":"All","DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]}]}]}
cloudtrail LookupEvents {"MaxResults":3}
cloudtrail DeleteTrail {"Name":"all"}
cloudtrail GetTrail {"Name":"all"} !TrailNotFoundException
config PutDeliveryChannel {"DeliveryChannel":{"Name":"d","S3BucketName":"trail-ID"}} !NoAvailableConfigurationRecorderException
config PutConfigurationRecorder {"ConfigurationRecorder":{"Name":"r","RoleARN":"arn:aws:iam::ID:role/x"}}
config StartConfigurationRecorder {"ConfigurationRecorderName":"r"} !NoAvailableDeliveryChannelException
config PutDeliveryChannel {"DeliveryChannel":{"Name":"d","S3BucketName":"trail-ID"}}
config StartConfigurationRecorder {"ConfigurationRecorderName":"r"}
config DescribeConfigurationRecorders {}
config DescribeConfigurationRecorderStatus {}
config DescribeDeliveryChannels {}
config DescribeDeliveryChannelStatus {}
config PutConfigRule {"ConfigRule":{"ConfigRuleName":"mfa","Source":{"Owner":"AWS","SourceIdentifier":"IAM_USER_MFA_ENABLED"}}}
config DescribeConfigRules {}
config StartConfigRulesEvaluation {"ConfigRuleNames":["mfa"]}
config DescribeComplianceByConfigRule {}
config DescribeComplianceByResource {"ResourceType":"AWS::IAM::User"}
config GetComplianceDetailsByConfigRule {"ConfigRuleName":"mfa","Limit":2}
config GetComplianceDetailsByConfigRule {"ConfigRuleName":"mfa","Limit":2,"NextToken":"$NextToken"}
config PutConformancePack {"ConformancePackName":"p","TemplateBody":"Resources:\n  A:\n    Type: AWS::Config::ConfigRule\n    Properties:\n      ConfigRuleName: a\n      Source: {Owner: AWS, SourceIdentifier: ENCRYPTED_VOLUMES}\n"}
config PutConformancePack {"ConformancePackName":"q","TemplateBody":"Resources: {}"} !ConformancePackTemplateValidationException
config DescribeConformancePacks {}
config DescribeConformancePackStatus {"ConformancePackNames":["p"]}
config DescribeConformancePackCompliance {"ConformancePackName":"p"}
config GetConformancePackComplianceDetails {"ConformancePackName":"p"}
config GetConformancePackComplianceSummary {"ConformancePackNames":["p"]}
config DeleteConformancePack {"ConformancePackName":"p"}
config DescribeConformancePackStatus {"ConformancePackNames":["p"]} !NoSuchConformancePackException
config DeleteConfigRule {"ConfigRuleName":"mfa"}
config DeleteDeliveryChannel {"DeliveryChannelName":"d"} !LastDeliveryChannelDeleteFailedException
config StopConfigurationRecorder {"ConfigurationRecorderName":"r"}
config DeleteDeliveryChannel {"DeliveryChannelName":"d"}
config DeleteConfigurationRecorder {"ConfigurationRecorderName":"r"}
s3 DeleteBucketPolicy {"Bucket":"trail-ID"}
s3 DeleteBucket {"Bucket":"trail-ID"}
iam GetAccountSummary {}
iam ListAccountAliases {}
iam UpdateAccountPasswordPolicy {"MinimumPasswordLength":14}
iam GetAccountPasswordPolicy {}
iam DeleteAccountPasswordPolicy {}
iam GetAccountPasswordPolicy {} !NoSuchEntity
iam GetCredentialReport {} !ReportNotPresent
iam GenerateCredentialReport {}
iam GetCredentialReport {}
iam CreateUser {"UserName":"u"}
iam GetUser {"UserName":"u"}
iam ListUsers {"MaxItems":2}
iam ListUsers {"MaxItems":2,"Marker":"$Marker"}
iam CreateLoginProfile {"UserName":"u","Password":"x"}
iam GetLoginProfile {"UserName":"u"}
iam DeleteLoginProfile {"UserName":"u"}
iam CreateAccessKey {"UserName":"u"}
iam ListAccessKeys {"UserName":"u"}
iam GetAccessKeyLastUsed {"AccessKeyId":"$AccessKeyId"}
iam UpdateAccessKey {"UserName":"u","AccessKeyId":"$AccessKeyId","Status":"Inactive"}
iam DeleteAccessKey {"UserName":"u","AccessKeyId":"$AccessKeyId"}
iam CreateVirtualMFADevice {"VirtualMFADeviceName":"u"}
iam EnableMFADevice {"UserName":"u","SerialNumber":"$SerialNumber","AuthenticationCode1":"123456","AuthenticationCode2":"654321"}
iam ListMFADevices {"UserName":"u"}
iam ListVirtualMFADevices {"AssignmentStatus":"Assigned"}
iam DeactivateMFADevice {"UserName":"u","SerialNumber":"arn:aws:iam::ID:mfa/u"}
iam DeleteVirtualMFADevice {"SerialNumber":"arn:aws:iam::ID:mfa/u"}
iam PutUserPolicy {"UserName":"u","PolicyName":"p","PolicyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:ListAllMyBuckets\",\"Resource\":\"*\"}]}"}
iam GetUserPolicy {"UserName":"u","PolicyName":"p"}
iam ListUserPolicies {"UserName":"u"}
iam DeleteUserPolicy {"UserName":"u","PolicyName":"p"}
iam AttachUserPolicy {"UserName":"u","PolicyArn":"arn:aws:iam::aws:policy/ReadOnlyAccess"}
iam ListAttachedUserPolicies {"UserName":"u"}
iam DetachUserPolicy {"UserName":"u","PolicyArn":"arn:aws:iam::aws:policy/ReadOnlyAccess"}
iam CreateGroup {"GroupName":"g"}
iam ListGroups {}
iam AddUserToGroup {"GroupName":"g","UserName":"u"}
iam ListGroupsForUser {"UserName":"u"}
iam RemoveUserFromGroup {"GroupName":"g","UserName":"u"}
iam AttachGroupPolicy {"GroupName":"g","PolicyArn":"arn:aws:iam::aws:policy/ReadOnlyAccess"}
iam ListAttachedGroupPolicies {"GroupName":"g"}
iam DeleteGroup {"GroupName":"g"} !DeleteConflict
iam DetachGroupPolicy {"GroupName":"g","PolicyArn":"arn:aws:iam::aws:policy/ReadOnlyAccess"}
iam DeleteGroup {"GroupName":"g"}
iam DeleteUser {"UserName":"u"}
iam CreateRole {"RoleName":"r","AssumeRolePolicyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[]}"}
iam GetRole {"RoleName":"r"}
iam ListRoles {}
iam AttachRolePolicy {"RoleName":"r","PolicyArn":"arn:aws:iam::aws:policy/AWSSupportAccess"}
iam ListAttachedRolePolicies {"RoleName":"r"}
iam ListRolePolicies {"RoleName":"r"}
iam ListEntitiesForPolicy {"PolicyArn":"arn:aws:iam::aws:policy/AWSSupportAccess"}
iam GetAccountAuthorizationDetails {}
iam DetachRolePolicy {"RoleName":"r","PolicyArn":"arn:aws:iam::aws:policy/AWSSupportAccess"}
iam DeleteRole {"RoleName":"r"}
iam CreateServiceLinkedRole {"AWSServiceName":"config.amazonaws.com"}
iam CreatePolicy {"PolicyName":"p","PolicyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[]}"}
iam GetPolicy {"PolicyArn":"arn:aws:iam::ID:policy/p"}
iam ListPolicies {"Scope":"Local"}
iam CreatePolicyVersion {"PolicyArn":"arn:aws:iam::ID:policy/p","PolicyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[]}"}
iam ListPolicyVersions {"PolicyArn":"arn:aws:iam::ID:policy/p"}
iam GetPolicyVersion {"PolicyArn":"arn:aws:iam::ID:policy/p","VersionId":"v2"}
iam DeletePolicyVersion {"PolicyArn":"arn:aws:iam::ID:policy/p","VersionId":"v2"}
iam DeletePolicy {"PolicyArn":"arn:aws:iam::ID:policy/p"}
iam GetPolicy {"PolicyArn":"arn:aws:iam::ID:policy/p"} !NoSuchEntity
iam ListServerCertificates {}
iam DeleteServerCertificate {"ServerCertificateName":"none"} !NoSuchEntity
ec2 DescribeRegions {}
ec2 GetEbsEncryptionByDefault {}
ec2 EnableEbsEncryptionByDefault {}
ec2 DisableEbsEncryptionByDefault {}
ec2 CreateVolume {"AvailabilityZone":"us-east-1a","Size":8,"Encrypted":true}
ec2 DescribeVolumes {"VolumeIds":["$VolumeId"]}
ec2 DeleteVolume {"VolumeId":"$VolumeId"}
ec2 DescribeVolumes {"VolumeIds":["$VolumeId"]} !InvalidVolume.NotFound
ec2 DescribeSnapshots {"OwnerIds":["self"]}
ec2 ModifySnapshotAttribute {"SnapshotId":"$SnapshotId","Attribute":"createVolumePermission","OperationType":"add","GroupNames":["all"]}
ec2 DescribeSnapshotAttribute {"SnapshotId":"$SnapshotId","Attribute":"createVolumePermission"}
ec2 DescribeInstances {"Filters":[{"Name":"instance-state-name","Values":["running"]}]}
ec2 ModifyInstanceMetadataOptions {"InstanceId":"$InstanceId","HttpTokens":"required"}
ec2 AssociateIamInstanceProfile {"InstanceId":"$InstanceId","IamInstanceProfile":{"Name":"app"}}
ec2 TerminateInstances {"InstanceIds":["$InstanceId"]}
ec2 DescribeSubnets {}
ec2 ModifySubnetAttribute {"SubnetId":"$SubnetId","MapPublicIpOnLaunch":{"Value":false}}
ec2 DescribeVpcs {}
ec2 CreateFlowLogs {"ResourceIds":["$VpcId"],"ResourceType":"VPC","TrafficType":"ALL","LogDestination":"arn:aws:s3:::x","LogDestinationType":"s3"}
ec2 DescribeFlowLogs {"Filter":[{"Name":"resource-id","Values":["$VpcId"]}]}
ec2 DeleteFlowLogs {"FlowLogIds":["$FlowLogId"]}
ec2 DescribeSecurityGroups {"Filters":[{"Name":"group-name","Values":["web"]}]}
ec2 AuthorizeSecurityGroupIngress {"GroupId":"$GroupId","IpPermissions":[{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"IpRanges":[{"CidrIp":"10.0.0.0/8"}]}]}
ec2 AuthorizeSecurityGroupIngress {"GroupId":"$GroupId","IpPermissions":[{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"IpRanges":[{"CidrIp":"10.0.0.0/8"}]}]} !InvalidPermission.Duplicate
ec2 RevokeSecurityGroupIngress {"GroupId":"$GroupId","IpPermissions":[{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"IpRanges":[{"CidrIp":"10.0.0.0/8"}]}]}
ec2 RevokeSecurityGroupEgress {"GroupId":"$GroupId","IpPermissions":[{"IpProtocol":"-1","IpRanges":[{"CidrIp":"0.0.0.0/0"}]}]}
ec2 DescribeNetworkAcls {}
ec2 CreateNetworkAclEntry {"NetworkAclId":"$NetworkAclId","RuleNumber":50,"Egress":false,"Protocol":"6","RuleAction":"deny","CidrBlock":"0.0.0.0/0","PortRange":{"From":22,"To":22}}
ec2 ReplaceNetworkAclEntry {"NetworkAclId":"$NetworkAclId","RuleNumber":50,"Egress":false,"Protocol":"6","RuleAction":"deny","CidrBlock":"0.0.0.0/0","PortRange":{"From":22,"To":3389}}
ec2 DeleteNetworkAclEntry {"NetworkAclId":"$NetworkAclId","RuleNumber":50,"Egress":false}
rds CreateDBInstance {"DBInstanceIdentifier":"d","DBInstanceClass":"db.t3.micro","Engine":"postgres","StorageEncrypted":true}
rds DescribeDBInstances {}
rds ModifyDBInstance {"DBInstanceIdentifier":"d","MultiAZ":true}
rds DeleteDBInstance {"DBInstanceIdentifier":"d","SkipFinalSnapshot":true}
rds DescribeDBInstances {"DBInstanceIdentifier":"d"} !DBInstanceNotFound
efs CreateFileSystem {"CreationToken":"t","Encrypted":true}
efs DescribeFileSystems {}
efs PutBackupPolicy {"FileSystemId":"$FileSystemId","BackupPolicy":{"Status":"ENABLED"}}
efs DescribeBackupPolicy {"FileSystemId":"$FileSystemId"}
efs DeleteFileSystem {"FileSystemId":"$FileSystemId"}
kms ListKeys {}
kms CreateKey {}
kms DescribeKey {"KeyId":"$KeyId"}
kms EnableKeyRotation {"KeyId":"$KeyId"}
kms GetKeyRotationStatus {"KeyId":"$KeyId"}
kms DisableKeyRotation {"KeyId":"$KeyId"}
kms ScheduleKeyDeletion {"KeyId":"$KeyId","PendingWindowInDays":7}
kms CancelKeyDeletion {"KeyId":"$KeyId"}
kms DescribeKey {"KeyId":"none"} !NotFoundException
logs CreateLogGroup {"LogGroupName":"g"}
logs PutRetentionPolicy {"LogGroupName":"g","RetentionInDays":365}
logs AssociateKmsKey {"LogGroupName":"g","KmsKeyId":"arn:aws:kms:us-east-1:ID:key/k"}
logs DescribeLogGroups {"LogGroupNamePrefix":"g"}
logs PutMetricFilter {"LogGroupName":"g","FilterName":"f","FilterPattern":"{$.x=1}","MetricTransformations":[{"MetricName":"m","MetricNamespace":"n","MetricValue":"1"}]}
logs DescribeMetricFilters {"LogGroupName":"g"}
logs DeleteMetricFilter {"LogGroupName":"g","FilterName":"f"}
logs DeleteLogGroup {"LogGroupName":"g"}
cloudwatch PutMetricAlarm {"AlarmName":"a","MetricName":"m","Namespace":"n","Statistic":"Sum","Period":300,"EvaluationPeriods":1,"Threshold":1,"ComparisonOperator":"GreaterThanOrEqualToThreshold","AlarmActions":["arn:aws:sns:us-east-1:ID:security"]}
cloudwatch DescribeAlarms {"AlarmNames":["a"]}
cloudwatch DescribeAlarmsForMetric {"MetricName":"m","Namespace":"n"}
cloudwatch DeleteAlarms {"AlarmNames":["a"]}
cloudwatch DeleteAlarms {"AlarmNames":["a"]} !ResourceNotFound
sns CreateTopic {"Name":"t"}
sns ListTopics {}
sns Subscribe {"TopicArn":"arn:aws:sns:us-east-1:ID:t","Protocol":"email","Endpoint":"a@example.com"}
sns ListSubscriptionsByTopic {"TopicArn":"arn:aws:sns:us-east-1:ID:t"}
sns SetTopicAttributes {"TopicArn":"arn:aws:sns:us-east-1:ID:t","AttributeName":"KmsMasterKeyId","AttributeValue":"alias/aws/sns"}
sns GetTopicAttributes {"TopicArn":"arn:aws:sns:us-east-1:ID:t"}
sns Unsubscribe {"SubscriptionArn":"$SubscriptionArn"}
sns DeleteTopic {"TopicArn":"arn:aws:sns:us-east-1:ID:t"}
accessanalyzer CreateAnalyzer {"AnalyzerName":"x","Type":"ACCOUNT"}
accessanalyzer ListAnalyzers {"Type":"ACCOUNT"}
accessanalyzer GetAnalyzer {"AnalyzerName":"x"}
accessanalyzer DeleteAnalyzer {"AnalyzerName":"x"}
accessanalyzer GetAnalyzer {"AnalyzerName":"x"} !ResourceNotFoundException
sso-admin ListInstances {}
sso-admin DescribeInstance {"InstanceArn":"$InstanceArn"}
sso-admin DescribeInstance {"InstanceArn":"arn:aws:sso:::instance/ssoins-0000000000000000"} !ResourceNotFoundException
sso-admin UpdateInstance {"InstanceArn":"$InstanceArn","Name":"main"}
sso-admin CreatePermissionSet {"InstanceArn":"$InstanceArn","Name":"admin","SessionDuration":"PT4H","Tags":[{"Key":"k","Value":"v"}]}
sso-admin CreatePermissionSet {"InstanceArn":"$InstanceArn","Name":"admin"} !ConflictException
sso-admin DescribePermissionSet {"InstanceArn":"$InstanceArn","PermissionSetArn":"$PermissionSetArn"}
sso-admin ListPermissionSets {"InstanceArn":"$InstanceArn"}
sso-admin UpdatePermissionSet {"InstanceArn":"$InstanceArn","PermissionSetArn":"$PermissionSetArn","Description":"who runs it"}
sso-admin TagResource {"InstanceArn":"$InstanceArn","ResourceArn":"$PermissionSetArn","Tags":[{"Key":"l","Value":"w"}]}
sso-admin UntagResource {"InstanceArn":"$InstanceArn","ResourceArn":"$PermissionSetArn","TagKeys":["k"]}
sso-admin ListTagsForResource {"InstanceArn":"$InstanceArn","ResourceArn":"$PermissionSetArn"}
sso-admin AttachManagedPolicyToPermissionSet {"InstanceArn":"$InstanceArn","PermissionSetArn":"$PermissionSetArn","ManagedPolicyArn":"arn:aws:iam::aws:policy/AdministratorAccess"}
sso-admin AttachManagedPolicyToPermissionSet {"InstanceArn":"$InstanceArn","PermissionSetArn":"$PermissionSetArn","ManagedPolicyArn":"arn:aws:iam::aws:policy/AdministratorAccess"} !ConflictException
sso-admin ListManagedPoliciesInPermissionSet {"InstanceArn":"$InstanceArn","PermissionSetArn":"$PermissionSetArn"}
sso-admin PutInlinePolicyToPermissionSet {"InstanceArn":"$InstanceArn","PermissionSetArn":"$PermissionSetArn","InlinePolicy":"{\"Version\":\"2012-10-17\",\"Statement\":[]}"}
sso-admin GetInlinePolicyForPermissionSet {"InstanceArn":"$InstanceArn","PermissionSetArn":"$PermissionSetArn"}
identitystore CreateGroup {"IdentityStoreId":"$IdentityStoreId","DisplayName":"ada"}
identitystore CreateGroup {"IdentityStoreId":"$IdentityStoreId","DisplayName":"Ada"} !ConflictException
identitystore CreateGroup {"IdentityStoreId":"d-0000000000","DisplayName":"Ada"} !ResourceNotFoundException
identitystore DescribeGroup {"IdentityStoreId":"$IdentityStoreId","GroupId":"$GroupId"}
identitystore UpdateGroup {"IdentityStoreId":"$IdentityStoreId","GroupId":"$GroupId","Operations":[{"AttributePath":"displayName"}]} !ConflictException
identitystore ListGroups {"IdentityStoreId":"$IdentityStoreId"}
identitystore GetGroupId {"IdentityStoreId":"$IdentityStoreId","AlternateIdentifier":{"ExternalId":{"Id":"i","Issuer":"x"}}} !ResourceNotFoundException
identitystore CreateUser {"IdentityStoreId":"$IdentityStoreId","UserName":"u@example.com","DisplayName":"U","Emails":[{"Value":"u@example.com","Primary":true}]}
identitystore DescribeUser {"IdentityStoreId":"$IdentityStoreId","UserId":"$UserId"}
identitystore UpdateUser {"IdentityStoreId":"$IdentityStoreId","UserId":"$UserId","Operations":[{"AttributePath":"userId"}]} !ValidationException
identitystore ListUsers {"IdentityStoreId":"$IdentityStoreId","Filters":[{"AttributePath":"UserName","AttributeValue":"u@example.com"}]}
identitystore GetUserId {"IdentityStoreId":"$IdentityStoreId","AlternateIdentifier":{"ExternalId":{"Id":"i","Issuer":"x"}}} !ResourceNotFoundException
identitystore CreateGroupMembership {"IdentityStoreId":"$IdentityStoreId","GroupId":"$GroupId","MemberId":{"UserId":"$UserId"}}
identitystore CreateGroupMembership {"IdentityStoreId":"$IdentityStoreId","GroupId":"$GroupId","MemberId":{"UserId":"$UserId"}} !ConflictException
identitystore DescribeGroupMembership {"IdentityStoreId":"$IdentityStoreId","MembershipId":"$MembershipId"}
identitystore GetGroupMembershipId {"IdentityStoreId":"$IdentityStoreId","GroupId":"$GroupId","MemberId":{"UserId":"$UserId"}}
identitystore ListGroupMemberships {"IdentityStoreId":"$IdentityStoreId","GroupId":"$GroupId"}
identitystore ListGroupMembershipsForMember {"IdentityStoreId":"$IdentityStoreId","MemberId":{"UserId":"$UserId"}}
identitystore IsMemberInGroups {"IdentityStoreId":"$IdentityStoreId","MemberId":{"UserId":"$UserId"},"GroupIds":["$GroupId"]}
sso-admin CreateAccountAssignment {"InstanceArn":"$InstanceArn","PermissionSetArn":"$PermissionSetArn","TargetId":"000000000000","TargetType":"AWS_ACCOUNT","PrincipalType":"GROUP","PrincipalId":"$GroupId"} !ResourceNotFoundException
sso-admin CreateAccountAssignment {"InstanceArn":"$InstanceArn","PermissionSetArn":"$PermissionSetArn","TargetId":"ID","TargetType":"AWS_ACCOUNT","PrincipalType":"USER","PrincipalId":"$GroupId"} !ResourceNotFoundException
sso-admin CreateAccountAssignment {"InstanceArn":"$InstanceArn","PermissionSetArn":"$PermissionSetArn","TargetId":"ID","TargetType":"AWS_ACCOUNT","PrincipalType":"GROUP","PrincipalId":"$GroupId"}
sso-admin DescribeAccountAssignmentCreationStatus {"InstanceArn":"$InstanceArn","AccountAssignmentCreationRequestId":"$RequestId"}
sso-admin ListAccountAssignmentCreationStatus {"InstanceArn":"$InstanceArn","Filter":{"Status":"SUCCEEDED"}}
sso-admin ListAccountAssignments {"InstanceArn":"$InstanceArn","PermissionSetArn":"$PermissionSetArn","AccountId":"ID"}
sso-admin ListAccountAssignmentsForPrincipal {"InstanceArn":"$InstanceArn","PrincipalType":"USER","PrincipalId":"$UserId"}
sso-admin ListPermissionSetsProvisionedToAccount {"InstanceArn":"$InstanceArn","AccountId":"ID"}
sso-admin DeletePermissionSet {"InstanceArn":"$InstanceArn","PermissionSetArn":"$PermissionSetArn"} !ConflictException
sso-admin DetachManagedPolicyFromPermissionSet {"InstanceArn":"$InstanceArn","PermissionSetArn":"$PermissionSetArn","ManagedPolicyArn":"arn:aws:iam::aws:policy/AdministratorAccess"}
sso-admin DeleteInlinePolicyFromPermissionSet {"InstanceArn":"$InstanceArn","PermissionSetArn":"$PermissionSetArn"}
sso-admin ListAccountsForProvisionedPermissionSet {"InstanceArn":"$InstanceArn","PermissionSetArn":"$PermissionSetArn","ProvisioningStatus":"LATEST_PERMISSION_SET_NOT_PROVISIONED"}
sso-admin ProvisionPermissionSet {"InstanceArn":"$InstanceArn","PermissionSetArn":"$PermissionSetArn","TargetType":"ALL_PROVISIONED_ACCOUNTS"}
sso-admin DescribePermissionSetProvisioningStatus {"InstanceArn":"$InstanceArn","ProvisionPermissionSetRequestId":"$RequestId"}
sso-admin ListPermissionSetProvisioningStatus {"InstanceArn":"$InstanceArn"}
sso-admin DeleteAccountAssignment {"InstanceArn":"$InstanceArn","PermissionSetArn":"$PermissionSetArn","TargetId":"ID","TargetType":"AWS_ACCOUNT","PrincipalType":"GROUP","PrincipalId":"$GroupId"}
sso-admin DescribeAccountAssignmentDeletionStatus {"InstanceArn":"$InstanceArn","AccountAssignmentDeletionRequestId":"$RequestId"}
sso-admin ListAccountAssignmentDeletionStatus {"InstanceArn":"$InstanceArn","Filter":{"Status":"IN_PROGRESS"}}
sso-admin DeletePermissionSet {"InstanceArn":"$InstanceArn","PermissionSetArn":"$PermissionSetArn"}
identitystore DeleteGroupMembership {"IdentityStoreId":"$IdentityStoreId","MembershipId":"$MembershipId"}
identitystore DeleteGroup {"IdentityStoreId":"$IdentityStoreId","GroupId":"$GroupId"}
identitystore DeleteUser {"IdentityStoreId":"$IdentityStoreId","UserId":"$UserId"}
identitystore DescribeUser {"IdentityStoreId":"$IdentityStoreId","UserId":"$UserId"} !ResourceNotFoundException
` + everyService

// toggled are the services that are on or off from the start, by the seed.
const toggled = `
securityhub EnableSecurityHub {}
securityhub DescribeHub {}
securityhub DisableSecurityHub {}
securityhub DescribeHub {} !InvalidAccessException
macie2 EnableMacie {}
macie2 GetMacieSession {}
macie2 DisableMacie {}
macie2 GetMacieSession {} !AccessDeniedException
`

// TestEveryMemberOperation calls every operation of the services of accounts
// with the unmodified SDK.
func TestEveryMemberOperation(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1, Organization: true})
	account := l.account("ada")
	for _, undo := range [][2]string{{"securityhub", "DisableSecurityHub"}, {"macie2", "DisableMacie"}} {
		_, _ = l.sdk(memberServices[undo[0]], account, undo[1], "{}") // it may be off
	}
	known, answered := map[string]string{}, map[string]bool{}
	for line := range strings.SplitSeq(strings.TrimSpace(everyMember)+toggled[:len(toggled)-1], "\n") {
		service, rest, _ := strings.Cut(line, " ")
		operation, in, _ := strings.Cut(rest, " ")
		in, want, _ := strings.Cut(in, " !")
		in = strings.ReplaceAll(in, "ID\"", account+"\"")
		in = strings.NewReplacer("-ID/", "-"+account+"/", ":ID:", ":"+account+":").Replace(in)
		for _, name := range slices.SortedFunc(maps.Keys(known), func(a, b string) int { return len(b) - len(a) }) {
			in = strings.ReplaceAll(in, "$"+name+"\"", known[name]+"\"")
		}
		caller := account
		if service == "sso-admin" || service == "identitystore" {
			caller = "AKIAADMIN" // of the management account
		}
		out, err := l.sdk(memberServices[service], caller, operation, in)
		if got := errorCode(err); got != want || err != nil && got == "" {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if err == nil {
			learn(known, out, "")
		}
		answered[service+" "+operation] = true
		l.clock.Advance(time.Second)
	}
	for _, api := range memberNames() {
		for operation := range memberServices[api].operations {
			if !answered[api+" "+operation] {
				t.Errorf("%s %s was never answered", api, operation)
			}
		}
	}
}

// learn notes the texts of a decoded answer by their names.
func learn(known map[string]string, v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			learn(known, v.Elem(), name)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Name != "ResultMetadata" {
				learn(known, v.Field(i), f.Name)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			learn(known, v.Index(i), strings.TrimSuffix(name, "s"))
		}
	case reflect.String:
		if v.Len() > 0 {
			known[name] = v.String()
		}
	}
}
