package web

import (
	"encoding/csv"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"landlord/internal/money"
	"landlord/service/store"
)

type customersPage struct {
	shell
	All, Failing int
	MRR          string
	MayAdd       bool
	CSV          string // the address of the export of what is shown
	Query, Sort  string
	Filtered     bool
	Choices      []choice
	Heads        []columnHead
	Rows         []customerRow
	Paging       paging
}

// choice is a filter of which one value is chosen.
type choice struct {
	Name, Label string
	Options     []option
}

type option struct {
	Value, Label string
	Chosen       bool
}

// columnHead is the head of a column, and where it leads to sort by it.
type columnHead struct {
	Name, Class, To, Order string
}

type customerRow struct {
	Key, Name, Found       string
	Tier, Framework        string
	State, Health          tone
	Account, Region, Price string
}

// paging is which part of a list is shown, and the way on.
type paging struct {
	Shown, Before, After string
}

// mostRows is how many customers a page shows.
const mostRows = 50

// customers is the directory: all, those found, those filtered.
func (s *Server) customers(v *visit) error {
	q := searchOf(v)
	page := max(1, atoi(v.FormValue("page")))
	q.Offset, q.Limit = (page-1)*mostRows, mostRows
	p := customersPage{shell: s.shell(v, "Customers"), Query: v.FormValue("q"), Sort: q.Sort, MayAdd: v.Person.Is(engineers)}
	p.Filtered = q.Tier+q.Framework+q.Region+q.State != "" || q.Failing
	err := s.Store.Operator(v.Context(), func(tx store.Tx) error {
		found, all, err := tx.Search(v.Context(), q)
		if err != nil {
			return err
		}
		names := s.tierNames(v, tx)
		for _, c := range found {
			p.Rows = append(p.Rows, rowOf(c, names, p.Query))
		}
		p.Paging = pagingOf(v, page, len(found), all)
		if v.partial() {
			p.All = all
			return nil
		}
		tallies, err := tx.Tallies(v.Context())
		if err != nil {
			return err
		}
		regions, err := tx.Regions(v.Context())
		if err != nil {
			return err
		}
		p.All, p.Failing, p.MRR = sumUp(tallies)
		p.Choices = choicesOf(q, tallies, regions, names)
		return nil
	})
	if err != nil {
		return err
	}
	p.Heads = headsOf(v, q.Sort)
	p.CSV = "/customers.csv?" + v.URL.RawQuery
	if v.partial() {
		return s.renderPart(v, "customers", "rows", p)
	}
	return s.render(v, "customers", p)
}

// searchOf is what the address asks for.
func searchOf(v *visit) store.Search {
	q := store.Search{Text: v.FormValue("q"), Tier: v.FormValue("tier"), Framework: v.FormValue("framework"), Region: v.FormValue("region"), State: v.FormValue("state"),
		Failing: v.FormValue("health") == "failing", Sort: v.FormValue("sort")}
	if !slices.Contains([]string{"name", "tier", "state", "price"}, strings.TrimPrefix(q.Sort, "-")) {
		q.Sort = ""
	}
	return q
}

func atoi(text string) int {
	n, _ := strconv.Atoi(text)   // what is no number asks for nothing
	return min(n, math.MaxInt32) // a page of as many rows is still a number
}

// tierNames are the names of the tiers of the portfolio in force, by key.
func (s *Server) tierNames(v *visit, tx store.Tx) map[string]string {
	names := map[string]string{}
	folio, err := s.folioIn(v.Context(), tx)
	if err != nil {
		return names // keys do
	}
	for _, t := range folio.Tiers {
		names[t.Key] = t.Name
	}
	return names
}

func named(names map[string]string, key string) string {
	if name := names[key]; name != "" {
		return name
	}
	return key
}

func rowOf(c store.Listed, names map[string]string, query string) customerRow {
	r := customerRow{Key: c.Key, Name: c.Name, Tier: named(names, c.Tier), Framework: c.Framework, State: stateOf(c.State), Account: c.Account, Region: c.Region, Price: price(c.Customer)}
	switch {
	case !c.Checked:
		r.Health = tone{"", "not checked"}
	case c.Failed:
		r.Health = stateOf("failed")
	default:
		r.Health = stateOf("passed")
	}
	if q := strings.ToLower(query); q != "" && !strings.Contains(strings.ToLower(c.Key+" "+c.Name+" "+c.Account), q) && strings.Contains(strings.ToLower(c.Email), q) {
		r.Found = c.Email
	}
	return r
}

// price is what a customer pays a month.
func price(c store.Customer) string { return amount(c.Price, c.Currency) }

