package estate

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Event is one call as CloudTrail's event history has it.
type Event struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	Account   string    `json:"account"`
	Region    string    `json:"region"`
	Source    string    `json:"source"` // without .amazonaws.com
	Name      string    `json:"name"`
	Reads     bool      `json:"reads,omitempty"`
	Key       string    `json:"key,omitempty"` // access key
	Caller    string    `json:"caller"`        // ARN
	Error     string    `json:"error,omitempty"`
	Message   string    `json:"message,omitempty"`
	Request   string    `json:"request,omitempty"` // what was asked, as JSON; of a call that changes something
	Resources []string  `json:"resources,omitempty"`
}

// User is the name under which the event's caller is found.
func (e *Event) User() string { return e.Caller[strings.LastIndexAny(e.Caller, "/:")+1:] }

// EventsKept is how long a call stays in the event history.
//
// Source: CloudTrail user guide, "Working with CloudTrail event history".
const EventsKept = 90 * 24 * time.Hour

// record is the event as CloudTrail writes it.
//
// Source: CloudTrail user guide, "CloudTrail record contents".
func (e *Event) record() string {
	identity := Doc{"type": "IAMUser", "arn": e.Caller, "accountId": e.Account, "accessKeyId": e.Key, "userName": e.User()}
	if parts := strings.Split(e.Caller, "/"); strings.Contains(e.Caller, ":assumed-role/") && len(parts) > 1 {
		role := parts[len(parts)-2]
		identity = Doc{"type": "AssumedRole", "arn": e.Caller, "accountId": e.Account, "accessKeyId": e.Key,
			"sessionContext": Doc{"sessionIssuer": Doc{"type": "Role", "arn": "arn:aws:iam::" + e.Account + ":role/" + role, "accountId": e.Account, "userName": role}}}
	}
	r := Doc{"eventVersion": "1.11", "userIdentity": identity, "eventTime": e.At.UTC().Format(time.RFC3339), "eventSource": e.Source + ".amazonaws.com", "eventName": e.Name,
		"awsRegion": e.Region, "sourceIPAddress": "127.0.0.1", "userAgent": "simaws", "requestParameters": nil, "responseElements": nil, "requestID": e.ID, "eventID": e.ID,
		"readOnly": e.Reads, "eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": e.Account, "eventCategory": "Management"}
	if e.Error != "" {
		r["errorCode"], r["errorMessage"] = e.Error, e.Message
	}
	if e.Request != "" {
		r["requestParameters"] = json.RawMessage(e.Request)
	}
	text, _ := json.Marshal(r) // texts, booleans and a request that was JSON
	return string(text)
}

// lookupEvents shows the history, the newest first, 50 on a page. AWS takes one
// attribute.
//
// Source: CloudTrail API reference, LookupEvents.
func lookupEvents(c *Call) (Doc, error) {
	attributes := docs(c.In, "LookupAttributes")
	if len(attributes) > 1 {
		return nil, refuse("InvalidLookupAttributesException", "You can only look up events by one attribute.")
	}
	from, to := when(c.In, "StartTime"), when(c.In, "EndTime")
	if !from.IsZero() && !to.IsZero() && from.After(to) {
		return nil, refuse("InvalidTimeRangeException", "StartTime is after EndTime.")
	}
	size := 50
	if n := number(c.In, "MaxResults"); n > 0 {
		size = n
	}
	after := ""
	if token := c.text("NextToken"); token != "" {
		raw, err := base64.RawURLEncoding.DecodeString(token)
		id, ok := strings.CutPrefix(string(raw), c.Operation+"/")
		if err != nil || !ok {
			return nil, refuse("InvalidNextTokenException", "The pagination token is not valid.")
		}
		after = id
	}
	out, seen, last, more := []any{}, after == "", "", false
	c.World.Events(c.Account, c.Region, func(e *Event) bool {
		switch {
		case !seen:
			seen = e.ID == after
		case e.At.Before(c.Now.Add(-EventsKept)) || !from.IsZero() && e.At.Before(from):
			return false
		case !to.IsZero() && e.At.After(to) || len(attributes) > 0 && !e.has(attributes[0]):
		case len(out) == size:
			more = true
			return false
		default:
			out, last = append(out, e.shown()), e.ID
		}
		return true
	})
	answer := Doc{"Events": out}
	if more {
		answer["NextToken"] = base64.RawURLEncoding.EncodeToString([]byte(c.Operation + "/" + last))
	}
	return answer, nil
}

func (e *Event) shown() Doc {
	resources := []any{}
	for _, r := range e.Resources {
		resources = append(resources, Doc{"ResourceName": r})
	}
	return Doc{"EventId": e.ID, "EventName": e.Name, "EventSource": e.Source + ".amazonaws.com", "EventTime": stamp(e.At), "Username": e.User(), "AccessKeyId": e.Key,
		"ReadOnly": strconv.FormatBool(e.Reads), "Resources": resources, "CloudTrailEvent": e.record()}
}

// has tells whether an event has the attribute that it is looked up by.
func (e *Event) has(attribute Doc) bool {
	value := text(attribute, "AttributeValue")
	switch text(attribute, "AttributeKey") {
	case "EventId":
		return e.ID == value
	case "EventName":
		return e.Name == value
	case "ReadOnly":
		return strconv.FormatBool(e.Reads) == value
	case "Username":
		return e.User() == value
	case "EventSource":
		return e.Source+".amazonaws.com" == value
	case "AccessKeyId":
		return e.Key == value
	case "ResourceName":
		for _, r := range e.Resources {
			if r == value || r[strings.LastIndexAny(r, "/:")+1:] == value {
				return true
			}
		}
	}
	return false
}
