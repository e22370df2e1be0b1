// Package baseline holds what AWS Config and CloudTrail should be like in an
// account of a framework, and says what of it is missing, was edited or was
// stopped. It is given what was seen; it reads and changes nothing.
package baseline

import (
	"fmt"
	"slices"
	"strings"

	"landlord/org"
)

// Recorder is AWS Config's recorder of a region: there is one at most.
type Recorder struct {
	Name   string `json:"name"`
	Role   string `json:"role"`   // ARN of the role that it looks with
	All    bool   `json:"all"`    // it records every type of resource
	Global bool   `json:"global"` // those of no region, such as users and roles, too
}

// Channel is where AWS Config delivers what it recorded. There is one at most in
// a region.
type Channel struct {
	Name   string `json:"name"`
	Bucket string `json:"bucket"`
	Prefix string `json:"prefix,omitempty"`
}

// Recording is whether a recorder runs.
type Recording struct {
	On    bool
	Error string // AWS's word for why the last recording failed; "" if it did not
}

// Installed is a conformance pack as an account has it.
type Installed struct {
	Name    string
	ID      string // the end of its rules' names
	ARN     string
	Version string // the value of its parameter VersionParameter
}

// State is how far a conformance pack has come.
type State struct {
	Name   string
	State  string // one of the states below
	Reason string
}

// The states of a conformance pack that say something of themselves.
//
// Source: AWS Config API reference, ConformancePackStatusDetail.
const (
	Creating = "CREATE_IN_PROGRESS"
	Complete = "CREATE_COMPLETE"
	Deleting = "DELETE_IN_PROGRESS"
)

// Rule is a rule of AWS Config's that AWS manages.
type Rule struct {
	Name       string
	Identifier string            // "IAM_PASSWORD_POLICY"
	Parameters map[string]string // nil if it has none
}

// ServiceRole is the role that AWS Config looks with; AWS makes it, once an
// account.
//
// Source: AWS Config developer guide, "Using service-linked roles".
const ServiceRole = "role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"

// usual is what AWS's own tools call a recorder and a channel. Neither can be
// renamed, and AWS lets there be no second.
const usual = "default"

// Want is what one account should have in one region.
type Want struct {
	Account org.AccountID
	Region  string
	Home    bool // what belongs to no region is recorded here
	Role    string
	Bucket  string // that recordings are delivered to
	Pack    Pack   // one without rules is none: nobody knows what the framework asks for
}

// Recorder is the recorder that is wanted, under the name of the one that is there.
func (w Want) Recorder(have *Recorder) Recorder {
	r := Recorder{Name: usual, Role: w.Role, All: true, Global: w.Home}
	if have != nil {
		r.Name = have.Name
	}
	return r
}

// Channel is the channel that is wanted, under the name of the one that is there.
func (w Want) Channel(have *Channel) Channel {
	c := Channel{Name: usual, Bucket: w.Bucket}
	if have != nil {
		c.Name = have.Name
	}
	return c
}

// Seen is what an account was seen to have in one region.
type Seen struct {
	Recorder  *Recorder // nil if there is none, as of the next ones
	Recording *Recording
	Channel   *Channel
	Pack      *Installed // the wanted one
	State     *State     // of it
	Others    []string   // packs of landlord's beside it, by name
	Wrong     []Gap      // rules of the pack that are not as they should be
	Judged    bool       // the rules were looked at
	Failed    string     // what could not be read, and why; "" if all was
}

// Prefix begins the name of every conformance pack of landlord's.
const Prefix = "landlord-"

// Take adds what one look saw: *Recorder, *Recording, *Channel, []Installed,
// []State or []Rule. Rules are judged at once, since those of ten thousand
// accounts would be too many to keep.
func (s *Seen) Take(w Want, look any) {
	switch v := look.(type) {
	case *Recorder:
		s.Recorder = v
	case *Recording:
		s.Recording = v
	case *Channel:
		s.Channel = v
	case []Installed:
		s.Pack, s.Others = nil, nil
		for _, p := range v {
			switch {
			case p.Name == w.Pack.Name && len(w.Pack.Rules) > 0:
				s.Pack = &p
			case len(p.Name) > len(Prefix) && p.Name[:len(Prefix)] == Prefix:
				s.Others = append(s.Others, p.Name)
			}
		}
		slices.Sort(s.Others)
	case []State:
		s.State = nil
		for _, p := range v {
			if p.Name == w.Pack.Name {
				s.State = &p
			}
		}
	case []Rule:
		s.Wrong, s.Judged = w.Pack.judge(s.Pack, v), true
	}
}

// Piece is a part of a baseline.
type Piece string

