package portfolio

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v4"

	"landlord/internal/nearest"
)

// A reader goes through a decoded file once and collects what is wrong.
type reader struct {
	faults  []Fault
	guesses int // comparisons made for "did you mean"
}

// A value is one kind of value that a file can hold: how it is read, and the
// schema that tells editors the same.
type value[V any] struct {
	expects string    // "an amount of USD a month"
	kind    yaml.Kind // of its node; 0 if more than one will do
	schema  func() *jsonschema.Schema
	read    func(r *reader, n *yaml.Node, name string) V // n is of kind; name is for messages
}

// of reads n, or says why it cannot be one of v.
func (v value[V]) of(r *reader, n *yaml.Node, name string) (got V) {
	switch {
	case n.Kind == yaml.AliasNode: // refuseReferences has told
	case isNull(n):
		r.fault(n, "%s has no value; expected %s", name, v.expects)
	case v.kind != 0 && n.Kind != v.kind:
		r.fault(n, "%s is %s; expected %s", name, kindOf(n), v.expects)
	default:
		return v.read(r, n, name)
	}
	return got
}

// A field is one field of a mapping that reads into a T.
type field[T any] struct {
	name     string
	about    string // a sentence for the schema
	required bool
	expects  string
	read     func(r *reader, n *yaml.Node, to *T)
	schema   func(start T) *jsonschema.Schema
}

// need is a field that must be there.
func need[T, V any](name, about string, v value[V], at func(*T) *V) field[T] {
	f := may(name, about, v, at)
	f.required = true
	return f
}

// may is a field that can be left out; the value it starts with stays then.
func may[T, V any](name, about string, v value[V], at func(*T) *V) field[T] {
	return field[T]{
		name: name, about: about, expects: v.expects,
		read: func(r *reader, n *yaml.Node, to *T) { *at(to) = v.of(r, n, name) },
		schema: func(start T) *jsonschema.Schema {
			s := v.schema()
			s.Description = about
			s.Default = preset(*at(&start))
			return s
		},
	}
}

// placed is a value with the nodes that it was read from.
type placed[T any] struct {
	value  T
	node   *yaml.Node
	fields map[string]*yaml.Node
}

// at is where a field stands, or where the value begins if it has none.
func (p placed[T]) at(name string) *yaml.Node {
	if n := p.fields[name]; n != nil {
		return n
	}
	return p.node
}

// mapping is a value that consists of fields and begins as start.
func mapping[T any](expects string, start T, fields []field[T]) value[placed[T]] {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return value[placed[T]]{
		expects: expects,
		kind:    yaml.MappingNode,
		schema: func() *jsonschema.Schema {
			s := object()
			for _, f := range fields {
				s.Properties.Set(f.name, f.schema(start))
				if f.required {
					s.Required = append(s.Required, f.name)
				}
			}
			return s
		},
		read: func(r *reader, n *yaml.Node, name string) placed[T] {
			got := placed[T]{start, n, map[string]*yaml.Node{}}
			misspelt := map[string]bool{} // a field that was meant is not also missing
			for key, v := range r.entries(n, name) {
				if slices.Contains(names, key.Value) {
					got.fields[key.Value] = v
				} else {
					misspelt[r.closest(key.Value, names)] = true
					r.fault(key, "unknown field %s in %s%s", quote(key.Value), name, r.nearest(key.Value, names, "; known are "+strings.Join(names, ", ")))
				}
			}
			for _, f := range fields { // in the table's order: later ones may need earlier ones
				switch at := got.fields[f.name]; {
				case at != nil:
					f.read(r, at, &got.value)
				case f.required && !misspelt[f.name]:
					r.missing(n, name, f.name, f.expects)
				}
			}
			return got
		},
	}
}

// inner is v without its places.
func inner[T any](v value[placed[T]]) value[T] {
	return value[T]{v.expects, v.kind, v.schema, func(r *reader, n *yaml.Node, name string) T {
		return v.read(r, n, name).value
	}}
}

