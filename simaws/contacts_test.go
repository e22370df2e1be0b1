package simaws

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

const (
	contact   = `{"FullName":"Ada","AddressLine1":"1 Road","City":"Bern","PostalCode":"3000","CountryCode":"CH","PhoneNumber":"+41 31 000"}`
	alternate = `"AlternateContactType":"SECURITY","Name":"Sec","Title":"CISO","EmailAddress":"sec@example.com","PhoneNumber":"+41 31 001"`
)

func (l *lab) manage(key, path, body string) reply {
	l.t.Helper()
	return l.wire(key, "account", "us-east-1", "", path, body)
}

// TestContactsOfMembers reads and writes what Account Management holds of a
// member, from the management account.
func TestContactsOfMembers(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1, Organization: true})
	id := l.account("acme")
	about := `"AccountId":"` + id + `"`
	if got := l.manage("AKIAADMIN", "/getContactInformation", `{`+about+`}`); got.code != "AccessDeniedException" || got.status != 403 {
		t.Errorf("before the service is trusted: %d %q", got.status, got.code)
	}
	l.must("EnableAWSServiceAccess", `{"ServicePrincipal":"account.amazonaws.com"}`)
	for _, row := range []struct {
		name, key, path, body, want string
		status                      int
	}{
		{"no contact yet", "AKIAADMIN", "/getContactInformation", `{` + about + `}`, "ResourceNotFoundException", 404},
		{"no alternate yet", "AKIAADMIN", "/getAlternateContact", `{` + about + `,"AlternateContactType":"SECURITY"}`, "ResourceNotFoundException", 404},
		{"deleting none", "AKIAADMIN", "/deleteAlternateContact", `{` + about + `,"AlternateContactType":"SECURITY"}`, "ResourceNotFoundException", 404},
		{"a contact", "AKIAADMIN", "/putContactInformation", `{` + about + `,"ContactInformation":` + contact + `}`, "", 200},
		{"an alternate", "AKIAADMIN", "/putAlternateContact", `{` + about + `,` + alternate + `}`, "", 200},
		{"an alternate of no type", "AKIAADMIN", "/putAlternateContact", `{` + about + `,` + strings.Replace(alternate, "SECURITY", "LEGAL", 1) + `}`, "ValidationException", 400},
		{"half a contact", "AKIAADMIN", "/putContactInformation", `{` + about + `,"ContactInformation":{"FullName":"Ada"}}`, "ValidationException", 400},
		{"a name", "AKIAADMIN", "/putAccountName", `{` + about + `,"AccountName":"Acme Ltd"}`, "", 200},
		{"a name with a <", "AKIAADMIN", "/putAccountName", `{` + about + `,"AccountName":"a<b"}`, "ValidationException", 400},
		{"the management account by its id", "AKIAADMIN", "/putAccountName", `{"AccountId":"111122223333","AccountName":"x"}`, "AccessDeniedException", 403},
		{"somebody else's account", "AKIAADMIN", "/getContactInformation", `{"AccountId":"999999999999"}`, "AccessDeniedException", 403},
		{"the member itself, by its id", id, "/getContactInformation", `{` + about + `}`, "AccessDeniedException", 403},
		{"what AWS has not", "AKIAADMIN", "/makeCoffee", `{}`, "UnknownOperationException", 400},
	} {
		if got := l.manage(row.key, row.path, row.body); got.code != row.want || got.status != row.status {
			t.Errorf("%s: %d %q %v, want %d %q", row.name, got.status, got.code, got.body, row.status, row.want)
		}
	}
	got := l.manage("AKIAADMIN", "/getContactInformation", `{`+about+`}`)
	if dig(got.body, "ContactInformation", "City") != "Bern" {
		t.Errorf("the contact is %v", got.body)
	}
	if own := l.manage(id, "/getContactInformation", `{}`); !reflect.DeepEqual(own.body, got.body) {
		t.Errorf("the member itself sees %v, want %v", own.body, got.body)
	}
	got = l.manage("AKIAADMIN", "/getAlternateContact", `{`+about+`,"AlternateContactType":"SECURITY"}`)
	if found, _ := got.body["AlternateContact"].(map[string]any); len(found) != 5 || found["EmailAddress"] != "sec@example.com" {
		t.Errorf("the alternate contact is %v", got.body)
	}
	if name := l.must("DescribeAccount", `{`+about+`}`, "Account", "Name"); name != "Acme Ltd" {
		t.Errorf("the account is called %q", name)
	}
	got = l.manage("AKIAADMIN", "/getAccountInformation", `{`+about+`}`)
	want := map[string]any{"AccountId": id, "AccountName": "Acme Ltd", "AccountState": "ACTIVE", "AccountCreatedDate": "2027-01-04T09:00:00Z"}
	if !reflect.DeepEqual(got.body, want) {
		t.Errorf("the information is %v, want %v", got.body, want)
	}
	if got := l.manage("AKIAADMIN", "/getPrimaryEmail", `{`+about+`}`); got.body["PrimaryEmail"] != "acme@example.com" {
		t.Errorf("the e-mail is %v", got.body)
	}
	if got := l.manage("AKIAADMIN", "/deleteAlternateContact", `{`+about+`,"AlternateContactType":"SECURITY"}`); got.code != "" {
		t.Errorf("deleting: %s", got.code)
	}
}

