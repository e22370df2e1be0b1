package oidctest

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"landlord/internal/clock"
)

// storage is what op keeps, in memory.
type storage struct {
	key *rsa.PrivateKey

	mu       sync.Mutex
	clients  map[string]*client
	people   map[string]Person
	here     string // who types the password
	requests map[string]*request
	codes    map[string]string    // request by code
	access   map[string]string    // person by access token
	ended    []string             // whose sign-ins
	since    map[string]time.Time // people whom the provider knows, since when
	typed    int                  // passwords
	deaf     bool                 // to prompt and max_age
}

func newStorage(key *rsa.PrivateKey) *storage {
	return &storage{key: key, clients: map[string]*client{}, people: map[string]Person{}, requests: map[string]*request{}, codes: map[string]string{}, access: map[string]string{}, since: map[string]time.Time{}}
}

var errUnknown = errors.New("not known")

type client struct {
	id, secret string
	back       []string
	after      []string // where people go on to who signed out
	thin       bool
}

func same(scopes []string) []string { return scopes }

func (c *client) GetID() string                       { return c.id }
func (c *client) RedirectURIs() []string              { return c.back }
func (c *client) PostLogoutRedirectURIs() []string    { return c.after }
func (c *client) ApplicationType() op.ApplicationType { return op.ApplicationTypeWeb }
func (c *client) AuthMethod() oidc.AuthMethod         { return oidc.AuthMethodBasic }
func (c *client) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}
func (c *client) GrantTypes() []oidc.GrantType                                 { return []oidc.GrantType{oidc.GrantTypeCode} }
func (c *client) LoginURL(id string) string                                    { return "/login?id=" + id }
func (c *client) AccessTokenType() op.AccessTokenType                          { return op.AccessTokenTypeBearer }
func (c *client) IDTokenLifetime() time.Duration                               { return Lifetime }
func (c *client) DevMode() bool                                                { return true }
func (c *client) RestrictAdditionalIdTokenScopes() func([]string) []string     { return same }
func (c *client) RestrictAdditionalAccessTokenScopes() func([]string) []string { return same }
func (c *client) IsScopeAllowed(string) bool                                   { return false }
func (c *client) IDTokenUserinfoClaimsAssertion() bool                         { return !c.thin }
func (c *client) ClockSkew() time.Duration                                     { return 0 }

type request struct {
	*oidc.AuthRequest
	id, person string
	at         time.Time // the password was typed
	done       bool
}

func (r *request) GetID() string                      { return r.id }
func (r *request) GetACR() string                     { return "" }
func (r *request) GetAMR() []string                   { return []string{"pwd"} }
func (r *request) GetAudience() []string              { return []string{r.ClientID} }
func (r *request) GetAuthTime() time.Time             { return r.at }
func (r *request) GetClientID() string                { return r.ClientID }
func (r *request) GetNonce() string                   { return r.Nonce }
func (r *request) GetRedirectURI() string             { return r.RedirectURI }
func (r *request) GetResponseType() oidc.ResponseType { return r.ResponseType }
func (r *request) GetResponseMode() oidc.ResponseMode { return r.ResponseMode }
func (r *request) GetScopes() []string                { return r.Scopes }
func (r *request) GetState() string                   { return r.State }
func (r *request) GetSubject() string                 { return r.person }
func (r *request) Done() bool                         { return r.done }
func (r *request) GetCodeChallenge() *oidc.CodeChallenge {
	if r.CodeChallenge == "" {
		return nil
	}
	return &oidc.CodeChallenge{Challenge: r.CodeChallenge, Method: r.CodeChallengeMethod}
}

// login is somebody who comes: one who is known types no password, unless it is asked
// for.
func (s *storage) login(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, begun := s.requests[id]
	if !begun {
		return
	}
	at, known := s.since[s.here]
	if !known || !s.deaf && r.MaxAge != nil && *r.MaxAge == 0 {
		s.typed++
		at = clock.Real().Now()
		s.since[s.here] = at
	}
	r.person, r.at, r.done = s.here, at, true
}

func (s *storage) CreateAuthRequest(_ context.Context, asked *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &request{AuthRequest: asked, id: rand.Text()}
	s.requests[r.id] = r
	return r, nil
}

