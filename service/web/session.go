package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"landlord/service/store"
)

// How long links and sessions last.
const (
	linkLasts    = 15 * time.Minute
	sessionLasts = 24 * time.Hour
	seenEvery    = 5 * time.Minute // a session is noted as seen no more often
)

// secret is a new secret and what the store knows of it.
func secret() (text string, hash []byte) {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	text = base64.RawURLEncoding.EncodeToString(b)
	return text, hashOf(text)
}

func hashOf(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// claim takes apart what a cookie, a link or a token holds: for a customer's
// people the customer's key, a dot and the secret, for operators the secret.
// The key is only claimed: it says in whose scope to look for the secret.
func claim(text string) (customer, secret string) {
	if key, rest, dotted := strings.Cut(text, "."); dotted {
		return key, rest
	}
	return "", text
}

func claimed(customer, secret string) string {
	if customer == "" {
		return secret
	}
	return customer + "." + secret
}

// scope runs fn where who's rows are: in that customer's scope, or the
// operator's.
func (s *Server) scope(ctx context.Context, customer string, fn func(store.Tx) error) error {
	if customer == "" {
		return s.Store.Operator(ctx, fn)
	}
	return s.Store.Customer(ctx, customer, fn)
}

// cookieName is the name of the cookie of an operator's or of a customer's
// session; somebody may have both.
func (s *Server) cookieName(customer bool) string {
	name := "landlord_operator"
	if customer {
		name = "landlord_customer"
	}
	if s.secure() {
		return "__Host-" + name
	}
	return name
}

func (s *Server) setCookie(v *visit, customer bool, value string, lasts time.Duration) {
	age := int(lasts / time.Second)
	if value == "" {
		age = -1
	}
	http.SetCookie(v.w, &http.Cookie{Name: s.cookieName(customer), Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: s.secure(), SameSite: http.SameSiteLaxMode})
}

// signedIn is whom r's session of that kind belongs to. A session that is not
// there, ended or expired is nobody's.
func (s *Server) signedIn(r *http.Request, customer bool, now time.Time) (Person, error) {
	c, err := r.Cookie(s.cookieName(customer))
	if err != nil {
		return Person{}, nil
	}
	key, text := claim(c.Value)
	var p Person
	err = s.scope(r.Context(), key, func(tx store.Tx) error {
		session, err := tx.SessionByHash(r.Context(), key, hashOf(text), now)
		if err != nil {
			return err
		}
		if p, err = person(r.Context(), tx, session.Who); err != nil {
			return err
		}
		p.Session = session.ID
		if now.Sub(session.SeenAt) >= seenEvery {
			return tx.SeeSession(r.Context(), session, now)
		}
		return nil
	})
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrNoOperator) {
		return Person{}, nil
	}
	if err != nil {
		return Person{}, fmt.Errorf("session: %w", err)
	}
	return p, nil
}

// lookAgain is how often it is looked whether who listens to a stream still may.
const lookAgain = 2 * time.Second

// staying is v's context until its person signs out, is removed, has another role,
// or the session ends. While the database does not answer, nothing is known and
// nothing is told.
func (s *Server) staying(v *visit) (context.Context, context.CancelFunc) {
	ctx, end := context.WithCancel(v.Context())
	go func() {
		for s.Clock.Sleep(ctx, lookAgain) == nil {
			p, err := s.signedIn(v.Request, v.Person.Customer != "", s.Clock.Now())
			if err == nil && p != v.Person {
				end()
			}
		}
	}()
	return ctx, end
}

// person is who as they are now; one who may not sign in any more is not found.
func person(ctx context.Context, tx store.Tx, who store.Who) (Person, error) {
	if who.Customer == "" {
		p, err := tx.Person(ctx, who.ID)
		if err != nil {
			return Person{}, err
		}
		if p.DisabledAt != nil {
			return Person{}, store.ErrNotFound
		}
		return Person{Role: roleOf(p.Role, operators), ID: p.ID, Email: p.Email, Name: p.Name}, nil
	}
	m, err := tx.Member(ctx, who.Customer, who.ID)
	if err != nil {
		return Person{}, err
	}
	if m.DisabledAt != nil {
		return Person{}, store.ErrNotFound
	}
	return Person{Role: roleOf(m.Role, customers), ID: m.Email, Email: m.Email, Name: m.Name, Customer: m.Customer}, nil
}

// who is the person as the store has it.
func (p Person) who() store.Who { return store.Who{Customer: p.Customer, ID: p.ID} }

// begin uses a link up and begins a session. A link that does not work any more
// is ErrNotFound.
func (s *Server) begin(v *visit, link string) (Person, error) {
	key, text := claim(link)
	return s.enter(v, key, func(tx store.Tx) (store.Who, any, error) {
		who, err := tx.UseLink(v.Context(), key, hashOf(text), v.Now)
		return who, nil, err
	})
}

// enter begins a session of who is found to be there, in their scope, and writes
// down how. Somebody who may not sign in any more is ErrNotFound.
func (s *Server) enter(v *visit, customer string, find func(store.Tx) (who store.Who, how any, err error)) (Person, error) {
	value, hash := secret()
	var p Person
	err := s.scope(v.Context(), customer, func(tx store.Tx) error {
		who, how, err := find(tx)
		if err != nil {
			return err
		}
		if p, err = person(v.Context(), tx, who); err != nil {
			return err
		}
		p.Session = newID()
		if err := tx.NewSession(v.Context(), store.Session{Who: who, ID: p.Session, Hash: hash, Address: v.source, Agent: agentOf(v.UserAgent()),
			CreatedAt: v.Now, SeenAt: v.Now, ExpiresAt: v.Now.Add(sessionLasts)}); err != nil {
			return err
		}
		v.Person = p
		return s.record(v, tx, act{did: "session.begin", customer: p.Customer, after: how})
	})
	if err != nil {
		v.Person = Person{}
		return Person{}, err
	}
	s.setCookie(v, customer != "", claimed(customer, value), sessionLasts)
	return p, nil
}

// newID is an id that nobody guesses and that sorts nothing.
func newID() string { return strings.ToLower(rand.Text())[:16] }

// agentOf says a browser in few words.
func agentOf(text string) string {
	browser, system := "a browser", ""
	for _, b := range []struct{ mark, name string }{{"Edg/", "Edge"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"}} {
		if strings.Contains(text, b.mark) {
			browser = b.name
			break
		}
	}
	for _, o := range []struct{ mark, name string }{{"iPhone", "an iPhone"}, {"iPad", "an iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS X", "a Mac"}, {"Linux", "Linux"}} {
		if strings.Contains(text, o.mark) {
			system = " on " + o.name
			break
		}
	}
	return browser + system
}
