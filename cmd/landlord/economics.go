package main

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"landlord/business/billing"
	"landlord/business/economics"
	"landlord/internal/money"
	"landlord/portfolio"
)

// mostMonths is how many months economics looks at, at most.
const mostMonths = 120

// ahead is how many months are projected.
const ahead = 6

func (p *program) economicsCommand() *cobra.Command {
	var from, to string
	c := &cobra.Command{
		Use:   "economics [FILE]",
		Short: "Say how recurring revenue grows, who stays, and what hangs on whom",
		Long: `economics works out, from what the file says was agreed, the recurring revenue of
the end of each month: what came with new customers, grew, shrank and left with
others; churn and retention; tiers; cohorts by the month in which customers began;
how much hangs on few; and where it goes on if it grows as in the last six months,
with how far such projections of one month would have been off.

Recurring is the price of a whole month as things stand on its last day, less the
discounts that last, and at least the agreed minimum. AWS's cost, credits and tax
are not part of it. A customer without since: was there all along; one under
departed: has no tier, and is left out.`,
		Example: `  landlord economics -f portfolio.yaml
  landlord economics -f portfolio.yaml --from 2026-01 --to 2026-12 --json`,
	}
	p.portfolioFlags(c)
	c.Flags().StringVar(&from, "from", "", "the first month (default: eleven before the last)")
	c.Flags().StringVar(&to, "to", "", "the last month (default: this one)")
	c.Flags().BoolVar(&p.json, "json", false, "print it as JSON")
	c.RunE = func(_ *cobra.Command, args []string) error {
		months, err := monthsOf(from, to, time.Now())
		if err != nil {
			return err
		}
		folio, err := p.load(args)
		if err != nil {
			return err
		}
		shots := snapshots(folio, months)
		for _, d := range folio.Departed {
			if d.Until == "" || d.Until > months[0].Day(1) {
				fmt.Fprintf(p.stderr, "landlord: %s is only under departed, without a tier: it is left out\n", d.Key)
			}
		}
		if p.json {
			return printJSON(p.stdout, economicsOf(folio.Billing.Currency, shots))
		}
		p.showEconomics(folio.Billing.Currency, shots)
		return nil
	}
	return c
}

// monthsOf are the months that are asked for.
func monthsOf(from, to string, now time.Time) ([]billing.Month, error) {
	last := billing.MonthOf(now)
	if to != "" {
		var err error
		if last, err = billing.ParseMonth(to); err != nil {
			return nil, fmt.Errorf("--to: %w", err)
		}
	}
	first := billing.MonthOf(last.End().AddDate(-1, 0, 0))
	if from != "" {
		var err error
		if first, err = billing.ParseMonth(from); err != nil {
			return nil, fmt.Errorf("--from: %w", err)
		}
	}
	var months []billing.Month
	for m := first; !m.End().After(last.End()); m = m.Next() {
		if months = append(months, m); len(months) > mostMonths {
			return nil, fmt.Errorf("from %s to %s are more than %d months", first, last, mostMonths)
		}
	}
	if len(months) == 0 {
		return nil, errors.New("--from is after --to")
	}
	return months, nil
}

// snapshots are who pays how much at the end of each month, and of the one before
// them, as the file says.
func snapshots(folio *portfolio.Portfolio, months []billing.Month) []economics.Snapshot {
	start, _ := time.Parse("2006-01-02", months[0].Day(1)) // a month's day
	months = append([]billing.Month{billing.MonthOf(start.AddDate(0, 0, -1))}, months...)
	all := make([]economics.Snapshot, len(months))
	for i, m := range months {
		all[i].Month = m
		biller := billing.New(folio, m)
		for _, c := range folio.Customers {
			if amount, tier, served := biller.Recurring(c); served {
				all[i].Subscribers = append(all[i].Subscribers, economics.Subscriber{Customer: c.Key, Tier: tier, Recurring: amount})
			}
		}
	}
	return all
}

