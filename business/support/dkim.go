package support

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/emersion/go-msgauth/dmarc"
	"golang.org/x/net/publicsuffix"
)

// A Resolver asks DNS for texts. A *net.Resolver is one.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// Bounds of what one message can have DNS asked for.
const (
	mostSignatures = 8
	patience       = 10 * time.Second
)

// Signed is the verdict that a message's own DKIM signatures give it by the DMARC
// policy of its author's domain: one that holds and is aligned passes. SPF has no
// part in it, since nobody tells from where the message came.
// Source: RFC 7489, sections 3.1 and 6.6.
func Signed(ctx context.Context, m Message, r Resolver) Verdict {
	if m.From == "" {
		return Verdict{"none", m.Fault}
	}
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	lookup := func(name string) ([]string, error) { return r.LookupTXT(ctx, strings.TrimSuffix(name, ".")+".") }
	domain := DomainOf(m.From)
	policy, err := policyOf(domain, lookup)
	switch {
	case errors.Is(err, dmarc.ErrNoPolicy):
		return Verdict{"none", domain + " has no DMARC policy"}
	case dmarc.IsTempFail(err):
		return Verdict{"temperror", "DNS does not tell the DMARC policy of " + domain}
	case err != nil:
		return Verdict{"permerror", "the DMARC policy of " + domain + " cannot be read"}
	}
	all, err := dkim.VerifyWithOptions(bytes.NewReader(m.raw), &dkim.VerifyOptions{LookupTXT: lookup, MaxVerifications: mostSignatures})
	if err != nil && !errors.Is(err, dkim.ErrTooManySignatures) {
		return Verdict{"fail", "its DKIM signatures cannot be read"}
	}
	silent := false
	for _, v := range all {
		switch {
		case v.Err == nil && aligned(v.Domain, domain, policy.DKIMAlignment):
			return Verdict{Pass, "DKIM signed by " + strings.ToLower(v.Domain) + ", as the DMARC policy of " + domain + " demands"}
		case v.Err != nil:
			silent = silent || dkim.IsTempFail(v.Err)
		}
	}
	switch {
	case silent:
		return Verdict{"temperror", "DNS does not tell the key of its DKIM signature"}
	case len(all) == 0:
		return Verdict{"fail", "it has no DKIM signature"}
	}
	return Verdict{"fail", "no DKIM signature of " + domain + " holds"}
}

// policyOf is the DMARC policy of a domain, or of the organization whose it is.
func policyOf(domain string, lookup func(string) ([]string, error)) (*dmarc.Record, error) {
	told := func(name string) ([]string, error) {
		texts, err := lookup(name)
		if missing, is := errors.AsType[*net.DNSError](err); is && missing.IsNotFound {
			return nil, nil
		}
		return texts, err
	}
	policy, err := dmarc.LookupWithOptions(domain, &dmarc.LookupOptions{LookupTXT: told})
	if organization, known := organizationOf(domain); errors.Is(err, dmarc.ErrNoPolicy) && known && organization != domain {
		return dmarc.LookupWithOptions(organization, &dmarc.LookupOptions{LookupTXT: told})
	}
	return policy, err
}

// organizationOf is the domain that an organization registered.
func organizationOf(domain string) (string, bool) {
	registered, err := publicsuffix.EffectiveTLDPlusOne(domain)
	return registered, err == nil
}

// aligned tells whether who signed is whom the author's domain belongs to.
func aligned(signer, author string, mode dmarc.AlignmentMode) bool {
	signer, ok := domainOf(signer)
	if !ok {
		return false
	}
	if mode == dmarc.AlignmentStrict {
		return signer == author
	}
	a, known := organizationOf(signer)
	b, also := organizationOf(author)
	return signer == author || known && also && a == b
}
