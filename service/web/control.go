package web

import (
	"context"
	"iter"

	"landlord/org"
	"landlord/service/control"
)

// Control is what the console needs of whoever plans and carries out runs:
// *control.Control. What runs came to is read from the store.
type Control interface {
	// Propose looks at the organization and says what a text of the portfolio
	// would change.
	Propose(ctx context.Context, text string) (control.Proposal, error)
	// Push makes a text the portfolio, and begins the run that applies it.
	Push(ctx context.Context, change control.Change) (version int64, run string, err error)
	// Begin asks for a run by the latest portfolio; confirmed is the digest of the
	// plan that was shown.
	Begin(ctx context.Context, kind, confirmed string, by control.By) (run string, err error)
	// Intend says what an order would do to a customer's account.
	Intend(ctx context.Context, kind, customer string) (control.Intent, error)
	// Order asks for the run that carries out an order.
	Order(ctx context.Context, order control.Order) (run string, err error)
	// Assign says that an account of the queue is a customer's, and gives it what was
	// found there.
	Assign(ctx context.Context, account org.AccountID, customer string, by control.By) (findings int, err error)
	// Onboard asks for the run that takes a customer from its key to its first report.
	Onboard(ctx context.Context, customer string, by control.By) (run string, err error)
	// Assess asks for the run that assesses customers' accounts, of all if none is named.
	Assess(ctx context.Context, customers []string, by control.By) (run string, err error)
	// Stop asks for a run to stop.
	Stop(ctx context.Context, run string, by control.By) error
	// Watch tells how far a run is, at once and whenever that changes, until it has
	// ended.
	Watch(ctx context.Context, run string) iter.Seq2[control.Progress, error]
}

// by is v's person as runs and the audit log have it.
func (v *visit) by() control.By {
	return control.By{Kind: v.Person.kind(), Name: v.Person.Email, Source: v.source}
}
