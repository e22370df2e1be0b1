package assess

import "testing"

// TestFilters is a table of patterns, as the documentation of CloudWatch Logs has
// them, and whether they match an event.
func TestFilters(t *testing.T) {
	e := event{"eventName": "CreateTrail", "sourceIPAddress": "203.0.113.7", "errorCode": "Client.UnauthorizedOperation", "readOnly": "false"}
	for pattern, want := range map[string]bool{
		`{ $.eventName = "CreateTrail" }`:                            true,
		`{$.eventName=CreateTrail}`:                                  true,
		`{$.eventName=createtrail}`:                                  false,
		`{$.eventName = Create*}`:                                    true,
		`{$.eventName = "*Trail"}`:                                   true,
		`{$.eventName = Create?rail}`:                                false,
		`{$.eventName != CreateTrail}`:                               false,
		`{$.sourceIPAddress != 198.51.100.*}`:                        true,
		`{$.sourceIPAddress = 203.0.*}`:                              true,
		`{$.errorMessage NOT EXISTS}`:                                true,
		`{$.errorCode EXISTS}`:                                       true,
		`{$.errorMessage = x}`:                                       false,
		`{$.errorMessage != x}`:                                      false,
		`{$.readOnly IS FALSE}`:                                      true,
		`{$.readOnly IS TRUE}`:                                       false,
		`{$.readOnly IS NULL}`:                                       false,
		`{$.eventName = %Create|Delete%}`:                            true,
		`{$.eventName = %^Delete%}`:                                  false,
		`{$.count > 3}`:                                              false,
		`{$.a = 1 || $.b = 2 && $.eventName = CreateTrail}`:          false,
		`{$.eventName = CreateTrail || $.a = 1 && $.b = 2}`:          true,
		`{($.eventName = CreateTrail || $.a = 1) && $.b = 2}`:        false,
		`{(($.eventName = CreateTrail)) && ($.errorCode = "*Un*")}`:  true,
		`{($.eventName=Other)||($.eventName=CreateTrail)}`:           true,
		"{\n\t$.eventName = CreateTrail &&\n\t$.errorCode EXISTS\n}": true,
	} {
		f, err := parseFilter(pattern)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
		} else if got := f(e); got != want {
			t.Errorf("%s: %v, want %v", pattern, got, want)
		}
	}
	for _, pattern := range []string{"", "ERROR", "[a, b]", "{}", "{$.a}", "{$.a = }", `{$.a = "x}`, "{$.a = %x}", "{$.a = %(%}", "{($.a = 1}", "{$.a = 1)}", "{$.a = 1} more", "{$.a = 1 || }", "{a = 1}"} {
		if _, err := parseFilter(pattern); err == nil {
			t.Errorf("%q is taken for a pattern", pattern)
		}
	}
}

// FuzzFilter: any text is read or refused.
func FuzzFilter(f *testing.F) {
	for _, p := range documented {
		f.Add(p)
	}
	f.Add("{((((((((")
	f.Fuzz(func(t *testing.T, pattern string) {
		if is, err := parseFilter(pattern); err == nil {
			is(usual)
		}
	})
}
