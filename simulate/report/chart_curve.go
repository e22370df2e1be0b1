package report

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// series is a curve over numbers of customers.
type series struct {
	Name   string
	Class  string
	Points []point
}

type point struct {
	N    int // customers
	Y    float64
	Text string // Y for people
}

func (s *series) add(n int, y float64, text string) {
	s.Points = append(s.Points, point{n, y, text})
}

// curves draws series over the same numbers of customers, at least two.
type curves struct {
	title, unit string
	log         bool    // numbers of customers
	atLeast     float64 // that the axis reaches
	series      []series
	band        bool // between the first two series
	ranges      []between
}

// between is a range that a number of customers is held against.
type between struct {
	n        int
	from, to float64
}

func (c curves) draw(f frame) *drawing {
	d := &drawing{Title: c.title, H: 300}
	left, right, top, bottom := px(56), px(124), px(28), px(256)
	parts := 5
	if f.narrow {
		left, right, parts = 46, 104, 4
	}
	lo, hi := 0.0, c.atLeast
	for _, s := range c.series {
		for _, p := range s.Points {
			lo, hi = min(lo, p.Y), max(hi, p.Y)
		}
	}
	for _, b := range c.ranges {
		hi = max(hi, b.to)
	}
	marks := ticks(lo, hi, parts)
	ns := c.series[0].Points
	for _, m := range marks {
		left = max(left, textWidth(tickText(m))+10)
	}
	y := scale{min: marks[0], max: marks[len(marks)-1], from: bottom, to: top}
	x := scale{min: 0, max: float64(ns[len(ns)-1].N), from: left, to: f.w - right, log: c.log}
	if c.log {
		x.min = float64(ns[0].N)
	}
	for _, m := range marks {
		d.line(left, y.at(m), f.w-right, y.at(m), "grid")
		d.text(left-8, y.at(m)+4, "end", "soft", tickText(m), 200)
	}
	d.text(0, 12, "start", "soft", c.unit, f.w)
	c.customers(d, x, bottom, f)
	c.reference(d, x, y)
	if c.band {
		d.Areas = append(d.Areas, curve{points(append(places(c.series[0], x, y), reversed(places(c.series[1], x, y))...)), "band"})
	}
	var said []string
	var ends []end
	for _, s := range c.series {
		at := places(s, x, y)
		d.Curves = append(d.Curves, curve{points(at), s.Class})
		for _, p := range at {
			d.Dots = append(d.Dots, dot{p[0], p[1], s.Class})
		}
		last := s.Points[len(s.Points)-1]
		ends = append(ends, end{at[len(at)-1][1], s.Name, last.Text})
		said = append(said, s.said())
	}
	for _, e := range apart(ends, 34, top, bottom) {
		d.text(f.w-right+10, e.y, "start", "", e.name, right-8)
		d.text(f.w-right+10, e.y+15, "start", "soft", e.value, right-8)
	}
	d.Desc = strings.Join(said, ". ") + "."
	return d
}

// customers draws the axis of customers: where the points are, or round
// numbers.
func (c curves) customers(d *drawing, x scale, bottom px, f frame) {
	var marks []float64
	if c.log {
		for _, p := range c.series[0].Points {
			marks = append(marks, float64(p.N))
		}
	} else {
		parts := 5
		if f.narrow {
			parts = 3
		}
		marks = ticks(0, x.max, parts)
	}
	var kept []px
	note := "customers"
	if c.log {
		note = "customers, each step a multiple"
	}
	for _, m := range slices.Backward(marks) { // the last matters most
		room := textWidth(tickText(m)) + 6
		if m > x.max || len(kept) > 0 && kept[len(kept)-1]-x.at(m) < room {
			continue
		}
		kept = append(kept, x.at(m))
		d.line(x.at(m), bottom, x.at(m), bottom+5, "axis")
		d.text(x.at(m), bottom+20, "middle", "soft", tickText(m), 200)
	}
	d.line(x.from, bottom, x.to, bottom, "axis")
	d.text((x.from+x.to)/2, bottom+39, "middle", "soft", note, f.w)
}

// reference draws the ranges and names the last of them.
func (c curves) reference(d *drawing, x, y scale) {
	if n := len(c.ranges); n == 0 || x.at(float64(c.ranges[n-1].n))-x.from < 24 {
		return // none, or too close to each other to be told apart
	}
	for _, b := range c.ranges {
		at := x.at(float64(b.n))
		d.block(at-4, y.at(b.to), 8, y.at(b.from)-y.at(b.to), "range")
	}
	last := c.ranges[len(c.ranges)-1]
	at := x.at(float64(last.n))
	if at > (x.from+x.to)/2 {
		d.text(at-9, y.at(last.to)+4, "end", "soft", "reference range", at-x.from)
	} else {
		d.text(at-4, y.at(last.from)+17, "start", "soft", "reference range", x.to-at)
	}
}

func places(s series, x, y scale) [][2]px {
	var at [][2]px
	for _, p := range s.Points {
		at = append(at, [2]px{x.at(float64(p.N)), y.at(p.Y)})
	}
	return at
}

func reversed(at [][2]px) [][2]px {
	slices.Reverse(at)
	return at
}

// said is the curve in words.
func (s series) said() string {
	var values []string
	for _, p := range s.Points {
		values = append(values, fmt.Sprintf("%s at %s", p.Text, count(p.N, "customer")))
	}
	return s.Name + ": " + strings.Join(values, ", ")
}

// end is the label at the end of a curve.
type end struct {
	y           px
	name, value string
}

// apart moves ends until they are at least gap apart and within top and bottom,
// as long as there is room for them.
func apart(ends []end, gap, top, bottom px) []end {
	sortBy(ends, func(e end) px { return e.y })
	for i := range ends {
		ends[i].y = max(ends[i].y, top)
		if i > 0 {
			ends[i].y = max(ends[i].y, ends[i-1].y+gap)
		}
	}
	floor := bottom - 15
	for i := len(ends) - 1; i >= 0; i-- {
		ends[i].y = min(ends[i].y, floor)
		floor = ends[i].y - gap
	}
	return ends
}

// deployChart shows how deployment time grows; nil where there is nothing to
// compare.
func deployChart(r *Report) *chart {
	if len(r.Growth) < 2 {
		return nil
	}
	last := r.Growth[len(r.Growth)-1]
	unit, per := timeUnit(max(last.Phased, last.Took))
	phased, own := series{Name: "phased", Class: "s1"}, series{Name: "landlord", Class: "s0"}
	for _, g := range r.Growth {
		phased.add(g.Customers, float64(g.Phased)/float64(per), minutes(g.Phased))
		own.add(g.Customers, float64(g.Took)/float64(per), minutes(g.Took))
	}
	c := curves{title: "Deployment time by number of customers", unit: unit, series: []series{phased, own}}
	for _, g := range r.Growth {
		for _, row := range r.Times.Share.Rows {
			if row.Customers == g.Customers {
				in := float64(time.Minute) / float64(per)
				c.ranges = append(c.ranges, between{row.Customers, float64(row.From) * in, float64(row.To) * in})
			}
		}
	}
	return twice("deploy-chart", fmt.Sprintf("How long does a deployment take as customers are added? At %s, %s phased and %s by landlord.",
		count(last.Customers, "customer"), minutes(last.Phased), minutes(last.Took)), c.draw)
}

// timeUnit is what an axis that reaches to d counts.
func timeUnit(d time.Duration) (name string, per time.Duration) {
	if d >= 3*time.Hour {
		return "hours", time.Hour
	}
	return "minutes", time.Minute
}
