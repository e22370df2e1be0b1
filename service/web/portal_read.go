package web

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"landlord/guard/compliance/report"
	"landlord/service/control"
	"landlord/service/store"
)

// ReadPortal reads every page that the portal shows a customer's people, inside the
// customer's scope as they do, and says how many; of its compliance also a control, a
// check and the report in each format. The error tells which does not answer, which names
// what is of another framework, or that none tells of the customer's account.
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
	asked, err := s.portalPaths(ctx, customer)
	if err != nil {
		return "", err
	}
	for _, one := range asked {
		path := one.path()
		text, err := s.readAs(ctx, one, customer)
		if err != nil {
			return "", err
		}
		if one.named() {
			pages++
			continue // resources are called as the customer likes
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

// unread is what of a page is no text, address or label: what machines do with it.
var unread = regexp.MustCompile(`(?s)<(script|style)\b.*?</(script|style)>`)

// portalPath is an address of the portal: a route, and what stands for its names.
type portalPath struct {
	route
	values map[string]string
}

// path is the address.
func (p portalPath) path() string {
	path := strings.TrimPrefix(p.pattern, "GET ")
	for name, value := range p.values {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	return path
}

// named tells whether it shows what the customer has named itself.
func (p portalPath) named() bool { return p.values["check"] != "" || p.values["format"] != "" }

// portalPaths are the addresses that ReadPortal reads.
func (s *Server) portalPaths(ctx context.Context, customer string) (all []portalPath, err error) {
	stand := map[string][]string{}
	err = s.Store.Customer(ctx, customer, func(tx store.Tx) error {
		r, err := control.Report(ctx, tx, customer, "")
		if errors.Is(err, control.ErrUnassessed) {
			return nil
		}
		if err != nil {
			return err
		}
		stand["control"] = []string{r.Catalogues[0].Controls[0].ID}
		if stand["check"] = []string{r.Checks[0].ID}; len(r.Fix) > 0 {
			stand["control"], stand["check"] = r.Fix[0].Controls[:1], []string{r.Fix[0].Check}
		}
		for _, f := range report.Formats {
			if err := f.Write(r, io.Discard); err == nil { // some have no place for nothing
				stand["format"] = append(stand["format"], f.Name)
			}
		}
		return nil
	})
	for _, rt := range s.routes() {
		path, is := strings.CutPrefix(rt.pattern, "GET ")
		if !is || !strings.HasPrefix(path, "/portal") {
			continue
		}
		if !strings.Contains(path, "{") {
			all = append(all, portalPath{rt, nil})
		}
		for name, values := range stand {
			for _, value := range values {
				if strings.Contains(path, "{"+name+"}") {
					all = append(all, portalPath{rt, map[string]string{name: value}})
				}
			}
		}
	}
	return all, err
}

// readAs is the text of a page of the portal, as a member of the customer's reads it.
func (s *Server) readAs(ctx context.Context, p portalPath, customer string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, (&url.URL{Path: p.path()}).String(), nil)
	if err != nil {
		return "", err
	}
	for name, value := range p.values {
		r.SetPathValue(name, value)
	}
	answer := &heldAnswer{header: http.Header{}, status: http.StatusOK}
	v := s.visit(answer, r)
	v.Person, v.customer, v.base = Person{Role: Member, Customer: customer}, customer, "/portal"
	if err := p.do(v); err != nil {
		return "", fmt.Errorf("page %s of the portal: %w", p.path(), err)
	}
	if answer.status != http.StatusOK {
		return "", fmt.Errorf("page %s of the portal answers %d", p.path(), answer.status)
	}
	return html.UnescapeString(unread.ReplaceAllString(answer.body.String(), " ")), nil
}
