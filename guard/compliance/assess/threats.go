package assess

import (
	"fmt"
	"slices"
	"strings"

	"landlord/guard/compliance"
)

// threats are the checks of what GuardDuty and Systems Manager watch over.
var threats = map[string]evaluator{
	"guardduty.enabled": {look: func(l *look) error {
		ids, err := list[string](l, "guardduty:ListDetectors", nil, "DetectorIds")
		if err != nil {
			return err
		}
		for _, id := range ids {
			var out struct{ Status string }
			if err := l.ask("guardduty:GetDetector", in{"DetectorId": id}, &out); err != nil {
				return err
			}
			if out.Status == "ENABLED" {
				l.say(compliance.Pass, "", "GuardDuty is on")
				return nil
			}
		}
		l.say(compliance.Fail, "", "GuardDuty is off")
		return nil
	}},
	// Where GuardDuty is off there is nothing to look at: that is a check of its own.
	"guardduty.no_high_findings": {look: func(l *look) error {
		ids, err := list[string](l, "guardduty:ListDetectors", nil, "DetectorIds")
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := openThreats(l, id); err != nil {
				return err
			}
		}
		return nil
	}},
	"ec2.ssm_managed": {look: func(l *look) error {
		type agent struct{ InstanceId, PingStatus string }
		agents, err := list[agent](l, "ssm:DescribeInstanceInformation", nil, "InstanceInformationList")
		if err != nil {
			return err
		}
		return ofInstances(func(l *look, i instance, arn string) {
			if i.State.Name != "running" {
				return
			}
			at := slices.IndexFunc(agents, func(a agent) bool { return a.InstanceId == i.InstanceId })
			if at < 0 {
				l.say(compliance.Fail, arn, "Systems Manager does not know the instance")
				return
			}
			l.is(agents[at].PingStatus == "Online", arn, "Systems Manager manages the instance", "Systems Manager has lost the instance: its agent is "+agents[at].PingStatus)
		}).look(l)
	}},
	"ssm.patch_compliance": {look: func(l *look) error {
		type summary struct {
			ComplianceType, ResourceId, Status string
			NonCompliantSummary                struct{ NonCompliantCount int }
		}
		all, err := list[summary](l, "ssm:ListResourceComplianceSummaries", in{"Filters": []any{in{"Key": "ComplianceType", "Values": []string{"Patch"}, "Type": "EQUAL"}}}, "ResourceComplianceSummaryItems")
		for _, s := range all {
			if s.ComplianceType == "Patch" {
				l.is(s.Status == "COMPLIANT", l.arn("ec2", "instance/"+s.ResourceId), "no patch is missing", fmt.Sprintf("%d patches are missing", s.NonCompliantSummary.NonCompliantCount))
			}
		}
		return err
	}},
}

// findingsAtOnce is how many findings GuardDuty tells of in one call.
//
// Source: GuardDuty API reference, GetFindings, FindingIds.
const findingsAtOnce = 50

// openThreats judges what a detector found: severity 7 and more is high.
//
// Source: GuardDuty user guide, "Severity levels for GuardDuty findings".
func openThreats(l *look, detector string) error {
	of := in{"severity": in{"GreaterThanOrEqual": 7}, "service.archived": in{"Equals": []string{"false"}}}
	ids, err := list[string](l, "guardduty:ListFindings", in{"DetectorId": detector, "FindingCriteria": in{"Criterion": of}}, "FindingIds")
	if err != nil {
		return err
	}
	var open []string
	for some := range slices.Chunk(ids, findingsAtOnce) {
		type finding struct{ Type string }
		found, err := list[finding](l, "guardduty:GetFindings", in{"DetectorId": detector, "FindingIds": some}, "Findings")
		if err != nil {
			return err
		}
		for _, f := range found {
			open = append(open, f.Type)
		}
	}
	slices.Sort(open)
	what := strings.Join(slices.Compact(open), ", ")
	l.is(len(ids) == 0, l.arn("guardduty", "detector/"+detector), "no finding of high severity is open", fmt.Sprintf("%d findings of high severity are open: %s", len(ids), what))
	return nil
}
