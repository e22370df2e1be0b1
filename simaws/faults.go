package simaws

import (
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// Faults are what goes wrong in a simulated AWS that nobody asked for.
type Faults struct {
	Rules []FaultRule
	// Rate is how probable it is that a call which meets no rule meets a fault
	// all the same, 0 to 1: one of the kinds that can hit it, each as likely. A
	// refusal is of that call alone.
	Rate float64
	// Lasting is how long those faults last that need it.
	Lasting map[FaultKind]time.Duration
	// DuplicateEmails lets an account be created with an e-mail that another
	// has, as some emulators do and AWS does not.
	DuplicateEmails bool
	// Spared are the access keys whose calls meet no fault.
	Spared []string
}

// FaultRule says when which fault happens. Of the rules that a call meets the
// first that fires is the only one.
type FaultRule struct {
	Kind      FaultKind
	Operation string  // a pattern such as "List*"; "" is every operation that the kind can hit
	Rate      float64 // how probable it is at each such call, 0 to 1
	Calls     []int   // the calls it hits for certain, counted among those it can hit, from 1
	// For is how long it lasts. A refusal goes on for every call that the rule
	// meets; 0 is that one call. Of slow-creation it is how much longer the
	// creation takes, of stale-read how old the oldest answer is, of
	// unusable-account and flapping-state how long the account is so.
	For    time.Duration
	Reason string // of failed-creation: AWS's FailureReason; "" is any
}

// FaultKind is what goes wrong.
type FaultKind string

// The kinds of fault.
const (
	CutBefore       FaultKind = "cut-before"          // the connection ends; the call took no effect
	CutAfter        FaultKind = "cut-after"           // the connection ends; the call took effect
	ErrorBefore     FaultKind = "error-before"        // 500 ServiceException; the call took no effect
	ErrorAfter      FaultKind = "error-after"         // 500 ServiceException; the call took effect
	Throttled       FaultKind = "throttled"           // TooManyRequestsException below the published rate
	Concurrent      FaultKind = "concurrent"          // ConcurrentModificationException
	PolicyChanges   FaultKind = "policy-changes"      // PolicyChangesInProgressException
	Finalizing      FaultKind = "finalizing"          // FinalizingOrganizationException: the organization is new
	QuotaExhausted  FaultKind = "quota-exhausted"     // no account more may be created
	Expired         FaultKind = "expired-credentials" // ExpiredTokenException
	SlowCreation    FaultKind = "slow-creation"       // an account takes longer
	FailedCreation  FaultKind = "failed-creation"     // an account is not created, for a FailureReason
	UnusableAccount FaultKind = "unusable-account"    // nobody can enter an account that is created
	StaleRead       FaultKind = "stale-read"          // an answer from before the last writes
	FlappingState   FaultKind = "flapping-state"      // a closed account shows as active now and then
)

// faultKind is what a kind needs and can hit.
type faultKind struct {
	hits    func(*call) bool
	refusal func(*call) error // instead of the answer; nil answers as AWS would
	after   bool              // the call takes effect all the same
	cut     bool              // nobody hears the answer
	lasts   bool              // For is needed
}

var faultKinds = map[FaultKind]faultKind{
	CutBefore:       {hits: anyCall, refusal: cutOff, cut: true},
	CutAfter:        {hits: anyCall, refusal: cutOff, cut: true, after: true},
	ErrorBefore:     {hits: anyCall, refusal: broken},
	ErrorAfter:      {hits: anyCall, refusal: broken, after: true},
	Throttled:       {hits: anyCall, refusal: tooFast},
	Concurrent:      {hits: declares("ConcurrentModificationException"), refusal: refused("ConcurrentModificationException")},
	PolicyChanges:   {hits: declares("PolicyChangesInProgressException"), refusal: refused("PolicyChangesInProgressException")},
	Finalizing:      {hits: declares("FinalizingOrganizationException"), refusal: refused("FinalizingOrganizationException")},
	QuotaExhausted:  {hits: isCreation, refusal: func(*call) error { return constraint("ACCOUNT_NUMBER_LIMIT_EXCEEDED", "") }},
	Expired:         {hits: anyCall, refusal: expiredToken},
	SlowCreation:    {hits: isCreation, lasts: true},
	FailedCreation:  {hits: isCreation},
	UnusableAccount: {hits: isCreation, lasts: true},
	StaleRead:       {hits: func(c *call) bool { return c.service != stsService && reads(c.operation) }, lasts: true},
	FlappingState:   {hits: func(c *call) bool { return c.operation == "CloseAccount" }, lasts: true},
}

func anyCall(*call) bool      { return true }
func isCreation(c *call) bool { return c.operation == "CreateAccount" }

// declares accepts the operations that may refuse in that way.
func declares(exception string) func(*call) bool {
	return func(c *call) bool {
		return c.service.model != nil && slices.Contains(c.service.model().Operations[c.operation].Errors, exception)
	}
}

func refused(exception string) func(*call) error {
	return func(*call) error { return refuse(exception) }
}

// errCut is a connection that ended before its answer.
var errCut = errors.New("connection reset by peer")

func cutOff(*call) error { return errCut }

func broken(c *call) error {
	code := "ServiceException"
	switch c.service {
	default:
		if c.wire != nil {
			code = "InternalFailure"
		}
	case stsService:
		code = "InternalFailure"
	case taggingService:
		code = "InternalServiceException"
	case accountService:
		code = "InternalServerException"
	}
	return &fault{status: http.StatusInternalServerError, code: code, message: "AWS couldn't complete your request because of an internal error. Try again later."}
}

func tooFast(c *call) error {
	return &fault{code: c.service.throttled, message: "Rate exceeded", throttled: true}
}

// Source: AWS general reference, "Common errors"; STS answers in its own words.
func expiredToken(c *call) error {
	f := &fault{code: "ExpiredTokenException", message: "The security token included in the request is expired"}
	if c.inXML() {
		f.code, f.status = "ExpiredToken", http.StatusForbidden
	}
	return f
}

// FaultKinds lists the kinds of fault.
func FaultKinds() []FaultKind {
	return []FaultKind{CutBefore, CutAfter, ErrorBefore, ErrorAfter, Throttled, Concurrent, PolicyChanges, Finalizing,
		QuotaExhausted, Expired, SlowCreation, FailedCreation, UnusableAccount, StaleRead, FlappingState}
}

// FailureReasons are the reasons for which AWS does not create an account.
//
// Source: API reference, CreateAccountStatus, FailureReason.
func FailureReasons() []string {
	return []string{
		"ACCOUNT_LIMIT_EXCEEDED", "EMAIL_ALREADY_EXISTS", "INVALID_ADDRESS", "INVALID_EMAIL", "CONCURRENT_ACCOUNT_MODIFICATION",
		"INTERNAL_FAILURE", "GOVCLOUD_ACCOUNT_ALREADY_EXISTS", "MISSING_BUSINESS_VALIDATION", "FAILED_BUSINESS_VALIDATION",
		"PENDING_BUSINESS_VALIDATION", "INVALID_IDENTITY_FOR_BUSINESS_VALIDATION", "UNKNOWN_BUSINESS_VALIDATION",
		"MISSING_PAYMENT_INSTRUMENT", "INVALID_PAYMENT_INSTRUMENT", "UPDATE_EXISTING_RESOURCE_POLICY_WITH_TAGS_NOT_SUPPORTED",
	}
}

// longest is the longest that a fault may last: longer than anybody tests.
const longest = 1000 * time.Hour

// check says what is wrong with a rule; nil if nothing is.
func (r FaultRule) check() error {
	k, known := faultKinds[r.Kind]
	_, badPattern := path.Match(r.Operation, "")
	switch {
	case !known:
		var names []string
		for _, k := range FaultKinds() {
			names = append(names, string(k))
		}
		return fmt.Errorf("kind %q: want one of %s", r.Kind, strings.Join(names, ", "))
	case !(r.Rate >= 0 && r.Rate <= 1):
		return fmt.Errorf("rate %v: want 0 to 1", r.Rate)
	case r.Rate == 0 && len(r.Calls) == 0:
		return errors.New("it never happens: give it a rate above 0, or calls")
	case slices.ContainsFunc(r.Calls, func(n int) bool { return n < 1 }):
		return fmt.Errorf("calls %v: the first call is 1", r.Calls)
	case r.For < 0 || r.For > longest:
		return fmt.Errorf("for %v: want 0 to %v", r.For, longest)
	case k.lasts && r.For == 0:
		return fmt.Errorf("a %s needs how long: for: 2m", r.Kind)
	case badPattern != nil || r.Operation != "" && !slices.ContainsFunc(services, func(s *service) bool { return s.hit(r, k) }):
		return fmt.Errorf("operation %q: no operation of that name can have a %s", r.Operation, r.Kind)
	case r.Reason != "" && (r.Kind != FailedCreation || !slices.Contains(FailureReasons(), r.Reason)):
		return fmt.Errorf("reason %q: want one of a %s: %s", r.Reason, FailedCreation, strings.Join(FailureReasons(), ", "))
	}
	return nil
}

// hit tells whether a rule can hit an operation of s.
func (s *service) hit(r FaultRule, k faultKind) bool {
	for name := range s.operations {
		if r.meets(&call{service: s, operation: name}, k) {
			return true
		}
	}
	return false
}

// meets tells whether a rule is about a call.
func (r FaultRule) meets(c *call, k faultKind) bool {
	if r.Operation != "" {
		if like, _ := path.Match(r.Operation, c.operation); !like {
			return false
		}
	}
	return k.hits(c)
}

func (f *Faults) check() error {
	if f == nil {
		return nil
	}
	for i, r := range f.Rules {
		if err := r.check(); err != nil {
			return fmt.Errorf("fault %d: %w", i+1, err)
		}
	}
	if !(f.Rate >= 0 && f.Rate <= 1) {
		return fmt.Errorf("rate %v: want 0 to 1", f.Rate)
	}
	for _, kind := range FaultKinds() {
		if d := f.Lasting[kind]; f.Rate > 0 && faultKinds[kind].lasts && (d <= 0 || d > longest) {
			return fmt.Errorf("a %s lasts %v: want more than 0, at most %v", kind, d, longest)
		}
	}
	return nil
}

// FaultsAt returns faults of every kind: over many calls the share rate of them
// meets one, whatever the operation and the profile. What lasts does so in
// proportion to the profile, so that it is over soon where all is.
func FaultsAt(rate float64, p Profile) *Faults {
	const least = 100 * time.Millisecond
	return &Faults{Rate: rate, Lasting: map[FaultKind]time.Duration{
		SlowCreation:    max(6*p.CreationMedian, least),
		UnusableAccount: max(4*p.CreationMedian, least),
		FlappingState:   max(p.Closing/2, least),
		StaleRead:       max(250*p.Read, least),
	}}
}
