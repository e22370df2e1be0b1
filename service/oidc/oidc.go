// Package oidc speaks OpenID Connect with the providers that operators and
// customers' people sign in with: the authorization code flow with PKCE, a state
// and a nonce. A provider goes in; an Identity that it vouches for comes out, or a
// Refusal. Whose identity it is and what they may is not decided here, and
// nothing is kept here but what providers publish of themselves.
//
// No error holds a code, a token or a secret.
package oidc

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"landlord/internal/clock"
)

// Provider is a provider, and as whom the house is known to it.
type Provider struct {
	Issuer string
	Client string
	Secret string
	Scopes []string // beside openid, email and profile
	Claim  string   // that names the groups somebody is in
}

// Identity is somebody as a provider vouches for them.
type Identity struct {
	Issuer   string
	ID       string // of the provider's own, for ever the same person's: the claim "sub"
	Email    string // lower case
	Verified bool   // the address is known to be theirs
	Name     string
	Groups   []string
	Token    string // the ID token, by which the provider knows whose sign-in it was
}

// Subject names the identity among those of all providers.
func (i Identity) Subject() string { return i.Issuer + " " + i.ID }

// Domain is what stands behind the @ of the address.
func (i Identity) Domain() string { return i.Email[strings.LastIndex(i.Email, "@")+1:] }

// Flow is what a browser keeps, sealed, while its person is at a provider.
type Flow struct {
	Customer string // whose provider it is; "" for the operators'
	As       string // the key that the provider has of the customer: the present one, or one before
	Next     string // where to go on to
	Issuer   string
	State    string
	Nonce    string
	Verifier string // of PKCE
	Ends     time.Time
	Anew     bool // somebody who signed out: that they are known at the provider is not enough
}

// Refusal is why an answer is not believed.
type Refusal struct{ Why string }

func (r *Refusal) Error() string { return "sign-in refused: " + r.Why }

func refuse(format string, args ...any) error { return &Refusal{fmt.Sprintf(format, args...)} }

// ErrDown: the provider does not answer, or not as one does.
var ErrDown = errors.New("the provider does not answer")

const (
	flowLasts     = 10 * time.Minute // for somebody to type a password, and a second factor
	skew          = time.Minute      // by which a provider's clock may be off
	publishedFor  = time.Hour        // how long what a provider says of itself is believed
	patience      = 10 * time.Second // for one answer of a provider
	mostOfAnswers = 1 << 20          // bytes
)

// Clients are the house towards all providers. They are safe for concurrent use.
type Clients struct {
	clock clock.Clock
	http  *http.Client

	mu        sync.Mutex
	published map[string]published // by issuer
}

type published struct {
	provider *gooidc.Provider
	style    oauth2.AuthStyle
	end      string   // where people sign out; "" if nowhere
	prompts  []string // that it knows; none if it does not say
	at       time.Time
}

// NewClients returns clients that have met nobody yet.
func NewClients(c clock.Clock) *Clients {
	return &Clients{clock: c, published: map[string]published{}, http: &http.Client{
		Timeout: patience, Transport: bounded{http.DefaultTransport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a secret goes where it was meant to go
	}}
}

// bounded cuts off answers that are longer than any of a provider's.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	w, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		w.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(w.Body, mostOfAnswers), w.Body}
	}
	return w, err
}

// Check asks a provider what it says of itself. It is ErrDown if that cannot be
// had or contradicts the issuer.
func (c *Clients) Check(ctx context.Context, issuer string) error {
	_, err := c.ask(ctx, issuer)
	return err
}

// meet is what a provider says of itself, asked for once in a while.
func (c *Clients) meet(ctx context.Context, issuer string) (published, error) {
	c.mu.Lock()
	p, met := c.published[issuer]
	c.mu.Unlock()
	if age := c.clock.Now().Sub(p.at); met && age >= 0 && age < publishedFor {
		return p, nil
	}
	return c.ask(ctx, issuer)
}

func (c *Clients) ask(ctx context.Context, issuer string) (published, error) {
	provider, err := gooidc.NewProvider(c.context(ctx), issuer)
	if err != nil {
		return published{}, fmt.Errorf("%w: ask %s what it is: %s", ErrDown, issuer, brief(err))
	}
	var said struct {
		Methods []string `json:"token_endpoint_auth_methods_supported"`
		Keys    string   `json:"jwks_uri"`
		End     string   `json:"end_session_endpoint"`
		Prompts []string `json:"prompt_values_supported"`
	}
	if err := provider.Claims(&said); err != nil {
		return published{}, fmt.Errorf("%w: %s says of itself what cannot be read", ErrDown, issuer)
	}
	for _, at := range []string{provider.Endpoint().AuthURL, provider.Endpoint().TokenURL, said.Keys} {
		if !reachable(at) {
			return published{}, fmt.Errorf("%w: %s names the address %q, which is not https", ErrDown, issuer, at)
		}
	}
	// Without a choice a client names itself in the header.
	// Source: OpenID Connect Discovery 1.0, section 3, token_endpoint_auth_methods_supported.
	p := published{provider: provider, style: oauth2.AuthStyleInHeader, at: c.clock.Now(), prompts: said.Prompts}
	if reachable(said.End) {
		p.end = said.End
	}
	if len(said.Methods) > 0 && !slices.Contains(said.Methods, "client_secret_basic") {
		p.style = oauth2.AuthStyleInParams
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.published[issuer] = p
	return p, nil
}

// reachable tells whether an address may be sent secrets: by TLS, or to this
// machine.
func reachable(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	host := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || host != nil && host.IsLoopback())
}

func (c *Clients) context(ctx context.Context) context.Context {
	return gooidc.ClientContext(ctx, c.http)
}

