package assess

import (
	"cmp"
	"fmt"
	"slices"

	"landlord/guard/compliance"
)

// copies are the checks of tables, backups and snapshots.
var copies = map[string]evaluator{
	// Snapshots of clusters are shared by calls of their own. Those that AWS makes by
	// itself cannot be.
	"rds.snapshot_not_public": {look: func(l *look) error {
		type snapshot struct{ DBSnapshotIdentifier, DBSnapshotArn, DBClusterSnapshotIdentifier, DBClusterSnapshotArn string }
		for _, of := range []struct{ list, members, show, named, answer, attributes string }{
			{"rds:DescribeDBSnapshots", "DBSnapshots", "rds:DescribeDBSnapshotAttributes", "DBSnapshotIdentifier", "DBSnapshotAttributesResult", "DBSnapshotAttributes"},
			{"rds:DescribeDBClusterSnapshots", "DBClusterSnapshots", "rds:DescribeDBClusterSnapshotAttributes", "DBClusterSnapshotIdentifier", "DBClusterSnapshotAttributesResult", "DBClusterSnapshotAttributes"},
		} {
			all, err := list[snapshot](l, of.list, in{"SnapshotType": "manual"}, of.members)
			if err != nil {
				return err
			}
			every(l, all, func(s snapshot) string { return cmp.Or(s.DBSnapshotArn, s.DBClusterSnapshotArn) }, func(s snapshot) error {
				var out map[string]map[string]any
				if err := l.ask(of.show, in{of.named: cmp.Or(s.DBSnapshotIdentifier, s.DBClusterSnapshotIdentifier)}, &out); err != nil {
					return err
				}
				attributes, is := out[of.answer][of.attributes].([]any)
				if !is {
					return fmt.Errorf("%s: the answer has no %s", of.show, of.attributes)
				}
				public := slices.ContainsFunc(attributes, func(a any) bool {
					one, _ := a.(map[string]any)
					values, _ := one["AttributeValues"].([]any)
					return one["AttributeName"] == "restore" && slices.Contains(values, "all")
				})
				l.is(!public, cmp.Or(s.DBSnapshotArn, s.DBClusterSnapshotArn), "the snapshot is not public", "everybody may restore the snapshot")
				return nil
			})
		}
		return nil
	}},
	"dynamodb.pitr": ofTables(func(l *look, table, arn string) error {
		var out struct {
			ContinuousBackupsDescription *struct {
				PointInTimeRecoveryDescription *struct{ PointInTimeRecoveryStatus string }
			}
		}
		err := l.ask("dynamodb:DescribeContinuousBackups", in{"TableName": table}, &out)
		if err != nil {
			return err
		}
		d := out.ContinuousBackupsDescription
		on := d != nil && d.PointInTimeRecoveryDescription != nil && d.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus == "ENABLED"
		l.is(on, arn, "the table can be brought back to any moment", "the table has no point-in-time recovery")
		return nil
	}),
	"dynamodb.kms": ofTables(func(l *look, table, arn string) error {
		var out struct {
			Table *struct {
				SSEDescription *struct{ Status, SSEType string }
			}
		}
		if err := l.ask("dynamodb:DescribeTable", in{"TableName": table}, &out); err != nil {
			return err
		}
		s := out.Table != nil && out.Table.SSEDescription != nil
		l.is(s && out.Table.SSEDescription.Status == "ENABLED" && out.Table.SSEDescription.SSEType == "KMS", arn, "the table is encrypted with a KMS key", "the table is encrypted with a key of DynamoDB's own")
		return nil
	}),
	"backup.recovery_point_encrypted": {look: func(l *look) error {
		type vault struct{ BackupVaultName, BackupVaultArn string }
		vaults, err := list[vault](l, "backup:ListBackupVaults", nil, "BackupVaultList")
		every(l, vaults, func(v vault) string { return v.BackupVaultArn }, func(v vault) error {
			type point struct {
				RecoveryPointArn string
				IsEncrypted      bool
			}
			points, err := list[point](l, "backup:ListRecoveryPointsByBackupVault", in{"BackupVaultName": v.BackupVaultName}, "RecoveryPoints")
			for _, p := range points {
				l.is(p.IsEncrypted, p.RecoveryPointArn, "the recovery point is encrypted", "the recovery point is not encrypted")
			}
			return err
		})
		return err
	}},
	"backup.plan_exists": {look: func(l *look) error {
		type listed struct{ BackupPlanId, BackupPlanArn string }
		plans, err := list[listed](l, "backup:ListBackupPlans", nil, "BackupPlansList")
		if err != nil {
			return err
		}
		for _, p := range plans {
			var out struct {
				BackupPlan *struct {
					Rules []struct {
						Lifecycle *struct{ DeleteAfterDays *int }
					}
				}
			}
			if err := l.ask("backup:GetBackupPlan", in{"BackupPlanId": p.BackupPlanId}, &out); err != nil {
				return err
			}
			if out.BackupPlan == nil {
				return fmt.Errorf("backup:GetBackupPlan: the answer has no plan")
			}
			for _, r := range out.BackupPlan.Rules {
				if r.Lifecycle == nil || r.Lifecycle.DeleteAfterDays == nil || *r.Lifecycle.DeleteAfterDays >= 35 {
					l.say(compliance.Pass, "", "a plan keeps backups for 35 days or more: "+p.BackupPlanArn)
					return nil
				}
			}
		}
		l.say(compliance.Fail, "", fmt.Sprintf("none of %d plans keeps backups for 35 days", len(plans)))
		return nil
	}},
}

// ofTables is a check of each table of DynamoDB.
func ofTables(judge func(l *look, table, arn string) error) evaluator {
	return each("dynamodb:ListTables", nil, "TableNames", func(l *look, name string) string { return l.arn("dynamodb", "table/"+name) },
		func(l *look, name, arn string) error { return judge(l, name, arn) })
}
