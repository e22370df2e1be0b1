// Package support says whose a message is and when it has to be answered. Messages
// come in as bytes, the customers as addresses; a customer or the queue goes out,
// with the reason. Nothing is guessed: what a message says of itself is believed as
// far as its author's domain vouches for it.
package support

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Rung is how it was told whose a message is.
type Rung string

// The rungs of the ladder, the surest first. Queue is none of them: a person decides.
const (
	ReplyAddress Rung = "reply-address"
	Person       Rung = "person"
	Contact      Rung = "contact"
	Domain       Rung = "domain"
	Queue        Rung = "queue"
)

// Decision is whose a message is. Customer is "" for the queue.
type Decision struct {
	Customer string
	Rung     Rung
	Why      string
}

// Known is what is known of the customers: by address the one whose verified contact
// it is, by domain those that have shown it to be theirs, and by account id whose it
// is. Addresses and domains are as AddressOf has them.
type Known struct {
	People   map[string]string // who signs in to the portal
	Contacts map[string]string
	Domains  map[string][]string
	Accounts map[string]string
	// Near are domains of contacts, which tell a person where to look and nobody
	// whose a message is.
	Near map[string][]string
}

// Trust is by what a message's author is believed.
type Trust struct {
	Relays   []string // whose Authentication-Results are believed
	Resolver Resolver // of what messages without them are checked with; nil checks nothing
}

// Whose decides whose a message is.
func Whose(ctx context.Context, m Message, k Known, t Trust) Decision {
	if m.From == "" {
		return queued(m, k, m.Fault)
	}
	customer, rung, of := k.by(m.From)
	if rung == Queue {
		return queued(m, k, of)
	}
	v, relayed := Relayed(m, t.Relays)
	switch {
	case relayed:
	case t.Resolver == nil:
		v = Verdict{"none", "no relay that is trusted has checked it"}
	default:
		v = Signed(ctx, m, t.Resolver)
	}
	if v.Result != Pass {
		return queued(m, k, fmt.Sprintf("%s, but nothing vouches for that: %s", of, v.How))
	}
	return Decision{customer, rung, of + "; " + v.How}
}

// by is who has an address, if it is who wrote.
func (k Known) by(from string) (customer string, rung Rung, why string) {
	person, signs := k.People[from]
	contact, known := k.Contacts[from]
	switch {
	case signs && known && person != contact:
		return "", Queue, fmt.Sprintf("%s is a person of %s and a contact of %s", from, person, contact)
	case signs:
		return person, Person, fmt.Sprintf("%s is a person of %s, and signs in", from, person)
	case known:
		return contact, Contact, fmt.Sprintf("%s is a verified contact of %s", from, contact)
	}
	domain := DomainOf(from)
	owners := k.Domains[domain]
	switch {
	case Public(domain):
		return "", Queue, fmt.Sprintf("%s is nobody's contact, and anybody can have an address at %s", from, domain)
	case len(owners) == 1:
		return owners[0], Domain, fmt.Sprintf("%s is a verified domain of %s alone", domain, owners[0])
	case len(owners) > 1:
		return "", Queue, fmt.Sprintf("%s is nobody's contact, and %s is a domain of several: %s", from, domain, strings.Join(owners, ", "))
	}
	return "", Queue, from + " is nobody's contact, and " + domain + " nobody's verified domain"
}

// anAccount is what may be an AWS account's id, in digits or in the console's groups.
var anAccount = regexp.MustCompile(`\b[0-9]{4}-?[0-9]{4}-?[0-9]{4}\b`)

// queued is a message that a person has to look at, with what may help.
func queued(m Message, k Known, why string) Decision {
	var hints []string
	if _, known := k.Contacts[m.From]; !known && m.From != "" {
		if near := k.Near[DomainOf(m.From)]; len(near) > 0 {
			hints = append(hints, "a contact of "+few(near)+" has an address at the same domain, which is not verified")
		}
	}
	var named []string
	for _, id := range m.Named() {
		if customer, known := k.Accounts[id]; known && !slices.Contains(named, customer) {
			named = append(named, customer)
		}
	}
	if len(named) > 0 {
		hints = append(hints, "it names the account of "+few(named))
	}
	if len(hints) > 0 {
		why += " (" + strings.Join(hints, "; ") + ")"
	}
	return Decision{"", Queue, why}
}

// few are the first of some keys.
func few(keys []string) string {
	const most = 3
	if len(keys) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(keys[:most], ", "), len(keys)-most)
	}
	return strings.Join(keys, ", ")
}
