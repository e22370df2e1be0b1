package scan

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"landlord/guard/compliance"
)

// now is when tests read.
var now = time.Date(2025, 11, 23, 7, 0, 0, 0, time.UTC)

// read reads a text and returns what came of it.
func read(text string) ([]compliance.Finding, Summary, error) {
	var all []compliance.Finding
	sum, err := Read("f", strings.NewReader(text), now, func(f compliance.Finding) error {
		all = append(all, f)
		return nil
	})
	return all, sum, err
}

// prowler is a finding as Prowler 5 writes it, shortened.
const prowler = `{
    "message": "Bucket logs has versioning disabled.",
    "metadata": {"event_code": "s3_bucket_object_versioning", "product": {"name": "Prowler", "uid": "prowler", "version": "5.40.0"}, "version": "1.4.0"},
    "severity_id": 3, "severity": "Medium", "status": "New", "status_id": 1, "status_code": "FAIL",
    "activity_id": 1, "class_uid": 2004, "type_uid": 200401,
    "finding_info": {"uid": "prowler-aws-s3_bucket_object_versioning-222233334444-us-east-1-logs", "created_time": 1763877600},
    "resources": [{"region": "us-east-1", "name": "logs", "uid": "arn:aws:s3:::logs"}],
    "cloud": {"account": {"uid": "222233334444"}, "provider": "aws", "region": "us-east-1"},
    "time": 1763877600, "time_dt": "2025-11-23T06:00:00.123456",
    "unmapped": {"compliance": {"HIPAA": ["164_308_a_1"]}}
}`

const asffRecordText = `{
    "SchemaVersion": "2018-10-08", "Id": "arn:aws:securityhub:us-east-1:222233334444:security-control/S3.14/finding/1",
    "ProductArn": "arn:aws:securityhub:us-east-1::product/aws/securityhub", "ProductName": "Security Hub", "GeneratorId": "security-control/S3.14",
    "AwsAccountId": "222233334444", "Region": "us-east-1", "UpdatedAt": "2025-11-23T06:00:00.000Z", "RecordState": "ACTIVE", "Workflow": {"Status": "NEW"},
    "Compliance": {"Status": "FAILED", "SecurityControlId": "S3.14"}, "Resources": [{"Id": "arn:aws:s3:::logs", "Region": "us-east-1"}]
}`

const csvText = "AUTH_METHOD;TIMESTAMP;ACCOUNT_UID;FINDING_UID;PROVIDER;CHECK_ID;STATUS;STATUS_EXTENDED;MUTED;RESOURCE_UID;RESOURCE_NAME;REGION;COMPLIANCE\n" +
	"profile;2025-11-23 06:00:00.123456;222233334444;uid-1;aws;s3_bucket_object_versioning;FAIL;\"Bucket; logs\nhas none\";False;arn:aws:s3:::logs;logs;us-east-1;HIPAA: 164\n"

const csvOwn = "check,account,region,resource,status,at\ns3_bucket_object_versioning,222233334444,us-east-1,arn:aws:s3:::logs,FAIL,2025-11-23T06:00:00Z\n"

// utf16LE is a text as Windows redirects it into a file.
func utf16LE(text string) string {
	out := []byte{0xFF, 0xFE}
	for _, unit := range utf16.Encode([]rune(text)) {
		out = append(out, byte(unit), byte(unit>>8))
	}
	return string(out)
}

var want = compliance.Finding{
	Name: "s3_bucket_object_versioning", Account: "222233334444", Region: "us-east-1", Resource: "arn:aws:s3:::logs", Status: compliance.Fail,
	At: time.Date(2025, 11, 23, 6, 0, 0, 0, time.UTC), Method: "import:prowler", Whole: true,
}

