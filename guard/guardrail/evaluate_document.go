package guardrail

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Effects of a statement.
const (
	Allow = "Allow"
	Deny  = "Deny"
)

// Versions of the policy language. Only the newer one has policy variables; it is
// not the one of a document that names none.
//
// Source: IAM user guide, "IAM JSON policy elements: Version".
const (
	version2012 = "2012-10-17"
	version2008 = "2008-10-17"
)

// Document is a policy document of IAM: an identity policy, a service control
// policy or a resource control policy. The zero Document says nothing.
type Document struct {
	Version    string
	ID         string
	Statements []Statement
}

// Statement is one statement of a document: it has Actions or NotActions, and
// Resources or NotResources, never both. Principals it has in resource control
// policies only, and there they are everybody.
type Statement struct {
	Sid          string
	Effect       string
	Principals   []string
	Actions      []string
	NotActions   []string
	Resources    []string
	NotResources []string
	Condition    Condition
}

// ParseDocument reads a policy document as strictly as AWS does: names exactly
// as written, none twice, none unknown, nothing after the end; each Sid letters
// and digits, and of one statement; resources ARNs or "*"; conditions of known
// operators, with values that the operator can compare; policy variables where
// they may stand. A document with a Principal is refused: neither an identity
// policy nor a service control policy has one.
//
// Source: IAM user guide, "Grammar of the IAM JSON policy language" and "IAM JSON
// policy elements" (Sid, Resource, Condition operators, Variables and tags);
// Organizations user guide, "SCP syntax": the same language.
func ParseDocument(raw []byte) (Document, error) {
	d, _, err := parse(string(raw))
	if err == nil && bound(d) {
		err = errors.New("policy document: Principal: no such element in a service control policy or an identity policy")
	}
	if err == nil {
		err = d.checkSids()
	}
	if err != nil {
		return Document{}, err
	}
	return d, nil
}

// ParseServiceControl reads a service control policy that AWS would keep.
//
// Source: Organizations user guide, "SCP syntax": its Version.
func ParseServiceControl(raw []byte) (Document, error) {
	d, err := ParseDocument(raw)
	if err == nil {
		err = current(d)
	}
	return d, err
}

// ParseResourceControl reads a resource control policy that AWS would keep, or
// AWS's own RCPFullAWSAccess: nothing but Deny, for every principal, of actions
// that are named.
//
// Source: Organizations user guide, "RCP syntax".
func ParseResourceControl(raw []byte) (Document, error) {
	d, _, err := parse(string(raw))
	if err == nil {
		err = current(d)
	}
	if err == nil {
		err = d.checkSids()
	}
	if err == nil {
		err = resourceControl(d)
	}
	return d, err
}

// Read reads a service or a resource control policy and makes it ready to be
// judged by. Unlike AWS on CreatePolicy it takes one of the language's older
// version, one that names none, and a Sid of any characters, by which nothing is
// judged.
func Read(raw []byte) (Document, *Prepared, error) { return read(string(raw)) }

func read(text string) (Document, *Prepared, error) {
	d, p, err := parse(text)
	if err == nil && bound(d) {
		err = resourceControl(d)
	}
	return d, p, err
}

// ready is what read makes ready.
func ready(text string) (*Prepared, error) {
	d, clauses, p, err := parseDocument(text)
	if err == nil && bound(d) {
		d.condition(clauses)
		err = resourceControl(d)
	}
	return p, err
}

// bound tells whether a statement names principals.
func bound(d Document) bool {
	return slices.ContainsFunc(d.Statements, func(s Statement) bool { return s.Principals != nil })
}

func current(d Document) error {
	if d.Version != version2012 {
		return fmt.Errorf("policy document: Version: want %s", version2012)
	}
	return nil
}

