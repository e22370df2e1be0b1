package report

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"landlord/guard/compliance"
)

// ocsfVersion is that of the schema that the events are of.
const ocsfVersion = "1.5.0"

// ocsfEvent is a Compliance Finding.
// Source: schema.ocsf.io, class Compliance Finding (2003), profile Cloud.
type ocsfEvent struct {
	Activity   int    `json:"activity_id"`
	Category   int    `json:"category_uid"`
	Class      int    `json:"class_uid"`
	Type       int    `json:"type_uid"`
	Time       int64  `json:"time"` // milliseconds
	Severity   int    `json:"severity_id"`
	StatusCode string `json:"status_code"`
	StatusID   int    `json:"status_id"` // 1 new, 3 suppressed
	Message    string `json:"message"`
	Compliance struct {
		Control      string   `json:"control"`
		Requirements []string `json:"requirements"`
		Standards    []string `json:"standards"`
		Status       string   `json:"status"`
		StatusID     int      `json:"status_id"`
	} `json:"compliance"`
	Finding struct {
		UID       string   `json:"uid"`
		Title     string   `json:"title"`
		FirstSeen int64    `json:"first_seen_time"`
		LastSeen  int64    `json:"last_seen_time"`
		Sources   []string `json:"data_sources"`
	} `json:"finding_info"`
	Metadata struct {
		EventCode string   `json:"event_code"`
		Version   string   `json:"version"`
		Profiles  []string `json:"profiles"` // that attributes beyond the class are of
		Product   struct {
			Name    string `json:"name"`
			Vendor  string `json:"vendor_name"`
			Version string `json:"version"`
		} `json:"product"`
	} `json:"metadata"`
	Cloud struct {
		Provider string `json:"provider"`
		Region   string `json:"region,omitempty"`
		Account  struct {
			UID string `json:"uid"`
		} `json:"account"`
	} `json:"cloud"`
	Resources []struct {
		UID    string `json:"uid"`
		Region string `json:"region,omitempty"`
	} `json:"resources"`
	Unmapped struct {
		Evidence string `json:"evidence_sha256"`
	} `json:"unmapped"`
}

// ocsfStatus are code, compliance status and its id of each status.
var ocsfStatus = map[compliance.Status]struct {
	code, words string
	id          int
}{
	compliance.Pass: {"PASS", "Pass", 1}, compliance.Fail: {"FAIL", "Fail", 3}, compliance.Error: {"ERROR", "Warning", 2},
	compliance.Manual: {"MANUAL", "Other", 99}, compliance.NotApplicable: {"NOT_APPLICABLE", "Other", 99},
}

var ocsfSeverity = map[string]int{"low": 2, "medium": 3, "high": 4, "critical": 5}

// OCSF writes what counts of every check as OCSF Compliance Findings: a list with
// one event a line, for each resource and method.
func (r *Report) OCSF(w io.Writer) error {
	b := bufio.NewWriter(w)
	sep := "[\n"
	for _, c := range r.Checks {
		for _, one := range c.Resources {
			text, err := json.Marshal(r.ocsfEvent(c, one))
			if err != nil {
				return err
			}
			b.WriteString(sep)
			b.Write(text)
			sep = ",\n"
		}
	}
	if sep == "[\n" {
		b.WriteString("[")
	}
	b.WriteString("\n]\n")
	return b.Flush()
}

func (r *Report) ocsfEvent(c compliance.CheckResult, one compliance.ResourceResult) ocsfEvent {
	e := ocsfEvent{Activity: 1, Category: 2, Class: 2003, Type: 200301, Time: one.Seen.UnixMilli(), Severity: ocsfSeverity[c.Severity], StatusID: 1}
	s := ocsfStatus[one.Status]
	e.StatusCode, e.Message = s.code, fmt.Sprintf("%s: %s", c.Title, one.Status)
	if one.Suppressed {
		e.StatusID = 3
	}
	e.Compliance.Control, e.Compliance.Requirements, e.Compliance.Standards, e.Compliance.Status, e.Compliance.StatusID = c.ID, c.Controls, []string{r.edition()}, s.words, s.id
	e.Finding.UID, e.Finding.Title = r.uuid("ocsf", c.ID, one.Method, one.Region, one.Resource), c.Title
	e.Finding.FirstSeen, e.Finding.LastSeen, e.Finding.Sources = one.Since.UnixMilli(), one.Seen.UnixMilli(), []string{one.Method}
	e.Metadata.EventCode, e.Metadata.Version, e.Metadata.Profiles = c.ID, ocsfVersion, []string{"cloud"}
	e.Metadata.Product.Name, e.Metadata.Product.Vendor, e.Metadata.Product.Version = "landlord", "landlord", r.Table
	e.Cloud.Provider, e.Cloud.Region, e.Cloud.Account.UID = "aws", one.Region, string(r.Subject.Account)
	resource := one.Resource
	if resource == "" {
		resource = "account " + string(r.Subject.Account)
	}
	e.Resources = append(e.Resources, struct {
		UID    string `json:"uid"`
		Region string `json:"region,omitempty"`
	}{resource, one.Region})
	e.Unmapped.Evidence = one.Evidence
	return e
}
