package support

import (
	"bytes"
	"mime"
	"net/mail"
	"strings"

	"golang.org/x/net/html/charset"
	"golang.org/x/net/idna"
)

// field is one field of a message's head, unfolded.
type field struct{ name, value string }

// Message is what the ladder reads of a message. Whatever a message is, it can be
// read: what it lacks is empty.
type Message struct {
	ID      string // its Message-ID, with the brackets; "" if it has none, or more than one
	From    string // the address of its one author, as AddressOf has it; "" if Fault
	Fault   string // why it has no one author
	Subject string
	Text    string // of its plain text, or of its HTML without tags

	head    []field
	raw     []byte
	content Content
}

// mostHead is how much of a message its head can be; of a longer one nothing is believed.
const mostHead = 1 << 20

// Read reads a message as it came, with lines that end in LF or CRLF.
func Read(raw []byte) Message {
	m := Message{raw: wire(raw)}
	m.head = headOf(m.raw)
	m.From, m.Fault = author(m.head)
	if ids := m.values("message-id"); len(ids) == 1 {
		m.ID = strings.TrimSpace(ids[0])
	}
	if subjects := m.values("subject"); len(subjects) > 0 {
		m.Subject = words(subjects[0])
	}
	m.content = m.open()
	m.Text = m.content.Text
	return m
}

// wire gives every line the end that it has on the wire, over which signatures go.
func wire(raw []byte) []byte {
	if !bytes.Contains(bytes.ReplaceAll(raw, []byte("\r\n"), nil), []byte("\n")) {
		return raw
	}
	var out bytes.Buffer
	out.Grow(len(raw) + len(raw)/32)
	for i, c := range raw {
		if c == '\n' && (i == 0 || raw[i-1] != '\r') {
			out.WriteByte('\r')
		}
		out.WriteByte(c)
	}
	return out.Bytes()
}

// headOf reads the fields of a head. A line that is no field and continues none ends
// it, as an empty one does: what comes after is text that somebody wrote.
func headOf(raw []byte) (head []field) {
	raw = raw[:min(len(raw), mostHead)]
	for len(raw) > 0 {
		line, rest, found := bytes.Cut(raw, []byte("\r\n"))
		if !found || len(line) == 0 {
			return head
		}
		raw = rest
		if line[0] == ' ' || line[0] == '\t' {
			if len(head) == 0 {
				return head
			}
			head[len(head)-1].value += " " + strings.TrimSpace(string(line))
			continue
		}
		name, value, is := strings.Cut(string(line), ":")
		name = strings.ToLower(strings.TrimRight(name, " \t")) // a space there is obsolete, and read by others
		if !is || name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			return head
		}
		head = append(head, field{name, strings.TrimSpace(value)})
	}
	return head
}

// values are those of all fields of a name, the topmost first.
func (m Message) values(name string) (all []string) {
	for _, f := range m.head {
		if f.name == name {
			all = append(all, f.value)
		}
	}
	return all
}

var decoder = &mime.WordDecoder{CharsetReader: charset.NewReaderLabel}

// words decodes what a field says in other characters than ASCII.
func words(s string) string {
	decoded, err := decoder.DecodeHeader(s)
	if err != nil {
		return s
	}
	return decoded
}

// author is the address of the one author of a message. Who may have written it
// among several is not guessed: mail programs show the one, filters check another.
// Source: RFC 7489, section 6.6.1, on messages with several.
func author(head []field) (address, fault string) {
	var from []string
	for _, f := range head {
		if f.name == "from" {
			from = append(from, f.value)
		}
	}
	switch len(from) {
	case 0:
		return "", "it has no From"
	case 1:
	default:
		return "", "it has several From"
	}
	text := from[0]
	if strings.ContainsAny(text, "\x00\r\n") {
		return "", "its From cannot be read"
	}
	parser := mail.AddressParser{WordDecoder: decoder}
	list, err := parser.ParseList(text)
	switch {
	case err != nil:
		return "", "its From cannot be read"
	case len(list) != 1:
		return "", "its From names several"
	case strings.HasSuffix(strings.TrimSpace(text), ";"):
		return "", "its From is a group"
	}
	address, ok := AddressOf(list[0].Address)
	if !ok {
		return "", "its From is no address"
	}
	return address, ""
}

// AddressOf is an address as it is compared: in lower case, its domain as DNS has
// it. It is not ok if it is none.
func AddressOf(s string) (address string, ok bool) {
	at := strings.LastIndex(s, "@")
	if at < 1 || len(s) > 254 {
		return "", false
	}
	domain, ok := domainOf(s[at+1:])
	return strings.ToLower(s[:at]) + "@" + domain, ok
}

// DomainOf is the domain of an address that AddressOf has made.
func DomainOf(address string) string { return address[strings.LastIndex(address, "@")+1:] }

// domainOf is a domain as DNS has it.
func domainOf(s string) (string, bool) {
	domain, err := idna.Lookup.ToASCII(strings.ToLower(strings.TrimSuffix(s, ".")))
	return domain, err == nil && strings.Contains(domain, ".") && !strings.ContainsAny(domain, " []:/")
}