// resourceControl tells why a document is no resource control policy.
func resourceControl(d Document) error {
	full := d.Statements[0]
	if len(d.Statements) == 1 && full.Effect == Allow && len(full.Condition) == 0 && slices.Equal(full.Principals, []string{"*"}) &&
		slices.Equal(full.Actions, []string{"*"}) && slices.Equal(full.Resources, []string{"*"}) {
		return nil
	}
	for i, s := range d.Statements {
		wrong := ""
		switch {
		case !slices.Equal(s.Principals, []string{"*"}):
			wrong = `Principal: a resource control policy wants "*"`
		case s.Effect != Deny:
			wrong = "Effect: a resource control policy wants Deny; only RCPFullAWSAccess allows"
		case len(s.NotActions) > 0:
			wrong = "NotAction: no such element in a resource control policy"
		case slices.Contains(s.Actions, "*"):
			wrong = "Action: a resource control policy wants a service before the *"
		default:
			continue
		}
		return fmt.Errorf("policy document: statement %d: %s", i+1, wrong)
	}
	return nil
}

// parse reads a document and makes it ready.
func parse(text string) (Document, *Prepared, error) {
	d, clauses, p, err := parseDocument(text)
	if err != nil {
		return Document{}, nil, err
	}
	d.condition(clauses)
	return d, p, nil
}

// condition gives each statement its condition.
func (d *Document) condition(clauses [][]clause) {
	for i, all := range clauses {
		for _, c := range all {
			if d.Statements[i].Condition == nil {
				d.Statements[i].Condition = Condition{}
			}
			if d.Statements[i].Condition[c.operator] == nil {
				d.Statements[i].Condition[c.operator] = map[string][]string{}
			}
			d.Statements[i].Condition[c.operator][c.key] = c.values
		}
	}
}

// parseDocument reads a document whose statements have their conditions beside
// them, and makes it ready.
func parseDocument(text string) (Document, [][]clause, *Prepared, error) {
	d, clauses, p, err := parseElements(strings.Trim(text, spaces))
	if err != nil {
		if broken := whole(text); broken != nil {
			err = broken
		}
		return Document{}, nil, nil, fmt.Errorf("policy document: %w", err)
	}
	return d, clauses, p, nil
}

func parseElements(text string) (d Document, clauses [][]clause, p *Prepared, err error) {
	var room [4]member
	fields, err := object(text, room[:0])
	if err != nil {
		return d, nil, nil, err
	}
	for _, f := range fields {
		switch f.name {
		case "Version":
			d.Version, err = unquote(f.value)
		case "Id":
			d.ID, err = unquote(f.value)
		case "Statement":
			if d.Statements, clauses, err = parseStatements(f.value); err != nil {
				return d, nil, nil, err // which says of which statement
			}
		default:
			err = errors.New("no such element")
		}
		if err != nil {
			return d, nil, nil, fmt.Errorf("%s: %w", short(f.name), err)
		}
	}
	switch {
	case d.Version != "" && d.Version != version2012 && d.Version != version2008:
		return d, nil, nil, fmt.Errorf("version %q: want %s", d.Version, version2012)
	case len(d.Statements) == 0:
		return d, nil, nil, errors.New("no Statement")
	}
	p = &Prepared{statements: make([]prepared, len(d.Statements))}
	for i := range d.Statements {
		if err := p.statements[i].prepare(&d.Statements[i], clauses[i], d.Version == version2012); err != nil {
			return d, nil, nil, fmt.Errorf("statement %d: %w", i+1, err)
		}
	}
	return d, clauses, p, nil
}

func parseStatements(raw string) ([]Statement, [][]clause, error) {
	var room [64]string
	parts, err := list(raw, room[:0])
	if err != nil {
		return nil, nil, err
	}
	statements, clauses := make([]Statement, len(parts)), make([][]clause, len(parts))
	sids := make(map[string]bool, len(parts))
	for i, part := range parts {
		if clauses[i], err = statements[i].parse(part); err == nil && sids[statements[i].Sid] {
			err = fmt.Errorf("sid %q stands twice", statements[i].Sid)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("statement %d: %w", i+1, err)
		}
		sids[statements[i].Sid] = statements[i].Sid != ""
	}
	return statements, clauses, nil
}

