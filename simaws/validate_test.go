package simaws

import (
	"strings"
	"testing"
)

// TestInputsAreChecked checks each kind of rule of the service model once.
func TestInputsAreChecked(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1, Organization: true})
	for _, row := range []struct{ name, operation, body, want string }{
		{"nothing of what is required", "CreateAccount", `{}`, "InvalidInputException INPUT_REQUIRED"},
		{"null for what is required", "DescribeAccount", `{"AccountId":null}`, "InvalidInputException INPUT_REQUIRED"},
		{"a member missing in a list's element", "TagResource", `{"ResourceId":"111122223333","Tags":[{"Key":"a"}]}`, "InvalidInputException INPUT_REQUIRED"},
		{"null in a list", "TagResource", `{"ResourceId":"111122223333","Tags":[null]}`, "InvalidInputException INVALID_LIST_MEMBER"},
		{"an account id too short", "DescribeAccount", `{"AccountId":"12"}`, "InvalidInputException INVALID_PATTERN"},
		{"an account id too long", "DescribeAccount", `{"AccountId":"1234567890123"}`, "InvalidInputException MAX_LENGTH_EXCEEDED"},
		{"a good id with more behind it", "ListAccountsForParent", `{"ParentId":"r-0000\n"}`, "InvalidInputException INVALID_PATTERN"},
		{"half of an alternative", "ListAccountsForParent", `{"ParentId":"xr-0000"}`, "InvalidInputException INVALID_PATTERN"},
		{"an e-mail without a domain", "CreateAccount", `{"Email":"someone","AccountName":"x"}`, "InvalidInputException INVALID_PATTERN"},
		{"an e-mail of five characters", "CreateAccount", `{"Email":"a@b.c","AccountName":"x"}`, "InvalidInputException MIN_LENGTH_EXCEEDED"},
		{"an e-mail of 65 characters", "CreateAccount", `{"Email":"` + strings.Repeat("a", 53) + `@example.com","AccountName":"x"}`, "InvalidInputException MAX_LENGTH_EXCEEDED"},
		{"an account name of no characters", "CreateAccount", `{"Email":"x@example.com","AccountName":""}`, "InvalidInputException MIN_LENGTH_EXCEEDED"},
		{"an account name of 51 characters", "CreateAccount", `{"Email":"x@example.com","AccountName":"` + strings.Repeat("a", 51) + `"}`, "InvalidInputException MAX_LENGTH_EXCEEDED"},
		{"an account name beyond ASCII", "CreateAccount", `{"Email":"x@example.com","AccountName":"Zürich"}`, "InvalidInputException INVALID_PATTERN"},
		{"a choice that is none", "CreateAccount", `{"Email":"x@example.com","AccountName":"x","IamUserAccessToBilling":"MAYBE"}`, "InvalidInputException INVALID_ENUM"},
		{"a policy type that is none", "ListPolicies", `{"Filter":"KINDNESS"}`, "InvalidInputException INVALID_ENUM_POLICY_TYPE"},
		{"a target of another form", "AttachPolicy", `{"PolicyId":"p-FullAWSAccess","TargetId":"x"}`, "InvalidInputException INVALID_PATTERN_TARGET_ID"},
		{"a policy id of another form", "DescribePolicy", `{"PolicyId":"x"}`, "InvalidInputException INVALID_SYNTAX_POLICY_ID"},
		{"a page of nothing", "ListAccounts", `{"MaxResults":0}`, "InvalidInputException MIN_VALUE_EXCEEDED"},
		{"a page of 21", "ListAccounts", `{"MaxResults":21}`, "InvalidInputException MAX_VALUE_EXCEEDED"},
		{"a token of nobody's", "ListAccounts", `{"NextToken":"x"}`, "InvalidInputException INVALID_NEXT_TOKEN"},
		{"a number for a text", "DescribeAccount", `{"AccountId":12}`, "SerializationException"},
		{"a text for a list", "TagResource", `{"ResourceId":"111122223333","Tags":"a=b"}`, "SerializationException"},
		{"a list for the input", "ListAccounts", `[]`, "SerializationException"},
		{"no JSON", "ListAccounts", `{`, "SerializationException"},
		{"a tag key with a character that AWS does not take", "TagResource", `{"ResourceId":"111122223333","Tags":[{"Key":"a*","Value":""}]}`, "InvalidInputException INVALID_PATTERN"},
		{"an empty page size is no page size", "ListAccounts", `{"MaxResults":null}`, ""},
		{"an unknown member is passed over", "ListAccounts", `{"Colour":"red"}`, ""},
		{"no body at all", "ListAccounts", ``, ""},
		{"a tag of letters of any script", "TagResource", `{"ResourceId":"111122223333","Tags":[{"Key":"Größe:µ","Value":"東京 1/2"}]}`, ""},
	} {
		got := l.send("AKIAADMIN", row.operation, row.body)
		if have := strings.TrimSpace(got.code + " " + got.reason); have != row.want {
			t.Errorf("%s: %q (%v), want %q", row.name, have, got.body["Message"], row.want)
		}
	}
}

// TestModelIsWhole checks that every pattern of the service model compiles and
// that it says where it comes from.
func TestModelIsWhole(t *testing.T) {
	m := serviceModel()
	if m.Source == "" || m.Licence == "" || len(m.SHA256) != 64 {
		t.Errorf("source %q, licence %q, hash %q: want all three", m.Source, m.Licence, m.SHA256)
	}
	for name, s := range m.Shapes {
		if s.match != nil {
			s.match() // panics on a bad pattern
		}
		for _, member := range s.members {
			if member.shape == nil {
				t.Errorf("%s.%s has the shape %s, which is not there", name, member.name, member.kind)
			}
		}
	}
	for reason := range quoted {
		if m.Reasons["InvalidInputException"][reason]+m.Reasons["ConstraintViolationException"][reason] == "" {
			t.Errorf("%s is quoted and is no Reason of AWS Organizations", reason)
		}
	}
	for operation := range organizationsService.operations {
		if _, ok := m.Operations[operation]; !ok {
			t.Errorf("%s is no operation of AWS Organizations", operation)
		}
	}
}
