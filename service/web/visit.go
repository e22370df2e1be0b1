package web

import (
	"bytes"
	"maps"
	"net/http"
	"strings"
	"time"
)

// visit is one request, the person it is from and where the answer goes. A
// handler answers it whole, or returns an error and has written nothing.
type visit struct {
	*http.Request
	Person Person
	Now    time.Time

	w      http.ResponseWriter
	source string // the network address it came from
	// Of the portal's pages:
	customer string // whose it is by key; the scope that everything is read in
	whose    string // its name
	base     string // what the portal's addresses begin with: "/portal" or "/as/KEY"
}

// Header is the header of the answer.
func (v *visit) Header() http.Header { return v.w.Header() }

// looking tells whether an operator looks at a customer's portal.
func (v *visit) looking() bool { return v.customer != "" && v.Person.Is(operators) }

// partial tells whether htmx asks for a part of the page only.
func (v *visit) partial() bool { return v.Request.Header.Get("HX-Request") == "true" }

// api tells whether a program asks, which gets problems as RFC 9457 has them.
func api(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/") }

// redirect leads to another page, by GET.
func (v *visit) redirect(to string) error {
	if v.partial() {
		v.Header().Set("HX-Redirect", to)
		v.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	v.Header().Set("Location", to)
	v.w.WriteHeader(http.StatusSeeOther)
	return nil
}

// mostNext is how long an address to go on to may be: it is kept in letters and
// cookies.
const mostNext = 1000

// within is an address of this house to go on to, or the one instead if there
// is none: nobody is led elsewhere by a link that somebody else made.
func within(next, instead string) string {
	if len(next) > mostNext || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\n\r\t") || strings.HasPrefix(next, "/signin") || strings.HasPrefix(next, "/signout") {
		return instead
	}
	return next
}

// heldAnswer is an answer that does not go out yet.
type heldAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (h *heldAnswer) Header() http.Header         { return h.header }
func (h *heldAnswer) WriteHeader(status int)      { h.status = status }
func (h *heldAnswer) Write(b []byte) (int, error) { return h.body.Write(b) }

func (h *heldAnswer) sendTo(w http.ResponseWriter) {
	maps.Copy(w.Header(), h.header)
	w.WriteHeader(h.status)
	_, _ = h.body.WriteTo(w) // the reader may be gone
}
