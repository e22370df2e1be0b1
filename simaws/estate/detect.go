package estate

import (
	"cmp"
	"slices"
)

// GuardDuty and Systems Manager: what watches over machines.

// of makes an operation of one that works on the resource of a kind that the call
// names; missing is the refusal where there is none.
func of(kind, member string, missing func(name string) error) func(run func(*Call, Doc) (Doc, error)) Operation {
	return func(run func(*Call, Doc) (Doc, error)) Operation {
		return func(c *Call) (Doc, error) {
			d := c.one(c.Region, kind, c.text(member))
			if d == nil {
				return nil, missing(c.text(member))
			}
			return run(c, d)
		}
	}
}

// remove takes away the resource that a call names.
func remove(kind, id string) func(*Call, Doc) (Doc, error) {
	return func(c *Call, d Doc) (Doc, error) {
		c.put(c.Region, kind, text(d, id), nil)
		return nil, nil
	}
}

var ofDetector = of("detector", "DetectorId", func(string) error {
	return refuse("BadRequestException", "The request is rejected because the input detectorId is not owned by the current account.")
})

var guardOperations = map[string]Operation{
	"ListDetectors": func(c *Call) (Doc, error) {
		var ids []string
		for _, d := range c.all(c.Region, "detector") {
			ids = append(ids, text(d, "DetectorId"))
		}
		return page(guardPages, c, "DetectorIds", ids)
	},
	"GetDetector":    ofDetector(func(_ *Call, d Doc) (Doc, error) { return d, nil }),
	"CreateDetector": createDetector,
	"UpdateDetector": ofDetector(func(c *Call, d Doc) (Doc, error) {
		if on, is := c.In["Enable"].(bool); is {
			c.put(c.Region, "detector", text(d, "DetectorId"), with(d, Doc{"Status": enabledOr(on, "DISABLED"), "UpdatedAt": stamp(c.Now)}))
		}
		return nil, nil
	}),
	"DeleteDetector":  ofDetector(remove("detector", "DetectorId")),
	"ListFindings":    ofDetector(listThreats),
	"GetFindings":     ofDetector(getThreats),
	"ArchiveFindings": ofDetector(archiveThreats),
}

func enabledOr(on bool, off string) string {
	if on {
		return "ENABLED"
	}
	return off
}

// createDetector makes the one detector that a region may have.
func createDetector(c *Call) (Doc, error) {
	if len(c.all(c.Region, "detector")) > 0 {
		return nil, refuse("BadRequestException", "The request is rejected because a detector already exists for the current account.")
	}
	d := newDetector(c.Account, c.id(32), stamp(c.Now), flag(c.In, "Enable"))
	c.put(c.Region, "detector", text(d, "DetectorId"), d)
	return Doc{"DetectorId": d["DetectorId"]}, nil
}

func newDetector(account, id, made string, on bool) Doc {
	return Doc{"DetectorId": id, "CreatedAt": made, "UpdatedAt": made, "Status": enabledOr(on, "DISABLED"), "FindingPublishingFrequency": "SIX_HOURS",
		"ServiceRole": "arn:aws:iam::" + account + ":role/aws-service-role/guardduty.amazonaws.com/AWSServiceRoleForAmazonGuardDuty"}
}

// listThreats lists the findings that criteria of their severity and of whether
// they are archived leave.
func listThreats(c *Call, _ Doc) (Doc, error) {
	criteria := sub(sub(c.In, "FindingCriteria"), "Criterion")
	for name := range criteria {
		if name != "severity" && name != "service.archived" {
			return nil, refuse("BadRequestException", "The request is rejected because simaws has no criterion "+name+".")
		}
	}
	severity, archived := sub(criteria, "severity"), texts(sub(criteria, "service.archived"), "Equals")
	if len(archived) == 0 {
		archived = texts(sub(criteria, "service.archived"), "Eq")
	}
	least := max(number(severity, "GreaterThanOrEqual"), number(severity, "Gte"))
	var ids []string
	for _, f := range c.all(c.Region, "threat") {
		is := map[bool]string{true: "true", false: "false"}[flag(sub(f, "Service"), "Archived")]
		if number(f, "Severity") >= least && (len(archived) == 0 || slices.Contains(archived, is)) {
			ids = append(ids, text(f, "Id"))
		}
	}
	return page(guardPages, c, "FindingIds", ids)
}

