package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"landlord/internal/clock"
	"landlord/org"
	"landlord/portfolio"
	"landlord/simaws"
	"landlord/simulate"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/cloud"
	"landlord/vend/execute"
	"landlord/vend/journal"
	"landlord/vend/plan"
)

// worldFlags are how an organization is reached.
type worldFlags struct {
	pace      string
	profile   string
	seed      uint64
	timeScale float64
	perHour   int                                                  // creations of accounts; 0 is landlord's own
	reads     bool                                                 // nothing will be changed
	took      func(writes bool, operation string, d time.Duration) // told of each call to AWS; may be nil
	invited   bool                                                 // invitations are read whatever the file says
	suspends  []string                                             // customers, by key, to whose account a policy is attached
}

// asks tells what else must be read of an organization for this portfolio.
func (f *worldFlags) asks(folio *portfolio.Portfolio) func(org.Organization) org.Questions {
	want := blueprint.From(folio)
	return func(seen org.Organization) org.Questions {
		q := want.Asks(seen)
		q.Invitations = q.Invitations || f.invited
		for _, key := range f.suspends {
			if a, err := plan.AccountOf(want, seen, key); err == nil && !slices.Contains(q.Slots, a.ID) {
				q.Slots = append(q.Slots, a.ID)
			}
		}
		return q
	}
}

