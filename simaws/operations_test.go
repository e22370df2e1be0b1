package simaws

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	accountapi "github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// client is the SDK's client of a service, for the holder of a key.
func (l *lab) client(s *service, key string) any {
	if s.api != "" {
		return l.memberClient(s.api, key)
	}
	cfg := l.config(key)
	switch s {
	case organizationsService:
		return organizations.NewFromConfig(cfg)
	case accountService:
		return accountapi.NewFromConfig(cfg)
	case quotasService:
		return servicequotas.NewFromConfig(cfg)
	case taggingService:
		return resourcegroupstaggingapi.NewFromConfig(cfg)
	}
	return sts.NewFromConfig(cfg)
}

// sdk calls an operation through the SDK; in is its input as JSON. The answer
// comes back as the SDK decoded it.
func (l *lab) sdk(s *service, key, operation, in string) (reflect.Value, error) {
	l.t.Helper()
	method := reflect.ValueOf(l.client(s, key)).MethodByName(operation)
	if !method.IsValid() {
		l.t.Fatalf("the SDK's client of %s has no %s", s.name, operation)
	}
	input := reflect.New(method.Type().In(1).Elem())
	if err := json.Unmarshal([]byte(unions(in, input.Elem())), input.Interface()); err != nil {
		l.t.Fatalf("%s %s: %v", operation, in, err)
	}
	out := method.Call([]reflect.Value{reflect.ValueOf(l.t.Context()), input})
	err, _ := out[1].Interface().(error)
	return out[0], err
}

// absent are the members of answers that simaws leaves out, as AWS does where
// there is nothing to say, by operation ("" is any) and way.
var absent = map[string]string{
	"NextToken":       "there is no next page",
	"PaginationToken": "there is no next page",

	"CreateAccountStatus.FailureReason":                    "the creation did not fail",
	"CreateAccountStatus.GovCloudAccountId":                "simaws has no GovCloud",
	"CreateAccountStatuses.FailureReason":                  "the creation did not fail",
	"CreateAccountStatuses.GovCloudAccountId":              "simaws has no GovCloud",
	"Handshake.Resources.Resources":                        "only the organization has some",
	"Handshake.Resources.Resources.Resources":              "no level below",
	"Handshakes.Resources.Resources":                       "only the organization has some",
	"Handshakes.Resources.Resources.Resources":             "no level below",
	"ResponsibilityTransfers":                              "there are none",
	"EffectivePolicyValidationErrors":                      "there are none",
	"CreateOrganization Organization.AvailablePolicyTypes": "consolidated billing has none",
	"ListRoots Roots.PolicyTypes":                          "none is enabled yet",
	"ListAccountsWithInvalidEffectivePolicy Accounts":      "there are none",

	"ResourceTagMappingList.ComplianceDetails": "nobody asked for it",
	"PackedPolicySize":                         "the session has no policy",
	"SourceIdentity":                           "the caller gave none",
	"SessionTokenSize":                         "not simulated",
	"SessionTokenUtilization":                  "not simulated",
	"Quotas.Description":                       "not simulated",
	"Quotas.ErrorReason":                       "there was no error",
	"Quotas.Period":                            "a count is not per time",
	"Quotas.QuotaContext":                      "only of quotas of a resource",
	"Quotas.UsageMetric":                       "CloudWatch has none",
	"ListAWSDefaultServiceQuotas Quotas.QuotaAppliedAtLevel": "a default is applied nowhere",
	"Quota.Description":  "not simulated",
	"Quota.ErrorReason":  "there was no error",
	"Quota.Period":       "a count is not per time",
	"Quota.QuotaContext": "only of quotas of a resource",
	"Quota.UsageMetric":  "CloudWatch has none",
	"GetAWSDefaultServiceQuota Quota.QuotaAppliedAtLevel": "a default is applied nowhere",
	"RequestedQuota.CaseId":                               "no case with Support was opened",
	"RequestedQuota.QuotaContext":                         "only of quotas of a resource",
	"RequestedQuota.RequestType":                          "only of those that AWS itself makes",
	"RequestedQuotas.CaseId":                              "no case with Support was opened",
	"RequestedQuotas.QuotaContext":                        "only of quotas of a resource",
	"RequestedQuotas.RequestType":                         "only of those that AWS itself makes",
}

