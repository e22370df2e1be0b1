package oidc_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"landlord/internal/clock"
	"landlord/service/oidc"
)

const secret = "a client's secret that is long enough to sign with"

// rogue is a provider that signs whatever it is told to.
type rogue struct {
	*httptest.Server
	key    *rsa.PrivateKey
	sign   func(claims []byte) string
	claims map[string]any // of the next ID token
	info   map[string]any // that userinfo says
}

func newRogue(t *testing.T) *rogue {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	r := &rogue{key: key}
	r.sign = r.signed(t, jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "k"}})
	say := func(v func() any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(v())
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/.well-known/openid-configuration", say(func() any {
		return map[string]any{"issuer": r.URL, "authorization_endpoint": r.URL + "/authorize", "token_endpoint": r.URL + "/token", "jwks_uri": r.URL + "/keys", "userinfo_endpoint": r.URL + "/userinfo",
			"id_token_signing_alg_values_supported": []string{"RS256"}}
	}))
	mux.Handle("/keys", say(func() any {
		return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "k", Algorithm: "RS256", Use: "sig"}}}
	}))
	mux.Handle("/token", say(func() any {
		text, _ := json.Marshal(r.claims)
		return map[string]any{"access_token": "access", "token_type": "Bearer", "expires_in": 300, "id_token": r.sign(text)}
	}))
	mux.Handle("/userinfo", say(func() any { return r.info }))
	r.Server = httptest.NewServer(mux)
	t.Cleanup(r.Close)
	return r
}

