package estate

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// What a conformance pack may be.
//
// Source: AWS Config developer guide, "Service Limits for AWS Config":
// conformance packs per account, rules per pack; API reference,
// PutConformancePack, TemplateBody.
const (
	packsMost     = 50
	packRulesMost = 130
	templateMost  = 51_200
)

// putPack makes a conformance pack. It ends later, well or not, as
// DescribeConformancePackStatus says.
func putPack(c *Call) (Doc, error) {
	name, body := c.text("ConformancePackName"), c.text("TemplateBody")
	have := c.one(c.Region, "pack", name)
	switch {
	case body == "" && (c.text("TemplateS3Uri") != "" || c.In["TemplateSSMDocumentDetails"] != nil):
		return nil, refuse("InvalidParameterValueException", "simaws reads a conformance pack's template from TemplateBody.")
	case body == "":
		return nil, refuse("InvalidParameterValueException", "One of TemplateBody, TemplateS3Uri and TemplateSSMDocumentDetails must be given.")
	case len(body) > templateMost:
		return nil, refuse("ConformancePackTemplateValidationException", fmt.Sprintf("Template body is %d bytes, more than %d. Use TemplateS3Uri.", len(body), templateMost))
	case have == nil && len(c.all(c.Region, "pack")) >= packsMost:
		return nil, refuse("MaxNumberOfConformancePacksExceededException", "You have reached the limit of the number of conformance packs you can create in an account: "+strconv.Itoa(packsMost))
	}
	given := docs(c.In, "ConformancePackInputParameters")
	packed := c.shared.pack(body)
	rules, err := c.shared.read(packed, body, given)
	switch {
	case err != nil:
		return nil, refuse("ConformancePackTemplateValidationException", "Template validation error: "+err.Error())
	case len(rules) == 0 || len(rules) > packRulesMost:
		return nil, refuse("ConformancePackTemplateValidationException", fmt.Sprintf("Template validation error: %d rules, want 1 to %d.", len(rules), packRulesMost))
	}
	id := text(have, "ConformancePackId")
	if id == "" {
		id = "conformance-pack-" + word(c.Chance, small, 9)
	}
	p := Doc{"ConformancePackName": name, "ConformancePackId": id, "ConformancePackArn": c.arn("config", "conformance-pack/"+name+"/"+id), "LastUpdateRequestedTime": stamp(c.Now),
		"ConformancePackInputParameters": given, "DeliveryS3Bucket": c.text("DeliveryS3Bucket"), "DeliveryS3KeyPrefix": c.text("DeliveryS3KeyPrefix"),
		"template": packed}
	if c.recorder(c.Region) == nil {
		p["failed"] = "NoAvailableConfigurationRecorderException: Configuration Recorder is not available to put config rule."
	}
	c.put(c.Region, "pack", name, p)
	return Doc{"ConformancePackArn": p["ConformancePackArn"]}, nil
}

// pack makes a text small: ten thousand accounts may each keep one.
func pack(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, text) // a buffer takes everything
	_ = z.Close()
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func unpack(packed string) string {
	raw, err := base64.StdEncoding.DecodeString(packed)
	if err != nil {
		return ""
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return ""
	}
	text, _ := io.ReadAll(z) // it was packed here
	return string(text)
}

// packState is the state of a pack now.
func (c *Call) packState(p Doc) string {
	switch {
	case c.Now.Before(when(p, "LastUpdateRequestedTime").Add(c.Settle)):
		return "CREATE_IN_PROGRESS"
	case p["failed"] != nil:
		return "CREATE_FAILED"
	}
	return "CREATE_COMPLETE"
}

// packRules are the rules of a pack, once it is made.
func (c *Call) packRules(p Doc) []Doc {
	if c.packState(p) != "CREATE_COMPLETE" {
		return nil
	}
	bare := c.shared.rulesOf(text(p, "template"), docs(p, "ConformancePackInputParameters"))
	rules := make([]Doc, len(bare))
	for i, r := range bare {
		id := "config-rule-" + word(c.chance(text(p, "ConformancePackId")+text(r, "ConfigRuleName")), small, 6)
		rules[i] = with(r, Doc{"ConfigRuleName": text(r, "ConfigRuleName") + "-" + text(p, "ConformancePackId"), "ConfigRuleId": id, "ConfigRuleArn": c.arn("config", "config-rule/aws-service-rule/config-conforms.amazonaws.com/"+id),
			"ConfigRuleState": "ACTIVE", "CreatedBy": "config-conforms.amazonaws.com", "since": stamp(when(p, "LastUpdateRequestedTime").Add(c.Settle))})
	}
	return rules
}

func ofPack(run func(*Call, Doc) (Doc, error)) Operation {
	return func(c *Call) (Doc, error) {
		p := c.one(c.Region, "pack", c.text("ConformancePackName"))
		if p == nil {
			return nil, refuse(noPack, "Conformance pack "+c.text("ConformancePackName")+" does not exist.")
		}
		return run(c, p)
	}
}

const noPack = "NoSuchConformancePackException"

func describePacks(c *Call) (Doc, error) {
	all, err := named(c.all(c.Region, "pack"), "ConformancePackName", c.texts("ConformancePackNames"), noPack, "conformance pack")
	if err != nil {
		return nil, err
	}
	return configPages.list(c, "ConformancePackDetails", all)
}

