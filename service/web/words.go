package web

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"landlord/portfolio"
	"landlord/service/store"
)

// sentence is text with a capital at its beginning.
func sentence(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[size:]
}

// titled is a key as a title: "government-federal" is "Government-Federal".
func titled(key string) string {
	parts := strings.Split(key, "-")
	for i, p := range parts {
		switch p {
		case "":
		case "aws":
			parts[i] = "AWS"
		default:
			parts[i] = sentence(p)
		}
	}
	return strings.Join(parts, "-")
}

// folio is the portfolio in force; ErrNoPortfolio if there is none.
func (s *Server) folio(ctx context.Context) (folio *portfolio.Portfolio, err error) {
	err = s.Store.Operator(ctx, func(tx store.Tx) (err error) {
		folio, err = s.folioIn(ctx, tx)
		return err
	})
	return folio, err
}

// folioIn reads the portfolio in force, and parses it once for each version.
func (s *Server) folioIn(ctx context.Context, tx store.Tx) (*portfolio.Portfolio, error) {
	version, err := tx.PortfolioVersion(ctx)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrNoPortfolio
	}
	if err != nil {
		return nil, err
	}
	if kept := s.parsed.Load(); kept != nil && kept.version == version {
		return kept.folio, nil
	}
	kept, err := tx.Portfolio(ctx, version)
	if err != nil {
		return nil, err
	}
	folio, err := portfolio.Parse(fmt.Sprintf("portfolio %d", kept.Version), []byte(kept.Text))
	if err != nil {
		return nil, fmt.Errorf("portfolio %d as it is kept: %w", kept.Version, err)
	}
	s.parsed.Store(&parsedFolio{kept.Version, folio})
	return folio, nil
}

// parsedFolio is a version of the portfolio. Nobody changes it.
type parsedFolio struct {
	version int64
	folio   *portfolio.Portfolio
}
