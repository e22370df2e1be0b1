package guardrail_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"landlord/guard/guardrail"
)

// The oracle is AWS's text written down once more, as plainly as can be: of JSON
// as it comes, with regular expressions, and with nothing of the evaluator's.

type oracle struct {
	action, resource string
	context          map[string][]string
	variables        bool
}

func oracleDecides(levels [][]map[string]any, action, resource string, context map[string][]string) guardrail.Reason {
	o := oracle{action: action, resource: resource, context: map[string][]string{}}
	for key, values := range context {
		o.context[strings.ToLower(key)] = values
	}
	everyLevelAllows := len(levels) > 0
	for _, level := range levels {
		allows := false
		for _, policy := range level {
			o.variables = policy["Version"] == "2012-10-17"
			for _, s := range many(policy["Statement"]) {
				s := s.(map[string]any)
				if !o.applies(s) {
					continue
				}
				if s["Effect"] == "Deny" {
					return guardrail.ExplicitDeny
				}
				allows = true
			}
		}
		everyLevelAllows = everyLevelAllows && allows
	}
	if everyLevelAllows {
		return guardrail.IsAllowed
	}
	return guardrail.ImplicitDeny
}

func many(v any) []any {
	if list, is := v.([]any); is {
		return list
	}
	return []any{v}
}

func (o oracle) applies(s map[string]any) bool {
	anyAction := func(v any) bool {
		for _, one := range many(v) {
			if regexp.MustCompile("(?is)^" + o.regex(one.(string), false) + "$").MatchString(o.action) {
				return true
			}
		}
		return false
	}
	anyResource := func(v any) bool {
		for _, one := range many(v) {
			text := one.(string)
			if o.like(text, o.resource) {
				return true
			}
			for missing := text; text != "*" && strings.Count(missing, ":") < 5 && !strings.Contains(text, "${"); {
				if missing += ":*"; o.like(missing, o.resource) {
					return true
				}
			}
		}
		return false
	}
	if v, is := s["Action"]; is && !anyAction(v) {
		return false
	}
	if v, is := s["NotAction"]; is && anyAction(v) {
		return false
	}
	if v, is := s["Resource"]; is && !anyResource(v) {
		return false
	}
	if v, is := s["NotResource"]; is && anyResource(v) {
		return false
	}
	conditions, _ := s["Condition"].(map[string]any)
	for operator, keys := range conditions {
		for key, values := range keys.(map[string]any) {
			if !o.condition(operator, key, many(values)) {
				return false
			}
		}
	}
	return true
}

const nothing = `[^\x00-\x{10FFFF}]` // matches no text

// regex writes a pattern as a regular expression; a variable without a value
// matches nothing.
func (o oracle) regex(pattern string, variables bool) string {
	var out strings.Builder
	for i := 0; i < len(pattern); {
		if variables && strings.HasPrefix(pattern[i:], "${") {
			end := i + strings.IndexByte(pattern[i:], '}')
			name, fallback, has := strings.Cut(pattern[i+2:end], ", ")
			values := o.context[strings.ToLower(name)]
			switch {
			case name == "*" || name == "?" || name == "$":
				out.WriteString(regexp.QuoteMeta(name))
			case len(values) == 1:
				out.WriteString(regexp.QuoteMeta(values[0]))
			case len(values) == 0 && has:
				out.WriteString(regexp.QuoteMeta(strings.Trim(fallback, "'")))
			default:
				return nothing
			}
			i = end + 1
			continue
		}
		c, size := utf8.DecodeRuneInString(pattern[i:])
		switch c {
		case '*':
			out.WriteString(".*")
		case '?':
			out.WriteString(".")
		default:
			out.WriteString(regexp.QuoteMeta(string(c)))
		}
		i += size
	}
	return out.String()
}

func (o oracle) like(pattern, text string) bool {
	return regexp.MustCompile("(?s)^" + o.regex(pattern, o.variables) + "$").MatchString(text)
}

func (o oracle) condition(operator, key string, want []any) bool {
	have := o.context[strings.ToLower(key)]
	texts := make([]string, len(want))
	for i, w := range want {
		texts[i] = fmt.Sprint(w)
	}
	if operator == "Null" {
		for _, w := range texts {
			if strings.EqualFold(w, "true") == (len(have) == 0) {
				return true
			}
		}
		return false
	}
	name, set := operator, ""
	if before, after, is := strings.Cut(operator, ":"); is {
		set, name = before, after
	}
	name, ifExists := strings.CutSuffix(name, "IfExists")
	if ifExists && len(have) == 0 {
		return true
	}
	negated := strings.Contains(name, "Not")
	name = strings.Replace(name, "Not", "", 1)
	one := func(have string) bool { // does one value of the request do?
		for _, w := range texts {
			if o.compare(name, w, have) {
				return !negated
			}
		}
		return negated
	}
	count, empty := 0, 0
	for _, h := range have {
		if one(h) {
			count++
		}
		if h == "" {
			empty++
		}
	}
	switch {
	case set == "ForAllValues":
		return empty == len(have) || count == len(have)
	case set == "ForAnyValue":
		return empty < len(have) && count > 0
	case len(have) == 0:
		return negated
	case negated:
		return count == len(have)
	}
	return count > 0
}