func (s *storage) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, known := s.requests[id]; known {
		return r, nil
	}
	return nil, errUnknown
}

func (s *storage) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	s.mu.Lock()
	id := s.codes[code]
	s.mu.Unlock()
	return s.AuthRequestByID(ctx, id)
}

func (s *storage) SaveAuthCode(_ context.Context, id, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes[code] = id
	return nil
}

// DeleteAuthRequest makes a request's code one that was used.
func (s *storage) DeleteAuthRequest(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.requests, id)
	return nil
}

func (s *storage) CreateAccessToken(_ context.Context, r op.TokenRequest) (string, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := rand.Text()
	s.access[id] = r.GetSubject()
	return id, clock.Real().Now().Add(Lifetime), nil
}

// tell says of a person what the scopes ask for.
func (s *storage) tell(to *oidc.UserInfo, id string, scopes []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, known := s.people[id]
	if !known {
		return errUnknown
	}
	to.Subject = p.ID
	if slices.Contains(scopes, oidc.ScopeEmail) {
		to.Email, to.EmailVerified = p.Email, oidc.Bool(p.Verified)
	}
	if slices.Contains(scopes, oidc.ScopeProfile) {
		to.Name = p.Name
		if p.Groups != nil {
			to.AppendClaims("groups", p.Groups)
		}
	}
	return nil
}

func (s *storage) SetUserinfoFromScopes(_ context.Context, to *oidc.UserInfo, id, _ string, scopes []string) error {
	return s.tell(to, id, scopes)
}

func (s *storage) SetUserinfoFromToken(_ context.Context, to *oidc.UserInfo, token, _, _ string) error {
	s.mu.Lock()
	id := s.access[token]
	s.mu.Unlock()
	return s.tell(to, id, []string{oidc.ScopeEmail, oidc.ScopeProfile})
}

func (s *storage) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, known := s.clients[id]; known {
		return c, nil
	}
	return nil, errUnknown
}

func (s *storage) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, known := s.clients[id]; known && c.secret == secret {
		return nil
	}
	return errUnknown
}

type signer struct{ *rsa.PrivateKey }

func (signer) ID() string                                  { return "key" }
func (signer) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k signer) Key() any                                  { return k.PrivateKey }

type published struct{ *rsa.PublicKey }

func (published) ID() string                         { return "key" }
func (published) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (published) Use() string                        { return "sig" }
func (k published) Key() any                         { return k.PublicKey }

func (s *storage) SigningKey(context.Context) (op.SigningKey, error) { return signer{s.key}, nil }
func (s *storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}
func (s *storage) KeySet(context.Context) ([]op.Key, error) {
	return []op.Key{published{&s.key.PublicKey}}, nil
}

// What no test needs: refresh tokens, introspection, tokens for machines.

func (s *storage) CreateAccessAndRefreshTokens(context.Context, op.TokenRequest, string) (string, string, time.Time, error) {
	return "", "", time.Time{}, errUnknown
}
func (s *storage) TokenRequestByRefreshToken(context.Context, string) (op.RefreshTokenRequest, error) {
	return nil, errUnknown
}
func (s *storage) TerminateSession(_ context.Context, person, client string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = append(s.ended, person+" at "+client)
	delete(s.since, person)
	return nil
}
func (s *storage) RevokeToken(context.Context, string, string, string) *oidc.Error {
	return nil
}
func (s *storage) GetRefreshTokenInfo(context.Context, string, string) (string, string, error) {
	return "", "", op.ErrInvalidRefreshToken
}
func (s *storage) SetIntrospectionFromToken(context.Context, *oidc.IntrospectionResponse, string, string, string) error {
	return errUnknown
}
func (s *storage) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return nil, nil
}
func (s *storage) GetKeyByIDAndClientID(context.Context, string, string) (*jose.JSONWebKey, error) {
	return nil, errUnknown
}
func (s *storage) ValidateJWTProfileScopes(context.Context, string, []string) ([]string, error) {
	return nil, errUnknown
}
func (s *storage) Health(context.Context) error { return nil }
