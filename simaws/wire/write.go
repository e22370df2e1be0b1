package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Answer is the answer to a call as it is sent.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Answer writes the output of a call. id is the request's.
func (c *Call) Answer(id string, out map[string]any) (Answer, error) {
	op := c.API.Operations[c.Operation]
	a := Answer{Status: http.StatusOK, Header: http.Header{}}
	if op.Status != 0 {
		a.Status = op.Status
	}
	if out == nil {
		out = map[string]any{}
	}
	top, err := c.API.top(op.Output), error(nil)
	switch c.protocol {
	case "json":
		a.Header.Set("Content-Type", "application/x-amz-json-1.1")
		a.Body, err = encodeJSON(top.give(out, "unixTimestamp"))
	case "cbor":
		a.Header.Set("Content-Type", "application/cbor")
		a.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
		a.Body = appendCBOR(nil, top.give(out, "cbor"))
	case "query":
		a.Header.Set("Content-Type", "text/xml")
		inner, wrapper := top.asXML(out), op.Wrapper
		if wrapper == "" && top != nil {
			wrapper = c.Operation + "Result"
		}
		if wrapper != "" {
			inner = "<" + wrapper + ">" + inner + "</" + wrapper + ">"
		}
		a.Body = fmt.Appendf(nil, `<%sResponse xmlns="%s">%s<ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata></%[1]sResponse>`, c.Operation, c.API.Namespace, inner, id)
	case "ec2":
		a.Header.Set("Content-Type", "text/xml;charset=UTF-8")
		a.Body = fmt.Appendf(nil, `<%sResponse xmlns="%s/"><requestId>%s</requestId>%s</%[1]sResponse>`, c.Operation, c.API.Namespace, id, top.asXML(out))
	default:
		err = c.rest(&a, top, out)
	}
	return a, err
}

// rest writes an answer of which parts may stand in headers.
func (c *Call) rest(a *Answer, top *member, out map[string]any) error {
	asXML := c.protocol == "rest-xml"
	a.Header.Set("Content-Type", "application/json")
	if asXML {
		a.Header.Set("Content-Type", "application/xml")
	}
	if top == nil {
		return nil
	}
	body := &member{Shape: top.Shape, shape: &shape{Type: "structure", Members: map[string]*member{}}}
	for name, m := range top.Members {
		if m.In == "header" && out[name] != nil {
			a.Header.Set(m.named(name), text(out[name]))
		}
		if m.In == "" {
			body.Members[name] = m
		}
	}
	value, root := any(out), top.Shape
	if payload := top.Members[top.Payload]; payload != nil {
		if value = out[top.Payload]; payload.Type == "blob" || payload.Type == "string" {
			a.Header.Set("Content-Type", "application/octet-stream")
			a.Body = []byte(text(value))
			return nil
		}
		body, root = payload, payload.named(top.Payload)
	}
	var err error
	switch {
	case value == nil || len(body.Members) == 0:
	case c.Operation == "GetBucketLocation": // the one whose root is its value
		a.Body = []byte(`<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` + escape(text(out["LocationConstraint"])) + `</LocationConstraint>`)
	case asXML:
		a.Body = []byte(xml.Header + "<" + root + ` xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` + body.asXML(value) + "</" + root + ">")
	default:
		a.Body, err = encodeJSON(body.give(value, "unixTimestamp"))
	}
	return err
}

// Refuse writes a refusal of a call, or of a request that is none.
func (c *Call) Refuse(id, code, message string, status int) Answer {
	a := Answer{Status: status, Header: http.Header{"Content-Type": {"text/xml"}}}
	code, message = cut(code), cut(message)
	switch c.protocol {
	case "query":
		a.Body = fmt.Appendf(nil, `<ErrorResponse xmlns="%s"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>%s</RequestId></ErrorResponse>`,
			c.API.Namespace, escape(code), escape(message), id)
	case "ec2":
		a.Body = fmt.Appendf(nil, `<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>%s</RequestID></Response>`, escape(code), escape(message), id)
	case "rest-xml":
		a.Header.Set("Content-Type", "application/xml")
		body := fmt.Sprintf(`<Error><Code>%s</Code><Message>%s</Message><RequestId>%s</RequestId></Error>`, escape(code), escape(message), id)
		if c.API.Name == "s3control" {
			body = "<ErrorResponse>" + body + "</ErrorResponse>"
		}
		if op := c.API.Operations[c.Operation]; op == nil || op.Method != http.MethodHead { // HEAD has no body
			a.Body = []byte(xml.Header + body)
		}
	case "cbor":
		a.Header.Set("Content-Type", "application/cbor")
		a.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
		a.Body = appendCBOR(nil, map[string]any{"__type": code, "message": message})
	default:
		a.Header.Set("Content-Type", "application/x-amz-json-1.1")
		if c.protocol == "rest-json" {
			a.Header.Set("Content-Type", "application/json")
		}
		a.Header.Set("X-Amzn-Errortype", code)
		a.Body, _ = encodeJSON(map[string]any{"__type": code, "message": message}) // texts are always JSON
	}
	return a
}

