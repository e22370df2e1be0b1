package simaws

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

// TestOrganizationTrail: the management account makes it once the organization
// trusts CloudTrail; every member sees it, in each region, and none can change it
// or make one.
func TestOrganizationTrail(t *testing.T) {
	l, ctx := newLab(t, "instant", Config{Seed: 3, Organization: true}), t.Context()
	account := l.account("ada")
	own, name, bucket := cloudtrail.NewFromConfig(l.config("AKIAADMIN")), aws.String("organization"), aws.String("logs-of-all")
	ok[*s3.CreateBucketOutput](t)(s3client(l.config("AKIAADMIN")).CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket}))
	ok[*s3.PutBucketPolicyOutput](t)(s3client(l.config("AKIAADMIN")).PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: bucket, Policy: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:*","Resource":["arn:aws:s3:::logs-of-all","arn:aws:s3:::logs-of-all/*"]}]}`)}))
	refused := func(what string, err error, code string) {
		t.Helper()
		if api, is := errors.AsType[smithy.APIError](err); !is || api.ErrorCode() != code {
			t.Errorf("%s: %v, want %s", what, err, code)
		}
	}
	in := &cloudtrail.CreateTrailInput{Name: name, S3BucketName: bucket, IsOrganizationTrail: aws.Bool(true), IsMultiRegionTrail: aws.Bool(true), EnableLogFileValidation: aws.Bool(true)}
	_, err := own.CreateTrail(ctx, in)
	refused("before CloudTrail is trusted", err, "CloudTrailAccessNotEnabledException")
	l.must("EnableAWSServiceAccess", `{"ServicePrincipal":"cloudtrail.amazonaws.com"}`)
	ok[*cloudtrail.CreateTrailOutput](t)(own.CreateTrail(ctx, in))
	ok[*cloudtrail.StartLoggingOutput](t)(own.StartLogging(ctx, &cloudtrail.StartLoggingInput{Name: name}))

	for _, region := range []string{"us-east-1", "eu-west-1"} {
		cfg := l.inside(account)
		cfg.Region = region
		member := cloudtrail.NewFromConfig(cfg)
		seen := ok[*cloudtrail.DescribeTrailsOutput](t)(member.DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{}))
		var shown strings.Builder
		shown.WriteString(fmt.Sprint(len(seen.TrailList)))
		for _, trail := range seen.TrailList {
			shown.WriteString(fmt.Sprintf(" %s %t %t %s", *trail.Name, *trail.IsOrganizationTrail, *trail.LogFileValidationEnabled, *trail.HomeRegion))
		}
		if shown.String() != "1 organization true true us-east-1" {
			t.Errorf("in %s a member sees %s", region, shown.String())
		}
		arn := seen.TrailList[0].TrailARN
		if status := ok[*cloudtrail.GetTrailStatusOutput](t)(member.GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: arn})); !*status.IsLogging {
			t.Errorf("in %s a member sees it not logging", region)
		}
		_, err = member.StopLogging(ctx, &cloudtrail.StopLoggingInput{Name: arn})
		refused("a member stops it", err, "NotOrganizationMasterAccountException")
		_, err = member.DeleteTrail(ctx, &cloudtrail.DeleteTrailInput{Name: arn})
		refused("a member deletes it", err, "NotOrganizationMasterAccountException")
		_, err = member.CreateTrail(ctx, &cloudtrail.CreateTrailInput{Name: aws.String("mine"), S3BucketName: bucket, IsOrganizationTrail: aws.Bool(true)})
		refused("a member makes one", err, "NotOrganizationMasterAccountException")
	}
}
