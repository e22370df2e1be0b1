package simulate

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"landlord/guard/compliance"
	"landlord/guard/compliance/assess"
	compliancereport "landlord/guard/compliance/report"
	"landlord/guard/identity"
	"landlord/guard/survey"
	"landlord/org"
	"landlord/portfolio"
	"landlord/service/onboard"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
	"landlord/vend/verify"
)

// Onboarding is what came of taking customers from a key to their first compliance
// report, by the steps of `landlord onboard` in a world of its own. What stands in
// the end was read back by a last look.
type Onboarding struct {
	Portfolio *portfolio.Portfolio // the customers who were onboarded, and their people
	Assumed   string               // what was taken for sign-in that the file does not say; "" for nothing
	Lists     []onboard.Checklist
	Took      time.Duration
	Calls     int // of the steps
	Throttled int
	Fault     string           // why it did not go on; "" if it did
	Bars      map[string][]Bar // by step: what was done in it

	Organization org.Organization
	Verified     verify.Report
	Baselines    *plan.Baselines
	SignIn       identity.Seen
	Access       map[string][]verify.Access // by customer
	Findings     map[org.AccountID][]compliance.Finding
	Reports      map[string]*compliancereport.Report // by customer
}

// OnboardedMost is how many customers a study onboards. Of a file with more it
// onboards the first of each tier.
const OnboardedMost = 25

// scanners is how many accounts `landlord baseline run` reads at once.
const scanners = 32

// Onboard takes the customers of p, all beside each other, from a key to their first
// report. The error is ctx's, or that there is no such world.
func Onboard(ctx context.Context, p *portfolio.Portfolio, opt Options) (*Onboarding, error) {
	o := &Onboarding{Bars: map[string][]Bar{}, Access: map[string][]verify.Access{}, Findings: map[org.AccountID][]compliance.Finding{}, Reports: map[string]*compliancereport.Report{}}
	o.Portfolio = Scale(p, len(p.Customers)) // none has an account to adopt
	o.Assumed = people(o.Portfolio)
	w, err := newWorld(o.Portfolio, opt)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	var keys []string
	for _, c := range o.Portfolio.Customers {
		keys = append(keys, c.Key)
	}
	began, step := w.Clock.Now(), ""
	shown := Shown{Portfolio: o.Portfolio, Links: map[string]string{}, Findings: o.Findings}
	o.Lists, err = onboard.Run(ctx, onboard.Config{
		Folio: o.Portfolio, Keys: keys, World: w, Rules: w.Rules(), Seed: opt.Seed, Now: w.Clock.Now, Center: center{w, o.Portfolio.SignIn.Region},
		Told: func(lists []onboard.Checklist) { step = under(lists) },
		Carry: func(_ context.Context, _ org.Organization, _ *plan.Plan, rounds func(apply.Options) (apply.Outcome, error)) (apply.Outcome, error) {
			timeline := newBars(began)
			out, err := rounds(apply.Options{Watch: timeline.watch})
			o.Bars[step] = append(o.Bars[step], timeline.bars...)
			return out, err
		},
		Entered: func(_ context.Context, customer, link string) error {
			shown.Links[customer] = link
			return nil
		},
		Scan: func(ctx context.Context, seen org.Organization, keys []string) (map[string]onboard.Scanned, error) {
			shown.Organization = seen
			return o.scan(ctx, w, seen, keys)
		},
		Posture: func(_ context.Context, _ string, id org.AccountID, f compliance.Framework) (compliance.Posture, error) {
			var history compliance.History
			for _, found := range o.Findings[id] {
				history.Add(found)
			}
			return history.Posture(f), nil
		},
		Keep: func(_ context.Context, customer string, r *compliancereport.Report) (string, error) {
			o.Reports[customer] = r
			return "kept", nil
		},
		Portal: portal(opt, &shown, w.Clock.Now),
	})
	o.Took = w.Clock.Now().Sub(began)
	o.Calls, o.Throttled = w.client.Calls()
	if err == nil {
		err = o.look(ctx, w, opt, keys)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		o.Fault = err.Error()
	}
	return o, nil
}

// portal reads portals that show what stands when the first is read; nil without the
// means.
func portal(opt Options, shown *Shown, now func() time.Time) func(context.Context, string) (string, []onboard.Task, error) {
	if opt.Portal == nil {
		return nil
	}
	var read func(context.Context, string) (string, error)
	return func(ctx context.Context, customer string) (looked string, _ []onboard.Task, err error) {
		if read == nil {
			shown.At = now()
			if read, err = opt.Portal(ctx, *shown); err != nil {
				return "", nil, err
			}
		}
		looked, err = read(ctx, customer)
		return looked, nil, err
	}
}

