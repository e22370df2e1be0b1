// Package desk is the support desk at work: messages that came in become tickets of
// the customers whose they are, or wait in the queue for a person; deadlines follow
// from what happened; answers go out. Whose a message is business/support decides, by
// when it is answered business/sla; what there is service/store keeps. Each thing is
// done in one transaction, so that a desk that is killed anywhere is taken up by
// another: nothing is lost, and nothing done twice but a letter, which a mailbox shows
// once.
package desk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"landlord/business/sla"
	"landlord/business/support"
	"landlord/internal/clock"
	"landlord/portfolio"
	"landlord/service/mail"
	"landlord/service/store"
)

// Config is what a Desk is made of.
type Config struct {
	Store *store.Store
	Clock clock.Clock
	Log   *slog.Logger
	// Address is that of support: messages to it and its tickets' are taken.
	Address string
	// House is what answers are signed with, as a name.
	House string
	// Resolver answers for DNS; nil believes relays only.
	Resolver support.Resolver
	// Relays are the networks of mail servers of ours, whose Authentication-Results are
	// believed. A message from elsewhere can say what it likes.
	Relays []netip.Prefix
	// Send sends an answer. nil sends none: they wait.
	Send func(context.Context, mail.Letter) error
	// Tell is told of tickets that are nearly late, and late. nil is told nothing.
	Tell func(context.Context, store.Ticket, bool) error
}

// Desk takes messages in, and works. It is safe for concurrent use.
type Desk struct {
	Config
	key    support.ReplyKey
	agreed atomic.Pointer[agreed]
}

// keySetting keeps the key of reply addresses, the same for all replicas.
const keySetting = "support.reply-key"

// New returns a desk. Nothing happens before Step.
func New(ctx context.Context, cfg Config) (*Desk, error) {
	address, ok := support.AddressOf(cfg.Address)
	if !ok || strings.Contains(address, "+") {
		return nil, fmt.Errorf("the address of support %q: want one such as support@example.com, without +", cfg.Address)
	}
	cfg.Address = address
	d := &Desk{Config: cfg}
	err := cfg.Store.Operator(ctx, func(tx store.Tx) error {
		return tx.MakeSetting(ctx, keySetting, []byte(rand.Text()+rand.Text()), (*[]byte)(&d.key))
	})
	if err != nil {
		return nil, fmt.Errorf("make the key of reply addresses: %w", err)
	}
	return d, nil
}

// NewTicket is the id of a ticket that nobody guesses.
func NewTicket() string { return strings.ToLower(rand.Text()[:10]) }

// aTurn is how much is done in one turn, so that other loops get theirs.
const aTurn = 200

// Step does what there is to do at now: reads messages, works out deadlines, tells what
// is late and sends answers.
func (d *Desk) Step(ctx context.Context, now time.Time) error {
	return errors.Join(d.readMail(ctx, now), d.settleTouched(ctx, now), d.settleOthers(ctx, now), d.tellLate(ctx, now), d.sendAnswers(ctx, now))
}

// agreed is what the portfolio in force says of support.
type agreed struct {
	version  int64
	sla      map[string]sla.Agreement
	relays   []string
	contacts map[string]string // customers by the addresses that the file has
}

// agreement is that of the portfolio in force; without one, the defaults.
func (d *Desk) agreement(ctx context.Context, tx store.Tx) (*agreed, error) {
	version, err := tx.PortfolioVersion(ctx)
	if errors.Is(err, store.ErrNotFound) {
		return &agreed{}, nil
	} else if err != nil {
		return nil, err
	}
	if known := d.agreed.Load(); known != nil && known.version == version {
		return known, nil
	}
	p, err := tx.LatestPortfolio(ctx)
	if err != nil {
		return nil, err
	}
	folio, err := portfolio.Parse(fmt.Sprintf("version %d", p.Version), []byte(p.Text))
	if err != nil {
		return nil, fmt.Errorf("read what is promised: %w", err)
	}
	now := &agreed{version: p.Version, sla: folio.Support.SLA, relays: folio.Support.TrustedRelays, contacts: map[string]string{}}
	for _, c := range folio.Customers {
		if address, ok := support.AddressOf(c.Contact); ok {
			now.contacts[address] = c.Key
		}
	}
	d.agreed.Store(now)
	return now, nil
}

// addressed tells whom an address is of. The contacts of the file count as verified: who
// keeps the file vouches for them. Those that customers' people write do not, since
// they could write anybody's.
func (d *Desk) addressed(ctx context.Context, tx store.Tx, address string) (store.Addressed, error) {
	of, err := tx.Addressed(ctx, address)
	if err != nil {
		return of, err
	}
	a, err := d.agreement(ctx, tx)
	if err != nil {
		return of, err
	}
	if key := a.contacts[address]; key != "" {
		of.Contacts = distinct(of.Contacts, []string{key})
	}
	return of, nil
}

// of is what is promised to a tier.
func (a *agreed) of(tier string) sla.Agreement {
	if own, is := a.sla[tier]; is {
		return own
	}
	return sla.Default(tier)
}
