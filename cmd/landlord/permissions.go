package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"landlord/org"
	"landlord/vend/cloud"
)

func (p *program) permissionsCommand() *cobra.Command {
	var planOnly, operations, member, signIn bool
	var delegated string
	c := &cobra.Command{
		Use:   "permissions [FILE]",
		Short: "Print the IAM policy that landlord needs in the management account",
		Long: `permissions prints the exact IAM policy that landlord's calls need in the
management account. With --plan-only it is read-only: enough for plan and
verify. It is derived from the operations that landlord can call.

With --delegated ACCOUNT it is the organization's resource policy that lets a
member account look: plan, verify and preflight then work with that account's
credentials too. What changes anything needs the management account. With --member
it is what landlord's role needs inside an account that it enters. --operations
lists every operation and who may call it.`,
		Example: `  landlord permissions --plan-only > landlord-read.json
  aws iam create-policy --policy-name landlord --policy-document "$(landlord permissions)"
  aws organizations put-resource-policy --content "$(landlord permissions --delegated 222233334444)"
  landlord permissions --member
  landlord permissions --operations`,
		Args: portfolioArgument,
		RunE: func(_ *cobra.Command, args []string) error {
			given := 0
			for _, is := range []bool{planOnly, operations, member, delegated != ""} {
				if is {
					given++
				}
			}
			if given > 1 {
				return errors.New("permissions takes one of --plan-only, --delegated, --member and --operations")
			}
			lock := ""
			if p.file != "" || len(args) > 0 {
				folio, err := p.load(args)
				if err != nil {
					return err
				}
				lock, signIn = folio.Organization.Lock, signIn || folio.SignIn != nil
			}
			if operations {
				return p.operations()
			}
			policy, err := cloud.Permissions(planOnly, lock, signIn)
			if member {
				policy, err = cloud.MemberPermissions()
			}
			if delegated != "" {
				if !org.AccountID(delegated).Valid() {
					return fmt.Errorf("--delegated %q: want an account's id, 12 digits", delegated)
				}
				policy, err = cloud.Delegation(org.AccountID(delegated))
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.stdout, "%s\n", policy)
			return err
		},
	}
	c.Flags().BoolVar(&planOnly, "plan-only", false, "only what plan and verify need: nothing that changes")
	c.Flags().BoolVar(&member, "member", false, "what the role needs in an account that landlord enters")
	c.Flags().BoolVar(&signIn, "sign-in", false, "also what sign-in to AWS needs; so it is with a FILE that has sign_in")
	c.Flags().StringVar(&delegated, "delegated", "", "the resource policy that lets this member account look")
	c.Flags().BoolVar(&operations, "operations", false, "list the operations and which accounts may call them")
	c.Flags().BoolVar(&p.json, "json", false, "print --operations as JSON")
	c.Flags().StringVarP(&p.file, "file", "f", os.Getenv("LANDLORD_FILE"), "the portfolio file, for its lock and its sign-in (LANDLORD_FILE)")
	return c
}

// operations lists what landlord can call and who may.
func (p *program) operations() error {
	list := cloud.Operations()
	if p.json {
		return printJSON(p.stdout, list)
	}
	t := newTable(p.stdout, 2)
	fmt.Fprintln(t, "operation\tIAM action\t\twho may call it")
	for _, o := range list {
		changes := "looks"
		if o.Writes {
			changes = "changes"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", o.Name, o.Action, changes, o.By)
	}
	t.Flush()
	return nil
}