func (p *program) showEconomics(currency string, shots []economics.Snapshot) {
	movements := economics.Growth(shots)
	fmt.Fprintf(p.stdout, "Monthly recurring revenue at the end of each month, in %s, as the file says it was agreed\n\n", currency)
	t := newTable(p.stdout, 2)
	fmt.Fprint(t, "month\tcustomers\t+\t-\tnew\texpansion\tcontraction\tchurned\tMRR\tARR\taverage\tchurn\tnet retention\tgross\n")
	for _, m := range movements[1:] {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", m.Month, m.Customers, m.Joined, m.Left, m.New.Fixed(), m.Expansion.Fixed(),
			m.Contraction.Fixed(), m.Churned.Fixed(), m.MRR.Fixed(), m.ARR().Fixed(), m.Average().Fixed(), share(m.Churn()), share(m.Net()), share(m.Gross()))
	}
	t.Flush()

	last, lastShot := movements[len(movements)-1], shots[len(shots)-1]
	t = newTable(p.stdout, 2)
	fmt.Fprint(t, "\ntier\tcustomers\tMRR\tof all\taverage\n")
	for _, tier := range last.Tiers {
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\n", tier.Tier, tier.Customers, tier.MRR.Fixed(), share(economics.Percent(tier.MRR, last.MRR)), tier.MRR.Times(1, int64(tier.Customers)).Fixed())
	}
	t.Flush()
	if c, ok := economics.Concentrated(lastShot); ok {
		fmt.Fprintf(p.stdout, "\nThe largest, %s, pays %s; the five largest %s. Concentration (Herfindahl-Hirschman) %s of 10000.\n",
			c.Customer, share(c.Largest, true), share(c.Five, true), money.Decimal(c.Index, 0))
	}

	if cohorts := economics.Cohorts(shots); len(cohorts) > 0 {
		t = newTable(p.stdout, 2)
		fmt.Fprint(t, "\ncohort\tcustomers\tstill here\tpaid\tpay now\tretained\n")
		for _, c := range cohorts {
			month := c.Month.String()
			if month == shots[0].Month.String() {
				month = "before"
			}
			end := len(c.Customers) - 1
			fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%s\t%s\n", month, c.Customers[0], c.Customers[end], c.Recurring[0].Fixed(), c.Recurring[end].Fixed(), share(economics.Percent(c.Recurring[end], c.Recurring[0])))
		}
		t.Flush()
	}

	if next := economics.Project(movements, ahead); next != nil {
		t = newTable(p.stdout, 2)
		fmt.Fprint(t, "\nif it grows on\tMRR\tas in the worst month\tas in the best\n")
		for _, n := range next {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", n.Month, n.MRR.Fixed(), n.Low.Fixed(), n.High.Fixed())
		}
		t.Flush()
	}
	for _, miss := range economics.Misses(movements) {
		who := "in all"
		if miss.Tier != "" {
			who = miss.Tier
		}
		fmt.Fprintf(p.stdout, "Projections of one month ahead would have been off by %s on average, %s (%s).\n", share(miss.Mean, true), who, count(miss.Months, "month"))
	}
}

// share is a percentage for people, or a dash if there is none.
func share(percent *big.Rat, ok bool) string {
	if !ok {
		return "–"
	}
	return money.Decimal(percent, 1) + " %"
}

type economicsJSON struct {
	Currency      string             `json:"currency"`
	Months        []movementJSON     `json:"months"`
	Cohorts       []cohortJSON       `json:"cohorts"`
	Concentration *concentrationJSON `json:"concentration"` // null if nobody pays
	Projection    []projectionJSON   `json:"projection"`
	Misses        []missJSON         `json:"forecast_error"`
}

