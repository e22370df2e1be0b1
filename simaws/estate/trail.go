package estate

import (
	"slices"
	"strings"
)

var trailOperations = map[string]Operation{
	"CreateTrail": createTrail, "UpdateTrail": ownTrail(updateTrail), "DeleteTrail": ownTrail(deleteTrail),
	"DescribeTrails": describeTrails, "GetTrail": ofTrail(func(_ *Call, t Doc) (Doc, error) { return Doc{"Trail": t}, nil }), "ListTrails": listTrails,
	"GetTrailStatus": ofTrail(trailStatus), "StartLogging": ownTrail(logging(true)), "StopLogging": ownTrail(logging(false)),
	"GetEventSelectors": ofTrail(eventSelectors), "PutEventSelectors": ownTrail(putSelectors), "LookupEvents": lookupEvents,
}

// trails are those that a region of the account shows: its own, those of other
// regions that are of all, and the organization's.
func trails(e *Estate, w World, region string) []Doc {
	all := e.all(Global, "trail")
	if m := w.Management(); m != "" && m != e.account {
		all = append(all, slices.DeleteFunc(w.Of(m).all(Global, "trail"), func(t Doc) bool { return !flag(t, "IsOrganizationTrail") })...)
	}
	return slices.DeleteFunc(all, func(t Doc) bool { return text(t, "HomeRegion") != region && !flag(t, "IsMultiRegionTrail") })
}

func ofTrail(run func(*Call, Doc) (Doc, error)) Operation {
	return func(c *Call) (Doc, error) {
		name := c.text("Name")
		if name == "" {
			name = c.text("TrailName")
		}
		for _, t := range trails(c.Estate, c.World, c.Region) {
			if text(t, "TrailARN") == name || text(t, "Name") == name {
				return run(c, t)
			}
		}
		return nil, refuse("TrailNotFoundException", "Unknown trail: "+name+" for the user: "+c.Account)
	}
}

// ownTrail runs an operation on a trail of the account itself: a member may not
// change the organization's.
//
// Source: CloudTrail user guide, "Creating a trail for an organization".
func ownTrail(run func(*Call, Doc) (Doc, error)) Operation {
	return ofTrail(func(c *Call, t Doc) (Doc, error) {
		if c.one(Global, "trail", text(t, "Name")) == nil {
			return nil, refuse("NotOrganizationMasterAccountException", "Only the management account can change the organization trail "+text(t, "TrailARN")+".")
		}
		if text(t, "HomeRegion") != c.Region {
			return nil, refuse("InvalidHomeRegionException", "Trail "+text(t, "TrailARN")+" is changed in its home region "+text(t, "HomeRegion")+".")
		}
		return run(c, t)
	})
}

// createTrail makes a trail, five at most in a region.
//
// Source: CloudTrail API reference, CreateTrail; user guide, "Quotas".
func createTrail(c *Call) (Doc, error) {
	name := c.text("Name")
	own := slices.DeleteFunc(c.all(Global, "trail"), func(t Doc) bool { return text(t, "HomeRegion") != c.Region })
	switch {
	case len(name) < 3 || len(name) > 128:
		return nil, refuse("InvalidTrailNameException", "Trail name must have 3 to 128 characters.")
	case c.one(Global, "trail", name) != nil:
		return nil, refuse("TrailAlreadyExistsException", "Trail "+name+" already exists for customer: "+c.Account)
	case len(own) >= 5:
		return nil, refuse("MaximumNumberOfTrailsExceededException", "User: "+c.Account+" already has 5 trails in "+c.Region+".")
	}
	t := Doc{"Name": name, "TrailARN": c.arn("cloudtrail", "trail/"+name), "HomeRegion": c.Region, "IncludeGlobalServiceEvents": true, "IsMultiRegionTrail": false,
		"LogFileValidationEnabled": false, "IsOrganizationTrail": false, "HasCustomEventSelectors": false, "HasInsightSelectors": false, "Logging": false,
		"EventSelectors": []any{Doc{"ReadWriteType": "All", "IncludeManagementEvents": true, "DataResources": []any{}, "ExcludeManagementEventSources": []any{}}}}
	return updateTrail(c, t)
}

// updateTrail changes what the call gives.
func updateTrail(c *Call, t Doc) (Doc, error) {
	for to, from := range map[string]string{
		"S3BucketName": "S3BucketName", "S3KeyPrefix": "S3KeyPrefix", "SnsTopicName": "SnsTopicName", "IncludeGlobalServiceEvents": "IncludeGlobalServiceEvents",
		"IsMultiRegionTrail": "IsMultiRegionTrail", "LogFileValidationEnabled": "EnableLogFileValidation", "CloudWatchLogsLogGroupArn": "CloudWatchLogsLogGroupArn",
		"CloudWatchLogsRoleArn": "CloudWatchLogsRoleArn", "KmsKeyId": "KmsKeyId", "IsOrganizationTrail": "IsOrganizationTrail",
	} {
		if c.In[from] != nil {
			t = with(t, Doc{to: c.In[from]})
		}
	}
	bucket := text(t, "S3BucketName")
	holder := c.World.Holder(bucket)
	switch {
	case flag(t, "IsOrganizationTrail") && !c.Manager:
		return nil, refuse("NotOrganizationMasterAccountException", "Only the management account of an organization can create an organization trail.")
	case flag(t, "IsOrganizationTrail") && !c.World.Trusts("cloudtrail.amazonaws.com"):
		return nil, refuse("CloudTrailAccessNotEnabledException", "Trusted access must be enabled between AWS CloudTrail and AWS Organizations.")
	case holder == "":
		return nil, refuse("S3BucketDoesNotExistException", "S3 bucket "+bucket+" does not exist!")
	case !strings.Contains(text(c.World.Of(holder).one(Global, "bucket", bucket), "Policy"), "cloudtrail.amazonaws.com"):
		return nil, refuse("InsufficientS3BucketPolicyException", "Incorrect S3 bucket policy is detected for bucket: "+bucket)
	case text(t, "CloudWatchLogsLogGroupArn") != "" && text(t, "CloudWatchLogsRoleArn") == "":
		return nil, refuse("InvalidCloudWatchLogsRoleArnException", "CloudWatchLogsRoleArn must be given with CloudWatchLogsLogGroupArn.")
	}
	c.put(Global, "trail", text(t, "Name"), t)
	return c.one(Global, "trail", text(t, "Name")), nil
}

