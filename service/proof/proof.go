// Package proof tells whether what a customer says is its own is: a domain, by a
// record in its DNS, and a contact's address, by a link that only its reader has. A
// domain and its challenge come in; what DNS holds goes out. It keeps nothing.
package proof

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"landlord/service/store"
)

// A Resolver asks DNS. A *net.Resolver is one.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// Record is the name of the TXT record that shows whose a domain is.
func Record(domain string) string { return "_landlord." + domain }

// Value is what that record has to say.
func Value(d store.Domain) string { return "landlord-domain=" + d.Challenge }

// Found is what DNS holds at the place of a domain's record.
type Found struct {
	Proven bool
	Others []string // that are not the value
}

// patience is how long DNS may take.
const patience = 5 * time.Second

// Domain looks whether DNS holds what shows that d is its customer's. No record is
// not an error; DNS that does not answer is one.
func Domain(ctx context.Context, r Resolver, d store.Domain) (found Found, err error) {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	// The dot keeps a resolver from trying its own domains.
	texts, err := r.LookupTXT(ctx, Record(d.Name)+".")
	if missing, is := errors.AsType[*net.DNSError](err); is && missing.IsNotFound {
		return found, nil
	}
	if err != nil {
		return found, fmt.Errorf("look up %s: %w", Record(d.Name), err)
	}
	for _, text := range texts {
		if strings.TrimSpace(text) == Value(d) {
			found.Proven = true
		} else {
			found.Others = append(found.Others, text)
		}
	}
	return found, nil
}

// Looks is how often one customer's domains are looked for.
var Looks = store.Bound{Most: 30, Within: 15 * time.Minute}

// Verify looks whether DNS holds what shows that a domain is its customer's, and keeps
// it if so, with what kept adds in the same transaction. in enters the scope that the
// customer's rows are seen in; DNS, which may take its time, is asked between two
// transactions. A wait says that DNS was not asked, and when it may be. silent says
// that DNS did not answer.
func Verify(ctx context.Context, in func(context.Context, func(store.Tx) error) error, r Resolver, customer, name string, now time.Time, kept func(store.Tx, store.Domain) error) (found Found, wait time.Duration, silent, err error) {
	var d store.Domain
	err = in(ctx, func(tx store.Tx) (err error) {
		if d, err = tx.Domain(ctx, customer, name); err != nil {
			return err
		}
		wait, err = tx.Try(ctx, "domains of "+customer, Looks, now)
		return err
	})
	if err != nil || wait > 0 {
		return found, wait, nil, err
	}
	if found, silent = Domain(ctx, r, d); silent != nil || !found.Proven {
		return found, 0, silent, nil
	}
	return found, 0, nil, in(ctx, func(tx store.Tx) error {
		if err := tx.VerifyDomain(ctx, d, now); err != nil {
			return err
		}
		return kept(tx, d)
	})
}

// longest is the most characters of a domain that leave room for its record.
// Source: RFC 1035, section 2.3.4: 255 octets, 253 as people write it.
const longest = 253 - len("_landlord.")

// Name is a domain that somebody typed, as DNS has it, or what is wrong with it, as
// a sentence for people.
func Name(typed string) (name, fault string) {
	name = strings.TrimSuffix(strings.ToLower(strings.TrimSpace(typed)), ".")
	if name == "" {
		return "", "Type a domain."
	}
	name, err := idna.Lookup.ToASCII(name)
	if err != nil || !strings.Contains(name, ".") || len(name) > longest || net.ParseIP(name) != nil || strings.ContainsAny(name, "/:@ _") {
		return "", "This is no domain. It looks like company.example, without https:// and without a path."
	}
	return name, ""
}

// AskedKind is the kind of the outbox's messages that ask for a letter to a contact.
const AskedKind = "contact"

// Asked is the payload of such a message.
type Asked struct {
	Customer string `json:"customer"`
	Email    string `json:"email"`
}

// Letters is how many letters one contact gets, and LettersOf how many all contacts
// of a customer: nobody has strangers written to by naming them.
var (
	Letters   = store.Bound{Most: 3, Within: time.Hour}
	LettersOf = store.Bound{Most: 30, Within: time.Hour}
)

// Ask asks for a letter with a link that confirms a contact's address, or returns
// how long that has to wait.
func Ask(ctx context.Context, tx store.Tx, customer, email string, now time.Time) (wait time.Duration, err error) {
	if _, err := tx.Contact(ctx, customer, email); err != nil {
		return 0, err
	}
	if wait, err = tx.Try(ctx, "letter to "+customer+" "+email, Letters, now); wait > 0 || err != nil {
		return wait, err
	}
	if wait, err = tx.Try(ctx, "letters of "+customer, LettersOf, now); wait > 0 || err != nil {
		return wait, err
	}
	payload, err := json.Marshal(Asked{customer, email})
	if err != nil {
		return 0, err
	}
	return 0, tx.Ask(ctx, AskedKind, payload, now)
}
