package plan

import (
	"fmt"
	"slices"

	"landlord/guard/baseline"
	"landlord/org"
)

// Plan is what would change to bring every baseline about. What could not be read
// is left as it is, with a notice.
func (b *Baselines) Plan(have org.Organization) *Plan {
	m := &maker{have: have, plan: &Plan{Organization: have.ID, Management: have.Management, Customers: len(b.Of) + len(b.Unready), Present: len(b.Of), Changes: []Change{}, Steps: []Step{}}}
	delivers := m.logs(b)
	for _, of := range b.Of {
		m.baseline(of, delivers)
	}
	return m.plan
}

// changes writes gaps as lines of the plan, and those about which nothing can be
// done as notices.
func (m *maker) changes(tier, customer string, gaps []baseline.Gap) {
	for i, g := range gaps {
		c := Change{Action: Modify, Noun: string(g.Piece), Tier: tier, Customer: customer, Name: g.Name, Detail: g.Region}
		switch g.State {
		case baseline.Unknown, baseline.Failing:
			if g.State == baseline.Unknown || g.Piece != baseline.ThePack {
				m.notice(tier, "%s%s %s: %s", of(customer), g.Piece, g.State, g.Detail)
				continue
			}
		case baseline.Missing:
			c.Action = Create
		case baseline.Underway:
			c.Action = Wait
		case baseline.Unwanted:
			c.Action = Remove
		}
		switch {
		case g.Piece == baseline.ARule && i > 0 && gaps[i-1].Piece == baseline.ARule && gaps[i-1].Region == g.Region:
			continue // the first speaks for all
		case g.Piece == baseline.ARule:
			n := 0
			for _, o := range gaps {
				if o.Piece == baseline.ARule && o.Region == g.Region {
					n++
				}
			}
			c.Action, c.Noun = Modify, string(baseline.ThePack)
			c.Detail = fmt.Sprintf("%s, %s %s", g.Region, g.State, g.Name)
			if n > 1 {
				c.Detail += fmt.Sprintf(" and %d more", n-1)
			}
		case g.State != baseline.Missing:
			c.Detail += ", " + g.State
		}
		if g.Piece != baseline.ARule && g.Detail != "" {
			c.Detail += ": " + g.Detail
		}
		m.change(c)
	}
}

func of(customer string) string {
	if customer == "" {
		return ""
	}
	return "customer " + customer + ": "
}

// has tells whether there is a gap of a piece in one of the states.
func has(gaps []baseline.Gap, piece baseline.Piece, states ...string) bool {
	return slices.ContainsFunc(gaps, func(g baseline.Gap) bool {
		return g.Piece == piece && (len(states) == 0 || slices.Contains(states, g.State))
	})
}

// logs brings the log bucket and the trail about, and returns what must be done
// before anything can be delivered.
func (m *maker) logs(b *Baselines) []int {
	gaps := b.Logs.Gaps(b.LogsSeen)
	m.changes("", "", gaps)
	if b.LogsSeen.Failed != "" {
		return nil
	}
	var delivers []int
	bucket := Step{Region: b.Logs.Home, Name: b.Logs.Bucket()}
	step := func(kind Kind, document string, after []int) []int {
		s := bucket
		s.Kind, s.Document, s.After = kind, document, slices.Clone(after)
		return []int{m.add(s)}
	}
	if has(gaps, baseline.TheBucket, baseline.Missing) {
		delivers = step(CreateBucket, "", nil)
	}
	if seen := b.LogsSeen.Bucket; seen == nil || !seen.Private {
		delivers = append(delivers, step(CloseBucket, "", delivers)...)
	}
	if seen := b.LogsSeen.Bucket; seen == nil || has(gaps, baseline.TheBucket, baseline.Edited) {
		delivers = step(GuardBucket, b.Logs.Policy(), delivers)
	}
	after := slices.Clone(delivers)
	if !b.LogsSeen.Trusted {
		after = append(after, m.add(Step{Kind: TrustService, Name: baseline.CloudTrail}))
		m.change(Change{Action: Modify, Noun: TheOrganization, Name: "trusted access of " + baseline.CloudTrail, Detail: "enabled: AWS asks for it before an organization has a trail"})
	}
	trail := Step{Region: b.Logs.Home, Name: baseline.TrailName, Document: text(b.Logs.Trail()), After: after}
	switch {
	case has(gaps, baseline.TheTrail, baseline.Missing):
		trail.Kind = CreateTrail
	case has(gaps, baseline.TheTrail, baseline.Edited) && b.LogsSeen.Trail.Home == b.Logs.Home:
		trail.Kind = UpdateTrail
	default:
		if has(gaps, baseline.TheTrail, baseline.Stopped) {
			trail.Kind = StartTrail
			m.add(trail)
		}
		return delivers
	}
	start := trail
	start.Kind, start.After = StartTrail, []int{m.add(trail)}
	if trail.Kind == CreateTrail || !b.LogsSeen.Logging {
		m.add(start)
	}
	return delivers
}

