package scan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"

	"landlord/guard/compliance"
)

// json reads an array of records, or one record after the other, or what
// GetFindings of Security Hub answers, page after page.
func (s *scanner) json(r io.Reader, begin byte, pages bool) error {
	s.d = json.NewDecoder(r)
	if begin == '[' {
		if err := s.array(); err != nil {
			return err
		}
		if _, err := s.d.Token(); !errors.Is(err, io.EOF) {
			s.here(0)
			return s.fault(0, &wrong{"", "something stands behind the end of the list"})
		}
		return nil
	}
	read := s.next
	if pages {
		read = s.page
	}
	for {
		if err := read(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// here notes the line of the record that has just been read, of so many bytes.
func (s *scanner) here(size int) {
	s.line = s.lines.line(s.base + s.d.InputOffset() - int64(size))
}

// next reads the next record; io.EOF says that there is none.
func (s *scanner) next() error {
	var raw json.RawMessage
	if err := s.d.Decode(&raw); errors.Is(err, io.EOF) {
		return io.EOF
	} else if err != nil {
		return s.broken(err)
	}
	s.here(len(raw))
	return s.record(raw)
}

// array reads the records of an array.
func (s *scanner) array() error {
	t, err := s.d.Token()
	if err != nil {
		return s.broken(err)
	}
	if t != json.Delim('[') {
		s.here(0)
		return s.fault(0, &wrong{"Findings", "is no list"})
	}
	for s.d.More() {
		if err := s.next(); errors.Is(err, io.EOF) {
			return s.broken(io.ErrUnexpectedEOF)
		} else if err != nil {
			return err
		}
	}
	if _, err := s.d.Token(); err != nil {
		return s.broken(err)
	}
	return nil
}

// page reads one answer of GetFindings; io.EOF says that there is none.
func (s *scanner) page() error {
	t, err := s.d.Token()
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	if err != nil {
		return s.broken(err)
	}
	if t != json.Delim('{') {
		s.here(0)
		return s.fault(0, &wrong{"", "a page of findings begins with {"})
	}
	for s.d.More() {
		name, err := s.d.Token()
		if err != nil {
			return s.broken(err)
		}
		if name == "Findings" {
			if err := s.array(); err != nil {
				return err
			}
			continue
		}
		var rest json.RawMessage
		if err := s.d.Decode(&rest); err != nil {
			return s.broken(err)
		}
	}
	if _, err := s.d.Token(); err != nil {
		return s.broken(err)
	}
	return nil
}

// broken is what is wrong with JSON.
func (s *scanner) broken(err error) error {
	record := s.sum.Records + 1
	ahead := make([]byte, 256) // the record begins behind blanks and a comma
	n, _ := io.ReadFull(s.d.Buffered(), ahead)
	blank := n - len(bytes.TrimLeft(ahead[:n], ", \t\r\n"))
	s.here(-blank)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return s.fault(record, &wrong{"", "the file ends in the middle; it was cut off when it was written or copied"})
	}
	if _, is := errors.AsType[*wrong](err); is {
		return s.fault(record, err)
	}
	if _, is := errors.AsType[*json.SyntaxError](err); is {
		return s.fault(record, &wrong{"", "is not JSON: " + err.Error()})
	}
	return fmt.Errorf("read %s: %w", s.name, err)
}

// record reads one record.
func (s *scanner) record(raw json.RawMessage) error {
	s.sum.Records++
	if len(raw) > recordMost {
		return s.fault(s.sum.Records, &wrong{"", fmt.Sprintf("has more than %d MB, which is no finding", recordMost>>20)})
	}
	format, read := kindOf(raw)
	if read == nil {
		return s.fault(s.sum.Records, &wrong{"", "is neither OCSF, which has class_uid, nor ASFF, which has AwsAccountId"})
	}
	if s.sum.Format == "" {
		s.sum.Format = format
	}
	return s.give(read(raw))
}

// kindOf tells by the names in a record what it is; no reader is neither.
func kindOf(raw []byte) (format string, read func([]byte) ([]compliance.Finding, error)) {
	isOCSF := bytes.Contains(raw, []byte(`"class_uid"`))
	isASFF := bytes.Contains(raw, []byte(`"AwsAccountId"`)) || bytes.Contains(raw, []byte(`"SchemaVersion"`))
	if isOCSF && isASFF { // the one of its own, the other within
		var r struct {
			Class json.RawMessage `json:"class_uid"`
		}
		isOCSF = json.Unmarshal(raw, &r) == nil && r.Class != nil
	}
	switch {
	case !bytes.HasPrefix(raw, []byte("{")):
		return "", nil
	case isOCSF:
		return OCSF, ocsf
	case isASFF:
		return ASFF, asff
	}
	return "", nil
}

// unmarshal says which field has a value of the wrong kind.
func unmarshal(err error) error {
	if e, is := errors.AsType[*json.UnmarshalTypeError](err); is && e.Field != "" {
		return &wrong{e.Field, fmt.Sprintf("is a %s where a %s is wanted", e.Value, wanted(e.Type.String()))}
	}
	return &wrong{"", "is not JSON: " + err.Error()}
}

func wanted(name string) string {
	switch {
	case strings.HasPrefix(name, "struct"), strings.Contains(name, "."):
		return "object"
	case strings.HasPrefix(name, "[]"):
		return "list"
	}
	return name
}

// text is a JSON value that is a text, or a number as it is written.
type text string

func (t *text) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		var s string
		err := json.Unmarshal(raw, &s)
		*t = text(s)
		return err
	}
	if string(raw) == "null" {
		return nil
	}
	if _, err := strconv.ParseFloat(string(raw), 64); err != nil {
		return &json.UnmarshalTypeError{Value: kind(raw), Type: reflect.TypeFor[string]()}
	}
	*t = text(raw)
	return nil
}

