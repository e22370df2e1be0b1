package main

import (
	"slices"
	"strings"

	"landlord/guard/guardrail"
	"landlord/portfolio"
)

// probe is a call that is asked about in every account.
type probe struct{ action, resource string }

// request is the probe as the role "admin" of an account makes it.
func (p probe) request(account string) guardrail.Request {
	who, _ := guardrail.ParsePrincipal("arn:aws:iam::" + account + ":role/admin") // an account's id
	context := map[string][]string{"aws:RequestedRegion": {"us-east-1"}, "aws:SecureTransport": {"true"}}
	who.Fill(context)
	return guardrail.Request{Action: p.action, Resource: p.resource, Context: context}
}

// probesOf are the calls that some framework of the file names in what it denies.
func probesOf(folio *portfolio.Portfolio) []probe {
	var probes []probe
	for _, t := range folio.Tiers {
		d, err := guardrail.ParseDocument([]byte(guardrail.For(t.Framework).Document))
		if err != nil {
			continue // landlord's own
		}
		for _, s := range d.Statements {
			for _, action := range s.Actions {
				if p := (probe{action: action}); !strings.ContainsAny(action, "*?") && !slices.Contains(probes, p) {
					probes = append(probes, p)
				}
			}
		}
	}
	return probes
}
