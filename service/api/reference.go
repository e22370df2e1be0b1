package api

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Group is operations on one subject, as the reference for people has them.
type Group struct {
	Name       string
	Operations []Operation
}

// Operation is what one method of one address does.
type Operation struct {
	ID, Method, Path     string
	Summary, Description string
	Scope                string // "" where any token is enough
	Parameters           []Field
	Body                 []Field // of the request
	Status               int     // of the answer, when it was done
	Answer               []Field
	Curl                 string // an example
}

// Field is a parameter, or a member of a body: items[].name is the member name of
// each of items.
type Field struct {
	Name, Where, Type, Says string
	Needed                  bool
}

// Reference is the document of the API as people read it, by subject, in the order of
// addresses.
func (a *API) Reference() []Group {
	doc := a.huma.OpenAPI()
	byName := map[string][]Operation{}
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		at := doc.Paths[path]
		for _, op := range []*huma.Operation{at.Get, at.Post, at.Put, at.Patch, at.Delete} {
			if op != nil {
				byName[op.Tags[0]] = append(byName[op.Tags[0]], operationOf(doc.Components.Schemas, path, op))
			}
		}
	}
	var all []Group
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		all = append(all, Group{name, byName[name]})
	}
	return all
}

func operationOf(r huma.Registry, path string, op *huma.Operation) Operation {
	o := Operation{ID: op.OperationID, Method: op.Method, Path: path, Summary: op.Summary, Description: op.Description, Status: op.DefaultStatus}
	if needs := op.Security[0][scheme]; len(needs) > 0 {
		o.Scope = needs[0]
	}
	for _, p := range op.Parameters {
		says := p.Description
		if says == "" {
			says = p.Schema.Description
		}
		o.Parameters = append(o.Parameters, Field{p.Name, p.In, typeIn(r, p.Schema), says, p.Required})
	}
	if op.RequestBody != nil {
		if c := op.RequestBody.Content["application/json"]; c != nil {
			o.Body = fieldsOf(r, "", c.Schema)
		}
	}
	if o.Status == 0 {
		o.Status = http.StatusOK
	}
	if answer := op.Responses[fmt.Sprint(o.Status)]; answer != nil {
		if c := answer.Content["application/json"]; c != nil {
			o.Answer = fieldsOf(r, "", c.Schema)
		}
	}
	o.Curl = curlOf(r, o, op)
	return o
}

// target is the schema that s stands for.
func target(r huma.Registry, s *huma.Schema) *huma.Schema {
	if s.Ref != "" {
		return r.SchemaFromRef(s.Ref)
	}
	return s
}

// fieldsOf are the members of a body, and theirs.
func fieldsOf(r huma.Registry, before string, s *huma.Schema) (all []Field) {
	s = target(r, s)
	if s.Items != nil && before != "" {
		return fieldsOf(r, before+"[]", s.Items)
	}
	for _, name := range members(s) {
		p := s.Properties[name]
		path := strings.TrimPrefix(before+"."+name, ".")
		all = append(all, Field{path, "", typeIn(r, p), p.Description, slices.Contains(s.Required, name)})
		all = append(all, fieldsOf(r, path, p)...)
	}
	return all
}

// members are the names of an object's members: needed ones first.
func members(s *huma.Schema) []string {
	return slices.SortedFunc(maps.Keys(s.Properties), func(a, b string) int {
		if x, y := slices.Contains(s.Required, a), slices.Contains(s.Required, b); x != y {
			if x {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
}

// typeIn is the type of a value in words.
func typeIn(r huma.Registry, s *huma.Schema) string {
	s = target(r, s)
	switch {
	case len(s.Enum) > 0:
		var words []string
		for _, v := range s.Enum {
			words = append(words, fmt.Sprint(v))
		}
		return strings.Join(words, " | ")
	case s.Items != nil:
		return "list of " + typeIn(r, s.Items)
	case s.Format == "date-time":
		return "time"
	case s.Type == "":
		return "any"
	}
	return s.Type
}

// curlOf is a command that asks for an operation, with what it needs to be told.
func curlOf(r huma.Registry, o Operation, op *huma.Operation) string {
	var b strings.Builder
	b.WriteString("curl -s")
	if o.Method != http.MethodGet {
		b.WriteString(" -X " + o.Method)
	}
	b.WriteString(` -H "Authorization: Bearer $TOKEN"`)
	address, query := o.Path, ""
	for _, p := range o.Parameters {
		switch {
		case p.Where == "path":
			address = strings.Replace(address, "{"+p.Name+"}", exampleOf(p.Name), 1)
		case p.Where == "header" && p.Needed:
			b.WriteString(" -H '" + p.Name + `: "3"'`)
		case p.Where == "query" && p.Needed:
			query = "?" + p.Name + "=" + exampleOf(p.Name)
		}
	}
	if len(o.Body) > 0 {
		var parts []string
		s := target(r, op.RequestBody.Content["application/json"].Schema)
		for _, name := range members(s) {
			if slices.Contains(s.Required, name) {
				parts = append(parts, fmt.Sprintf("%q: %s", name, valueOf(name, target(r, s.Properties[name]))))
			}
		}
		b.WriteString(" -H 'Content-Type: application/json' -d '{" + strings.Join(parts, ", ") + "}'")
	}
	return b.String() + ` "$HOUSE` + address + query + `"`
}

// examples stand for what an address needs to be told.
var examples = map[string]string{"key": "acme", "email": "ann@acme.example", "name": "acme.example", "version": "3", "tier": "standard"}

func exampleOf(name string) string {
	if e := examples[name]; e != "" {
		return e
	}
	return strings.ToUpper(name)
}

func valueOf(name string, s *huma.Schema) string {
	switch {
	case len(s.Enum) > 0:
		return fmt.Sprintf("%q", s.Enum[0])
	case s.Type == "boolean":
		return "true"
	case s.Type == "integer":
		return "1"
	case name == "text":
		return `"customers: …"`
	}
	return `"…"`
}
