package estate

import (
	"maps"
	"slices"
	"strings"
)

// Load balancers of both generations, certificates and web ACLs: what the internet
// comes to first.

var ofBalancer = of("balancer", "LoadBalancerArn", func(arn string) error {
	return refuse("LoadBalancerNotFound", "Load balancer '"+arn+"' not found")
})

var ofListener = of("listener", "ListenerArn", func(arn string) error {
	return refuse("ListenerNotFound", "One or more listeners not found: "+arn)
})

var balancerOperations = map[string]Operation{
	"DescribeLoadBalancers": func(c *Call) (Doc, error) {
		arns := c.texts("LoadBalancerArns")
		for _, arn := range arns {
			if c.one(c.Region, "balancer", arn) == nil {
				return nil, refuse("LoadBalancerNotFound", "Load balancer '"+arn+"' not found")
			}
		}
		all := slices.DeleteFunc(c.all(c.Region, "balancer"), func(b Doc) bool { return len(arns) > 0 && !slices.Contains(arns, text(b, "LoadBalancerArn")) })
		return balancerPages.list(c, "LoadBalancers", all)
	},
	"DescribeLoadBalancerAttributes": ofBalancer(balancerAttributes),
	"ModifyLoadBalancerAttributes": ofBalancer(func(c *Call, b Doc) (Doc, error) {
		attributes := maps.Clone(sub(b, "Attributes"))
		for _, a := range docs(c.In, "Attributes") {
			if attributes[text(a, "Key")] == nil {
				return nil, refuse("InvalidConfigurationRequest", "Load balancer attribute key '"+text(a, "Key")+"' is not recognized")
			}
			attributes[text(a, "Key")] = a["Value"]
		}
		c.put(c.Region, "balancer", text(b, "LoadBalancerArn"), with(b, Doc{"Attributes": attributes}))
		return balancerAttributes(c, c.one(c.Region, "balancer", text(b, "LoadBalancerArn")))
	}),
	"DescribeListeners": func(c *Call) (Doc, error) {
		arn, wanted := c.text("LoadBalancerArn"), c.texts("ListenerArns")
		if arn != "" && c.one(c.Region, "balancer", arn) == nil {
			return nil, refuse("LoadBalancerNotFound", "Load balancer '"+arn+"' not found")
		}
		all := slices.DeleteFunc(c.all(c.Region, "listener"), func(l Doc) bool {
			return arn != "" && l["LoadBalancerArn"] != arn || len(wanted) > 0 && !slices.Contains(wanted, text(l, "ListenerArn"))
		})
		return balancerPages.list(c, "Listeners", all)
	},
	"CreateListener": ofBalancer(func(c *Call, b Doc) (Doc, error) {
		arn := strings.Replace(text(b, "LoadBalancerArn"), ":loadbalancer/", ":listener/", 1) + "/" + c.id(16)
		l := Doc{"ListenerArn": arn, "LoadBalancerArn": b["LoadBalancerArn"]}
		c.put(c.Region, "listener", arn, with(l, c.asked("Port", "Protocol", "DefaultActions", "Certificates", "SslPolicy")))
		return Doc{"Listeners": []any{c.one(c.Region, "listener", arn)}}, nil
	}),
	"ModifyListener": ofListener(func(c *Call, l Doc) (Doc, error) {
		c.put(c.Region, "listener", text(l, "ListenerArn"), with(l, c.asked("Port", "Protocol", "DefaultActions", "Certificates", "SslPolicy")))
		return Doc{"Listeners": []any{c.one(c.Region, "listener", text(l, "ListenerArn"))}}, nil
	}),
	"DeleteListener": ofListener(remove("listener", "ListenerArn")),
}

// asked are those of some members that the call gives.
func (c *Call) asked(members ...string) Doc {
	given := Doc{}
	for _, m := range members {
		if c.In[m] != nil {
			given[m] = c.In[m]
		}
	}
	return given
}

