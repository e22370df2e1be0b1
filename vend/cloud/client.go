// Package cloud is the only place that talks to AWS: it observes an
// organization, performs one step, and tells who is calling. It decides
// nothing. The SDK client is the unmodified one; simaws, any other endpoint
// and AWS itself look the same to it.
package cloud

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"landlord/internal/clock"
	"landlord/internal/limits"
	"landlord/internal/pace"
	"landlord/org"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// region is where Organizations and its tags are served from.
const region = "us-east-1"

// timeout is how long one call may take: machine time, on the wall clock.
const timeout = 30 * time.Second

// Options are what a client does besides calling.
type Options struct {
	Clock clock.Clock // paces and waits between reads
	Paced bool        // keep reads to AWS's published rates
	// Parallel is how many reads may be made at once where many are alike; 0
	// makes one after the other. A paced client gains nothing by it.
	Parallel int
	// Took, if set, is told how long each call took: whether it writes, its
	// operation, the time on Clock.
	Took func(writes bool, operation string, d time.Duration)
	// Role is the name of the role through which members are entered; "" is
	// AccessRole.
	Role string
	// Asks, if set, tells what else Observe must read of what it has seen.
	Asks func(org.Organization) org.Questions
}

// Client calls AWS. It is safe for concurrent use.
type Client struct {
	org      *organizations.Client
	endpoint string // of org
	tags     *resourcegroupstaggingapi.Client
	sts      *sts.Client
	quotas   *servicequotas.Client
	account  *account.Client
	members  *members
	sign     signClients
	asks     func(org.Organization) org.Questions
	clock    clock.Clock
	paced    bool
	parallel int
	took     func(writes bool, operation string, d time.Duration)

	mu      sync.Mutex
	meters  map[string]*pace.Meter
	skew    time.Duration // AWS's clock minus ours
	calls   map[string]int
	refused map[string]int
}

// FromEnvironment returns a client with the standard AWS configuration:
// environment, shared files, profile, region, AWS_ENDPOINT_URL.
func FromEnvironment(ctx context.Context, opt Options) (*Client, error) {
	cfg, err := fromEnvironment(ctx)
	if err != nil {
		return nil, err
	}
	return newClient(cfg, opt), nil
}

// Endpoint is the URL at which the organization is asked for, "" if that cannot be
// told. It makes no call.
func (c *Client) Endpoint() string { return c.endpoint }

// endpointOf resolves the endpoint that calls with these options go to.
func endpointOf(o organizations.Options) string {
	at, err := o.EndpointResolverV2.ResolveEndpoint(context.Background(), organizations.EndpointParameters{Region: &o.Region, Endpoint: o.BaseEndpoint})
	if err != nil {
		return ""
	}
	return at.URI.String()
}

// newClient turns the SDK's own retries off: they sleep on the wall clock with
// unseeded jitter, and execute retries on ours.
func newClient(cfg aws.Config, opt Options, with ...func(*organizations.Options)) *Client {
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	c := &Client{
		clock: opt.Clock, paced: opt.Paced, parallel: opt.Parallel, took: opt.Took, asks: opt.Asks,
		meters: map[string]*pace.Meter{}, calls: map[string]int{}, refused: map[string]int{},
	}
	cfg.APIOptions = append(cfg.APIOptions, func(s *middleware.Stack) error {
		return s.Deserialize.Add(middleware.DeserializeMiddlewareFunc("ServerTime", c.serverTime), middleware.Before)
	})
	made := organizations.NewFromConfig(cfg, with...)
	c.org, c.endpoint = made, endpointOf(made.Options())
	c.tags = resourcegroupstaggingapi.NewFromConfig(cfg, func(o *resourcegroupstaggingapi.Options) { o.Region = region })
	c.sts = sts.NewFromConfig(cfg)
	c.quotas = servicequotas.NewFromConfig(cfg)
	c.account = account.NewFromConfig(cfg)
	c.sign = signClients{cfg: cfg}
	c.members = newMembers(cfg, opt, with != nil)
	return c
}

// serverTime keeps how far AWS's clock is from ours, by the Date of an answer,
// and AWS's id of the call for whoever asked for it.
func (c *Client) serverTime(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	if t, told := awsmiddleware.GetServerTime(metadata); told {
		c.mu.Lock()
		c.skew = t.Sub(c.clock.Now())
		c.mu.Unlock()
	}
	if keep, is := ctx.Value(requestKey{}).(*string); is {
		if id, told := awsmiddleware.GetRequestIDMetadata(metadata); told {
			*keep = id
		}
	}
	return out, metadata, err
}

// CreationsPerHour is how many accounts are created in an hour at most, whoever
// creates them, unless somebody says otherwise. AWS's own rate allows 363, so no
// sound run is held by it; a loop that replaces what fails was seen to add 469
// accounts to an organization before anybody looked.
//
// Source: openshift/aws-account-operator#1061.
const CreationsPerHour = 400

