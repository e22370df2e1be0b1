package web

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"landlord/guard/compliance"
	"landlord/portfolio"
	"landlord/service/store"
)

// tierHeat is a tier's row of the map: how its customers stand, and the controls
// that keep some from passing, the worst first.
type tierHeat struct {
	Key, Name, Framework string
	Customers, Assessed  int
	Score                string
	Drift                drift
	Tiles                []tile
	More                 int    // controls that fail and are not shown
	Rest                 string // how the other controls stand

	share float64 // that the score is; 2 without one
}

// tile is a control of a tier.
type tile struct {
	Control, Share, Says, To string
	Heat                     int    // from 1, a few customers, to 5, all
	Drift                    string // how many customers more than last week; "" if as many

	unmet int // customers
}

// drift is how a score has changed since last week.
type drift struct {
	State tone
	Known bool
}

// driftLine is a control that keeps more customers from passing than last week, or
// fewer.
type driftLine struct {
	Control, Tier, Says, To string
	State                   tone
}

// How much of each the map shows.
const (
	mostTiles = 40
	mostDrift = 5
)

// driftOf is how a score changed, in points of a hundred.
func driftOf(was, is compliance.Score) drift {
	if was.Of == 0 || is.Of == 0 {
		return drift{}
	}
	d := is.Tenths() - was.Tenths()
	says := fmt.Sprintf("%d.%d", abs(d)/10, abs(d)%10)
	switch {
	case d < 0:
		return drift{tone{"bad", "−" + says + " points"}, true}
	case d > 0:
		return drift{tone{"good", "+" + says + " points"}, true}
	}
	return drift{tone{"", "as last week"}, true}
}

func abs(n int) int { return max(n, -n) }

// heatOf is the map, and what drifted most, the worst first.
func heatOf(tiers []store.TierTally, controls []store.ControlTally, folio *portfolio.Portfolio) (rows []tierHeat, worse, better []driftLine) {
	names := map[string]string{}
	for _, t := range folio.Tiers {
		names[t.Key] = t.Name
	}
	newest := ""
	for _, t := range tiers {
		newest = max(newest, t.Day)
	}
	type moved struct {
		driftLine
		by int
	}
	var drifted []moved
	for _, t := range tiers {
		if t.Day != newest {
			continue
		}
		row := tierHeat{Key: t.Tier, Name: named(names, t.Tier), Framework: t.Framework, Customers: t.Customers, Assessed: t.Assessed, Score: percent(t.Score), share: 2}
		if t.Score.Of > 0 {
			row.share = float64(t.Score.Pass) / float64(t.Score.Of)
		}
		if i := slices.IndexFunc(tiers, func(o store.TierTally) bool { return o.Tier == t.Tier && o.Framework == t.Framework }); tiers[i].Day != newest {
			row.Drift = driftOf(tiers[i].Score, t.Score)
		}
		var passes, open int
		var bad []store.ControlTally
		for _, c := range controls {
			if c.Tier != t.Tier || c.Framework != t.Framework {
				continue
			}
			switch {
			case c.Now.Fail+c.Now.Error > 0:
				bad = append(bad, c)
			case c.Now.Pass > 0:
				passes++
			default:
				open++
			}
			if by := unmet(c.Now) - unmet(c.Was); c.Was != (store.Counts{}) && by != 0 {
				drifted = append(drifted, moved{driftLine{Control: c.Control, Tier: row.Name, To: standingsAt(c.Tier, c.Framework, c.Control)}, by})
			}
		}
		slices.SortStableFunc(bad, func(a, b store.ControlTally) int { return cmp.Compare(unmet(b.Now), unmet(a.Now)) })
		for _, c := range bad[:min(len(bad), mostTiles)] {
			row.Tiles = append(row.Tiles, tileOf(c, t.Assessed))
		}
		row.More, row.Rest = len(bad)-len(row.Tiles), rest(passes, open)
		rows = append(rows, row)
	}
	slices.SortStableFunc(drifted, func(a, b moved) int { return cmp.Compare(abs(b.by), abs(a.by)) })
	for _, d := range drifted {
		switch n := count(abs(d.by), "customer"); {
		case d.by > 0 && len(worse) < mostDrift:
			d.State, d.Says = tone{"bad", "worse"}, "not met for "+n+" more than last week"
			worse = append(worse, d.driftLine)
		case d.by < 0 && len(better) < mostDrift:
			d.State, d.Says = tone{"good", "better"}, "not met for "+n+" fewer than last week"
			better = append(better, d.driftLine)
		}
	}
	return rows, worse, better
}

// unmet is how many customers a control is not shown to be met for.
func unmet(c store.Counts) int { return c.Fail + c.Error }

// tileOf is a control that does not pass for some of the customers of whom something
// was found.
func tileOf(c store.ControlTally, assessed int) tile {
	n := unmet(c.Now)
	t := tile{Control: c.Control, Share: fmt.Sprintf("%d %%", n*100/max(assessed, 1)), To: standingsAt(c.Tier, c.Framework, c.Control), Heat: 1 + min(4, n*5/max(assessed, 1)), unmet: n}
	if n*100 < assessed {
		t.Share = "< 1 %"
	}
	var says []string
	if c.Now.Fail > 0 {
		says = append(says, "fails for "+whole(c.Now.Fail))
	}
	if c.Now.Error > 0 {
		says = append(says, "could not be told for "+whole(c.Now.Error))
	}
	t.Says = strings.Join(says, ", ") + " of " + count(assessed, "customer")
	if by := n - unmet(c.Was); c.Was != (store.Counts{}) && by != 0 {
		t.Drift = fmt.Sprintf("%+d", by)
		t.Says += fmt.Sprintf("; last week it was %s", whole(unmet(c.Was)))
	}
	return t
}

// rest says how the controls stand that no customer fails.
func rest(passes, open int) string {
	var parts []string
	if passes > 0 {
		parts = append(parts, count(passes, "control")+" "+map[bool]string{true: "passes", false: "pass"}[passes == 1]+" wherever assessed")
	}
	if open > 0 {
		parts = append(parts, count(open, "control")+" "+map[bool]string{true: "is", false: "are"}[open == 1]+" not assessed")
	}
	return strings.Join(parts, ", ")
}

// standingsAt is where the customers of a tier are whom a control fails for.
func standingsAt(tier, framework, control string) string {
	return "/compliance?" + url.Values{"tier": {tier}, "framework": {framework}, "control": {control}}.Encode() + "#customers"
}