// baseline brings one account's about.
func (m *maker) baseline(of Baseline, delivers []int) {
	gaps := of.Gaps()
	m.changes(of.Tier, of.Customer, gaps)
	var enter, role []int
	for i, w := range of.Wants {
		r := &regional{m: m, of: of, w: w, seen: of.Seen[i], gaps: w.Gaps(of.Seen[i])}
		if !r.mends() {
			continue
		}
		if enter == nil {
			enter = []int{m.add(Step{Kind: EnterAccount, Tier: of.Tier, Customer: of.Customer, Account: of.Account, Name: of.Name})}
		}
		if role == nil && has(r.gaps, baseline.TheRecorder) {
			role = []int{r.step(CreateRole, "config.amazonaws.com", "", enter)}
		}
		r.mend(slices.Concat(enter, role), delivers)
	}
}

// regional is one account's baseline in one region.
type regional struct {
	m    *maker
	of   Baseline
	w    baseline.Want
	seen baseline.Seen
	gaps []baseline.Gap
}

// mends tells whether there is anything that a step can mend.
func (r *regional) mends() bool {
	return slices.ContainsFunc(r.gaps, func(g baseline.Gap) bool {
		return g.State != baseline.Unknown && (g.State != baseline.Failing || g.Piece == baseline.ThePack)
	})
}

func (r *regional) step(kind Kind, name, document string, after []int) int {
	return r.m.add(Step{Kind: kind, Tier: r.of.Tier, Customer: r.of.Customer, Account: r.of.Account, Region: r.w.Region, Name: name, Document: document, After: slices.Clone(after)})
}

// mend adds the steps, each after what it needs: a channel needs a recorder and
// the bucket, recording a channel, and a pack that something is recorded.
func (r *regional) mend(after, delivers []int) {
	recorder, channel := r.w.Recorder(r.seen.Recorder), r.w.Channel(r.seen.Channel)
	if has(r.gaps, baseline.TheRecorder) {
		after = []int{r.step(PutRecorder, recorder.Name, text(recorder), after)}
	}
	if has(r.gaps, baseline.TheChannel) {
		after = []int{r.step(PutChannel, channel.Name, text(channel), slices.Concat(after, delivers))}
	}
	if r.seen.Recorder == nil || has(r.gaps, baseline.TheRecording, baseline.Stopped) {
		after = []int{r.step(StartRecord, recorder.Name, "", after)}
	}
	switch {
	case has(r.gaps, baseline.ThePack, baseline.Underway):
		s := r.step(AwaitPack, r.w.Pack.Name, "", after)
		r.m.plan.Steps[s].Handle = r.seen.Pack.ARN
	case has(r.gaps, baseline.ThePack, baseline.Missing, baseline.Edited, baseline.Failing), has(r.gaps, baseline.ARule):
		s := r.step(PutPack, r.w.Pack.Name, r.w.Pack.Template, after)
		r.m.plan.Steps[s].Text = r.w.Pack.Version
		after = []int{s}
	}
	for _, name := range r.seen.Others {
		r.step(DeletePack, name, "", after)
	}
}
