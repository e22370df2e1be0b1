package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	"landlord/vend/execute"
	"landlord/vend/forecast"
	"landlord/vend/plan"
)

// progress shows an apply as it happens: a line per customer at work on a
// terminal (and per tier, for what serves it), redrawn; a line per event on a
// pipe.
type progress struct {
	w      io.Writer
	live   bool
	world  world
	began  time.Time
	limits forecast.Limits
	expect forecast.Expected
	chance *rand.Rand

	lines map[string]*work // by customer's key, else tier's
	order []string
	steps int
	done  int
	asked map[int]time.Time // creations under way, by step: since when
	took  []time.Duration   // creations that are done
	drawn int               // lines on the terminal that the next drawing replaces
	note  string            // after the last line
	noted string            // the operation that it is about
	last  time.Time         // machine time of the last drawing
}

// work is one line: what is done for a customer, or for a tier.
type work struct {
	customer    bool
	steps, done int
	creations   int // of the steps, creations not asked for yet
	what        string
	ready, bad  bool
	end         string // what it is called when it is ready
	since       time.Time
	took        time.Duration
}

// doing is what people call a step while it runs.
var doing = map[plan.Kind]string{
	plan.CreateOrganization: "creating the organization", plan.EnablePolicies: "enabling policies", plan.CreatePolicy: "creating policy",
	plan.UpdatePolicy: "updating policy", plan.CreateUnit: "creating unit", plan.RenameUnit: "renaming unit", plan.DeleteUnit: "removing unit", plan.AttachPolicy: "attaching",
	plan.DetachPolicy: "detaching", plan.CreateAccount: "creating", plan.AwaitAccount: "being created", plan.IdentifyAccount: "identifying",
	plan.MoveAccount: "moving", plan.Tag: "tagging", plan.Untag: "untagging", plan.TrustService: "enabling trusted access",
	plan.RenameAccount: "renaming", plan.InviteAccount: "inviting", plan.CloseAccount: "closing", plan.AwaitClosure: "being closed",
	plan.CreateSet: "creating permission set", plan.UpdateSet: "updating permission set", plan.AttachToSet: "attaching to permission set", plan.DetachFromSet: "detaching from permission set",
	plan.ClearSet: "clearing permission set", plan.ProvisionSet: "bringing roles up to date", plan.CreateGroup: "creating group", plan.RenameGroup: "renaming group",
	plan.CreateUser: "creating user", plan.DeleteUser: "deleting user", plan.JoinGroup: "joining group", plan.LeaveGroup: "leaving group",
	plan.AssignGroup: "assigning", plan.AwaitAssigning: "being assigned", plan.UnassignGroup: "ending assignment",
	plan.EnterAccount: "entering", plan.CreateBucket: "making the log bucket", plan.GuardBucket: "guarding the log bucket", plan.CloseBucket: "closing the log bucket",
	plan.CreateTrail: "making the trail", plan.UpdateTrail: "changing the trail", plan.StartTrail: "starting the trail", plan.CreateRole: "making the role",
	plan.PutRecorder: "setting recorder", plan.PutChannel: "setting channel", plan.StartRecord: "starting to record", plan.PutPack: "making pack",
	plan.AwaitPack: "pack being made", plan.DeletePack: "removing pack",
}

// ends is what people call a customer whose last step is done, where that is not
// an account ready to be used.
var ends = map[plan.Kind]string{
	plan.InviteAccount: "invited", plan.CloseAccount: "closed", plan.AwaitClosure: "closed",
	plan.AttachPolicy: "done", plan.DetachPolicy: "done", plan.Tag: "done", plan.Untag: "done", plan.RenameAccount: "done",
}

