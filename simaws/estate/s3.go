package estate

import (
	"net/http"
	"slices"
	"strings"
)

var s3Operations = map[string]Operation{
	"ListBuckets": listBuckets, "CreateBucket": createBucket, "DeleteBucket": ofBucket(deleteBucket), "HeadBucket": ofBucket(headBucket),
	"GetBucketLocation":    ofBucket(bucketLocation),
	"GetPublicAccessBlock": ofBucket(part("PublicAccessBlockConfiguration", "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found")),
	"PutPublicAccessBlock": setPart("PublicAccessBlockConfiguration"), "DeletePublicAccessBlock": dropPart("PublicAccessBlockConfiguration"),
	"GetBucketPolicy": ofBucket(part("Policy", "NoSuchBucketPolicy", "The bucket policy does not exist")), "PutBucketPolicy": ofBucket(putBucketPolicy), "DeleteBucketPolicy": dropPart("Policy"),
	"GetBucketPolicyStatus": ofBucket(policyStatus), "GetBucketAcl": ofBucket(bucketACL),
	"GetBucketVersioning": ofBucket(wholePart("VersioningConfiguration")), "PutBucketVersioning": setPart("VersioningConfiguration"),
	"GetBucketLogging": ofBucket(wholePart("BucketLoggingStatus")), "PutBucketLogging": ofBucket(putBucketLogging),
	"GetBucketEncryption": ofBucket(part("ServerSideEncryptionConfiguration", "ServerSideEncryptionConfigurationNotFoundError", "The server side encryption configuration was not found")),
	"PutBucketEncryption": setPart("ServerSideEncryptionConfiguration"), "DeleteBucketEncryption": ofBucket(resetEncryption),
	"GetObjectLockConfiguration": ofBucket(part("ObjectLockConfiguration", "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket")),
	"GetBucketReplication":       ofBucket(part("ReplicationConfiguration", "ReplicationConfigurationNotFoundError", "The replication configuration was not found")),
}

var s3controlOperations = map[string]Operation{
	"GetPublicAccessBlock": func(c *Call) (Doc, error) {
		p := c.one(Global, "publicaccessblock", "account")
		if p == nil {
			return nil, absent("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found")
		}
		return Doc{"PublicAccessBlockConfiguration": p}, nil
	},
	"PutPublicAccessBlock": func(c *Call) (Doc, error) {
		c.put(Global, "publicaccessblock", "account", sub(c.In, "PublicAccessBlockConfiguration"))
		return nil, nil
	},
	"DeletePublicAccessBlock": func(c *Call) (Doc, error) {
		c.put(Global, "publicaccessblock", "account", nil)
		return nil, nil
	},
}

// ofBucket runs an operation on the bucket that the call names. Another
// account's bucket is closed.
func ofBucket(run func(*Call, Doc) (Doc, error)) Operation {
	return func(c *Call) (Doc, error) {
		name := c.text("Bucket")
		b := c.one(Global, "bucket", name)
		switch {
		case b == nil && c.World.Holder(name) != "":
			return nil, &Refusal{Code: "AccessDenied", Message: "Access Denied", Status: http.StatusForbidden}
		case b == nil:
			return nil, absent("NoSuchBucket", "The specified bucket does not exist")
		}
		return run(c, b)
	}
}

func (c *Call) keepBucket(b, changes Doc) {
	c.put(Global, "bucket", text(b, "Name"), with(b, changes))
}

// part answers with one part of a bucket, or that it has none.
func part(name, code, message string) func(*Call, Doc) (Doc, error) {
	return func(_ *Call, b Doc) (Doc, error) {
		if b[name] == nil {
			return nil, absent(code, message)
		}
		return Doc{name: b[name]}, nil
	}
}

// wholePart answers with what one part of a bucket holds, which may be nothing.
func wholePart(name string) func(*Call, Doc) (Doc, error) {
	return func(_ *Call, b Doc) (Doc, error) { return sub(b, name), nil }
}

func setPart(name string) Operation {
	return ofBucket(func(c *Call, b Doc) (Doc, error) {
		c.keepBucket(b, Doc{name: c.In[name]})
		return nil, nil
	})
}

func dropPart(name string) Operation {
	return ofBucket(func(c *Call, b Doc) (Doc, error) {
		c.keepBucket(b, Doc{name: nil})
		return nil, nil
	})
}

func listBuckets(c *Call) (Doc, error) {
	return Doc{"Buckets": listOf(c.all(Global, "bucket")), "Owner": Doc{"ID": canonical(c.Account)}}, nil
}

// canonical is an account's id as S3 has it.
func canonical(account string) string { return strings.Repeat(account, 6)[:64] }

