package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"landlord/guard/baseline"
	"landlord/org"
	"landlord/vend/plan"
)

func (p *program) baselineStatusCommand() *cobra.Command {
	r := &baselineRun{}
	r.p = p
	c := &cobra.Command{
		Use:   "status [KEY...]",
		Short: "Say of every customer's baseline what is missing, edited or stopped",
		Long: `status looks into the accounts and says of each what of its baseline is missing,
was edited, was stopped or does not work, and where the customer's events and
recordings are. It changes nothing. Exit code 1 when anything is not as it should
be; customers whose accounts get no baseline yet are told and do not count.`,
		Example: `  landlord baseline status -f examples/five-customers.yaml
  landlord baseline status acme -f portfolio.yaml --json`,
	}
	p.portfolioFlags(c)
	f := p.worldFlags(c)
	locks := p.lockFlags(c)
	c.Args, c.ValidArgsFunction = maybeKeys, p.completeKeys
	c.Flags().BoolVar(&p.json, "json", false, "print everything as JSON")
	c.RunE = func(c *cobra.Command, keys []string) error {
		f.reads = true
		if err := r.openBaseline(c, f, locks, keys); err != nil {
			return err
		}
		defer r.leave()
		return r.status(c.Context())
	}
	return c
}

// baselineJSON is what `baseline status --json` prints.
type baselineJSON struct {
	Organization string           `json:"organization"`
	Management   org.AccountID    `json:"management_account"`
	Regions      []string         `json:"regions"`
	Bucket       string           `json:"log_bucket"`
	Trail        string           `json:"trail"`
	Gaps         []baseline.Gap   `json:"gaps"` // of the bucket and the trail
	Customers    []baselineOfJSON `json:"customers"`
	Unready      []plan.Unready   `json:"without_baseline"`
	Complete     bool             `json:"complete"` // nobody lacks anything
}

type baselineOfJSON struct {
	Customer   string         `json:"customer"`
	Tier       string         `json:"tier"`
	Account    org.AccountID  `json:"account"`
	Pack       string         `json:"conformance_pack,omitempty"`
	Version    string         `json:"version,omitempty"` // of the pack in the home region
	Rules      int            `json:"rules"`             // likewise
	Regions    []string       `json:"regions"`
	Closed     []string       `json:"closed_regions,omitempty"` // by the tier's guardrails
	Gaps       []baseline.Gap `json:"gaps"`
	Events     string         `json:"events"`     // where the trail's log files are
	Recordings string         `json:"recordings"` // where AWS Config delivers to
}

func (r *baselineRun) status(ctx context.Context) error {
	seen, err := r.look(ctx)
	if err != nil {
		return err
	}
	b := r.b.Last
	out := baselineJSON{
		Organization: seen.ID, Management: seen.Management, Regions: r.b.Regions, Bucket: b.Logs.Bucket(), Trail: baseline.TrailName,
		Gaps: listed(b.Logs.Gaps(b.LogsSeen)), Customers: []baselineOfJSON{}, Unready: listed(b.Unready),
	}
	out.Complete = len(out.Gaps) == 0
	for _, of := range b.Of {
		c := baselineOfJSON{
			Customer: of.Customer, Tier: of.Tier, Account: of.Account, Regions: []string{}, Closed: of.Closed, Gaps: listed(of.Gaps()),
			Events: b.Logs.Events(of.Account), Recordings: b.Logs.Recordings(of.Account),
		}
		for i, w := range of.Wants {
			if i == 0 && len(w.Pack.Rules) > 0 {
				c.Pack, c.Version, c.Rules = w.Pack.Name, w.Pack.Version, len(w.Pack.Rules)
			}
			c.Regions = append(c.Regions, w.Region)
		}
		out.Complete = out.Complete && len(c.Gaps) == 0
		out.Customers = append(out.Customers, c)
	}
	if r.p.json {
		err = printJSON(r.p.stdout, out)
	} else {
		r.showStatus(out)
	}
	if err == nil && !out.Complete {
		return exit(exitFault)
	}
	return err
}

// listed is a list that JSON writes as one though it is empty.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// showStatus writes a line per account, then a sentence per gap.
func (r *baselineRun) showStatus(s baselineJSON) {
	w := r.p.stdout
	colour := paint(w)
	yes, no := colour(green, "✓"), colour(red, "✗")
	sign := func(gaps []baseline.Gap, pieces ...baseline.Piece) string {
		for _, g := range gaps {
			if slices.Contains(pieces, g.Piece) || g.State == baseline.Unknown {
				return no + " " + g.State
			}
		}
		return yes
	}
	fmt.Fprintf(w, "Organization: %s (%s, management account %s), %s\n\n", s.Organization, r.w.Name(), s.Management, strings.Join(s.Regions, ", "))
	fmt.Fprintf(w, "%s bucket %s\n%s trail %s, of all accounts and regions, with digests\n\n", sign(s.Gaps, baseline.TheBucket), s.Bucket, sign(s.Gaps, baseline.TheTrail), s.Trail)
	t := newTable(w, 2)
	if len(s.Customers) > 0 {
		fmt.Fprintln(t, "customer\taccount\trecorder\tchannel\trecording\tconformance pack")
	}
	whole := 0
	for i, c := range s.Customers {
		if len(c.Gaps) == 0 {
			whole++
		}
		if i >= shownChanges && len(c.Gaps) == 0 {
			continue
		}
		pack := "–"
		if c.Pack != "" {
			pack = sign(c.Gaps, baseline.ThePack, baseline.ARule) + fmt.Sprintf(" %s, %d rules", c.Pack, c.Rules)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", c.Customer, c.Account, sign(c.Gaps, baseline.TheRecorder), sign(c.Gaps, baseline.TheChannel), sign(c.Gaps, baseline.TheRecording, baseline.TheRecorder), pack)
	}
	t.Flush()
	if len(s.Customers) > 0 {
		fmt.Fprintln(w)
	}
	for _, g := range s.Gaps {
		fmt.Fprintf(w, "%s organization: %s. `landlord baseline apply` mends it.\n", no, clean(g.String()))
	}
	for _, c := range s.Customers {
		for i, g := range c.Gaps {
			if i == 10 && len(c.Gaps) > 11 {
				fmt.Fprintf(w, "%s %s: %d more; --json lists all.\n", no, c.Customer, len(c.Gaps)-i)
				break
			}
			fmt.Fprintf(w, "%s %s: %s. %s\n", no, c.Customer, clean(g.String()), help(g, c.Customer))
		}
	}
	r.showUnready(w)
	have := "have their baseline"
	if len(s.Customers) == 1 {
		have = "has its baseline"
	}
	fmt.Fprintf(w, "%d of %s %s.\n", whole, count(len(s.Customers), "account"), have)
}

// help says what mends a gap.
func help(g baseline.Gap, customer string) string {
	switch {
	case g.State == baseline.Unknown:
		return "Nothing is known of it; nothing is mended."
	case g.State == baseline.Failing && g.Piece == baseline.TheRecording:
		return "AWS says why; it is no setting of landlord's."
	}
	return "`landlord baseline apply " + customer + "` mends it."
}
