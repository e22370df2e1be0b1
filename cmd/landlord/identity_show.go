package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"landlord/guard/identity"
	"landlord/org"
	"landlord/vend/verify"
)

func (p *program) identityStatusCommand() *cobra.Command {
	r := &identityRun{}
	c := &cobra.Command{
		Use:   "status [KEY...]",
		Short: "Print who may sign in to which account, and at which address",
		Long: `status reads IAM Identity Center back and prints of each customer who may enter
the account as what, whether that is what the file says, and the address of the AWS
access portal. It changes nothing. Exit code 1 when something is otherwise.`,
		Example: `  landlord identity status -f examples/sign-in.yaml
  landlord identity status acme -f examples/sign-in.yaml --json`,
	}
	f, locks := p.identityFlags(c, r)
	c.Flags().BoolVar(&p.json, "json", false, "print it as JSON")
	c.RunE = func(c *cobra.Command, keys []string) error {
		f.reads = true
		if err := r.open(c.Context(), f, locks, "identity status", keys); err != nil {
			return err
		}
		defer r.leave()
		return r.status(r.lock.Context())
	}
	return c
}

// statusJSON is what `identity status --json` prints.
type statusJSON struct {
	Link      string         `json:"sign_in"` // the access portal's address; "" where it is not known
	Region    string         `json:"region"`
	Instance  string         `json:"instance"`
	Store     string         `json:"identity_store"`
	Customers []entranceJSON `json:"customers"`
	Checks    []verify.Check `json:"checks"`
}

// entranceJSON is a customer's account and who may enter it.
type entranceJSON struct {
	Customer string         `json:"customer"`
	Account  org.AccountID  `json:"account,omitempty"`
	State    identity.State `json:"state"`
	Why      string         `json:"why,omitempty"` // it is not open
	People   []personJSON   `json:"people"`
}

type personJSON struct {
	Email string   `json:"email"`
	Roles []string `json:"roles"`           // that they have there now
	Lacks []string `json:"lacks,omitempty"` // that the file gives them besides
}

func (r *identityRun) status(ctx context.Context) error {
	have, err := center{r.w, r.sign.Region}.SignIn(ctx)
	if err != nil {
		return err
	}
	out := statusJSON{Link: identity.Link(r.sign.Portal, have.Store), Region: r.sign.Region, Instance: have.Instance, Store: have.Store, Customers: []entranceJSON{}}
	entered := entries(have)
	for _, c := range r.customers() {
		d := r.doors[c.Key]
		e := entranceJSON{Customer: c.Key, Account: d.Account, State: d.State, Why: d.Why, People: []personJSON{}}
		for _, person := range c.People {
			u, _ := have.UserOf(person.Email)
			one := personJSON{Email: person.Email, Roles: []string{}}
			for _, role := range person.Roles {
				if entered[entryKey{u.ID, role, d.Account}] && u.ID != "" {
					one.Roles = append(one.Roles, role)
				} else {
					one.Lacks = append(one.Lacks, role)
				}
			}
			e.People = append(e.People, one)
		}
		out.Customers = append(out.Customers, e)
	}
	passed := true
	for _, k := range verify.People(r.sign, have, r.doors) {
		if k.Customer == "" || r.opt.Only == nil || r.opt.Only[k.Customer] {
			out.Checks = append(out.Checks, k)
			passed = passed && k.Passed
		}
	}
	if r.p.json {
		err = printJSON(r.p.stdout, out)
	} else {
		r.showStatus(out)
	}
	if err == nil && !passed {
		return exit(exitFault)
	}
	return err
}

// customers are those of the file that the command is about.
func (r *identityRun) customers() []identity.Customer {
	return slices.DeleteFunc(slices.Clone(r.sign.Customers), func(c identity.Customer) bool { return r.opt.Only != nil && !r.opt.Only[c.Key] })
}

// entryKey is that a user may enter an account with a role.
type entryKey struct {
	user, role string
	account    org.AccountID
}

func entries(have identity.Seen) map[entryKey]bool {
	roles, all := map[string]string{}, map[entryKey]bool{}
	for _, p := range have.Sets {
		roles[p.ARN] = p.Role()
	}
	of := map[string][]string{}
	for _, m := range have.Members {
		of[m.Group] = append(of[m.Group], m.User)
	}
	for _, a := range have.Assignments {
		for _, user := range of[a.Group] {
			all[entryKey{user, roles[a.Set], a.Account}] = true
		}
	}
	return all
}

