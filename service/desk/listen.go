package desk

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"landlord/business/support"
	"landlord/internal/limits"
	"landlord/internal/pace"
	"landlord/service/store"
)

// Bounds of what comes in.
const (
	MostMessage    = 25 << 20 // bytes of one message; most mail servers send no more
	mostRecipients = 50
	mostLine       = 1 << 20 // some programs do not break lines
	patience       = 2 * time.Minute
	mostSessions   = 100 // at once
)

// eachPeer is how many messages a network may send: 300 at once, then 5 a second.
var eachPeer = limits.Bucket{Rate: 5, Burst: 300}

// Listener takes messages over SMTP. What it acknowledges is kept.
type Listener struct {
	server *smtp.Server
	ln     net.Listener
}

// Listen takes messages from l until Close; secure offers TLS, nil none.
func (d *Desk) Listen(l net.Listener, secure *tls.Config) *Listener {
	s := smtp.NewServer(&post{desk: d, meters: pace.NewMeters(), free: make(chan struct{}, mostSessions)})
	s.Domain = support.DomainOf(d.Address)
	s.MaxMessageBytes, s.MaxRecipients, s.MaxLineLength = MostMessage, mostRecipients, mostLine
	s.ReadTimeout, s.WriteTimeout = patience, patience
	s.EnableSMTPUTF8 = true
	s.TLSConfig = secure
	s.ErrorLog = slog.NewLogLogger(d.Log.Handler(), slog.LevelDebug)
	return &Listener{s, l}
}

// Serve takes messages until Close.
func (l *Listener) Serve() error {
	if err := l.server.Serve(l.ln); err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("take mail: %w", err)
	}
	return nil
}

// Close takes no more; a message that is on its way is given time to come.
func (l *Listener) Close(ctx context.Context) error { return l.server.Shutdown(ctx) }

// post is the mail server.
type post struct {
	desk   *Desk
	meters *pace.Meters
	free   chan struct{}
}

// Answers of the mail server.
// Source: RFC 5321, section 4.2.3; RFC 3463.
var (
	errBusy     = &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "Too many at once, come again"}
	errTooMany  = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "Too many messages from there, come again"}
	errNobody   = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "Nobody has that address here"}
	errNotKept  = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "It could not be kept, come again"}
	errTooLarge = &smtp.SMTPError{Code: 552, EnhancedCode: smtp.EnhancedCode{5, 3, 4}, Message: "It is larger than 25 MB"}
)

// NewSession implements smtp.Backend.
func (p *post) NewSession(c *smtp.Conn) (smtp.Session, error) {
	select {
	case p.free <- struct{}{}:
	default:
		return nil, errBusy
	}
	peer, _ := netip.ParseAddrPort(c.Conn().RemoteAddr().String())
	return &visit{post: p, peer: peer.Addr().Unmap()}, nil
}

// visit is one session with a mail server or program.
type visit struct {
	post *post
	peer netip.Addr
	left bool
	from string
	to   []string
}

// Reset implements smtp.Session.
func (v *visit) Reset() { v.from, v.to = "", nil }

// Logout implements smtp.Session.
func (v *visit) Logout() error {
	if !v.left {
		v.left = true
		<-v.post.free
	}
	return nil
}

// Mail implements smtp.Session.
func (v *visit) Mail(from string, _ *smtp.MailOptions) error {
	if v.post.meters.Wait(pace.Network(v.peer.String()), v.post.desk.Clock.Now(), eachPeer) > 0 && !v.relay() {
		return errTooMany
	}
	v.from = from
	return nil
}

// Rcpt implements smtp.Session. It takes what is for support or for a ticket, and
// passes nothing on to others. Whether a ticket is there it does not tell.
func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	local, domain, _ := strings.Cut(strings.ToLower(to), "@")
	base, _, _ := strings.Cut(local, "+")
	if base+"@"+domain != v.post.desk.Address {
		return errNobody
	}
	v.to = append(v.to, to)
	return nil
}

// relay tells whether the peer is a mail server of ours.
func (v *visit) relay() bool {
	for _, network := range v.post.desk.Relays {
		if network.Contains(v.peer) {
			return true
		}
	}
	return false
}

// keeping is how long the database may take to keep a message.
const keeping = 30 * time.Second

// Data implements smtp.Session. Once it returns nil the message is kept.
func (v *visit) Data(r io.Reader) error {
	raw, err := io.ReadAll(io.LimitReader(r, MostMessage+1))
	switch {
	case errors.Is(err, smtp.ErrDataTooLarge), len(raw) > MostMessage:
		return errTooLarge
	case err != nil:
		return err
	}
	ctx, stop := context.WithTimeout(context.Background(), keeping)
	defer stop()
	d := v.post.desk
	m := store.Mail{At: d.Clock.Now(), Peer: v.peer.String(), Relayed: v.relay(), Sender: v.from, Recipients: v.to, Raw: raw}
	if err := d.Store.Operator(ctx, func(tx store.Tx) error { return tx.KeepMail(ctx, m) }); err != nil {
		d.Log.Warn("a message is not kept, and its sender has to come again", "error", err)
		return errNotKept
	}
	return nil
}
