package main

import (
	"os"

	"github.com/spf13/cobra"

	"landlord/service/mail"
)

// mailFlags are how the house writes to people.
type mailFlags struct{ server, from string }

func (f *mailFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.server, "smtp", os.Getenv("LANDLORD_SMTP"), "the mail server, smtp://USER@HOST:587 or smtps://USER@HOST (LANDLORD_SMTP); its password is LANDLORD_SMTP_PASSWORD")
	unshown(c, "smtp")
	c.Flags().StringVar(&f.from, "mail-from", os.Getenv("LANDLORD_MAIL_FROM"), "the sender of mail (LANDLORD_MAIL_FROM)")
}

// sender is the mail server's; nil if the flags name none.
func (f *mailFlags) sender() (*mail.Sender, error) {
	if f.server == "" {
		return nil, nil
	}
	return mail.New(f.server, os.Getenv("LANDLORD_SMTP_PASSWORD"), f.from)
}
