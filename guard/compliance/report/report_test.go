package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/defenseunicorns/go-oscal/src/pkg/validation"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"landlord/guard/compliance"
	"landlord/guard/compliance/scan"
)

// formats are all renderings.
var formats = map[string]func(*Report, io.Writer) error{
	"md": (*Report).Markdown, "pdf": (*Report).PDF, "html": (*Report).HTML, "json": (*Report).JSON, "oscal": (*Report).OSCAL, "poam": (*Report).POAM, "ocsf": (*Report).OCSF,
}

// customers are one of each tier; odd is part of their names, to be met nowhere else.
var customers = []struct {
	framework, edition string
	subject            Subject
}{
	{"SOC 2", "", Subject{"Example MSP", "acme", "ACME Finance Inc", "Fintech", "222233334444", []string{"us-east-1"}}},
	{"HIPAA", "", Subject{"Example MSP", "medicorp", "MediCorp Solutions Inc", "Healthcare", "333344445555", []string{"us-east-1"}}},
	{"FedRAMP", "", Subject{"Example MSP", "techgov", "TechGov Solutions Inc", "Government", "444455556666", []string{"us-east-1"}}},
	{"CIS", "", Subject{"Example MSP", "startup", "StartupCorp Inc", "Standard", "666677778888", []string{"us-east-1"}}},
	{"CIS", "v3", Subject{"Example MSP", "quantum", "Quantum Bank Corp", "Standard", "555566667777", []string{"us-east-1"}}},
}

// findings are what three scanners found of every check over some days.
func findings(r *rand.Rand, s Subject) (all []compliance.Finding) {
	start := time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC)
	for day := range 2 {
		for _, c := range compliance.Checks() {
			for i := range 1 + r.IntN(2) {
				f := compliance.Finding{
					Name: c.ID, Account: s.Account, Region: []string{"us-east-1", "eu-west-1"}[r.IntN(2)], Resource: fmt.Sprintf("arn:aws:%s:::%s-%d", c.Service, s.Customer, i),
					Status: compliance.Status(1 + r.IntN(5)), Suppressed: r.IntN(9) == 0, At: start.AddDate(0, 0, day), Method: compliance.ByCalls, Whole: true, Hash: fmt.Sprintf("%064x", r.Uint64()),
				}
				if r.IntN(3) > 0 {
					f.Status = compliance.Pass
				}
				all = append(all, f)
				if i == 0 && len(c.Prowler) > 0 {
					f.Name, f.Method = c.Prowler[0], compliance.Imported+"prowler"
					all = append(all, f)
				}
			}
		}
		all = append(all, compliance.Finding{Name: "hipaa_soc2_cis_fedramp_of_nobody", Account: s.Account, Status: compliance.Fail, At: start, Method: compliance.Imported + "other", Hash: "0"})
	}
	return all
}

func posture(t *testing.T, framework, edition string, all []compliance.Finding) compliance.Posture {
	t.Helper()
	f, err := compliance.Of(framework, edition)
	if err != nil {
		t.Fatal(err)
	}
	var h compliance.History
	for _, one := range all {
		h.Add(one)
	}
	return h.Posture(f)
}

func rendered(t *testing.T, r *Report, format string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := formats[format](r, &b); err != nil {
		t.Fatalf("%s of %s: %v", format, r.Subject.Customer, err)
	}
	return b.Bytes()
}

// foreign are the words and patterns of ids by which each framework is known.
var foreign = map[string]*regexp.Regexp{
	"SOC 2":   regexp.MustCompile(`(?i)\bSOC ?-?[123]\b|\bTSC\b|AICPA|trust services|\b(CC\d|A1|C1|PI1|P\d)\.\d\b`),
	"HIPAA":   regexp.MustCompile(`(?i)HIPAA|164\.3|45 CFR|health|\bePHI\b|\bPHI\b`),
	"FedRAMP": regexp.MustCompile(`(?i)FedRAMP|\bNIST\b|800-53|\bKSI\b|KSI-|\b20x\b|\b(ac|at|au|ca|cm|cp|ia|ir|ma|mp|pe|pl|ps|ra|sa|sc|si|sr)-\d+(\.\d+)?\b`),
	"CIS":     regexp.MustCompile(`\bCIS\b|(?i:foundations benchmark|center for internet)`),
}

// plainly are the characters that a reader sees of an artefact.
func plainly(t *testing.T, format string, text []byte) string {
	t.Helper()
	if format == "pdf" {
		return pdfText(t, text)
	}
	return string(text)
}