// kind is what a JSON value is, in words.
func kind(raw []byte) string {
	switch raw[0] {
	case '{':
		return "object"
	case '[':
		return "list"
	}
	if len(raw) > 60 {
		return "number of " + strconv.Itoa(len(raw)) + " digits"
	}
	return string(raw)
}

// ocsfRecord is what landlord reads of an OCSF finding.
// Source: schema.ocsf.io, classes Compliance Finding (2003) and Detection Finding
// (2004); Prowler's lib/outputs/ocsf/ocsf.py, which writes seconds where OCSF
// wants milliseconds.
type ocsfRecord struct {
	Class      text `json:"class_uid"`
	Time       text `json:"time"`
	TimeDT     text `json:"time_dt"`
	Status     text `json:"status"`
	StatusID   text `json:"status_id"`
	StatusCode text `json:"status_code"`
	Activity   text `json:"activity_id"`
	Finding    struct {
		UID text `json:"uid"`
	} `json:"finding_info"`
	Metadata struct {
		EventCode text `json:"event_code"`
		Product   struct {
			Name text `json:"name"`
		} `json:"product"`
	} `json:"metadata"`
	Cloud struct {
		Provider text `json:"provider"`
		Region   text `json:"region"`
		Account  struct {
			UID text `json:"uid"`
		} `json:"account"`
	} `json:"cloud"`
	Compliance struct {
		Control  text `json:"control"`
		Status   text `json:"status"`
		StatusID text `json:"status_id"`
	} `json:"compliance"`
	Resources []ocsfResource `json:"resources"`
	Resource  *ocsfResource  `json:"resource"` // of OCSF before 1.1
}

type ocsfResource struct {
	UID    text `json:"uid"`
	Name   text `json:"name"`
	Region text `json:"region"`
}

