package assess

import (
	"errors"
	"slices"
	"strings"

	"landlord/guard/compliance"
	"landlord/guard/guardrail"
)

// buckets are the checks of S3. A bucket's name is unique in all of AWS, so that
// all of an account are looked at at once, whatever region they are in.
var buckets = map[string]evaluator{
	"s3.account_public_block": {true, func(l *look) error {
		var out struct{ PublicAccessBlockConfiguration *publicBlock }
		err := l.askIn(l.home(), "s3control:GetPublicAccessBlock", in{"AccountId": string(l.Account)}, &out)
		if refused(err, "NoSuchPublicAccessBlockConfiguration") {
			l.say(compliance.Fail, l.self(), "the account does not block public access")
			return nil
		}
		if err == nil {
			out.PublicAccessBlockConfiguration.judge(l, l.self())
		}
		return err
	}},
	"s3.bucket_public_block": ofBuckets(func(l *look, b bucket) error {
		var out struct{ PublicAccessBlockConfiguration *publicBlock }
		err := b.ask(l, "s3:GetPublicAccessBlock", &out)
		if refused(err, "NoSuchPublicAccessBlockConfiguration") {
			l.say(compliance.Fail, b.arn(), "the bucket does not block public access")
			return nil
		}
		if err == nil {
			out.PublicAccessBlockConfiguration.judge(l, b.arn())
		}
		return err
	}),
	"s3.no_public_read":  ofPublic([]string{"READ", "READ_ACP", "FULL_CONTROL"}, "read"),
	"s3.no_public_write": ofPublic([]string{"WRITE", "WRITE_ACP", "FULL_CONTROL"}, "written"),
	"s3.tls_only": ofBuckets(func(l *look, b bucket) error {
		var out struct{ Policy string }
		err := b.ask(l, "s3:GetBucketPolicy", &out)
		if refused(err, "NoSuchBucketPolicy") {
			l.say(compliance.Fail, b.arn(), "the bucket has no policy, so none that denies requests without TLS")
			return nil
		}
		if err != nil {
			return err
		}
		all, err := statements(out.Policy)
		if err == nil {
			l.is(slices.ContainsFunc(all, b.deniesPlain), b.arn(), "the policy denies requests without TLS", "the policy does not deny all requests without TLS")
		}
		return err
	}),
	"s3.default_encryption": ofEncryption(func(l *look, b bucket, algorithm string) {
		l.is(algorithm != "", b.arn(), "new objects are encrypted: "+algorithm, "the bucket has no default encryption")
	}),
	"s3.kms_encryption": ofEncryption(func(l *look, b bucket, algorithm string) {
		l.is(strings.HasPrefix(algorithm, "aws:kms"), b.arn(), "new objects are encrypted with KMS", "new objects are not encrypted with KMS but "+orNothing(algorithm))
	}),
	"s3.versioning": ofVersions(func(l *look, b bucket, v versioning) {
		l.is(v.Status == "Enabled", b.arn(), "versioning is on", "versioning is "+orOff(v.Status))
	}),
	"s3.mfa_delete": ofVersions(func(l *look, b bucket, v versioning) {
		l.is(v.MFADelete == "Enabled", b.arn(), "MFA delete is on", "MFA delete is "+orOff(v.MFADelete))
	}),
	"s3.access_logging": ofBuckets(func(l *look, b bucket) error {
		to, err := b.logging(l)
		if err == nil {
			l.is(to != "", b.arn(), "access is logged to bucket "+to, "access is not logged")
		}
		return err
	}),
	"s3.object_lock": ofBuckets(func(l *look, b bucket) error {
		var out struct {
			ObjectLockConfiguration *struct{ ObjectLockEnabled string }
		}
		err := b.ask(l, "s3:GetObjectLockConfiguration", &out)
		if err != nil && !refused(err, "ObjectLockConfigurationNotFoundError") {
			return err
		}
		l.is(out.ObjectLockConfiguration != nil && out.ObjectLockConfiguration.ObjectLockEnabled == "Enabled", b.arn(), "Object Lock is on", "Object Lock is off")
		return nil
	}),
	"s3.replication": ofBuckets(replicated),
}

