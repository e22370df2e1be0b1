// Package compliance holds what frameworks demand, which checks of an AWS
// account touch which of their controls, and what findings say of them.
// Findings come in, of one account; per control a status, the checks behind it
// and since when goes out. It reads no AWS, keeps nothing and knows no clock:
// every date is one of the evidence.
//
// That a check touches a control is coverage. It is not satisfaction: a control
// asks for more than any reading of settings can tell.
package compliance

import (
	"bytes"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Version is that of the table of checks and of how statuses follow from
// findings. Every report states it.
const Version = "2026-11-23"

// Check is one thing that is looked at in an account.
type Check struct {
	ID       string `json:"id"`       // landlord's own: "s3.versioning"
	Title    string `json:"title"`    // what is so when it passes
	Service  string `json:"service"`  // of AWS
	Scope    string `json:"scope"`    // "global", once an account, or "regional"
	Severity string `json:"severity"` // critical, high, medium or low

	Calls       []string `json:"-"` // the reads that decide it: "s3:GetBucketVersioning"
	Rules       []string `json:"-"` // identifiers of AWS Config's managed rules; see Identifier
	SecurityHub []string `json:"-"` // ids of its controls
	Prowler     []string `json:"-"` // names of its checks

	touches map[string][]Mapping // by edition of a framework
}

// Mapping says that a check touches a control, and who says so.
type Mapping struct {
	Control   string
	Confirmed bool   // two sources agree, or AWS's own says it
	Sources   string // who says so, in words
}

// Severities are the words of Check.Severity, the worst first.
var Severities = []string{"critical", "high", "medium", "low"}

//go:embed checks.tsv
var checksFile []byte

//go:embed controls.tsv
var controlsFile []byte

var (
	checks = readChecks()
	byID   = identified()
)

// Checks returns all checks, in the table's order.
func Checks() []*Check { return checks }

// Named returns the checks that a name is of: landlord's own id, a check of
// Prowler, a rule of AWS Config or a control of Security Hub. One that nobody
// knows is of none.
func Named(name string) []*Check { return byID[name] }

// Identifier is what AWS calls a managed rule of Check.Rules. Checks that one rule
// decides with other parameters for each have it under names of their own:
// "IAM_PASSWORD_POLICY:reuse".
func Identifier(rule string) string {
	id, _, _ := strings.Cut(rule, ":")
	return id
}

// RuleName is what a rule of Check.Rules is called in a conformance pack.
func RuleName(rule string) string {
	return strings.NewReplacer("_", "-", ":", "-").Replace(strings.ToLower(rule))
}

// names are all that findings of the check are called by.
func (c *Check) names() []string {
	names := slices.Concat([]string{c.ID}, c.Prowler, c.Rules, c.SecurityHub)
	for _, rule := range c.Rules {
		if id := Identifier(rule); id != rule {
			names = append(names, id)
		}
	}
	return names
}

func identified() map[string][]*Check {
	m := map[string][]*Check{}
	for _, c := range checks {
		for _, name := range c.names() {
			if !slices.Contains(m[name], c) {
				m[name] = append(m[name], c)
			}
		}
	}
	return m
}

// rows reads a table of the package: a row of names, then rows of values. A table
// that does not hold together is a bug.
func rows(file []byte) (all []map[string]string) {
	lines := strings.Split(strings.TrimRight(string(bytes.TrimPrefix(file, []byte("\ufeff"))), "\n"), "\n")
	names := strings.Split(lines[0], "\t")
	for n, line := range lines[1:] {
		values := strings.Split(line, "\t")
		if len(values) != len(names) {
			panic(fmt.Sprintf("compliance: row %d has %d values for %d columns", n+2, len(values), len(names)))
		}
		row := map[string]string{}
		for i, name := range names {
			row[name] = values[i]
		}
		all = append(all, row)
	}
	return all
}

func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// said are the words for who says that a check touches a control.
var said = map[string]string{"P": "Prowler", "S": "Steampipe", "H": "Security Hub"}

func sources(letters string) string {
	var names []string
	for _, l := range []string{"H", "P", "S"} {
		if strings.Contains(letters, l) {
			names = append(names, said[l])
		}
	}
	return strings.Join(names, ", ")
}

func readChecks() (all []*Check) {
	for _, row := range rows(checksFile) {
		c := &Check{
			ID: row["id"], Title: row["title"], Service: row["service"], Scope: row["scope"], Severity: row["severity"],
			Calls: list(row["api_calls"]), Rules: list(row["config_rules"]), SecurityHub: list(row["sechub"]), Prowler: list(row["prowler"]),
			touches: map[string][]Mapping{},
		}
		touch := func(edition, column string, confirmed bool, by string) {
			for _, id := range list(row[column]) {
				c.touches[edition] = append(c.touches[edition], Mapping{id, confirmed, by})
			}
		}
		for _, v := range []string{"v3", "v5", "v6"} {
			by := row["cis_"+v+"_sources"]
			touch("CIS "+v, "cis_"+v, len(by) > 1, sources(by))
		}
		for _, f := range []string{"hipaa", "soc2"} {
			edition := map[string]string{"hipaa": "HIPAA", "soc2": "SOC 2"}[f]
			touch(edition, f, true, sources("PS"))
			touch(edition, f+"_single", false, "only one of Prowler, Steampipe")
		}
		touch("FedRAMP", "fedramp", true, sources(row["fedramp_sources"]))
		touch("FedRAMP", "fedramp_single", false, "only one of Prowler, Steampipe")
		all = append(all, c)
	}
	return all
}

// Control is one requirement of a framework: an id of the framework's own, and
// words of ours, of NIST or of the law.
type Control struct {
	ID      string
	Group   string
	Title   string
	through []string // ids of the controls that it is seen through; nil is itself
}

// Catalogue is an ordered list of controls.
type Catalogue struct {
	Name     string // with its version
	Controls []Control
}

// Framework is what a tier is held to.
type Framework struct {
	Name       string // as in the portfolio: "SOC 2"
	Edition    string // "v5" of CIS, else ""
	Catalogues []Catalogue
	mapped     string // the edition that checks touch
}

// Editions are those that a framework can be reported in, the default first.
var Editions = map[string][]string{"CIS": {"v5", "v3", "v6"}}

// Frameworks are the names of those that landlord has controls of.
func Frameworks() []string { return []string{"SOC 2", "HIPAA", "FedRAMP", "CIS"} }

// Of returns a framework in an edition; "" is the default.
func Of(name, edition string) (Framework, error) {
	if !slices.Contains(Frameworks(), name) {
		return Framework{}, fmt.Errorf("landlord has no controls of the framework %q", name)
	}
	f := Framework{Name: name, mapped: name}
	if editions := Editions[name]; editions != nil {
		if edition == "" {
			edition = editions[0]
		}
		if !slices.Contains(editions, edition) {
			return Framework{}, fmt.Errorf("edition %q: want %s", edition, strings.Join(editions, ", "))
		}
		f.Edition, f.mapped = edition, name+" "+edition
	} else if edition != "" {
		return Framework{}, fmt.Errorf("edition %q: this framework has only one", edition)
	}
	f.Catalogues = catalogues[f.mapped]
	return f, nil
}

// catalogues by edition of a framework.
var catalogues = readControls()

func readControls() map[string][]Catalogue {
	m := map[string][]Catalogue{}
	for _, row := range rows(controlsFile) {
		edition := row["framework"]
		if edition == "CIS" {
			number := row["catalogue"][strings.LastIndexByte(row["catalogue"], ' ')+1:]
			edition += " v" + number[:1]
		}
		all := m[edition]
		if len(all) == 0 || all[len(all)-1].Name != row["catalogue"] {
			all = append(all, Catalogue{Name: row["catalogue"]})
		}
		last := &all[len(all)-1]
		last.Controls = append(last.Controls, Control{row["id"], row["group"], row["title"], list(row["through"])})
		m[edition] = all
	}
	return m
}

// Touches returns which controls of the framework a check touches, each once.
func (f Framework) Touches(c *Check) []Mapping { return c.touches[f.mapped] }

// Effect is which controls of an edition of a framework a check touches.
type Effect struct {
	Framework Framework
	Touches   []Mapping
}

// Effects are all frameworks, in every edition, of which the check touches a control.
// They are for operators: a customer sees its own framework only.
func (c *Check) Effects() (all []Effect) {
	for _, name := range Frameworks() {
		editions := Editions[name]
		if editions == nil {
			editions = []string{""}
		}
		for _, edition := range editions {
			f, err := Of(name, edition)
			if err != nil {
				panic(err) // they are its own names
			}
			if touches := f.Touches(c); len(touches) > 0 {
				all = append(all, Effect{f, touches})
			}
		}
	}
	return all
}

// Checks returns the checks that touch a control of the framework.
func (f Framework) Checks() (all []*Check) {
	for _, c := range checks {
		if len(f.Touches(c)) > 0 {
			all = append(all, c)
		}
	}
	return all
}

// ChecksOf returns the checks that touch a control of the framework in any of its
// editions; of one that landlord has no controls of there are none.
func ChecksOf(name string) (all []*Check) {
	editions := Editions[name]
	if editions == nil {
		editions = []string{""}
	}
	for _, c := range checks {
		if slices.ContainsFunc(editions, func(e string) bool {
			f, err := Of(name, e)
			return err == nil && len(f.Touches(c)) > 0
		}) {
			all = append(all, c)
		}
	}
	return all
}

// behind returns, by control, the checks that touch it and how. An indicator that
// is seen through other controls has the checks of all of them.
func (f Framework) behind(c Control, touching map[string][]touch) []touch {
	if c.through == nil {
		return touching[c.ID]
	}
	seen := map[*Check]touch{}
	for _, id := range c.through {
		for _, t := range touching[id] {
			if old, is := seen[t.check]; !is || t.Confirmed && !old.Confirmed {
				seen[t.check] = touch{t.check, Mapping{c.ID, t.Confirmed, t.Sources}}
			}
		}
	}
	return slices.SortedFunc(maps.Values(seen), func(a, b touch) int {
		return slices.Index(checks, a.check) - slices.Index(checks, b.check)
	})
}

// touch is a check and how it touches a control.
type touch struct {
	check *Check
	Mapping
}

func (f Framework) touching() map[string][]touch {
	m := map[string][]touch{}
	for _, c := range checks {
		for _, t := range f.Touches(c) {
			m[t.Control] = append(m[t.Control], touch{c, t})
		}
	}
	return m
}