func (o oracle) compare(name, want, have string) bool {
	literal := func() string { // with variables, without wildcards
		text := strings.NewReplacer("*", "\x01", "?", "\x02").Replace(want)
		text = strings.NewReplacer("${\x01}", "${*}", "${\x02}", "${?}").Replace(text)
		return strings.NewReplacer("\x01", `\*`, "\x02", `\?`).Replace(o.regex(text, o.variables))
	}
	switch name {
	case "StringEquals":
		return regexp.MustCompile("(?s)^" + literal() + "$").MatchString(have)
	case "StringEqualsIgnoreCase":
		return regexp.MustCompile("(?is)^" + literal() + "$").MatchString(have)
	case "StringLike":
		return o.like(want, have)
	case "ArnEquals", "ArnLike":
		pattern := regexp.MustCompile("(?s)^" + strings.ReplaceAll(o.regex(want, o.variables), ".*:", "[^:]*:") + "$")
		return strings.Count(have, ":") >= 5 && pattern.MatchString(have)
	case "Bool":
		return strings.EqualFold(want, have)
	case "IpAddress":
		in, err := netip.ParsePrefix(want)
		if err != nil {
			one := netip.MustParseAddr(want)
			in = netip.PrefixFrom(one, one.BitLen())
		}
		at, err := netip.ParseAddr(have)
		return err == nil && in.Contains(at)
	case "BinaryEquals":
		bytes, err := base64.StdEncoding.DecodeString(have)
		wanted, _ := base64.StdEncoding.DecodeString(want)
		return err == nil && string(bytes) == string(wanted)
	}
	var c int
	if after, is := strings.CutPrefix(name, "Numeric"); is {
		name = after
		w, _ := new(big.Float).SetString(want)
		h, ok := new(big.Float).SetString(have)
		if !ok {
			return false
		}
		c = h.Cmp(w)
	} else {
		name = strings.TrimPrefix(name, "Date")
		w, _ := time.Parse(time.RFC3339, want)
		h, err := time.Parse(time.RFC3339, have)
		if seconds, ok := new(big.Float).SetString(have); ok && err != nil { // since 1970
			n, _ := seconds.Int64()
			h, err = time.Unix(n, 0), nil
		}
		if err != nil {
			return false
		}
		c = h.Compare(w)
	}
	return map[string]bool{"Equals": c == 0, "LessThan": c < 0, "LessThanEquals": c <= 0, "GreaterThan": c > 0, "GreaterThanEquals": c >= 0}[name]
}

// die draws policies and requests of few words, so that they often meet.
type die struct {
	*rand.Rand
	kind string // of what key k holds, mostly
}

func newDie(seed, stream uint64) die {
	d := die{Rand: rand.New(rand.NewPCG(seed, stream))}
	d.kind = pick(d, kindNames...)
	return d
}

// kindOf is what a key holds.
func (d die) kindOf(key string) string {
	switch {
	case d.IntN(8) == 0:
		return pick(d, kindNames...)
	case strings.EqualFold(key, "k"):
		return d.kind
	}
	return "String"
}

func pick[T any](d die, of ...T) T { return of[d.IntN(len(of))] }

func (d die) some(of ...string) any {
	if d.IntN(2) == 0 {
		return pick(d, of...)
	}
	list := []any{}
	for range 1 + d.IntN(3) {
		list = append(list, pick(d, of...))
	}
	return list
}

// kinds are values that operators compare: what policies say, what requests have.
var kinds = map[string]struct{ want, have []string }{
	"String": {[]string{"a", "A", "*", "a*", "?", "ab", "${aws:username}", "${k, 'ab'}", "${K}*", "${*}", "${?}b", "${$}", "", "é?"}, []string{"a", "A", "ab", "b", "*", "?b", "", "al", "$", "éé", "a${*}"}},
	"Arn": {[]string{"arn:aws:iam::1:user/a", "arn:*:iam::*:user/*", "arn:aws:iam::?:role/a*", "arn:aws:sns:*:1:finance/*", "arn:aws:iam::1:user/${aws:username}"},
		[]string{"arn:aws:iam::1:user/a", "arn:aws:iam::1:user/al", "arn:aws-us-gov:iam::2:user/x:y", "arn:aws:iam::2:role/ab", "arn:aws:sns:us:9:x:1:finance/d", "a", "arn:aws:iam"}},
	"Bool":    {[]string{"true", "false", "True"}, []string{"true", "false", "FALSE", "x"}},
	"Numeric": {[]string{"10", "9.5", "-1", "1e1"}, []string{"10", "10.0", "9.5", "-2", "11", "x", "1e2"}},
	"Date":    {[]string{"2026-01-01T00:00:00Z", "2026-06-01T12:00:00+02:00"}, []string{"2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z", "2026-06-01T10:00:00Z", "x"}},
	"Ip":      {[]string{"10.0.0.0/8", "10.1.2.3", "2001:db8::/32"}, []string{"10.1.2.3", "11.0.0.1", "2001:db8::1", "x"}},
	"Binary":  {[]string{"YQ==", "YWI="}, []string{"YQ==", "YWI=", "a"}},
}

