// Package mail sends letters over SMTP. A letter comes in as values and goes out
// as a message that any mail server takes; what is in it, and to whom it goes, is
// decided elsewhere. It keeps nothing and tries once: whoever has a queue tries
// again.
package mail

import (
	"bytes"
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Letter is one message to one address, in plain text.
type Letter struct {
	ID      string // the same for each try of a letter, so that a mailbox shows it once
	To      string
	Subject string
	Text    string
	At      time.Time
	Thread  *Thread // of an answer that a person wrote; nil for what the house writes
}

// Thread is how an answer belongs to a conversation.
type Thread struct {
	Name, From string   // who writes, instead of the sender of the house
	ReplyTo    string   // where answers go, and what comes back
	MessageID  string   // with the brackets
	References []string // the messages before it, the last is the one it answers
}

// Sender gives letters to one mail server. It is safe for concurrent use.
type Sender struct {
	address  string // host:port
	host     string
	from     mail.Address
	user     string
	password string
	implicit bool // TLS from the first byte
	plain    bool // no TLS at all: to this machine only
	roots    *x509.CertPool
	sign     *dkim.SignOptions
}

// ErrRefused is a letter that the mail server will never take: another try is
// of no use.
var ErrRefused = errors.New("the mail server refuses the letter")

// patience is how long a server may take for the whole of a letter.
const patience = time.Minute

// New returns a sender to the server that an address such as
// smtp://user@mail.example:587 or smtps://mail.example names. smtp:// begins in
// the clear and goes on in TLS, without which nothing is sent but to this
// machine; smtps:// is TLS from the beginning. A password in the address counts
// unless one is given. from is the sender: "Example <landlord@example.com>".
func New(server, password, from string) (*Sender, error) {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || u.Scheme != "smtp" && u.Scheme != "smtps" || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("mail server %q: want smtp://HOST:PORT or smtps://HOST:PORT, with USER@ before the host if it asks for one", redacted(u, server))
	}
	sender, err := mail.ParseAddress(from)
	if err != nil {
		return nil, fmt.Errorf("sender of mail %q: want an address such as landlord@example.com", from)
	}
	s := &Sender{host: u.Hostname(), from: *sender, implicit: u.Scheme == "smtps", password: password}
	if u.User != nil {
		s.user = u.User.Username()
		if given, is := u.User.Password(); is && password == "" {
			s.password = given
		}
	}
	port := u.Port()
	switch {
	case port != "":
	case s.implicit:
		port = "465"
	default:
		port = "587"
	}
	s.address = net.JoinHostPort(s.host, port)
	s.plain = !s.implicit && loopback(s.host)
	return s, nil
}

// redacted is an address without its password.
func redacted(u *url.URL, text string) string {
	if u == nil {
		return "…"
	}
	if u.User == nil {
		return text
	}
	return u.Redacted()
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Trust has the server's certificate held against these roots instead of the
// system's.
func (s *Sender) Trust(roots *x509.CertPool) { s.roots = roots }

// Sign has letters signed with DKIM, for a domain with the key that its DNS has under
// a selector.
// Source: RFC 6376, section 5.4.1, on which fields.
func (s *Sender) Sign(domain, selector string, key crypto.Signer) {
	s.sign = &dkim.SignOptions{Domain: domain, Selector: selector, Signer: key, HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
		HeaderKeys: []string{"From", "To", "Subject", "Date", "Message-ID", "Reply-To", "In-Reply-To", "References", "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Auto-Submitted"}}
}

// Send gives the letter to the mail server. When it returns nil the server has
// taken it. ErrRefused is for good; after any other error another try may help.
func (s *Sender) Send(ctx context.Context, l Letter) error {
	to, err := mail.ParseAddress(l.To)
	if err != nil {
		return fmt.Errorf("mail to %q: %w: not an address", l.To, ErrRefused)
	}
	body, err := s.message(l, *to)
	if err != nil {
		return fmt.Errorf("mail to %s: %w: %w", to.Address, ErrRefused, err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	from := s.from.Address
	if l.Thread != nil {
		from = l.Thread.ReplyTo // what cannot be delivered comes back to the ticket
	}
	if err := s.give(ctx, from, to.Address, body); err != nil {
		if refusal, is := errors.AsType[*smtp.SMTPError](err); is && !refusal.Temporary() {
			err = fmt.Errorf("%w: %w", ErrRefused, err)
		}
		return fmt.Errorf("mail to %s through %s: %w", to.Address, s.address, err)
	}
	return nil
}

func (s *Sender) give(ctx context.Context, from, to string, body []byte) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.address)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	secure := &tls.Config{ServerName: s.host, RootCAs: s.roots, MinVersion: tls.VersionTLS12}
	var c *smtp.Client
	switch {
	case s.implicit:
		c = smtp.NewClient(tls.Client(conn, secure))
	case s.plain:
		c = smtp.NewClient(conn)
	default:
		if c, err = smtp.NewClientStartTLS(conn, secure); err != nil {
			conn.Close()
			return fmt.Errorf("begin TLS: %w", err)
		}
	}
	defer c.Close()
	if s.user != "" {
		if err := c.Auth(sasl.NewPlainClient("", s.user, s.password)); err != nil {
			return fmt.Errorf("sign in as %s: %w", s.user, err)
		}
	}
	if err := c.SendMail(from, []string{to}, bytes.NewReader(body)); err != nil {
		return err
	}
	_ = c.Quit() // the letter is taken, whatever is said to the farewell
	return nil
}

// message writes a letter as RFC 5322 and RFC 2045 have it.
func (s *Sender) message(l Letter, to mail.Address) ([]byte, error) {
	if strings.ContainsAny(l.Subject+l.ID, "\r\n") {
		return nil, errors.New("a line break in the subject")
	}
	_, domain, _ := strings.Cut(s.from.Address, "@")
	head := [][2]string{{"From", s.from.String()}, {"Message-ID", "<" + l.ID + "@" + domain + ">"}, {"Auto-Submitted", "auto-generated"}} // RFC 3834: no answering machine answers
	if t := l.Thread; t != nil {
		head = [][2]string{{"From", (&mail.Address{Name: t.Name, Address: t.From}).String()}, {"Message-ID", t.MessageID}, {"Reply-To", (&mail.Address{Address: t.ReplyTo}).String()}}
		if n := len(t.References); n > 0 {
			head = append(head, [2]string{"In-Reply-To", t.References[n-1]}, [2]string{"References", strings.Join(t.References, "\r\n ")})
		}
		for _, line := range head {
			if strings.ContainsAny(strings.ReplaceAll(line[1], "\r\n <", ""), "\r\n") {
				return nil, fmt.Errorf("a line break in the %s", line[0])
			}
		}
	}
	var b bytes.Buffer
	for _, line := range append(head, [][2]string{
		{"To", to.String()},
		{"Subject", mime.QEncoding.Encode("utf-8", l.Subject)},
		{"Date", l.At.UTC().Format(time.RFC1123Z)},
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "quoted-printable"},
	}...) {
		fmt.Fprintf(&b, "%s: %s\r\n", line[0], line[1])
	}
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	if _, err := w.Write([]byte(strings.ReplaceAll(l.Text, "\n", "\r\n"))); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if s.sign == nil {
		return b.Bytes(), nil
	}
	var signed bytes.Buffer
	if err := dkim.Sign(&signed, &b, s.sign); err != nil {
		return nil, fmt.Errorf("sign it: %w", err)
	}
	return signed.Bytes(), nil
}