func (s *Statement) parse(raw string) (condition []clause, err error) {
	var room [8]member
	fields, err := object(raw, room[:0])
	if err != nil {
		return nil, err
	}
	for _, f := range fields {
		switch f.name {
		case "Sid":
			s.Sid, err = unquote(f.value)
		case "Effect":
			s.Effect, err = unquote(f.value)
		case "Principal":
			s.Principals, err = principals(f.value)
		case "Action":
			s.Actions, err = actions(f.value)
		case "NotAction":
			s.NotActions, err = actions(f.value)
		case "Resource":
			s.Resources, err = resources(f.value)
		case "NotResource":
			s.NotResources, err = resources(f.value)
		case "Condition":
			condition, err = parseCondition(f.value)
		default:
			err = errors.New("no such element")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", short(f.name), err)
		}
	}
	return condition, s.check()
}

// check tells what no statement can do without, or with.
func (s *Statement) check() error {
	switch {
	case s.Effect != Allow && s.Effect != Deny:
		return fmt.Errorf("effect %q: want Allow or Deny", s.Effect)
	case (len(s.Actions) > 0) == (len(s.NotActions) > 0):
		return errors.New("want one of Action and NotAction")
	case (len(s.Resources) > 0) == (len(s.NotResources) > 0):
		return errors.New("want one of Resource and NotResource")
	}
	return nil
}

// principals reads whom a resource control policy is about: everybody, in one of
// the two ways of writing it.
//
// Source: Organizations user guide, "RCP syntax", Principal; IAM user guide, "AWS
// JSON policy elements: Principal", All principals.
func principals(raw string) ([]string, error) {
	if raw[0] == '{' {
		named, err := object(raw, nil)
		if err != nil || len(named) != 1 || named[0].name != "AWS" {
			return nil, errors.Join(errors.New(`want "*"`), err)
		}
		raw = named[0].value
	}
	who, err := texts(raw)
	if err == nil && !slices.Equal(who, []string{"*"}) {
		err = fmt.Errorf("%q: want \"*\"", who)
	}
	return who, err
}

// actions reads one action or a list: "*", or a service, a colon and a name.
func actions(raw string) ([]string, error) {
	list, err := texts(raw)
	for _, action := range list {
		service, name, ok := strings.Cut(action, ":")
		if action != "*" && (!ok || service == "" || name == "" || strings.ContainsAny(action, " \t\r\n") || strings.Contains(name, ":")) {
			return nil, fmt.Errorf("%q: want service:action", action)
		}
	}
	return list, err
}

// checkSids refuses what AWS takes for no name of a statement. It may be empty.
//
// Source: IAM user guide, "IAM JSON policy elements: Sid".
func (d *Document) checkSids() error {
	for i, s := range d.Statements {
		for _, c := range s.Sid {
			if !('A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9') {
				return fmt.Errorf("policy document: statement %d: Sid: %q: want letters and digits", i+1, s.Sid)
			}
		}
	}
	return nil
}

// resources reads one resource or a list: "*", or an ARN, of which AWS takes
// fields that are missing at the end for any.
//
// Source: IAM user guide, "IAM JSON policy elements: Resource" and "Identify AWS
// resources with Amazon Resource Names".
func resources(raw string) ([]string, error) {
	list, err := texts(raw)
	for _, resource := range list {
		partition, ok := strings.CutPrefix(resource, "arn:")
		partition, service, more := strings.Cut(partition, ":")
		if resource != "*" && !(ok && more && partition != "" && service != "" && service[0] != ':') {
			return nil, fmt.Errorf("%q: want an ARN or \"*\"", resource)
		}
	}
	return list, err
}

func parseCondition(raw string) ([]clause, error) {
	var room, more [8]member
	operators, err := object(raw, room[:0])
	if err != nil {
		return nil, err
	}
	all := make([]clause, 0, len(operators))
	for _, o := range operators {
		if _, _, _, known := operatorNamed(o.name); !known && o.name != isNull {
			return nil, fmt.Errorf("%s: no such operator", short(o.name))
		}
		keys, err := object(o.value, more[:0])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.name, err)
		}
		for _, key := range keys {
			values, err := Values(key.value)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", o.name, key.name, err)
			}
			all = append(all, clause{o.name, key.name, values})
		}
	}
	return all, nil
}
