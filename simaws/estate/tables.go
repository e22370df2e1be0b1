package estate

import "slices"

// DynamoDB, AWS Backup and RDS's snapshots: what data is kept in, and its copies.

var ofTable = of("table", "TableName", func(name string) error {
	return refuse("ResourceNotFoundException", "Requested resource not found: Table: "+name+" not found")
})

var dynamodbOperations = map[string]Operation{
	"ListTables": func(c *Call) (Doc, error) {
		var names []string
		for _, t := range c.all(c.Region, "table") {
			names = append(names, text(t, "TableName"))
		}
		return page(tablePages, c, "TableNames", names)
	},
	"DescribeTable":             ofTable(func(_ *Call, t Doc) (Doc, error) { return Doc{"Table": t}, nil }),
	"CreateTable":               createTable,
	"UpdateTable":               ofTable(updateTable),
	"DeleteTable":               ofTable(deleteTable),
	"DescribeContinuousBackups": ofTable(continuousBackups),
	"UpdateContinuousBackups": ofTable(func(c *Call, t Doc) (Doc, error) {
		c.put(c.Region, "table", text(t, "TableName"), with(t, Doc{"Recovery": flag(sub(c.In, "PointInTimeRecoverySpecification"), "PointInTimeRecoveryEnabled")}))
		return continuousBackups(c, c.one(c.Region, "table", text(t, "TableName")))
	}),
}

func createTable(c *Call) (Doc, error) {
	name := c.text("TableName")
	if c.one(c.Region, "table", name) != nil {
		return nil, refuse("ResourceInUseException", "Table already exists: "+name)
	}
	t := with(newTable(c.Account, name, c.Region, stamp(c.Now)), Doc{"AttributeDefinitions": c.In["AttributeDefinitions"], "KeySchema": c.In["KeySchema"]})
	c.put(c.Region, "table", name, with(t, c.tableKey()))
	return Doc{"TableDescription": c.one(c.Region, "table", name)}, nil
}

func newTable(account, name, region, made string) Doc {
	return Doc{"TableName": name, "TableArn": "arn:aws:dynamodb:" + region + ":" + account + ":table/" + name, "TableStatus": "ACTIVE", "CreationDateTime": made, "ItemCount": 0, "TableSizeBytes": 0,
		"AttributeDefinitions": []Doc{{"AttributeName": "id", "AttributeType": "S"}}, "KeySchema": []Doc{{"AttributeName": "id", "KeyType": "HASH"}}, "Recovery": false}
}

