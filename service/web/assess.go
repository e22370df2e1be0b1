package web

import (
	"errors"

	"landlord/service/control"
)

// assess has the customer that the address names assessed, or all of them.
func (s *Server) assess(v *visit) error {
	var customers []string
	if key := v.PathValue("key"); key != "" {
		customers = []string{key}
	}
	run, err := s.Control.Assess(v.Context(), customers, v.by())
	if under, is := errors.AsType[*control.UnderWayError](err); is {
		return v.redirect("/runs/" + under.Run.ID)
	}
	if err != nil {
		return notHere(err)
	}
	return v.redirect("/runs/" + run)
}
