package assess

import (
	"landlord/guard/compliance"
)

// soundServices are the answers of services of which only some frameworks ask, in
// an account in which every check passes.
//
// Source: the examples of each service's API reference, cut to what is read.
var soundServices = map[string]string{
	"guardduty:ListDetectors":             `{"DetectorIds":["12abc34d567e8fa901bc2d34e56789f0"]}`,
	"guardduty:GetDetector":               `{"Status":"ENABLED","ServiceRole":"arn:aws:iam::123456789012:role/g"}`,
	"guardduty:ListFindings":              `{"FindingIds":[]}`,
	"guardduty:GetFindings":               `{"Findings":[{"Type":"UnauthorizedAccess:EC2/TorClient","Severity":8}]}`,
	"ssm:DescribeInstanceInformation":     `{"InstanceInformationList":[{"InstanceId":"i-1","PingStatus":"Online"}]}`,
	"ssm:ListResourceComplianceSummaries": `{"ResourceComplianceSummaryItems":[{"ComplianceType":"Patch","ResourceId":"i-1","Status":"COMPLIANT"},{"ComplianceType":"Association","ResourceId":"i-1","Status":"NON_COMPLIANT"}]}`,

	"rds:DescribeDBSnapshots":                 `{"DBSnapshots":[{"DBSnapshotIdentifier":"s","DBSnapshotArn":"arn:aws:rds:us-east-1:123456789012:snapshot:s"}]}`,
	"rds:DescribeDBSnapshotAttributes":        `{"DBSnapshotAttributesResult":{"DBSnapshotIdentifier":"s","DBSnapshotAttributes":[{"AttributeName":"restore","AttributeValues":["999999999999"]}]}}`,
	"rds:DescribeDBClusterSnapshots":          `{"DBClusterSnapshots":[{"DBClusterSnapshotIdentifier":"c","DBClusterSnapshotArn":"arn:aws:rds:us-east-1:123456789012:cluster-snapshot:c"}]}`,
	"rds:DescribeDBClusterSnapshotAttributes": `{"DBClusterSnapshotAttributesResult":{"DBClusterSnapshotIdentifier":"c","DBClusterSnapshotAttributes":[{"AttributeName":"restore","AttributeValues":null}]}}`,
	"dynamodb:ListTables":                     `{"TableNames":["orders"]}`,
	"dynamodb:DescribeTable":                  `{"Table":{"TableName":"orders","SSEDescription":{"Status":"ENABLED","SSEType":"KMS"}}}`,
	"dynamodb:DescribeContinuousBackups":      `{"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED","PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"ENABLED"}}}`,
	"backup:ListBackupVaults":                 `{"BackupVaultList":[{"BackupVaultName":"Default","BackupVaultArn":"arn:vault"}]}`,
	"backup:ListRecoveryPointsByBackupVault":  `{"RecoveryPoints":[{"RecoveryPointArn":"arn:point","IsEncrypted":true}]}`,
	"backup:ListBackupPlans":                  `{"BackupPlansList":[{"BackupPlanId":"p","BackupPlanArn":"arn:plan"}]}`,
	"backup:GetBackupPlan":                    `{"BackupPlan":{"Rules":[{"Lifecycle":{"DeleteAfterDays":7}},{"Lifecycle":{"DeleteAfterDays":35}}]}}`,

	"elasticloadbalancing:DescribeLoadBalancers":          `{"LoadBalancers":[{"LoadBalancerArn":"arn:web","Type":"application"}]}`,
	"elasticloadbalancing:DescribeLoadBalancerAttributes": `{"Attributes":[{"Key":"access_logs.s3.enabled","Value":"true"},{"Key":"deletion_protection.enabled","Value":"true"}]}`,
	"elasticloadbalancing:DescribeListeners":              `{"Listeners":[{"Port":80,"Protocol":"HTTP","DefaultActions":[{"Type":"redirect","RedirectConfig":{"Protocol":"HTTPS"}}]},{"Port":443,"Protocol":"HTTPS","DefaultActions":[{"Type":"forward"}]}]}`,
	"elb:DescribeLoadBalancers":                           `{"LoadBalancerDescriptions":[{"LoadBalancerName":"old","ListenerDescriptions":[{"Listener":{"Protocol":"HTTPS","LoadBalancerPort":443}},{"Listener":{"Protocol":"SSL","LoadBalancerPort":8443}}]}]}`,
	"elb:DescribeLoadBalancerAttributes":                  `{"LoadBalancerAttributes":{"AccessLog":{"Enabled":true}}}`,
	"acm:ListCertificates":                                `{"CertificateSummaryList":[{"CertificateArn":"arn:certificate"}]}`,
	"acm:DescribeCertificate":                             `{"Certificate":{"Status":"ISSUED","NotAfter":"2026-12-23T12:00:01Z"}}`,
	"lambda:ListFunctions":                                `{"Functions":[{"FunctionName":"f","FunctionArn":"arn:f"}]}`,
	"lambda:GetPolicy":                                    quoted(`{"Statement":[{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"arn:f","Condition":{"StringEquals":{"AWS:SourceAccount":"123456789012"}}},{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}`),
	"wafv2:ListWebACLs":                                   `{"WebACLs":[{"ARN":"arn:acl"}]}`,
	"wafv2:GetLoggingConfiguration":                       `{"LoggingConfiguration":{"ResourceArn":"arn:acl","LogDestinationConfigs":["arn:aws:s3:::aws-waf-logs-x"]}}`,
	"apigateway:GetRestApis":                              `{"Items":[{"Id":"a1"}]}`,
	"apigateway:GetStages":                                `{"Item":[{"StageName":"prod","MethodSettings":{"*/*":{"LoggingLevel":"ERROR"}}}]}`,
	"secretsmanager:ListSecrets":                          `{"SecretList":[{"ARN":"arn:secret","RotationEnabled":true}]}`,

	"redshift:DescribeClusters":      `{"Clusters":[{"ClusterIdentifier":"w","PubliclyAccessible":false}]}`,
	"redshift:DescribeLoggingStatus": `{"LoggingEnabled":true}`,
	"es:ListDomainNames":             `{"DomainNames":[{"DomainName":"d"}]}`,
	"es:DescribeDomains":             `{"DomainStatusList":[{"ARN":"arn:d","EncryptionAtRestOptions":{"Enabled":true},"NodeToNodeEncryptionOptions":{"Enabled":true}}]}`,
	"eks:ListClusters":               `{"Clusters":["k"]}`,
	"eks:DescribeCluster":            `{"Cluster":{"Name":"k","EncryptionConfig":[{"Resources":["secrets"]}]}}`,
}

