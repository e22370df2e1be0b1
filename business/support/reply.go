package support

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"regexp"
	"strings"
)

// ReplyKey makes the addresses that answers to a ticket go to, and knows its own.
// Whoever does not have the key makes none.
type ReplyKey []byte

// token is how much of the authentication code is in an address: 80 bits, which nobody
// guesses by sending mail.
const tokenLength = 10

var lower = base32.StdEncoding.WithPadding(base32.NoPadding)

func (k ReplyKey) code(ticket string) string {
	h := hmac.New(sha256.New, k)
	h.Write([]byte("landlord ticket " + ticket))
	return strings.ToLower(lower.EncodeToString(h.Sum(nil)[:tokenLength]))
}

// Address is the address of a ticket at the address of support:
// support+TICKET.CODE@example.com.
func (k ReplyKey) Address(support, ticket string) string {
	local, domain, _ := strings.Cut(support, "@")
	return local + "+" + ticket + "." + k.code(ticket) + "@" + domain
}

var aTicket = regexp.MustCompile(`^([a-z2-7]{10})\.([a-z2-7]{16})$`)

// Ticket is the ticket whose address it is; false if it is none that this key made.
// Mail servers write addresses in any case.
func (k ReplyKey) Ticket(support, address string) (string, bool) {
	local, domain, ok := strings.Cut(strings.ToLower(address), "@")
	base, at, _ := strings.Cut(strings.ToLower(support), "@")
	rest, tagged := strings.CutPrefix(local, base+"+")
	parts := aTicket.FindStringSubmatch(rest)
	if !ok || !tagged || domain != at || parts == nil || len(k) == 0 {
		return "", false
	}
	return parts[1], hmac.Equal([]byte(parts[2]), []byte(k.code(parts[1])))
}