// TestNoOtherIsNamed reads every artefact of each tier for the names and the
// patterns of ids of every other framework, and for every other customer.
func TestNoOtherIsNamed(t *testing.T) {
	for i, c := range customers {
		r := New(c.subject, posture(t, c.framework, c.edition, findings(rand.New(rand.NewPCG(uint64(i), 0)), c.subject)))
		for format := range formats {
			// A hash may hold anything; the version of the mapping looks like no id.
			text := regexp.MustCompile(`[0-9a-f]{64}|[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`).ReplaceAllString(plainly(t, format, rendered(t, r, format)), "#")
			for name, pattern := range foreign {
				if name == c.framework {
					if format != "poam" && !pattern.MatchString(text) {
						t.Errorf("%s of %s does not name its own framework %s: the pattern finds nothing", format, c.subject.Customer, name)
					}
					continue
				}
				if at := pattern.FindStringIndex(text); at != nil {
					t.Errorf("%s of %s (%s) names %s: …%s…", format, c.subject.Customer, c.framework, name, text[max(0, at[0]-60):min(len(text), at[1]+60)])
				}
			}
			for _, other := range customers {
				if other.subject.Customer == c.subject.Customer {
					continue
				}
				for _, word := range []string{other.subject.Customer, other.subject.Name, string(other.subject.Account)} {
					if strings.Contains(strings.ToLower(text), strings.ToLower(word)) {
						t.Errorf("%s of %s names %q, which is of %s", format, c.subject.Customer, word, other.subject.Customer)
					}
				}
			}
		}
	}
}

// TestSameEvidenceSameBytes checks that the order of the findings and the time of
// the writing leave no trace.
func TestSameEvidenceSameBytes(t *testing.T) {
	for i, c := range customers {
		r := rand.New(rand.NewPCG(uint64(i), 1))
		all := findings(r, c.subject)
		first := New(c.subject, posture(t, c.framework, c.edition, all))
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		second := New(c.subject, posture(t, c.framework, c.edition, all))
		for format := range formats {
			if !bytes.Equal(rendered(t, first, format), rendered(t, second, format)) {
				t.Errorf("%s of %s differs with the order of the findings", format, c.subject.Customer)
			}
		}
	}
}

// TestEveryControlIsThere checks that no report for people leaves a control out,
// and that each says what it is not.
func TestEveryControlIsThere(t *testing.T) {
	for i, c := range customers {
		p := posture(t, c.framework, c.edition, findings(rand.New(rand.NewPCG(uint64(i), 2)), c.subject))
		r := New(c.subject, p)
		for format := range formats {
			if format == "oscal" || format == "poam" || format == "ocsf" {
				continue // of these only what was assessed
			}
			text := plainly(t, format, rendered(t, r, format))
			for _, catalogue := range p.Catalogues {
				for _, control := range catalogue.Controls {
					id := compliance.Label(control.ID)
					if format == "json" {
						id = control.ID
					}
					if !strings.Contains(text, id) {
						t.Errorf("%s of %s does not have control %s", format, c.subject.Customer, control.ID)
					}
				}
			}
			if !strings.Contains(strings.Join(strings.Fields(text), " "), "no attestation, no certification and no audit opinion") {
				t.Errorf("%s of %s does not say what it is not", format, c.subject.Customer)
			}
		}
	}
}

// TestWhatAnAuditorAsks: every report for people says which regions were looked at and
// that others were not, how many results stand, of how many resources, why one fails,
// and which checks are behind a control.
func TestWhatAnAuditorAsks(t *testing.T) {
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	of := func(name, method, region, resource string, status compliance.Status, at time.Time, reason string) compliance.Finding {
		return compliance.Finding{Name: name, Account: "222233334444", Region: region, Resource: resource, Status: status, At: at, Method: method, Hash: strings.Repeat("ab", 32), Reason: reason, Whole: true}
	}
	var all []compliance.Finding
	for day := range 3 { // looked at three times
		at := at.AddDate(0, 0, day)
		all = append(all,
			of("rds.not_public", compliance.ByCalls, "eu-west-1", "arn:aws:rds:eu-west-1:222233334444:db:one", compliance.Fail, at, "the instance is open to the internet"),
			of("RDS_INSTANCE_PUBLIC_ACCESS_CHECK", compliance.ByConfig, "eu-west-1", "AWS::RDS::DBInstance db-ABC", compliance.Fail, at, ""),
			of("iam.root_mfa", compliance.ByCalls, "", "arn:aws:iam::222233334444:root", compliance.Pass, at, ""))
	}
	subject := Subject{"Example MSP", "techgov", "TechGov Inc", "Government-Federal", "222233334444", nil}
	r := New(subject, posture(t, "FedRAMP", "", all))
	for _, format := range []string{"md", "html", "pdf"} {
		text := strings.Join(strings.Fields(plainly(t, format, rendered(t, r, format))), " ")
		for _, want := range []string{"eu-west-1, and services of no region", "Regions of AWS other than eu-west-1: nothing there was looked at", "3 results of 2 checks stand, of 9 findings", "the instance is open to the internet", "AC-17(1)"} {
			if !strings.Contains(text, want) && !strings.Contains(strings.ReplaceAll(text, "&#43;", "+"), want) {
				t.Errorf("%s does not say %q", format, want)
			}
		}
		if strings.Contains(text, "2 resources looked at") || !strings.Contains(text, "1 resource looked at") {
			t.Errorf("%s counts a database twice that two methods name differently", format)
		}
	}
	if text := plainly(t, "md", rendered(t, r, "md")); !regexp.MustCompile(`(?m)^\| AC-3 .*fail: rds\.not_public;`).MatchString(text) {
		t.Error("the Markdown does not say which checks are behind AC-3")
	}
	if text := strings.Join(strings.Fields(plainly(t, "pdf", rendered(t, r, "pdf"))), " "); !strings.Contains(text, "Checks by control") || strings.Count(text, "fail: rds.not_public;") < 10 {
		t.Error("the PDF does not say which checks are behind a control")
	}
}