// TestContactsAreInherited: AWS gives a created account its maker's contact.
func TestContactsAreInherited(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1, Organization: true})
	l.manage("AKIAADMIN", "/putContactInformation", `{"ContactInformation":`+contact+`}`)
	l.manage("AKIAADMIN", "/putAccountName", `{"AccountName":"Boss"}`)
	id, other := l.account("acme"), l.account("other")
	if got := l.manage(id, "/getContactInformation", `{}`); dig(got.body, "ContactInformation", "City") != "Bern" {
		t.Errorf("the new account's contact: %s %v", got.code, got.body)
	}
	l.manage(id, "/putContactInformation", `{"ContactInformation":`+strings.Replace(contact, "Bern", "Rome", 1)+`}`)
	if got := l.manage(other, "/getContactInformation", `{}`); dig(got.body, "ContactInformation", "City") != "Bern" {
		t.Errorf("another account's contact changed too: %v", got.body)
	}
	if name := l.must("DescribeAccount", `{"AccountId":"111122223333"}`, "Account", "Name"); name != "Boss" {
		t.Errorf("the management account is called %q", name)
	}
	l.must("EnableAWSServiceAccess", `{"ServicePrincipal":"account.amazonaws.com"}`)
	l.must("RegisterDelegatedAdministrator", fmt.Sprintf(`{"AccountId":%q,"ServicePrincipal":"account.amazonaws.com"}`, id))
	if got := l.manage(id, "/putAccountName", fmt.Sprintf(`{"AccountId":%q,"AccountName":"Renamed"}`, other)); got.code != "" {
		t.Errorf("the delegated administrator renames a member: %s", got.code)
	}
	l.enable()
	l.attach(l.policyOf(serviceControl, "keep", scp(`"Effect":"Deny","Action":"account:Put*","Resource":"*"`)), l.root())
	if got := l.manage(other, "/putAccountName", `{"AccountName":"Free"}`); got.code != "AccessDeniedException" {
		t.Errorf("a member against a guardrail: %q", got.code)
	}
}

// TestAccountManagementIsThrottled holds the rate of every operation that AWS
// publishes one for: so many at once, one more for each token that grows, on the
// page's own figures.
func TestAccountManagementIsThrottled(t *testing.T) {
	for _, row := range []struct {
		operation string
		rate      float64
		burst     int
	}{
		{"AcceptPrimaryEmailUpdate", 1, 1},
		{"DeleteAlternateContact", 1, 6},
		{"DisableRegion", 1, 1},
		{"EnableRegion", 1, 1},
		{"GetAccountInformation", 3, 3},
		{"GetAlternateContact", 10, 15},
		{"GetContactInformation", 10, 15},
		{"GetPrimaryEmail", 3, 3},
		{"GetRegionOptStatus", 5, 5},
		{"ListRegions", 5, 5},
		{"PutAccountName", 1, 1},
		{"PutAlternateContact", 5, 8},
		{"PutContactInformation", 5, 8},
		{"StartPrimaryEmailUpdate", 1, 1},
	} {
		l := newLab(t, "typical", Config{Seed: 1, Organization: true})
		path := "/" + strings.ToLower(row.operation[:1]) + row.operation[1:]
		accepted := func(calls int) (n int) {
			for range calls {
				if got := l.manage("AKIAADMIN", path, `{}`); got.code != "TooManyRequestsException" {
					n++
				}
			}
			return n
		}
		if n := accepted(row.burst + 20); n != row.burst {
			t.Errorf("%s: %d at once, want %d", row.operation, n, row.burst)
		}
		l.clock.Advance(time.Duration(float64(time.Second)/row.rate) + 1)
		if n := accepted(2); n != 1 {
			t.Errorf("%s: %d after the time of one token, want 1", row.operation, n)
		}
	}
}

// TestPrimaryEmailStartsAreFewPerAccount: three, then one every ten seconds, of one
// target account whoever asks; another account is not held by that.
func TestPrimaryEmailStartsAreFewPerAccount(t *testing.T) {
	l := newLab(t, "typical", Config{Seed: 1, Organization: true})
	start := func(key, account string) bool {
		l.clock.Advance(time.Second)
		return l.manage(key, "/startPrimaryEmailUpdate", fmt.Sprintf(`{"AccountId":%q,"PrimaryEmail":"x@example.com"}`, account)).code != "TooManyRequestsException"
	}
	for i, key := range []string{"AKIAADMIN", "222222222222", "AKIAADMIN"} {
		if !start(key, "333333333333") {
			t.Errorf("start %d is throttled", i+1)
		}
	}
	if start("222222222222", "333333333333") {
		t.Error("a fourth start in four seconds is accepted")
	}
	if !start("AKIAADMIN", "444444444444") {
		t.Error("another account's start is throttled")
	}
	l.clock.Advance(10 * time.Second)
	if !start("AKIAADMIN", "333333333333") {
		t.Error("ten seconds later it is throttled still")
	}
}
