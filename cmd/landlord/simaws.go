package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"landlord/internal/clock"
	"landlord/internal/limits"
	"landlord/org"
	"landlord/simaws"
)

// simawsFlags are the settings of `landlord simaws`.
type simawsFlags struct {
	listen         string
	profile        string
	seed           uint64
	state          string
	management     string
	email          string
	organization   bool
	quota          int
	quotas         string
	quotaDelay     time.Duration
	identityRegion string
	outside        []string
	timeScale      float64
	callers        []string
	faults         string
}

func (p *program) simawsCommand() *cobra.Command {
	f := &simawsFlags{}
	c := &cobra.Command{
		Use:   "simaws",
		Short: "Serve a simulated AWS on a port",
		Long: `simaws serves AWS Organizations, Account Management, STS, IAM Identity Center and
Service Quotas, and in each account AWS Config, CloudTrail, IAM, S3, EC2, RDS and
more, with things in them to assess, over AWS's own wire protocols and with AWS's
limits, so that the aws command, an SDK or landlord itself can be tried without
an AWS account.

Any access key is the management account's administrator, except one that is an
account's id (that account's administrator), those of sessions, which begin with
ASIA, and those of --caller. GET /_simaws/metrics tells calls and throttles by operation,
and faults by kind; GET /_simaws/mail the codes that AWS would have e-mailed;
POST /_simaws/reset goes back to the beginning. More in docs/simaws.md.

With --faults things go wrong as they do in AWS: connections are cut before and
after a call took effect, creations are slow or fail, reads lag behind writes,
credentials expire. A number is how often, of 15 kinds; a file says which, when
and how long (docs/soak.md). The same --seed and calls meet the same faults.`,
		Example: `  landlord simaws --listen 127.0.0.1:4599 --profile instant
  aws --endpoint-url http://127.0.0.1:4599 organizations create-organization
  AWS_ENDPOINT_URL=http://127.0.0.1:4599 landlord plan -f portfolio.yaml --target aws`,
		Args: noArguments("See `landlord simaws --help`"),
		RunE: func(c *cobra.Command, _ []string) error { return p.serveSimAWS(c.Context(), f) },
	}
	c.Flags().StringVar(&f.listen, "listen", "127.0.0.1:4599", "address to listen on; loopback unless told otherwise")
	c.Flags().StringVar(&f.profile, "profile", "typical", "latencies: instant, typical, reference, or a file")
	c.Flags().Uint64Var(&f.seed, "seed", 1, "random seed: ids and latencies follow from it")
	c.Flags().StringVar(&f.state, "state", "", "keep everything in this file; a kill loses nothing that was answered")
	c.Flags().StringVar(&f.management, "management-account", "111122223333", "the management account's id")
	c.Flags().StringVar(&f.email, "management-email", "management@simaws.example", "its root address")
	c.Flags().BoolVar(&f.organization, "organization", false, "start with an organization, all features enabled")
	c.Flags().IntVar(&f.quota, "account-quota", limits.AccountsGranted, "accounts that the organization may have")
	c.Flags().StringVar(&f.quotas, "quotas", limits.Present().Name, "AWS's other quotas, as of: "+strings.Join(limits.QuotaNames(), ", "))
	c.Flags().StringVar(&f.identityRegion, "identity-region", "us-east-1", "where the organization's IAM Identity Center is")
	c.Flags().DurationVar(&f.quotaDelay, "quota-delay", 0, "how long a requested quota increase takes to be granted")
	c.Flags().StringArrayVar(&f.outside, "outside", nil, "ID=EMAIL[=NAME]: an account outside the organization, to invite")
	_ = c.RegisterFlagCompletionFunc("quotas", cobra.FixedCompletions(limits.QuotaNames(), cobra.ShellCompDirectiveNoFileComp))
	c.Flags().Float64Var(&f.timeScale, "time-scale", 1, "how much faster than the wall's its clock runs")
	c.Flags().StringArrayVar(&f.callers, "caller", nil, "ACCESS_KEY=POLICY.json: this key may do only what the IAM policy allows")
	c.Flags().StringVar(&f.faults, "faults", "", "what goes wrong: how often, 0 to 1, or a file of rules")
	_ = c.RegisterFlagCompletionFunc("profile", cobra.FixedCompletions(simaws.Profiles(), cobra.ShellCompDirectiveDefault))
	return c
}