// TestForms checks that the same finding is read from each form in which it comes.
func TestForms(t *testing.T) {
	for _, c := range []struct {
		name, text string
		n          int
		format     string
	}{
		{"a list of Prowler", "[" + prowler + "," + prowler + "]", 2, OCSF},
		{"with a byte order mark", "\ufeff[" + prowler + "]", 1, OCSF},
		{"one record", prowler, 1, OCSF},
		{"JSON lines", strings.ReplaceAll(prowler, "\n", "") + "\n" + strings.ReplaceAll(prowler, "\n", "") + "\n", 2, OCSF},
		{"ASFF that holds a name of OCSF", strings.Replace(asffRecordText, `"SchemaVersion"`, `"UserDefinedFields": {"class_uid": "7"}, "SchemaVersion"`, 1), 1, ASFF},
		{"OCSF that holds a name of ASFF", strings.Replace(prowler, `"message"`, `"raw": {"AwsAccountId": "7"}, "message"`, 1), 1, OCSF},
		{"an empty list", " [ ]\n", 0, ""},
		{"UTF-16 of Windows", utf16LE("[" + prowler + "]"), 1, OCSF},
		{"what a library answers", `{"ResponseMetadata": {"RequestId": "x"}, "Findings": [` + asffRecordText + `]}`, 1, ASFF},
		{"CSV of Excel, its divider told", "sep=;\r\n" + strings.ReplaceAll(csvOwn, ",", ";"), 1, CSV},
		{"CSV divided by tabs", strings.ReplaceAll(csvOwn, ",", "\t"), 1, CSV},
		{"CSV divided by tabs in UTF-16", utf16LE(strings.ReplaceAll(csvOwn, ",", "\t")), 1, CSV},
		{"a list of ASFF", "[" + asffRecordText + "]", 1, ASFF},
		{"what get-findings prints", `{"Findings": [` + asffRecordText + "," + asffRecordText + `]}`, 2, ASFF},
		{"pages of it", `{"NextToken": "x", "Findings": [` + asffRecordText + `]} {"Findings": [` + asffRecordText + `]}`, 2, ASFF},
		{"CSV of Prowler", csvText, 1, CSV},
		{"CSV of one's own", csvOwn, 1, CSV},
	} {
		all, sum, err := read(c.text)
		if err != nil || len(all) != c.n || sum.Records != c.n || sum.Findings != c.n || sum.Format != c.format {
			t.Errorf("%s: %d findings, %+v, %v; want %d of %s", c.name, len(all), sum, err, c.n, c.format)
			continue
		}
		for _, got := range all {
			expect := want
			if c.format != OCSF && c.name != "CSV of Prowler" {
				expect.Whole = false
				expect.Method = map[string]string{ASFF: "import:securityhub", CSV: "import:csv"}[c.format]
			}
			if c.format == ASFF {
				expect.Name = "S3.14"
			}
			if len(got.Hash) != 64 {
				t.Errorf("%s: hash %q", c.name, got.Hash)
			}
			got.Hash, got.UID, got.At = "", "", got.At.Truncate(time.Second)
			if got != expect {
				t.Errorf("%s: read\n%+v, want\n%+v", c.name, got, expect)
			}
		}
	}
}

