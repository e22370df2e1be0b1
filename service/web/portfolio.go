package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"landlord/portfolio"
	"landlord/service/control"
	"landlord/service/store"
	"landlord/vend/plan"
)

type portfolioPage struct {
	shell
	Lead     string
	Text     string
	Large    bool  // too large for a page
	Version  int64 // that is shown
	Latest   bool
	From     int64 // the version that Text was changed from
	Note     field
	Faults   []faultLine
	Fault    string // what else is wrong
	Versions []versionLine
	MayEdit  bool
}

// faultLine is a fault of a text, where it is.
type faultLine struct{ Place, Message string }

// versionLine is a version of the portfolio in a list.
type versionLine struct {
	Version int64
	Author  string
	At      moment
	Note    string
	Here    bool
}

type portfolioPlanPage struct {
	planPage
	Text string
	From int64 // the version that Text was changed from
	Note string
	Diff []diffLine
}

// diffLine is a line of what changes in the text.
type diffLine struct{ Class, Text string }

const (
	mostText     = 100_000 // bytes of a portfolio that a page shows; a larger one is a file to download
	mostVersions = 50
	mostDiff     = 500 // lines
)

// portfolio shows the latest version, or the one that the address names.
func (s *Server) portfolio(v *visit) error {
	return s.showPortfolio(v, http.StatusOK, portfolioPage{Note: noteField(""), Version: int64(atoi(v.FormValue("version")))})
}

func noteField(value string) field {
	return field{Name: "note", Label: "Why", Hint: "For whoever reads the history", Type: "text", Value: value}
}

// showPortfolio shows a version, or a text that somebody typed and that is at
// fault.
func (s *Server) showPortfolio(v *visit, status int, p portfolioPage) error {
	p.shell, p.MayEdit = s.shell(v, "What do we want?"), v.Person.Is(engineers)
	typed := p.Text != ""
	err := s.Store.Operator(v.Context(), func(tx store.Tx) error {
		kept, err := tx.LatestPortfolio(v.Context())
		if errors.Is(err, store.ErrNotFound) {
			p.Lead, p.Latest = "There is no portfolio yet. Type one, or send it: landlord push -f portfolio.yaml", true
			return nil
		}
		latest := kept.Version
		if err == nil && p.Version > 0 && p.Version != latest {
			kept, err = tx.Portfolio(v.Context(), p.Version)
		}
		if err != nil {
			return err
		}
		p.Version, p.Latest = kept.Version, kept.Version == latest
		if !typed {
			p.Text, p.From = kept.Text, latest
		}
		p.Large = !typed && len(p.Text) > mostText
		p.Lead = fmt.Sprintf("Version %d, by %s, %s.", kept.Version, kept.Author, ago(v.Now, kept.At))
		if !p.Latest {
			p.Lead += fmt.Sprintf(" The latest is version %d.", latest)
		}
		versions, err := tx.Portfolios(v.Context(), 0, mostVersions)
		for _, k := range versions {
			p.Versions = append(p.Versions, versionLine{k.Version, k.Author, momentOf(v.Now, k.At), k.Note, k.Version == kept.Version})
		}
		return err
	})
	if err != nil {
		return notHere(err)
	}
	return s.renderStatus(v, status, "portfolio", p)
}

