package support

import (
	"encoding/base64"
	"fmt"
	"mime/quotedprintable"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// lure is what no text of a message may achieve: to be taken for its head.
const lure = "From: compliance@medicorp.com\nAuthentication-Results: mx.example.com; dmarc=pass header.from=medicorp.com\nReply-To: compliance@medicorp.com\nAWS account 333344445555\n"

// senders are heads of messages by who sent them, and whose they are: "" for the queue.
var senders = []struct{ name, head, customer string }{
	{"a contact", relay + "acmefinance.com\nFrom: john@acmefinance.com", "acme"},
	{"a contact with a name", relay + "acmefinance.com\nFrom: =?utf-8?b?SsO2aG4=?= <John@AcmeFinance.com>\nReply-To: compliance@medicorp.com", "acme"},
	{"somebody of a verified domain", relay + "medicorp.com\nFrom: \"Dr. A, B\" <a.b@medicorp.com>\nSender: john@acmefinance.com", "medicorp"},
	{"a contact who forwards for another", relay + "startupcorp.io\nFrom: admin@startupcorp.io\nX-Forwarded-For: john@acmefinance.com\nResent-From: john@acmefinance.com", "startup"},
	{"a forged contact", relay[:strings.Index(relay, "dmarc")] + "dmarc=fail header.from=acmefinance.com\nFrom: john@acmefinance.com", ""},
	{"a contact whom nobody checked", "From: john@acmefinance.com", ""},
	{"a contact that another relay vouches for", "Authentication-Results: mx.evil.example; dmarc=pass header.from=acmefinance.com\nFrom: john@acmefinance.com", ""},
	{"a domain that looks alike", relay + "acmefinánce.com\nFrom: john@acmefinánce.com", ""},
	{"a contact's address as a name", relay + "evil.example\nFrom: \"john@acmefinance.com\" <x@evil.example>\nReply-To: john@acmefinance.com", ""},
	{"a contact's address as a name, encoded", relay + "evil.example\nFrom: =?utf-8?q?john=40acmefinance=2Ecom?= <x@evil.example>", ""},
	{"a mailing list that a contact wrote to", relay + "lists.example\nFrom: John via List <list@lists.example>\nReply-To: john@acmefinance.com\nList-Id: <list.lists.example>\nX-Original-From: john@acmefinance.com", ""},
	{"two authors", relay + "acmefinance.com\nFrom: john@acmefinance.com, a@medicorp.com", ""},
	{"two heads", relay + "acmefinance.com\nFrom: john@acmefinance.com\nFrom: a@medicorp.com", ""},
	{"below a verified domain", relay + "mail.medicorp.com\nFrom: a@mail.medicorp.com", ""},
	{"a mail server", "Return-Path: <>\n" + relay + "mx.example.net\nFrom: MAILER-DAEMON@mx.example.net\nX-Failed-Recipients: john@acmefinance.com", ""},
	{"a public provider", relay + "gmail.com\nFrom: medicorp@gmail.com", ""},
}

// shapes are what messages look like below their senders: head and body, and whether the
// text can be read.
var shapes = []struct {
	name, rest string
	reads      string // a part of the text; "" if there is none to read
	files      int
}{
	{"plain", "\n\nmarked text\n" + lure, "marked text", 0},
	{"without a body", "\n\n", "", 0},
	{"without the end of its head", "\nX-A: b", "", 0},
	{"Latin 1", "\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n\n" + encoded(charmap.ISO8859_1.NewEncoder().String("grüße")) + "\n" + lure, "grüße", 0},
	{"a charset that is said wrongly", "\nContent-Type: text/plain; charset=utf-8\n\n" + encoded(charmap.Windows1252.NewEncoder().String("marked “text”")) + "\n" + lure, "marked", 0},
	{"a charset that nobody knows", "\nContent-Type: text/plain; charset=x-mac-klingon\n\nmarked text\n" + lure, "", 0},
	{"Cyrillic", "\nContent-Type: text/plain; charset=koi8-r\n\n" + encoded(charmap.KOI8R.NewEncoder().String("ошибка в счёте")) + "\n", "ошибка", 0},
	{"Japanese", "\nContent-Type: text/plain; charset=iso-2022-jp\n\n" + encoded(japanese.ISO2022JP.NewEncoder().String("請求書の間違い")) + "\n", "請求書", 0},
	{"Chinese", "\nContent-Type: text/plain; charset=gb18030\nContent-Transfer-Encoding: 8bit\n\n" + encoded(simplifiedchinese.GB18030.NewEncoder().String("账单错误")) + "\n", "账单", 0},
	{"quoted-printable", "\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n" + quoted("marked text, größer = besser\n"+lure), "größer = besser", 0},
	{"base64", "\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n" + based("marked text ✓\n"+lure), "marked text ✓", 0},
	{"broken base64", "\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n!!!" + based("marked") + "=-=\n", "", 0},
	{"HTML alone", "\nContent-Type: text/html; charset=utf-8\n\n<html><head><style>x{}</style><script>alert(1)</script></head><body><p>marked <b>text</b></p><img src=\"http://track.example/x.gif\"></body></html>", "marked", 0},
	{"both", "\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\nmarked text\n--b\nContent-Type: text/html\n\n<p>other text</p>\n--b--\n", "marked text", 0},
	{"a file", "\nContent-Type: multipart/mixed; boundary=\"b\"\n\n--b\n\nmarked text\n--b\nContent-Type: application/pdf; name=\"../../etc/passwd\"\nContent-Disposition: attachment; filename=\"..\\\\..\\\\evil\u202efdp.exe\"\nContent-Transfer-Encoding: base64\n\n" + based("%PDF-1.4 x") + "\n--b--\n", "marked text", 1},
	{"a message in it", "\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nmarked text\n--b\nContent-Type: message/rfc822\n\n" + lure + "\ninner\n--b--\n", "marked text", 1},
	{"a message that is all of it", "\nContent-Type: message/rfc822\n\n" + lure + "\ninner\n", "", 0},
	{"forwarded in the text", "\n\nmarked text\n\n-------- Forwarded Message --------\n" + lure, "marked text", 0},
	{"an invitation", "\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\nmarked text\n--b\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nORGANIZER:mailto:compliance@medicorp.com\nEND:VCALENDAR\n--b--\n", "marked text", 1},
	{"signed", "\nContent-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=b\n\n--b\nContent-Type: text/plain\n\nmarked text\n--b\nContent-Type: application/pgp-signature; name=s.asc\n\n-----BEGIN PGP SIGNATURE-----\n--b--\n", "marked text", 1},
	{"a report on delivery", "\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nmarked text\n--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; compliance@medicorp.com\n--b\nContent-Type: message/rfc822-headers\n\n" + lure + "--b--\n", "marked text", 2},
	{"nested", "\n" + nested(12, "marked text"), "marked text", 0},
	{"without its last boundary", "\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nmarked text\n", "marked text", 0},
	{"without any boundary", "\nContent-Type: multipart/mixed\n\nmarked text\n" + lure, "", 0},
	{"long lines", "\n\nmarked text " + strings.Repeat("x", 100_000) + "\n", "marked text", 0},
	{"NUL and what steers terminals", "\n\nmarked text\x00\x1b[31m\n" + lure, "marked text", 0},
}

func encoded(s string, err error) string {
	if err != nil {
		panic(err)
	}
	return s
}

func quoted(s string) string {
	var b strings.Builder
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(s)) // a Builder takes all
	w.Close()
	return b.String()
}

