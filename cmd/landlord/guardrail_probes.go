package main

import (
	"slices"

	"landlord/guard/guardrail"
	"landlord/portfolio"
)

// probe is a call that is asked about in every account.
type probe struct {
	guardrail.Probe
	resource string // as it is printed
}

// request is the probe as somebody of an account makes it.
func (p probe) request(account string) guardrail.Request {
	r := p.Request(account)
	if who, err := guardrail.ParsePrincipal(r.Context["aws:PrincipalArn"][0]); err == nil {
		who.Fill(r.Context)
	}
	return r
}

// probesOf are the calls that some framework of the file denies to an
// administrator, as they stand beside its statements.
func probesOf(folio *portfolio.Portfolio) []probe {
	var probes []probe
	asked := map[string]bool{}
	for _, t := range folio.Tiers {
		for _, r := range guardrail.Rules(t.Framework) {
			for _, p := range r.Probes {
				key := r.Sid + " " + p.Action
				if !p.Denied || asked[key] || !slices.Equal(p.Context["aws:PrincipalArn"], []string{guardrail.Administrator}) {
					continue
				}
				asked[key] = true
				probes = append(probes, probe{p, p.Resource})
			}
		}
	}
	return probes
}
