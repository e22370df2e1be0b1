package estate

import (
	"fmt"
	"slices"
	"strings"
)

var ec2Operations = map[string]Operation{
	"GetEbsEncryptionByDefault": defaultEncryption, "EnableEbsEncryptionByDefault": setDefaultEncryption(true), "DisableEbsEncryptionByDefault": setDefaultEncryption(false),
	"DescribeVolumes": described("Volumes", "volume", "VolumeId"), "CreateVolume": createVolume, "DeleteVolume": dropNamed("volume", "VolumeId", "InvalidVolume.NotFound"),
	"DescribeSnapshots": described("Snapshots", "snapshot", "SnapshotId"), "DescribeSnapshotAttribute": snapshotAttribute, "ModifySnapshotAttribute": modifySnapshot,
	"DescribeInstances": describeInstances, "ModifyInstanceMetadataOptions": modifyMetadata, "AssociateIamInstanceProfile": associateProfile, "TerminateInstances": terminateInstances,
	"DescribeVpcs": described("Vpcs", "vpc", "VpcId"), "DescribeSubnets": described("Subnets", "subnet", "SubnetId"), "ModifySubnetAttribute": modifySubnet,
	"DescribeFlowLogs": describeFlowLogs, "CreateFlowLogs": createFlowLogs, "DeleteFlowLogs": deleteFlowLogs,
	"DescribeSecurityGroups":        described("SecurityGroups", "securitygroup", "GroupId"),
	"AuthorizeSecurityGroupIngress": ofGroupID(authorizeIngress), "RevokeSecurityGroupIngress": ofGroupID(revoke("IpPermissions")), "RevokeSecurityGroupEgress": ofGroupID(revoke("IpPermissionsEgress")),
	"DescribeNetworkAcls": described("NetworkAcls", "networkacl", "NetworkAclId"), "CreateNetworkAclEntry": changeEntry(true, false),
	"ReplaceNetworkAclEntry": changeEntry(true, true), "DeleteNetworkAclEntry": changeEntry(false, true),
	"DescribeRegions": describeRegions,
}

// described lists resources: those whose ids the call names, and that pass its
// filters.
func described(member, kind, id string) Operation {
	return func(c *Call) (Doc, error) {
		all := c.all(c.Region, kind)
		wanted := c.texts(id + "s")
		for _, one := range wanted {
			if c.one(c.Region, kind, one) == nil {
				return nil, refuse("Invalid"+strings.TrimSuffix(id, "Id")+notFoundSuffix[kind], fmt.Sprintf("The %s ID '%s' does not exist", kind, one))
			}
		}
		if len(wanted) > 0 {
			all = slices.DeleteFunc(all, func(d Doc) bool { return !slices.Contains(wanted, text(d, id)) })
		}
		all, err := c.filtered(all)
		if err != nil {
			return nil, err
		}
		return tokenPages.list(c, member, all)
	}
}

// notFoundSuffix is how EC2 ends its refusal of an id that is none.
//
// Source: EC2 API reference, "Error codes".
var notFoundSuffix = map[string]string{"vpc": "ID.NotFound", "subnet": "ID.NotFound", "networkacl": "ID.NotFound", "volume": ".NotFound", "snapshot": ".NotFound", "securitygroup": ".NotFound"}

// filtered keeps what passes the call's filters: each is a member of the
// resource, in EC2's spelling of it.
func (c *Call) filtered(all []Doc) ([]Doc, error) {
	filters := docs(c.In, "Filters")
	for _, f := range append(filters, docs(c.In, "Filter")...) {
		name, values := text(f, "Name"), texts(f, "Values")
		if name == "" || strings.HasPrefix(name, "tag") {
			return nil, refuse("InvalidParameterValue", "The filter '"+name+"' is invalid")
		}
		member := memberOf(name)
		all = slices.DeleteFunc(all, func(d Doc) bool { return !slices.Contains(values, fmt.Sprint(d[member])) })
	}
	return all, nil
}

