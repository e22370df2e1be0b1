// Package rehearsal shows simulated customers to their people: the portal of a house,
// over a PostgreSQL that is made for it and thrown away. What stands of customers comes
// in; what their people read, page by page, goes out. It runs no jobs and writes no
// letter.
package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"

	"landlord/internal/clock"
	"landlord/portfolio"
	"landlord/service/control"
	"landlord/service/mail"
	"landlord/service/postgres"
	"landlord/service/store"
	"landlord/service/web"
	"landlord/simulate"
)

// House is an empty house without a loop or an address.
type House struct {
	dir    string
	server *postgres.Server
	store  *store.Store
}

const database = "landlord"

// Open makes a house, in a folder that Close removes. Its data is not safe from the
// machine's stopping. The error says what to install where there is no PostgreSQL.
func Open(ctx context.Context) (h *House, err error) {
	from, err := postgres.Find()
	if err != nil {
		return nil, err
	}
	h = &House{}
	if h.dir, err = os.MkdirTemp("", "landlord-rehearsal-"); err != nil {
		return nil, fmt.Errorf("make a folder for the database: %w", err)
	}
	if err := h.open(ctx, from); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

func (h *House) open(ctx context.Context, from []postgres.Binaries) (err error) {
	h.server, err = postgres.Start(ctx, postgres.Options{Dir: h.dir, Roles: store.Roles(), From: from, Log: slog.New(slog.DiscardHandler), Throwaway: true})
	if err != nil {
		return err
	}
	if err := store.Prepare(ctx, h.server.URL(postgres.Superuser, "postgres"), database); err != nil {
		return err
	}
	if _, err := store.Migrate(ctx, h.server.URL(store.OwnerRole, database), simulate.Start); err != nil {
		return err
	}
	h.store, err = store.Open(ctx, store.Logins{Operator: h.server.URL(store.OperatorRole, database), Customer: h.server.URL(store.CustomerRole, database)})
	return err
}

// Close stops what was started and removes the folder.
func (h *House) Close() (err error) {
	if h.store != nil {
		h.store.Close()
	}
	if h.server != nil {
		err = h.server.Stop()
	}
	return errors.Join(err, os.RemoveAll(h.dir))
}

// Portal has a portal show customers of the portfolio that text is, once, and returns
// who reads that of one of them: as its people do, inside its scope, every page and
// its report in every format. It is simulate.Options.Portal.
func (h *House) Portal(text string) func(context.Context, simulate.Shown) (func(context.Context, string) (string, error), error) {
	return func(ctx context.Context, s simulate.Shown) (func(context.Context, string) (string, error), error) {
		// AWS: of a simulated one no page tells where to sign in.
		pages, err := web.New(web.Config{
			Store: h.store, Clock: clock.NewVirtual(s.At), Base: &url.URL{Scheme: "https", Host: "landlord.example"}, House: s.Portfolio.Provider.Name, Target: portfolio.AWS,
			Log: slog.New(slog.DiscardHandler), Mail: func(context.Context, mail.Letter) error { return errors.New("a rehearsal writes no letter") },
		})
		if err != nil {
			return nil, err
		}
		err = h.store.Operator(ctx, func(tx store.Tx) error {
			return control.Show(ctx, tx, control.Shown{Text: text, Portfolio: s.Portfolio, Organization: s.Organization, Links: s.Links, Findings: s.Findings}, s.At)
		})
		if err != nil {
			return nil, fmt.Errorf("show what stands: %w", err)
		}
		return pages.ReadPortal, nil
	}
}
