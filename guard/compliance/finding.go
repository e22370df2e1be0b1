package compliance

import (
	"fmt"
	"time"

	"landlord/org"
)

// Status is what is known of a check, a resource or a control. Of several the
// greatest counts: any fail is a fail, and an error is never a pass.
type Status uint8

// Statuses, in the order in which one outweighs those before it.
const (
	NotAssessed   Status = iota // nothing was found, or what was found is there no more
	NotApplicable               // there is nothing that it asks of
	Pass
	Manual // a person must look
	Error  // it could not be told
	Fail
)

// Statuses are all statuses in the order in which reports list them.
var Statuses = []Status{Pass, Fail, Error, Manual, NotApplicable, NotAssessed}

var statusWords = [...]string{"not assessed", "not applicable", "pass", "manual", "error", "fail"}

func (s Status) String() string { return statusWords[s] }

// Contradict tells whether two methods that come to these statuses say different
// things: that there is nothing to look at, and that all there is passes, do not,
// and who has said nothing, or could not tell, contradicts nobody.
func Contradict(a, b Status) bool {
	least, most := min(a, b), max(a, b)
	return a != b && a != Error && b != Error && least != NotAssessed && !(least == NotApplicable && most == Pass)
}

// MarshalText writes the word of the status.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the word of a status.
func (s *Status) UnmarshalText(text []byte) error {
	for i, word := range statusWords {
		if word == string(text) {
			*s = Status(i)
			return nil
		}
	}
	return fmt.Errorf("status %q: want one of %q", text, statusWords)
}

// Methods by which landlord itself finds something; what is imported has the
// method Imported and the product's name.
const (
	ByConfig = "config" // AWS Config's rules
	ByCalls  = "api"    // landlord's own reads
	Imported = "import:"
)

// Finding is what was found of one check at one resource at one time.
type Finding struct {
	Name       string        `json:"name"` // of the check, as its source calls it
	Account    org.AccountID `json:"account"`
	Region     string        `json:"region,omitempty"`
	Resource   string        `json:"resource,omitempty"`
	Status     Status        `json:"status"` // NotAssessed says that the finding is no more: archived, or its resource gone
	Suppressed bool          `json:"suppressed,omitempty"`
	At         time.Time     `json:"at"` // in UTC
	Method     string        `json:"method"`
	Whole      bool          `json:"whole,omitempty"` // its run looked at all resources there are, and gave every finding this time
	UID        string        `json:"uid,omitempty"`   // the source's own id
	Hash       string        `json:"hash"`            // SHA-256 of what the source wrote or answered, in hexadecimal
	Reason     string        `json:"reason,omitempty"`
	Evidence   *Evidence     `json:"evidence,omitempty"` // of what landlord found itself
}

// Evidence is what a finding of landlord's own rests on.
type Evidence struct {
	Calls      []Call `json:"calls"`
	Population int    `json:"population"` // how many resources the check looked at in the same place
	Evaluator  string `json:"evaluator"`  // version of what judged the answers
	Mapping    string `json:"mapping"`    // version of the table of checks
}

// Call is a read that was made, and what is kept of its answer.
type Call struct {
	Operation string    `json:"operation"`        // "ec2:DescribeVolumes"
	Region    string    `json:"region,omitempty"` // "" where AWS has the service once
	Input     string    `json:"input,omitempty"`  // in JSON
	RequestID string    `json:"request_id,omitempty"`
	At        time.Time `json:"at"`               // in UTC
	SHA256    string    `json:"sha256,omitempty"` // of the normalised answer, all its pages
	Code      string    `json:"code,omitempty"`   // AWS's word for why it was refused
	Error     string    `json:"error,omitempty"`  // why there is no answer
}
