// Package oidctest is a provider of OpenID Connect for tests: zitadel's, over a
// port of this machine, with people and clients in memory. Nobody types a
// password: whoever comes is the person that the test says, and is known from then on.
package oidctest

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/pkg/op"
)

// Person is somebody as the provider knows them.
type Person struct {
	ID       string
	Email    string
	Verified bool
	Name     string
	Groups   []string
}

// Lifetime is how long ID tokens are valid.
const Lifetime = 5 * time.Minute

// Provider is a running provider.
type Provider struct {
	Issuer string

	server  *httptest.Server
	storage *storage

	mu      sync.Mutex
	between func(http.ResponseWriter, *http.Request, http.Handler)
}

// New starts a provider, which ends with the test.
func New(t testing.TB) *Provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{storage: newStorage(key)}
	p.server = httptest.NewUnstartedServer(nil)
	p.Issuer = "http://" + p.server.Listener.Addr().String()
	var crypto [32]byte
	_, _ = rand.Read(crypto[:])
	of, err := op.NewProvider(&op.Config{CryptoKey: crypto, CodeMethodS256: true}, p.storage, op.StaticIssuer(p.Issuer), op.WithAllowInsecure(), op.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	callback := op.AuthCallbackURL(of)
	p.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		between := p.between
		p.mu.Unlock()
		switch id := r.FormValue("id"); {
		case r.URL.Path == "/login":
			p.storage.login(id)
			http.Redirect(w, r, callback(op.ContextWithIssuer(context.Background(), p.Issuer), id), http.StatusFound)
		case between != nil:
			between(w, r, of)
		default:
			of.ServeHTTP(w, r)
		}
	})
	p.server.Start()
	t.Cleanup(p.server.Close)
	return p
}

// Stop has the provider answer no more.
func (p *Provider) Stop() { p.server.Close() }

// Between puts something between the provider and who asks it; nil takes it away.
func (p *Provider) Between(do func(w http.ResponseWriter, r *http.Request, next http.Handler)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.between = do
}

// Client makes a client known, to whom people come back at an address, and at /signin
// of the same host after they signed out. A thin one's
// ID tokens say only whose they are; the rest is asked at userinfo.
func (p *Provider) Client(id, secret string, thin bool, back ...string) {
	p.storage.mu.Lock()
	defer p.storage.mu.Unlock()
	var after []string
	for _, b := range back {
		if u, err := url.Parse(b); err == nil {
			after = append(after, u.Scheme+"://"+u.Host+"/signin")
		}
	}
	p.storage.clients[id] = &client{id, secret, back, after, thin}
}

// Ended is who signed out, of which client: "ID at CLIENT".
func (p *Provider) Ended() []string {
	p.storage.mu.Lock()
	defer p.storage.mu.Unlock()
	return slices.Clone(p.storage.ended)
}

// Typed is how often a password was typed.
func (p *Provider) Typed() int {
	p.storage.mu.Lock()
	defer p.storage.mu.Unlock()
	return p.storage.typed
}

// Deaf has the provider let in whom it knows since an hour ago, whatever it is asked.
func (p *Provider) Deaf() {
	p.storage.mu.Lock()
	defer p.storage.mu.Unlock()
	p.storage.deaf = true
	for id, at := range p.storage.since {
		p.storage.since[id] = at.Add(-time.Hour)
	}
}

// Is makes a person known, and whoever comes next be that person.
func (p *Provider) Is(who Person) {
	p.storage.mu.Lock()
	defer p.storage.mu.Unlock()
	p.storage.people[who.ID], p.storage.here = who, who.ID
}
