package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"landlord/simulate"
	"landlord/vend/plan"
)

// shownBars is about how many customers a page shows one by one.
const shownBars = 50

// timelineChart shows the phased schedule and landlord's own steps on one time
// axis; nil if nothing was deployed.
func timelineChart(r *Report) *chart {
	t := r.Timeline
	if max(t.Took, t.Phased.Took) <= 0 || len(t.Bars) == 0 {
		return nil
	}
	rows, hidden := r.timelineRows()
	c := twice("timeline-chart", fmt.Sprintf("What takes the time? Phases that wait for each other take %s; landlord’s steps, beside each other, %s.", minutes(t.Phased.Took), minutes(t.Took)),
		func(f frame) *drawing { return drawTimeline(r, f, rows) })
	if hidden > 0 {
		c.More = fmt.Sprintf("%s are drawn together, from the first start to the last end.", count(hidden, "customer"))
	}
	return c
}

// timelineRow is a row of landlord's part of the timeline.
type timelineRow struct {
	Name  string
	Note  string // when it was done
	Short string // the same for a phone, if it must be shorter
	Head  bool   // a tier's unit and policy, above its customers
	Spans []timelineSpan
}

// timelineSpan is when one thing was done.
type timelineSpan struct {
	From, To time.Duration
	Lane     int // 0 full height, 1 its upper half, 2 its lower
	Class    string
}

// timelineRows are the rows of each tier: its unit and policy, then its
// customers, the many of them as one. It also tells how many customers those are.
func (r *Report) timelineRows() (rows []timelineRow, hidden int) {
	tones := r.tones()
	most := max(1, shownBars/max(len(r.Tiers), 1)-1)
	names := map[string]string{}
	for _, c := range r.Customers {
		names[c.Key] = c.Name
	}
	byTier := map[string][]simulate.Bar{}
	for _, b := range r.Timeline.Bars {
		byTier[b.Tier] = append(byTier[b.Tier], b)
	}
	for _, b := range byTier[""] {
		rows = append(rows, timelineRow{Name: titled(whats[b.Kind]), Note: "at " + minutes(b.To), Spans: []timelineSpan{{b.From, b.To, 0, "phase"}}})
	}
	for _, t := range r.Tiers {
		var steps []string
		head := timelineRow{Name: t.Name, Head: true}
		var of []timelineRow
		at := map[string]int{}
		for _, b := range byTier[t.Key] {
			span := timelineSpan{b.From, b.To, 0, tones[t.Name]}
			if b.Customer == "" {
				span.Lane = lanes[b.Kind]
				span.Class += " guard"
				head.Spans = append(head.Spans, span)
				steps = append(steps, nouns[b.Kind]+" "+minutes(b.To))
				continue
			}
			i, seen := at[b.Customer]
			if !seen {
				i = len(of)
				at[b.Customer] = i
				of = append(of, timelineRow{Name: names[b.Customer]})
			}
			if b.Kind != plan.CreateAccount {
				span.Class += " step"
			}
			of[i].Spans = append(of[i].Spans, span)
			of[i].Note = "in its unit at " + minutes(b.To)
		}
		if len(head.Spans) > 0 {
			head.Note, head.Short = strings.Join(steps, ", "), steps[len(steps)-1]
			rows = append(rows, head)
		}
		if len(of) > most+1 {
			hidden += len(of) - most
			of = append(of[:most:most], together(of[most:], tones[t.Name]))
		}
		rows = append(rows, of...)
	}
	return rows, hidden
}

// lanes are where steps of a tier that may run beside each other are drawn.
var lanes = map[plan.Kind]int{plan.CreateUnit: 1, plan.CreatePolicy: 2}

// nouns are what steps of a tier are called beside their bars.
var nouns = map[plan.Kind]string{plan.CreateUnit: "unit", plan.CreatePolicy: "policy", plan.AttachPolicy: "attached"}

// together is one row for many customers.
func together(rows []timelineRow, tone string) timelineRow {
	span := rows[0].Spans[0]
	for _, row := range rows {
		for _, s := range row.Spans {
			span.From, span.To = min(span.From, s.From), max(span.To, s.To)
		}
	}
	span.Class = tone + " many"
	return timelineRow{Name: count(len(rows), "more customer"), Note: "the last in its unit at " + minutes(span.To), Spans: []timelineSpan{span}}
}

