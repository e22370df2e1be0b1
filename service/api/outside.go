package api

import (
	"errors"
	"net/http"
	"strings"

	"landlord/service/control"
)

// Outside tells whether err is of the organization that a portfolio names, and not
// of what was asked for or of the house. Then told is what it says, for people, and
// status is what to answer with: that AWS cannot be looked at now, that this server
// has no organization of that kind, or that it is another one.
func Outside(err error) (status int, told string, is bool) {
	told = err.Error()
	if !strings.HasSuffix(told, "?") {
		told += "."
	}
	if _, another := errors.AsType[*control.TargetError](err); another {
		return http.StatusConflict, told, true
	}
	away, is := errors.AsType[*control.AwayError](err)
	switch {
	case !is:
		return 0, "", false
	case away.Simulated:
		return http.StatusUnprocessableEntity, told, true
	}
	return http.StatusServiceUnavailable, told, true
}
