package guardrail

import (
	"slices"
	"strings"
)

// Request is the probe as somebody in an account makes it.
func (p Probe) Request(account string) Request {
	r := Request{Action: p.Action, Resource: strings.ReplaceAll(p.Resource, "{account}", account), Context: make(map[string][]string, len(p.Context))}
	for key, values := range p.Context {
		in := make([]string, len(values))
		for i, v := range values {
			in[i] = strings.ReplaceAll(v, "{account}", account)
		}
		r.Context[key] = in
	}
	return r
}

// DeniedIn tells what is written of a probe of rule r for a tier of a framework:
// whether it is denied there. Nothing is evaluated.
func (p Probe) DeniedIn(r Rule, framework string) bool {
	slug := Slug(framework)
	return p.Denied && (r.Set == Base || r.Set == slug) || slices.Contains(p.Also, slug) || slices.Contains(p.Also, Base)
}
