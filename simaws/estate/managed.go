package estate

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// managedRules are AWS's managed rules, as far as accounts here hold what they
// look at.
//
// Source: AWS Config developer guide, "List of AWS Config managed rules": what each
// looks at, its parameters and their defaults.
var managedRules = joined(commonRules, serviceRules)

// commonRules are those about what nearly every account has.
var commonRules = map[string]look{
	"SECURITY_ACCOUNT_INFORMATION_PROVIDED": account(func(j *judge) bool { return j.World.SecurityContact(j.Account) }),
	"ACCOUNT_PART_OF_ORGANIZATIONS":         account(func(j *judge) bool { return j.World.Management() != "" }),

	"IAM_ROOT_ACCESS_KEY_CHECK":         account(func(j *judge) bool { return !flag(j.one(Global, "root", "root"), "AccessKey") }),
	"ROOT_ACCOUNT_MFA_ENABLED":          account(func(j *judge) bool { return text(j.one(Global, "root", "root"), "MFA") != "" }),
	"ROOT_ACCOUNT_HARDWARE_MFA_ENABLED": account(func(j *judge) bool { return text(j.one(Global, "root", "root"), "MFA") == "hardware" }),
	"IAM_PASSWORD_POLICY":               account(passwordsStrong),

	"MFA_ENABLED_FOR_IAM_CONSOLE_ACCESS": those("user", hasPassword, hasMFA),
	"IAM_USER_MFA_ENABLED":               every("user", hasMFA),
	"IAM_USER_UNUSED_CREDENTIALS_CHECK":  every("user", credentialsUsed),
	"ACCESS_KEYS_ROTATED":                every("user", keysRotated),
	"IAM_USER_NO_POLICIES_CHECK":         every("user", func(_ *judge, u Doc) bool { return !bound(u) }),
	"IAM_USER_GROUP_MEMBERSHIP_CHECK":    every("user", func(_ *judge, u Doc) bool { return len(texts(u, "Groups")) > 0 }),
	"IAM_NO_INLINE_POLICY_CHECK":         every("user", func(_ *judge, u Doc) bool { return len(sub(u, "Inline")) == 0 }),
	"IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS": every("policy", func(_ *judge, p Doc) bool {
		return !grants(defaultDocument(p), func(a string) bool { return a == "*" || a == "*:*" })
	}),
	"IAM_POLICY_NO_STATEMENTS_WITH_FULL_ACCESS": every("policy", func(_ *judge, p Doc) bool {
		return !grants(defaultDocument(p), func(a string) bool {
			return strings.HasSuffix(a, "*") && !strings.ContainsAny(strings.TrimSuffix(a, "*"), "GLD")
		})
	}),
	"IAM_POLICY_IN_USE":            account(func(j *judge) bool { return j.attachments(j.parameter("policyARN", "")) > 0 }),
	"IAM_POLICY_BLACKLISTED_CHECK": policyBlacklisted,
	"IAM_EXTERNAL_ACCESS_ANALYZER_ENABLED": account(func(j *judge) bool {
		return slices.ContainsFunc(j.Estate.all(j.Region, "analyzer"), func(a Doc) bool {
			return text(a, "status") == "ACTIVE" && (text(a, "type") == "ACCOUNT" || text(a, "type") == "ORGANIZATION")
		})
	}),

	"CLOUD_TRAIL_ENABLED": someTrail(func(_ *judge, t Doc) bool { return flag(t, "Logging") }),
	"MULTI_REGION_CLOUD_TRAIL_ENABLED": someTrail(func(j *judge, t Doc) bool {
		return flag(t, "Logging") && flag(t, "IsMultiRegionTrail") && recordsManagement(j, t)
	}),
	"CLOUDTRAIL_ALL_WRITE_S3_DATA_EVENT_CHECK": someTrail(func(_ *judge, t Doc) bool {
		return flag(t, "Logging") && flag(t, "IsMultiRegionTrail") && recordsObjects(t, "WriteOnly")
	}),
	"CLOUDTRAIL_ALL_READ_S3_DATA_EVENT_CHECK": someTrail(func(_ *judge, t Doc) bool {
		return flag(t, "Logging") && flag(t, "IsMultiRegionTrail") && recordsObjects(t, "ReadOnly")
	}),
	"CLOUDTRAIL_S3_DATAEVENTS_ENABLED": someTrail(func(_ *judge, t Doc) bool {
		return flag(t, "Logging") && recordsObjects(t, "WriteOnly") && recordsObjects(t, "ReadOnly")
	}),
	"CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED": eachTrail(func(_ *judge, t Doc) bool { return flag(t, "LogFileValidationEnabled") }),
	"CLOUD_TRAIL_ENCRYPTION_ENABLED":          eachTrail(func(_ *judge, t Doc) bool { return text(t, "KmsKeyId") != "" }),
	"CLOUD_TRAIL_CLOUD_WATCH_LOGS_ENABLED":    eachTrail(func(_ *judge, t Doc) bool { return text(t, "CloudWatchLogsLogGroupArn") != "" }),
	"CLOUDTRAIL_S3_BUCKET_ACCESS_LOGGING": eachTrail(func(j *judge, t Doc) bool {
		holder := j.World.Holder(text(t, "S3BucketName"))
		return holder != "" && logged(j, j.World.Of(holder).one(Global, "bucket", text(t, "S3BucketName")))
	}),

	"SECURITYHUB_ENABLED": account(func(j *judge) bool { return j.one(j.Region, "hub", "default") != nil }),
	"MACIE_STATUS_CHECK":  account(func(j *judge) bool { return j.one(j.Region, "macie", "session") != nil }),

	"CW_LOGGROUP_RETENTION_PERIOD_CHECK": every("loggroup", func(j *judge, g Doc) bool {
		least, err := strconv.Atoi(j.parameter("MinRetentionTime", "365"))
		return err == nil && (g["retentionInDays"] == nil || number(g, "retentionInDays") >= least)
	}),
	"CLOUDWATCH_LOG_GROUP_ENCRYPTED": every("loggroup", func(_ *judge, g Doc) bool { return text(g, "kmsKeyId") != "" }),
	"SNS_ENCRYPTED_KMS":              every("topic", func(_ *judge, t Doc) bool { return text(sub(t, "Attributes"), "KmsMasterKeyId") != "" }),
	"CMK_BACKING_KEY_ROTATION_ENABLED": those("key", func(_ *judge, k Doc) bool {
		return text(k, "KeyState") == "Enabled" && text(k, "KeySpec") == "SYMMETRIC_DEFAULT"
	}, is("Rotation", true)),
	"KMS_CMK_NOT_SCHEDULED_FOR_DELETION": every("key", not(is("KeyState", "PendingDeletion"))),

	"S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS_PERIODIC": account(func(j *judge) bool { return closed(j.one(Global, "publicaccessblock", "account")) }),
	"S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS":          account(func(j *judge) bool { return closed(j.one(Global, "publicaccessblock", "account")) }),
	"S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED":       every("bucket", func(_ *judge, b Doc) bool { return closed(sub(b, "PublicAccessBlockConfiguration")) }),
	"S3_BUCKET_PUBLIC_READ_PROHIBITED":               every("bucket", notOpen),
	"S3_BUCKET_PUBLIC_WRITE_PROHIBITED":              every("bucket", notOpen),
	"S3_BUCKET_SSL_REQUESTS_ONLY":                    every("bucket", func(_ *judge, b Doc) bool { return refusesPlain(text(b, "Policy")) }),
	"S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED":       every("bucket", func(_ *judge, b Doc) bool { return b["ServerSideEncryptionConfiguration"] != nil }),
	"S3_DEFAULT_ENCRYPTION_KMS":                      every("bucket", encryptedByKMS),
	"S3_BUCKET_VERSIONING_ENABLED":                   every("bucket", func(_ *judge, b Doc) bool { return text(sub(b, "VersioningConfiguration"), "Status") == "Enabled" }),
	"S3_BUCKET_MFA_DELETE_ENABLED":                   every("bucket", func(_ *judge, b Doc) bool { return text(sub(b, "VersioningConfiguration"), "MFADelete") == "Enabled" }),
	"S3_BUCKET_LOGGING_ENABLED":                      every("bucket", logged),
	"S3_BUCKET_DEFAULT_LOCK_ENABLED":                 every("bucket", func(_ *judge, b Doc) bool { return b["ObjectLockConfiguration"] != nil }),
	"S3_BUCKET_CROSS_REGION_REPLICATION_ENABLED":     every("bucket", func(_ *judge, b Doc) bool { return b["ReplicationConfiguration"] != nil }),

	"EC2_EBS_ENCRYPTION_BY_DEFAULT": account(func(j *judge) bool { return flag(j.one(j.Region, "ebsdefault", "ebs"), "Encrypted") }),
	"ENCRYPTED_VOLUMES":             every("volume", is("Encrypted", true)),
	"EBS_SNAPSHOT_PUBLIC_RESTORABLE_CHECK": account(func(j *judge) bool {
		return !slices.ContainsFunc(j.Estate.all(j.Region, "snapshot"), func(s Doc) bool { return flag(s, "Public") })
	}),
	"EC2_IMDSV2_CHECK":              every("instance", func(_ *judge, i Doc) bool { return text(sub(i, "MetadataOptions"), "HttpTokens") == "required" }),
	"EC2_INSTANCE_NO_PUBLIC_IP":     every("instance", func(_ *judge, i Doc) bool { return text(i, "PublicIpAddress") == "" }),
	"EC2_INSTANCE_PROFILE_ATTACHED": every("instance", func(_ *judge, i Doc) bool { return sub(i, "IamInstanceProfile") != nil }),

	"VPC_FLOW_LOGS_ENABLED":                 every("vpc", flowsLogged),
	"SUBNET_AUTO_ASSIGN_PUBLIC_IP_DISABLED": every("subnet", not(is("MapPublicIpOnLaunch", true))),
	"VPC_DEFAULT_SECURITY_GROUP_CLOSED": those("securitygroup", is("GroupName", "default"), func(_ *judge, g Doc) bool {
		return len(docs(g, "IpPermissions"))+len(docs(g, "IpPermissionsEgress")) == 0
	}),
	"INCOMING_SSH_DISABLED":                every("securitygroup", func(_ *judge, g Doc) bool { return !exposed(g, 22) }),
	"RESTRICTED_INCOMING_TRAFFIC":          every("securitygroup", func(j *judge, g Doc) bool { return !exposed(g, j.blockedPorts()...) }),
	"VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS": every("securitygroup", onlyAuthorized),
	"NACL_NO_UNRESTRICTED_SSH_RDP":         every("networkacl", func(_ *judge, a Doc) bool { return !admits(a, 22) && !admits(a, 3389) }),

	"RDS_STORAGE_ENCRYPTED":                       every("database", is("StorageEncrypted", true)),
	"RDS_INSTANCE_PUBLIC_ACCESS_CHECK":            every("database", is("PubliclyAccessible", false)),
	"RDS_MULTI_AZ_SUPPORT":                        every("database", is("MultiAZ", true)),
	"RDS_AUTOMATIC_MINOR_VERSION_UPGRADE_ENABLED": every("database", is("AutoMinorVersionUpgrade", true)),
	"DB_INSTANCE_BACKUP_ENABLED":                  every("database", func(_ *judge, d Doc) bool { return number(d, "BackupRetentionPeriod") > 0 }),
	"RDS_INSTANCE_DELETION_PROTECTION_ENABLED":    every("database", is("DeletionProtection", true)),
	"RDS_LOGGING_ENABLED":                         every("database", func(_ *judge, d Doc) bool { return len(texts(d, "EnabledCloudwatchLogsExports")) > 0 }),
	"EFS_ENCRYPTED_CHECK":                         every("filesystem", is("Encrypted", true)),
}

