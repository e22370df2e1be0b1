package nearest

import "testing"

func TestOf(t *testing.T) {
	known := []string{"fintech", "healthcare", "government-federal", "standard", "detailed-exitcode", "dir"}
	for typed, want := range map[string]string{
		"fintec": "fintech", "FINTECH": "fintech", "fnitech": "fintech", "helthcare": "healthcare", "standart": "standard",
		"detailed-exit": "detailed-exitcode", "dri": "dir", "x": "", "": "", "completely-different": "",
	} {
		if got := Of(typed, known); got != want {
			t.Errorf("Of(%q) = %q, want %q", typed, got, want)
		}
	}
}
