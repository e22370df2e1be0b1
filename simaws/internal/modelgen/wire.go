package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// wireSource is the part of a botocore service model that says how calls are
// written.
type wireSource struct {
	Metadata struct {
		APIVersion, EndpointPrefix, Protocol, SigningName, TargetPrefix, XMLNamespace string
	}
	Operations map[string]struct {
		HTTP struct {
			Method, RequestURI string
			ResponseCode       int
		}
		Input  wireRef
		Output struct{ Shape, ResultWrapper string }
	}
	Shapes map[string]struct {
		Type            string
		Required        []string
		Members         map[string]wireRef
		Member          wireRef
		Key, Value      wireRef
		Flattened       bool
		Document        bool
		Payload         string
		TimestampFormat string
		Min, Max        json.Number
		Pattern         string
		Enum            []string
		LocationName    string
	}
}

type wireRef struct {
	Shape, LocationName, Location, QueryName, TimestampFormat string
	Flattened                                                 bool
}

// The printed model. Package wire declares the same shapes to read it.
type wireModel struct {
	Source     string                   `json:"source"`
	Licence    string                   `json:"licence"`
	SHA256     string                   `json:"sha256"`
	API        string                   `json:"api"`
	Protocol   string                   `json:"protocol"`
	Signing    string                   `json:"signing"`
	Prefix     string                   `json:"prefix,omitempty"`
	Namespace  string                   `json:"namespace,omitempty"`
	Operations map[string]wireOperation `json:"operations"`
	Shapes     map[string]wireShape     `json:"shapes"`
}

type wireOperation struct {
	Method  string `json:"method"`
	URI     string `json:"uri"`
	Status  int    `json:"status,omitempty"`
	Input   string `json:"input,omitempty"`
	Output  string `json:"output,omitempty"`
	Wrapper string `json:"wrapper,omitempty"`
}

type wireShape struct {
	Type     string                `json:"type"`
	Required []string              `json:"required,omitempty"`
	Members  map[string]wireMember `json:"members,omitempty"`
	Element  *wireMember           `json:"element,omitempty"`
	Key      *wireMember           `json:"key,omitempty"`
	Flat     bool                  `json:"flat,omitempty"`
	Payload  string                `json:"payload,omitempty"`
	Time     string                `json:"time,omitempty"`
	Name     string                `json:"name,omitempty"` // of the element, for a whole XML body
	Enum     []string              `json:"enum,omitempty"`
	Min      *int                  `json:"min,omitempty"`
	Max      *int                  `json:"max,omitempty"`
	Pattern  string                `json:"pattern,omitempty"`
}

type wireMember struct {
	Shape    string `json:"shape"`
	Name     string `json:"name,omitempty"`
	Location string `json:"in,omitempty"`
	Query    string `json:"query,omitempty"`
	Flat     bool   `json:"flat,omitempty"`
	Time     string `json:"time,omitempty"`
}

// generateWire prints a model into the folder to for every service that list
// names, each with the operations that stand under it.
func generateWire(list, data, to string) error {
	text, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	service, operations := "", map[string][]string{}
	for line := range strings.Lines(string(text)) {
		switch fields := strings.Fields(line); {
		case len(fields) == 0 || strings.HasPrefix(line, "#"):
		case !strings.HasPrefix(line, "\t"):
			service = fields[0]
		default:
			operations[service] = append(operations[service], fields...)
		}
	}
	for service, names := range operations {
		m, err := wireModelOf(filepath.Join(data, service, "service-2.json.gz"), service, names)
		if err != nil {
			return err
		}
		out, err := json.Marshal(m)
		if err != nil {
			return err
		}
		name, _, _ := strings.Cut(service, "/")
		if err := os.WriteFile(filepath.Join(to, name+".json"), append(out, '\n'), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func wireModelOf(path, service string, operations []string) (wireModel, error) {
	raw, err := read(path)
	if err != nil {
		return wireModel{}, err
	}
	var src wireSource
	if err := json.Unmarshal(raw, &src); err != nil {
		return wireModel{}, fmt.Errorf("read %s: %w", path, err)
	}
	meta := src.Metadata
	m := wireModel{
		Source: "botocore, data/" + service + "/service-2.json", Licence: "Apache-2.0, https://github.com/boto/botocore",
		SHA256: fmt.Sprintf("%x", sha256.Sum256(raw)), API: meta.APIVersion, Protocol: meta.Protocol,
		Signing: meta.SigningName, Prefix: meta.TargetPrefix, Namespace: meta.XMLNamespace,
		Operations: map[string]wireOperation{}, Shapes: map[string]wireShape{},
	}
	if m.Signing == "" {
		m.Signing = meta.EndpointPrefix
	}
	asked, answered := names{}, names{}
	for _, name := range operations {
		op, ok := src.Operations[name]
		if !ok {
			return m, fmt.Errorf("%s has no operation %s", path, name)
		}
		m.Operations[name] = wireOperation{op.HTTP.Method, op.HTTP.RequestURI, op.HTTP.ResponseCode, op.Input.Shape, op.Output.Shape, op.Output.ResultWrapper}
		asked.reach(src, op.Input.Shape)
		answered.reach(src, op.Output.Shape)
	}
	for name := range answered {
		m.Shapes[name] = shapeOf(src, name, asked[name])
	}
	for name := range asked {
		m.Shapes[name] = shapeOf(src, name, true)
	}
	return m, nil
}

// names are shapes by name.
type names map[string]bool

// reach adds a shape and all that it refers to.
func (n names) reach(src wireSource, name string) {
	s, ok := src.Shapes[name]
	if n[name] || !ok {
		return
	}
	n[name] = true
	for _, member := range s.Members {
		n.reach(src, member.Shape)
	}
	for _, r := range []wireRef{s.Member, s.Key, s.Value} {
		n.reach(src, r.Shape)
	}
}

// shapeOf is a shape as it is printed. What only answers use loses the
// constraints: nobody checks them.
func shapeOf(src wireSource, name string, asked bool) wireShape {
	s := src.Shapes[name]
	out := wireShape{Type: s.Type, Flat: s.Flattened, Payload: s.Payload, Time: s.TimestampFormat, Name: s.LocationName}
	if s.Document { // any value
		out.Type = "document"
	}
	if asked {
		out.Required, out.Pattern, out.Enum = s.Required, re2(s.Pattern), s.Enum
		out.Min, out.Max = whole(s.Min), whole(s.Max)
	}
	if len(s.Members) > 0 {
		out.Members = map[string]wireMember{}
		for member, r := range s.Members {
			out.Members[member] = memberOf(r)
		}
	}
	if s.Member.Shape != "" {
		e := memberOf(s.Member)
		out.Element = &e
	}
	if s.Key.Shape != "" {
		k, v := memberOf(s.Key), memberOf(s.Value)
		out.Key, out.Element = &k, &v
	}
	return out
}

func memberOf(r wireRef) wireMember {
	return wireMember{r.Shape, r.LocationName, r.Location, r.QueryName, r.Flattened, r.TimestampFormat}
}

// whole is a bound as a whole number; nil where it is none, or beyond use.
func whole(n json.Number) *int {
	i, err := n.Int64()
	if err != nil || i > 1<<40 {
		return nil
	}
	v := int(i)
	return &v
}
