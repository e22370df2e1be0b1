package simaws

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"landlord/simaws/wire"
)

// memberRequest is a call of a service of accounts as bytes, by the
// administrator of an account.
func memberRequest(account, signing, method, path, target string, body []byte) *http.Request {
	r, err := http.NewRequest(method, "https://aws.example.com/", bytes.NewReader(body))
	if err != nil {
		return nil
	}
	way, query, _ := strings.Cut(path, "?")
	r.URL.Path, r.URL.RawQuery = "/"+strings.TrimPrefix(way, "/"), query
	r.Header.Set("X-Amz-Target", target)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+account+"/20270104/us-east-1/"+signing+"/aws4_request")
	return r
}

// FuzzMember sends any bytes to the services of accounts: each is answered, and
// not with a failure of simaws's own.
func FuzzMember(f *testing.F) {
	f.Add("iam", "POST", "/", "", []byte("Action=CreateServiceLinkedRole&AWSServiceName=."))
	f.Add("iam", "POST", "/", "", []byte("Action=ListUsers&MaxItems=-1&Marker=x"))
	f.Add("config", "POST", "/", "StarlingDoveService.PutConfigRule", []byte(`{"ConfigRule":{"ConfigRuleName":"","Source":null}}`))
	f.Add("config", "POST", "/", "StarlingDoveService.PutConformancePack", []byte(`{"ConformancePackName":"p","TemplateBody":"Resources: {a: &a [*a]}"}`))
	f.Add("cloudtrail", "POST", "/", "CloudTrail_20131101.LookupEvents", []byte(`{"StartTime":1e308}`))
	f.Add("s3", "PUT", "/b?versioning", "", []byte(`<VersioningConfiguration><Status>`))
	f.Add("s3", "PUT", "/data-123456789012?publicAccessBlock", "", []byte(`<PublicAccessBlockConfiguration/>`))
	f.Add("s3", "GET", "/v20180820/configuration/publicAccessBlock", "", []byte(nil))
	f.Add("ec2", "POST", "/", "", []byte("Action=RevokeSecurityGroupIngress&GroupName=web&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0"))
	f.Add("monitoring", "POST", "/service/GraniteServiceVersion20100801/operation/DescribeAlarms", "", []byte{0xbf, 0x61, 'a', 0x9f, 0xff, 0xff})
	f.Add("sns", "POST", "/", "", []byte("Action=CreateTopic&Name=t&Attributes.entry.1.key=&Attributes.entry.1.value="))
	f.Add("access-analyzer", "DELETE", "/analyzer/%2f", "", []byte(nil))
	f.Add("macie2", "POST", "/macie", "", []byte(`{"status":7}`))
	f.Fuzz(func(t *testing.T, signing, method, path, target string, body []byte) {
		l := newLab(t, "instant", Config{Seed: 1, Organization: true, AccountIDs: map[string]string{"ada@example.com": "123456789012"}})
		account := l.account("ada")
		if r := memberRequest(account, signing, method, path, target, body); r != nil {
			resp, _, err := l.RoundTrip(r)
			if err != nil || resp.StatusCode == http.StatusInternalServerError {
				t.Errorf("answered %v: %v", resp, err)
			}
		}
	})
}

// TestHostileMemberInputs sends each operation inputs that are none, in each
// protocol.
func TestHostileMemberInputs(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1, Organization: true})
	account := l.account("ada")
	for _, api := range memberNames() {
		model := wire.Named(api)
		for name, op := range model.Operations {
			path := strings.NewReplacer("{", "", "}", "", "+", "").Replace(op.URI)
			for _, body := range []string{"", "{}", "[]", "null", `{"":{}}`, "<a/>", "<a", "\x00\xff", strings.Repeat("[", 10_000), strings.Repeat("<a>", 10_000), "Action=" + name, "Action=" + name + "&.=&A..1=&Filters.1=x"} {
				target := model.Prefix + "." + name
				if strings.HasPrefix(body, "Action=") {
					target = ""
				}
				resp, _, err := l.RoundTrip(memberRequest(account, model.Signing, op.Method, path, target, []byte(body)))
				if err != nil || resp.StatusCode == http.StatusInternalServerError {
					t.Errorf("%s %s of %.40q: %v, %v", api, name, body, resp, err)
				}
			}
		}
	}
}
