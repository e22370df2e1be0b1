// Package mail sends letters over SMTP. A letter comes in as values and goes out
// as a message that any mail server takes; what is in it, and to whom it goes, is
// decided elsewhere. It keeps nothing and tries once: whoever has a queue tries
// again.
package mail

import (
	"bytes"
	"context"
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
	if err := s.give(ctx, to.Address, body); err != nil {
		if refusal, is := errors.AsType[*smtp.SMTPError](err); is && !refusal.Temporary() {
			err = fmt.Errorf("%w: %w", ErrRefused, err)
		}
		return fmt.Errorf("mail to %s through %s: %w", to.Address, s.address, err)
	}
	return nil
}

func (s *Sender) give(ctx context.Context, to string, body []byte) error {
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
	if err := c.SendMail(s.from.Address, []string{to}, bytes.NewReader(body)); err != nil {
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
	var b bytes.Buffer
	for _, line := range [][2]string{
		{"From", s.from.String()},
		{"To", to.String()},
		{"Subject", mime.QEncoding.Encode("utf-8", l.Subject)},
		{"Date", l.At.UTC().Format(time.RFC1123Z)},
		{"Message-ID", "<" + l.ID + "@" + domain + ">"},
		{"Auto-Submitted", "auto-generated"}, // RFC 3834: no answering machine answers
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "quoted-printable"},
	} {
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
	return b.Bytes(), nil
}
