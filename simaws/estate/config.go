package estate

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

var configOperations = map[string]Operation{
	"PutConfigurationRecorder": putRecorder, "DescribeConfigurationRecorders": describeRecorders, "DescribeConfigurationRecorderStatus": recorderStatus,
	"StartConfigurationRecorder": ofRecorder(startRecorder), "StopConfigurationRecorder": ofRecorder(stopRecorder), "DeleteConfigurationRecorder": ofRecorder(deleteRecorder),
	"PutDeliveryChannel": putChannel, "DescribeDeliveryChannels": describeChannels, "DescribeDeliveryChannelStatus": channelStatus, "DeleteDeliveryChannel": deleteChannel,
	"PutConformancePack": putPack, "DescribeConformancePacks": describePacks, "DescribeConformancePackStatus": packStatus, "DeleteConformancePack": ofPack(deletePack),
	"DescribeConformancePackCompliance": ofPack(packCompliance), "GetConformancePackComplianceDetails": ofPack(packDetails), "GetConformancePackComplianceSummary": packSummary,
	"PutConfigRule": putRule, "DescribeConfigRules": describeRules, "DeleteConfigRule": deleteRule, "DescribeComplianceByConfigRule": complianceByRule,
	"DescribeComplianceByResource": complianceByResource, "GetComplianceDetailsByConfigRule": complianceDetails, "StartConfigRulesEvaluation": startEvaluation,
}

// recorder is the customer's recorder of a region, of which there is one at
// most; nil if there is none.
func (e *Estate) recorder(region string) Doc {
	for _, r := range e.all(region, "recorder") {
		return r
	}
	return nil
}

func putRecorder(c *Call) (Doc, error) {
	r := sub(c.In, "ConfigurationRecorder")
	name := text(r, "name")
	if name == "" {
		name = "default"
	}
	have := c.recorder(c.Region)
	switch {
	case have != nil && text(have, "name") != name:
		return nil, refuse("MaxNumberOfConfigurationRecordersExceededException", "Failed to put configuration recorder '"+name+"' because the maximum number of configuration recorders: 1 is reached.")
	case text(r, "roleARN") == "" && have == nil:
		return nil, refuse("InvalidRoleException", "You must specify a role ARN.")
	}
	group := sub(r, "recordingGroup")
	if group == nil {
		group = Doc{"allSupported": true, "includeGlobalResourceTypes": false, "resourceTypes": []any{}}
	}
	c.put(c.Region, "recorder", name, with(with(have, r), Doc{"name": name, "recordingGroup": group, "arn": c.arn("config", "configuration-recorder/"+name+"/"+c.id(12))}))
	return nil, nil
}

// named keeps those that a call names, and refuses names of none.
func named(all []Doc, member string, names []string, code, what string) ([]Doc, error) {
	for _, name := range names {
		if !slices.ContainsFunc(all, func(d Doc) bool { return text(d, member) == name }) {
			return nil, refuse(code, "Cannot find "+what+" with the specified name '"+name+"'.")
		}
	}
	return slices.DeleteFunc(all, func(d Doc) bool { return len(names) > 0 && !slices.Contains(names, text(d, member)) }), nil
}

const noRecorder = "NoSuchConfigurationRecorderException"

func describeRecorders(c *Call) (Doc, error) {
	all, err := named(c.all(c.Region, "recorder"), "name", c.texts("ConfigurationRecorderNames"), noRecorder, "configuration recorder")
	return Doc{"ConfigurationRecorders": listOf(all)}, err
}

func recorderStatus(c *Call) (Doc, error) {
	all, err := named(c.all(c.Region, "recorder"), "name", c.texts("ConfigurationRecorderNames"), noRecorder, "configuration recorder")
	out := []any{}
	for _, r := range all {
		s := Doc{"name": r["name"], "arn": r["arn"], "recording": flag(r, "recording")}
		for _, name := range []string{"lastStartTime", "lastStopTime"} {
			if r[name] != nil {
				s[name] = r[name]
			}
		}
		if flag(r, "recording") {
			s["lastStatus"], s["lastStatusChangeTime"] = "SUCCESS", r["lastStartTime"]
		}
		out = append(out, s)
	}
	return Doc{"ConfigurationRecordersStatus": out}, err
}

func ofRecorder(run func(*Call, Doc) (Doc, error)) Operation {
	return func(c *Call) (Doc, error) {
		r := c.one(c.Region, "recorder", c.text("ConfigurationRecorderName"))
		if r == nil {
			return nil, refuse(noRecorder, "Cannot find configuration recorder with the specified name '"+c.text("ConfigurationRecorderName")+"'.")
		}
		return run(c, r)
	}
}

