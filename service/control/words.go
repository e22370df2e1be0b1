package control

import (
	"fmt"
	"strings"

	"landlord/directory"
	"landlord/org"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
)

// others are whose the keys, accounts and addresses of an organization are, so that no
// customer reads another's.
type others map[string]string

func othersOf(want blueprint.Blueprint, seen org.Organization, own directory.Ownership) others {
	of := others{}
	is := func(word, key string) { // what is told first counts
		if word = strings.ToLower(word); of[word] == "" {
			of[word] = key
		}
	}
	for _, c := range want.Customers {
		is(c.Key, c.Key)
		is(c.Email, c.Key) // which the account may not have, or another
		for _, key := range c.Formerly {
			is(key, c.Key)
		}
	}
	for key, a := range own.Of {
		is(string(a.ID), key)
		is(a.Email, key)
	}
	for _, a := range seen.Accounts {
		if key := a.Tags[org.TagCustomer]; key != "" {
			is(key, key)
			is(string(a.ID), of[strings.ToLower(key)])
			is(a.Email, of[strings.ToLower(key)])
		}
	}
	return of
}

// names tells whether a text names another customer than that of a key.
func (o others) names(text, key string) bool {
	apart := func(r rune) bool { return strings.ContainsRune(" ,;:()\"'`=", r) }
	for _, word := range strings.FieldsFunc(strings.ToLower(text), apart) {
		if of, is := o[strings.TrimSuffix(word, ".")]; is && of != key {
			return true
		}
	}
	return false
}

// waitsFor is what a person has to do before the account of a customer without one is
// there, in words that the customer may read; "" if nobody has to.
func waitsFor(seen org.Organization, own directory.Ownership, key string) string {
	for _, c := range own.Conflicts {
		if c.Customer == key {
			return "It cannot be told which account is the customer's. Whoever keeps the portfolio decides that; until then nothing is changed."
		}
	}
	id, outside := own.Outside[key]
	if !outside {
		return ""
	}
	for _, i := range seen.Invitations { // the last counts
		if i.Account == id && (i.State == org.Open || i.State == org.Requested) {
			return fmt.Sprintf("Account %s was invited to the organization on %s. Its administrator accepts by %s, signed in there: aws organizations accept-handshake --handshake-id %s", id, day(i.Requested), day(i.Expires), i.ID)
		}
	}
	if why := plan.Waits(seen, id); why != "" {
		return fmt.Sprintf("Account %s is outside the organization: it %s.", id, why)
	}
	return ""
}