// callers is a function's policy with one statement.
func callers(statement string) string { return quoted(`{"Statement":[` + statement + `]}`) }

// serviceVerdicts are verdicts of the same services.
var serviceVerdicts = []verdict{
	{check: "guardduty.enabled", fails: []string{"guardduty:GetDetector", `{"Status":"DISABLED"}`}, empty: []string{"guardduty:ListDetectors", `{"DetectorIds":[]}`}, then: compliance.Fail},
	{check: "guardduty.no_high_findings", fails: []string{"guardduty:ListFindings", `{"FindingIds":["f"]}`}, empty: []string{"guardduty:ListDetectors", `{"DetectorIds":[]}`}, then: compliance.NotApplicable},
	{check: "ec2.ssm_managed", fails: []string{"ssm:DescribeInstanceInformation", `{"InstanceInformationList":[{"InstanceId":"i-2","PingStatus":"Online"}]}`}, also: map[string][]string{
		"lost": {"ssm:DescribeInstanceInformation", `{"InstanceInformationList":[{"InstanceId":"i-1","PingStatus":"ConnectionLost"}]}`}},
		empty: []string{"ec2:DescribeInstances", `{"Reservations":[{"Instances":[{"InstanceId":"i-1","State":{"Name":"stopped"}}]}]}`}, then: compliance.NotApplicable},
	{check: "ssm.patch_compliance", fails: []string{"ssm:ListResourceComplianceSummaries", `{"ResourceComplianceSummaryItems":[{"ComplianceType":"Patch","ResourceId":"i-1","Status":"NON_COMPLIANT"}]}`},
		empty: []string{"ssm:ListResourceComplianceSummaries", `{"ResourceComplianceSummaryItems":[]}`}, then: compliance.NotApplicable},
	{check: "rds.snapshot_not_public", fails: []string{"rds:DescribeDBSnapshotAttributes", `{"DBSnapshotAttributesResult":{"DBSnapshotAttributes":[{"AttributeName":"restore","AttributeValues":["999999999999","all"]}]}}`}, also: map[string][]string{
		"of a cluster": {"rds:DescribeDBClusterSnapshotAttributes", `{"DBClusterSnapshotAttributesResult":{"DBClusterSnapshotAttributes":[{"AttributeName":"restore","AttributeValues":["all"]}]}}`}},
		empty: []string{"rds:DescribeDBSnapshots", `{"DBSnapshots":[]}`, "rds:DescribeDBClusterSnapshots", `{"DBClusterSnapshots":[]}`}, then: compliance.NotApplicable},
	{check: "dynamodb.pitr", fails: []string{"dynamodb:DescribeContinuousBackups", `{"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED","PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"DISABLED"}}}`},
		empty: []string{"dynamodb:ListTables", `{"TableNames":[]}`}, then: compliance.NotApplicable},
	{check: "dynamodb.kms", fails: []string{"dynamodb:DescribeTable", `{"Table":{"TableName":"orders"}}`}, empty: []string{"dynamodb:ListTables", `{"TableNames":[]}`}, then: compliance.NotApplicable},
	{check: "backup.recovery_point_encrypted", fails: []string{"backup:ListRecoveryPointsByBackupVault", `{"RecoveryPoints":[{"RecoveryPointArn":"arn:point","IsEncrypted":false}]}`},
		empty: []string{"backup:ListBackupVaults", `{"BackupVaultList":[]}`}, then: compliance.NotApplicable},
	{check: "backup.plan_exists", fails: []string{"backup:GetBackupPlan", `{"BackupPlan":{"Rules":[{"Lifecycle":{"DeleteAfterDays":34}}]}}`}, empty: []string{"backup:ListBackupPlans", `{"BackupPlansList":[]}`}, then: compliance.Fail},

	{check: "elb.logging", fails: []string{"elasticloadbalancing:DescribeLoadBalancerAttributes", `{"Attributes":[{"Key":"access_logs.s3.enabled","Value":"false"}]}`}, also: map[string][]string{
		"classic": {"elb:DescribeLoadBalancerAttributes", `{"LoadBalancerAttributes":{"AccessLog":{"Enabled":false}}}`}},
		empty: []string{"elasticloadbalancing:DescribeLoadBalancers", `{"LoadBalancers":[{"LoadBalancerArn":"arn:net","Type":"network"}]}`, "elb:DescribeLoadBalancers", `{"LoadBalancerDescriptions":[]}`}, then: compliance.NotApplicable},
	{check: "elb.tls_listeners", fails: []string{"elb:DescribeLoadBalancers", `{"LoadBalancerDescriptions":[{"LoadBalancerName":"old","ListenerDescriptions":[{"Listener":{"Protocol":"HTTPS"}},{"Listener":{"Protocol":"tcp","LoadBalancerPort":25}}]}]}`},
		empty: []string{"elb:DescribeLoadBalancers", `{"LoadBalancerDescriptions":[{"LoadBalancerName":"old","ListenerDescriptions":[]}]}`}, then: compliance.NotApplicable},
	{check: "elb.http_redirect", fails: []string{"elasticloadbalancing:DescribeListeners", `{"Listeners":[{"Port":80,"Protocol":"HTTP","DefaultActions":[{"Type":"forward"}]}]}`}, also: map[string][]string{
		"to HTTP again": {"elasticloadbalancing:DescribeListeners", `{"Listeners":[{"Port":80,"Protocol":"HTTP","DefaultActions":[{"Type":"redirect","RedirectConfig":{"Protocol":"HTTP"}}]}]}`}},
		empty: []string{"elasticloadbalancing:DescribeLoadBalancers", `{"LoadBalancers":[{"LoadBalancerArn":"arn:net","Type":"network"}]}`}, then: compliance.NotApplicable},
	{check: "elb.deletion_protection", fails: []string{"elasticloadbalancing:DescribeLoadBalancerAttributes", `{"Attributes":[{"Key":"deletion_protection.enabled","Value":"false"}]}`},
		empty: []string{"elasticloadbalancing:DescribeLoadBalancers", `{"LoadBalancers":[]}`}, then: compliance.NotApplicable},
	{check: "acm.expiry", fails: []string{"acm:DescribeCertificate", `{"Certificate":{"Status":"ISSUED","NotAfter":"2026-12-23T12:00:00Z"}}`}, also: map[string][]string{"ended": {"acm:DescribeCertificate", `{"Certificate":{"Status":"EXPIRED","NotAfter":"2026-01-01T00:00:00Z"}}`}},
		empty: []string{"acm:DescribeCertificate", `{"Certificate":{"Status":"PENDING_VALIDATION"}}`}, then: compliance.NotApplicable},
	{check: "lambda.not_public", fails: []string{"lambda:GetPolicy", callers(`{"Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunction","Resource":"arn:f"}`)}, also: map[string][]string{
		"by its address":  {"lambda:GetPolicy", callers(`{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"lambda:InvokeFunctionUrl","Resource":"arn:f","Condition":{"StringEquals":{"lambda:FunctionUrlAuthType":"NONE"}}}`)},
		"any bucket":      {"lambda:GetPolicy", callers(`{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"arn:f"}`)},
		"any source":      {"lambda:GetPolicy", callers(`{"Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunction","Resource":"arn:f","Condition":{"StringLike":{"aws:SourceArn":"*"}}}`)},
		"not the account": {"lambda:GetPolicy", callers(`{"Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunction","Resource":"arn:f","Condition":{"StringNotEquals":{"aws:SourceAccount":"999999999999"}}}`)}},
		empty: []string{"lambda:GetPolicy", "!ResourceNotFoundException: The resource you requested does not exist."}, then: compliance.Pass},
	{check: "waf.logging", fails: []string{"wafv2:GetLoggingConfiguration", "!WAFNonexistentItemException: the resource doesn't exist"}, empty: []string{"wafv2:ListWebACLs", `{"WebACLs":[]}`}, then: compliance.NotApplicable},
	{check: "apigateway.logging", fails: []string{"apigateway:GetStages", `{"Item":[{"StageName":"prod","MethodSettings":{"*/*":{"LoggingLevel":"OFF"}}}]}`}, also: map[string][]string{
		"nothing said":   {"apigateway:GetStages", `{"Item":[{"StageName":"prod","MethodSettings":null}]}`},
		"but one method": {"apigateway:GetStages", `{"Item":[{"StageName":"prod","MethodSettings":{"*/*":{"LoggingLevel":"INFO"},"orders/GET":{"LoggingLevel":"OFF"}}}]}`}},
		empty: []string{"apigateway:GetRestApis", `{"Items":[]}`}, then: compliance.NotApplicable},
	{check: "secretsmanager.rotation", fails: []string{"secretsmanager:ListSecrets", `{"SecretList":[{"ARN":"arn:secret"}]}`}, empty: []string{"secretsmanager:ListSecrets", `{"SecretList":[]}`}, then: compliance.NotApplicable},

	{check: "redshift.not_public", fails: []string{"redshift:DescribeClusters", `{"Clusters":[{"ClusterIdentifier":"w","PubliclyAccessible":true}]}`}, empty: []string{"redshift:DescribeClusters", `{"Clusters":[]}`}, then: compliance.NotApplicable},
	{check: "redshift.audit_logging", fails: []string{"redshift:DescribeLoggingStatus", `{"LoggingEnabled":false}`}, empty: []string{"redshift:DescribeClusters", `{"Clusters":[]}`}, then: compliance.NotApplicable},
	{check: "opensearch.encrypted", fails: []string{"es:DescribeDomains", `{"DomainStatusList":[{"ARN":"arn:d","EncryptionAtRestOptions":{"Enabled":false}}]}`}, empty: []string{"es:ListDomainNames", `{"DomainNames":[]}`}, then: compliance.NotApplicable},
	{check: "opensearch.node_encryption", fails: []string{"es:DescribeDomains", `{"DomainStatusList":[{"ARN":"arn:d","NodeToNodeEncryptionOptions":{"Enabled":false}}]}`}, empty: []string{"es:ListDomainNames", `{"DomainNames":[]}`}, then: compliance.NotApplicable},
	{check: "eks.secrets_encrypted", fails: []string{"eks:DescribeCluster", `{"Cluster":{"Name":"k","EncryptionConfig":null}}`}, empty: []string{"eks:ListClusters", `{"Clusters":[]}`}, then: compliance.NotApplicable},
}
