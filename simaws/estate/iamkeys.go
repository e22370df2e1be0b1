package estate

import (
	"encoding/base64"
	"slices"
	"strings"
	"time"
)

// Credentials: keys, passwords and MFA devices, and the report about them.

func listAccessKeys(c *Call) (Doc, error) {
	name := c.text("UserName")
	if name != "" && c.one(Global, "user", name) == nil {
		return nil, noSuch("user", name)
	}
	return iamPages.list(c, "AccessKeyMetadata", c.keysOf(name))
}

// keysOf are the access keys of a user, the oldest first.
func (e *Estate) keysOf(user string) []Doc {
	keys := slices.DeleteFunc(e.all(Global, "accesskey"), func(k Doc) bool { return text(k, "UserName") != user })
	slices.SortStableFunc(keys, func(a, b Doc) int { return when(a, "CreateDate").Compare(when(b, "CreateDate")) })
	return keys
}

func createAccessKey(c *Call, u Doc) (Doc, error) {
	if len(c.keysOf(text(u, "UserName"))) >= 2 {
		return nil, &Refusal{Code: "LimitExceeded", Message: "Cannot exceed quota for AccessKeysPerUser: 2", Status: 409}
	}
	key := c.keep("accesskey", Doc{"AccessKeyId": "AKIA" + word(c.Chance, base32, 16), "UserName": u["UserName"], "Status": "Active", "CreateDate": stamp(c.Now)}, nil)
	return Doc{"AccessKey": with(key, Doc{"SecretAccessKey": word(c.Chance, small, 40)})}, nil
}

// accessKey is the key that a call names, of the user that it may name.
func (c *Call) accessKey() (Doc, error) {
	k := c.one(Global, "accesskey", c.text("AccessKeyId"))
	if k == nil || c.text("UserName") != "" && c.text("UserName") != text(k, "UserName") {
		return nil, absent("NoSuchEntity", "The Access Key with id "+c.text("AccessKeyId")+" cannot be found.")
	}
	return k, nil
}

func updateAccessKey(c *Call) (Doc, error) {
	k, err := c.accessKey()
	if err == nil {
		c.keep("accesskey", k, Doc{"Status": c.text("Status")})
	}
	return nil, err
}

// deleteAccessKey deletes a user's key, or the root user's, which has no
// UserName: simaws lets the account's administrator do so in the root user's
// stead.
func deleteAccessKey(c *Call) (Doc, error) {
	if root := c.one(Global, "root", "root"); c.text("UserName") == "" && flag(root, "AccessKey") && c.text("AccessKeyId") == text(root, "AccessKeyId") {
		c.put(Global, "root", "root", with(root, Doc{"AccessKey": false, "AccessKeyUsed": nil}))
		return nil, nil
	}
	k, err := c.accessKey()
	if err == nil {
		c.put(Global, "accesskey", text(k, "AccessKeyId"), nil)
	}
	return nil, err
}

func keyLastUsed(c *Call) (Doc, error) {
	k, err := c.accessKey()
	if err != nil {
		return nil, err
	}
	used := Doc{"ServiceName": "N/A", "Region": "N/A"}
	if text(k, "LastUsed") != "" {
		used = Doc{"LastUsedDate": k["LastUsed"], "ServiceName": "s3", "Region": "us-east-1"}
	}
	return Doc{"UserName": k["UserName"], "AccessKeyLastUsed": used}, nil
}

func loginProfile(_ *Call, u Doc) (Doc, error) {
	p := sub(u, "LoginProfile")
	if p == nil {
		return nil, absent("NoSuchEntity", "Login Profile for User "+text(u, "UserName")+" cannot be found.")
	}
	return Doc{"LoginProfile": p}, nil
}

func createLogin(c *Call, u Doc) (Doc, error) {
	if sub(u, "LoginProfile") != nil {
		return nil, &Refusal{Code: "EntityAlreadyExists", Message: "Login Profile for user " + text(u, "UserName") + " already exists.", Status: 409}
	}
	p := Doc{"UserName": u["UserName"], "CreateDate": stamp(c.Now), "PasswordResetRequired": flag(c.In, "PasswordResetRequired")}
	c.keep("user", u, Doc{"LoginProfile": p, "PasswordLastChanged": stamp(c.Now)})
	return Doc{"LoginProfile": p}, nil
}

func deleteLogin(c *Call, u Doc) (Doc, error) {
	if _, err := loginProfile(c, u); err != nil {
		return nil, err
	}
	c.keep("user", u, Doc{"LoginProfile": nil, "PasswordLastUsed": nil})
	return nil, nil
}

func listMFA(c *Call, u Doc) (Doc, error) {
	return iamPages.list(c, "MFADevices", docs(u, "MFADevices"))
}

