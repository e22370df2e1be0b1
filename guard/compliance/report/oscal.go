package report

import (
	"crypto/sha1"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"landlord/guard/compliance"
)

// oscalVersion is that of the models that the documents are of.
// Source: NIST, OSCAL 1.2.2, assessment-results and plan-of-action-and-milestones.
const oscalVersion = "1.2.2"

// What keeps a document from being written: OSCAL has no place for nothing.
var (
	ErrNoEvidence = errors.New("there is no evidence to report")
	ErrNothing    = errors.New("nothing that was assessed fails, so there is nothing to plan")
)

// oscalNS is the namespace of landlord's own properties.
const oscalNS = "urn:landlord:compliance"

// uuid is the UUID, version 5, of what names name within the report's customer and
// framework: the same for the same, always.
func (r *Report) uuid(names ...string) string {
	space := []byte("landlord compliance report.") // RFC 9562 wants any fixed text before the name
	sum := sha1.Sum(append(space, strings.Join(append([]string{r.Subject.Customer, string(r.Subject.Account), r.Framework, r.Edition}, names...), "\x00")...))
	b := sum[:16]
	b[6], b[8] = b[6]&0x0f|0x50, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func oscalTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999999999Z") }

// token makes an id fit for OSCAL, which wants a name that begins with a letter:
// "164.308(a)(1)(i)" is "r-164.308-a-1-i".
func token(id string) string {
	id = strings.Trim(strings.NewReplacer(")(", "-", "(", "-", ")", "").Replace(id), "-")
	if id[0] >= '0' && id[0] <= '9' {
		id = "r-" + id
	}
	return id
}

// objective is the id of what a finding is about: of SP 800-53 the assessment
// objective as NIST's catalogue calls it, else the control itself.
func objective(c compliance.ControlResult) string {
	if len(c.ID) > 3 && c.ID[2] == '-' && c.ID[0] >= 'a' && c.ID[0] <= 'z' {
		return c.ID + "_obj"
	}
	return token(c.ID)
}

func own(name, value string) oscalProp { return oscalProp{name, oscalNS, value} }

func (r *Report) oscalMetadata(title string) oscalMetadata {
	m := oscalMetadata{
		Title: title + ": " + r.Subject.Name, LastModified: oscalTime(r.Last), Version: oscalTime(r.Last), OSCAL: oscalVersion,
		Props:   []oscalProp{own("framework", r.edition()), own("mapping-version", r.Table), own("customer", r.Subject.Customer)},
		Parties: []oscalParty{{r.uuid("customer"), "organization", r.Subject.Name}},
		Remarks: r.Statement,
	}
	if r.Subject.Provider != "" {
		m.Parties = append(m.Parties, oscalParty{r.uuid("provider"), "organization", r.Subject.Provider})
	}
	return m
}

// oscalComponents are what was assessed, and what assessed it.
func (r *Report) oscalComponents() (all []oscalComponent) {
	add := func(uuid, kind, title, description string, props ...oscalProp) {
		c := oscalComponent{UUID: uuid, Type: kind, Title: title, Description: description, Props: props}
		c.Status.State = "operational"
		all = append(all, c)
	}
	add(r.uuid("account"), "service", "AWS account "+string(r.Subject.Account), "The customer's AWS account.", own("account", string(r.Subject.Account)))
	for _, m := range r.Methods {
		add(r.uuid("tool", m), "software", MethodWords(m), "A method by which findings were made.", own("method", m))
	}
	return all
}

// oscalParts are the observations of checks, the risks of those that do not pass,
// and the findings on controls.
func (r *Report) oscalParts() (seen []oscalObservation, risks []oscalRisk, findings []oscalFinding) {
	open := map[string]bool{}
	for _, c := range r.Checks {
		if c.Status == compliance.NotAssessed {
			continue
		}
		seen = append(seen, r.oscalObservation(c))
		if c.Status == compliance.Fail || c.Status == compliance.Error {
			open[c.ID] = true
			risks = append(risks, r.oscalRisk(c))
		}
	}
	for _, catalogue := range r.Catalogues {
		for _, c := range catalogue.Controls {
			if c.Status == compliance.NotAssessed || c.Status == compliance.NotApplicable {
				continue
			}
			findings = append(findings, r.oscalFinding(c, open))
		}
	}
	return seen, risks, findings
}

func (r *Report) oscalObservation(c compliance.CheckResult) oscalObservation {
	o := oscalObservation{
		oscalNamed: oscalNamed{r.uuid("observation", c.ID), c.Title, fmt.Sprintf("Check %s: %s. %s looked at.", c.ID, c.Status, plural(c.Looked, "resource"))},
		Props:      []oscalProp{own("check", c.ID), own("status", c.Status.String()), own("severity", c.Severity), own("since", oscalTime(c.Since)), own("population", fmt.Sprint(c.Looked))},
		Methods:    []string{"TEST"}, Types: []string{"control-objective"}, Subjects: []oscalSubject{{r.uuid("account"), "component"}}, Collected: oscalTime(c.Seen),
	}
	if c.Evidence != "" {
		o.Props = append(o.Props, own("evidence-sha256", c.Evidence))
	}
	if c.Disagree {
		o.Remarks = "The methods disagree; the worse counts."
	}
	actors := []oscalActor{}
	for _, m := range c.Methods {
		actors = append(actors, oscalActor{"tool", r.uuid("tool", m.Method)})
	}
	if len(actors) == 0 {
		actors = append(actors, oscalActor{"tool", r.uuid("account")})
	}
	o.Origins = []oscalOrigin{{actors}}
	for _, one := range c.Resources {
		if one.Status <= compliance.Pass {
			continue
		}
		o.Evidence = append(o.Evidence, oscalEvidence{
			Description: fmt.Sprintf("%s: %s since %s, by %s", place(one), one.Status, oscalTime(one.Since), MethodWords(one.Method)),
			Props:       []oscalProp{own("evidence-sha256", one.Evidence), own("suppressed", fmt.Sprint(one.Suppressed))},
		})
	}
	return o
}

func (r *Report) oscalRisk(c compliance.CheckResult) oscalRisk {
	statement := "It is not so that: " + c.Title + "."
	if c.Status == compliance.Error {
		statement = "It could not be told whether it is so that: " + c.Title + "."
	}
	return oscalRisk{
		oscalNamed: oscalNamed{r.uuid("risk", c.ID), c.Title, fmt.Sprintf("Check %s is %s since %s.", c.ID, c.Status, oscalTime(c.Since))},
		Statement:  statement, Props: []oscalProp{own("severity", c.Severity)}, Status: "open", Related: []oscalSeen{{r.uuid("observation", c.ID)}},
	}
}

// oscalFinding is what is concluded of a control. OSCAL knows satisfied and
// not-satisfied only; how much of the control was looked at is said beside.
func (r *Report) oscalFinding(c compliance.ControlResult, open map[string]bool) oscalFinding {
	f := oscalFinding{
		oscalNamed: oscalNamed{r.uuid("finding", c.ID), c.ID + " " + c.Title, fmt.Sprintf("%s: %s. %d of %s behind it were assessed.", c.ID, c.Status, c.Assessed, plural(len(c.Behind), "check"))},
		Props:      []oscalProp{own("status", c.Status.String()), own("status-by-confirmed-mappings", c.Firm.String()), own("since", oscalTime(c.Since)), own("coverage", fmt.Sprintf("%d of %d", c.Assessed, len(c.Behind)))},
		Target:     oscalTarget{Type: "objective-id", ID: objective(c), Title: c.ID + " " + c.Title},
	}
	f.Target.Status = oscalStatus{"not-satisfied", "other", "This says what automated checks of settings found; the control asks for more. Coverage, not satisfaction."}
	switch c.Status {
	case compliance.Pass:
		f.Target.Status.State, f.Target.Status.Reason = "satisfied", "pass"
	case compliance.Fail:
		f.Target.Status.Reason = "fail"
	}
	for _, b := range c.Behind {
		if b.Status != compliance.NotAssessed {
			f.Seen = append(f.Seen, oscalSeen{r.uuid("observation", b.Check)})
		}
		if open[b.Check] {
			f.Risks = append(f.Risks, oscalRiskOf{r.uuid("risk", b.Check)})
		}
	}
	return f
}

// OSCAL writes the report as OSCAL assessment results.
func (r *Report) OSCAL(w io.Writer) error {
	if r.Last.IsZero() {
		return ErrNoEvidence
	}
	d := oscalResults{UUID: r.uuid("assessment-results", oscalTime(r.Last), r.evidence()), Metadata: r.oscalMetadata("Assessment results")}
	plan := r.uuid("assessment-plan")
	d.ImportAP.Href, d.ImportAP.Remarks = "#"+plan, "No plan was written as a document of its own; the resource says what was done."
	d.BackMatter.Resources = []oscalNamed{{plan, "Method", strings.Join(r.Method, "\n\n")}, {r.uuid("left-out"), "What landlord does not assess", strings.Join(r.NotDone, "\n\n")}}
	result := oscalResult{
		oscalNamed: oscalNamed{r.uuid("result", oscalTime(r.Last), r.evidence()), "Settings of AWS account " + string(r.Subject.Account), r.Statement},
		Start:      oscalTime(r.First), End: oscalTime(r.Last), Local: oscalLocal{r.oscalComponents()}, Remarks: strings.Join(r.NotDone, "\n\n"),
	}
	for _, c := range r.Catalogues {
		s := oscalSelection{Description: fmt.Sprintf("%s: the controls of which checks were assessed. %s pass of %s that pass, fail or could not be told.", c.Name, count(c.Score.Pass), count(c.Score.Of))}
		for _, control := range c.Controls {
			if control.Assessed > 0 {
				s.Include = append(s.Include, oscalControl{token(control.ID)})
			}
		}
		if len(s.Include) > 0 {
			result.Reviewed.Selections = append(result.Reviewed.Selections, s)
		}
	}
	if len(result.Reviewed.Selections) == 0 {
		return ErrNoEvidence // of this framework
	}
	result.Observations, result.Risks, result.Findings = r.oscalParts()
	d.Results = []oscalResult{result}
	return oscalWrite(w, "assessment-results", d)
}

// evidence is one hash over all that counts in the report.
func (r *Report) evidence() string {
	var all []string
	for _, c := range r.Checks {
		all = append(all, c.ID+c.Evidence)
	}
	return strings.Join(all, ",")
}

func oscalWrite(w io.Writer, name string, document any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(map[string]any{name: document})
}
