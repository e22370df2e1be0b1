package report

import (
	"fmt"
	"math"
	"strings"

	"landlord/internal/money"
)

// tones are the classes that colour tiers, by tier name, the same throughout
// the page.
func (r *Report) tones() map[string]string {
	const colours = 7
	tones := map[string]string{}
	for i, t := range r.Tiers {
		tones[t.Name] = fmt.Sprint("t", i%colours)
	}
	return tones
}

// revenueChart shows what each tier brings; nil without revenue.
func revenueChart(r *Report) *chart {
	if r.Revenue.Total <= 0 {
		return nil
	}
	most := r.Tiers[0]
	for _, t := range r.Tiers {
		if t.Revenue > most.Revenue {
			most = t
		}
	}
	caption := fmt.Sprintf("Which tier brings the money? %s: %s of %s a month.", most.Name, most.Share, r.Revenue.Total.Format())
	return twice("revenue-chart", caption, func(f frame) *drawing { return drawRevenue(r, f, most.Revenue) })
}

func drawRevenue(r *Report, f frame, most money.Cents) *drawing {
	left, right, pitch, top := px(200), px(130), px(34), px(4)
	if f.narrow {
		left, right, pitch, top = 0, 0, 48, 22
	}
	d := &drawing{Title: "Monthly revenue by tier"}
	parts := 5
	if f.narrow {
		parts = 3
	} else {
		for _, t := range r.Tiers {
			right = max(right, textWidth(revenueOf(t))+16)
		}
	}
	if textWidth(most.Format()) > 70 {
		parts = min(parts, 2+int(f.w/400))
	}
	marks := ticks(0, dollars(most), parts)
	x := scale{min: 0, max: marks[len(marks)-1], from: left, to: f.w - right}
	bottom := top + pitch*px(len(r.Tiers))
	for _, m := range marks {
		d.line(x.at(m), top, x.at(m), bottom, "grid")
		anchor := "middle"
		if f.narrow && m == 0 {
			anchor = "start"
		} else if f.narrow && m == x.max {
			anchor = "end"
		}
		d.text(x.at(m), bottom+18, anchor, "soft", money.Cents(math.Round(m*100)).Format(), 200)
	}
	tones := r.tones()
	var said []string
	for i, t := range r.Tiers {
		y := top + pitch*px(i)
		value := revenueOf(t)
		end := x.at(dollars(t.Revenue))
		if f.narrow {
			d.text(0, y-4, "start", "", t.Name, f.w-textWidth(value)-12)
			d.text(f.w, y-4, "end", "", value, f.w)
			d.block(left, y+4, max(end-left, 1), 14, tones[t.Name])
		} else {
			d.text(left-12, y+21, "end", "", t.Name, left-14)
			d.text(end+8, y+21, "start", "", value, 200)
			d.block(left, y+6, max(end-left, 1), 22, tones[t.Name])
		}
		said = append(said, t.Name+" "+value)
	}
	d.Desc = strings.Join(said, "; ") + "."
	d.H = bottom + 26
	return d
}

func revenueOf(t Tier) string { return t.Revenue.Format() + " · " + t.Share }

func dollars(c money.Cents) float64 { return float64(c) / 100 }

// marginChart shows how the margins grow with customers; nil where there is
// nothing to compare.
func marginChart(r *Report) *chart {
	gross := series{Name: "gross", Class: "s1"}
	full := series{Name: "after support", Class: "s0"}
	for _, p := range r.Projections {
		if p.Revenue <= 0 {
			continue
		}
		gross.add(p.Customers, 100*dollars(p.GrossProfit())/dollars(p.Revenue), percent(p.GrossProfit(), p.Revenue, 2))
		full.add(p.Customers, 100*dollars(p.Profit())/dollars(p.Revenue), p.Margin)
	}
	if len(full.Points) < 2 {
		return nil
	}
	first, last := full.Points[0], full.Points[len(full.Points)-1]
	c := curves{
		title: "Margin by number of customers", unit: "% margin", log: true, atLeast: 100,
		series: []series{gross, full},
	}
	return twice("margin-chart", fmt.Sprintf("When does the margin after support and hosting come near the gross one? It is %s at %s, %s at %s.",
		first.Text, count(first.N, "customer"), last.Text, whole(last.N)), c.draw)
}

// infrastructureChart shows what flat infrastructure hides; nil where there is
// nothing to compare.
func infrastructureChart(r *Report) *chart {
	flat := series{Name: "flat", Class: "s0"}
	low, high := series{Name: "least", Class: "s1"}, series{Name: "most", Class: "s1"}
	for _, p := range r.Projections {
		flat.add(p.Customers, dollars(p.Infrastructure), p.Infrastructure.Format())
		low.add(p.Customers, dollars(p.AccountLow), p.AccountLow.Format())
		high.add(p.Customers, dollars(p.AccountHigh), p.AccountHigh.Format())
	}
	if len(flat.Points) < 2 {
		return nil
	}
	last := r.Projections[len(r.Projections)-1]
	c := curves{title: "Infrastructure a month by number of customers", unit: "$ a month", series: []series{high, low, flat}, band: true}
	return twice("infrastructure-chart", fmt.Sprintf("What does flat infrastructure hide? At %s, %s flat beside %s to %s by account.",
		count(last.Customers, "customer"), last.Infrastructure.Format(), last.AccountLow.Format(), last.AccountHigh.Format()), c.draw)
}