// Amounts and percentages are decimals; a percentage of nothing is null.
type movementJSON struct {
	Month       string        `json:"month"`
	Customers   int           `json:"customers"`
	Joined      int           `json:"joined"`
	Left        int           `json:"left"`
	Before      string        `json:"before"`
	New         string        `json:"new"`
	Expansion   string        `json:"expansion"`
	Contraction string        `json:"contraction"`
	Churned     string        `json:"churned"`
	MRR         string        `json:"mrr"`
	ARR         string        `json:"arr"`
	Average     string        `json:"average"`
	Churn       *string       `json:"churn_percent"`
	Net         *string       `json:"net_retention_percent"`
	Gross       *string       `json:"gross_retention_percent"`
	Tiers       []tierMRRJSON `json:"tiers"`
}

type tierMRRJSON struct {
	Tier      string `json:"tier"`
	Customers int    `json:"customers"`
	MRR       string `json:"mrr"`
}

type cohortJSON struct {
	Month     string   `json:"month"`     // the one before the first stands for all before
	Customers []int    `json:"customers"` // by age in months
	Recurring []string `json:"recurring"`
}

type concentrationJSON struct {
	Largest string  `json:"largest"`
	Percent *string `json:"largest_percent"`
	Five    *string `json:"largest_five_percent"`
	Index   string  `json:"herfindahl_hirschman"`
}

type projectionJSON struct {
	Month string `json:"month"`
	MRR   string `json:"mrr"`
	Low   string `json:"low"`
	High  string `json:"high"`
}

type missJSON struct {
	Tier   *string `json:"tier"` // null for all
	Months int     `json:"months"`
	Mean   *string `json:"mean_percent"`
}

func economicsOf(currency string, shots []economics.Snapshot) economicsJSON {
	movements := economics.Growth(shots)
	out := economicsJSON{Currency: currency, Cohorts: []cohortJSON{}, Projection: []projectionJSON{}, Misses: []missJSON{}}
	for _, m := range movements[1:] {
		one := movementJSON{
			Month: m.Month.String(), Customers: m.Customers, Joined: m.Joined, Left: m.Left, Before: m.Before.Fixed(), New: m.New.Fixed(),
			Expansion: m.Expansion.Fixed(), Contraction: m.Contraction.Fixed(), Churned: m.Churned.Fixed(), MRR: m.MRR.Fixed(), ARR: m.ARR().Fixed(),
			Average: m.Average().Fixed(), Churn: decimal(m.Churn()), Net: decimal(m.Net()), Gross: decimal(m.Gross()), Tiers: []tierMRRJSON{},
		}
		for _, t := range m.Tiers {
			one.Tiers = append(one.Tiers, tierMRRJSON{t.Tier, t.Customers, t.MRR.Fixed()})
		}
		out.Months = append(out.Months, one)
	}
	for _, c := range economics.Cohorts(shots) {
		paid := make([]string, len(c.Recurring))
		for i, amount := range c.Recurring {
			paid[i] = amount.Fixed()
		}
		out.Cohorts = append(out.Cohorts, cohortJSON{c.Month.String(), slices.Clone(c.Customers), paid})
	}
	if c, ok := economics.Concentrated(shots[len(shots)-1]); ok {
		out.Concentration = &concentrationJSON{c.Customer, decimal(c.Largest, true), decimal(c.Five, true), money.Decimal(c.Index, 2)}
	}
	for _, n := range economics.Project(movements, ahead) {
		out.Projection = append(out.Projection, projectionJSON{n.Month.String(), n.MRR.Fixed(), n.Low.Fixed(), n.High.Fixed()})
	}
	for _, m := range economics.Misses(movements) {
		one := missJSON{Months: m.Months, Mean: decimal(m.Mean, true)}
		if m.Tier != "" {
			one.Tier = &m.Tier
		}
		out.Misses = append(out.Misses, one)
	}
	return out
}

func decimal(percent *big.Rat, ok bool) *string {
	if !ok {
		return nil
	}
	text := money.Decimal(percent, 2)
	return &text
}
