package guardrail

import (
	"fmt"
	"slices"
)

// Request is one call that somebody wants to make.
//
//	Action    service and operation, "organizations:CreateAccount"
//	Resource  the ARN it acts on; empty where nothing narrower than "*" is known
//	Context   condition keys by name, whose case does not count. A key with no
//	          values is absent, and so is one that is not there, as in AWS
//	Unknown   tells which keys that are not in Context are not absent but not
//	          known to whoever asks; nil is none of them. It is given the key in
//	          lower case. A statement that hangs on such a key opens no door and
//	          does not keep one open: an Allow does not hold, a Deny does
type Request struct {
	Action   string
	Resource string
	Context  map[string][]string
	Unknown  func(key string) bool
}

// Reason says why a request is allowed or not, in AWS's words where it has one.
type Reason string

// The reasons of a Decision.
const (
	IsAllowed         Reason = "allowed"           // every level allows it and none denies it
	ExplicitDeny      Reason = "explicitDeny"      // a statement denies it
	ImplicitDeny      Reason = "implicitDeny"      // at some level nothing allows it
	ServiceLinkedRole Reason = "serviceLinkedRole" // allowed: no policy of an organization limits these roles
	ManagementAccount Reason = "managementAccount" // allowed: nor this account
)

// Decision is what policies say of a request, and which says it: of an explicit
// deny the first statement from the root down, of an implicit one the first level
// at which nothing allows. What nothing can be said of is -1.
type Decision struct {
	Allowed   bool
	Reason    Reason
	Level     int // from 0, the root
	Policy    int // within the level
	Statement int // within the policy
	Sid       string
	Unsure    bool // of a deny: it hangs on keys that Request.Unknown does not know
}

func undecided(r Reason) Decision {
	return Decision{Allowed: r != ExplicitDeny && r != ImplicitDeny, Reason: r, Level: -1, Policy: -1, Statement: -1}
}

// Decide tells whether service control policies, or resource control policies,
// let a request through. levels are the policies attached to the root, to each
// unit on the way down and to the account: every level must allow the request
// and none may deny it. No level permits nothing. What is never limited is not
// asked here: Principal.Unlimited tells.
//
// Source: Organizations user guide, "SCP evaluation", "RCP evaluation".
func Decide(levels [][]*Prepared, request Request) Decision {
	a := ask(request)
	decided := undecided(IsAllowed)
	if len(levels) == 0 {
		decided = undecided(ImplicitDeny)
	}
	for i, level := range levels {
		allowed := no
		for j, p := range level {
			said := p.judge(a)
			if said.denied == yes || said.denied == unknown && (decided.Allowed || decided.Unsure && decided.Reason == ImplicitDeny) {
				decided = Decision{Reason: ExplicitDeny, Level: i, Policy: j, Statement: said.by, Unsure: said.denied == unknown}
				if said.by >= 0 {
					decided.Sid = p.statements[said.by].sid
				}
			}
			if said.denied == yes {
				return decided
			}
			allowed = max(allowed, said.allowed)
		}
		if allowed != yes && (decided.Reason == IsAllowed || decided.Unsure && allowed == no) {
			decided = undecided(ImplicitDeny)
			decided.Level, decided.Unsure = i, allowed == unknown
		}
	}
	return decided
}

// Allowed tells whether identity policies let a request through: at least one
// statement allows it and none denies it. No document allows nothing.
func Allowed(identity []Document, request Request) bool {
	return Permitted([][]Document{identity}, request)
}

// Permitted is what Decide allows. Whoever asks often prepares the documents once.
func Permitted(levels [][]Document, request Request) bool {
	return Decide(PrepareLevels(levels), request).Allowed
}

// PrepareLevels prepares the documents of every level.
func PrepareLevels(levels [][]Document) [][]*Prepared {
	all := make([][]*Prepared, len(levels))
	for i, level := range levels {
		for j := range level {
			all[i] = append(all[i], level[j].Prepare())
		}
	}
	return all
}

// Prepared is a document made ready to be judged by many times. It is never
// changed, so many may ask it at once.
type Prepared struct {
	statements []prepared
	broken     bool // not of a document that was parsed: it denies everything
}

