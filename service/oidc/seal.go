package oidc

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// keySize is that of AES-256.
const keySize = 32

// Key seals what is kept where others can read it: clients' secrets in the
// database, and what browsers keep between going to a provider and coming back.
// It is never in the database itself. The zero Key seals nothing.
type Key [keySize]byte

// ParseKey reads a key as `openssl rand -base64 32` prints it.
func ParseKey(text string) (k Key, err error) {
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(b) != keySize {
		return Key{}, errors.New("want 32 bytes in base64, as `openssl rand -base64 32` prints them")
	}
	copy(k[:], b)
	return k, nil
}

// derived is a key of its own for each purpose.
func (k Key) derived(purpose string) []byte {
	b, err := hkdf.Key(sha256.New, k[:], nil, "landlord oidc "+purpose, keySize)
	if err != nil {
		panic(err) // the sizes are constant
	}
	return b
}

func (k Key) cipher(purpose string) cipher.AEAD {
	block, err := aes.NewCipher(k.derived(purpose))
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return aead
}

// Seal seals a text for a purpose and for whom it is about: it opens for both
// alone.
func (k Key) Seal(text []byte, purpose, about string) []byte {
	return k.cipher(purpose).Seal(nil, nil, text, []byte(about))
}

// Open opens what Seal sealed.
func (k Key) Open(sealed []byte, purpose, about string) ([]byte, error) {
	text, err := k.cipher(purpose).Open(nil, nil, sealed, []byte(about))
	if err != nil {
		return nil, fmt.Errorf("open the sealed %s: it was sealed with another key, or changed", purpose)
	}
	return text, nil
}

// Purposes of seals.
const (
	ForSecret = "secret"
	ForFlow   = "flow"
	ForLeave  = "leave"
)

// doorSize is how many bytes of a door's mark are shown: nobody tries 2⁸⁰.
const doorSize = 10

// Door is the end of the address where a customer's people sign in: the
// customer's key and a mark that only who has k makes. So whether a customer is
// here, and has a provider, is told to nobody who guesses keys.
func (k Key) Door(customer string) string {
	m := hmac.New(sha256.New, k.derived("door"))
	m.Write([]byte(customer))
	mark := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(m.Sum(nil)[:doorSize])
	return customer + "." + strings.ToLower(mark)
}

// Behind is the customer whose door it is.
func (k Key) Behind(door string) (customer string, is bool) {
	customer, _, _ = strings.Cut(door, ".")
	return customer, customer != "" && hmac.Equal([]byte(door), []byte(k.Door(customer)))
}
