package web

import (
	"errors"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	programs "landlord/service/api"
)

// How much a request may send: a portfolio of 10,000 customers is two megabytes,
// what people type into any other form a few lines.
const (
	mostBody = 16 << 20
	mostForm = 64 << 10
)

// legible answers what no text of ours can be: NUL, and bytes that are no UTF-8,
// which the database refuses. A path of them leads nowhere; in a query, or in a
// header that is kept, they are the sender's mistake. Forms are read by typed, and
// what comes as JSON is told by the store (store.Illegible).
func (s *Server) legible(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !isText(r.URL.Path):
			s.fail(s.visit(w, r), errNotHere)
		case !areTexts(r.URL.Query()), !isText(r.Header.Get("Idempotency-Key")):
			s.fail(s.visit(w, r), errIllegible)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func isText(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }

func areTexts(values map[string][]string) bool {
	for name, all := range values {
		if !isText(name) || !isText(strings.Join(all, "")) {
			return false
		}
	}
	return true
}

// typed reads the form that v brings, whole, or says why it cannot be read. What
// the API is sent it reads itself.
func typed(v *visit) error {
	if api(v.Request) || v.Method == http.MethodGet || v.Method == http.MethodHead {
		return nil
	}
	err := v.ParseForm()
	if kind, _, _ := mime.ParseMediaType(v.Request.Header.Get("Content-Type")); err == nil && strings.HasPrefix(kind, "multipart/") {
		err = v.ParseMultipartForm(mostForm)
	}
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return errLarge
	}
	if err != nil || !areTexts(v.Form) {
		return errIllegible
	}
	return nil
}

// most is how much r may send.
func most(r *http.Request) int64 {
	if api(r) || Large(r) {
		return mostBody
	}
	return mostForm
}

// Huge tells whether r may bring a file of findings, which is read as a stream.
func Huge(r *http.Request) bool {
	return r.Method == http.MethodPost && r.URL.Path == programs.ImportsPath
}

// Large tells whether r may bring a portfolio, which takes its time to arrive: all
// else that is sent, but findings, is small.
func Large(r *http.Request) bool {
	return r.Method != http.MethodGet && (strings.HasPrefix(r.URL.Path, "/portfolio") || strings.HasPrefix(r.URL.Path, programs.Prefix+"/portfolio"))
}
