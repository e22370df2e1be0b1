package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

// remoteTicket is a ticket of a house, as its API tells it.
type remoteTicket struct {
	Customer  string     `json:"customer"`
	ID        string     `json:"id"`
	Subject   string     `json:"subject"`
	Requester string     `json:"requester"`
	State     string     `json:"state"`
	Priority  string     `json:"priority"`
	OpenedAt  time.Time  `json:"opened_at"`
	DueOf     string     `json:"due_of,omitempty"`
	DueAt     *time.Time `json:"due_at,omitempty"`
	Assignee  string     `json:"assignee,omitempty"`
	Cause     string     `json:"cause,omitempty"`
	Messages  []struct {
		N           int64     `json:"n"`
		Kind        string    `json:"kind"`
		Author      string    `json:"author"`
		At          time.Time `json:"at"`
		Text        string    `json:"text"`
		Automatic   bool      `json:"automatic,omitempty"`
		Attachments []struct {
			Name string `json:"name"`
			Size int64  `json:"size"`
		} `json:"attachments,omitempty"`
	} `json:"messages,omitempty"`
	Notes []struct {
		Author string    `json:"author"`
		At     time.Time `json:"at"`
		Text   string    `json:"text"`
	} `json:"notes,omitempty"`
}

// remoteMail is a message of the queue.
type remoteMail struct {
	ID        int64     `json:"id"`
	At        time.Time `json:"at"`
	Author    string    `json:"author,omitempty"`
	Subject   string    `json:"subject"`
	Why       string    `json:"why"`
	Suggested []string  `json:"suggested"`
}

// atHouse adds what commands on a house's tickets have in common.
func (p *program) atHouse(c *cobra.Command, do func(ctx context.Context, r *remote, args []string) error) *cobra.Command {
	p.serverFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		r, err := p.remote()
		if err != nil {
			return err
		}
		return do(c.Context(), r, args)
	}
	return c
}

func ticketPath(args []string) string {
	return "/customers/" + url.PathEscape(args[0]) + "/tickets/" + url.PathEscape(args[1])
}

func (p *program) inboxCommand() *cobra.Command {
	var state, query string
	var most int
	c := p.atHouse(&cobra.Command{
		Use:   "inbox",
		Short: "List the tickets of a house by deadline, and the mail that is nobody's",
		Long: `inbox lists the tickets that are not resolved, those that are due first at the top, and
below them the messages of which nobody knows whose they are: "landlord support assign"
says it.`,
		Example: `  landlord support inbox --server https://landlord.example
  landlord support inbox --search invoice --state any`,
		Args: cobra.NoArgs,
	}, func(ctx context.Context, r *remote, _ []string) error {
		q := url.Values{"state": {state}, "q": {query}, "limit": {fmt.Sprint(most)}}
		var tickets struct {
			Items []remoteTicket `json:"items"`
		}
		var mail struct {
			Items []remoteMail `json:"items"`
		}
		if err := r.ask(ctx, http.MethodGet, "/tickets?"+q.Encode(), nil, &tickets); err != nil {
			return err
		}
		if err := r.ask(ctx, http.MethodGet, fmt.Sprintf("/mail/queue?limit=%d", most), nil, &mail); err != nil {
			return err
		}
		if p.json {
			return printJSON(p.stdout, map[string]any{"tickets": tickets.Items, "queue": mail.Items})
		}
		return p.showInbox(tickets.Items, mail.Items)
	})
	c.Flags().StringVar(&state, "state", "unresolved", "open, waiting, resolved, unresolved or any")
	_ = c.RegisterFlagCompletionFunc("state", cobra.FixedCompletions([]string{"open", "waiting", "resolved", "unresolved", "any"}, cobra.ShellCompDirectiveNoFileComp))
	c.Flags().StringVar(&query, "search", "", "only tickets in which words begin so")
	c.Flags().IntVar(&most, "limit", 50, "how many are listed, 1 to 500")
	c.Flags().BoolVar(&p.json, "json", false, "print JSON, as the API tells it")
	return c
}