func based(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) + "\n" }

func nested(deep int, text string) string {
	if deep == 0 {
		return "Content-Type: text/plain\n\n" + text + "\n"
	}
	return fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n%s\n--b%d--\n", deep, deep, nested(deep-1, text), deep)
}

// corpus is each sender with each shape.
func corpus() (raw []string) {
	for _, s := range senders {
		for n, shape := range shapes {
			head := fmt.Sprintf("Received: from mx.example.net by mx.example.com; Mon, 23 Nov 2026 10:00:00 +0000\n%s\nTo: support@landlord.example\nSubject: =?utf-8?q?Fehler_n=C2=B0%d?=\nMessage-ID: <%d@x.example>\nMIME-Version: 1.0", s.head, n, n)
			raw = append(raw, head+shape.rest)
		}
	}
	return raw
}

// TestCorpus: whose a message is follows from who sent it alone, whatever it looks like
// and holds; what can be read of it is.
func TestCorpus(t *testing.T) {
	all := corpus()
	if len(all) < 300 {
		t.Fatalf("only %d messages", len(all))
	}
	for i, raw := range all {
		s, shape := senders[i/len(shapes)], shapes[i%len(shapes)]
		name := s.name + ", " + shape.name
		m := Read([]byte(raw))
		got := Whose(t.Context(), m, customers, Trust{Relays: []string{"mx.example.com"}})
		if got.Customer != s.customer || (got.Rung == Queue) != (s.customer == "") {
			t.Errorf("%s: %q by %s, want %q (%s)", name, got.Customer, got.Rung, s.customer, got.Why)
		}
		c := m.Content()
		if !strings.Contains(c.Text, shape.reads) || strings.Contains(c.Text, "alert(1)") {
			t.Errorf("%s: it reads %.200q, want %q", name, c.Text, shape.reads)
		}
		if len(c.Files) < shape.files {
			t.Errorf("%s: %d files, want %d: %+v", name, len(c.Files), shape.files, c.Left)
		}
		sound(t, name, m)
	}
}

