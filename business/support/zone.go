package support

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// Zone is DNS from a file: texts and aliases by name, in lower case without a dot at
// the end. What it does not have, does not exist.
type Zone struct {
	texts   map[string][]string
	aliases map[string]string
}

// ParseZone reads a zone: lines as DNS servers have them,
//
//	mail._domainkey.acme.example. 300 IN TXT "v=DKIM1; p=MIIB" "IjAN"
//	_dmarc.acme.example TXT v=DMARC1; p=reject
//
// of which TXT and CNAME count, or a JSON object of names to texts. Lines that begin
// with ; or # are comments.
func ParseZone(text []byte) (Zone, error) {
	z := Zone{map[string][]string{}, map[string]string{}}
	if strings.HasPrefix(strings.TrimSpace(string(text)), "{") {
		return z, z.json(text)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == ';' || line[0] == '#' || line[0] == '$' {
			continue
		}
		if err := z.line(line); err != nil {
			return Zone{}, fmt.Errorf("line %d: %w", n, err)
		}
	}
	return z, nil
}

func (z Zone) json(text []byte) error {
	var names map[string]json.RawMessage
	if err := json.Unmarshal(text, &names); err != nil {
		return fmt.Errorf("it is no JSON object of names to texts: %w", err)
	}
	for name, raw := range names {
		var one string
		var many []string
		if json.Unmarshal(raw, &one) == nil {
			many = []string{one}
		} else if err := json.Unmarshal(raw, &many); err != nil {
			return fmt.Errorf("%q is neither a text nor a list of texts", name)
		}
		z.texts[hostname(name)] = append(z.texts[hostname(name)], many...)
	}
	return nil
}

func (z Zone) line(line string) error {
	name, rest := word(line)
	kind, rest := word(rest)
	if _, err := strconv.ParseUint(kind, 10, 32); err == nil { // its time to live
		kind, rest = word(rest)
	}
	if strings.EqualFold(kind, "IN") {
		kind, rest = word(rest)
	}
	switch strings.ToUpper(kind) {
	case "TXT":
		text, err := characters(rest)
		if err != nil {
			return fmt.Errorf("the text of %s %w", name, err)
		}
		z.texts[hostname(name)] = append(z.texts[hostname(name)], text)
	case "CNAME":
		z.aliases[hostname(name)] = hostname(rest)
	case "":
		return fmt.Errorf("expected a name, TXT and a text, not %q", line)
	}
	return nil
}

func word(s string) (first, rest string) {
	s = strings.TrimLeft(s, " \t")
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		return s[:i], strings.TrimSpace(s[i:])
	}
	return s, ""
}

// characters joins the quoted strings of a TXT record; without quotes it is as it is.
func characters(s string) (string, error) {
	if s == "" || s[0] != '"' && s[0] != '(' {
		return s, nil
	}
	if s[0] == '(' {
		end := strings.LastIndexByte(s, ')')
		if end < 0 {
			return "", fmt.Errorf("goes on over several lines; write it on one")
		}
		s = strings.TrimSpace(s[1:end])
	}
	var text strings.Builder
	for s != "" && s[0] == '"' {
		i := 1
		for ; i < len(s) && s[i] != '"'; i++ {
			if s[i] == '\\' && i+1 < len(s) {
				i++
			}
			text.WriteByte(s[i])
		}
		if i >= len(s) {
			return "", fmt.Errorf("has no closing quote")
		}
		s = strings.TrimSpace(s[i+1:])
	}
	if s != "" && s[0] != ';' { // a comment
		return "", fmt.Errorf("has %q after its quotes", s)
	}
	return text.String(), nil
}

func hostname(s string) string { return strings.ToLower(strings.TrimSuffix(strings.TrimSpace(s), ".")) }

// LookupTXT answers as a *net.Resolver does.
func (z Zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	asked := hostname(name)
	for range 8 { // aliases of aliases
		if texts, is := z.texts[asked]; is {
			return texts, nil
		}
		next, is := z.aliases[asked]
		if !is {
			break
		}
		asked = next
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}
