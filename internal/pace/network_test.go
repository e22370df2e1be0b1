package pace

import "testing"

// TestNetwork: who has a network of IPv6 to itself is one source.
func TestNetwork(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"2001:db8::7", "2001:db8:0:0:ffff::8", true},
		{"2001:db8::7", "2001:db8:0:1::7", false},
		{"fe80::1%eth0", "fe80::1%eth1", true},
		{"nobody", "nobody", true},
	} {
		if a, b := Network(c.a), Network(c.b); (a == b) != c.same {
			t.Errorf("%s is %s, and %s is %s", c.a, a, c.b, b)
		}
	}
}
