package assess

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"landlord/guard/compliance"
)

// people are the checks of an account's users and of its root user.
var people = map[string]evaluator{
	"account.security_contact": {true, func(l *look) error {
		var out struct {
			AlternateContact *struct{ EmailAddress string }
		}
		err := l.ask("account:GetAlternateContact", in{"AlternateContactType": "SECURITY"}, &out)
		if refused(err, "ResourceNotFoundException") {
			l.say(compliance.Fail, l.self(), "the account has no alternate contact for security")
			return nil
		}
		if err != nil {
			return err
		}
		l.is(out.AlternateContact != nil && out.AlternateContact.EmailAddress != "", l.self(), "the account has an alternate contact for security", "the alternate contact for security has no address")
		return nil
	}},
	"account.in_organization": {true, func(l *look) error {
		var out struct{ Organization *struct{ ID string } }
		err := l.ask("organizations:DescribeOrganization", nil, &out)
		if refused(err, "AWSOrganizationsNotInUseException") {
			l.say(compliance.Fail, l.self(), "the account is in no organization")
			return nil
		}
		if err == nil && (out.Organization == nil || l.Organization == "") {
			err = errors.New("organizations:DescribeOrganization: it is not known which organization the account should be in")
		}
		if err != nil {
			return err
		}
		l.is(out.Organization.ID == l.Organization, l.self(), "the account is in organization "+l.Organization, "the account is in organization "+out.Organization.ID+", not in "+l.Organization)
		return nil
	}},
	"iam.root_no_access_key": ofRoot(func(l *look, root summary) error {
		l.is(root.keys == 0, l.self(), "the root user has no access key", "the root user has an access key")
		return nil
	}),
	"iam.root_mfa": ofRoot(func(l *look, root summary) error {
		if root.bare {
			l.say(compliance.Pass, l.self(), "the root user has no credentials")
			return nil
		}
		l.is(root.mfa, l.self(), "the root user has MFA", "the root user has no MFA")
		return nil
	}),
	"iam.root_hardware_mfa": ofRoot(func(l *look, root summary) error {
		type device struct {
			SerialNumber string
			User         *struct{ Arn string }
		}
		devices, err := list[device](l, "iam:ListVirtualMFADevices", nil, "VirtualMFADevices")
		switch {
		case err != nil:
			return err
		case root.bare:
			l.say(compliance.Pass, l.self(), "the root user has no credentials")
			return nil
		case !root.mfa:
			l.say(compliance.Fail, l.self(), "the root user has no MFA")
			return nil
		}
		for _, d := range devices {
			if d.User != nil && d.User.Arn == l.self() || strings.HasSuffix(d.SerialNumber, ":mfa/root-account-mfa-device") {
				l.say(compliance.Fail, l.self(), "the root user's MFA is the virtual device "+d.SerialNumber)
				return nil
			}
		}
		l.say(compliance.Pass, l.self(), "the root user's MFA is a hardware device")
		return nil
	}),
	"iam.password_min_length": ofPasswords(func(p passwordPolicy) (bool, string) {
		return p.MinimumPasswordLength >= 14, "passwords have at least " + strconv.Itoa(p.MinimumPasswordLength) + " characters, 14 are wanted"
	}),
	"iam.password_reuse": ofPasswords(func(p passwordPolicy) (bool, string) {
		return p.PasswordReusePrevention >= 24, "the last " + strconv.Itoa(p.PasswordReusePrevention) + " passwords are remembered, 24 are wanted"
	}),
	"iam.password_complexity": ofPasswords(func(p passwordPolicy) (bool, string) {
		var lacks []string
		for _, kind := range []struct {
			required bool
			name     string
		}{{p.RequireUppercaseCharacters, "upper case"}, {p.RequireLowercaseCharacters, "lower case"}, {p.RequireNumbers, "digits"}, {p.RequireSymbols, "symbols"}} {
			if !kind.required {
				lacks = append(lacks, kind.name)
			}
		}
		if lacks == nil {
			return true, "passwords need upper and lower case, digits and symbols"
		}
		return false, "passwords need not have " + strings.Join(lacks, ", ")
	}),
	"iam.user_no_direct_policies": ofUsers(func(l *look, u user) error {
		name := in{"UserName": u.UserName}
		inline, err := list[string](l, "iam:ListUserPolicies", name, "PolicyNames")
		if err != nil {
			return err
		}
		attached, err := list[struct{ PolicyArn string }](l, "iam:ListAttachedUserPolicies", name, "AttachedPolicies")
		if err != nil {
			return err
		}
		l.is(len(inline)+len(attached) == 0, u.Arn, "the user has no policies of its own", strconv.Itoa(len(inline))+" inline and "+strconv.Itoa(len(attached))+" attached policies are the user's own")
		return nil
	}),
	"iam.user_in_group": ofUsers(func(l *look, u user) error {
		groups, err := list[struct{ GroupName string }](l, "iam:ListGroupsForUser", in{"UserName": u.UserName}, "Groups")
		if err != nil {
			return err
		}
		l.is(len(groups) > 0, u.Arn, "the user is in a group", "the user is in no group")
		return nil
	}),
	"iam.server_certs_current": {true, func(l *look) error {
		type certificate struct {
			Arn        string
			Expiration time.Time
		}
		all, err := list[certificate](l, "iam:ListServerCertificates", nil, "ServerCertificateMetadataList")
		for _, c := range all {
			day := c.Expiration.UTC().Format(time.DateOnly)
			l.is(c.Expiration.After(l.At), c.Arn, "the certificate is valid until "+day, "the certificate expired on "+day)
		}
		return err
	}},
}

