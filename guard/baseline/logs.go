package baseline

import (
	"encoding/json"
	"fmt"
	"strings"

	"landlord/guard/guardrail"
	"landlord/org"
)

// Trail is CloudTrail's trail of the organization. It is in the management
// account; members see it and cannot change it.
type Trail struct {
	Name         string `json:"name"`
	Bucket       string `json:"bucket"`
	Organization bool   `json:"organization"` // of all accounts
	Everywhere   bool   `json:"everywhere"`   // of all regions, those that come later too
	Global       bool   `json:"global"`       // of services of no region
	Validated    bool   `json:"validated"`    // with digests, by which it is told whether a log file was changed
	Home         string `json:"-"`            // the region it was made in
	Partial      bool   `json:"-"`            // its event selectors leave management events out
}

// TrailName is what landlord calls the trail.
const TrailName = "landlord-organization"

// CloudTrail is the service that the organization must trust for its trail.
const CloudTrail = "cloudtrail.amazonaws.com"

// Logs are what the organization keeps of all accounts: one trail, and the bucket
// for it and for what AWS Config records. Both are in the management account, where
// no member can reach them.
type Logs struct {
	Management   org.AccountID
	Organization string // o-…
	Home         string // region
	Partition    string // "aws"
}

// Bucket is the name of the bucket. It ends in the account's id, since names are
// the world's.
func (l Logs) Bucket() string { return "landlord-logs-" + string(l.Management) }

// Trail is the trail that is wanted.
func (l Logs) Trail() Trail {
	return Trail{Name: TrailName, Bucket: l.Bucket(), Organization: true, Everywhere: true, Global: true, Validated: true, Home: l.Home}
}

// Events is where the trail's log files of an account are.
//
// Source: CloudTrail user guide, "Finding your CloudTrail log files".
func (l Logs) Events(account org.AccountID) string {
	return fmt.Sprintf("s3://%s/AWSLogs/%s/%s/CloudTrail/", l.Bucket(), l.Organization, account)
}

// Recordings is where AWS Config delivers what it recorded in an account.
//
// Source: AWS Config developer guide, "Viewing delivered configuration items".
func (l Logs) Recordings(account org.AccountID) string {
	return fmt.Sprintf("s3://%s/AWSLogs/%s/Config/", l.Bucket(), account)
}

// bucketStatement is a statement of the bucket's policy.
type bucketStatement struct {
	Sid       string
	Effect    string
	Principal any
	Action    any
	Resource  any
	Condition map[string]map[string]any `json:",omitempty"`
}

// Policy is the policy of the bucket: CloudTrail may write this organization's
// trail, AWS Config what it records in the organization's accounts, and nobody
// anything without TLS.
//
// Source: CloudTrail user guide, "Amazon S3 bucket policy for CloudTrail",
// Organization trails; AWS Config developer guide, "Permissions for the Amazon S3
// bucket for the AWS Config delivery channel", 2026-11.
func (l Logs) Policy() string {
	arn := "arn:" + l.Partition + ":s3:::" + l.Bucket()
	trail := "arn:" + l.Partition + ":cloudtrail:" + l.Home + ":" + string(l.Management) + ":trail/" + TrailName
	trails, config := map[string]string{"Service": CloudTrail}, map[string]string{"Service": "config.amazonaws.com"}
	ours := map[string]map[string]any{"StringEquals": {"aws:SourceOrgID": l.Organization}}
	text, err := json.Marshal(struct {
		Version   string
		Statement []bucketStatement
	}{"2012-10-17", []bucketStatement{
		{"TrailCheck", "Allow", trails, "s3:GetBucketAcl", arn, map[string]map[string]any{"StringEquals": {"aws:SourceArn": trail}}},
		{"TrailWrite", "Allow", trails, "s3:PutObject", []string{arn + "/AWSLogs/" + string(l.Management) + "/*", arn + "/AWSLogs/" + l.Organization + "/*"},
			map[string]map[string]any{"StringEquals": {"aws:SourceArn": trail, "s3:x-amz-acl": "bucket-owner-full-control"}}},
		{"ConfigCheck", "Allow", config, []string{"s3:GetBucketAcl", "s3:ListBucket"}, arn, ours},
		{"ConfigWrite", "Allow", config, "s3:PutObject", arn + "/AWSLogs/*/Config/*",
			map[string]map[string]any{"StringEquals": {"aws:SourceOrgID": l.Organization, "s3:x-amz-acl": "bucket-owner-full-control"}}},
		{"TLSOnly", "Deny", "*", "s3:*", []string{arn, arn + "/*"}, map[string]map[string]any{"Bool": {"aws:SecureTransport": "false"}}},
	}})
	if err != nil {
		panic(err) // texts alone
	}
	return string(text)
}

