package oidc

import (
	"context"
	"net/url"
)

// Leave returns the address at which somebody signs out of p too, and from which they
// come back; "" if p has none. token is the ID token of their sign-in, which may have
// expired; without it p asks them.
// Source: OpenID Connect RP-Initiated Logout 1.0, section 2.
func (c *Clients) Leave(ctx context.Context, p Provider, token, back string) (string, error) {
	m, err := c.meet(ctx, p.Issuer)
	if err != nil || m.end == "" {
		return "", err
	}
	to, err := url.Parse(m.end)
	if err != nil {
		return "", err
	}
	q := to.Query()
	q.Set("client_id", p.Client)
	q.Set("post_logout_redirect_uri", back)
	if token != "" {
		q.Set("id_token_hint", token)
	}
	to.RawQuery = q.Encode()
	return to.String(), nil
}
