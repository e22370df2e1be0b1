package portfolio

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v4"

	"landlord/internal/limits"
	"landlord/internal/money"
	"landlord/org"
)

// scalar is a value written on one line. check returns what is wrong with the
// text as a whole message, "" if nothing is.
func scalar(expects string, schema jsonschema.Schema, check func(text, name string) string) value[string] {
	schema.Type = "string"
	return value[string]{
		expects: expects,
		kind:    yaml.ScalarNode,
		schema:  func() *jsonschema.Schema { return new(schema) },
		read: func(r *reader, n *yaml.Node, name string) string {
			if message := check(n.Value, name); message != "" {
				r.fault(n, "%s", message)
			}
			return n.Value
		},
	}
}

// matching is text that matches pattern.
func matching(expects, pattern string, length int) value[string] {
	re := regexp.MustCompile(pattern)
	return scalar(expects, jsonschema.Schema{Pattern: pattern}, func(text, name string) string {
		if !re.MatchString(text) || len(text) > length {
			return fmt.Sprintf("%s %s is not %s", name, quote(text), expects)
		}
		return ""
	})
}

// line is text of any script, 1 to most characters.
func line(most int) value[string] {
	expects := fmt.Sprintf("text of 1 to %d characters", most)
	length := uint64(most)
	v := scalar(expects, jsonschema.Schema{MinLength: new(uint64(1)), MaxLength: &length}, func(text, name string) string {
		switch n := utf8.RuneCountInString(text); {
		case strings.TrimSpace(text) == "":
			return fmt.Sprintf("%s is empty; expected %s", name, expects)
		case n > most:
			return fmt.Sprintf("%s has %d characters; expected %s", name, n, expects)
		case strings.ContainsFunc(text, unprintable):
			return fmt.Sprintf("%s %s has control characters; expected %s", name, quote(text), expects)
		}
		return ""
	})
	read := v.read
	v.read = func(r *reader, n *yaml.Node, name string) string { return strings.TrimSpace(read(r, n, name)) }
	return v
}

// unprintable tells whether r breaks lines or steers a terminal. Joiners, which
// some scripts need, do not.
func unprintable(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}

// tagged is text that AWS takes as a tag's value.
//
// Source: Organizations API reference, Tag; AWS, "Tag naming limits".
func tagged(most int) value[string] {
	v := matching(fmt.Sprintf("1 to %d letters, digits, spaces or any of . : / = + - @ _", most),
		fmt.Sprintf(`^[\p{L}\p{N}.:/=+@_-]([\p{L}\p{N} .:/=+@_-]{0,%d}[\p{L}\p{N}.:/=+@_-])?$`, most-2), 4*most)
	return v
}

const keyPattern = `^[a-z][a-z0-9-]{0,39}$`

var keyValue = matching("a key: a lower-case letter, then up to 39 lower-case letters, digits or hyphens", keyPattern, 40)

var regionValue = matching("an AWS region such as us-east-1", `^[a-z]{2,4}(-[a-z]{2,12}){1,2}-[1-9]$`, 32)