func hasPassword(_ *judge, u Doc) bool { return sub(u, "LoginProfile") != nil }

func hasMFA(_ *judge, u Doc) bool { return len(docs(u, "MFADevices")) > 0 }

func logged(_ *judge, b Doc) bool {
	return sub(sub(b, "BucketLoggingStatus"), "LoggingEnabled") != nil
}

func notOpen(_ *judge, b Doc) bool {
	return !open(text(b, "Policy")) || flag(sub(b, "PublicAccessBlockConfiguration"), "RestrictPublicBuckets")
}

func encryptedByKMS(_ *judge, b Doc) bool {
	return slices.ContainsFunc(docs(sub(b, "ServerSideEncryptionConfiguration"), "Rules"), func(r Doc) bool {
		return strings.HasPrefix(text(sub(r, "ApplyServerSideEncryptionByDefault"), "SSEAlgorithm"), "aws:kms")
	})
}

func closed(p Doc) bool {
	return flag(p, "BlockPublicAcls") && flag(p, "IgnorePublicAcls") && flag(p, "BlockPublicPolicy") && flag(p, "RestrictPublicBuckets")
}

// passwordsStrong compares the password policy with the rule's parameters: with
// those that are given, or, where none is, with what the console gives.
//
// Source: AWS Config developer guide, "iam-password-policy", for the defaults. That
// nothing else is judged is not documented: Security Hub's controls IAM.11 to IAM.17
// are this rule with one parameter each.
func passwordsStrong(j *judge) bool {
	p := j.one(Global, "passwordpolicy", "policy")
	if p == nil {
		return false
	}
	usual := map[string]string{"RequireUppercaseCharacters": "true", "RequireLowercaseCharacters": "true", "RequireSymbols": "true", "RequireNumbers": "true",
		"MinimumPasswordLength": "14", "PasswordReusePrevention": "24", "MaxPasswordAge": "90"}
	for name, value := range usual {
		if len(j.given) > 0 {
			value = j.parameter(name, "")
		}
		n, err := strconv.Atoi(value)
		switch {
		case value == "true" && !flag(p, name), err == nil && name != "MaxPasswordAge" && number(p, name) < n:
			return false
		case err == nil && name == "MaxPasswordAge" && n > 0 && (number(p, name) == 0 || number(p, name) > n):
			return false
		}
	}
	return true
}

