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
	all, err := Account(t.Context(), Subject{Account: "123456789012", Organization: "o-house", Regions: []string{"us-east-1", "eu-west-1"}, At: at, Checks: compliance.Checks()}, counting{a, counts})
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

// TestRegionsAreApart: what one region answers says nothing of another.
func TestRegionsAreApart(t *testing.T) {
	plain := but("ec2:DescribeVolumes", `{"Volumes":[{"VolumeId":"vol-2","Encrypted":false}]}`)
	crypted := but("ec2:DescribeVolumes", `{"Volumes":[{"VolumeId":"vol-1","Encrypted":true}]}`)
	plain.asked, crypted.asked = map[string]bool{}, map[string]bool{}
	checks := compliance.Named("ec2.ebs_volume_encryption")
	all, err := Account(t.Context(), Subject{Account: "123456789012", Organization: "o-house", Regions: []string{"us-east-1", "eu-west-1"}, At: at, Checks: checks}, byRegion{"us-east-1": crypted, "eu-west-1": plain})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[0].Resource != "arn:aws:ec2:us-east-1:123456789012:volume/vol-1" || all[0].Status != compliance.Pass ||
		all[1].Resource != "arn:aws:ec2:eu-west-1:123456789012:volume/vol-2" || all[1].Status != compliance.Fail {
		t.Errorf("found %+v", all)
	}
}

// byRegion answers as another account in each region.
type byRegion map[string]*account

func (b byRegion) Ask(ctx context.Context, q Question) (Answer, error) {
	return b[q.Region].Ask(ctx, q)
}

// TestStopped: whoever ends ctx gets no findings.
func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a := but()
	a.asked, a.fails, a.with = map[string]bool{}, "*", context.Canceled
	if all, err := Account(ctx, Subject{Account: "123456789012", Organization: "o-house", Regions: []string{"us-east-1"}, At: at, Checks: compliance.Checks()}, a); !errors.Is(err, context.Canceled) || all != nil {
		t.Errorf("%d findings, %v", len(all), err)
	}
}

// packed is an account with a conformance pack of landlord's and one of somebody
// else's.
func packed(results string) *account {
	a := but("config:DescribeConformancePacks", `{"ConformancePackDetails":[{"ConformancePackName":"landlord-cis","ConformancePackId":"conformance-pack-1"},{"ConformancePackName":"own","ConformancePackId":"conformance-pack-2"}]}`,
		"config:DescribeConfigRules", `{"ConfigRules":[
			{"ConfigRuleName":"encrypted-volumes-conformance-pack-1","CreatedBy":"config-conforms.amazonaws.com","Source":{"Owner":"AWS","SourceIdentifier":"ENCRYPTED_VOLUMES"}},
			{"ConfigRuleName":"encrypted-volumes-conformance-pack-2","CreatedBy":"config-conforms.amazonaws.com","Source":{"Owner":"AWS","SourceIdentifier":"ENCRYPTED_VOLUMES"}},
			{"ConfigRuleName":"root-conformance-pack-1","Source":{"Owner":"AWS","SourceIdentifier":"ROOT_ACCOUNT_MFA_ENABLED"}}]}`,
		"config:GetConformancePackComplianceDetails", `{"ConformancePackRuleEvaluationResults":[`+results+`]}`)
	a.asked = map[string]bool{}
	return a
}

func result(rule, word, kind, id string) string {
	return fmt.Sprintf(`{"ComplianceType":%q,"ResultRecordedTime":"2026-11-23T06:00:00Z","EvaluationResultIdentifier":{"EvaluationResultQualifier":{"ConfigRuleName":%q,"ResourceType":%q,"ResourceId":%q}}}`, word, rule, kind, id)
}

