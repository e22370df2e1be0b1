package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"landlord/guard/guardrail"
	"landlord/internal/nearest"
	"landlord/portfolio"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
)

// askFlags are what is asked about.
type askFlags struct {
	customer, principal string
	context             []string
	observed            bool
}

func (p *program) guardrailTestCommand() *cobra.Command {
	a := &askFlags{}
	c := &cobra.Command{
		Use:   "test ACTION [RESOURCE]",
		Short: "Tell whether a call is allowed in a customer's account, and what denies it",
		Long: `test tells whether service control policies let ACTION through in a customer's
account: by the policies that the file wants, or with --observed by those that
are in force there, whosever they are. It is asked as the role "admin" of the
account, in its region (or us-east-1), unless --principal and --context say
otherwise. Exit code 1 when it is denied. Whether the account's own IAM policies
allow the call is another question.`,
		Example: `  landlord guardrail test -f examples/five-customers.yaml --customer techgov ec2:RunInstances --context aws:RequestedRegion=eu-west-1
  landlord guardrail test -f portfolio.yaml --customer acme cloudtrail:StopLogging --principal arn:aws:iam::222233334444:root --observed`,
	}
	p.portfolioFlags(c)
	f := p.worldFlags(c)
	c.Args = someArguments("an action and perhaps a resource", 2)
	c.Flags().StringVar(&a.customer, "customer", "", "the customer's key")
	c.Flags().StringVar(&a.principal, "principal", "arn:aws:iam::{account}:role/admin", "the ARN of who calls; {account} is the account's id")
	c.Flags().StringArrayVar(&a.context, "context", nil, "a condition key and its value, KEY=VALUE; several of one key are its values, KEY alone is absent")
	c.Flags().BoolVar(&a.observed, "observed", false, "ask the policies that are in force")
	c.Flags().BoolVar(&p.json, "json", false, "print the answer as JSON")
	_ = c.RegisterFlagCompletionFunc("customer", p.completeKeys)
	c.RunE = func(c *cobra.Command, args []string) error { return p.ask(c, f, a, append(args, "")[:2]) }
	return c
}

// ask answers one question about one customer.
func (p *program) ask(c *cobra.Command, f *worldFlags, a *askFlags, args []string) error {
	folio, err := p.load(nil)
	if err != nil {
		return err
	}
	if err := guardrail.CheckAction(args[0]); err != nil {
		return fmt.Errorf("the action %w", err)
	}
	context, err := contextOf(a.context)
	if err != nil {
		return err
	}
	if a.customer == "" {
		return fmt.Errorf("%s needs --customer KEY: in whose account?", called(c))
	}
	want := blueprint.From(folio)
	customer, err := customerOf(want, folio, a.customer)
	if err != nil {
		return err
	}
	account, of := string(customer.Account), places(nil)
	if a.observed {
		f.reads = true
		w, seen, err := p.observe(c.Context(), folio, f)
		if err != nil {
			return err
		}
		defer w.Close()
		there, err := plan.AccountOf(want, seen, customer.Key)
		if err != nil {
			return err
		}
		account = string(there.ID)
		now, err := newForce(c.Context(), w.AWS(), seen, 1)
		if err != nil {
			return err
		}
		if of, err = now.of(c.Context(), there); err != nil {
			return err
		}
	} else {
		if account == "" {
			account = noAccount
		}
		if of, err = (shelf{}).wanted(want, customer.Unit, account); err != nil {
			return err
		}
	}
	request, who, err := usual(customer, strings.ReplaceAll(a.principal, "{account}", account), args[0], args[1], context)
	if err != nil {
		return err
	}
	j := of.judge(request)
	if free, is := who.Unlimited(string(folio.Organization.Management)); is {
		j = judgement{Decision: free}
	}
	if p.json {
		err = printJSON(p.stdout, askedJSON{customer.Key, account, request.Action, request.Resource, request.Context, a.observed, judgedAs(j)})
	} else {
		p.showAsked(folio, customer, request, of, j, a.observed)
	}
	if err == nil && !j.Allowed {
		return exit(exitFault)
	}
	return err
}

