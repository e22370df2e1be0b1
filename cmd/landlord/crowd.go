package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/net/netutil"

	"landlord/internal/pace"
)

// How many connections there are at once: more wait to be taken. One network has a
// tenth of them at most, so that nobody keeps the others out.
const (
	mostConnections = 10_000
	shareOfOne      = 10
	tellCrowd       = time.Minute // how often it is told that some are refused
)

// connectionsFlag adds the flag of how many there are.
func connectionsFlag(c *cobra.Command, most *int) {
	c.Flags().IntVar(most, "connections", mostConnections, "how many connections there are at once; one network (an IPv4 address, an IPv6 /64) has a tenth of them at most, other than this machine and proxies that are believed")
}

// checkConnections refuses what is no number of connections.
func checkConnections(most int) error {
	if most < 1 {
		return fmt.Errorf("--connections %d: want 1 or more", most)
	}
	return nil
}

// bounded is l with at most so many connections at once, and no more than its share
// of one network, but for those in free.
func bounded(l net.Listener, most int, free []netip.Prefix, log *slog.Logger) net.Listener {
	return &crowd{Listener: netutil.LimitListener(l, most), share: max(1, most/shareOfOne), free: free, log: log, of: map[string]int{}}
}

// crowd refuses connections of a network that has its share.
type crowd struct {
	net.Listener
	share int
	free  []netip.Prefix
	log   *slog.Logger

	mu   sync.Mutex
	of   map[string]int // connections by network
	told time.Time
}

// Accept takes the next connection of somebody who has room.
func (l *crowd) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		network, counts := l.network(c.RemoteAddr())
		if !counts {
			return c, nil
		}
		if l.enter(network) {
			return &guest{Conn: c, leave: sync.OnceFunc(func() { l.leave(network) })}, nil
		}
		c.Close()
	}
}

// network is what a connection from an address is counted as, if it is counted.
func (l *crowd) network(from net.Addr) (network string, counts bool) {
	at, err := netip.ParseAddrPort(from.String())
	if err != nil {
		return from.String(), true
	}
	host := at.Addr().Unmap()
	if host.IsLoopback() || slices.ContainsFunc(l.free, func(p netip.Prefix) bool { return p.Contains(host) }) {
		return "", false
	}
	return pace.Network(host.String()), true
}

func (l *crowd) enter(network string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of[network] < l.share {
		l.of[network]++
		return true
	}
	if now := time.Now(); now.Sub(l.told) >= tellCrowd {
		l.told = now
		l.log.Warn("connections are refused: one network has as many as one may. If it is a proxy of yours, name it with --trust-proxy", "network", network, "connections", l.share)
	}
	return false
}

func (l *crowd) leave(network string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of[network]--; l.of[network] == 0 {
		delete(l.of, network)
	}
}

// guest is a connection that is counted.
type guest struct {
	net.Conn
	leave func()
}

// Close ends it; its network has room for another.
func (g *guest) Close() error {
	defer g.leave()
	return g.Conn.Close()
}
