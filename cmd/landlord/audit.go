package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"landlord/service/store"
)

// sealKeyName is the file of the audit log's key, below --dir.
const sealKeyName = "audit.key"

func (p *program) auditCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "audit",
		Short: "Verify the audit log",
		Long: `audit is for the log of who did what to whom, when and from where. Its entries are
chained with a key that is kept outside the database.`,
		Example: `  landlord audit verify
  landlord audit verify --head 1402:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08`,
	}
	c.AddCommand(p.auditVerifyCommand())
	return c
}

func (p *program) auditVerifyCommand() *cobra.Command {
	var (
		f         databaseFlags
		head, key string
	)
	c := &cobra.Command{
		Use: "verify", Short: "Find entries of the audit log that were changed, removed or put in", Args: noArguments("The database is named by --database or --dir."),
		Long: `verify looks at every entry of the audit log and every seal, and tells which were
changed, removed or put in. A tail that was cut off, or a log that was sealed anew
by who had the key, is seen with --head: a head that the service logged earlier
("the audit log is sealed"), kept elsewhere. It changes nothing, and ends with 1
where something is wrong.`,
		Example: `  landlord audit verify
  landlord audit verify --head 1402:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08`,
	}
	f.add(c)
	p.dirFlag(c)
	c.Flags().StringVar(&head, "head", "", "SEQ:HASH, a head that was noted earlier")
	c.Flags().StringVar(&key, "key", "", "the file of the log's key (audit.key in --dir)")
	c.Flags().BoolVar(&p.json, "json", false, "print what was found as JSON")
	c.RunE = func(c *cobra.Command, _ []string) error {
		var kept store.Head
		if c.Flags().Changed("head") {
			var err error
			if kept, err = store.ParseHead(head); err != nil {
				return fmt.Errorf("--head: %w", err)
			}
		}
		if !c.Flags().Changed("key") {
			key = filepath.Join(p.dir, sealKeyName)
		}
		v, err := p.verifyAudit(c.Context(), &f, key, kept)
		if err != nil {
			return err
		}
		return p.tellAudit(v)
	}
	return c
}

func (p *program) verifyAudit(ctx context.Context, f *databaseFlags, key string, kept store.Head) (v store.Verified, err error) {
	b, err := p.reach(ctx, f, false)
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, b.stop()) }()
	var l store.Logins
	if l.Operator, err = b.url(store.OperatorRole); err != nil {
		return v, err
	}
	if l.Customer, err = b.url(store.CustomerRole); err != nil {
		return v, err
	}
	s, err := store.Open(ctx, l)
	if err != nil {
		return v, err
	}
	defer s.Close()
	secret, err := store.LoadSealKey(key)
	if err != nil {
		return v, err
	}
	return s.VerifyAudit(ctx, secret, kept, time.Now())
}

// tellAudit says what a verification found.
func (p *program) tellAudit(v store.Verified) error {
	if p.json {
		faults := v.Faults
		if faults == nil {
			faults = []string{}
		}
		err := printJSON(p.stdout, map[string]any{"sealed": v.Sealed, "open": v.Open, "head": v.Head.String(), "faults": faults})
		if err == nil && len(faults) > 0 {
			return exit(exitFault)
		}
		return err
	}
	for _, fault := range v.Faults {
		fmt.Fprintf(p.stdout, "✗ %s\n", fault)
	}
	if v.Open > 0 {
		fmt.Fprintf(p.stdout, "%s just written, not sealed yet.\n", count(v.Open, "entry"))
	}
	if len(v.Faults) > 0 {
		fmt.Fprintf(p.stdout, "%s found in %s. The log is not what was written.\n", count(len(v.Faults), "fault"), count(v.Sealed, "sealed entry"))
		return exit(exitFault)
	}
	fmt.Fprintf(p.stdout, "%s verified, none changed, removed or put in.\n", count(v.Sealed, "entry"))
	if v.Head.Seq > 0 {
		fmt.Fprintf(p.stdout, "Head: %s\n", v.Head)
	}
	return nil
}
