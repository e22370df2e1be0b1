package directory

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Index is entries to be searched: for each a line of its fields as they are
// compared, and the entry itself. It can be kept in a file and searched without
// being read into entries: 10,000 of them take about two milliseconds.
type Index []byte

// fields are where a text is looked for, the one that tells most first.
var fields = []string{"key", "former key", "name", "account", "account name", "address", "contact", "tag", "region", "segment", "tier"}

// A field begins with a byte that tells which it is, from firstField; no text
// holds one. Then the entry follows, as JSON, after the byte entryFollows.
const (
	firstField   = 0x0e
	entryFollows = 0x1e
)

// NewIndex returns the index of entries.
func NewIndex(entries []Entry) (Index, error) {
	var b bytes.Buffer
	for _, e := range entries {
		texts := [][]string{{e.Customer}, e.Formerly, {e.Name}, {string(e.Account)}, {e.AccountName}, {e.Email}, {e.Contact}, nil, {e.Region}, {e.Segment}, {e.Tier}}
		for _, key := range slices.Sorted(maps.Keys(e.Tags)) {
			texts[7] = append(texts[7], key+"="+e.Tags[key])
		}
		for i, values := range texts {
			for _, text := range values {
				if text = Fold(text); text != "" {
					b.WriteByte(byte(firstField + i))
					b.WriteString(text)
				}
			}
		}
		text, err := json.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("index customer %s: %w", e.Customer, err)
		}
		b.WriteByte(entryFollows)
		b.Write(text)
		b.WriteByte('\n')
	}
	return b.Bytes(), nil
}

// Fold is a text as it is compared: without case and diacritics, blanks as one
// space each.
func Fold(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) {
		text = strings.Map(func(r rune) rune {
			if unicode.Is(unicode.Mn, r) {
				return -1
			}
			return r
		}, norm.NFKD.String(cases.Fold().String(text)))
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return unicode.ToLower(r)
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// Match is an entry in which a text was found.
type Match struct {
	Entry
	Found string `json:"found_in"` // the field that tells most
}

// Find returns the entries that hold text, whatever its case and diacritics,
// and how many there are. The best come first: a whole field before the
// beginning of one, that before the beginning of a word, and a key before a name
// before an address. It returns at most so many; 0 is all.
func (ix Index) Find(text string, most int) (matches []Match, all int, err error) {
	sought := []byte(Fold(text))
	if len(sought) == 0 {
		return nil, 0, nil
	}
	type hit struct {
		rank  int
		entry []byte
	}
	var hits []hit
	for line, entry := range ix.lines() {
		if rank := rankIn(line, sought); rank < nowhere {
			hits = append(hits, hit{rank, entry})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(a.rank, b.rank) })
	all = len(hits)
	if most > 0 && all > most {
		hits = hits[:most]
	}
	for _, h := range hits {
		m := Match{Found: fields[h.rank%len(fields)]}
		if err := json.Unmarshal(h.entry, &m.Entry); err != nil {
			return nil, 0, fmt.Errorf("the index is damaged: %w", err)
		}
		matches = append(matches, m)
	}
	return matches, all, nil
}

// lines yields the fields of each entry as they are compared, and the entry.
func (ix Index) lines() func(yield func(line, entry []byte) bool) {
	return func(yield func(line, entry []byte) bool) {
		for rest := []byte(ix); len(rest) > 0; {
			line := rest
			if end := bytes.IndexByte(rest, '\n'); end >= 0 {
				line, rest = rest[:end], rest[end+1:]
			} else {
				rest = nil
			}
			texts, entry, whole := bytes.Cut(line, []byte{entryFollows})
			if whole && !yield(texts, entry) {
				return
			}
		}
	}
}

// nowhere is a rank above all others.
const nowhere = 1 << 20

// rankIn is how well sought is found in a line: less is better.
func rankIn(line, sought []byte) int {
	best := nowhere
	for from := 0; ; {
		at := bytes.Index(line[from:], sought)
		if at < 0 {
			return best
		}
		at += from
		from = at + 1
		before, after := line[at-1], byte(0)
		if end := at + len(sought); end < len(line) {
			after = line[end]
		}
		how := 3
		switch {
		case before < ' ' && after < ' ':
			how = 0
		case before < ' ':
			how = 1
		case !letter(before):
			how = 2
		}
		field := bytes.LastIndexFunc(line[:at], func(r rune) bool { return r < ' ' })
		best = min(best, how*len(fields)+int(line[field])-firstField)
	}
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 0x80 }

// Words are the keys, the names and the words of names of the entries, as they
// are compared.
func (ix Index) Words() []string {
	known := map[string]bool{}
	for line := range ix.lines() {
		for len(line) > 0 {
			field, text := int(line[0])-firstField, line[1:]
			end := bytes.IndexFunc(text, func(r rune) bool { return r < ' ' })
			if end < 0 {
				end = len(text)
			}
			if line = text[end:]; field <= 2 { // key, former key, name
				known[string(text[:end])] = true
				for word := range strings.FieldsSeq(string(text[:end])) {
					known[word] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(known))
}