func (r *rogue) signed(t *testing.T, key jose.SigningKey) func([]byte) string {
	t.Helper()
	signer, err := jose.NewSigner(key, nil)
	if err != nil {
		t.Fatal(err)
	}
	return func(claims []byte) string {
		s, err := signer.Sign(claims)
		if err != nil {
			t.Fatal(err)
		}
		text, err := s.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
}

// TestTokensThatNoProviderShouldMake: what a real provider cannot be brought to
// say, signed by the provider's own key where it can be.
func TestTokensThatNoProviderShouldMake(t *testing.T) {
	now := clock.NewVirtual(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	r := newRogue(t)
	honest := r.sign
	c := oidc.NewClients(now)
	p := oidc.Provider{Issuer: r.URL, Client: "landlord", Secret: secret, Claim: "groups"}
	unix := now.Now().Unix()
	hash := sha256.Sum256([]byte("access"))
	fits := base64.RawURLEncoding.EncodeToString(hash[:16])
	for _, test := range []struct {
		name   string
		change map[string]any // nil takes a claim away
		info   map[string]any
		sign   func([]byte) string
		anew   bool   // after a sign-out
		why    string // "" for believed
	}{
		{name: "as it should be", change: map[string]any{"at_hash": fits}},
		{name: "verified as a text", change: map[string]any{"email_verified": "true"}},
		{name: "one group as a text", change: map[string]any{"groups": "staff"}},
		{name: "for two clients, made for this one", change: map[string]any{"aud": []string{"landlord", "another"}, "azp": "landlord"}},
		{name: "for two clients, made for the other", change: map[string]any{"aud": []string{"landlord", "another"}, "azp": "another"}, why: "another client"},
		{name: "for two clients, made for nobody", change: map[string]any{"aud": []string{"landlord", "another"}}, why: "another client"},
		{name: "for another client", change: map[string]any{"aud": "another"}, why: "audience"},
		{name: "of another issuer", change: map[string]any{"iss": "https://another.example"}, why: "different provider"},
		{name: "nobody's", change: map[string]any{"sub": nil}, why: "nobody's"},
		{name: "without a nonce", change: map[string]any{"nonce": nil}, why: "nonce"},
		{name: "without an end", change: map[string]any{"exp": nil}, why: "expired"},
		{name: "not valid yet", change: map[string]any{"nbf": unix + 61}, why: "future"},
		{name: "valid within the skew", change: map[string]any{"nbf": unix + 59, "iat": unix + 59}},
		{name: "with another access token", change: map[string]any{"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, why: "access token"},
		{name: "not signed", sign: func(claims []byte) string {
			return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims) + "."
		}, why: "does not hold"},
		{name: "signed with the client's secret", sign: r.signed(t, jose.SigningKey{Algorithm: jose.HS256, Key: []byte(secret)}), why: "does not hold"},
		{name: "no token at all", sign: func([]byte) string { return "" }, why: "does not hold"},
		{name: "of who did not sign out and was known", change: map[string]any{"auth_time": unix - 3600}},
		{name: "of who signed out and was known", change: map[string]any{"auth_time": unix - 61}, anew: true, why: "anew"},
		{name: "of who signed out and was asked", change: map[string]any{"auth_time": unix - 59}, anew: true},
		{name: "userinfo says the rest", change: map[string]any{"email": nil, "email_verified": nil, "groups": nil}, info: map[string]any{"sub": "1", "email": "Ada@example.com", "email_verified": true, "groups": []string{"staff"}}},
		{name: "userinfo of somebody else", change: map[string]any{"email": nil}, info: map[string]any{"sub": "2", "email": "ada@example.com", "email_verified": true}, why: "somebody else"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, flow, err := c.Begin(t.Context(), p, "https://landlord.example/back", "", "", test.anew)
			if err != nil {
				t.Fatal(err)
			}
			r.claims = map[string]any{"iss": r.URL, "sub": "1", "aud": "landlord", "exp": unix + 300, "iat": unix, "nonce": flow.Nonce, "email": "ada@example.com", "email_verified": true, "groups": []string{"staff"}}
			maps.Copy(r.claims, test.change)
			maps.DeleteFunc(r.claims, func(_ string, v any) bool { return v == nil })
			r.info, r.sign = test.info, honest
			if test.sign != nil {
				r.sign = test.sign
			}
			got, err := c.End(t.Context(), p, "https://landlord.example/back", flow, url.Values{"state": {flow.State}, "code": {"code"}})
			if test.why != "" {
				if refusal, is := errors.AsType[*oidc.Refusal](err); !is || !strings.Contains(refusal.Why, test.why) {
					t.Errorf("gives %+v, %v; want a refusal for %q", got, err, test.why)
				}
				return
			}
			if err != nil || got.Email != "ada@example.com" || !got.Verified || len(got.Groups) != 1 || got.Subject() != r.URL+" 1" {
				t.Errorf("gives %+v, %v", got, err)
			}
		})
	}
	// Where token and userinfo each say a part, neither verifies the other's address.
	for _, part := range []struct{ token, info map[string]any }{
		{map[string]any{"email": "boss@example.com"}, map[string]any{"email": "ada@example.com", "email_verified": true}},
		{map[string]any{"email_verified": true}, map[string]any{"email": "boss@example.com"}},
		{map[string]any{"email_verified": true}, map[string]any{"email": "boss@example.com", "email_verified": false}},
	} {
		_, flow, err := c.Begin(t.Context(), p, "https://landlord.example/back", "", "", false)
		if err != nil {
			t.Fatal(err)
		}
		r.sign, r.claims = honest, map[string]any{"iss": r.URL, "sub": "1", "aud": "landlord", "exp": unix + 300, "iat": unix, "nonce": flow.Nonce}
		r.info = map[string]any{"sub": "1"}
		maps.Copy(r.claims, part.token)
		maps.Copy(r.info, part.info)
		got, err := c.End(t.Context(), p, "https://landlord.example/back", flow, url.Values{"state": {flow.State}, "code": {"code"}})
		if err != nil || got.Email != "boss@example.com" || got.Verified {
			t.Errorf("token %v, userinfo %v: %+v, %v", part.token, part.info, got, err)
		}
	}
}
