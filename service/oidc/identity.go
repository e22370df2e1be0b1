package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// claims are what a provider says of somebody.
type claims map[string]json.RawMessage

// text is a claim that is a text; "" if it is not.
func (c claims) text(name string) (text string) {
	if json.Unmarshal(c[name], &text) != nil {
		return ""
	}
	return text
}

// yes tells whether a claim is true. Some providers send it as a text.
// Source: Amazon Cognito developer guide, "Understanding the identity token".
func (c claims) yes(name string) bool {
	var is bool
	return json.Unmarshal(c[name], &is) == nil && is || c.text(name) == "true"
}

// texts is a claim that is a list of texts, or one.
func (c claims) texts(name string) (texts []string) {
	if json.Unmarshal(c[name], &texts) == nil {
		return texts
	}
	if one := c.text(name); one != "" {
		return []string{one}
	}
	return nil
}

// identity is whom a token is of. What the token does not say is asked at the
// provider's userinfo endpoint: many tell addresses and groups only there.
func (c *Clients) identity(ctx context.Context, m published, p Provider, token *gooidc.IDToken, tokens *oauth2.Token) (Identity, error) {
	said := claims{}
	if err := token.Claims(&said); err != nil {
		return Identity{}, refuse("the ID token cannot be read")
	}
	_, email := said["email"]
	_, groups := said[p.Claim]
	if at := m.provider.UserInfoEndpoint(); at != "" && reachable(at) && (!email || p.Claim != "" && !groups) {
		more, err := m.provider.UserInfo(c.context(ctx), oauth2.StaticTokenSource(tokens))
		if _, away := errors.AsType[*url.Error](err); away {
			return Identity{}, fmt.Errorf("%w: ask %s who it is: %s", ErrDown, p.Issuer, brief(err))
		}
		if err != nil {
			return Identity{}, refuse("the provider does not say who it is")
		}
		if more.Subject != token.Subject {
			return Identity{}, refuse("the provider says of somebody else who it is")
		}
		also := claims{}
		if err := more.Claims(&also); err != nil {
			return Identity{}, refuse("what the provider says of somebody cannot be read")
		}
		switch { // one says that the other's address is verified: that is no word on this one
		case !email:
			delete(said, "email_verified")
		case !strings.EqualFold(also.text("email"), said.text("email")):
			delete(also, "email_verified")
		}
		for name, value := range also {
			if _, known := said[name]; !known {
				said[name] = value
			}
		}
	}
	i := Identity{Issuer: token.Issuer, ID: token.Subject, Email: strings.ToLower(said.text("email")), Verified: said.yes("email_verified"), Name: said.text("name"), Groups: said.texts(p.Claim)}
	if at := strings.LastIndex(i.Email, "@"); at <= 0 || at == len(i.Email)-1 || strings.ContainsAny(i.Email, " \x00\r\n\t<>") {
		return Identity{}, refuse("the provider tells no address")
	}
	return i, nil
}
