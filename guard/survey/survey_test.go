package survey

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"landlord/guard/compliance"
	"landlord/guard/compliance/assess"
	"landlord/org"
)

var at = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// volumes are accounts in which a check is asked one question, by both methods.
type volumes struct{ account org.AccountID }

func (v volumes) Ask(ctx context.Context, q assess.Question) (assess.Answer, error) {
	if err := ctx.Err(); err != nil {
		return assess.Answer{}, err
	}
	if v.account == "000000000002" {
		return assess.Answer{}, &assess.Refusal{Code: "AccessDenied", Message: "no", Err: errors.New("no")}
	}
	return assess.Answer{At: at, RequestID: "r", Body: []byte(map[string]string{
		"ec2:DescribeVolumes":             `{"Volumes":[{"VolumeId":"vol-1","Encrypted":true}]}`,
		"ec2:DescribeRegions":             `{"Regions":[{"RegionName":"us-east-1"},{"RegionName":"eu-west-1"}]}`,
		"config:DescribeConformancePacks": `{"ConformancePackDetails":[{"ConformancePackName":"landlord-cis","ConformancePackId":"conformance-pack-1"}]}`,
		"config:DescribeConfigRules":      `{"ConfigRules":[{"ConfigRuleName":"v-conformance-pack-1","CreatedBy":"config-conforms.amazonaws.com","Source":{"SourceIdentifier":"ENCRYPTED_VOLUMES"}}]}`,
		"config:GetConformancePackComplianceDetails": `{"ConformancePackRuleEvaluationResults":[{"ComplianceType":"` + map[bool]string{true: "NON_COMPLIANT", false: "COMPLIANT"}[v.account == "000000000003"] +
			`","EvaluationResultIdentifier":{"EvaluationResultQualifier":{"ConfigRuleName":"v-conformance-pack-1","ResourceType":"AWS::EC2::Volume","ResourceId":"vol-1"}}}]}`,
	}[q.Operation])}, nil
}

func accounts(n int) (all []assess.Subject) {
	for i := range n {
		all = append(all, assess.Subject{Account: org.AccountID(fmt.Sprintf("%012d", i+1)), Regions: []string{"us-east-1"}, Checks: compliance.Named("ec2.ebs_volume_encryption"), Packs: "landlord-"})
	}
	return all
}

// memory keeps findings.
type memory struct {
	mu   sync.Mutex
	kept map[org.AccountID][]compliance.Finding
}

func (m *memory) survey() Survey {
	return Survey{
		Parallel: 4, Now: func() time.Time { return at },
		Ask: func(s assess.Subject) assess.Asker { return volumes{s.Account} },
		Kept: func(id org.AccountID) ([]compliance.Finding, bool, error) {
			m.mu.Lock()
			defer m.mu.Unlock()
			f, is := m.kept[id]
			return f, is, nil
		},
		Keep: func(id org.AccountID, found []compliance.Finding) error {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.kept[id] = found
			return nil
		},
	}
}

func TestSums(t *testing.T) {
	m := &memory{kept: map[org.AccountID][]compliance.Finding{}}
	s := m.survey()
	told := 0
	s.Told = func(d Done) { told++ }
	sum, err := s.Run(t.Context(), accounts(10))
	if err != nil {
		t.Fatal(err)
	}
	if sum.Accounts != 10 || sum.Whole != 9 || sum.Findings != 20 || sum.Statuses[compliance.Pass] != 17 || sum.Statuses[compliance.Fail] != 1 || sum.Statuses[compliance.Error] != 2 ||
		sum.Checks[compliance.Pass] != 8 || sum.Errors["ec2:DescribeVolumes AccessDenied"] != 1 || sum.Errors["config:DescribeConformancePacks AccessDenied"] != 1 || told != 10 || len(m.kept) != 10 {
		t.Errorf("told of %d: %+v", told, sum)
	}
	if sum.Disagree != 1 || sum.Disagreed[0] != (Disagreement{"000000000003", "ec2.ebs_volume_encryption", compliance.Pass, compliance.Fail}) {
		t.Errorf("disagreements %+v", sum.Disagreed)
	}
	for id, all := range m.kept {
		for _, f := range all {
			if f.Account != id || !f.At.Equal(at) {
				t.Errorf("account %s keeps %+v", id, f)
			}
		}
	}
}

// TestStoppedAnywhere stops a survey after each number of accounts; the next comes
// to the same sums, and asks nothing of who was done.
func TestStoppedAnywhere(t *testing.T) {
	whole := &memory{kept: map[org.AccountID][]compliance.Finding{}}
	want, err := whole.survey().Run(t.Context(), accounts(12))
	if err != nil {
		t.Fatal(err)
	}
	for stop := range 12 {
		m := &memory{kept: map[org.AccountID][]compliance.Finding{}}
		ctx, cancel := context.WithCancel(t.Context())
		s := m.survey()
		s.Parallel = 3
		s.Told = func(d Done) {
			if d.Number == stop {
				cancel()
			}
		}
		if stop == 0 {
			cancel()
		}
		if _, err := s.Run(ctx, accounts(12)); !errors.Is(err, context.Canceled) {
			t.Fatalf("stopped after %d: %v", stop, err)
		}
		cancel()
		before := len(m.kept)
		got, err := m.survey().Run(t.Context(), accounts(12))
		if err != nil {
			t.Fatal(err)
		}
		if got.Before != before || got.Before < stop {
			t.Errorf("stopped after %d: %d were done before, %d kept", stop, got.Before, before)
		}
		got.Before = 0
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("stopped after %d:\n%+v, want\n%+v", stop, got, want)
		}
	}
}

// TestKeepingFails: what cannot be kept ends the survey, which says of whom.
func TestKeepingFails(t *testing.T) {
	m := &memory{kept: map[org.AccountID][]compliance.Finding{}}
	s := m.survey()
	full := errors.New("no space left on device")
	s.Keep = func(org.AccountID, []compliance.Finding) error { return full }
	if _, err := s.Run(t.Context(), accounts(100)); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
}

// TestRegionsOfTheAccount: those it has enabled are looked at; where they cannot be
// told, nothing passes.
func TestRegionsOfTheAccount(t *testing.T) {
	m := &memory{kept: map[org.AccountID][]compliance.Finding{}}
	s := m.survey()
	s.Regions = assess.EnabledRegions
	sum, err := s.Run(t.Context(), accounts(2))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(m.kept["000000000001"]); n != 4 {
		t.Errorf("%d findings of two regions by two methods", n)
	}
	if sum.Errors["the answer could not be judged"] != 0 || sum.Whole != 1 || sum.Statuses[compliance.Pass] != 4 {
		t.Errorf("%+v", sum)
	}
	for _, f := range m.kept["000000000002"] {
		if f.Status != compliance.Error {
			t.Errorf("%+v", f)
		}
	}
}
