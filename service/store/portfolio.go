package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Portfolio is one version of the portfolio file.
type Portfolio struct {
	Version int64
	Text    string
	Author  string
	At      time.Time
	Note    string // why, for people
}

// AddPortfolio adds a version; ErrTaken if there is one of that number.
func (tx Tx) AddPortfolio(ctx context.Context, p Portfolio) error {
	sum := sha256.Sum256([]byte(p.Text))
	tag, err := tx.Exec(ctx, `
		INSERT INTO portfolio (version, text, digest, author, at, note) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (version) DO NOTHING`,
		p.Version, p.Text, hex.EncodeToString(sum[:]), p.Author, p.At, p.Note)
	if err == nil && tag.RowsAffected() == 0 {
		return fmt.Errorf("version %d of the portfolio: %w", p.Version, ErrTaken)
	}
	return written(tag, err, "the portfolio")
}

// Portfolio returns a version.
func (tx Tx) Portfolio(ctx context.Context, version int64) (p Portfolio, err error) {
	err = tx.QueryRow(ctx, `SELECT version, text, author, at, note FROM portfolio WHERE version = $1`, version).Scan(&p.Version, &p.Text, &p.Author, &p.At, &p.Note)
	if err != nil {
		return Portfolio{}, missing(err, fmt.Sprintf("version %d of the portfolio", version))
	}
	return p, nil
}

// LatestPortfolio returns the latest version.
func (tx Tx) LatestPortfolio(ctx context.Context) (p Portfolio, err error) {
	err = tx.QueryRow(ctx, `SELECT version, text, author, at, note FROM portfolio ORDER BY version DESC LIMIT 1`).Scan(&p.Version, &p.Text, &p.Author, &p.At, &p.Note)
	if err != nil {
		return Portfolio{}, missing(err, "portfolio")
	}
	return p, nil
}

// Portfolios returns the versions before one, 0 is all, the latest first, without
// their texts, at most so many.
func (tx Tx) Portfolios(ctx context.Context, before int64, most int) ([]Portfolio, error) {
	rows, _ := tx.Query(ctx, `
		SELECT version, '' AS text, author, at, note FROM portfolio
		WHERE $1::bigint = 0 OR version < $1 ORDER BY version DESC LIMIT $2`, before, most)
	return collect[Portfolio](rows, "the versions of the portfolio")
}

// Check is what the latest look found of one promise to a customer.
type Check struct {
	Customer  string
	Framework string
	ID        string
	Title     string
	Passed    bool
	Detail    string // what is wrong; "" if passed
	At        time.Time
}

// Checks returns the checks of a customer by its present framework, the failed first.
func (tx Tx) Checks(ctx context.Context, customer string) ([]Check, error) {
	return tx.FindChecks(ctx, customer, "", false)
}

// Guardrail is what a framework's policy forbids, in words.
type Guardrail struct {
	Framework string
	Sid       string
	Says      string
}

// Guardrails returns those of a framework that are in force.
func (tx Tx) Guardrails(ctx context.Context, framework string) ([]Guardrail, error) {
	rows, _ := tx.Query(ctx, `SELECT framework, sid, says FROM guardrail WHERE framework = $1 ORDER BY sid`, framework)
	return collect[Guardrail](rows, "the guardrails of a framework")
}

// Tier is what a report says of a customer's tier and of whoever provides it.
type Tier struct {
	Framework string
	Key       string
	Name      string
	Provider  string
	Regions   []string
}

// PutTiers replaces what reports say of tiers.
func (tx Tx) PutTiers(ctx context.Context, tiers []Tier) error {
	if _, err := tx.Exec(ctx, `DELETE FROM tier`); err != nil {
		return fmt.Errorf("replace the tiers: %w", err)
	}
	for _, t := range tiers {
		if t.Regions == nil {
			t.Regions = []string{}
		}
		tag, err := tx.Exec(ctx, `INSERT INTO tier (framework, key, name, provider, regions) VALUES ($1, $2, $3, $4, $5)`, t.Framework, t.Key, t.Name, t.Provider, t.Regions)
		if err := written(tag, err, "tier "+t.Key); err != nil {
			return err
		}
	}
	return nil
}

// Tiered tells whether it is kept what reports say of any tier.
func (tx Tx) Tiered(ctx context.Context) (some bool, err error) {
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM tier)`).Scan(&some); err != nil {
		return false, fmt.Errorf("look whether there are tiers: %w", err)
	}
	return some, nil
}

// Tier returns what reports say of a customer's tier.
func (tx Tx) Tier(ctx context.Context, framework, key string) (Tier, error) {
	rows, _ := tx.Query(ctx, `SELECT framework, key, name, provider, regions FROM tier WHERE framework = $1 AND key = $2`, framework, key)
	return one[Tier](rows, "tier "+key)
}

// PutSetting keeps a value under a key, as JSON.
func (tx Tx) PutSetting(ctx context.Context, key string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("setting %s: %w", key, err)
	}
	tag, err := tx.Exec(ctx, `INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, text)
	return written(tag, err, "setting "+key)
}

// Setting reads the value that is kept under a key.
func (tx Tx) Setting(ctx context.Context, key string, value any) error {
	var text []byte
	if err := tx.QueryRow(ctx, `SELECT value FROM setting WHERE key = $1`, key).Scan(&text); err != nil {
		return missing(err, "setting "+key)
	}
	if err := json.Unmarshal(text, value); err != nil {
		return fmt.Errorf("read setting %s: %w", key, err)
	}
	return nil
}

// MakeSetting keeps a value under a key unless there is one, and reads the one that is
// kept: the same for whoever comes first and later.
func (tx Tx) MakeSetting(ctx context.Context, key string, value, kept any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("setting %s: %w", key, err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING`, key, text); err != nil {
		return wrote(err, "setting "+key)
	}
	return tx.Setting(ctx, key, kept)
}