func deleteTrail(c *Call, t Doc) (Doc, error) {
	c.put(Global, "trail", text(t, "Name"), nil)
	return nil, nil
}

func describeTrails(c *Call) (Doc, error) {
	wanted := c.texts("trailNameList")
	shadow, given := c.In["includeShadowTrails"].(bool)
	all := slices.DeleteFunc(trails(c.Estate, c.World, c.Region), func(t Doc) bool {
		if len(wanted) > 0 && !slices.Contains(wanted, text(t, "Name")) && !slices.Contains(wanted, text(t, "TrailARN")) {
			return true
		}
		return given && !shadow && (text(t, "HomeRegion") != c.Region || c.one(Global, "trail", text(t, "Name")) == nil)
	})
	return Doc{"trailList": listOf(all)}, nil
}

func listTrails(c *Call) (Doc, error) {
	return topicPages.list(c, "Trails", trails(c.Estate, c.World, c.Region))
}

func trailStatus(_ *Call, t Doc) (Doc, error) {
	out := Doc{"IsLogging": flag(t, "Logging")}
	for to, from := range map[string]string{"StartLoggingTime": "Started", "StopLoggingTime": "Stopped", "LatestDeliveryTime": "Started"} {
		if t[from] != nil {
			out[to] = t[from]
		}
	}
	if t["CloudWatchLogsLogGroupArn"] != nil && t["Started"] != nil {
		out["LatestCloudWatchLogsDeliveryTime"] = t["Started"]
	}
	return out, nil
}

func logging(on bool) func(*Call, Doc) (Doc, error) {
	return func(c *Call, t Doc) (Doc, error) {
		changes := Doc{"Logging": on, "Stopped": stamp(c.Now)}
		if on {
			changes = Doc{"Logging": on, "Started": stamp(c.Now)}
		}
		c.put(Global, "trail", text(t, "Name"), with(t, changes))
		return nil, nil
	}
}

func eventSelectors(_ *Call, t Doc) (Doc, error) {
	out := Doc{"TrailARN": t["TrailARN"]}
	for _, name := range []string{"EventSelectors", "AdvancedEventSelectors"} {
		if len(docs(t, name)) > 0 {
			out[name] = t[name]
		}
	}
	return out, nil
}

func putSelectors(c *Call, t Doc) (Doc, error) {
	plain, advanced := docs(c.In, "EventSelectors"), docs(c.In, "AdvancedEventSelectors")
	if (len(plain) == 0) == (len(advanced) == 0) {
		return nil, refuse("InvalidEventSelectorsException", "Give either EventSelectors or AdvancedEventSelectors.")
	}
	for i, s := range plain {
		if s["IncludeManagementEvents"] == nil {
			s = with(s, Doc{"IncludeManagementEvents": true})
		}
		if s["ReadWriteType"] == nil {
			s = with(s, Doc{"ReadWriteType": "All"})
		}
		plain[i] = s
	}
	t = with(t, Doc{"EventSelectors": plain, "AdvancedEventSelectors": advanced, "HasCustomEventSelectors": true})
	c.put(Global, "trail", text(t, "Name"), t)
	return eventSelectors(c, c.one(Global, "trail", text(t, "Name")))
}

// recordsObjects tells whether a trail keeps the reads or the writes of all S3
// objects.
func recordsObjects(t Doc, way string) bool {
	all := []string{"arn:aws:s3", "arn:aws:s3:::"}
	for _, s := range docs(t, "EventSelectors") {
		for _, r := range docs(s, "DataResources") {
			wide := slices.ContainsFunc(texts(r, "Values"), func(v string) bool { return slices.Contains(all, v) })
			if text(r, "Type") == "AWS::S3::Object" && wide && (text(s, "ReadWriteType") == "All" || text(s, "ReadWriteType") == way) {
				return true
			}
		}
	}
	for _, s := range docs(t, "AdvancedEventSelectors") {
		objects, this := false, true
		for _, f := range docs(s, "FieldSelectors") {
			switch text(f, "Field") {
			case "resources.type":
				objects = slices.Contains(texts(f, "Equals"), "AWS::S3::Object")
			case "readOnly":
				this = slices.Contains(texts(f, "Equals"), map[string]string{"ReadOnly": "true", "WriteOnly": "false"}[way])
			case "resources.ARN":
				this = false
			}
		}
		if objects && this {
			return true
		}
	}
	return false
}