func newProgress(w io.Writer, in world, todo *plan.Plan, rules execute.Rules, expect forecast.Expected) *progress {
	p := &progress{w: w, live: isTerminal(w) && os.Getenv("TERM") != "dumb", world: in, began: in.Now(), expect: expect, chance: rand.New(rand.NewPCG(1, 0)), lines: map[string]*work{}}
	if creation := plan.CreateAccount.Operation(); rules.Rate != nil {
		bucket := rules.Rate(creation).Account
		every := time.Duration(float64(time.Second) / bucket.Rate)
		if most, bounded := rules.Most[creation]; bounded {
			every = max(every, most.In/time.Duration(max(1, most.Calls)))
		}
		p.limits = forecast.Limits{Slots: rules.Async[creation].Slots, Every: every, Burst: time.Duration(bucket.Burst-1) * every}
	}
	p.round(todo)
	return p
}

// round takes in the steps of another plan.
func (p *progress) round(todo *plan.Plan) {
	p.steps, p.note = p.done+len(todo.Steps), ""
	p.asked = map[int]time.Time{}
	for _, l := range p.lines {
		l.creations = 0
	}
	for _, s := range todo.Steps {
		key := whom(s)
		l := p.lines[key]
		if l == nil {
			l = &work{customer: s.Customer != ""}
			p.lines[key] = l
			p.order = append(p.order, key)
		}
		l.steps++
		if s.Kind == plan.CreateAccount {
			l.creations++
		}
		end := cmp.Or(ends[s.Kind], "ready")
		if s.Kind.Member() {
			end = "done"
		}
		if l.end != "ready" { // who is ready after any step is so after all
			l.end = end
		}
		l.ready, l.bad = false, false
	}
}

func (p *progress) events(events []execute.Event) {
	for _, e := range events {
		if e.Step.ID < 0 { // a question about what is under way
			p.noted = e.Step.Name
			switch e.State {
			case execute.Answered:
				p.note = ""
			case execute.Held:
				p.note = fmt.Sprintf(" · enough accounts in this hour, the next in %s", exact(e.Again.Sub(e.At)))
			default:
				p.note = fmt.Sprintf(" · AWS does not answer, again in %s", exact(e.Again.Sub(e.At)))
			}
			if !p.live {
				p.line(e, &work{})
			}
			continue
		}
		if e.State == execute.Running && e.Step.Kind.Operation() == p.noted { // what was held back goes on
			p.note = ""
		}
		l := p.lines[whom(e.Step)]
		if l == nil {
			continue
		}
		if l.since.IsZero() {
			l.since = e.At
		}
		p.count(e, l)
		switch e.State {
		case execute.Running, execute.Working:
			l.what = doing[e.Step.Kind]
		case execute.Retrying:
			l.what = fmt.Sprintf("%s, again in %s: AWS is busy", doing[e.Step.Kind], exact(e.Again.Sub(e.At)))
		case execute.Done:
			p.done++
			l.done++
			l.ready = l.done == l.steps
			l.took = e.At.Sub(l.since)
		case execute.Failed, execute.Later, execute.Skipped:
			l.bad = true
			l.what = fmt.Sprint(e.Err)
		}
		if !p.live {
			p.line(e, l)
		}
	}
	if p.live && time.Since(p.last) > 100*time.Millisecond {
		p.draw()
	}
}

// count keeps what the forecast needs: creations waiting, under way, done.
func (p *progress) count(e execute.Event, l *work) {
	if e.Step.Kind != plan.CreateAccount {
		return
	}
	since, under := p.asked[e.Step.ID]
	switch {
	case e.State == execute.Running && !under:
		l.creations--
		p.asked[e.Step.ID] = e.At
	case e.State == execute.Done && under:
		p.took = append(p.took, e.At.Sub(since))
		delete(p.asked, e.Step.ID)
	case e.State == execute.Failed, e.State == execute.Later, e.State == execute.Skipped:
		delete(p.asked, e.Step.ID)
	}
}

