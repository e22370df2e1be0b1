package org

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// plain tells whether a tag may hold a character and TagText leaves it as it is.
//
// Source: Organizations API reference, Tag: the pattern of values.
func plain(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || strings.ContainsRune("_.:/+-@ ", r)
}

// TagText writes a text so that a tag can hold it: each byte of what a tag may
// not hold, and of "=", becomes "=" and two hexadecimal digits.
func TagText(s string) string {
	var b strings.Builder
	for _, r := range s {
		if plain(r) {
			b.WriteRune(r)
			continue
		}
		for _, c := range []byte(string(r)) {
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	return b.String()
}

var escaped = regexp.MustCompile(`=[0-9A-F]{2}`)

// FromTagText returns the text that TagText wrote.
func FromTagText(s string) string {
	return escaped.ReplaceAllStringFunc(s, func(code string) string {
		c, _ := strconv.ParseUint(code[1:], 16, 8) // two hexadecimal digits
		return string([]byte{byte(c)})
	})
}

// TagTime writes a moment as a tag's value.
func TagTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// FromTagTime returns the moment that TagTime wrote, and whether s is one.
func FromTagTime(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil
}