// TestConfig takes over what AWS Config found by the rules of landlord's own packs,
// and by no other.
func TestConfig(t *testing.T) {
	cis, err := compliance.Of("CIS", "")
	if err != nil {
		t.Fatal(err)
	}
	subject := Subject{Account: "123456789012", Regions: []string{"us-east-1"}, At: at, Checks: cis.Checks(), Packs: "landlord-"}
	by := func(a *account) map[string][]compliance.Finding {
		t.Helper()
		all, err := Config(t.Context(), subject, a)
		if err != nil {
			t.Fatal(err)
		}
		named := map[string][]compliance.Finding{}
		for _, f := range all {
			if f.Method != compliance.ByConfig || !f.At.Equal(at) {
				t.Errorf("finding %+v", f)
			}
			named[f.Name] = append(named[f.Name], f)
		}
		return named
	}
	found := by(packed(strings.Join([]string{
		result("encrypted-volumes-conformance-pack-1", "COMPLIANT", "AWS::EC2::Volume", "vol-1"),
		result("encrypted-volumes-conformance-pack-1", "NON_COMPLIANT", "AWS::EC2::Volume", "vol-2"),
		result("encrypted-volumes-conformance-pack-2", "COMPLIANT", "AWS::EC2::Volume", "vol-2"),
		result("root-conformance-pack-1", "COMPLIANT", "AWS::::Account", "123456789012"),
		result("encrypted-volumes-conformance-pack-1", "COMPLIANT", "AWS::S3::Bucket", "logs"),
		result("encrypted-volumes-conformance-pack-1", "COMPLIANT", "AWS::::Account", "123456789012"),
	}, ",")))
	v := found["ENCRYPTED_VOLUMES"]
	for i, want := range map[int][2]string{1: {"us-east-1", "arn:aws:ec2:us-east-1:123456789012:volume/vol-2"}, 2: {"", "arn:aws:s3:::logs"}, 3: {"", "arn:aws:iam::123456789012:root"}} {
		if len(v) == 4 && (v[i].Region != want[0] || v[i].Resource != want[1]) { // as reads have them
			t.Errorf("a resource is %q in %q, want %q", v[i].Resource, v[i].Region, want)
		}
	}
	if len(v) != 4 || v[0].Status != compliance.Pass || v[1].Status != compliance.Fail || v[1].Resource != "arn:aws:ec2:us-east-1:123456789012:volume/vol-2" || !v[1].Whole || v[1].Evidence.Population != 4 {
		t.Errorf("volumes %+v", v)
	}
	if r := found["ROOT_ACCOUNT_MFA_ENABLED"]; len(r) != 1 || r[0].Status != compliance.NotAssessed {
		t.Errorf("a rule that no pack made is believed: %+v", r)
	}
	for word, want := range map[string]compliance.Status{"NOT_APPLICABLE": compliance.NotApplicable, "INSUFFICIENT_DATA": compliance.Error, "SOMETHING_NEW": compliance.Error} {
		if v := by(packed(result("encrypted-volumes-conformance-pack-1", word, "AWS::EC2::Volume", "vol-1")))["ENCRYPTED_VOLUMES"]; len(v) != 1 || v[0].Status != want {
			t.Errorf("%s is %+v, want %v", word, v, want)
		}
	}
	// No pack: nothing is known, and nothing of what was known stays.
	for name, v := range by(func() *account {
		a := but("config:DescribeConformancePacks", `{"ConformancePackDetails":[]}`)
		a.asked = map[string]bool{}
		return a
	}()) {
		if len(v) != 1 || v[0].Status != compliance.NotAssessed || !v[0].Whole {
			t.Errorf("without a pack, %s is %+v", name, v)
		}
	}
	for _, operation := range []string{"config:DescribeConformancePacks", "config:DescribeConfigRules", "config:GetConformancePackComplianceDetails"} {
		a := packed("")
		a.fails, a.with = operation, errors.New("AccessDeniedException")
		for name, v := range by(a) {
			if len(v) != 1 || v[0].Status != compliance.Error || v[0].Whole {
				t.Errorf("%s refused: %s is %+v", operation, name, v)
			}
		}
	}
}