func (p *program) showInbox(tickets []remoteTicket, queue []remoteMail) error {
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	if len(tickets) > 0 {
		fmt.Fprintln(w, "DUE\tOF\tCUSTOMER\tTICKET\tSTATE\tPRIORITY\tSUBJECT")
	}
	for _, t := range tickets {
		due := "-"
		if t.DueAt != nil {
			due = t.DueAt.UTC().Format("2006-01-02 15:04")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", due, cmp.Or(t.DueOf, "-"), t.Customer, t.ID, t.State, t.Priority, shortened(clean(t.Subject), 40))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(queue) > 0 {
		fmt.Fprintf(p.stdout, "\nNobody knows whose %s:\n", map[bool]string{true: "this message is", false: "these messages are"}[len(queue) == 1])
	}
	for _, m := range queue {
		fmt.Fprintf(p.stdout, "  %d  %s  %s: %s\n      %s\n", m.ID, m.At.UTC().Format("2006-01-02 15:04"), clean(cmp.Or(m.Author, "?")), shortened(clean(m.Subject), 60), clean(m.Why))
		if len(m.Suggested) > 0 {
			fmt.Fprintf(p.stdout, "      perhaps of %s: landlord support assign %d %s\n", strings.Join(m.Suggested, ", "), m.ID, m.Suggested[0])
		}
	}
	fmt.Fprintf(p.stdout, "%s, %s in the queue. Times are UTC.\n", count(len(tickets), "ticket"), count(len(queue), "message"))
	return nil
}

func shortened(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return s
}

func (p *program) ticketCommand() *cobra.Command {
	c := p.atHouse(&cobra.Command{
		Use:     "show KEY TICKET",
		Short:   "Show a ticket and what was written in it",
		Long:    "show prints a customer's ticket: how it stands, what was written, and what operators noted.",
		Example: "  landlord support show acme k3x7qm2pfa",
		Args:    twoArguments("landlord support show acme k3x7qm2pfa"),
	}, func(ctx context.Context, r *remote, args []string) error {
		var t remoteTicket
		if err := r.ask(ctx, http.MethodGet, ticketPath(args), nil, &t); err != nil {
			return noTicket(r, args, err)
		}
		if p.json {
			return printJSON(p.stdout, t)
		}
		fmt.Fprintf(p.stdout, "%s\n%s of %s, %s, asked by %s on %s", clean(t.Subject), t.ID, t.Customer, t.State, clean(t.Requester), t.OpenedAt.UTC().Format("2006-01-02 15:04 UTC"))
		if t.DueAt != nil {
			fmt.Fprintf(p.stdout, "; %s due %s", t.DueOf, t.DueAt.UTC().Format("2006-01-02 15:04 UTC"))
		}
		fmt.Fprintln(p.stdout)
		for _, m := range t.Messages {
			how := "wrote"
			if m.Automatic {
				how = "sent, and no person wrote it"
			}
			fmt.Fprintf(p.stdout, "\n── %s %s, %s\n%s\n", clean(m.Author), how, m.At.UTC().Format("2006-01-02 15:04"), cleanLines(strings.TrimSpace(m.Text)))
			for _, a := range m.Attachments {
				fmt.Fprintf(p.stdout, "   [%s, %d bytes]\n", clean(a.Name), a.Size)
			}
		}
		for _, n := range t.Notes {
			fmt.Fprintf(p.stdout, "\n── note of %s, %s, not told to the customer\n%s\n", clean(n.Author), n.At.UTC().Format("2006-01-02 15:04"), cleanLines(n.Text))
		}
		return nil
	})
	c.Flags().BoolVar(&p.json, "json", false, "print JSON, as the API tells it")
	return c
}

// noTicket says which ticket there is not.
func noTicket(r *remote, args []string, err error) error {
	if told, is := errors.AsType[*refusal](err); is && told.Status == http.StatusNotFound {
		return fmt.Errorf("%s has no ticket %s of %s: `landlord support inbox` lists them", r.base.Host, clean(args[1]), clean(args[0]))
	}
	return err
}

func twoArguments(as string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 2 || args[0] == "" || args[1] == "" {
			return fmt.Errorf("%s needs two arguments, as in: %s", called(c), as)
		}
		return nil
	}
}

