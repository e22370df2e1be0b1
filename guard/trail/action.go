package trail

import (
	"regexp"
	"strings"
)

// services are the prefixes of actions where they are not the first word of the
// event's source.
//
// Source: service authorization reference, "Actions, resources, and condition
// keys"; CloudTrail user guide, "AWS service topics for CloudTrail".
var services = map[string]string{
	"monitoring":          "cloudwatch",
	"tagging":             "tag",
	"email":               "ses",
	"amazonmq":            "mq",
	"appstream2":          "appstream",
	"api.ecr":             "ecr",
	"api.ecr-public":      "ecr-public",
	"runtime.lex":         "lex",
	"models.lex":          "lex",
	"models-v2-lex":       "lex",
	"bedrock-runtime":     "bedrock",
	"catalog.marketplace": "aws-marketplace",
	"marketplacecommerce": "aws-marketplace",
	"entitlement":         "aws-marketplace",
	"cloudhsmv2":          "cloudhsm",
	"s3-control":          "s3",
	"s3-outposts":         "s3-outposts",
	"transitgateway":      "ec2",
}

// names are the actions where they are not called as the event is.
//
// Source: S3 user guide, "CloudTrail events", and service authorization
// reference, "Amazon S3": each operation's permission.
var names = map[string]string{
	"s3:ListBuckets":                              "ListAllMyBuckets",
	"s3:ListObjects":                              "ListBucket",
	"s3:ListObjectsV2":                            "ListBucket",
	"s3:HeadBucket":                               "ListBucket",
	"s3:ListObjectVersions":                       "ListBucketVersions",
	"s3:HeadObject":                               "GetObject",
	"s3:SelectObjectContent":                      "GetObject",
	"s3:CopyObject":                               "PutObject",
	"s3:PostObject":                               "PutObject",
	"s3:CreateMultipartUpload":                    "PutObject",
	"s3:UploadPart":                               "PutObject",
	"s3:UploadPartCopy":                           "PutObject",
	"s3:CompleteMultipartUpload":                  "PutObject",
	"s3:DeleteObjects":                            "DeleteObject",
	"s3:ListMultipartUploads":                     "ListBucketMultipartUploads",
	"s3:ListParts":                                "ListMultipartUploadParts",
	"s3:GetBucketEncryption":                      "GetEncryptionConfiguration",
	"s3:PutBucketEncryption":                      "PutEncryptionConfiguration",
	"s3:DeleteBucketEncryption":                   "PutEncryptionConfiguration",
	"s3:GetBucketLifecycle":                       "GetLifecycleConfiguration",
	"s3:GetBucketLifecycleConfiguration":          "GetLifecycleConfiguration",
	"s3:PutBucketLifecycle":                       "PutLifecycleConfiguration",
	"s3:PutBucketLifecycleConfiguration":          "PutLifecycleConfiguration",
	"s3:DeleteBucketLifecycle":                    "PutLifecycleConfiguration",
	"s3:GetBucketReplication":                     "GetReplicationConfiguration",
	"s3:PutBucketReplication":                     "PutReplicationConfiguration",
	"s3:DeleteBucketReplication":                  "PutReplicationConfiguration",
	"s3:DeleteBucketCors":                         "PutBucketCORS",
	"s3:DeleteBucketTagging":                      "PutBucketTagging",
	"s3:DeleteBucketOwnershipControls":            "PutBucketOwnershipControls",
	"s3:GetPublicAccessBlock":                     "GetBucketPublicAccessBlock",
	"s3:PutPublicAccessBlock":                     "PutBucketPublicAccessBlock",
	"s3:DeletePublicAccessBlock":                  "PutBucketPublicAccessBlock",
	"s3:DeleteBucketPublicAccessBlock":            "PutBucketPublicAccessBlock",
	"s3:DeleteAccountPublicAccessBlock":           "PutAccountPublicAccessBlock",
	"s3:GetBucketAccelerateConfiguration":         "GetAccelerateConfiguration",
	"s3:PutBucketAccelerateConfiguration":         "PutAccelerateConfiguration",
	"s3:GetBucketNotificationConfiguration":       "GetBucketNotification",
	"s3:PutBucketNotificationConfiguration":       "PutBucketNotification",
	"s3:GetBucketAnalyticsConfiguration":          "GetAnalyticsConfiguration",
	"s3:PutBucketAnalyticsConfiguration":          "PutAnalyticsConfiguration",
	"s3:GetBucketInventoryConfiguration":          "GetInventoryConfiguration",
	"s3:PutBucketInventoryConfiguration":          "PutInventoryConfiguration",
	"s3:GetBucketMetricsConfiguration":            "GetMetricsConfiguration",
	"s3:PutBucketMetricsConfiguration":            "PutMetricsConfiguration",
	"s3:GetBucketIntelligentTieringConfiguration": "GetIntelligentTieringConfiguration",
	"lambda:Invoke":                               "InvokeFunction",
	"lambda:InvokeAsync":                          "InvokeFunction",
}

// dated is what the names of Lambda's and CloudFront's events end in: the version of the API.
var dated = regexp.MustCompile(`_?20[0-9]{2}_?[0-9]{2}_?[0-9]{2}(v[0-9]+)?$`)

// methods are the actions of API Gateway, by how the names of its events begin.
//
// Source: service authorization reference, "Amazon API Gateway Management".
var methods = []struct{ prefix, method string }{
	{"Get", "GET"}, {"Update", "PATCH"}, {"Delete", "DELETE"}, {"Put", "PUT"}, {"Tag", "PUT"}, {"Untag", "DELETE"},
	{"Create", "POST"}, {"Import", "POST"}, {"Generate", "POST"}, {"Test", "POST"}, {"Flush", "DELETE"}, {"Reimport", "PUT"},
}

// Action is the action that policies call what an event records.
func Action(source, name string) string {
	service := strings.TrimSuffix(strings.TrimSuffix(source, ".cn"), ".amazonaws.com")
	if s, other := services[service]; other {
		service = s
	} else {
		service, _, _ = strings.Cut(service, ".")
	}
	if service == "lambda" || service == "cloudfront" {
		name = dated.ReplaceAllString(name, "")
	}
	if n, other := names[service+":"+name]; other {
		name = n
	}
	if service == "apigateway" {
		for _, m := range methods {
			if strings.HasPrefix(name, m.prefix) {
				name = m.method
				break
			}
		}
	}
	return service + ":" + name
}