// credentialsUsed tells whether each password and active key of a user was used
// of late, or is new.
func credentialsUsed(j *judge, u Doc) bool {
	since := j.days("maxCredentialUsageAge", 90)
	fresh := func(used, made time.Time) bool { return !used.Before(since) || used.IsZero() && !made.Before(since) }
	if sub(u, "LoginProfile") != nil && !fresh(when(u, "PasswordLastUsed"), when(u, "PasswordLastChanged")) {
		return false
	}
	return !slices.ContainsFunc(j.keysOf(text(u, "UserName")), func(k Doc) bool {
		return text(k, "Status") == "Active" && !fresh(when(k, "LastUsed"), when(k, "CreateDate"))
	})
}

func keysRotated(j *judge, u Doc) bool {
	since := j.days("maxAccessKeyAge", 90)
	return !slices.ContainsFunc(j.keysOf(text(u, "UserName")), func(k Doc) bool {
		return text(k, "Status") == "Active" && when(k, "CreateDate").Before(since)
	})
}

// defaultDocument is the document of a policy that is in force.
func defaultDocument(p Doc) string {
	for _, v := range docs(p, "Versions") {
		if text(v, "VersionId") == text(p, "DefaultVersionId") {
			return text(v, "Document")
		}
	}
	return url.PathEscape("{}")
}

