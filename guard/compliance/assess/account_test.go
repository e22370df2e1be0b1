package assess

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"landlord/guard/compliance"
)

// TestEvidence holds what is kept with a finding.
func TestEvidence(t *testing.T) {
	a := but("ec2:DescribeVolumes", `{"Volumes":[{"VolumeId":"vol-1","Encrypted":true},{"VolumeId":"vol-2","Encrypted":false}]}`)
	_, all := found(t, "ec2.ebs_volume_encryption", a)
	if len(all) != 2 {
		t.Fatalf("%d findings", len(all))
	}
	f := all[1]
	if f.Name != "ec2.ebs_volume_encryption" || f.Account != "123456789012" || f.Region != "us-east-1" || f.Resource != "arn:aws:ec2:us-east-1:123456789012:volume/vol-2" ||
		f.Status != compliance.Fail || !f.At.Equal(at) || f.Method != compliance.ByCalls || !f.Whole || f.Reason != "the volume is not encrypted" || f.Evidence.Population != 2 {
		t.Errorf("finding %+v", f)
	}
	c := f.Evidence.Calls[0]
	if want := fmt.Sprintf("%x", sha256.Sum256([]byte(a.answers["ec2:DescribeVolumes"]))); len(f.Evidence.Calls) != 1 || c.Operation != "ec2:DescribeVolumes" || c.Region != "us-east-1" || c.RequestID != "r-1" || !c.At.Equal(at) || c.SHA256 != want {
		t.Errorf("call %+v, want the hash %s", c, want)
	}
	// Each bucket's finding rests on its own calls.
	_, all = found(t, "s3.versioning", but("s3:ListBuckets", `{"Buckets":[{"Name":"a"},{"Name":"b"}]}`))
	for i, bucket := range []string{"a", "b"} {
		for _, c := range all[i].Evidence.Calls {
			if c.Operation != "s3:ListBuckets" && c.Input != `{"Bucket":"`+bucket+`"}` {
				t.Errorf("the finding of bucket %s rests on %+v", bucket, c)
			}
		}
	}
	if all[0].Hash == all[1].Hash {
		t.Error("findings that rest on other calls have one hash")
	}
}

// TestOneDeniedBucket: what fails of one resource leaves the others told.
func TestOneDeniedBucket(t *testing.T) {
	_, all := found(t, "s3.versioning", but("s3:ListBuckets", `{"Buckets":[{"Name":"a"},{"Name":"b"},{"Name":"c"}]}`, "s3:GetBucketVersioning b", "!AccessDenied: by the bucket's policy"))
	want := []compliance.Status{compliance.Pass, compliance.Error, compliance.Pass}
	for i, f := range all {
		if f.Status != want[i] || !f.Whole || f.Evidence.Population != 3 {
			t.Errorf("bucket %d: %+v", i, f)
		}
	}
	if !strings.Contains(all[1].Reason, "AccessDenied") {
		t.Errorf("reason %q", all[1].Reason)
	}
}

// TestRegions looks at each region, asks each question once, and what is of the
// account once.
func TestRegions(t *testing.T) {
	counts := map[string]int{}
	a := but()
	a.asked = map[string]bool{}
	all, err := Account(t.Context(), Subject{"123456789012", "o-house", []string{"us-east-1", "eu-west-1"}, at, compliance.Checks()}, counting{a, counts})
	if err != nil {
		t.Fatal(err)
	}
	for q, n := range counts {
		if n != 1 {
			t.Errorf("asked %d times: %s", n, q)
		}
	}
	places := map[string]map[string]bool{}
	for _, f := range all {
		if places[f.Name] == nil {
			places[f.Name] = map[string]bool{}
		}
		places[f.Name][f.Region] = true
	}
	for _, c := range Checks(compliance.Checks()) {
		want := 2
		if evaluators[c.ID].once {
			want = 1
		}
		if len(places[c.ID]) != want {
			t.Errorf("%s was looked at in %v, want %d places", c.ID, places[c.ID], want)
		}
	}
	// One trail, at home, is judged where it is.
	for _, f := range all {
		if f.Name == "cloudtrail.kms" && f.Region != "us-east-1" && f.Resource != "" {
			t.Errorf("a trail of us-east-1 is judged in %s", f.Region)
		}
	}
}

type counting struct {
	Asker
	counts map[string]int
}

func (c counting) Ask(ctx context.Context, q Question) (Answer, error) {
	c.counts[fmt.Sprint(q)]++
	return c.Asker.Ask(ctx, q)
}

// TestStopped: whoever ends ctx gets no findings.
func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a := but()
	a.asked, a.fails, a.with = map[string]bool{}, "*", context.Canceled
	if all, err := Account(ctx, Subject{"123456789012", "o-house", []string{"us-east-1"}, at, compliance.Checks()}, a); !errors.Is(err, context.Canceled) || all != nil {
		t.Errorf("%d findings, %v", len(all), err)
	}
}
