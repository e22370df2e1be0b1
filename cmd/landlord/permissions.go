package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"landlord/vend/cloud"
)

func (p *program) permissionsCommand() *cobra.Command {
	var planOnly bool
	c := &cobra.Command{
		Use:   "permissions",
		Short: "Print the IAM policy that landlord needs in the management account",
		Long: `permissions prints the exact IAM policy that landlord's calls need in the
management account. With --plan-only it is read-only: enough for plan and
verify. It is derived from the operations that landlord can call.`,
		Example: `  landlord permissions --plan-only > landlord-read.json
  aws iam create-policy --policy-name landlord --policy-document "$(landlord permissions)"`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			policy, err := cloud.Permissions(planOnly)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.stdout, "%s\n", policy)
			return err
		},
	}
	c.Flags().BoolVar(&planOnly, "plan-only", false, "only what plan and verify need: nothing that changes")
	return c
}
