package assess

import (
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"time"

	"landlord/guard/compliance"
)

// How old and how long unused credentials may be.
const (
	keyAge   = 90 * 24 * time.Hour
	rootRest = 90 * 24 * time.Hour
	atSetup  = time.Minute // between a user and a key that were made in one step
)

// credentials are the checks that the credential report decides.
var credentials = map[string]evaluator{
	"iam.root_not_used": {true, func(l *look) error {
		rows, err := report(l)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r.name != rootRow {
				continue
			}
			last := r.lastPassword
			for _, k := range r.keys {
				if k.used.After(last) {
					last = k.used
				}
			}
			switch {
			case last.IsZero():
				l.say(compliance.Pass, l.self(), "no use of the root user is known")
			default:
				day := last.UTC().Format(time.DateOnly)
				l.is(l.At.Sub(last) > rootRest, l.self(), "the root user was last used on "+day, "the root user was used on "+day)
			}
			return nil
		}
		return errors.New("iam:GetCredentialReport: the report has no row of the root user")
	}},
	"iam.user_console_mfa": ofReport(func(l *look, r row) {
		if r.password {
			l.is(r.mfa, r.arn, "the user signs in with MFA", "the user has a password and no MFA")
		}
	}),
	"iam.user_mfa": ofReport(func(l *look, r row) {
		l.is(r.mfa, r.arn, "the user has MFA", "the user has no MFA")
	}),
	"iam.user_unused_credentials": ofReport(func(l *look, r row) {
		var stale []string
		some, most := r.password, time.Duration(l.unused())*24*time.Hour
		if last := latest(r.lastPassword, r.passwordChanged, r.created); r.password && l.At.Sub(last) > most {
			stale = append(stale, "the password since "+last.UTC().Format(time.DateOnly))
		}
		for i, k := range r.keys {
			some = some || k.active
			if last := latest(k.used, k.made); k.active && l.At.Sub(last) > most {
				stale = append(stale, fmt.Sprintf("access key %d since %s", i+1, last.UTC().Format(time.DateOnly)))
			}
		}
		if some {
			l.is(stale == nil, r.arn, fmt.Sprintf("all of the user's credentials were used within %d days", l.unused()), "not used: "+strings.Join(stale, ", "))
		}
	}),
	"iam.access_key_rotation": ofReport(func(l *look, r row) {
		var old []string
		some := false
		for i, k := range r.keys {
			some = some || k.active
			if k.active && l.At.Sub(k.made) > keyAge {
				old = append(old, fmt.Sprintf("access key %d is of %s", i+1, k.made.UTC().Format(time.DateOnly)))
			}
		}
		if some {
			l.is(old == nil, r.arn, "the user's active access keys are 90 days old or less", strings.Join(old, ", "))
		}
	}),
	"iam.one_active_key": ofReport(func(l *look, r row) {
		l.is(!r.keys[0].active || !r.keys[1].active, r.arn, "the user has at most one active access key", "the user has two active access keys")
	}),
	"iam.no_initial_access_key": ofReport(func(l *look, r row) {
		if !r.password {
			return
		}
		for i, k := range r.keys {
			if k.active && !k.made.IsZero() && k.made.Sub(r.created).Abs() <= atSetup {
				l.say(compliance.Fail, r.arn, fmt.Sprintf("access key %d was made with the user, who has a password too", i+1))
				return
			}
		}
		l.say(compliance.Pass, r.arn, "no access key was made with the user")
	}),
}

// unused is for how many days credentials may be unused.
//
// Source: CIS AWS Foundations Benchmark 5.0.0, 1.11; AWS's conformance packs for
// the other frameworks.
func (l *look) unused() int {
	if l.Framework == "CIS" {
		return 45
	}
	return 90
}

// rootRow is what the report calls the root user.
const rootRow = "<root_account>"

// row is what the report says of a user.
type row struct {
	name, arn       string
	created         time.Time
	password        bool
	lastPassword    time.Time // when it was used; zero if that is not known
	passwordChanged time.Time
	mfa             bool
	keys            [2]key
}

type key struct {
	active     bool
	made, used time.Time
}

func latest(times ...time.Time) (last time.Time) {
	for _, t := range times {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// ofReport is a check of each user in the report, which has no row of the root
// user for it.
func ofReport(judge func(*look, row)) evaluator {
	return evaluator{true, func(l *look) error {
		rows, err := report(l)
		for _, r := range rows {
			if r.name != rootRow {
				judge(l, r)
			}
		}
		return err
	}}
}

// report has the report made and reads it. AWS makes a new one every four hours at
// most: until then, it shows credentials as they were.
//
// Source: IAM user guide, "Getting credential reports for your AWS account".
func report(l *look) ([]row, error) {
	var made struct{ State string }
	if err := l.ask("iam:GenerateCredentialReport", nil, &made); err != nil {
		return nil, err
	}
	l.calls = nil // nothing rests on whether the report was there already
	var out struct{ Content []byte }
	if err := l.ask("iam:GetCredentialReport", nil, &out); err != nil {
		return nil, err
	}
	bad := func(err error) ([]row, error) {
		return nil, fmt.Errorf("iam:GetCredentialReport: the report is not as AWS documents it: %w", err)
	}
	lines, err := csv.NewReader(strings.NewReader(string(out.Content))).ReadAll()
	if err != nil {
		return bad(err)
	}
	if len(lines) == 0 {
		return bad(errors.New("it is empty"))
	}
	at := map[string]int{}
	for i, name := range lines[0] {
		at[name] = i
	}
	rows := make([]row, 0, len(lines)-1)
	for _, line := range lines[1:] {
		var failed error
		text := func(column string) string {
			i, is := at[column]
			if !is {
				failed = fmt.Errorf("it has no column %s", column)
				return ""
			}
			return line[i]
		}
		flag := func(column string) bool { return text(column) == "true" }
		moment := func(column string) time.Time {
			v := text(column)
			switch v {
			case "", "N/A", "no_information", "not_supported":
				return time.Time{}
			}
			t, err := time.Parse(time.RFC3339, v)
			if err != nil {
				failed = fmt.Errorf("%s is %q", column, v)
			}
			return t
		}
		r := row{name: text("user"), arn: text("arn"), created: moment("user_creation_time"), password: flag("password_enabled"), lastPassword: moment("password_last_used"),
			passwordChanged: moment("password_last_changed"), mfa: flag("mfa_active")}
		for i, n := range []string{"1", "2"} {
			r.keys[i] = key{flag("access_key_" + n + "_active"), moment("access_key_" + n + "_last_rotated"), moment("access_key_" + n + "_last_used_date")}
		}
		if failed != nil {
			return bad(failed)
		}
		rows = append(rows, r)
	}
	return rows, nil
}