func (r *identityRun) showStatus(s statusJSON) {
	w := r.p.stdout
	colour := paint(w)
	fmt.Fprintf(w, "Sign-in: %s\n", orElse(s.Link, "not known: IAM Identity Center is not enabled in "+s.Region))
	if s.Store != "" {
		fmt.Fprintf(w, "         IAM Identity Center in %s, identity store %s (%s)\n", s.Region, s.Store, r.w.Name())
	}
	fmt.Fprintln(w)
	t := newTable(w, 2)
	fmt.Fprintln(t, "customer\taccount\tperson\troles")
	for _, c := range s.Customers {
		account := orElse(string(c.Account), "–")
		if len(c.People) == 0 {
			fmt.Fprintf(t, "%s\t%s\tnobody\t\n", c.Customer, account)
		}
		for _, one := range c.People {
			roles := strings.Join(one.Roles, ", ")
			if len(one.Lacks) > 0 {
				roles = strings.TrimSpace(roles + " " + colour(red, "✗ not "+strings.Join(one.Lacks, ", ")))
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", c.Customer, account, clean(one.Email), roles)
		}
	}
	t.Flush()
	failed := 0
	fmt.Fprintln(w)
	for _, k := range s.Checks {
		if !k.Passed {
			failed++
			fmt.Fprintf(w, "%s %s: %s\n", colour(red, "✗"), orElse(k.Customer, k.Name), cleanLines(k.Fault))
		}
	}
	if failed == 0 {
		fmt.Fprintf(w, "%s %s, and nobody else by landlord's groups.\n", colour(green, "✓"), "Everybody of the file may sign in as it says")
		return
	}
	fmt.Fprintf(w, "%d of %s passed.\n", len(s.Checks)-failed, count(len(s.Checks), "check"))
}

func (p *program) identityTestCommand() *cobra.Command {
	r := &identityRun{}
	c := &cobra.Command{
		Use:   "test [KEY...]",
		Short: "Test that assignments reach the accounts, and that guardrails hold for them",
		Long: `test looks into each customer's account itself: is the role of each permission set
there, with the set's policies? And it asks the policies that really hold the
account whether whoever enters by that role is denied what the tier must deny, every
call of its guardrails. It changes nothing. Exit code 1 when a test fails.`,
		Example: `  landlord identity test -f examples/sign-in.yaml
  landlord identity test acme -f examples/sign-in.yaml --json`,
	}
	f, locks := p.identityFlags(c, r)
	c.Flags().BoolVar(&p.json, "json", false, "print every test as JSON")
	c.RunE = func(c *cobra.Command, keys []string) error {
		// The accounts are entered, which a look at a simulated AWS forgets again.
		f.reads = true
		if err := r.open(c.Context(), f, locks, "identity test", keys); err != nil {
			return err
		}
		defer r.leave()
		return r.test(r.lock.Context())
	}
	return c
}

// accessTest is one test of a customer's access.
type accessTest struct {
	Customer string        `json:"customer"`
	Account  org.AccountID `json:"account,omitempty"`
	Role     string        `json:"role"`
	Test     string        `json:"test"` // reaches or guardrails
	Passed   bool          `json:"passed"`
	Looked   string        `json:"looked_at"`
	Fault    string        `json:"fault,omitempty"`
}

func (r *identityRun) test(ctx context.Context) error {
	probing := verify.NewProbing(r.want, r.seen)
	var all []accessTest
	for _, c := range r.customers() {
		if roles := verify.RoleOf(c); len(roles) > 0 {
			all = append(all, r.testCustomer(ctx, probing, c, roles)...)
		}
	}
	failed := 0
	for _, one := range all {
		if !one.Passed {
			failed++
		}
	}
	var err error
	if r.p.json {
		err = printJSON(r.p.stdout, map[string]any{"passed": len(all) - failed, "failed": failed, "tests": all})
	} else {
		colour := paint(r.p.stdout)
		for _, one := range all {
			mark, says := colour(green, "✓"), one.Looked
			if !one.Passed {
				mark, says = colour(red, "✗"), one.Fault
			}
			fmt.Fprintf(r.p.stdout, "%s %s %s %s: %s\n", mark, one.Customer, one.Role, one.Test, cleanLines(says))
		}
		fmt.Fprintf(r.p.stdout, "%d of %s passed.\n", len(all)-failed, count(len(all), "test"))
	}
	if err == nil && failed > 0 {
		return exit(exitFault)
	}
	return err
}

// testCustomer tests each role of a customer's people in its account.
func (r *identityRun) testCustomer(ctx context.Context, probing *verify.Probing, c identity.Customer, roles []string) []accessTest {
	d := r.doors[c.Key]
	var all []accessTest
	add := func(role, test, looked, fault string) {
		all = append(all, accessTest{c.Key, d.Account, role, test, fault == "", looked, fault})
	}
	if d.Account == "" || d.State == identity.Gone || d.State == identity.Shut {
		for _, role := range roles {
			add(role, verify.Reaches, "the customer's account", d.Why)
		}
		return all
	}
	there, err := r.w.AWS().SignInRoles(ctx, d.Account, slices.Sorted(maps.Keys(verify.Sets(r.sign, c))))
	if err != nil {
		for _, role := range roles {
			add(role, verify.Reaches, "the roles of account "+string(d.Account), err.Error())
		}
		return all
	}
	for _, t := range probing.Access(r.sign, c, r.account(d.Account), there) {
		add(t.Role, t.Test, t.Looked, t.Fault)
	}
	return all
}

func (r *identityRun) account(id org.AccountID) org.Account {
	i := slices.IndexFunc(r.seen.Accounts, func(a org.Account) bool { return a.ID == id })
	return r.seen.Accounts[i] // a door is of an account that was seen
}