// memberOf is the member that a filter is of: vpc-id is VpcId.
func memberOf(filter string) string {
	switch filter {
	case "isDefault", "is-default":
		return "IsDefault"
	case "default":
		return "IsDefault"
	case "instance-state-name":
		return "StateName"
	}
	var b strings.Builder
	for part := range strings.SplitSeq(filter, "-") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

// dropNamed takes away the resource that the call names.
func dropNamed(kind, id, code string) Operation {
	return func(c *Call) (Doc, error) {
		if c.one(c.Region, kind, c.text(id)) == nil {
			return nil, refuse(code, fmt.Sprintf("The %s '%s' does not exist.", kind, c.text(id)))
		}
		c.put(c.Region, kind, c.text(id), nil)
		return nil, nil
	}
}

func defaultEncryption(c *Call) (Doc, error) {
	return Doc{"EbsEncryptionByDefault": flag(c.one(c.Region, "ebsdefault", "ebs"), "Encrypted")}, nil
}

func setDefaultEncryption(on bool) Operation {
	return func(c *Call) (Doc, error) {
		c.put(c.Region, "ebsdefault", "ebs", Doc{"Encrypted": on})
		return Doc{"EbsEncryptionByDefault": on}, nil
	}
}

func createVolume(c *Call) (Doc, error) {
	encrypted := flag(c.In, "Encrypted") || flag(c.one(c.Region, "ebsdefault", "ebs"), "Encrypted")
	v := Doc{"VolumeId": "vol-0" + c.id(16), "Size": max(number(c.In, "Size"), 1), "VolumeType": "gp3", "Encrypted": encrypted, "State": "available",
		"AvailabilityZone": c.In["AvailabilityZone"], "CreateTime": stamp(c.Now), "Attachments": []any{}}
	c.put(c.Region, "volume", text(v, "VolumeId"), v)
	return c.one(c.Region, "volume", text(v, "VolumeId")), nil
}

func snapshotAttribute(c *Call) (Doc, error) {
	s := c.one(c.Region, "snapshot", c.text("SnapshotId"))
	if s == nil {
		return nil, refuse("InvalidSnapshot.NotFound", "The snapshot '"+c.text("SnapshotId")+"' does not exist.")
	}
	permissions := []any{}
	if flag(s, "Public") {
		permissions = append(permissions, Doc{"Group": "all"})
	}
	return Doc{"SnapshotId": s["SnapshotId"], "CreateVolumePermissions": permissions}, nil
}

func modifySnapshot(c *Call) (Doc, error) {
	s := c.one(c.Region, "snapshot", c.text("SnapshotId"))
	if s == nil {
		return nil, refuse("InvalidSnapshot.NotFound", "The snapshot '"+c.text("SnapshotId")+"' does not exist.")
	}
	permission := sub(c.In, "CreateVolumePermission")
	public := flag(s, "Public")
	isAll := func(d Doc) bool { return text(d, "Group") == "all" }
	everybody := slices.Contains(c.texts("GroupNames"), "all")
	switch {
	case slices.ContainsFunc(docs(permission, "Remove"), isAll), everybody && c.text("OperationType") == "remove":
		public = false
	case slices.ContainsFunc(docs(permission, "Add"), isAll), everybody && c.text("OperationType") == "add":
		public = true
	}
	c.put(c.Region, "snapshot", c.text("SnapshotId"), with(s, Doc{"Public": public}))
	return nil, nil
}

func describeInstances(c *Call) (Doc, error) {
	wanted, all := c.texts("InstanceIds"), []Doc{}
	for _, id := range wanted {
		if c.one(c.Region, "instance", id) == nil {
			return nil, refuse("InvalidInstanceID.NotFound", "The instance ID '"+id+"' does not exist")
		}
	}
	for _, i := range c.all(c.Region, "instance") {
		if len(wanted) == 0 || slices.Contains(wanted, text(i, "InstanceId")) {
			all = append(all, with(i, Doc{"StateName": sub(i, "State")["Name"]}))
		}
	}
	all, err := c.filtered(all)
	if err != nil {
		return nil, err
	}
	reservations := make([]Doc, len(all))
	for i, instance := range all {
		reservations[i] = Doc{"ReservationId": "r-" + strings.TrimPrefix(text(instance, "InstanceId"), "i-"), "OwnerId": c.Account, "Groups": []any{}, "Instances": []any{instance}}
	}
	return tokenPages.list(c, "Reservations", reservations)
}

// instance is the instance that a call names.
func (c *Call) instance(id string) (Doc, error) {
	i := c.one(c.Region, "instance", id)
	if i == nil {
		return nil, refuse("InvalidInstanceID.NotFound", "The instance ID '"+id+"' does not exist")
	}
	return i, nil
}

func modifyMetadata(c *Call) (Doc, error) {
	i, err := c.instance(c.text("InstanceId"))
	if err != nil {
		return nil, err
	}
	options := sub(i, "MetadataOptions")
	for _, name := range []string{"HttpTokens", "HttpEndpoint", "HttpPutResponseHopLimit", "InstanceMetadataTags"} {
		if c.In[name] != nil {
			options = with(options, Doc{name: c.In[name]})
		}
	}
	c.put(c.Region, "instance", c.text("InstanceId"), with(i, Doc{"MetadataOptions": options}))
	return Doc{"InstanceId": i["InstanceId"], "InstanceMetadataOptions": options}, nil
}

func associateProfile(c *Call) (Doc, error) {
	i, err := c.instance(c.text("InstanceId"))
	if err != nil {
		return nil, err
	}
	profile := sub(c.In, "IamInstanceProfile")
	arn := text(profile, "Arn")
	if arn == "" {
		arn = c.iam("instance-profile/" + text(profile, "Name"))
	}
	made := Doc{"Arn": arn, "Id": "AIPA" + word(c.Chance, base32, 17)}
	c.put(c.Region, "instance", c.text("InstanceId"), with(i, Doc{"IamInstanceProfile": made}))
	c.put(c.Region, "agent", c.text("InstanceId"), newAgent(c.text("InstanceId"), stamp(c.Now))) // AWS's images have one, and it lacked the role
	return Doc{"IamInstanceProfileAssociation": Doc{"AssociationId": "iip-assoc-0" + c.id(16), "InstanceId": i["InstanceId"], "IamInstanceProfile": made, "State": "associating"}}, nil
}

func terminateInstances(c *Call) (Doc, error) {
	for _, id := range c.texts("InstanceIds") {
		if _, err := c.instance(id); err != nil {
			return nil, err
		}
	}
	out := []any{}
	for _, id := range c.texts("InstanceIds") {
		c.put(c.Region, "instance", id, nil)
		out = append(out, Doc{"InstanceId": id, "CurrentState": Doc{"Code": 32, "Name": "shutting-down"}, "PreviousState": Doc{"Code": 16, "Name": "running"}})
	}
	return Doc{"TerminatingInstances": out}, nil
}

func modifySubnet(c *Call) (Doc, error) {
	s := c.one(c.Region, "subnet", c.text("SubnetId"))
	if s == nil {
		return nil, refuse("InvalidSubnetID.NotFound", "The subnet ID '"+c.text("SubnetId")+"' does not exist")
	}
	if on, ok := sub(c.In, "MapPublicIpOnLaunch")["Value"]; ok {
		c.put(c.Region, "subnet", c.text("SubnetId"), with(s, Doc{"MapPublicIpOnLaunch": on}))
	}
	return nil, nil
}

func describeFlowLogs(c *Call) (Doc, error) {
	all, err := c.filtered(c.all(c.Region, "flowlog"))
	if err != nil {
		return nil, err
	}
	if wanted := c.texts("FlowLogIds"); len(wanted) > 0 {
		all = slices.DeleteFunc(all, func(d Doc) bool { return !slices.Contains(wanted, text(d, "FlowLogId")) })
	}
	return tokenPages.list(c, "FlowLogs", all)
}

func createFlowLogs(c *Call) (Doc, error) {
	var ids []string
	var failed []Doc
	for _, on := range c.texts("ResourceIds") {
		if c.one(c.Region, "vpc", on) == nil && c.one(c.Region, "subnet", on) == nil {
			failed = append(failed, Doc{"ResourceId": on, "Error": Doc{"Code": "InvalidVpcId.NotFound", "Message": "The Vpc ID '" + on + "' does not exist"}})
			continue
		}
		f := Doc{"FlowLogId": "fl-0" + c.id(16), "ResourceId": on, "TrafficType": c.In["TrafficType"], "FlowLogStatus": "ACTIVE", "DeliverLogsStatus": "SUCCESS", "CreationTime": stamp(c.Now),
			"LogDestinationType": c.In["LogDestinationType"], "LogDestination": c.In["LogDestination"], "LogGroupName": c.In["LogGroupName"]}
		c.put(c.Region, "flowlog", text(f, "FlowLogId"), with(f, nil))
		ids = append(ids, text(f, "FlowLogId"))
	}
	return Doc{"FlowLogIds": listOf(ids), "Unsuccessful": listOf(failed)}, nil
}

func deleteFlowLogs(c *Call) (Doc, error) {
	for _, id := range c.texts("FlowLogIds") {
		if c.one(c.Region, "flowlog", id) == nil {
			return nil, refuse("InvalidFlowLogId.NotFound", "These flow log ids in the input list are not found: [TotalCount: 1] "+id)
		}
		c.put(c.Region, "flowlog", id, nil)
	}
	return Doc{"Unsuccessful": []any{}}, nil
}

func describeRegions(c *Call) (Doc, error) {
	var all []Doc
	for _, name := range regions {
		if wanted := c.texts("RegionNames"); len(wanted) == 0 || slices.Contains(wanted, name) {
			all = append(all, Doc{"RegionName": name, "Endpoint": "ec2." + name + ".amazonaws.com", "OptInStatus": "opt-in-not-required"})
		}
	}
	return Doc{"Regions": listOf(all)}, nil
}

// regions are those that every account has.
//
// Source: Account Management reference guide, "Enable or disable AWS Regions in
// your account", mid-2026.
var regions = strings.Fields(`ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-southeast-1 ap-southeast-2 ca-central-1
	eu-central-1 eu-north-1 eu-west-1 eu-west-2 eu-west-3 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2`)
