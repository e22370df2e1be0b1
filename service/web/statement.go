package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"landlord/guard/guardrail"
	"landlord/portfolio"
	"landlord/service/control"
	"landlord/service/store"
)

// statementPage is a statement: what it says, what it is for, and whether it holds.
type statementPage struct {
	shell
	Set      string
	Prevents string
	Basis    string // where what it lists is from
	Text     string // as the only statement of a policy
	Controls []controlsOf
	Seen     moment
	Tiers    []statementTier
	Probes   []probeLine
}

// controlsOf are the controls of a framework that a statement serves.
type controlsOf struct {
	Framework string
	IDs       []string
}

// statementTier is what was computed of the statement for a tier.
type statementTier struct {
	tierColumn
	isolationCell
	Wrong wrongCell
}

// probeLine is a call that was evaluated, and what is expected of it in the accounts
// of a tier that has the statement.
type probeLine struct {
	Action, Resource, As, With string
	Denied                     bool
	Also                       string // whose sets deny it too
}

// statement shows one statement of the sets.
func (s *Server) statement(v *visit) error {
	sid := v.PathValue("statement")
	rule, is := ruleOf(sid)
	if !is {
		return problem{Status: http.StatusNotFound, Title: "No such statement", Detail: "No set has a statement " + sid + "."}
	}
	p := statementPage{shell: s.shell(v, sid), Prevents: sentence(rule.Prevents), Basis: rule.Basis, Text: documentOf(rule)}
	for _, framework := range slices.Sorted(maps.Keys(rule.Controls)) {
		p.Controls = append(p.Controls, controlsOf{framework, rule.Controls[framework]})
	}
	err := s.Store.Operator(v.Context(), func(tx store.Tx) error {
		folio, err := s.folioIn(v.Context(), tx)
		if errors.Is(err, ErrNoPortfolio) {
			folio, err = new(portfolio.Portfolio), nil
		}
		if err != nil {
			return err
		}
		frameworks := frameworkNames(folio)
		p.Set = frameworks(rule.Set)
		for _, probe := range rule.Probes {
			p.Probes = append(p.Probes, probeOf(probe, frameworks))
		}
		proof, err := control.Proven(v.Context(), tx)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		p.Seen = momentOf(v.Now, proof.Seen)
		for _, c := range proof.Cells {
			if c.Statement != sid {
				continue
			}
			tier, _ := folio.Tier(c.Tier)
			p.Tiers = append(p.Tiers, statementTier{columnOf(c, tier), cellOf(c), wrongOf(c, tier.Name)})
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.render(v, "statement", p)
}

// ruleOf is the rule of landlord's sets that has the Sid.
func ruleOf(sid string) (guardrail.Rule, bool) {
	for _, slug := range append(guardrail.Known(), guardrail.Base) {
		for _, r := range guardrail.Rules(slug) {
			if r.Sid == sid {
				return r, true
			}
		}
	}
	return guardrail.Rule{}, false
}

// documentOf is a policy of that statement alone, for people to read.
func documentOf(r guardrail.Rule) string {
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(guardrail.Compile(r.Set, []guardrail.Rule{r}).Document), "", "  "); err != nil {
		panic(err) // Compile writes JSON
	}
	return b.String()
}

// probeOf says a probe in short: who asks, for what, and what of the context is
// its own.
func probeOf(p guardrail.Probe, frameworks func(string) string) probeLine {
	l := probeLine{Action: p.Action, Resource: p.Resource, Denied: p.Denied}
	for _, key := range slices.Sorted(maps.Keys(p.Context)) {
		value := strings.Join(p.Context[key], ", ")
		switch {
		case key == "aws:PrincipalArn":
			l.As = value[strings.LastIndex(value, ":")+1:]
		case key == "aws:PrincipalAccount", key == "aws:SecureTransport" && value == "true", key == "aws:RequestedRegion" && value == "us-east-1":
		default:
			l.With += fmt.Sprintf("%s=%s ", key, value)
		}
	}
	var also []string
	for _, slug := range p.Also {
		also = append(also, frameworks(slug))
	}
	l.With, l.Also = strings.TrimSpace(l.With), strings.Join(also, ", ")
	return l
}
