package web

import (
	"fmt"
	"strings"
	"time"

	"landlord/service/store"
)

type runsPage struct {
	shell
	Lead    string
	MayPlan bool
	Runs    []runLine
	Paging  paging
}

// runLine is a run in a list.
type runLine struct {
	ID, What, Who string
	State         tone
	At            moment
	Took          string
}

// runs shows what was carried out, the newest first.
func (s *Server) runs(v *visit) error {
	p := runsPage{shell: s.shell(v, "Runs"), MayPlan: v.Person.Is(engineers), Lead: "None yet."}
	err := s.Store.Operator(v.Context(), func(tx store.Tx) error {
		found, err := tx.Runs(v.Context(), v.FormValue("before"), mostRows+1)
		if err != nil {
			return err
		}
		if v.FormValue("before") != "" {
			p.Paging.Before = with(v.URL, "before", "")
		}
		if len(found) > mostRows {
			found = found[:mostRows]
			p.Paging.After = with(v.URL, "before", found[mostRows-1].ID)
		}
		for _, r := range found {
			p.Runs = append(p.Runs, runLineOf(v.Now, r))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(p.Runs) > 0 {
		last := p.Runs[0]
		p.Lead = "Nothing is under way. The last, " + last.What + ", is " + last.State.Word + "."
		if last.State.Class == "busy" || last.State.Word == "waiting" {
			p.Lead = last.What + " is under way."
		}
	}
	return s.render(v, "runs", p)
}

func runLineOf(now time.Time, r store.Run) runLine {
	return runLine{r.ID, runName(r), r.AskedBy, runState(r), momentOf(now, r.AskedAt), took(now, r.Started, r.Ended)}
}

// runState is how far a run is, and whether checks failed though it is done.
func runState(r store.Run) tone {
	if r.State == store.RunDone && r.ChecksFailed != nil && *r.ChecksFailed > 0 {
		return tone{"bad", "done, " + count(*r.ChecksFailed, "check") + " failed"}
	}
	return stateOf(r.State)
}

// runName is what a run is called.
func runName(r store.Run) string {
	switch {
	case r.Order():
		return sentence(r.Kind) + " " + r.Customer
	case r.Kind == store.RunScan && len(r.Assesses) == 0:
		return "Assess all customers"
	case r.Kind == store.RunScan && len(r.Assesses) > 3:
		return "Assess " + count(len(r.Assesses), "customer")
	case r.Kind == store.RunScan:
		return "Assess " + strings.Join(r.Assesses, ", ")
	case r.Kind == store.RunInvoice:
		return "Invoice " + monthWords(r.Month)
	}
	if r.Portfolio > 0 {
		return fmt.Sprintf("%s portfolio %d", sentence(r.Kind), r.Portfolio)
	}
	return sentence(r.Kind)
}

// running is the run that changes the organization now, or is about to, if one
// does.
func (s *Server) running(v *visit) (id string, err error) {
	err = s.Store.Operator(v.Context(), func(tx store.Tx) error {
		open, err := tx.OpenRuns(v.Context(), store.Changing...)
		if len(open) > 0 {
			id = open[0].ID
		}
		return err
	})
	return id, err
}
