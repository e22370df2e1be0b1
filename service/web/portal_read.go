package web

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"

	"landlord/service/store"
)

// ReadPortal reads every page that the portal shows a customer's people, inside the
// customer's scope as they do, and says how many. The error tells which does not answer,
// which names what is of another framework, or that none tells of the customer's account.
func (s *Server) ReadPortal(ctx context.Context, customer string) (looked string, err error) {
	var account string
	foreign := map[string]*regexp.Regexp{}
	err = s.Store.Operator(ctx, func(tx store.Tx) error {
		c, err := tx.Customer(ctx, customer)
		if err != nil {
			return err
		}
		folio, err := s.folioIn(ctx, tx)
		if err != nil {
			return err
		}
		account = c.Account
		for _, t := range folio.Tiers {
			if t.Framework != c.Framework {
				for _, word := range []string{t.Framework, t.Unit} {
					foreign[word] = regexp.MustCompile(`(?i)(^|[^\pL\pN])` + regexp.QuoteMeta(word) + `($|[^\pL\pN])`)
				}
			}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	pages, shown := 0, false
	for _, rt := range s.routes() {
		path, is := strings.CutPrefix(rt.pattern, "GET ")
		if !is || !strings.HasPrefix(path, "/portal") || strings.Contains(path, "{") {
			continue
		}
		text, err := s.readAs(ctx, rt, path, customer)
		if err != nil {
			return "", err
		}
		for word, re := range foreign {
			if re.MatchString(text) {
				return "", fmt.Errorf("page %s of the portal names %s, which is not of the customer's tier", path, word)
			}
		}
		pages++
		shown = shown || account != "" && strings.Contains(text, account)
	}
	if !shown {
		return "", fmt.Errorf("none of the %s of the portal tells of account %s", count(pages, "page"), account)
	}
	return fmt.Sprintf("%s answer, with the account, and none names another framework", count(pages, "page")), nil
}

// markup are the tags of a page, and what is between those that people do not read.
var markup = regexp.MustCompile(`(?s)<(script|style)\b.*?</(script|style)>|<[^>]*>`)

// readAs is the text of a page of the portal, as a member of the customer's reads it.
func (s *Server) readAs(ctx context.Context, rt route, path, customer string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	if err != nil {
		return "", err
	}
	answer := &heldAnswer{header: http.Header{}, status: http.StatusOK}
	v := s.visit(answer, r)
	v.Person, v.customer, v.base = Person{Role: Member, Customer: customer}, customer, "/portal"
	if err := rt.do(v); err != nil {
		return "", fmt.Errorf("page %s of the portal: %w", path, err)
	}
	if answer.status != http.StatusOK {
		return "", fmt.Errorf("page %s of the portal answers %d", path, answer.status)
	}
	return html.UnescapeString(markup.ReplaceAllString(answer.body.String(), " ")), nil
}
