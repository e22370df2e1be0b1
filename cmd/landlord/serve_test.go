package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/jackc/pgx/v5"

	"landlord/service/postgres"
)

// letters is a mail server that hands on what it takes.
type letters chan string

func (l letters) NewSession(*smtp.Conn) (smtp.Session, error) { return visitor{l}, nil }

type visitor struct{ l letters }

func (visitor) Reset()                               {}
func (visitor) Logout() error                        { return nil }
func (visitor) Mail(string, *smtp.MailOptions) error { return nil }
func (visitor) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (v visitor) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	v.l <- string(text)
	return err
}

// certificate writes a certificate for 127.0.0.1 and its key into a folder.
func certificate(t *testing.T, dir string) (cert, key string, roots *x509.CertPool) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, secret.Public(), secret)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return cert, key, roots
}

// TestServe: what a replica answers to whom, over TLS; that mail goes out, traces do,
// and what it refuses to serve.
func TestServe(t *testing.T) {
	t.Parallel()
	f := newFleet(t, nil)
	mail := letters(make(chan string, 1))
	post := smtp.NewServer(mail)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go post.Serve(listener)
	t.Cleanup(func() { post.Close() })
	traced := make(chan string, 1)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case traced <- r.URL.Path:
		default:
		}
	}))
	t.Cleanup(collector.Close)
	dir := t.TempDir()
	cert, key, roots := certificate(t, dir)
	plain := f.env
	f.env = append(f.env, "OTEL_EXPORTER_OTLP_ENDPOINT="+collector.URL, "OTEL_BSP_SCHEDULE_DELAY=50")
	r := f.serve("--tls-cert", cert, "--tls-key", key, "--smtp", "smtp://"+listener.Addr().String(), "--mail-from", "house@landlord.example", "--audit-key", filepath.Join(dir, "audit.key"))
	r.base.Scheme = "https"
	browser := &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for _, c := range []struct {
		path   string
		status int
		has    string
	}{
		{"/healthz", 200, "ok"},
		{"/readyz", 200, "ready"},
		{"/metrics", 200, "landlord_http_requests_total"},
		{"/openapi.json", 200, `"openapi":"3.1`},
		{"/api/v1/me", 401, `"status":401`},
		{"/api/v1/nothing", 401, `"status":401`},
		{"/customers", 303, ""},
		{"/signin", 200, "Sign in"},
	} {
		answer, err := browser.Get(r.base.JoinPath(c.path).String())
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != c.status || !strings.Contains(string(text), c.has) || answer.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s answers %s, policy %q\n%.300s", c.path, answer.Status, answer.Header.Get("Content-Security-Policy"), text)
		}
	}
	<-traced // somebody was told

	form := strings.NewReader(url.Values{"email": {"ada@example.com"}}.Encode())
	asked, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.base.JoinPath("signin").String(), form)
	if err != nil {
		t.Fatal(err)
	}
	asked.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	asked.Header.Set("Origin", r.base.String())
	answer, err := browser.Do(asked)
	if err != nil || answer.StatusCode != http.StatusSeeOther {
		t.Fatalf("asking for a link answers %v, %v", answer, err)
	}
	answer.Body.Close()
	text := strings.ReplaceAll(strings.ReplaceAll(<-mail, "=\r\n", ""), "=3D", "=")
	if link := regexp.MustCompile(`https://\S+/signin/\S+`).FindString(text); link == "" || !strings.Contains(text, "To: <ada@example.com>") {
		t.Errorf("the letter is\n%s", text)
	}

	// Without the operator's login only the portal is served.
	f.env = plain
	admin := func(sql string) {
		t.Helper()
		conn, err := pgx.Connect(t.Context(), f.database.URL(postgres.Superuser, databaseName))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	admin(`ALTER ROLE landlord_operator NOLOGIN`)
	portal := f.serve("--portal-only")
	for path, status := range map[string]int{"/readyz": 200, "/signin": 200, "/api/v1/runs": 401} {
		answer, err := browser.Get(portal.base.JoinPath(path).String())
		if err != nil || answer.StatusCode != status {
			t.Errorf("the portal alone answers %s with %v, %v, want %d", path, answer, err, status)
			continue
		}
		answer.Body.Close()
	}
	refused := func(why string, flags ...string) {
		t.Helper()
		c := exec.Command("landlord", append([]string{"serve", "--listen", "127.0.0.1:0"}, flags...)...)
		c.Env = f.env
		if out, err := c.CombinedOutput(); err == nil || !strings.Contains(string(out), why) {
			t.Errorf("serve %v says (%v)\n%s\nwant %q", flags, err, out, why)
		}
	}
	refused("as the operator")
	admin(`ALTER ROLE landlord_operator LOGIN; ALTER TABLE contact NO FORCE ROW LEVEL SECURITY`)
	refused("contact")
	refused("go together", "--tls-cert", cert)
	refused("want 1 or more", "--connections", "0")
	refused("want a network", "--trust-proxy", "everybody")
}
