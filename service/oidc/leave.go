package oidc

import (
	"context"
	"net/url"
	"slices"

	"golang.org/x/oauth2"
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

// asksAnew has a provider ask for the password, or whatever it asks for, also of
// somebody that it knows; one that cannot, which account it is.
// Sources: OpenID Connect Core 1.0, section 3.1.2.1, prompt and max_age; Initiating User
// Registration via OpenID Connect 1.0, section 4, prompt_values_supported.
func asksAnew(issuer string, m published) []oauth2.AuthCodeOption {
	if issuer == google || len(m.prompts) > 0 && !slices.Contains(m.prompts, "login") {
		return []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("prompt", "select_account")}
	}
	return []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0")}
}

// google takes the prompts none, consent and select_account only, and does not say so
// where it says what it is.
// Source: developers.google.com/identity/openid-connect/reference, prompt, 2026-11.
const google = "https://accounts.google.com"
