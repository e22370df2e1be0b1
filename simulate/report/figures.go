package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"landlord/simulate"
)

// Figure is one figure of the reference report, and ours.
type Figure struct {
	ID        string `json:"-"`
	What      string `json:"-"`
	Kind      string `json:"-"`         // input, assumption, derived or conflict
	Value     string `json:"value"`     // ours, in the form of Reference; "" if it could not be computed
	Unit      string `json:"unit"`      // of Value, or of each of its parts
	Reference string `json:"reference"` // theirs
	Agrees    bool   `json:"agrees"`    // the two say the same at the precision of Reference
	How       string `json:"how"`       // how ours was computed; where they differ, why
}

// Figures are all figures, in the order of the reference report.
type Figures []Figure

// Of returns the figure with an id.
func (fs Figures) Of(id string) (Figure, bool) {
	for _, f := range fs {
		if f.ID == id {
			return f, true
		}
	}
	return Figure{}, false
}

// Differ returns the figures that do not agree with the reference.
func (fs Figures) Differ() Figures {
	var differ Figures
	for _, f := range fs {
		if !f.Agrees {
			differ = append(differ, f)
		}
	}
	return differ
}

// MarshalJSON writes an object from id to figure, in the reference's order.
func (fs Figures) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	for i, f := range fs {
		sep := byte(',')
		if i == 0 {
			sep = '{'
		}
		b.WriteByte(sep)
		text, err := json.Marshal(f)
		if err != nil {
			return nil, fmt.Errorf("figure %s: %w", f.ID, err)
		}
		fmt.Fprintf(&b, "%q:%s", f.ID, text)
	}
	if len(fs) == 0 {
		b.WriteByte('{')
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// answer is our value of a figure and how we come to it.
type answer struct{ value, how string }

// said is the answer value, with how as for fmt.Sprintf.
func said(value, how string, args ...any) answer { return answer{value, fmt.Sprintf(how, args...)} }

// rule computes the figures whose ids match; arg is what the * stands for.
type rule struct {
	ids     string
	compute func(f *facts, arg string) answer
}

// figures computes every figure of the reference report. The first rule whose
// ids match is used.
func (f *facts) figures() Figures {
	rules := slicesOf(moneyRules, deployRules, effortRules, verdictRules)
	var all Figures
	for _, g := range references() {
		a := answer{how: "nothing computes this"}
		for _, r := range rules {
			if arg, is := matches(g.ID, r.ids); is {
				a = r.compute(f, arg)
				break
			}
		}
		fig := Figure{g.ID, g.What, g.Kind, a.value, g.Unit, g.Value, agrees(a.value, g.Value, g.Compare), a.how}
		if !fig.Agrees && fig.Value != "" && g.Kind != kindConflict {
			fig.How += "; the reference has other inputs"
		}
		all = append(all, fig)
	}
	return all
}

func slicesOf(parts ...[]rule) []rule {
	var all []rule
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// matches tells whether id is pattern, where a * is any text.
func matches(id, pattern string) (arg string, is bool) {
	before, after, wild := strings.Cut(pattern, "*")
	if !wild {
		return "", id == pattern
	}
	if len(id) < len(before)+len(after) || !strings.HasPrefix(id, before) || !strings.HasSuffix(id, after) {
		return "", false
	}
	return id[len(before) : len(id)-len(after)], true
}

// file is a rule's computation on the whole file.
func file(compute func(f *facts) answer) func(*facts, string) answer {
	return func(f *facts, _ string) answer { return compute(f) }
}

// scaled is a rule's computation on as many customers as the id says.
func scaled(compute func(f *facts, n int) answer) func(*facts, string) answer {
	return func(f *facts, arg string) answer {
		n, err := strconv.Atoi(arg)
		if err != nil {
			return answer{how: "nothing computes this"}
		}
		return compute(f, n)
	}
}

// simulated is a rule's computation on the scenario of as many customers as
// the id says.
func simulated(compute func(f *facts, s *simulate.Scenario) answer) func(*facts, string) answer {
	return scaled(func(f *facts, n int) answer {
		s, is := f.study.At(n)
		if !is {
			return f.missing(n)
		}
		return compute(f, s)
	})
}

// at is compute on the scenario of n customers, whatever the id.
func at(n int, compute func(f *facts, s *simulate.Scenario) answer) func(*facts, string) answer {
	return func(f *facts, _ string) answer { return simulated(compute)(f, strconv.Itoa(n)) }
}

// missing is the answer where a scale was not simulated.
func (f *facts) missing(n int) answer {
	if f.n == 0 {
		return answer{how: "the file has no customers, so there is no mix to scale"}
	}
	return said("", "%s not simulated: add %d to --scale", count(n, "customer")+" "+verb(n, "was", "were"), n)
}
