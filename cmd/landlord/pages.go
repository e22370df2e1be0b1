package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"time"

	"landlord/internal/clock"
	"landlord/portfolio"
	"landlord/service/api"
	"landlord/service/mail"
	"landlord/service/store"
	"landlord/service/web"
	"landlord/service/whatif"
	"landlord/simulate"
	"landlord/vend/cloud"
	"landlord/vend/plan"
)

// openPages makes what answers requests: pages, the API, and what monitors read.
func (h *house) openPages(ctx context.Context) (err error) {
	var pages *web.Server
	studies := whatif.New()
	programs := api.New(api.Config{Store: h.store, Control: h.control, Desk: h.desk, Clock: clock.Real(), Log: h.log, Version: version(), Invite: web.Invite, Studies: studies,
		Source: func(r *http.Request) string { return pages.Source(r) }})
	cfg := web.Config{
		Store: h.store, Clock: clock.Real(), Base: h.base, Mail: h.letter, Log: h.log,
		House: h.name, Target: portfolio.AWS, API: programs, Tokens: web.Tokens{New: api.NewSecret, Scopes: api.Scopes},
		Metrics: h.metrics.handler(), OpenAPI: http.HandlerFunc(programs.OpenAPI), Reference: programs.Reference(), Proxies: h.proxies, OIDC: h.oidc, Rates: web.Generous, Studies: studies,
		Estimate: func(ctx context.Context, steps []plan.Step) (simulate.Range, error) {
			return simulate.Estimate(ctx, steps, h.world.hold(cloud.Rules(h.world.paced())), h.latencies, 1)
		},
	}
	if h.sim != nil {
		cfg.Target = portfolio.Simulated
	}
	if h.control != nil {
		cfg.Control = h.control
	}
	if pages, err = web.New(cfg); err != nil {
		return err
	}
	h.pages = pages
	if !h.portalOnly {
		if err := pages.KeepProviders(ctx); err != nil {
			return fmt.Errorf("keep the identity providers of customers: %w", err)
		}
	}
	if h.control != nil {
		h.control.Portal = pages.ReadPortal
		h.control.Loops = append(h.control.Loops, pages.SendLinks, pages.SendConfirmations, h.forget())
	}
	return nil
}

// replies is how long the answer to a request with an idempotency key is kept.
const replies = 24 * time.Hour

// forget is a loop that now and then removes answers that nobody asks for again,
// and tries that nobody waits for.
func (h *house) forget() func(context.Context, time.Time) error {
	var last time.Time
	return func(ctx context.Context, now time.Time) error {
		if now.Sub(last) < time.Hour {
			return nil
		}
		last = now
		return h.store.Operator(ctx, func(tx store.Tx) error {
			if err := tx.ForgetAttempts(ctx, now); err != nil {
				return err
			}
			return tx.ForgetReplies(ctx, now.Add(-replies))
		})
	}
}

// letter sends a letter. One that its server will never take is dropped, and so is
// every one where there is no server: on this machine alone it is shown instead.
func (h *house) letter(ctx context.Context, l mail.Letter) error {
	if h.mail == nil {
		if h.shows {
			fmt.Fprintf(h.p.stdout, "\nA letter that no mail server takes (--smtp), to %s: %s\n%s\n", clean(l.To), clean(l.Subject), cleanLines(l.Text))
			return nil
		}
		h.log.Warn("a letter is not sent: no mail server is set (--smtp)", "subject", l.Subject)
		return nil
	}
	err := h.mail.Send(ctx, l)
	if errors.Is(err, mail.ErrRefused) {
		h.log.Warn("a letter is dropped", "error", err)
		return nil
	}
	return err
}

// operator is the operator of an address; if there is none, one of that role is
// made, unless fits says why not.
func (h *house) operator(ctx context.Context, email, role string, fits func(store.Person) error) (person store.Person, err error) {
	email = strings.ToLower(email)
	err = h.store.Operator(ctx, func(tx store.Tx) error {
		person, err = tx.PersonByEmail(ctx, email)
		if errors.Is(err, store.ErrNotFound) {
			person = store.Person{ID: strings.ToLower(rand.Text()), Email: email, Role: role, CreatedAt: time.Now().UTC()}
			err = tx.PutPerson(ctx, person)
			if err == nil {
				err = tx.Audit(ctx, store.Entry{At: person.CreatedAt, ActorKind: store.BySystem, Actor: "landlord " + h.command, Action: "person.put", After: map[string]string{"email": email, "role": role}, Source: "this machine"})
			}
		}
		switch {
		case err != nil:
			return fmt.Errorf("make the operator %s: %w", email, err)
		case person.DisabledAt != nil:
			return fmt.Errorf("%s is disabled: an owner lets them in again in the console, or with the API", email)
		}
		return fits(person)
	})
	return person, err
}

// lookOnce signs in by the link, as a browser does, and looks whether the console
// shows the customers.
func (h *house) lookOnce(ctx context.Context, w io.Writer, folio *portfolio.Portfolio, link string) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	browser := &http.Client{Jar: jar, Timeout: 10 * time.Second}
	look := func(method, address string) (string, error) {
		r, err := http.NewRequestWithContext(ctx, method, address, nil)
		if err != nil {
			return "", err
		}
		r.Header.Set("Origin", h.base.String())
		answer, err := browser.Do(r)
		if err != nil {
			return "", fmt.Errorf("look at the console: %w", err)
		}
		defer answer.Body.Close()
		page, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			return "", errors.Join(fmt.Errorf("look at the console: %s answers %s", answer.Request.URL.Path, answer.Status), err)
		}
		return string(page), nil
	}
	if _, err := look(http.MethodPost, link); err != nil {
		return err
	}
	if _, err := look(http.MethodGet, h.base.JoinPath("customers").String()); err != nil {
		return err
	}
	for _, c := range folio.Customers[:min(len(folio.Customers), 20)] {
		page, err := look(http.MethodGet, h.base.JoinPath("customers", c.Key).String())
		if err != nil {
			return err
		}
		if !strings.Contains(page, html.EscapeString(c.Name)) {
			return fmt.Errorf("look at the console: the page of %s does not say %q", c.Key, c.Name)
		}
	}
	fmt.Fprintf(w, "The console shows %s.\n", count(len(folio.Customers), "customer"))
	if h.failed {
		return exit(exitFault)
	}
	return nil
}
