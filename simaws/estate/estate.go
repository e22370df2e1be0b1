// Package estate is what one AWS account holds, as far as simaws has it: the
// resources that the checks of compliance frameworks look at, the operations that
// show and change them, and the managed rules of AWS Config that judge them.
//
// What a new account holds follows from a seed and the account's id: some of it
// is as it should be, some is not. Only what calls have changed since is kept, so
// that an account nobody looks at costs nothing. Resources have the form in which
// AWS's API shows them. It knows no protocol, no organization and no clock: what
// it needs of these a Call brings.
package estate

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"time"
)

// Doc is a resource, an input or an output: JSON's values under AWS's names.
type Doc = map[string]any

// Global is the region of what belongs to no region.
const Global = ""

// Key is where a resource is.
type Key struct {
	Region string
	Kind   string
	ID     string
}

// Change is a resource as a call left it. A Doc that is nil says that it is
// gone.
type Change struct {
	Account string `json:"account"`
	Region  string `json:"region,omitempty"`
	Kind    string `json:"kind"`
	ID      string `json:"id"`
	Doc     Doc    `json:"doc,omitempty"`
}

// Key is where the resource is in its account.
func (c *Change) Key() Key { return Key{c.Region, c.Kind, c.ID} }

// Estate is what one account holds. It is not safe for concurrent use.
type Estate struct {
	account string
	seed    uint64
	since   time.Time // when the account was made
	shared  *Shared
	kept    map[Key]Doc
	places  map[string]place
	changed []*Change
}

// place is what there is in a region: resources by kind and id.
type place map[string]map[string]Doc

// New is the estate of an account that was made at since.
func New(seed uint64, account string, since time.Time, shared *Shared) *Estate {
	return &Estate{account: account, seed: seed, since: since, shared: shared, kept: map[Key]Doc{}, places: map[string]place{}}
}

// Restore takes in a change that was made before.
func (e *Estate) Restore(c *Change) {
	if packed := text(c.Doc, "template"); packed != "" {
		c.Doc["template"] = e.shared.Intern(packed)
	}
	e.kept[c.Key()] = c.Doc
}

// Kept are all changes, in the order of their keys.
func (e *Estate) Kept() []*Change {
	keys := slices.SortedFunc(maps.Keys(e.kept), func(a, b Key) int {
		return cmp.Or(cmp.Compare(a.Region, b.Region), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
	})
	all := make([]*Change, len(keys))
	for i, k := range keys {
		all[i] = &Change{e.account, k.Region, k.Kind, k.ID, e.kept[k]}
	}
	return all
}

// Changed returns the changes since it was last asked.
func (e *Estate) Changed() []*Change {
	all := e.changed
	e.changed = nil
	return all
}

// Forget drops what follows from the seed: it is made again when it is needed.
func (e *Estate) Forget() { clear(e.places) }

// at is what there is in a region.
func (e *Estate) at(region string) place {
	if p := e.places[region]; p != nil {
		return p
	}
	p := place{}
	seeded{e, region, p}.furnish()
	for k, doc := range e.kept {
		if k.Region == region {
			p.set(k.Kind, k.ID, doc)
		}
	}
	e.places[region] = p
	return p
}

func (p place) set(kind, id string, doc Doc) {
	switch {
	case doc == nil:
		delete(p[kind], id)
		return
	case p[kind] == nil:
		p[kind] = map[string]Doc{}
	}
	p[kind][id] = doc
}

// one is a resource, nil if there is none. It is not to be changed but by put.
func (e *Estate) one(region, kind, id string) Doc { return e.at(region)[kind][id] }

// all are the resources of a kind in a region, in the order of their ids.
func (e *Estate) all(region, kind string) []Doc {
	of := e.at(region)[kind]
	docs := make([]Doc, 0, len(of))
	for _, id := range slices.Sorted(maps.Keys(of)) {
		docs = append(docs, of[id])
	}
	return docs
}

// put keeps a resource as it is now; nil takes it away.
func (e *Estate) put(region, kind, id string, doc Doc) {
	if doc != nil {
		doc, _ = plain(doc).(Doc)
	}
	place := e.at(region)
	place.set(kind, id, doc)
	e.kept[Key{region, kind, id}] = doc
	e.changed = append(e.changed, &Change{e.account, region, kind, id, doc})
}

// with is a resource with some members changed; nil takes a member away.
func with(doc Doc, changes Doc) Doc {
	out := maps.Clone(doc)
	if out == nil {
		out = Doc{}
	}
	for name, value := range changes {
		if value == nil {
			delete(out, name)
			continue
		}
		out[name] = value
	}
	return out
}

// joined is what stands in either table.
func joined[V any](a, b map[string]V) map[string]V {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// plain brings values to the types that JSON has.
func plain(value any) any {
	switch v := value.(type) {
	case Doc:
		out := make(Doc, len(v))
		for name, sub := range v {
			out[name] = plain(sub)
		}
		return out
	case []Doc:
		return listOf(v)
	case []string:
		return listOf(v)
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = plain(item)
		}
		return out
	case int:
		return float64(v)
	case time.Time:
		return stamp(v)
	}
	return value
}

// listOf is a list as JSON has it.
func listOf[T any](items []T) []any {
	out := make([]any, len(items))
	for i, item := range items {
		out[i] = plain(item)
	}
	return out
}

func stamp(t time.Time) string { return t.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano) }

