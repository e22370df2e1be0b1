package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"landlord/portfolio"
	"landlord/vend/blueprint"
	"landlord/vend/terraform"
)

func (p *program) terraformCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "terraform",
		Short:   "Write the organization as Terraform",
		Long:    "terraform holds what is for those who keep the organization with Terraform.",
		Example: "  landlord terraform export infrastructure -f portfolio.yaml",
	}
	c.AddCommand(p.terraformExportCommand())
	return c
}

func (p *program) terraformExportCommand() *cobra.Command {
	var force bool
	var opt terraform.Options
	c := &cobra.Command{
		Use:   "export DIR",
		Short: "Write the organization as configuration of Terraform",
		Long: `export writes what the portfolio wants as Terraform's configuration, for Terraform
1.11 and HashiCorp's AWS provider 6: units, policies, attachments and an account
per customer, with for_each over customers.tf, where a new customer is an entry of
five lines. What exists already gets import blocks with its ids, so that
terraform plan then shows no changes. It changes nothing in AWS.

Files of an earlier export in DIR are replaced; one that is not landlord's is
not, unless --force says so.`,
		Example: `  landlord terraform export infrastructure -f portfolio.yaml --backend-bucket acme-terraform
  terraform -chdir=infrastructure init && terraform -chdir=infrastructure plan`,
	}
	p.portfolioFlags(c)
	f := p.worldFlags(c)
	c.Args = someArguments("a folder to write to", 1)
	c.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	c.Flags().StringVar(&opt.Bucket, "backend-bucket", "", "the S3 bucket of Terraform's state; without it terraform init asks")
	c.Flags().StringVar(&opt.Key, "backend-key", "landlord/terraform.tfstate", "the state's key in the bucket")
	c.Flags().StringVar(&opt.Region, "backend-region", "us-east-1", "the bucket's region")
	c.Flags().BoolVar(&force, "force", false, "replace files in DIR that are not landlord's")
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := opt.Check(); err != nil {
			return err
		}
		folio, err := p.load(nil)
		if err != nil {
			return err
		}
		return p.exportTerraform(c, folio, f, args[0], opt, force)
	}
	return c
}

func (p *program) exportTerraform(c *cobra.Command, folio *portfolio.Portfolio, f *worldFlags, dir string, opt terraform.Options, force bool) error {
	f.reads = true
	w, seen, err := p.observe(c.Context(), folio, f)
	if err != nil {
		return err
	}
	defer w.Close()
	want := blueprint.From(folio)
	files, left, err := terraform.Export(want, seen, opt)
	if conflict, is := errors.AsType[*terraform.Conflict](err); is {
		return fmt.Errorf("the organization cannot be told apart; nothing was written, and `landlord plan` says what to do: %w", conflict)
	}
	if err != nil {
		return err
	}
	if err := terraform.Write(dir, files, force); err != nil {
		return err
	}
	for _, text := range left {
		fmt.Fprintf(p.stderr, "landlord: %s\n", clean(text))
	}
	id := seen.ID
	if id == "" {
		id = "none yet"
	}
	fmt.Fprintf(p.stdout, "Organization: %s (%s, management account %s)\n", id, w.Name(), folio.Organization.Management)
	fmt.Fprintf(p.stdout, "Wrote %s to %s: %s, %s, %s.\n", count(len(files), "file"), dir, count(len(want.Units), "unit"), count(len(want.Policies()), "policy"), count(len(want.Customers)-len(left), "customer"))
	there := len(want.Owners(seen).Of)
	if !seen.Exists() {
		fmt.Fprintln(p.stdout, "Nothing is imported: there is no organization yet.")
	} else {
		fmt.Fprintf(p.stdout, "imports.tf takes over what exists: %s of %s.\n", count(there, "account"), count(len(want.Customers), "customer"))
	}
	fmt.Fprintf(p.stdout, "Then: terraform -chdir=%s init, and terraform -chdir=%[1]s plan.\n", dir)
	return nil
}
