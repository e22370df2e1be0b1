package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"landlord/internal/money"
	"landlord/service/control"
	"landlord/service/store"
)

type overviewPage struct {
	shell
	MayPlan, MayAudit bool
	Customers         int
	MRR               string
	Looked            moment
	Running           string // the run that is under way
	Needs             []need
	MoreNeeds         int // customers with failing checks beyond those shown
	Unassessed        int // customers of whom nothing was found
	Tiers             []tierShare
	Runs              []runLine
	Changed           []entryLine
}

// need is something that a person must do.
type need struct {
	State         tone
	What, Why, To string
	Since         moment
}

// tierShare is what a tier earns.
type tierShare struct {
	Key, Name, Framework, MRR string
	Customers                 string
	Share                     int // percent of the revenue
}

// How much of each the overview shows.
const (
	mostNeeds   = 10
	mostLately  = 5
	mostChanged = 10
	readAtOnce  = 100 // entries, of which some are changes
)

// unchanging is what the audit log has that changes nothing.
var unchanging = []string{"portal.look", "customers.export", "session.begin", "session.leave", "session.refuse"}

// overview says what needs a person, then what happened, then what it earns.
func (s *Server) overview(v *visit) error {
	p := overviewPage{shell: s.shell(v, "Overview"), MayPlan: v.Person.Is(engineers), MayAudit: v.Person.Is(auditors)}
	err := s.Store.Operator(v.Context(), func(tx store.Tx) error {
		tallies, err := tx.Tallies(v.Context())
		if err != nil {
			return err
		}
		p.Customers, _, p.MRR = sumUp(tallies)
		p.Tiers = shares(tallies, s.tierNames(v, tx))
		if err := s.needs(v, tx, &p); err != nil {
			return err
		}
		if !p.MayAudit {
			return nil
		}
		p.Changed, err = s.changed(v, tx)
		return err
	})
	if err != nil {
		return err
	}
	return s.render(v, "overview", p)
}

// changed is what was changed since yesterday, the newest first.
func (s *Server) changed(v *visit, tx store.Tx) ([]entryLine, error) {
	var changed []store.Entry
	q := store.EntryQuery{Since: yesterday(v.Now), Limit: readAtOnce}
	for {
		found, err := tx.Entries(v.Context(), q)
		if err != nil {
			return nil, err
		}
		for _, e := range found {
			if q.Before = e.ID; !slices.Contains(unchanging, e.Action) {
				changed = append(changed, e)
			}
		}
		if len(changed) >= mostChanged || len(found) < readAtOnce {
			return s.entryLines(v, changed[:min(len(changed), mostChanged)]), nil
		}
	}
}

// needs fills in what must be done: runs that failed since the last that did
// not, then customers with failing checks.
func (s *Server) needs(v *visit, tx store.Tx, p *overviewPage) error {
	runs, err := tx.Runs(v.Context(), "", mostLately)
	if err != nil {
		return err
	}
	settled := map[bool]bool{} // assessments, and all others
	for _, r := range runs {
		line := runLineOf(v.Now, r)
		p.Runs = append(p.Runs, line)
		scan := r.Kind == store.RunScan
		if r.State == store.RunDone && !scan && !p.Looked.Known {
			p.Looked = momentOf(v.Now, *r.Ended)
		}
		if !r.Over() {
			p.Running = r.ID
		}
		settled[scan] = settled[scan] || r.State == store.RunDone
		if !settled[scan] && r.State == store.RunFailed {
			p.Needs = append(p.Needs, need{line.State, line.What + " did not finish", r.Summary, "/runs/" + r.ID, line.At})
		}
	}
	drifted, err := s.drift(v, tx, p, runs)
	if err != nil {
		return err
	}
	faults, err := control.Faults(v.Context(), tx)
	if err != nil {
		return err
	}
	for _, f := range faults {
		switch {
		case f.Tier == "":
			p.Needs = append(p.Needs, need{stateOf("failed"), "The organization", sentence(f.Says), "/organization", p.Looked})
		case !drifted: // which mends what is wrong with a tier
			p.Needs = append(p.Needs, need{stateOf("failed"), "The tier " + named(s.tierNames(v, tx), f.Tier), sentence(f.Says), "/organization", p.Looked})
		}
	}
	failing, all, err := tx.Search(v.Context(), store.Search{Failing: true, Limit: mostNeeds})
	if err != nil {
		return err
	}
	for _, c := range failing {
		faults, err := tx.FindChecks(v.Context(), c.Key, "", true)
		if err != nil {
			return err
		}
		n := need{State: stateOf("failed"), What: c.Name, To: "/customers/" + c.Key}
		if len(faults) > 0 {
			n.Why, n.Since = faults[0].Title+": "+faults[0].Detail, momentOf(v.Now, faults[0].At)
		}
		p.Needs = append(p.Needs, n)
	}
	p.MoreNeeds = all - len(failing)
	return s.needsOfCompliance(v, tx, p)
}