func newBalancer(account, name, id, region, made string) Doc {
	return Doc{"LoadBalancerArn": "arn:aws:elasticloadbalancing:" + region + ":" + account + ":loadbalancer/app/" + name + "/" + id, "LoadBalancerName": name, "Type": "application", "Scheme": "internet-facing",
		"DNSName": name + "-" + account + "." + region + ".elb.amazonaws.com", "CreatedTime": made, "State": Doc{"Code": "active"}, "IpAddressType": "ipv4",
		"Attributes": Doc{"access_logs.s3.enabled": "false", "access_logs.s3.bucket": "", "access_logs.s3.prefix": "", "deletion_protection.enabled": "false", "idle_timeout.timeout_seconds": "60"}}
}

func balancerAttributes(_ *Call, b Doc) (Doc, error) {
	var all []Doc
	for _, key := range slices.Sorted(maps.Keys(sub(b, "Attributes"))) {
		all = append(all, Doc{"Key": key, "Value": sub(b, "Attributes")[key]})
	}
	return Doc{"Attributes": listOf(all)}, nil
}

var ofClassic = of("classic", "LoadBalancerName", func(name string) error {
	return refuse("LoadBalancerNotFound", "There is no ACTIVE Load Balancer named '"+name+"'")
})

var classicOperations = map[string]Operation{
	"DescribeLoadBalancers": func(c *Call) (Doc, error) {
		names := c.texts("LoadBalancerNames")
		all := slices.DeleteFunc(c.all(c.Region, "classic"), func(b Doc) bool { return len(names) > 0 && !slices.Contains(names, text(b, "LoadBalancerName")) })
		return balancerPages.list(c, "LoadBalancerDescriptions", all)
	},
	"DescribeLoadBalancerAttributes": ofClassic(func(_ *Call, b Doc) (Doc, error) { return Doc{"LoadBalancerAttributes": b["Attributes"]}, nil }),
	"ModifyLoadBalancerAttributes": ofClassic(func(c *Call, b Doc) (Doc, error) {
		c.put(c.Region, "classic", text(b, "LoadBalancerName"), with(b, Doc{"Attributes": with(sub(b, "Attributes"), sub(c.In, "LoadBalancerAttributes"))}))
		return Doc{"LoadBalancerName": b["LoadBalancerName"], "LoadBalancerAttributes": c.one(c.Region, "classic", text(b, "LoadBalancerName"))["Attributes"]}, nil
	}),
	"CreateLoadBalancerListeners": ofClassic(func(c *Call, b Doc) (Doc, error) {
		have := docs(b, "ListenerDescriptions")
		for _, l := range docs(c.In, "Listeners") {
			if slices.ContainsFunc(have, func(h Doc) bool { return sub(h, "Listener")["LoadBalancerPort"] == l["LoadBalancerPort"] }) {
				return nil, refuse("DuplicateListener", "A listener already exists for "+text(b, "LoadBalancerName")+" with that port.")
			}
			have = append(have, Doc{"Listener": l})
		}
		c.put(c.Region, "classic", text(b, "LoadBalancerName"), with(b, Doc{"ListenerDescriptions": have}))
		return nil, nil
	}),
	"DeleteLoadBalancerListeners": ofClassic(func(c *Call, b Doc) (Doc, error) {
		ports, _ := c.In["LoadBalancerPorts"].([]any)
		left := slices.DeleteFunc(docs(b, "ListenerDescriptions"), func(h Doc) bool { return slices.Contains(ports, sub(h, "Listener")["LoadBalancerPort"]) })
		c.put(c.Region, "classic", text(b, "LoadBalancerName"), with(b, Doc{"ListenerDescriptions": left}))
		return nil, nil
	}),
}

