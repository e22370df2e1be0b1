package onboard

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"landlord/guard/identity"
	"landlord/org"
	"landlord/vend/apply"
	"landlord/vend/execute"
	"landlord/vend/plan"
	"landlord/vend/verify"
)

// Center is IAM Identity Center, and what became of its assignments in accounts.
type Center interface {
	apply.SignInWorld
	// SignInRoles reads the roles of permission sets out of an account itself.
	SignInRoles(ctx context.Context, account org.AccountID, sets []string) ([]identity.AccountRole, error)
}

// signsIn tells whether there are the means for sign-in, and the portfolio wants it.
func signsIn(cfg *Config) bool {
	_, wants := identity.From(cfg.Folio)
	return wants && cfg.Center != nil
}

// signIns lets the customers' people into their accounts, which stand with their
// baselines by then, and tests that they get there and are held there.
func signIns(ctx context.Context, r *runner, open []*Checklist) error {
	sign, _ := identity.From(r.Folio)
	only := map[string]bool{}
	for _, c := range open {
		only[c.Customer] = true
	}
	doors := verify.Doors(r.want, r.seen, verify.Customers(r.want, r.seen, keys(open)...), r.lacks)
	next := func(have identity.Seen) (*plan.Plan, error) {
		todo, err := plan.SignIn(sign, have, doors, plan.SignInOptions{Only: only})
		if todo != nil {
			todo.Organization, todo.Management = r.seen.ID, r.seen.Management
		}
		return todo, err
	}
	have, err := r.Center.SignIn(ctx)
	if err != nil {
		return err
	}
	todo, err := next(have)
	if err != nil {
		return fmt.Errorf("nobody was let in: %w", err)
	}
	failed := map[string]string{}
	last := map[string]time.Time{}
	looked := r.Now()
	if !todo.Empty() {
		out, err := r.Carry(ctx, r.seen, todo, func(opt apply.Options) (apply.Outcome, error) {
			watch := opt.Watch
			opt.Rules, opt.Seed = r.Rules, r.Seed
			opt.Watch = func(events []execute.Event) {
				for _, e := range events {
					if e.State == execute.Done {
						last[e.Step.Customer] = e.At
					}
				}
				if watch != nil {
					watch(events)
				}
			}
			return apply.SignIn(ctx, r.Center, todo, next, opt)
		})
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		failed = firsts(out.Failures)
		if have, err = r.Center.SignIn(ctx); err != nil {
			return err
		}
	}
	probing := verify.NewProbing(r.want, r.seen)
	checks := verify.People(sign, have, doors)
	for _, c := range open {
		at := slices.IndexFunc(sign.Customers, func(s identity.Customer) bool { return s.Key == c.Customer })
		of := sign.Customers[at]
		fault := ""
		for _, k := range checks {
			if fault == "" && (k.Customer == c.Customer || k.Customer == "") && !k.Passed {
				fault = k.Fault
			}
		}
		var tests []verify.Access
		if fault == "" && len(of.People) > 0 {
			if tests, err = r.access(ctx, probing, sign, of, doors[c.Customer].Account); err != nil {
				return err
			}
			fault = verify.Faulty(tests)
		}
		switch why := failed[c.Customer] + failed[""]; {
		case fault != "" && why != "":
			r.end(c, "sign-in", Failed, why+". "+again)
		case fault != "":
			r.end(c, "sign-in", Failed, fault)
		case len(of.People) == 0:
			r.end(c, "sign-in", Without, "the file gives nobody of it access to AWS")
			r.endedAt(c, "sign-in", last, looked)
		default:
			link := identity.Link(sign.Portal, have.Store)
			if r.Entered != nil {
				if err := r.Entered(ctx, c.Customer, link); err != nil {
					return err
				}
			}
			r.end(c, "sign-in", Done, entered(of, tests, link), invited(sign, of)...)
			r.endedAt(c, "sign-in", last, looked)
		}
	}
	return nil
}

// access tests whether a customer's people reach its account.
func (r *runner) access(ctx context.Context, probing *verify.Probing, sign identity.Wanted, c identity.Customer, account org.AccountID) ([]verify.Access, error) {
	at := slices.IndexFunc(r.seen.Accounts, func(a org.Account) bool { return a.ID == account })
	if at < 0 {
		return nil, fmt.Errorf("account %s was not seen", account)
	}
	there, err := r.Center.SignInRoles(ctx, account, slices.Sorted(maps.Keys(verify.Sets(sign, c))))
	if err != nil {
		return nil, err
	}
	return probing.Access(sign, c, r.seen.Accounts[at], there), nil
}

// entered says who may enter, and what was tested of it.
func entered(c identity.Customer, tests []verify.Access, link string) string {
	return fmt.Sprintf("%s may enter at %s; %d tests of it passed", addresses(c), link, len(tests))
}

func addresses(c identity.Customer) string {
	people := make([]string, len(c.People))
	for i, p := range c.People {
		people[i] = p.Email
	}
	return strings.Join(people, ", ")
}

// invited is what is left to a person where landlord makes users.
func invited(sign identity.Wanted, c identity.Customer) []Task {
	if !sign.Create {
		return nil
	}
	return []Task{{"an engineer", "have IAM Identity Center write to " + addresses(c) + " how to set a password", "no API of AWS sends that letter"}}
}
