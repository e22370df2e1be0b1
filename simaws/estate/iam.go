package estate

import (
	"net/url"
	"slices"
	"strings"
)

var iamOperations = map[string]Operation{
	"GetAccountSummary": accountSummary, "ListAccountAliases": func(*Call) (Doc, error) {
		return Doc{"AccountAliases": []any{}, "IsTruncated": false}, nil
	},
	"GetAccountPasswordPolicy": passwordPolicy, "UpdateAccountPasswordPolicy": updatePasswordPolicy, "DeleteAccountPasswordPolicy": deletePasswordPolicy,
	"GenerateCredentialReport": generateReport, "GetCredentialReport": credentialReport,
	"ListVirtualMFADevices": listVirtualMFA, "CreateVirtualMFADevice": createVirtualMFA, "DeleteVirtualMFADevice": deleteVirtualMFA,
	"EnableMFADevice": enableMFA, "DeactivateMFADevice": deactivateMFA, "ListMFADevices": ofUser(listMFA),
	"ListUsers": listUsers, "GetUser": ofUser(shown("User")), "CreateUser": createUser, "DeleteUser": ofUser(deleteUser),
	"GetLoginProfile": ofUser(loginProfile), "CreateLoginProfile": ofUser(createLogin), "DeleteLoginProfile": ofUser(deleteLogin),
	"ListAccessKeys": listAccessKeys, "CreateAccessKey": ofUser(createAccessKey), "UpdateAccessKey": updateAccessKey, "DeleteAccessKey": deleteAccessKey,
	"GetAccessKeyLastUsed": keyLastUsed,
	"ListUserPolicies":     ofUser(inlineNames), "GetUserPolicy": ofUser(inlinePolicy), "PutUserPolicy": ofUser(putInline), "DeleteUserPolicy": ofUser(deleteInline),
	"ListAttachedUserPolicies": ofUser(attachedPolicies), "AttachUserPolicy": ofUser(attach("user")), "DetachUserPolicy": ofUser(detach("user")),
	"ListGroups": listGroups, "CreateGroup": createGroup, "DeleteGroup": ofGroup(deleteGroup), "ListGroupsForUser": ofUser(groupsOf),
	"AddUserToGroup": changeGroup(true), "RemoveUserFromGroup": changeGroup(false),
	"ListAttachedGroupPolicies": ofGroup(attachedPolicies), "AttachGroupPolicy": ofGroup(attach("group")), "DetachGroupPolicy": ofGroup(detach("group")),
	"ListRoles": listRoles, "GetRole": ofRole(shown("Role")), "CreateRole": createRole, "DeleteRole": ofRole(unlessReserved(deleteRole)), "ListRolePolicies": ofRole(inlineNames),
	"ListAttachedRolePolicies": ofRole(attachedPolicies), "AttachRolePolicy": ofRole(unlessReserved(attach("role"))), "DetachRolePolicy": ofRole(unlessReserved(detach("role"))),
	"CreateServiceLinkedRole": createLinkedRole,
	"ListPolicies":            listPolicies, "GetPolicy": ofPolicy(shown("Policy")), "GetPolicyVersion": ofPolicy(policyVersion), "ListPolicyVersions": ofPolicy(policyVersions),
	"CreatePolicy": createPolicy, "CreatePolicyVersion": ofPolicy(createVersion), "DeletePolicyVersion": ofPolicy(deleteVersion), "DeletePolicy": ofPolicy(deletePolicy),
	"ListEntitiesForPolicy": entitiesForPolicy, "ListServerCertificates": serverCertificates, "DeleteServerCertificate": deleteCertificate,
	"GetAccountAuthorizationDetails": authorizationDetails,
}

// ofUser runs an operation on the user that the call names.
func ofUser(run func(*Call, Doc) (Doc, error)) Operation { return ofNamed("user", "UserName", run) }

func ofGroup(run func(*Call, Doc) (Doc, error)) Operation { return ofNamed("group", "GroupName", run) }

func ofRole(run func(*Call, Doc) (Doc, error)) Operation { return ofNamed("role", "RoleName", run) }

func ofNamed(kind, member string, run func(*Call, Doc) (Doc, error)) Operation {
	return func(c *Call) (Doc, error) {
		doc := c.one(Global, kind, c.text(member))
		if doc == nil {
			return nil, noSuch(kind, c.text(member))
		}
		return run(c, doc)
	}
}

func noSuch(kind, name string) error {
	return absent("NoSuchEntity", "The "+kind+" with name "+name+" cannot be found.")
}