// needsOfCompliance fills in that controls do not pass, and that findings are
// nobody's.
func (s *Server) needsOfCompliance(v *visit, tx store.Tx, p *overviewPage) error {
	accounts, findings, err := tx.QueueSize(v.Context())
	if err != nil {
		return err
	}
	if accounts > 0 {
		p.Needs = append(p.Needs, need{State: tone{"warn", "nobody's"}, What: count(findings, "finding") + " of " + count(accounts, "account"), Why: "In no report until somebody says whose the account is.", To: "/compliance/queue"})
	}
	if _, p.Unassessed, err = tx.Standings(v.Context(), store.Standings{Unknown: true, Since: v.Now, Limit: 1}); err != nil {
		return err
	}
	worst, all, err := tx.Standings(v.Context(), store.Standings{Failing: true, Since: v.Now, Limit: 1})
	if err != nil || all == 0 {
		return err
	}
	w := worst[0]
	p.Needs = append(p.Needs, need{State: stateOf("failed"), What: "Controls of " + count(all, "customer"), To: "/compliance",
		Why: fmt.Sprintf("%s has the lowest score: %s of what was assessed of %s passes.", w.Name, percent(w.Controls.Score()), w.Framework)})
	return nil
}

// drift fills in whether the last look found something that is not as the
// portfolio wants it and that no run has mended since, and tells it.
func (s *Server) drift(v *visit, tx store.Tx, p *overviewPage, runs []store.Run) (bool, error) {
	for _, r := range runs {
		if !r.Over() || r.Order() || r.Kind == store.RunScan {
			continue
		}
		if r.Kind == store.RunApply || r.State != store.RunDone {
			return false, nil
		}
		steps, err := tx.Tally(v.Context(), r.ID)
		if err != nil || len(steps) > 0 { // it mended what it found
			return false, err
		}
		raw, err := tx.PlanOf(v.Context(), r.ID)
		if err != nil || raw == nil {
			return false, err
		}
		var kept struct {
			Plan struct{ Changes []json.RawMessage }
		}
		if err := json.Unmarshal(raw, &kept); err != nil {
			return false, fmt.Errorf("the plan of run %s: %w", r.ID, err)
		}
		n := len(kept.Plan.Changes)
		if n > 0 {
			p.Needs = append(p.Needs, need{stateOf("drift"), "AWS is not as the portfolio wants it", count(n, "change") + " would make it so.", "/plan", momentOf(v.Now, *r.Ended)})
		}
		return n > 0, nil
	}
	return false, nil
}

// shares is what each tier earns, the most first.
func shares(tallies []store.Tally, names map[string]string) []tierShare {
	var sum money.Cents
	for _, t := range tallies {
		sum += t.Price
	}
	slices.SortStableFunc(tallies, func(a, b store.Tally) int { return cmp.Compare(b.Price, a.Price) })
	var list []tierShare
	for _, t := range tallies {
		share := 0
		if sum > 0 {
			share = int(t.Price * 100 / sum)
		}
		list = append(list, tierShare{t.Tier, named(names, t.Tier), t.Framework, amount(t.Price, t.Currency), count(t.Customers, "customer"), share})
	}
	return list
}

// took is how long something took, or takes already.
func took(now time.Time, from, to *time.Time) string {
	if from == nil {
		return ""
	}
	if to != nil {
		now = *to
	}
	return span(now.Sub(*from).Round(time.Second))
}