func drawTimeline(r *Report, f frame, rows []timelineRow) *drawing {
	t := r.Timeline
	longest := max(t.Took, t.Phased.Took)
	unit, per := timeUnit(longest)
	left, right, pitch, parts := px(256), px(20), px(24), 7
	if f.narrow {
		left, right, pitch, parts = 2, 14, 38, 4
	}
	marks := ticks(0, float64(longest)/float64(per), parts)
	x := scale{min: 0, max: marks[len(marks)-1], from: left, to: f.w - right}
	d := &drawing{
		Title: "Deployment timeline",
		Desc: fmt.Sprintf("Phased schedule: %s, %s in all. landlord’s own: %s, %s in all. The tables below give each.",
			phasesSaid(t.Phased), minutes(t.Phased.Took), spansSaid(t.Spans), minutes(t.Took)),
	}
	at := func(v time.Duration) px { return x.at(float64(v) / float64(per)) }
	y := px(18)
	d.text(0, y, "start", "strong", "Phased schedule, "+minutes(t.Phased.Took), f.w)
	y += 8
	for _, p := range t.Phased.Phases {
		row := timelineRow{Name: titled(p.Name), Note: minutes(p.From) + " to " + minutes(p.To), Spans: []timelineSpan{{p.From, p.To, 0, "phase"}}}
		d.row(f, row, y, pitch, left, right, at)
		y += pitch
	}
	y += 26
	d.text(0, y, "start", "strong", "landlord, "+minutes(t.Took), f.w)
	y += 8
	for _, row := range rows {
		if row.Head && !f.narrow {
			y += 6
		}
		d.row(f, row, y, pitch, left, right, at)
		y += pitch
	}
	y += 4
	for i, m := range marks {
		d.Lines = append(d.Lines, stroke{x.at(m), 24, x.at(m), y, "grid"})
		switch {
		case i == len(marks)-1:
			d.text(f.w, y+17, "end", "soft", tickText(m)+" "+unit, f.w)
		case i == 0 && f.narrow:
			d.text(x.at(m), y+17, "start", "soft", tickText(m), f.w)
		default:
			d.text(x.at(m), y+17, "middle", "soft", tickText(m), f.w)
		}
	}
	d.H = y + 26
	return d
}

// row draws one row: its name, its spans and when it was done. On a phone the
// name and the note stand above the spans.
func (d *drawing) row(f frame, row timelineRow, y, pitch, left, right px, at func(time.Duration) px) {
	class := ""
	if row.Head {
		class = "strong"
	}
	const high = 14
	top := y + 5
	if f.narrow {
		top = y + 20
		note := cmp.Or(row.Short, row.Note)
		d.text(1, y+14, "start", class, row.Name, f.w-textWidth(note)-10)
		d.text(f.w, y+14, "end", "soft", note, f.w)
	} else {
		indent := px(0)
		if !row.Head {
			indent = 14
		}
		d.text(indent, y+17, "start", class, row.Name, left-indent-12)
	}
	var from, to px = f.w, 0
	for _, s := range row.Spans {
		x1 := at(s.From)
		x2 := max(at(s.To), x1+2)
		from, to = min(from, x1), max(to, x2)
		place, tall := top, px(high)
		if s.Lane > 0 {
			tall = high/2 - 1
		}
		if s.Lane == 2 {
			place += high/2 + 1
		}
		d.block(x1, place, x2-x1, tall, s.Class)
	}
	if f.narrow || len(row.Spans) == 0 {
		return
	}
	switch room := textWidth(row.Note) + 8; {
	case to+room <= f.w:
		d.text(to+8, y+17, "start", "soft", row.Note, f.w)
	case from-room >= left:
		d.text(from-8, y+17, "end", "soft", row.Note, f.w)
	case row.Spans[0].Class == "phase" && room+8 <= to-from:
		d.text(from+8, y+17, "start", "on", row.Note, f.w)
	case strings.HasSuffix(row.Spans[0].Class, " many") && room+8 <= to-from: // pale enough to write on
		d.text(from+8, y+17, "start", "", row.Note, f.w)
	}
}

func phasesSaid(p simulate.Phased) string {
	var said []string
	for _, phase := range p.Phases {
		said = append(said, fmt.Sprintf("%s %s to %s", phase.Name, minutes(phase.From), minutes(phase.To)))
	}
	return list(said)
}

func spansSaid(spans []Span) string {
	var said []string
	for _, s := range spans {
		said = append(said, fmt.Sprintf("%s %s to %s", s.What, minutes(s.From), minutes(s.To)))
	}
	return list(said)
}
