package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"landlord/service/mail"
	"landlord/service/store"
)

// SendLinks mails the links that were asked for and are not sent yet, as of now.
// It is a step of a loop: any number of processes may take it at once, and a
// letter that could not be sent is tried again later, after those that can be.
// Who is nobody's person gets no letter, and nobody is told.
func (s *Server) SendLinks(ctx context.Context, now time.Time) error {
	return s.sendAsked(ctx, AskedKind, now, s.linksFor)
}

// sendingLasts is how long a letter is one process's to send: if that dies meanwhile,
// another writes it anew.
const sendingLasts = 5 * time.Minute

// settled bounds how long it may take to keep what became of a letter, also when the
// house stops.
const settled = 5 * time.Second

// sendAsked answers what was asked for of a kind, one after the other. A letter is
// written in a transaction, and mailed when it is committed: what it leads to is there
// when somebody reads it. One that cannot be sent now is put off, and keeps nothing
// that was asked for later.
func (s *Server) sendAsked(ctx context.Context, kind string, now time.Time, write func(context.Context, store.Tx, store.Asked, time.Time) (*mail.Letter, error)) error {
	var failed []error
	for {
		var m store.Asked
		var letter *mail.Letter
		at := s.Clock.Now() // those before it may have taken long
		if at.Before(now) {
			at = now
		}
		err := s.Store.Operator(ctx, func(tx store.Tx) (err error) {
			if m, err = tx.ClaimAsked(ctx, kind, now, at.Add(sendingLasts)); err != nil {
				return err
			}
			if letter, err = write(ctx, tx, m, at); err != nil || letter != nil {
				return err
			}
			return tx.AskedDone(ctx, m.ID, at) // nobody is to be written to
		})
		switch {
		case m.ID == 0 && errors.Is(err, store.ErrNotFound):
			return errors.Join(failed...)
		case m.ID == 0:
			return errors.Join(append(failed, err)...)
		case err == nil && letter == nil:
			continue
		case err == nil:
			err = s.deliver(ctx, *letter)
		}
		if err != nil {
			failed = append(failed, err)
		}
		if err := s.settle(ctx, m.ID, err == nil, at); err != nil {
			return errors.Join(append(failed, err)...)
		}
	}
}

// settle keeps whether a letter went out.
func (s *Server) settle(ctx context.Context, id int64, sent bool, now time.Time) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), settled)
	defer stop()
	return s.Store.Operator(ctx, func(tx store.Tx) error {
		if sent {
			return tx.AskedDone(ctx, id, now)
		}
		return tx.AskedLater(ctx, id, now)
	})
}

// deliver mails a letter. One that its server will never take is dropped.
func (s *Server) deliver(ctx context.Context, l mail.Letter) error {
	err := s.Mail(ctx, l)
	if errors.Is(err, mail.ErrRefused) {
		s.log.Warn("letter refused", "to", l.To, "err", err)
		return nil
	}
	return err
}

// linksFor is the one letter to one who asked, whoever they are of; nil to nobody's
// address.
func (s *Server) linksFor(ctx context.Context, tx store.Tx, m store.Asked, now time.Time) (*mail.Letter, error) {
	var a asked
	if err := json.Unmarshal(m.Payload, &a); err != nil || !a.Invited && now.Sub(m.At) > linkLasts {
		return nil, nil // no words of ours, or nobody waits any more
	}
	people, err := whose(ctx, tx, a.Email)
	if err != nil || len(people) == 0 {
		return nil, err
	}
	subject := "Sign in to " + s.house()
	var text strings.Builder
	switch {
	case a.By != "":
		subject = "Invitation to " + s.house()
		fmt.Fprintf(&text, "%s invites you to sign in to %s.\n", a.By, s.house())
	case a.Invited:
		subject = "Invitation to " + s.house()
		fmt.Fprintf(&text, "You are invited to sign in to %s.\n", s.house())
	default:
		fmt.Fprintf(&text, "Somebody, most likely you, asked to sign in to %s from %s.\n", s.house(), a.Source)
	}
	for _, p := range people {
		link, err := s.newLink(ctx, tx, p.who(), a.Next, now)
		if err != nil {
			return nil, err
		}
		of, err := "", error(nil)
		if len(people) > 1 || a.Invited {
			if of, err = as(ctx, tx, p); err != nil {
				return nil, err
			}
		}
		fmt.Fprintf(&text, "\nSign in%s:\n%s\n", of, link)
		if s.OIDC != nil && p.Customer != "" {
			if _, err := tx.IdentityProvider(ctx, p.Customer); err == nil {
				fmt.Fprintf(&text, "Or, today and any other day, with your company's account:\n%s\n", s.door(p.Customer))
			} else if !errors.Is(err, store.ErrNotFound) {
				return nil, err
			}
		}
	}
	if a.Invited {
		fmt.Fprintf(&text, "\nIt works once, for %s. Later, and any other day, ask for another with your address:\n%s\n", span(linkLasts), s.Base.JoinPath("signin"))
	} else {
		fmt.Fprintf(&text, "\nIt works once, for %s. If it was not you, do nothing: nobody gets in without it.\n", span(linkLasts))
	}
	return &mail.Letter{ID: fmt.Sprintf("sign-in-%d", m.ID), To: a.Email, Subject: subject, Text: text.String(), At: now}, nil
}

// as says as whom somebody signs in: the same address may be of several customers.
func as(ctx context.Context, tx store.Tx, p Person) (string, error) {
	if p.Customer == "" {
		return " as an operator", nil
	}
	c, err := tx.Customer(ctx, p.Customer)
	return " as one of " + c.Name, err
}

// whose is everybody who may sign in with an address.
func whose(ctx context.Context, tx store.Tx, address string) ([]Person, error) {
	var ids []store.Who
	p, err := tx.PersonByEmail(ctx, address)
	if err == nil {
		ids = append(ids, store.Who{ID: p.ID})
	} else if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	members, err := tx.MembersByEmail(ctx, address)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		ids = append(ids, store.Who{Customer: m.Customer, ID: m.Email})
	}
	var people []Person
	for _, id := range ids {
		who, err := person(ctx, tx, id)
		if errors.Is(err, store.ErrNotFound) {
			continue // may sign in no more
		}
		if err != nil {
			return nil, err
		}
		people = append(people, who)
	}
	return people, nil
}
