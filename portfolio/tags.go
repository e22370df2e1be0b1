package portfolio

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v4"

	"landlord/internal/limits"
	"landlord/org"
)

// tag is one of a customer's own tags and where it stands.
type tag struct {
	key   *yaml.Node
	value string
}

// OwnTags is the most tags that a customer may have in the file: AWS allows 50
// on an account, and landlord has its own.
const OwnTags = limits.TagsPerResource - org.OwnTags

// tagText is what AWS takes in a tag's key or value.
//
// Source: Organizations API reference, Tag.
var tagText = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

const ownTagPattern = `^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$`

// TagFault says what is wrong with a customer's own tag, "" if nothing is.
func TagFault(key, value string) string {
	lower := strings.ToLower(key)
	switch {
	case strings.HasPrefix(lower, "landlord:") || strings.HasPrefix(lower, "aws:"):
		return fmt.Sprintf("tag key %s is reserved: keys that begin with landlord: are landlord's, aws: AWS's", quote(key))
	case key == "" || utf8.RuneCountInString(key) > limits.TagKeyLength || !tagText.MatchString(key):
		return fmt.Sprintf("tag key %s is not 1 to %d letters, digits, spaces or any of _ . : / = + - @", quote(key), limits.TagKeyLength)
	case utf8.RuneCountInString(value) > limits.TagValueLength || !tagText.MatchString(value):
		return fmt.Sprintf("the value %s of tag %s is not 0 to %d letters, digits, spaces or any of _ . : / = + - @", quote(value), quote(key), limits.TagValueLength)
	}
	return ""
}

var tagsValue = value[[]tag]{
	expects: "a mapping of tag keys to values",
	kind:    yaml.MappingNode,
	schema: func() *jsonschema.Schema {
		s := object()
		length := uint64(limits.TagValueLength)
		s.PatternProperties = map[string]*jsonschema.Schema{ownTagPattern: {Type: "string", MaxLength: &length}}
		s.MaxProperties = new(uint64(OwnTags))
		return s
	},
	read: func(r *reader, n *yaml.Node, name string) []tag {
		var got []tag
		for key, v := range r.entries(n, name) {
			switch {
			case v.Kind == yaml.AliasNode: // refuseReferences has told
			case v.Kind != yaml.ScalarNode:
				r.fault(v, "the value of tag %s is %s; expected text", quote(key.Value), kindOf(v))
			case isNull(v):
				r.fault(v, `tag %s has no value; write "" for an empty one`, quote(key.Value))
			default:
				if message := TagFault(key.Value, v.Value); message != "" {
					r.fault(key, "%s", message)
				}
				got = append(got, tag{key, v.Value})
			}
		}
		if len(got) > OwnTags {
			r.fault(n, "%d tags; AWS allows %d on an account, of which landlord keeps %d for its own", len(got), limits.TagsPerResource, org.OwnTags)
		}
		return got
	},
}

var partitionValue = value[string]{
	expects: `"aws"`,
	kind:    yaml.ScalarNode,
	schema: func() *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string", Enum: []any{Commercial}}
	},
	read: func(r *reader, n *yaml.Node, name string) string {
		switch n.Value {
		case Commercial:
		case GovCloud:
			r.fault(n, "partition %q is not built yet: each customer there is a pair of accounts (CreateGovCloudAccount), whose second half is invited into an organization of its own in GovCloud, with units, policies, sign-in and credentials of its own. FedRAMP Moderate can stay in the US regions of %q", GovCloud, Commercial)
		default:
			r.fault(n, "unknown %s %s%s", name, quote(n.Value), r.nearest(n.Value, []string{Commercial, GovCloud}, fmt.Sprintf("; expected %q", Commercial)))
		}
		return n.Value
	},
}

// KeyPattern is what a customer's key matches.
const KeyPattern = keyPattern

// Builtin returns the tiers that every portfolio has.
func Builtin() []Tier { return slices.Clone(builtin) }

// ContactFault, RegionFault, SegmentFault and PatternFault say what is wrong with
// a text as a contact, a region, a segment or the pattern of root addresses, ""
// if nothing is.
func ContactFault(text string) string { return contactValue.fault(text, "contact") }

// RegionFault is described at ContactFault.
func RegionFault(text string) string { return regionValue.fault(text, "region") }

// SegmentFault is described at ContactFault.
func SegmentFault(text string) string { return segmentValue.fault(text, "segment") }

// NameFault is described at ContactFault; it is about the name of a customer or unit.
func NameFault(text string) string { return line(limits.UnitNameLength).fault(text, "name") }

// FrameworkFault is described at ContactFault.
func FrameworkFault(text string) string { return frameworkValue.fault(text, "framework") }

// PatternFault is described at ContactFault.
func PatternFault(text string) string { return patternFault(text, "account_email") }

// fault is what is wrong with a text as one of v, "" if nothing is.
func (v value[V]) fault(text, name string) string {
	r := &reader{}
	v.of(r, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text, Style: yaml.DoubleQuotedStyle}, name)
	if len(r.faults) == 0 {
		return ""
	}
	return r.faults[0].Message
}

var segmentValue = tagged(limits.TagValueLength)
