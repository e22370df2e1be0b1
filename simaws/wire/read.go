package wire

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

var errJSON = errors.New("the request is not a JSON object")

// fromJSON reads a JSON body. No body is an empty object.
func (m *member) fromJSON(body []byte) (any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return map[string]any{}, nil
	}
	var value any
	if json.Unmarshal(body, &value) != nil {
		return nil, errJSON
	}
	if _, is := value.(map[string]any); !is && m.Type == "structure" {
		return nil, errJSON
	}
	return m.take(value), nil
}

// take brings a decoded JSON or CBOR value under the model's names. What is
// not of the model's type stays as it is, for check to see.
func (m *member) take(value any) any {
	if m.Type == "document" {
		return value
	}
	switch v := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, sub := range m.Members {
			if given, ok := v[sub.named(name)]; ok && given != nil {
				out[name] = sub.take(given)
			}
		}
		if m.Type == "map" {
			for name, given := range v {
				out[name] = m.Element.take(given)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = item
			if m.Element != nil {
				out[i] = m.Element.take(item)
			}
		}
		return out
	case float64:
		if m.Type == "timestamp" {
			return time.UnixMilli(int64(v * 1000)).UTC().Format(time.RFC3339Nano)
		}
	}
	return value
}

// scalar reads text that stands for one value.
func (m *member) scalar(text string) any {
	switch m.Type {
	case "integer", "long", "float", "double":
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			return n
		}
	case "boolean":
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
	case "timestamp":
		if t, err := http.ParseTime(text); err == nil {
			return t.UTC().Format(time.RFC3339Nano)
		}
	}
	return text
}

// node is a place in a form or an XML text: its text, and what is below.
type node struct {
	text string
	kids map[string][]*node
	set  bool // it has text of its own
}

func (n *node) kid(name string) *node {
	if n == nil || len(n.kids[name]) == 0 {
		return nil
	}
	return n.kids[name][0]
}

// tree is a form whose names are ways, A.B.1.C.
func tree(form url.Values) *node {
	root := &node{kids: map[string][]*node{}}
	for way, values := range form {
		at := root
		for name := range strings.SplitSeq(way, ".") {
			if at.kids[name] == nil {
				at.kids[name] = []*node{{kids: map[string][]*node{}}}
			}
			at = at.kids[name][0]
		}
		at.text, at.set = values[0], true
	}
	return root
}

// fromForm reads a form; nil where nothing is given.
func (m *member) fromForm(n *node, ec2 bool) any {
	if n == nil {
		return nil
	}
	switch m.Type {
	case "structure":
		out := map[string]any{}
		for name, sub := range m.Members {
			if v := sub.fromForm(n.kid(sub.formName(name, ec2)), ec2); v != nil {
				out[name] = v
			}
		}
		return out
	case "list":
		if !ec2 && !m.flat() {
			n = n.kid(m.Element.named("member"))
		}
		var out []any
		for i := 1; n.kid(strconv.Itoa(i)) != nil; i++ {
			out = append(out, m.Element.fromForm(n.kid(strconv.Itoa(i)), ec2))
		}
		if out == nil {
			return nil
		}
		return out
	case "map":
		if !m.flat() {
			n = n.kid("entry")
		}
		out := map[string]any{}
		for i := 1; n.kid(strconv.Itoa(i)) != nil; i++ {
			entry := n.kid(strconv.Itoa(i))
			if key := entry.kid(m.Key.named("key")); key != nil {
				out[key.text] = m.Element.fromForm(entry.kid(m.Element.named("value")), ec2)
			}
		}
		return out
	}
	if !n.set {
		return nil
	}
	return m.scalar(n.text)
}

// formName is what a form calls a member.
//
// Source: botocore, serialize.py, EC2Serializer and QuerySerializer.
func (m *member) formName(name string, ec2 bool) string {
	switch {
	case ec2 && m.Query != "":
		return m.Query
	case ec2:
		name = m.named(name)
		return strings.ToUpper(name[:1]) + name[1:]
	case m.Type == "list" && m.flat() && m.Element.Name != "":
		return m.Element.Name
	}
	return m.named(name)
}

// fromREST reads what stands in the path, the query, the headers and the body.
func (m *member) fromREST(r *http.Request, body []byte, params map[string]string, query url.Values, asXML bool) (any, error) {
	out := map[string]any{}
	within := &member{shape: &shape{Type: "structure", Members: map[string]*member{}}}
	for name, sub := range m.Members {
		switch at := sub.named(name); sub.In {
		case "uri":
			if text, ok := params[at]; ok {
				out[name] = sub.scalar(text)
			}
		case "querystring":
			if sub.Type == "list" && query.Has(at) {
				var all []any
				for _, text := range query[at] {
					all = append(all, text)
				}
				out[name] = all
			} else if query.Has(at) {
				out[name] = sub.scalar(query.Get(at))
			}
		case "header":
			if text := r.Header.Get(at); text != "" {
				out[name] = sub.scalar(text)
			}
		case "":
			within.Members[name] = sub
		}
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return out, nil
	}
	payload := m.Members[m.Payload]
	switch {
	case payload != nil && (payload.Type == "blob" || payload.Type == "string"):
		out[m.Payload] = string(body)
		return out, nil
	case payload != nil:
		within = payload
	}
	value, err := within.fromBody(body, asXML)
	if err != nil {
		return nil, err
	}
	if payload != nil {
		out[m.Payload] = value
		return out, nil
	}
	fields, _ := value.(map[string]any)
	maps.Copy(out, fields)
	return out, nil
}

func (m *member) fromBody(body []byte, asXML bool) (any, error) {
	if !asXML {
		return m.fromJSON(body)
	}
	root, err := parseXML(body)
	if err != nil {
		return nil, err
	}
	return m.fromXML(root), nil
}

// parseXML reads an XML text: its root.
func parseXML(text []byte) (*node, error) {
	dec := xml.NewDecoder(bytes.NewReader(text))
	top := &node{kids: map[string][]*node{}}
	stack := []*node{top}
	for {
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		at := stack[len(stack)-1]
		switch t := token.(type) {
		case xml.StartElement:
			if len(stack) > 64 {
				return nil, errors.New("the XML is too deep")
			}
			kid := &node{kids: map[string][]*node{}, set: true}
			at.kids[t.Name.Local] = append(at.kids[t.Name.Local], kid)
			stack = append(stack, kid)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			at.text += string(t)
		}
	}
	for _, roots := range top.kids {
		return roots[0], nil
	}
	return nil, errors.New("the XML has no element")
}

func (m *member) fromXML(n *node) any {
	switch m.Type {
	case "structure":
		out := map[string]any{}
		for name, sub := range m.Members {
			at := sub.formName(name, false)
			if len(n.kids[at]) == 0 {
				continue
			}
			if sub.Type == "list" {
				out[name] = sub.listFromXML(n, at)
				continue
			}
			out[name] = sub.fromXML(n.kids[at][0])
		}
		return out
	case "list":
		return m.listFromXML(&node{kids: map[string][]*node{"": {n}}}, "")
	}
	return m.scalar(strings.TrimSpace(n.text))
}

func (m *member) listFromXML(parent *node, at string) []any {
	items := parent.kids[at]
	if !m.flat() {
		items = parent.kids[at][0].kids[m.Element.named("member")]
	}
	out := []any{}
	for _, item := range items {
		out = append(out, m.Element.fromXML(item))
	}
	return out
}
