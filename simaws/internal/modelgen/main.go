// Modelgen reads botocore's model of an AWS service and prints what simaws
// needs of it: for every operation its input, output and errors, for every shape
// that these reach its types, lengths, patterns and enums, and for every
// exception the Reason values with AWS's sentence for each.
//
//	go run ./simaws/internal/modelgen organizations/2016-11-28/service-2.json.gz > simaws/organizations.json
//	go run ./simaws/internal/modelgen account/2021-02-01/service-2.json.gz > simaws/account.json
//	go run ./simaws/internal/modelgen service-quotas/2019-06-24/service-2.json.gz > simaws/servicequotas.json
//
// With a list of services and operations, botocore's folder of models and a
// folder, it prints there for each service how calls of these are written:
//
//	go run ./simaws/internal/modelgen simaws/wire/operations.txt botocore/data simaws/wire/models
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"os"
	"regexp"
	"strings"
)

// source is the part of a botocore service model that is read.
type source struct {
	Metadata   struct{ APIVersion, TargetPrefix, UID string }
	Operations map[string]struct {
		Input, Output ref
		Errors        []ref
	}
	Shapes map[string]shape
}

type ref struct{ Shape string }

type shape struct {
	Type          string
	Required      []string
	Members       map[string]ref
	Member        ref
	Min, Max      *int
	Pattern       string
	Enum          []string
	Documentation string
}

// The printed model. Package simaws declares the same shapes to read it.
type model struct {
	Source     string                       `json:"source"`
	Licence    string                       `json:"licence"`
	SHA256     string                       `json:"sha256"`
	API        string                       `json:"api"`
	Prefix     string                       `json:"prefix"`
	Operations map[string]operation         `json:"operations"`
	Shapes     map[string]outShape          `json:"shapes"`
	Reasons    map[string]map[string]string `json:"reasons"`
}

type operation struct {
	Input  string   `json:"input,omitempty"`
	Output string   `json:"output,omitempty"`
	Errors []string `json:"errors"`
}

type outShape struct {
	Type     string            `json:"type"`
	Required []string          `json:"required,omitempty"`
	Members  map[string]string `json:"members,omitempty"`
	Member   string            `json:"member,omitempty"`
	Min      *int              `json:"min,omitempty"`
	Max      *int              `json:"max,omitempty"`
	Pattern  string            `json:"pattern,omitempty"`
	Enum     []string          `json:"enum,omitempty"`
}

func main() {
	var err error
	switch len(os.Args) {
	case 2:
		err = generate(os.Args[1], os.Stdout)
	case 4:
		err = generateWire(os.Args[1], os.Args[2], os.Args[3])
	default:
		fmt.Fprintln(os.Stderr, "usage: modelgen SERVICE-2.JSON[.gz] | modelgen LIST DATA FOLDER")
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "modelgen:", err)
		os.Exit(1)
	}
}

func generate(path string, out io.Writer) error {
	raw, err := read(path)
	if err != nil {
		return err
	}
	var src source
	if err := json.Unmarshal(raw, &src); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	m := model{
		Source:     "botocore, data/" + strings.TrimSuffix(src.Metadata.UID, "-"+src.Metadata.APIVersion) + "/" + src.Metadata.APIVersion + "/service-2.json",
		Licence:    "Apache-2.0, https://github.com/boto/botocore",
		SHA256:     fmt.Sprintf("%x", sha256.Sum256(raw)),
		API:        src.Metadata.APIVersion,
		Prefix:     src.Metadata.TargetPrefix,
		Operations: map[string]operation{},
		Shapes:     map[string]outShape{},
		Reasons:    map[string]map[string]string{},
	}
	for name, op := range src.Operations {
		errors := make([]string, 0, len(op.Errors))
		for _, e := range op.Errors {
			errors = append(errors, e.Shape)
		}
		m.Operations[name] = operation{op.Input.Shape, op.Output.Shape, errors}
		for _, shape := range []string{op.Input.Shape, op.Output.Shape} {
			if shape != "" {
				m.add(src, shape)
			}
		}
	}
	for name, s := range src.Shapes {
		if reasons, ok := s.Members["Reason"]; ok && strings.HasSuffix(name, "Exception") {
			m.Reasons[name] = sentences(s.Documentation, src.Shapes[reasons.Shape].Enum)
		}
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(m)
}

// read returns the model's JSON, unpacked if it is packed: the hash is of that.
func read(path string) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if err != nil || !bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
		return raw, err
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", path, err)
	}
	return io.ReadAll(z)
}

// add copies a shape and all that it refers to.
func (m *model) add(src source, name string) {
	if _, ok := m.Shapes[name]; ok {
		return
	}
	s := src.Shapes[name]
	out := outShape{Type: s.Type, Required: s.Required, Member: s.Member.Shape, Min: s.Min, Max: s.Max, Pattern: re2(s.Pattern), Enum: s.Enum}
	if len(s.Members) > 0 {
		out.Members = map[string]string{}
		for member, r := range s.Members {
			out.Members[member] = r.Shape
		}
	}
	m.Shapes[name] = out
	for _, member := range out.Members {
		m.add(src, member)
	}
	if out.Member != "" {
		m.add(src, out.Member)
	}
}

var (
	unicodeEscape = regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)
	tag           = regexp.MustCompile(`<[^>]+>`)
	space         = regexp.MustCompile(`[\s\x{200b}]+`) // the documentation has spaces of no width
)

// re2 writes a Java pattern as Go reads it, to match the whole value. Patterns
// that match everything become none.
func re2(pattern string) string {
	if pattern == "" || pattern == `[\s\S]*` {
		return ""
	}
	return `^(?:` + unicodeEscape.ReplaceAllString(pattern, `\x{$1}`) + `)$`
}

// sentences finds AWS's explanation of each reason in the exception's
// documentation, a list of "REASON: sentence".
func sentences(documentation string, reasons []string) map[string]string {
	found := map[string]string{}
	for _, reason := range reasons {
		found[reason] = ""
	}
	for item := range strings.SplitSeq(documentation, "<li>") {
		item, _, _ = strings.Cut(item, "</li>")
		text := space.ReplaceAllString(html.UnescapeString(tag.ReplaceAllString(item, "")), " ")
		reason, sentence, ok := strings.Cut(strings.TrimSpace(text), ":")
		if _, known := found[reason]; ok && known {
			found[reason] = strings.TrimSpace(sentence)
		}
	}
	return found
}
