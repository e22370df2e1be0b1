package assess

import (
	"slices"
	"strings"

	"landlord/guard/compliance"
)

// trails are the checks of CloudTrail's trails.
var trails = map[string]evaluator{
	"cloudtrail.multi_region": {true, func(l *look) error {
		all, err := trailsIn(l, l.home())
		if err != nil {
			return err
		}
		var failed error
		for _, t := range all {
			if !t.IsMultiRegionTrail {
				continue
			}
			on, err := t.logging(l)
			if err == nil && on {
				var s selectors
				if s, err = t.selectors(l); err == nil && s.management() {
					l.say(compliance.Pass, l.self(), "trail "+t.Name+" logs management events of all regions")
					return nil
				}
			}
			if err != nil {
				failed = err
			}
		}
		if failed == nil {
			l.say(compliance.Fail, l.self(), "no trail logs all management events of all regions")
		}
		return failed
	}},
	"cloudtrail.log_validation": ofTrails(func(l *look, t trail) error {
		l.is(t.LogFileValidationEnabled, t.TrailARN, "log files are validated", "log files are not validated")
		return nil
	}),
	"cloudtrail.kms": ofTrails(func(l *look, t trail) error {
		l.is(t.KmsKeyID != "", t.TrailARN, "logs are encrypted with a KMS key", "logs are not encrypted with a KMS key")
		return nil
	}),
	"cloudtrail.cloudwatch_logs": ofTrails(func(l *look, t trail) error {
		on, err := t.logging(l)
		if err == nil {
			l.is(on && t.CloudWatchLogsLogGroupArn != "", t.TrailARN, "the trail delivers to CloudWatch Logs", "the trail does not deliver to CloudWatch Logs")
		}
		return err
	}),
	"cloudtrail.bucket_access_logging": ofTrails(func(l *look, t trail) error {
		all, err := bucketsOf(l)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(b bucket) bool { return b.Name == t.S3BucketName })
		if i < 0 {
			l.say(compliance.Manual, t.TrailARN, "the trail's bucket "+t.S3BucketName+" is another account's; look there")
			return nil
		}
		to, err := all[i].logging(l)
		if err == nil {
			l.is(to != "", t.TrailARN, "access to bucket "+t.S3BucketName+" is logged", "access to bucket "+t.S3BucketName+" is not logged")
		}
		return err
	}),
	"cloudtrail.s3_write_events": ofObjectEvents("WriteOnly", "written"),
	"cloudtrail.s3_read_events":  ofObjectEvents("ReadOnly", "read"),
}

type trail struct {
	Name, TrailARN, HomeRegion, S3BucketName, KmsKeyID, CloudWatchLogsLogGroupArn string
	IsMultiRegionTrail, LogFileValidationEnabled                                  bool
}

// trailsIn are the trails that a region shows, those of other regions and of the
// organization too.
func trailsIn(l *look, region string) ([]trail, error) {
	return listIn[trail](l, region, "cloudtrail:DescribeTrails", nil, "TrailList")
}

// ofTrails is a check of each trail, in its home region; one whose home is not
// looked at, in the first region that is.
func ofTrails(judge func(*look, trail) error) evaluator {
	return evaluator{look: func(l *look) error {
		all, err := trailsIn(l, l.region)
		all = slices.DeleteFunc(all, func(t trail) bool {
			return t.HomeRegion != l.region && (l.region != l.home() || slices.Contains(l.Regions, t.HomeRegion))
		})
		every(l, all, func(t trail) string { return t.TrailARN }, func(t trail) error { return judge(l, t) })
		return err
	}}
}

// logging tells whether the trail logs now.
func (t trail) logging(l *look) (bool, error) {
	var out struct{ IsLogging *bool }
	err := l.askIn(t.HomeRegion, "cloudtrail:GetTrailStatus", in{"Name": t.TrailARN}, &out)
	return out.IsLogging != nil && *out.IsLogging, err
}

// selectors are which events a trail logs.
type selectors struct {
	EventSelectors []struct {
		ReadWriteType           string
		IncludeManagementEvents *bool

		ExcludeManagementEventSources []string
		DataResources                 []struct {
			Type   string
			Values []string
		}
	}
	AdvancedEventSelectors []struct{ FieldSelectors []field }
}

