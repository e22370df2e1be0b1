package wire

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Call is a request that was understood.
type Call struct {
	API       *API
	Operation string
	Input     map[string]any

	protocol string
}

// XML tells whether the call's answer is XML.
func (c *Call) XML() bool {
	return c.protocol == "query" || c.protocol == "ec2" || c.protocol == "rest-xml"
}

// Refusal is a request that is not one of the service's.
type Refusal struct {
	Code    string
	Message string
}

func (r *Refusal) Error() string { return r.Code + ": " + r.Message }

// Read finds out which of these services' operations a request calls, and
// with what. signing is the service that its signature is made for. It is nil
// where no service takes that signature.
func Read(r *http.Request, body []byte, signing string) (*Call, error) {
	target := r.Header.Get("X-Amz-Target")
	for _, known := range services {
		if known.signing != signing || known.name == "s3" && s3control(r) || known.name == "s3control" && !s3control(r) {
			continue
		}
		a := Named(known.name)
		if known.name == "elb" && !bytes.Contains(body, []byte("Version="+a.API)) { // Elastic Load Balancing's later generation
			continue
		}
		c := &Call{API: a, protocol: a.Protocol}
		return c, c.read(r, body, target)
	}
	return nil, nil
}

// s3control tells the two services apart that have one name.
func s3control(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/v20180820/") }

func (c *Call) read(r *http.Request, body []byte, target string) (err error) {
	var params, query = map[string]string(nil), r.URL.Query()
	var form url.Values
	switch rest, cbor := strings.CutPrefix(r.URL.Path, "/service/"+c.API.Prefix+"/operation/"); {
	case c.protocol == "rest-json" || c.protocol == "rest-xml":
		c.Operation, params = c.API.find(r)
	case cbor && c.API.Prefix != "":
		c.Operation, c.protocol = rest, "cbor"
	case target != "" && c.API.Prefix != "":
		c.Operation, c.protocol = target[strings.LastIndex(target, ".")+1:], "json" // SDKs differ in what stands before
	default:
		if form, err = url.ParseQuery(string(body)); err != nil {
			return &Refusal{"MalformedQueryString", err.Error()}
		}
		c.Operation = form.Get("Action")
		if c.protocol == "smithy-rpc-v2-cbor" {
			c.protocol = "query"
		}
	}
	op := c.API.Operations[c.Operation]
	if op == nil {
		return c.unknown(r)
	}
	in := c.API.top(op.Input)
	if in == nil {
		c.Input = map[string]any{}
		return nil
	}
	var value any
	switch c.protocol {
	case "json":
		value, err = in.fromJSON(body)
	case "cbor":
		value, err = in.fromCBOR(body)
	case "query", "ec2":
		value = in.fromForm(tree(form), c.protocol == "ec2")
	default:
		value, err = in.fromREST(r, body, params, query, c.protocol == "rest-xml")
	}
	if err != nil {
		return &Refusal{"SerializationException", err.Error()}
	}
	if c.Input, _ = value.(map[string]any); c.Input == nil {
		c.Input = map[string]any{}
	}
	return c.check(in)
}

func (c *Call) unknown(r *http.Request) error {
	name := c.Operation
	if name == "" {
		name = r.Method + " " + r.URL.Path
	}
	switch c.protocol {
	case "query", "ec2":
		return &Refusal{"InvalidAction", "Could not find operation " + name + " for version " + c.API.API}
	case "rest-xml":
		return &Refusal{"NotImplemented", "simaws does not have the operation " + name + "."}
	}
	return &Refusal{"UnknownOperationException", "simaws does not have the operation " + name + "."}
}

// route is the pattern of an operation's path.
type route struct {
	segments []string
	query    []string
}

func parseRoute(uri string) route {
	path, query, _ := strings.Cut(uri, "?")
	rt := route{segments: strings.Split(strings.Trim(path, "/"), "/")}
	if query != "" {
		for part := range strings.SplitSeq(query, "&") {
			name, _, _ := strings.Cut(part, "=")
			rt.query = append(rt.query, name)
		}
	}
	return rt
}

// find tells which operation a path is of: the one whose pattern names the most
// of its query.
func (a *API) find(r *http.Request) (string, map[string]string) {
	path := strings.Trim(r.URL.EscapedPath(), "/")
	if bucket, ok := bucketHost(r.Host); ok && a.Name == "s3" {
		path = strings.Trim(bucket+"/"+path, "/")
	}
	segments, query := strings.Split(path, "/"), r.URL.Query()
	best, found, params := -1, "", map[string]string(nil)
	for name, op := range a.Operations {
		if op.Method != r.Method || len(op.route.query) <= best || !a.takes(op, query) {
			continue
		}
		if p, ok := op.route.match(segments); ok {
			best, found, params = len(op.route.query), name, p
		}
	}
	return found, params
}

// bucketHost is the bucket that a host's name begins with.
func bucketHost(host string) (string, bool) {
	for _, base := range []string{".s3.", ".localhost"} {
		if bucket, _, ok := strings.Cut(host, base); ok {
			return bucket, true
		}
	}
	return "", false
}

// takes tells whether an operation takes that query, and needs no more of it.
func (a *API) takes(op *Operation, query url.Values) bool {
	known := []string{"x-id"}
	if in := a.Shapes[op.Input]; in != nil {
		for name, m := range in.Members {
			if m.In == "querystring" {
				known = append(known, m.named(name))
			}
		}
	}
	for _, name := range op.route.query {
		if !query.Has(name) && name != "x-id" {
			return false
		}
	}
	for name := range query {
		if !slices.Contains(known, name) && !slices.Contains(op.route.query, name) {
			return false
		}
	}
	return true
}

func (rt route) match(segments []string) (map[string]string, bool) {
	if len(segments) != len(rt.segments) {
		return nil, false
	}
	params := map[string]string{}
	for i, want := range rt.segments {
		if name, is := strings.CutPrefix(want, "{"); is {
			if segments[i] == "" {
				return nil, false
			}
			text, err := url.PathUnescape(segments[i])
			if err != nil {
				return nil, false
			}
			params[strings.TrimRight(name, "+}")] = text
		} else if want != segments[i] {
			return nil, false
		}
	}
	return params, true
}
