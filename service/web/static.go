package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// htmx.js is htmx.org 2.0.11 and sse.js htmx-ext-sse 2.2.4 as npm has them (0BSD);
// the rest is ours.
//
//go:embed static
var staticFiles embed.FS

// assetKinds are what browsers are told the files are, whatever the machine's own
// table of types says.
var assetKinds = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

// asset is a file that every page may use: the same for everybody.
type asset struct {
	kind          string
	plain, packed []byte
}

// assets are the embedded files by the address they are served at, which holds
// a digest of what is in them: an address never changes its content.
type assets struct {
	at   map[string]asset
	name map[string]string // file → address
}

func newAssets() (assets, error) {
	a := assets{at: map[string]asset{}, name: map[string]string{}}
	entries, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		return a, fmt.Errorf("read the embedded files: %w", err)
	}
	for _, e := range entries {
		text, err := staticFiles.ReadFile("static/" + e.Name())
		if err != nil {
			return a, fmt.Errorf("read the embedded file %s: %w", e.Name(), err)
		}
		var packed bytes.Buffer
		z, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		if _, err := z.Write(text); err != nil {
			return a, err
		}
		if err := z.Close(); err != nil {
			return a, err
		}
		sum := sha256.Sum256(text)
		ext := path.Ext(e.Name())
		at := "/static/" + strings.TrimSuffix(e.Name(), ext) + "-" + hex.EncodeToString(sum[:6]) + ext
		a.at[at] = asset{assetKinds[ext], text, packed.Bytes()}
		a.name[e.Name()] = at
	}
	return a, nil
}

// static serves an embedded file.
func (s *Server) static(v *visit) error {
	file, known := s.assets.at[v.URL.Path]
	if !known {
		return errNotHere
	}
	h := v.Header()
	h.Set("Content-Type", file.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	body := file.plain
	if strings.Contains(v.Request.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = file.packed
	}
	if v.Method == http.MethodHead {
		return nil
	}
	_, err := v.w.Write(body)
	return err
}
