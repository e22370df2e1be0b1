package assess

import (
	"fmt"
	"maps"
	"strings"

	"landlord/guard/compliance"
)

// alarms are the checks that somebody is told when something happens. What they are
// about is given as events: a metric filter is right if it matches each of them,
// however it is written, and not what is of no interest.
//
// Source: Security Hub user guide, CloudWatch.1 to CloudWatch.14: the events of each
// control's filter pattern. EC2 Classic's link is gone, and with it its events.
var alarms = map[string]evaluator{
	"cloudwatch.alarm_unauthorized_api": alarmed(
		event{"errorCode": "Client.UnauthorizedOperation"}, event{"errorCode": "AccessDenied"}, event{"errorCode": "AccessDeniedException"}),
	"cloudwatch.alarm_no_mfa_signin": alarmed(
		event{"eventName": "ConsoleLogin", "additionalEventData.MFAUsed": "No", "userIdentity.type": "IAMUser", "responseElements.ConsoleLogin": "Success"}),
	"cloudwatch.alarm_root_usage": alarmed(
		event{"userIdentity.type": "Root"}, event{"userIdentity.type": "Root", "eventName": "ConsoleLogin", "eventType": "AwsConsoleSignIn"}),
	"cloudwatch.alarm_iam_policy": alarmed(named("iam", `DeleteGroupPolicy DeleteRolePolicy DeleteUserPolicy PutGroupPolicy PutRolePolicy PutUserPolicy
		CreatePolicy DeletePolicy CreatePolicyVersion DeletePolicyVersion
		AttachRolePolicy DetachRolePolicy AttachUserPolicy DetachUserPolicy AttachGroupPolicy DetachGroupPolicy`)...),
	"cloudwatch.alarm_cloudtrail": alarmed(named("cloudtrail", "CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging")...),
	"cloudwatch.alarm_auth_failures": alarmed(
		event{"eventName": "ConsoleLogin", "errorMessage": "Failed authentication", "responseElements.ConsoleLogin": "Failure"}),
	"cloudwatch.alarm_kms_disable": alarmed(named("kms", "DisableKey ScheduleKeyDeletion")...),
	"cloudwatch.alarm_bucket_policy": alarmed(named("s3", `PutBucketAcl PutBucketPolicy PutBucketCors PutBucketLifecycle PutBucketReplication
		DeleteBucketPolicy DeleteBucketCors DeleteBucketLifecycle DeleteBucketReplication`)...),
	"cloudwatch.alarm_config": alarmed(named("config", "StopConfigurationRecorder DeleteDeliveryChannel PutDeliveryChannel PutConfigurationRecorder")...),
	"cloudwatch.alarm_security_group": alarmed(named("ec2", `AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress
		RevokeSecurityGroupIngress RevokeSecurityGroupEgress CreateSecurityGroup DeleteSecurityGroup`)...),
	"cloudwatch.alarm_nacl": alarmed(named("ec2", `CreateNetworkAcl CreateNetworkAclEntry DeleteNetworkAcl DeleteNetworkAclEntry
		ReplaceNetworkAclEntry ReplaceNetworkAclAssociation`)...),
	"cloudwatch.alarm_gateway": alarmed(named("ec2", `CreateCustomerGateway DeleteCustomerGateway AttachInternetGateway
		CreateInternetGateway DeleteInternetGateway DetachInternetGateway`)...),
	"cloudwatch.alarm_route_table": alarmed(named("ec2", `CreateRoute CreateRouteTable ReplaceRoute ReplaceRouteTableAssociation
		DeleteRouteTable DeleteRoute DisassociateRouteTable`)...),
	"cloudwatch.alarm_vpc": alarmed(named("ec2", `CreateVpc DeleteVpc ModifyVpcAttribute AcceptVpcPeeringConnection
		CreateVpcPeeringConnection DeleteVpcPeeringConnection RejectVpcPeeringConnection`)...),
	"cloudwatch.alarm_organizations": alarmed(named("organizations", `AcceptHandshake AttachPolicy CreateAccount CreateOrganizationalUnit
		CreatePolicy DeclineHandshake DeleteOrganization DeleteOrganizationalUnit DeletePolicy DetachPolicy DisablePolicyType EnablePolicyType
		InviteAccountToOrganization LeaveOrganization MoveAccount RemoveAccountFromOrganization UpdatePolicy UpdateOrganizationalUnit`)...),
}

