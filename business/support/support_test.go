package support

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
)

// customers are those of the tests: medicorp's domain is verified, shared.example is
// two's, the rest is known by contacts only.
var customers = Known{
	Contacts: map[string]string{"john@acmefinance.com": "acme", "ops@gmail.com": "quantum", "jörg@xn--bcher-kva.example": "books", "admin@startupcorp.io": "startup"},
	Domains:  map[string][]string{"medicorp.com": {"medicorp"}, "shared.example": {"one", "two"}, "gmail.com": {"startup"}},
	Accounts: map[string]string{"222233334444": "acme", "333344445555": "medicorp"},
	Near:     map[string][]string{"acmefinance.com": {"acme"}},
}

const relay = "Authentication-Results: mx.example.com; dmarc=pass header.from="

// TestWhose: messages as they come, with a relay that is trusted and no DNS.
func TestWhose(t *testing.T) {
	for _, c := range []struct{ name, head, want, why string }{
		{"a contact", relay + "acmefinance.com\nFrom: John <john@acmefinance.com>", "acme contact", "verified contact of acme; dmarc=pass by mx.example.com"},
		{"in other letters", relay + "AcmeFinance.com\nFROM: JOHN@ACMEFINANCE.COM", "acme contact", ""},
		{"from: with a space before its colon", relay + "acmefinance.com\nFrom : john@acmefinance.com", "acme contact", ""},
		{"folded", relay + "acmefinance.com\nFrom: John\n <john@acmefinance.com>", "acme contact", ""},
		{"with a comment", relay + "acmefinance.com\nFrom: john@acmefinance.com (John)", "acme contact", ""},
		{"a name in another charset", relay + "acmefinance.com\nFrom: =?iso-8859-1?q?J=F6hn?= <john@acmefinance.com>", "acme contact", ""},
		{"a name in a charset that nobody knows", relay + "acmefinance.com\nFrom: =?x-unknown?q?J=F6hn?= <john@acmefinance.com>", "queue", "cannot be read"},
		{"an address in other characters", relay + "xn--bcher-kva.example\nFrom: jörg@bücher.example", "books contact", ""},
		{"a contact at a public provider", relay + "gmail.com\nFrom: ops@gmail.com", "quantum contact", ""},
		{"a domain", relay + "medicorp.com\nFrom: anybody@medicorp.com", "medicorp domain", "verified domain of medicorp alone"},
		{"a domain of two", relay + "shared.example\nFrom: a@shared.example", "queue", "a domain of several: one, two"},
		{"a domain below a verified one", relay + "x.medicorp.com\nFrom: a@x.medicorp.com", "queue", "nobody's verified domain"},
		{"a public domain never counts", relay + "gmail.com\nFrom: a@gmail.com", "queue", "anybody can have an address at gmail.com"},
		{"nor another country's", relay + "yahoo.co.uk\nFrom: a@yahoo.co.uk", "queue", "anybody can have"},
		{"a contact's colleague", relay + "acmefinance.com\nFrom: ann@acmefinance.com", "queue", "a contact of acme has an address at the same domain"},
		{"a contact with a tag", relay + "acmefinance.com\nFrom: john+aws@acmefinance.com", "queue", "nobody's contact"},

		{"a stranger who is called like a contact", relay + `evil.example` + "\n" + `From: "john@acmefinance.com" <a@evil.example>`, "queue", ""},
		{"the same without quotes", relay + "evil.example\nFrom: john@acmefinance.com <a@evil.example>", "queue", ""},
		{"a domain that begins alike", relay + "acmefinance.com.evil.example\nFrom: john@acmefinance.com.evil.example", "queue", ""},
		{"a domain that ends alike", relay + "evilacmefinance.com\nFrom: john@evilacmefinance.com", "queue", ""},
		{"a domain that looks alike", relay + "аcmefinance.com\nFrom: john@аcmefinance.com", "queue", ""}, // a Cyrillic a
		{"two addresses", relay + "acmefinance.com\nFrom: john@acmefinance.com, a@evil.example", "queue", "names several"},
		{"two From", relay + "acmefinance.com\nFrom: john@acmefinance.com\nFrom: a@evil.example", "queue", "several From"},
		{"two From, one with a space", relay + "acmefinance.com\nFrom : john@acmefinance.com\nFrom: a@evil.example", "queue", "several From"},
		{"a group", relay + "acmefinance.com\nFrom: us: john@acmefinance.com;", "queue", ""},
		{"no From", relay + "acmefinance.com\nSender: john@acmefinance.com\nReply-To: john@acmefinance.com\nReturn-Path: <john@acmefinance.com>", "queue", "no From"},
		{"a From in the text", relay + "acmefinance.com\nSubject: x\n\nFrom: john@acmefinance.com", "queue", "no From"},
		{"after a line that is no field", relay + "acmefinance.com\nnonsense\nFrom: john@acmefinance.com", "queue", "no From"},
		{"a reply to a contact", relay + "evil.example\nFrom: a@evil.example\nReply-To: john@acmefinance.com\nCc: john@acmefinance.com", "queue", ""},
		{"a bounce", relay + "example.net\nFrom: MAILER-DAEMON@example.net\nReturn-Path: <>\nX-Failed-Recipients: john@acmefinance.com", "queue", ""},

		{"nobody has checked it", "From: john@acmefinance.com", "queue", "no relay that is trusted has checked it"},
		{"a relay that is not trusted", "Authentication-Results: mx.evil.example; dmarc=pass\nFrom: john@acmefinance.com", "queue", "no relay that is trusted"},
		{"a relay that is called alike", "Authentication-Results: mx.example.com.evil.example; dmarc=pass\nFrom: john@acmefinance.com", "queue", "no relay that is trusted"},
		{"a relay in a comment", "Authentication-Results: mx.evil.example (mx.example.com); dmarc=pass\nFrom: john@acmefinance.com", "queue", "no relay that is trusted"},
		{"the topmost counts", relay + "x\nAuthentication-Results: mx.example.com; dmarc=pass header.from=acmefinance.com\nFrom: john@acmefinance.com", "queue", "another author"},
		{"the topmost fails", "Authentication-Results: mx.example.com; dmarc=fail\n" + relay + "acmefinance.com\nFrom: john@acmefinance.com", "queue", "dmarc=fail"},
		{"the topmost says nothing", "Authentication-Results: mx.example.com; none\n" + relay + "acmefinance.com\nFrom: john@acmefinance.com", "queue", "says nothing of DMARC"},
		{"another's above", "Authentication-Results: mx.evil.example; dmarc=fail\n" + relay + "acmefinance.com\nFrom: john@acmefinance.com", "acme contact", ""},
		{"an unreadable one above", "Authentication-Results: \"mx.example.com\n" + relay + "acmefinance.com\nFrom: john@acmefinance.com", "acme contact", ""},
		{"dmarc=none", "Authentication-Results: mx.example.com; dmarc=none\nFrom: john@acmefinance.com", "queue", "dmarc=none"},
		{"dmarc=temperror", "Authentication-Results: mx.example.com; dmarc=temperror\nFrom: john@acmefinance.com", "queue", "dmarc=temperror"},
		{"dmarc=permerror", "Authentication-Results: mx.example.com; dmarc=permerror\nFrom: john@acmefinance.com", "queue", "dmarc=permerror"},
		{"dmarc=bestguesspass", "Authentication-Results: mx.example.com; dmarc=bestguesspass\nFrom: john@acmefinance.com", "queue", "dmarc=bestguesspass"},
		{"spf and dkim alone", "Authentication-Results: mx.example.com; spf=pass smtp.mailfrom=acmefinance.com; dkim=pass header.d=acmefinance.com\nFrom: john@acmefinance.com", "queue", "says nothing of DMARC"},
		{"as Gmail writes it", "Authentication-Results: mx.example.com;\n       dkim=pass header.i=@acmefinance.com header.s=s1 header.b=abc;\n       spf=pass (google.com: domain of a@b.example designates 1.2.3.4 as permitted sender) smtp.mailfrom=a@b.example;\n       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=acmefinance.com\nFrom: john@acmefinance.com", "acme contact", ""},
		{"as Microsoft writes it", "Authentication-Results: mx.example.com 1; spf=pass (sender IP is 1.2.3.4)\n smtp.mailfrom=acmefinance.com; dmarc=pass action=none\n header.from=acmefinance.com;compauth=pass reason=100\nFrom: john@acmefinance.com", "acme contact", ""},
		{"with spaces and a version", "Authentication-Results: MX.example.com 1 ; DMARC/1 = Pass header.from = acmefinance.com\nFrom: john@acmefinance.com", "acme contact", ""},
		{"another version", "Authentication-Results: mx.example.com 2; dmarc=pass\nFrom: john@acmefinance.com", "queue", "no relay that is trusted"},
		{"a pass in quotes", `Authentication-Results: mx.example.com; spf=fail smtp.mailfrom="x; dmarc=pass"@evil.example` + "\nFrom: john@acmefinance.com", "queue", "says nothing"},
		{"a pass in a comment", "Authentication-Results: mx.example.com; spf=fail (x; dmarc=pass ) smtp.mailfrom=evil.example\nFrom: john@acmefinance.com", "queue", "says nothing"},
		{"a pass in a comment with brackets", `Authentication-Results: mx.example.com; spf=fail (x \) (y) ; dmarc=pass ) a=b` + "\nFrom: john@acmefinance.com", "queue", "says nothing"},
		{"a comment without an end", "Authentication-Results: mx.example.com; spf=fail (x; dmarc=pass\nFrom: john@acmefinance.com", "queue", "no relay"},
		{"a pass as a reason", `Authentication-Results: mx.example.com; dmarc=fail reason="dmarc=pass"` + "\nFrom: john@acmefinance.com", "queue", "dmarc=fail"},
		{"a pass and a fail", "Authentication-Results: mx.example.com; dmarc=pass; dmarc=fail\nFrom: john@acmefinance.com", "queue", "dmarc=fail"},
		{"a fail and a pass", "Authentication-Results: mx.example.com; dmarc=fail; dmarc=pass\nFrom: john@acmefinance.com", "queue", "dmarc=fail"},
		{"of another author", relay + "evil.example\nFrom: john@acmefinance.com", "queue", "another author"},
		{"a result in the text", "From: john@acmefinance.com\n\n" + relay + "acmefinance.com", "queue", "no relay"},

		{"an account that is named is a hint", relay + "evil.example\nFrom: a@evil.example\nSubject: our account 2222-3333-4444", "queue", "it names the account of acme"},
		{"of two", relay + "evil.example\nFrom: a@evil.example\n\n222233334444 and 333344445555", "queue", "it names the account of acme, medicorp"},
		{"within a longer number is none", relay + "evil.example\nFrom: a@evil.example\n\n12222333344445", "queue", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, end := range []string{"\n", "\r\n"} {
				text := c.head
				if !strings.Contains(text, "\n\n") {
					text += "\n\nhello"
				}
				d := Whose(t.Context(), Read([]byte(strings.ReplaceAll(text+"\n", "\n", end))), customers, Trust{Relays: []string{"mx.example.com"}})
				got := strings.TrimSpace(d.Customer + " " + string(d.Rung))
				if got != c.want || !strings.Contains(d.Why, c.why) || d.Why == "" {
					t.Errorf("%q\nwant %q, %q", d, c.want, c.why)
				}
				if c.name == "within a longer number is none" && strings.Contains(d.Why, "names the account") {
					t.Errorf("%q", d.Why)
				}
			}
		})
	}
}