func text(d Doc, name string) string {
	s, _ := d[name].(string)
	return s
}

func flag(d Doc, name string) bool {
	b, _ := d[name].(bool)
	return b
}

func number(d Doc, name string) int {
	n, _ := d[name].(float64)
	return int(n)
}

func sub(d Doc, name string) Doc {
	s, _ := d[name].(Doc)
	return s
}

func docs(d Doc, name string) []Doc {
	items, _ := d[name].([]any)
	var out []Doc
	for _, item := range items {
		if one, ok := item.(Doc); ok {
			out = append(out, one)
		}
	}
	return out
}

func texts(d Doc, name string) []string {
	items, _ := d[name].([]any)
	var out []string
	for _, item := range items {
		if s, ok := item.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func when(d Doc, name string) time.Time {
	t, _ := time.Parse(time.RFC3339Nano, text(d, name)) // none is the zero time
	return t
}

// chance is what is drawn for some part of an account: always the same.
func (e *Estate) chance(part string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(e.account + "/" + part)) // never fails
	return rand.New(rand.NewPCG(e.seed, h.Sum64()))
}

// The alphabets of ids.
const (
	hex    = "0123456789abcdef"
	base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	small  = "abcdefghijklmnopqrstuvwxyz0123456789"
)

func word(r *rand.Rand, alphabet string, length int) string {
	b := make([]byte, length)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

func uuid(r *rand.Rand) string {
	h := word(r, hex, 32)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:]
}

// HasBucket tells whether the account has a bucket of that name.
func (e *Estate) HasBucket(name string) bool { return e.one(Global, "bucket", name) != nil }

// KeyHolder is the user that an access key is of, the policies that say what
// the user may do, and whether the key may be used.
func (e *Estate) KeyHolder(key string) (arn string, policies []string, active bool) {
	k := e.one(Global, "accesskey", key)
	u := e.one(Global, "user", text(k, "UserName"))
	if u == nil || text(k, "Status") != "Active" {
		return "", nil, false
	}
	for _, document := range sub(u, "Inline") {
		policies = append(policies, fmt.Sprint(document))
	}
	arns := texts(u, "Attached")
	for _, g := range texts(u, "Groups") {
		arns = append(arns, texts(e.one(Global, "group", g), "Attached")...)
	}
	for _, arn := range arns {
		document := managed[arn]
		if p := e.one(Global, "policy", arn); p != nil {
			document, _ = url.PathUnescape(defaultDocument(p)) // it was escaped here
		}
		policies = append(policies, document)
	}
	return text(u, "Arn"), policies, true
}

// ConfigResources are the ARNs of what a call to AWS Config names.
func (e *Estate) ConfigResources(region string, in Doc) []string {
	for member, at := range map[string]struct{ kind, arn string }{
		"ConfigurationRecorderName": {"recorder", "arn"}, "ConformancePackName": {"pack", "ConformancePackArn"}, "ConfigRuleName": {"rule", "ConfigRuleArn"},
	} {
		if d := e.one(region, at.kind, text(in, member)); d != nil {
			return []string{text(d, at.arn)}
		}
	}
	return nil
}