var (
	contactValue = scalar("an e-mail address", jsonschema.Schema{Format: "email"}, func(text, name string) string {
		local, domain, _ := strings.Cut(text, "@")
		bad := strings.ContainsFunc(local, func(r rune) bool {
			return unicode.IsSpace(r) || unprintable(r) || strings.ContainsRune("@<>()[],;:\\\"", r)
		})
		if local == "" || len(text) > 254 || bad || !domainOK(domain) {
			return fmt.Sprintf("%s %s is not an e-mail address such as ops@example.com", name, quote(text))
		}
		if n := utf8.RuneCountInString(org.TagText(text)); n > limits.TagValueLength {
			return fmt.Sprintf("%s %s takes %d characters as the tag that AWS keeps it in; the most is %d", name, quote(text), n, limits.TagValueLength)
		}
		return ""
	})

	patternValue = scalar("a pattern of e-mail addresses such as aws+{customer}@example.com",
		jsonschema.Schema{Pattern: `^[^@]*\{customer\}[^@]*@[^@]+$`, Examples: []any{"aws+{customer}@example.com"}}, patternFault)

	dateValue = scalar("a date such as 2026-01-31", jsonschema.Schema{Format: "date", Pattern: `^2[0-9]{3}-[0-9]{2}-[0-9]{2}$`},
		func(text, name string) string {
			if day, err := time.Parse(time.DateOnly, text); err != nil || day.Year() < 2000 || day.Year() > 2999 {
				return fmt.Sprintf("%s %s is not a date; expected one such as 2026-01-31", name, quote(text))
			}
			return ""
		})

	lockValue = scalar(`a folder, "s3://bucket/key" or "server"`, jsonschema.Schema{MinLength: new(uint64(1)), MaxLength: new(uint64(1024))},
		func(text, name string) string {
			scheme, rest, url := strings.Cut(text, "://")
			if strings.TrimSpace(text) == "" || len(text) > 1024 || strings.ContainsFunc(text, unprintable) || url && (scheme != "s3" || rest == "") {
				return fmt.Sprintf(`%s %s is not a lock; expected a folder, "s3://bucket/key" or "server"`, name, quote(text))
			}
			return ""
		})
)

// relayValue is what a mail server calls itself in what it writes about a message.
var relayValue = matching("the name of a mail server, such as mx.example.com", `^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`, 253)

// patternFault tells what is wrong with a pattern of root addresses, by the
// addresses that the shortest and the longest key get.
func patternFault(text, name string) string {
	about := fmt.Sprintf("%s %s: ", name, quote(text))
	local, _, _ := strings.Cut(text, "@")
	fixed := len(text) - len(placeholder)
	switch {
	case strings.Count(text, placeholder) != 1:
		return about + `a pattern holds "{customer}" once`
	case !strings.Contains(local, placeholder):
		return about + `"{customer}" stands before the @`
	case fixed > limits.EmailLength-hashed-1:
		return about + fmt.Sprintf("besides {customer} it has %d characters; at most %d leave room for a key", fixed, limits.EmailLength-hashed-1)
	}
	for _, key := range []string{"a", strings.Repeat("a", 40)} {
		if why := addressFault(AccountEmail(text, key)); why != "" {
			return about + why
		}
	}
	return ""
}

var (
	targetValue = oneOf(`"simulated" or "aws"`, Simulated, AWS)
	driftValue  = oneOf(`"report" or "mend"`, Report, Mend)
	quotasValue = oneOf("\""+strings.Join(limits.QuotaNames(), "\" or \"")+"\"", limits.QuotaNames()...)
	unitsValue  = oneOf(`"flat", "by-region" or "by-segment"`, Flat, ByRegion, BySegment)
)

// oneOf is one of some words.
func oneOf(expects string, known ...string) value[string] {
	return value[string]{
		expects: expects,
		kind:    yaml.ScalarNode,
		schema: func() *jsonschema.Schema {
			s := &jsonschema.Schema{Type: "string"}
			for _, word := range known {
				s.Enum = append(s.Enum, word)
			}
			return s
		},
		read: func(r *reader, n *yaml.Node, name string) string {
			if !slices.Contains(known, n.Value) {
				r.fault(n, "unknown %s %s%s", name, quote(n.Value), r.nearest(n.Value, known, "; expected "+expects))
			}
			return n.Value
		},
	}
}

// quoted are the ways to write a text that YAML takes for nothing else.
const quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle

