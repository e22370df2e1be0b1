package estate

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// serviceRules are AWS's managed rules about services of which only some
// frameworks ask.
//
// Source: AWS Config developer guide, "List of AWS Config managed rules".
var serviceRules = map[string]look{
	"GUARDDUTY_ENABLED_CENTRALIZED": account(func(j *judge) bool {
		return slices.ContainsFunc(j.Estate.all(j.Region, "detector"), func(d Doc) bool { return text(d, "Status") == "ENABLED" })
	}),
	"GUARDDUTY_NON_ARCHIVED_FINDINGS": threatsArchived,

	"EC2_INSTANCE_MANAGED_BY_SSM": every("instance", func(j *judge, i Doc) bool {
		return text(j.one(j.Region, "agent", text(i, "InstanceId")), "PingStatus") == "Online"
	}),
	"EC2_MANAGEDINSTANCE_PATCH_COMPLIANCE_STATUS_CHECK": those("patches", func(j *judge, p Doc) bool { return j.one(j.Region, "instance", text(p, "ResourceId")) != nil }, is("Status", "COMPLIANT")),

	"RDS_SNAPSHOTS_PUBLIC_PROHIBITED": every("dbsnapshot", func(_ *judge, s Doc) bool { return !slices.Contains(texts(s, "SharedWith"), "all") }),
	"EFS_IN_BACKUP_PLAN":              every("filesystem", is("Backup", "ENABLED")),
	"DYNAMODB_PITR_ENABLED":           every("table", is("Recovery", true)),
	"DYNAMODB_TABLE_ENCRYPTED_KMS":    every("table", func(_ *judge, t Doc) bool { return sub(t, "SSEDescription") != nil }),
	"BACKUP_RECOVERY_POINT_ENCRYPTED": every("recoverypoint", is("IsEncrypted", true)),
	"BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK": every("backupplan", func(j *judge, p Doc) bool {
		least, err := strconv.Atoi(j.parameter("requiredRetentionDays", "35"))
		return err == nil && !slices.ContainsFunc(docs(sub(p, "BackupPlan"), "Rules"), func(r Doc) bool {
			kept := number(sub(r, "Lifecycle"), "DeleteAfterDays")
			return kept != 0 && kept < least
		})
	}),

	"ELB_LOGGING_ENABLED": balancersLog,
	"ELB_TLS_HTTPS_LISTENERS_ONLY": every("classic", func(_ *judge, b Doc) bool {
		return !slices.ContainsFunc(docs(b, "ListenerDescriptions"), func(d Doc) bool {
			protocol := strings.ToUpper(text(sub(d, "Listener"), "Protocol"))
			return protocol != "HTTPS" && protocol != "SSL"
		})
	}),
	"ALB_HTTP_TO_HTTPS_REDIRECTION_CHECK": every("balancer", func(j *judge, b Doc) bool {
		return !slices.ContainsFunc(j.all(j.Region, "listener"), func(l Doc) bool {
			return l["LoadBalancerArn"] == b["LoadBalancerArn"] && text(l, "Protocol") == "HTTP" && !redirected(l)
		})
	}),
	"ELB_DELETION_PROTECTION_ENABLED": every("balancer", func(_ *judge, b Doc) bool { return text(sub(b, "Attributes"), "deletion_protection.enabled") == "true" }),
	"ACM_CERTIFICATE_EXPIRATION_CHECK": every("certificate", func(j *judge, d Doc) bool {
		days, err := strconv.Atoi(j.parameter("daysToExpiration", "14"))
		return err == nil && when(d, "NotAfter").After(j.Now.Add(time.Duration(days)*24*time.Hour))
	}),
	"WAFV2_LOGGING_ENABLED": every("webacl", func(_ *judge, a Doc) bool { return a["Logging"] != nil }),

	"LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED": every("function", func(_ *judge, f Doc) bool { return !callable(f) }),
	"SECRETSMANAGER_ROTATION_ENABLED_CHECK":    those("secret", func(_ *judge, s Doc) bool { return s["DeletedDate"] == nil }, is("RotationEnabled", true)),
	"API_GW_EXECUTION_LOGGING_ENABLED": every("stage", func(_ *judge, s Doc) bool {
		level := text(sub(sub(s, "methodSettings"), "*/*"), "loggingLevel")
		return level == "ERROR" || level == "INFO"
	}),

	"REDSHIFT_CLUSTER_PUBLIC_ACCESS_CHECK":     every("warehouse", is("PubliclyAccessible", false)),
	"REDSHIFT_AUDIT_LOGGING_ENABLED":           every("warehouse", func(_ *judge, w Doc) bool { return flag(sub(w, "Logging"), "LoggingEnabled") }),
	"OPENSEARCH_ENCRYPTED_AT_REST":             every("domain", func(_ *judge, d Doc) bool { return flag(sub(d, "EncryptionAtRestOptions"), "Enabled") }),
	"OPENSEARCH_NODE_TO_NODE_ENCRYPTION_CHECK": every("domain", func(_ *judge, d Doc) bool { return flag(sub(d, "NodeToNodeEncryptionOptions"), "Enabled") }),
	"EKS_SECRETS_ENCRYPTED":                    every("kubernetes", func(_ *judge, k Doc) bool { return len(docs(k, "encryptionConfig")) > 0 }),
}

// threatsArchived tells whether what GuardDuty found was archived in time, by
// severity. Where it has no detector the rule says nothing.
func threatsArchived(j *judge) []Evaluation {
	if len(j.Estate.all(j.Region, "detector")) == 0 {
		return nil
	}
	open := slices.ContainsFunc(j.Estate.all(j.Region, "threat"), func(f Doc) bool {
		since := j.days("daysLowSev", 30)
		switch severity := number(f, "Severity"); {
		case severity >= 7:
			since = j.days("daysHighSev", 1)
		case severity >= 4:
			since = j.days("daysMediumSev", 7)
		}
		return !flag(sub(f, "Service"), "Archived") && when(f, "CreatedAt").Before(since)
	})
	return []Evaluation{verdict("AWS::::Account", j.Account, !open)}
}

// balancersLog looks at load balancers of both generations.
func balancersLog(j *judge) []Evaluation {
	return append(every("balancer", func(_ *judge, b Doc) bool { return text(sub(b, "Attributes"), "access_logs.s3.enabled") == "true" })(j),
		every("classic", func(_ *judge, b Doc) bool { return flag(sub(sub(b, "Attributes"), "AccessLog"), "Enabled") })(j)...)
}

// redirected tells whether a listener sends everybody to HTTPS.
func redirected(l Doc) bool {
	return slices.ContainsFunc(docs(l, "DefaultActions"), func(a Doc) bool {
		return text(a, "Type") == "redirect" && text(sub(a, "RedirectConfig"), "Protocol") == "HTTPS"
	})
}
