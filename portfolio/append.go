package portfolio

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// Entry is a customer that is to be added to a file.
type Entry struct {
	Key, Name, Tier, Contact string
	Region, Segment          string // "" leaves them out
}

// ErrPlace says that a file's list of customers is not written so that an entry can be
// added behind its last.
var ErrPlace = errors.New("the list of customers is not written one below the other: add the customer to the text")

// Append returns the text of a file with one customer more, behind the last. All else
// stays as it is, to the byte. The error is a *Faults if the entry is at fault, ErrPlace if
// there is no place for it.
func Append(text string, e Entry) (string, error) {
	before, err := Parse("portfolio", []byte(text))
	if err != nil {
		return "", err
	}
	lines := strings.SplitAfter(text, "\n")
	if last := len(lines) - 1; lines[last] != "" && !strings.HasSuffix(lines[last], "\n") {
		lines[last] += "\n"
	}
	at, indent := len(lines), "  "
	if n := len(before.Customers); n > 0 {
		c := before.Customers[n-1]
		first := lines[c.Line-1]
		indent = first[:len(first)-len(strings.TrimLeft(first, " "))]
		if !strings.HasPrefix(first[len(indent):], "- ") {
			return "", ErrPlace
		}
		at = c.Line - 1 + c.Lines
	} else {
		for i, line := range lines {
			if strings.TrimRight(line, " \n") == "customers:" || strings.TrimRight(line, " \n") == "customers: []" {
				lines[i], at = "customers:\n", i+1
			}
		}
		if at == len(lines) {
			return "", ErrPlace
		}
	}
	var entry strings.Builder
	entry.WriteString(indent + "- key: " + inQuotes(e.Key) + "\n")
	for _, f := range [][2]string{{"name", e.Name}, {"tier", e.Tier}, {"contact", e.Contact}, {"region", e.Region}, {"segment", e.Segment}} {
		if f[1] != "" {
			fmt.Fprintf(&entry, "%s  %s: %s\n", indent, f[0], inQuotes(f[1]))
		}
	}
	added := strings.Join(lines[:at], "") + entry.String() + strings.Join(lines[at:], "")
	after, err := Parse("portfolio", []byte(added))
	if err != nil {
		return "", err
	}
	if n := len(after.Customers); n != len(before.Customers)+1 || after.Customers[n-1].Key != e.Key || !reflect.DeepEqual(keysOf(after)[:n-1], keysOf(before)) {
		return "", ErrPlace
	}
	return added, nil
}

func keysOf(p *Portfolio) []string {
	keys := []string{}
	for _, c := range p.Customers {
		keys = append(keys, c.Key)
	}
	return keys
}

// inQuotes is a text as YAML's double quotes have it, which JSON's are.
func inQuotes(text string) string {
	b, _ := json.Marshal(text) // of a string
	return string(b)
}
