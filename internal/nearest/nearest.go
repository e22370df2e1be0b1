// Package nearest finds the known word that somebody probably meant.
package nearest

import "strings"

// longest is the most bytes of a word that is compared.
const longest = 64

// Of returns the known word that is most like s, whatever its case; "" if none
// is like it: a third of its letters may differ, three at most, unless s is the
// only one's beginning.
func Of(s string, known []string) string {
	best, least := "", min(3, len(s)/3+1)+1
	if len(s) > longest {
		return ""
	}
	s = strings.ToLower(s)
	for _, k := range known {
		if d := len(k) - len(s); d >= least || -d >= least {
			continue
		}
		if d := distance(s, k); d < least {
			best, least = k, d
		}
	}
	if best == "" && len(s) >= 3 {
		for _, k := range known {
			if strings.HasPrefix(k, s) {
				if best != "" {
					return ""
				}
				best = k
			}
		}
	}
	return best
}

// distance is how many characters to put in, take out or change make a of b,
// or to swap with their neighbour.
func distance(a, b string) int {
	before, last, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		next[0] = i + 1
		for j := range len(b) {
			change := 1
			if a[i] == b[j] {
				change = 0
			}
			next[j+1] = min(last[j+1]+1, next[j]+1, last[j]+change)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, last, next = last, next, before
	}
	return last[len(b)]
}