var operatorsOf = map[string][]string{
	"String":  {"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike"},
	"Arn":     {"ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"},
	"Bool":    {"Bool"},
	"Numeric": {"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals"},
	"Date":    {"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"},
	"Ip":      {"IpAddress", "NotIpAddress"},
	"Binary":  {"BinaryEquals"},
}

var kindNames = []string{"String", "Arn", "Bool", "Numeric", "Date", "Ip", "Binary"}

func (d die) condition() map[string]any {
	c := map[string]any{}
	for range 1 + d.IntN(2) {
		key := pick(d, "k", "K", "aws:username", "l")
		if d.IntN(8) == 0 {
			c["Null"] = map[string]any{key: pick(d, "true", "false")}
			continue
		}
		kind := d.kindOf(key)
		operator := pick(d, "", "", "", "ForAllValues:", "ForAnyValue:") + pick(d, operatorsOf[kind]...) + pick(d, "", "", "IfExists")
		keys, _ := c[operator].(map[string]any)
		if keys == nil {
			keys = map[string]any{}
		}
		keys[key] = d.some(kinds[kind].want...)
		c[operator] = keys
	}
	return c
}

func (d die) policy() map[string]any {
	p := map[string]any{}
	if d.IntN(6) > 0 {
		p["Version"] = pick(d, "2012-10-17", "2012-10-17", "2008-10-17")
	}
	statements := []any{}
	for range 1 + d.IntN(3) {
		s := map[string]any{"Effect": pick(d, "Allow", "Allow", "Deny")}
		s[pick(d, "Action", "Action", "NotAction")] = d.some("*", "s3:*", "S3:Get*", "s3:GetObjec?", "ec2:*", "*:GetObject")
		s[pick(d, "Resource", "Resource", "Resource", "NotResource")] = d.some("*", "*", "arn:aws:s3:::a*", "arn:aws:s3", "arn:aws:s3:::${aws:username}/*", "arn:*:s3:::b/?")
		if d.IntN(3) > 0 {
			s["Condition"] = d.condition()
		}
		statements = append(statements, s)
	}
	if p["Statement"] = statements; len(statements) == 1 && d.IntN(2) == 0 {
		p["Statement"] = statements[0]
	}
	return p
}

func (d die) context() map[string][]string {
	c := map[string][]string{}
	for _, key := range []string{"k", "l", "aws:UserName"} {
		kind := d.kindOf(key)
		for range pick(d, 0, 0, 1, 1, 1, 1, 2, 3) {
			c[key] = append(c[key], pick(d, kinds[kind].have...))
		}
	}
	return c
}

// FuzzOracle compares the evaluator with the oracle on random policies and
// requests, through the very lines that `guardrail eval` reads.
func FuzzOracle(f *testing.F) {
	for seed := range uint64(4000) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		d := newDie(seed, 5)
		levels := make([][]map[string]any, 1+d.IntN(2))
		for i := range levels {
			levels[i] = []map[string]any{}
			for range pick(d, 1, 1, 2, 3) {
				levels[i] = append(levels[i], d.policy())
			}
			if d.IntN(2) == 0 {
				levels[i] = append(levels[i], map[string]any{"Statement": map[string]any{"Effect": "Allow", "Action": "*", "Resource": "*"}})
			}
		}
		action := pick(d, "s3:GetObject", "S3:getobject", "ec2:RunInstances", "s3:PutObject")
		resource := pick(d, "*", "arn:aws:s3:::a/b", "arn:aws:s3:::al/x", "arn:aws:s3:::b/é", "arn:aws:ec2:us-east-1:1:instance/i-1")
		context := d.context()
		line, err := json.Marshal(map[string]any{"levels": levels, "action": action, "resource": resource, "context": context})
		if err != nil {
			t.Fatal(err)
		}
		got, err := new(guardrail.Lines).Judge(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		want := oracleDecides(levels, action, resource, context)
		if got.Reason != want {
			t.Errorf("seed %d: %s: %s, want %s", seed, line, got.Reason, want)
		}
		if got.Allowed != (got.Reason == guardrail.IsAllowed) {
			t.Errorf("seed %d: %+v contradicts itself", seed, got)
		}
	})
}

// TestOracleMeetsAll: the random policies decide in all three ways often enough
// for the comparison to say something.
func TestOracleMeetsAll(t *testing.T) {
	told := map[guardrail.Reason]int{}
	for seed := range uint64(2000) {
		d := newDie(seed, 5)
		levels := [][]map[string]any{{d.policy(), {"Statement": map[string]any{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}}}
		told[oracleDecides(levels, pick(d, "s3:GetObject", "ec2:RunInstances"), "arn:aws:s3:::a/b", d.context())]++
	}
	for _, reason := range []guardrail.Reason{guardrail.IsAllowed, guardrail.ExplicitDeny, guardrail.ImplicitDeny} {
		if told[reason] < 200 {
			t.Errorf("of 2,000 requests %d are %s", told[reason], reason)
		}
	}
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
