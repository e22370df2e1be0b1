package pace

import "net/netip"

// Network is what is counted as one source of requests: an IPv4 address, or the /64
// that an IPv6 host has to itself. What is no address is itself.
func Network(source string) string {
	at, err := netip.ParseAddr(source)
	if err != nil {
		return source
	}
	if at = at.Unmap(); at.Is6() {
		if p, err := at.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return at.String()
}
