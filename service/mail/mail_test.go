package mail_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"mime"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"mime/quotedprintable"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"landlord/service/mail"
)

// post is a mail server that keeps what it takes.
type post struct {
	mu     sync.Mutex
	taken  []string
	to     []string
	refuse *smtp.SMTPError
	users  map[string]string // user: password; nil asks for none
}

func (p *post) NewSession(*smtp.Conn) (smtp.Session, error) { return &visit{p: p}, nil }

type visit struct {
	p  *post
	in bool
}

func (*visit) Reset()        {}
func (*visit) Logout() error { return nil }

func (v *visit) AuthMechanisms() []string { return []string{sasl.Plain} }

func (v *visit) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if v.p.users[user] == "" || v.p.users[user] != password {
			return smtp.ErrAuthFailed
		}
		v.in = true
		return nil
	}), nil
}

func (v *visit) Mail(string, *smtp.MailOptions) error {
	if v.p.users != nil && !v.in {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	if v.p.refuse != nil {
		return v.p.refuse
	}
	v.p.mu.Lock()
	defer v.p.mu.Unlock()
	v.p.to = append(v.p.to, to)
	return nil
}

func (v *visit) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	v.p.mu.Lock()
	defer v.p.mu.Unlock()
	v.p.taken = append(v.p.taken, string(text))
	return err
}

// serve starts a mail server and returns its port.
func serve(t *testing.T, p *post, secure *tls.Config, implicit bool) string {
	t.Helper()
	s := smtp.NewServer(p)
	s.Domain, s.TLSConfig, s.AllowInsecureAuth = "mail.example", secure, true
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	if implicit {
		l = tls.NewListener(l, secure)
	}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return port
}

// certificate is one for 127.0.0.1, and the roots that hold it.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(made)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, roots
}

var letter = mail.Letter{
	ID: "link-1", To: "Ada <ada@example.com>", Subject: "Anmeldung für Müller & Söhne – heute", At: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
	Text: "Dear Ada,\n.\na line of its own dot, ünïcode, and " + strings.Repeat("long ", 60) + "\n\nhttps://landlord.example/in?t=a=b&c\n",
}

func TestSend(t *testing.T) {
	secure, roots := certificate(t)
	for _, c := range []struct {
		name, scheme, user string
		tls, implicit      bool
	}{
		{"in the clear to this machine", "smtp", "", false, false},
		{"with a password", "smtp", "house:secret@", false, false},
		{"in TLS from the beginning", "smtps", "house:secret@", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &post{}
			if c.user != "" {
				p.users = map[string]string{"house": "secret"}
			}
			var cfg *tls.Config
			if c.tls {
				cfg = secure
			}
			s, err := mail.New(c.scheme+"://"+c.user+"127.0.0.1:"+serve(t, p, cfg, c.implicit), "", "Example MSP <landlord@example.com>")
			if err != nil {
				t.Fatal(err)
			}
			s.Trust(roots)
			if err := s.Send(t.Context(), letter); err != nil {
				t.Fatal(err)
			}
			if len(p.taken) != 1 || p.to[0] != "ada@example.com" {
				t.Fatalf("the server took %d letters, to %v", len(p.taken), p.to)
			}
			got, err := netmail.ReadMessage(strings.NewReader(p.taken[0]))
			if err != nil {
				t.Fatal(err)
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
			text, _ := io.ReadAll(quotedprintable.NewReader(got.Body))
			if err != nil || subject != letter.Subject || strings.ReplaceAll(string(text), "\r\n", "\n") != letter.Text {
				t.Errorf("arrived as %q (%v)\n%s\nwant %q\n%s", subject, err, text, letter.Subject, letter.Text)
			}
			if id := got.Header.Get("Message-ID"); id != "<link-1@example.com>" {
				t.Errorf("Message-ID is %s", id)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		refuse *smtp.SMTPError
		users  map[string]string
		final  bool
	}{
		{"there is no such mailbox", &smtp.SMTPError{Code: 550, Message: "no such user"}, nil, true},
		{"the mailbox is busy", &smtp.SMTPError{Code: 450, Message: "try later"}, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &post{refuse: c.refuse, users: c.users}
			s, err := mail.New("smtp://127.0.0.1:"+serve(t, p, nil, false), "", "landlord@example.com")
			if err != nil {
				t.Fatal(err)
			}
			err = s.Send(t.Context(), letter)
			if err == nil || errors.Is(err, mail.ErrRefused) != c.final {
				t.Errorf("got %v, want an error that is final: %t", err, c.final)
			}
		})
	}
	t.Run("a line break in the subject", func(t *testing.T) {
		s, err := mail.New("smtp://127.0.0.1:1", "", "landlord@example.com")
		if err != nil {
			t.Fatal(err)
		}
		forged := letter
		forged.Subject = "hello\r\nBcc: all@example.com"
		if err := s.Send(t.Context(), forged); !errors.Is(err, mail.ErrRefused) {
			t.Errorf("got %v, want a refusal", err)
		}
	})
	t.Run("a server elsewhere without TLS", func(t *testing.T) {
		p := &post{}
		port := serve(t, p, nil, false)
		s, err := mail.New("smtp://localhost.localdomain:"+port, "", "landlord@example.com")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Send(t.Context(), letter); err == nil || len(p.taken) > 0 {
			t.Errorf("got %v and %d letters, want an error and none", err, len(p.taken))
		}
	})
}

func TestNew(t *testing.T) {
	for _, server := range []string{"", "mail.example", "http://mail.example", "smtp://", "smtp://mail.example/path"} {
		if _, err := mail.New(server, "", "landlord@example.com"); err == nil {
			t.Errorf("server %q is taken", server)
		}
	}
	_, err := mail.New("smtp://house:hidden@mail.example/x", "", "landlord@example.com")
	if err == nil || strings.Contains(err.Error(), "hidden") {
		t.Errorf("got %v, want an error without the password", err)
	}
	if _, err := mail.New("smtp://mail.example", "", "nobody"); err == nil {
		t.Error("a sender that is no address is taken")
	}
}
