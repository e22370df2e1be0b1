package guardrail_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"landlord/guard/guardrail"
)

func parse(t *testing.T, text string) guardrail.Document {
	t.Helper()
	d, err := guardrail.ParseDocument([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

func statement(body string) string {
	return `{"Version":"2012-10-17","Statement":[{` + body + `}]}`
}

const everything = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`

func TestAllowed(t *testing.T) {
	bucket := guardrail.Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::logs/2027/a"}
	from := func(key string, values ...string) guardrail.Request {
		r := bucket
		r.Context = map[string][]string{key: values}
		return r
	}
	for _, row := range []struct {
		name, policy string
		request      guardrail.Request
		want         bool
	}{
		{"everything", `"Effect":"Allow","Action":"*","Resource":"*"`, bucket, true},
		{"an action in other case", `"Effect":"Allow","Action":"S3:getobject","Resource":"*"`, bucket, true},
		{"an action by pattern", `"Effect":"Allow","Action":["ec2:*","s3:Get?bject"],"Resource":"*"`, bucket, true},
		{"another action", `"Effect":"Allow","Action":"s3:Put*","Resource":"*"`, bucket, false},
		{"all actions but others", `"Effect":"Allow","NotAction":"s3:Put*","Resource":"*"`, bucket, true},
		{"all actions but this", `"Effect":"Allow","NotAction":"s3:*","Resource":"*"`, bucket, false},
		{"a resource by pattern", `"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::logs/*"`, bucket, true},
		{"a resource in other case", `"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::LOGS/*"`, bucket, false},
		{"all resources but this", `"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::logs/*"`, bucket, false},
		{"one resource, asked for none", `"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::logs"`, guardrail.Request{Action: "s3:GetObject"}, false},
		{"a condition that holds", `"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":["eu-west-1","us-east-1"]}}`, from("aws:requestedregion", "us-east-1"), true},
		{"a condition that does not hold", `"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}`, from("aws:RequestedRegion", "us-east-1"), false},
		{"a condition on what nobody knows", `"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}`, bucket, false},
		{"a condition on what is known to be absent", `"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}`, from("aws:RequestedRegion"), false},
		{"its negation", `"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"eu-west-1"}}`, from("aws:RequestedRegion"), true},
		{"if it exists", `"Effect":"Allow","Action":"*","Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":true}}`, from("aws:MultiFactorAuthPresent"), true},
		{"absent, asked by Null", `"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Null":{"aws:TokenIssueTime":"true"}}`, from("aws:TokenIssueTime"), true},
		{"an address in a range", `"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`, from("aws:SourceIp", "10.1.1.1"), true},
		{"one condition of two", `"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:RequestedRegion":"us-*","aws:PrincipalArn":"*"}}`, from("aws:RequestedRegion", "us-east-1"), false},
	} {
		if got := guardrail.Allowed([]guardrail.Document{parse(t, statement(row.policy))}, row.request); got != row.want {
			t.Errorf("%s: allowed %t, want %t", row.name, got, row.want)
		}
		deny := strings.Replace(row.policy, `"Allow"`, `"Deny"`, 1)
		unsure := strings.Contains(row.name, "nobody knows") || strings.Contains(row.name, "of two")
		if unsure {
			row.request.Unknown = func(string) bool { return true }
		}
		denied := !guardrail.Allowed([]guardrail.Document{parse(t, everything), parse(t, statement(deny))}, row.request)
		if denied != (row.want || unsure) {
			t.Errorf("%s, as a Deny: denied %t, want %t", row.name, denied, row.want || unsure)
		}
	}
	if guardrail.Allowed(nil, bucket) {
		t.Error("no policy allows")
	}
}

func TestPermittedAsksEveryLevel(t *testing.T) {
	all, request := parse(t, everything), guardrail.Request{Action: "ec2:RunInstances"}
	noEC2 := parse(t, statement(`"Effect":"Deny","Action":"ec2:*","Resource":"*"`))
	onlyS3 := parse(t, statement(`"Effect":"Allow","Action":"s3:*","Resource":"*"`))
	type level = []guardrail.Document
	for _, row := range []struct {
		name   string
		levels []level
		want   bool
	}{
		{"allowed at every level", []level{{all}, {all}, {all}}, true},
		{"denied at the root", []level{{all, noEC2}, {all}, {all}}, false},
		{"denied at the account", []level{{all}, {all}, {all, noEC2}}, false},
		{"not allowed at the unit", []level{{all}, {onlyS3}, {all}}, false},
		{"allowed by one of two at the unit", []level{{all}, {onlyS3, all}, {all}}, true},
		{"a level without policies", []level{{all}, {}, {all}}, false},
		{"no level", nil, false},
	} {
		if got := guardrail.Permitted(row.levels, request); got != row.want {
			t.Errorf("%s: permitted %t, want %t", row.name, got, row.want)
		}
	}
}

func TestParseDocumentRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":                      ``,
		"null":                         `null`,
		"a list":                       `[]`,
		"no statement":                 `{"Version":"2012-10-17"}`,
		"no statements":                `{"Version":"2012-10-17","Statement":[]}`,
		"more behind it":               everything + `{}`,
		"an element twice":             `{"Version":"2012-10-17","Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`,
		"an unknown element":           statement(`"Effect":"Allow","Action":"*","Resource":"*","Comment":"x"`),
		"a small letter":               statement(`"effect":"Allow","Action":"*","Resource":"*"`),
		"another effect":               statement(`"Effect":"allow","Action":"*","Resource":"*"`),
		"no action":                    statement(`"Effect":"Allow","Resource":"*"`),
		"two kinds of action":          statement(`"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"`),
		"no resource":                  statement(`"Effect":"Allow","Action":"*"`),
		"an empty list":                statement(`"Effect":"Allow","Action":[],"Resource":"*"`),
		"an action without a service":  statement(`"Effect":"Allow","Action":"GetObject","Resource":"*"`),
		"an action that is null":       statement(`"Effect":"Allow","Action":[null],"Resource":"*"`),
		"a principal":                  statement(`"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"`),
		"a condition that is a string": statement(`"Effect":"Allow","Action":"*","Resource":"*","Condition":"x"`),
		"a Sid with a space":           statement(`"Sid":"No root","Effect":"Allow","Action":"*","Resource":"*"`),
		"a Sid twice":                  `{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"A","Effect":"Deny","Action":"s3:*","Resource":"*"}]}`,
		"a resource that is no ARN":    statement(`"Effect":"Allow","Action":"*","Resource":"bucket"`),
		"an ARN of no service":         statement(`"Effect":"Allow","Action":"*","NotResource":["*","arn:aws:"]`),
		"an unknown operator":          statement(`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"FooEquals":{"k":"v"}}`),
		"a small operator":             statement(`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"stringEquals":{"k":"v"}}`),
		"Null with IfExists":           statement(`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NullIfExists":{"k":"true"}}`),
		"a set of no operator":         statement(`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAllValues:":{"k":"v"}}`),
		"a version from the future":    `{"Version":"2032-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`,
	} {
		if d, err := guardrail.ParseDocument([]byte(text)); err == nil {
			t.Errorf("%s is read as %+v", name, d)
		}
	}
}

// TestParseDocumentReads holds what AWS takes though it looks odd.
func TestParseDocumentReads(t *testing.T) {
	for name, text := range map[string]string{
		"two empty Sids":       `{"Version":"2012-10-17","Statement":[{"Sid":"","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"","Effect":"Deny","Action":"s3:*","Resource":"*"}]}`,
		"an ARN of any bucket": statement(`"Effect":"Deny","Action":"s3:*","Resource":["arn:*:s3:::*","arn:aws:sqs"]`),
		"operators with sets":  statement(`"Effect":"Deny","Action":"*","Resource":"*","Condition":{"IpAddress":{"a":"10.0.0.0/8"},"ForAnyValue:StringLikeIfExists":{"b":"c"},"DateLessThanIfExists":{"d":"2026-01-01"},"Null":{"e":true}}`),
	} {
		if _, err := guardrail.ParseDocument([]byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMatchTakesNoTime(t *testing.T) {
	pattern, text := strings.Repeat("a*", 1000)+"b", strings.Repeat("a", 10_000)
	began := time.Now()
	if guardrail.Match(pattern, text) {
		t.Error("matched what has no b")
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

// FuzzEvaluate checks that reading and judging never panic, that what cannot be
// read allows nothing, and that a Deny of everything beside it closes any door.
func FuzzEvaluate(f *testing.F) {
	f.Add(everything, "s3:GetObject", "arn:aws:s3:::a")
	f.Add(statement(`"Effect":"Deny","NotAction":["s3:*"],"NotResource":"arn:aws:s3:::a?","Condition":{"Null":{"k":true}}`), "ec2:X", "")
	f.Add(`{"Statement":[`, "a:b", "*")
	noThing := statement(`"Effect":"Deny","Action":"*","Resource":"*"`)
	f.Fuzz(func(t *testing.T, text, action, resource string) {
		d, err := guardrail.ParseDocument([]byte(text))
		request := guardrail.Request{Action: action, Resource: resource, Context: map[string][]string{"k": {"v"}}}
		allowed := guardrail.Allowed([]guardrail.Document{d}, request)
		if err != nil && allowed {
			t.Errorf("%q is no policy (%v) and allows", text, err)
		}
		if guardrail.Allowed([]guardrail.Document{d, parse(t, noThing)}, request) {
			t.Errorf("%q opens what is denied", text)
		}
		if guardrail.Permitted([][]guardrail.Document{{d}}, request) != allowed {
			t.Errorf("%q: one level and an identity disagree", text)
		}
	})
}

// FuzzMatch compares Match with its definition.
func FuzzMatch(f *testing.F) {
	f.Add("a*b?c", "axxbyc")
	f.Add("**", "")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if !utf8.ValidString(pattern) || !utf8.ValidString(text) {
			return
		}
		if len(pattern) > 12 || len(text) > 20 {
			t.Skip("the definition is exponential")
		}
		if got, want := guardrail.Match(pattern, text), defined(pattern, text); got != want {
			t.Errorf("Match(%q, %q) = %t, want %t", pattern, text, got, want)
		}
	})
}

func defined(pattern, text string) bool {
	_, first := utf8.DecodeRuneInString(text)
	switch {
	case pattern == "":
		return text == ""
	case pattern[0] == '*':
		return defined(pattern[1:], text) || text != "" && defined(pattern, text[first:])
	case text == "":
		return false
	case pattern[0] == '?':
		return defined(pattern[1:], text[first:])
	}
	return pattern[0] == text[0] && defined(pattern[1:], text[1:])
}
