package control

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"landlord/service/store"
)

// Migrate brings a database to this landlord's schema, the store's and that of the
// jobs, and returns what it applied of the first. url is the owner's.
func Migrate(ctx context.Context, url string, now time.Time) ([]store.Migration, error) {
	applied, err := store.Migrate(ctx, url, now)
	if err != nil {
		return applied, err
	}
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return applied, fmt.Errorf("reach the database as its owner: %w", err)
	}
	defer pool.Close()
	m, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: schema})
	if err != nil {
		return applied, fmt.Errorf("the tables of the jobs: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return applied, fmt.Errorf("the tables of the jobs: %w", err)
	}
	return applied, nil
}
