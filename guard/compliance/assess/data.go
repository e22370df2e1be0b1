package assess

import (
	"fmt"
	"strings"

	"landlord/guard/compliance"
)

// data are the checks of where data is kept, but for S3.
var data = map[string]evaluator{
	"kms.rotation": ofKeys(func(l *look, k masterKey) error {
		if k.KeyState != "Enabled" || k.KeySpec != "SYMMETRIC_DEFAULT" || k.Origin != "AWS_KMS" {
			return nil // AWS rotates no other
		}
		var out struct{ KeyRotationEnabled bool }
		err := l.ask("kms:GetKeyRotationStatus", in{"KeyId": k.KeyId}, &out)
		if err == nil {
			l.is(out.KeyRotationEnabled, k.Arn, "the key rotates", "the key does not rotate")
		}
		return err
	}),
	"kms.not_pending_deletion": ofKeys(func(l *look, k masterKey) error {
		l.is(!strings.HasPrefix(k.KeyState, "Pending") || !strings.HasSuffix(k.KeyState, "Deletion"), k.Arn, "the key is not about to be deleted", "the key is about to be deleted")
		return nil
	}),
	"rds.encrypted": ofDatabases(func(l *look, d database) {
		l.is(d.StorageEncrypted, d.DBInstanceArn, "storage is encrypted", "storage is not encrypted")
	}),
	"rds.not_public": ofDatabases(func(l *look, d database) {
		l.is(!d.PubliclyAccessible, d.DBInstanceArn, "the instance is not public", "the instance is public")
	}),
	"rds.backup": ofDatabases(func(l *look, d database) {
		l.is(d.BackupRetentionPeriod > 0, d.DBInstanceArn, fmt.Sprintf("backups are kept for %d days", d.BackupRetentionPeriod), "there are no automated backups")
	}),
	"rds.multi_az": ofDatabases(func(l *look, d database) {
		if !d.clustered() { // whose storage is in three zones by itself
			l.is(d.MultiAZ, d.DBInstanceArn, "the instance is in several zones", "the instance is in one zone")
		}
	}),
	"rds.minor_upgrade": ofDatabases(func(l *look, d database) {
		l.is(d.AutoMinorVersionUpgrade, d.DBInstanceArn, "minor versions are upgraded automatically", "minor versions are not upgraded automatically")
	}),
	"rds.logging": ofDatabases(func(l *look, d database) {
		l.is(len(d.EnabledCloudwatchLogsExports) > 0, d.DBInstanceArn, "logs are exported: "+strings.Join(d.EnabledCloudwatchLogsExports, ", "), "no logs are exported")
	}),
	"rds.deletion_protection": ofDatabases(func(l *look, d database) {
		l.is(d.DeletionProtection, d.DBInstanceArn, "the instance is protected from deletion", "the instance is not protected from deletion")
	}),
	"efs.encrypted": ofFileSystems(func(l *look, f fileSystem, arn string) error {
		l.is(f.Encrypted, arn, "the file system is encrypted", "the file system is not encrypted")
		return nil
	}),
	"efs.backup": ofFileSystems(func(l *look, f fileSystem, arn string) error {
		var out struct{ BackupPolicy *struct{ Status string } }
		err := l.ask("elasticfilesystem:DescribeBackupPolicy", in{"FileSystemId": f.FileSystemId}, &out)
		if err != nil && !refused(err, "PolicyNotFound") {
			return err
		}
		l.is(out.BackupPolicy != nil && out.BackupPolicy.Status == "ENABLED", arn, "the file system is backed up", "the file system is not backed up")
		return nil
	}),
	"cloudwatch.log_retention": ofLogGroups(func(l *look, g logGroup) {
		switch {
		case g.RetentionInDays == nil:
			l.say(compliance.Pass, g.arn(), "logs are kept without end")
		default:
			how := fmt.Sprintf("logs are kept for %d days", *g.RetentionInDays)
			l.is(*g.RetentionInDays >= 365, g.arn(), how, how+", 365 are wanted")
		}
	}),
	"cloudwatch.log_kms": ofLogGroups(func(l *look, g logGroup) {
		l.is(g.KmsKeyID != "", g.arn(), "logs are encrypted with a KMS key", "logs are not encrypted with a KMS key")
	}),
	"sns.kms": each("sns:ListTopics", nil, "Topics", func(_ *look, t topic) string { return t.TopicArn }, func(l *look, t topic, arn string) error {
		var out struct{ Attributes map[string]string }
		err := l.ask("sns:GetTopicAttributes", in{"TopicArn": t.TopicArn}, &out)
		if err == nil {
			l.is(out.Attributes["KmsMasterKeyId"] != "", arn, "the topic is encrypted with a KMS key", "the topic is not encrypted with a KMS key")
		}
		return err
	}),
}

type topic struct{ TopicArn string }

// masterKey is a key of KMS.
type masterKey struct{ KeyId, Arn, KeyManager, KeyState, KeySpec, Origin string }

// ofKeys is a check of each key that the customer manages.
func ofKeys(judge func(*look, masterKey) error) evaluator {
	type listed struct{ KeyId, KeyArn string }
	return each("kms:ListKeys", nil, "Keys", func(_ *look, k listed) string { return k.KeyArn }, func(l *look, k listed, _ string) error {
		var out struct{ KeyMetadata *masterKey }
		if err := l.ask("kms:DescribeKey", in{"KeyId": k.KeyId}, &out); err != nil {
			return err
		}
		if out.KeyMetadata == nil {
			return fmt.Errorf("kms:DescribeKey: the answer has no metadata")
		}
		if out.KeyMetadata.KeyManager != "CUSTOMER" {
			return nil
		}
		return judge(l, *out.KeyMetadata)
	})
}

// database is an instance of RDS.
type database struct {
	DBInstanceArn, Engine                                                                      string
	StorageEncrypted, PubliclyAccessible, MultiAZ, AutoMinorVersionUpgrade, DeletionProtection bool
	BackupRetentionPeriod                                                                      int
	EnabledCloudwatchLogsExports                                                               []string
}

// clustered tells whether the instance is one of a cluster that has its own storage.
func (d database) clustered() bool {
	return strings.HasPrefix(d.Engine, "aurora") || d.Engine == "docdb" || d.Engine == "neptune"
}

func ofDatabases(judge func(*look, database)) evaluator {
	return each("rds:DescribeDBInstances", nil, "DBInstances", func(_ *look, d database) string { return d.DBInstanceArn },
		func(l *look, d database, _ string) error { judge(l, d); return nil })
}

type fileSystem struct {
	FileSystemId string
	Encrypted    bool
}

func ofFileSystems(judge func(l *look, f fileSystem, arn string) error) evaluator {
	return each("elasticfilesystem:DescribeFileSystems", nil, "FileSystems", func(l *look, f fileSystem) string { return l.arn("elasticfilesystem", "file-system/"+f.FileSystemId) }, judge)
}

type logGroup struct {
	Arn, KmsKeyID   string
	RetentionInDays *int
}

func (g logGroup) arn() string { return strings.TrimSuffix(g.Arn, ":*") }

func ofLogGroups(judge func(*look, logGroup)) evaluator {
	return each("logs:DescribeLogGroups", nil, "LogGroups", func(_ *look, g logGroup) string { return g.arn() },
		func(l *look, g logGroup, _ string) error { judge(l, g); return nil })
}
