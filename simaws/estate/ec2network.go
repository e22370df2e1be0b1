package estate

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// ofGroupID runs an operation on the security group that the call names.
func ofGroupID(run func(*Call, Doc) (Doc, error)) Operation {
	return func(c *Call) (Doc, error) {
		id := c.text("GroupId")
		for _, g := range c.all(c.Region, "securitygroup") {
			if id == "" && c.text("GroupName") != "" && text(g, "GroupName") == c.text("GroupName") {
				id = text(g, "GroupId")
			}
		}
		g := c.one(c.Region, "securitygroup", id)
		if g == nil {
			return nil, refuse("InvalidGroup.NotFound", "The security group '"+id+"' does not exist")
		}
		return run(c, g)
	}
}

// permissions are the rules that a call gives: as a list, or one in its
// members.
func (c *Call) permissions() []Doc {
	if c.text("CidrIp") == "" {
		return docs(c.In, "IpPermissions")
	}
	p := Doc{"IpProtocol": c.text("IpProtocol"), "IpRanges": []any{Doc{"CidrIp": c.text("CidrIp")}}}
	return []Doc{with(p, Doc{"FromPort": c.In["FromPort"], "ToPort": c.In["ToPort"]})}
}

func authorizeIngress(c *Call, g Doc) (Doc, error) {
	have := docs(g, "IpPermissions")
	for _, p := range c.permissions() {
		for _, one := range split(p) {
			if slices.ContainsFunc(have, func(h Doc) bool {
				return slices.ContainsFunc(split(h), func(s Doc) bool { return reflect.DeepEqual(s, one) })
			}) {
				return nil, refuse("InvalidPermission.Duplicate", "the specified rule already exists")
			}
		}
		have = append(have, p)
	}
	c.put(c.Region, "securitygroup", text(g, "GroupId"), with(g, Doc{"IpPermissions": have}))
	return Doc{"Return": true}, nil
}

// sources are the members of a rule that say whom it lets in.
var sources = []string{"IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"}

// sourceID is the member of a source that tells it from others.
var sourceID = map[string]string{"IpRanges": "CidrIp", "Ipv6Ranges": "CidrIpv6", "PrefixListIds": "PrefixListId", "UserIdGroupPairs": "GroupId"}

// split is a rule as rules of one source each, without their descriptions.
func split(p Doc) []Doc {
	var all []Doc
	for _, name := range sources {
		for _, s := range docs(p, name) {
			one := Doc{"IpProtocol": p["IpProtocol"], name: s[sourceID[name]]}
			if p["IpProtocol"] != "-1" {
				one["FromPort"], one["ToPort"] = p["FromPort"], p["ToPort"]
			}
			all = append(all, one)
		}
	}
	return all
}

// revoke takes rules away.
func revoke(member string) func(*Call, Doc) (Doc, error) {
	return func(c *Call, g Doc) (Doc, error) {
		have, wanted := docs(g, member), []Doc{}
		for _, p := range c.permissions() {
			wanted = append(wanted, split(p)...)
		}
		rest, revoked := []Doc{}, 0
		for _, h := range have {
			left := h
			for _, name := range sources {
				if h[name] == nil {
					continue
				}
				kept := slices.DeleteFunc(docs(h, name), func(s Doc) bool {
					one := split(with(Doc{"IpProtocol": h["IpProtocol"], "FromPort": h["FromPort"], "ToPort": h["ToPort"]}, Doc{name: []any{s}}))
					gone := slices.ContainsFunc(wanted, func(w Doc) bool { return reflect.DeepEqual(w, one[0]) })
					if gone {
						revoked++
					}
					return gone
				})
				left = with(left, Doc{name: listOf(kept)})
			}
			if len(split(left)) > 0 {
				rest = append(rest, left)
			}
		}
		if revoked == 0 {
			return nil, refuse("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
		}
		c.put(c.Region, "securitygroup", text(g, "GroupId"), with(g, Doc{member: rest}))
		return Doc{"Return": true}, nil
	}
}

// changeEntry makes, replaces or deletes an entry of a network ACL.
func changeEntry(put, there bool) Operation {
	return func(c *Call) (Doc, error) {
		a := c.one(c.Region, "networkacl", c.text("NetworkAclId"))
		if a == nil {
			return nil, refuse("InvalidNetworkAclID.NotFound", "The networkAcl ID '"+c.text("NetworkAclId")+"' does not exist")
		}
		is := func(e Doc) bool {
			return number(e, "RuleNumber") == number(c.In, "RuleNumber") && flag(e, "Egress") == flag(c.In, "Egress")
		}
		entries := docs(a, "Entries")
		switch found := slices.ContainsFunc(entries, is); {
		case there && !found:
			return nil, refuse("InvalidNetworkAclEntry.NotFound", "The specified network ACL entry does not exist.")
		case !there && found:
			return nil, refuse("NetworkAclEntryAlreadyExists", fmt.Sprintf("The network acl entry identified by %d already exists.", number(c.In, "RuleNumber")))
		}
		entries = slices.DeleteFunc(entries, is)
		if put {
			e := Doc{}
			for name := range strings.FieldsSeq("RuleNumber Egress Protocol RuleAction CidrBlock Ipv6CidrBlock PortRange IcmpTypeCode") {
				if c.In[name] != nil {
					e[name] = c.In[name]
				}
			}
			entries = append(entries, e)
			slices.SortStableFunc(entries, func(a, b Doc) int { return number(a, "RuleNumber") - number(b, "RuleNumber") })
		}
		c.put(c.Region, "networkacl", c.text("NetworkAclId"), with(a, Doc{"Entries": entries}))
		return nil, nil
	}
}

// anywhere tells whether a rule lets everybody in, by what it says of sources.
func anywhere(p Doc) bool {
	v4 := slices.ContainsFunc(docs(p, "IpRanges"), func(r Doc) bool { return text(r, "CidrIp") == "0.0.0.0/0" })
	return v4 || slices.ContainsFunc(docs(p, "Ipv6Ranges"), func(r Doc) bool { return text(r, "CidrIpv6") == "::/0" })
}

// reaches tells whether a rule lets somebody reach a TCP port.
func reaches(p Doc, port int) bool {
	switch text(p, "IpProtocol") {
	case "-1":
		return true
	case "tcp", "6":
		return number(p, "FromPort") <= port && port <= number(p, "ToPort")
	}
	return false
}

// exposed tells whether a security group lets everybody reach one of the ports.
func exposed(g Doc, ports ...int) bool {
	return slices.ContainsFunc(docs(g, "IpPermissions"), func(p Doc) bool {
		return anywhere(p) && slices.ContainsFunc(ports, func(port int) bool { return reaches(p, port) })
	})
}

// admits tells whether a network ACL lets everybody reach a port from outside:
// the first entry that speaks of it decides.
func admits(a Doc, port int) bool {
	entries := docs(a, "Entries")
	slices.SortStableFunc(entries, func(a, b Doc) int { return number(a, "RuleNumber") - number(b, "RuleNumber") })
	for _, e := range entries {
		wide := text(e, "CidrBlock") == "0.0.0.0/0" || text(e, "Ipv6CidrBlock") == "::/0"
		r := sub(e, "PortRange")
		speaks := text(e, "Protocol") == "-1" || text(e, "Protocol") == "6" && number(r, "From") <= port && port <= number(r, "To")
		if !flag(e, "Egress") && wide && speaks {
			return e["RuleAction"] == "allow"
		}
	}
	return false
}
