package simaws

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"landlord/internal/limits"
)

// wire sends a call of any service as the SDKs write it: to the target if it
// is one, else to the path.
func (l *lab) wire(key, service, region, target, path, body string) reply {
	l.t.Helper()
	r, err := http.NewRequest(http.MethodPost, "https://"+service+"."+region+".amazonaws.com"+path, bytes.NewReader([]byte(body)))
	if err != nil {
		l.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if target != "" {
		r.Header.Set("X-Amz-Target", target)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+key+"/20270104/"+region+"/"+service+"/aws4_request, SignedHeaders=host, Signature=00")
	resp, took, err := l.RoundTrip(r)
	if err != nil {
		l.t.Fatal(err)
	}
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	out := reply{status: resp.StatusCode, header: resp.Header, took: took}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out.body); err != nil {
			l.t.Fatalf("%s%s %s answered %q: %v", target, path, body, raw, err)
		}
	}
	if resp.StatusCode != http.StatusOK {
		out.code, _ = out.body["__type"].(string)
		if path != "/" {
			out.code = resp.Header.Get("X-Amzn-Errortype")
		}
	}
	return out
}

func (l *lab) quota(key, operation, body string) reply {
	l.t.Helper()
	return l.wire(key, "servicequotas", "us-east-1", "ServiceQuotasV20190624."+operation, "/", body)
}

const accountsQuota = `"ServiceCode":"organizations","QuotaCode":"L-29A0C5DF"`

// quotaValue is the Value of the quota in an answer.
func quotaValue(r reply) float64 {
	quota, _ := r.body["Quota"].(map[string]any)
	value, _ := quota["Value"].(float64)
	return value
}

// TestQuotaIncrease asks for more accounts than there may be, and waits.
func TestQuotaIncrease(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1, Organization: true, AccountQuota: 10, QuotaDelay: 48 * time.Hour})
	for i := range 9 {
		l.account(fmt.Sprint("a", i))
	}
	if got := l.send("AKIAADMIN", "CreateAccount", createBody("eleventh")); got.reason != "ACCOUNT_NUMBER_LIMIT_EXCEEDED" {
		t.Errorf("an eleventh account: %s %s", got.code, got.reason)
	}
	if got := quotaValue(l.quota("AKIAADMIN", "GetServiceQuota", `{`+accountsQuota+`}`)); got != 10 {
		t.Errorf("the applied quota is %v, want 10", got)
	}
	asked := l.quota("AKIAADMIN", "RequestServiceQuotaIncrease", `{`+accountsQuota+`,"DesiredValue":12.0}`)
	id := dig(asked.body, "RequestedQuota", "Id")
	if got := dig(asked.body, "RequestedQuota", "Status"); got != "PENDING" || id == "" {
		t.Errorf("a new request is %q, %v", got, asked.body)
	}
	for _, row := range []struct{ name, operation, body, want string }{
		{"a second request", "RequestServiceQuotaIncrease", `{` + accountsQuota + `,"DesiredValue":20}`, "ResourceAlreadyExistsException"},
		{"another service", "GetServiceQuota", `{"ServiceCode":"ec2","QuotaCode":"L-29A0C5DF"}`, "NoSuchResourceException"},
		{"another quota", "GetAWSDefaultServiceQuota", `{"ServiceCode":"organizations","QuotaCode":"L-00000000"}`, "NoSuchResourceException"},
		{"no quota", "GetServiceQuota", `{"ServiceCode":"organizations"}`, "IllegalArgumentException"},
		{"a request that is not there", "GetRequestedServiceQuotaChange", `{"RequestId":"0a"}`, "NoSuchResourceException"},
		{"a page that is not there", "ListServiceQuotas", `{"ServiceCode":"organizations","NextToken":"AAAA"}`, "InvalidPaginationTokenException"},
		{"a foreign operation", "AssociateServiceQuotaTemplate", `{}`, "UnknownOperationException"},
	} {
		if got := l.quota("AKIAADMIN", row.operation, row.body); got.code != row.want {
			t.Errorf("%s: %q %v, want %s", row.name, got.code, got.body, row.want)
		}
	}
	if got := l.wire("AKIAADMIN", "servicequotas", "eu-west-1", "ServiceQuotasV20190624.GetServiceQuota", "/", `{`+accountsQuota+`}`); got.code != "NoSuchResourceException" {
		t.Errorf("in another region: %q", got.code)
	}
	l.clock.Advance(48*time.Hour - 1)
	if got := l.quota("AKIAADMIN", "GetRequestedServiceQuotaChange", `{"RequestId":"`+id+`"}`); dig(got.body, "RequestedQuota", "Status") != "PENDING" {
		t.Errorf("just before two days: %v", got.body)
	}
	l.clock.Advance(1)
	got := l.quota("AKIAADMIN", "ListRequestedServiceQuotaChangeHistoryByQuota", `{`+accountsQuota+`}`)
	if dig(got.body, "RequestedQuotas", "Status") != "APPROVED" {
		t.Errorf("after two days: %v", got.body)
	}
	listed := l.quota("AKIAADMIN", "ListServiceQuotas", `{"ServiceCode":"organizations"}`)
	if quota, _ := list(listed.body, "Quotas")[0].(map[string]any); quota["Value"] != 12.0 || quota["QuotaCode"] != limits.AccountsQuotaCode || quota["Adjustable"] != true {
		t.Errorf("the quotas are %v, want 12", listed.body)
	}
	if got := quotaValue(l.quota("AKIAADMIN", "GetAWSDefaultServiceQuota", `{`+accountsQuota+`}`)); got != limits.AccountsDefault {
		t.Errorf("the default is %v, want %d", got, limits.AccountsDefault)
	}
	member := l.account("tenth")
	l.account("eleventh")
	if got := l.quota("AKIAADMIN", "RequestServiceQuotaIncrease", `{`+accountsQuota+`,"DesiredValue":12}`); got.code != "IllegalArgumentException" {
		t.Errorf("asking for what there is: %q", got.code)
	}
	if got := l.quota(member, "RequestServiceQuotaIncrease", `{`+accountsQuota+`,"DesiredValue":100}`); got.code != "AccessDeniedException" {
		t.Errorf("a member asks: %q", got.code)
	}
	if got := quotaValue(l.quota(member, "GetServiceQuota", `{`+accountsQuota+`}`)); got != limits.AccountsDefault {
		t.Errorf("a member sees %v, want the default", got)
	}
	l.quota("AKIAADMIN", "RequestServiceQuotaIncrease", `{`+accountsQuota+`,"DesiredValue":50001}`)
	l.clock.Advance(48 * time.Hour)
	got = l.quota("AKIAADMIN", "ListRequestedServiceQuotaChangeHistory", `{"Status":"NOT_APPROVED"}`)
	if len(list(got.body, "RequestedQuotas")) != 1 || quotaValue(l.quota("AKIAADMIN", "GetServiceQuota", `{`+accountsQuota+`}`)) != 12 {
		t.Errorf("more than AWS grants: %v", got.body)
	}
}

