package cloud

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/smithy-go"

	"landlord/vend/execute"
)

// meanings says what each AWS error code means to the executor. A code that is
// not listed stops the run. nil: what was asked for is so already.
// Source: Organizations API reference, "Errors" of each operation, 2026-11.
var meanings = map[string]error{
	"TooManyRequestsException": execute.ErrThrottled,
	"ThrottlingException":      execute.ErrThrottled, // Resource Groups Tagging API
	"ThrottledException":       execute.ErrThrottled,
	"Throttling":               execute.ErrThrottled, // STS

	"ConcurrentModificationException":    execute.ErrBusy,
	"PolicyChangesInProgressException":   execute.ErrBusy,
	"FinalizingOrganizationException":    execute.ErrBusy,   // a new organization, up to an hour
	"PolicyTypeNotEnabledException":      execute.ErrNotYet, // enabled a moment ago
	"AccountNotFoundException":           execute.ErrBusy,   // created a moment ago
	"ResourceNotFoundException":          execute.ErrBusy,   // Account Management; likewise
	"ParentNotFoundException":            execute.ErrNotYet, // likewise
	"DestinationParentNotFoundException": execute.ErrNotYet,
	"TargetNotFoundException":            execute.ErrNotYet,
	"PolicyNotFoundException":            execute.ErrNotYet,

	"ServiceException":         execute.ErrUnknown,
	"InternalServiceException": execute.ErrUnknown,
	"InternalFailure":          execute.ErrUnknown,
	"ServiceUnavailable":       execute.ErrUnknown,

	"SourceParentNotFoundException":       execute.ErrLater, // somebody moved it since it was seen
	"OrganizationalUnitNotFoundException": execute.ErrLater, // somebody deleted it since
	"OrganizationalUnitNotEmptyException": execute.ErrLater, // something entered it since

	"InvalidInputException":            execute.ErrCustomer,
	"ConstraintViolationException":     execute.ErrCustomer, // but see reasons
	"MalformedPolicyDocumentException": execute.ErrCustomer,

	"HandshakeConstraintViolationException": execute.ErrCustomer, // but see handshakes
	"AccountOwnerNotVerifiedException":      execute.ErrCustomer, // the management account's owner has not confirmed the address
	"ValidationException":                   execute.ErrCustomer, // Account Management

	"DuplicateHandshakeException":        nil, // InviteAccountToOrganization: one is open
	"DuplicateAccountException":          nil, // MoveAccount: it is in the destination
	"DuplicatePolicyAttachmentException": nil,
	"PolicyNotAttachedException":         nil, // DetachPolicy
	"PolicyTypeAlreadyEnabledException":  nil,
}

// reasons refines ConstraintViolationException.
var reasons = map[types.ConstraintViolationExceptionReason]error{
	types.ConstraintViolationExceptionReasonAccountNumberLimitExceeded:        execute.ErrExhausted,
	types.ConstraintViolationExceptionReasonAccountCreationRateLimitExceeded:  execute.ErrThrottled,
	types.ConstraintViolationExceptionReasonCloseAccountQuotaExceeded:         execute.ErrExhausted,
	types.ConstraintViolationExceptionReasonCloseAccountRequestsLimitExceeded: execute.ErrBusy, // three at once
}

// handshakes refines HandshakeConstraintViolationException.
var handshakes = map[types.HandshakeConstraintViolationExceptionReason]error{
	types.HandshakeConstraintViolationExceptionReasonAccountNumberLimitExceeded: execute.ErrExhausted,
	types.HandshakeConstraintViolationExceptionReasonHandshakeRateLimitExceeded: execute.ErrExhausted,
}

// failures says what the FailureReason of a creation means. One that is not
// listed fails its customer.
// Source: API_CreateAccountStatus, 2026-11.
var failures = map[types.CreateAccountFailureReason]error{
	types.CreateAccountFailureReasonInternalFailure:               execute.ErrBusy,
	types.CreateAccountFailureReasonAccountLimitExceeded:          execute.ErrExhausted,
	types.CreateAccountFailureReasonEmailAlreadyExists:            execute.ErrLater, // perhaps by a call of ours whose answer was lost
	types.CreateAccountFailureReasonConcurrentAccountModification: execute.ErrLater,
}

// memberMeanings are meanings in an account that is entered. A code that is not
// listed fails its customer: no other account has to do with it.
//
// Source: each service's API reference, "Common errors"; AWS Config API reference,
// PutConfigurationRecorder and PutConformancePack, 2026-11.
var memberMeanings = map[string]error{
	"Throttling":               execute.ErrThrottled,
	"ThrottlingException":      execute.ErrThrottled,
	"ThrottledException":       execute.ErrThrottled,
	"Throttled":                execute.ErrThrottled, // SNS
	"TooManyRequestsException": execute.ErrThrottled, // Security Hub
	"RequestLimitExceeded":     execute.ErrThrottled, // EC2
	"LimitExceededException":   execute.ErrExhausted, // AWS Config: of what there may be
	"SlowDown":                 execute.ErrThrottled, // S3
	"InternalFailure":          execute.ErrUnknown,
	"InternalError":            execute.ErrUnknown,
	"InternalServerError":      execute.ErrUnknown,
	"ServiceUnavailable":       execute.ErrUnknown,
	"ServiceFailure":           execute.ErrUnknown,
	"ResourceInUseException":   execute.ErrBusy, // a conformance pack that is being changed
	"OperationAborted":         execute.ErrBusy, // S3: another call about the same bucket
	"ConflictException":        execute.ErrBusy, // CloudTrail: likewise of a trail
	"ConcurrentModification":   execute.ErrBusy, // IAM
	"ReportInProgress":         execute.ErrBusy, // IAM: a credential report that was asked for
	"ReportNotPresent":         execute.ErrBusy,
	"ExpiredToken":             execute.ErrLater, // after a new session too
	"ExpiredTokenException":    execute.ErrLater,
}

