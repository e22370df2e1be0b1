// Package onboard takes customers from a key in the portfolio to their first
// report. It is a list of steps, done in its order, for several customers at once:
// each step looks whether it is done already and does what is left, so that a run
// that was killed anywhere is gone on with by the next. A portfolio and an
// organization come in, a checklist for each customer goes out.
//
// It has no way of its own to call AWS: what a step needs done is a plan, carried
// out by vend/apply. It keeps nothing; who runs it may keep the checklists.
package onboard

import (
	"context"
	"fmt"
	"slices"
	"time"

	"landlord/guard/compliance"
	"landlord/guard/compliance/report"
	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/execute"
	"landlord/vend/plan"
	"landlord/vend/verify"
)

// State is how far a line of a checklist is.
type State string

// The states of a line.
const (
	Waiting State = "waiting"
	Running State = "running"
	Done    State = "done"
	Failed  State = "failed"
	Without State = "not needed" // Says tells why
)

// Task is what is left to a person.
type Task struct {
	Who  string `json:"who"`
	What string `json:"what"`
	Why  string `json:"why"`
}

// Line is one step of a customer's onboarding.
type Line struct {
	Step   string     `json:"step"`
	Title  string     `json:"title"`
	State  State      `json:"state"`
	Says   string     `json:"says,omitempty"` // what it came to; of one that failed, what is wrong and what to do
	Began  *time.Time `json:"began_at,omitempty"`
	Ended  *time.Time `json:"ended_at,omitempty"`
	ByHand int        `json:"minutes_by_hand"` // that a person takes for it without landlord, by the file's economics
	Left   []Task     `json:"left_to_a_person,omitempty"`
}

// Took is how long the line has been under way, and so far if it is still; zero if it has
// not begun.
func (l Line) Took(now time.Time) time.Duration {
	switch {
	case l.Began == nil:
		return 0
	case l.Ended == nil:
		return max(0, now.Sub(*l.Began))
	}
	return l.Ended.Sub(*l.Began)
}

// Over tells whether nothing more comes of the line in this run.
func (l Line) Over() bool { return l.State == Done || l.State == Failed || l.State == Without }

// Checklist is how far a customer's onboarding is.
type Checklist struct {
	Customer string        `json:"customer"` // key
	Name     string        `json:"name"`
	Account  org.AccountID `json:"account,omitempty"`
	Lines    []Line        `json:"steps"`
}

// Complete tells whether every line is done, or not needed.
func (c Checklist) Complete() bool {
	return !slices.ContainsFunc(c.Lines, func(l Line) bool { return l.State != Done && l.State != Without })
}

// Fault is the line that failed, if one did.
func (c Checklist) Fault() (Line, bool) {
	i := slices.IndexFunc(c.Lines, func(l Line) bool { return l.State == Failed })
	if i < 0 {
		return Line{}, false
	}
	return c.Lines[i], true
}

// Took is the time from the first line's beginning to the last's end; so far, if one is
// under way.
func (c Checklist) Took(now time.Time) time.Duration {
	var first, last time.Time
	for _, l := range c.Lines {
		if l.Began == nil {
			continue
		}
		if first.IsZero() || l.Began.Before(first) {
			first = *l.Began
		}
		if end := l.Began.Add(l.Took(now)); end.After(last) {
			last = end
		}
	}
	return last.Sub(first)
}

// ByHand is how many minutes the lines take a person without landlord.
func (c Checklist) ByHand() (minutes int) {
	for _, l := range c.Lines {
		minutes += l.ByHand
	}
	return minutes
}

// Tasks are what is left to people, in the order of the lines.
func (c Checklist) Tasks() []Task {
	var all []Task
	for _, l := range c.Lines {
		all = append(all, l.Left...)
	}
	return all
}

// Carry carries out a plan that a step has made; rounds does so, at Config's rules, and
// tells what happens to who asks. It may refuse by an error, before anything is changed.
type Carry func(ctx context.Context, seen org.Organization, todo *plan.Plan, rounds func(apply.Options) (apply.Outcome, error)) (apply.Outcome, error)