func createBucket(c *Call) (Doc, error) {
	name := c.text("Bucket")
	region := text(sub(c.In, "CreateBucketConfiguration"), "LocationConstraint")
	if region == "" {
		region = c.Region
	}
	switch holder := c.World.Holder(name); {
	case len(name) < 3 || len(name) > 63 || strings.ContainsAny(name, "_ /ABCDEFGHIJKLMNOPQRSTUVWXYZ"):
		return nil, refuse("InvalidBucketName", "The specified bucket is not valid.")
	case holder == c.Account && region != "us-east-1":
		return nil, &Refusal{Code: "BucketAlreadyOwnedByYou", Message: "Your previous request to create the named bucket succeeded and you already own it.", Status: 409}
	case holder == c.Account:
		return Doc{"Location": "/" + name}, nil
	case holder != "":
		return nil, &Refusal{Code: "BucketAlreadyExists", Message: "The requested bucket name is not available. Select a different name and try again.", Status: 409}
	}
	c.keepBucket(newBucket(name, region, stamp(c.Now)), nil)
	return Doc{"Location": "/" + name}, nil
}

// newBucket is a bucket as S3 makes it: encrypted, closed to the public.
//
// Source: S3 user guide, "Default settings for new S3 buckets" (2023).
func newBucket(name, region, made string) Doc {
	return Doc{"Name": name, "CreationDate": made, "BucketRegion": region, "PublicAccessBlockConfiguration": blocked(true), "ServerSideEncryptionConfiguration": encryption("AES256")}
}

func blocked(on bool) Doc {
	return Doc{"BlockPublicAcls": on, "IgnorePublicAcls": on, "BlockPublicPolicy": on, "RestrictPublicBuckets": on}
}

func encryption(algorithm string) Doc {
	return Doc{"Rules": []any{Doc{"ApplyServerSideEncryptionByDefault": Doc{"SSEAlgorithm": algorithm}, "BucketKeyEnabled": algorithm != "AES256"}}}
}

func resetEncryption(c *Call, b Doc) (Doc, error) {
	c.keepBucket(b, Doc{"ServerSideEncryptionConfiguration": encryption("AES256")})
	return nil, nil
}

func deleteBucket(c *Call, b Doc) (Doc, error) {
	c.put(Global, "bucket", text(b, "Name"), nil)
	return nil, nil
}

func headBucket(_ *Call, b Doc) (Doc, error) { return Doc{"BucketRegion": b["BucketRegion"]}, nil }

func bucketLocation(_ *Call, b Doc) (Doc, error) {
	if region := text(b, "BucketRegion"); region != "us-east-1" {
		return Doc{"LocationConstraint": region}, nil
	}
	return Doc{"LocationConstraint": ""}, nil
}

func putBucketPolicy(c *Call, b Doc) (Doc, error) {
	policy := c.text("Policy")
	switch {
	case checkPolicy(policy) != nil:
		return nil, refuse("MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'")
	case open(policy) && flag(sub(b, "PublicAccessBlockConfiguration"), "BlockPublicPolicy"):
		return nil, &Refusal{Code: "AccessDenied", Message: "User: " + c.Caller + " is not authorized to perform: s3:PutBucketPolicy on resource: \"arn:aws:s3:::" +
			text(b, "Name") + "\" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.", Status: http.StatusForbidden}
	}
	c.keepBucket(b, Doc{"Policy": policy})
	return nil, nil
}

// open tells whether a bucket's policy lets everybody do something.
func open(policy string) bool {
	return slices.ContainsFunc(statements(policy), func(s Doc) bool { return s["Effect"] == "Allow" && everybody(s) && s["Condition"] == nil })
}

func everybody(s Doc) bool {
	return s["Principal"] == "*" || slices.Contains(oneOrMany(sub(s, "Principal")["AWS"]), "*")
}

// refusesPlain tells whether a policy denies every request without TLS.
func refusesPlain(policy string) bool {
	return slices.ContainsFunc(statements(policy), func(s Doc) bool {
		wide := slices.ContainsFunc(oneOrMany(s["Action"]), func(a string) bool { return a == "*" || a == "s3:*" })
		return s["Effect"] == "Deny" && everybody(s) && wide && slices.Contains(oneOrMany(sub(sub(s, "Condition"), "Bool")["aws:SecureTransport"]), "false")
	})
}

func policyStatus(c *Call, b Doc) (Doc, error) {
	if b["Policy"] == nil {
		return nil, absent("NoSuchBucketPolicy", "The bucket policy does not exist")
	}
	return Doc{"PolicyStatus": Doc{"IsPublic": open(text(b, "Policy"))}}, nil
}

func bucketACL(c *Call, _ Doc) (Doc, error) {
	owner := Doc{"ID": canonical(c.Account)}
	return Doc{"Owner": owner, "Grants": []any{Doc{"Grantee": Doc{"ID": owner["ID"], "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}}}, nil
}

func putBucketLogging(c *Call, b Doc) (Doc, error) {
	status := sub(c.In, "BucketLoggingStatus")
	if on := sub(status, "LoggingEnabled"); on != nil && c.World.Holder(text(on, "TargetBucket")) != c.Account {
		return nil, refuse("InvalidTargetBucketForLogging", "The target bucket for logging does not exist, is not owned by you, or does not have the appropriate grants for the log-delivery group.")
	}
	c.keepBucket(b, Doc{"BucketLoggingStatus": nilIfEmpty(status)})
	return nil, nil
}

func nilIfEmpty(d Doc) any {
	if len(d) == 0 {
		return nil
	}
	return d
}