// noAccount is the id that is asked about while a customer has no account.
const noAccount = "000000000000"

// judgedJSON is what policies say, for scripts.
type judgedJSON struct {
	Allowed   bool             `json:"allowed"`
	Reason    guardrail.Reason `json:"reason"`
	Level     *int             `json:"level"` // from 0, the root
	Where     string           `json:"where,omitempty"`
	Policy    string           `json:"policy,omitempty"`
	Statement string           `json:"statement,omitempty"`
	Basis     string           `json:"basis,omitempty"` // where what the statement lists is from, and of when
}

// askedJSON is what `guardrail test --json` prints.
type askedJSON struct {
	Customer string              `json:"customer"`
	Account  string              `json:"account"`
	Action   string              `json:"action"`
	Resource string              `json:"resource,omitempty"`
	Context  map[string][]string `json:"context"`
	Observed bool                `json:"observed"`
	judgedJSON
}

func judgedAs(j judgement) judgedJSON {
	out := judgedJSON{Allowed: j.Allowed, Reason: j.Reason, Where: j.Where, Policy: j.Policy, Statement: j.Sid, Basis: j.Basis}
	if j.Level >= 0 {
		out.Level = &j.Level
	}
	if out.Statement == "" {
		out.Statement = j.Says
	}
	return out
}

func (p *program) showAsked(folio *portfolio.Portfolio, c blueprint.Customer, r guardrail.Request, of places, j judgement, observed bool) {
	framework := ""
	for _, t := range folio.Tiers {
		if t.Key == c.Tier {
			framework = t.Framework
		}
	}
	by := "by the policies that " + folio.File + " wants"
	if observed {
		by = "by the policies in force"
	}
	fmt.Fprintf(p.stdout, "%s · %s · %s on %s, %s\n", c.Key, framework, clean(r.Action), clean(orElse(r.Resource, "*")), by)
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(r.Context)) {
		keys = append(keys, key+"="+strings.Join(r.Context[key], "|"))
	}
	fmt.Fprintf(p.stdout, "%s\n\n%s\n", clean(strings.Join(keys, " ")), sentence(paint(p.stdout), of, j))
	if j.Basis != "" && !j.Allowed {
		fmt.Fprintf(p.stdout, "  It lists: %s.\n", j.Basis)
	}
}

// sentence says what policies decided, and which.
func sentence(colour func(string, string) string, of places, j judgement) string {
	switch j.Reason {
	case guardrail.ServiceLinkedRole:
		return colour(green, "✓") + " allowed: no policy of an organization limits a service-linked role"
	case guardrail.ManagementAccount:
		return colour(green, "✓") + " allowed: no policy of an organization limits the management account"
	case guardrail.ExplicitDeny:
		return fmt.Sprintf("%s denied by %s, of policy %s on %s", colour(red, "✗"), clean(j.Says), clean(j.Policy), clean(j.Where))
	case guardrail.ImplicitDeny:
		return fmt.Sprintf("%s denied: no policy on %s allows it", colour(red, "✗"), clean(j.Where))
	}
	var asked []string
	for _, at := range of {
		asked = append(asked, at.String())
	}
	return fmt.Sprintf("%s allowed: by a policy on each of %s, and nothing denies it", colour(green, "✓"), clean(strings.Join(asked, ", ")))
}

// contextOf reads KEY=VALUE, or KEY for one that is absent.
func contextOf(given []string) (map[string][]string, error) {
	context := map[string][]string{}
	for _, text := range given {
		key, value, has := strings.Cut(text, "=")
		if key == "" {
			return nil, fmt.Errorf("--context %q: want KEY=VALUE", text)
		}
		if context[key] = context[key][:len(context[key]):len(context[key])]; has {
			context[key] = append(context[key], value)
		}
	}
	return context, nil
}

func keysOf(context map[string][]string) []string { return slices.Collect(maps.Keys(context)) }

// meant proposes the word that was perhaps meant.
func meant(given string, known []string) string {
	if near := nearest.Of(given, known); near != "" {
		return fmt.Sprintf(". Did you mean %q?", near)
	}
	return ""
}
