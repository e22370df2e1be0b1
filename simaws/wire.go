package simaws

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"landlord/simaws/wire"
)

// call is one request, decoded.
type call struct {
	now       time.Time
	id        string // request id
	service   *service
	operation string
	in        input
	region    string
	key       string // access key
	who       identity
	met       FaultKind  // "" if nothing went wrong
	fault     *struck    // what it does to what the call makes; nil: nothing
	wire      *wire.Call // of a service of accounts; nil otherwise
}

// input is the decoded input of a call. Its readers return the zero value for
// a member that is not there or has another type.
type input map[string]any

func (in input) text(name string) string {
	s, _ := in[name].(string)
	return s
}

func (in input) number(name string) int {
	n, _ := in[name].(float64)
	return int(n)
}

func (in input) list(name string) []any {
	items, _ := in[name].([]any)
	return items
}

func (in input) texts(name string) []string {
	var texts []string
	for _, item := range in.list(name) {
		if s, ok := item.(string); ok {
			texts = append(texts, s)
		}
	}
	return texts
}

// epoch is a moment as AWS's JSON carries it: seconds since 1970, with
// milliseconds.
type epoch float64

func epochOf(t time.Time) epoch { return epoch(float64(t.UnixMilli()) / 1000) }

// bodyMost is more than any request of these services may hold.
const bodyMost = 1 << 20

// decode reads a request. The key of whoever sent it is in the credential.
func decode(r *http.Request) (call, credential, error) {
	c, body := call{service: organizationsService}, []byte(nil)
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(io.LimitReader(r.Body, bodyMost+1)); err != nil {
			return c, credential{}, &fault{code: "IncompleteBody", message: err.Error()}
		}
	}
	who, signed := credentialOf(r.Header.Get("Authorization"))
	c.region = who.region
	target := r.Header.Get("X-Amz-Target")
	if len(body) <= bodyMost {
		if is, err := c.member(r, body, who.service); is {
			return c, who, err
		}
	}
	if err := c.route(target, r.URL.Path, body, who.service); err != nil {
		return c, who, err
	}
	switch {
	case r.Method != http.MethodPost:
		return c, who, &fault{status: http.StatusMethodNotAllowed, code: "MethodNotAllowed", message: "Send a POST."}
	case len(body) > bodyMost:
		return c, who, &fault{status: http.StatusRequestEntityTooLarge, code: "RequestEntityTooLargeException", message: "The request is too large."}
	case !signed && c.service.protocol == query:
		return c, who, &fault{status: http.StatusForbidden, code: "MissingAuthenticationToken", message: "Request is missing Authentication Token"}
	case !signed:
		return c, who, &fault{code: "MissingAuthenticationTokenException", message: "Missing Authentication Token"}
	case c.in == nil:
		return c, who, &fault{code: "SerializationException", message: "The request is not a JSON object."}
	}
	return c, who, nil
}

// route tells service and operation and decodes the body: JSON where
// X-Amz-Target or the path names them, else a form whose Action does, for the
// service that the signature is made for.
func (c *call) route(target, path string, body []byte, signedFor string) error {
	if target != "" {
		prefix, operation, _ := strings.Cut(target, ".")
		for _, s := range services {
			if s.prefix == prefix {
				c.service, c.operation = s, operation
				c.in = decodeJSON(body)
				return nil
			}
		}
		return &fault{code: "UnknownOperationException", message: "simaws has no service " + prefix + "."}
	}
	if operation := strings.TrimPrefix(path, "/"); operation != "" && signedFor == accountService.name {
		c.service, c.operation = accountService, strings.ToUpper(operation[:1])+operation[1:]
		c.in = decodeJSON(body)
		return nil
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("Action") == "" || signedFor != "" && signedFor != stsService.name {
		return &fault{code: "UnknownOperationException", message: "simaws knows a call by X-Amz-Target, by its path for Account Management, or by Action for STS."}
	}
	c.service, c.operation, c.in = stsService, form.Get("Action"), input{}
	for name, values := range form {
		c.in[name] = values[0]
	}
	return nil
}

// decodeJSON reads a JSON object; nil if it is none. No body is an empty one.
func decodeJSON(body []byte) input {
	if len(bytes.TrimSpace(body)) == 0 {
		return input{}
	}
	var in input
	if json.Unmarshal(body, &in) != nil {
		return nil
	}
	return in
}

// FaultHeader names the kind of fault that an answer met, for whoever looks for
// the reason.
const FaultHeader = "X-Simaws-Fault"

// answer is a response before it is sent.
type answer struct {
	status int
	kind   string    // content type
	fault  string    // exception type, where a header says it
	met    FaultKind // what went wrong that nobody asked for
	body   []byte
	id     string
	date   time.Time
	more   http.Header // of a service of accounts
}

func (a *answer) header() http.Header {
	h := http.Header{
		"Content-Type":     {a.kind},
		"X-Amzn-Requestid": {a.id},
		"Date":             {a.date.UTC().Format(http.TimeFormat)},
	}
	maps.Copy(h, a.more)
	if a.fault != "" {
		h.Set("X-Amzn-Errortype", a.fault)
	}
	if a.met != "" {
		h.Set(FaultHeader, string(a.met))
	}
	return h
}

// encode writes the outcome of a call in its service's protocol.
func encode(c *call, out any, err error) answer {
	if c.wire != nil {
		return encodeMember(c, out, err)
	}
	a := answer{status: http.StatusOK, kind: "application/x-amz-json-1.1", id: c.id, met: c.met}
	switch c.service.protocol {
	case query:
		a.kind = "text/xml"
	case restJSON:
		a.kind = "application/json"
	}
	if err != nil {
		out, a.status, a.fault = faultOut(c, err)
	}
	switch {
	case out == nil:
	case c.service.protocol == query:
		a.body, err = xml.Marshal(out)
	default:
		a.body, err = encodeJSON(out)
	}
	if err != nil && a.body == nil {
		a.status = http.StatusInternalServerError // an output that cannot be written is a bug
	}
	return a
}

func encodeJSON(out any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(out)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

type jsonFault struct {
	Type    string `json:"__type"`
	Message string `json:"Message"`
	Reason  string `json:"Reason,omitempty"`
}

type restFault struct {
	Message string `json:"message"`
	Reason  string `json:"reason,omitempty"`
}

type xmlFault struct {
	XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ ErrorResponse"`
	Type    string   `xml:"Error>Type"`
	Code    string   `xml:"Error>Code"`
	Message string   `xml:"Error>Message"`
	Request string   `xml:"RequestId"`
}

// faultOut is the body and status of an error answer, and the exception type
// that its header names. An error that is no fault of the caller is AWS's own.
func faultOut(c *call, err error) (out any, status int, header string) {
	f, ok := err.(*fault)
	if !ok {
		f = &fault{status: http.StatusInternalServerError, code: "ServiceException", message: err.Error()}
	}
	status = cmp.Or(f.status, c.service.statuses[f.code], http.StatusBadRequest)
	switch c.service.protocol {
	case query:
		return xmlFault{Type: "Sender", Code: f.code, Message: f.message, Request: c.id}, status, ""
	case restJSON:
		return restFault{f.message, f.reason}, status, f.code
	}
	return jsonFault{f.code, f.message, f.reason}, status, ""
}
