package paper

import "testing"

// TestWritable: no mark of a text stands upon what is beside it.
func TestWritable(t *testing.T) {
	for text, want := range map[string]string{"a\u0301": "á", "x\u0301": "x\ufffd", "\u200bz": "\ufffdz", "🦊": "\ufffd", "ü–√": "ü–√"} {
		if got := Writable(text); got != want {
			t.Errorf("%q is written as %q, want %q", text, got, want)
		}
	}
}
