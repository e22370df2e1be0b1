// Package assess reads the checks of compliance's table off an account. It knows
// which questions decide a check and what the answers say; asking is somebody
// else's. An account's answers come in, findings with the evidence they rest on
// go out. What could not be asked is an error, never a pass: nothing here takes
// a refusal for an answer unless AWS's documentation says that it is one.
package assess

import (
	"context"
	"maps"
	"slices"
	"time"

	"landlord/guard/compliance"
	"landlord/org"
)

// Version is that of the evaluators: it changes with what any of them says of the
// same answers. Every finding states it.
const Version = "2"

// Subject is an account and what of it is looked at.
type Subject struct {
	Account      org.AccountID
	Organization string    // the id of the organization that it should be in
	Regions      []string  // the home region first
	At           time.Time // which findings are as of
	Checks       []*compliance.Check
	Framework    string // that the checks are of, where its limits differ from others'
	Packs        string // how the names of conformance packs begin that Config may rely on
}

// Question is a read: an operation of AWS's and what it is asked with.
type Question struct {
	Operation string         // "ec2:DescribeVolumes": the service as its IAM actions have it, or "s3control"
	Region    string         // "" where AWS has the service once
	Input     map[string]any // by the names of the API
}

// Answer is what AWS answered: all pages, as one.
type Answer struct {
	Body      []byte // JSON, by the names of the API
	RequestID string // of the last page
	At        time.Time
}

// An Asker asks AWS in one account. It may be asked by several goroutines.
type Asker interface {
	Ask(ctx context.Context, q Question) (Answer, error)
}

// Refusal is an error in which AWS itself says why. Some of them are answers, such
// as that a bucket has no policy.
type Refusal struct {
	Code      string // AWS's word; after an operation, if that was refused and not the question
	Message   string
	RequestID string
	Err       error // all of it, for people
}

func (r *Refusal) Error() string { return r.Err.Error() }

func (r *Refusal) Unwrap() error { return r.Err }

// evaluator decides one check.
type evaluator struct {
	once bool // in the account, not in each region
	look func(*look) error
}

// evaluators by check. The table of checks names their calls; a test compares.
var evaluators = merged(people, credentials, policies, trails, alarms, buckets, compute, network, data, watchers, threats, copies, clusters, entrances)

func merged(all ...map[string]evaluator) map[string]evaluator {
	m := map[string]evaluator{}
	for _, some := range all {
		maps.Copy(m, some)
	}
	return m
}

// Checks are those of the given that can be assessed here.
func Checks(of []*compliance.Check) (can []*compliance.Check) {
	for _, c := range of {
		if evaluators[c.ID].look != nil {
			can = append(can, c)
		}
	}
	return can
}

// Account assesses an account: its checks in their order, each once or in each
// region. Each comes to at least one finding in each place. The error is that of
// ctx; whatever else goes wrong is a finding.
func Account(ctx context.Context, s Subject, ask Asker) ([]compliance.Finding, error) {
	v := &visit{Subject: s, asker: ask, known: map[string]known{}}
	checks := Checks(s.Checks)
	places := append([]string{""}, s.Regions...)
	for _, region := range places {
		for _, c := range checks {
			if e := evaluators[c.ID]; e.once == (region == "") {
				v.assess(ctx, c, region, e)
			}
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return v.found, nil
}

// visit is the assessment of one account.
type visit struct {
	Subject
	asker Asker
	known map[string]known
	found []compliance.Finding
}

// known is what became of a question: it is asked once.
type known struct {
	call compliance.Call
	body []byte
	err  error
}

// assess looks at one check in one place.
func (v *visit) assess(ctx context.Context, c *compliance.Check, region string, e evaluator) {
	l := &look{ctx: ctx, visit: v, check: c, region: region}
	err := e.look(l)
	switch {
	case err != nil:
		l.say(compliance.Error, "", "it could not be told: "+err.Error())
	case len(l.verdicts) == 0:
		l.say(compliance.NotApplicable, "", "there is nothing that the check looks at")
	}
	population := 0
	for _, f := range l.verdicts {
		if f.Resource != "" {
			population++
		}
	}
	for _, f := range l.verdicts {
		f.Whole = err == nil
		f.Evidence.Population = population
		v.found = append(v.found, f)
	}
}

// EnabledRegions are the regions that an account has enabled, the subject's home
// region first.
//
// Source: EC2 API reference, DescribeRegions: those that are disabled are left out.
func EnabledRegions(ctx context.Context, s Subject, ask Asker) ([]string, error) {
	l := &look{ctx: ctx, visit: &visit{Subject: s, asker: ask, known: map[string]known{}}, region: s.Regions[0]}
	all, err := list[struct{ RegionName string }](l, "ec2:DescribeRegions", nil, "Regions")
	regions := s.Regions[:1:1]
	for _, r := range all {
		if r.RegionName != s.Regions[0] {
			regions = append(regions, r.RegionName)
		}
	}
	slices.Sort(regions[1:])
	return regions, err
}
