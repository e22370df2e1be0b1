package simaws

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
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
