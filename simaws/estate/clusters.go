package estate

// Redshift, OpenSearch and EKS: what runs on several machines at once.

var ofWarehouse = of("warehouse", "ClusterIdentifier", func(name string) error {
	return absent("ClusterNotFound", "Cluster "+name+" not found.")
})

var redshiftOperations = map[string]Operation{
	"DescribeClusters": func(c *Call) (Doc, error) { return rdsPages.list(c, "Clusters", c.all(c.Region, "warehouse")) },
	"ModifyCluster": ofWarehouse(func(c *Call, w Doc) (Doc, error) {
		c.put(c.Region, "warehouse", text(w, "ClusterIdentifier"), with(w, c.asked("PubliclyAccessible", "Encrypted")))
		return Doc{"Cluster": c.one(c.Region, "warehouse", text(w, "ClusterIdentifier"))}, nil
	}),
	"DescribeLoggingStatus": ofWarehouse(loggingStatus),
	"EnableLogging": ofWarehouse(func(c *Call, w Doc) (Doc, error) {
		return c.putLogging(w, with(c.asked("BucketName", "S3KeyPrefix", "LogDestinationType", "LogExports"), Doc{"LoggingEnabled": true}))
	}),
	"DisableLogging": ofWarehouse(func(c *Call, w Doc) (Doc, error) { return c.putLogging(w, Doc{"LoggingEnabled": false}) }),
}

func newWarehouse(name, region, made string, public, logs bool) Doc {
	return Doc{"ClusterIdentifier": name, "NodeType": "ra3.large", "ClusterStatus": "available", "ClusterCreateTime": made, "DBName": "dev", "AvailabilityZone": region + "a", "NumberOfNodes": 1,
		"PubliclyAccessible": public, "Encrypted": true, "Logging": Doc{"LoggingEnabled": logs}}
}

func loggingStatus(_ *Call, w Doc) (Doc, error) { return sub(w, "Logging"), nil }

func (c *Call) putLogging(w, logging Doc) (Doc, error) {
	c.put(c.Region, "warehouse", text(w, "ClusterIdentifier"), with(w, Doc{"Logging": logging}))
	return logging, nil
}

var searchOperations = map[string]Operation{
	"ListDomainNames": func(c *Call) (Doc, error) {
		var all []Doc
		for _, d := range c.all(c.Region, "domain") {
			all = append(all, Doc{"DomainName": d["DomainName"], "EngineType": "OpenSearch"})
		}
		return Doc{"DomainNames": listOf(all)}, nil
	},
	"DescribeDomains": func(c *Call) (Doc, error) {
		var all []Doc // what is not there is left out
		for _, name := range c.texts("DomainNames") {
			if d := c.one(c.Region, "domain", name); d != nil {
				all = append(all, d)
			}
		}
		return Doc{"DomainStatusList": listOf(all)}, nil
	},
	"UpdateDomainConfig": of("domain", "DomainName", func(name string) error {
		return &Refusal{Code: "ResourceNotFoundException", Message: "Domain not found: " + name, Status: 409}
	})(func(c *Call, d Doc) (Doc, error) {
		changes := c.asked("EncryptionAtRestOptions", "NodeToNodeEncryptionOptions")
		for name := range changes { // neither can be switched off again
			if flag(sub(d, name), "Enabled") && !flag(sub(changes, name), "Enabled") {
				return nil, refuse("ValidationException", name+" cannot be disabled once it is enabled.")
			}
		}
		c.put(c.Region, "domain", text(d, "DomainName"), with(d, changes))
		return Doc{"DomainConfig": Doc{}}, nil
	}),
}

func newDomain(account, name, region string, encrypted, between bool) Doc {
	return Doc{"DomainId": account + "/" + name, "DomainName": name, "ARN": "arn:aws:es:" + region + ":" + account + ":domain/" + name, "Created": true, "Deleted": false, "EngineVersion": "OpenSearch_2.19",
		"ClusterConfig": Doc{"InstanceType": "t3.small.search", "InstanceCount": 1}, "EncryptionAtRestOptions": Doc{"Enabled": encrypted}, "NodeToNodeEncryptionOptions": Doc{"Enabled": between}}
}

var ofKubernetes = of("kubernetes", "name", noCluster)

var eksOperations = map[string]Operation{
	"ListClusters": func(c *Call) (Doc, error) {
		var names []string
		for _, k := range c.all(c.Region, "kubernetes") {
			names = append(names, text(k, "name"))
		}
		return page(eksPages, c, "clusters", names)
	},
	"DescribeCluster": ofKubernetes(func(_ *Call, k Doc) (Doc, error) { return Doc{"cluster": k}, nil }),
	"AssociateEncryptionConfig": of("kubernetes", "clusterName", noCluster)(func(c *Call, k Doc) (Doc, error) {
		if len(docs(k, "encryptionConfig")) > 0 {
			return nil, refuse("InvalidRequestException", "Encryption config is already enabled for the cluster.")
		}
		c.put(c.Region, "kubernetes", text(k, "name"), with(k, Doc{"encryptionConfig": c.In["encryptionConfig"]}))
		return Doc{"update": Doc{"id": uuid(c.Chance), "status": "Successful", "type": "AssociateEncryptionConfig", "createdAt": stamp(c.Now)}}, nil
	}),
}

func noCluster(name string) error {
	return absent("ResourceNotFoundException", "No cluster found for name: "+name+".")
}

func newKubernetes(account, name, region, made, key string) Doc {
	k := Doc{"name": name, "arn": "arn:aws:eks:" + region + ":" + account + ":cluster/" + name, "createdAt": made, "version": "1.33", "status": "ACTIVE", "platformVersion": "eks.1",
		"roleArn": "arn:aws:iam::" + account + ":role/eks"}
	if key != "" {
		k["encryptionConfig"] = []Doc{{"resources": []string{"secrets"}, "provider": Doc{"keyArn": key}}}
	}
	return k
}
