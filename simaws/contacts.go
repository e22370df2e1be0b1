package simaws

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"landlord/org"
)

// card is what AWS knows of an account beside the organization: how to reach
// its owner.
type card struct {
	Account    string                    `json:"account"`
	Name       string                    `json:"name,omitempty"` // of the management account while there is no organization
	Contact    map[string]any            `json:"contact,omitempty"`
	Alternates map[string]map[string]any `json:"alternates,omitempty"` // by AlternateContactType
	Regions    map[string]regionChoice   `json:"regions,omitempty"`    // of those that can be chosen
	Update     *emailUpdate              `json:"update,omitempty"`     // of the root address, under way
}

// accountManagement is the service that must be trusted before one account
// can manage another's contacts.
const accountManagement = "account.amazonaws.com"

// subject is the account that a call to Account Management is about: the
// caller's own, or a member for the management account or the service's
// delegated administrator.
//
// Source: Account Management API reference, the parameter AccountId; the
// sentence about the management account as users quote it.
func (w *world) subject(c *call) (string, error) {
	id := c.accountNamed()
	if id == "" {
		return c.who.account, nil
	}
	own := w.account(c.who.account)
	denied := c.service.denied("User: " + c.who.arn + " is not authorized to perform: account:" + c.operation)
	switch {
	case id == w.management && c.who.standing == manager:
		return "", c.service.denied("The management account can only be managed using the standalone context from the management account.")
	case own == nil || w.org.Features != "ALL" || w.account(id) == nil || id == w.management:
		return "", denied
	case w.org.Services[accountManagement].IsZero():
		return "", c.service.denied("Trusted access for Account Management (" + accountManagement + ") is not enabled in the organization.")
	case c.who.standing != manager && own.Delegated[accountManagement].IsZero():
		return "", denied
	}
	return id, nil
}

// accountNamed is the account that a call to Account Management names, if any.
func (c *call) accountNamed() string {
	return cmp.Or(c.in.text("AccountId"), c.in.text("StandardAccountId"))
}

// cardOf returns the card of an account, a new one if it has none.
func (w *world) cardOf(id string) *card {
	if w.cards[id] == nil {
		w.cards[id] = &card{Account: id, Alternates: map[string]map[string]any{}}
	}
	return w.cards[id]
}

func (w *world) keepCard(k *card) { w.change.Cards = append(w.change.Cards, k) }

// inheritCard gives a created account the contact of the management account.
//
// Source: Organizations user guide, "Creating a member account": what is copied.
func (w *world) inheritCard(id string) {
	if from := w.cards[w.management]; from != nil && from.Contact != nil {
		k := w.cardOf(id)
		k.Contact = from.Contact
		w.keepCard(k)
	}
}

// aboutAccount lets an operation run on the card of the account it is about.
func aboutAccount(run func(*world, *call, *card) (any, error)) func(*world, *call) (any, error) {
	return func(w *world, c *call) (any, error) {
		id, err := w.subject(c)
		if err != nil {
			return nil, err
		}
		if a := w.account(id); a != nil && !w.usable(a) && id != c.who.account {
			return nil, notFound("information")
		}
		if k := w.cards[id]; k != nil {
			return run(w, c, k)
		}
		return run(w, c, &card{Account: id})
	}
}

// sortedCards are all cards, by account.
func (w *world) sortedCards() []*card {
	return slices.SortedFunc(maps.Values(w.cards), func(a, b *card) int { return strings.Compare(a.Account, b.Account) })
}

func conflict(message string) *fault { return &fault{code: "ConflictException", message: message} }

// fieldFault is an input that the model allows and AWS does not.
func fieldFault(message string) *fault {
	return &fault{code: "ValidationException", reason: "fieldValidationFailed", message: message}
}

func notFound(what string) *fault {
	return &fault{code: "ResourceNotFoundException", message: "No " + what + " found for the account."}
}

// errNoAlternate is worded as clients compare it: prowler does.
var errNoAlternate = &fault{code: "ResourceNotFoundException", message: "No contact of the inputted alternate contact type found."}

func getContact(_ *world, _ *call, k *card) (any, error) {
	if k.Contact == nil {
		return nil, notFound("contact information")
	}
	return map[string]any{"ContactInformation": k.Contact}, nil
}

func putContact(w *world, c *call, k *card) (any, error) {
	k = w.cardOf(k.Account)
	k.Contact, _ = c.in["ContactInformation"].(map[string]any) // the model has checked it
	w.keepCard(k)
	return nil, nil
}

func getAlternate(_ *world, c *call, k *card) (any, error) {
	if found, ok := k.Alternates[c.in.text("AlternateContactType")]; ok {
		return map[string]any{"AlternateContact": found}, nil
	}
	return nil, errNoAlternate
}

func putAlternate(w *world, c *call, k *card) (any, error) {
	k = w.cardOf(k.Account)
	contact := maps.Clone(map[string]any(c.in))
	delete(contact, "AccountId")
	if k.Alternates == nil {
		k.Alternates = map[string]map[string]any{}
	}
	k.Alternates[c.in.text("AlternateContactType")] = contact
	w.keepCard(k)
	return nil, nil
}

func deleteAlternate(w *world, c *call, k *card) (any, error) {
	kind := c.in.text("AlternateContactType")
	if _, ok := k.Alternates[kind]; !ok {
		return nil, errNoAlternate
	}
	delete(k.Alternates, kind)
	w.keepCard(k)
	return nil, nil
}

func putName(w *world, c *call, k *card) (any, error) {
	name := c.in.text("AccountName")
	if a := w.accounts[k.Account]; a != nil {
		a.Name = name
		w.change.Accounts = append(w.change.Accounts, a)
	}
	if k.Account == w.management {
		k = w.cardOf(k.Account)
		k.Name = name
		w.keepCard(k)
	}
	return nil, nil
}

// managementName is the name that the management account has.
func (w *world) managementName() string {
	if k := w.cards[w.management]; k != nil && k.Name != "" {
		return k.Name
	}
	return "Management"
}

func getInformation(w *world, _ *call, k *card) (any, error) {
	out := struct {
		AccountID          string `json:"AccountId"`
		AccountName        string `json:"AccountName"`
		AccountCreatedDate string `json:"AccountCreatedDate,omitempty"`
		AccountState       string `json:"AccountState"`
	}{AccountID: k.Account, AccountName: w.managementName(), AccountState: org.Active}
	if a := w.accounts[k.Account]; a != nil {
		out.AccountName = a.Name
		if a.State == org.Closed {
			out.AccountState = org.Closed
		}
		if !a.Joined.IsZero() {
			out.AccountCreatedDate = a.Joined.UTC().Format(time.RFC3339)
		}
	}
	return out, nil
}

// getGovCloud finds none: no account of simaws has a partner in GovCloud.
func getGovCloud(*world, *call, *card) (any, error) {
	return nil, notFound("GovCloud account linked to it")
}