// The pieces of a baseline.
const (
	TheRecorder  Piece = "recorder"
	TheChannel   Piece = "delivery channel"
	TheRecording Piece = "recording"
	ThePack      Piece = "conformance pack"
	ARule        Piece = "rule"
	TheBucket    Piece = "log bucket"
	TheTrail     Piece = "organization trail"
	TheAccount   Piece = "account"
)

// What is wrong with a piece.
const (
	Missing  = "missing"
	Edited   = "edited"
	Stopped  = "stopped"
	Failing  = "failing"   // it is there, and AWS says that it does not work
	Underway = "under way" // AWS is still making it
	Unwanted = "unwanted"
	Unknown  = "unknown" // it could not be read
)

// Gap is a piece that is not as it should be.
type Gap struct {
	Piece  Piece  `json:"piece"`
	State  string `json:"state"`
	Region string `json:"region,omitempty"`
	Name   string `json:"name,omitempty"`   // of a rule or a pack
	Detail string `json:"detail,omitempty"` // what it is and should be
}

// gapWords are the states of a piece, as a sentence about it goes on.
var gapWords = map[string]string{
	Missing: "is missing", Edited: "was edited", Stopped: "was stopped", Failing: "does not work",
	Underway: "is still being made", Unwanted: "is not wanted any more", Unknown: "could not be read",
}

// String says what is wrong, for people.
func (g Gap) String() string {
	text := string(g.Piece)
	if g.Name != "" {
		text += " " + g.Name
	}
	if g.Region != "" {
		text += " in " + g.Region
	}
	text += " " + gapWords[g.State]
	if g.Detail != "" {
		text += ": " + strings.TrimSuffix(g.Detail, ".")
	}
	return text
}

// Gaps says what one account lacks in one region, in the order in which it is
// mended.
func (w Want) Gaps(s Seen) []Gap {
	var gaps []Gap
	add := func(p Piece, state, name, detail string) {
		gaps = append(gaps, Gap{p, state, w.Region, name, detail})
	}
	if s.Failed != "" {
		add(TheAccount, Unknown, "", s.Failed)
		return gaps
	}
	switch want := w.Recorder(s.Recorder); {
	case s.Recorder == nil:
		add(TheRecorder, Missing, "", "")
	case *s.Recorder != want:
		add(TheRecorder, Edited, "", recorderDiffers(*s.Recorder, want))
	}
	switch want := w.Channel(s.Channel); {
	case s.Channel == nil:
		add(TheChannel, Missing, "", "")
	case *s.Channel != want:
		add(TheChannel, Edited, "", fmt.Sprintf("it delivers to %s, not to %s", place(*s.Channel), place(want)))
	}
	switch {
	case s.Recorder == nil:
	case s.Recording == nil || !s.Recording.On:
		add(TheRecording, Stopped, "", "")
	case s.Recording.Error != "":
		add(TheRecording, Failing, "", s.Recording.Error)
	}
	for _, name := range s.Others {
		add(ThePack, Unwanted, name, "")
	}
	return append(gaps, w.packGaps(s)...)
}

// packGaps says what is wrong with the pack.
func (w Want) packGaps(s Seen) []Gap {
	one := func(state, detail string) []Gap { return []Gap{{ThePack, state, w.Region, w.Pack.Name, detail}} }
	switch {
	case len(w.Pack.Rules) == 0:
		return nil
	case s.Pack == nil:
		return one(Missing, fmt.Sprintf("%d rules", len(w.Pack.Rules)))
	case s.State != nil && s.State.State == Creating:
		return one(Underway, "")
	case s.State != nil && s.State.State != Complete:
		return one(Failing, s.State.State+": "+s.State.Reason)
	case s.Pack.Version != w.Pack.Version:
		return one(Edited, fmt.Sprintf("it is version %s, not %s", orNone(s.Pack.Version), w.Pack.Version))
	case !s.Judged:
		return nil
	}
	wrong := slices.Clone(s.Wrong)
	for i := range wrong {
		wrong[i].Region = w.Region
	}
	return wrong
}

func orNone(version string) string {
	if version == "" {
		return "none of landlord's"
	}
	return version
}

func place(c Channel) string {
	if c.Prefix == "" {
		return c.Bucket
	}
	return c.Bucket + "/" + c.Prefix
}

func recorderDiffers(have, want Recorder) string {
	switch {
	case !have.All:
		return "it does not record every type of resource"
	case have.Global && !want.Global:
		return "it records global types, which the home region records"
	case !have.Global && want.Global:
		return "it does not record global types"
	}
	return fmt.Sprintf("its role is %s, not %s", have.Role, want.Role)
}