func (p *program) worldFlags(c *cobra.Command) *worldFlags {
	f := &worldFlags{}
	p.dirFlag(c)
	c.Flags().StringVar(&f.pace, "pace", "aws", `"aws" keeps to AWS's rates; "off" is for endpoints without them, such as emulators`)
	c.Flags().StringVar(&f.profile, "profile", "typical", "latencies of the simulated AWS: instant, typical, reference, or a file")
	c.Flags().Uint64Var(&f.seed, "seed", 1, "random seed of the simulated AWS and of retries")
	_ = c.RegisterFlagCompletionFunc("pace", cobra.FixedCompletions([]string{"aws", "off"}, cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("profile", cobra.FixedCompletions(simaws.Profiles(), cobra.ShellCompDirectiveDefault))
	return f
}

// creationFlags are how fast accounts are created.
func (f *worldFlags) creationFlags(c *cobra.Command) {
	c.Flags().IntVar(&f.perHour, "creations-per-hour", 0, fmt.Sprintf("the most accounts that are created in an hour, by whomever; 0 is %d, or any number with --pace off", cloud.CreationsPerHour))
}

// hold are the rules with the most creations in an hour that the flags say.
func (f *worldFlags) hold(r execute.Rules) execute.Rules {
	if f.perHour > 0 {
		r.Most = map[string]execute.Most{creation: {Calls: f.perHour, In: time.Hour}}
	}
	return r
}

// localDir is the folder of what landlord keeps on this machine, unless another is
// named.
const localDir = ".landlord"

// dirFlag is the folder of what landlord keeps on this machine.
func (p *program) dirFlag(c *cobra.Command) {
	c.Flags().StringVar(&p.dir, "dir", env("LANDLORD_DIR", localDir), "where the simulated AWS, journals and locks are kept (LANDLORD_DIR)")
}

// world is an organization that landlord works on, and how.
type world interface {
	apply.World
	Now() time.Time // product time there
	AWS() *cloud.Client
	Manages() bool // the caller is in the management account
	Name() string  // what it is, for people
	Close() error
}

// check tells what is wrong with the flags, before anything is touched.
func (f *worldFlags) check() error {
	if f.pace != "aws" && f.pace != "off" {
		return fmt.Errorf("--pace %q: want aws or off", f.pace)
	}
	if !(f.timeScale >= 0) || math.IsInf(f.timeScale, 0) {
		return fmt.Errorf("--time-scale %v: want a positive number, or 0 for as fast as it goes", f.timeScale)
	}
	if f.perHour < 0 {
		return fmt.Errorf("--creations-per-hour %d: want a positive number, or 0 for landlord's own", f.perHour)
	}
	return nil
}

// open reaches the organization that the portfolio names.
func (p *program) open(ctx context.Context, folio *portfolio.Portfolio, f *worldFlags) (world, execute.Rules, error) {
	if err := f.check(); err != nil {
		return nil, execute.Rules{}, err
	}
	if folio.Organization.Target == "aws" {
		w, err := openAWS(ctx, folio, f)
		if err != nil {
			return nil, execute.Rules{}, err
		}
		w.keep = func(seen org.Organization) { p.keepLook(folio, w.Endpoint(), seen) }
		return w, f.hold(cloud.Rules(f.pace == "aws")), nil
	}
	w, err := p.openSimulated(folio, f)
	if err != nil {
		return nil, execute.Rules{}, err
	}
	return w, f.hold(w.Rules()), nil
}

// observe opens the organization that the portfolio names, and reads it. Whoever
// observes closes the world.
func (p *program) observe(ctx context.Context, folio *portfolio.Portfolio, f *worldFlags) (world, org.Organization, error) {
	w, _, err := p.open(ctx, folio, f)
	if err != nil {
		return nil, org.Organization{}, err
	}
	seen, err := w.Observe(ctx)
	if err == nil {
		err = owned(folio, seen)
	}
	if err != nil {
		return nil, seen, errors.Join(err, w.Close())
	}
	return w, seen, nil
}

// simulated is the simulated AWS of a folder.
type simulated struct{ *simulate.World }

func (s simulated) Now() time.Time     { return s.Clock.Now() }
func (s simulated) AWS() *cloud.Client { return s.Client() }
func (s simulated) Manages() bool      { return true }
func (s simulated) Name() string       { return "simulated" }

// state is the file that a simulated AWS is kept in, in the folder of --dir.
const state = "organization.jsonl"

func (p *program) openSimulated(folio *portfolio.Portfolio, f *worldFlags) (*simulated, error) {
	profile, err := profileNamed(f.profile)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(p.dir, state)
	if _, err := os.Stat(path); f.reads && errors.Is(err, fs.ErrNotExist) {
		path = "" // a look at an AWS that nobody began leaves nothing behind
	} else if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the simulated AWS: %w", err)
	}
	w, err := simulate.NewWorld(simaws.Config{
		Profile:           profile,
		Seed:              f.seed,
		ManagementAccount: string(folio.Organization.Management),
		Organization:      true,
		AccountIDs:        simulate.AccountIDs(folio),
		State:             path,
		Look:              f.reads,
	})
	if err != nil {
		if by, said := journal.FolderHolder(p.lockFile(folio, p.dir)); said && by.ID != os.Getpid() {
			err = fmt.Errorf("%w: %s", err, by)
		}
		return nil, fmt.Errorf("open the simulated AWS in %s: %w", p.dir, err)
	}
	w.Asks = f.asks(folio)
	if f.timeScale > 0 {
		w.Pace = func(d time.Duration) { time.Sleep(time.Duration(float64(d) / f.timeScale)) }
	}
	return &simulated{w}, nil
}

// real is an organization behind an AWS endpoint.
type real struct {
	*cloud.Client
	clock   clock.Clock
	manages bool
	caller  string                 // ARN
	keep    func(org.Organization) // told of each look; may be nil
}

func (r real) Observe(ctx context.Context) (org.Organization, error) {
	seen, err := r.Client.Observe(ctx)
	if err == nil && r.keep != nil {
		r.keep(seen)
	}
	return seen, err
}

func (r real) Now() time.Time     { return r.clock.Now() }
func (r real) AWS() *cloud.Client { return r.Client }
func (r real) Manages() bool      { return r.manages }
func (r real) Name() string       { return "AWS" }
func (r real) Close() error       { return nil }

func (r real) Execute(ctx context.Context, m *execute.Machine, watch func([]execute.Event)) error {
	return execute.Run(ctx, m, r.Client, r.clock, watch)
}

// How many reads are made at once: with AWS's rates two, since two long lists
// have a rate each; of an endpoint without them more, until an emulator gains
// nothing by it.
const (
	pacedReads   = 2
	unpacedReads = 16
)

// openAWS reaches AWS with the standard configuration, and refuses unless the
// caller is in the account that the file names.
func openAWS(ctx context.Context, folio *portfolio.Portfolio, f *worldFlags) (*real, error) {
	c := clock.Real()
	opt := cloud.Options{Clock: c, Paced: f.pace == "aws", Took: f.took, Asks: f.asks(folio)}
	opt.Parallel = pacedReads
	if !opt.Paced {
		opt.Parallel = unpacedReads
	}
	client, err := cloud.FromEnvironment(ctx, opt)
	if err != nil {
		return nil, err
	}
	caller, err := client.Caller(ctx)
	if err != nil {
		return nil, err
	}
	named := folio.Organization.Management // "" while there is no file
	if named != "" && caller.Account != named && !(f.reads && managed(ctx, client, folio)) {
		return nil, fmt.Errorf("the credentials are of account %s (%s), but %s names management account %s; nothing was read or changed", caller.Account, caller.ARN, folio.File, folio.Organization.Management)
	}
	return &real{Client: client, clock: c, manages: caller.Account == folio.Organization.Management, caller: caller.ARN}, nil
}

// managed tells whether the caller is in an organization that the file's account
// manages: a member may look where the organization's resource policy lets it.
func managed(ctx context.Context, c *cloud.Client, folio *portfolio.Portfolio) bool {
	by, err := c.ManagedBy(ctx)
	return err == nil && by == folio.Organization.Management
}

// owned refuses an organization that is managed from another account.
func owned(folio *portfolio.Portfolio, seen org.Organization) error {
	if seen.Exists() && seen.Management != folio.Organization.Management {
		return fmt.Errorf("organization %s is managed from account %s, not from %s that %s names; nothing was changed", seen.ID, seen.Management, folio.Organization.Management, folio.File)
	}
	return nil
}
