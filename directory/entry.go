package directory

import (
	"slices"
	"strings"

	"landlord/org"
	"landlord/portfolio"
)

// Entry is what is known of a customer, or of an account that is no customer's.
type Entry struct {
	Customer    string        `json:"customer,omitempty"` // key; of an account that is not in the file, the one it is tagged for
	Name        string        `json:"name,omitempty"`
	Tier        string        `json:"tier,omitempty"`
	Contact     string        `json:"contact,omitempty"`
	Region      string        `json:"region,omitempty"`
	Segment     string        `json:"segment,omitempty"`
	Formerly    []string      `json:"formerly,omitempty"`
	Account     org.AccountID `json:"account,omitempty"` // "" while there is none
	AccountName string        `json:"account_name,omitempty"`
	Email       string        `json:"email,omitempty"` // the account's root address
	State       string        `json:"state,omitempty"`
	Unit        string        `json:"unit,omitempty"` // where the account is, from below the root
	Tags        org.Tags      `json:"tags,omitempty"` // those that say nothing of the above
	InFile      bool          `json:"in_file"`
	Departed    bool          `json:"departed,omitempty"` // the file says that the key is gone for ever
	Management  bool          `json:"management,omitempty"`
}

// Entries returns what is known of every customer of p, in the file's order, and
// then of every account of seen that is none of theirs.
func Entries(p *portfolio.Portfolio, own Ownership, seen org.Organization) []Entry {
	units := make(map[string]string, len(seen.Units))
	for _, u := range seen.Units { // parents first
		units[u.ID] = strings.TrimPrefix(units[u.Parent]+"/"+u.Name, "/")
	}
	entries := make([]Entry, 0, len(p.Customers))
	taken := make(map[org.AccountID]bool, len(own.Of))
	for _, c := range p.Customers {
		e := Entry{Customer: c.Key, Name: c.Name, Tier: c.Tier, Contact: c.Contact, Region: c.Region, Segment: c.Segment, Formerly: c.Formerly, Email: c.Email, InFile: true, Tags: c.Tags}
		if a, exists := own.Of[c.Key]; exists {
			taken[a.ID] = true
			e.account(a, seen, units)
		}
		entries = append(entries, e)
	}
	departed := map[string]bool{}
	for _, d := range p.Departed {
		departed[d.Key] = true
	}
	for _, a := range seen.Accounts {
		if taken[a.ID] {
			continue
		}
		e := Entry{Customer: a.Tags[org.TagCustomer], Tier: a.Tags[org.TagTier], Region: a.Tags[org.TagRegion], Segment: a.Tags[org.TagSegment],
			Contact: org.FromTagText(a.Tags[org.TagContact]), Management: a.ID == seen.Management}
		e.Departed = departed[e.Customer]
		e.account(a, seen, units)
		entries = append(entries, e)
	}
	return entries
}

// told are the tags whose values an Entry has already.
var told = []string{org.TagCustomer, org.TagTier, org.TagRegion, org.TagSegment, org.TagContact}

// account adds what is known of an account.
func (e *Entry) account(a org.Account, seen org.Organization, units map[string]string) {
	e.Account, e.AccountName, e.Email, e.State = a.ID, a.Name, a.Email, a.State
	if e.Unit = units[a.Parent]; a.Parent == seen.Root {
		e.Unit = "Root"
	}
	tags := org.Tags{}
	for key, value := range a.Tags {
		if !slices.Contains(told, key) {
			tags[key] = value
		}
	}
	for key, value := range e.Tags { // what the file says and the account does not have yet
		if _, there := tags[key]; !there {
			tags[key] = value
		}
	}
	e.Tags = tags
}
