package web

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"landlord/service/store"
)

type auditPage struct {
	shell
	Lead            string
	Customer, Actor string
	Actions         []option
	Filtered        bool
	Entries         []entryLine
	Paging          paging
}

// entryLine is an entry of the audit log as pages show it.
type entryLine struct {
	At            moment
	What          string
	Before, After string
	Who, Source   string
	On, To        string // the customer, and where it leads
}

// act is something that somebody did.
type act struct {
	did           string
	customer      string // whom it is about; "" if nobody in particular
	framework     string // of that customer; in a customer's scope it is known
	before, after any    // nil for none
}

// record writes what v's person did, in the transaction that does it.
func (s *Server) record(v *visit, tx store.Tx, a act) error {
	e := store.Entry{At: v.Now, ActorKind: v.Person.kind(), Actor: v.Person.Email, Action: a.did, Customer: a.customer, Framework: a.framework,
		Before: a.before, After: a.after, Source: v.source}
	if tx.Key != "" {
		e.Customer, e.Framework = tx.Key, tx.Framework
	}
	return tx.Audit(v.Context(), e)
}

// deeds say in words what the audit log names.
var deeds = map[string]string{
	"session.begin": "signed in", "session.leave": "signed out", "session.end": "ended a session", "portal.look": "looked at the portal",
	"session.refuse": "was refused at sign-in", "role.follow": "got the role of their groups", "role.keep": "stayed the last of the role, against their groups",
	"member.put": "invited a person", "member.delete": "removed a person", "person.put": "invited an operator", "person.role": "gave an operator another role", "person.disable": "removed an operator", "member.role": "gave a person another role",
	"contact.put": "saved a contact", "contact.delete": "removed a contact", "domain.put": "added a domain", "domain.delete": "removed a domain",
	"contact.ask": "asked a contact to confirm", "contact.verify": "confirmed an address", "domain.verify": "verified a domain",
	"token.make": "made a token", "token.end": "ended a token", "device.approve": "gave a program a token", "device.refuse": "refused a program a token", "customers.export": "exported customers",
	"report.download": "downloaded the compliance report", "findings.assign": "said whose an account is", "findings.claim": "gave findings to whose account it is", "findings.leave": "took away findings of an account that is no longer the customer's", "findings.import": "took findings in", "findings.assess": "assessed accounts",
	"usage.import": "took in what AWS charged", "invoice.issue": "issued an invoice", "invoice.credit": "issued a credit note", "invoice.credited": "credited an invoice", "invoice.pay": "wrote down a payment", "invoice.void": "made an invoice void", "invoice.uncollectible": "gave up collecting an invoice",
	"customer.new": "added the customer", "customer.change": "changed the customer", "customer.leave": "took the customer out of the portfolio", "customer.rename": "gave the customer another key",
	"account.create": "gave the customer its account", "account.move": "moved the account", "account.suspend": "suspended the account",
	"account.resume": "resumed the account", "account.close": "closed the account",
	"portfolio.push": "made a version of the portfolio", "run.ask": "asked for a run", "run.stop": "asked a run to stop", "run.end": "ended a run",
}

func deed(action string) string {
	if words, known := deeds[action]; known {
		return words
	}
	return action
}

// done are the actions that deeds say with words like these.
func done(words string) (actions []string) {
	for _, action := range slices.Sorted(maps.Keys(deeds)) {
		if words != "" && strings.Contains(deeds[action], strings.ToLower(words)) {
			actions = append(actions, action)
		}
	}
	return actions
}

// mostEntries is how many entries a page shows.
const mostEntries = 50

