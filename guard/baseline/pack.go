package baseline

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"landlord/guard/compliance"
	"landlord/guard/guardrail"
)

// Pack is landlord's own conformance pack for a framework.
type Pack struct {
	Name     string // Prefix and the framework's slug
	Version  string // 16 hexadecimal digits of the SHA-256 of what it says
	Template string // YAML; the same bytes each time
	Rules    []Rule
	Unruled  []string // checks of the framework that no rule of AWS's decides, by id
}

// VersionParameter is the parameter of the template that holds its version: AWS
// shows a pack's parameters and not its template.
const VersionParameter = "LandlordVersion"

// What a conformance pack may be.
//
// Source: AWS Config developer guide, "Service limits"; API reference,
// PutConformancePack, TemplateBody.
const (
	RulesMost    = 130
	TemplateMost = 51_200
)

// PackOf is the pack of a framework: a rule for each check that AWS Config decides.
// What belongs to no region is judged in the home region alone: elsewhere it would
// be judged again, and paid for. A framework that landlord has no checks of has a
// pack without rules.
func PackOf(framework string, home bool) Pack {
	return packs(packKey{framework, home})
}

type packKey struct {
	framework string
	home      bool
}

// packs are written once: ten thousand accounts share them.
var packs = func() func(packKey) Pack {
	var mu sync.Mutex
	written := map[packKey]Pack{}
	return func(k packKey) Pack {
		mu.Lock()
		defer mu.Unlock()
		p, is := written[k]
		if !is {
			p = writePack(k.framework, k.home)
			written[k] = p
		}
		return p
	}
}()

func writePack(framework string, home bool) Pack {
	p := Pack{Name: Prefix + guardrail.Slug(framework)}
	f, err := compliance.Of(framework, "")
	if err != nil {
		return p
	}
	chosen := map[string]Rule{}
	for _, c := range f.Checks() {
		if len(c.Rules) == 0 {
			p.Unruled = append(p.Unruled, c.ID)
		}
		if c.Scope == "global" && !home {
			continue
		}
		for _, id := range c.Rules {
			chosen[id] = Rule{Name: compliance.RuleName(id), Identifier: compliance.Identifier(id), Parameters: parameters(framework, id)}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(chosen)) {
		p.Rules = append(p.Rules, chosen[id])
	}
	body := resources(p.Rules)
	p.Version = fmt.Sprintf("%x", sha256.Sum256([]byte(body)))[:16]
	p.Template = "Parameters:\n  " + VersionParameter + ":\n    Type: String\n    Default: '" + p.Version + "'\n" + body
	return p
}

// resources writes rules as the template has them.
func resources(rules []Rule) string {
	var b strings.Builder
	b.WriteString("Resources:\n")
	for _, r := range rules {
		fmt.Fprintf(&b, "  %s:\n    Type: AWS::Config::ConfigRule\n    Properties:\n      ConfigRuleName: %s\n", logicalID(r.Name), r.Name)
		if len(r.Parameters) > 0 {
			b.WriteString("      InputParameters:\n")
			for _, name := range slices.Sorted(maps.Keys(r.Parameters)) {
				fmt.Fprintf(&b, "        %s: '%s'\n", name, r.Parameters[name])
			}
		}
		fmt.Fprintf(&b, "      Source:\n        Owner: AWS\n        SourceIdentifier: %s\n", r.Identifier)
	}
	return b.String()
}

// logicalID is a rule's name as CloudFormation lets a resource be called: letters
// and digits.
func logicalID(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "-") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// given are the parameters of rules that have no usable defaults, or whose
// defaults are not what the checks say: the values of AWS's own packs.
//
// Source: awslabs/aws-config-rules, aws-config-conformance-packs, 2026-04-09:
// CIS-AWS-v1.4-Level2, HIPAA-Security, FedRAMP-Moderate.
var given = map[string]map[string]string{
	"ACCESS_KEYS_ROTATED":               {"maxAccessKeyAge": "90"},
	"ACM_CERTIFICATE_EXPIRATION_CHECK":  {"daysToExpiration": "30"},
	"IAM_USER_UNUSED_CREDENTIALS_CHECK": {"maxCredentialUsageAge": "90"},
	"IAM_POLICY_IN_USE":                 {"policyARN": "arn:aws:iam::aws:policy/AWSSupportAccess"},
	"IAM_POLICY_BLACKLISTED_CHECK":      {"policyArns": "arn:aws:iam::aws:policy/AWSCloudShellFullAccess"},
	"CW_LOGGROUP_RETENTION_PERIOD_CHECK": {
		"MinRetentionTime": "365",
	},
	// Only what a check is about is given, as Security Hub does for each of its
	// controls IAM.11 to IAM.17: the rule judges by nothing else then. How long a
	// password may live no check asks.
	"IAM_PASSWORD_POLICY:length":     {"MinimumPasswordLength": "14"},
	"IAM_PASSWORD_POLICY:reuse":      {"PasswordReusePrevention": "24"},
	"IAM_PASSWORD_POLICY:characters": {"RequireLowercaseCharacters": "true", "RequireNumbers": "true", "RequireSymbols": "true", "RequireUppercaseCharacters": "true"},
	// As Security Hub's CloudTrail.1 has it.
	"MULTI_REGION_CLOUD_TRAIL_ENABLED": {"includeManagementEvents": "true", "readWriteType": "ALL"},
	// The check is that not all ports are open; that single ones are not is of others.
	"VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS":              {"authorizedTcpPorts": "1-65534", "authorizedUdpPorts": "1-65534"},
	"BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK": {"requiredFrequencyUnit": "days", "requiredFrequencyValue": "1", "requiredRetentionDays": "35"},
	"GUARDDUTY_NON_ARCHIVED_FINDINGS":                   {"daysHighSev": "1", "daysLowSev": "30", "daysMediumSev": "7"},
}

// own are those that one framework asks for differently.
var own = map[string]map[string]map[string]string{
	"CIS": {"IAM_USER_UNUSED_CREDENTIALS_CHECK": {"maxCredentialUsageAge": "45"}},
}

func parameters(framework, identifier string) map[string]string {
	if p := own[framework][identifier]; p != nil {
		return p
	}
	return given[identifier]
}

// judge compares the rules that an account has with those of the pack. AWS adds
// the pack's own id to the name of each.
func (p Pack) judge(in *Installed, have []Rule) []Gap {
	if in == nil {
		return nil
	}
	there := make(map[string]Rule, len(have))
	for _, r := range have {
		there[r.Name] = r
	}
	var gaps []Gap
	for _, want := range p.Rules {
		r, is := there[want.Name+"-"+in.ID]
		switch {
		case !is:
			gaps = append(gaps, Gap{Piece: ARule, State: Missing, Name: want.Name})
		case r.Identifier != want.Identifier:
			gaps = append(gaps, Gap{Piece: ARule, State: Edited, Name: want.Name, Detail: fmt.Sprintf("it is %s, not %s", r.Identifier, want.Identifier)})
		case !maps.Equal(r.Parameters, want.Parameters):
			gaps = append(gaps, Gap{Piece: ARule, State: Edited, Name: want.Name, Detail: fmt.Sprintf("its parameters are %v, not %v", r.Parameters, want.Parameters)})
		}
	}
	return gaps
}
