package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// oscalPlan is a plan of action and milestones.
type oscalPlan struct {
	UUID     string        `json:"uuid"`
	Metadata oscalMetadata `json:"metadata"`
	System   struct {
		Type string `json:"identifier-type"`
		ID   string `json:"id"`
	} `json:"system-id"`
	Local        oscalLocal         `json:"local-definitions"`
	Observations []oscalObservation `json:"observations"`
	Risks        []oscalRisk        `json:"risks"`
	Findings     []oscalFinding     `json:"findings,omitempty"`
	Items        []oscalItem        `json:"poam-items"`
}

type oscalItem struct {
	oscalNamed
	Props []oscalProp   `json:"props,omitempty"`
	Seen  []oscalSeen   `json:"related-observations"`
	Risks []oscalRiskOf `json:"related-risks"`
}

// POAM writes what fails as an OSCAL plan of action and milestones: an item for
// each check, in the order in which to fix them. Deadlines and owners are for the
// customer to add.
func (r *Report) POAM(w io.Writer) error {
	if r.Last.IsZero() {
		return ErrNoEvidence
	}
	if len(r.Fix) == 0 {
		return ErrNothing
	}
	d := oscalPlan{UUID: r.uuid("plan-of-action", oscalTime(r.Last), r.evidence()), Metadata: r.oscalMetadata("Plan of action and milestones"), Local: oscalLocal{r.oscalComponents()}}
	d.System.Type, d.System.ID = "urn:aws:account", string(r.Subject.Account)
	seen, risks, findings := r.oscalParts()
	d.Risks = risks
	open := map[string]bool{}
	for i, f := range r.Fix {
		open[r.uuid("observation", f.Check)] = true
		d.Items = append(d.Items, oscalItem{
			oscalNamed: oscalNamed{r.uuid("poam-item", f.Check), f.Title,
				fmt.Sprintf("Check %s is %s at %s. It touches %s.", f.Check, f.Status, plural(f.Resources, "resource"), strings.Join(f.Controls, ", "))},
			Props: []oscalProp{own("priority", fmt.Sprint(i+1)), own("severity", f.Severity), own("status", f.Status.String())},
			Seen:  []oscalSeen{{r.uuid("observation", f.Check)}}, Risks: []oscalRiskOf{{r.uuid("risk", f.Check)}},
		})
	}
	for _, o := range seen {
		if open[o.UUID] {
			d.Observations = append(d.Observations, o)
		}
	}
	for _, f := range findings {
		if len(f.Risks) > 0 {
			f.Seen = slices.DeleteFunc(f.Seen, func(s oscalSeen) bool { return !open[s.UUID] })
			d.Findings = append(d.Findings, f)
		}
	}
	return oscalWrite(w, "plan-of-action-and-milestones", d)
}