// left is the forecast of what is left.
func (p *progress) left(now time.Time) string {
	if p.done == p.steps {
		return "done"
	}
	if p.limits == (forecast.Limits{}) && p.done > 0 { // no rates: it goes on as it went
		return about(now.Sub(p.began)*time.Duration(p.steps-p.done)/time.Duration(p.done)) + " left"
	}
	run := forecast.Run{Took: p.took}
	for _, id := range slices.Sorted(maps.Keys(p.asked)) {
		run.Ages = append(run.Ages, now.Sub(p.asked[id]))
	}
	for _, l := range p.lines {
		run.Waiting += l.creations
	}
	low, high := run.Left(p.limits, p.expect, p.chance)
	return between(low, high) + " left"
}

// line writes an event on a pipe: what was done, what failed, what is tried again.
func (p *progress) line(e execute.Event, l *work) {
	at := exact(e.At.Sub(p.began))
	name := clean(e.Step.Name)
	if e.Step.Customer != "" {
		name = e.Step.Customer + "  " + name
	}
	switch {
	case e.State == execute.Done && l.ready && e.Step.Customer != "":
		fmt.Fprintf(p.w, "%8s  %-16s %s  %s in %s\n", at, e.Step.Kind, name, l.end, exact(l.took))
	case e.State == execute.Done:
		fmt.Fprintln(p.w, strings.TrimRight(fmt.Sprintf("%8s  %-16s %s", at, e.Step.Kind, name), " "))
	case e.State == execute.Retrying, e.State == execute.Held:
		what := string(e.Step.Kind)
		if e.Step.ID < 0 {
			what = string(e.State)
		}
		fmt.Fprintf(p.w, "%8s  %-16s %s  again in %s: %s\n", at, what, name, exact(e.Again.Sub(e.At)), cleanLines(e.Err.Error()))
	case e.State == execute.Answered:
		fmt.Fprintf(p.w, "%8s  %-16s %s\n", at, e.State, name)
	case e.State == execute.Failed || e.State == execute.Later:
		fmt.Fprintf(p.w, "%8s  %-16s %s  %s: %s\n", at, e.Step.Kind, name, e.State, cleanLines(e.Err.Error()))
	}
}

// draw redraws the lines of those at work, and the last line.
func (p *progress) draw() {
	p.last = time.Now()
	width, height := size(p.w)
	now := p.world.Now()
	var lines []string
	customers, ready, word := 0, 0, "done"
	for _, key := range p.order {
		l := p.lines[key]
		if l.customer {
			customers++
			if l.ready {
				ready++
			}
			if l.end == "ready" {
				word = l.end
			}
		}
		if len(lines) >= max(3, min(12, height-4)) || l.since.IsZero() || l.ready && len(p.order) > 12 {
			continue
		}
		const cells = 20
		full := cells * l.done / max(1, l.steps)
		what, took := l.what, now.Sub(l.since)
		switch {
		case l.bad:
			what = "failed: " + l.what
		case l.ready:
			what, took = l.end, l.took
		}
		lines = append(lines, fmt.Sprintf("  %-20s %s%s  %-15s %7s", key, strings.Repeat("█", full), strings.Repeat("░", cells-full), what, exact(took)))
	}
	lines = append(lines, fmt.Sprintf("  %s · %d %s · %d of %s · %s", count(customers, "customer"), ready, word, p.done, count(p.steps, "step"), p.left(now)+p.note))
	var b strings.Builder
	if p.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", p.drawn)
	}
	for _, l := range lines {
		r := []rune(l)
		fmt.Fprintf(&b, "\x1b[2K%s\n", string(r[:min(len(r), max(width-1, 0))]))
	}
	for range p.drawn - len(lines) {
		b.WriteString("\x1b[2K\n")
	}
	if extra := p.drawn - len(lines); extra > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", extra)
	}
	p.drawn = len(lines)
	_, _ = io.WriteString(p.w, b.String()) // progress that cannot be shown is no reason to stop
}

// close draws the last picture.
func (p *progress) close() {
	if p.live {
		p.draw()
	}
}