// policyBlacklisted looks at each user, group and role for policies that nobody
// should have.
func policyBlacklisted(j *judge) []Evaluation {
	banned := j.list("policyArns")
	var all []Evaluation
	for _, kind := range entityKinds {
		all = append(all, every(kind, func(_ *judge, d Doc) bool {
			return !slices.ContainsFunc(texts(d, "Attached"), func(arn string) bool { return slices.Contains(banned, arn) })
		})(j)...)
	}
	return all
}

// recordsManagement tells whether a trail records the management events that the
// rule's parameters ask for, and leaves none out.
func recordsManagement(j *judge, t Doc) bool {
	for _, s := range docs(t, "EventSelectors") {
		if j.parameter("includeManagementEvents", "") == "true" && s["IncludeManagementEvents"] == false || len(texts(s, "ExcludeManagementEventSources")) > 0 {
			return false
		}
		if want := j.parameter("readWriteType", ""); want != "" && !strings.EqualFold(text(s, "ReadWriteType"), want) {
			return false
		}
	}
	return true
}

// someTrail is a rule that one trail is enough for.
func someTrail(ok func(*judge, Doc) bool) look {
	return account(func(j *judge) bool {
		return slices.ContainsFunc(trails(j.Estate, j.World, j.Region), func(t Doc) bool { return ok(j, t) })
	})
}

// eachTrail is a rule that looks at each trail that the region shows.
func eachTrail(ok func(*judge, Doc) bool) look {
	return func(j *judge) []Evaluation {
		var all []Evaluation
		for _, t := range trails(j.Estate, j.World, j.Region) {
			all = append(all, verdict("AWS::CloudTrail::Trail", text(t, "TrailARN"), ok(j, t)))
		}
		return all
	}
}

func flowsLogged(j *judge, vpc Doc) bool {
	kind := j.parameter("trafficType", "")
	return slices.ContainsFunc(j.Estate.all(j.Region, "flowlog"), func(f Doc) bool {
		return text(f, "ResourceId") == text(vpc, "VpcId") && text(f, "FlowLogStatus") == "ACTIVE" && (kind == "" || text(f, "TrafficType") == kind || text(f, "TrafficType") == "ALL")
	})
}

// blockedPorts are the ports of RESTRICTED_INCOMING_TRAFFIC.
func (j *judge) blockedPorts() []int {
	ports := []int{20, 21, 3389, 3306, 4333}
	for i := range ports {
		if n, err := strconv.Atoi(j.parameter("blockedPort"+strconv.Itoa(i+1), "")); err == nil {
			ports[i] = n
		}
	}
	return ports
}

// onlyAuthorized tells whether all that a security group opens to everybody is
// among the authorized ports.
func onlyAuthorized(j *judge, g Doc) bool {
	return !slices.ContainsFunc(docs(g, "IpPermissions"), func(p Doc) bool {
		if !anywhere(p) {
			return false
		}
		from, to := number(p, "FromPort"), number(p, "ToPort")
		authorized := map[string]string{"tcp": "authorizedTcpPorts", "udp": "authorizedUdpPorts"}[text(p, "IpProtocol")]
		return authorized == "" || !slices.ContainsFunc(j.list(authorized), func(span string) bool {
			low, high, ranged := strings.Cut(span, "-")
			if !ranged {
				high = low
			}
			first, err := strconv.Atoi(low)
			last, err2 := strconv.Atoi(high)
			return err == nil && err2 == nil && first <= from && to <= last
		})
	})
}
