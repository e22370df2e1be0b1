package simaws

import (
	"fmt"
	"slices"
	"time"

	"go.yaml.in/yaml/v4"
)

// faultFile is Faults as a file holds them, in YAML or JSON: durations as Go
// writes them ("90s", "5m").
type faultFile struct {
	DuplicateEmails bool            `yaml:"accepts_duplicate_emails"`
	Rules           []faultFileRule `yaml:"rules"`
}

type faultFileRule struct {
	Kind      FaultKind     `yaml:"kind"`
	Operation string        `yaml:"operation"`
	Rate      float64       `yaml:"rate"`
	Calls     []int         `yaml:"calls"`
	For       time.Duration `yaml:"for"`
	Reason    string        `yaml:"reason"`
}

// ParseFaults reads the text of a file of faults; name is its name in errors,
// which tell the line.
func ParseFaults(name string, text []byte) (*Faults, error) {
	var f faultFile
	if err := yaml.Load(text, &f, yaml.WithKnownFields()); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	faults := &Faults{DuplicateEmails: f.DuplicateEmails}
	for i, r := range f.Rules {
		rule := FaultRule(r)
		if err := rule.check(); err != nil {
			return nil, fmt.Errorf("%s:%d: rule %d: %w", name, ruleLine(text, i), i+1, err)
		}
		faults.Rules = append(faults.Rules, rule)
	}
	if len(faults.Rules) == 0 && !faults.DuplicateEmails {
		return nil, fmt.Errorf("%s: it has no rules: nothing would go wrong", name)
	}
	return faults, nil
}

// ruleLine is the line at which the i-th rule of a sound file begins.
func ruleLine(text []byte, i int) int {
	var root yaml.Node
	if yaml.Load(text, &root) != nil || len(root.Content) == 0 {
		return 1
	}
	entries := root.Content[0].Content
	at := slices.IndexFunc(entries, func(n *yaml.Node) bool { return n.Value == "rules" })
	if at < 0 || at+1 == len(entries) || i >= len(entries[at+1].Content) {
		return 1
	}
	return entries[at+1].Content[i].Line
}
