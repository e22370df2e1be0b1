package simaws

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"landlord/internal/clock"
)

// TestPort checks that a client over a real port sees what one in the process does.
func TestPort(t *testing.T) {
	l := newLab(t, "typical", Config{Seed: 1, Organization: true})
	port := httptest.NewServer(l)
	defer port.Close()
	cfg := aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(port.URL),
		Credentials: credentials.NewStaticCredentialsProvider("AKIAADMIN", "secret", ""),
	}
	client := organizations.NewFromConfig(cfg)
	got, err := client.DescribeOrganization(t.Context(), &organizations.DescribeOrganizationInput{})
	if err != nil {
		t.Fatal(err)
	}
	if aws.ToString(got.Organization.Id) != l.world.org.ID {
		t.Errorf("organization %s, want %s", aws.ToString(got.Organization.Id), l.world.org.ID)
	}
	if passed := l.clock.Now().Sub(start); passed != l.world.profile.Read {
		t.Errorf("the call took %v on the clock, want %v", passed, l.world.profile.Read)
	}
	_, err = client.DescribeAccount(t.Context(), &organizations.DescribeAccountInput{AccountId: aws.String("000000000000")})
	if errorCode(err) != "AccountNotFoundException" {
		t.Errorf("an account that is not there: %v", err)
	}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil || aws.ToString(who.Account) != "111122223333" {
		t.Errorf("caller %v, %v", who, err)
	}
}

// TestPortWaitsOnTheClock checks that a call takes effect when it arrives and
// is answered when its latency has passed, on a clock a thousand times as fast.
func TestPortWaitsOnTheClock(t *testing.T) {
	p, err := ProfileNamed("reference")
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{Profile: p, Seed: 1, Organization: true, Clock: clock.Scaled(start, 1000)})
	if err != nil {
		t.Fatal(err)
	}
	port := httptest.NewServer(s)
	defer port.Close()
	before := time.Now()
	r := rawRequest("AKIAADMIN", "AWSOrganizationsV20161128.CreateOrganizationalUnit", fmt.Sprintf(`{"ParentId":%q,"Name":"u"}`, s.world.org.Root))
	r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(port.URL, "http://")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if took := time.Since(before); took < 18*time.Millisecond {
		t.Errorf("18 s at a thousand times took %v", took)
	}
}

// TestManyAtOnce calls from many goroutines: every unit is made once.
func TestManyAtOnce(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1, Organization: true})
	root := l.root()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				l.send("AKIAADMIN", "CreateOrganizationalUnit", fmt.Sprintf(`{"ParentId":%q,"Name":"u%d"}`, root, (i+j)%50))
				l.Metrics()
			}
		})
	}
	wg.Wait()
	if got := l.world.unitList.len(); got != 50 {
		t.Errorf("%d units, want 50", got)
	}
}

// TestForeignRequests checks what comes in that is no call.
func TestForeignRequests(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1, Organization: true})
	port := httptest.NewServer(l)
	defer port.Close()
	form := "AWS4-HMAC-SHA256 Credential=AKIA/20270104/us-east-1/sts/aws4_request, Signature=0"
	for _, row := range []struct{ name, method, target, body, authorization, want string }{
		{"a browser", "GET", "", "", "", "UnknownOperationException"},
		{"another service", "POST", "DynamoDB_20120810.ListTables", "{}", "x", "UnknownOperationException"},
		{"another query service", "POST", "", "Action=ListQueues", "AWS4-HMAC-SHA256 Credential=AKIA/20270104/us-east-1/sqs/aws4_request", "UnknownOperationException"},
		{"an STS action that simaws has not", "POST", "", "Action=AssumeRoleWithSAML", form, "InvalidAction"},
		{"nobody", "POST", "", "Action=GetCallerIdentity", "", "MissingAuthenticationToken"},
		{"a flood", "POST", "AWSOrganizationsV20161128.ListRoots", strings.Repeat(" ", bodyMost+1), form, "RequestEntityTooLargeException"},
		{"a session of no length", "POST", "", "Action=AssumeRole&RoleArn=x&RoleSessionName=xx&DurationSeconds=1", form, "ValidationError"},
	} {
		r, _ := http.NewRequestWithContext(t.Context(), row.method, port.URL, strings.NewReader(row.body))
		r.Header.Set("X-Amz-Target", row.target)
		r.Header.Set("Authorization", row.authorization)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode < 400 || !strings.Contains(string(body), row.want) {
			t.Errorf("%s: %s %s, want %s", row.name, resp.Status, body, row.want)
		}
	}
}