// config is the house as a client of p, to whom people come back at an address.
func (p Provider) config(m published, back string) oauth2.Config {
	endpoint := m.provider.Endpoint()
	endpoint.AuthStyle = m.style
	scopes := []string{gooidc.ScopeOpenID, "email", "profile"}
	for _, s := range p.Scopes {
		if !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	return oauth2.Config{ClientID: p.Client, ClientSecret: p.Secret, Endpoint: endpoint, RedirectURL: back, Scopes: scopes}
}

// Begin returns the address at which p asks who somebody is, and what their
// browser keeps until they come back. Who signed out before is asked anew, also if p
// knows them.
func (c *Clients) Begin(ctx context.Context, p Provider, back, customer, next string, anew bool) (to string, f Flow, err error) {
	m, err := c.meet(ctx, p.Issuer)
	if err != nil {
		return "", Flow{}, err
	}
	f = Flow{Customer: customer, Next: next, Issuer: p.Issuer, State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Ends: c.clock.Now().Add(flowLasts), Anew: anew}
	config := p.config(m, back)
	options := []oauth2.AuthCodeOption{gooidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)}
	if anew {
		options = append(options, asksAnew(p.Issuer, m)...)
	}
	return config.AuthCodeURL(f.State, options...), f, nil
}

// End returns whom p vouches for in what it sent the browser back with. What does
// not belong to f is a *Refusal.
func (c *Clients) End(ctx context.Context, p Provider, back string, f Flow, answer url.Values) (Identity, error) {
	now := c.clock.Now()
	switch iss := answer.Get("iss"); {
	case !now.Before(f.Ends):
		return Identity{}, refuse("it took longer than %s", flowLasts)
	case subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(f.State)) != 1:
		return Identity{}, refuse("the state is not the one that was sent")
	case f.Issuer != p.Issuer:
		return Identity{}, refuse("the provider was changed meanwhile")
	case iss != "" && iss != p.Issuer: // RFC 9207
		return Identity{}, refuse("the answer is of another issuer")
	case answer.Get("error") != "":
		return Identity{}, refuse("the provider said %s", code(answer.Get("error")))
	case answer.Get("code") == "":
		return Identity{}, refuse("the provider sent no code")
	}
	m, err := c.meet(ctx, p.Issuer)
	if err != nil {
		return Identity{}, err
	}
	config := p.config(m, back)
	tokens, err := config.Exchange(c.context(ctx), answer.Get("code"), oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return Identity{}, exchangeError(p.Issuer, err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	said, err := c.verify(ctx, m, p, f, raw, now)
	if err != nil {
		return Identity{}, err
	}
	if said.AccessTokenHash != "" && said.VerifyAccessToken(tokens.AccessToken) != nil {
		return Identity{}, refuse("the access token is not the ID token's")
	}
	id, err := c.identity(ctx, m, p, said, tokens)
	id.Token = raw
	return id, err
}

// verify reads an ID token that is p's, for the house, of this flow, and valid.
func (c *Clients) verify(ctx context.Context, m published, p Provider, f Flow, raw string, now time.Time) (*gooidc.IDToken, error) {
	// Its own check of the time knows no skew.
	token, err := m.provider.VerifierContext(c.context(ctx), &gooidc.Config{ClientID: p.Client, SkipExpiryCheck: true}).Verify(ctx, raw)
	if err != nil {
		return nil, refuse("the ID token does not hold: %s", brief(err))
	}
	var also struct {
		Party     string  `json:"azp"`
		NotBefore float64 `json:"nbf"`
		Typed     float64 `json:"auth_time"`
	}
	if err := token.Claims(&also); err != nil {
		return nil, refuse("the ID token cannot be read")
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(f.Nonce)) != 1:
		return nil, refuse("the nonce is not the one that was sent")
	case also.Party != "" && also.Party != p.Client, len(token.Audience) > 1 && also.Party == "":
		return nil, refuse("the ID token was made for another client")
	case token.Subject == "" || strings.Contains(token.Subject, "\x00"):
		return nil, refuse("the ID token is nobody's")
	case !now.Before(token.Expiry.Add(skew)):
		return nil, refuse("the ID token has expired")
	case token.IssuedAt.After(now.Add(skew)), time.Unix(int64(also.NotBefore), 0).After(now.Add(skew)):
		return nil, refuse("the ID token is of the future")
	case f.Anew && also.Typed != 0 && time.Unix(int64(also.Typed), 0).Before(f.Ends.Add(-flowLasts-skew)):
		return nil, refuse("the provider did not ask somebody anew who had signed out")
	}
	return token, nil
}

// exchangeError is what became of a code that was not taken, without what the
// provider wrote: it may repeat what it was sent.
func exchangeError(issuer string, err error) error {
	if said, is := errors.AsType[*oauth2.RetrieveError](err); is && said.Response != nil {
		if status := said.Response.StatusCode; status < 400 || status >= 500 || status == http.StatusTooManyRequests {
			return fmt.Errorf("%w: %s answers %d", ErrDown, issuer, status)
		}
		return refuse("the provider does not take the code: %s", code(said.ErrorCode))
	}
	if _, is := errors.AsType[*url.Error](err); is {
		return fmt.Errorf("%w: exchange the code at %s: %s", ErrDown, issuer, brief(err))
	}
	return refuse("the provider's answer to the code cannot be read")
}

// code is an error code as OAuth has them; others are not repeated.
func code(text string) string {
	if text == "" || len(text) > 40 || strings.Trim(text, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return "something unknown"
	}
	return text
}

// brief is an error without the address that was asked and without more than a
// line of it.
func brief(err error) string {
	if asked, is := errors.AsType[*url.Error](err); is {
		err = asked.Err
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	if len(line) > 200 {
		line = line[:200] + "…"
	}
	return line
}
