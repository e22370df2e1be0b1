package scan

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"landlord/guard/compliance"
)

// asffRecord is what landlord reads of a finding in AWS's Security Finding Format.
// Source: Security Hub user guide, "ASFF syntax" and "Control findings"
// (Compliance, SecurityControlId, RecordState, Workflow).
type asffRecord struct {
	ID          text `json:"Id"`
	ProductArn  text
	ProductName text
	GeneratorID text `json:"GeneratorId"`
	Account     text `json:"AwsAccountId"`
	Region      text
	UpdatedAt   text
	LastAt      text `json:"LastObservedAt"`
	RecordState text
	Workflow    struct{ Status text }
	Fields      struct {
		ControlID    text `json:"ControlId"`
		RuleID       text `json:"RuleId"`
		ProviderName text
	} `json:"ProductFields"`
	Compliance *struct {
		Status    text
		ControlID text `json:"SecurityControlId"`
		Reasons   []struct {
			Code text `json:"ReasonCode"`
		} `json:"StatusReasons"`
	}
	Resources []struct {
		ID     text `json:"Id"`
		Region text
	}
}

// inapplicable are the reasons by which Security Hub says that a control asks
// nothing of an account.
// Source: Security Hub user guide, "Compliance status reasons".
var inapplicable = []string{"CONFIG_RETURNS_NOT_APPLICABLE"}

func asff(raw []byte) ([]compliance.Finding, error) {
	var r asffRecord
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, unmarshal(err)
	}
	owner, err := account("AwsAccountId", string(r.Account))
	if err != nil {
		return nil, err // as of an event that holds findings
	}
	if r.Compliance == nil {
		return nil, &skip{"without Compliance: no finding of a check"}
	}
	at, err := asffTime(r)
	if err != nil {
		return nil, err
	}
	f := compliance.Finding{Account: owner, At: at, Method: method(r.product()), UID: plain(string(r.ID)), Name: plain(r.check()), Hash: hash(raw)}
	f.Whole = whole(f.Method)
	if f.Name == "" {
		return nil, missing("GeneratorId")
	}
	if f.Status, err = r.status(f.Method); err != nil {
		return nil, err
	}
	switch strings.ToUpper(string(r.RecordState)) {
	case "", "ACTIVE":
	case "ARCHIVED":
		f.Status = compliance.NotAssessed
	default:
		return nil, &wrong{"RecordState", fmt.Sprintf("%s: want ACTIVE or ARCHIVED", short(string(r.RecordState)))}
	}
	f.Suppressed = strings.EqualFold(string(r.Workflow.Status), "SUPPRESSED")
	if len(r.Resources) == 0 {
		return nil, missing("Resources")
	}
	var all []compliance.Finding
	for i, one := range r.Resources {
		if one.ID == "" {
			return nil, missing(fmt.Sprintf("Resources[%d].Id", i))
		}
		f.Resource = plain(string(one.ID))
		if f.Region = plain(string(one.Region)); f.Region == "" {
			f.Region = plain(string(r.Region))
		}
		all = append(all, f)
	}
	return all, nil
}

// asffTime is when a finding was last found so: the later of its two times.
func asffTime(r asffRecord) (time.Time, error) {
	at, err := moment("UpdatedAt", string(r.UpdatedAt))
	if err != nil || r.LastAt == "" {
		return at, err
	}
	last, err := moment("LastObservedAt", string(r.LastAt))
	if last.After(at) {
		at = last
	}
	return at, err
}

// product is whose finding it is: by its name, else by its ARN.
func (r asffRecord) product() string {
	switch {
	case r.Fields.ProviderName != "":
		return string(r.Fields.ProviderName)
	case r.ProductName != "":
		return string(r.ProductName)
	}
	return string(r.ProductArn[strings.LastIndexByte(string(r.ProductArn), '/')+1:])
}

// check is which check it is: the control's id, with or without a standard around.
func (r asffRecord) check() string {
	switch generator := string(r.GeneratorID); {
	case r.Compliance.ControlID != "":
		return string(r.Compliance.ControlID)
	case strings.HasPrefix(generator, "prowler-"):
		return strings.TrimPrefix(generator, "prowler-")
	case r.Fields.ControlID != "":
		return string(r.Fields.ControlID)
	case strings.HasPrefix(generator, "security-control/"), strings.HasPrefix(generator, "aws-foundational-security-best-practices/"):
		return generator[strings.LastIndexByte(generator, '/')+1:]
	default:
		return generator
	}
}

// status is the status of a control finding. Prowler writes WARNING for what a
// person must look at; Security Hub for what it could not tell.
func (r asffRecord) status(method string) (compliance.Status, error) {
	code := strings.ToLower(string(r.Compliance.Status))
	for _, reason := range r.Compliance.Reasons {
		if (code == "not_available" || code == "warning") && slices.Contains(inapplicable, string(reason.Code)) {
			return compliance.NotApplicable, nil
		}
	}
	switch code {
	case "passed":
		return compliance.Pass, nil
	case "failed":
		return compliance.Fail, nil
	case "not_available":
		return compliance.Error, nil
	case "warning":
		if method == compliance.Imported+"prowler" {
			return compliance.Manual, nil
		}
		return compliance.Error, nil
	case "":
		return 0, missing("Compliance.Status")
	}
	return 0, &wrong{"Compliance.Status", fmt.Sprintf("%s: want PASSED, WARNING, FAILED or NOT_AVAILABLE", short(string(r.Compliance.Status)))}
}
