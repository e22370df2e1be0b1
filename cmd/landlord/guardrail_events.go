package main

import (
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"landlord/guard/guardrail"
	"landlord/guard/trail"
	"landlord/portfolio"
)

// callJSON are the calls of one principal that fare alike.
type callJSON struct {
	Customer  string    `json:"customer"`
	Principal string    `json:"principal"`
	Action    string    `json:"action"`
	Calls     int       `json:"calls"`
	Last      time.Time `json:"last"`
	Now       string    `json:"now"` // by the policies in force: "allowed", "denied" or "unknown"
	Where     string    `json:"where,omitempty"`
	Policy    string    `json:"policy,omitempty"`
	Statement string    `json:"statement,omitempty"`
}

// fileJSON is a file, or a record of it, that could not be read.
type fileJSON struct {
	File  string `json:"file"`
	Error string `json:"error"`
}

// eventsJSON is what `guardrail diff --events --json` prints.
type eventsJSON struct {
	Files     int            `json:"files"`
	Digests   int            `json:"digests,omitempty"` // files that validate others, and hold no events
	Events    int            `json:"events"`            // each once, by its id
	Judged    int            `json:"judged"`            // calls of customers' accounts
	Refused   []callJSON     `json:"refused"`
	Unknown   []callJSON     `json:"unknown"` // what hangs on keys that are not logged
	NotJudged map[string]int `json:"not_judged"`
	Unread    []fileJSON     `json:"unread"`
}

// unreadMost is how many unread records are named; all are counted.
const unreadMost = 100

// eventRun judges the calls of log files.
type eventRun struct {
	by    map[string]both // by account
	seen  map[string]bool // ids of events
	calls map[callKey]*callJSON
	out   eventsJSON
	bad   int
}

type callKey struct {
	customer, principal, action, policy, statement, now string
	unsure                                              bool
}

// diffEvents judges every call below a folder by the policies that will be in force.
func (p *program) diffEvents(ctx context.Context, folio *portfolio.Portfolio, all []both, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("read CloudTrail's log files: %w", err)
	}
	defer root.Close()
	run := eventRun{by: map[string]both{}, seen: map[string]bool{}, calls: map[callKey]*callJSON{}}
	run.out = eventsJSON{Refused: []callJSON{}, Unknown: []callJSON{}, NotJudged: map[string]int{}, Unread: []fileJSON{}}
	for _, b := range all {
		run.by[string(b.account.ID)] = b
	}
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			run.unread(name, err)
			return nil
		}
		kind := d.Type()
		if kind&fs.ModeSymlink != 0 {
			info, err := root.Stat(name)
			if err != nil {
				run.unread(name, err)
				return nil
			}
			if kind = info.Mode().Type(); kind.IsDir() {
				run.unread(name, errors.New("a link to a folder, which is not followed"))
			}
		}
		if low := strings.ToLower(name); kind.IsRegular() && (strings.HasSuffix(low, ".json") || strings.HasSuffix(low, ".json.gz")) {
			run.one(root, name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if run.out.Files == 0 {
		return fmt.Errorf("%s holds no *.json or *.json.gz", dir)
	}
	run.sort()
	if p.json {
		return printJSON(p.stdout, run.out)
	}
	p.showEvents(folio, &run)
	return nil
}

// one takes a file in, or tells why not.
func (run *eventRun) one(root *os.Root, name string) {
	err := run.file(root, name)
	if errors.Is(err, trail.ErrDigest) {
		run.out.Digests++
		return
	}
	run.out.Files++
	if err != nil {
		run.unread(name, err)
	}
}

func (run *eventRun) unread(name string, err error) {
	run.bad++
	if len(run.out.Unread) < unreadMost {
		run.out.Unread = append(run.out.Unread, fileJSON{name, err.Error()})
	}
}

// file judges the events of one file.
func (run *eventRun) file(root *os.Root, name string) error {
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(strings.ToLower(name), ".gz") {
		z, err := gzip.NewReader(f)
		if err != nil {
			return err
		}
		defer z.Close()
		in = z
	}
	return trail.Read(in, run.event, func(record int, err error) { run.unread(name, fmt.Errorf("record %d: %w", record, err)) })
}

// notJudged are the kinds of events that are left out, by why.
var notJudged = []struct {
	why  error
	name string
}{{trail.ErrNoCall, "no_call"}, {trail.ErrService, "service"}, {trail.ErrRefused, "was_refused"}}

// event judges one event.
func (run *eventRun) event(e trail.Event) {
	if e.ID != "" && run.seen[e.ID] {
		return
	}
	run.seen[e.ID] = true
	run.out.Events++
	requests, who, err := e.Requests()
	for _, kind := range notJudged {
		if errors.Is(err, kind.why) {
			run.out.NotJudged[kind.name]++
			return
		}
	}
	b, ours := run.by[e.Account()]
	if !ours {
		run.out.NotJudged["no_customer"]++
		return
	}
	run.out.Judged++
	if _, free := who.Unlimited(""); free {
		return
	}
	then, now := strictest(b.after, requests), strictest(b.now, requests)
	if then.Allowed {
		return
	}
	k := callKey{b.customer.Key, who.ARN, requests[0].Action, then.Policy, then.Says, outcome(now), then.Unsure}
	c := run.calls[k]
	if c == nil {
		c = &callJSON{Customer: k.customer, Principal: k.principal, Action: k.action, Now: k.now, Where: then.Where, Policy: then.Policy, Statement: cmp.Or(then.Sid, then.Says)}
		run.calls[k] = c
	}
	c.Calls++
	if e.Time.After(c.Last) {
		c.Last = e.Time
	}
}

// strictest is what policies say of a call that asks for several resources: all must
// be allowed.
func strictest(of places, requests []guardrail.Request) judgement {
	var all judgement
	for i, r := range requests {
		if j := of.judge(r); i == 0 || all.Allowed || all.Unsure && !j.Allowed && !j.Unsure {
			all = j
		}
	}
	return all
}

func outcome(j judgement) string {
	switch {
	case j.Allowed:
		return "allowed"
	case j.Unsure:
		return "unknown"
	}
	return "denied"
}

// sort puts the calls in order, those that are made most first.
func (run *eventRun) sort() {
	for k, c := range run.calls {
		if k.unsure {
			run.out.Unknown = append(run.out.Unknown, *c)
		} else {
			run.out.Refused = append(run.out.Refused, *c)
		}
	}
	for _, calls := range [][]callJSON{run.out.Refused, run.out.Unknown} {
		slices.SortFunc(calls, func(a, b callJSON) int {
			return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Action, b.Action),
				cmp.Compare(a.Principal, b.Principal), cmp.Compare(a.Statement, b.Statement), cmp.Compare(a.Now, b.Now))
		})
	}
}

