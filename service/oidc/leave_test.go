package oidc

import (
	"net/url"
	"testing"

	"golang.org/x/oauth2"
)

// TestAsksAnew: who signed out is asked in the words that their provider takes.
func TestAsksAnew(t *testing.T) {
	for _, c := range []struct {
		name, issuer string
		prompts      []string
		prompt, age  string
	}{
		{"a provider that says nothing of prompts", "https://login.example", nil, "login", "0"},
		{"one that takes the password's", "https://login.example", []string{"none", "login", "select_account"}, "login", "0"},
		{"one that does not", "https://login.example", []string{"none", "select_account"}, "select_account", ""},
		{"Google", "https://accounts.google.com", nil, "select_account", ""},
	} {
		to, err := url.Parse((&oauth2.Config{Endpoint: oauth2.Endpoint{AuthURL: c.issuer}}).AuthCodeURL("state", asksAnew(c.issuer, published{prompts: c.prompts})...))
		if err != nil {
			t.Fatal(err)
		}
		if q := to.Query(); q.Get("prompt") != c.prompt || q.Get("max_age") != c.age {
			t.Errorf("%s is asked with %s", c.name, to.RawQuery)
		}
	}
}
