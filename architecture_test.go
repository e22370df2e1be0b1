// Package landlord_test holds the tree to its rules. It parses the sources
// rather than asking the go command, so that the test cache sees every change.
package landlord_test

import (
	"crypto/sha256"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// order is the tree in the order in which data moves. A package imports only
// what stands above it.
var order = []string{
	"internal/clock",
	"internal/limits",
	"internal/money",
	"internal/nearest",
	"internal/pace",
	"internal/paper",
	"org",
	"guard/guardrail",
	"guard/compliance",
	"guard/compliance/scan",
	"guard/compliance/assess",
	"guard/compliance/report",
	"guard/evidence",
	"guard/baseline",
	"guard/survey",
	"guard/trail",
	"business/sla",
	"portfolio",
	"directory",
	"guard/identity",
	"vend/draft",
	"vend/blueprint",
	"vend/plan",
	"vend/verify",
	"vend/terraform",
	"vend/preflight",
	"vend/execute",
	"vend/journal",
	"vend/apply",
	"vend/forecast",
	"vend/cloud",
	"simaws/wire",
	"simaws/estate",
	"simaws",
	"service/onboard",
	"business/billing",
	"business/economics",
	"business/document",
	"business/support",
	"business/usage",
	"business/usage/duck",
	"simulate",
	"simulate/soak",
	"simulate/report",
	"service/postgres",
	"service/store",
	"service/store/storetest",
	"service/proof",
	"service/mail",
	"service/desk",
	"service/control",
	"service/oidc",
	"service/oidc/oidctest",
	"service/whatif",
	"service/api",
	"service/web",
	"service/rehearsal",
	"cmd/landlord",
	"internal/bench",
	"simaws/internal/modelgen",
	"guard/guardrail/internal/actions",
}

// source is one parsed Go file.
type source struct {
	name string // from the root, with slashes
	pkg  string // its folder
	test bool
	file *ast.File
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && name != "." || d.Name() == "testdata" || d.Name() == "bin") {
			return filepath.SkipDir
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all = append(all, source{name, path.Dir(name), strings.HasSuffix(name, "_test.go"), file})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("found only %d Go files: the test looks in the wrong place", len(all))
	}
	return all
}

func imports(s source) []string {
	var list []string
	for _, i := range s.file.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		list = append(list, p)
	}
	return list
}

func TestPackagesImportOnlyWhatStandsAbove(t *testing.T) {
	for _, s := range sources(t) {
		at := slices.Index(order, s.pkg)
		if at < 0 && s.pkg != "." {
			t.Errorf("%s: package %s has no place in the order", s.name, s.pkg)
		}
		if s.test {
			continue
		}
		for _, p := range imports(s) {
			ours, is := strings.CutPrefix(p, "landlord/")
			if is && slices.Index(order, ours) >= at {
				t.Errorf("%s imports %s, which does not stand above it", s.name, ours)
			}
		}
	}
}

// TestOnlyCloudKnowsTheSDK: one client, one place; and the simulated AWS and
// its client share bytes only.
func TestOnlyCloudKnowsTheSDK(t *testing.T) {
	for _, s := range sources(t) {
		for _, p := range imports(s) {
			if sdk := strings.HasPrefix(p, "github.com/aws/"); sdk && s.pkg != "vend/cloud" && !(s.test && s.pkg == "simaws") {
				t.Errorf("%s imports %s", s.name, p)
			}
			if s.pkg == "simaws" && !s.test && strings.HasPrefix(p, "landlord/") &&
				!slices.Contains([]string{"landlord/internal/clock", "landlord/internal/limits", "landlord/org", "landlord/guard/guardrail", "landlord/simaws/wire", "landlord/simaws/estate"}, p) {
				t.Errorf("%s imports %s: what judges must not share with what it judges", s.name, p)
			}
		}
	}
}

// TestOnlyTheCommandLinksDuckDB: it makes a binary 60 MB larger, a test's too.
func TestOnlyTheCommandLinksDuckDB(t *testing.T) {
	for _, s := range sources(t) {
		for _, p := range imports(s) {
			if strings.HasPrefix(p, "github.com/duckdb/") && s.pkg != "business/usage/duck" || p == "landlord/business/usage/duck" && s.pkg != "cmd/landlord" && s.pkg != "internal/bench" {
				t.Errorf("%s imports %s", s.name, p)
			}
		}
	}
}

// TestProductTimeComesFromTheClock: only the clock, the command and the bench
// read or wait on the wall's time.
func TestProductTimeComesFromTheClock(t *testing.T) {
	allowed := []string{"internal/clock", "cmd/landlord", "internal/bench"}
	for _, s := range sources(t) {
		if s.test || slices.Contains(allowed, s.pkg) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, is := n.(*ast.SelectorExpr)
			if !is {
				return true
			}
			pkg, is := call.X.(*ast.Ident)
			if is && pkg.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After", "NewTimer", "NewTicker", "Tick", "AfterFunc"}, call.Sel.Name) {
				t.Errorf("%s uses time.%s", s.name, call.Sel.Name)
			}
			return true
		})
	}
}

// TestMoneyIsExact: no float64 where amounts are.
func TestMoneyIsExact(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || !slices.Contains([]string{"internal/money", "business/economics", "business/billing", "business/usage", "business/usage/duck"}, s.pkg) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if id, is := n.(*ast.Ident); is && (id.Name == "float64" || id.Name == "float32") {
				t.Errorf("%s uses %s", s.name, id.Name)
			}
			return true
		})
	}
}

// TestFilesStaySmall: a file over 400 lines wants to be two.
func TestFilesStaySmall(t *testing.T) {
	for _, s := range sources(t) {
		text, err := os.ReadFile(s.name)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), "\n"); n > 400 && !s.test {
			t.Errorf("%s has %d lines", s.name, n)
		}
	}
}

// TestCatalogueFollowsTheMigrations: what the server expects of a database was written
// after the last migration, or it would refuse every one.
func TestCatalogueFollowsTheMigrations(t *testing.T) {
	names, err := filepath.Glob("service/store/migrations/*.sql")
	if err != nil || len(names) == 0 {
		t.Fatalf("found no migrations: %v", err)
	}
	last := slices.Max(names)
	text, err := os.ReadFile(last)
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := os.ReadFile("service/store/catalogue.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%s %x", strings.TrimSuffix(filepath.Base(last), ".sql"), sha256.Sum256(text))
	if got, _, _ := strings.Cut(string(catalogue), "\n"); got != want {
		t.Errorf("service/store/catalogue.txt was written after migration %s, and the last is %s: go test ./service/store -run TestCatalogue -update, and read what changed", got, want)
	}
}