func (p *program) showEvents(folio *portfolio.Portfolio, run *eventRun) {
	out := run.out
	fmt.Fprintf(p.stdout, "%s in %s; %s by customers' accounts, judged by what will be in force with %s carried out\n", count(out.Events, "event"), count(out.Files, "file"), count(out.Judged, "call"), folio.File)
	for _, part := range []struct {
		title string
		calls []callJSON
	}{{"Would be refused:", out.Refused}, {"Cannot be told, since it hangs on what CloudTrail does not log:", out.Unknown}} {
		if len(part.calls) == 0 {
			continue
		}
		fmt.Fprintf(p.stdout, "\n%s\n", part.title)
		t := newTable(p.stdout, 2)
		fmt.Fprintln(t, "customer\tcalls\tlast\tcall\tnow\twho\tby")
		for _, c := range part.calls {
			fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\t%s\n", c.Customer, c.Calls, c.Last.UTC().Format(time.DateOnly), clean(c.Action), c.Now, clean(c.Principal), byWhat(c.Statement))
		}
		t.Flush()
	}
	fmt.Fprintln(p.stdout)
	words := map[string]string{"no_call": "no calls of an API", "service": "by AWS's services or without credentials", "was_refused": "refused when they were made", "no_customer": "by accounts that are no customer's"}
	for _, kind := range []string{"no_customer", "service", "no_call", "was_refused"} {
		if n := out.NotJudged[kind]; n > 0 {
			fmt.Fprintf(p.stdout, "Not judged: %s %s.\n", count(n, "event"), words[kind])
		}
	}
	if out.Digests > 0 {
		fmt.Fprintf(p.stdout, "Left out: %s, by which log files are validated.\n", count(out.Digests, "digest"))
	}
	for _, f := range out.Unread {
		fmt.Fprintf(p.stdout, "Not read: %s: %s\n", clean(f.File), clean(f.Error))
	}
	if more := run.bad - len(out.Unread); more > 0 {
		fmt.Fprintf(p.stdout, "Not read: %d more.\n", more)
	}
	refused, unknown := 0, 0
	customers := map[string]bool{}
	for _, c := range out.Refused {
		refused += c.Calls
		customers[c.Customer] = true
	}
	for _, c := range out.Unknown {
		unknown += c.Calls
	}
	fmt.Fprintf(p.stdout, "%s of %s would be refused; of %d it cannot be told.\n", count(refused, "call"), count(len(customers), "customer"), unknown)
}