// sound checks what every message's content promises.
func sound(t *testing.T, name string, m Message) {
	t.Helper()
	c := m.Content()
	if !utf8.ValidString(c.Text) || len(c.Text) > 3*mostText {
		t.Errorf("%s: a text of %d bytes, or not of characters", name, len(c.Text))
	}
	for _, f := range c.Files {
		bad := func(r rune) bool {
			return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control) || strings.ContainsRune(`/\`, r)
		}
		if f.Name == "" || f.Name == "." || f.Name == ".." || strings.ContainsFunc(f.Name, bad) || utf8.RuneCountInString(f.Name) > 200 || f.Type == "" || len(f.Content) > mostFile {
			t.Errorf("%s: a file %q of type %q", name, f.Name, f.Type)
		}
	}
	for _, id := range m.References() {
		if strings.ContainsAny(id, " \r\n\t") {
			t.Errorf("%s: a reference %q", name, id)
		}
	}
	m.Automatic()
	m.To()
}

// FuzzContent: whatever bytes come, there is a content, and it is sound.
func FuzzContent(f *testing.F) {
	for i, raw := range corpus() {
		if i%7 == 0 {
			f.Add([]byte(raw))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) { sound(t, "bytes", Read(raw)) })
}

// TestReplyAddress: an address is a ticket's if this key made it, and no other.
func TestReplyAddress(t *testing.T) {
	key, id, support := ReplyKey("a key"), "abcdefghij", "support@landlord.example"
	address := key.Address(support, id)
	for _, a := range []string{address, strings.ToUpper(address)} {
		if got, ok := key.Ticket(support, a); !ok || got != id {
			t.Errorf("%s is of %q, %v", a, got, ok)
		}
	}
	if _, ok := ReplyKey("another").Ticket(support, address); ok {
		t.Error("another key knows it")
	}
	if _, ok := ReplyKey(nil).Ticket(support, ReplyKey(nil).Address(support, id)); ok {
		t.Error("no key makes addresses")
	}
	for i := range address {
		for _, c := range "abz27.+@" {
			changed := []byte(address)
			changed[i] = byte(c)
			if got, ok := key.Ticket(support, string(changed)); ok && string(changed) != address {
				t.Errorf("%s is of %s", changed, got)
			}
		}
	}
	if !slices.Contains(Read([]byte("To: A <"+address+">, b@c.example\nCc: d@e.example\n\n")).To(), address) {
		t.Error("To is not read")
	}
}
