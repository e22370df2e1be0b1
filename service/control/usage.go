package control

import (
	"context"
	"errors"
	"fmt"

	"landlord/business/usage"
	"landlord/org"
	"landlord/service/store"
)

// Costs are bills that came in together.
type Costs struct {
	Source string // what tells them, where several do
	File   string // what the files are called
	Bills  []usage.Bill
	Fewer  bool // they may have far fewer rows than what they replace
	Dry    bool // only say what would be
}

// TookCosts is what became of one bill.
type TookCosts struct {
	store.UsageImport
	usage.Split
	Changed bool // nothing changes where the same is there
}

// errDry takes back what was done to see what it comes to.
var errDry = errors.New("dry run")

// TakeCosts keeps bills, all or none, each in place of what its source had of the
// account and month, and says whose what is. Whose an account is, is what is known
// now.
func (c *Control) TakeCosts(ctx context.Context, in Costs, by By) (took []TookCosts, err error) {
	now := c.clock.Now()
	err = c.Store.Operator(ctx, func(tx store.Tx) error {
		owners, err := tx.AccountOwners(ctx)
		if err != nil {
			return err
		}
		currencies, err := tx.Currencies(ctx)
		if err != nil {
			return err
		}
		for _, b := range in.Bills {
			t, err := take(ctx, tx, b, owners, currencies, store.UsageImport{Source: in.Source, File: in.File, By: by.Name, At: now, Fewer: in.Fewer})
			if err != nil {
				return err
			}
			took = append(took, t)
			if !t.Changed {
				continue
			}
			told := map[string]any{"source": in.Source, "account": b.Account, "month": b.Month, "billed": b.Billed, "currency": b.Currency, "version": t.ID, "customers": len(t.Customers)}
			if err := tx.Audit(ctx, by.entry(now, "usage.import", nil, told)); err != nil {
				return err
			}
		}
		if in.Dry {
			return errDry
		}
		return by.also(ctx, tx)
	})
	if errors.Is(err, errDry) {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	return took, nil
}

func take(ctx context.Context, tx store.Tx, b usage.Bill, owners map[org.AccountID]string, currencies map[string]string, in store.UsageImport) (t TookCosts, err error) {
	owned := usage.Attribute(b.Lines, b.Account, owners)
	if t.Split, err = b.Split(owned); err != nil {
		return t, err
	}
	for key := range t.Customers {
		if is := currencies[key]; is != b.Currency {
			return t, fmt.Errorf("the bill of %s for %s is in %s, and %s is invoiced in %s: %w", b.Account, b.Month, b.Currency, key, is, ErrCurrency)
		}
	}
	in.Account, in.Month, in.Currency, in.Format, in.Rows, in.Billed, in.Effective, in.Digest = string(b.Account), b.Month, b.Currency, b.Format, b.Rows, b.Billed, b.Effective, usage.Digest(owned)
	t.UsageImport, t.Changed, err = tx.PutUsage(ctx, in, owned)
	return t, err
}

// ErrCurrency: costs are in another currency than what they are invoiced in.
var ErrCurrency = errors.New("another currency")
