package web

import (
	"context"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// axe finds what keeps people with a screen reader, a keyboard or weak eyes from
// using a page.
//
//go:embed testdata/axe.js
var axe string

var (
	shots = flag.String("shots", "", "a folder for a picture of every page")
	only  = flag.String("only", "", "with -shots: the pages whose name begins so")
)

// browser is a Chromium of the test's own.
func browser(t testing.TB) context.Context {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Fatal("no Chromium in PATH: apt-get install chromium, or run scripts/check as root, which does")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.Flag("lang", "en-US"),
		chromedp.Env("TZ=UTC"), chromedp.UserDataDir(t.TempDir()))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // it refuses to run as root with one
	}
	all, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(all)
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return ctx
}

// complaints is what the browser says against pages: blocked by the policy, not
// found, thrown.
type complaints struct {
	mu    sync.Mutex
	texts []string
}

func (c *complaints) add(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.texts = append(c.texts, text)
}

func (c *complaints) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	texts := c.texts
	c.texts = nil
	return texts
}

// listen gathers the complaints of ctx's page.
func listen(t testing.TB, ctx context.Context) *complaints {
	t.Helper()
	c := &complaints{}
	err := chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			c.add(e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			if e.Entry.Level == log.EntryLevelError {
				c.add(e.Entry.Text + " " + e.Entry.URL)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// barriers runs axe on the page that is open, and says what it found.
func barriers(ctx context.Context) ([]string, error) {
	found, err := chromedp.Run(ctx, chromedp.Evaluate[string](axe+`;axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"]})
		.then(r => JSON.stringify(r.violations.map(v => v.id + ": " + v.help + " " + v.nodes.slice(0, 3).map(n => n.target.join(" ") + " (" + (n.any[0] || n.all[0] || n.none[0] || {}).message + ")").join("; "))))`,
		chromedp.EvalAwaitPromise))
	if err != nil {
		return nil, err
	}
	var texts []string
	err = json.Unmarshal([]byte(found), &texts)
	return texts, err
}

// sized is the page as a screen of that width shows it.
func sized(width int, dark bool) chromedp.Action[chromedp.Void] {
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	height := int64(900)
	if width < 500 {
		height = 844
	}
	return chromedp.Steps(chromedp.EmulateViewport(int64(width), height), chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		return err
	}))
}

// squeezed is every row of a table that stands in two columns, as on a phone, of
// which one leaves the other hardly a word.
const squeezed = `[...document.querySelectorAll("table.rows tbody tr")].filter(tr => {
		const columns = getComputedStyle(tr).gridTemplateColumns.split(" ").map(parseFloat);
		return columns.length == 2 && Math.min(...columns) < tr.clientWidth / 3;
	}).map(tr => tr.innerText.slice(0, 100))`

// TestEveryPageInABrowser opens every filled page, on a phone and a desk, light
// and dark: nobody is kept out, nothing is wider than the screen, and the
// browser has nothing to complain of.
func TestEveryPageInABrowser(t *testing.T) {
	s := bare(t)
	pages := filled()
	mux := http.NewServeMux()
	mux.Handle("/static/", s)
	mux.HandleFunc("/page/{name}", func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("name")
		if err := s.render(s.visit(w, r), templateOf(name), pages[name]); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("/runs/", func(w http.ResponseWriter, r *http.Request) { // of the run that is live: nothing new
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = w.Write([]byte("event: ended\ndata:\n\n"))
	})
	server := httptest.NewServer(secured(false, mux))
	defer server.Close()
	ctx := browser(t)
	said := listen(t, ctx)
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		if !strings.HasPrefix(name, *only) {
			continue
		}
		for _, size := range []struct {
			width int
			dark  bool
		}{{390, false}, {390, true}, {1024, false}, {1024, true}, {1600, false}, {1600, true}} {
			if *shots == "" && (size.width == 1600 || size.dark != (size.width == 390)) {
				continue // the picture differs, what axe reads does not
			}
			if err := chromedp.Do(ctx, sized(size.width, size.dark), chromedp.Navigate(server.URL+"/page/"+strings.ReplaceAll(name, " ", "%20"))); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			wide, err := chromedp.Run(ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth - window.innerWidth`))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if wide > 0 {
				t.Errorf("%s at %d pixels is %d too wide", name, size.width, wide)
			}
			squeezed, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](squeezed))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, row := range squeezed {
				t.Errorf("%s at %d pixels: a column of a row has less than a third of it: %s", name, size.width, row)
			}
			if *shots != "" {
				picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				mode := map[bool]string{true: "dark", false: "light"}[size.dark]
				file := filepath.Join(*shots, fmt.Sprintf("%s-%d-%s.png", strings.ReplaceAll(name, " ", "_"), size.width, mode))
				if err := os.WriteFile(file, picture, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			found, err := barriers(ctx)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, f := range found {
				t.Errorf("%s at %d pixels: %s", name, size.width, f)
			}
			for _, c := range said.take() {
				t.Errorf("%s: the browser says %s", name, c)
			}
		}
	}
}
