package simaws

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"

	"landlord/simaws/estate"
	"landlord/simaws/wire"
)

// manner is how a service of accounts refuses.
type manner struct {
	name      string // in credential scopes and IAM actions
	denied    string
	throttled string
	wrong     string // an input that is not as in the model
	missing   string // a member that must be there; "" is wrong
	forbids   bool   // a denial is 403
}

// manners are the services of accounts, by the name of their model.
//
// Source: each service's API reference, "Common errors".
var manners = map[string]manner{
	"iam":            {name: "iam", denied: "AccessDenied", throttled: "Throttling", wrong: "ValidationError", forbids: true},
	"s3":             {name: "s3", denied: "AccessDenied", throttled: "SlowDown", wrong: "InvalidRequest", forbids: true},
	"s3control":      {name: "s3", denied: "AccessDenied", throttled: "SlowDown", wrong: "InvalidRequest", forbids: true},
	"ec2":            {name: "ec2", denied: "UnauthorizedOperation", throttled: "RequestLimitExceeded", wrong: "InvalidParameterValue", missing: "MissingParameter", forbids: true},
	"rds":            {name: "rds", denied: "AccessDenied", throttled: "Throttling", wrong: "InvalidParameterValue", forbids: true},
	"sns":            {name: "sns", denied: "AuthorizationError", throttled: "Throttled", wrong: "InvalidParameter", forbids: true},
	"cloudwatch":     {name: "monitoring", denied: "AccessDenied", throttled: "Throttling", wrong: "InvalidParameterValue", missing: "MissingParameter", forbids: true},
	"config":         {name: "config", denied: "AccessDeniedException", throttled: "ThrottlingException", wrong: "ValidationException"},
	"cloudtrail":     {name: "cloudtrail", denied: "AccessDeniedException", throttled: "ThrottlingException", wrong: "ValidationException"},
	"kms":            {name: "kms", denied: "AccessDeniedException", throttled: "ThrottlingException", wrong: "ValidationException"},
	"logs":           {name: "logs", denied: "AccessDeniedException", throttled: "ThrottlingException", wrong: "InvalidParameterException"},
	"efs":            {name: "elasticfilesystem", denied: "AccessDeniedException", throttled: "ThrottlingException", wrong: "BadRequest", forbids: true},
	"securityhub":    {name: "securityhub", denied: "AccessDeniedException", throttled: "TooManyRequestsException", wrong: "InvalidInputException", forbids: true},
	"accessanalyzer": {name: "access-analyzer", denied: "AccessDeniedException", throttled: "ThrottlingException", wrong: "ValidationException", forbids: true},
	"sso-admin":      {name: "sso", denied: "AccessDeniedException", throttled: "ThrottlingException", wrong: "ValidationException"},
	"identitystore":  {name: "identitystore", denied: "AccessDeniedException", throttled: "ThrottlingException", wrong: "ValidationException"},
	"guardduty":      {name: "guardduty", denied: "AccessDeniedException", throttled: "ThrottlingException", wrong: "BadRequestException", forbids: true},
	"ssm":            {name: "ssm", denied: "AccessDeniedException", throttled: "ThrottlingException", wrong: "ValidationException"},
	"dynamodb":       {name: "dynamodb", denied: "AccessDeniedException", throttled: "ThrottlingException", wrong: "ValidationException"},
	"backup":         {name: "backup", denied: "AccessDeniedException", throttled: "ThrottlingException", wrong: "InvalidParameterValueException", missing: "MissingParameterValueException", forbids: true},
	"elb":            {name: "elasticloadbalancing", denied: "AccessDenied", throttled: "Throttling", wrong: "ValidationError", forbids: true},
	"elbv2":          {name: "elasticloadbalancing", denied: "AccessDenied", throttled: "Throttling", wrong: "ValidationError", forbids: true},
	"acm":            {name: "acm", denied: "AccessDeniedException", throttled: "ThrottlingException", wrong: "ValidationException"},
	"wafv2":          {name: "wafv2", denied: "AccessDeniedException", throttled: "ThrottlingException", wrong: "WAFInvalidParameterException"},
	"lambda":         {name: "lambda", denied: "AccessDeniedException", throttled: "TooManyRequestsException", wrong: "InvalidParameterValueException", forbids: true},
	"secretsmanager": {name: "secretsmanager", denied: "AccessDeniedException", throttled: "ThrottlingException", wrong: "InvalidParameterException"},
	"redshift":       {name: "redshift", denied: "AccessDenied", throttled: "Throttling", wrong: "InvalidParameterValue", missing: "MissingParameter", forbids: true},
	"opensearch":     {name: "es", denied: "AccessDeniedException", throttled: "ThrottlingException", wrong: "ValidationException", forbids: true},
	"apigateway":     {name: "apigateway", denied: "AccessDeniedException", throttled: "TooManyRequestsException", wrong: "BadRequestException", forbids: true},
	"eks":            {name: "eks", denied: "AccessDeniedException", throttled: "ThrottlingException", wrong: "InvalidParameterException", forbids: true},
	"macie2":         {name: "macie2", denied: "AccessDeniedException", throttled: "ThrottlingException", wrong: "ValidationException", forbids: true},
}

