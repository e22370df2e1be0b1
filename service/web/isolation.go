package web

import (
	"errors"
	"strings"

	"landlord/guard/guardrail"
	"landlord/portfolio"
	"landlord/service/control"
	"landlord/service/store"
	"landlord/vend/verify"
)

// isolationPage shows whether the tiers keep apart: statement by statement, tier by
// tier.
type isolationPage struct {
	shell
	Tabs    []place
	Known   bool
	Seen    moment
	Asked   breadth
	Wrong   []wrongCell
	More    int // wrong cells that are not shown
	Columns []tierColumn
	Sets    []statementSet
	Added   []addedStatement
	MayLook bool // may have AWS looked at
}

// breadth is how much was computed.
type breadth struct{ Statements, Probes, Accounts, Tiers int }

// tierColumn is the head of a tier's column.
type tierColumn struct{ Key, Name, Framework, Holds string }

// statementSet is the statements of a framework, or of all.
type statementSet struct {
	Name       string
	Statements []statementRow
}

type statementRow struct {
	Sid, Prevents string
	Probes        int
	Cells         []isolationCell
}

// isolationCell is what was computed of a statement for a tier.
type isolationCell struct {
	State  tone
	Exempt string // how many the file exempts
}

// wrongCell is a cell whose answers are not those written beside the statement.
type wrongCell struct {
	Sid, Tier, Key string // Key is the tier's
	Answers        []wrongAnswer
}

type wrongAnswer struct {
	Action, Says string
	Customers    []string
	Others       int // customers beyond those
	Newcomer     bool
}

// addedStatement is one that the portfolio adds to a tier, for which no probes are
// written.
type addedStatement struct{ Tier, Sid, Prevents string }

// mostWrong is how many wrong cells are told; the table has them all.
const mostWrong = 20

// isolation shows the matrix of tiers and statements.
func (s *Server) isolation(v *visit) error {
	p := isolationPage{shell: s.shell(v, "Do the tiers keep apart?"), MayLook: v.Person.Is(engineers)}
	err := s.Store.Operator(v.Context(), func(tx store.Tx) (err error) {
		if p.Tabs, err = s.complianceTabs(v, tx); err != nil {
			return err
		}
		proof, err := control.Proven(v.Context(), tx)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		p.Known, p.Seen = true, momentOf(v.Now, proof.Seen)
		folio, err := s.folioIn(v.Context(), tx)
		if err != nil {
			return err
		}
		p.fill(proof.Cells, folio)
		return nil
	})
	if err != nil {
		return err
	}
	return s.render(v, "isolation", p)
}

// fill makes rows of cells.
func (p *isolationPage) fill(cells []verify.Cell, folio *portfolio.Portfolio) {
	tiers := map[string]portfolio.Tier{}
	for _, t := range folio.Tiers {
		tiers[t.Key] = t
		for _, r := range t.Guardrails {
			p.Added = append(p.Added, addedStatement{t.Name, r.Sid, sentence(r.Prevents)})
		}
	}
	frameworks := frameworkNames(folio)
	rows, sets, columns := map[string]int{}, map[string]int{}, map[string]bool{}
	for _, c := range cells {
		if !columns[c.Tier] {
			columns[c.Tier] = true
			p.Columns = append(p.Columns, columnOf(c, tiers[c.Tier]))
			p.Asked.Accounts += c.Accounts
		}
		at, known := sets[c.Set]
		if !known {
			at = len(p.Sets)
			sets[c.Set] = at
			p.Sets = append(p.Sets, statementSet{Name: frameworks(c.Set)})
		}
		set := &p.Sets[at]
		row, known := rows[c.Statement]
		if !known {
			row = len(set.Statements)
			rows[c.Statement] = row
			set.Statements = append(set.Statements, statementRow{Sid: c.Statement, Prevents: sentence(guardrail.Says(c.Statement)), Probes: c.Probes})
			p.Asked.Statements, p.Asked.Probes = p.Asked.Statements+1, p.Asked.Probes+c.Probes
		}
		set.Statements[row].Cells = append(set.Statements[row].Cells, cellOf(c))
		if c.Wrong > 0 && len(p.Wrong) < mostWrong {
			p.Wrong = append(p.Wrong, wrongOf(c, tiers[c.Tier].Name))
		} else if c.Wrong > 0 {
			p.More++
		}
	}
	p.Asked.Tiers = len(p.Columns)
}

func columnOf(c verify.Cell, t portfolio.Tier) tierColumn {
	col := tierColumn{Key: c.Tier, Name: t.Name, Framework: t.Framework, Holds: count(c.Accounts, "account")}
	if col.Name == "" {
		col.Name = c.Tier
	}
	switch {
	case c.Newcomer:
		col.Holds = "whoever enters"
	case c.Accounts == 0:
		col.Holds = "no unit yet"
	}
	return col
}

// cellOf is a cell in a word, coloured only where something is wrong.
func cellOf(c verify.Cell) isolationCell {
	cell := isolationCell{State: tone{"", "allowed"}}
	switch {
	case c.Denies:
		cell.State.Word = "denied"
	case c.Denied > 0:
		cell.State.Word = "partly" // another set of the tier denies some of it
	}
	if c.Exempt > 0 {
		cell.Exempt = count(c.Exempt, "customer") + " exempt"
	}
	switch {
	case c.Accounts == 0 && !c.Newcomer:
		cell.State.Word = "not asked"
	case c.Wrong > 0:
		cell.State = tone{"bad", map[string]string{"denied": "not denied", "allowed": "not allowed", "partly": "not as written"}[cell.State.Word]}
	case c.Denies:
		cell.State.Class = "held"
	}
	return cell
}

func wrongOf(c verify.Cell, tier string) wrongCell {
	w := wrongCell{Sid: c.Statement, Tier: tier, Key: c.Tier}
	if tier == "" {
		w.Tier = c.Tier
	}
	for _, a := range c.Faults {
		w.Answers = append(w.Answers, wrongAnswer{a.Action, sentence(a.Says), a.Customers, a.Accounts - len(a.Customers), c.Newcomer})
	}
	return w
}

// frameworkNames says what the set of each slug is called.
func frameworkNames(folio *portfolio.Portfolio) func(slug string) string {
	names := map[string]string{guardrail.Base: "Every tier"}
	for _, slug := range guardrail.Known() {
		names[slug] = strings.ToUpper(slug)
		for _, r := range guardrail.Rules(slug) {
			for framework := range r.Controls {
				if guardrail.Slug(framework) == slug {
					names[slug] = framework
				}
			}
		}
	}
	for _, t := range folio.Tiers {
		if slug := guardrail.Slug(t.Framework); names[slug] != "" {
			names[slug] = t.Framework
		}
	}
	return func(slug string) string { return named(names, slug) }
}