func (p *program) serveSimAWS(ctx context.Context, f *simawsFlags) error {
	profile, err := profileNamed(f.profile)
	if err != nil {
		return err
	}
	if !org.AccountID(f.management).Valid() {
		return fmt.Errorf("--management-account %q: want 12 digits", f.management)
	}
	if at := strings.IndexByte(f.email, '@'); at < 1 || !strings.Contains(f.email[at:], ".") || len(f.email) > limits.EmailLength {
		return fmt.Errorf("--management-email %q: want an address, at most %d characters", f.email, limits.EmailLength)
	}
	if !(f.timeScale > 0) || math.IsInf(f.timeScale, 0) {
		return fmt.Errorf("--time-scale %v: want a positive number", f.timeScale)
	}
	if f.quota < 1 || f.quota > limits.AccountsGranted {
		return fmt.Errorf("--account-quota %d: want 1 to %d, the most that AWS grants", f.quota, limits.AccountsGranted)
	}
	quotas, known := limits.QuotasNamed(f.quotas)
	if !known {
		return fmt.Errorf("--quotas %q: want one of %s", f.quotas, strings.Join(limits.QuotaNames(), ", "))
	}
	callers, err := readCallers(f.callers)
	if err != nil {
		return err
	}
	outside, err := readOutside(f.outside)
	if err != nil {
		return err
	}
	faults, err := readFaults(f.faults, profile)
	if err != nil {
		return err
	}
	server, err := simaws.New(simaws.Config{
		Profile: profile, Seed: f.seed, Clock: clock.Scaled(time.Now(), f.timeScale),
		ManagementAccount: f.management, ManagementEmail: f.email, Organization: f.organization,
		AccountQuota: f.quota, Quotas: quotas, QuotaDelay: f.quotaDelay, IdentityRegion: f.identityRegion, Outside: outside, Callers: callers, State: f.state,
		Faults: faults,
	})
	if err != nil {
		return err
	}
	defer server.Close()
	listener, err := net.Listen("tcp", f.listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", f.listen, err)
	}
	fmt.Fprintf(p.stdout, "simaws: http://%s, management account %s, profile %s, seed %d. Ctrl-C ends it.\n", listener.Addr(), f.management, profile.Name, f.seed)
	h := &http.Server{
		Handler: server, MaxHeaderBytes: 64 << 10, // a request says little in its headers
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, // nobody holds a connection by saying nothing
	}
	stopped := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if err := h.Shutdown(grace); err != nil {
			h.Close()
		}
	})
	defer stopped()
	if err := h.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// readFaults reads a rate, of faults that fit a profile, or a file of faults; ""
// is none.
func readFaults(setting string, profile simaws.Profile) (*simaws.Faults, error) {
	if setting == "" {
		return nil, nil
	}
	if rate, err := strconv.ParseFloat(setting, 64); err == nil {
		if !(rate >= 0 && rate <= 1) {
			return nil, fmt.Errorf("--faults %s: want a rate from 0 to 1, or a file of rules", setting)
		}
		if rate == 0 {
			return nil, nil
		}
		return simaws.FaultsAt(rate, profile), nil
	}
	text, err := os.ReadFile(setting)
	if err != nil {
		return nil, fmt.Errorf("--faults: neither a rate from 0 to 1 nor a file: %w", err)
	}
	return simaws.ParseFaults(setting, text)
}

// readCallers reads ACCESS_KEY=FILE settings.
func readCallers(settings []string) (map[string]string, error) {
	callers := map[string]string{}
	for _, s := range settings {
		key, file, found := strings.Cut(s, "=")
		if !found || key == "" || file == "" {
			return nil, fmt.Errorf("--caller %q: want ACCESS_KEY=POLICY.json", s)
		}
		policy, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("--caller %s: %w", key, err)
		}
		callers[key] = string(policy)
	}
	return callers, nil
}

// readOutside reads ID=EMAIL[=NAME] settings.
func readOutside(settings []string) ([]simaws.OutsideAccount, error) {
	var accounts []simaws.OutsideAccount
	for _, s := range settings {
		id, rest, _ := strings.Cut(s, "=")
		email, name, _ := strings.Cut(rest, "=")
		if !org.AccountID(id).Valid() || !strings.Contains(email, "@") {
			return nil, fmt.Errorf("--outside %q: want ID=EMAIL or ID=EMAIL=NAME, the id with 12 digits", s)
		}
		if name == "" {
			name = email
		}
		accounts = append(accounts, simaws.OutsideAccount{ID: id, Email: email, Name: name})
	}
	return accounts, nil
}