func startRecorder(c *Call, r Doc) (Doc, error) {
	if len(c.all(c.Region, "channel")) == 0 {
		return nil, refuse("NoAvailableDeliveryChannelException", "Delivery channel is not available to start configuration recorder.")
	}
	c.put(c.Region, "recorder", text(r, "name"), with(r, Doc{"recording": true, "lastStartTime": stamp(c.Now)}))
	return nil, nil
}

func stopRecorder(c *Call, r Doc) (Doc, error) {
	c.put(c.Region, "recorder", text(r, "name"), with(r, Doc{"recording": false, "lastStopTime": stamp(c.Now)}))
	return nil, nil
}

func deleteRecorder(c *Call, r Doc) (Doc, error) {
	c.put(c.Region, "recorder", text(r, "name"), nil)
	return nil, nil
}

func putChannel(c *Call) (Doc, error) {
	d := sub(c.In, "DeliveryChannel")
	name := text(d, "name")
	if name == "" {
		name = "default"
	}
	have := c.all(c.Region, "channel")
	switch {
	case c.recorder(c.Region) == nil:
		return nil, refuse("NoAvailableConfigurationRecorderException", "Configuration recorder is not available to put delivery channel.")
	case len(have) > 0 && text(have[0], "name") != name:
		return nil, refuse("MaxNumberOfDeliveryChannelsExceededException", "Failed to put delivery channel '"+name+"' because the maximum number of delivery channels: 1 is reached.")
	case c.World.Holder(text(d, "s3BucketName")) == "":
		return nil, refuse("NoSuchBucketException", "Cannot find a S3 bucket with name '"+text(d, "s3BucketName")+"'.")
	}
	c.put(c.Region, "channel", name, with(d, Doc{"name": name, "since": stamp(c.Now)}))
	return nil, nil
}

const noChannel = "NoSuchDeliveryChannelException"

func describeChannels(c *Call) (Doc, error) {
	all, err := named(c.all(c.Region, "channel"), "name", c.texts("DeliveryChannelNames"), noChannel, "delivery channel")
	return Doc{"DeliveryChannels": listOf(all)}, err
}

func channelStatus(c *Call) (Doc, error) {
	all, err := named(c.all(c.Region, "channel"), "name", c.texts("DeliveryChannelNames"), noChannel, "delivery channel")
	out := []any{}
	for _, d := range all {
		done := Doc{"lastStatus": "SUCCESS", "lastAttemptTime": d["since"], "lastSuccessfulTime": d["since"]}
		out = append(out, Doc{"name": d["name"], "configSnapshotDeliveryInfo": done, "configHistoryDeliveryInfo": done, "configStreamDeliveryInfo": Doc{"lastStatus": "SUCCESS", "lastStatusChangeTime": d["since"]}})
	}
	return Doc{"DeliveryChannelsStatus": out}, err
}

func deleteChannel(c *Call) (Doc, error) {
	name := c.text("DeliveryChannelName")
	switch r := c.recorder(c.Region); {
	case c.one(c.Region, "channel", name) == nil:
		return nil, refuse(noChannel, "Cannot find delivery channel with specified name '"+name+"'.")
	case flag(r, "recording"):
		return nil, refuse("LastDeliveryChannelDeleteFailedException", "Failed to delete last specified delivery channel with name '"+name+"', because there, because there is a running configuration recorder.")
	}
	c.put(c.Region, "channel", name, nil)
	return nil, nil
}

// rulesMost is how many rules a region may have.
//
// Source: AWS general reference, "AWS Config endpoints and quotas".
const rulesMost = 1000

func putRule(c *Call) (Doc, error) {
	r := sub(c.In, "ConfigRule")
	source, name := sub(r, "Source"), text(r, "ConfigRuleName")
	have := c.one(c.Region, "rule", name)
	switch {
	case c.recorder(c.Region) == nil:
		return nil, refuse("NoAvailableConfigurationRecorderException", "Configuration Recorder is not available to put config rule.")
	case text(source, "Owner") != "AWS":
		return nil, refuse("InvalidParameterValueException", "simaws has managed rules only: the source's owner is AWS.")
	case !identifier.MatchString(text(source, "SourceIdentifier")):
		return nil, refuse("InvalidParameterValueException", "The sourceIdentifier "+text(source, "SourceIdentifier")+" is invalid. Please refer to the documentation for a list of valid sourceIdentifiers that can be used when AWS is the Owner.")
	case have == nil && len(c.rules()) >= rulesMost:
		return nil, refuse("MaxNumberOfConfigRulesExceededException", "Failed to put config rule '"+name+"' because the maximum number of config rules: "+strconv.Itoa(rulesMost)+" is reached.")
	}
	if in := text(r, "InputParameters"); in != "" && json.Unmarshal([]byte(in), &map[string]any{}) != nil {
		return nil, refuse("InvalidParameterValueException", "The InputParameters are no JSON object.")
	}
	id := text(have, "ConfigRuleId")
	if id == "" {
		id = "config-rule-" + word(c.Chance, small, 6)
	}
	c.put(c.Region, "rule", name, with(r, Doc{"ConfigRuleId": id, "ConfigRuleArn": c.arn("config", "config-rule/"+id), "ConfigRuleState": "ACTIVE", "since": stamp(c.Now)}))
	return nil, nil
}

