package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"landlord/internal/money"
	"landlord/vend/preflight"
)

// show writes the findings for people: the verdict, what stops and what helps,
// what has room, what was assumed.
func (r *preflightRun) show(w io.Writer) {
	colour := paint(w)
	id := r.seen.ID
	if id == "" {
		id = "none yet"
	}
	fmt.Fprintf(w, "Organization: %s (%s, management account %s), %d of %s there\n\n", id, r.w.Name(), r.folio.Organization.Management,
		min(r.report.Present, r.customers), count(r.customers, "customer"))
	stops, beside := r.report.Stops(), r.report.Beside()
	switch {
	case len(stops) > 0:
		fmt.Fprintln(w, colour(red, "✗ "+r.report.Verdict()))
	default:
		fmt.Fprintln(w, colour(green, "✓ "+r.report.Verdict()))
	}
	fmt.Fprintln(w)
	t := newTable(w, 2)
	room := 0
	for i, f := range r.report.Findings {
		if !r.all && !telling(f) {
			room++
			continue
		}
		if i == room { // the first
			fmt.Fprintln(t, "\tcustomers or time\tnow\tneeded\tlimit\tknown\t")
		}
		fmt.Fprintf(t, "%s %s\t%s\t%s\t%s\t%s\t%s\t\n", r.mark(f), f.Title, r.fits(f), digits(f.Used), digits(f.Needed), digits(f.Value), f.Basis)
	}
	t.Flush()
	if room > 0 {
		fmt.Fprintf(w, "%s more with room to spare: --all shows them.\n", count(room, "limit"))
	}
	for _, alike := range together(append(stops, beside...)) {
		r.explain(w, alike)
	}
	r.settings(w)
	fmt.Fprintf(w, "\n%s looked at: %s the plan; of other services' %s.\n", count(len(r.report.Findings), "limit"), stopping(len(stops)), tooSmall(len(beside)))
}

func stopping(n int) string {
	switch n {
	case 0:
		return "none stops"
	case 1:
		return "1 stops"
	}
	return fmt.Sprintf("%d stop", n)
}

func tooSmall(n int) string {
	switch n {
	case 0:
		return "none is too small"
	case 1:
		return "1 is too small"
	}
	return fmt.Sprintf("%d are too small", n)
}

// telling tells whether a finding helps to decide something: it stops, takes
// long, leaves little, or may stop the plan some day.
func telling(f preflight.Finding) bool {
	return f.Stops || f.Takes >= time.Minute || 10*f.Needed > 9*f.Value || f.First > 0 && f.Kind == preflight.OfPlan
}

func digits(n int) string { return money.Group(fmt.Sprint(n)) }

// mark is the sign of a finding.
func (r *preflightRun) mark(f preflight.Finding) string {
	switch {
	case f.Stops && f.Kind == preflight.OfPlan:
		return "✗"
	case f.Stops:
		return "!"
	case f.Kind == preflight.OfPace:
		return "·"
	}
	return "✓"
}

// fits is how many customers fit, or how long what they need takes.
func (r *preflightRun) fits(f preflight.Finding) string {
	switch {
	case f.Kind == preflight.OfPace:
		return long(f.Takes)
	case f.First > 0:
		return digits(f.Fits)
	}
	return "all"
}

// long is a duration of which only the size matters.
func long(d time.Duration) string {
	if d >= 48*time.Hour {
		return fmt.Sprintf("%d days", int((d+12*time.Hour)/(24*time.Hour)))
	}
	return strings.TrimPrefix(about(d), "about ")
}

// together puts findings side by side of which the same is to be said.
func together(list []preflight.Finding) [][]preflight.Finding {
	var groups [][]preflight.Finding
	for _, f := range list {
		i := slices.IndexFunc(groups, func(g []preflight.Finding) bool {
			a := g[0]
			return f.Kind == preflight.OfService && a.Kind == f.Kind && a.First == f.First && a.Value == f.Value && a.Needed == f.Needed &&
				a.Raise == f.Raise && a.Source == f.Source && a.Basis == f.Basis && a.Note == f.Note && a.Code == f.Code
		})
		if i < 0 {
			groups = append(groups, []preflight.Finding{f})
		} else {
			groups[i] = append(groups[i], f)
		}
	}
	return groups
}

