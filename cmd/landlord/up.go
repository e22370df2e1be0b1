package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"landlord/portfolio"
	"landlord/service/control"
	"landlord/service/store"
	"landlord/simaws"
)

// upFlags are the settings of `landlord up`.
type upFlags struct {
	listen      string
	yes         bool
	once        bool
	operator    string
	check       time.Duration
	scan        time.Duration
	lock        bool
	quotas      string
	profile     string
	oidc        string
	connections int
	mail        mailFlags
	desk        deskFlags
	database    databaseFlags
}

func (p *program) upCommand() *cobra.Command {
	f := &upFlags{}
	c := &cobra.Command{
		Use:   "up [FILE]",
		Short: "Run the whole house on this machine",
		Long: `up starts everything on this machine with nothing prepared: a PostgreSQL of its own
(or the one that DATABASE_URL names), a simulated AWS in the process (or the AWS that
the file names), and the console on a loopback address. The portfolio is loaded,
applied and verified as a run, and a link is printed that signs its first operator
in, once.

All that it keeps is in the folder of --dir. Ctrl-C stops everything; after that, or
after a kill, the next up goes on from there. The simulated AWS is a twentieth as
slow as AWS; everything else takes the time it takes. A real AWS is asked about
first.`,
		Example: `  landlord up -f examples/five-customers.yaml
  landlord up -f examples/five-customers.yaml --once   # look at the console's page, and end`,
	}
	p.portfolioFlags(c)
	p.dirFlag(c)
	c.Flags().StringVar(&f.listen, "listen", "127.0.0.1:8600", "address of the console; port 0 takes a free one")
	c.Flags().BoolVar(&f.yes, "yes", false, "do not ask")
	c.Flags().BoolVar(&f.once, "once", false, "end when the portfolio is applied and the console has shown it: exit 0, or 1")
	c.Flags().StringVar(&f.operator, "operator", "owner@localhost.localdomain", "the address of the first operator")
	c.Flags().DurationVar(&f.check, "check", 15*time.Minute, "how often the organization is looked at for drift (organization.drift says what is done about it); 0 is never")
	scanFlag(c, &f.scan)
	c.Flags().BoolVar(&f.lock, "lock", true, "aws: hold the organization's lock while a run changes it; nothing is unsafe without it")
	c.Flags().StringVar(&f.profile, "profile", briskName, "latencies of the simulated AWS: brisk, instant, typical, reference, or a file")
	_ = c.RegisterFlagCompletionFunc("profile", cobra.FixedCompletions(append([]string{briskName}, simaws.Profiles()...), cobra.ShellCompDirectiveDefault))
	connectionsFlag(c, &f.connections)
	quotasFlag(c, &f.quotas)
	oidcFlag(c, &f.oidc)
	f.mail.add(c)
	f.desk.add(c)
	f.database.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		folio, err := p.load(args)
		if err != nil {
			return err
		}
		return p.up(c.Context(), folio, f)
	}
	return c
}

