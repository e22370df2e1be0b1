package estate

import (
	"slices"
	"strings"
	"time"
)

// RDS, EFS and KMS.

var rdsOperations = joined(rdsSnapshots, map[string]Operation{
	"DescribeDBInstances": describeDatabases, "CreateDBInstance": createDatabase, "ModifyDBInstance": ofDatabase(modifyDatabase), "DeleteDBInstance": ofDatabase(deleteDatabase),
})

func ofDatabase(run func(*Call, Doc) (Doc, error)) Operation {
	return func(c *Call) (Doc, error) {
		d := c.one(c.Region, "database", c.text("DBInstanceIdentifier"))
		if d == nil {
			return nil, absent("DBInstanceNotFound", "DBInstance "+c.text("DBInstanceIdentifier")+" not found.")
		}
		return run(c, d)
	}
}

func describeDatabases(c *Call) (Doc, error) {
	if name := c.text("DBInstanceIdentifier"); name != "" {
		return ofDatabase(func(_ *Call, d Doc) (Doc, error) { return Doc{"DBInstances": []any{d}}, nil })(c)
	}
	return rdsPages.list(c, "DBInstances", c.all(c.Region, "database"))
}

func createDatabase(c *Call) (Doc, error) {
	name := c.text("DBInstanceIdentifier")
	if c.one(c.Region, "database", name) != nil {
		return nil, refuse("DBInstanceAlreadyExists", "DB instance already exists")
	}
	d := Doc{"DBInstanceIdentifier": name, "DBInstanceArn": c.arn("rds", "db:"+name), "DBInstanceStatus": "available", "InstanceCreateTime": stamp(c.Now), "BackupRetentionPeriod": 1,
		"AutoMinorVersionUpgrade": true, "StorageEncrypted": false, "PubliclyAccessible": false, "MultiAZ": false, "DeletionProtection": false}
	changes := Doc{}
	for member := range strings.FieldsSeq("Engine DBInstanceClass AllocatedStorage StorageEncrypted PubliclyAccessible MultiAZ AutoMinorVersionUpgrade BackupRetentionPeriod DeletionProtection KmsKeyId") {
		if c.In[member] != nil {
			changes[member] = c.In[member]
		}
	}
	c.put(c.Region, "database", name, with(d, changes))
	return Doc{"DBInstance": c.one(c.Region, "database", name)}, nil
}

// modifyDatabase changes an instance at once. Encryption cannot be changed.
func modifyDatabase(c *Call, d Doc) (Doc, error) {
	changes := Doc{}
	for member := range strings.FieldsSeq("PubliclyAccessible MultiAZ AutoMinorVersionUpgrade BackupRetentionPeriod DeletionProtection DBInstanceClass") {
		if c.In[member] != nil {
			changes[member] = c.In[member]
		}
	}
	if logs := sub(c.In, "CloudwatchLogsExportConfiguration"); logs != nil {
		changes["EnabledCloudwatchLogsExports"] = logs["EnableLogTypes"]
	}
	c.put(c.Region, "database", text(d, "DBInstanceIdentifier"), with(d, changes))
	return Doc{"DBInstance": c.one(c.Region, "database", text(d, "DBInstanceIdentifier"))}, nil
}

func deleteDatabase(c *Call, d Doc) (Doc, error) {
	switch {
	case flag(d, "DeletionProtection"):
		return nil, refuse("InvalidParameterCombination", "Cannot delete protected DB Instance, please disable deletion protection and try again.")
	case !flag(c.In, "SkipFinalSnapshot") && c.text("FinalDBSnapshotIdentifier") == "":
		return nil, refuse("InvalidParameterCombination", "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.")
	}
	c.put(c.Region, "database", text(d, "DBInstanceIdentifier"), nil)
	return Doc{"DBInstance": with(d, Doc{"DBInstanceStatus": "deleting"})}, nil
}

var efsOperations = map[string]Operation{
	"DescribeFileSystems": describeFileSystems, "CreateFileSystem": createFileSystem, "DeleteFileSystem": ofFileSystem(deleteFileSystem),
	"DescribeBackupPolicy": ofFileSystem(backupPolicy), "PutBackupPolicy": ofFileSystem(putBackupPolicy),
}

func ofFileSystem(run func(*Call, Doc) (Doc, error)) Operation {
	return func(c *Call) (Doc, error) {
		f := c.one(c.Region, "filesystem", c.text("FileSystemId"))
		if f == nil {
			return nil, absent("FileSystemNotFound", "File system '"+c.text("FileSystemId")+"' does not exist.")
		}
		return run(c, f)
	}
}

func describeFileSystems(c *Call) (Doc, error) {
	all := c.all(c.Region, "filesystem")
	if id := c.text("FileSystemId"); id != "" {
		return ofFileSystem(func(_ *Call, f Doc) (Doc, error) { return Doc{"FileSystems": []any{f}}, nil })(c)
	}
	return filePages.list(c, "FileSystems", all)
}

