package onboard

import (
	"context"
	"fmt"
	"slices"

	"landlord/guard/compliance"
	"landlord/guard/compliance/report"
	"landlord/portfolio"
)

// scans assesses the customers' accounts. What could not be read is an error, never a
// pass.
func scans(ctx context.Context, r *runner, open []*Checklist) error {
	all, err := r.Scan(ctx, r.seen, keys(open))
	if err != nil {
		return err
	}
	for _, c := range open {
		switch s, is := all[c.Customer]; {
		case !is:
			r.end(c, "scan", Failed, "the account was not assessed. "+again)
		case s.Why != "":
			r.end(c, "scan", Without, s.Why)
		case s.Errors > 0:
			r.end(c, "scan", Failed, fmt.Sprintf("%d findings could not be told: `landlord baseline run %s` says which calls were refused", s.Errors, c.Customer))
		default:
			r.end(c, "scan", Done, "what is found is kept with its evidence")
		}
	}
	return nil
}

// reports tells whether there are the means for the first report.
func reports(cfg *Config) bool { return cfg.Posture != nil && cfg.Keep != nil }

// firstReport writes each customer's first report, of what is known of its account by
// then.
func firstReport(ctx context.Context, r *runner, open []*Checklist) error {
	for _, c := range open {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := r.reportOf(ctx, c); err != nil {
			r.end(c, "report", Failed, err.Error())
		}
	}
	return nil
}

func (r *runner) reportOf(ctx context.Context, c *Checklist) error {
	at := slices.IndexFunc(r.Folio.Customers, func(x portfolio.Customer) bool { return x.Key == c.Customer })
	customer := r.Folio.Customers[at]
	tier, _ := r.Folio.Tier(customer.Tier)
	if !slices.Contains(compliance.Frameworks(), tier.Framework) {
		r.end(c, "report", Without, "landlord has no controls of "+tier.Framework+", a framework of your own: there is nothing to report against")
		return nil
	}
	framework, err := compliance.Of(tier.Framework, "")
	if err != nil {
		return err
	}
	posture, err := r.Posture(ctx, c.Customer, c.Account, framework)
	if err != nil {
		return err
	}
	doc := report.New(report.Subject{Provider: r.Folio.Provider.Name, Customer: c.Customer, Name: c.Name, Tier: tier.Name, Account: c.Account, Regions: r.Folio.Organization.Regions}, posture)
	where, err := r.Keep(ctx, c.Customer, doc)
	if err != nil {
		return fmt.Errorf("keep the report: %w", err)
	}
	says, left := come(posture)
	r.end(c, "report", Done, says+": "+where, left...)
	return nil
}

// come is what a posture comes to, and what of it only people can do.
func come(p compliance.Posture) (says string, left []Task) {
	first := p.Catalogues[0]
	if p.Findings == 0 {
		return "nothing is known of the account yet", []Task{{
			"an engineer", "take in what a scanner finds in the account: landlord findings import FILE",
			"without findings every control of the report is not assessed",
		}}
	}
	if n := first.Counts[compliance.Manual]; n > 0 {
		left = append(left, Task{"whoever answers for compliance", fmt.Sprintf("judge %d controls that the report marks as manual", n), "no reading of settings tells whether they are met"})
	}
	if n := first.Counts[compliance.Fail]; n > 0 {
		left = append(left, Task{"an engineer", fmt.Sprintf("mend what %d controls fail by, in the order of the report", n), "what is in the account is the customer's: landlord changes none of it"})
	}
	return fmt.Sprintf("%d of %d controls that could be told pass", first.Score.Pass, first.Score.Of), left
}

// portal reads what the portal shows the customers' people.
func portal(ctx context.Context, r *runner, open []*Checklist) error {
	for _, c := range open {
		looked, left, err := r.Portal(ctx, c.Customer)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			r.end(c, "portal", Failed, err.Error())
		default:
			r.end(c, "portal", Done, looked, left...)
		}
	}
	return nil
}