// Config is whom to onboard, where, and what there is to do it with. A step whose
// means are nil is on no checklist.
type Config struct {
	Folio *portfolio.Portfolio
	Keys  []string // customers of Folio, each once
	World apply.World
	// PerTarget is how many policies AWS lets be attached to one target, as of
	// plan.Options.
	PerTarget int
	Rules     execute.Rules    // to keep to there
	Seed      uint64           // of the jitter of retries
	Now       func() time.Time // in that world
	// Seen, if set, is a look at World that was made just before.
	Seen  *org.Organization
	Carry Carry
	Told  func([]Checklist) // whenever a line has changed; may be nil
	// Before are checklists that an earlier attempt of the same run told: a line that
	// has begun keeps its beginning.
	Before []Checklist

	// Center is IAM Identity Center. Its step is on the checklists if the portfolio wants
	// sign-in.
	Center Center
	// Entered, if set, is told where the people of a customer sign in, once they may.
	Entered func(ctx context.Context, customer, link string) error
	// Scan assesses the accounts of customers, by their keys, and keeps what is found where
	// Posture reads it.
	Scan func(ctx context.Context, seen org.Organization, keys []string) (map[string]Scanned, error)
	// Posture is how a customer's account stands to a framework by what is kept.
	Posture func(ctx context.Context, customer string, account org.AccountID, f compliance.Framework) (compliance.Posture, error)
	// Keep takes a customer's report, and says where it is for people.
	Keep func(ctx context.Context, customer string, r *report.Report) (where string, err error)
	// Portal reads what the portal shows a customer's people, and says how much that
	// was and what is left to people; the error says what is wrong with it.
	Portal func(ctx context.Context, customer string) (looked string, left []Task, err error)
}

// Scanned is what came of one account's assessment.
type Scanned struct {
	Errors int    // findings that could not be told
	Why    string // why there is none; "" if there is
}

// step is a line of every checklist, and how it is done.
type step struct {
	name, title string
	byHand      func(portfolio.Minutes) int // nil: nothing, or it is part of another's
	needs       func(*Config) bool          // nil: nothing
	// do does it for the customers that come here and says of each what came of it. An
	// error is of all of whom nothing was said.
	do func(context.Context, *runner, []*Checklist) error
}

// steps are all there are, in the order in which they are done.
var steps = []step{
	{name: "account", title: "The account stands, with its tags, in its tier's unit", do: account},
	{name: "guardrails", title: "The guardrails of its tier hold there, and no others", do: guardrails},
	{name: "baseline", title: "AWS Config records and judges there, and its calls are logged", byHand: func(m portfolio.Minutes) int { return m.Baseline }, do: baselines},
	{name: "sign-in", title: "Its people may sign in to the account, tried there", byHand: func(m portfolio.Minutes) int { return m.SignIn }, needs: signsIn, do: signIns},
	{name: "scan", title: "The account is assessed by reads and by AWS Config", needs: func(cfg *Config) bool { return cfg.Scan != nil }, do: scans},
	{name: "report", title: "The first compliance report is written", needs: reports, do: firstReport},
	{name: "portal", title: "The customer's portal answers, and names only its framework", byHand: func(m portfolio.Minutes) int { return m.AccessTest }, needs: func(cfg *Config) bool { return cfg.Portal != nil }, do: portal},
}

// runner is one run.
type runner struct {
	Config
	want     blueprint.Blueprint
	lists    []*Checklist
	seen     org.Organization
	verified verify.Report
	lacks    func(customer string) string // what of its baseline, at the last look
}

