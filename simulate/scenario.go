package simulate

import (
	"context"
	"fmt"
	"time"

	"landlord/guard/compliance"
	"landlord/internal/limits"
	"landlord/internal/money"
	"landlord/org"
	"landlord/portfolio"
	"landlord/simaws"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/execute"
	"landlord/vend/plan"
	"landlord/vend/verify"
)

// Scenario is one portfolio, deployed and verified on a simulated AWS of its own.
type Scenario struct {
	Portfolio    *portfolio.Portfolio
	Organization org.Organization // as it was read back at the end
	Verified     verify.Report
	Again        int // changes that a second plan found; 0 unless something is wrong

	Took      time.Duration // landlord's deployment, from the first call after the plan to the last
	Bars      []Bar         // what each thing took, in the order they were done
	Calls     int           // of the deployment
	Throttled int
	Bound     Bound // the least time that AWS's limits allow
	Created   int   // units, policies, attachments and accounts
	Phased    Phased
}

// Customers is how many customers the scenario has.
func (s *Scenario) Customers() int { return len(s.Portfolio.Customers) }

// Resources counts as the reference report does: units, accounts and
// attachments.
func (s *Scenario) Resources() int {
	return s.Units() + s.Accounts() + s.Attachments()
}

// Units is how many of landlord's units stand.
func (s *Scenario) Units() int {
	n := 0
	for _, u := range s.Organization.Units {
		if blueprint.Ours(u) {
			n++
		}
	}
	return n
}

// Accounts is how many customers have their account.
func (s *Scenario) Accounts() int { return len(s.Verified.Account) }

// Attachments is how many places landlord's policies are attached to.
func (s *Scenario) Attachments() int {
	n := 0
	for _, p := range s.Organization.Policies {
		if p.Tags[org.TagFramework] != "" {
			n += len(p.Targets)
		}
	}
	return n
}

// Revenue is what the customers pay a month.
func (s *Scenario) Revenue() money.Cents {
	var sum money.Cents
	for _, c := range s.Portfolio.Customers {
		sum += c.Price
	}
	return sum
}

// Bar is a step on the timeline, from the start of its call until it was done:
// for the creation of an account, until AWS had finished it.
type Bar struct {
	Kind     plan.Kind
	Name     string
	Tier     string
	Customer string
	From, To time.Duration // since the deployment began
}

// Options are what a scenario is run with.
type Options struct {
	Profile simaws.Profile
	Seed    uint64
	Phased  bool // also deploy the phased way
	Onboard bool // of a study: also take customers to their first report
	// Portal, if set, has a portal show what stands of customers who were onboarded, and
	// returns who reads one of theirs as its people do, as Config.Portal of an onboarding.
	Portal func(context.Context, Shown) (read func(ctx context.Context, customer string) (looked string, err error), err error)
}

// Shown is what portals show of customers who were onboarded.
type Shown struct {
	At           time.Time
	Portfolio    *portfolio.Portfolio
	Organization org.Organization  // as it was last seen
	Links        map[string]string // by customer: where its people sign in to AWS
	Findings     map[org.AccountID][]compliance.Finding
}

// Run deploys p on a new simulated AWS, verifies it and plans again.
func Run(ctx context.Context, p *portfolio.Portfolio, opt Options) (*Scenario, error) {
	w, err := newWorld(p, opt)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	s := &Scenario{Portfolio: p}
	want := blueprint.From(p)
	seen, err := w.Observe(ctx)
	if err != nil {
		return nil, err
	}
	todo, err := plan.Make(want, seen, plan.Options{})
	if err != nil {
		return nil, err
	}
	s.Created = todo.Count(plan.Create)
	began := w.Clock.Now()
	before, refused := w.client.Calls()
	timeline := newBars(began)
	out, err := apply.Rounds(ctx, w, want, todo, seen, apply.Options{Rules: w.Rules(), Seed: opt.Seed, Watch: func(events []execute.Event) {
		timeline.watch(events)
		s.Took = w.Clock.Now().Sub(began) // what comes after is the last look
		s.Calls, s.Throttled = w.client.Calls()
	}})
	if err != nil {
		return nil, err
	}
	if len(out.Failures) > 0 {
		return nil, fmt.Errorf("simulated deployment of %d customers: %w", len(p.Customers), out.Failures[0].Err)
	}
	s.Bars, s.Calls, s.Throttled = timeline.bars, s.Calls-before, s.Throttled-refused
	s.Bound = boundOf(p, todo.Steps, opt)
	s.Organization, s.Again = out.Seen, len(out.Left.Changes)
	s.Verified = verify.Organization(want, s.Organization)
	if opt.Phased {
		if s.Phased, err = phased(ctx, p, opt); err != nil {
			return nil, err
		}
	}
	return s, ctx.Err()
}

// newWorld is a new simulated AWS for p, with an organization and nothing in
// it. Its account quota is raised to what p needs.
func newWorld(p *portfolio.Portfolio, opt Options) (*World, error) {
	return NewWorld(simaws.Config{
		Profile:           opt.Profile,
		Seed:              opt.Seed,
		ManagementAccount: string(p.Organization.Management),
		Organization:      true,
		AccountQuota:      max(limits.AccountsGranted, len(p.Customers)+1),
		AccountIDs:        AccountIDs(p),
	})
}

// AccountIDs are the ids that a simulated AWS allocates to p's customers, by
// root address.
func AccountIDs(p *portfolio.Portfolio) map[string]string {
	ids := map[string]string{}
	for _, c := range p.Customers {
		for _, key := range append([]string{c.Key}, c.Formerly...) {
			if id, given := p.Organization.SimulatedAccounts[key]; given {
				ids[c.Email] = string(id)
				break
			}
		}
	}
	return ids
}

// bars collects the timeline of a deployment from the executor's events.
type bars struct {
	began time.Time
	from  map[int]time.Time // by step: when its call last started
	bars  []Bar
}

func newBars(began time.Time) *bars { return &bars{began: began, from: map[int]time.Time{}} }

func (b *bars) watch(events []execute.Event) {
	for _, e := range events {
		switch e.State {
		case execute.Running:
			b.from[e.Step.ID] = e.At
		case execute.Done:
			end := e.At
			if finished := e.Answer.Finished; !finished.IsZero() && finished.Before(end) {
				end = finished // AWS's slot is free from then on, before anybody has asked
			}
			b.bars = append(b.bars, Bar{e.Step.Kind, e.Step.Name, e.Step.Tier, e.Step.Customer, b.from[e.Step.ID].Sub(b.began), end.Sub(b.began)})
			delete(b.from, e.Step.ID)
		}
	}
}