// TestStatuses checks what each status of each form becomes. What is not known is
// never a pass.
func TestStatuses(t *testing.T) {
	ocsf := func(from, to string) string { return strings.ReplaceAll(prowler, from, to) }
	hub := func(from, to string) string { return strings.ReplaceAll(asffRecordText, from, to) }
	for _, c := range []struct {
		text       string
		want       compliance.Status
		suppressed bool
	}{
		{ocsf(`"FAIL"`, `"PASS"`), compliance.Pass, false},
		{ocsf(`"FAIL"`, `"MANUAL"`), compliance.Manual, false},
		{ocsf(`"status": "New", "status_id": 1`, `"status": "Suppressed", "status_id": 3`), compliance.Fail, true},
		{ocsf(`"FAIL"`, `"MUTED"`), compliance.Fail, true},
		{ocsf(`"activity_id": 1`, `"activity_id": 3`), compliance.NotAssessed, false},
		{ocsf(`"status_code": "FAIL"`, `"compliance": {"status_id": 1}`), compliance.Pass, false},
		{ocsf(`"status_code": "FAIL"`, `"compliance": {"status_id": 2}`), compliance.Error, false},
		{ocsf(`"status_code": "FAIL"`, `"compliance": {"status": "Fail", "status_id": 3}`), compliance.Fail, false},
		{ocsf(`"status_code": "FAIL"`, `"compliance": {"status_id": 99}`), compliance.Error, false},
		{hub("FAILED", "PASSED"), compliance.Pass, false},
		{hub("FAILED", "WARNING"), compliance.Error, false},
		{hub("FAILED", "NOT_AVAILABLE"), compliance.Error, false},
		{hub(`"Status": "FAILED"`, `"Status": "NOT_AVAILABLE", "StatusReasons": [{"ReasonCode": "CONFIG_RETURNS_NOT_APPLICABLE"}]`), compliance.NotApplicable, false},
		{hub(`"Status": "FAILED"`, `"Status": "WARNING", "StatusReasons": [{"ReasonCode": "CONFIG_EVALUATIONS_EMPTY"}]`), compliance.Error, false},
		{hub("ACTIVE", "ARCHIVED"), compliance.NotAssessed, false},
		{hub("NEW", "SUPPRESSED"), compliance.Fail, true},
		{strings.Replace(csvText, "FAIL", "PASS", 1), compliance.Pass, false},
		{strings.Replace(csvText, "False", "True", 1), compliance.Fail, true},
	} {
		all, _, err := read(c.text)
		if err != nil || len(all) != 1 || all[0].Status != c.want || all[0].Suppressed != c.suppressed {
			t.Errorf("read %+v, %v; want %s, suppressed %v, of %s", all, err, c.want, c.suppressed, c.text)
		}
	}
}

