package main

import (
	"crypto/md5"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// objects is as much of S3 as a lock and an import need: objects under their paths,
// written only if the condition holds, and lists of them.
type objects struct {
	mu      sync.Mutex
	bodies  map[string][]byte
	written map[string]time.Time
}

func (o *objects) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	body, there := o.bodies[r.URL.Path]
	tag := fmt.Sprintf(`"%x"`, md5.Sum(body))
	refuse := func(status int, code string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, code)
	}
	switch match := r.Header.Get("If-Match"); {
	case r.Method == http.MethodGet && r.URL.Query().Get("list-type") == "2":
		fmt.Fprint(w, "<ListBucketResult>")
		for _, path := range slices.Sorted(maps.Keys(o.bodies)) {
			if key, in := strings.CutPrefix(path, strings.TrimSuffix(r.URL.Path, "/")+"/"); in && strings.HasPrefix(key, r.URL.Query().Get("prefix")) {
				fmt.Fprintf(w, "<Contents><Key>%s</Key><Size>%d</Size></Contents>", key, len(o.bodies[path]))
			}
		}
		fmt.Fprint(w, "<IsTruncated>false</IsTruncated></ListBucketResult>")
	case r.Method == http.MethodGet && !there:
		refuse(http.StatusNotFound, "NoSuchKey")
	case r.Method == http.MethodGet:
		w.Header().Set("ETag", tag)
		w.Header().Set("Last-Modified", o.written[r.URL.Path].UTC().Format(http.TimeFormat))
		w.Write(body)
	case r.Method != http.MethodPut:
		refuse(http.StatusNotImplemented, "NotImplemented")
	case r.Header.Get("If-None-Match") == "*" && there, match != "" && (!there || match != tag):
		refuse(http.StatusPreconditionFailed, "PreconditionFailed")
	default:
		text, err := io.ReadAll(r.Body)
		if err != nil {
			refuse(http.StatusBadRequest, "IncompleteBody")
			return
		}
		o.bodies[r.URL.Path], o.written[r.URL.Path] = text, time.Now()
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, md5.Sum(text)))
	}
}

// startObjects serves S3 for the rest of the script: s3. With a path and a file
// it writes one or reads the other: s3 put PATH FILE, s3 get PATH FILE.
func startObjects(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 {
		h := httptest.NewServer(&objects{bodies: map[string][]byte{}, written: map[string]time.Time{}})
		ts.Defer(h.Close)
		ts.Setenv("AWS_ENDPOINT_URL_S3", h.URL)
		return
	}
	method, body := http.MethodGet, http.NoBody
	req, err := http.NewRequest(method, ts.Getenv("AWS_ENDPOINT_URL_S3")+args[1], body)
	ts.Check(err)
	if args[0] == "put" {
		file, err := os.Open(ts.MkAbs(args[2]))
		ts.Check(err)
		defer file.Close()
		req, err = http.NewRequest(http.MethodPut, req.URL.String(), file)
		ts.Check(err)
	}
	answer, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		ts.Fatalf("s3: %s", answer.Status)
	}
	if args[0] == "get" {
		text, err := io.ReadAll(answer.Body)
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(args[2]), text, 0o644))
	}
}
