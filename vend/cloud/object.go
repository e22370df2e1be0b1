package cloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"landlord/vend/journal"
)

// Object is one small object in S3 that is only written if nobody else wrote it
// since. It is a journal.Store.
type Object struct {
	s3          *s3.Client
	cfg         aws.Config
	bucket, key string
}

// objectLimit is the most bytes that are read of an object.
const objectLimit = 1 << 16

// ObjectFromEnvironment returns the object at "s3://bucket/key", reached with
// the standard AWS configuration.
func ObjectFromEnvironment(ctx context.Context, address string) (*Object, error) {
	bucket, key, err := splitAddress(address)
	if err != nil {
		return nil, err
	}
	cfg, err := fromEnvironment(ctx)
	if err != nil {
		return nil, err
	}
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	o := &Object{cfg: cfg, bucket: bucket, key: key}
	o.connect(cfg.Region)
	return o, nil
}

// splitAddress takes "s3://bucket/key" apart.
func splitAddress(address string) (bucket, key string, err error) {
	rest, is := strings.CutPrefix(address, "s3://")
	bucket, key, slash := strings.Cut(rest, "/")
	if !is || !slash || bucket == "" || key == "" || strings.HasSuffix(key, "/") {
		return "", "", fmt.Errorf(`%q is not the address of an object: want "s3://bucket/key"`, address)
	}
	return bucket, key, nil
}

// connect makes the client for a region. An endpoint of somebody's own gets the
// bucket in the path: it seldom has a name for each bucket.
func (o *Object) connect(region string) {
	o.s3 = s3.NewFromConfig(o.cfg, func(opt *s3.Options) {
		opt.Region = region
		opt.UsePathStyle = opt.BaseEndpoint != nil
		opt.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		opt.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})
}

func (o *Object) String() string { return "s3://" + o.bucket + "/" + o.key }

// Read implements journal.Store. The age is by the store's own clock: the Date
// of the answer and when the object was last modified.
func (o *Object) Read(ctx context.Context) (journal.Object, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	in := &s3.GetObjectInput{Bucket: &o.bucket, Key: &o.key}
	out, err := o.s3.GetObject(ctx, in)
	if o.moved(err) {
		out, err = o.s3.GetObject(ctx, in)
	}
	if err != nil {
		return journal.Object{}, o.means("GetObject", err)
	}
	defer out.Body.Close()
	body, err := io.ReadAll(io.LimitReader(out.Body, objectLimit))
	if err != nil {
		return journal.Object{}, fmt.Errorf("read %s: %w", o, err)
	}
	object := journal.Object{Body: body, Version: aws.ToString(out.ETag)}
	if now, told := awsmiddleware.GetServerTime(out.ResultMetadata); told && out.LastModified != nil {
		object.Age = max(0, now.Sub(*out.LastModified))
	}
	return object, nil
}

// Write implements journal.Store.
//
// Source: Amazon S3 User Guide, "Conditional requests": PutObject with
// If-None-Match: * or If-Match: ETag answers 412 if there is another object,
// and 409 while somebody else is writing or deleting it, 2026-11.
func (o *Object) Write(ctx context.Context, version string, body []byte) (written string, err error) {
	in := &s3.PutObjectInput{Bucket: &o.bucket, Key: &o.key, Body: bytes.NewReader(body), ContentType: aws.String("application/json")}
	if version == "" {
		in.IfNoneMatch = aws.String("*")
	} else {
		in.IfMatch = &version
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	out, err := o.s3.PutObject(ctx, in)
	if o.moved(err) {
		in.Body = bytes.NewReader(body)
		out, err = o.s3.PutObject(ctx, in)
	}
	if err != nil {
		return "", o.means("PutObject", err)
	}
	if aws.ToString(out.ETag) == "" {
		return "", missing("PutObject", "an ETag")
	}
	return *out.ETag, nil
}

// moved tells whether err says that the bucket is in another region, and
// connects to that one.
func (o *Object) moved(err error) bool {
	answer, is := errors.AsType[*awshttp.ResponseError](err)
	if !is || answer.Response == nil {
		return false
	}
	region := answer.Response.Header.Get("X-Amz-Bucket-Region")
	if region == "" || region == o.s3.Options().Region {
		return false
	}
	o.connect(region)
	return true
}

// means says what an answer of S3 means to a lock.
func (o *Object) means(operation string, err error) error {
	if without, is := errors.AsType[*CredentialsError](err); is {
		return fmt.Errorf("%s %s: %w", operation, o, without)
	}
	api, answered := errors.AsType[smithy.APIError](err)
	if !answered {
		return fmt.Errorf("%s %s: %w: %w", operation, o, journal.ErrUnknown, root(err))
	}
	status, request := 0, ""
	if answer, is := errors.AsType[*awshttp.ResponseError](err); is {
		status, request = answer.HTTPStatusCode(), answer.ServiceRequestID()
	}
	switch {
	case status == http.StatusPreconditionFailed, status == http.StatusConflict:
		return journal.ErrChanged
	case operation == "GetObject" && api.ErrorCode() == "NoSuchKey":
		return journal.ErrNone
	case api.ErrorCode() == "NoSuchBucket":
		return fmt.Errorf("there is no bucket %s; make it, or name another under organization.lock [AWS: %s, request %s]", o.bucket, api.ErrorMessage(), request)
	case status == http.StatusForbidden:
		return fmt.Errorf("the caller may not call %s on %s; `landlord permissions -f FILE` prints the IAM policy it needs [AWS: %s, request %s]", operation, o, api.ErrorMessage(), request)
	case api.ErrorCode() == "BadRequest", status == http.StatusNotImplemented, status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		return fmt.Errorf("%s %s: the endpoint answers %d; does it serve S3 with conditional writes? AWS_ENDPOINT_URL_S3 names another [%s: %s]", operation, o, status, api.ErrorCode(), api.ErrorMessage())
	}
	err = fmt.Errorf("%s %s: %s [%s, request %s]", operation, o, api.ErrorMessage(), api.ErrorCode(), request)
	if status >= http.StatusInternalServerError {
		err = fmt.Errorf("%w: %w", journal.ErrUnknown, err)
	}
	return err
}