func listVirtualMFA(c *Call) (Doc, error) {
	all := c.all(Global, "virtualmfa")
	if root := c.one(Global, "root", "root"); text(root, "MFA") == "virtual" {
		all = append(all, Doc{"SerialNumber": c.iam("mfa/root-account-mfa-device"), "EnableDate": stamp(c.since),
			"User": Doc{"UserId": c.Account, "Arn": c.iam("root"), "Path": "/", "UserName": "root", "CreateDate": stamp(c.since)}})
	}
	wanted := c.text("AssignmentStatus")
	all = slices.DeleteFunc(all, func(d Doc) bool {
		return wanted == "Assigned" && sub(d, "User") == nil || wanted == "Unassigned" && sub(d, "User") != nil
	})
	return iamPages.list(c, "VirtualMFADevices", all)
}

func createVirtualMFA(c *Call) (Doc, error) {
	serial := c.iam("mfa/" + c.text("VirtualMFADeviceName"))
	if c.one(Global, "virtualmfa", serial) != nil {
		return nil, &Refusal{Code: "EntityAlreadyExists", Message: "MFADevice entity at the same path and name already exists.", Status: 409}
	}
	d := Doc{"SerialNumber": serial}
	c.put(Global, "virtualmfa", serial, d)
	return Doc{"VirtualMFADevice": with(d, Doc{"Base32StringSeed": base64.StdEncoding.EncodeToString([]byte(word(c.Chance, base32, 64)))})}, nil
}

func deleteVirtualMFA(c *Call) (Doc, error) {
	d := c.one(Global, "virtualmfa", c.text("SerialNumber"))
	switch {
	case d == nil:
		return nil, noSuch("virtual MFA device", c.text("SerialNumber"))
	case sub(d, "User") != nil:
		return nil, &Refusal{Code: "DeleteConflict", Message: "Cannot delete virtual MFA device while it is assigned.", Status: 409}
	}
	c.put(Global, "virtualmfa", c.text("SerialNumber"), nil)
	return nil, nil
}

// enableMFA gives a user a device, virtual or not. The codes are not checked.
// "root" is the root user: simaws lets the account's administrator act for it.
func enableMFA(c *Call) (Doc, error) {
	serial := c.text("SerialNumber")
	if c.text("UserName") == "root" {
		kind := "hardware"
		if strings.Contains(serial, ":mfa/") {
			kind = "virtual"
		}
		c.put(Global, "root", "root", with(c.one(Global, "root", "root"), Doc{"MFA": kind}))
		return nil, nil
	}
	return ofUser(func(c *Call, u Doc) (Doc, error) {
		d := c.one(Global, "virtualmfa", serial)
		if strings.Contains(serial, ":mfa/") && d == nil {
			return nil, noSuch("virtual MFA device", serial)
		}
		if d != nil {
			c.put(Global, "virtualmfa", serial, with(d, Doc{"EnableDate": stamp(c.Now), "User": u}))
		}
		device := Doc{"UserName": u["UserName"], "SerialNumber": serial, "EnableDate": stamp(c.Now)}
		c.keep("user", u, Doc{"MFADevices": append(docs(u, "MFADevices"), device)})
		return nil, nil
	})(c)
}

func deactivateMFA(c *Call) (Doc, error) {
	if c.text("UserName") == "root" {
		c.put(Global, "root", "root", with(c.one(Global, "root", "root"), Doc{"MFA": nil}))
		return nil, nil
	}
	return ofUser(func(c *Call, u Doc) (Doc, error) {
		is := func(d Doc) bool { return text(d, "SerialNumber") == c.text("SerialNumber") }
		if !slices.ContainsFunc(docs(u, "MFADevices"), is) {
			return nil, noSuch("MFA device", c.text("SerialNumber"))
		}
		c.keep("user", u, Doc{"MFADevices": slices.DeleteFunc(docs(u, "MFADevices"), is)})
		if d := c.one(Global, "virtualmfa", c.text("SerialNumber")); d != nil {
			c.put(Global, "virtualmfa", c.text("SerialNumber"), with(d, Doc{"User": nil, "EnableDate": nil}))
		}
		return nil, nil
	})(c)
}

func serverCertificates(c *Call) (Doc, error) {
	return iamPages.list(c, "ServerCertificateMetadataList", under(c, c.all(Global, "servercertificate")))
}

func deleteCertificate(c *Call) (Doc, error) {
	name := c.text("ServerCertificateName")
	if c.one(Global, "servercertificate", name) == nil {
		return nil, noSuch("server certificate", name)
	}
	c.put(Global, "servercertificate", name, nil)
	return nil, nil
}

// reportAge is how long a credential report is given out before a new one is
// made.
//
// Source: IAM user guide, "Getting credential reports": once every four hours.
const reportAge = 4 * time.Hour

