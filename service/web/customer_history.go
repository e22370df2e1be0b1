package web

import (
	"landlord/service/store"
)

type customerHistoryPage struct {
	customerShell
	Steps   []stepLine
	Entries []entryLine
	Paging  paging
}

// mostSteps is how many steps a customer's history shows.
const mostSteps = 50

// customerHistory shows what was done to a customer's account, and by whom.
func (s *Server) customerHistory(v *visit) error {
	var p customerHistoryPage
	err := s.ofCustomer(v, "history", &p.customerShell, func(tx store.Tx, c store.Customer) error {
		steps, err := tx.StepsOf(v.Context(), c.Key, mostSteps)
		if err != nil {
			return err
		}
		for _, st := range steps {
			p.Steps = append(p.Steps, stepLineOf(v.Now, st))
		}
		p.Entries, p.Paging, err = s.entries(v, tx, store.EntryQuery{Customer: c.Key})
		return err
	})
	if err != nil {
		return err
	}
	return s.render(v, "customer_history", p)
}
