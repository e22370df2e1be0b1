package web

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"landlord/internal/clock"
	"landlord/service/mail"
	"landlord/service/store/storetest"
)

// bare is a server with an empty database: what pages look like needs none.
func bare(t *testing.T) *Server {
	t.Helper()
	base, _ := url.Parse("http://console.example")
	s, err := New(Config{Store: storetest.New(t), Clock: clock.NewVirtual(testNow), Base: base, House: "Example MSP", Log: slog.New(slog.DiscardHandler),
		Mail: func(context.Context, mail.Letter) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestEveryPage executes each template with its filled struct, and holds the
// page to what every page promises.
func TestEveryPage(t *testing.T) {
	s := bare(t)
	common := 0
	for _, f := range s.assets.at {
		common += len(f.plain)
	}
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(filled())) {
		seen[templateOf(name)] = true
		w := httptest.NewRecorder()
		v := s.visit(w, httptest.NewRequest(http.MethodGet, "/", nil))
		if err := s.render(v, templateOf(name), filled()[name]); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if n := w.Body.Len() + common; n > 150_000 {
			t.Errorf("%s takes %d bytes with all that it loads, want at most 150 kB", name, n)
		}
		if body := w.Body.String(); strings.Contains(body, "<small>Console</small>") != strings.Contains(body, "data-palette") {
			t.Errorf("%s hides what its shell has: a field of its own has the same name", name)
		}
		root, err := html.Parse(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(all(root, "h1")); n != 1 {
			t.Errorf("%s has %d headings of the first level", name, n)
		}
		if n := len(all(root, "main")); n != 1 {
			t.Errorf("%s has %d mains", name, n)
		}
		ids := map[string]bool{}
		for n := range root.Descendants() {
			for _, a := range n.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on") {
					t.Errorf("%s: <%s %s> is what the policy forbids", name, n.Data, a.Key)
				}
				if a.Key == "id" && ids[a.Val] {
					t.Errorf("%s: two elements have the id %q", name, a.Val)
				}
				if a.Key == "id" {
					ids[a.Val] = true
				}
			}
			if n.Type == html.ElementNode && (n.Data == "script" && n.FirstChild != nil || n.Data == "style") {
				t.Errorf("%s: <%s> is inline", name, n.Data)
			}
		}
	}
	for name := range s.pages {
		if !seen[name] {
			t.Errorf("page %s has no filled struct", name)
		}
	}
}

// TestPortalNamesOneFramework: what a customer in CIS loads names no other,
// the files that every page loads among it.
func TestPortalNamesOneFramework(t *testing.T) {
	s := bare(t)
	texts := map[string]string{}
	for at, f := range s.assets.at {
		texts[at] = string(f.plain)
	}
	for name, data := range filled() {
		if !strings.HasPrefix(name, "portal") && !slices.Contains([]string{"signin", "sent", "link"}, templateOf(name)) {
			continue
		}
		w := httptest.NewRecorder()
		if err := s.render(s.visit(w, httptest.NewRequest(http.MethodGet, "/", nil)), templateOf(name), data); err != nil {
			t.Fatal(err)
		}
		texts[name] = w.Body.String()
	}
	for name, text := range texts {
		if word := otherFramework(text); word != "" {
			t.Errorf("%s names %q", name, word)
		}
	}
}

// ofFramework are a framework's names and the ids of its controls.
var ofFramework = map[string]*regexp.Regexp{
	"SOC 2":   regexp.MustCompile(`(?i)soc[ -]?2|\bcc\d\.\d`),
	"HIPAA":   regexp.MustCompile(`(?i)hipaa|\b164\.3\d\d\b`),
	"FedRAMP": regexp.MustCompile(`(?i)fed-?ramp|800-53|\bksi-[a-z]{3}|\b(ac|at|au|ca|cm|cp|ia|ir|ma|mp|pe|pl|ps|ra|sa|sc|si|sr)-\d+(\.\d+|\(\d+\))?\b`),
	"CIS":     regexp.MustCompile(`(?i)\bcis\b`),
}

// foreignTo is a word of a framework that is not the one named, if text has one.
func foreignTo(framework, text string) string {
	for _, other := range slices.Sorted(maps.Keys(ofFramework)) {
		if word := ofFramework[other].FindString(text); other != framework && word != "" {
			return word
		}
	}
	return ""
}

// otherFramework is a word of a framework that is not CIS, if text has one.
func otherFramework(text string) string { return foreignTo("CIS", text) }

// all is the elements of that name below root.
func all(root *html.Node, name string) []*html.Node {
	var found []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == name {
			found = append(found, n)
		}
	}
	return found
}