// TestFaults checks that a file that is not right is named with the record, the
// line and the field.
func TestFaults(t *testing.T) {
	without := func(text, field string) string {
		var m map[string]any
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			t.Fatal(err)
		}
		delete(m, field)
		out, _ := json.Marshal(m)
		return string(out)
	}
	line := strings.ReplaceAll(prowler, "\n", "")
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "f:1: the file is empty"},
		{"blanks", " \n ", "f:1: the file is empty"},
		{"compressed", "\x1f\x8b\x08", "compressed"},
		{"prose", "hello", "f:1: check: there is no such column"},
		{"an event that holds findings", `{"detail-type": "Security Hub Findings - Imported", "detail": {"findings": [` + asffRecordText + `]}}`, "record 1: AwsAccountId: is missing"},
		{"an endless number", strings.Replace(prowler, "1763877600, ", strings.Repeat("9", 400)+", ", 1), "time: is a number of 400 digits where"},
		{"below Excel's first line", "sep=,\n" + csvOwn + strings.Replace(csvOwn[strings.Index(csvOwn, "\n")+1:], "222233334444", "42", 1), `f:4: record 2: account: "42"`},
		{"cut off in a record", "[" + prowler + "," + prowler[:300], "record 2: the file ends in the middle"},
		{"cut off behind a comma", "[" + prowler + ",", "record 2: the file ends in the middle"},
		{"cut off before the end of the list", "[" + prowler, "record 2: the file ends in the middle"},
		{"something behind the list", "[]\nx", "behind the end of the list"},
		{"no JSON", "[\n" + prowler + ",\n{nonsense}]", "f:13: record 2: is not JSON"},
		{"neither OCSF nor ASFF", `[{"a": 1}]`, "record 1: is neither OCSF"},
		{"a number in the list", "[7]", "record 1: "},
		{"no account", strings.Replace(prowler, `"222233334444"`, `""`, 1), "record 1: cloud.account.uid: is missing"},
		{"a short account, third line", line + "\n" + line + "\n" + strings.Replace(line, `"uid": "222233334444"`, `"uid": "42"`, 1), `f:3: record 3: cloud.account.uid: "42" is no AWS account id`},
		{"account as an object", strings.Replace(prowler, `"uid": "222233334444"`, `"uid": {}`, 1), "cloud.account.uid"},
		{"no check", strings.Replace(prowler, "event_code", "other", 1), "metadata.event_code: is missing"},
		{"no time", strings.NewReplacer(`"time": 1763877600, `, "", `"time_dt"`, `"x"`).Replace(prowler), "time: is missing"},
		{"a time that is none", strings.Replace(prowler, `"time": 1763877600`, `"time": "yesterday"`, 1), `time: "yesterday" is no time`},
		{"a time before AWS", strings.Replace(prowler, `"time": 1763877600`, `"time": 12`, 1), "no time at which AWS"},
		{"no status", strings.Replace(prowler, `"status_code": "FAIL",`, "", 1), "status_code: is missing"},
		{"another status", strings.Replace(prowler, `"FAIL"`, `"MAYBE"`, 1), `status_code: "MAYBE"`},
		{"ASFF without account", without(asffRecordText, "AwsAccountId"), "AwsAccountId: is missing"},
		{"ASFF without resources", without(asffRecordText, "Resources"), "Resources: is missing"},
		{"ASFF without a time", without(asffRecordText, "UpdatedAt"), "UpdatedAt: is missing"},
		{"ASFF with another status", strings.Replace(asffRecordText, "FAILED", "GOOD", 1), `Compliance.Status: "GOOD"`},
		{"findings that are no list", `{"Findings": 7}`, "Findings: is no list"},
		{"a row that is short", csvText + "a;b\n", "f:4: record 2: has another number of fields"},
		{"a row with another account", strings.Replace(csvText, "222233334444", "acme", 1), `f:2: record 1: ACCOUNT_UID: "acme" is no AWS account id`},
		{"a column that is called nearly so", "chek,account,status,at\n", `check: there is no such column. Is it "chek"?`},
		{"two columns of one name", "check,account,Account,status,at\n", "account: there are two such columns"},
		{"a day still to come", strings.Replace(csvOwn, "2025-11-23", "2025-11-25", 1), "f:2: record 1: is of 2025-11-25, a day still to come"},
		{"seconds for milliseconds", strings.Replace(prowler, `"time": 1763877600`, `"time": 4919550600`, 1), "is of 2125-11-23, a day still to come"},
		{"a record without end", "[{\"class_uid\": \"" + strings.Repeat("x", recordMost+4<<20), "record 1: has more than 8 MB"},
	} {
		all, _, err := read(c.text)
		fault, is := errors.AsType[*Fault](err)
		if !is || !strings.Contains(fault.Error(), c.want) {
			t.Errorf("%s: %d findings and error %v, want %q", c.name, len(all), err, c.want)
		}
	}
}

// TestLeftOut checks that records that are no findings of checks are left out and
// counted.
func TestLeftOut(t *testing.T) {
	for _, text := range []string{
		strings.Replace(prowler, "2004", "2002", 1),
		strings.Replace(prowler, `"provider": "aws"`, `"provider": "azure"`, 1),
		strings.Replace(asffRecordText, `"Compliance"`, `"Other"`, 1),
		strings.Replace(csvText, ";aws;", ";gcp;", 1),
	} {
		all, sum, err := read(text)
		if err != nil || len(all) != 0 || len(sum.Skipped) != 1 || sum.Records != 1 {
			t.Errorf("%d findings, %+v, %v of %s", len(all), sum, err, text)
		}
	}
}

// endless is a list of findings without end, up to a number of bytes.
type endless struct{ left, at int }

func (e *endless) Read(b []byte) (int, error) {
	text := prowler + ",\n"
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := copy(b, text[e.at:])
	e.at = (e.at + n) % len(text)
	e.left -= n
	return n, nil
}

