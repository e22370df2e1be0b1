package main

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"landlord/service/control"
	"landlord/service/postgres"
	"landlord/service/store"
)

// databaseFlags are how the house reaches its database.
type databaseFlags struct {
	url string // DATABASE_URL: which database; its user, if any, is replaced by the role
}

func (f *databaseFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.url, "database", os.Getenv("DATABASE_URL"), "the database, without a user: landlord's roles log in (DATABASE_URL); passwords come from LANDLORD_OPERATOR_PASSWORD, LANDLORD_CUSTOMER_PASSWORD or PGPASSFILE")
	unshown(c, "database")
}

// unshown keeps a flag's default, which comes from the environment and may hold a
// password, out of the help.
func unshown(c *cobra.Command, flag string) { c.Flags().Lookup(flag).DefValue = "" }

// login is the database's address for a role: with the role as its user, and its
// password if the environment has one.
func (f *databaseFlags) login(role string) (string, error) {
	u, err := url.Parse(f.url)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return "", errors.New("the database's address: want postgres://HOST/DATABASE")
	}
	password := map[string]string{
		store.OwnerRole: os.Getenv("LANDLORD_OWNER_PASSWORD"), store.OperatorRole: os.Getenv("LANDLORD_OPERATOR_PASSWORD"), store.CustomerRole: os.Getenv("LANDLORD_CUSTOMER_PASSWORD"),
	}[role]
	u.User = url.User(role)
	if password != "" {
		u.User = url.UserPassword(role, password)
	}
	return u.String(), nil
}

// logins are those of the server; one for the portal only has no operator's.
func (f *databaseFlags) logins(portalOnly bool) (l store.Logins, err error) {
	if !portalOnly {
		if l.Operator, err = f.login(store.OperatorRole); err != nil {
			return l, err
		}
	}
	l.Customer, err = f.login(store.CustomerRole)
	return l, err
}

// database is where landlord's own PostgreSQL keeps its data, below --dir, and what
// the database in it is called.
const (
	databaseDir  = "pg"
	databaseName = "landlord"
)

// openOwn starts the folder's own PostgreSQL, with landlord's roles and schema in
// it. The function it returns stops it.
func openOwn(ctx context.Context, dir string, log *slog.Logger) (l store.Logins, version int, stop func() error, err error) {
	from, err := postgres.Find()
	if err != nil {
		return l, 0, nil, err
	}
	server, err := postgres.Start(ctx, postgres.Options{Dir: filepath.Join(dir, databaseDir), Roles: store.Roles(), From: from, Log: log})
	if err != nil {
		return l, 0, nil, err
	}
	if err := store.Prepare(ctx, server.URL(postgres.Superuser, "postgres"), databaseName); err == nil {
		_, err = control.Migrate(ctx, server.URL(store.OwnerRole, databaseName), time.Now())
		if err != nil {
			return l, 0, nil, errors.Join(err, server.Stop())
		}
	} else {
		return l, 0, nil, errors.Join(err, server.Stop())
	}
	return store.Logins{Operator: server.URL(store.OperatorRole, databaseName), Customer: server.URL(store.CustomerRole, databaseName)}, server.Version(), server.Stop, nil
}
