package compliance

import (
	"regexp"
	"strings"
)

// enhanced are the ids of SP 800-53's controls as OSCAL writes them: ac-2.1.
var enhanced = regexp.MustCompile(`^([a-z]{2})-([0-9]+)(?:\.([0-9]+))?$`)

// Label is a control's id as its catalogue prints it and people write it: AC-2(1) for
// ac-2.1.
//
// Source: NIST SP 800-53 revision 5, section 2.2.
func Label(control string) string {
	m := enhanced.FindStringSubmatch(control)
	switch {
	case m == nil:
		return control
	case m[3] == "":
		return strings.ToUpper(m[1]) + "-" + m[2]
	}
	return strings.ToUpper(m[1]) + "-" + m[2] + "(" + m[3] + ")"
}

// Labels are the ids of controls as people write them.
func Labels(controls []string) []string {
	all := make([]string, len(controls))
	for i, id := range controls {
		all[i] = Label(id)
	}
	return all
}
