package cloud

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"landlord/guard/compliance/assess"
	"landlord/internal/clock"
	"landlord/org"
	"landlord/simaws"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// counted is a simulated AWS that counts how often a role is assumed, and whom the
// other calls are signed by.
type counted struct {
	server  *simaws.Server
	assumed int
	forget  bool // the next call but an AssumeRole is answered as of a session that has ended
}

func (c *counted) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasPrefix(r.Host, "sts.") || strings.HasPrefix(r.URL.Host, "sts.") {
		c.assumed++
	} else if c.forget && strings.HasPrefix(r.URL.Host, "config.") {
		c.forget = false
		w := httptest.NewRecorder()
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(http.StatusBadRequest)
		w.WriteString(`{"__type":"ExpiredTokenException","message":"The security token included in the request is expired"}`)
		return w.Result(), nil
	}
	answer, _, err := c.server.RoundTrip(r)
	return answer, err
}

// newMember is a simulated AWS with an account in it.
func newMember(t *testing.T) (*Client, *counted, *clock.Virtual, org.AccountID) {
	t.Helper()
	profile, err := simaws.ProfileNamed("instant")
	if err != nil {
		t.Fatal(err)
	}
	now := clock.NewVirtual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	server, err := simaws.New(simaws.Config{Profile: profile, Seed: 1, Clock: now, Organization: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	w := &counted{server: server}
	c := InProcess(w, Options{Clock: now})
	r, err := c.Do(t.Context(), execute.Call{Step: plan.Step{Kind: plan.CreateAccount, Name: "ada", Email: "ada@landlord.example"}})
	if err != nil {
		t.Fatal(err)
	}
	if r.ID == "" {
		if r, err = c.Do(t.Context(), execute.Call{Purpose: execute.Confirm, Operation: "DescribeCreateAccountStatus", Step: plan.Step{Kind: plan.CreateAccount, Handle: r.Handle}}); err != nil {
			t.Fatal(err)
		}
	}
	return c, w, now, org.AccountID(r.ID)
}

// recorderOf makes a recorder in an account and reads it back.
func recorderOf(t *testing.T, m *Member) string {
	t.Helper()
	role := "arn:aws:iam::111122223333:role/recorder"
	if _, err := inside(t.Context(), m, "config:PutConfigurationRecorder", m.config.PutConfigurationRecorder, &configservice.PutConfigurationRecorderInput{
		ConfigurationRecorder: &types.ConfigurationRecorder{RoleARN: &role},
	}); err != nil {
		t.Fatal(err)
	}
	out, err := readInside(t.Context(), m, "config:DescribeConfigurationRecorders", m.config.DescribeConfigurationRecorders, &configservice.DescribeConfigurationRecordersInput{})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.ConfigurationRecorders) != 1 {
		t.Fatalf("%d recorders", len(out.ConfigurationRecorders))
	}
	return *out.ConfigurationRecorders[0].Arn
}

// TestMember: calls in an account are made in that account, over a port as in one
// process, and a session serves until shortly before its end by our clock.
func TestMember(t *testing.T) {
	c, w, now, account := newMember(t)
	m := c.In(account, "eu-central-1")
	if arn := recorderOf(t, m); !strings.Contains(arn, ":eu-central-1:"+string(account)+":") {
		t.Errorf("made %s, not in account %s", arn, account)
	}
	if arn := recorderOf(t, c.Own("us-east-1")); strings.Contains(arn, string(account)) {
		t.Errorf("in the caller's own account: made %s", arn)
	}
	bucket := "landlord-" + string(account)
	for _, who := range []*Member{m, c.In(account, "us-east-1")} {
		if _, err := readInside(t.Context(), who, "s3:ListBuckets", who.s3.ListBuckets, &s3.ListBucketsInput{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := inside(t.Context(), c.In(account, "us-east-1"), "s3:CreateBucket", m.s3.CreateBucket, &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	if w.assumed != 1 {
		t.Errorf("the role was assumed %d times for one account", w.assumed)
	}
	now.Advance(54 * time.Minute)
	recorderOf(t, m)
	if w.assumed != 1 {
		t.Errorf("a session of 54 minutes was renewed")
	}
	now.Advance(2 * time.Minute)
	recorderOf(t, m)
	if w.assumed != 2 {
		t.Errorf("the role was assumed %d times after 56 minutes, want 2", w.assumed)
	}
	w.forget = true
	recorderOf(t, m)
	if w.assumed != 3 {
		t.Errorf("the role was assumed %d times after AWS knew a session no more, want 3", w.assumed)
	}

	port := httptest.NewServer(w.server)
	defer port.Close()
	for name, value := range map[string]string{"AWS_ENDPOINT_URL": port.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIAADMIN", "AWS_SECRET_ACCESS_KEY": "none", "AWS_CONFIG_FILE": os.DevNull} {
		t.Setenv(name, value)
	}
	over, err := FromEnvironment(t.Context(), Options{Clock: now})
	if err != nil {
		t.Fatal(err)
	}
	if arn := recorderOf(t, over.In(account, "eu-west-1")); !strings.Contains(arn, ":eu-west-1:"+string(account)+":") {
		t.Errorf("over a port: made %s, not in account %s", arn, account)
	}
	there := over.In(account, "us-east-1")
	if _, err := readInside(t.Context(), there, "s3:HeadBucket", there.s3.HeadBucket, &s3.HeadBucketInput{Bucket: &bucket}); err != nil {
		t.Errorf("over a port: %v", err)
	}
}

// TestMembersAreApart: of accounts that are worked on side by side each is entered by
// itself, and every call is made in its own.
func TestMembersAreApart(t *testing.T) {
	c, w, now, first := newMember(t)
	accounts := []org.AccountID{first}
	for _, name := range []string{"bob", "eve"} {
		r, err := c.Do(t.Context(), execute.Call{Step: plan.Step{Kind: plan.CreateAccount, Name: name, Email: name + "@landlord.example"}})
		if err != nil || r.ID == "" {
			t.Fatalf("%+v, %v", r, err)
		}
		accounts = append(accounts, org.AccountID(r.ID))
	}
	beside := InProcess(apart{w.server}, Options{Clock: now})
	var wg sync.WaitGroup
	for _, id := range accounts {
		recorderOf(t, beside.In(id, "us-east-1"))
		for range 20 {
			wg.Go(func() {
				answer, err := beside.Asker(assess.Subject{Account: id, Regions: []string{"us-east-1"}}).Ask(t.Context(), assess.Question{Operation: "config:DescribeConfigurationRecorders", Region: "us-east-1"})
				if err != nil || !strings.Contains(string(answer.Body), ":"+string(id)+":") {
					t.Errorf("account %s answers %s, %v", id, answer.Body, err)
				}
			})
		}
	}
	wg.Wait()
}

// apart is a simulated AWS for callers side by side.
type apart struct{ *simaws.Server }

func (a apart) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, _, err := a.Server.RoundTrip(r)
	return answer, err
}

// TestMemberRefused: an account that cannot be entered, and a call that is refused
// there, fail that account alone.
func TestMemberRefused(t *testing.T) {
	c, _, _, account := newMember(t)
	none := c.In("999999999999", "us-east-1").Enter(t.Context())
	if !errors.Is(none, execute.ErrNotYet) || !strings.Contains(none.Error(), "cannot enter account 999999999999 through the role OrganizationAccountAccessRole") {
		t.Errorf("an account that is not there: %v", none)
	}
	m := c.In(account, "us-east-1")
	name := "default"
	_, err := inside(t.Context(), m, "config:StopConfigurationRecorder", m.config.StopConfigurationRecorder, &configservice.StopConfigurationRecorderInput{ConfigurationRecorderName: &name})
	if !errors.Is(err, execute.ErrCustomer) || code(err) != "NoSuchConfigurationRecorderException" {
		t.Errorf("a recorder that is not there: %v", err)
	}
}