// TestQuotasOfIdentityCenter: one open request for each quota, in any Region,
// and each service has its own.
func TestQuotasOfIdentityCenter(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1, Organization: true, AccountQuota: 10, QuotaDelay: time.Hour})
	for _, code := range []string{limits.IdentityCenterAccountsCode, limits.PermissionSetsCode} {
		body := fmt.Sprintf(`{"ServiceCode":"sso","QuotaCode":%q,"DesiredValue":9000}`, code)
		if got := l.quota("AKIAADMIN", "RequestServiceQuotaIncrease", body); got.code != "" {
			t.Fatalf("ask for %s: %v", code, got.body)
		}
		if got := l.quota("AKIAADMIN", "RequestServiceQuotaIncrease", body); got.code != "ResourceAlreadyExistsException" {
			t.Errorf("ask for %s again: %q", code, got.code)
		}
	}
	if got := l.quota("AKIAADMIN", "ListRequestedServiceQuotaChangeHistory", `{"ServiceCode":"organizations"}`); len(list(got.body, "RequestedQuotas")) != 0 {
		t.Errorf("requests of organizations: %v", got.body)
	}
	l.clock.Advance(time.Hour)
	for code, want := range map[string]float64{limits.IdentityCenterAccountsCode: 9000, limits.PermissionSetsCode: 9000, limits.PermissionSetsPerAccountCode: limits.PermissionSetsPerAccount} {
		got := l.wire("AKIAADMIN", "servicequotas", "eu-west-1", "ServiceQuotasV20190624.GetServiceQuota", "/", fmt.Sprintf(`{"ServiceCode":"sso","QuotaCode":%q}`, code))
		if quotaValue(got) != want {
			t.Errorf("%s is %v after an hour, want %v", code, got.body, want)
		}
	}
	if got := quotaValue(l.quota("AKIAADMIN", "GetServiceQuota", `{`+accountsQuota+`}`)); got != 10 {
		t.Errorf("accounts became %v", got)
	}
}
