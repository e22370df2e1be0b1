package simaws

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"unicode/utf8"
)

// The models are printed by internal/modelgen from botocore's; their source,
// licence and hash stand in them.
//
//go:embed organizations.json
var organizationsJSON []byte

//go:embed account.json
var accountJSON []byte

//go:embed servicequotas.json
var quotasJSON []byte

// model is what the service model says about operations, inputs and refusals.
type model struct {
	Source, Licence, SHA256, API, Prefix string
	Operations                           map[string]modelOperation
	Shapes                               map[string]*shape
	Reasons                              map[string]map[string]string // exception, reason: AWS's sentence
}

type modelOperation struct {
	Input  string
	Output string
	Errors []string
}

// shape is one type of the model.
type shape struct {
	Type     string
	Required []string
	Members  map[string]string
	Member   string
	Min, Max *int
	Pattern  string
	Enum     []string

	members []field // resolved, in order of name
	element *shape
	match   func() *regexp.Regexp
}

type field struct {
	name     string
	required bool
	shape    *shape
	kind     string // the shape's name
}

// The models of the services, each read once when first used.
var (
	serviceModel = sync.OnceValue(func() *model { return readModel(organizationsJSON) })
	accountModel = sync.OnceValue(func() *model { return readModel(accountJSON) })
	quotasModel  = sync.OnceValue(func() *model { return readModel(quotasJSON) })
)

func readModel(text []byte) *model {
	var m model
	if err := json.Unmarshal(text, &m); err != nil {
		panic(fmt.Sprintf("simaws: service model: %v", err)) // embedded: a bug of the build
	}
	for _, s := range m.Shapes {
		for name, kind := range s.Members {
			s.members = append(s.members, field{name, slices.Contains(s.Required, name), m.Shapes[kind], kind})
		}
		slices.SortFunc(s.members, func(a, b field) int {
			if a.name < b.name {
				return -1
			}
			return 1
		})
		s.element = m.Shapes[s.Member]
		if s.Pattern != "" {
			s.match = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(s.Pattern) })
		}
	}
	return &m
}

// check compares the decoded input of an operation with the model. After it,
// every member that is there has the type that the model gives it.
func (m *model) check(operation string, in input) error {
	s := m.Shapes[m.Operations[operation].Input]
	if s == nil {
		return nil
	}
	return s.check("", map[string]any(in))
}

// check compares one value. kind is the name of its shape.
func (s *shape) check(kind string, value any) error {
	switch s.Type {
	case "structure":
		return s.checkStructure(value)
	case "list":
		return s.checkList(value)
	case "string":
		return s.checkString(kind, value)
	case "integer", "long":
		return s.checkNumber(value, true)
	case "double":
		return s.checkNumber(value, false)
	case "boolean":
		if _, ok := value.(bool); !ok {
			return malformed(value, "a boolean")
		}
	case "timestamp":
		if _, ok := value.(float64); !ok {
			return malformed(value, "a number of seconds")
		}
	}
	return nil
}

func (s *shape) checkStructure(value any) error {
	fields, ok := value.(map[string]any)
	if !ok {
		return malformed(value, "an object")
	}
	for _, m := range s.members {
		value := fields[m.name]
		if value == nil {
			if m.required {
				return invalid("INPUT_REQUIRED", "You must specify a value for "+m.name+".")
			}
			continue
		}
		if err := m.shape.check(m.kind, value); err != nil {
			return err
		}
	}
	return nil
}

func (s *shape) checkList(value any) error {
	items, ok := value.([]any)
	if !ok {
		return malformed(value, "a list")
	}
	if s.Max != nil && len(items) > *s.Max {
		return invalid("MAX_LENGTH_EXCEEDED", "")
	}
	if s.Min != nil && len(items) < *s.Min {
		return invalid("MIN_LENGTH_EXCEEDED", "")
	}
	for _, item := range items {
		if item == nil {
			return invalid("INVALID_LIST_MEMBER", "")
		}
		if err := s.element.check(s.Member, item); err != nil {
			return err
		}
	}
	return nil
}

func (s *shape) checkString(kind string, value any) error {
	text, ok := value.(string)
	if !ok {
		return malformed(value, "a string")
	}
	if len(s.Enum) > 0 {
		if slices.Contains(s.Enum, text) {
			return nil
		}
		if kind == "PolicyType" {
			return invalid("INVALID_ENUM_POLICY_TYPE", "")
		}
		return invalid("INVALID_ENUM", "")
	}
	if s.Min != nil && utf8.RuneCountInString(text) < *s.Min {
		return invalid("MIN_LENGTH_EXCEEDED", "")
	}
	if s.Max != nil && len(text) > *s.Max && utf8.RuneCountInString(text) > *s.Max {
		return invalid("MAX_LENGTH_EXCEEDED", "")
	}
	if s.match == nil || s.match().MatchString(text) {
		return nil
	}
	switch kind {
	case "PolicyTargetId":
		return invalid("INVALID_PATTERN_TARGET_ID", "")
	case "PolicyId":
		return invalid("INVALID_SYNTAX_POLICY_ID", "")
	}
	return invalid("INVALID_PATTERN", "")
}

func (s *shape) checkNumber(value any, whole bool) error {
	n, ok := value.(float64)
	if !ok || whole && n != float64(int64(n)) {
		return malformed(value, "a number")
	}
	if s.Min != nil && n < float64(*s.Min) {
		return invalid("MIN_VALUE_EXCEEDED", "")
	}
	if s.Max != nil && n > float64(*s.Max) {
		return invalid("MAX_VALUE_EXCEEDED", "")
	}
	return nil
}

// malformed is the answer to JSON of another type than the member's.
func malformed(value any, want string) *fault {
	return &fault{code: "SerializationException", message: fmt.Sprintf("%T found where %s was expected", value, want)}
}
