package main

import (
	"errors"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"landlord/service/store"
)

// databaseFlags are how the house reaches its database.
type databaseFlags struct {
	url string // DATABASE_URL: which database; its user, if any, is replaced by the role
}

func (f *databaseFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.url, "database", os.Getenv("DATABASE_URL"), "the database, without a user: landlord's roles log in (DATABASE_URL); passwords come from LANDLORD_OPERATOR_PASSWORD, LANDLORD_CUSTOMER_PASSWORD or PGPASSFILE")
}

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

// database is where landlord's own PostgreSQL keeps its data, below --dir, and what
// the database in it is called.
const (
	databaseDir  = "pg"
	databaseName = "landlord"
)
