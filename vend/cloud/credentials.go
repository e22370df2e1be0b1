package cloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"landlord/vend/execute"
)

// fromEnvironment is the standard AWS configuration: environment, shared files,
// profile.
func fromEnvironment(ctx context.Context) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}))
	if err != nil {
		return cfg, fmt.Errorf("read the AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		cfg.Region = region
	}
	if cfg.Credentials != nil {
		cfg.Credentials = provider{cfg.Credentials, new(atomic.Bool)}
	}
	return cfg, nil
}

// A CredentialsError is that there is nothing to call AWS with.
type CredentialsError struct {
	None  bool // nothing gives any: waiting does not help
	Final bool // whatever gives them refuses to: likewise
	Err   error
}

func (e *CredentialsError) Error() string {
	switch {
	case e.None:
		return fmt.Sprintf("there are no AWS credentials: neither in the environment, nor in a profile, nor has the machine a role (%v). Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", e.Err)
	case e.Final:
		return fmt.Sprintf("AWS gives no credentials as the profile asks for them: %v", e.Err)
	}
	return fmt.Sprintf("the AWS credentials have expired or cannot be had: %v. Sign in again (`aws sso login`), or mend what gives them", e.Err)
}

// Unwrap is execute.ErrUnknown where they may come back.
func (e *CredentialsError) Unwrap() error {
	if e.None || e.Final {
		return nil
	}
	return execute.ErrUnknown
}

// provider tells why there are no credentials.
type provider struct {
	aws.CredentialsProvider
	reached *atomic.Bool // who gives them took a connection, once
}

// Retrieve implements aws.CredentialsProvider.
func (p provider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { p.reached.Store(true) }}
	c, err := p.CredentialsProvider.Retrieve(httptrace.WithClientTrace(ctx, trace))
	if err == nil || ctx.Err() != nil {
		return c, err
	}
	e := &CredentialsError{None: p.none(err), Final: p.final(err), Err: root(err)}
	if p.signsIn() { // the root may be a missing file, which says little
		e.Err = errors.New(strings.TrimPrefix(err.Error(), "failed to refresh cached credentials, "))
	}
	return c, e
}

// none tells whether nothing gives credentials: the machine's role is what the SDK
// asks for when nobody names anything else, and there is nobody to ask for it, or the
// machine has none. Who is there and does not answer well may do so later. The error
// does not tell: the SDK's own deadline ends its tries in a network without an answer,
// too.
//
// Source: EC2 User Guide, "HTTP response codes" of the instance metadata service, 2026-11.
func (p provider) none(err error) bool {
	answer, answered := errors.AsType[*smithyhttp.ResponseError](err)
	without := answered && answer.HTTPStatusCode() == http.StatusNotFound
	return slices.Equal(p.ProviderSources(), []aws.CredentialSource{aws.CredentialSourceIMDS}) && (without || !p.reached.Load())
}

// signsIn tells whether a person signs in to have credentials.
func (p provider) signsIn() bool {
	return slices.ContainsFunc(p.ProviderSources(), func(s aws.CredentialSource) bool {
		return slices.Contains([]aws.CredentialSource{aws.CredentialSourceSSO, aws.CredentialSourceSSOLegacy, aws.CredentialSourceLogin}, s)
	})
}

// final tells whether what gives credentials has refused to. After a refusal a person
// may sign in again, where that is how they are had.
func (p provider) final(err error) bool {
	answer, answered := errors.AsType[*smithyhttp.ResponseError](err)
	api, is := errors.AsType[smithy.APIError](err)
	return is && answered && !p.signsIn() && answer.HTTPStatusCode() < http.StatusInternalServerError && meanings[api.ErrorCode()] == nil
}

// ProviderSources implements aws.CredentialProviderSource.
func (p provider) ProviderSources() []aws.CredentialSource {
	if from, is := p.CredentialsProvider.(aws.CredentialProviderSource); is {
		return from.ProviderSources()
	}
	return nil
}
