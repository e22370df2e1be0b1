package main

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"landlord/directory"
	"landlord/internal/money"
	"landlord/internal/nearest"
	"landlord/org"
)

// foundMost is how many customers a person is shown.
const foundMost = 20

func (p *program) findCommand() *cobra.Command {
	var refresh, all bool
	c := &cobra.Command{
		Use:   "find TEXT",
		Short: "Find customers and accounts by anything that is known of them",
		Long: `find looks for TEXT in keys, former keys, names, account ids and names, root
addresses, contacts, tags, regions, segments and tiers: those of the file, and
those of the organization, also of accounts that are nobody's in the file. Upper
and lower case and diacritics do not count. The best come first. Exit code 1
when nothing is found.

AWS is not read for it: the organization is as the last plan, apply or verify saw
it, and the last line says when that was; --refresh reads it anew. What was seen
is kept in the folder of --dir, for you alone to read.`,
		Example: `  landlord customer find acme -f examples/five-customers.yaml
  landlord customer find 222233334444 -f portfolio.yaml --json`,
	}
	p.portfolioFlags(c)
	f := p.worldFlags(c)
	c.Args = someArguments("a text to look for", math.MaxInt)
	c.ValidArgsFunction = p.completeKeys
	c.Flags().BoolVar(&refresh, "refresh", false, "read the organization anew")
	c.Flags().BoolVar(&all, "all", false, fmt.Sprintf("show all, not only the best %d", foundMost))
	c.Flags().BoolVar(&p.json, "json", false, "print what is found as JSON, all of it")
	c.Flags().StringVar(&p.server, "server", "", "ask this house instead of the file and the last look")
	c.RunE = func(c *cobra.Command, args []string) error {
		if p.server != "" {
			return p.findThere(c.Context(), strings.Join(args, " "), all)
		}
		f.reads = true
		ix, head, err := p.index(c.Context(), f, refresh)
		if err != nil {
			return err
		}
		text, most := strings.Join(args, " "), foundMost
		if all || p.json {
			most = 0
		}
		found, n, err := ix.Find(text, most)
		if err != nil {
			return err
		}
		switch {
		case p.json:
			if found == nil {
				found = []directory.Match{}
			}
			err = printJSON(p.stdout, foundJSON{text, head.AsOf, found})
		case n > 0:
			p.showFound(found, n, head)
		}
		if err == nil && n == 0 {
			return nothing(text, ix, head)
		}
		return err
	}
	return c
}

// remoteCustomer is a customer as the API tells it.
type remoteCustomer struct {
	Key     string `json:"key"`
	Name    string `json:"name"`
	Tier    string `json:"tier"`
	State   string `json:"state"`
	Account string `json:"account,omitempty"`
	Unit    string `json:"unit,omitempty"`
	Failing bool   `json:"failing"`
}

// findThere asks a house for customers.
func (p *program) findThere(ctx context.Context, text string, all bool) error {
	r, err := p.remote()
	if err != nil {
		return err
	}
	var found []remoteCustomer
	for cursor := ""; ; {
		var page struct {
			Items []remoteCustomer
			Next  string
		}
		query := url.Values{"q": {text}, "limit": {"500"}, "cursor": {cursor}}
		if err := r.ask(ctx, http.MethodGet, "/customers?"+query.Encode(), nil, &page); err != nil {
			return err
		}
		found = append(found, page.Items...)
		if cursor = page.Next; cursor == "" || !all && !p.json && len(found) >= foundMost {
			break
		}
	}
	switch {
	case p.json:
		if found == nil {
			found = []remoteCustomer{}
		}
		if err := printJSON(p.stdout, found); err != nil || len(found) > 0 {
			return err
		}
		return exit(exitFault)
	case len(found) == 0:
		return fmt.Errorf("nothing that %s knows has %q in it", r.base.Host, text)
	}
	shown := found
	if !all {
		shown = found[:min(len(found), foundMost)]
	}
	t := newTable(p.stdout, 2)
	fmt.Fprintln(t, "customer\tname\ttier\taccount\tunit\tstate")
	for _, c := range shown {
		state := c.State
		if c.Failing {
			state += ", a check fails"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", c.Key, clean(c.Name), c.Tier, orElse(c.Account, "none"), orElse(clean(c.Unit), "–"), state)
	}
	t.Flush()
	if len(shown) < len(found) {
		fmt.Fprintf(p.stdout, "\nMore are not shown; --all shows them.\n")
	}
	return nil
}

// foundJSON is what `customer find --json` prints.
type foundJSON struct {
	Text  string            `json:"text"`
	AsOf  time.Time         `json:"as_of"` // when the organization was read
	Found []directory.Match `json:"found"`
}

// showFound writes a table of what was found.
func (p *program) showFound(found []directory.Match, n int, head indexHead) {
	t := newTable(p.stdout, 2)
	fmt.Fprintln(t, "customer\ttier\taccount\tunit\tstate\tfound in")
	for _, m := range found {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", orElse(m.Customer, "–"), orElse(m.Tier, "–"), orElse(string(m.Account), "none"), orElse(clean(m.Unit), "–"), stateOf(m.Entry), clean(where(m)))
	}
	t.Flush()
	fmt.Fprintln(p.stdout)
	if n > len(found) {
		fmt.Fprintf(p.stdout, "The best %d of %s; --all shows them.\n", len(found), money.Group(fmt.Sprint(n)))
	}
	fmt.Fprintf(p.stdout, "Looked in %s and %s, %s.\n", count(head.Customers, "customer"), count(head.Accounts, "account"), head.age())
}

// stateOf is how a customer or account stands, in words.
func stateOf(e directory.Entry) string {
	words := []string{"no account yet"}
	if e.Account != "" {
		words[0] = strings.ToLower(strings.ReplaceAll(e.State, "_", " "))
	}
	if _, is := e.Tags[org.TagSuspended]; is {
		words = append(words, "suspended")
	}
	switch {
	case e.Management:
		words = append(words, "management account")
	case e.Departed:
		words = append(words, "departed")
	case !e.InFile:
		words = append(words, "not in the file")
	}
	return strings.Join(words, ", ")
}

// where is the field that a text was found in, and what it holds.
func where(m directory.Match) string {
	switch m.Found {
	case "key", "account":
		return m.Found
	case "former key":
		return m.Found + " " + strings.Join(m.Formerly, ", ")
	case "name":
		return m.Found + " " + m.Name
	case "account name":
		return m.Found + " " + m.AccountName
	case "address":
		return m.Found + " " + m.Email
	case "contact":
		return m.Found + " " + m.Contact
	case "region":
		return m.Found + " " + m.Region
	case "segment":
		return m.Found + " " + m.Segment
	}
	return m.Found
}

// nothing says that nothing was found, and what was perhaps meant.
func nothing(text string, ix directory.Index, head indexHead) error {
	near := nearest.Of(text, ix.Words())
	if near != "" {
		near = fmt.Sprintf(" Did you mean %q?", near)
	}
	return fmt.Errorf("nothing holds %q in %s and %s, %s.%s", text, count(head.Customers, "customer"), count(head.Accounts, "account"), head.age(), near)
}