func createFileSystem(c *Call) (Doc, error) {
	f := newFileSystem(c.Account, "fs-0"+c.id(16), c.Region, stamp(c.Now), flag(c.In, "Encrypted"))
	c.put(c.Region, "filesystem", text(f, "FileSystemId"), with(f, Doc{"CreationToken": c.text("CreationToken")}))
	return c.one(c.Region, "filesystem", text(f, "FileSystemId")), nil
}

func newFileSystem(account, id, region, made string, encrypted bool) Doc {
	return Doc{"FileSystemId": id, "FileSystemArn": "arn:aws:elasticfilesystem:" + region + ":" + account + ":file-system/" + id, "OwnerId": account, "CreationToken": id, "CreationTime": made,
		"LifeCycleState": "available", "NumberOfMountTargets": 0, "SizeInBytes": Doc{"Value": 6144}, "PerformanceMode": "generalPurpose", "Encrypted": encrypted, "Tags": []any{}, "Backup": "DISABLED"}
}

func deleteFileSystem(c *Call, f Doc) (Doc, error) {
	c.put(c.Region, "filesystem", text(f, "FileSystemId"), nil)
	return nil, nil
}

func backupPolicy(_ *Call, f Doc) (Doc, error) {
	return Doc{"BackupPolicy": Doc{"Status": f["Backup"]}}, nil
}

func putBackupPolicy(c *Call, f Doc) (Doc, error) {
	policy := sub(c.In, "BackupPolicy")
	c.put(c.Region, "filesystem", text(f, "FileSystemId"), with(f, Doc{"Backup": policy["Status"]}))
	return Doc{"BackupPolicy": policy}, nil
}

var kmsOperations = map[string]Operation{
	"ListKeys": listKeys, "DescribeKey": ofKey(describeKey), "CreateKey": createKey, "GetKeyRotationStatus": ofKey(rotationStatus),
	"EnableKeyRotation": ofKey(setRotation(true)), "DisableKeyRotation": ofKey(setRotation(false)),
	"ScheduleKeyDeletion": ofKey(scheduleDeletion), "CancelKeyDeletion": ofKey(cancelDeletion),
}

// ofKey runs an operation on the key that the call names by id or ARN.
func ofKey(run func(*Call, Doc) (Doc, error)) Operation {
	return func(c *Call) (Doc, error) {
		id := c.text("KeyId")
		k := c.one(c.Region, "key", id[strings.LastIndex(id, "/")+1:])
		if k == nil {
			return nil, refuse("NotFoundException", "Key '"+c.arn("kms", "key/"+id)+"' does not exist")
		}
		return run(c, k)
	}
}

func listKeys(c *Call) (Doc, error) {
	var all []Doc
	for _, k := range c.all(c.Region, "key") {
		all = append(all, Doc{"KeyId": k["KeyId"], "KeyArn": k["Arn"]})
	}
	return keyPages.list(c, "Keys", all)
}

func describeKey(_ *Call, k Doc) (Doc, error) { return Doc{"KeyMetadata": k}, nil }

func createKey(c *Call) (Doc, error) {
	spec := c.text("KeySpec")
	if spec == "" {
		spec = "SYMMETRIC_DEFAULT"
	}
	k := newKey(c.Account, uuid(c.Chance), c.Region, stamp(c.Now))
	c.put(c.Region, "key", text(k, "KeyId"), with(k, Doc{"KeySpec": spec, "Description": c.text("Description")}))
	return Doc{"KeyMetadata": c.one(c.Region, "key", text(k, "KeyId"))}, nil
}

func newKey(account, id, region, made string) Doc {
	return Doc{"KeyId": id, "Arn": "arn:aws:kms:" + region + ":" + account + ":key/" + id, "AWSAccountId": account, "CreationDate": made, "Enabled": true, "KeyState": "Enabled",
		"KeyManager": "CUSTOMER", "KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT", "Origin": "AWS_KMS", "MultiRegion": false, "Rotation": false}
}

func rotationStatus(_ *Call, k Doc) (Doc, error) {
	return Doc{"KeyId": k["KeyId"], "KeyRotationEnabled": flag(k, "Rotation")}, nil
}

func setRotation(on bool) func(*Call, Doc) (Doc, error) {
	return func(c *Call, k Doc) (Doc, error) {
		switch {
		case text(k, "KeyState") == "PendingDeletion":
			return nil, refuse("KMSInvalidStateException", text(k, "Arn")+" is pending deletion.")
		case text(k, "KeySpec") != "SYMMETRIC_DEFAULT":
			return nil, refuse("UnsupportedOperationException", "Only symmetric encryption keys rotate.")
		}
		c.put(c.Region, "key", text(k, "KeyId"), with(k, Doc{"Rotation": on}))
		return nil, nil
	}
}

func scheduleDeletion(c *Call, k Doc) (Doc, error) {
	days := number(c.In, "PendingWindowInDays")
	if days == 0 {
		days = 30
	}
	if text(k, "KeyState") == "PendingDeletion" {
		return nil, refuse("KMSInvalidStateException", text(k, "Arn")+" is pending deletion.")
	}
	at := stamp(c.Now.Add(time.Duration(days) * 24 * time.Hour))
	c.put(c.Region, "key", text(k, "KeyId"), with(k, Doc{"KeyState": "PendingDeletion", "Enabled": false, "DeletionDate": at}))
	return Doc{"KeyId": k["Arn"], "DeletionDate": at, "KeyState": "PendingDeletion", "PendingWindowInDays": days}, nil
}

