package web

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"landlord/guard/compliance"
	"landlord/portfolio"
	"landlord/service/store"
)

// compliancePage says where the customers are weakest.
type compliancePage struct {
	shell
	Tabs          []place
	MayAssess     bool
	Worst         *weakest // the answer
	Lead          string   // or why there is none
	Heat          []tierHeat
	Worse, Better []driftLine
	Choices       []choice
	Control, Is   string // that the customers are of, and what it does
	Filtered      bool
	Customers     []standLine
	Paging        paging
}

// standLine is a customer and how it stands.
type standLine struct {
	Key, Name, Tier, Framework string
	Known                      bool
	Score                      string
	Drift                      drift
	Counts                     []statusCount
	AsOf                       moment
	Fix                        string
}

// week is how far back drift is looked for.
const week = 7 * 24 * time.Hour

// compliance shows the map of tiers and controls, and the customers, the worst
// first.
func (s *Server) compliance(v *visit) error {
	p := compliancePage{shell: s.shell(v, "Where are we weakest?"), MayAssess: v.Person.Is(engineers)}
	q := standingsOf(v)
	page := max(1, atoi(v.FormValue("page")))
	q.Offset, q.Limit, q.Since = (page-1)*mostRows, mostRows, v.Now.Add(-week)
	err := s.Store.Operator(v.Context(), func(tx store.Tx) (err error) {
		if p.Tabs, err = s.complianceTabs(v, tx); err != nil {
			return err
		}
		folio, err := s.folioIn(v.Context(), tx)
		if err != nil {
			folio = new(portfolio.Portfolio)
		}
		tiers, err := tx.Tiers(v.Context(), v.Now.Add(-week))
		if err != nil {
			return err
		}
		heat, err := tx.Heat(v.Context(), v.Now.Add(-week))
		if err != nil {
			return err
		}
		p.Heat, p.Worse, p.Better = heatOf(tiers, heat, folio)
		p.Worst, p.Lead = worst(p.Heat)
		p.Choices = standingChoices(q, folio, v.FormValue("status"))
		known := true
		if q.Control != "" {
			q.Framework, q.Control, known = controlNamed(q.Framework, q.Control)
		}
		if p.Control = q.Control; !known {
			return nil
		}
		found, total, err := tx.Standings(v.Context(), q)
		if err != nil {
			return err
		}
		names := s.tierNames(v, tx)
		for _, c := range found {
			p.Customers = append(p.Customers, standLineOf(v.Now, c, names))
		}
		p.Paging = pagingOf(v, page, len(found), total)
		return nil
	})
	if err != nil {
		return err
	}
	p.Is = map[compliance.Status]string{compliance.Fail: "fails for", compliance.Error: "could not be told of"}[q.Status]
	p.Filtered = q.Tier+q.Framework+q.Control+v.FormValue("status") != ""
	return s.render(v, "compliance", p)
}

// standingsOf is what the address asks for. A control without a status is one that
// fails; a status without a control is of any.
func standingsOf(v *visit) store.Standings {
	status := v.FormValue("status")
	q := store.Standings{Tier: v.FormValue("tier"), Framework: v.FormValue("framework"), Control: strings.TrimSpace(v.FormValue("control")), Status: compliance.Fail}
	if status == "error" {
		q.Status = compliance.Error
	}
	q.Unknown, q.Failing, q.Untold = status == "none", status == "fail" && q.Control == "", status == "error" && q.Control == ""
	if q.Unknown {
		q.Control = ""
	}
	return q
}

// controlNamed is the control of that id, however its letters are written: of a
// framework, or of the first that has one.
func controlNamed(framework, id string) (of, control string, is bool) {
	for _, name := range compliance.Frameworks() {
		f, err := compliance.Of(name, "")
		if err != nil || framework != "" && framework != name {
			continue
		}
		for _, c := range f.Catalogues {
			for _, one := range c.Controls {
				if strings.EqualFold(one.ID, id) || strings.EqualFold(compliance.Label(one.ID), id) {
					return name, one.ID, true
				}
			}
		}
	}
	return framework, id, false
}

func standingChoices(q store.Standings, folio *portfolio.Portfolio, status string) []choice {
	tier, framework := choice{Name: "tier", Label: "Tier"}, choice{Name: "framework", Label: "Framework"}
	seen := map[string]bool{}
	for _, t := range folio.Tiers {
		tier.Options = append(tier.Options, option{t.Key, t.Name, t.Key == q.Tier})
		if !seen[t.Framework] {
			seen[t.Framework] = true
			framework.Options = append(framework.Options, option{t.Framework, t.Framework, t.Framework == q.Framework})
		}
	}
	return []choice{tier, framework, {"status", "Status", []option{{"fail", "fails", status == "fail"}, {"error", "could not be told", status == "error"}, {"none", "nothing found", status == "none"}}}}
}

// standLineOf is a customer of the list.
func standLineOf(now time.Time, c store.Stand, names map[string]string) standLine {
	line := standLine{Key: c.Key, Name: c.Name, Tier: named(names, c.Tier), Framework: c.Framework, Known: c.Assessed, Fix: wanted(c.FixFirst)}
	if !c.Assessed {
		return line
	}
	line.Score = percent(c.Controls.Score())
	if c.AsOf != nil {
		line.AsOf = momentOf(now, *c.AsOf)
	}
	if c.Was.Of > 0 {
		line.Drift = driftOf(c.Was, c.Controls.Score())
	}
	for _, n := range []struct {
		n      int
		status compliance.Status
	}{{c.Controls.Fail, compliance.Fail}, {c.Controls.Error, compliance.Error}} {
		if n.n > 0 {
			line.Counts = append(line.Counts, statusCount{State: assessed(n.status), N: n.n})
		}
	}
	return line
}

// wanted is what a check wants, in words.
func wanted(check string) string {
	for _, c := range compliance.Named(check) {
		if c.ID == check {
			return c.Title
		}
	}
	return check
}

// weakest is the tier with the lowest score: the answer of the page.
type weakest struct{ Tier, Framework, Score, Of string }

// worst is the answer of the page, or why there is none.
func worst(heat []tierHeat) (worst *weakest, none string) {
	none = "Nothing was found of anybody yet."
	assessed := slices.DeleteFunc(slices.Clone(heat), func(row tierHeat) bool { return row.Assessed == 0 })
	if len(assessed) == 0 {
		return nil, none
	}
	low := slices.MinFunc(assessed, func(a, b tierHeat) int { return cmp.Compare(a.share, b.share) })
	if len(low.Tiles) == 0 {
		return nil, "Nothing that was assessed fails."
	}
	worst = &weakest{Tier: low.Name, Framework: low.Framework, Score: low.Score}
	if len(assessed) > 1 {
		worst.Of = fmt.Sprintf(", the fewest of %s", count(len(assessed), "tier"))
	}
	return worst, ""
}

// complianceTabs are the pages on how customers stand to their frameworks.
func (s *Server) complianceTabs(v *visit, tx store.Tx) ([]place, error) {
	queued, _, err := tx.QueueSize(v.Context())
	return complianceTabsOf(v.URL.Path, queued), err
}

func complianceTabsOf(here string, queued int) []place {
	queue := "Queue"
	if queued > 0 {
		queue += " (" + whole(queued) + ")"
	}
	tabs := []place{{Name: "All customers", To: "/compliance"}, {Name: "Isolation", To: "/compliance/isolation"}, {Name: queue, To: "/compliance/queue"}}
	for i := range tabs {
		tabs[i].Here = here == tabs[i].To
	}
	return tabs
}
