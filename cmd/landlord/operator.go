package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"landlord/service/api"
	"landlord/service/store"
)

// operatorFlags are the settings of `landlord operator`.
type operatorFlags struct {
	role                  string
	roleGiven, tokenGiven bool
	forToken              string // a flag that was given and is for tokens alone
	base                  string
	token                 string
	scopes                []string
	days                  int
	database              databaseFlags
}

func (p *program) operatorCommand() *cobra.Command {
	f := &operatorFlags{}
	c := &cobra.Command{
		Use:   "operator ADDRESS",
		Short: "Let somebody into a house from the machine that it runs on",
		Long: `operator makes an operator of that address, if there is none, and prints a link that
signs it in, once, within 15 minutes; with --token NAME a token for programs instead.
It speaks to the database: the one of DATABASE_URL, as the role landlord_operator, or
the one of the house that runs in the folder of --dir. It is how the first operator
comes in, and how one comes back whose mail does not arrive. The audit log has it.`,
		Example: `  landlord operator ada@example.com --base https://landlord.example
  landlord operator ci@example.com --role engineer --token ci --scopes read,portfolio`,
		Args: cobra.ExactArgs(1),
	}
	p.dirFlag(c)
	c.Flags().StringVar(&f.role, "role", "owner", "the role of one who is new: owner, engineer, billing, support or auditor")
	c.Flags().StringVar(&f.base, "base", os.Getenv("LANDLORD_BASE"), "the address of the house; what the folder's house says, if left out (LANDLORD_BASE)")
	c.Flags().StringVar(&f.token, "token", "", "print a token of that name instead of a link")
	c.Flags().StringSliceVar(&f.scopes, "scopes", nil, "what the token may do; all that the role may, if left out")
	c.Flags().IntVar(&f.days, "days", 90, "how long the token is good, 1 to 366")
	_ = c.RegisterFlagCompletionFunc("role", cobra.FixedCompletions([]string{"owner", "engineer", "billing", "support", "auditor"}, cobra.ShellCompDirectiveNoFileComp))
	f.database.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		f.roleGiven, f.tokenGiven = c.Flags().Changed("role"), c.Flags().Changed("token")
		for _, name := range []string{"scopes", "days"} {
			if c.Flags().Changed(name) {
				f.forToken = name
			}
		}
		return p.operator(c.Context(), args[0], f)
	}
	return c
}

func (p *program) operator(ctx context.Context, address string, f *operatorFlags) (err error) {
	if err := operatorAddress(address); err != nil {
		return err
	}
	switch scopes := api.Scopes(f.role); {
	case len(scopes) == 0:
		return fmt.Errorf("--role %q: want owner, engineer, billing, support or auditor", f.role)
	case f.base == "" && f.database.url != "" && !f.tokenGiven:
		return errors.New("name the address of the house, which the link leads to: --base https://landlord.example or LANDLORD_BASE")
	case !f.tokenGiven && f.forToken != "":
		return fmt.Errorf("--%s is for a token: name one with --token, or leave it out for a link", f.forToken)
	case f.tokenGiven && strings.TrimSpace(f.token) == "" || utf8.RuneCountInString(f.token) > 100 || strings.ContainsFunc(f.token, unicode.IsControl):
		return fmt.Errorf("--token %q: want a name, of at most 100 characters on one line", f.token)
	case f.days < 1 || f.days > 366:
		return fmt.Errorf("--days %d: want 1 to 366", f.days)
	}
	h := &house{p: p, log: slog.New(slog.DiscardHandler), command: "operator", world: &worldFlags{}}
	defer func() { err = errors.Join(err, h.close()) }()
	if f.base == "" {
		f.base = orElse(consoleOf(p.dir), "http://127.0.0.1:8600")
	}
	if h.base, err = url.Parse(f.base); err != nil || h.base.Host == "" {
		return fmt.Errorf("--base %q: want an address such as https://landlord.example", f.base)
	}
	b, err := p.reach(ctx, &f.database, false)
	if err != nil {
		return err
	}
	h.later(b.stop)
	if h.logins.Operator, err = b.url(store.OperatorRole); err != nil {
		return err
	}
	if h.logins.Customer, err = b.url(store.CustomerRole); err != nil {
		return err
	}
	if err := h.open(ctx); err != nil {
		return err
	}
	person, err := h.operator(ctx, address, f.role, f.fits)
	if err != nil {
		return err
	}
	if !f.tokenGiven {
		link, err := h.pages.Link(ctx, store.Who{ID: person.ID}, "")
		if err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, link)
		return nil
	}
	return h.printToken(ctx, person, f)
}

// fits says what was asked for that the operator does not go with. It is asked
// before one who is new is kept.
func (f *operatorFlags) fits(person store.Person) error {
	if f.roleGiven && person.Role != f.role {
		return fmt.Errorf("--role %s: %s is there already, as %s; an owner changes that in the console, or with the API", f.role, person.Email, person.Role)
	}
	may := api.Scopes(person.Role)
	for _, s := range f.scopes {
		if !slices.Contains(may, s) {
			return fmt.Errorf("--scopes %s: %s is %s, who may: %s", s, person.Email, person.Role, strings.Join(may, ", "))
		}
	}
	return nil
}

// operatorAddress refuses what is no e-mail address of a person.
func operatorAddress(text string) error {
	name, domain, is := strings.Cut(text, "@")
	if !is || name == "" || domain == "" || strings.ContainsAny(domain, "@") || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || strings.ContainsRune("<>", r) }) {
		return fmt.Errorf("%q is not an e-mail address", text)
	}
	return nil
}

// printToken makes a token of an operator and prints it, alone on its line.
func (h *house) printToken(ctx context.Context, person store.Person, f *operatorFlags) error {
	token, hash := api.NewSecret("")
	now := time.Now().UTC()
	scopes := f.scopes
	if len(scopes) == 0 {
		scopes = api.Scopes(person.Role)
	}
	err := h.store.Operator(ctx, func(tx store.Tx) error {
		t := store.Token{Who: store.Who{ID: person.ID}, ID: strings.ToLower(rand.Text()[:12]), Name: f.token, Hash: hash, Scopes: scopes, CreatedAt: now, ExpiresAt: now.Add(time.Duration(f.days) * 24 * time.Hour)}
		if err := tx.NewToken(ctx, t); err != nil {
			return err
		}
		return tx.Audit(ctx, store.Entry{At: now, ActorKind: store.BySystem, Actor: "landlord operator", Action: "token.make", After: map[string]any{"token": t.ID, "name": t.Name, "of": person.Email, "scopes": scopes}, Source: "this machine"})
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(h.p.stdout, token)
	return nil
}
