package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"time"

	"github.com/spf13/cobra"
)

// serveFlags are the settings of `landlord serve`.
type serveFlags struct {
	listen      string
	base        string
	cert, key   string
	proxies     []string
	house       string
	sealKey     string
	oidc        string
	connections int
	portalOnly  bool
	works       bool
	lock        bool
	quotas      string
	check       time.Duration
	scan        time.Duration
	logLevel    string
	mail        mailFlags
	desk        deskFlags
	database    databaseFlags
	world       worldFlags
}

func (p *program) serveCommand() *cobra.Command {
	f := &serveFlags{}
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve the console, the portal and the API, and carry out runs",
		Long: `serve is the house in production: any number of replicas on one database, behind a
proxy or with TLS of their own. What is asked for is carried out by whichever
replica is free; one that is killed loses nothing, another goes on from what AWS
holds. SIGTERM stops it: nothing new begins, calls in flight end.

The database's schema and roles must be there: ` + "`landlord db migrate`" + `. It is refused if
anything in it is unprotected. The portfolio comes with ` + "`landlord push`" + `.

/healthz, /readyz, /metrics and /openapi.json need no sign-in. Logs are JSON on
standard error. OTEL_EXPORTER_OTLP_ENDPOINT has traces sent. With --portal-only it
serves customers alone and needs no operator's login to the database.`,
		Example: `  DATABASE_URL=postgres://db.example/landlord landlord serve --listen :8443 --base https://landlord.example --tls-cert cert.pem --tls-key key.pem --audit-key /etc/landlord/audit.key
  landlord serve --listen 10.0.0.5:8600 --base https://landlord.example --trust-proxy 10.0.0.0/24 --audit-key /etc/landlord/audit.key`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.serve(c.Context(), f) },
	}
	c.Flags().StringVar(&f.listen, "listen", env("LANDLORD_LISTEN", "127.0.0.1:8600"), "address to listen on (LANDLORD_LISTEN)")
	c.Flags().StringVar(&f.base, "base", os.Getenv("LANDLORD_BASE"), "the address that people type; the address listened on, if left out (LANDLORD_BASE)")
	c.Flags().StringVar(&f.cert, "tls-cert", os.Getenv("LANDLORD_TLS_CERT"), "certificate, PEM (LANDLORD_TLS_CERT)")
	c.Flags().StringVar(&f.key, "tls-key", os.Getenv("LANDLORD_TLS_KEY"), "its key, PEM (LANDLORD_TLS_KEY)")
	c.Flags().StringSliceVar(&f.proxies, "trust-proxy", nil, "networks whose X-Forwarded-For is believed: 10.0.0.0/24")
	connectionsFlag(c, &f.connections)
	c.Flags().StringVar(&f.house, "house", env("LANDLORD_HOUSE", "landlord"), "who runs it, as people read it (LANDLORD_HOUSE)")
	c.Flags().StringVar(&f.sealKey, "audit-key", os.Getenv("LANDLORD_AUDIT_KEY"), "the file of the audit log's key, the same on every replica, made if the log has no seal yet; \"none\" leaves the log unsealed (LANDLORD_AUDIT_KEY)")
	c.Flags().BoolVar(&f.portalOnly, "portal-only", false, "serve customers alone, without the operator's login")
	c.Flags().BoolVar(&f.works, "work", true, "carry out runs too, beside serving pages")
	c.Flags().BoolVar(&f.lock, "lock", true, "hold the organization's lock while a run changes it, which `landlord apply` takes too; nothing is unsafe without it")
	c.Flags().StringVar(&p.dir, "dir", env("LANDLORD_DIR", localDir), "folder of that lock, where organization.lock names none (LANDLORD_DIR)")
	c.Flags().DurationVar(&f.check, "check", time.Hour, "how often the organization is looked at for drift (organization.drift says what is done about it); 0 is never")
	scanFlag(c, &f.scan)
	c.Flags().StringVar(&f.logLevel, "log-level", env("LANDLORD_LOG_LEVEL", "info"), "debug, info, warn or error (LANDLORD_LOG_LEVEL)")
	c.Flags().StringVar(&f.world.pace, "pace", "aws", `"aws" keeps to AWS's rates; "off" is for endpoints without them, such as emulators`)
	_ = c.RegisterFlagCompletionFunc("pace", cobra.FixedCompletions([]string{"aws", "off"}, cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("log-level", cobra.FixedCompletions([]string{"debug", "info", "warn", "error"}, cobra.ShellCompDirectiveNoFileComp))
	oidcFlag(c, &f.oidc)
	f.mail.add(c)
	f.desk.add(c)
	f.database.add(c)
	f.world.creationFlags(c)
	quotasFlag(c, &f.quotas)
	return c
}

// unsealed is what --audit-key says in the place of a file.
const unsealed = "none"

// env is a variable of the environment, or what counts without it.
func env(name, without string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return without
}

// serve runs one replica until ctx ends.
func (p *program) serve(ctx context.Context, f *serveFlags) (err error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.logLevel)); err != nil {
		return fmt.Errorf("--log-level %q: want debug, info, warn or error", f.logLevel)
	}
	switch {
	case f.database.url == "":
		return errors.New("serve needs a database: DATABASE_URL=postgres://HOST/DATABASE. `landlord up` brings its own")
	case f.sealKey == "" && !f.portalOnly:
		return errors.New("serve needs a key to seal the audit log with: --audit-key FILE, the same on every replica, kept apart from the database; it is made if the log has no seal yet. --audit-key none leaves the log unsealed, and a change of it unseen")
	case (f.cert == "") != (f.key == ""):
		return errors.New("--tls-cert and --tls-key go together")
	case f.check < 0:
		return fmt.Errorf("--check %s: want 0 or more", f.check)
	case f.scan < 0:
		return fmt.Errorf("--scan %s: want 0 or more", f.scan)
	}
	quotas, err := quotasNamed(f.quotas)
	if err := errors.Join(err, checkConnections(f.connections), f.world.check(), f.desk.check()); err != nil {
		return err
	}
	logs := slog.NewJSONHandler(p.stderr, &slog.HandlerOptions{Level: level})
	h := &house{p: p, log: slog.New(logs), check: f.check, scan: f.scan, works: f.works && !f.portalOnly, locks: f.lock, quotas: quotas, portalOnly: f.portalOnly, world: &f.world, command: "serve", name: f.house}
	defer func() { err = errors.Join(err, h.close()) }()
	if f.sealKey != unsealed {
		h.sealKey = f.sealKey
	}
	if h.proxies, err = networks("--trust-proxy", f.proxies); err != nil {
		return err
	}
	if h.oidc, err = identityProviders(f.oidc); err != nil {
		return err
	}
	if h.mail, err = f.mail.sender(); err != nil {
		return err
	}
	h.deskFlags, h.mailFrom = f.desk, f.mail.from
	sent, err := traces(ctx)
	if err != nil {
		return err
	}
	h.later(sent)
	if h.logins, err = f.database.logins(f.portalOnly); err != nil {
		return err
	}
	if h.listener, err = net.Listen("tcp", f.listen); err != nil {
		return fmt.Errorf("listen on %s: %w", f.listen, err)
	}
	h.later(func() error { h.listener.Close(); return nil })
	h.listener = bounded(h.listener, f.connections, h.proxies, h.log)
	scheme := "http"
	if f.cert != "" {
		pair, err := tls.LoadX509KeyPair(f.cert, f.key)
		if err != nil {
			return fmt.Errorf("read the certificate: %w", err)
		}
		h.listener = tls.NewListener(h.listener, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}})
		scheme = "https"
	}
	h.base = &url.URL{Scheme: scheme, Host: h.listener.Addr().String()}
	if f.base != "" {
		if h.base, err = url.Parse(f.base); err != nil || h.base.Host == "" || h.base.Scheme != "http" && h.base.Scheme != "https" {
			return fmt.Errorf("--base %q: want an address such as https://landlord.example", f.base)
		}
	}
	if err := h.open(ctx); err != nil {
		return err
	}
	return h.work(ctx, func(ctx context.Context) error {
		if h.sealKey == "" && !h.portalOnly {
			h.log.Warn("the audit log is not sealed: --audit-key is none")
		}
		h.log.Info("serving", "listen", h.listener.Addr().String(), "base", h.base.String(), "works", h.works, "portal_only", h.portalOnly, "version", version())
		<-ctx.Done()
		h.log.Info("stopping", "why", fmt.Sprint(context.Cause(ctx)))
		return nil
	})
}

// networks are networks, or addresses, as flags name them.
func networks(flag string, texts []string) (list []netip.Prefix, err error) {
	for _, t := range texts {
		n, err := netip.ParsePrefix(t)
		if one, bad := netip.ParseAddr(t); err != nil && bad == nil {
			n, err = netip.PrefixFrom(one, one.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s %q: want a network such as 10.0.0.0/24", flag, t)
		}
		list = append(list, n)
	}
	return list, nil
}