var accountValue = value[org.AccountID]{
	expects: "an AWS account id: 12 digits, quoted",
	kind:    yaml.ScalarNode,
	schema: func() *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string", Pattern: `^[0-9]{12}$`, Examples: []any{"111122223333"}}
	},
	read: func(r *reader, n *yaml.Node, name string) org.AccountID {
		switch id := org.AccountID(n.Value); {
		case !id.Valid():
			r.fault(n, "%s %s is not an AWS account id: 12 digits, quoted", name, quote(n.Value))
		case n.Style&quoted == 0:
			r.fault(n, `%s %s is not quoted; write "%s": YAML takes it for a number and eats leading zeros`, name, id, id)
		}
		return org.AccountID(n.Value)
	},
}

// adopted is an account that the file says is there: one of the two.
type adopted struct {
	id      org.AccountID
	address string
}

var adoptValue = value[adopted]{
	expects: "an AWS account id: 12 digits, quoted; or the root address of one",
	kind:    yaml.ScalarNode,
	schema: func() *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string", Pattern: `^([0-9]{12}|[^\s@]+@[^\s@]+\.[^\s@]+)$`, Examples: []any{"111122223333"}}
	},
	read: func(r *reader, n *yaml.Node, name string) adopted {
		if !strings.Contains(n.Value, "@") {
			return adopted{id: accountValue.read(r, n, name)}
		}
		if why := addressFault(n.Value); why != "" {
			r.fault(n, "%s %s is not the root address of an account: %s", name, quote(n.Value), why)
		}
		return adopted{address: n.Value}
	},
}

// amountLimit is the most of any amount: 50,000 customers that pay it stay
// below 2⁵³ cents a year.
const amountLimit = money.Cents(100_000_000 * 100)

var moneyValue = value[money.Cents]{
	expects: "an amount in USD such as 8000 or 99.50",
	kind:    yaml.ScalarNode,
	schema: func() *jsonschema.Schema {
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
			{Type: "number", Minimum: "0", Maximum: json.Number(amountLimit.String())},
			{Type: "string", Pattern: `^(0|[1-9][0-9]{0,8})(\.[0-9]{1,2})?$`},
		}}
	},
	read: func(r *reader, n *yaml.Node, name string) money.Cents {
		amount, err := money.Parse(n.Value)
		switch zeros := len(n.Value) > 1 && n.Value[0] == '0' && n.Value[1] != '.'; {
		case err == nil && amount < 0:
			r.fault(n, "%s %s is negative; expected an amount in USD such as 8000 or 99.50", name, quote(n.Value))
		case err != nil || zeros:
			r.fault(n, "%s %s is not an amount in USD: digits such as 8000, or 99.50", name, quote(n.Value))
		case amount > amountLimit:
			r.fault(n, "%s %s is too large; the most is %s", name, quote(n.Value), amountLimit.Format())
		}
		return amount
	},
}

// count is a whole number from least to most.
func count(least, most int) value[int] {
	expects := fmt.Sprintf("a whole number from %d to %d", least, most)
	return value[int]{
		expects: expects,
		kind:    yaml.ScalarNode,
		schema: func() *jsonschema.Schema {
			return &jsonschema.Schema{Type: "integer", Minimum: json.Number(strconv.Itoa(least)), Maximum: json.Number(strconv.Itoa(most))}
		},
		read: func(r *reader, n *yaml.Node, name string) int {
			i, err := strconv.Atoi(n.Value)
			if err != nil || strconv.Itoa(i) != n.Value || i < least || i > most {
				r.fault(n, "%s %s is not %s", name, quote(n.Value), expects)
			}
			return i
		},
	}
}

// preset is v as a default of the schema, nil if v says nothing.
func preset(v any) any {
	switch v := v.(type) {
	case money.Cents:
		if v != 0 {
			return json.Number(v.String())
		}
	case int:
		if v != 0 {
			return v
		}
	case string:
		if v != "" {
			return v
		}
	case []string:
		if len(v) > 0 {
			return v
		}
	}
	return nil
}

func object() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object", Properties: jsonschema.NewProperties(), AdditionalProperties: jsonschema.FalseSchema}
}
