// Package directory tells whose something is. It is the one place of
// attribution: what it cannot attribute it says so, and never guesses.
package directory

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"landlord/org"
)

// Customer is what the directory needs to know of a customer.
type Customer struct {
	Key      string
	Formerly []string      // keys it had before
	Email    string        // the root address made from its key
	Account  org.AccountID // the account that the file says is its own; mostly empty
	Address  string        // the root address of that account, where the file says it so
}

// Ownership is whose each account is.
type Ownership struct {
	Of        map[string]org.Account   // customer's key → its account
	Outside   map[string]org.AccountID // customer's key → the account that the file says is its own and that is not in the organization
	Orphans   []org.Account            // tagged for a key that is neither a customer's nor departed, by id
	Conflicts []Conflict               // while there is one, nothing may be created or moved
}

// Conflict says why it cannot be told which account a customer's is.
type Conflict struct {
	Customer string // key
	Why      string // a sentence: what contradicts what, and what to do
}

// Owners tells whose each account is. An account is K's if the file says so;
// else if its tag landlord:customer is K, or a key that K had before; else if
// it has no such tag and its address is the one made from K. Where these
// disagree, or name two accounts, that is a conflict.
//
// A key is for ever: one whose account is closed is a conflict, and so is an
// address that a closed account still holds.
func Owners(customers []Customer, departed []string, seen org.Organization) Ownership {
	ix := index(seen)
	own := Ownership{Of: make(map[string]org.Account, len(customers)), Outside: map[string]org.AccountID{}}
	known := make(map[string]bool, len(customers))
	claimed := make(map[org.AccountID]string, len(customers))
	for _, key := range departed {
		known[key] = true
	}
	for _, c := range customers {
		known[c.Key] = true
		for _, key := range c.Formerly {
			known[key] = true
		}
		account, found, conflict := ix.of(c, seen)
		if conflict == "" && found {
			if other, twice := claimed[account.ID]; twice {
				conflict = fmt.Sprintf("account %s would be both %s's and %s's; say with `account:` whose it is", account.ID, other, c.Key)
			}
			claimed[account.ID] = c.Key
		}
		switch {
		case conflict != "":
			own.Conflicts = append(own.Conflicts, Conflict{c.Key, conflict})
		case found:
			own.Of[c.Key] = account
		case c.Account != "":
			own.Outside[c.Key] = c.Account
		}
	}
	for _, key := range slices.Sorted(maps.Keys(ix.byTag)) {
		if !known[key] {
			own.Orphans = append(own.Orphans, ix.byTag[key]...)
		}
	}
	slices.SortFunc(own.Orphans, func(a, b org.Account) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return own
}

// accounts finds accounts by what they are known by.
type accounts struct {
	byID    map[org.AccountID]org.Account
	byTag   map[string][]org.Account
	byEmail map[string][]org.Account
}

func index(seen org.Organization) accounts {
	ix := accounts{
		byID:    make(map[org.AccountID]org.Account, len(seen.Accounts)),
		byTag:   make(map[string][]org.Account, len(seen.Accounts)),
		byEmail: make(map[string][]org.Account, len(seen.Accounts)),
	}
	for _, a := range seen.Accounts {
		ix.byID[a.ID] = a
		if key := a.Tags[org.TagCustomer]; key != "" {
			ix.byTag[key] = append(ix.byTag[key], a)
		}
		email := strings.ToLower(a.Email)
		ix.byEmail[email] = append(ix.byEmail[email], a)
	}
	return ix
}

// of finds c's account, or says in a sentence why it cannot tell.
func (ix accounts) of(c Customer, seen org.Organization) (account org.Account, found bool, conflict string) {
	keys := append([]string{c.Key}, c.Formerly...)
	var candidates, named []org.Account
	if a, there := ix.byID[c.Account]; there {
		named = append(named, a)
	}
	if c.Address != "" {
		named = ix.byEmail[strings.ToLower(c.Address)]
		if len(named) == 0 {
			return org.Account{}, false, fmt.Sprintf("customer %s: no account in the organization has the address %s. If the account is outside, write its id after `account:`, and it is invited; remove the line to have AWS create one", c.Key, c.Address)
		}
	}
	for _, a := range named {
		if tag := a.Tags[org.TagCustomer]; tag != "" && !slices.Contains(keys, tag) {
			return a, false, fmt.Sprintf("customer %s: account %s is tagged %s=%s. If %s is the customer's former key, add it under `formerly:`; if not, correct the tag or the file", c.Key, a.ID, org.TagCustomer, tag, tag)
		}
		candidates = append(candidates, a)
	}
	for _, key := range keys {
		candidates = append(candidates, ix.byTag[key]...)
	}
	for _, a := range ix.byEmail[strings.ToLower(c.Email)] {
		if tag := a.Tags[org.TagCustomer]; tag != "" && !slices.Contains(keys, tag) {
			return a, false, fmt.Sprintf("customer %s: account %s has the address made from this key (%s) and the tag %s=%s. Tag and address disagree: if %s is the former key, add it under `formerly:`; if not, correct the tag", c.Key, a.ID, a.Email, org.TagCustomer, tag, tag)
		}
		candidates = append(candidates, a)
	}
	if len(candidates) == 0 {
		return org.Account{}, false, ""
	}
	account = candidates[0]
	if c.Account != "" && len(named) == 0 {
		return account, false, fmt.Sprintf("customer %s: the file says that its account is %s, which is not in the organization, while account %s (%s, %s) looks like its own. Correct `account:`, or remove the tag %s from the other", c.Key,
			c.Account, account.ID, account.Email, account.State, org.TagCustomer)
	}
	for _, other := range candidates[1:] {
		if other.ID != account.ID {
			return account, false, fmt.Sprintf("customer %s: accounts %s (%s, %s) and %s (%s, %s) both look like its own. Say with `account:` which one it is, and remove the tag %s from the other", c.Key,
				account.ID, account.Email, account.State, other.ID, other.Email, other.State, org.TagCustomer)
		}
	}
	if account.ID == seen.Management {
		return account, false, fmt.Sprintf("customer %s: account %s is the management account, which no guardrail holds; it cannot be a customer's", c.Key, account.ID)
	}
	if account.Gone() {
		return account, false, fmt.Sprintf("customer %s: account %s, known by this key or its address, is %s. A key is for ever: a customer who left belongs under `departed:`; one who comes back gets a new key", c.Key, account.ID, strings.ToLower(strings.ReplaceAll(account.State, "_", " ")))
	}
	return account, true, ""
}