// portfolioFile is a version as a file.
func (s *Server) portfolioFile(v *visit) error {
	var kept store.Portfolio
	err := s.Store.Operator(v.Context(), func(tx store.Tx) (err error) {
		if n := atoi(v.FormValue("version")); n > 0 {
			kept, err = tx.Portfolio(v.Context(), int64(n))
			return err
		}
		kept, err = tx.LatestPortfolio(v.Context())
		return err
	})
	if err != nil {
		return notHere(err)
	}
	v.Header().Set("Content-Type", "application/yaml")
	v.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="portfolio-%d.yaml"`, kept.Version))
	_, _ = v.w.Write([]byte(kept.Text)) // the reader may be gone
	return nil
}

// proposed is what was typed.
func proposed(v *visit) (text string, base int64, note string) {
	base, _ = strconv.ParseInt(v.PostFormValue("base"), 10, 64)
	return strings.ReplaceAll(v.PostFormValue("text"), "\r\n", "\n"), base, strings.TrimSpace(v.PostFormValue("note"))
}

// planPortfolio shows what a text would change, before it is the portfolio.
func (s *Server) planPortfolio(v *visit) error { return s.showProposal(v, http.StatusOK, "") }

func (s *Server) showProposal(v *visit, status int, fault string) error {
	text, base, note := proposed(v)
	p := portfolioPlanPage{planPage: planPage{shell: s.shell(v, "What would that change?"), MayApply: true}, Text: text, From: base, Note: note}
	folio, planned, err := s.proposal(v, text)
	if err != nil {
		return s.faulty(v, err)
	}
	p.fill(planned, folio)
	p.Confirm.Fault, p.Button = fault, fmt.Sprintf("Make it version %d and apply %s", planned.Base+1, count(len(planned.Plan.Changes), "change"))
	err = s.Store.Operator(v.Context(), func(tx store.Tx) error {
		kept, err := tx.LatestPortfolio(v.Context())
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		p.Diff = diffOf(kept, text)
		return nil
	})
	if err != nil {
		return err
	}
	return s.renderStatus(v, status, "portfolio_plan", p)
}

func (s *Server) proposal(v *visit, text string) (*portfolio.Portfolio, control.Proposal, error) {
	folio, err := portfolio.Parse("portfolio", []byte(text))
	if err != nil {
		return nil, control.Proposal{}, err
	}
	planned, err := s.proposeText(v, text)
	return folio, planned, err
}

// faulty shows the text again, with what is wrong with it.
func (s *Server) faulty(v *visit, err error) error {
	p := portfolioPage{}
	var note string
	p.Text, p.From, note = proposed(v)
	p.Note = noteField(note)
	faults, of := errors.AsType[*portfolio.Faults](err)
	contradiction, contradicts := errors.AsType[*plan.Conflict](err)
	outside, isOutside := errors.AsType[problem](err)
	status := http.StatusUnprocessableEntity
	late, isLate := errors.AsType[*control.ConflictError](err)
	switch {
	case of:
		p.Fault = count(len(faults.Faults), "fault") + ". Nothing was changed."
		for _, f := range faults.Faults {
			place := "The whole"
			if f.Line > 0 {
				place = fmt.Sprintf("Line %d", f.Line)
			}
			p.Faults = append(p.Faults, faultLine{place, f.Message})
		}
	case contradicts:
		p.Fault = "The text and the organization contradict each other. Nothing was changed."
		for _, problem := range contradiction.Problems {
			p.Faults = append(p.Faults, faultLine{"", problem})
		}
	case isLate:
		p.Fault = fmt.Sprintf("Somebody was first: %s made version %d while you typed. Your text is below; nothing was changed.", late.Author, late.Now)
	case isOutside:
		status, p.Fault, p.Faults = outside.Status, outside.Title+".", []faultLine{{"", outside.Detail}}
	default:
		return fmt.Errorf("plan a portfolio: %w", err)
	}
	return s.showPortfolio(v, status, p)
}

// editPortfolio shows a text that was planned, to go on with it.
func (s *Server) editPortfolio(v *visit) error {
	text, base, note := proposed(v)
	return s.showPortfolio(v, http.StatusOK, portfolioPage{Text: text, From: base, Note: noteField(note)})
}

// pushPortfolio makes a text the portfolio and begins the run that applies it.
func (s *Server) pushPortfolio(v *visit) error {
	text, base, note := proposed(v)
	folio, planned, err := s.proposal(v, text)
	if err != nil {
		return s.faulty(v, err)
	}
	var p planPage
	p.fill(planned, folio)
	if v.PostFormValue("digest") != planned.Digest {
		return s.faulty(v, errChanged)
	}
	if !p.Simulated && !p.Empty && strings.TrimSpace(v.PostFormValue("confirm")) != p.confirmation() {
		return s.showProposal(v, http.StatusUnprocessableEntity, "Type it exactly: "+p.confirmation())
	}
	_, run, err := s.Control.Push(v.Context(), control.Change{Text: text, Base: base, Note: note, Confirmed: planned.Digest, By: v.by()})
	if errors.Is(err, control.ErrChanged) {
		err = errChanged
	}
	if err != nil {
		return s.faulty(v, err)
	}
	return v.redirect("/runs/" + run)
}

// diffOf is what changes in the text, line by line.
func diffOf(kept store.Portfolio, text string) []diffLine {
	var lines []diffLine
	for line := range strings.Lines(string(diff.Diff("before", []byte(kept.Text), "after", []byte(text)))) {
		line = strings.TrimRight(line, "\n")
		class := ""
		switch {
		case strings.HasPrefix(line, "diff "), strings.HasPrefix(line, "--- "), strings.HasPrefix(line, "+++ "):
			continue
		case strings.HasPrefix(line, "+"):
			class = "after"
		case strings.HasPrefix(line, "-"):
			class = "before"
		}
		lines = append(lines, diffLine{class, line})
	}
	if len(lines) > mostDiff {
		lines = append(slices.Clip(lines[:mostDiff]), diffLine{"", fmt.Sprintf("… and %s more", count(len(lines)-mostDiff, "line"))})
	}
	return lines
}
