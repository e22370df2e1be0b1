package support

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jhillyerd/enmime/v2"
)

// Content is what a message says, for people.
type Content struct {
	Text  string // of its plain text, or of its HTML without tags
	Files []File
	Left  []string // what is not here, and why: the message as it came has it
	Fault string   // why it cannot be read as MIME; then Text is what it is
}

// File is something that came with a message.
type File struct {
	Name    string // without a path, and without what steers terminals
	Type    string // of the bytes, as far as they tell, whatever the message says
	Content []byte
}

// Bounds of what is taken out of one message. What is beyond stays in the message as
// it came.
const (
	mostParts = 1000 // of one with more, nothing is taken out: nesting costs stack
	mostText  = 1 << 20
	mostFiles = 50
	mostFile  = 25 << 20
)

// Content is what a message says. Whatever a message is, it has one.
func (m Message) Content() Content { return m.content }

// open reads what a message says.
func (m Message) open() (c Content) {
	defer func() {
		if fault := recover(); fault != nil { // a parser's bug must not cost a message
			c = Content{Text: shortened(m.raw), Fault: fmt.Sprintf("it cannot be read as MIME: %v", fault)}
		}
	}()
	if n := bytes.Count(bytes.ToLower(m.raw), []byte("content-type:")); n > mostParts {
		return Content{Text: shortened(m.raw), Fault: fmt.Sprintf("it has %d parts; at most %d are read", n, mostParts)}
	}
	e, err := enmime.ReadEnvelope(bytes.NewReader(m.raw))
	if err != nil {
		return Content{Text: shortened(m.raw), Fault: "it cannot be read as MIME: " + err.Error()}
	}
	c.Text = shortened([]byte(strings.Join(append(untyped(e.Root), e.Text), "\n")))
	for i, p := range slices.Concat(e.Attachments, e.Inlines, e.OtherParts) {
		name := fileName(p.FileName, p.ContentType, i+1)
		switch {
		case len(c.Files) >= mostFiles:
			c.Left = append(c.Left, fmt.Sprintf("%s: more than %d files", name, mostFiles))
		case len(p.Content) > mostFile:
			c.Left = append(c.Left, fmt.Sprintf("%s: more than %d MB", name, mostFile>>20))
		case len(p.Content) > 0:
			c.Files = append(c.Files, File{name, typeOf(p.Content, p.ContentType), p.Content})
		}
	}
	return c
}

// untyped are the texts of parts that do not say what they are: plain text, which the
// parser leaves out.
// Source: RFC 2046, section 5.1: no Content-Type is text/plain.
func untyped(p *enmime.Part) (texts []string) {
	for ; p != nil; p = p.NextSibling {
		if p.Parent != nil && p.ContentType == "" && p.Disposition != "attachment" && len(bytes.TrimSpace(p.Content)) > 0 {
			texts = append(texts, string(p.Content))
		}
		texts = append(texts, untyped(p.FirstChild)...)
	}
	return texts
}

// shortened is a text of valid characters that is not too long.
func shortened(raw []byte) string {
	if len(raw) > mostText {
		raw = raw[:mostText]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(string(raw), "�"), "\r\n", "\n")
}

// fileName is a name that a file can be kept under, whatever a message calls it.
func fileName(said, kind string, n int) string {
	name := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control) || r == utf8.RuneError {
			return -1
		}
		return r
	}, path.Base(strings.ReplaceAll(words(said), `\`, "/")))
	name = strings.Trim(name, " .")
	if runes := []rune(name); len(runes) > 120 {
		name = string(runes[:80]) + "…" + string(runes[len(runes)-30:]) // the end tells the kind
	}
	if name == "" || name == "/" {
		name = fmt.Sprintf("part-%d", n)
		if ends, err := mime.ExtensionsByType(kind); err == nil && len(ends) > 0 {
			name += ends[0]
		}
	}
	return name
}

// typeOf is what kind of file it is. What it begins with tells more than what is said:
// who says image/png of a page of scripts is not believed.
func typeOf(content []byte, said string) string {
	found, _, _ := strings.Cut(http.DetectContentType(content), ";")
	if found != "application/octet-stream" && found != "text/plain" && found != "application/zip" {
		return found
	}
	said, _, err := mime.ParseMediaType(said)
	if err != nil || strings.HasPrefix(said, "image/") || len(said) > 100 {
		return found
	}
	return said
}

// Automatic is why no person wrote a message: bounce or auto-reply; "" if one did, as
// far as it tells.
// Source: RFC 3834, sections 2 and 5; RFC 3464, section 2.
func (m Message) Automatic() string {
	all := func(name string) string { return strings.ToLower(strings.Join(m.values(name), " ")) }
	kind := all("content-type")
	switch sent := all("return-path"); {
	case strings.Contains(kind, "multipart/report") && !strings.Contains(kind, "feedback-report"), sent == "<>", strings.HasPrefix(m.From, "mailer-daemon@"):
		return "bounce"
	}
	switch said := all("auto-submitted"); {
	case strings.HasPrefix(said, "auto-replied"), all("x-autoreply") != "", all("x-autorespond") != "", all("x-autoresponder") != "", strings.Contains(all("precedence"), "auto_reply"):
		return "auto-reply"
	}
	return ""
}

// anID is a Message-ID.
var anID = regexp.MustCompile(`<[^<>\s]{1,250}>`)

// mostReferences is how many of the messages before it a message is believed to name.
const mostReferences = 100

// References are the messages that a message says it answers, the nearest first.
func (m Message) References() []string {
	var ids []string
	for _, name := range []string{"in-reply-to", "references"} {
		found := anID.FindAllString(strings.Join(m.values(name), " "), mostReferences)
		if name == "references" {
			slices.Reverse(found)
		}
		ids = append(ids, found...)
	}
	return ids
}

// To are the addresses that a message says it is for.
func (m Message) To() (to []string) {
	for _, name := range []string{"to", "cc", "delivered-to", "x-original-to"} {
		for _, v := range m.values(name) {
			to = append(to, anAddress.FindAllString(v, 50)...)
		}
	}
	return to
}

var anAddress = regexp.MustCompile(`[^\s<>,;:"()]{1,64}@[^\s<>,;:"()]{1,253}`)

// Named are the account ids that a message may name.
func (m Message) Named() (ids []string) {
	for _, id := range anAccount.FindAllString(m.Subject+"\n"+m.Text, 100) {
		if id = strings.ReplaceAll(id, "-", ""); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}
