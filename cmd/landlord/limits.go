package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v4"

	"landlord/internal/limits"
	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
	"landlord/vend/preflight"
)

// limitFlags are how AWS's limits are told where AWS does not say.
type limitFlags struct {
	quotas string
	file   string
	set    []string
}

func limitsFlags(c *cobra.Command) *limitFlags {
	f := &limitFlags{}
	quotasFlag(c, &f.quotas)
	c.Flags().StringArrayVar(&f.set, "limit", nil, "NAME=VALUE: a limit that you know better, as accounts=500")
	c.Flags().StringVar(&f.file, "limits", "", "a YAML file of such limits, NAME: VALUE")
	var names []string
	for _, l := range preflight.Known(limits.Present(), "") {
		names = append(names, l.Name+"=\t"+l.Title)
	}
	_ = c.RegisterFlagCompletionFunc("limit", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoSpace|cobra.ShellCompDirectiveNoFileComp))
	return f
}

// quotasFlag is the flag that names AWS's published limits.
func quotasFlag(c *cobra.Command, name *string) {
	c.Flags().StringVar(name, "quotas", limits.Present().Name, "AWS's published limits, as of: "+strings.Join(limits.QuotaNames(), ", "))
	_ = c.RegisterFlagCompletionFunc("quotas", cobra.FixedCompletions(limits.QuotaNames(), cobra.ShellCompDirectiveNoFileComp))
}

// quotasNamed are AWS's published limits of that name.
func quotasNamed(name string) (limits.Quotas, error) {
	quotas, known := limits.QuotasNamed(name)
	if !known {
		return quotas, fmt.Errorf("--quotas %q: want one of %s", name, strings.Join(limits.QuotaNames(), ", "))
	}
	return quotas, nil
}

// known returns AWS's limits, with those that were set.
func (f *limitFlags) known(folio *portfolio.Portfolio) ([]preflight.Limit, limits.Quotas, error) {
	quotas, err := quotasNamed(f.quotas)
	if err != nil {
		return nil, quotas, err
	}
	list := preflight.Known(quotas, folio.Organization.Regions[0])
	if f.file != "" {
		if list, err = fromFile(list, f.file); err != nil {
			return nil, quotas, err
		}
	}
	for _, s := range f.set {
		name, digits, found := strings.Cut(s, "=")
		value, bad := strconv.Atoi(digits)
		if !found || bad != nil {
			return nil, quotas, fmt.Errorf("--limit %q: want NAME=VALUE, a whole number", s)
		}
		if list, err = preflight.Settings(list, name, value); err != nil {
			return nil, quotas, fmt.Errorf("--limit: %w", err)
		}
	}
	return list, quotas, nil
}

// perTarget is how many policies may be attached to one target; 0 if the flags do
// not say so rightly, which known tells.
func (f *limitFlags) perTarget(folio *portfolio.Portfolio) int {
	list, _, _ := f.known(folio)
	for _, l := range list {
		if l.Name == preflight.PerTarget {
			return l.Value
		}
	}
	return 0
}

// fromFile sets the limits that a file holds.
func fromFile(list []preflight.Limit, name string) ([]preflight.Limit, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("--limits: %w", err)
	}
	set := map[string]int{}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, fmt.Errorf("--limits %s: the file is empty; want NAME: VALUE in each line, as accounts: 500", name)
	}
	if err := yaml.Load(data, &set); err != nil {
		return nil, fmt.Errorf("--limits %s: want NAME: VALUE in each line: %w", name, err)
	}
	for _, limit := range preflight.Known(limits.Present(), "") {
		value, given := set[limit.Name]
		if !given {
			continue
		}
		delete(set, limit.Name)
		if list, err = preflight.Settings(list, limit.Name, value); err != nil {
			return nil, fmt.Errorf("--limits %s: %w", name, err)
		}
	}
	for unknown := range set {
		_, err := preflight.Settings(list, unknown, 1)
		return nil, fmt.Errorf("--limits %s: %w", name, err)
	}
	return list, nil
}