// Rules are the limits an executor keeps to with this client's steps.
func Rules(paced bool) execute.Rules {
	follow := execute.Async{
		Watch:   "ListCreateAccountStatus",
		Confirm: "DescribeCreateAccountStatus",
		Every:   2500 * time.Millisecond,
	}
	r := execute.Rules{
		Serial: map[string]bool{
			"EnablePolicyType": true, "CreatePolicy": true, "UpdatePolicy": true, "AttachPolicy": true, "DetachPolicy": true,
		},
		Once: map[string]bool{"CreateAccount": true},
	}
	if paced {
		follow.Slots = limits.CreationsInFlight
		r.Rate = limits.Of
		r.Most = map[string]execute.Most{"CreateAccount": {Calls: CreationsPerHour, In: time.Hour}}
		r.Margin = time.Second
	}
	closing := execute.Async{Confirm: "DescribeAccount", Every: time.Second}
	if paced {
		closing.Slots, closing.Every = limits.ClosingsAtOnce, 10*time.Second
	}
	making := execute.Async{Confirm: plan.LookPackStates.Operation(), Every: time.Second} // of accounts, which have a limit each
	if paced {
		making.Every = 15 * time.Second
	}
	r.Async = map[string]execute.Async{"CreateAccount": follow, "CloseAccount": closing, plan.PutPack.Operation(): making}
	maps.Copy(r.Async, signInAsync())
	return r
}

// Calls tells how many calls were made, and how many of those were throttled.
func (c *Client) Calls() (calls, throttled int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.calls {
		calls += n
	}
	for _, n := range c.refused {
		throttled += n
	}
	return calls, throttled
}

// Now is the present moment on AWS's clock, as its last answer told it.
func (c *Client) Now() time.Time { return c.clock.Now().Add(c.Skew()) }

// ours is a moment of AWS's clock on ours; zero if AWS did not tell it.
func (c *Client) ours(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.Add(-c.Skew())
}

// Skew is how far AWS's clock is ahead of ours, as its last answer told. An
// answer tells whole seconds only.
func (c *Client) Skew() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.skew
}

// method is an operation of an SDK client: its method, bound to the client.
type method[In, Out, Opt any] func(context.Context, *In, ...func(*Opt)) (*Out, error)

// once makes one call, counts it, and says what its error means.
func once[In, Out, Opt any](ctx context.Context, c *Client, operation string, f method[In, Out, Opt], in *In) (*Out, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if trace.SpanFromContext(ctx).IsRecording() { // what a run or a request does; what it says is left out
		var span trace.Span
		ctx, span = otel.Tracer("landlord/cloud").Start(ctx, "AWS "+operation, trace.WithSpanKind(trace.SpanKindClient))
		defer span.End()
	}
	began := c.clock.Now()
	out, err := f(ctx, in)
	err = meaning(operation, err)
	if c.took != nil && err == nil {
		c.took(permissionOf(operation).writes, operation, c.clock.Now().Sub(began))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[operation]++
	if errors.Is(err, execute.ErrThrottled) {
		c.refused[operation]++
	}
	return out, err
}

// How often a read is made before it fails: when AWS is busy, about half a
// minute; when it cannot be reached, three seconds; when the endpoint seems not to
// have the operation, once more.
const (
	busyTries     = 10
	unknownTries  = 5
	unservedTries = 2
)

// read makes a call that changes nothing: within AWS's rates, and again when
// AWS is busy or cannot be reached.
func read[In, Out, Opt any](ctx context.Context, c *Client, operation string, f method[In, Out, Opt], in *In) (*Out, error) {
	for try := 1; ; try++ {
		if err := c.wait(ctx, operation); err != nil {
			return nil, err
		}
		out, err := once(ctx, c, operation, f, in)
		tries := 1
		switch {
		case errors.Is(err, execute.ErrBusy), errors.Is(err, execute.ErrThrottled):
			tries = busyTries
		case errors.Is(err, errUnserved):
			tries = unservedTries
		case errors.Is(err, execute.ErrUnknown):
			tries = unknownTries
		}
		if try >= tries || ctx.Err() != nil {
			return out, err
		}
		if errors.Is(err, execute.ErrThrottled) {
			c.mu.Lock()
			c.meter(operation, visited(ctx)).Refused(c.clock.Now())
			c.mu.Unlock()
		}
		if err := c.clock.Sleep(ctx, min(100*time.Millisecond<<try, 10*time.Second)); err != nil {
			return nil, err
		}
	}
}

// wait returns when the operation may be called.
func (c *Client) wait(ctx context.Context, operation string) error {
	if !c.paced {
		return ctx.Err()
	}
	c.mu.Lock()
	now := c.clock.Now()
	meter := c.meter(operation, visited(ctx))
	at := meter.Earliest(now)
	meter.Take(at)
	c.mu.Unlock()
	if !at.After(now) {
		return ctx.Err()
	}
	return c.clock.Sleep(ctx, at.Sub(now))
}

// meter is the model of an operation's bucket, of which each calling account has
// one. c.mu is held.
func (c *Client) meter(operation string, by org.AccountID) *pace.Meter {
	rate := limits.Of(operation)
	if !rate.Account.Limited() {
		return &pace.Meter{}
	}
	name := rate.Shared + " " + string(by)
	if c.meters[name] == nil {
		c.meters[name] = pace.New(rate.Account, time.Second)
	}
	return c.meters[name]
}