// ended are the codes of a session that AWS knows no more.
var ended = map[string]bool{"ExpiredToken": true, "ExpiredTokenException": true}

// meaning wraps what err means to the executor, and keeps AWS's own words.
func meaning(operation string, err error) error {
	if err == nil {
		return nil
	}
	if without, is := errors.AsType[*CredentialsError](err); is {
		return fmt.Errorf("%s: %w", operation, without)
	}
	api, answered := errors.AsType[smithy.APIError](err)
	if !answered {
		if answer, is := errors.AsType[*awshttp.ResponseError](err); is && answer.HTTPStatusCode() >= http.StatusBadRequest {
			strange := fmt.Errorf("%s: %w: status %d", operation, errForeign, answer.HTTPStatusCode())
			if answer.HTTPStatusCode() == http.StatusInternalServerError {
				strange = fmt.Errorf("%w: %w", strange, errUnserved)
			}
			if answer.HTTPStatusCode() >= http.StatusInternalServerError { // of something in between, perhaps
				strange = fmt.Errorf("%w: %w", execute.ErrUnknown, strange)
			}
			return strange
		}
		return fmt.Errorf("%s: %w: %w", operation, execute.ErrUnknown, root(err))
	}
	means, listed := meanings[api.ErrorCode()]
	if strings.Contains(operation, ":") {
		if means, listed = memberMeanings[api.ErrorCode()]; !listed {
			means = execute.ErrCustomer
		}
	}
	if v, is := errors.AsType[*types.ConstraintViolationException](err); is && reasons[v.Reason] != nil {
		means = reasons[v.Reason]
	}
	if v, is := errors.AsType[*types.HandshakeConstraintViolationException](err); is && handshakes[v.Reason] != nil {
		means = handshakes[v.Reason]
	}
	answer, _ := errors.AsType[*awshttp.ResponseError](err)
	if !listed && answer != nil && answer.HTTPStatusCode() >= http.StatusInternalServerError {
		means, listed = execute.ErrUnknown, true
	}
	e := &Error{Operation: operation, Code: api.ErrorCode(), Message: api.ErrorMessage(), means: means}
	if answer != nil {
		e.RequestID = answer.ServiceRequestID()
	}
	e.already = listed && means == nil
	return e
}

// errForeign is an answer in no form of AWS's, such as an emulator's to an
// operation that it does not serve.
var errForeign = errors.New("the answer is none of AWS's")

// errUnserved is what an emulator's web server says of an operation that it does
// not have; a proxy that cannot reach AWS says 502, 503 or 504.
var errUnserved = errors.New("perhaps the endpoint does not have the operation")

// root is the innermost error, which says what happened without the SDK's chain.
func root(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// Error is a refusal of AWS: its own words, and what they mean to the executor.
type Error struct {
	Operation string
	Code      string
	Message   string
	RequestID string
	means     error
	already   bool
}

func (e *Error) Error() string {
	if strings.Contains(e.Operation, ":") && strings.HasPrefix(e.Code, "AccessDenied") {
		return fmt.Sprintf("%s is refused in the account; `landlord permissions --member` prints what the role needs there [AWS: %s, request %s]", e.Operation, e.Message, e.RequestID)
	}
	if strings.HasPrefix(e.Code, "AccessDenied") {
		return fmt.Sprintf("the caller may not call %s; `landlord permissions` prints the IAM policy it needs [AWS: %s, request %s]", e.Operation, e.Message, e.RequestID)
	}
	return fmt.Sprintf("%s: %s [%s, request %s]", e.Operation, e.Message, e.Code, e.RequestID)
}

// Unwrap is what the refusal means to the executor; nil if it stops the run.
func (e *Error) Unwrap() error { return e.means }

// missing says that an answer lacks what AWS always sends: whatever answered is
// not AWS, or not sound.
func missing(operation, what string) error {
	return fmt.Errorf("%s: the answer holds no %s: is this an AWS endpoint?", operation, strings.TrimPrefix(strings.TrimPrefix(what, "an "), "a "))
}

// already tells whether err says that what was asked for is so already.
func already(err error) bool {
	e, is := errors.AsType[*Error](err)
	return is && e.already
}

// code is AWS's error code, or "".
func code(err error) string {
	if e, is := errors.AsType[*Error](err); is {
		return e.Code
	}
	return ""
}