func (p *program) replyCommand() *cobra.Command {
	var text, then string
	var note bool
	c := p.atHouse(&cobra.Command{
		Use:   "reply KEY TICKET",
		Short: "Answer a ticket, or note something about it",
		Long: `reply answers a customer's ticket: who asked gets a letter, and nobody else does. The
ticket then waits for the customer, unless --then says otherwise. The text is that of
--text, or the standard input. --note says it to the other operators alone.`,
		Example: `  landlord support reply acme k3x7qm2pfa --text "The figures are right again."
  landlord support reply acme k3x7qm2pfa --then resolved < answer.txt
  landlord support reply acme k3x7qm2pfa --note --text "It was the cache."`,
		Args: twoArguments("landlord support reply acme k3x7qm2pfa"),
	}, func(ctx context.Context, r *remote, args []string) error {
		if text == "" {
			all, err := io.ReadAll(io.LimitReader(p.stdin, 200_001))
			if err != nil {
				return fmt.Errorf("read the text: %w", err)
			}
			text = string(all)
		}
		if strings.TrimSpace(text) == "" {
			return errors.New("there is nothing to say: --text, or the standard input")
		}
		what, body := "/answers", map[string]string{"text": text, "then": then}
		if note {
			what, body = "/notes", map[string]string{"text": text}
		} else if then == "" {
			delete(body, "then")
		}
		return noTicket(r, args, r.ask(ctx, http.MethodPost, ticketPath(args)+what, body, nil))
	})
	c.Flags().StringVar(&text, "text", "", "what to say")
	c.Flags().StringVar(&then, "then", "", "the ticket's state after it: waiting, open or resolved")
	_ = c.RegisterFlagCompletionFunc("then", cobra.FixedCompletions([]string{"waiting", "open", "resolved"}, cobra.ShellCompDirectiveNoFileComp))
	c.Flags().BoolVar(&note, "note", false, "a note, which the customer is not told")
	return c
}

func (p *program) closeTicketCommand() *cobra.Command {
	var cause string
	c := p.atHouse(&cobra.Command{
		Use:     "close KEY TICKET",
		Short:   "Resolve a ticket",
		Long:    "close resolves a customer's ticket: nothing is due any more. A message of the customer's opens it again.",
		Example: "  landlord support close acme k3x7qm2pfa --cause cache",
		Args:    twoArguments("landlord support close acme k3x7qm2pfa"),
	}, func(ctx context.Context, r *remote, args []string) error {
		body := map[string]string{"state": "resolved", "cause": cause}
		if cause == "" {
			delete(body, "cause")
		}
		return noTicket(r, args, r.ask(ctx, http.MethodPut, ticketPath(args), body, nil))
	})
	c.Flags().StringVar(&cause, "cause", "", "what it came from, in a word")
	return c
}

func (p *program) assignCommand() *cobra.Command {
	var ticket string
	var contact bool
	c := p.atHouse(&cobra.Command{
		Use:   "assign MAIL KEY",
		Short: "Say whose a message of the queue is",
		Long: `assign gives a message of which nobody knew whose it is to a customer: it becomes a
ticket, or goes on with the one of --ticket. With --contact, who wrote it is a
verified contact of the customer from then on, and the next message needs nobody. It
is in the audit log.`,
		Example: `  landlord support assign 17 acme --contact
  landlord support assign 17 acme --ticket k3x7qm2pfa`,
		Args: twoArguments("landlord support assign 17 acme"),
	}, func(ctx context.Context, r *remote, args []string) error {
		var made struct {
			ID string `json:"id"`
		}
		err := r.ask(ctx, http.MethodPut, "/mail/"+url.PathEscape(args[0]), map[string]any{"customer": args[1], "ticket": ticket, "contact": contact}, &made)
		if told, is := errors.AsType[*refusal](err); is && told.Status == http.StatusNotFound {
			return fmt.Errorf("%s has no message %s in its queue, or no customer %s", r.base.Host, clean(args[0]), clean(args[1]))
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.stdout, "It is in ticket %s of %s.\n", made.ID, args[1])
		return err
	})
	c.Flags().StringVar(&ticket, "ticket", "", "the customer's ticket that it goes on with; a new one if left out")
	c.Flags().BoolVar(&contact, "contact", false, "who wrote it is a verified contact of the customer from now on")
	return c
}
