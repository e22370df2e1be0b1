package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"landlord/org"
)

// queuedThere is an account of nobody's in a house's queue.
type queuedThere struct {
	Account  org.AccountID `json:"account"`
	Findings int           `json:"findings"`
	Failing  int           `json:"failing"`
	First    time.Time     `json:"first"`
	Last     time.Time     `json:"last"`
	Import   string        `json:"import"`
}

// queueThere lists a house's queue.
func (p *program) queueThere(ctx context.Context) error {
	r, err := p.remote()
	if err != nil {
		return err
	}
	all := []queuedThere{}
	for next, first := "", true; next != "" || first; first = false {
		var page struct {
			Items []queuedThere `json:"items"`
			Next  string        `json:"next"`
		}
		if err := r.ask(ctx, http.MethodGet, "/findings/queue?limit=500&cursor="+url.QueryEscape(next), nil, &page); err != nil {
			return err
		}
		all, next = append(all, page.Items...), page.Next
	}
	if p.json {
		return printJSON(p.stdout, all)
	}
	if len(all) == 0 {
		fmt.Fprintln(p.stdout, "Every finding is of a customer's account.")
		return nil
	}
	t := newTable(p.stdout, 2)
	fmt.Fprintln(t, "account\tfindings\tfail\tlast found")
	for _, q := range all {
		fmt.Fprintf(t, "%s\t%d\t%d\t%s\n", q.Account, q.Findings, q.Failing, q.Last.UTC().Format(time.RFC3339))
	}
	t.Flush()
	fmt.Fprintf(p.stdout, "\n%s with findings that are no customer's; in no report. `landlord findings assign ACCOUNT KEY` says whose one is.\n", count(len(all), "account"))
	return nil
}

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

func (p *program) findingsAssignCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "assign ACCOUNT KEY",
		Short: "Say whose an account in a house's queue is",
		Long: `assign says that an account of a house's queue is a customer's: what was found there
is the customer's from then on, and what will be. It is refused where AWS shows the
account to be another's. Here, without a house, an account is a customer's by the
file: ` + "`account:`" + ` of the customer.`,
		Example: "  landlord findings assign 999999999999 acme --server https://landlord.example",
	}
	c.Args = func(_ *cobra.Command, args []string) error {
		if len(args) != 2 {
			return fmt.Errorf("findings assign needs an account and a customer's key, and got %s", count(len(args), "argument"))
		}
		if !accountID.MatchString(args[0]) {
			return fmt.Errorf("%q is no AWS account id: 12 digits", args[0])
		}
		return nil
	}
	p.houseFlag(c, "the house whose queue it is")
	c.Flags().BoolVar(&p.json, "json", false, "print what was assigned as JSON")
	c.RunE = func(c *cobra.Command, args []string) error {
		r, err := p.remote()
		if err != nil {
			return err
		}
		var told struct {
			Customer string `json:"customer"`
			Findings int    `json:"findings"`
		}
		in := map[string]string{"customer": args[1]}
		err = r.ask(c.Context(), http.MethodPut, "/findings/queue/"+url.PathEscape(args[0]), in, &told)
		if refused, is := errors.AsType[*refusal](err); is && refused.Status == http.StatusNotFound {
			return fmt.Errorf("%s has no customer %q, or nothing of account %s in its queue: `landlord findings queue --server %s` lists it", r.base.Host, args[1], args[0], r.base)
		} else if is && refused.Status == http.StatusConflict {
			return fmt.Errorf("account %s is another customer's, as AWS shows it or somebody has said. Nothing was changed", args[0])
		}
		if err != nil {
			return err
		}
		if p.json {
			return printJSON(p.stdout, told)
		}
		fmt.Fprintf(p.stdout, "Account %s is of %s: %s %s its own now.\n", args[0], told.Customer, count(told.Findings, "finding"), map[bool]string{true: "is", false: "are"}[told.Findings == 1])
		return nil
	}
	return c
}
