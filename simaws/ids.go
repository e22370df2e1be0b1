package simaws

import (
	"hash/fnv"
	"math/rand/v2"
)

const (
	letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	hex     = "0123456789abcdef"
	digits  = "0123456789"
	base32  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	base64s = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
)

// draw returns the n-th string of its kind: it depends on the seed, kind and n alone.
func draw(seed uint64, kind string, n int, alphabet string, length int) string {
	h := fnv.New64a()
	h.Write([]byte(kind)) // never fails
	r := rand.New(rand.NewPCG(seed^h.Sum64(), uint64(n)))
	text := make([]byte, length)
	for i := range text {
		text[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(text)
}

// mint returns a new id: prefix and length characters that no entity has.
func (w *world) mint(prefix, alphabet string, length int) string {
	for {
		w.count.Minted++
		id := prefix + draw(w.seed, prefix, w.count.Minted, alphabet, length)
		if !w.taken(id) {
			return id
		}
	}
}

func (w *world) taken(id string) bool {
	return w.units[id] != nil || w.policies[id] != nil || w.creations[id] != nil || w.handshakes[id] != nil
}

// allocate returns the id of the account to be created with an e-mail: the one
// that was asked for, else a new one.
func (w *world) allocate(email string) string {
	if id := w.wanted[foldEmail(email)]; id != "" && w.accounts[id] == nil && !w.expected[id] {
		return id
	}
	for {
		w.count.Minted++
		id := draw(w.seed, "account", w.count.Minted, digits, 12)
		if w.accounts[id] == nil && !w.expected[id] && !w.reserved[id] {
			return id
		}
	}
}

// requestID is the id of the n-th request, in the form of a UUID.
func requestID(seed uint64, n int) string {
	h := draw(seed, "request", n, hex, 32)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:]
}

// arn names an entity of the organization: kind "account" and its id.
func (w *world) arn(kind, id string) string {
	return "arn:aws:organizations::" + w.management + ":" + kind + "/" + w.org.ID + "/" + id
}
