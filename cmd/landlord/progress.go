package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"landlord/vend/execute"
	"landlord/vend/plan"
)

// progress shows an apply as it happens: a line per customer at work on a
// terminal, redrawn; a line per event on a pipe.
type progress struct {
	w     io.Writer
	live  bool
	world world
	began time.Time
	total time.Duration // the forecast

	customers map[string]*customer
	order     []string
	steps     int
	done      int
	drawn     int       // lines on the terminal that the next drawing replaces
	last      time.Time // machine time of the last drawing
}

// customer is one line.
type customer struct {
	steps, done int
	what        string
	ready, bad  bool
	since       time.Time
	took        time.Duration
}

// doing is what people call a step while it runs.
var doing = map[plan.Kind]string{
	plan.CreateOrganization: "creating the organization", plan.EnablePolicies: "enabling policies", plan.CreatePolicy: "creating policy",
	plan.UpdatePolicy: "updating policy", plan.CreateUnit: "creating unit", plan.RenameUnit: "renaming unit", plan.AttachPolicy: "attaching",
	plan.DetachPolicy: "detaching", plan.CreateAccount: "creating", plan.AwaitAccount: "being created", plan.IdentifyAccount: "identifying",
	plan.MoveAccount: "moving", plan.Tag: "tagging",
}

func newProgress(w io.Writer, in world, todo *plan.Plan, total time.Duration) *progress {
	p := &progress{w: w, live: isTerminal(w), world: in, began: in.Now(), total: total, customers: map[string]*customer{}}
	p.round(todo)
	return p
}

// round takes in the steps of another plan.
func (p *progress) round(todo *plan.Plan) {
	p.steps = p.done + len(todo.Steps)
	for _, s := range todo.Steps {
		key := orTier(s)
		c := p.customers[key]
		if c == nil {
			c = &customer{}
			p.customers[key] = c
			p.order = append(p.order, key)
		}
		c.steps++
		c.ready, c.bad = false, false
	}
}

func (p *progress) events(events []execute.Event) {
	for _, e := range events {
		c := p.customers[orTier(e.Step)]
		if c == nil {
			continue
		}
		if c.since.IsZero() {
			c.since = e.At
		}
		switch e.State {
		case execute.Running, execute.Working:
			c.what = doing[e.Step.Kind]
		case execute.Retrying:
			c.what = fmt.Sprintf("%s; again in %s: AWS is busy", doing[e.Step.Kind], exact(e.Again.Sub(e.At)))
		case execute.Done:
			p.done++
			c.done++
			c.ready = c.done == c.steps
			c.took = e.At.Sub(c.since)
		case execute.Failed, execute.Later, execute.Skipped:
			c.bad = true
			c.what = fmt.Sprint(e.Err)
		}
		if !p.live {
			p.line(e, c)
		}
	}
	if p.live && time.Since(p.last) > 100*time.Millisecond {
		p.draw()
	}
}

// line writes an event on a pipe: what was done, what failed, what is tried again.
func (p *progress) line(e execute.Event, c *customer) {
	at := exact(e.At.Sub(p.began))
	name := clean(e.Step.Name)
	if e.Step.Customer != "" {
		name = e.Step.Customer + "  " + name
	}
	switch {
	case e.State == execute.Done && c.ready && e.Step.Customer != "":
		fmt.Fprintf(p.w, "%8s  %-16s %s  ready in %s\n", at, e.Step.Kind, name, exact(c.took))
	case e.State == execute.Done:
		fmt.Fprintln(p.w, strings.TrimRight(fmt.Sprintf("%8s  %-16s %s", at, e.Step.Kind, name), " "))
	case e.State == execute.Retrying:
		fmt.Fprintf(p.w, "%8s  %-16s %s  again in %s: %v\n", at, e.Step.Kind, name, exact(e.Again.Sub(e.At)), e.Err)
	case e.State == execute.Failed || e.State == execute.Later:
		fmt.Fprintf(p.w, "%8s  %-16s %s  %s: %v\n", at, e.Step.Kind, name, e.State, e.Err)
	}
}

// draw redraws the lines of those at work, and the last line.
func (p *progress) draw() {
	p.last = time.Now()
	width, height := 100, 24
	if f, is := p.w.(*os.File); is {
		if w, h, err := term.GetSize(int(f.Fd())); err == nil {
			width, height = w, h
		}
	}
	now := p.world.Now()
	var lines []string
	ready := 0
	for _, key := range p.order {
		c := p.customers[key]
		if c.ready {
			ready++
		}
		if len(lines) >= max(3, min(12, height-4)) || c.since.IsZero() || c.ready && len(p.order) > 12 {
			continue
		}
		const cells = 20
		full := cells * c.done / max(1, c.steps)
		what, took := c.what, now.Sub(c.since)
		switch {
		case c.bad:
			what = "failed: " + c.what
		case c.ready:
			what, took = "ready", c.took
		}
		lines = append(lines, fmt.Sprintf("  %-20s %s%s  %-12s %7s", key, strings.Repeat("█", full), strings.Repeat("░", cells-full), what, exact(took)))
	}
	lines = append(lines, fmt.Sprintf("  %d of %d ready · %d of %d steps · %s left", ready, len(p.order), p.done, p.steps, about(max(0, p.total-now.Sub(p.began)))))
	var b strings.Builder
	if p.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", p.drawn)
	}
	for _, l := range lines {
		r := []rune(l)
		fmt.Fprintf(&b, "\x1b[2K%s\n", string(r[:min(len(r), width-1)]))
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
