package cloud

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"landlord/guard/compliance"
	"landlord/guard/compliance/assess"
	"landlord/internal/clock"
)

// TestQuestionsAreTheirOperations parses the table: each row calls the operation
// that its key names, and writes nothing.
func TestQuestionsAreTheirOperations(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "questions.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	ast.Inspect(file, func(n ast.Node) bool {
		row, is := n.(*ast.KeyValueExpr)
		if !is {
			return true
		}
		key, isKey := row.Key.(*ast.BasicLit)
		call, isCall := row.Value.(*ast.CallExpr)
		if !isKey || !isCall {
			return true
		}
		name, _ := strconv.Unquote(key.Value)
		_, operation, _ := strings.Cut(name, ":")
		if got := call.Args[0].(*ast.SelectorExpr).Sel.Name; got != operation {
			t.Errorf("%s calls %s", name, got)
		}
		if !slices.ContainsFunc([]string{"Get", "List", "Describe", "Generate"}, func(verb string) bool { return strings.HasPrefix(operation, verb) }) {
			t.Errorf("%s does not only read", name)
		}
		rows++
		return true
	})
	if rows != len(questions(aws.Config{}, true)) {
		t.Errorf("the test read %d rows of %d", rows, len(questions(aws.Config{}, true)))
	}
}

// recorded keeps which questions are asked.
type recorded struct {
	assess.Asker
	asked map[string]error
}

func (r recorded) Ask(ctx context.Context, q assess.Question) (assess.Answer, error) {
	a, err := r.Asker.Ask(ctx, q)
	r.asked[q.Operation] = err
	return a, err
}

// TestAssessment assesses a simulated account through the SDK: what CIS asks of is
// told, by answers with their request ids.
func TestAssessment(t *testing.T) {
	c, _, now, id := newMember(t)
	cis, err := compliance.Of("CIS", "")
	if err != nil {
		t.Fatal(err)
	}
	subject := assess.Subject{Account: id, Organization: "o-any", Regions: []string{"us-east-1"}, At: now.Now(), Checks: cis.Checks()}
	asked := map[string]error{}
	found, err := assess.Account(t.Context(), subject, recorded{c.Asker(subject), asked})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[compliance.Status]int{}
	for _, f := range found {
		seen[f.Status]++
		if f.Status == compliance.Error {
			t.Errorf("%s %s: %s", f.Name, f.Resource, f.Reason)
		}
		for _, call := range f.Evidence.Calls {
			if call.RequestID == "" || call.At.IsZero() || len(call.SHA256) != 64 && call.Error == "" {
				t.Errorf("%s: call %+v", f.Name, call)
			}
		}
	}
	if seen[compliance.Pass] < 20 || seen[compliance.Fail] < 20 {
		t.Errorf("findings %v", seen)
	}
	if len(asked) < 35 {
		t.Errorf("asked only %v", slices.Sorted(maps.Keys(asked)))
	}
	// The same account answers the same.
	again, err := assess.Account(t.Context(), subject, c.Asker(subject))
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range found {
		if again[i].Hash != f.Hash {
			t.Errorf("%s %s has another hash when it is read again", f.Name, f.Resource)
		}
	}
}

// TestPagesAreJoined: an answer is all its pages; one of which a page is lost is an
// error.
func TestPagesAreJoined(t *testing.T) {
	page := func(items, marker string) string {
		return `<ListUsersResponse><ListUsersResult><Users>` + items + `</Users><IsTruncated>true</IsTruncated>` + marker + `</ListUsersResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></ListUsersResponse>`
	}
	user := func(name string) string { return `<member><UserName>` + name + `</UserName></member>` }
	for name, pages := range map[string][]string{
		"joined":       {page(user("ada"), "<Marker>2</Marker>"), page(user("bob")+user("eve"), "")},
		"lost":         {page(user("ada"), "<Marker>2</Marker>")},
		"again, again": {page(user("ada"), "<Marker>2</Marker>"), page(user("ada"), "<Marker>2</Marker>"), page("", "")},
	} {
		calls := 0
		c := InProcess(serve(func(w http.ResponseWriter, r *http.Request) {
			if calls++; calls > len(pages) {
				w.WriteHeader(http.StatusForbidden)
				fmt.Fprint(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>`)
				return
			}
			fmt.Fprint(w, pages[calls-1])
		}), Options{Clock: clock.Real()})
		answer, err := c.Asker(assess.Subject{Regions: []string{"us-east-1"}}).Ask(t.Context(), assess.Question{Operation: "iam:ListUsers"})
		if name != "joined" {
			if err == nil {
				t.Errorf("%s: answered %s", name, answer.Body)
			}
			continue
		}
		if want := []string{"ada", "bob", "eve"}; err != nil || strings.Count(string(answer.Body), "UserName") != 3 || !slices.ContainsFunc(want, func(n string) bool { return strings.Contains(string(answer.Body), n) }) {
			t.Errorf("%s: %s, %v", name, answer.Body, err)
		}
		if strings.Contains(string(answer.Body), "Marker") || strings.Contains(string(answer.Body), "ResultMetadata") {
			t.Errorf("%s: the answer holds what is of its pages: %s", name, answer.Body)
		}
	}
}

// serve answers requests without a network.
type serve func(http.ResponseWriter, *http.Request)

func (s serve) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s(w, r)
	return w.Result(), nil
}
