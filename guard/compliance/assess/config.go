package assess

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"landlord/guard/compliance"
)

// Config takes over what AWS Config itself found by the rules of conformance packs
// whose names begin with Subject.Packs: other rules may have been made by anybody,
// with parameters that find nothing. A rule of the table's that has said nothing,
// or is not there, leaves nothing of what it found before. The error is that of
// ctx.
func Config(ctx context.Context, s Subject, ask Asker) ([]compliance.Finding, error) {
	v := &visit{Subject: s, asker: ask, known: map[string]known{}}
	for _, region := range s.Regions {
		l := &look{ctx: ctx, visit: v, region: region}
		said, err := l.ofPacks()
		for _, name := range rulesOf(s.Checks) {
			switch e := said[name]; {
			case err != nil:
				l.rule(name, compliance.Error, "", "it could not be told: "+err.Error())
			case len(e) == 0:
				l.rule(name, compliance.NotAssessed, "", "AWS Config has found nothing by this rule")
			default:
				for _, one := range e {
					l.rule(name, one.status, one.resource, one.reason)
				}
			}
		}
		for _, f := range l.verdicts {
			f.Whole = err == nil
			f.Evidence.Population = len(said[f.Name])
			v.found = append(v.found, f)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return v.found, nil
}

// rulesOf are the managed rules that decide checks, each once, also by the name
// that several of one identifier have together: so were they once found.
func rulesOf(checks []*compliance.Check) (all []string) {
	for _, c := range checks {
		for _, rule := range c.Rules {
			for _, name := range []string{rule, compliance.Identifier(rule)} {
				if !slices.Contains(all, name) {
					all = append(all, name)
				}
			}
		}
	}
	return all
}

// ruleNamed are the rules of the table by what packs call them.
var ruleNamed = func() map[string]string {
	all := map[string]string{}
	for _, rule := range rulesOf(compliance.Checks()) {
		all[compliance.RuleName(rule)] = rule
	}
	return all
}()

// rule gives a verdict of AWS Config's.
func (l *look) rule(name string, status compliance.Status, resource, reason string) {
	l.check = &compliance.Check{ID: name}
	l.say(status, resource, reason)
	f := &l.verdicts[len(l.verdicts)-1]
	f.Method = compliance.ByConfig
	if resource == l.self() || strings.HasPrefix(resource, "arn:aws:s3:::") {
		f.Region = "" // reads look at them in no region either: they are the same resources
	}
}

// evaluation is what a rule found of a resource.
type evaluation struct {
	resource string
	status   compliance.Status
	reason   string
}

// ofPacks are the evaluations of a region, by the identifier of the rule.
func (l *look) ofPacks() (map[string][]evaluation, error) {
	type pack struct{ ConformancePackName, ConformancePackId string }
	packs, err := list[pack](l, "config:DescribeConformancePacks", nil, "ConformancePackDetails")
	packs = slices.DeleteFunc(packs, func(p pack) bool { return !strings.HasPrefix(p.ConformancePackName, l.Packs) })
	if err != nil || len(packs) == 0 {
		return nil, err
	}
	type rule struct {
		ConfigRuleName string
		CreatedBy      string
		Source         *struct{ SourceIdentifier string }
	}
	rules, err := list[rule](l, "config:DescribeConfigRules", nil, "ConfigRules")
	if err != nil {
		return nil, err
	}
	identifier := map[string]string{}
	for _, r := range rules {
		at := slices.IndexFunc(packs, func(p pack) bool { return strings.HasSuffix(r.ConfigRuleName, "-"+p.ConformancePackId) })
		if at < 0 || r.CreatedBy != "config-conforms.amazonaws.com" || r.Source == nil {
			continue
		}
		identifier[r.ConfigRuleName] = r.Source.SourceIdentifier
		if rule := ruleNamed[strings.TrimSuffix(r.ConfigRuleName, "-"+packs[at].ConformancePackId)]; compliance.Identifier(rule) == r.Source.SourceIdentifier {
			identifier[r.ConfigRuleName] = rule
		}
	}
	said := map[string][]evaluation{}
	for _, p := range packs {
		type result struct {
			ComplianceType             string
			Annotation                 string
			ResultRecordedTime         time.Time
			EvaluationResultIdentifier *struct {
				EvaluationResultQualifier *struct{ ConfigRuleName, ResourceType, ResourceId string }
			}
		}
		all, err := list[result](l, "config:GetConformancePackComplianceDetails", in{"ConformancePackName": p.ConformancePackName}, "ConformancePackRuleEvaluationResults")
		if err != nil {
			return nil, err
		}
		for _, r := range all {
			if r.EvaluationResultIdentifier == nil || r.EvaluationResultIdentifier.EvaluationResultQualifier == nil {
				return nil, fmt.Errorf("config:GetConformancePackComplianceDetails: a result is of no rule")
			}
			q := r.EvaluationResultIdentifier.EvaluationResultQualifier
			name, status := identifier[q.ConfigRuleName], verdictOf(r.ComplianceType)
			if name == "" {
				continue // made since the rules were read
			}
			reason := "AWS Config says " + r.ComplianceType + ", as of " + r.ResultRecordedTime.UTC().Format(time.RFC3339)
			if r.Annotation != "" {
				reason += ": " + r.Annotation
			}
			said[name] = append(said[name], evaluation{l.named(q.ResourceType, q.ResourceId), status, reason})
		}
	}
	return said, nil
}

// verdictOf is what a word of AWS Config's means.
//
// Source: AWS Config API reference, EvaluationResult, ComplianceType.
func verdictOf(word string) compliance.Status {
	switch word {
	case "COMPLIANT":
		return compliance.Pass
	case "NON_COMPLIANT":
		return compliance.Fail
	case "NOT_APPLICABLE":
		return compliance.NotApplicable
	}
	return compliance.Error
}

// named is a resource of AWS Config's by the name that reads give it, where its id
// is part of that.
func (l *look) named(kind, id string) string {
	rest := map[string][2]string{
		"AWS::EC2::Volume": {"ec2", "volume/"}, "AWS::EC2::Instance": {"ec2", "instance/"}, "AWS::EC2::VPC": {"ec2", "vpc/"}, "AWS::EC2::Subnet": {"ec2", "subnet/"},
		"AWS::EC2::SecurityGroup": {"ec2", "security-group/"}, "AWS::EC2::NetworkAcl": {"ec2", "network-acl/"}, "AWS::KMS::Key": {"kms", "key/"},
		"AWS::EFS::FileSystem": {"elasticfilesystem", "file-system/"}, "AWS::Logs::LogGroup": {"logs", "log-group:"}, "AWS::CloudTrail::Trail": {"cloudtrail", "trail/"},
	}
	at, has := rest[kind]
	switch {
	case strings.HasPrefix(id, "arn:"):
		return id
	case kind == "AWS::::Account":
		return l.self()
	case kind == "AWS::S3::Bucket":
		return "arn:aws:s3:::" + id
	case has:
		return l.arn(at[0], at[1]+id)
	}
	return kind + " " + id
}
