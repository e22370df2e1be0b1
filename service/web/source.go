package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
)

// Source is the network address that r came from: the connection's, or what a
// proxy that is believed says. What is no address is nobody's.
func (s *Server) Source(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if !s.believed(host) {
		s.undeclared.meet(s, host, r.Header)
		return host
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.believed(host); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if with, is := netip.ParseAddrPort(strings.TrimSpace(hops[i])); is == nil { // some proxies name the port
			hop, err = with.Addr(), nil
		}
		if err != nil {
			break
		}
		host = hop.WithZone("").String()
	}
	return host
}

func (s *Server) believed(host string) bool {
	at, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, p := range s.Proxies {
		if p.Contains(at.Unmap()) {
			return true
		}
	}
	return false
}

// forwarded are the headers by which proxies say for whom they ask.
var forwarded = []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip"}

// strangers tells, once, that a proxy which is not believed seems to stand before the
// house. Strangers can send those headers too, from addresses of the internet: what
// they use up is not what a proxy of one's own network is told by.
type strangers struct{ near, far sync.Once }

func (p *strangers) meet(s *Server, host string, h http.Header) {
	said := ""
	for _, name := range forwarded {
		if h.Get(name) != "" {
			said = name
			break
		}
	}
	at, err := netip.ParseAddr(host)
	if said == "" || err != nil {
		return
	}
	once := &p.far
	if at = at.Unmap().WithZone(""); at.IsLoopback() || at.IsPrivate() || at.IsLinkLocalUnicast() {
		once = &p.near
	}
	once.Do(func() {
		s.log.Warn("requests come through a proxy that is not believed: all who come by it share one rate, and the audit log has its address. If it is yours, start with --trust-proxy "+at.String(),
			"proxy", at.String(), "header", said)
	})
}
