package estate

import (
	"encoding/base64"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Call is one call of an operation.
type Call struct {
	Now       time.Time
	Service   string // as models name it, such as "s3control"
	Operation string
	Account   string
	Region    string
	Caller    string // ARN
	Manager   bool   // the account is the organization's management account
	In        Doc    // as the service's model has it
	Chance    *rand.Rand
	Settle    time.Duration // how long a conformance pack takes to be made; AWS publishes nothing
	Assign    time.Duration // how long an assignment of IAM Identity Center takes
	World     World

	*Estate
}

// World is what an account's operations need to know of what is around it.
type World interface {
	// Holder is the account that has a bucket, "" if nobody has.
	Holder(bucket string) string
	// Of is what another account holds.
	Of(account string) *Estate
	// Management is the management account, "" where there is no organization.
	Management() string
	// Trusts tells whether the organization trusts a service.
	Trusts(service string) bool
	// Member tells whether an account is in the organization, and Open whether IAM
	// Identity Center can work in it.
	Member(account string) bool
	Open(account string) bool
	// IdentityRegion is where the organization's instance of IAM Identity Center
	// is, "" if it has none.
	IdentityRegion() string
	// SecurityContact tells whether an account has an alternate contact for
	// security.
	SecurityContact(account string) bool
	// Events are the calls in an account and a region, the newest first.
	Events(account, region string, yield func(*Event) bool)
}

// Operation carries out a call. What it answers is as the service's model has
// it; its error is a *Refusal.
type Operation func(*Call) (Doc, error)

// Refusal is a call that is not carried out.
type Refusal struct {
	Code    string
	Message string
	Status  int // 0 is 400
}

func (r *Refusal) Error() string { return r.Code + ": " + r.Message }

func refuse(code, message string) error { return &Refusal{Code: code, Message: message} }

func absent(code, message string) error {
	return &Refusal{Code: code, Message: message, Status: http.StatusNotFound}
}

// Operations are all operations, by the name of their service's model.
var Operations = map[string]map[string]Operation{
	"iam": iamOperations, "s3": s3Operations, "s3control": s3controlOperations, "ec2": ec2Operations, "rds": rdsOperations,
	"efs": efsOperations, "kms": kmsOperations, "cloudtrail": trailOperations, "logs": logsOperations, "cloudwatch": alarmOperations,
	"sns": snsOperations, "config": configOperations, "securityhub": hubOperations, "accessanalyzer": analyzerOperations, "macie2": macieOperations,
	"sso-admin": ssoOperations, "identitystore": storeOperations, "guardduty": guardOperations, "ssm": ssmOperations, "dynamodb": dynamodbOperations, "backup": backupOperations,
	"elb": classicOperations, "elbv2": balancerOperations, "acm": acmOperations, "wafv2": wafOperations, "lambda": lambdaOperations, "secretsmanager": secretOperations,
	"apigateway": gatewayOperations, "redshift": redshiftOperations, "opensearch": searchOperations, "eks": eksOperations,
}

func (c *Call) text(name string) string    { return text(c.In, name) }
func (c *Call) texts(name string) []string { return texts(c.In, name) }
func (c *Call) id(length int) string       { return word(c.Chance, hex, length) }

// arn names something of the account in the call's region.
func (c *Call) arn(service, rest string) string {
	return "arn:aws:" + service + ":" + c.Region + ":" + c.Account + ":" + rest
}

// pager says how a service cuts lists into pages.
type pager struct {
	size, token, next string // members
	usual             int
	truncated         string // the member that says whether there is more, if there is one
}

var (
	iamPages      = pager{"MaxItems", "Marker", "Marker", 100, "IsTruncated"}
	tokenPages    = pager{"MaxResults", "NextToken", "NextToken", 1000, ""}
	configPages   = pager{"Limit", "NextToken", "NextToken", 100, ""}
	rdsPages      = pager{"MaxRecords", "Marker", "Marker", 100, ""}
	logPages      = pager{"limit", "nextToken", "nextToken", 50, ""}
	alarmPages    = pager{"MaxRecords", "NextToken", "NextToken", 50, ""}
	topicPages    = pager{"", "NextToken", "NextToken", 100, ""} // CloudTrail's list of trails too
	keyPages      = pager{"Limit", "Marker", "NextMarker", 100, "Truncated"}
	filePages     = pager{"MaxItems", "Marker", "NextMarker", 100, ""}
	analyzerPages = pager{"maxResults", "nextToken", "nextToken", 100, ""}
	guardPages    = pager{"MaxResults", "NextToken", "NextToken", 50, ""}
	ssmPages      = pager{"MaxResults", "NextToken", "NextToken", 50, ""}
	tablePages    = pager{"Limit", "ExclusiveStartTableName", "LastEvaluatedTableName", 100, ""}
	balancerPages = pager{"PageSize", "Marker", "NextMarker", 400, ""}
	acmPages      = pager{"MaxItems", "NextToken", "NextToken", 1000, ""}
	wafPages      = pager{"Limit", "NextMarker", "NextMarker", 100, ""}
	functionPages = pager{"MaxItems", "Marker", "NextMarker", 50, ""}
	secretPages   = pager{"MaxResults", "NextToken", "NextToken", 100, ""}
	gatewayPages  = pager{"limit", "position", "position", 25, ""}
	eksPages      = pager{"maxResults", "nextToken", "nextToken", 100, ""}
)

// list is an answer with the page of the items that the call asks for.
func (p pager) list(c *Call, name string, items []Doc) (Doc, error) { return page(p, c, name, items) }

func page[T any](p pager, c *Call, name string, items []T) (Doc, error) {
	from := 0
	if token := c.text(p.token); token != "" {
		raw, err := base64.RawURLEncoding.DecodeString(token)
		n, ok := strings.CutPrefix(string(raw), c.Operation+"/")
		if from, err = atLeastZero(n, err); err != nil || !ok {
			return nil, refuse(wrongToken[c.Service], "The pagination token is not valid.")
		}
	}
	size := p.usual
	if n := number(c.In, p.size); n > 0 {
		size = min(n, p.usual)
	}
	from = min(from, len(items))
	to := min(from+size, len(items))
	out := Doc{name: listOf(items[from:to])}
	if p.truncated != "" {
		out[p.truncated] = to < len(items)
	}
	if to < len(items) {
		out[p.next] = base64.RawURLEncoding.EncodeToString([]byte(c.Operation + "/" + strconv.Itoa(to)))
	}
	return out, nil
}

// wrongToken is the refusal of a token that is none.
var wrongToken = map[string]string{
	"iam": "ValidationError", "ec2": "InvalidParameterValue", "config": "InvalidNextTokenException", "cloudtrail": "InvalidNextTokenException", "rds": "InvalidParameterValue",
	"logs": "InvalidParameterException", "cloudwatch": "InvalidNextToken", "sns": "InvalidParameter", "kms": "InvalidMarkerException", "efs": "BadRequest", "accessanalyzer": "ValidationException",
	"guardduty": "BadRequestException", "ssm": "InvalidNextToken", "dynamodb": "ValidationException", "backup": "InvalidParameterValueException", "elb": "ValidationError", "elbv2": "ValidationError",
	"acm": "ValidationException", "wafv2": "WAFInvalidParameterException", "lambda": "InvalidParameterValueException", "secretsmanager": "InvalidNextTokenException",
	"apigateway": "BadRequestException", "redshift": "InvalidParameterValue", "eks": "InvalidParameterException",
}

func atLeastZero(digits string, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(digits, 10, 31)
	return int(n), err
}