// TestLargeFileTakesLittleMemory reads 32 MB and counts what is allocated at once.
func TestLargeFileTakesLittleMemory(t *testing.T) {
	n := 0
	_, err := Read("f", io.MultiReader(strings.NewReader("["), &endless{left: 32 << 20}), now, func(compliance.Finding) error { n++; return nil })
	if _, is := errors.AsType[*Fault](err); !is || n < 30_000 {
		t.Errorf("read %d findings, %v", n, err)
	}
	s := &scanner{lines: &lineReader{r: io.MultiReader(strings.NewReader("["), &endless{left: 8 << 20})}, to: func(compliance.Finding) error { return nil }, sum: Summary{Skipped: map[string]int{}}}
	_ = s.json(s.lines, '[', false)
	if c := cap(s.lines.ends); c > 100_000 {
		t.Errorf("%d ends of lines are kept of a file of 8 MB", c)
	}
}

// FuzzRead checks that any bytes are read or refused: nothing panics, and what
// comes out is whole.
func FuzzRead(f *testing.F) {
	for _, text := range []string{prowler, "[" + prowler + "]", asffRecordText, `{"Findings":[` + asffRecordText + "]}", csvText, "check,account,status,at\n", "[", "{", "\x00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		sum, err := Read("f", strings.NewReader(text), now, func(f compliance.Finding) error {
			if !f.Account.Valid() || f.Name == "" || f.At.IsZero() || len(f.Hash) != 64 || !strings.HasPrefix(f.Method, compliance.Imported) || strings.ContainsAny(f.Name+f.Resource+f.Region, "\n\x00") {
				t.Errorf("read %+v of %q", f, text)
			}
			return nil
		})
		if fault, is := errors.AsType[*Fault](err); err != nil && (!is || fault.Line < 1) {
			t.Errorf("%q: %v", text, err)
		}
		if err == nil && sum.Records == 0 && len(sum.Skipped) > 0 {
			t.Errorf("%q: left out %v of no records", text, sum.Skipped)
		}
	})
}

func ExampleRead() {
	_, err := Read("prowler.json", strings.NewReader(strings.Replace(prowler, "222233334444\"}", "2222\"}", 1)), now, func(compliance.Finding) error { return nil })
	fmt.Println(err)
	// Output: prowler.json:1: record 1: cloud.account.uid: "2222" is no AWS account id, which has 12 digits
}

// TestTextsAreKeptApart: what is kept of a text has nothing that would change how a
// report is read, and two that differ only far behind still differ.
func TestTextsAreKeptApart(t *testing.T) {
	long := strings.Repeat("a", 3000)
	one, other := plain(long+"1"), plain(long+"2")
	if one == other || len(one) > textMost {
		t.Errorf("kept %d bytes, %q and %q", len(one), one[len(one)-20:], other[len(other)-20:])
	}
	if arn := "arn:aws:s3:::b/" + strings.Repeat("k", 1024); plain(arn) != arn {
		t.Error("the longest key of S3 is cut")
	}
	for text, want := range map[string]string{
		" a\tb\u0085c\u2028d\x00": "a b c d", "x\u202egpj.exe": "x\ufffdgpj.exe", "\u2067a\u061c": "\ufffda\ufffd", "a\xff": "a\ufffd", "ü–日本": "ü–日本",
	} {
		if got := plain(text); got != want {
			t.Errorf("%q is kept as %q, want %q", text, got, want)
		}
	}
}

// TestProwler3: a resource without an ARN is known by its id.
func TestProwler3(t *testing.T) {
	all, _, err := read("ASSESSMENT_START_TIME;FINDING_UNIQUE_ID;PROVIDER;ACCOUNT_ID;REGION;CHECK_ID;STATUS;STATUS_EXTENDED;RESOURCE_ID;RESOURCE_ARN\n" +
		"2025-11-23T06:00:00.123456;u1;aws;222233334444;us-east-1;s3_bucket_object_versioning;FAIL;x;logs;\n" +
		"2025-11-23T06:00:00.123456;u2;aws;222233334444;us-east-1;s3_bucket_object_versioning;INFO;x;other;arn:aws:s3:::other\n")
	if err != nil || len(all) != 2 || all[0].Resource != "logs" || all[1].Resource != "arn:aws:s3:::other" || all[1].Status != compliance.Manual || all[0].Method != "import:prowler" {
		t.Errorf("%+v, %v", all, err)
	}
}