type prepared struct {
	sid          string
	denies       bool
	actions      []string
	notActions   bool
	resources    []template
	notResources bool
	checks       []check
}

// Prepare makes a document ready. One that ParseDocument would not have made
// denies everything.
func (d *Document) Prepare() *Prepared {
	p := &Prepared{statements: make([]prepared, len(d.Statements))}
	variables := d.Version == version2012
	for i := range d.Statements {
		s := &d.Statements[i]
		if s.check() != nil || p.statements[i].prepare(s, s.Condition.clauses(), variables) != nil {
			return &Prepared{broken: true}
		}
	}
	return p
}

// prepare makes a statement ready that was checked; clauses are its condition.
func (p *prepared) prepare(s *Statement, clauses []clause, variables bool) error {
	p.sid, p.denies = s.Sid, s.Effect == Deny
	p.notActions, p.notResources = len(s.NotActions) > 0, len(s.NotResources) > 0
	if p.actions = s.Actions; p.notActions {
		p.actions = s.NotActions
	}
	resources := s.Resources
	if p.notResources {
		resources = s.NotResources
	}
	var err error
	p.resources = make([]template, 0, len(resources))
	for _, resource := range resources {
		if p.resources, err = addResource(p.resources, resource, variables); err != nil {
			return err
		}
	}
	if len(clauses) > 0 {
		p.checks = make([]check, len(clauses))
	}
	for i, c := range clauses {
		if p.checks[i], err = newCheck(c, variables); err != nil {
			return fmt.Errorf("%s %s: %w", c.operator, c.key, err)
		}
	}
	return nil
}

// verdict is what one document says about a request.
type verdict struct {
	allowed, denied answer
	by              int // the statement that denies; -1 if the document itself does
}

// judge asks a document: its first statement that certainly denies decides, else
// the first that perhaps does.
func (p *Prepared) judge(a *asked) verdict {
	said := verdict{by: -1}
	if p.broken {
		said.denied = yes
		return said
	}
	for i := range p.statements {
		s := &p.statements[i]
		if !s.denies {
			if said.allowed != yes {
				said.allowed = max(said.allowed, s.holds(a))
			}
		} else if holds := s.holds(a); holds > said.denied {
			said.denied, said.by = holds, i
			if holds == yes {
				break
			}
		}
	}
	return said
}

// holds tells whether the statement speaks of the request and its conditions are met.
func (p *prepared) holds(a *asked) answer {
	if slices.ContainsFunc(p.actions, func(pattern string) bool { return matchAction(pattern, a.action) }) == p.notActions {
		return no
	}
	named := no
	for i := range p.resources {
		if named = max(named, p.resources[i].matches(a, a.resource)); named == yes {
			break
		}
	}
	if p.notResources {
		named = named.not()
	}
	for i := range p.checks {
		if named == no {
			break
		}
		named = min(named, p.checks[i].holds(a))
	}
	return named
}

// asked is a request while it is judged.
type asked struct {
	action   string // lower case
	resource string
	request  Request
	folded   map[string][]string // the context by keys in lower case, once it is needed
}

func ask(r Request) *asked {
	a := &asked{action: lower(r.Action), resource: r.Resource, request: r}
	if a.resource == "" {
		a.resource = "*"
	}
	return a
}

// lookup finds a condition key, given as the policy writes it and in lower case.
func (a *asked) lookup(key, folded string) (values []string, known bool) {
	if values, ok := a.request.Context[key]; ok {
		return values, true
	}
	if a.folded == nil {
		a.folded = make(map[string][]string, len(a.request.Context))
		for name, values := range a.request.Context {
			a.folded[lower(name)] = values
		}
	}
	if values, ok := a.folded[folded]; ok {
		return values, true
	}
	return nil, a.request.Unknown == nil || !a.request.Unknown(folded)
}

// lower makes ASCII letters small; the names of actions and keys have no others.
func lower(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			small := []byte(s)
			for ; i < len(small); i++ {
				small[i] = lowerByte(small[i])
			}
			return string(small)
		}
	}
	return s
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// answer is whether something holds. What cannot be told is unknown.
type answer int

const (
	no answer = iota
	unknown
	yes
)

func (a answer) not() answer { return yes - a }

func truth(b bool) answer {
	if b {
		return yes
	}
	return no
}