func generateReport(c *Call) (Doc, error) {
	last := c.one(Global, "credentialreport", "report")
	if last == nil || c.Now.Sub(when(last, "GeneratedTime")) >= reportAge {
		c.put(Global, "credentialreport", "report", Doc{"GeneratedTime": stamp(c.Now), "Content": c.report()})
		return Doc{"State": "STARTED", "Description": "No report exists. Starting a new report generation task"}, nil
	}
	return Doc{"State": "COMPLETE"}, nil
}

func credentialReport(c *Call) (Doc, error) {
	last := c.one(Global, "credentialreport", "report")
	switch {
	case last == nil:
		return nil, &Refusal{Code: "ReportNotPresent", Message: "No report exists. Call GenerateCredentialReport.", Status: 410}
	case c.Now.Sub(when(last, "GeneratedTime")) >= reportAge:
		return nil, &Refusal{Code: "ReportExpired", Message: "The report has expired. Call GenerateCredentialReport.", Status: 410}
	}
	return Doc{"Content": base64.StdEncoding.EncodeToString([]byte(text(last, "Content"))), "ReportFormat": "text/csv", "GeneratedTime": last["GeneratedTime"]}, nil
}

const reportHead = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active," +
	"access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service," +
	"access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service," +
	"cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated"

// report is the credential report as it would be made now.
//
// Source: IAM user guide, "Getting credential reports", format.
func (c *Call) report() string {
	root := c.one(Global, "root", "root")
	keys := []Doc{}
	if flag(root, "AccessKey") {
		keys = append(keys, Doc{"Status": "Active", "CreateDate": stamp(c.since), "LastUsed": root["AccessKeyUsed"]})
	}
	used := "no_information"
	if at := text(root, "PasswordLastUsed"); at != "" {
		used = reportTime(at)
	}
	rows := []string{reportHead, reportRow([]string{"<root_account>", c.iam("root"), reportTime(stamp(c.since)), "not_supported", used, "not_supported", "not_supported", boolean(text(root, "MFA") != "")}, keys)}
	for _, u := range c.all(Global, "user") {
		enabled, last, changed := "false", "N/A", "N/A"
		if sub(u, "LoginProfile") != nil {
			enabled, last, changed = "true", "no_information", reportTime(text(u, "PasswordLastChanged"))
			if at := text(u, "PasswordLastUsed"); at != "" {
				last = reportTime(at)
			}
		}
		rows = append(rows, reportRow([]string{text(u, "UserName"), text(u, "Arn"), reportTime(text(u, "CreateDate")), enabled, last, changed, "N/A",
			boolean(len(docs(u, "MFADevices")) > 0)}, c.keysOf(text(u, "UserName"))))
	}
	return strings.Join(rows, "\n")
}

func reportRow(fields []string, keys []Doc) string {
	for i := range 2 {
		switch {
		case i >= len(keys):
			fields = append(fields, "false", "N/A", "N/A", "N/A", "N/A")
		case text(keys[i], "LastUsed") == "":
			fields = append(fields, boolean(keys[i]["Status"] == "Active"), reportTime(text(keys[i], "CreateDate")), "N/A", "N/A", "N/A")
		default:
			fields = append(fields, boolean(keys[i]["Status"] == "Active"), reportTime(text(keys[i], "CreateDate")), reportTime(text(keys[i], "LastUsed")), "us-east-1", "s3")
		}
	}
	return strings.Join(append(fields, "false", "N/A", "false", "N/A"), ",")
}

func reportTime(rfc string) string {
	t, err := time.Parse(time.RFC3339Nano, rfc)
	if err != nil {
		return "N/A"
	}
	return t.UTC().Format("2006-01-02T15:04:05+00:00")
}

func boolean(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// authorizationDetails is everything at once.
func authorizationDetails(c *Call) (Doc, error) {
	out := Doc{"IsTruncated": false}
	for _, kind := range entityKinds {
		short := strings.TrimSuffix(nameOf[kind], "Name")
		all := []any{}
		for _, d := range c.all(Global, kind) {
			inline, attached := []any{}, []any{}
			for name, document := range sub(d, "Inline") {
				inline = append(inline, Doc{"PolicyName": name, "PolicyDocument": document})
			}
			for _, arn := range texts(d, "Attached") {
				attached = append(attached, Doc{"PolicyArn": arn, "PolicyName": arn[strings.LastIndex(arn, "/")+1:]})
			}
			all = append(all, with(d, Doc{short + "PolicyList": inline, "AttachedManagedPolicies": attached, "GroupList": d["Groups"]}))
		}
		out[short+"DetailList"] = all
	}
	var policies []Doc
	for _, p := range c.all(Global, "policy") {
		policies = append(policies, with(p, Doc{"PolicyVersionList": p["Versions"], "AttachmentCount": c.attachments(text(p, "Arn"))}))
	}
	out["Policies"] = listOf(policies)
	return out, nil
}
