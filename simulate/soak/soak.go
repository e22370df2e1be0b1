// Package soak lives whole lives of organizations, each from one seed in virtual
// time, with the real planner, executor and client: customers join, change and
// leave while calls are cut and refused, processes are killed, others act. What
// must hold is checked after every call, by a judge that reads the simulated
// AWS's own truth and shares nothing with what it judges.
//
// It does not own what AWS does wrong: see simaws.Faults.
package soak

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"sync"
)

// Options say which lives are lived.
type Options struct {
	Seeds     int
	From      uint64    // the first seed
	Outsiders string    // "on", "off", or "both": every other seed
	Break     *Rule     // a rule that is switched off; nil: none
	Trace     io.Writer // every call of every seed, as JSON lines in the order of seeds; may be nil
	Workers   int       // lives at once
	Failures  int       // how many failing seeds end the soak; 0: none do
}

// Life is what came of one seed.
type Life struct {
	Seed      uint64   `json:"seed"`
	Outsiders bool     `json:"outsiders"`
	Calls     int      `json:"calls"`
	Judged    int      `json:"judged"` // calls that change something, each judged
	Crashes   int      `json:"crashes"`
	Meddled   int      `json:"meddled"`   // acts of outsiders
	Commands  int      `json:"commands"`  // about single customers, that ended complete
	Late      int      `json:"late"`      // requests of dead runs that arrived after them
	Accepting bool     `json:"accepting"` // the endpoint makes a second account of one e-mail
	Trace     string   `json:"trace"`     // hash of all that happened
	Broken    []string `json:"broken,omitempty"`

	faults map[string]int
	text   []byte
}

// Report is what came of a soak. Counts are of one of the two times that each
// seed is lived.
type Report struct {
	Seeds     int            `json:"seeds"`
	Outsiders int            `json:"seeds_with_outsiders"`
	Calls     int            `json:"calls"`
	Judged    int            `json:"judged"`
	Crashes   int            `json:"crashes"`
	Meddled   int            `json:"acts_of_outsiders"`
	Commands  int            `json:"commands"`
	Late      int            `json:"late_requests"`
	Accepting int            `json:"seeds_accepting_second_email"` // of each kind of life
	Faults    map[string]int `json:"faults"`                       // by kind
	Failed    []Life         `json:"failed"`
}

// Run lives lives, each twice, and reports. The error is one of ctx or of
// writing the trace; promises that were broken are in the report.
func Run(ctx context.Context, opt Options) (Report, error) {
	report := Report{Faults: map[string]int{}, Failed: []Life{}}
	lives := make([]chan Life, opt.Seeds)
	for i := range lives {
		lives[i] = make(chan Life, 1)
	}
	ctx, stop := context.WithCancel(ctx)
	next := make(chan int)
	var workers sync.WaitGroup
	defer func() {
		stop()
		workers.Wait()
	}()
	for range max(opt.Workers, 1) {
		workers.Go(func() {
			for i := range next {
				lives[i] <- Live(ctx, opt.From+uint64(i), opt)
			}
		})
	}
	go func() {
		defer close(next)
		for i := range lives {
			select {
			case next <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	for i := range lives {
		var l Life
		select {
		case l = <-lives[i]:
		case <-ctx.Done():
			return report, ctx.Err()
		}
		report.add(l)
		if opt.Trace != nil {
			if _, err := opt.Trace.Write(l.text); err != nil {
				return report, fmt.Errorf("write the trace: %w", err)
			}
		}
		if opt.Failures > 0 && len(report.Failed) >= opt.Failures {
			break
		}
	}
	return report, nil
}

func (r *Report) add(l Life) {
	r.Seeds++
	if l.Outsiders {
		r.Outsiders++
	}
	r.Calls += l.Calls
	r.Judged += l.Judged
	r.Crashes += l.Crashes
	r.Meddled += l.Meddled
	r.Commands += l.Commands
	r.Late += l.Late
	if l.Accepting {
		r.Accepting++
	}
	for kind, n := range l.faults {
		r.Faults[kind] += n
	}
	if len(l.Broken) > 0 {
		r.Failed = append(r.Failed, l)
	}
}

// Live lives one seed twice. That the two are not the same is a promise broken.
func Live(ctx context.Context, seed uint64, opt Options) Life {
	var trace *bytes.Buffer
	if opt.Trace != nil {
		trace = &bytes.Buffer{}
	}
	first := once(ctx, seed, opt, trace)
	if again := once(ctx, seed, opt, nil); again.Trace != first.Trace && ctx.Err() == nil {
		first.Broken = append(first.Broken, "the same seed lived twice made other calls")
	}
	if trace != nil {
		first.text = trace.Bytes()
	}
	return first
}

func once(ctx context.Context, seed uint64, opt Options, trace *bytes.Buffer) Life {
	outsiders := opt.Outsiders == "on" || opt.Outsiders != "off" && seed%2 == 1
	if opt.Break != nil && opt.Break.outsiders {
		outsiders = true
	}
	l, err := begin(ctx, seed, outsiders, opt.Break, trace)
	if err != nil {
		return Life{Seed: seed, Broken: []string{err.Error()}}
	}
	l.live()
	out := Life{
		Seed: seed, Outsiders: l.outsiders, Calls: l.calls, Judged: l.judged, Crashes: l.crashes, Meddled: l.meddled,
		Commands: l.commands, Late: l.arrived, Accepting: l.faults.DuplicateEmails,
		Trace: fmt.Sprintf("%016x", l.hash), Broken: l.broken, faults: maps.Clone(l.aws.Server.Metrics().Faults),
	}
	if err := l.aws.Close(); err != nil {
		out.Broken = append(out.Broken, err.Error())
	}
	return out
}
