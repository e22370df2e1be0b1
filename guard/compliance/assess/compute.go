package assess

import "landlord/guard/compliance"

// compute are the checks of EC2's instances and of EBS.
var compute = map[string]evaluator{
	"ec2.ebs_default_encryption": {look: func(l *look) error {
		var out struct{ EbsEncryptionByDefault *bool }
		err := l.ask("ec2:GetEbsEncryptionByDefault", nil, &out)
		if err == nil {
			l.is(out.EbsEncryptionByDefault != nil && *out.EbsEncryptionByDefault, "", "new volumes are encrypted", "new volumes are not encrypted by default")
		}
		return err
	}},
	"ec2.ebs_volume_encryption": each("ec2:DescribeVolumes", nil, "Volumes", func(l *look, v volume) string { return l.arn("ec2", "volume/"+v.VolumeId) }, func(l *look, v volume, arn string) error {
		l.is(v.Encrypted, arn, "the volume is encrypted", "the volume is not encrypted")
		return nil
	}),
	"ec2.ebs_snapshot_public": each("ec2:DescribeSnapshots", in{"OwnerIds": []string{"self"}}, "Snapshots", func(l *look, s snapshot) string { return "arn:aws:ec2:" + l.region + "::snapshot/" + s.SnapshotId }, func(l *look, s snapshot, arn string) error {
		type permission struct{ Group string }
		all, err := list[permission](l, "ec2:DescribeSnapshotAttribute", in{"SnapshotId": s.SnapshotId, "Attribute": "createVolumePermission"}, "CreateVolumePermissions")
		if err != nil {
			return err
		}
		for _, p := range all {
			if p.Group == "all" {
				l.say(compliance.Fail, arn, "everybody may restore the snapshot")
				return nil
			}
		}
		l.say(compliance.Pass, arn, "the snapshot is not public")
		return nil
	}),
	"ec2.imdsv2": ofInstances(func(l *look, i instance, arn string) {
		l.is(i.MetadataOptions.HttpTokens == "required" || i.MetadataOptions.HttpEndpoint == "disabled", arn, "the metadata service wants tokens", "the metadata service answers without a token")
	}),
	"ec2.no_public_ip": ofInstances(func(l *look, i instance, arn string) {
		l.is(i.PublicIpAddress == "", arn, "the instance has no public address", "the instance has the public address "+i.PublicIpAddress)
	}),
	"ec2.instance_profile": ofInstances(func(l *look, i instance, arn string) {
		l.is(i.IamInstanceProfile != nil, arn, "the instance has a profile", "the instance has no profile")
	}),
}

type volume struct {
	VolumeId  string
	Encrypted bool
}

type snapshot struct{ SnapshotId string }

type instance struct {
	InstanceId         string
	State              struct{ Name string }
	PublicIpAddress    string
	IamInstanceProfile *struct{ Arn string }
	MetadataOptions    struct{ HttpTokens, HttpEndpoint string }
}

// ofInstances is a check of each instance that has not been terminated.
func ofInstances(judge func(l *look, i instance, arn string)) evaluator {
	return evaluator{look: func(l *look) error {
		reservations, err := list[struct{ Instances []instance }](l, "ec2:DescribeInstances", nil, "Reservations")
		for _, r := range reservations {
			for _, i := range r.Instances {
				if i.State.Name != "terminated" && i.State.Name != "shutting-down" {
					judge(l, i, l.arn("ec2", "instance/"+i.InstanceId))
				}
			}
		}
		return err
	}}
}