// tableKey is the encryption that a call asks for; none is that with a key of
// DynamoDB's own, of which nothing is shown.
func (c *Call) tableKey() Doc {
	s := sub(c.In, "SSESpecification")
	if s == nil || !flag(s, "Enabled") {
		return Doc{"SSEDescription": nil}
	}
	key := text(s, "KMSMasterKeyId")
	if key == "" {
		key = c.arn("kms", "alias/aws/dynamodb")
	}
	return Doc{"SSEDescription": Doc{"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}}
}

func updateTable(c *Call, t Doc) (Doc, error) {
	if c.In["SSESpecification"] != nil {
		t = with(t, c.tableKey())
		c.put(c.Region, "table", text(t, "TableName"), t)
	}
	return Doc{"TableDescription": t}, nil
}

func deleteTable(c *Call, t Doc) (Doc, error) {
	c.put(c.Region, "table", text(t, "TableName"), nil)
	return Doc{"TableDescription": with(t, Doc{"TableStatus": "DELETING"})}, nil
}

func continuousBackups(_ *Call, t Doc) (Doc, error) {
	recovery := Doc{"PointInTimeRecoveryStatus": enabledOr(flag(t, "Recovery"), "DISABLED")}
	if flag(t, "Recovery") {
		recovery["RecoveryPeriodInDays"] = 35
	}
	return Doc{"ContinuousBackupsDescription": Doc{"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery}}, nil
}

var ofPlan = of("backupplan", "BackupPlanId", func(id string) error {
	return refuse("ResourceNotFoundException", "Cannot find Backup plan with ID "+id)
})

var backupOperations = map[string]Operation{
	"ListBackupVaults": func(c *Call) (Doc, error) { return tokenPages.list(c, "BackupVaultList", c.all(c.Region, "vault")) },
	"CreateBackupVault": func(c *Call) (Doc, error) {
		v := newVault(c.Account, c.text("BackupVaultName"), c.Region, stamp(c.Now))
		if c.one(c.Region, "vault", c.text("BackupVaultName")) != nil {
			return nil, refuse("AlreadyExistsException", "Backup vault with the same name already exists")
		}
		c.put(c.Region, "vault", c.text("BackupVaultName"), v)
		return v, nil
	},
	"ListRecoveryPointsByBackupVault": ofVault(func(c *Call, v Doc) (Doc, error) {
		all := slices.DeleteFunc(c.all(c.Region, "recoverypoint"), func(p Doc) bool { return p["BackupVaultName"] != v["BackupVaultName"] })
		return tokenPages.list(c, "RecoveryPoints", all)
	}),
	"DeleteRecoveryPoint": ofVault(func(c *Call, _ Doc) (Doc, error) {
		if c.one(c.Region, "recoverypoint", c.text("RecoveryPointArn")) == nil {
			return nil, refuse("ResourceNotFoundException", "Cannot find recovery point.")
		}
		c.put(c.Region, "recoverypoint", c.text("RecoveryPointArn"), nil)
		return nil, nil
	}),
	"ListBackupPlans": func(c *Call) (Doc, error) {
		var all []Doc
		for _, p := range c.all(c.Region, "backupplan") {
			all = append(all, with(p, Doc{"BackupPlan": nil, "BackupPlanName": sub(p, "BackupPlan")["BackupPlanName"]}))
		}
		return tokenPages.list(c, "BackupPlansList", all)
	},
	"GetBackupPlan": ofPlan(func(_ *Call, p Doc) (Doc, error) { return p, nil }),
	"CreateBackupPlan": func(c *Call) (Doc, error) {
		return c.putPlan(newPlan(c.Account, uuid(c.Chance), c.Region, stamp(c.Now), sub(c.In, "BackupPlan")))
	},
	"UpdateBackupPlan": ofPlan(func(c *Call, p Doc) (Doc, error) {
		return c.putPlan(with(p, Doc{"BackupPlan": sub(c.In, "BackupPlan")}))
	}),
	"DeleteBackupPlan": ofPlan(func(c *Call, p Doc) (Doc, error) {
		c.put(c.Region, "backupplan", text(p, "BackupPlanId"), nil)
		return with(p, Doc{"DeletionDate": stamp(c.Now)}), nil
	}),
}

var ofVault = of("vault", "BackupVaultName", func(name string) error {
	return refuse("ResourceNotFoundException", "Backup vault "+name+" does not exist.")
})

func newVault(account, name, region, made string) Doc {
	return Doc{"BackupVaultName": name, "BackupVaultArn": "arn:aws:backup:" + region + ":" + account + ":backup-vault:" + name, "CreationDate": made, "VaultType": "BACKUP_VAULT",
		"EncryptionKeyArn": "arn:aws:kms:" + region + ":" + account + ":alias/aws/backup", "Locked": false, "NumberOfRecoveryPoints": 0}
}

func newPlan(account, id, region, made string, plan Doc) Doc {
	return Doc{"BackupPlanId": id, "BackupPlanArn": "arn:aws:backup:" + region + ":" + account + ":backup-plan:" + id, "CreationDate": made, "VersionId": id, "BackupPlan": plan}
}

// putPlan keeps a plan; each of its rules has an id.
func (c *Call) putPlan(p Doc) (Doc, error) {
	var rules []Doc
	for _, r := range docs(sub(p, "BackupPlan"), "Rules") {
		rules = append(rules, with(r, Doc{"RuleId": uuid(c.Chance)}))
	}
	p = with(p, Doc{"BackupPlan": with(sub(p, "BackupPlan"), Doc{"Rules": listOf(rules)}), "VersionId": uuid(c.Chance)})
	c.put(c.Region, "backupplan", text(p, "BackupPlanId"), p)
	return with(p, Doc{"BackupPlan": nil}), nil
}

var ofSnapshot = of("dbsnapshot", "DBSnapshotIdentifier", func(name string) error {
	return absent("DBSnapshotNotFound", "DBSnapshot "+name+" not found.")
})

func noClusterSnapshot(c *Call) (Doc, error) {
	return nil, absent("DBClusterSnapshotNotFoundFault", "DBClusterSnapshot "+c.text("DBClusterSnapshotIdentifier")+" not found.")
}

var rdsSnapshots = map[string]Operation{
	"DescribeDBSnapshots": func(c *Call) (Doc, error) {
		all := slices.DeleteFunc(c.all(c.Region, "dbsnapshot"), func(s Doc) bool {
			return c.text("SnapshotType") != "" && s["SnapshotType"] != c.In["SnapshotType"] || c.text("DBSnapshotIdentifier") != "" && s["DBSnapshotIdentifier"] != c.In["DBSnapshotIdentifier"]
		})
		return rdsPages.list(c, "DBSnapshots", all)
	},
	"CreateDBSnapshot": ofDatabase(func(c *Call, d Doc) (Doc, error) {
		name := c.text("DBSnapshotIdentifier")
		if c.one(c.Region, "dbsnapshot", name) != nil {
			return nil, refuse("DBSnapshotAlreadyExists", "Cannot create the snapshot because a snapshot with the identifier "+name+" already exists.")
		}
		c.put(c.Region, "dbsnapshot", name, newSnapshot(c.Account, name, c.Region, stamp(c.Now), d))
		return Doc{"DBSnapshot": c.one(c.Region, "dbsnapshot", name)}, nil
	}),
	"DeleteDBSnapshot": ofSnapshot(func(c *Call, s Doc) (Doc, error) {
		c.put(c.Region, "dbsnapshot", text(s, "DBSnapshotIdentifier"), nil)
		return Doc{"DBSnapshot": with(s, Doc{"Status": "deleted"})}, nil
	}),
	"DescribeDBSnapshotAttributes":        ofSnapshot(snapshotAttributes),
	"ModifyDBSnapshotAttribute":           ofSnapshot(shareSnapshot),
	"DescribeDBClusterSnapshots":          func(c *Call) (Doc, error) { return rdsPages.list(c, "DBClusterSnapshots", nil) },
	"DescribeDBClusterSnapshotAttributes": noClusterSnapshot,
}

func newSnapshot(account, name, region, made string, of Doc) Doc {
	return Doc{"DBSnapshotIdentifier": name, "DBSnapshotArn": "arn:aws:rds:" + region + ":" + account + ":snapshot:" + name, "DBInstanceIdentifier": of["DBInstanceIdentifier"], "SnapshotType": "manual",
		"SnapshotCreateTime": made, "Engine": of["Engine"], "Status": "available", "AllocatedStorage": of["AllocatedStorage"], "Encrypted": of["StorageEncrypted"], "PercentProgress": 100, "SharedWith": []any{}}
}

func snapshotAttributes(_ *Call, s Doc) (Doc, error) {
	return Doc{"DBSnapshotAttributesResult": Doc{"DBSnapshotIdentifier": s["DBSnapshotIdentifier"],
		"DBSnapshotAttributes": []any{Doc{"AttributeName": "restore", "AttributeValues": s["SharedWith"]}}}}, nil
}

// shareSnapshot changes who may restore a snapshot; "all" is everybody.
func shareSnapshot(c *Call, s Doc) (Doc, error) {
	switch {
	case c.text("AttributeName") != "restore":
		return nil, refuse("InvalidParameterValue", "The attribute "+c.text("AttributeName")+" is not valid.")
	case flag(s, "Encrypted") && slices.Contains(c.texts("ValuesToAdd"), "all"):
		return nil, refuse("InvalidDBSnapshotState", "Encrypted snapshots cannot be shared publicly.")
	}
	shared := slices.DeleteFunc(texts(s, "SharedWith"), func(id string) bool { return slices.Contains(c.texts("ValuesToRemove"), id) })
	for _, id := range c.texts("ValuesToAdd") {
		if !slices.Contains(shared, id) {
			shared = append(shared, id)
		}
	}
	c.put(c.Region, "dbsnapshot", text(s, "DBSnapshotIdentifier"), with(s, Doc{"SharedWith": shared}))
	return snapshotAttributes(c, c.one(c.Region, "dbsnapshot", text(s, "DBSnapshotIdentifier")))
}