// Run does every step for every customer, and returns how far each came. A step that
// fails ends that customer's onboarding for this run and nobody else's. The error
// tells why the run could not go on: ctx ended, or AWS could not be looked at, or Carry
// refused; the checklists are as far as it came.
func Run(ctx context.Context, cfg Config) ([]Checklist, error) {
	r := &runner{Config: cfg, want: blueprint.From(cfg.Folio)}
	for _, key := range cfg.Keys {
		at := slices.IndexFunc(cfg.Folio.Customers, func(c portfolio.Customer) bool { return c.Key == key })
		if at < 0 {
			return nil, fmt.Errorf("%s has no customer %q", cfg.Folio.File, key)
		}
		r.lists = append(r.lists, r.checklist(cfg.Folio.Customers[at]))
	}
	r.tell()
	for i, s := range r.steps() {
		open := slices.DeleteFunc(slices.Clone(r.lists), func(c *Checklist) bool { _, failed := c.Fault(); return failed })
		if len(open) == 0 {
			break
		}
		for _, c := range open {
			l, now := &c.Lines[i], r.Now()
			l.State, l.Ended = Running, nil
			if l.Began == nil {
				l.Began = &now
			}
		}
		r.tell()
		err := s.do(ctx, r, open)
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		for _, c := range open {
			switch l := &c.Lines[i]; {
			case l.State != Running:
			case ctx.Err() != nil:
				l.State = Waiting
			case err != nil:
				r.end(c, s.name, Failed, err.Error())
			default:
				return r.told(), fmt.Errorf("step %s says nothing of customer %s", s.name, c.Customer)
			}
		}
		r.tell()
		if err != nil {
			return r.told(), err
		}
	}
	return r.told(), nil
}

// steps are those that there are the means for.
func (r *runner) steps() []step {
	return slices.DeleteFunc(slices.Clone(steps), func(s step) bool { return s.needs != nil && !s.needs(&r.Config) })
}

// checklist is a customer's before anything was done in this run.
func (r *runner) checklist(c portfolio.Customer) *Checklist {
	list := &Checklist{Customer: c.Key, Name: c.Name}
	for _, s := range r.steps() {
		l := Line{Step: s.name, Title: s.title, State: Waiting}
		if s.byHand != nil {
			l.ByHand = s.byHand(r.Folio.Economics.Minutes)
		}
		for _, before := range r.Before {
			for _, was := range before.Lines {
				if before.Customer == c.Key && was.Step == s.name {
					l.Began = was.Began
				}
			}
		}
		list.Lines = append(list.Lines, l)
	}
	return list
}

// line is that of a step; nil if it is on no checklist.
func (c *Checklist) line(step string) *Line {
	if i := slices.IndexFunc(c.Lines, func(l Line) bool { return l.Step == step }); i >= 0 {
		return &c.Lines[i]
	}
	return nil
}

// end says what came of a step for a customer.
func (r *runner) end(c *Checklist, step string, state State, says string, left ...Task) {
	l, now := c.line(step), r.Now()
	l.State, l.Says, l.Left, l.Ended = state, says, left, &now
	if state == Without {
		l.ByHand = 0
	}
}

// told are the checklists as they are now, for others to keep.
func (r *runner) told() []Checklist {
	all := make([]Checklist, len(r.lists))
	for i, c := range r.lists {
		all[i] = *c
		all[i].Lines = slices.Clone(c.Lines)
	}
	return all
}

func (r *runner) tell() {
	if r.Told != nil {
		r.Told(r.told())
	}
}

// keys are the customers of checklists.
func keys(open []*Checklist) []string {
	all := make([]string, len(open))
	for i, c := range open {
		all[i] = c.Customer
	}
	return all
}

// carry carries out a plan in a world by Config.Carry, with plans of its kind in each
// further round.
func (r *runner) carry(ctx context.Context, w apply.World, rules execute.Rules, todo *plan.Plan, next func(org.Organization, plan.Options) (*plan.Plan, error), done func(execute.Event)) (apply.Outcome, error) {
	return r.Carry(ctx, r.seen, todo, func(opt apply.Options) (apply.Outcome, error) {
		watch := opt.Watch
		opt.Plan, opt.PerTarget, opt.Rules, opt.Seed = next, r.PerTarget, rules, r.Seed
		opt.Watch = func(events []execute.Event) {
			for _, e := range events {
				if e.State == execute.Done {
					done(e)
				}
			}
			if watch != nil {
				watch(events)
			}
		}
		return apply.Rounds(ctx, w, r.want, todo, r.seen, opt)
	})
}
