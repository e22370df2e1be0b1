package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"landlord/service/mail"
	"landlord/service/proof"
	"landlord/service/store"
)

// confirmLasts is how long a link that confirms a contact's address works. Who
// reads it need not be waiting for it.
const confirmLasts = 7 * 24 * time.Hour

type confirmPage struct {
	shell
	Done  bool
	Fault string
}

// SendConfirmations mails contacts the links that confirm their addresses, as of
// now. It is a step of a loop, as SendLinks is.
func (s *Server) SendConfirmations(ctx context.Context, now time.Time) error {
	return s.sendAsked(ctx, proof.AskedKind, now, s.confirmationFor)
}

// confirmationFor is the letter to a contact; nil where there is none any more.
func (s *Server) confirmationFor(ctx context.Context, tx store.Tx, m store.Asked, now time.Time) (*mail.Letter, error) {
	var a proof.Asked
	if err := json.Unmarshal(m.Payload, &a); err != nil || now.Sub(m.At) > confirmLasts || m.Customer != "" && m.Customer != a.Customer {
		return nil, nil // no words of ours, or too late
	}
	k, err := tx.Contact(ctx, a.Customer, a.Email)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil // removed meanwhile
	}
	if err != nil {
		return nil, err
	}
	c, err := tx.Customer(ctx, a.Customer)
	if err != nil {
		return nil, err
	}
	text, hash := secret()
	who := store.Who{Customer: c.Key, ID: k.Email}
	if err := tx.NewContactLink(ctx, store.Link{Who: who, Hash: hash, CreatedAt: now, ExpiresAt: now.Add(confirmLasts)}); err != nil {
		return nil, fmt.Errorf("make a link: %w", err)
	}
	return &mail.Letter{ID: fmt.Sprintf("contact-%d", m.ID), To: k.Email, Subject: "Is this your address? " + c.Name + " names you as a contact", At: now,
		Text: fmt.Sprintf("%s names you as a contact (%s) at %s.\n\nConfirm that this address is yours:\n%s\n\nIt works once, for %s. If you do not know %s, do nothing.\n",
			c.Name, k.Role, s.house(), s.Base.JoinPath("confirm", claimed(c.Key, text)), span(confirmLasts), c.Name)}, nil
}

// confirmation shows the button that uses a link up, whether or not the link works.
func (s *Server) confirmation(v *visit) error {
	return s.render(v, "confirm", confirmPage{shell: s.shell(v, "Confirm your address")})
}

// confirm keeps that a contact's address is theirs.
func (s *Server) confirm(v *visit) error {
	key, text := claim(v.PathValue("link"))
	err := s.Store.Customer(v.Context(), key, func(tx store.Tx) error {
		email, err := tx.UseContactLink(v.Context(), key, hashOf(text), v.Now)
		if err != nil {
			return err
		}
		return tx.Audit(v.Context(), store.Entry{At: v.Now, ActorKind: store.ByMember, Actor: email, Action: "contact.verify", Customer: tx.Key, Framework: tx.Framework, After: email, Source: v.source})
	})
	if errors.Is(err, store.ErrNotFound) {
		if err := s.countFailed(v, proof.AskedKind, failed); err != nil {
			return err
		}
		return s.renderStatus(v, http.StatusForbidden, "confirm", confirmPage{shell: s.shell(v, "This link does not work"),
			Fault: "It was used already, it is older than a week, or a part of it is missing. Whoever named you can have a new one sent."})
	}
	if err != nil {
		return err
	}
	return s.render(v, "confirm", confirmPage{shell: s.shell(v, "Thank you"), Done: true})
}