// up runs the house until ctx ends.
func (p *program) up(ctx context.Context, folio *portfolio.Portfolio, f *upFlags) (err error) {
	began := time.Now()
	profile := brisk()
	if f.profile != briskName {
		if profile, err = profileNamed(f.profile); err != nil {
			return fmt.Errorf("%w; or %s, up's own", err, briskName)
		}
	}
	if err := operatorAddress(f.operator); err != nil {
		return fmt.Errorf("--operator: %w", err)
	}
	if f.check < 0 {
		return fmt.Errorf("--check %s: want 0 or more", f.check)
	}
	if f.scan < 0 {
		return fmt.Errorf("--scan %s: want 0 or more", f.scan)
	}
	if err := errors.Join(checkConnections(f.connections), f.desk.check()); err != nil {
		return err
	}
	quotas, err := quotasNamed(f.quotas)
	if err != nil {
		return err
	}
	providers, err := identityProviders(f.oidc)
	if err != nil {
		return err
	}
	simulated := folio.Organization.Target != portfolio.AWS
	if !simulated && !f.yes {
		if !isTerminal(p.stdin) {
			return errors.New("up applies the portfolio to AWS, and there is no terminal to ask on: look at `landlord plan`, then start it with --yes")
		}
		fmt.Fprintf(p.stdout, "The house applies %s to AWS, management account %s, now and whenever it is changed. Only \"yes\" is accepted: ", folio.File, folio.Organization.Management)
		if err := typed(ctx, bufio.NewReader(p.stdin), "yes"); err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", f.listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w. --listen 127.0.0.1:0 takes a free port", f.listen, err)
	}
	defer listener.Close()
	h := &house{p: p, log: slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: slog.LevelWarn})), listener: listener, check: f.check, scan: f.scan, works: true, locks: f.lock, quotas: quotas, beside: filepath.Dir(folio.File), world: &worldFlags{pace: "aws", profile: f.profile, seed: 1}, latencies: profile, sealKey: filepath.Join(p.dir, sealKeyName), heads: slog.New(slog.NewTextHandler(p.stderr, nil)), command: "up", name: folio.Provider.Name, oidc: providers}
	h.listener = bounded(listener, f.connections, nil, h.log)
	host, _, _ := net.SplitHostPort(f.listen)
	h.shows = loopback(host)
	h.base = &url.URL{Scheme: "http", Host: listener.Addr().String()}
	if h.mail, err = f.mail.sender(); err != nil {
		return err
	}
	h.deskFlags, h.mailFrom = f.desk, cmp.Or(f.mail.from, strings.ReplaceAll(folio.Provider.AccountEmail, "{customer}", "x"))
	defer func() { err = errors.Join(err, h.close()) }()
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return fmt.Errorf("make the folder of the house: %w", err)
	}
	if err := h.openDatabase(ctx, f.database, p.dir); err != nil {
		return err
	}
	if simulated {
		if !profile.Throttle {
			h.world.pace = "off"
		}
		if err := h.openSimulated(ctx, folio, profile); err != nil {
			return err
		}
	}
	if err := h.open(ctx); err != nil {
		return err
	}
	first, err := h.operator(ctx, f.operator, "owner", func(store.Person) error { return nil })
	if err != nil {
		return err
	}
	link, err := h.pages.Link(ctx, store.Who{ID: first.ID}, "")
	if err != nil {
		return err
	}
	run, version, err := h.takeFile(ctx, folio)
	if err != nil {
		return err
	}
	wanted, file := folio, folio.File
	if version.stays != "" {
		if wanted, err = portfolio.Parse(fmt.Sprintf("version %d", version.number), []byte(version.stays)); err != nil {
			return err
		}
		file = "as changed in the house"
	}
	w := p.stdout
	fmt.Fprintf(w, "Database:  %s\n", h.databaseName)
	fmt.Fprintf(w, "AWS:       %s\n", h.awsName(folio))
	fmt.Fprintf(w, "Portfolio: %s, %s, version %d\n", file, count(len(wanted.Customers), "customer"), version.number)
	fmt.Fprintf(w, "Console:   %s\n", h.base)
	if h.mailIn != "" {
		fmt.Fprintf(w, "Mail:      to %s, at %s\n", h.desk.Address, h.mailIn)
	}
	fmt.Fprintf(w, "Sign in:   %s\n           once, within 15 minutes, as %s\n", link, f.operator)
	return h.work(ctx, func(ctx context.Context) error {
		if err := h.tellWhere(); err != nil {
			return err
		}
		fmt.Fprintf(w, "\nThe console answers %.1f s after the start. Ctrl-C stops everything; the next up goes on from there.\n\n", time.Since(began).Seconds())
		if err := h.follow(ctx, w, run); err != nil {
			return err
		}
		if f.once {
			return h.lookOnce(ctx, w, wanted, link)
		}
		<-ctx.Done()
		return nil
	})
}

// taken is what the file was when it was last the house's portfolio. What the house
// made of it since is the house's, however often up starts.
type taken struct {
	Digest  string `json:"digest"`  // SHA-256 of its text
	Version int64  `json:"version"` // that it became
}

// inForce is the version of the portfolio that up goes by.
type inForce struct {
	number int64
	stays  string // its text, where it is the house's and not the file
}

// takenSetting keeps a taken.
const takenSetting = "up.file"

