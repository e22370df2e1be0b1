package report

import (
	_ "embed"
	"strings"
)

// reference.tsv holds every figure of the reference report: five customers, as
// it was written before there was anything to compute it with.
//
//	id       names the figure
//	what     it says
//	value    as the reference gives it; parts of one figure are divided by ";"
//	unit     of the value, or of each part
//	kind     input, assumption, derived; conflict where the reference contradicts itself
//	compare  how ours is compared if not at the value's own decimals: "to N", "at least"
//
//go:embed reference.tsv
var referenceTSV string

// Kinds of figures.
const (
	kindInput      = "input"
	kindAssumption = "assumption"
	kindDerived    = "derived"
	kindConflict   = "conflict"
)

// given is a figure of the reference report.
type given struct {
	ID, What, Value, Unit, Kind, Compare string
}

// references returns the figures of the reference report, in its order.
func references() []given {
	var all []given
	for i, line := range strings.Split(strings.TrimSuffix(referenceTSV, "\n"), "\n") {
		if cells := strings.Split(line, "\t"); i > 0 {
			all = append(all, given{cells[0], cells[1], cells[2], cells[3], cells[4], cells[5]})
		}
	}
	return all
}
