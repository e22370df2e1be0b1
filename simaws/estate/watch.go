package estate

import (
	"slices"
	"strings"
)

// CloudWatch Logs, CloudWatch and SNS: what watches.

var logsOperations = map[string]Operation{
	"DescribeLogGroups": describeLogGroups, "CreateLogGroup": createLogGroup, "DeleteLogGroup": ofLogGroup(deleteLogGroup),
	"PutRetentionPolicy": ofLogGroup(setLogGroup("retentionInDays")), "AssociateKmsKey": ofLogGroup(setLogGroup("kmsKeyId")),
	"DescribeMetricFilters": describeMetricFilters, "PutMetricFilter": ofLogGroup(putMetricFilter), "DeleteMetricFilter": ofLogGroup(deleteMetricFilter),
}

func ofLogGroup(run func(*Call, Doc) (Doc, error)) Operation {
	return func(c *Call) (Doc, error) {
		g := c.one(c.Region, "loggroup", c.text("logGroupName"))
		if g == nil {
			return nil, refuse("ResourceNotFoundException", "The specified log group does not exist.")
		}
		return run(c, g)
	}
}

func describeLogGroups(c *Call) (Doc, error) {
	all := slices.DeleteFunc(c.all(c.Region, "loggroup"), func(g Doc) bool { return !strings.HasPrefix(text(g, "logGroupName"), c.text("logGroupNamePrefix")) })
	return logPages.list(c, "logGroups", all)
}

func createLogGroup(c *Call) (Doc, error) {
	name := c.text("logGroupName")
	if c.one(c.Region, "loggroup", name) != nil {
		return nil, refuse("ResourceAlreadyExistsException", "The specified log group already exists")
	}
	c.put(c.Region, "loggroup", name, with(newLogGroup(c.Account, name, c.Region, float64(c.Now.UnixMilli())), Doc{"kmsKeyId": c.In["kmsKeyId"]}))
	return nil, nil
}

func newLogGroup(account, name, region string, made float64) Doc {
	return Doc{"logGroupName": name, "arn": "arn:aws:logs:" + region + ":" + account + ":log-group:" + name + ":*", "creationTime": made, "storedBytes": 0, "logGroupClass": "STANDARD"}
}

func deleteLogGroup(c *Call, g Doc) (Doc, error) {
	for _, f := range c.all(c.Region, "metricfilter") {
		if text(f, "logGroupName") == text(g, "logGroupName") {
			c.put(c.Region, "metricfilter", filterID(f), nil)
		}
	}
	c.put(c.Region, "loggroup", text(g, "logGroupName"), nil)
	return nil, nil
}

func setLogGroup(member string) func(*Call, Doc) (Doc, error) {
	return func(c *Call, g Doc) (Doc, error) {
		c.put(c.Region, "loggroup", text(g, "logGroupName"), with(g, Doc{member: c.In[member]}))
		return nil, nil
	}
}

func filterID(f Doc) string { return text(f, "logGroupName") + "\x00" + text(f, "filterName") }

func describeMetricFilters(c *Call) (Doc, error) {
	if name := c.text("logGroupName"); name != "" && c.one(c.Region, "loggroup", name) == nil {
		return nil, refuse("ResourceNotFoundException", "The specified log group does not exist.")
	}
	all := slices.DeleteFunc(c.all(c.Region, "metricfilter"), func(f Doc) bool {
		if !strings.HasPrefix(text(f, "filterName"), c.text("filterNamePrefix")) || c.text("logGroupName") != "" && c.text("logGroupName") != text(f, "logGroupName") {
			return true
		}
		return c.text("metricName") != "" && !slices.ContainsFunc(docs(f, "metricTransformations"), func(m Doc) bool {
			return text(m, "metricName") == c.text("metricName") && text(m, "metricNamespace") == c.text("metricNamespace")
		})
	})
	return logPages.list(c, "metricFilters", all)
}

func putMetricFilter(c *Call, g Doc) (Doc, error) {
	f := Doc{"filterName": c.text("filterName"), "filterPattern": c.text("filterPattern"), "logGroupName": g["logGroupName"],
		"metricTransformations": c.In["metricTransformations"], "creationTime": float64(c.Now.UnixMilli())}
	c.put(c.Region, "metricfilter", filterID(f), f)
	return nil, nil
}

func deleteMetricFilter(c *Call, g Doc) (Doc, error) {
	id := filterID(Doc{"logGroupName": g["logGroupName"], "filterName": c.In["filterName"]})
	if c.one(c.Region, "metricfilter", id) == nil {
		return nil, refuse("ResourceNotFoundException", "The specified metric filter does not exist.")
	}
	c.put(c.Region, "metricfilter", id, nil)
	return nil, nil
}

var alarmOperations = map[string]Operation{
	"DescribeAlarms": describeAlarms, "DescribeAlarmsForMetric": alarmsForMetric, "PutMetricAlarm": putAlarm, "DeleteAlarms": deleteAlarms,
}

func describeAlarms(c *Call) (Doc, error) {
	wanted := c.texts("AlarmNames")
	all := slices.DeleteFunc(c.all(c.Region, "alarm"), func(a Doc) bool {
		return len(wanted) > 0 && !slices.Contains(wanted, text(a, "AlarmName")) || !strings.HasPrefix(text(a, "AlarmName"), c.text("AlarmNamePrefix"))
	})
	page, err := alarmPages.list(c, "MetricAlarms", all)
	return with(page, Doc{"CompositeAlarms": []any{}}), err
}

