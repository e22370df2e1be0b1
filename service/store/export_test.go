package store

import (
	"context"
	"fmt"
)

// From is what a search reads, for tests that look at its plan.
func From(q Search) (sql string, args []any) { return q.from() }

// Catalogue is what Inspect reads, as catalogue.txt has it, with the last migration
// and its digest first. url is the customer's.
func Catalogue(ctx context.Context, url string) (text string, err error) {
	p, err := pool(ctx, url)
	if err != nil {
		return "", err
	}
	defer p.Close()
	have, err := catalogue(ctx, p)
	known := Migrations()
	last := known[len(known)-1]
	text = fmt.Sprintf("%04d_%s %s\n", last.Version, last.Name, last.Digest)
	for _, f := range have {
		text += f.what + ": " + f.is + "\n"
	}
	return text, err
}

// FromTickets is what a search of tickets reads.
func FromTickets(q TicketSearch) (sql string, args []any) { return q.from() }
