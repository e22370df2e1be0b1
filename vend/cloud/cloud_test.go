package cloud

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestPermissionsCoverEveryCall parses this package: each operation that it
// calls on an SDK client is in the table, and nothing else is.
func TestPermissionsCoverEveryCall(t *testing.T) {
	called, inside, signIn := map[string]bool{}, map[string]bool{}, map[string]bool{}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			method, is := n.(*ast.SelectorExpr)
			if !is {
				return true
			}
			client, is := method.X.(*ast.SelectorExpr)
			if !is {
				return true
			}
			if c, is := client.X.(*ast.Ident); is && c.Name == "c" && slices.Contains([]string{"org", "tags", "sts", "quotas", "account"}, client.Sel.Name) {
				called[method.Sel.Name] = true
			}
			if c, is := client.X.(*ast.Ident); is && c.Name == "m" && signedFor[client.Sel.Name] != "" {
				inside[signedFor[client.Sel.Name]+":"+method.Sel.Name] = true
			}
			if i, is := client.X.(*ast.Ident); is && i.Name == "i" && map[string]string{"sso": "sso", "store": "identitystore"}[client.Sel.Name] != "" {
				signIn[map[string]string{"sso": "sso", "store": "identitystore"}[client.Sel.Name]+":"+method.Sel.Name] = true
			}
			return true
		})
	}
	if got, want := slices.Sorted(slices.Values(slices.Concat(signInReads, signInWrites))), slices.Sorted(maps.Keys(signIn)); !slices.Equal(got, want) {
		t.Errorf("permissions of sign-in are for\n%v\ncalls are\n%v", got, want)
	}
	for _, operation := range signInReads {
		if !strings.Contains(operation, ":List") && !strings.Contains(operation, ":Describe") && !strings.Contains(operation, ":Get") {
			t.Errorf("%s is among those that change nothing", operation)
		}
	}
	if len(called) < 20 {
		t.Fatalf("found only %d calls: the parser looks for the wrong thing", len(called))
	}
	got, want := slices.Sorted(maps.Keys(permissions)), slices.Sorted(maps.Keys(called))
	if !slices.Equal(got, want) {
		t.Errorf("permissions are for\n%v\ncalls are\n%v", got, want)
	}
	if got, want := slices.Sorted(maps.Keys(memberPermissions)), slices.Sorted(maps.Keys(inside)); !slices.Equal(got, want) {
		t.Errorf("permissions in accounts are for\n%v\ncalls are\n%v", got, want)
	}
}

// signedFor are the names under which the services of accounts are signed for, by
// the field of services that calls them.
var signedFor = map[string]string{"config": "config", "cloudtrail": "cloudtrail", "iam": "iam", "s3": "s3"}

func TestObserveOnlyPermissionsChangeNothing(t *testing.T) {
	read, err := Permissions(true, "s3://bucket/key", true)
	if err != nil {
		t.Fatal(err)
	}
	all, err := Permissions(false, "", false)
	if err != nil {
		t.Fatal(err)
	}
	var policy struct{ Statement []statement }
	if err := json.Unmarshal(read, &policy); err != nil {
		t.Fatal(err)
	}
	for _, s := range policy.Statement {
		for _, action := range s.Action {
			for _, p := range permissions {
				if p.action == action && p.writes {
					t.Errorf("the read-only policy allows %s", action)
				}
			}
		}
	}
	if len(all) <= len(read) {
		t.Errorf("the whole policy (%d bytes) allows no more than the read-only one (%d)", len(all), len(read))
	}
}