func packStatus(c *Call) (Doc, error) {
	all, err := named(c.all(c.Region, "pack"), "ConformancePackName", c.texts("ConformancePackNames"), noPack, "conformance pack")
	if err != nil {
		return nil, err
	}
	for i, p := range all {
		state := c.packState(p)
		s := with(p, Doc{"ConformancePackState": state, "ConformancePackStatusReason": p["failed"],
			"StackArn": c.arn("cloudformation", "stack/awsconfigconforms-"+text(p, "ConformancePackName")+"-"+text(p, "ConformancePackId"))})
		if state != "CREATE_IN_PROGRESS" {
			s["LastUpdateCompletedTime"] = stamp(when(p, "LastUpdateRequestedTime").Add(c.Settle))
		} else {
			delete(s, "ConformancePackStatusReason")
		}
		all[i] = s
	}
	return configPages.list(c, "ConformancePackStatusDetails", all)
}

func deletePack(c *Call, p Doc) (Doc, error) {
	if c.packState(p) == "CREATE_IN_PROGRESS" {
		return nil, refuse("ResourceInUseException", "Conformance pack "+text(p, "ConformancePackName")+" is being created.")
	}
	c.put(c.Region, "pack", text(p, "ConformancePackName"), nil)
	return nil, nil
}

// wantedRules are the rules of a pack that a call's filters name.
func (c *Call) wantedRules(p Doc) ([]Doc, error) {
	return named(c.packRules(p), "ConfigRuleName", texts(sub(c.In, "Filters"), "ConfigRuleNames"), "NoSuchConfigRuleInConformancePackException", "config rule")
}

func packCompliance(c *Call, p Doc) (Doc, error) {
	rules, err := c.wantedRules(p)
	if err != nil {
		return nil, err
	}
	wanted, all := text(sub(c.In, "Filters"), "ComplianceType"), []Doc{}
	for _, r := range rules {
		if verdict := total(c.judge(r)); wanted == "" || wanted == verdict {
			all = append(all, Doc{"ConfigRuleName": r["ConfigRuleName"], "ComplianceType": verdict, "Controls": []any{}})
		}
	}
	out, err := configPages.list(c, "ConformancePackRuleComplianceList", all)
	return with(out, Doc{"ConformancePackName": p["ConformancePackName"]}), err
}

func packDetails(c *Call, p Doc) (Doc, error) {
	rules, err := c.wantedRules(p)
	if err != nil {
		return nil, err
	}
	f, all := sub(c.In, "Filters"), []Doc{}
	for _, r := range rules {
		for _, e := range c.judge(r) {
			ids := texts(f, "ResourceIds")
			if wanted := text(f, "ComplianceType"); (wanted == "" || wanted == e.Compliance) && (text(f, "ResourceType") == "" || text(f, "ResourceType") == e.Type) &&
				(len(ids) == 0 || slices.Contains(ids, e.ID)) {
				all = append(all, e.shown(r))
			}
		}
	}
	out, err := configPages.list(c, "ConformancePackRuleEvaluationResults", all)
	return with(out, Doc{"ConformancePackName": p["ConformancePackName"]}), err
}

func packSummary(c *Call) (Doc, error) {
	all, err := named(c.all(c.Region, "pack"), "ConformancePackName", c.texts("ConformancePackNames"), noPack, "conformance pack")
	if err != nil {
		return nil, err
	}
	for i, p := range all {
		var judged []Evaluation
		for _, r := range c.packRules(p) {
			judged = append(judged, c.judge(r)...)
		}
		all[i] = Doc{"ConformancePackName": p["ConformancePackName"], "ConformancePackComplianceStatus": total(judged)}
	}
	return configPages.list(c, "ConformancePackComplianceSummaryList", all)
}

// Shared is what the estates of one world have in common, so that it is kept
// once.
type Shared struct {
	texts  map[string]string
	packed map[[sha256.Size]byte]string // by what was packed
	rules  map[string][]Doc
}

// NewShared is one in which nothing is yet.
func NewShared() *Shared {
	return &Shared{map[string]string{}, map[[sha256.Size]byte]string{}, map[string][]Doc{}}
}

// pack is a text as pack makes it, once.
func (s *Shared) pack(text string) string {
	sum := sha256.Sum256([]byte(text))
	if _, ok := s.packed[sum]; !ok {
		s.packed[sum] = s.Intern(pack(text))
	}
	return s.packed[sum]
}

// Intern is the text, of which all that are equal are one.
func (s *Shared) Intern(text string) string {
	if have, ok := s.texts[text]; ok {
		return have
	}
	s.texts[text] = text
	return text
}

// rulesOf are the rules of a packed template with its parameters. They are
// read once.
func (s *Shared) rulesOf(packed string, given []Doc) []Doc {
	rules, _ := s.read(packed, "", given) // it was read when it was put
	return rules
}

// read reads a template that may be known, packed, already.
func (s *Shared) read(packed, body string, given []Doc) ([]Doc, error) {
	parameters, _ := json.Marshal(given) // texts
	key := strings.Join([]string{packed, string(parameters)}, "\x00")
	if rules, ok := s.rules[key]; ok {
		return rules, nil
	}
	if body == "" {
		body = unpack(packed)
	}
	rules, err := parseTemplate(body, given)
	if err == nil {
		s.rules[key] = rules
	}
	return rules, err
}