// cut keeps a text to what a header and a line can hold.
func cut(text string) string {
	if len(text) > 2000 {
		return text[:2000]
	}
	return text
}

// give is a value as JSON and CBOR have it: under the names that are written,
// moments in their form, and nothing that the model does not have.
func (m *member) give(value any, usual string) any {
	if m == nil {
		return map[string]any{}
	}
	switch v := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, sub := range m.Members {
			if v[name] != nil {
				out[sub.named(name)] = sub.give(v[name], usual)
			}
		}
		if m.Type == "map" {
			for name, item := range v {
				out[name] = m.Element.give(item, usual)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = m.Element.give(item, usual)
		}
		return out
	case string:
		if m.Type == "timestamp" {
			return moment(v, m.when(), usual)
		}
	case float64:
		if (m.Type == "integer" || m.Type == "long") && v == float64(int64(v)) {
			return int64(v)
		}
	}
	return value
}

// seconds is a moment that CBOR tags as one.
type seconds float64

// moment writes a moment in its form: as the model says, else as is usual.
func moment(rfc string, form, usual string) any {
	t, err := time.Parse(time.RFC3339Nano, rfc)
	switch since := float64(t.UnixMilli()) / 1000; {
	case err != nil || form == "iso8601":
		return rfc
	case usual == "cbor":
		return seconds(since)
	default:
		return since
	}
}

// asXML is what stands inside the element of a value.
func (m *member) asXML(value any) string {
	if m == nil || value == nil {
		return ""
	}
	var b strings.Builder
	switch v := value.(type) {
	case map[string]any:
		if m.Type == "map" {
			for _, key := range slices.Sorted(maps.Keys(v)) {
				k, e := m.Key.named("key"), m.Element.named("value")
				fmt.Fprintf(&b, "<entry><%[1]s>%[2]s</%[1]s><%[3]s>%[4]s</%[3]s></entry>", k, escape(key), e, m.Element.asXML(v[key]))
			}
			return b.String()
		}
		for _, name := range slices.Sorted(maps.Keys(m.Members)) {
			if sub := m.Members[name]; v[name] != nil && sub.Name != "xsi:type" {
				sub.element(&b, name, v[name])
			}
		}
	case []any:
		for _, item := range v {
			m.Element.element(&b, "member", item)
		}
	default:
		if m.Type == "timestamp" {
			return escape(iso(text(v)))
		}
		return escape(text(v))
	}
	return b.String()
}

// iso is a moment as XML has it, in UTC and to the millisecond.
func iso(rfc string) string {
	t, err := time.Parse(time.RFC3339Nano, rfc)
	if err != nil {
		return rfc
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// element writes a member with its element around it.
func (m *member) element(b *strings.Builder, name string, value any) {
	name = m.named(name)
	if items, is := value.([]any); is && m.flat() {
		for _, item := range items {
			m.Element.element(b, cmpName(m.Element.Name, name), item)
		}
		return
	}
	attribute := ""
	if fields, is := value.(map[string]any); is && m.Type == "structure" {
		for sub, s := range m.Members {
			if s.Name == "xsi:type" {
				attribute = ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="` + escape(text(fields[sub])) + `"`
			}
		}
	}
	b.WriteString("<" + name + attribute + ">" + m.asXML(value) + "</" + name + ">")
}

func cmpName(own, parent string) string {
	if own != "" {
		return own
	}
	return parent
}

func text(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(value)
}

func escape(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer takes everything
	return b.String()
}

func encodeJSON(value any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(value)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// Blob is bytes as inputs and outputs have them.
func Blob(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
