package preflight

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Quota is a quota as Service Quotas tells it.
type Quota struct {
	Service, Code, Name string
	Region              string // where it was asked
	Value               int
	Adjustable          bool
	Default             bool // what AWS gives everybody: this account's own is not told
}

// Request is a request for a higher quota that was made before.
type Request struct {
	Service string    `json:"service"`
	Code    string    `json:"quota_code"`
	ID      string    `json:"id"`
	Case    string    `json:"case,omitempty"` // the support case, if there is one
	Status  string    `json:"status"`         // as AWS calls it
	Value   int       `json:"value"`
	Created time.Time `json:"created"`
}

// Open tells whether AWS has not decided yet.
func (r Request) Open() bool { return r.Status == "PENDING" || r.Status == "CASE_OPENED" }

// Told is what Service Quotas said.
type Told struct {
	Quotas   []Quota
	Requests []Request
	Silent   map[string]string // by service: why nothing is known
	Invited  int               // invitations that wait for an answer
	// Uninvited is why invitations could not be counted; "" if they were.
	Uninvited string
}

// Services are the services that Service Quotas is asked about, each with the
// Region that it is asked in.
func Services(list []Limit) map[string]string {
	services := map[string]string{}
	for _, l := range list {
		if l.Service != "" {
			services[l.Service] = l.Region
		}
	}
	return services
}

// Merge returns the limits with what AWS said of them. A quota is known by its
// code. What was set stays.
func Merge(list []Limit, told Told) []Limit {
	list = slices.Clone(list)
	for i := range list {
		l := &list[i]
		if l.Service == "" {
			continue
		}
		at := slices.IndexFunc(told.Quotas, func(q Quota) bool { return q.Service == l.Service && strings.EqualFold(q.Code, l.Code) })
		if at < 0 {
			if l.Silent = told.Silent[l.Service]; l.Silent == "" {
				l.Silent = "it does not list the quota " + l.Code
			}
			continue
		}
		q := told.Quotas[at]
		l.Listed = q.Adjustable
		if l.Basis == Set {
			continue
		}
		l.Value, l.Basis = q.Value, Read
		l.Source = fmt.Sprintf("Service Quotas, %s", l.Code)
		if q.Default {
			l.Basis, l.Silent = Default, "it tells only what it gives everybody"
		}
	}
	return list
}
