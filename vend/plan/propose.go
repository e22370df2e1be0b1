package plan

import (
	"fmt"

	"landlord/internal/limits"
	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/blueprint"
)

// proposals tells which tiers have so many customers in one unit that dividing
// them, or dividing them otherwise, would make the units smaller.
func (m *maker) proposals() {
	if m.want.Threshold == 0 {
		return
	}
	of := map[string][]blueprint.Customer{}
	for _, c := range m.want.Customers {
		of[c.Tier] = append(of[c.Tier], c)
	}
	for _, t := range m.want.Tiers {
		if text := m.proposal(t, of[t.Key]); text != "" {
			m.notice(t.Key, "%s", text)
		}
	}
}

// proposal is the sentence for one tier, "" where none helps. It names the
// division whose fullest unit holds the fewest.
func (m *maker) proposal(t blueprint.Tier, customers []blueprint.Customer) string {
	now := spread(customers, t.Units)
	if now.most < m.want.Threshold {
		return ""
	}
	mode, best := "", now
	for _, other := range []string{portfolio.ByRegion, portfolio.BySegment} {
		if s := spread(customers, other); s.most < best.most && s.units <= limits.Units {
			mode, best = other, s
		}
	}
	where := "one unit"
	if t.Units != portfolio.Flat {
		where = "unit " + m.path[now.fullest]
	}
	switch {
	case mode != "":
		return fmt.Sprintf("%s has %d customers in %s; `units: %s` would make %d units of it, the fullest with %d", t.Key, now.most, where, mode, best.units, best.most)
	case t.Units == portfolio.Flat:
		return fmt.Sprintf("%s has %d customers in %s; once they have a `region:` or a `segment:`, `units: by-region` or `units: by-segment` divides it", t.Key, now.most, where)
	}
	return ""
}

// spreading is how customers would be spread over units.
type spreading struct {
	units   int
	most    int    // customers in the fullest unit
	fullest string // its key, as the customers are now
}

func spread(customers []blueprint.Customer, mode string) spreading {
	tag := map[string]string{portfolio.ByRegion: org.TagRegion, portfolio.BySegment: org.TagSegment}[mode]
	in := map[string]int{}
	var s spreading
	for _, c := range customers {
		division := c.Tags[tag]
		if in[division]++; in[division] > s.most {
			s.most, s.fullest = in[division], c.Unit
		}
	}
	s.units = len(in)
	return s
}
