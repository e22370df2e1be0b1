package web

import (
	"slices"
	"strings"

	programs "landlord/service/api"
)

// referencePage is the reference of the API, of one subject or of all in short.
type referencePage struct {
	shell
	Address string // of the house
	Groups  []referenceGroup
	Shown   *referenceGroup // nil for all in short
}

type referenceGroup struct {
	Name, To   string
	Here       bool
	Operations []referenceOperation
}

type referenceOperation struct {
	programs.Operation
	ScopeSays string
}

// namedFields is a table of fields.
type namedFields struct {
	Name   string
	Fields []programs.Field
}

// reference shows what the API does, made from the document of /openapi.json.
func (s *Server) reference(v *visit) error {
	p := referenceOf(v, s.Reference, s.Base.String())
	if len(p.Groups) == 0 || p.Shown == nil && v.PathValue("group") != "" {
		return errNotHere
	}
	title := "The API"
	if p.Shown != nil {
		title = p.Shown.Name + " in the API"
	}
	p.shell = s.shell(v, title)
	return s.render(v, "reference", p)
}

// referenceOf is what v's address shows of the API.
func referenceOf(v *visit, groups []programs.Group, address string) referencePage {
	p := referencePage{Address: address}
	for _, g := range groups {
		group := referenceGroup{To: "/docs/api/" + strings.ToLower(g.Name), Name: g.Name}
		group.Here = v.URL.Path == group.To
		for _, op := range g.Operations {
			// What an address has to name, the address says itself.
			op.Parameters = slices.DeleteFunc(slices.Clone(op.Parameters), func(f programs.Field) bool { return f.Where == "path" && f.Says == "" })
			group.Operations = append(group.Operations, referenceOperation{op, programs.Says(op.Scope)})
		}
		p.Groups = append(p.Groups, group)
		if group.Here {
			p.Shown = &group
		}
	}
	return p
}