// silent is DNS that does not answer.
type silent struct{}

func (silent) LookupTXT(_ context.Context, name string) ([]string, error) {
	return nil, &net.DNSError{Err: "server misbehaving", Name: name, IsTemporary: true}
}

// signed is a message with a signature of a domain.
func signed(t *testing.T, text string, options dkim.SignOptions) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := dkim.Sign(&out, strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n")), &options); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestSigned: messages that only their own signature vouches for.
func TestSigned(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	edPublic, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaText := "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(public)
	zone, err := ParseZone(fmt.Appendf(nil, `; a zone as DNS servers have it
s1._domainkey.acmefinance.com. 300 IN TXT "%s" "%s"
s1._domainkey.mail.acmefinance.com IN CNAME s1._domainkey.acmefinance.com.
ed._domainkey.acmefinance.com TXT v=DKIM1; k=ed25519; p=%s
_dmarc.acmefinance.com TXT "v=DMARC1; p=none"
s1._domainkey.evil.example TXT %s
_dmarc.evil.example TXT v=DMARC1; p=reject
s1._domainkey.mail.startupcorp.io TXT %s
_dmarc.startupcorp.io TXT v=DMARC1; p=reject; adkim=s
_dmarc.xn--bcher-kva.example TXT v=DMARC1; p=nonsense
`, rsaText[:100], rsaText[100:], base64.StdEncoding.EncodeToString(edPublic), rsaText, rsaText))
	if err != nil {
		t.Fatal(err)
	}
	const text = "From: John <john@acmefinance.com>\nSubject: Financial error in dashboard\nMessage-ID: <1@acmefinance.com>\n\nThe figures are wrong.\n"
	of := func(domain, selector string) dkim.SignOptions {
		return dkim.SignOptions{Domain: domain, Selector: selector, Signer: key}
	}
	good := signed(t, text, of("acmefinance.com", "s1"))
	for _, c := range []struct {
		name     string
		raw      []byte
		resolver Resolver
		want     string
	}{
		{"as it should be", good, zone, "pass"},
		{"with lines that end in LF", bytes.ReplaceAll(good, []byte("\r\n"), []byte("\n")), zone, "pass"},
		{"by ed25519", signed(t, text, dkim.SignOptions{Domain: "acmefinance.com", Selector: "ed", Signer: edKey}), zone, "pass"},
		{"by a domain of the organization, by an alias", signed(t, text, of("mail.acmefinance.com", "s1")), zone, "pass"},
		{"by the organization for a domain below", signed(t, strings.Replace(text, "john@", "john@mail.", 1), of("acmefinance.com", "s1")), zone, "pass"},
		{"by another domain", signed(t, text, of("evil.example", "s1")), zone, "fail"},
		{"by both", signed(t, strings.ReplaceAll(string(good), "\r\n", "\n"), of("evil.example", "s1")), zone, "pass"},
		{"by a domain below, where the policy is strict", signed(t, strings.Replace(text, "john@acmefinance.com>", "admin@startupcorp.io>", 1), of("mail.startupcorp.io", "s1")), zone, "fail"},
		{"not signed", []byte(text), zone, "fail"},
		{"its text is changed", bytes.Replace(good, []byte("wrong"), []byte("right"), 1), zone, "fail"},
		{"its subject is changed", bytes.Replace(good, []byte("error"), []byte("alert"), 1), zone, "fail"},
		{"text is added", append(bytes.Clone(good), "pay here\r\n"...), zone, "fail"},
		{"a From that nobody signed", signed(t, text, dkim.SignOptions{Domain: "acmefinance.com", Selector: "s1", Signer: key, HeaderKeys: []string{"From"}}), zone, "pass"},
		{"its author is changed", bytes.Replace(good, []byte("john@"), []byte("jane@"), 1), zone, "fail"},
		{"a selector that is not there", signed(t, text, of("acmefinance.com", "s2")), zone, "fail"},
		{"a domain without a policy", signed(t, strings.Replace(text, "acmefinance.com>", "medicorp.com>", 1), of("medicorp.com", "s1")), zone, "none"},
		{"a policy that cannot be read", []byte("From: jörg@bücher.example\n\n"), zone, "permerror"},
		{"DNS does not answer", good, silent{}, "temperror"},
		{"DNS does not tell the key", good, partly{zone}, "temperror"},
		{"nothing at all", nil, zone, "none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if v := Signed(t.Context(), Read(c.raw), c.resolver); v.Result != c.want || v.How == "" {
				t.Errorf("%+v, want %s", v, c.want)
			}
		})
	}
	d := Whose(t.Context(), Read(good), customers, Trust{Resolver: zone})
	if d.Customer != "acme" || d.Rung != Contact {
		t.Errorf("%+v", d)
	}
	// What a relay of ours says goes before.
	d = Whose(t.Context(), Read(append([]byte("Authentication-Results: mx.example.com; dmarc=fail\r\n"), good...)), customers, Trust{Relays: []string{"mx.example.com"}, Resolver: zone})
	if d.Rung != Queue {
		t.Errorf("%+v", d)
	}
}