func alarmsForMetric(c *Call) (Doc, error) {
	all := slices.DeleteFunc(c.all(c.Region, "alarm"), func(a Doc) bool {
		return text(a, "MetricName") != c.text("MetricName") || text(a, "Namespace") != c.text("Namespace")
	})
	return Doc{"MetricAlarms": listOf(all)}, nil
}

func putAlarm(c *Call) (Doc, error) {
	a := with(Doc{"AlarmArn": c.arn("cloudwatch", "alarm:"+c.text("AlarmName")), "ActionsEnabled": true, "StateValue": "INSUFFICIENT_DATA",
		"AlarmActions": []any{}, "StateUpdatedTimestamp": stamp(c.Now), "AlarmConfigurationUpdatedTimestamp": stamp(c.Now)}, c.In)
	c.put(c.Region, "alarm", c.text("AlarmName"), with(a, Doc{"Tags": nil}))
	return nil, nil
}

func deleteAlarms(c *Call) (Doc, error) {
	for _, name := range c.texts("AlarmNames") {
		if c.one(c.Region, "alarm", name) == nil {
			return nil, absent("ResourceNotFound", "The alarm "+name+" does not exist.")
		}
	}
	for _, name := range c.texts("AlarmNames") {
		c.put(c.Region, "alarm", name, nil)
	}
	return nil, nil
}

var snsOperations = map[string]Operation{
	"ListTopics": listTopics, "CreateTopic": createTopic, "DeleteTopic": deleteTopic, "GetTopicAttributes": ofTopic(topicAttributes), "SetTopicAttributes": ofTopic(setTopicAttribute),
	"ListSubscriptionsByTopic": ofTopic(subscriptions), "Subscribe": ofTopic(subscribe), "Unsubscribe": unsubscribe,
}

func ofTopic(run func(*Call, Doc) (Doc, error)) Operation {
	return func(c *Call) (Doc, error) {
		t := c.one(c.Region, "topic", c.text("TopicArn"))
		if t == nil {
			return nil, absent("NotFound", "Topic does not exist")
		}
		return run(c, t)
	}
}

func listTopics(c *Call) (Doc, error) {
	var all []Doc
	for _, t := range c.all(c.Region, "topic") {
		all = append(all, Doc{"TopicArn": t["TopicArn"]})
	}
	return topicPages.list(c, "Topics", all)
}

func createTopic(c *Call) (Doc, error) {
	arn := c.arn("sns", c.text("Name"))
	if c.one(c.Region, "topic", arn) == nil {
		c.put(c.Region, "topic", arn, with(newTopic(c.Account, arn), Doc{"Attributes": with(sub(newTopic(c.Account, arn), "Attributes"), sub(c.In, "Attributes"))}))
	}
	return Doc{"TopicArn": arn}, nil
}

func newTopic(account, arn string) Doc {
	return Doc{"TopicArn": arn, "Attributes": Doc{"TopicArn": arn, "Owner": account, "DisplayName": ""}, "Subscriptions": []any{}}
}

func deleteTopic(c *Call) (Doc, error) {
	if c.one(c.Region, "topic", c.text("TopicArn")) != nil {
		c.put(c.Region, "topic", c.text("TopicArn"), nil)
	}
	return nil, nil
}

func topicAttributes(_ *Call, t Doc) (Doc, error) { return Doc{"Attributes": t["Attributes"]}, nil }

func setTopicAttribute(c *Call, t Doc) (Doc, error) {
	c.put(c.Region, "topic", text(t, "TopicArn"), with(t, Doc{"Attributes": with(sub(t, "Attributes"), Doc{c.text("AttributeName"): c.text("AttributeValue")})}))
	return nil, nil
}

func subscriptions(c *Call, t Doc) (Doc, error) {
	return topicPages.list(c, "Subscriptions", docs(t, "Subscriptions"))
}

// subscribe makes a subscription that is confirmed at once.
func subscribe(c *Call, t Doc) (Doc, error) {
	s := Doc{"SubscriptionArn": text(t, "TopicArn") + ":" + uuid(c.Chance), "Owner": c.Account, "Protocol": c.text("Protocol"), "Endpoint": c.text("Endpoint"), "TopicArn": t["TopicArn"]}
	c.put(c.Region, "topic", text(t, "TopicArn"), with(t, Doc{"Subscriptions": append(docs(t, "Subscriptions"), s)}))
	return Doc{"SubscriptionArn": s["SubscriptionArn"]}, nil
}

func unsubscribe(c *Call) (Doc, error) {
	arn := c.text("SubscriptionArn")
	t := c.one(c.Region, "topic", arn[:max(strings.LastIndex(arn, ":"), 0)])
	if t == nil {
		return nil, absent("NotFound", "Subscription does not exist")
	}
	rest := slices.DeleteFunc(docs(t, "Subscriptions"), func(s Doc) bool { return text(s, "SubscriptionArn") == arn })
	c.put(c.Region, "topic", text(t, "TopicArn"), with(t, Doc{"Subscriptions": rest}))
	return nil, nil
}
