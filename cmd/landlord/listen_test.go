package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener without a network, so that a bubble's time is all there is.
type pipes struct {
	come   chan net.Conn
	closed chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.come:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { close(p.closed); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	p.come <- theirs
	return ours, nil
}

// served has h served in the test's bubble, by TLS and HTTP/2 if there is a
// certificate.
func served(t *testing.T, h http.HandlerFunc, certificates ...tls.Certificate) pipes {
	p := pipes{make(chan net.Conn), make(chan struct{})}
	server := newServer(t.Context(), h, log.New(t.Output(), "", 0))
	var l net.Listener = p
	if len(certificates) > 0 {
		l = tls.NewListener(p, &tls.Config{Certificates: certificates, NextProtos: []string{"h2"}})
	}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { server.Close(); synctest.Wait() })
	return p
}

// cut is how long it takes until a connection that sends a first part, and then a
// byte now and then, is cut off, and what it was answered.
func cut(t *testing.T, p pipes, first string, every time.Duration) (after time.Duration, answer string) {
	c, err := p.dial(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for _, err := io.WriteString(c, first); err == nil; _, err = c.Write([]byte("a")) {
			time.Sleep(every)
		}
	}()
	b, _ := io.ReadAll(c) // cut off is what is wanted
	after = time.Since(began)
	c.Close()
	<-sent
	return after, string(b)
}

// TestSlowSenders: who sends a request byte by byte, or nothing more, is cut off within
// seconds, unless it may be a portfolio, and who sends a head that is too large is told.
func TestSlowSenders(t *testing.T) {
	for name, c := range map[string]struct {
		first string
		every time.Duration
		after time.Duration
		says  string
	}{
		"a head without end":             {"GET / HTTP/1.1\r\nHost: a\r\nX: ", 3 * time.Second, headerPatience, ""},
		"a body without end":             {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", 3 * time.Second, bodyPatience, "400 Bad Request"},
		"a body that does not come":      {"POST /signin HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n", time.Hour, bodyPatience, "400 Bad Request"},
		"a body that nobody reads":       {"GET /overview HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n", time.Hour, bodyPatience, ""},
		"a portfolio without end":        {"PUT /api/v1/portfolio HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", 3 * time.Second, largePatience, "400 Bad Request"},
		"a portfolio that does not come": {"POST /portfolio HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", time.Hour, bodyPatience, "400 Bad Request"},
		"a portfolio that stops":         {"POST /portfolio HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n", time.Hour, bodyPatience, "400 Bad Request"},
		"nothing":                        {"", time.Hour, headerPatience, ""},
		"nothing more":                   {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", time.Hour, idlePatience, "200 OK"},
		"a head that is large":           {"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("a", 2*largestHead) + "\r\n\r\n", time.Hour, 500 * time.Millisecond, "431 Request Header Fields Too Large"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := served(t, func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodGet {
						return
					}
					if _, err := io.Copy(io.Discard, r.Body); err != nil {
						http.Error(w, err.Error(), http.StatusBadRequest)
					}
				})
				if after, said := cut(t, p, c.first, c.every); after > c.after+time.Second || after < c.after-time.Second || !strings.Contains(said, c.says) {
					t.Errorf("cut off after %v with %.100q, want %q at %v", after, said, c.says, c.after)
				}
			})
		})
	}
}

// TestSlowReader: who does not take an answer is cut off.
func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan time.Duration)
		p := served(t, func(w http.ResponseWriter, _ *http.Request) {
			began := time.Now()
			_, err := w.Write(make([]byte, 1<<20))
			if err == nil {
				t.Error("a megabyte is written to nobody")
			}
			ended <- time.Since(began)
		})
		c, err := p.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if after := <-ended; after != answerPatience {
			t.Errorf("cut off after %v", after)
		}
	})
}

// TestSlowAnswer: an answer that takes minutes to make arrives, and so does each event
// of a stream that is silent for longer than anything may take, in HTTP/1.1 and HTTP/2.
func TestSlowAnswer(t *testing.T) {
	dir := t.TempDir()
	cert, key, _ := certificate(t, dir)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	const silence, events = 5 * time.Minute, 4
	for name, certificates := range map[string][]tls.Certificate{"HTTP/1.1": nil, "HTTP/2": {pair}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := served(t, func(w http.ResponseWriter, r *http.Request) {
					if _, err := io.Copy(io.Discard, r.Body); err != nil {
						t.Errorf("the request is cut off: %v", err)
					}
					time.Sleep(silence)
					if r.Context().Err() != nil {
						t.Error("the request ended while it was answered")
					}
					w.Header().Set("Content-Type", "text/event-stream")
					for n := range events {
						// As huma does it.
						_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(5 * time.Second))
						fmt.Fprintf(w, "data: %d\n\n", n)
						if err := http.NewResponseController(w).Flush(); err != nil {
							t.Error(err)
						}
						time.Sleep(silence)
					}
				}, certificates...)
				client := &http.Client{Transport: &http.Transport{DialContext: p.dial, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}}
				defer client.CloseIdleConnections()
				scheme := map[bool]string{true: "http", false: "https"}[certificates == nil]
				w, err := client.Post(scheme+"://house.example/", "text/plain", bytes.NewReader(make([]byte, 1000)))
				if err != nil {
					t.Fatal(err)
				}
				defer w.Body.Close()
				if w.Proto[:6] != name[:6] {
					t.Errorf("was answered in %s", w.Proto)
				}
				got := 0
				for lines := bufio.NewScanner(w.Body); lines.Scan(); {
					if strings.HasPrefix(lines.Text(), "data: ") {
						got++
					}
				}
				if got != events {
					t.Errorf("%d events of %d arrived", got, events)
				}
			})
		})
	}
}