// shown answers with the resource itself.
func shown(member string) func(*Call, Doc) (Doc, error) {
	return func(_ *Call, doc Doc) (Doc, error) { return Doc{member: doc}, nil }
}

func (c *Call) iam(rest string) string { return "arn:aws:iam::" + c.Account + ":" + rest }

// keep is a resource of IAM with some members changed.
func (c *Call) keep(kind string, doc, changes Doc) Doc {
	doc = with(doc, changes)
	c.put(Global, kind, text(doc, nameOf[kind]), doc)
	return doc
}

// nameOf is the member by which IAM knows a resource.
var nameOf = map[string]string{"user": "UserName", "group": "GroupName", "role": "RoleName", "policy": "Arn", "accesskey": "AccessKeyId"}

func accountSummary(c *Call) (Doc, error) {
	root := c.one(Global, "root", "root")
	in := c.at(Global)
	devices := 0
	for _, u := range in["user"] {
		devices += len(docs(u, "MFADevices"))
	}
	truth := map[bool]int{true: 1}
	return Doc{"SummaryMap": Doc{
		"Users": len(in["user"]), "Groups": len(in["group"]), "Roles": len(in["role"]), "Policies": len(in["policy"]),
		"ServerCertificates": len(in["servercertificate"]), "MFADevices": devices, "MFADevicesInUse": devices + truth[text(root, "MFA") != ""],
		"AccountMFAEnabled": truth[text(root, "MFA") != ""], "AccountAccessKeysPresent": truth[flag(root, "AccessKey")],
		"AccountPasswordPresent": truth[flag(root, "Password")], "AccountSigningCertificatesPresent": 0,
		"UsersQuota": 5000, "GroupsQuota": 300, "RolesQuota": 1000, "PoliciesQuota": 1500, "AccessKeysPerUserQuota": 2, "VersionsPerPolicyQuota": 5,
	}}, nil
}

func passwordPolicy(c *Call) (Doc, error) {
	p := c.one(Global, "passwordpolicy", "policy")
	if p == nil {
		return nil, absent("NoSuchEntity", "The Password Policy with domain name "+c.Account+" cannot be found.")
	}
	return Doc{"PasswordPolicy": p}, nil
}

// updatePasswordPolicy replaces the policy: what a call does not give has its
// default.
//
// Source: IAM API reference, UpdateAccountPasswordPolicy.
func updatePasswordPolicy(c *Call) (Doc, error) {
	p := Doc{"MinimumPasswordLength": 6, "RequireSymbols": false, "RequireNumbers": false, "RequireUppercaseCharacters": false,
		"RequireLowercaseCharacters": false, "AllowUsersToChangePassword": false, "ExpirePasswords": number(c.In, "MaxPasswordAge") > 0}
	c.put(Global, "passwordpolicy", "policy", with(p, c.In))
	return nil, nil
}

func deletePasswordPolicy(c *Call) (Doc, error) {
	if _, err := passwordPolicy(c); err != nil {
		return nil, err
	}
	c.put(Global, "passwordpolicy", "policy", nil)
	return nil, nil
}

func listUsers(c *Call) (Doc, error) {
	return iamPages.list(c, "Users", under(c, c.all(Global, "user")))
}

func listGroups(c *Call) (Doc, error) {
	return iamPages.list(c, "Groups", under(c, c.all(Global, "group")))
}

func listRoles(c *Call) (Doc, error) {
	return iamPages.list(c, "Roles", under(c, c.all(Global, "role")))
}

// under are those of a path that the call names.
func under(c *Call, all []Doc) []Doc {
	return slices.DeleteFunc(all, func(d Doc) bool { return !strings.HasPrefix(text(d, "Path"), c.text("PathPrefix")) })
}

// entity makes a user, group or role.
func (c *Call) entity(kind, prefix, name string, more Doc) (Doc, error) {
	if c.one(Global, kind, name) != nil {
		return nil, &Refusal{Code: "EntityAlreadyExists", Message: strings.ToUpper(kind[:1]) + kind[1:] + " with name " + name + " already exists.", Status: 409}
	}
	path := c.text("Path")
	if path == "" {
		path = "/"
	}
	member := strings.TrimSuffix(nameOf[kind], "Name")
	doc := with(Doc{nameOf[kind]: name, "Path": path, "Arn": c.iam(kind + path + name), member + "Id": prefix + word(c.Chance, base32, 17), "CreateDate": stamp(c.Now)}, more)
	return Doc{member: c.keep(kind, doc, nil)}, nil
}

func createUser(c *Call) (Doc, error) { return c.entity("user", "AIDA", c.text("UserName"), nil) }