type bucket struct {
	Name, BucketRegion string
}

func (b bucket) arn() string { return "arn:aws:s3:::" + b.Name }

// bucketsOf are the account's buckets.
func bucketsOf(l *look) ([]bucket, error) {
	return listIn[bucket](l, l.home(), "s3:ListBuckets", nil, "Buckets")
}

// region is where a bucket is; its settings are asked for there.
//
// Source: S3 API reference, GetBucketLocation, LocationConstraint.
func (b bucket) region(l *look) (string, error) {
	if b.BucketRegion != "" {
		return b.BucketRegion, nil
	}
	var out struct{ LocationConstraint string }
	if err := l.askIn(l.home(), "s3:GetBucketLocation", in{"Bucket": b.Name}, &out); err != nil {
		return "", err
	}
	switch out.LocationConstraint {
	case "":
		return "us-east-1", nil
	case "EU":
		return "eu-west-1", nil
	}
	return out.LocationConstraint, nil
}

func (b bucket) ask(l *look, operation string, out any) error {
	region, err := b.region(l)
	if err != nil {
		return err
	}
	return l.askIn(region, operation, in{"Bucket": b.Name}, out)
}

// logging is the bucket that access is logged to, "" if it is not.
func (b bucket) logging(l *look) (string, error) {
	var out struct {
		LoggingEnabled *struct{ TargetBucket string }
	}
	if err := b.ask(l, "s3:GetBucketLogging", &out); err != nil || out.LoggingEnabled == nil {
		return "", err
	}
	return out.LoggingEnabled.TargetBucket, nil
}

// ofBuckets is a check of each bucket.
func ofBuckets(judge func(*look, bucket) error) evaluator {
	return evaluator{true, func(l *look) error {
		all, err := bucketsOf(l)
		every(l, all, bucket.arn, func(b bucket) error { return judge(l, b) })
		return err
	}}
}

// publicBlock is what of public access is blocked.
type publicBlock struct {
	BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets bool
}

func (p *publicBlock) judge(l *look, resource string) {
	var off []string
	if p == nil {
		p = &publicBlock{}
	}
	for _, part := range []struct {
		on   bool
		name string
	}{{p.BlockPublicAcls, "BlockPublicAcls"}, {p.IgnorePublicAcls, "IgnorePublicAcls"}, {p.BlockPublicPolicy, "BlockPublicPolicy"}, {p.RestrictPublicBuckets, "RestrictPublicBuckets"}} {
		if !part.on {
			off = append(off, part.name)
		}
	}
	l.is(off == nil, resource, "public access is blocked in all four ways", "public access is not blocked: "+strings.Join(off, ", ")+" off")
}

// anybody are the groups of everybody.
//
// Source: S3 user guide, "Access control list (ACL) overview", predefined groups.
var anybody = []string{"http://acs.amazonaws.com/groups/global/AllUsers", "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"}

// ofPublic is a check that neither policy nor ACL lets everybody in. AWS says of a
// policy only that it is public.
func ofPublic(permissions []string, done string) evaluator {
	return ofBuckets(func(l *look, b bucket) error {
		var policy struct{ PolicyStatus *struct{ IsPublic bool } }
		err := b.ask(l, "s3:GetBucketPolicyStatus", &policy)
		none := refused(err, "NoSuchBucketPolicy")
		if err == nil && policy.PolicyStatus == nil {
			err = errors.New("s3:GetBucketPolicyStatus: the answer has no status")
		}
		if err != nil && !none {
			return err
		}
		type grant struct {
			Grantee    *struct{ URI string }
			Permission string
		}
		region, err := b.region(l)
		if err != nil {
			return err
		}
		grants, err := listIn[grant](l, region, "s3:GetBucketAcl", in{"Bucket": b.Name}, "Grants")
		if err != nil {
			return err
		}
		open := slices.ContainsFunc(grants, func(g grant) bool {
			return g.Grantee != nil && slices.Contains(anybody, g.Grantee.URI) && slices.Contains(permissions, g.Permission)
		})
		switch {
		case open:
			l.say(compliance.Fail, b.arn(), "by its ACL the bucket can be "+done+" by everybody")
		case !none && policy.PolicyStatus.IsPublic:
			l.say(compliance.Fail, b.arn(), "the bucket's policy is public")
		default:
			l.say(compliance.Pass, b.arn(), "the bucket cannot be "+done+" by everybody")
		}
		return nil
	})
}