// partly answers for policies only.
type partly struct{ Zone }

func (p partly) LookupTXT(ctx context.Context, name string) ([]string, error) {
	if strings.Contains(name, "_domainkey") {
		return silent{}.LookupTXT(ctx, name)
	}
	return p.Zone.LookupTXT(ctx, name)
}

func TestParseZone(t *testing.T) {
	for _, text := range []string{`a TXT "open`, `a TXT "x" y`, `a TXT ( "x"`, "{", `{"a": 1}`, "a"} {
		if _, err := ParseZone([]byte(text)); err == nil {
			t.Errorf("%q is a zone", text)
		}
	}
	z, err := ParseZone([]byte(`{"_dmarc.A.example.": "v=DMARC1; p=none", "b.example": ["x", "y"]}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"_dmarc.a.example": "[v=DMARC1; p=none]", "B.example.": "[x y]", "c.example": "[]"} {
		got, err := z.LookupTXT(t.Context(), name)
		if missing, is := errors.AsType[*net.DNSError](err); fmt.Sprint(got) != want || (err != nil) != (want == "[]") || is && !missing.IsNotFound {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	z, err = ParseZone([]byte("a CNAME b\nb CNAME a\nc 300 TXT (\"x\" \"y;\\\"z\") ; why\nd MX 10 m\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := z.LookupTXT(t.Context(), "a"); err == nil {
		t.Error("an alias of itself is", got)
	}
	if got, err := z.LookupTXT(t.Context(), "c"); err != nil || len(got) != 1 || got[0] != `xy;"z` {
		t.Error(got, err)
	}
}

// FuzzRead: whatever bytes come, somebody's they are only by a contact or domain
// that a trusted relay vouches for in a field of their own.
func FuzzRead(f *testing.F) {
	f.Add([]byte(relay + "acmefinance.com\nFrom: john@acmefinance.com\n\nhello"))
	f.Add([]byte("From: john@acmefinance.com\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/html; charset=utf-7\n\n<b>+AGE-\n--x--"))
	f.Add([]byte("From: =?utf-8?b?\xff?= <a@b.example>\r\n\r\n\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d := Whose(t.Context(), Read(raw), customers, Trust{Relays: []string{"mx.example.com"}, Resolver: silent{}})
		if (d.Customer == "") != (d.Rung == Queue) || d.Why == "" {
			t.Fatalf("%+v", d)
		}
		lower := bytes.ToLower(raw)
		if d.Rung != Queue && (!bytes.Contains(lower, []byte("dmarc")) || !bytes.Contains(lower, []byte("mx.example.com"))) {
			t.Fatalf("%+v of %q", d, raw)
		}
	})
}
