package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"landlord/portfolio"
	"landlord/service/store"
	"landlord/vend/plan"
)

// Outside tells whether err, which Propose gave for a text, is of the organization
// that the text names, and not of the text itself or of the house. Then told is
// what it says, for people, and status is what to answer with: that AWS cannot be
// looked at now, or that this server has no organization of that kind.
func Outside(text string, err error) (status int, told string, is bool) {
	_, faults := errors.AsType[*portfolio.Faults](err)
	_, conflict := errors.AsType[*plan.Conflict](err)
	_, database := errors.AsType[interface {
		error
		SQLState() string
	}](err)
	if faults || conflict || database || errors.Is(err, store.ErrNotFound) || errors.Is(err, context.Canceled) {
		return 0, "", false
	}
	told = err.Error()
	if !strings.HasSuffix(told, "?") {
		told += "."
	}
	folio, err := portfolio.Parse("portfolio", []byte(text))
	if err == nil && folio.Organization.Target == portfolio.Simulated {
		return http.StatusUnprocessableEntity, told, true
	}
	return http.StatusServiceUnavailable, told, true
}