// explain writes what limits that stop are, and what helps.
func (r *preflightRun) explain(w io.Writer, alike []preflight.Finding) {
	f := alike[0]
	var titles []string
	for _, a := range alike {
		titles = append(titles, a.Title)
	}
	fmt.Fprintf(w, "\n%s %s:\n  %s allowed, %s needed by %s%s; customer %s is the first that does not fit.\n", r.mark(f), strings.Join(titles, ", "),
		digits(f.Value), digits(f.Needed), count(r.customers, "customer"), mostly(f.Who), digits(f.First))
	fmt.Fprintf(w, "  From: %s.\n", from(f.Limit))
	if f.Note != "" {
		fmt.Fprintf(w, "  Note: %s.\n", f.Note)
	}
	when := "now"
	if f.Within > 0 {
		when = "after " + long(f.Within) + " of creating at AWS's limit"
	}
	if !f.Reached.IsZero() {
		when += fmt.Sprintf("; growing by %s a month, on %s", count(r.growth, "customer"), f.Reached.Format(time.DateOnly))
	}
	fmt.Fprintf(w, "  Needed: %s.\n", when)
	fmt.Fprintf(w, "  Raise: %s\n", r.raise(f))
}

func mostly(who string) string {
	if who == "" {
		return ""
	}
	return " (most by " + clean(who) + ")"
}

// from says how a limit is known.
func from(l preflight.Limit) string {
	known := map[preflight.Basis]string{
		preflight.Read:      "read from " + l.Source,
		preflight.Default:   "AWS's default, read from " + l.Source,
		preflight.Published: "published, " + l.Source,
		preflight.Assumed:   "an estimate, " + l.Source,
		preflight.Set:       "set by you",
	}[l.Basis]
	if l.Silent != "" && l.Basis != preflight.Set {
		known += fmt.Sprintf(". AWS did not say (%s); --limit %s=N sets it", clean(l.Silent), l.Name)
	}
	return known
}

// raise says how a limit is raised.
func (r *preflightRun) raise(f preflight.Finding) string {
	most := ""
	if f.Most > 0 {
		most = fmt.Sprintf("; AWS grants %s at most", digits(f.Most))
	}
	switch {
	case f.Request != nil && f.Request.Open():
		return fmt.Sprintf("requested %s ago: %s", long(r.w.Now().Sub(f.Request.Created)), r.status(*f.Request))
	case f.Ask > 0:
		return "`landlord preflight --request-increases`, or\n  " + f.Command
	case f.Raise == preflight.Asked && f.Most > 0 && f.Needed > f.Most:
		return "not that far" + most
	case f.Raise == preflight.Asked:
		return "on request, in the console of Service Quotas" + most
	case f.Raise == preflight.Case:
		return "in a support case with AWS"
	case f.Raise == preflight.Unsaid:
		return "AWS does not say whether; a support case tells"
	}
	return "AWS does not raise it"
}

// status is how far a request has come.
func (r *preflightRun) status(q preflight.Request) string {
	s := fmt.Sprintf("%s for %s (request %s", strings.ToLower(strings.ReplaceAll(q.Status, "_", " ")), digits(q.Value), q.ID)
	if q.Case != "" {
		s += ", support case " + q.Case
	}
	return s + ")"
}

// settings names what is not AWS's word on this account.
func (r *preflightRun) settings(w io.Writer) {
	var lines, reasons []string
	silent := map[string][]string{} // by reason: the limits that are taken as published
	for _, f := range r.report.Findings {
		setting := fmt.Sprintf("%s=%d", f.Name, f.Value)
		switch {
		case f.Basis == preflight.Set:
			lines = append(lines, setting+"  set by you")
		case f.Basis == preflight.Assumed:
			lines = append(lines, fmt.Sprintf("%s  an estimate: %s [%s]", setting, f.Note, f.Source))
		case f.Silent != "":
			if silent[f.Silent] == nil {
				reasons = append(reasons, f.Silent)
			}
			silent[f.Silent] = append(silent[f.Silent], setting)
		}
	}
	for _, reason := range reasons {
		lines = append(lines, fmt.Sprintf("%s  as published: Service Quotas did not say (%s)", strings.Join(silent[reason], ", "), clean(reason)))
	}
	if r.told.Uninvited != "" {
		lines = append(lines, fmt.Sprintf("open invitations, which count as accounts, are not known (%s)", clean(r.told.Uninvited)))
	}
	if len(lines) > 0 {
		fmt.Fprintf(w, "\nNot AWS's word on this account; --limit NAME=VALUE sets it:\n  %s\n", strings.Join(lines, "\n  "))
	}
}