// TestEveryOperation calls every operation with the SDK. Each member of each
// answer must be there, and as the service model says, unless it is listed
// above; each operation must have been answered, unless it always refuses.
func TestEveryOperation(t *testing.T) {
	l := newLab(t, "instant", Config{Seed: 1, Outside: elsewhere, AccountQuota: 20})
	guest, far := elsewhere[0].ID, elsewhere[1].ID
	names := map[string]string{"GUEST": guest, "FAR": far}
	answered := map[*service]map[string]bool{}
	for _, s := range services {
		answered[s] = map[string]bool{}
	}
	unused := maps.Clone(absent)
	do := func(s *service, key, operation, body string, way ...string) string {
		t.Helper()
		for name, id := range names {
			body = strings.ReplaceAll(body, `"`+name+`"`, `"`+id+`"`)
		}
		out, err := l.sdk(s, key, operation, body)
		if err != nil {
			t.Fatalf("%s %s: %v", operation, body, err)
		}
		answered[s][operation] = true
		for _, missing := range missing(out.Elem(), "") {
			_, listed := absent[missing]
			_, here := absent[operation+" "+missing]
			delete(unused, missing)
			delete(unused, operation+" "+missing)
			if !listed && !here {
				t.Errorf("%s answers without %s", operation, missing)
			}
		}
		text, err := json.Marshal(out.Interface())
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(text, &fields); err != nil {
			t.Fatal(err)
		}
		if s.model != nil {
			m := s.model()
			if shape := m.Shapes[m.Operations[operation].Output]; shape != nil {
				if err := shape.check("", timed(shape, fields)); err != nil {
					t.Errorf("%s answers %s: %v", operation, text, err)
				}
			}
		}
		return dig(fields, way...)
	}
	o, a, q := organizationsService, accountService, quotasService
	const admin = "AKIAADMIN"

	do(o, admin, "CreateOrganization", `{"FeatureSet":"CONSOLIDATED_BILLING"}`, "Organization", "Id")
	h := do(o, admin, "InviteAccountToOrganization", `{"Target":{"Type":"ACCOUNT","Id":"GUEST"},"Notes":"n","Tags":[{"Key":"k","Value":"v"}]}`, "Handshake", "Id")
	do(o, guest, "AcceptHandshake", fmt.Sprintf(`{"HandshakeId":%q}`, h))
	whole := do(o, admin, "EnableAllFeatures", `{}`, "Handshake", "Id")
	approval := do(o, guest, "ListHandshakesForAccount", `{"Filter":{"ActionType":"APPROVE_ALL_FEATURES"}}`, "Handshakes", "Id")
	do(o, guest, "AcceptHandshake", fmt.Sprintf(`{"HandshakeId":%q}`, approval))
	do(o, admin, "DescribeHandshake", fmt.Sprintf(`{"HandshakeId":%q}`, whole))
	do(o, admin, "ListHandshakesForOrganization", fmt.Sprintf(`{"Filter":{"ParentHandshakeId":%q}}`, whole))
	do(o, admin, "AcceptHandshake", fmt.Sprintf(`{"HandshakeId":%q}`, whole))
	h = do(o, admin, "InviteAccountToOrganization", `{"Target":{"Type":"EMAIL","Id":"far@example.net"}}`, "Handshake", "Id")
	do(o, admin, "CancelHandshake", fmt.Sprintf(`{"HandshakeId":%q}`, h))
	h = do(o, admin, "InviteAccountToOrganization", `{"Target":{"Type":"ACCOUNT","Id":"FAR"}}`, "Handshake", "Id")
	do(o, far, "DeclineHandshake", fmt.Sprintf(`{"HandshakeId":%q}`, h))
	do(o, admin, "DescribeOrganization", `{}`)
	names["ROOT"] = do(o, admin, "ListRoots", `{}`, "Roots", "Id")

	status := do(o, admin, "CreateAccount", `{"Email":"a@example.com","AccountName":"a","RoleName":"Admin","IamUserAccessToBilling":"DENY","Tags":[{"Key":"k","Value":"v"}]}`, "CreateAccountStatus", "Id")
	names["A"] = do(o, admin, "DescribeCreateAccountStatus", fmt.Sprintf(`{"CreateAccountRequestId":%q}`, status), "CreateAccountStatus", "AccountId")
	do(o, admin, "ListCreateAccountStatus", `{"States":["SUCCEEDED"]}`)
	do(o, admin, "DescribeAccount", `{"AccountId":"A"}`)
	do(o, admin, "ListAccounts", `{"MaxResults":20}`)
	do(o, admin, "ListAccountsForParent", `{"ParentId":"ROOT"}`)

	names["UNIT"] = do(o, admin, "CreateOrganizationalUnit", `{"ParentId":"ROOT","Name":"u","Tags":[{"Key":"k","Value":"v"}]}`, "OrganizationalUnit", "Id")
	do(o, admin, "DescribeOrganizationalUnit", `{"OrganizationalUnitId":"UNIT"}`)
	do(o, admin, "UpdateOrganizationalUnit", `{"OrganizationalUnitId":"UNIT","Name":"v"}`)
	do(o, admin, "ListOrganizationalUnitsForParent", `{"ParentId":"ROOT"}`)
	do(o, admin, "MoveAccount", `{"AccountId":"A","SourceParentId":"ROOT","DestinationParentId":"UNIT"}`)
	do(o, admin, "ListChildren", `{"ParentId":"UNIT","ChildType":"ACCOUNT"}`)
	do(o, admin, "ListParents", `{"ChildId":"A"}`)

	for _, kind := range []string{serviceControl, resourceControl, tagPolicy} {
		do(o, admin, "EnablePolicyType", `{"RootId":"ROOT","PolicyType":"`+kind+`"}`)
	}
	for kind, content := range map[string]string{
		serviceControl:  denyLeaving,
		resourceControl: `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}}`,
		tagPolicy:       `{"tags":{"k":{"tag_key":{"@@assign":"k"}}}}`,
	} {
		names[kind+" ID"] = do(o, admin, "CreatePolicy", fmt.Sprintf(`{"Name":"p","Description":"d","Type":%q,"Content":%q}`, kind, content), "Policy", "PolicySummary", "Id")
		do(o, admin, "AttachPolicy", `{"PolicyId":"`+kind+` ID","TargetId":"UNIT"}`)
		do(o, admin, "ListPolicies", `{"Filter":"`+kind+`"}`)
		do(o, admin, "ListPoliciesForTarget", `{"TargetId":"UNIT","Filter":"`+kind+`"}`)
		do(o, admin, "ListTargetsForPolicy", `{"PolicyId":"`+kind+` ID"}`)
		do(o, admin, "DescribePolicy", `{"PolicyId":"`+kind+` ID"}`)
		do(o, admin, "UpdatePolicy", `{"PolicyId":"`+kind+` ID","Name":"q","Description":"e"}`)
	}
	do(o, admin, "DescribeEffectivePolicy", `{"PolicyType":"TAG_POLICY","TargetId":"A"}`)
	do(o, admin, "ListAccountsWithInvalidEffectivePolicy", `{"PolicyType":"TAG_POLICY"}`)
	do(o, admin, "ListEffectivePolicyValidationErrors", `{"PolicyType":"TAG_POLICY","AccountId":"A"}`)
	do(o, admin, "DetachPolicy", `{"PolicyId":"`+tagPolicy+` ID","TargetId":"UNIT"}`)
	do(o, admin, "DeletePolicy", `{"PolicyId":"`+tagPolicy+` ID"}`)
	do(o, admin, "DisablePolicyType", `{"RootId":"ROOT","PolicyType":"TAG_POLICY"}`)

	do(o, admin, "TagResource", `{"ResourceId":"A","Tags":[{"Key":"x","Value":"y"}]}`)
	do(o, admin, "ListTagsForResource", `{"ResourceId":"A"}`)
	do(o, admin, "UntagResource", `{"ResourceId":"A","TagKeys":["x"]}`)
	do(taggingService, admin, "GetResources", `{"TagFilters":[{"Key":"k"}]}`)

	do(o, admin, "EnableAWSServiceAccess", `{"ServicePrincipal":"account.amazonaws.com"}`)
	do(o, admin, "ListAWSServiceAccessForOrganization", `{}`)
	do(o, admin, "RegisterDelegatedAdministrator", `{"AccountId":"A","ServicePrincipal":"account.amazonaws.com"}`)
	do(o, admin, "ListDelegatedAdministrators", `{}`)
	do(o, admin, "ListDelegatedServicesForAccount", `{"AccountId":"A"}`)
	do(o, admin, "DeregisterDelegatedAdministrator", `{"AccountId":"A","ServicePrincipal":"account.amazonaws.com"}`)
	do(o, admin, "PutResourcePolicy", fmt.Sprintf(`{"Content":%q}`, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"organizations:ListRoots","Resource":"*"}}`))
	do(o, admin, "DescribeResourcePolicy", `{}`)
	do(o, admin, "DeleteResourcePolicy", `{}`)
	do(o, admin, "ListInboundResponsibilityTransfers", `{"Type":"BILLING"}`)
	do(o, admin, "ListOutboundResponsibilityTransfers", `{"Type":"BILLING"}`)

	do(a, admin, "PutContactInformation", `{"AccountId":"A","ContactInformation":{"FullName":"Ada","AddressLine1":"1","AddressLine2":"2","AddressLine3":"3","City":"Bern","CompanyName":"c","DistrictOrCounty":"d","StateOrRegion":"s","WebsiteUrl":"https://example.com","PostalCode":"3000","CountryCode":"CH","PhoneNumber":"+41310000000"}}`)
	do(a, admin, "GetContactInformation", `{"AccountId":"A"}`)
	do(a, admin, "PutAlternateContact", `{"AccountId":"A",`+alternate+`}`)
	do(a, admin, "GetAlternateContact", `{"AccountId":"A","AlternateContactType":"SECURITY"}`)
	do(a, admin, "DeleteAlternateContact", `{"AccountId":"A","AlternateContactType":"SECURITY"}`)
	do(a, admin, "PutAccountName", `{"AccountId":"A","AccountName":"Acme"}`)
	do(a, admin, "GetAccountInformation", `{"AccountId":"A"}`)
	do(a, admin, "GetPrimaryEmail", `{"AccountId":"A"}`)
	do(a, admin, "StartPrimaryEmailUpdate", `{"AccountId":"A","PrimaryEmail":"new@example.com"}`)
	do(a, admin, "AcceptPrimaryEmailUpdate", fmt.Sprintf(`{"AccountId":"A","PrimaryEmail":"new@example.com","Otp":%q}`, l.world.mailbox()[0].OTP))
	do(a, admin, "ListRegions", `{"AccountId":"A"}`)
	do(a, admin, "EnableRegion", `{"AccountId":"A","RegionName":"af-south-1"}`)
	do(a, admin, "GetRegionOptStatus", `{"AccountId":"A","RegionName":"af-south-1"}`)
	do(a, admin, "DisableRegion", `{"AccountId":"A","RegionName":"af-south-1"}`)

	do(q, admin, "ListServices", `{}`)
	do(q, admin, "ListServiceQuotas", `{"ServiceCode":"organizations"}`)
	do(q, admin, "ListAWSDefaultServiceQuotas", `{"ServiceCode":"organizations"}`)
	do(q, admin, "GetServiceQuota", `{`+accountsQuota+`}`)
	do(q, admin, "GetAWSDefaultServiceQuota", `{`+accountsQuota+`}`)
	request := do(q, admin, "RequestServiceQuotaIncrease", `{`+accountsQuota+`,"DesiredValue":30}`, "RequestedQuota", "Id")
	do(q, admin, "GetRequestedServiceQuotaChange", fmt.Sprintf(`{"RequestId":%q}`, request))
	do(q, admin, "ListRequestedServiceQuotaChangeHistory", `{}`)
	do(q, admin, "ListRequestedServiceQuotaChangeHistoryByQuota", `{`+accountsQuota+`}`)

	do(stsService, admin, "GetCallerIdentity", `{}`)
	do(stsService, admin, "GetSessionToken", `{}`)
	do(stsService, admin, "GetFederationToken", `{"Name":"bob","Policy":"{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}}"}`)
	do(stsService, admin, "GetAccessKeyInfo", `{"AccessKeyId":"AKIAADMIN0000000"}`)
	do(stsService, admin, "AssumeRole", `{"RoleArn":"arn:aws:iam::`+names["A"]+`:role/Admin","RoleSessionName":"tester"}`)

	do(o, admin, "DisableAWSServiceAccess", `{"ServicePrincipal":"account.amazonaws.com"}`)
	do(o, guest, "LeaveOrganization", `{}`)
	l.clock.Advance(5 * 24 * time.Hour)
	do(o, admin, "RemoveAccountFromOrganization", `{"AccountId":"A"}`)
	do(o, admin, "DeleteOrganizationalUnit", `{"OrganizationalUnitId":"UNIT"}`)
	do(o, admin, "DeleteOrganization", `{}`)
	do(o, admin, "CreateOrganization", `{}`)
	status = do(o, admin, "CreateAccount", `{"Email":"b@example.com","AccountName":"b"}`, "CreateAccountStatus", "AccountId")
	do(o, admin, "CloseAccount", fmt.Sprintf(`{"AccountId":%q}`, status))
	do(o, admin, "EnableAWSServiceAccess", `{"ServicePrincipal":"account.amazonaws.com"}`)

	for _, row := range []struct {
		s                     *service
		operation, body, want string
	}{
		{o, "CreateGovCloudAccount", `{"Email":"g@example.com","AccountName":"g"}`, "ConstraintViolationException"},
		{o, "InviteOrganizationToTransferResponsibility", `{"Type":"BILLING","Target":{"Type":"ACCOUNT","Id":"555566667777"},"StartTimestamp":"2027-02-01T00:00:00Z","SourceName":"x"}`, "InvalidInputException"},
		{o, "DescribeResponsibilityTransfer", `{"Id":"rt-00000000"}`, "ResponsibilityTransferNotFoundException"},
		{o, "UpdateResponsibilityTransfer", `{"Id":"rt-00000000","Name":"x"}`, "ResponsibilityTransferNotFoundException"},
		{o, "TerminateResponsibilityTransfer", `{"Id":"rt-00000000"}`, "ResponsibilityTransferNotFoundException"},
		{a, "GetGovCloudAccountInformation", fmt.Sprintf(`{"StandardAccountId":%q}`, status), "ResourceNotFoundException"},
	} {
		_, err := l.sdk(row.s, admin, row.operation, row.body)
		if got := errorCode(err); got != row.want || reflect.TypeOf(errors.Unwrap(errors.Unwrap(err))) == nil {
			t.Errorf("%s: %v, want %s", row.operation, err, row.want)
		}
		answered[row.s][row.operation] = true
	}
	for _, s := range services {
		if s.api != "" {
			continue // TestEveryMemberOperation has them
		}
		for _, operation := range slices.Sorted(maps.Keys(s.operations)) {
			if !answered[s][operation] {
				t.Errorf("%s of %s was never answered", operation, s.name)
			}
		}
	}
	for _, member := range slices.Sorted(maps.Keys(unused)) {
		t.Errorf("%s is listed as absent and never was", member)
	}
}

// missing lists the members of a decoded answer that are not there, by the way
// to them. Of a list it reads every element.
func missing(v reflect.Value, way string) []string {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return []string{way}
		}
		if v.Type() == reflect.TypeFor[*time.Time]() {
			return nil
		}
		return missing(v.Elem(), way)
	case reflect.Slice:
		if v.Len() == 0 {
			return []string{way}
		}
		var all []string
		for i := range v.Len() {
			all = append(all, missing(v.Index(i), way)...)
		}
		return all
	case reflect.Struct:
		var all []string
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Name != "ResultMetadata" {
				all = append(all, missing(v.Field(i), strings.TrimPrefix(way+"."+f.Name, "."))...)
			}
		}
		return all
	case reflect.String:
		if v.Len() == 0 {
			return []string{way}
		}
	}
	return nil
}

// timed makes what the SDK wrote of an answer what the model calls it: numbers
// for moments, nothing for null.
func timed(s *shape, value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for _, m := range s.members {
			if v[m.name] != nil && v[m.name] != "" {
				out[m.name] = timed(m.shape, v[m.name])
			}
		}
		return out
	case []any:
		var out = []any{}
		for _, item := range v {
			out = append(out, timed(s.element, item))
		}
		return out
	case string:
		if s.Type == "timestamp" {
			return 0.0
		}
	}
	return value
}
