package wire

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Invalid is an input that is not as the model says.
type Invalid struct {
	Message string
	Missing bool // a member that must be there is not
	Typed   bool // a value has another type
}

func (i *Invalid) Error() string { return i.Message }

func (c *Call) check(in *member) error {
	if wrong := in.check("", c.Input); wrong != nil {
		return wrong
	}
	return nil
}

// check compares a value with the model; nil if it is as that says. way is the
// way to it.
func (m *member) check(way string, value any) *Invalid {
	switch m.Type {
	case "structure":
		fields, ok := value.(map[string]any)
		if !ok {
			return mistyped(way, value)
		}
		for _, name := range m.Required {
			if fields[name] == nil {
				return &Invalid{Message: fmt.Sprintf("1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", below(way, name)), Missing: true}
			}
		}
		for name, v := range fields {
			if wrong := m.Members[name].check(below(way, name), v); wrong != nil {
				return wrong
			}
		}
	case "list":
		items, ok := value.([]any)
		if !ok {
			return mistyped(way, value)
		}
		if wrong := m.size(way, value, len(items)); wrong != nil {
			return wrong
		}
		for i, item := range items {
			if wrong := m.Element.check(fmt.Sprintf("%s.%d.member", way, i+1), item); wrong != nil {
				return wrong
			}
		}
	case "map":
		fields, ok := value.(map[string]any)
		if !ok {
			return mistyped(way, value)
		}
		for name, v := range fields {
			if wrong := m.Element.check(below(way, name), v); wrong != nil {
				return wrong
			}
		}
	case "integer", "long", "float", "double":
		n, ok := value.(float64)
		if !ok {
			return mistyped(way, value)
		}
		switch {
		case m.Min != nil && n < float64(*m.Min):
			return failed(way, value, fmt.Sprintf("Member must have value greater than or equal to %d", *m.Min))
		case m.Max != nil && n > float64(*m.Max):
			return failed(way, value, fmt.Sprintf("Member must have value less than or equal to %d", *m.Max))
		}
	case "boolean":
		if _, ok := value.(bool); !ok {
			return mistyped(way, value)
		}
	case "string", "timestamp", "blob":
		return m.checkText(way, value)
	}
	return nil
}

func (m *member) checkText(way string, value any) *Invalid {
	text, ok := value.(string)
	switch {
	case !ok:
		return mistyped(way, value)
	case m.Type == "blob":
		return nil
	case m.Type == "timestamp":
		if _, err := time.Parse(time.RFC3339Nano, text); err != nil {
			return mistyped(way, value)
		}
		return nil
	case len(m.Enum) > 0 && !slices.Contains(m.Enum, text):
		return failed(way, value, "Member must satisfy enum value set: ["+strings.Join(m.Enum, ", ")+"]")
	case m.match != nil && m.match() != nil && !m.match().MatchString(text):
		return failed(way, value, "Member must satisfy regular expression pattern: "+m.Pattern)
	}
	return m.size(way, value, utf8.RuneCountInString(text))
}

// size compares a length with the model.
func (m *member) size(way string, value any, n int) *Invalid {
	switch {
	case m.Min != nil && n < *m.Min:
		return failed(way, value, fmt.Sprintf("Member must have length greater than or equal to %d", *m.Min))
	case m.Max != nil && n > *m.Max:
		return failed(way, value, fmt.Sprintf("Member must have length less than or equal to %d", *m.Max))
	}
	return nil
}

func failed(way string, value any, want string) *Invalid {
	text := fmt.Sprint(value)
	if len(text) > 100 {
		text = text[:100] + "…"
	}
	return &Invalid{Message: fmt.Sprintf("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: %s", text, way, want)}
}

func mistyped(way string, value any) *Invalid {
	return &Invalid{Message: fmt.Sprintf("%T found at '%s' where the model has another type", value, way), Typed: true}
}

func below(way, name string) string {
	if name != "" {
		name = strings.ToLower(name[:1]) + name[1:]
	}
	if way == "" {
		return name
	}
	return way + "." + name
}