// oscalSchema is NIST's whole schema of the version of OSCAL that a report says.
var oscalSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	v, err := validation.NewValidatorDesiredVersion(map[string]any{"assessment-results": map[string]any{}}, oscalVersion)
	if err != nil {
		return nil, err
	}
	params, err := v.GetValidationParams()
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("oscal.json", params.SchemaData); err != nil {
		return nil, err
	}
	return c.Compile("oscal.json")
})

// valid tells what NIST's schema says against a document.
func valid(t *testing.T, text string) error {
	t.Helper()
	s, err := oscalSchema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc)
}

// places are where what stands in text and its number there: the first, and every
// fortieth after it.
func places(text, what string) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		at := 0
		for n := 0; ; n++ {
			i := strings.Index(text[at:], what)
			if i < 0 || n%40 == 0 && !yield(at+i, n+1) {
				return
			}
			at += i + len(what)
		}
	}
}

// TestOSCALIsValid validates the documents by NIST's whole schema, checks that what
// they refer to is there, and that the schema refuses one that lacks something.
func TestOSCALIsValid(t *testing.T) {
	for i, c := range customers {
		r := New(c.subject, posture(t, c.framework, c.edition, findings(rand.New(rand.NewPCG(uint64(i), 3)), c.subject)))
		for _, format := range []string{"oscal", "poam"} {
			text := string(rendered(t, r, format))
			if err := valid(t, text); err != nil {
				t.Errorf("%s of %s: %v", format, c.subject.Customer, err)
			}
			for _, without := range []string{`"uuid"`, `"collected"`, `"statement"`, `"last-modified"`} {
				if valid(t, strings.Replace(text, without, `"other"`, 1)) == nil {
					t.Errorf("%s of %s is valid without %s", format, c.subject.Customer, without)
				}
			}
			for at, uuids := range places(text, `"uuid"`) {
				if valid(t, text[:at]+`"other"`+text[at+len(`"uuid"`):]) == nil {
					t.Errorf("%s of %s is valid without the %d. uuid", format, c.subject.Customer, uuids)
				}
			}
			defined, referred := map[string]bool{}, map[string]bool{}
			for _, m := range regexp.MustCompile(`"([a-z]+-)?uuid": "([^"]+)"`).FindAllStringSubmatch(text, -1) {
				if m[1] != "" {
					referred[m[2]] = true
				} else if defined[m[2]] {
					t.Errorf("%s of %s: %s is there twice", format, c.subject.Customer, m[2])
				} else {
					defined[m[2]] = true
				}
			}
			for id := range referred {
				if !defined[id] {
					t.Errorf("%s of %s: %s is referred to and not there", format, c.subject.Customer, id)
				}
			}
		}
	}
}

// TestOSCALSatisfies checks that a control is called satisfied where it passes, and
// nowhere else: OSCAL has no word for what a person must look at or could not be told.
func TestOSCALSatisfies(t *testing.T) {
	for status, want := range map[compliance.Status]string{compliance.Pass: "satisfied", compliance.Manual: "not-satisfied", compliance.Error: "not-satisfied", compliance.Fail: "not-satisfied"} {
		subject := Subject{"MSP", "acme", "Acme", "Tier", "222233334444", nil}
		r := New(subject, posture(t, "HIPAA", "", []compliance.Finding{{Name: "iam.root_mfa", Account: "222233334444", Status: status, At: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Method: compliance.ByCalls, Hash: "00"}}))
		states := map[string]bool{}
		for _, m := range regexp.MustCompile(`"state": "((?:not-)?satisfied)"`).FindAllSubmatch(rendered(t, r, "oscal"), -1) {
			states[string(m[1])] = true
		}
		if len(states) != 1 || !states[want] {
			t.Errorf("of a check that is %s controls are %v", status, states)
		}
	}
}

