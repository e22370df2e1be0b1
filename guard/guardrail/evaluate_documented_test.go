package guardrail_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"landlord/guard/guardrail"
)

// rows are the rows of a table in testdata, divided by " | ", with their numbers.
func rows(t *testing.T, name string, fields int) map[int][]string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	all := map[int][]string{}
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		row := strings.Split(line, " | ")
		if len(row) != fields {
			t.Fatalf("testdata/%s:%d: want %d fields", name, i+1, fields)
		}
		all[i+1] = row
	}
	return all
}

// TestDocumentedConditions: each row of the table, in a statement that allows and
// in one that denies beside one that allows everything.
func TestDocumentedConditions(t *testing.T) {
	for n, row := range rows(t, "conditions.txt", 3) {
		for effect, want := range map[string]map[string]guardrail.Reason{
			guardrail.Allow: {"holds": guardrail.IsAllowed, "fails": guardrail.ImplicitDeny, "error": ""},
			guardrail.Deny:  {"holds": guardrail.ExplicitDeny, "fails": guardrail.IsAllowed, "error": ""},
		} {
			policies := statement(`"Effect":"` + effect + `","Action":"*","Resource":"*","Condition":` + row[0])
			if effect == guardrail.Deny {
				policies += "," + everything
			}
			expected, known := want[row[2]]
			if !known {
				t.Fatalf("testdata/conditions.txt:%d: %q is no answer", n, row[2])
			}
			d, err := new(guardrail.Lines).Judge([]byte(`{"levels":[[` + policies + `]],"action":"s3:GetObject","context":` + row[1] + `}`))
			if d.Reason != expected || (err != nil) != (row[2] == "error") {
				t.Errorf("testdata/conditions.txt:%d: %s of %s, %s: %q (%v), want %s", n, row[0], row[1], effect, d.Reason, err, row[2])
			}
		}
	}
}

var (
	allPolicy = regexp.MustCompile(`@all\b`)
	oneOf     = regexp.MustCompile(`@(allow|deny)\(`)
)

// spell writes a row's abbreviations out.
func spell(line string) string {
	line = allPolicy.ReplaceAllLiteralString(line, everything)
	for {
		at := oneOf.FindStringSubmatchIndex(line)
		if at == nil {
			return line
		}
		effect := map[string]string{"allow": guardrail.Allow, "deny": guardrail.Deny}[line[at[2]:at[3]]]
		end, quoted := at[1], false
		for depth := 1; ; end++ {
			switch {
			case line[end] == '"':
				quoted = !quoted
			case !quoted && line[end] == '(':
				depth++
			case !quoted && line[end] == ')':
				depth--
			}
			if depth == 0 {
				break
			}
		}
		line = line[:at[0]] + statement(`"Effect":"`+effect+`",`+line[at[1]:end]) + line[end+1:]
	}
}

// TestDocumentedRequests: each row of the table.
func TestDocumentedRequests(t *testing.T) {
	for n, row := range rows(t, "requests.txt", 2) {
		d, err := new(guardrail.Lines).Judge([]byte(spell(row[0])))
		got := string(d.Reason)
		switch {
		case err != nil:
			got = "error"
		case d.Reason == guardrail.ExplicitDeny && d.Sid == "":
			got = fmt.Sprint(d.Reason, " ", d.Level, " ", d.Statement)
		case d.Reason == guardrail.ExplicitDeny:
			got = fmt.Sprint(d.Reason, " ", d.Level, " ", d.Sid)
		case d.Level >= 0:
			got = fmt.Sprint(d.Reason, " ", d.Level)
		}
		if got != row[1] || d.Allowed && err != nil {
			t.Errorf("testdata/requests.txt:%d: %s: %q (%v), want %q", n, row[0], got, err, row[1])
		}
	}
}
