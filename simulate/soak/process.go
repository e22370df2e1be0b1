package soak

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"landlord/org"
	"landlord/portfolio"
	"landlord/simaws"
	"landlord/simulate"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// process is one run of landlord: from its start to its end, or to its death.
// It knows the file and what AWS tells it, nothing of runs before it.
type process struct {
	*simulate.World
	life  *life
	who   string
	task  task
	folio *portfolio.Portfolio
	last  int // the call that it dies at; 0 is none
	soon  int // how many calls after it began an account it dies; 0 is never
	lost  int // the change that it dies at, with the request on its way; 0 is none
	calls int
	told  *told // what it was told; nil if it is judged by the truth

	yield func(time.Time) bool // lets another process run until a time; nil if it is alone
	out   apply.Outcome
	err   error
	dead  bool // it was killed
}

// killed is what the call at which a process dies panics with.
type killed struct{}

// endless is what a process panics with that does not come to an end.
type endless struct{}

// mostCalls is more than a run takes that comes to an end.
const mostCalls = 5000

// errNoPlan is that the plan could not be made at the start of a run.
var errNoPlan = errors.New("no plan")

// run is the whole life of a process.
func (p *process) run() {
	defer func() {
		if x := recover(); x != nil {
			if _, is := x.(killed); !is {
				panic(x)
			}
			p.dead = true
		}
	}()
	p.out, p.err = p.carryOut(p.life.ctx)
}

// carryOut looks, plans and carries out, as `landlord apply` does.
func (p *process) carryOut(ctx context.Context) (apply.Outcome, error) {
	want := blueprint.From(p.folio)
	rule := p.life.rule
	if rule != nil && rule.want != nil {
		rule.want(&want)
	}
	p.Asks = want.Asks
	next := func(seen org.Organization, opt plan.Options) (*plan.Plan, error) {
		todo, err := p.task.plan(want, seen, opt)
		if err == nil && rule != nil && rule.plan != nil {
			rule.plan(p, todo, seen)
		}
		return todo, err
	}
	seen, err := p.Observe(ctx)
	if err != nil {
		return apply.Outcome{}, err
	}
	if rule != nil && rule.besides != nil {
		rule.besides(p, seen)
	}
	first, err := next(seen, plan.Options{})
	if err != nil {
		return apply.Outcome{Seen: seen}, fmt.Errorf("%w: %w", errNoPlan, err)
	}
	rules := p.Rules()
	if rule != nil && rule.rules != nil {
		rule.rules(&rules)
	}
	if rule != nil && rule.once {
		m := execute.New(first.Steps, rules, p.life.seed)
		err := p.Execute(ctx, m, nil)
		return apply.Outcome{Rounds: 1, Left: &plan.Plan{}, Seen: seen}, err
	}
	return p.carried(first, want, seen, apply.Options{Rules: rules, Seed: p.life.seed + uint64(p.life.started), Plan: next})
}

// Observe implements apply.World.
func (p *process) Observe(ctx context.Context) (org.Organization, error) {
	seen, err := p.World.Observe(ctx)
	if rule := p.life.rule; err == nil && rule != nil && rule.seen != nil {
		rule.seen(p, &seen)
	}
	return seen, err
}

// start makes a process of a task, with a client of its own.
func (l *life) start(t task, folio *portfolio.Portfolio) *process {
	l.started++
	p := &process{World: l.aws.Beside(), life: l, who: fmt.Sprintf("%s %d", t.name, l.started), task: t, folio: folio}
	if l.outsiders {
		p.told = newTold()
	}
	p.Meddle = p.call
	p.Pace = func(d time.Duration) { p.pause(l.aws.Clock.Now().Add(d)) }
	return p
}

// pause lets others run until t.
func (p *process) pause(t time.Time) {
	if p.yield != nil {
		p.yield(t)
	}
}

// together runs processes in one time: whose turn it is at a call the seed
// decides, and nobody's time passes before everybody's that comes first has.
func (l *life) together(ps ...*process) {
	if len(ps) == 1 {
		ps[0].run()
		return
	}
	type turn struct {
		next func() (time.Time, bool)
		wake time.Time
	}
	var turns []*turn
	for _, p := range ps {
		next, stop := iter.Pull(func(yield func(time.Time) bool) {
			p.yield = yield
			p.run()
		})
		defer stop()
		turns = append(turns, &turn{next, l.aws.Clock.Now()})
	}
	for len(turns) > 0 {
		first := slices.MinFunc(turns, func(a, b *turn) int { return a.wake.Compare(b.wake) })
		l.aws.Clock.MoveTo(first.wake)
		var ready []*turn
		for _, t := range turns {
			if !t.wake.After(l.aws.Clock.Now()) {
				ready = append(ready, t)
			}
		}
		t := ready[l.r.IntN(len(ready))]
		wake, goesOn := t.next()
		if t.wake = wake; !goesOn {
			turns = slices.DeleteFunc(turns, func(x *turn) bool { return x == t })
		}
	}
}