func createGroup(c *Call) (Doc, error) { return c.entity("group", "AGPA", c.text("GroupName"), nil) }

func createRole(c *Call) (Doc, error) {
	if err := checkPolicy(c.text("AssumeRolePolicyDocument")); err != nil {
		return nil, err
	}
	return c.entity("role", "AROA", c.text("RoleName"), Doc{
		"AssumeRolePolicyDocument": url.PathEscape(c.text("AssumeRolePolicyDocument")), "Description": c.In["Description"], "MaxSessionDuration": 3600, "Tags": c.In["Tags"],
	})
}

// createLinkedRole makes the role of a service; its name is the service's own
// where that is known.
func createLinkedRole(c *Call) (Doc, error) {
	service := c.text("AWSServiceName")
	name := linkedRoles[service]
	if name == "" {
		short, _, _ := strings.Cut(service, ".")
		if short == "" {
			return nil, refuse("InvalidInput", "There is no service "+service+".")
		}
		name = "AWSServiceRoleFor" + strings.ToUpper(short[:1]) + short[1:]
	}
	if c.one(Global, "role", name) != nil {
		return nil, refuse("InvalidInput", "Service role name "+name+" has been taken in this account, please try a different suffix.")
	}
	path := "/aws-service-role/" + service + "/"
	doc := Doc{"RoleName": name, "Path": path, "Arn": c.iam("role" + path + name), "RoleId": "AROA" + word(c.Chance, base32, 17), "CreateDate": stamp(c.Now),
		"AssumeRolePolicyDocument": url.PathEscape(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"` + service + `"}}]}`)}
	return Doc{"Role": c.keep("role", doc, nil)}, nil
}

var linkedRoles = map[string]string{
	"config.amazonaws.com": "AWSServiceRoleForConfig", "config-conforms.amazonaws.com": "AWSServiceRoleForConfigConforms",
	"cloudtrail.amazonaws.com": "AWSServiceRoleForCloudTrail", "securityhub.amazonaws.com": "AWSServiceRoleForSecurityHub",
	"access-analyzer.amazonaws.com": "AWSServiceRoleForAccessAnalyzer",
}

func deleteUser(c *Call, u Doc) (Doc, error) {
	keys := slices.ContainsFunc(c.all(Global, "accesskey"), func(k Doc) bool { return text(k, "UserName") == text(u, "UserName") })
	if keys || bound(u) || sub(u, "LoginProfile") != nil || len(docs(u, "MFADevices"))+len(texts(u, "Groups")) > 0 {
		return nil, &Refusal{Code: "DeleteConflict", Message: "Cannot delete entity, must remove its keys, policies, groups, login profile and MFA devices first.", Status: 409}
	}
	c.put(Global, "user", text(u, "UserName"), nil)
	return nil, nil
}

// bound tells whether policies are on a user, group or role.
func bound(d Doc) bool { return len(texts(d, "Attached"))+len(sub(d, "Inline")) > 0 }

func deleteGroup(c *Call, g Doc) (Doc, error) {
	used := slices.ContainsFunc(c.all(Global, "user"), func(u Doc) bool { return slices.Contains(texts(u, "Groups"), text(g, "GroupName")) })
	if used || bound(g) {
		return nil, &Refusal{Code: "DeleteConflict", Message: "Cannot delete entity, must remove users and policies from group first.", Status: 409}
	}
	c.put(Global, "group", text(g, "GroupName"), nil)
	return nil, nil
}

func deleteRole(c *Call, r Doc) (Doc, error) {
	if bound(r) {
		return nil, &Refusal{Code: "DeleteConflict", Message: "Cannot delete entity, must detach all policies first.", Status: 409}
	}
	c.put(Global, "role", text(r, "RoleName"), nil)
	return nil, nil
}

func groupsOf(c *Call, u Doc) (Doc, error) {
	var all []Doc
	for _, name := range texts(u, "Groups") {
		if g := c.one(Global, "group", name); g != nil {
			all = append(all, g)
		}
	}
	return iamPages.list(c, "Groups", all)
}

// changeGroup puts a user into a group or takes it out.
func changeGroup(in bool) Operation {
	return ofGroup(func(c *Call, g Doc) (Doc, error) {
		u := c.one(Global, "user", c.text("UserName"))
		if u == nil {
			return nil, noSuch("user", c.text("UserName"))
		}
		groups := slices.DeleteFunc(texts(u, "Groups"), func(name string) bool { return name == text(g, "GroupName") })
		if in {
			groups = append(groups, text(g, "GroupName"))
		}
		c.keep("user", u, Doc{"Groups": groups})
		return nil, nil
	})
}