func amount(sum money.Cents, currency string) string {
	if currency == "USD" || currency == "" {
		return sum.Format()
	}
	return strings.TrimPrefix(sum.Format(), "$") + " " + currency
}

// sumUp is how many customers there are, how many of them fail a check, and what
// they pay.
func sumUp(tallies []store.Tally) (all, failing int, mrr string) {
	sums := map[string]money.Cents{}
	var currencies []string
	for _, t := range tallies {
		all, failing = all+t.Customers, failing+t.Failing
		if _, known := sums[t.Currency]; !known {
			currencies = append(currencies, t.Currency)
		}
		sums[t.Currency] += t.Price
	}
	slices.Sort(currencies)
	var parts []string
	for _, c := range currencies {
		parts = append(parts, amount(sums[c], c))
	}
	return all, failing, strings.Join(parts, " and ")
}

func choicesOf(q store.Search, tallies []store.Tally, regions []string, names map[string]string) []choice {
	var tiers, frameworks []string
	for _, t := range tallies {
		tiers, frameworks = append(tiers, t.Tier), append(frameworks, t.Framework)
	}
	one := func(name, label, chosen string, values []string, called func(string) string) choice {
		c := choice{Name: name, Label: label}
		slices.Sort(values)
		for _, v := range slices.Compact(values) {
			c.Options = append(c.Options, option{v, called(v), v == chosen})
		}
		return c
	}
	same := func(s string) string { return s }
	health := ""
	if q.Failing {
		health = "failing"
	}
	return []choice{
		one("tier", "Tier", q.Tier, tiers, func(key string) string { return named(names, key) }),
		one("framework", "Framework", q.Framework, frameworks, same),
		one("region", "Region", q.Region, regions, same),
		one("state", "State", q.State, []string{store.Wanted, store.Active, store.Suspended, store.Closed, store.Departed}, same),
		one("health", "Checks", health, []string{"failing"}, same),
	}
}

func headsOf(v *visit, sort string) []columnHead {
	heads := []columnHead{{Name: "Name"}, {Name: "Tier"}, {Name: "State"}, {Name: "Checks"}, {Name: "Account", Class: "less"}, {Name: "Price a month", Class: "n"}}
	if sort == "" {
		sort = "name"
	}
	for i, by := range []string{"name", "tier", "state", "", "", "price"} {
		h := &heads[i]
		to := by
		switch {
		case by == "":
			continue
		case sort == by:
			h.Order, to = "ascending", "-"+by
		case sort == "-"+by:
			h.Order = "descending"
		}
		h.To = with(v.URL, "sort", to)
	}
	return heads
}

func pagingOf(v *visit, page, shown, all int) paging {
	first := (page-1)*mostRows + 1
	p := paging{Shown: fmt.Sprintf("%s to %s of %s", whole(first), whole(first+shown-1), whole(all))}
	if all <= mostRows {
		p.Shown = count(all, "customer")
	}
	if page > 1 {
		p.Before = with(v.URL, "page", strconv.Itoa(page-1))
	}
	if first+shown-1 < all {
		p.After = with(v.URL, "page", strconv.Itoa(page+1))
	}
	return p
}

// customersCSV is what the same filters leave, all of it.
func (s *Server) customersCSV(v *visit) error {
	q := searchOf(v)
	q.Limit = 1_000_000
	var found []store.Listed
	err := s.Store.Operator(v.Context(), func(tx store.Tx) (err error) {
		if found, _, err = tx.Search(v.Context(), q); err != nil {
			return err
		}
		return s.record(v, tx, act{did: "customers.export", after: count(len(found), "customer")})
	})
	if err != nil {
		return err
	}
	v.Header().Set("Content-Type", "text/csv; charset=utf-8")
	v.Header().Set("Content-Disposition", `attachment; filename="customers.csv"`)
	v.w.WriteHeader(http.StatusOK)
	w := csv.NewWriter(v.w)
	_ = w.Write([]string{"key", "name", "tier", "framework", "state", "checks", "account", "email", "unit", "region", "segment", "price", "currency"})
	for _, c := range found {
		row := []string{c.Key, c.Name, c.Tier, c.Framework, c.State, rowOf(c, nil, "").Health.Word, c.Account, c.Email, c.Unit, c.Region, c.Segment, c.Price.String(), c.Currency}
		for i := range row {
			row[i] = inert(row[i])
		}
		_ = w.Write(row)
	}
	w.Flush()
	if err := w.Error(); err != nil {
		s.log.Debug("answer not taken", "path", v.URL.Path, "err", err) // the reader is gone
	}
	return nil
}

// inert is a text that no spreadsheet takes for a formula.
// Source: OWASP, "CSV Injection".
func inert(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
