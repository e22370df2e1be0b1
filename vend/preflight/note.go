package preflight

import "fmt"

// noteOf is what there is to say of a limit besides its numbers.
var noteOf = map[string]func(Finding, *walk) string{
	Accounts: func(f Finding, w *walk) string {
		if w.closed > 0 {
			return fmt.Sprintf("%s of them closed: they count until 90 days after their closing, and AWS does not tell when that was", group(w.closed))
		}
		return "closed accounts count for 90 days more, open invitations count too"
	},
	PerTarget: func(f Finding, w *walk) string {
		note := "10 since 15 May 2026, 5 before; AWS's own FullAWSAccess is one of them"
		if f.Stops {
			note = fmt.Sprintf("detach %d from %s first: `aws organizations list-policies-for-target` lists them; ", f.Needed-f.Value, f.Who) + note
		}
		return note
	},
	"policy-characters": func(f Finding, w *walk) string {
		return "10,240 since 15 May 2026, 5,120 before; `quotas: \"2025\"` under organization packs guardrails for that"
	},
	"email": func(f Finding, w *walk) string {
		if w.cut == 0 {
			return ""
		}
		return fmt.Sprintf("in %s of the addresses looked at the key is cut and ends in a hash to fit; %s's is the first", group(w.cut), w.firstCut)
	},
	"sign-in-accounts": func(Finding, *walk) string {
		return "one for each customer; what is configured now landlord does not read"
	},
	"permission-sets":             func(Finding, *walk) string { return "one for each tier" },
	"permission-sets-per-account": func(Finding, *walk) string { return "the tier's" },
	"config-rules": func(Finding, *walk) string {
		return "with the pack that AWS publishes for the tier's framework; for SOC 2 it publishes none"
	},
	"creations": func(Finding, *walk) string { return "0.1 a second after 3 at once: the least that it takes" },
	"creations-at-once": func(Finding, *walk) string {
		return fmt.Sprintf("if one takes %d s on average; AWS does not say", creationSeconds)
	},
	"assignments":   func(Finding, *walk) string { return "one for each customer; 15 may be under way at once" },
	"config-weekly": func(Finding, *walk) string { return "AWS does not say whether an organization's aggregator counts" },
	Closings: func(f Finding, w *walk) string {
		note := "to close every customer's account; AWS does not tell how many were closed in the last 30 days, landlord's own tags do"
		if w.closings.Unknown > 0 {
			note += fmt.Sprintf(". %s more closed by somebody else, at most 90 days ago: they may count too", group(w.closings.Unknown))
		}
		return note
	},
}
