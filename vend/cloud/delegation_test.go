package cloud_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"landlord/org"
	"landlord/vend/cloud"
)

// TestDelegation: what can be delegated is what an organization takes a resource
// policy for, and the one that lets an account look is taken.
func TestDelegation(t *testing.T) {
	_, w := newAWS(t)
	put := func(policy string) (taken bool, answer string) {
		t.Helper()
		body, err := json.Marshal(map[string]string{"Content": policy})
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequest(http.MethodPost, "https://organizations.us-east-1.amazonaws.com/", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		r.Header.Set("X-Amz-Target", "AWSOrganizationsV20161128.PutResourcePolicy")
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/organizations/aws4_request, SignedHeaders=host, Signature=0")
		resp, err := w.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode == http.StatusOK, string(text)
	}
	by := map[string]int{}
	for _, o := range cloud.Operations() {
		if !strings.HasPrefix(o.Action, "organizations:") || o.By == cloud.ByAnybody || o.Name == "CreateOrganization" {
			continue // anybody's own
		}
		by[o.By]++
		taken, answer := put(fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222233334444:root"},"Action":%q,"Resource":"*"}]}`, o.Action))
		if taken != (o.By == cloud.ByDelegate) {
			t.Errorf("%s may be called by %s, but a resource policy of it is taken: %t %s", o.Name, o.By, taken, answer)
		}
	}
	if by[cloud.ByDelegate] < 10 || by[cloud.ByManagement] < 4 {
		t.Errorf("looked at only %v", by)
	}
	policy, err := cloud.Delegation(org.AccountID("222233334444"))
	if err != nil {
		t.Fatal(err)
	}
	if taken, answer := put(string(policy)); !taken {
		t.Errorf("the policy that lets an account look is refused: %s\n%s", answer, policy)
	}
}