// summary is what an account's summary says of the root user.
type summary struct {
	keys int
	mfa  bool
	bare bool // its credentials were removed: it has neither password nor key
}

// ofRoot is a check of the root user.
//
// Source: IAM API reference, GetAccountSummary: the entries of SummaryMap.
func ofRoot(judge func(*look, summary) error) evaluator {
	return evaluator{true, func(l *look) error {
		var out struct{ SummaryMap map[string]int }
		if err := l.ask("iam:GetAccountSummary", nil, &out); err != nil {
			return err
		}
		keys, told := out.SummaryMap["AccountAccessKeysPresent"]
		mfa, toldMFA := out.SummaryMap["AccountMFAEnabled"]
		if !told || !toldMFA {
			return errors.New("iam:GetAccountSummary: the answer says nothing of the root user")
		}
		password, toldPassword := out.SummaryMap["AccountPasswordPresent"]
		return judge(l, summary{keys: keys, mfa: mfa > 0, bare: keys == 0 && toldPassword && password == 0})
	}}
}

// passwordPolicy is an account's password policy.
type passwordPolicy struct {
	MinimumPasswordLength, PasswordReusePrevention                                         int
	RequireUppercaseCharacters, RequireLowercaseCharacters, RequireNumbers, RequireSymbols bool
}

// ofPasswords is a check of the password policy: whether it is as wanted, and how
// it is.
func ofPasswords(judge func(passwordPolicy) (bool, string)) evaluator {
	return evaluator{true, func(l *look) error {
		var out struct{ PasswordPolicy *passwordPolicy }
		err := l.ask("iam:GetAccountPasswordPolicy", nil, &out)
		switch {
		case refused(err, "NoSuchEntity"):
			l.say(compliance.Fail, l.self(), "the account has no password policy")
			return nil
		case err != nil:
			return err
		case out.PasswordPolicy == nil:
			return errors.New("iam:GetAccountPasswordPolicy: the answer has no policy")
		}
		ok, how := judge(*out.PasswordPolicy)
		l.is(ok, l.self(), how, how)
		return nil
	}}
}

type user struct{ UserName, Arn string }

// ofUsers is a check of each user.
func ofUsers(judge func(*look, user) error) evaluator {
	return evaluator{true, func(l *look) error {
		users, err := list[user](l, "iam:ListUsers", nil, "Users")
		every(l, users, func(u user) string { return u.Arn }, func(u user) error { return judge(l, u) })
		return err
	}}
}

// oneOrMany are texts of which JSON has a single one without a list.
type oneOrMany []string

func (o *oneOrMany) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*o = oneOrMany{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(o))
}