// audit shows who did what.
func (s *Server) audit(v *visit) error {
	p := auditPage{shell: s.shell(v, "Who did what?"), Customer: strings.TrimSpace(v.FormValue("customer")), Actor: strings.TrimSpace(v.FormValue("actor"))}
	action := v.FormValue("action")
	p.Filtered = p.Customer+p.Actor+action != ""
	for _, name := range slices.Sorted(maps.Keys(deeds)) {
		p.Actions = append(p.Actions, option{name, deeds[name], name == action})
	}
	err := s.Store.Operator(v.Context(), func(tx store.Tx) (err error) {
		p.Entries, p.Paging, err = s.entries(v, tx, store.EntryQuery{Customer: p.Customer, Actor: p.Actor, Action: action})
		return err
	})
	if err != nil {
		return err
	}
	switch {
	case len(p.Entries) == 0:
		p.Lead = "Nothing is written down here."
	case p.Filtered:
		p.Lead = "The newest first, of those that the filter leaves."
	default:
		p.Lead = "The newest first. Last: " + p.Entries[0].What + " by " + p.Entries[0].Who + ", " + p.Entries[0].At.Ago + "."
	}
	return s.render(v, "audit", p)
}

// entries is a page of the audit log, the newest first; ?before= goes on.
func (s *Server) entries(v *visit, tx store.Tx, q store.EntryQuery) ([]entryLine, paging, error) {
	q.Before, _ = strconv.ParseInt(v.FormValue("before"), 10, 64)
	q.Limit = mostEntries + 1
	found, err := tx.Entries(v.Context(), q)
	if err != nil {
		return nil, paging{}, err
	}
	var on paging
	if len(found) > mostEntries {
		found = found[:mostEntries]
		on.After = with(v.URL, "before", strconv.FormatInt(found[mostEntries-1].ID, 10))
	}
	if q.Before > 0 {
		on.Before = with(v.URL, "before", "")
	}
	return s.entryLines(v, found), on, nil
}

func (s *Server) entryLines(v *visit, found []store.Entry) []entryLine {
	var lines []entryLine
	for i, e := range found {
		l := entryLine{At: momentOf(v.Now, e.At), What: deed(e.Action), Before: plainJSON(e.Before), After: plainJSON(e.After), Who: e.Actor, Source: e.Source, On: e.Customer}
		if n := len(lines) - 1; e.Action == "portal.look" && n >= 0 && found[i-1].Action == e.Action && found[i-1].Actor == e.Actor && found[i-1].Customer == e.Customer && found[i-1].Source == e.Source {
			if !slices.Contains(strings.Split(lines[n].After, ", "), l.After) {
				lines[n].After = l.After + ", " + lines[n].After // what was looked at one after the other is one line
			}
			continue
		}
		if v.customer != "" { // inside the portal, who of us it was is ours to know
			if e.ActorKind != store.ByMember {
				l.Who, l.Source = s.house(), ""
			}
			l.On = ""
		} else if e.Customer != "" {
			l.To = "/customers/" + url.PathEscape(e.Customer)
		}
		lines = append(lines, l)
	}
	return lines
}

// plainJSON is a value of an entry for people: a text as it is, an object as its
// members, but those that are empty.
func plainJSON(value any) string {
	raw, _ := value.(json.RawMessage)
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var members map[string]any
	if json.Unmarshal(raw, &members) != nil {
		return string(raw)
	}
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(members)) {
		if members[key] == "" || members[key] == nil {
			continue
		}
		parts = append(parts, fmt.Sprintf("%s: %s", strings.ReplaceAll(key, "_", " "), short(members[key])))
	}
	return strings.Join(parts, ", ")
}

// mostValue is how much of a value an entry shows: a digest is known by less.
const mostValue = 60

func short(value any) string {
	text := fmt.Sprint(value)
	if runes := []rune(text); len(runes) > mostValue && !strings.Contains(text, " ") {
		return string(runes[:12]) + "…"
	}
	return text
}

// with is u with one parameter set; "" takes it away.
func with(u *url.URL, key, value string) string {
	q := u.Query()
	q.Del(key)
	if value != "" {
		q.Set(key, value)
	}
	return u.Path + "?" + q.Encode()
}

// yesterday is since when the overview shows what was changed.
func yesterday(now time.Time) time.Time { return now.Add(-24 * time.Hour) }