// told asks AWS for its quotas: all that preflight looks at, or only the one that
// a plan most often meets.
func told(ctx context.Context, w world, list []preflight.Limit, all bool) (preflight.Told, error) {
	if !w.Manages() {
		silent := map[string]string{}
		for service := range preflight.Services(list) {
			silent[service] = "it tells a member account only of itself"
		}
		return preflight.Told{Silent: silent}, nil
	}
	if all {
		return w.AWS().Quotas(ctx, list)
	}
	return w.AWS().AccountQuota(ctx)
}

// room is what AWS's limits leave of a plan.
type room struct {
	stops []preflight.Finding // what the plan certainly cannot pass
	doubt []string            // sentences: what is not known
}

// roomFor holds a plan against the limits that few calls tell: two, and none
// where no account is created.
func (p *program) roomFor(ctx context.Context, folio *portfolio.Portfolio, w world, l *limitFlags, todo *plan.Plan, seen org.Organization) (room, error) {
	known, quotas, err := l.known(folio)
	if err != nil || todo.Empty() {
		return room{}, err
	}
	var said preflight.Told
	creates := todo.Count(plan.Create, plan.AnAccount) > 0
	if creates {
		if said, err = told(ctx, w, known, false); err != nil {
			return room{}, err
		}
	}
	report := preflight.Check(preflight.Question{
		Grown: blueprint.From(folio), Target: len(folio.Customers), Seen: seen, Invited: said.Invited,
		Limits: preflight.Merge(known, said), Quotas: quotas, Now: w.Now(),
	})
	var r room
	for _, f := range report.Stops() {
		if f.Sure() && (creates || f.Name != preflight.Accounts) {
			r.stops = append(r.stops, f)
		}
	}
	for _, f := range report.Findings {
		if f.Name == preflight.Accounts && creates && !f.Sure() {
			r.doubt = append(r.doubt, fmt.Sprintf("AWS did not say how many accounts the organization may have (%s). If they are fewer than %s, not all customers get one",
				clean(f.Silent), digits(f.Needed)))
		} else if f.Name == preflight.Accounts && creates && f.Doubted {
			r.doubt = append(r.doubt, f.Note)
		} else if f.Name == preflight.Accounts && said.Uninvited != "" {
			r.doubt = append(r.doubt, fmt.Sprintf("open invitations, which count as accounts, are not known (%s)", clean(said.Uninvited)))
		}
	}
	return r, nil
}

// show writes what the limits leave of a plan, for people.
func (r room) show(w io.Writer) {
	for _, f := range r.stops {
		fmt.Fprintf(w, "%s %s.\n", paint(w)(red, "Limit:"), stopped(f))
	}
	for _, d := range r.doubt {
		fmt.Fprintf(w, "Limit: %s.\n", d)
	}
}

// refusal is why a plan that cannot finish is not begun; nil if it is to be.
func (r room) refusal(allowPartial bool) error {
	if len(r.stops) == 0 || allowPartial {
		return nil
	}
	f := r.stops[0]
	helps := "`landlord preflight` says what helps"
	if f.Raise == preflight.Asked {
		helps = "`landlord preflight --request-increases` asks for it"
	}
	return fmt.Errorf("the plan cannot finish: %s. Nothing was changed. %s; --allow-partial does as much as fits; --limit %s=N says that you know better", stopped(f), helps, f.Name)
}

// stopped says what a limit leaves undone.
func stopped(f preflight.Finding) string {
	code := ""
	if f.Code != "" {
		code = " (" + f.Code + ")"
	}
	most := ""
	if f.Who != "" {
		most = " by " + clean(f.Who)
	}
	return fmt.Sprintf("%s %s are needed%s; the limit is %s%s, %s", digits(f.Needed), f.Title, most, digits(f.Value), code, fitting(f.Fits))
}

func fitting(n int) string {
	if n == 0 {
		return "no customer fits"
	}
	return count(n, "customer") + " fit"
}
