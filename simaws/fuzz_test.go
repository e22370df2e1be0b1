package simaws

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
)

// FuzzRequest sends any bytes as any request: each is answered, with a status of
// HTTP and a text that says what it is.
func FuzzRequest(f *testing.F) {
	f.Add("POST", "/", "AWSOrganizationsV20161128.TagResource", "Credential=AKIAADMIN/20270104/us-east-1/organizations/aws4_request", []byte(`{"ResourceId":"111122223333","Tags":[{"Key":"a","Value":"b"}]}`))
	f.Add("POST", "/", "AWSOrganizationsV20161128.CreatePolicy", "Credential=AKIAADMIN/20270104/us-east-1/organizations/aws4_request", []byte(`{"Name":"p","Description":"","Type":"TAG_POLICY","Content":"{\"tags\":{\"a\":{\"tag_value\":{\"@@assign\":[\"b\"]}}}}"}`))
	f.Add("POST", "/", "ServiceQuotasV20190624.RequestServiceQuotaIncrease", "Credential=AKIAADMIN/20270104/us-east-1/servicequotas/aws4_request", []byte(`{"ServiceCode":"organizations","QuotaCode":"L-29A0C5DF","DesiredValue":1e9}`))
	f.Add("POST", "/putContactInformation", "", "Credential=AKIAADMIN/20270104/us-east-1/account/aws4_request", []byte(`{"ContactInformation":`+contact+`}`))
	f.Add("POST", "/", "", "Credential=AKIAADMIN/20270104/us-east-1/sts/aws4_request", []byte("Action=AssumeRole&RoleArn=arn:aws:iam::111122223333:role/x&RoleSessionName=xx&Policy=%7B"))
	f.Add("GET", "/_simaws/mail", "", "", []byte(nil))
	f.Fuzz(func(t *testing.T, method, path, target, authorization string, body []byte) {
		l := newLab(t, "instant", Config{Seed: 1, Organization: true, Outside: elsewhere})
		r, err := http.NewRequest(method, "http://127.0.0.1/", bytes.NewReader(body))
		if err != nil {
			return // no HTTP client sends it
		}
		r.URL.Path = path
		r.Header.Set("X-Amz-Target", target)
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		l.ServeHTTP(w, r)
		if w.Code < 200 || w.Code > 599 || w.Header().Get("Content-Type") == "" {
			t.Errorf("%s %s %q %q: status %d, %q", method, path, target, body, w.Code, w.Header())
		}
		if w.Code == http.StatusInternalServerError {
			t.Errorf("%s %s %q %q: %s", method, path, target, body, w.Body)
		}
	})
}
