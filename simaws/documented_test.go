package simaws

import (
	"cmp"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDocumentedOperations holds the table of docs/simaws.md to what is served.
func TestDocumentedOperations(t *testing.T) {
	page, err := os.ReadFile("../docs/simaws.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string][]string{}
	for _, row := range regexp.MustCompile(`(?m)^\| [^|]* \| .([a-z0-9-]+). \| ([^|]*) \|$`).FindAllStringSubmatch(string(page), -1) {
		for operation := range strings.SplitSeq(row[2], ",") {
			documented[row[1]] = append(documented[row[1]], strings.TrimSpace(operation))
		}
	}
	for _, s := range services {
		name := cmp.Or(s.api, s.name)
		for _, operation := range documented[name] {
			if _, ok := s.operations[operation]; !ok {
				t.Errorf("the page has %s of %s, which is not served", operation, name)
			}
		}
		for _, operation := range slices.Sorted(maps.Keys(s.operations)) {
			if !slices.Contains(documented[name], operation) {
				t.Errorf("the page lacks %s of %s", operation, name)
			}
		}
		delete(documented, name)
	}
	if len(documented) > 0 {
		t.Errorf("the page has services that are none: %v", documented)
	}
}