func getThreats(c *Call, _ Doc) (Doc, error) {
	all := []Doc{}
	for _, id := range c.texts("FindingIds") {
		if f := c.one(c.Region, "threat", id); f != nil {
			all = append(all, f)
		}
	}
	return Doc{"Findings": listOf(all)}, nil
}

func archiveThreats(c *Call, _ Doc) (Doc, error) {
	for _, id := range c.texts("FindingIds") {
		if f := c.one(c.Region, "threat", id); f != nil {
			c.put(c.Region, "threat", id, with(f, Doc{"Service": with(sub(f, "Service"), Doc{"Archived": true}), "UpdatedAt": stamp(c.Now)}))
		}
	}
	return nil, nil
}

var ssmOperations = map[string]Operation{
	"DescribeInstanceInformation":     func(c *Call) (Doc, error) { return ssmPages.list(c, "InstanceInformationList", c.agents()) },
	"ListResourceComplianceSummaries": listPatches,
	"PutComplianceItems":              putPatches,
}

// agents are the agents of instances that there still are.
func (c *Call) agents() []Doc {
	return slices.DeleteFunc(c.all(c.Region, "agent"), func(a Doc) bool { return c.one(c.Region, "instance", text(a, "InstanceId")) == nil })
}

func newAgent(id, seen string) Doc {
	return Doc{"InstanceId": id, "PingStatus": "Online", "LastPingDateTime": seen, "AgentVersion": "3.3.987.0", "IsLatestVersion": true, "PlatformType": "Linux",
		"PlatformName": "Amazon Linux", "PlatformVersion": "2023", "ResourceType": "EC2Instance", "IPAddress": "172.31.0.10", "ComputerName": "ip-172-31-0-10.ec2.internal"}
}

// listPatches lists how resources comply, of the types that a filter leaves.
func listPatches(c *Call) (Doc, error) {
	all := c.all(c.Region, "patches")
	for _, f := range docs(c.In, "Filters") {
		if text(f, "Key") != "ComplianceType" || cmp.Or(text(f, "Type"), "EQUAL") != "EQUAL" {
			return nil, refuse("InvalidFilter", "simaws has no filter "+text(f, "Key")+".")
		}
		all = slices.DeleteFunc(all, func(p Doc) bool { return !slices.Contains(texts(f, "Values"), text(p, "ComplianceType")) })
	}
	return ssmPages.list(c, "ResourceComplianceSummaryItems", all)
}

func newPatches(instance, at string, missing int) Doc {
	p := Doc{"ComplianceType": "Patch", "ResourceType": "ManagedInstance", "ResourceId": instance, "Status": "COMPLIANT", "OverallSeverity": "UNSPECIFIED",
		"ExecutionSummary": Doc{"ExecutionTime": at}, "CompliantSummary": Doc{"CompliantCount": 40}, "NonCompliantSummary": Doc{"NonCompliantCount": missing}}
	if missing > 0 {
		p["Status"], p["OverallSeverity"] = "NON_COMPLIANT", "HIGH"
	}
	return p
}

// putPatches says anew how an instance complies.
func putPatches(c *Call) (Doc, error) {
	id := c.text("ResourceId")
	if c.one(c.Region, "instance", id) == nil {
		return nil, refuse("InvalidResourceId", "The resource ID isn't valid. Verify that you entered the correct ID and try again.")
	}
	missing := 0
	for _, item := range docs(c.In, "Items") {
		if text(item, "Status") == "NON_COMPLIANT" {
			missing++
		}
	}
	c.put(c.Region, "patches", id, with(newPatches(id, stamp(c.Now), missing), Doc{"ComplianceType": c.text("ComplianceType"), "ResourceType": c.text("ResourceType")}))
	return nil, nil
}
