package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
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
		Long: `login asks for a token that was made in the console (Settings, Tokens), tries it,
and keeps it in your configuration folder, for you alone to read. On a pipe the
token is the first line. LANDLORD_TOKEN is used before what is kept.`,
		Example: `  landlord login --server https://landlord.example
  landlord login --server http://127.0.0.1:8600 < token.txt`,
		Args: cobra.NoArgs,
	}
	p.serverFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if p.server == "" {
			return errors.New("name the house: --server https://landlord.example or LANDLORD_SERVER")
		}
		base, err := serverAddress(p.server)
		if err != nil {
			return err
		}
		token, err := p.askToken(base.String())
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
