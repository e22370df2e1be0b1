package portfolio

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"landlord/internal/limits"
)

// placeholder stands for the customer's key in the pattern of root addresses.
const placeholder = "{customer}"

// hashed is the length of what ends a cut key: a dot, which no key holds, and
// 8 hex digits of the whole key's SHA-256.
const hashed = 1 + 8

// AccountEmail returns the root address that pattern gives the account of key:
// at most 64 characters if pattern leaves room for 10. A key that does not fit
// is cut and ends in a dot and a hash of the whole, so that no two keys share
// an address, but for a collision of both the cut and 32 bits, which Parse
// refuses.
func AccountEmail(pattern, key string) string {
	room := max(limits.EmailLength-(len(pattern)-len(placeholder)), hashed+1)
	if len(key) > room {
		sum := sha256.Sum256([]byte(key))
		key = key[:room-hashed] + "." + hex.EncodeToString(sum[:4])
	}
	return strings.Replace(pattern, placeholder, key, 1)
}

// AccountName returns the name of a customer's account: name in printable
// ASCII, without accents and without what has no ASCII form, single spaces, at
// most 50 characters and cut between words where there are two. Where no
// letter and no digit is left it is key. < and > are left out: CreateAccount
// takes them, PutAccountName does not.
//
// Source: Organizations API reference, CreateAccount; Account Management API
// reference, PutAccountName.
func AccountName(name, key string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(name) {
		switch {
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case r > ' ' && r <= '~' && r != '<' && r != '>':
			b.WriteRune(r)
		}
	}
	short := strings.Join(strings.Fields(b.String()), " ")
	if len(short) > limits.AccountNameLength {
		cut := strings.LastIndexByte(short[:limits.AccountNameLength+1], ' ')
		if cut < 0 {
			cut = limits.AccountNameLength
		}
		short = short[:cut]
	}
	if !strings.ContainsFunc(short, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
		return key
	}
	return short
}

// WithKey is an account's name with its customer's key: "Twin Inc (north)", at
// most 50 characters.
func WithKey(name, key string) string {
	suffix := " (" + key + ")"
	return strings.TrimRight(name[:min(len(name), limits.AccountNameLength-len(suffix))], " ") + suffix
}

// distinguish gives accounts that would be called the same their customers' keys
// too. An account's name is how a creation under way is found again. Where a
// name with its key is another's name, that one gets its key as well.
func distinguish(customers []Customer) {
	keyed := make([]bool, len(customers))
	for again := true; again; {
		again = false
		called := make(map[string]int, len(customers))
		for _, c := range customers {
			called[c.AccountName]++
		}
		for i := range customers {
			if c := &customers[i]; called[c.AccountName] > 1 && !keyed[i] {
				c.AccountName = WithKey(c.AccountName, c.Key)
				keyed[i], again = true, true
			}
		}
	}
}

// addressFault tells what AWS does not take in an account's root address, ""
// if it takes it.
//
// Source: Organizations API reference, CreateAccount, Email.
func addressFault(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	switch {
	case len(address) < limits.EmailLeast || len(address) > limits.EmailLength:
		return "an address has 6 to 64 characters"
	case strings.ContainsFunc(address, func(r rune) bool { return r > unicode.MaxASCII || unicode.IsControl(r) }):
		return "an address is ASCII only"
	case strings.Count(address, "@") != 1:
		return "an address has one @"
	case local == "" || strings.HasPrefix(local, "."):
		return "what stands before the @ is not empty and does not begin with a dot"
	case strings.ContainsAny(local, " \t\"'()<>[]:;,\\|%&"):
		return "before the @ no space and none of \" ' ( ) < > [ ] : ; , \\ | % & are allowed"
	case !domainOK(domain):
		return "after the @ comes a domain such as example.com"
	}
	return ""
}

// domainOK tells whether s is a domain of at least two labels.
func domainOK(s string) bool {
	labels := strings.Split(s, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range label {
			if r != '-' && !(r >= '0' && r <= '9') && !(r >= 'a' && r <= 'z') && !(r >= 'A' && r <= 'Z') {
				return false
			}
		}
	}
	return len(labels) > 1 && len(s) <= 253
}