// named are the events of a service's operations.
func named(service, operations string) (all []event) {
	for operation := range strings.FieldsSeq(operations) {
		all = append(all, event{"eventSource": service + ".amazonaws.com", "eventName": operation})
	}
	return all
}

// usual is what events have that a check says nothing else of.
var usual = event{
	"eventSource": "ec2.amazonaws.com", "eventName": "DescribeInstances", "eventType": "AwsApiCall", "userIdentity.type": "AssumedRole",
	"awsRegion": "us-east-1", "sourceIPAddress": "203.0.113.7", "readOnly": "true",
}

// alarmed is a check that somebody is told of each of the events: a trail of all
// regions delivers them to a log group, a metric filter counts them, an alarm
// follows the metric, and its topic has a subscriber.
func alarmed(about ...event) evaluator {
	for i, e := range about {
		whole := maps.Clone(usual)
		maps.Copy(whole, e)
		about[i] = whole
	}
	return evaluator{true, func(l *look) error {
		all, err := trailsIn(l, l.home())
		if err != nil {
			return err
		}
		why, elsewhere := "no trail of all regions delivers management events to a log group", ""
		var failed error
		for _, t := range all {
			region, account, group := t.logGroup()
			if !t.IsMultiRegionTrail || group == "" {
				continue
			}
			if account != string(l.Account) {
				elsewhere = "trail " + t.Name + " delivers to a log group of another account; look there"
				continue
			}
			heard, reason, err := t.tells(l, region, group, about)
			switch {
			case err != nil:
				failed = err
			case heard:
				l.say(compliance.Pass, l.self(), reason)
				return nil
			default:
				why = reason
			}
		}
		switch {
		case failed != nil:
		case elsewhere != "":
			l.say(compliance.Manual, l.self(), elsewhere)
		default:
			l.say(compliance.Fail, l.self(), why)
		}
		return failed
	}}
}

// tells follows the events from a trail to somebody who is told, as far as they go.
func (t trail) tells(l *look, region, group string, about []event) (heard bool, reason string, err error) {
	on, err := t.logging(l)
	if err != nil || !on {
		return false, "trail " + t.Name + " does not log", err
	}
	s, err := t.selectors(l)
	if err != nil || !s.management() {
		return false, "trail " + t.Name + " does not log all management events", err
	}
	type metricFilter struct {
		FilterName, FilterPattern string
		MetricTransformations     []struct{ MetricName, MetricNamespace string }
	}
	filters, err := listIn[metricFilter](l, region, "logs:DescribeMetricFilters", in{"LogGroupName": group}, "MetricFilters")
	if err != nil {
		return false, "", err
	}
	reason = fmt.Sprintf("no metric filter of log group %s counts these events", group)
	for _, f := range filters {
		if !covers(f.FilterPattern, about) {
			continue
		}
		reason = "no alarm follows metric filter " + f.FilterName
		for _, m := range f.MetricTransformations {
			type alarm struct {
				AlarmName      string
				ActionsEnabled *bool
				AlarmActions   []string
			}
			alarms, err := listIn[alarm](l, region, "cloudwatch:DescribeAlarmsForMetric", in{"MetricName": m.MetricName, "Namespace": m.MetricNamespace}, "MetricAlarms")
			if err != nil {
				return false, "", err
			}
			for _, a := range alarms {
				reason = "alarm " + a.AlarmName + " tells nobody"
				if a.ActionsEnabled != nil && !*a.ActionsEnabled {
					continue
				}
				for _, action := range a.AlarmActions {
					if !strings.Contains(action, ":sns:") {
						continue
					}
					type subscription struct{ SubscriptionArn string }
					all, err := listIn[subscription](l, region, "sns:ListSubscriptionsByTopic", in{"TopicArn": action}, "Subscriptions")
					if err != nil {
						return false, "", err
					}
					for _, s := range all {
						if strings.HasPrefix(s.SubscriptionArn, "arn:") { // one that waits for confirmation has none
							return true, "alarm " + a.AlarmName + " tells subscribers of " + action, nil
						}
					}
				}
			}
		}
	}
	return false, reason, nil
}

// covers tells whether a filter pattern matches each of the events and not a usual
// one. One that cannot be read covers nothing.
func covers(pattern string, about []event) bool {
	f, err := parseFilter(pattern)
	if err != nil || f(usual) {
		return false
	}
	for _, e := range about {
		if !f(e) {
			return false
		}
	}
	return true
}