// call is one call of the process: others act before it, the process may die
// at it, it is judged and written down.
func (p *process) call(r *http.Request, next func() (*http.Response, error)) (*http.Response, error) {
	l := p.life
	p.pause(l.aws.Clock.Now())
	l.arrive()
	if l.outsiders && l.unsettled && l.r.IntN(40) == 0 {
		l.meddle()
	}
	if p.calls++; p.calls > mostCalls {
		panic(endless{})
	}
	c := exchange{at: l.aws.Clock.Now(), who: p.who, operation: operationOf(r)}
	if r.Body != nil {
		c.input, _ = io.ReadAll(r.Body) // it is in memory
		r.Body = io.NopCloser(bytes.NewReader(c.input))
	}
	dies, when := p.calls == p.last, 0
	if dies {
		when = l.r.IntN(3)
	}
	if dies && when == 0 {
		c.note = "killed before the call"
		l.write(c)
		panic(killed{})
	}
	writes := !strings.HasPrefix(c.operation, "List") && !strings.HasPrefix(c.operation, "Describe") && !strings.HasPrefix(c.operation, "Get")
	if writes && p.lost > 0 {
		if p.lost--; p.lost == 0 {
			dies, when = true, 1
		}
	}
	if dies && when == 1 && writes && !(l.faults.DuplicateEmails && c.operation == "CreateAccount") {
		c.note = "killed, and the call on its way"
		l.write(c)
		l.send(p, c, r)
		panic(killed{})
	}
	var before simaws.Truth
	if writes {
		before = l.aws.Server.Truth()
	}
	resp, err := next()
	if err != nil {
		c.err = err.Error()
	} else {
		c.status, c.fault = resp.StatusCode, resp.Header.Get(simaws.FaultHeader)
		c.answer, _ = io.ReadAll(resp.Body)
		resp.Body = io.NopCloser(bytes.NewReader(c.answer))
	}
	if writes {
		l.judged++
		after := l.aws.Server.Truth()
		if p.told == nil {
			c.broke = l.file.verdict(p.task, &before, &after)
		} else {
			c.broke = l.file.verdict(p.task, p.told.view(), p.told.after(&c).view())
		}
		c.broke = append(c.broke, l.file.asked(&c)...)
		for _, wrong := range c.broke {
			l.wrong("%s: %s: %s", p.who, c.operation, wrong)
		}
	}
	p.told.hear(&c)
	if dies {
		c.note = "killed after the call"
	}
	l.write(c)
	if dies {
		panic(killed{})
	}
	if p.soon > 0 && c.operation == "CreateAccount" && c.status == http.StatusOK {
		p.last, p.soon = p.calls+p.soon, 0
	}
	return resp, err
}

// operationOf is the name of the operation that a request calls.
func operationOf(r *http.Request) string {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		return target[strings.LastIndexByte(target, '.')+1:]
	}
	if path := strings.TrimPrefix(r.URL.Path, "/"); path != "" {
		return strings.ToUpper(path[:1]) + path[1:]
	}
	return "STS"
}

// ask makes a call of the process that no step makes.
func (p *process) ask(operation string, input any) {
	r := request(p.life.ctx, operation, input, "AKIAIOSFODNN7EXAMPLE")
	_, _ = p.call(r, func() (*http.Response, error) {
		resp, took, err := p.Server.RoundTrip(r)
		p.Clock.Advance(took)
		return resp, err
	})
}

// request is a call as its bytes.
func request(ctx context.Context, operation string, input any, key string) *http.Request {
	body, err := json.Marshal(input)
	if err != nil {
		panic(err) // texts and lists of texts
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://simaws/", bytes.NewReader(body))
	if err != nil {
		panic(err) // constant
	}
	r.Header.Set("X-Amz-Target", "AWSOrganizationsV20161128."+operation)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+key+"/20260101/us-east-1/organizations/aws4_request, x")
	return r
}