// Sample is p with those of its customers whom a study onboards.
func Sample(p *portfolio.Portfolio) *portfolio.Portfolio {
	if len(p.Customers) <= OnboardedMost {
		return p
	}
	some, met := *p, map[string]bool{}
	some.Customers = slices.DeleteFunc(slices.Clone(p.Customers), func(c portfolio.Customer) bool {
		again := met[c.Tier]
		met[c.Tier] = true
		return again
	})
	some.Customers = some.Customers[:min(len(some.Customers), OnboardedMost)]
	return &some
}

// people has somebody sign in to each customer's account, whatever p says, and tells
// what was taken that it does not say.
func people(p *portfolio.Portfolio) (assumed string) {
	sign := portfolio.SignIn{Region: p.Organization.Regions[0]}
	if p.SignIn != nil {
		sign = *p.SignIn
	}
	switch {
	case p.SignIn == nil:
		assumed = "the file has no sign_in: each customer's contact signs in as admin"
		taken := map[string]bool{}
		for i := range p.Customers {
			c := &p.Customers[i]
			if address := strings.ToLower(c.Contact); len(c.People) == 0 && c.Contact != "" && !taken[address] {
				taken[address] = true
				c.People = []portfolio.Person{{Email: c.Contact, Roles: []string{portfolio.RoleAdmin}}}
			}
		}
	case sign.Users != portfolio.CreateUsers:
		assumed = "the file has an identity provider make the users, which is not simulated: landlord makes them"
	}
	sign.Users = portfolio.CreateUsers
	p.SignIn = &sign
	return assumed
}

// under is the step that is under way.
func under(lists []onboard.Checklist) string {
	for _, c := range lists {
		for _, l := range c.Lines {
			if l.State == onboard.Running {
				return l.Step
			}
		}
	}
	return ""
}

// scan assesses the accounts of customers, many at once.
func (o *Onboarding) scan(ctx context.Context, w *World, seen org.Organization, keys []string) (map[string]onboard.Scanned, error) {
	wanted, err := plan.WantAssessments(blueprint.From(o.Portfolio), seen, o.Portfolio.Organization.Regions, keys...)
	if err != nil {
		return nil, err
	}
	all := map[string]onboard.Scanned{}
	for _, u := range wanted.Left {
		all[u.Customer] = onboard.Scanned{Why: u.Why}
	}
	s := survey.Survey{
		Parallel: 1, Now: w.Clock.Now, Ask: func(of assess.Subject) assess.Asker { return w.client.Asker(of) },
		Keep: func(id org.AccountID, found []compliance.Finding) error {
			o.Findings[id] = found
			return nil
		},
		Told: func(d survey.Done) { all[wanted.Customer[d.Account]] = onboard.Scanned{Errors: d.Errors} },
	}
	var jobs []func() error
	for _, one := range wanted.Of {
		jobs = append(jobs, func() error {
			_, err := s.Run(ctx, []assess.Subject{one})
			return err
		})
	}
	return all, errors.Join(w.lanes(scanners, jobs)...)
}

// look reads back what stands.
func (o *Onboarding) look(ctx context.Context, w *World, opt Options, keys []string) (err error) {
	want := blueprint.From(o.Portfolio)
	b := apply.NewBaselines(w, want, o.Portfolio.Organization.Regions, w.Rules(), opt.Seed, keys...)
	if o.Organization, err = b.Observe(ctx); err != nil {
		return err
	}
	o.Baselines, o.Verified = b.Last, verify.Organization(want, o.Organization)
	at := center{w, o.Portfolio.SignIn.Region}
	if o.SignIn, err = at.SignIn(ctx); err != nil {
		return err
	}
	sign, _ := identity.From(o.Portfolio)
	probing := verify.NewProbing(want, o.Organization)
	for _, c := range sign.Customers {
		account, stands := o.Verified.Account[c.Key]
		if !stands || len(c.People) == 0 {
			continue
		}
		there, err := at.SignInRoles(ctx, account.ID, slices.Sorted(maps.Keys(verify.Sets(sign, c))))
		if err != nil {
			return err
		}
		o.Access[c.Key] = probing.Access(sign, c, account, there)
	}
	return nil
}

// center is IAM Identity Center in a world.
type center struct {
	*World
	region string
}

func (c center) SignIn(ctx context.Context) (identity.Seen, error) {
	return c.client.SignIn(ctx, c.region)
}

func (c center) SignInRoles(ctx context.Context, account org.AccountID, sets []string) ([]identity.AccountRole, error) {
	return c.client.SignInRoles(ctx, account, sets)
}
