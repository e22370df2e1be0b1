package web

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"landlord/portfolio"
	"landlord/service/whatif"
	"landlord/simulate/report"
)

type simulationPage struct {
	shell
	Customers, Add, Most int
	Tiers                []option
	Fault                string
	Result               *simulated
}

// simulated is what a simulation came to.
type simulated struct {
	Deploy   bool
	State    tone
	Decision string
	Reasons  []string
	Lines    []todayThen
	Report   string // the address of the whole report
}

type todayThen struct {
	Name, Today, Then string
}

// ErrNoPortfolio is that nobody has sent a portfolio yet.
var ErrNoPortfolio = errors.New("there is no portfolio yet")

// simulation says what our customers and more of a tier would take.
func (s *Server) simulation(v *visit) error {
	p := simulationPage{shell: s.shell(v, "What if we had more customers?"), Add: 10}
	folio, err := s.folio(v.Context())
	if errors.Is(err, ErrNoPortfolio) {
		return s.render(v, "simulation", p)
	}
	if err != nil {
		return err
	}
	tier, chosen := v.FormValue("tier"), false
	p.Customers = len(folio.Customers)
	p.Most = max(whatif.Most-p.Customers, 0)
	for _, t := range folio.Tiers {
		p.Tiers = append(p.Tiers, option{t.Key, t.Name, t.Key == tier})
		chosen = chosen || t.Key == tier
	}
	status := http.StatusOK
	if typed := v.FormValue("add"); typed != "" {
		n, err := strconv.Atoi(typed)
		switch {
		case err != nil || n < 0 || n > p.Most:
			p.Fault, status = fmt.Sprintf("How many? From 0 to %s.", whole(p.Most)), http.StatusUnprocessableEntity
		case !chosen:
			p.Fault, status = "Which tier? Choose one of the list.", http.StatusUnprocessableEntity
		case p.Customers+n == 0:
			p.Fault, status = "There is nobody to simulate: add at least one.", http.StatusUnprocessableEntity
		default:
			p.Add = n
			r, err := s.Studies.Report(v.Context(), folio, tier, n)
			if err != nil {
				return err
			}
			p.Result = resultOf(r, len(folio.Customers), len(folio.Customers)+n)
			p.Result.Report = "/simulation/report?" + url.Values{"add": {typed}, "tier": {tier}}.Encode()
		}
	}
	if v.partial() {
		return s.write(v, status, "simulation", "result", p)
	}
	return s.renderStatus(v, status, "simulation", p)
}

// simulationReport is the whole report, as `landlord simulate` writes it.
func (s *Server) simulationReport(v *visit) error {
	folio, err := s.folio(v.Context())
	if err != nil {
		return errNotHere
	}
	n, err := strconv.Atoi(v.FormValue("add"))
	tier := v.FormValue("tier")
	if err != nil || n < 0 || n+len(folio.Customers) > whatif.Most || !slices.ContainsFunc(folio.Tiers, func(t portfolio.Tier) bool { return t.Key == tier }) {
		return errNotHere
	}
	r, err := s.Studies.Report(v.Context(), folio, tier, n)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := r.HTML(&b); err != nil {
		return err
	}
	// The report's own policy, in its head, allows its one style sheet by its
	// hash, and no script; ours would forbid that too.
	v.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	v.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = b.WriteTo(v.w) // the reader may be gone
	return nil
}

// resultOf is the report in a few lines, today beside then.
func resultOf(r *report.Report, today, then int) *simulated {
	result := &simulated{Deploy: r.Decision.Deploy, Decision: r.Decision.Answer, State: stateOf("passed")}
	if !result.Deploy {
		result.State = stateOf("failed")
	}
	for _, l := range r.Decision.Reasons {
		text := l.Text + " " + l.Looked + "."
		if l.Fault != "" {
			text = l.Text + " No: " + l.Fault + "."
		}
		result.Reasons = append(result.Reasons, text)
	}
	line := func(name string, of func(n int) string) {
		result.Lines = append(result.Lines, todayThen{name, of(today), of(then)})
	}
	growth := func(of func(report.Growth) string) func(int) string {
		return func(n int) string {
			for _, g := range r.Growth {
				if g.Customers == n {
					return of(g)
				}
			}
			return "–"
		}
	}
	money := func(of func(report.Projection) string) func(int) string {
		return func(n int) string {
			for _, p := range r.Projections {
				if p.Customers == n {
					return of(p)
				}
			}
			return "–"
		}
	}
	line("Customers", whole)
	line("Revenue", money(func(p report.Projection) string { return p.Revenue.Format() }))
	line("Costs", money(func(p report.Projection) string { return p.Costs().Format() }))
	line("Profit", money(func(p report.Projection) string { return p.Profit().Format() }))
	line("Margin", money(func(p report.Projection) string { return p.Margin }))
	line("Units, accounts and attachments", growth(func(g report.Growth) string { return whole(g.Resources.Total) }))
	line("Accounts in the fullest unit", growth(func(g report.Growth) string { return whole(g.Largest) }))
	line("Deploying all of it anew", growth(func(g report.Growth) string { return span(g.Took.Round(time.Second)) }))
	return result
}
