package estate

import "strconv"

// network makes the VPC that every region has, and what guards it.
func (s seeded) network() {
	r := s.chance("network " + s.region)
	vpc, subnet, acl := "vpc-0"+word(r, hex, 16), "subnet-0"+word(r, hex, 16), "acl-0"+word(r, hex, 16)
	s.add("vpc", vpc, Doc{"VpcId": vpc, "CidrBlock": "172.31.0.0/16", "IsDefault": true, "State": "available", "OwnerId": s.account, "InstanceTenancy": "default"})
	s.add("subnet", subnet, Doc{"SubnetId": subnet, "VpcId": vpc, "CidrBlock": "172.31.0.0/20", "AvailabilityZone": s.region + "a", "State": "available", "DefaultForAz": true,
		"MapPublicIpOnLaunch": !sure(r, 40), "OwnerId": s.account})
	everything := []Doc{{"IpProtocol": "-1", "IpRanges": []Doc{{"CidrIp": "0.0.0.0/0"}}, "Ipv6Ranges": []Doc{}, "PrefixListIds": []Doc{}, "UserIdGroupPairs": []Doc{}}}
	group := "sg-0" + word(r, hex, 16)
	own := []Doc{{"IpProtocol": "-1", "IpRanges": []Doc{}, "Ipv6Ranges": []Doc{}, "PrefixListIds": []Doc{}, "UserIdGroupPairs": []Doc{{"GroupId": group, "UserId": s.account}}}}
	closed := Doc{"GroupId": group, "GroupName": "default", "Description": "default VPC security group", "VpcId": vpc, "OwnerId": s.account, "IpPermissions": own, "IpPermissionsEgress": everything}
	if sure(r, 45) {
		closed["IpPermissions"], closed["IpPermissionsEgress"] = []Doc{}, []Doc{}
	}
	s.add("securitygroup", group, closed)
	port, to := 443, 443
	if s.region == Home && !sure(r, 50) {
		all := [][2]int{{22, 22}, {3389, 3389}, {445, 445}, {0, 65535}}
		span := all[r.IntN(len(all))]
		port, to = span[0], span[1]
	}
	if s.region == Home {
		web := "sg-0" + word(r, hex, 16)
		in := Doc{"IpProtocol": "tcp", "FromPort": port, "ToPort": to, "IpRanges": []Doc{{"CidrIp": "0.0.0.0/0"}}, "Ipv6Ranges": []Doc{}, "PrefixListIds": []Doc{}, "UserIdGroupPairs": []Doc{}}
		if sure(r, 30) {
			in["IpRanges"], in["Ipv6Ranges"] = []Doc{}, []Doc{{"CidrIpv6": "::/0"}}
		}
		s.add("securitygroup", web, Doc{"GroupId": web, "GroupName": "web", "Description": "web", "VpcId": vpc, "OwnerId": s.account, "IpPermissions": []Doc{in}, "IpPermissionsEgress": everything})
	}
	entries := []Doc{}
	for _, egress := range []bool{false, true} {
		if !egress && sure(r, 50) {
			for i, admin := range []int{22, 3389} {
				entries = append(entries, Doc{"RuleNumber": 90 + i, "Egress": false, "Protocol": "6", "RuleAction": "deny", "CidrBlock": "0.0.0.0/0", "PortRange": Doc{"From": admin, "To": admin}})
			}
		}
		entries = append(entries, Doc{"RuleNumber": 100, "Egress": egress, "Protocol": "-1", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"},
			Doc{"RuleNumber": 32767, "Egress": egress, "Protocol": "-1", "RuleAction": "deny", "CidrBlock": "0.0.0.0/0"})
	}
	s.add("networkacl", acl, Doc{"NetworkAclId": acl, "VpcId": vpc, "IsDefault": true, "OwnerId": s.account, "Entries": entries,
		"Associations": []Doc{{"NetworkAclAssociationId": "aclassoc-0" + word(r, hex, 16), "NetworkAclId": acl, "SubnetId": subnet}}})
	if sure(r, 50) {
		f := "fl-0" + word(r, hex, 16)
		s.add("flowlog", f, Doc{"FlowLogId": f, "ResourceId": vpc, "TrafficType": "ALL", "FlowLogStatus": "ACTIVE", "DeliverLogsStatus": "SUCCESS", "LogDestinationType": "s3",
			"LogDestination": "arn:aws:s3:::logs-" + s.account, "CreationTime": s.ago(200)})
	}
}

// switches are what a region has on or off.
func (s seeded) switches() {
	r := s.chance("switches " + s.region)
	s.add("ebsdefault", "ebs", Doc{"Encrypted": sure(r, 55)})
	if sure(r, 50) {
		s.add("analyzer", "own", newAnalyzer(s.account, "own", "ACCOUNT", s.region, s.ago(200)))
	}
	if sure(r, 50) {
		s.add("hub", "default", Doc{"HubArn": "arn:aws:securityhub:" + s.region + ":" + s.account + ":hub/default", "SubscribedAt": s.ago(200), "AutoEnableControls": true, "ControlFindingGenerator": "SECURITY_CONTROL"})
	}
	if sure(r, 40) {
		s.add("macie", "session", Doc{"status": "ENABLED", "createdAt": s.ago(200), "updatedAt": s.ago(200), "findingPublishingFrequency": "FIFTEEN_MINUTES",
			"serviceRole": s.iam("role/aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie")})
	}
}

// machines makes what runs: instances, volumes, databases, a file system.
func (s seeded) machines() {
	r := s.chance("machines " + s.region)
	for i := range 1 + r.IntN(2) {
		id, volume := "i-0"+word(r, hex, 16), "vol-0"+word(r, hex, 16)
		options := Doc{"State": "applied", "HttpTokens": "required", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 2}
		if !sure(r, 70) {
			options["HttpTokens"] = "optional"
		}
		instance := Doc{"InstanceId": id, "ImageId": "ami-0" + word(r, hex, 16), "InstanceType": "t3.micro", "State": Doc{"Code": 16, "Name": "running"}, "LaunchTime": s.ago(100), "MetadataOptions": options,
			"PrivateIpAddress": "172.31.0." + strconv.Itoa(10+i), "Placement": Doc{"AvailabilityZone": s.region + "a"}}
		if sure(r, 65) {
			instance["IamInstanceProfile"] = Doc{"Arn": s.iam("instance-profile/app"), "Id": "AIPA" + word(r, base32, 17)}
		}
		if !sure(r, 70) {
			instance["PublicIpAddress"] = "198.51.100." + strconv.Itoa(10+i)
		}
		s.add("instance", id, instance)
		s.add("volume", volume, Doc{"VolumeId": volume, "Size": 8, "VolumeType": "gp3", "State": "in-use", "Encrypted": sure(r, 70), "AvailabilityZone": s.region + "a", "CreateTime": s.ago(100),
			"Attachments": []Doc{{"InstanceId": id, "VolumeId": volume, "State": "attached", "Device": "/dev/xvda", "AttachTime": s.ago(100)}}})
		snapshot := "snap-0" + word(r, hex, 16)
		s.add("snapshot", snapshot, Doc{"SnapshotId": snapshot, "VolumeId": volume, "State": "completed", "OwnerId": s.account, "VolumeSize": 8, "Encrypted": false, "Progress": "100%",
			"StartTime": s.ago(50), "Public": !sure(r, 85)})
	}
	for i := range 1 + r.IntN(2) {
		name := "db" + strconv.Itoa(i+1)
		d := Doc{"DBInstanceIdentifier": name, "DBInstanceArn": "arn:aws:rds:" + s.region + ":" + s.account + ":db:" + name, "DBInstanceClass": "db.t3.micro", "Engine": "postgres", "EngineVersion": "16.4",
			"DBInstanceStatus": "available", "AllocatedStorage": 20, "InstanceCreateTime": s.ago(150), "StorageEncrypted": sure(r, 70), "PubliclyAccessible": !sure(r, 75), "MultiAZ": sure(r, 55),
			"AutoMinorVersionUpgrade": sure(r, 75), "BackupRetentionPeriod": []int{0, 7}[r.IntN(2)], "DeletionProtection": sure(r, 50)}
		if sure(r, 50) {
			d["EnabledCloudwatchLogsExports"] = []string{"postgresql"}
		}
		s.add("database", name, d)
	}
	id := "fs-0" + word(r, hex, 16)
	s.add("filesystem", id, newFileSystem(s.account, id, s.region, s.ago(120), sure(r, 55)))
}
