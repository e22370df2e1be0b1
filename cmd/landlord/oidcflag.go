package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"landlord/service/oidc"
)

// oidcFlag adds the flag that names the file of identity providers.
func oidcFlag(c *cobra.Command, file *string) {
	c.Flags().StringVar(file, "oidc", os.Getenv("LANDLORD_OIDC"), "the file of identity providers that people sign in with, beside links by mail (LANDLORD_OIDC)")
	_ = c.MarkFlagFilename("oidc", "yaml", "yml", "json")
}

// identityProviders reads that file; nil if none is named.
func identityProviders(file string) (*oidc.Config, error) {
	if file == "" {
		return nil, nil
	}
	c, err := oidc.Read(file, os.Getenv)
	if err != nil {
		return nil, fmt.Errorf("--oidc: %w", err)
	}
	return c, nil
}