// LogsSeen is what the management account was seen to have.
type LogsSeen struct {
	Bucket  *Bucket // nil if there is none
	Trail   *Trail  // of TrailName; nil if there is none
	Logging bool
	Error   string // why the trail's last delivery failed; "" if it did not
	Others  []Trail
	Trusted bool // the organization trusts CloudTrail
	Failed  string
}

// Bucket is a bucket of logs.
type Bucket struct {
	Policy  string // "" if it has none
	Private bool   // nothing in it can be made public
}

// Trails are all of the management account's.
type Trails []Trail

// Delivery is whether a trail logs.
type Delivery struct {
	On    bool
	Error string
}

// Trust is which services the organization trusts.
type Trust map[string]bool

// Policy and Private are what looks at the two sides of a bucket saw.
type (
	// BucketPolicy is a bucket's policy; Exists is false if there is no bucket.
	BucketPolicy struct {
		Exists bool
		Policy string
	}
	// BucketPrivate tells whether nothing in a bucket can be made public.
	BucketPrivate bool
)

// Take adds what one look saw.
func (s *LogsSeen) Take(look any) {
	switch v := look.(type) {
	case Trails:
		s.Trail, s.Others = nil, nil
		for _, t := range v {
			if t.Name == TrailName {
				s.Trail = &t
			} else {
				s.Others = append(s.Others, t)
			}
		}
	case *Delivery:
		s.Logging, s.Error = v.On, v.Error
	case Trust:
		s.Trusted = v[CloudTrail]
	case BucketPolicy:
		private := s.Bucket != nil && s.Bucket.Private
		if s.Bucket = nil; v.Exists {
			s.Bucket = &Bucket{v.Policy, private}
		}
	case BucketPrivate:
		if s.Bucket != nil {
			s.Bucket.Private = bool(v)
		}
	}
}

// Gaps says what the organization lacks, in the order in which it is mended.
func (l Logs) Gaps(s LogsSeen) []Gap {
	var gaps []Gap
	add := func(p Piece, state, name, detail string) { gaps = append(gaps, Gap{p, state, l.Home, name, detail}) }
	if s.Failed != "" {
		add(TheTrail, Unknown, "", s.Failed)
		return gaps
	}
	switch {
	case s.Bucket == nil:
		add(TheBucket, Missing, l.Bucket(), "")
	default:
		if !guardrail.Same(s.Bucket.Policy, l.Policy()) {
			add(TheBucket, Edited, l.Bucket(), "its policy is not the one wanted")
		}
		if !s.Bucket.Private {
			add(TheBucket, Edited, l.Bucket(), "public access is not blocked")
		}
	}
	var have Trail
	if s.Trail != nil {
		have = *s.Trail
		have.Partial = false // which no change of the trail itself mends
	}
	switch want := l.Trail(); {
	case s.Trail == nil:
		add(TheTrail, Missing, TrailName, "")
	case have != want:
		add(TheTrail, Edited, TrailName, trailDiffers(have, want))
	}
	switch {
	case s.Trail == nil:
	case s.Trail.Partial:
		add(TheTrail, Failing, TrailName, "its event selectors leave management events out. What replaces them replaces those of data events too, so that a person does it: aws cloudtrail put-event-selectors")
	case !s.Logging:
		add(TheTrail, Stopped, TrailName, "")
	case s.Error != "":
		add(TheTrail, Failing, TrailName, s.Error)
	}
	return gaps
}

func trailDiffers(have, want Trail) string {
	var wrong []string
	for _, d := range []struct {
		is  bool
		say string
	}{
		{have.Home != want.Home, "its home region is " + have.Home + ", not " + want.Home + ": delete it, so that landlord makes it anew"},
		{!have.Organization, "it is of the management account alone"},
		{!have.Everywhere, "it is of one region alone"},
		{!have.Global, "it leaves out services of no region"},
		{!have.Validated, "its log files are not validated"},
		{have.Bucket != want.Bucket, "it writes to " + have.Bucket + ", not to " + want.Bucket},
	} {
		if d.is {
			wrong = append(wrong, d.say)
		}
	}
	return strings.Join(wrong, "; ")
}