// takeFile makes the file the portfolio, unless the house has it already or has
// gone on from it since, and asks for the run that applies or checks it.
func (h *house) takeFile(ctx context.Context, folio *portfolio.Portfolio) (run string, version inForce, err error) {
	text, err := os.ReadFile(folio.File)
	if err != nil {
		return "", version, err
	}
	sum := sha256.Sum256(text)
	digest := hex.EncodeToString(sum[:])
	by := control.By{Kind: "system", Name: "landlord up", Source: "this machine"}
	var last taken
	var latest store.Portfolio
	var open []store.Run
	err = h.store.Operator(ctx, func(tx store.Tx) error {
		if err := tx.Setting(ctx, takenSetting, &last); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if latest, err = tx.LatestPortfolio(ctx); errors.Is(err, store.ErrNotFound) {
			return nil
		} else if err != nil {
			return err
		}
		open, err = tx.OpenRuns(ctx, store.RunApply)
		return err
	})
	if err != nil {
		return "", version, err
	}
	switch {
	case latest.Text == string(text) && len(open) > 0 && open[len(open)-1].Portfolio == latest.Version:
		return open[len(open)-1].ID, inForce{number: latest.Version}, nil // it was left in the middle, and goes on
	case latest.Text == string(text):
		version.number = latest.Version
		run, err = h.control.Begin(ctx, store.RunApply, "", by)
	case latest.Version > last.Version && digest != last.Digest && last.Version > 0:
		return "", version, fmt.Errorf("%s and the house's portfolio have both changed since version %d: the house has version %d by %s. `landlord pull` writes that one back; put your change into it. Nothing was changed", folio.File, last.Version, latest.Version, latest.Author)
	case latest.Version > last.Version:
		fmt.Fprintf(h.p.stderr, "landlord: the portfolio was changed in the house since %s was loaded: version %d by %s is in force. `landlord pull` writes it back\n", folio.File, latest.Version, latest.Author)
		run, err = h.control.Begin(ctx, store.RunApply, "", by)
		return run, inForce{latest.Version, latest.Text}, err
	default:
		version.number, run, err = h.control.Push(ctx, control.Change{Text: string(text), Base: latest.Version, Note: "from " + filepath.Base(folio.File), By: by})
	}
	if err != nil {
		return "", version, err
	}
	return run, version, h.store.Operator(ctx, func(tx store.Tx) error {
		return tx.PutSetting(ctx, takenSetting, taken{digest, version.number})
	})
}

// follow tells how a run goes, a line for each customer whose account is there,
// and what it comes to.
func (h *house) follow(ctx context.Context, w io.Writer, run string) error {
	tries, waits, queued := 0, false, ""
	for p, err := range h.control.WatchSteps(ctx, run) {
		if err != nil {
			return err
		}
		if p.Run.Tries > tries {
			fmt.Fprintf(w, "  AWS cannot be looked at: %s. The run waits and tries again.\n", clean(p.Run.Summary))
		}
		tries = p.Run.Tries
		if r := p.Run; r.State == store.RunWaiting && tries == 0 && r.Summary != queued {
			fmt.Fprintf(w, "  %s. The run waits for that.\n", clean(r.Summary))
			queued = r.Summary
		}
		if p.Run.State == store.RunRunning && p.Run.Next != nil && !waits {
			fmt.Fprintf(w, "  It waits, and is tried again: %s.\n", clean(p.Run.Summary))
		}
		waits = p.Run.Next != nil
		for _, s := range p.Changed {
			switch {
			case s.State == store.StepDone && s.Customer != "" && s.Kind == "create-account":
				fmt.Fprintf(w, "  %-12s account created\n", s.Customer)
			case s.State == store.StepFailed:
				fmt.Fprintf(w, "  ✗ %s %s: %s\n", s.Kind, s.What, clean(s.Error))
			}
		}
		if r := p.Run; r.Over() {
			took := r.Ended.Sub(r.AskedAt).Round(100 * time.Millisecond)
			fmt.Fprintf(w, "Run %s: %s after %s. %s.\n", r.ID, r.State, took, clean(r.Summary))
			if r.State != store.RunDone || r.ChecksFailed != nil && *r.ChecksFailed > 0 {
				h.failed = true
			}
		}
	}
	return nil
}

// running is what the folder says of the house that runs in it.
type running struct {
	Console string `json:"console"` // its address
	Process int    `json:"process"`
}

// houseFile is where it says so; gone when the house has stopped.
const houseFile = "house.json"

// tellWhere writes down where the console is, for other commands.
func (h *house) tellWhere() error {
	text, err := json.Marshal(running{h.base.String(), os.Getpid()})
	if err != nil {
		return err
	}
	path := filepath.Join(h.p.dir, houseFile)
	h.later(func() error {
		_ = os.Remove(path) // a kill leaves it too
		return nil
	})
	return writeWhole(path, append(text, '\n'), 0o600)
}

// consoleOf is the address of the console of a folder's house; "" if none says.
func consoleOf(dir string) string {
	var r running
	text, err := os.ReadFile(filepath.Join(dir, houseFile))
	if err != nil || json.Unmarshal(text, &r) != nil {
		return ""
	}
	return r.Console
}
