package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"landlord/business/support"
)

// supportCommand is the group of commands on customers' messages.
func (p *program) supportCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "support",
		Short:   "Answer customers: whose a message is, by when, and what is said",
		Long:    "support holds the commands on messages to support: whose they are, by when they are answered, and the tickets of a house.",
		Example: "  landlord support whose -f portfolio.yaml message.eml",
	}
	c.AddCommand(p.whoseCommand(), p.deadlineCommand(), p.inboxCommand(), p.ticketCommand(), p.replyCommand(), p.assignCommand(), p.closeTicketCommand())
	return c
}

func (p *program) whoseCommand() *cobra.Command {
	var trust []string
	var dns string
	c := &cobra.Command{
		Use:   "whose MESSAGE.eml...",
		Short: "Say whose a message is, and why",
		Long: `whose reads messages as mail servers keep them and prints a JSON line for each:
{"file", "customer" (null for the queue), "rung", "why"}. The author of a message,
the one address of its one From, is believed if DMARC passes: by the topmost
Authentication-Results of a relay that the file's support.trusted_relays or --trust
names, else by the message's own DKIM signature and the DMARC policy of its domain.
The file's contacts count as verified. Whoever else writes is in the queue, for a
person to decide; what is named in a text is a hint only. The same Message-ID of
the same author is one message. "-" is the standard input.

DNS is asked for keys and policies; --dns answers from a file instead. Nothing is
kept. Exit code 1 when a message cannot be read.`,
		Example: `  landlord support whose -f portfolio.yaml message.eml
  landlord support whose -f portfolio.yaml --trust mx.example.com *.eml
  landlord support whose -f portfolio.yaml --dns zone.txt message.eml`,
	}
	p.portfolioFlags(c)
	c.Args = nil
	c.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"eml"}, cobra.ShellCompDirectiveFilterFileExt
	}
	c.Flags().StringSliceVar(&trust, "trust", nil, "believe this relay, by the name it writes into Authentication-Results, beside the file's")
	c.Flags().StringVar(&dns, "dns", "", "answer for DNS from this file: TXT records, or a JSON object of names to texts")
	c.RunE = func(c *cobra.Command, files []string) error {
		if len(files) == 0 {
			return errors.New("support whose needs a message, as in: landlord support whose -f portfolio.yaml message.eml")
		}
		folio, err := p.load(nil)
		if err != nil {
			return err
		}
		t := support.Trust{Relays: append(trust, folio.Support.TrustedRelays...), Resolver: net.DefaultResolver}
		if c.Flags().Changed("trust") && (len(trust) == 0 || slices.Contains(trust, "")) {
			return errors.New("--trust is empty, perhaps by a variable that is not set")
		}
		if c.Flags().Changed("dns") {
			if t.Resolver, err = zoneOf(dns); err != nil {
				return err
			}
		}
		return p.whose(c.Context(), files, support.InFile(folio), t)
	}
	return c
}

func zoneOf(file string) (support.Resolver, error) {
	text, err := readAtMost(file, nil, mostZone)
	if err != nil {
		return nil, fmt.Errorf("--dns: %w", err)
	}
	zone, err := support.ParseZone(text)
	if err != nil {
		return nil, fmt.Errorf("--dns %s: %w", file, err)
	}
	return zone, nil
}

// Bounds of what is read.
const (
	mostMessage = 50 << 20
	mostZone    = 10 << 20
)

// readAtMost reads a file, or what stands for "-", that has no more than so many bytes.
func readAtMost(file string, stdin io.Reader, most int64) ([]byte, error) {
	in := stdin
	if file != "-" || stdin == nil {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, most+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(text)) > most:
		return nil, fmt.Errorf("%s has more than %d MB", file, most>>20)
	}
	return text, nil
}

type whoseJSON struct {
	File     string       `json:"file"`
	Customer *string      `json:"customer"`
	Rung     support.Rung `json:"rung"`
	Why      string       `json:"why"`
}

// whose prints a line for each message. One that cannot be read holds up no other.
func (p *program) whose(ctx context.Context, files []string, k support.Known, t support.Trust) error {
	type told struct {
		file, from string
		support.Decision
	}
	before := map[string]told{} // by Message-ID
	out := json.NewEncoder(p.stdout)
	out.SetEscapeHTML(false)
	unread := 0
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		raw, err := readAtMost(file, p.stdin, mostMessage)
		if err != nil {
			unread++
			fmt.Fprintf(p.stderr, "landlord: %s\n", cleanLines(err.Error()))
			continue
		}
		m := support.Read(raw)
		first, twice := before[m.ID]
		d := first.Decision
		if twice = twice && m.ID != "" && first.from == m.From; twice {
			d.Why += "; it is the same message as " + first.file
		} else {
			d = support.Whose(ctx, m, k, t)
			if _, other := before[m.ID]; !other && m.ID != "" {
				before[m.ID] = told{file, m.From, d}
			}
		}
		line := whoseJSON{File: file, Rung: d.Rung, Why: d.Why}
		if d.Customer != "" {
			line.Customer = &d.Customer
		}
		if err := out.Encode(line); err != nil {
			return err
		}
	}
	if unread > 0 {
		return fmt.Errorf("%s could not be read", count(unread, "message"))
	}
	return nil
}
