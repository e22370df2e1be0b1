package web

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"landlord/guard/compliance"
	"landlord/guard/compliance/report"
	"landlord/service/control"
	"landlord/service/store"
)

type customerCompliancePage struct {
	customerShell
	posturePart
	MayAssess bool
}

type customerControlPage struct {
	customerShell
	controlPart
}

type customerCheckPage struct {
	customerShell
	checkPart
}

type portalCompliancePage struct {
	shell
	posturePart
	Standing standing
	Lead     string
}

type portalControlPage struct {
	shell
	controlPart
}

type portalCheckPage struct {
	shell
	checkPart
}

// reportOf is how a customer stands to its framework, in the edition that the address
// asks for, by all evidence that is kept.
func reportOf(v *visit, tx store.Tx, c store.Customer) (*report.Report, error) {
	edition := v.FormValue("edition")
	if !slices.Contains(compliance.Editions[c.Framework], edition) {
		edition = ""
	}
	return control.Report(v.Context(), tx, c.Key, edition)
}

// posture is the part of a page that says how a customer stands.
func (s *Server) posture(v *visit, tx store.Tx, c store.Customer, to string) (posturePart, error) {
	r, err := reportOf(v, tx, c)
	if errors.Is(err, control.ErrUnassessed) {
		return posturePart{To: to, Framework: c.Framework, Unknown: true}, nil
	}
	if err != nil {
		return posturePart{}, err
	}
	return postureSaid(v, to, r.Posture), nil
}

// customerCompliance says how a customer stands to its framework.
func (s *Server) customerCompliance(v *visit) error {
	var p customerCompliancePage
	err := s.ofCustomer(v, "compliance", &p.customerShell, func(tx store.Tx, c store.Customer) (err error) {
		if p.posturePart, err = s.posture(v, tx, c, "/customers/"+c.Key+"/compliance"); err == nil && p.Known {
			p.Lead = stands(p.posturePart)
		}
		p.MayAssess = v.Person.Is(engineers) && c.State == store.Active && !p.Unknown
		return err
	})
	if err != nil {
		return err
	}
	return s.render(v, "customer_compliance", p)
}

// customerControl shows the checks behind a control.
func (s *Server) customerControl(v *visit) error {
	var p customerControlPage
	err := s.ofCustomer(v, "compliance", &p.customerShell, func(tx store.Tx, c store.Customer) (err error) {
		p.controlPart, err = s.control(v, tx, c, "/customers/"+c.Key+"/compliance")
		return err
	})
	if err != nil {
		return err
	}
	return s.render(v, "customer_control", p)
}

// customerCheck shows what was found of a check.
func (s *Server) customerCheck(v *visit) error {
	var p customerCheckPage
	err := s.ofCustomer(v, "compliance", &p.customerShell, func(tx store.Tx, c store.Customer) (err error) {
		p.checkPart, err = s.check(v, tx, c, "/customers/"+c.Key+"/compliance")
		return err
	})
	if err != nil {
		return err
	}
	return s.render(v, "customer_check", p)
}

// customerReport is a customer's report as a file.
func (s *Server) customerReport(v *visit) error {
	var head customerShell
	var file reportFile
	err := s.ofCustomer(v, "compliance", &head, func(tx store.Tx, c store.Customer) error {
		var err error
		if file, err = s.reportFile(v, tx, c); err != nil {
			return err
		}
		return s.record(v, tx, act{did: "report.download", customer: c.Key, framework: c.Framework, after: file.name})
	})
	if err != nil {
		return err
	}
	return v.download(file)
}

// portalCompliance says to a customer how it stands to its framework.
func (s *Server) portalCompliance(v *visit, tx store.Tx, c store.Customer) (err error) {
	p := portalCompliancePage{shell: s.shell(v, "How do we stand?")}
	if p.Standing, err = s.standing(v, tx, c); err != nil {
		return err
	}
	if p.posturePart, err = s.posture(v, tx, c, v.base+"/compliance"); err != nil {
		return err
	}
	p.Lead = "To " + p.Framework + ", as far as settings of your account tell. It is no attestation."
	if p.Known {
		p.Lead = stands(p.posturePart) + " It is no attestation."
	}
	return s.render(v, "portal_compliance", p)
}

