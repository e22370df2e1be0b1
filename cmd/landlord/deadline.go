package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	_ "time/tzdata" // calendars name zones, and machines without the IANA database run this too

	"github.com/spf13/cobra"

	"landlord/business/sla"
	"landlord/portfolio"
)

func (p *program) deadlineCommand() *cobra.Command {
	var at, priority string
	c := &cobra.Command{
		Use:   "deadline KEY --at TIME",
		Short: "Say by when a customer's message has to be answered",
		Long: `deadline says by when a customer who writes at a time has to be answered, and when
the ticket has to be resolved: the working time that support.sla in the file promises
to its tier, by the tier's calendar. Without it, Government-Federal is answered in 15
minutes and Healthcare in an hour, at any hour; Fintech in 4 business hours, Standard
in a business day, Monday to Friday, 09:00-17:00 UTC.

TIME is as in 2026-11-20T15:00:00Z or 2026-11-20T15:00:00-05:00.`,
		Example: `  landlord support deadline -f portfolio.yaml acme --at 2026-11-20T15:00:00Z
  landlord support deadline -f portfolio.yaml acme --at 2026-11-20T15:00:00Z --priority urgent --json`,
	}
	p.portfolioFlags(c)
	c.Args = nil
	c.ValidArgsFunction = p.completeKeys
	c.Flags().StringVar(&at, "at", "", "when the customer wrote")
	c.Flags().StringVar(&priority, "priority", string(sla.Normal), "urgent, high, normal or low")
	_ = c.RegisterFlagCompletionFunc("priority", cobra.FixedCompletions(priorities(), cobra.ShellCompDirectiveNoFileComp))
	c.Flags().BoolVar(&p.json, "json", false, "print the deadlines as JSON")
	c.RunE = func(_ *cobra.Command, keys []string) error {
		const as = "landlord support deadline -f portfolio.yaml acme --at 2026-11-20T15:00:00Z"
		switch {
		case len(keys) != 1 || keys[0] == "":
			return errors.New("support deadline needs one customer's key, as in: " + as)
		case at == "":
			return errors.New("support deadline needs a time, as in: " + as)
		case !slices.Contains(priorities(), priority):
			return fmt.Errorf("--priority %q is none; known are %s", priority, strings.Join(priorities(), ", "))
		}
		wrote, err := time.Parse(time.RFC3339, at)
		if err != nil || wrote.Year() < 2000 || wrote.Year() > 2999 {
			return fmt.Errorf("--at %q is no time such as 2026-11-20T15:00:00Z", at)
		}
		folio, err := p.load(nil)
		if err != nil {
			return err
		}
		chosen, err := chosen(folio, keys)
		if err != nil {
			return err
		}
		return p.deadlines(folio, chosen[0], wrote, sla.Priority(priority))
	}
	return c
}

func priorities() []string {
	var names []string
	for _, p := range sla.Priorities() {
		names = append(names, string(p))
	}
	return names
}

// deadlineJSON is what `support deadline --json` prints.
type deadlineJSON struct {
	Customer   string       `json:"customer"`
	Tier       string       `json:"tier"`
	Priority   sla.Priority `json:"priority"`
	At         time.Time    `json:"at"`
	Calendar   string       `json:"calendar"`
	Zone       sla.Zone     `json:"zone"`
	First      dueJSON      `json:"first_response"`
	Next       dueJSON      `json:"next_response"`
	Resolution dueJSON      `json:"resolution"`
}

type dueJSON struct {
	Minutes float64   `json:"working_minutes"`
	Due     time.Time `json:"due"`
}

// deadlines prints by when a message of a customer's has to be answered, be it the
// first of a ticket or a later one.
func (p *program) deadlines(folio *portfolio.Portfolio, c portfolio.Customer, at time.Time, priority sla.Priority) error {
	t := folio.Support.SLA[c.Tier].Of(priority)
	due := func(d time.Duration) dueJSON { return dueJSON{d.Minutes(), t.Calendar.After(at, d)} }
	out := deadlineJSON{c.Key, c.Tier, priority, at, t.Calendar.Name, t.Calendar.Zone, due(t.Targets.First), due(t.Targets.Next), due(t.Targets.Resolution)}
	if p.json {
		return json.NewEncoder(p.stdout).Encode(out)
	}
	tier, _ := folio.Tier(c.Tier)
	fmt.Fprintf(p.stdout, "%s writes on %s: a %s ticket of %s, by the calendar %s.\n\n", clean(c.Name), shownIn(at, t), priority, clean(tier.Name), t.Calendar.Name)
	w := tabwriter.NewWriter(p.stdout, 0, 0, 3, ' ', 0)
	for _, row := range []struct {
		what string
		d    time.Duration
		due  time.Time
	}{{"first response", t.Targets.First, out.First.Due}, {"each later response", t.Targets.Next, out.Next.Due}, {"resolution", t.Targets.Resolution, out.Resolution.Due}} {
		fmt.Fprintf(w, "%s\twithin %s\tby %s\n", row.what, working(row.d), shownIn(row.due, t))
	}
	return w.Flush()
}

// working is how files have a duration: 4h, 1h30m, 15m.
func working(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func shownIn(at time.Time, t sla.Terms) string {
	zone := t.Calendar.Zone.Location
	if zone == nil {
		zone = time.UTC
	}
	return at.In(zone).Format("Mon 2006-01-02 15:04 MST")
}