// field is one condition of an advanced selector; all of a selector's must hold.
type field struct {
	Field                                                               string
	Equals, StartsWith, EndsWith, NotEquals, NotStartsWith, NotEndsWith []string
}

func (t trail) selectors(l *look) (s selectors, err error) {
	return s, l.askIn(t.HomeRegion, "cloudtrail:GetEventSelectors", in{"TrailName": t.TrailARN}, &s)
}

// management tells whether all management events are logged, those of no service
// left out.
//
// Source: AWS Config developer guide, multi-region-cloudtrail-enabled.
func (s selectors) management() bool {
	read, write := false, false
	for _, e := range s.EventSelectors {
		if (e.IncludeManagementEvents == nil || *e.IncludeManagementEvents) && len(e.ExcludeManagementEventSources) == 0 {
			read = read || e.ReadWriteType != "WriteOnly"
			write = write || e.ReadWriteType != "ReadOnly"
		}
	}
	for _, a := range s.AdvancedEventSelectors {
		if whole, r, w := kindOf(a.FieldSelectors, "Management", ""); whole {
			read, write = read || r, write || w
		}
	}
	return read && write
}

// objects tells whether all events of one kind are logged for the objects of all
// buckets.
//
// Source: CloudTrail API reference, DataResource: arn:aws:s3 is all buckets.
func (s selectors) objects(kind string) bool {
	for _, e := range s.EventSelectors {
		if e.ReadWriteType != "All" && e.ReadWriteType != "" && e.ReadWriteType != kind {
			continue
		}
		for _, d := range e.DataResources {
			if d.Type == "AWS::S3::Object" && slices.ContainsFunc(d.Values, func(v string) bool { return v == "arn:aws:s3" || v == "arn:aws:s3:::" }) {
				return true
			}
		}
	}
	return slices.ContainsFunc(s.AdvancedEventSelectors, func(a struct{ FieldSelectors []field }) bool {
		whole, read, write := kindOf(a.FieldSelectors, "Data", "AWS::S3::Object")
		return whole && (kind == "ReadOnly" && read || kind == "WriteOnly" && write)
	})
}

// kindOf tells whether an advanced selector takes all events of a category, and
// whether those that read and that write. One with any other condition takes but
// some.
func kindOf(fields []field, category, resource string) (whole, read, write bool) {
	read, write = true, true
	right, sort := false, resource == ""
	for _, f := range fields {
		only := f.NotEquals == nil && f.StartsWith == nil && f.EndsWith == nil && f.NotStartsWith == nil && f.NotEndsWith == nil
		switch {
		case f.Field == "eventCategory" && only:
			right = slices.Contains(f.Equals, category)
		case f.Field == "resources.type" && only && resource != "":
			sort = slices.Contains(f.Equals, resource)
		case f.Field == "readOnly" && only:
			read, write = slices.Contains(f.Equals, "true"), slices.Contains(f.Equals, "false")
		default:
			return false, false, false
		}
	}
	return right && sort, read, write
}

// ofObjectEvents is a check that some trail logs what is done to all objects.
func ofObjectEvents(kind, done string) evaluator {
	return evaluator{look: func(l *look) error {
		all, err := trailsIn(l, l.region)
		if err != nil {
			return err
		}
		var failed error
		for _, t := range all {
			s, err := t.selectors(l)
			if err == nil && s.objects(kind) {
				var on bool
				if on, err = t.logging(l); on {
					l.say(compliance.Pass, l.self(), "trail "+t.Name+" logs when objects are "+done)
					return nil
				}
			}
			if err != nil {
				failed = err
			}
		}
		if failed == nil {
			l.say(compliance.Fail, l.self(), "no trail logs for all buckets when objects are "+done)
		}
		return failed
	}}
}

// logGroup is the log group that a trail delivers to: its region, account and name.
func (t trail) logGroup() (region, account, name string) {
	parts := strings.SplitN(t.CloudWatchLogsLogGroupArn, ":", 7) // arn:aws:logs:REGION:ACCOUNT:log-group:NAME:*
	if len(parts) < 7 {
		return "", "", ""
	}
	return parts[3], parts[4], strings.TrimSuffix(parts[6], ":*")
}