// TestNoEvidence checks that a customer of whom nothing is known has a report that
// says so, and no OSCAL.
func TestNoEvidence(t *testing.T) {
	for _, c := range customers {
		r := New(c.subject, posture(t, c.framework, c.edition, nil))
		for format, render := range formats {
			var b bytes.Buffer
			err := render(r, &b)
			if format == "oscal" || format == "poam" {
				if !errors.Is(err, ErrNoEvidence) {
					t.Errorf("%s of nothing: %v", format, err)
				}
			} else if err != nil || strings.Contains(b.String(), "0001-01-01") && format != "json" {
				t.Errorf("%s of nothing: %v\n%.2000s", format, err, b.String())
			}
		}
	}
	all := []compliance.Finding{{Name: "iam.root_mfa", Account: "222233334444", Status: compliance.Pass, At: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Method: compliance.ByCalls, Hash: "00"}}
	if err := New(customers[1].subject, posture(t, "HIPAA", "", all)).POAM(io.Discard); !errors.Is(err, ErrNothing) {
		t.Errorf("a plan of nothing: %v", err)
	}
}

// TestOCSFIsReadBack checks that what is written as OCSF is read as the same
// statuses of the same resources.
func TestOCSFIsReadBack(t *testing.T) {
	c := customers[1]
	p := posture(t, c.framework, c.edition, findings(rand.New(rand.NewPCG(1, 4)), c.subject))
	type key struct{ check, region, resource string }
	want, got := map[key]compliance.Status{}, map[key]compliance.Status{}
	for _, check := range p.Checks {
		for _, r := range check.Resources {
			k := key{check.ID, r.Region, r.Resource}
			want[k] = max(want[k], r.Status)
		}
	}
	_, err := scan.Read("ocsf", bytes.NewReader(rendered(t, New(c.subject, p), "ocsf")), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), func(f compliance.Finding) error {
		k := key{f.Name, f.Region, f.Resource}
		got[k] = max(got[k], f.Status)
		return nil
	})
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v: read back %d, wrote %d", err, len(got), len(want))
	}
}

// TestJSONHasEveryResource checks that the numbers of the JSON agree with each other.
func TestJSONHasEveryResource(t *testing.T) {
	c := customers[0]
	var back struct {
		Checks []struct {
			Population int
			Resources  []struct{ Region, Resource string }
		}
	}
	if err := json.Unmarshal(rendered(t, New(c.subject, posture(t, c.framework, "", findings(rand.New(rand.NewPCG(1, 5)), c.subject))), "json"), &back); err != nil {
		t.Fatal(err)
	}
	for _, check := range back.Checks {
		different := map[string]bool{}
		for _, r := range check.Resources {
			different[r.Region+" "+r.Resource] = true
		}
		if len(different) != check.Population || check.Population == 0 {
			t.Errorf("%d resources of a population of %d", len(different), check.Population)
		}
	}
}

// TestHostileNames checks that what scanners and portfolios call things is text in
// every format, whatever it holds.
func TestHostileNames(t *testing.T) {
	for _, name := range []string{
		`"><script>alert(1)</script>`, "a|b](javascript:alert(1))`*_", "𝔘𝔫𝔦 🏥 病院 مستشفى", "\u202e\u2028\u00a0x", `\\) Tj (`, "{pages} {nb}", strings.Repeat("x", 1024), "é́́́", "-",
	} {
		subject := Subject{"MSP " + name, "acme", name + " Inc", "Tier", "222233334444", nil}
		all := []compliance.Finding{
			{Name: "iam.root_mfa", Account: "222233334444", Resource: name, Region: name, Status: compliance.Fail, At: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Method: compliance.ByCalls, Hash: "00"},
			{Name: "iam.root_mfa", Account: "222233334444", Resource: "b", Status: compliance.Pass, At: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Method: compliance.Imported + "prowler", Hash: "00"},
		}
		r := New(subject, posture(t, "HIPAA", "", all))
		for format := range formats {
			text := rendered(t, r, format)
			switch format {
			case "html", "md":
				if bytes.Contains(text, []byte("<script")) || format == "md" && bytes.Contains(text, []byte("b](java")) {
					t.Errorf("%s of %q holds it as markup", format, name)
				}
				for row := range strings.SplitSeq(string(text), "\n") { // of the table of whom it is about
					if strings.HasPrefix(row, "| Customer |") && strings.Count(strings.ReplaceAll(row, `\|`, ""), "|") != 3 {
						t.Errorf("%s of %q has the row %s", format, name, row)
					}
				}
			case "oscal", "poam":
				if err := valid(t, string(text)); err != nil {
					t.Errorf("%s of %q: %v", format, name, err)
				}
			case "pdf":
				if !strings.Contains(strings.Join(strings.Fields(pdfText(t, text)), " "), "164.312(d)") {
					t.Errorf("the PDF of %q lacks its controls", name)
				}
			}
		}
	}
}
