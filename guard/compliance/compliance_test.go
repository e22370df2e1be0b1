package compliance

import (
	"regexp"
	"slices"
	"testing"
)

// TestTablesHoldTogether checks what the data files promise: how many controls
// each catalogue has, that a check touches only controls that there are, and that
// nothing is there twice.
func TestTablesHoldTogether(t *testing.T) {
	if len(Checks()) != 112 {
		t.Errorf("the table has %d checks, want 112", len(Checks()))
	}
	sizes := map[string][]int{"SOC 2": {61}, "HIPAA": {43}, "FedRAMP": {323, 46}, "CIS": {63}, "CIS v3": {62}, "CIS v6": {63}}
	// What the mapping covers, counted when it was made: checks with a confirmed
	// mapping, and different controls that these confirm.
	confirmed := map[string][2]int{"SOC 2": {35, 19}, "HIPAA": {61, 32}, "FedRAMP": {78, 102}}
	ids := map[string]bool{}
	for _, c := range Checks() {
		if ids[c.ID] {
			t.Errorf("check %s is there twice", c.ID)
		}
		ids[c.ID] = true
		if !slices.Contains(Severities, c.Severity) || c.Scope != "global" && c.Scope != "regional" || c.Title == "" {
			t.Errorf("check %s: severity %q, scope %q, title %q", c.ID, c.Severity, c.Scope, c.Title)
		}
	}
	for edition, want := range sizes {
		name, version := edition, ""
		if i := slices.Index([]string{"CIS v3", "CIS v6"}, edition); i >= 0 {
			name, version = "CIS", edition[4:]
		}
		f, err := Of(name, version)
		if err != nil {
			t.Fatal(err)
		}
		known := map[string]bool{}
		for i, c := range f.Catalogues {
			if len(c.Controls) != want[i] {
				t.Errorf("%s has %d controls, want %d", c.Name, len(c.Controls), want[i])
			}
			for _, control := range c.Controls {
				if known[control.ID] {
					t.Errorf("%s: %s is there twice", edition, control.ID)
				}
				known[control.ID] = true
				if control.Title == "" || control.Group == "" {
					t.Errorf("%s: %s has title %q, group %q", edition, control.ID, control.Title, control.Group)
				}
			}
		}
		firm, firmControls := 0, map[string]bool{}
		for _, c := range Checks() {
			touched, is := map[string]bool{}, false
			for _, m := range f.Touches(c) {
				if !known[m.Control] {
					t.Errorf("%s touches %s, which %s does not have", c.ID, m.Control, edition)
				}
				if touched[m.Control] {
					t.Errorf("%s touches %s of %s twice", c.ID, m.Control, edition)
				}
				touched[m.Control] = true
				if m.Sources == "" {
					t.Errorf("%s touches %s of %s, and nobody says so", c.ID, m.Control, edition)
				}
				if m.Confirmed {
					is = true
					firmControls[m.Control] = true
				}
			}
			if is {
				firm++
			}
		}
		if n, is := confirmed[edition]; is && n != [2]int{firm, len(firmControls)} {
			t.Errorf("%s: %d checks confirm %d controls, want %v", edition, firm, len(firmControls), n)
		}
	}
}

// TestChecksNameNoFramework checks that what every customer reads of a check names
// no framework and no control of one.
func TestChecksNameNoFramework(t *testing.T) {
	names := regexp.MustCompile(`(?i)\bCIS\b|SOC ?2|HIPAA|FedRAMP|NIST|AICPA|800-53|KSI|CC\d\.\d|164\.\d|\b[a-z]{2}-\d`)
	for _, c := range Checks() {
		if found := names.FindString(c.ID + " " + c.Title); found != "" {
			t.Errorf("%s %q names %q", c.ID, c.Title, found)
		}
	}
}

func TestNamed(t *testing.T) {
	for name, want := range map[string][]string{
		"s3.versioning":                    {"s3.versioning"},
		"iam_no_root_access_key":           {"iam.root_no_access_key"}, // Prowler
		"IAM_ROOT_ACCESS_KEY_CHECK":        {"iam.root_no_access_key"}, // Config
		"IAM.4":                            {"iam.root_no_access_key"}, // Security Hub
		"IAM.7":                            {"iam.password_min_length", "iam.password_complexity"},
		"no_such_check":                    nil,
		"":                                 nil,
		"MULTI_REGION_CLOUD_TRAIL_ENABLED": {"cloudtrail.multi_region"},
	} {
		var got []string
		for _, c := range Named(name) {
			got = append(got, c.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q is of %v, want %v", name, got, want)
		}
	}
}

func TestOf(t *testing.T) {
	for _, c := range [][2]string{{"ISO 27001", ""}, {"CIS", "v4"}, {"SOC 2", "v5"}, {"", ""}, {"soc 2", ""}} {
		if _, err := Of(c[0], c[1]); err == nil {
			t.Errorf("framework %q in edition %q is there", c[0], c[1])
		}
	}
	if f, err := Of("CIS", ""); err != nil || f.Edition != "v5" {
		t.Errorf("CIS is %q by default, %v", f.Edition, err)
	}
}