func newClassic(account, name, region, made, protocol string, port int) Doc {
	return Doc{"LoadBalancerName": name, "DNSName": name + "-" + account + "." + region + ".elb.amazonaws.com", "Scheme": "internet-facing", "CreatedTime": made, "AvailabilityZones": []string{region + "a"},
		"ListenerDescriptions": []Doc{{"Listener": Doc{"Protocol": protocol, "LoadBalancerPort": port, "InstanceProtocol": "HTTP", "InstancePort": 80}}},
		"Attributes":           Doc{"AccessLog": Doc{"Enabled": false}, "CrossZoneLoadBalancing": Doc{"Enabled": true}, "ConnectionDraining": Doc{"Enabled": false}, "ConnectionSettings": Doc{"IdleTimeout": 60}}}
}

var ofCertificate = of("certificate", "CertificateArn", func(arn string) error {
	return refuse("ResourceNotFoundException", "Could not find certificate "+arn+".")
})

var acmOperations = map[string]Operation{
	"ListCertificates":    listCertificates,
	"DescribeCertificate": ofCertificate(func(_ *Call, d Doc) (Doc, error) { return Doc{"Certificate": d}, nil }),
	"DeleteCertificate":   ofCertificate(remove("certificate", "CertificateArn")),
}

// listCertificates lists those of RSA keys of 1,024 and 2,048 bits, unless the call
// names others.
//
// Source: ACM API reference, ListCertificates and Filters, keyTypes.
func listCertificates(c *Call) (Doc, error) {
	kinds := texts(sub(c.In, "Includes"), "keyTypes")
	if len(kinds) == 0 {
		kinds = []string{"RSA_1024", "RSA_2048"}
	}
	var all []Doc
	for _, d := range c.all(c.Region, "certificate") {
		if kind := strings.ReplaceAll(text(d, "KeyAlgorithm"), "-", "_"); slices.Contains(kinds, kind) {
			all = append(all, Doc{"CertificateArn": d["CertificateArn"], "DomainName": d["DomainName"], "Status": d["Status"], "Type": d["Type"], "KeyAlgorithm": kind, "NotAfter": d["NotAfter"]})
		}
	}
	return acmPages.list(c, "CertificateSummaryList", all)
}

func newCertificate(account, id, region, made, until, algorithm string) Doc {
	return Doc{"CertificateArn": "arn:aws:acm:" + region + ":" + account + ":certificate/" + id, "DomainName": "www.example.com", "Status": "ISSUED", "Type": "IMPORTED", "KeyAlgorithm": algorithm,
		"CreatedAt": made, "ImportedAt": made, "NotBefore": made, "NotAfter": until, "InUseBy": []any{}, "RenewalEligibility": "INELIGIBLE"}
}

var wafOperations = map[string]Operation{
	"ListWebACLs": func(c *Call) (Doc, error) {
		all := slices.DeleteFunc(c.all(c.Region, "webacl"), func(a Doc) bool { return a["Scope"] != c.In["Scope"] })
		return wafPages.list(c, "WebACLs", all)
	},
	"GetLoggingConfiguration": ofACL(func(c *Call, a Doc) (Doc, error) {
		if a["Logging"] == nil {
			return nil, refuse("WAFNonexistentItemException", "AWS WAF couldn't perform the operation because your resource doesn't exist.")
		}
		return Doc{"LoggingConfiguration": a["Logging"]}, nil
	}),
	"PutLoggingConfiguration": func(c *Call) (Doc, error) {
		given := sub(c.In, "LoggingConfiguration")
		a := c.one(c.Region, "webacl", text(given, "ResourceArn"))
		if a == nil {
			return nil, noACL("")
		}
		c.put(c.Region, "webacl", text(given, "ResourceArn"), with(a, Doc{"Logging": given}))
		return Doc{"LoggingConfiguration": given}, nil
	},
	"DeleteLoggingConfiguration": ofACL(func(c *Call, a Doc) (Doc, error) {
		c.put(c.Region, "webacl", text(a, "ARN"), with(a, Doc{"Logging": nil}))
		return nil, nil
	}),
}

var ofACL = of("webacl", "ResourceArn", noACL)

func noACL(string) error {
	return refuse("WAFNonexistentItemException", "AWS WAF couldn't perform the operation because your resource doesn't exist.")
}
