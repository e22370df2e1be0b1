package estate

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// others are rules of checks of which only some frameworks ask, and a call that
// mends what each finds. $NAME is of the resource that the rule fails.
var others = []struct {
	rule, given   string
	service, mend string
	in            Doc
}{
	{"GUARDDUTY_ENABLED_CENTRALIZED", "", "guardduty", "UpdateDetector", Doc{"DetectorId": "$detector", "Enable": true}},
	{"GUARDDUTY_NON_ARCHIVED_FINDINGS", "", "guardduty", "ArchiveFindings", Doc{"DetectorId": "$detector", "FindingIds": []string{"$threat"}}},
	{"EC2_INSTANCE_MANAGED_BY_SSM", "", "ec2", "AssociateIamInstanceProfile", Doc{"InstanceId": "$", "IamInstanceProfile": Doc{"Name": "app"}}},
	{"EC2_MANAGEDINSTANCE_PATCH_COMPLIANCE_STATUS_CHECK", "", "ssm", "PutComplianceItems", Doc{"ResourceId": "$", "ResourceType": "ManagedInstance", "ComplianceType": "Patch", "Items": []Doc{}}},
	{"RDS_SNAPSHOTS_PUBLIC_PROHIBITED", "", "rds", "ModifyDBSnapshotAttribute", Doc{"DBSnapshotIdentifier": "$", "AttributeName": "restore", "ValuesToRemove": []string{"all"}}},
	{"EFS_IN_BACKUP_PLAN", "", "efs", "PutBackupPolicy", Doc{"FileSystemId": "$", "BackupPolicy": Doc{"Status": "ENABLED"}}},
	{"DYNAMODB_PITR_ENABLED", "", "dynamodb", "UpdateContinuousBackups", Doc{"TableName": "$", "PointInTimeRecoverySpecification": Doc{"PointInTimeRecoveryEnabled": true}}},
	{"DYNAMODB_TABLE_ENCRYPTED_KMS", "", "dynamodb", "UpdateTable", Doc{"TableName": "$", "SSESpecification": Doc{"Enabled": true, "SSEType": "KMS"}}},
	{"BACKUP_RECOVERY_POINT_ENCRYPTED", "", "backup", "DeleteRecoveryPoint", Doc{"BackupVaultName": "Default", "RecoveryPointArn": "$"}},
	{"BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK", "", "backup", "UpdateBackupPlan", Doc{"BackupPlanId": "$", "BackupPlan": Doc{"BackupPlanName": "p", "Rules": []Doc{{"RuleName": "r", "TargetBackupVaultName": "Default"}}}}},
	{"ELB_LOGGING_ENABLED", "", "elb", "ModifyLoadBalancerAttributes", Doc{"LoadBalancerName": "old", "LoadBalancerAttributes": Doc{"AccessLog": Doc{"Enabled": true}}}},
	{"ELB_TLS_HTTPS_LISTENERS_ONLY", "", "elb", "DeleteLoadBalancerListeners", Doc{"LoadBalancerName": "$", "LoadBalancerPorts": []any{80.0}}},
	{"ALB_HTTP_TO_HTTPS_REDIRECTION_CHECK", "", "elbv2", "DeleteListener", Doc{"ListenerArn": "$listener"}},
	{"ELB_DELETION_PROTECTION_ENABLED", "", "elbv2", "ModifyLoadBalancerAttributes", Doc{"LoadBalancerArn": "$", "Attributes": []Doc{{"Key": "deletion_protection.enabled", "Value": "true"}}}},
	{"ACM_CERTIFICATE_EXPIRATION_CHECK", `{"daysToExpiration":"30"}`, "acm", "DeleteCertificate", Doc{"CertificateArn": "$"}},
	{"WAFV2_LOGGING_ENABLED", "", "wafv2", "PutLoggingConfiguration", Doc{"LoggingConfiguration": Doc{"ResourceArn": "$", "LogDestinationConfigs": []string{"arn:aws:s3:::x"}}}},
	{"LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED", "", "lambda", "RemovePermission", Doc{"FunctionName": "$", "StatementId": "any"}},
	{"SECRETSMANAGER_ROTATION_ENABLED_CHECK", "", "secretsmanager", "RotateSecret", Doc{"SecretId": "$", "RotationLambdaARN": "arn:aws:lambda:us-east-1:123456789012:function:rotate"}},
	{"API_GW_EXECUTION_LOGGING_ENABLED", "", "apigateway", "UpdateStage", Doc{"restApiId": "$restapi", "stageName": "prod", "patchOperations": []Doc{{"op": "replace", "path": "/*/*/logging/loglevel", "value": "ERROR"}}}},
	{"REDSHIFT_CLUSTER_PUBLIC_ACCESS_CHECK", "", "redshift", "ModifyCluster", Doc{"ClusterIdentifier": "$", "PubliclyAccessible": false}},
	{"REDSHIFT_AUDIT_LOGGING_ENABLED", "", "redshift", "EnableLogging", Doc{"ClusterIdentifier": "$", "BucketName": "b"}},
	{"OPENSEARCH_ENCRYPTED_AT_REST", "", "opensearch", "UpdateDomainConfig", Doc{"DomainName": "search", "EncryptionAtRestOptions": Doc{"Enabled": true}}},
	{"OPENSEARCH_NODE_TO_NODE_ENCRYPTION_CHECK", "", "opensearch", "UpdateDomainConfig", Doc{"DomainName": "search", "NodeToNodeEncryptionOptions": Doc{"Enabled": true}}},
	{"EKS_SECRETS_ENCRYPTED", "", "eks", "AssociateEncryptionConfig", Doc{"clusterName": "$", "encryptionConfig": []Doc{{"resources": []string{"secrets"}, "provider": Doc{"keyArn": "arn:k"}}}}},
}