// portalControl shows a customer the checks behind a control.
func (s *Server) portalControl(v *visit, tx store.Tx, c store.Customer) error {
	part, err := s.control(v, tx, c, v.base+"/compliance")
	if err != nil {
		return err
	}
	return s.render(v, "portal_control", portalControlPage{s.shell(v, compliance.Label(part.ID)), part})
}

// portalCheck shows a customer what was found of a check.
func (s *Server) portalCheck(v *visit, tx store.Tx, c store.Customer) error {
	part, err := s.check(v, tx, c, v.base+"/compliance")
	if err != nil {
		return err
	}
	return s.render(v, "portal_check", portalCheckPage{s.shell(v, part.Words), part})
}

// portalReport is a customer's own report as a file.
func (s *Server) portalReport(v *visit, tx store.Tx, c store.Customer) error {
	file, err := s.reportFile(v, tx, c)
	if err != nil {
		return err
	}
	return v.download(file)
}

// stands is how a customer stands, in a sentence.
func stands(p posturePart) string {
	bad := 0
	for _, c := range p.Catalogues[:1] {
		for _, n := range c.Counts {
			if n.State.Class == "bad" || n.State.Class == "warn" {
				bad += n.N
			}
		}
	}
	if bad == 0 {
		return "Every control of " + p.Framework + " that was assessed passes: " + p.Of + "."
	}
	return p.Score + " of the controls of " + p.Framework + " that were assessed pass; " + count(bad, "control") + " " + map[bool]string{true: "does", false: "do"}[bad == 1] + " not."
}

func (s *Server) control(v *visit, tx store.Tx, c store.Customer, to string) (controlPart, error) {
	r, err := reportOf(v, tx, c)
	if err == nil {
		if part, is := controlOf(v, to, r.Posture, v.PathValue("control")); is {
			return part, nil
		}
	}
	if err == nil || errors.Is(err, control.ErrUnassessed) {
		err = errNotHere
	}
	return controlPart{}, err
}

func (s *Server) check(v *visit, tx store.Tx, c store.Customer, to string) (checkPart, error) {
	r, err := reportOf(v, tx, c)
	if err == nil {
		if part, is := checkOf(v, to, r.Posture, v.PathValue("check")); is {
			return part, nil
		}
	}
	if err == nil || errors.Is(err, control.ErrUnassessed) {
		err = errNotHere
	}
	return checkPart{}, err
}

// reportFile is a report, written.
type reportFile struct {
	name, media string
	body        []byte
}

// reportFile writes a customer's report in the format that the address asks for. It
// is called by the customer's key, the day of its last evidence and the format.
func (s *Server) reportFile(v *visit, tx store.Tx, c store.Customer) (reportFile, error) {
	format, is := report.FormatOf(v.PathValue("format"))
	if !is {
		return reportFile{}, errNotHere
	}
	doc, err := reportOf(v, tx, c)
	if errors.Is(err, control.ErrUnassessed) {
		return reportFile{}, errNotHere
	}
	if err != nil {
		return reportFile{}, err
	}
	var b bytes.Buffer
	switch err := format.Write(doc, &b); {
	case errors.Is(err, report.ErrNoEvidence), errors.Is(err, report.ErrNothing):
		return reportFile{}, problem{Status: http.StatusConflict, Title: "There is nothing to write", Detail: sentence(err.Error()) + ". The other formats say so."}
	case err != nil:
		return reportFile{}, fmt.Errorf("write the report of %s as %s: %w", c.Key, format.Name, err)
	}
	name := c.Key + "-"
	if !doc.Last.IsZero() {
		name += doc.Last.UTC().Format(time.DateOnly) + "-"
	}
	return reportFile{name + format.File, format.Media, b.Bytes()}, nil
}

// download answers with a file to keep.
func (v *visit) download(f reportFile) error {
	v.Header().Set("Content-Type", f.media)
	v.Header().Set("Content-Disposition", `attachment; filename="`+strings.ReplaceAll(f.name, `"`, "")+`"`)
	v.w.WriteHeader(http.StatusOK)
	_, _ = v.w.Write(f.body) // the reader may be gone
	return nil
}