func ocsf(raw []byte) ([]compliance.Finding, error) {
	var r ocsfRecord
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, unmarshal(err)
	}
	if r.Class == "" {
		return nil, missing("class_uid")
	}
	if r.Class != "2003" && r.Class != "2004" {
		return nil, &skip{"of another OCSF class than 2003 and 2004"}
	}
	if p := r.Cloud.Provider; p != "" && !strings.EqualFold(string(p), "aws") {
		return nil, &skip{"of another cloud than AWS"}
	}
	owner, err := account("cloud.account.uid", string(r.Cloud.Account.UID))
	if err != nil {
		return nil, err
	}
	var at time.Time
	if r.Time == "" {
		at, err = moment("time", string(r.TimeDT))
	} else {
		at, err = moment("time", string(r.Time))
	}
	if err != nil {
		return nil, err
	}
	f := compliance.Finding{Account: owner, At: at, Method: method(string(r.Metadata.Product.Name)), UID: plain(string(r.Finding.UID)), Hash: hash(raw)}
	f.Whole = whole(f.Method)
	if f.Name = plain(string(r.Metadata.EventCode)); f.Name == "" {
		f.Name = plain(string(r.Compliance.Control))
	}
	if f.Name == "" {
		return nil, &wrong{"metadata.event_code", "is missing, and so is compliance.control: nothing says which check it is"}
	}
	if f.Status, err = r.status(); err != nil {
		return nil, err
	}
	f.Suppressed = r.StatusID == "3" || strings.EqualFold(string(r.Status), "suppressed") || strings.EqualFold(string(r.StatusCode), "muted")
	if r.Activity == "3" { // Close
		f.Status = compliance.NotAssessed
	}
	resources := r.Resources
	if len(resources) == 0 && r.Resource != nil {
		resources = []ocsfResource{*r.Resource}
	}
	if len(resources) == 0 {
		resources = []ocsfResource{{}}
	}
	var all []compliance.Finding
	for _, one := range resources {
		f.Resource = plain(string(one.UID))
		if f.Resource == "" {
			f.Resource = plain(string(one.Name))
		}
		if f.Region = plain(string(r.Cloud.Region)); f.Region == "" {
			f.Region = plain(string(one.Region))
		}
		all = append(all, f)
	}
	return all, nil
}

// status is the status of the check: status_code as Prowler writes it, or that of
// the compliance object.
func (r ocsfRecord) status() (compliance.Status, error) {
	if code := strings.ToLower(string(r.StatusCode)); code != "" {
		if s, is := words[code]; is {
			return s, nil
		}
		if r.Compliance.Status == "" && r.Compliance.StatusID == "" {
			return 0, &wrong{"status_code", fmt.Sprintf("%s is no status of a check; want PASS, FAIL, MANUAL", short(string(r.StatusCode)))}
		}
	}
	switch r.Compliance.StatusID {
	case "1":
		return compliance.Pass, nil
	case "2": // Warning: something is missing to tell
		return compliance.Error, nil
	case "3":
		return compliance.Fail, nil
	}
	if s, is := words[strings.ToLower(string(r.Compliance.Status))]; is {
		return s, nil
	}
	if r.Compliance.StatusID == "0" || r.Compliance.StatusID == "99" {
		return compliance.Error, nil
	}
	return 0, &wrong{"status_code", "is missing, and so is compliance.status: what says neither PASS nor FAIL is no finding of a check"}
}

// words are the statuses as scanners write them. What is not known is no pass.
var words = map[string]compliance.Status{
	"pass": compliance.Pass, "passed": compliance.Pass, "ok": compliance.Pass, "compliant": compliance.Pass,
	"fail": compliance.Fail, "failed": compliance.Fail, "alarm": compliance.Fail, "non_compliant": compliance.Fail, "muted": compliance.Fail,
	"manual": compliance.Manual, "info": compliance.Manual,
	"not_applicable": compliance.NotApplicable, "not applicable": compliance.NotApplicable, "skip": compliance.NotApplicable,
	"error": compliance.Error, "warning": compliance.Error, "unknown": compliance.Error, "not_available": compliance.Error, "insufficient_data": compliance.Error,
}
