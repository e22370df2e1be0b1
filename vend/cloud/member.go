package cloud

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"landlord/org"
	"landlord/vend/execute"
)

// AccessRole is the role through which the management account enters a member,
// unless somebody says otherwise: AWS makes it with each account it creates.
//
// Source: Organizations API reference, CreateAccount, RoleName.
const AccessRole = "OrganizationAccountAccessRole"

// sessionName is what CloudTrail calls landlord in the accounts that it enters.
const sessionName = "landlord"

// renewal is how long before its end a session is replaced: longer than any call
// with it takes.
const renewal = 5 * time.Minute

// Member is an account as it is worked on in one region: with the credentials of
// its role, or the caller's own. It is safe for concurrent use, costs nothing to
// keep, and makes no call by itself.
type Member struct {
	c       *Client
	account org.AccountID // "" for the caller's own
	region  string
	*services
}

// services are the SDK's clients of one region, for all accounts: whose account a
// call is made in, its context tells.
type services struct {
	config     *configservice.Client
	cloudtrail *cloudtrail.Client
	iam        *iam.Client
	s3         *s3.Client
	questions  map[string]question
}

// In is a member account in a region. Its role is entered at the first call.
func (c *Client) In(account org.AccountID, region string) *Member {
	return &Member{c, account, region, c.members.at(region)}
}

// Own is the caller's own account in a region.
func (c *Client) Own(region string) *Member { return c.In("", region) }

// members are what all accounts that are entered have in common.
type members struct {
	cfg       aws.Config
	inProcess bool
	role      string

	mu       sync.Mutex
	services map[string]*services // by region
	sessions map[org.AccountID]*session
}

func newMembers(cfg aws.Config, opt Options, inProcess bool) *members {
	m := &members{cfg: cfg.Copy(), inProcess: inProcess, role: opt.Role, services: map[string]*services{}, sessions: map[org.AccountID]*session{}}
	if m.role == "" {
		m.role = AccessRole
	}
	m.cfg.Credentials = visitor{cfg.Credentials}
	return m
}

// at are the clients of a region. They are made once: ten thousand accounts are
// worked on in few regions.
func (m *members) at(region string) *services {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := m.services[region]; s != nil {
		return s
	}
	cfg := m.cfg.Copy()
	cfg.Region = region
	s := &services{
		config:     configservice.NewFromConfig(cfg),
		cloudtrail: cloudtrail.NewFromConfig(cfg),
		iam:        iam.NewFromConfig(cfg),
		s3:         newS3(cfg, m.inProcess),
		questions:  questions(cfg, m.inProcess),
	}
	m.services[region] = s
	return s
}

// newS3 is a client of S3. An endpoint of somebody's own seldom has a name for each
// bucket.
func newS3(cfg aws.Config, inProcess bool) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = o.BaseEndpoint != nil || inProcess
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})
}

// session is a member's credentials. They are fixed: the SDK would renew them by
// the wall clock.
type session struct {
	mu    sync.Mutex // held while it is renewed
	keys  aws.Credentials
	until time.Time // on our clock
}

// session is that of an account; a new one has ended.
func (m *members) session(account org.AccountID) *session {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.sessions[account]
	if s == nil {
		s = &session{}
		m.sessions[account] = s
	}
	return s
}

// Enter enters m's account, unless landlord is in it already: whoever works on
// many accounts does so first, since AWS paces it for all of them together.
func (m *Member) Enter(ctx context.Context) error {
	_, err := m.enter(ctx)
	return err
}

// enter returns a context in which calls are made in m's account, entering it
// anew if its session is about to end.
func (m *Member) enter(ctx context.Context) (context.Context, error) {
	if m.account == "" {
		return ctx, nil
	}
	s := m.c.members.session(m.account)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !m.c.clock.Now().Before(s.until.Add(-renewal)) {
		if err := m.c.assume(ctx, m.account, s); err != nil {
			return ctx, err
		}
	}
	return context.WithValue(ctx, visitKey{}, visit{m.account, s.keys}), nil
}

// assume begins a session.
func (c *Client) assume(ctx context.Context, account org.AccountID, s *session) error {
	role := "arn:" + partition(c.members.cfg.Region) + ":iam::" + string(account) + ":role/" + c.members.role
	out, err := read(ctx, c, "AssumeRole", c.sts.AssumeRole, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String(sessionName)})
	switch {
	case code(err) == "AccessDenied": // also while the role of a new account is not known everywhere yet
		return fmt.Errorf("%w: landlord cannot enter account %s through the role %s: is there such a role, and does it trust the management account? %w", execute.ErrNotYet, account, c.members.role, err)
	case err != nil:
		return fmt.Errorf("enter account %s through the role %s: %w", account, c.members.role, err)
	case out.Credentials == nil:
		return missing("AssumeRole", "credentials")
	}
	s.keys = aws.Credentials{
		AccessKeyID: aws.ToString(out.Credentials.AccessKeyId), SecretAccessKey: aws.ToString(out.Credentials.SecretAccessKey),
		SessionToken: aws.ToString(out.Credentials.SessionToken), Source: "AssumeRole",
	}
	s.until = c.ours(out.Credentials.Expiration)
	return nil
}

// partition is the part of AWS that a region is in.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	}
	return "aws"
}

// inside makes one call in m's account, counts it, and says what its error means.
// operation is as in the table memberPermissions.
func inside[In, Out, Opt any](ctx context.Context, m *Member, operation string, f method[In, Out, Opt], in *In) (*Out, error) {
	return visiting(ctx, m, func(ctx context.Context) (*Out, error) { return once(ctx, m.c, operation, f, in) })
}

// readInside makes a call in m's account that changes nothing: within AWS's rates,
// and again when AWS is busy or cannot be reached.
func readInside[In, Out, Opt any](ctx context.Context, m *Member, operation string, f method[In, Out, Opt], in *In) (*Out, error) {
	return visiting(ctx, m, func(ctx context.Context) (*Out, error) { return read(ctx, m.c, operation, f, in) })
}

// visiting makes a call in m's account, and once more in a new session if AWS
// knows the old one no more.
func visiting[Out any](ctx context.Context, m *Member, call func(context.Context) (*Out, error)) (*Out, error) {
	for try := 1; ; try++ {
		there, err := m.enter(ctx)
		if err != nil {
			return nil, err
		}
		out, err := call(there)
		if !ended[code(err)] || try > 1 || m.account == "" {
			return out, err
		}
		s := m.c.members.session(m.account)
		s.mu.Lock()
		s.until = time.Time{}
		s.mu.Unlock()
	}
}

// visit is the account that a call is made in, and with what.
type visit struct {
	account org.AccountID
	keys    aws.Credentials
}

// visitKey finds a visit in a context.
type visitKey struct{}

// visited is the member account that a call is made in, "" for the caller's own.
func visited(ctx context.Context) org.AccountID {
	v, _ := ctx.Value(visitKey{}).(visit)
	return v.account
}

// visitor gives a call the credentials of the account that it is made in.
type visitor struct{ own aws.CredentialsProvider }

// Retrieve implements aws.CredentialsProvider.
func (v visitor) Retrieve(ctx context.Context) (aws.Credentials, error) {
	if in, is := ctx.Value(visitKey{}).(visit); is {
		return in.keys, nil
	}
	if v.own == nil {
		return aws.Credentials{}, &CredentialsError{None: true}
	}
	return v.own.Retrieve(ctx)
}
