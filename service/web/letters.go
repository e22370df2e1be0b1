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
	return s.sendAsked(ctx, AskedKind, now, s.sendLinks)
}

// sendAsked answers what was asked for of a kind, each in a transaction of its own.
// What cannot be sent now is put off, and keeps nothing that was asked for later.
func (s *Server) sendAsked(ctx context.Context, kind string, now time.Time, send func(context.Context, store.Tx, store.Asked, time.Time) error) error {
	var failed []error
	for {
		var id int64
		err := s.Store.Operator(ctx, func(tx store.Tx) error {
			taken, err := tx.TakeAsked(ctx, kind, 1, now)
			if err != nil || len(taken) == 0 {
				return err
			}
			id = taken[0].ID
			return send(ctx, tx, taken[0], now)
		})
		switch {
		case id == 0:
			return errors.Join(append(failed, err)...)
		case err != nil:
			failed = append(failed, err)
			if err := s.Store.Operator(ctx, func(tx store.Tx) error { return tx.AskedLater(ctx, id, now) }); err != nil {
				return errors.Join(append(failed, err)...)
			}
		}
	}
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

// sendLinks answers one who asked, in one letter, whoever they are of.
func (s *Server) sendLinks(ctx context.Context, tx store.Tx, m store.Asked, now time.Time) error {
	var a asked
	if err := json.Unmarshal(m.Payload, &a); err != nil || !a.Invited && now.Sub(m.At) > linkLasts {
		return nil // no words of ours, or nobody waits any more
	}
	people, err := whose(ctx, tx, a.Email)
	if err != nil || len(people) == 0 {
		return err
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
			return err
		}
		of, err := "", error(nil)
		if len(people) > 1 || a.Invited {
			if of, err = as(ctx, tx, p); err != nil {
				return err
			}
		}
		fmt.Fprintf(&text, "\nSign in%s:\n%s\n", of, link)
		if s.OIDC != nil && p.Customer != "" {
			if _, err := tx.IdentityProvider(ctx, p.Customer); err == nil {
				fmt.Fprintf(&text, "Or, today and any other day, with your company's account:\n%s\n", s.door(p.Customer))
			} else if !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
	}
	if a.Invited {
		fmt.Fprintf(&text, "\nIt works once, for %s. Later, and any other day, ask for another with your address:\n%s\n", span(linkLasts), s.Base.JoinPath("signin"))
	} else {
		fmt.Fprintf(&text, "\nIt works once, for %s. If it was not you, do nothing: nobody gets in without it.\n", span(linkLasts))
	}
	return s.deliver(ctx, mail.Letter{ID: fmt.Sprintf("sign-in-%d", m.ID), To: a.Email, Subject: subject, Text: text.String(), At: now})
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
