package org

import "testing"

// TestPath: of a unit from below the root down, of the root itself, and of a unit
// that is below nothing known.
func TestPath(t *testing.T) {
	units := map[string]Unit{
		"ou-1": {ID: "ou-1", Name: "Customers", Parent: "r-1"},
		"ou-2": {ID: "ou-2", Name: "Fintech", Parent: "ou-1"},
		"ou-3": {ID: "ou-3", Name: "Lost", Parent: "ou-9"},
	}
	for id, want := range map[string]string{"ou-2": "Customers/Fintech", "ou-1": "Customers", "r-1": "", "ou-3": "ou-9", "ou-9": "ou-9"} {
		if got := Path(units, "r-1", id); got != want {
			t.Errorf("unit %s stands at %q, want %q", id, got, want)
		}
	}
}
