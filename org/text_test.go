package org_test

import (
	"regexp"
	"testing"
	"unicode/utf8"

	"landlord/org"
)

// FuzzTagText: every text comes back from a tag, and AWS takes what is written.
func FuzzTagText(f *testing.F) {
	for _, s := range []string{"ops@example.com", "o'brien+x=y@example.com", "größe@example.com", "a=41b", "\u2028", "="} {
		f.Add(s)
	}
	taken := regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		written := org.TagText(s)
		if !taken.MatchString(written) {
			t.Errorf("%q is written %q, which AWS refuses", s, written)
		}
		if got := org.FromTagText(written); got != s {
			t.Errorf("%q comes back as %q", s, got)
		}
	})
}