func cancelDeletion(c *Call, k Doc) (Doc, error) {
	if text(k, "KeyState") != "PendingDeletion" {
		return nil, refuse("KMSInvalidStateException", text(k, "Arn")+" is not pending deletion.")
	}
	c.put(c.Region, "key", text(k, "KeyId"), with(k, Doc{"KeyState": "Disabled", "DeletionDate": nil}))
	return Doc{"KeyId": k["Arn"]}, nil
}

var hubOperations = map[string]Operation{
	"DescribeHub": func(c *Call) (Doc, error) {
		if h := c.one(c.Region, "hub", "default"); h != nil {
			return h, nil
		}
		return nil, &Refusal{Code: "InvalidAccessException", Message: "Account " + c.Account + " is not subscribed to AWS Security Hub", Status: 401}
	},
	"EnableSecurityHub": func(c *Call) (Doc, error) {
		if c.one(c.Region, "hub", "default") != nil {
			return nil, &Refusal{Code: "ResourceConflictException", Message: "Account is already subscribed to Security Hub", Status: 409}
		}
		c.put(c.Region, "hub", "default", Doc{"HubArn": c.arn("securityhub", "hub/default"), "SubscribedAt": stamp(c.Now), "AutoEnableControls": true, "ControlFindingGenerator": "SECURITY_CONTROL"})
		return nil, nil
	},
	"DisableSecurityHub": drop("hub", "default", &Refusal{Code: "InvalidAccessException", Message: "The account is not subscribed to AWS Security Hub", Status: 401}),
}

// drop takes away what there is one of in a region.
func drop(kind, id string, missing *Refusal) Operation {
	return func(c *Call) (Doc, error) {
		if c.one(c.Region, kind, id) == nil {
			return nil, missing
		}
		c.put(c.Region, kind, id, nil)
		return nil, nil
	}
}

var macieOperations = map[string]Operation{
	"GetMacieSession": func(c *Call) (Doc, error) {
		if m := c.one(c.Region, "macie", "session"); m != nil {
			return m, nil
		}
		return nil, errNoMacie
	},
	"EnableMacie": func(c *Call) (Doc, error) {
		if c.one(c.Region, "macie", "session") != nil {
			return nil, &Refusal{Code: "ConflictException", Message: "Macie has already been enabled", Status: 409}
		}
		c.put(c.Region, "macie", "session", Doc{"status": "ENABLED", "createdAt": stamp(c.Now), "updatedAt": stamp(c.Now), "findingPublishingFrequency": "FIFTEEN_MINUTES",
			"serviceRole": c.iam("role/aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie")})
		return nil, nil
	},
	"DisableMacie": drop("macie", "session", errNoMacie),
}

var errNoMacie = &Refusal{Code: "AccessDeniedException", Message: "Macie is not enabled", Status: 403}

var analyzerOperations = map[string]Operation{
	"ListAnalyzers": func(c *Call) (Doc, error) {
		all := slices.DeleteFunc(c.all(c.Region, "analyzer"), func(a Doc) bool { return c.text("type") != "" && text(a, "type") != c.text("type") })
		return analyzerPages.list(c, "analyzers", all)
	},
	"GetAnalyzer": ofAnalyzer(func(_ *Call, a Doc) (Doc, error) { return Doc{"analyzer": a}, nil }),
	"CreateAnalyzer": func(c *Call) (Doc, error) {
		name := c.text("analyzerName")
		if c.one(c.Region, "analyzer", name) != nil {
			return nil, &Refusal{Code: "ConflictException", Message: "The analyzer " + name + " exists.", Status: 409}
		}
		c.put(c.Region, "analyzer", name, newAnalyzer(c.Account, name, c.text("type"), c.Region, stamp(c.Now)))
		return Doc{"arn": c.arn("access-analyzer", "analyzer/"+name)}, nil
	},
	"DeleteAnalyzer": ofAnalyzer(func(c *Call, a Doc) (Doc, error) {
		c.put(c.Region, "analyzer", text(a, "name"), nil)
		return nil, nil
	}),
}

func newAnalyzer(account, name, kind, region, made string) Doc {
	return Doc{"arn": "arn:aws:access-analyzer:" + region + ":" + account + ":analyzer/" + name, "name": name, "type": kind, "status": "ACTIVE", "createdAt": made}
}

func ofAnalyzer(run func(*Call, Doc) (Doc, error)) Operation {
	return func(c *Call) (Doc, error) {
		a := c.one(c.Region, "analyzer", c.text("analyzerName"))
		if a == nil {
			return nil, absent("ResourceNotFoundException", "The analyzer "+c.text("analyzerName")+" does not exist.")
		}
		return run(c, a)
	}
}