// deniesPlain tells whether a statement denies everybody all requests without TLS.
func (b bucket) deniesPlain(s policyStatement) bool {
	if s.Effect != "Deny" || !everybody(s.Principal) || len(s.Condition) != 1 || !slices.ContainsFunc(s.Action, func(a string) bool { return a == "*" || strings.EqualFold(a, "s3:*") }) {
		return false
	}
	plain := false
	for operator, keys := range s.Condition {
		for name, values := range keys {
			plain = len(keys) == 1 && operator == "Bool" && strings.EqualFold(name, "aws:SecureTransport") && slices.Equal(values, []string{"false"})
		}
	}
	covers := func(arn string) bool {
		return slices.ContainsFunc(s.Resource, func(pattern string) bool { return guardrail.Match(pattern, arn) })
	}
	return plain && covers(b.arn()) && covers(b.arn()+"/any/object")
}

// ofEncryption is a check of the default encryption: its algorithm, "" if there is
// none.
func ofEncryption(judge func(*look, bucket, string)) evaluator {
	return ofBuckets(func(l *look, b bucket) error {
		var out struct {
			ServerSideEncryptionConfiguration *struct {
				Rules []struct {
					ApplyServerSideEncryptionByDefault *struct{ SSEAlgorithm string }
				}
			}
		}
		err := b.ask(l, "s3:GetBucketEncryption", &out)
		if err != nil && !refused(err, "ServerSideEncryptionConfigurationNotFoundError") {
			return err
		}
		algorithm := ""
		if c := out.ServerSideEncryptionConfiguration; c != nil {
			for _, r := range c.Rules {
				if r.ApplyServerSideEncryptionByDefault != nil {
					algorithm = r.ApplyServerSideEncryptionByDefault.SSEAlgorithm
				}
			}
		}
		judge(l, b, algorithm)
		return nil
	})
}

type versioning struct{ Status, MFADelete string }

func ofVersions(judge func(*look, bucket, versioning)) evaluator {
	return ofBuckets(func(l *look, b bucket) error {
		var v versioning
		err := b.ask(l, "s3:GetBucketVersioning", &v)
		if err == nil {
			judge(l, b, v)
		}
		return err
	})
}

// replicated judges whether a bucket is replicated into another region.
func replicated(l *look, b bucket) error {
	var out struct {
		ReplicationConfiguration *struct {
			Rules []struct {
				Status      string
				Destination *struct{ Bucket string }
			}
		}
	}
	err := b.ask(l, "s3:GetBucketReplication", &out)
	if refused(err, "ReplicationConfigurationNotFoundError") || err == nil && out.ReplicationConfiguration == nil {
		l.say(compliance.Fail, b.arn(), "the bucket is not replicated")
		return nil
	}
	if err != nil {
		return err
	}
	here, err := b.region(l)
	if err != nil {
		return err
	}
	for _, r := range out.ReplicationConfiguration.Rules {
		if r.Status != "Enabled" || r.Destination == nil {
			continue
		}
		to := bucket{Name: strings.TrimPrefix(r.Destination.Bucket, "arn:aws:s3:::")}
		there, err := to.region(l)
		if err != nil {
			return err
		}
		if there != here {
			l.say(compliance.Pass, b.arn(), "the bucket is replicated to "+there)
			return nil
		}
	}
	l.say(compliance.Fail, b.arn(), "the bucket is not replicated into another region")
	return nil
}

func orNothing(text string) string {
	if text == "" {
		return "not at all"
	}
	return "with " + text
}

func orOff(text string) string {
	if text == "" {
		return "off"
	}
	return strings.ToLower(text)
}