// memberServices are the services of accounts, by the name of their model.
var memberServices = func() map[string]*service {
	all := map[string]*service{}
	for api, m := range manners {
		s := &service{name: m.name, api: api, protocol: modeled, throttled: m.throttled, accessDenied: m.denied, statuses: map[string]int{}, operations: map[string]operation{}}
		if m.forbids {
			s.statuses[m.denied] = http.StatusForbidden
		}
		if m.throttled == "SlowDown" || m.throttled == "RequestLimitExceeded" {
			s.statuses[m.throttled] = http.StatusServiceUnavailable
		}
		for name := range estate.Operations[api] {
			s.operations[name] = operation{run: (*world).inEstate, to: outsider}
		}
		all[api] = s
	}
	return all
}()

// member reads a call of a service of accounts. It tells whether the request
// is signed for one.
func (c *call) member(r *http.Request, body []byte, signed string) (bool, error) {
	read, err := wire.Read(r, body, signed)
	if read == nil {
		return false, nil
	}
	c.service, c.wire, c.operation, c.in = memberServices[read.API.Name], read, read.Operation, input(read.Input)
	m := manners[read.API.Name]
	switch e := err.(type) {
	case *wire.Refusal:
		f := &fault{code: e.Code, message: e.Message}
		if e.Code == "NotImplemented" {
			f.status = http.StatusNotImplemented // as S3 says it
		}
		return true, f
	case *wire.Invalid:
		code := m.wrong
		if e.Missing {
			code = cmp.Or(m.missing, m.wrong)
		}
		if e.Typed && !read.XML() {
			code = "SerializationException"
		}
		return true, &fault{code: code, message: e.Message}
	}
	return true, err
}

// encodeMember writes the outcome of such a call.
func encodeMember(c *call, out any, err error) answer {
	a := answer{status: http.StatusOK, id: c.id, met: c.met}
	fields, _ := out.(map[string]any)
	var w wire.Answer
	if err == nil {
		w, err = c.wire.Answer(c.id, fields)
	}
	if err != nil {
		f, ok := err.(*fault)
		if !ok {
			f = &fault{status: http.StatusInternalServerError, code: "InternalFailure", message: err.Error()}
		}
		w = c.wire.Refuse(c.id, f.code, f.message, cmp.Or(f.status, c.service.statuses[f.code], http.StatusBadRequest))
	}
	a.status, a.body, a.more = w.Status, w.Body, w.Header
	if c.service.name == "s3" { // which says so under a name of its own
		a.more.Set("X-Amz-Request-Id", c.id)
	}
	a.kind = w.Header.Get("Content-Type")
	return a
}

// inXML tells whether a call is answered in XML.
func (c *call) inXML() bool {
	return c.service.protocol == query || c.wire != nil && c.wire.XML()
}

// memberActions are the IAM actions of operations that are not called as these
// are.
//
// Source: service authorization reference, "Actions, resources, and condition
// keys" for Amazon S3, Amazon CloudWatch and Amazon API Gateway.
var memberActions = map[string]string{
	"s3:ListBuckets": "s3:ListAllMyBuckets", "s3:HeadBucket": "s3:ListBucket", "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
	"s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock", "s3:DeletePublicAccessBlock": "s3:PutBucketPublicAccessBlock",
	"s3:GetBucketEncryption": "s3:GetEncryptionConfiguration", "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration", "s3:DeleteBucketEncryption": "s3:PutEncryptionConfiguration",
	"s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration", "s3:GetBucketReplication": "s3:GetReplicationConfiguration",
	"s3control:GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock", "s3control:PutPublicAccessBlock": "s3:PutAccountPublicAccessBlock", "s3control:DeletePublicAccessBlock": "s3:PutAccountPublicAccessBlock",
	"apigateway:GetRestApis": "apigateway:GET", "apigateway:GetStages": "apigateway:GET", "apigateway:UpdateStage": "apigateway:PATCH",
}

