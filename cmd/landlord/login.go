package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"landlord/internal/clock"
)

// loopback tells whether a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (p *program) loginCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "login",
		Short: "Keep a token for a house, so that commands can speak to it",
		Long: `login shows an address of the console and a code. An operator who is signed in
there says what the command may and for how long; it then keeps its token in your
configuration folder, for you alone to read. With --with-token it takes one that was
made in the console (Settings, Tokens): on a pipe the first line, on a terminal it
asks. Where standard input is no terminal, one of --with-token and --code says which
is meant. LANDLORD_TOKEN is used before what is kept.`,
		Example: `  landlord login --server https://landlord.example
  landlord login --server http://127.0.0.1:8600 --with-token < token.txt`,
		Args: cobra.NoArgs,
	}
	p.serverFlag(c)
	pasted := c.Flags().Bool("with-token", false, "take a token that was made in the console, from standard input")
	coded := c.Flags().Bool("code", false, "show a code to approve, also where standard input is no terminal")
	c.MarkFlagsMutuallyExclusive("with-token", "code")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if !*pasted && !*coded && !isTerminal(p.stdin) {
			return errors.New("standard input is no terminal: --with-token reads a token from it, --code shows a code that an operator approves")
		}
		if p.server == "" {
			return errors.New("name the house: --server https://landlord.example or LANDLORD_SERVER")
		}
		base, err := serverAddress(p.server)
		if err != nil {
			return err
		}
		var token string
		if *pasted {
			token, err = p.askToken(base.String())
		} else {
			token, err = p.approvedToken(c.Context(), base)
		}
		if err != nil {
			return err
		}
		var me struct {
			Person, Token string
			Scopes        []string
		}
		if err := (&remote{base, token}).ask(c.Context(), http.MethodGet, "/me", nil, &me); err != nil {
			return err
		}
		kept, err := readLogins()
		if err != nil {
			return err
		}
		kept[base.String()] = token
		if err := writeLogins(kept); err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "Signed in to %s as %s with the token %q, which may: %s.\n", base.Host, clean(me.Person), clean(me.Token), clean(strings.Join(me.Scopes, ", ")))
		return nil
	}
	return c
}

// approvedToken shows a code, and waits until an operator has approved it in the
// console of base. Source: RFC 8628.
func (p *program) approvedToken(ctx context.Context, base *url.URL) (string, error) {
	name := "landlord"
	if host, err := os.Hostname(); err == nil {
		name += " on " + host
	}
	var given struct {
		Device   string `json:"device_code"`
		User     string `json:"user_code"`
		At       string `json:"verification_uri"`
		Whole    string `json:"verification_uri_complete"`
		Expires  int    `json:"expires_in"`
		Interval int    `json:"interval"`
	}
	status, err := postForm(ctx, base.JoinPath("signin", "device"), url.Values{"client_name": {name}}, &given)
	switch {
	case err != nil:
		return "", err
	case status == http.StatusNotFound:
		return "", fmt.Errorf("%s gives no tokens by a code; make one in its console: landlord login --server %s --with-token", base.Host, base)
	case status != http.StatusOK || given.Device == "":
		return "", fmt.Errorf("ask %s for a code: it answers %d %s", base.Host, status, http.StatusText(status))
	}
	fmt.Fprintf(p.stdout, "Open %s and approve the code %s, within %d minutes:\n  %s\n", clean(given.At), clean(given.User), given.Expires/60, clean(given.Whole))
	late := errors.New("nobody approved the code in time; nothing was kept")
	waiting, stop := context.WithTimeout(ctx, time.Duration(given.Expires)*time.Second)
	defer stop()
	wait := time.Duration(max(given.Interval, 1)) * time.Second
	for {
		if err := clock.Real().Sleep(waiting, wait); ctx.Err() != nil {
			return "", ctx.Err()
		} else if err != nil {
			return "", late
		}
		var told struct {
			Token string `json:"access_token"`
			Error string `json:"error"`
		}
		status, err := postForm(waiting, base.JoinPath("signin", "device", "token"), url.Values{"device_code": {given.Device}}, &told)
		switch {
		case err != nil || status >= http.StatusInternalServerError || told.Error == "authorization_pending":
			// The house may be away for a moment; the code's end is its word.
		case told.Error == "slow_down":
			wait += 5 * time.Second
		case told.Error == "access_denied":
			return "", errors.New("an operator refused; nothing was kept")
		case told.Token != "":
			return told.Token, nil
		default:
			return "", late
		}
	}
}

// postForm posts a form, and reads the answer into v if it is JSON.
func postForm(ctx context.Context, to *url.URL, form url.Values, v any) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return 0, err
	}
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		return 0, fmt.Errorf("ask %s: %w", to.Host, err)
	}
	defer answer.Body.Close()
	_ = json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(v) // a page, or nothing: the status tells
	return answer.StatusCode, nil
}

// askToken reads a token from a pipe, or from a terminal that does not show it.
func (p *program) askToken(server string) (token string, err error) {
	if isTerminal(p.stdin) {
		fmt.Fprintf(p.stdout, "A token of %s/settings/tokens: ", server)
		text, err := term.ReadPassword(int(p.stdin.(*os.File).Fd()))
		fmt.Fprintln(p.stdout)
		if err != nil {
			return "", fmt.Errorf("read the token: %w", err)
		}
		token = string(text)
	} else if token, err = bufio.NewReader(p.stdin).ReadString('\n'); err != nil && token == "" {
		return "", fmt.Errorf("read the token: %w", err)
	}
	if token = strings.TrimSpace(token); token == "" {
		return "", errors.New("no token was given; nothing was kept")
	}
	return token, nil
}

func (p *program) logoutCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "logout",
		Short:   "Forget the token for a house",
		Long:    `logout forgets the token that login kept. To end the token itself, use the console.`,
		Example: `  landlord logout --server https://landlord.example`,
		Args:    cobra.NoArgs,
	}
	p.serverFlag(c)
	c.RunE = func(*cobra.Command, []string) error {
		r, err := p.remote()
		if err != nil {
			return err
		}
		kept, err := readLogins()
		if err != nil {
			return err
		}
		delete(kept, r.base.String())
		if err := writeLogins(kept); err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "The token for %s is forgotten here. It is good until it expires or the console ends it.\n", r.base.Host)
		return nil
	}
	return c
}
