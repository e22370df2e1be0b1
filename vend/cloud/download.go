package cloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

// downloadMost is how many objects a download has at most.
const downloadMost = 10_000

// Download copies what is at "s3://bucket/prefix", an object or a folder, into dir,
// under the names below the prefix: the objects that are wanted, whole or none, with
// the standard AWS configuration. S3's checksums are compared where it has them.
func Download(ctx context.Context, address, dir string, wanted func(name string) bool) error {
	rest, is := strings.CutPrefix(address, "s3://")
	bucket, prefix, _ := strings.Cut(rest, "/")
	if !is || bucket == "" {
		return fmt.Errorf(`%q is not an address in S3: want "s3://bucket/folder"`, address)
	}
	cfg, err := fromEnvironment(ctx)
	if err != nil {
		return err
	}
	cfg.Retryer = func() aws.Retryer { return retry.NewStandard() } // nothing of ours waits on it
	d := &download{cfg: cfg, bucket: bucket, address: strings.TrimSuffix(address, "/")}
	d.connect(cfg.Region)
	prefix = strings.TrimSuffix(prefix, "/")
	names, err := d.names(ctx, prefix, wanted)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return fmt.Errorf("there is no .csv, .csv.gz or .parquet at %s", d.address)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, key := range names {
		name := strings.TrimPrefix(strings.TrimPrefix(key, prefix), "/")
		if name == "" {
			name = path.Base(key)
		}
		if err := d.copy(ctx, key, root, filepath.FromSlash(name)); err != nil {
			return err
		}
	}
	return nil
}

type download struct {
	s3              *s3.Client
	cfg             aws.Config
	bucket, address string
}

func (d *download) connect(region string) {
	d.s3 = s3.NewFromConfig(d.cfg, func(o *s3.Options) {
		o.Region = region
		o.UsePathStyle = o.BaseEndpoint != nil
	})
}

// names are the keys of the objects at a prefix that are wanted: the object itself, or
// those of the folder.
func (d *download) names(ctx context.Context, prefix string, wanted func(string) bool) (names []string, err error) {
	in := &s3.ListObjectsV2Input{Bucket: &d.bucket, Prefix: &prefix}
	for {
		out, err := d.s3.ListObjectsV2(ctx, in)
		if answer, is := errors.AsType[*awshttp.ResponseError](err); is && answer.Response != nil {
			if region := answer.Response.Header.Get("X-Amz-Bucket-Region"); region != "" && region != d.s3.Options().Region {
				d.connect(region)
				out, err = d.s3.ListObjectsV2(ctx, in)
			}
		}
		if err != nil {
			return nil, d.means("ListObjectsV2", err)
		}
		for _, o := range out.Contents {
			key := aws.ToString(o.Key)
			rest := strings.TrimPrefix(key, prefix)
			if inside := rest == "" || prefix == "" || rest[0] == '/'; inside && wanted(key) {
				names = append(names, key)
			}
		}
		if len(names) > downloadMost {
			return nil, fmt.Errorf("there are more than %d files at %s; name the folder of a month", downloadMost, d.address)
		}
		if !aws.ToBool(out.IsTruncated) {
			return names, nil
		}
		in.ContinuationToken = out.NextContinuationToken
	}
}

func (d *download) copy(ctx context.Context, key string, root *os.Root, name string) error {
	out, err := d.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &d.bucket, Key: &key})
	if err != nil {
		return d.means("GetObject", err)
	}
	defer out.Body.Close()
	if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(file, out.Body)
	if err == nil && out.ContentLength != nil && n != *out.ContentLength {
		err = io.ErrUnexpectedEOF
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("read s3://%s/%s: %w", d.bucket, key, err)
	}
	return nil
}

func (d *download) means(operation string, err error) error {
	if without, is := errors.AsType[*CredentialsError](err); is {
		return fmt.Errorf("%s %s: %w", operation, d.address, without)
	}
	api, answered := errors.AsType[smithy.APIError](err)
	if !answered {
		return fmt.Errorf("%s %s: %w", operation, d.address, root(err))
	}
	if api.ErrorCode() == "AccessDenied" {
		return fmt.Errorf("the caller may not call %s on %s: it takes s3:ListBucket on the bucket and s3:GetObject on what is in it [AWS: %s]", operation, d.address, api.ErrorMessage())
	}
	return fmt.Errorf("%s %s: %s [%s]", operation, d.address, api.ErrorMessage(), api.ErrorCode())
}