// filled puts ids into an input: of what fails, or of the only one of a kind.
func (c *caller) filled(in any, failing string) any {
	switch v := in.(type) {
	case string:
		if kind, is := strings.CutPrefix(v, "$"); is && kind != "" {
			return slices.Sorted(maps.Keys(c.world.at(Home)[kind]))[0]
		} else if is {
			return failing
		}
	case Doc:
		out := Doc{}
		for name, sub := range v {
			out[name] = c.filled(sub, failing)
		}
		return out
	case []any:
		out := []any{}
		for _, sub := range v {
			out = append(out, c.filled(sub, failing))
		}
		return out
	}
	return in
}

// TestEveryOtherRuleTurns finds accounts in which each rule passes and fails, and
// mends what fails.
func TestEveryOtherRuleTurns(t *testing.T) {
	if len(others) != len(serviceRules) {
		t.Errorf("%d rules are tried of %d", len(others), len(serviceRules))
	}
	for _, o := range others {
		passed, mended := false, false
		for seed := uint64(0); seed < 60 && !(passed && mended); seed++ {
			c := newCaller(t, seed)
			c.record()
			if v := c.verdict(o.rule, o.given); v == Compliant {
				passed = true
				continue
			} else if v != NonCompliant {
				continue
			}
			details := c.must("config", "GetComplianceDetailsByConfigRule", Doc{"ConfigRuleName": "r", "ComplianceTypes": []string{NonCompliant}})
			failing := docs(details, "EvaluationResults")
			if len(failing) != 1 || o.rule == "ELB_LOGGING_ENABLED" && !strings.Contains(text(sub(sub(failing[0], "EvaluationResultIdentifier"), "EvaluationResultQualifier"), "ResourceType"), "ElasticLoadBalancing::") {
				continue
			}
			in, _ := c.filled(plain(o.in), text(sub(sub(failing[0], "EvaluationResultIdentifier"), "EvaluationResultQualifier"), "ResourceId")).(Doc)
			c.must(o.service, o.mend, in)
			v := c.verdict(o.rule, o.given)
			mended = v != NonCompliant
			if !mended {
				t.Errorf("%s: after %s %v it is %s", o.rule, o.mend, in, v)
				break
			}
		}
		if !passed || !mended {
			t.Errorf("%s: passed %v, mended %v", o.rule, passed, mended)
		}
	}
}
