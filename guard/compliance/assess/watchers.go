package assess

import (
	"errors"
	"slices"
	"strings"

	"landlord/guard/compliance"
)

// watchers are the checks of the services that watch an account.
var watchers = map[string]evaluator{
	"iam.access_analyzer": {look: func(l *look) error {
		type analyzer struct{ Name, Type, Status string }
		all, err := list[analyzer](l, "access-analyzer:ListAnalyzers", nil, "Analyzers")
		if err != nil {
			return err
		}
		on := slices.ContainsFunc(all, func(a analyzer) bool {
			return a.Status == "ACTIVE" && (a.Type == "ACCOUNT" || a.Type == "ORGANIZATION")
		})
		l.is(on, "", "an analyzer of external access is active", "no analyzer of external access is active")
		return nil
	}},
	"config.recorder": {look: func(l *look) error {
		type recorder struct{ RecordingGroup *struct{ AllSupported bool } }
		recorders, err := list[recorder](l, "config:DescribeConfigurationRecorders", nil, "ConfigurationRecorders")
		if err != nil {
			return err
		}
		type status struct {
			Recording  bool
			LastStatus string
		}
		states, err := list[status](l, "config:DescribeConfigurationRecorderStatus", nil, "ConfigurationRecordersStatus")
		if err != nil {
			return err
		}
		channels, err := list[struct{ Name string }](l, "config:DescribeDeliveryChannels", nil, "DeliveryChannels")
		if err != nil {
			return err
		}
		on := slices.ContainsFunc(states, func(s status) bool { return s.Recording && !strings.EqualFold(s.LastStatus, "Failure") })
		switch {
		case len(recorders) == 0:
			l.say(compliance.Fail, "", "there is no configuration recorder")
		case !slices.ContainsFunc(recorders, func(r recorder) bool { return r.RecordingGroup != nil && r.RecordingGroup.AllSupported }):
			l.say(compliance.Fail, "", "the recorder leaves out types of resources") // CIS AWS Foundations Benchmark 5.0.0, 3.3
		case len(channels) == 0:
			l.say(compliance.Fail, "", "there is no delivery channel")
		default:
			l.is(on, "", "the configuration is recorded and delivered", "the recorder is off, or its last recording failed")
		}
		return nil
	}},
	"securityhub.enabled": {look: func(l *look) error {
		var out struct{ HubArn string }
		err := l.ask("securityhub:DescribeHub", nil, &out)
		// InvalidAccessException also says that the caller may do nothing here.
		if r, is := errors.AsType[*Refusal](err); is && (r.Code == "ResourceNotFoundException" || r.Code == "InvalidAccessException" && strings.Contains(r.Message, "not subscribed")) {
			l.say(compliance.Fail, "", "Security Hub is off")
			return nil
		}
		if err == nil {
			l.is(out.HubArn != "", "", "Security Hub is on", "Security Hub is off")
		}
		return err
	}},
	"macie.enabled": {look: func(l *look) error {
		var out struct{ Status string }
		err := l.ask("macie2:GetMacieSession", nil, &out)
		// AWS answers as to somebody who may not ask.
		if r, is := errors.AsType[*Refusal](err); is && r.Code == "AccessDeniedException" && strings.Contains(r.Message, "Macie is not enabled") {
			l.say(compliance.Fail, "", "Macie is off")
			return nil
		}
		if err == nil {
			l.is(out.Status == "ENABLED", "", "Macie is on", "Macie is "+strings.ToLower(out.Status))
		}
		return err
	}},
}
