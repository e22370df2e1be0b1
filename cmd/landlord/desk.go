package main

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base32"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"landlord/internal/clock"
	"landlord/service/desk"
	"landlord/service/mail"
	"landlord/service/store"
)

// deskFlags are how the support desk takes and writes mail.
type deskFlags struct {
	listen    string
	address   string
	relays    []string
	cert, key string
	dns       string
	dkim      string
}

func (f *deskFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.listen, "smtp-in", os.Getenv("LANDLORD_SMTP_IN"), "take mail to support at this address, such as 127.0.0.1:2525 (LANDLORD_SMTP_IN)")
	unshown(c, "smtp-in")
	c.Flags().StringVar(&f.address, "support-address", os.Getenv("LANDLORD_SUPPORT_ADDRESS"), "the address of support; support@ the domain of --mail-from if left out (LANDLORD_SUPPORT_ADDRESS)")
	unshown(c, "support-address")
	c.Flags().StringSliceVar(&f.relays, "smtp-in-relay", []string{"127.0.0.0/8", "::1"}, "networks of mail servers of yours: the Authentication-Results of what comes from there are believed, if support.trusted_relays names who wrote them")
	c.Flags().StringVar(&f.cert, "smtp-in-cert", os.Getenv("LANDLORD_SMTP_IN_CERT"), "certificate for TLS of mail that comes in, PEM (LANDLORD_SMTP_IN_CERT)")
	c.Flags().StringVar(&f.key, "smtp-in-key", os.Getenv("LANDLORD_SMTP_IN_KEY"), "its key, PEM (LANDLORD_SMTP_IN_KEY)")
	c.Flags().StringVar(&f.dns, "smtp-in-dns", "", "answer for DNS of mail that comes in from this file, as `landlord support whose --dns` does")
	c.Flags().StringVar(&f.dkim, "dkim", os.Getenv("LANDLORD_DKIM"), "sign mail with DKIM: SELECTOR:FILE, the file a private key in PEM (LANDLORD_DKIM)")
	unshown(c, "dkim")
}

// check tells what is wrong with the flags, before anything is started.
func (f *deskFlags) check() error {
	if (f.cert == "") != (f.key == "") {
		return errors.New("--smtp-in-cert and --smtp-in-key go together")
	}
	if f.listen == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(f.listen)
	if err != nil {
		return fmt.Errorf("--smtp-in %q: want an address such as 127.0.0.1:2525", f.listen)
	}
	if !loopback(host) && f.cert == "" {
		return fmt.Errorf("--smtp-in %s takes mail from other machines, in the clear: give it a certificate with --smtp-in-cert and --smtp-in-key", f.listen)
	}
	return nil
}

// supportAddress is that of support: the flag's, else at the domain of another address.
func (f *deskFlags) supportAddress(from string) string {
	if f.address != "" {
		return f.address
	}
	if at, err := netmail.ParseAddress(from); err == nil {
		_, domain, _ := strings.Cut(at.Address, "@")
		return "support@" + domain
	}
	return "support@localhost.localdomain"
}

// openDesk makes the support desk, and takes mail if the flags say where.
func (h *house) openDesk(ctx context.Context) error {
	f := h.deskFlags
	cfg := desk.Config{Store: h.store, Clock: clock.Real(), Log: h.log, Address: f.supportAddress(h.mailFrom), House: h.name, Resolver: net.DefaultResolver, Send: h.letter, Tell: h.tellLate}
	var err error
	if cfg.Relays, err = networks("--smtp-in-relay", f.relays); err != nil {
		return err
	}
	if f.dns != "" {
		zone, err := zoneOf(f.dns)
		if err != nil {
			return fmt.Errorf("--smtp-in-dns: %w", err)
		}
		cfg.Resolver = zone
	}
	if h.desk, err = desk.New(ctx, cfg); err != nil {
		return err
	}
	if err := h.signMail(f.dkim, cfg.Address); err != nil {
		return err
	}
	h.control.Loops = append(h.control.Loops, h.desk.Step)
	if f.listen == "" {
		return nil
	}
	var secure *tls.Config
	if f.cert != "" {
		pair, err := tls.LoadX509KeyPair(f.cert, f.key)
		if err != nil {
			return fmt.Errorf("read the certificate for mail: %w", err)
		}
		secure = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	ln, err := net.Listen("tcp", f.listen)
	if err != nil {
		return fmt.Errorf("take mail at %s: %w", f.listen, err)
	}
	h.mailIn = ln.Addr().String()
	l := h.desk.Listen(bounded(ln, mostMailConnections, cfg.Relays, h.log), secure)
	served := make(chan error, 1)
	go func() { served <- l.Serve() }()
	h.later(func() error {
		end, stop := context.WithTimeout(context.Background(), farewell)
		defer stop()
		if err := l.Close(end); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("stop taking mail: %w", err)
		}
		return <-served
	})
	h.log.Info("taking mail", "listen", h.mailIn, "support", cfg.Address)
	return nil
}

// mostMailConnections is how many connections there are at once to give mail.
const mostMailConnections = 200

// signMail has mail signed as SELECTOR:FILE says, for the domain of support.
func (h *house) signMail(how, address string) error {
	if how == "" {
		return nil
	}
	if h.mail == nil {
		return errors.New("--dkim signs mail that goes out: name a mail server with --smtp")
	}
	selector, file, ok := strings.Cut(how, ":")
	if !ok || selector == "" || file == "" {
		return fmt.Errorf("--dkim %q: want SELECTOR:FILE", how)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("--dkim: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return fmt.Errorf("--dkim: %s holds no key in PEM", file)
	}
	var key any
	if key, err = x509.ParsePKCS8PrivateKey(block.Bytes); err != nil {
		if key, err = x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
			return fmt.Errorf("--dkim: %s holds no private key, RSA or Ed25519", file)
		}
	}
	signer, is := key.(crypto.Signer)
	if !is {
		return fmt.Errorf("--dkim: the key of %s cannot sign", file)
	}
	_, domain, _ := strings.Cut(address, "@")
	h.mail.Sign(domain, selector, signer)
	return nil
}

// tellLate writes to who has a ticket that is nearly late, or late; to those in support
// and, if there is nobody, to the owners.
func (h *house) tellLate(ctx context.Context, t store.Ticket, late bool) error {
	var to []string
	err := h.store.Operator(ctx, func(tx store.Tx) error {
		people, err := tx.Persons(ctx)
		for _, role := range []string{"support", "owner"} {
			for _, p := range people {
				if p.DisabledAt == nil && (p.ID == t.Assignee || p.Role == role && (t.Assignee == "" || late)) {
					to = append(to, p.Email)
				}
			}
			if len(to) > 0 {
				break
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	state := "is due soon"
	if late {
		state = "is late"
	}
	link := h.base.JoinPath("support", t.Customer, t.ID)
	for _, address := range to {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %s %s %v", address, t.Customer, t.ID, t.DueAt, late))
		err := h.letter(ctx, mail.Letter{
			ID: strings.ToLower(base32.StdEncoding.EncodeToString(sum[:15])), To: address, At: time.Now(),
			Subject: fmt.Sprintf("A ticket of %s %s: %s", t.Customer, state, t.Subject),
			Text:    fmt.Sprintf("The %s of a ticket of %s, %q, %s: it is due %s.\n\n%s\n", t.DueOf, t.Customer, t.Subject, state, t.DueAt.UTC().Format("2006-01-02 15:04 UTC"), link),
		})
		if err != nil {
			return err
		}
	}
	return nil
}
