package assess

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"landlord/guard/compliance"
)

// network are the checks of VPCs.
var network = map[string]evaluator{
	"vpc.flow_logs": {look: func(l *look) error {
		vpcs, err := list[struct{ VpcId string }](l, "ec2:DescribeVpcs", nil, "Vpcs")
		if err != nil {
			return err
		}
		type flowLog struct{ ResourceId, FlowLogStatus string }
		logs, err := list[flowLog](l, "ec2:DescribeFlowLogs", nil, "FlowLogs")
		if err != nil {
			return err
		}
		for _, v := range vpcs {
			on := slices.ContainsFunc(logs, func(f flowLog) bool { return f.ResourceId == v.VpcId && f.FlowLogStatus == "ACTIVE" })
			l.is(on, l.arn("ec2", "vpc/"+v.VpcId), "flow logs are on", "the VPC has no active flow log")
		}
		return nil
	}},
	"vpc.default_sg_closed": ofGroups(func(l *look, g group, arn string) {
		if g.GroupName == "default" {
			l.is(len(g.IpPermissions)+len(g.IpPermissionsEgress) == 0, arn, "the default security group has no rules", fmt.Sprintf("the default security group has %d rules in and %d out", len(g.IpPermissions), len(g.IpPermissionsEgress)))
		}
	}),
	"vpc.sg_no_ssh":  ofPort(22),
	"vpc.sg_no_rdp":  ofPort(3389),
	"vpc.sg_no_cifs": ofPort(445),
	"vpc.sg_no_all_ports": ofGroups(func(l *look, g group, arn string) {
		for _, p := range g.IpPermissions {
			if from := p.world(); from != "" && (p.IpProtocol == "-1" || p.FromPort <= 1 && p.ToPort >= 65535 && (p.IpProtocol == "tcp" || p.IpProtocol == "udp")) {
				l.say(compliance.Fail, arn, "all ports are open to "+from)
				return
			}
		}
		l.say(compliance.Pass, arn, "no rule opens all ports to the internet")
	}),
	"vpc.nacl_no_admin_ports": each("ec2:DescribeNetworkAcls", nil, "NetworkAcls", func(l *look, a acl) string { return l.arn("ec2", "network-acl/"+a.NetworkAclId) },
		func(l *look, a acl, arn string) error {
			var open []string
			for _, port := range []int{22, 3389} {
				for _, from := range []string{"0.0.0.0/0", "::/0"} {
					if a.lets(from, port) {
						open = append(open, fmt.Sprintf("%d to %s", port, from))
					}
				}
			}
			l.is(open == nil, arn, "22 and 3389 are not open to the internet", "open: "+strings.Join(open, ", "))
			return nil
		}),
	"vpc.subnet_no_auto_public_ip": each("ec2:DescribeSubnets", nil, "Subnets", func(l *look, s subnet) string { return l.arn("ec2", "subnet/"+s.SubnetId) },
		func(l *look, s subnet, arn string) error {
			l.is(!s.MapPublicIpOnLaunch, arn, "the subnet assigns no public addresses", "the subnet assigns public addresses")
			return nil
		}),
}

type subnet struct {
	SubnetId            string
	MapPublicIpOnLaunch bool
}

type group struct {
	GroupId, GroupName                 string
	IpPermissions, IpPermissionsEgress []permission
}

// permission is a rule of a security group; without ports it is of all.
type permission struct {
	IpProtocol       string
	FromPort, ToPort int
	IpRanges         []struct{ CidrIp string }
	Ipv6Ranges       []struct{ CidrIpv6 string }
}

// world is the range of a rule's that is the whole internet, "" if it has none.
func (p permission) world() string {
	var all []string
	for _, r := range p.IpRanges {
		all = append(all, r.CidrIp)
	}
	for _, r := range p.Ipv6Ranges {
		all = append(all, r.CidrIpv6)
	}
	for _, cidr := range all {
		if whole(cidr) {
			return cidr
		}
	}
	return ""
}

// whole tells whether a range is all of IPv4 or of IPv6.
func whole(cidr string) bool {
	p, err := netip.ParsePrefix(cidr)
	return err == nil && p.Bits() == 0
}

// opens tells whether a rule lets TCP to the port through.
func (p permission) opens(port int) bool {
	return p.IpProtocol == "-1" || (p.IpProtocol == "tcp" || p.IpProtocol == "6") && p.FromPort <= port && port <= p.ToPort
}

func ofGroups(judge func(l *look, g group, arn string)) evaluator {
	return each("ec2:DescribeSecurityGroups", nil, "SecurityGroups", func(l *look, g group) string { return l.arn("ec2", "security-group/"+g.GroupId) },
		func(l *look, g group, arn string) error { judge(l, g, arn); return nil })
}

// ofPort is a check that no security group opens a port to the internet.
func ofPort(port int) evaluator {
	return ofGroups(func(l *look, g group, arn string) {
		for _, p := range g.IpPermissions {
			if from := p.world(); from != "" && p.opens(port) {
				l.say(compliance.Fail, arn, fmt.Sprintf("port %d is open to %s", port, from))
				return
			}
		}
		l.say(compliance.Pass, arn, fmt.Sprintf("port %d is not open to the internet", port))
	})
}

type acl struct {
	NetworkAclId string
	Entries      []entry
}

// entry is a rule of a network ACL.
type entry struct {
	RuleNumber                                     int
	Egress                                         bool
	RuleAction, Protocol, CidrBlock, Ipv6CidrBlock string
	PortRange                                      *struct{ From, To int }
}

// lets tells whether all of the internet may reach a TCP port: the first entry, by
// number, that is about all of it and the port decides. One that denies a part of
// the internet leaves the rest.
//
// Source: VPC user guide, "Network ACL rules".
func (a acl) lets(from string, port int) bool {
	inbound := slices.DeleteFunc(slices.Clone(a.Entries), func(e entry) bool { return e.Egress })
	slices.SortFunc(inbound, func(a, b entry) int { return a.RuleNumber - b.RuleNumber })
	for _, e := range inbound {
		about := e.Protocol == "-1" || e.Protocol == "6" && (e.PortRange == nil || e.PortRange.From <= port && port <= e.PortRange.To)
		if about && (e.CidrBlock == from || e.Ipv6CidrBlock == from) {
			return e.RuleAction == "allow"
		}
	}
	return false
}
