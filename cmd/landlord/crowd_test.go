package main

import (
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
)

// stranger is a connection from an address.
type stranger struct {
	net.Conn
	addr net.Addr
}

func (c stranger) RemoteAddr() net.Addr { return c.addr }

// TestConnections: one network has its share of them, told once, and gives room for
// another when one ends; others go on meanwhile. This machine and a proxy that is
// believed have no share, and when there are as many as there may be all wait.
func TestConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		said := &strings.Builder{}
		p := pipes{make(chan net.Conn), make(chan struct{})}
		l := bounded(p, 30, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, slog.New(slog.NewTextHandler(said, nil)))
		server := newServer(t.Context(), http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), log.New(t.Output(), "", 0))
		go func() {
			if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				t.Error(err)
			}
		}()
		t.Cleanup(func() { server.Close(); synctest.Wait() })
		var open []net.Conn
		defer func() {
			for _, c := range open {
				c.Close()
			}
		}()
		// come is a connection from an address that asks, and whether it is answered: it
		// stays open then.
		come := func(address string) (net.Conn, bool) {
			ours, theirs := net.Pipe()
			select {
			case p.come <- stranger{theirs, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address))}:
			default:
				synctest.Wait()
				select {
				case p.come <- stranger{theirs, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address))}:
				default:
					return nil, false // nobody takes it
				}
			}
			if _, err := io.WriteString(ours, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
				return nil, false
			}
			b := make([]byte, 12)
			if _, err := io.ReadFull(ours, b); err != nil || string(b) != "HTTP/1.1 200" {
				return nil, false
			}
			go io.Copy(io.Discard, ours)
			open = append(open, ours)
			return ours, true
		}
		want := func(address string, want bool) net.Conn {
			t.Helper()
			c, got := come(address)
			if got != want {
				t.Errorf("a connection from %s is taken: %v", address, got)
			}
			return c
		}
		first := want("203.0.113.9:1", true)
		want("203.0.113.9:2", true)
		want("203.0.113.9:3", true)
		want("203.0.113.9:4", false)
		want("203.0.113.9:5", false)
		want("203.0.113.8:1", true)
		for i := range 4 {
			want(fmt.Sprintf("[2001:db8::%x]:1", i), i < 3)
		}
		want("[2001:db8:0:1::1]:1", true)
		if n := strings.Count(said.String(), "network=203.0.113.9"); n != 1 || strings.Count(said.String(), "\n") != 1 {
			t.Errorf("the log says %s", said)
		}
		first.Close()
		synctest.Wait()
		want("203.0.113.9:6", true)
		for i := range 11 {
			want(fmt.Sprintf("127.0.0.1:%d", i+1), true)
			want(fmt.Sprintf("10.0.0.1:%d", i+1), true)
		}
		want("198.51.100.7:1", false) // all are taken
	})
}