// rules are all of a region: those that were put, and the packs'.
func (c *Call) rules() []Doc {
	all := c.all(c.Region, "rule")
	for _, p := range c.all(c.Region, "pack") {
		all = append(all, c.packRules(p)...)
	}
	return all
}

const noRule = "NoSuchConfigRuleException"

func describeRules(c *Call) (Doc, error) {
	all, err := named(c.rules(), "ConfigRuleName", c.texts("ConfigRuleNames"), noRule, "config rule")
	if err != nil {
		return nil, err
	}
	return configPages.list(c, "ConfigRules", all)
}

func deleteRule(c *Call) (Doc, error) {
	all, err := named(c.rules(), "ConfigRuleName", []string{c.text("ConfigRuleName")}, noRule, "config rule")
	switch {
	case err != nil:
		return nil, err
	case all[0]["CreatedBy"] != nil:
		return nil, refuse("AccessDeniedException", "An AWS service owns ServiceLinkedConfigRule. You do not have permissions to take action on this rule.")
	}
	c.put(c.Region, "rule", c.text("ConfigRuleName"), nil)
	return nil, nil
}

func startEvaluation(c *Call) (Doc, error) {
	_, err := named(c.rules(), "ConfigRuleName", c.texts("ConfigRuleNames"), noRule, "config rule")
	return nil, err
}

func complianceByRule(c *Call) (Doc, error) {
	all, err := named(c.rules(), "ConfigRuleName", c.texts("ConfigRuleNames"), noRule, "config rule")
	if err != nil {
		return nil, err
	}
	var out []Doc
	for _, r := range all {
		judged := c.judge(r)
		verdict := total(judged)
		if wanted := c.texts("ComplianceTypes"); len(wanted) == 0 || slices.Contains(wanted, verdict) {
			out = append(out, Doc{"ConfigRuleName": r["ConfigRuleName"], "Compliance": compliance(verdict, judged)})
		}
	}
	return configPages.list(c, "ComplianceByConfigRules", out)
}

// compliance is a verdict with how many resources it is due to, 25 at most.
//
// Source: AWS Config API reference, ComplianceContributorCount.
func compliance(verdict string, judged []Evaluation) Doc {
	n := 0
	for _, e := range judged {
		if e.Compliance == verdict {
			n++
		}
	}
	out := Doc{"ComplianceType": verdict}
	if verdict == NonCompliant {
		out["ComplianceContributorCount"] = Doc{"CappedCount": min(n, 25), "CapExceeded": n > 25}
	}
	return plain(out).(Doc)
}

func complianceByResource(c *Call) (Doc, error) {
	type resource struct{ kind, id string }
	by := map[resource][]Evaluation{}
	for _, r := range c.rules() {
		for _, e := range c.judge(r) {
			by[resource{e.Type, e.ID}] = append(by[resource{e.Type, e.ID}], e)
		}
	}
	var out []Doc
	for _, at := range slices.SortedFunc(maps.Keys(by), func(a, b resource) int {
		if a.kind+a.id < b.kind+b.id {
			return -1
		}
		return 1
	}) {
		verdict := total(by[at])
		if wanted := c.texts("ComplianceTypes"); len(wanted) > 0 && !slices.Contains(wanted, verdict) ||
			c.text("ResourceType") != "" && c.text("ResourceType") != at.kind || c.text("ResourceId") != "" && c.text("ResourceId") != at.id {
			continue
		}
		out = append(out, Doc{"ResourceType": at.kind, "ResourceId": at.id, "Compliance": compliance(verdict, by[at])})
	}
	return configPages.list(c, "ComplianceByResources", out)
}

func complianceDetails(c *Call) (Doc, error) {
	all, err := named(c.rules(), "ConfigRuleName", []string{c.text("ConfigRuleName")}, noRule, "config rule")
	if err != nil {
		return nil, err
	}
	var out []Doc
	for _, e := range c.judge(all[0]) {
		if wanted := c.texts("ComplianceTypes"); len(wanted) == 0 || slices.Contains(wanted, e.Compliance) {
			out = append(out, e.shown(all[0]))
		}
	}
	return configPages.list(c, "EvaluationResults", out)
}