// list is a list of v.
func list[V any](expects, name string, v value[V]) value[[]V] {
	return value[[]V]{
		expects: expects,
		kind:    yaml.SequenceNode,
		schema:  func() *jsonschema.Schema { return &jsonschema.Schema{Type: "array", Items: v.schema()} },
		read: func(r *reader, n *yaml.Node, _ string) []V {
			got := make([]V, 0, len(n.Content))
			for _, item := range n.Content {
				got = append(got, v.of(r, item, name))
			}
			return got
		},
	}
}

// entries yields the keys and values of a mapping, each key once; what is not
// a plain key, or there twice, is a fault.
func (r *reader) entries(n *yaml.Node, name string) func(yield func(key, v *yaml.Node) bool) {
	return func(yield func(key, v *yaml.Node) bool) {
		seen := make(map[string]int, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, v := n.Content[i], n.Content[i+1]
			line, twice := seen[key.Value]
			switch {
			case key.Kind == yaml.AliasNode || isMerge(key): // refuseReferences has told
			case key.Kind != yaml.ScalarNode || isNull(key):
				r.fault(key, "a field's name in %s is %s; expected text", name, kindOf(key))
			case twice:
				r.fault(key, "%s is given twice in %s; first on line %d", quote(key.Value), name, line)
			default:
				seen[key.Value] = key.Line
				if !yield(key, v) {
					return
				}
			}
		}
	}
}

// refuseReferences tells where n or what it holds uses anchors, aliases, merge
// keys or tags: a small file could become a large one by them, and a reader of
// it should see what each customer is.
func (r *reader) refuseReferences(n *yaml.Node) {
	switch {
	case n.Kind == yaml.AliasNode:
		r.fault(n, "the alias *%s is not taken; write the value out", cut(n.Value))
	case n.Anchor != "":
		r.fault(n, "the anchor &%s is not taken; write each value where it belongs", cut(n.Anchor))
	case isMerge(n):
		r.fault(n, `the merge key "<<" is not taken; write the fields out`)
	case n.Style&yaml.TaggedStyle != 0:
		r.fault(n, "the tag %s is not taken; leave it out", quote(n.Tag))
	}
	for _, child := range n.Content {
		r.refuseReferences(child)
	}
}

func (r *reader) fault(n *yaml.Node, format string, args ...any) {
	text := n.Value
	if n.Kind != yaml.ScalarNode {
		text = ""
	}
	r.faults = append(r.faults, Fault{n.Line, n.Column, cut(text), fmt.Sprintf(format, args...)})
}

// missing tells that a mapping lacks a field.
func (r *reader) missing(n *yaml.Node, owner, name, expects string) {
	r.fault(n, "%s lacks %s: %s", owner, quote(name), expects)
}

// sorted returns the faults in file order, within its lines.
func (r *reader) sorted(lines int) []Fault {
	for i, f := range r.faults {
		r.faults[i].Line = min(max(f.Line, 1), lines)
	}
	slices.SortStableFunc(r.faults, func(a, b Fault) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return slices.Compact(r.faults)
}

func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Style == 0
}

func isMerge(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!merge" }

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	return quote(n.Value)
}

// shown is the most characters of an offending text in a message.
const shown = 60

// cut shortens text that is long.
func cut(text string) string {
	if utf8.RuneCountInString(text) <= shown {
		return text
	}
	return string([]rune(text)[:shown]) + "…"
}

// quote shows text within a message, on one line and not too long.
func quote(text string) string { return strconv.Quote(cut(text)) }

// guessLimit bounds the work of closest: a file of 10,000 unknown keys must not
// be compared with 10,000 customers each.
const guessLimit = 200_000

// nearest is `. Did you mean "…"?` with the known text that is most like s,
// else what otherwise says.
func (r *reader) nearest(s string, known []string, otherwise string) string {
	if best := r.closest(s, known); best != "" {
		return fmt.Sprintf(". Did you mean %q?", best)
	}
	return otherwise
}

// closest is the known text that is most like s, "" if none is like it.
func (r *reader) closest(s string, known []string) string {
	if r.guesses+len(known) > guessLimit {
		return ""
	}
	r.guesses += len(known)
	return nearest.Of(s, known)
}