func (c *call) memberAction() string {
	if action := memberActions[c.service.api+":"+c.operation]; action != "" {
		return action
	}
	name := c.service.name
	if name == "monitoring" {
		name = "cloudwatch"
	}
	return name + ":" + c.operation
}

// memberResources are the ARNs of what a call of a service of accounts names,
// as far as it names it.
func (w *world) memberResources(c *call) []string {
	own := func(service, rest string) string {
		return "arn:aws:" + service + ":" + c.region + ":" + c.who.account + ":" + rest
	}
	iam := "arn:aws:iam::" + c.who.account + ":"
	for _, way := range []struct{ api, member, before string }{
		{"s3", "Bucket", "arn:aws:s3:::"}, {"iam", "RoleName", iam + "role/"}, {"iam", "UserName", iam + "user/"}, {"iam", "GroupName", iam + "group/"}, {"iam", "PolicyArn", ""},
		{"iam", "PolicyName", iam + "policy/"}, {"cloudtrail", "Name", own("cloudtrail", "trail/")}, {"cloudtrail", "TrailName", own("cloudtrail", "trail/")}, {"sns", "TopicArn", ""},
		{"kms", "KeyId", own("kms", "key/")}, {"logs", "logGroupName", own("logs", "log-group:")}, {"rds", "DBInstanceIdentifier", own("rds", "db:")},
		{"efs", "FileSystemId", own("elasticfilesystem", "file-system/")}, {"ec2", "VolumeId", own("ec2", "volume/")}, {"ec2", "InstanceId", own("ec2", "instance/")},
		{"ec2", "GroupId", own("ec2", "security-group/")}, {"ec2", "NetworkAclId", own("ec2", "network-acl/")}, {"ec2", "SubnetId", own("ec2", "subnet/")},
		{"dynamodb", "TableName", own("dynamodb", "table/")}, {"backup", "RecoveryPointArn", ""}, {"backup", "BackupVaultName", own("backup", "backup-vault:")},
		{"backup", "BackupPlanId", own("backup", "backup-plan:")}, {"elb", "LoadBalancerName", own("elasticloadbalancing", "loadbalancer/")}, {"elbv2", "ListenerArn", ""}, {"elbv2", "LoadBalancerArn", ""},
		{"acm", "CertificateArn", ""}, {"wafv2", "ResourceArn", ""}, {"lambda", "FunctionName", own("lambda", "function:")}, {"secretsmanager", "SecretId", own("secretsmanager", "secret:")},
		{"redshift", "ClusterIdentifier", own("redshift", "cluster:")}, {"opensearch", "DomainName", own("es", "domain/")}, {"eks", "name", own("eks", "cluster/")}, {"eks", "clusterName", own("eks", "cluster/")},
		{"guardduty", "DetectorId", own("guardduty", "detector/")}, {"rds", "DBSnapshotIdentifier", own("rds", "snapshot:")},
		{"cloudwatch", "AlarmName", own("cloudwatch", "alarm:")}, {"accessanalyzer", "analyzerName", own("access-analyzer", "analyzer/")},
	} {
		if name := c.in.text(way.member); way.api == c.service.api && name != "" {
			if strings.HasPrefix(name, "arn:") {
				return []string{name}
			}
			return []string{way.before + name}
		}
	}
	if c.service.api == "sso-admin" {
		arns := slices.Concat(c.named("InstanceArn"), c.named("PermissionSetArn"), c.named("ResourceArn"))
		for _, id := range slices.Concat(c.named("TargetId"), c.named("AccountId")) {
			arns = append(arns, "arn:aws:sso:::account/"+id)
		}
		return arns
	}
	if e := w.Of(c.who.account); c.service.api == "config" {
		return e.ConfigResources(c.region, estate.Doc(c.in))
	}
	return nil
}

// memberNames are the services of accounts in order.
func memberNames() []string { return slices.Sorted(maps.Keys(memberServices)) }
