// Package plan compares the organization that is wanted with the one that is
// there, and says what would change: first for people, then as ordered steps.
// It reads nothing and does nothing.
package plan

import (
	"fmt"
	"strings"
	"time"

	"landlord/org"
)

// Action is what becomes of a thing.
type Action string

// The actions of a plan. Remove takes away what is landlord's own and empty;
// only a plan made by Close closes: a customer missing from the file is
// reported.
const (
	Create Action = "create"
	Adopt  Action = "adopt"  // an account that exists becomes a customer's
	Move   Action = "move"   // an account goes to its tier's unit
	Modify Action = "change" // a tag, a name, a policy, an attachment
	Wait   Action = "wait"   // a creation is already under way, or somebody else must act
	Shut   Action = "close"  // an account is closed
	Remove Action = "remove" // a unit of landlord's that is empty by then and not wanted any more
)

// Mark is the sign before a change of this action.
func (a Action) Mark() string {
	return map[Action]string{Create: "+", Adopt: "=", Move: ">", Modify: "~", Wait: "…", Shut: "-", Remove: "-"}[a]
}

// The nouns of a change.
const (
	TheOrganization = "organization"
	TheRoot         = "root"
	AUnit           = "unit"
	APolicy         = "policy"
	AnAttachment    = "attachment"
	AnAccount       = "account"
)

// Change is one line of the plan.
type Change struct {
	Action   Action `json:"action"`
	Noun     string `json:"kind"`
	Tier     string `json:"tier,omitempty"`     // key
	Customer string `json:"customer,omitempty"` // key
	Name     string `json:"name"`
	Detail   string `json:"detail,omitempty"`
	// Move: the statements of landlord's policies that no longer hold for the
	// account, and those that hold from then on, by Sid.
	Loses []string `json:"loses,omitempty"`
	Gains []string `json:"gains,omitempty"`
}

// Plan is what would change, and the steps that change it.
type Plan struct {
	Organization string        `json:"organization"` // o-…; "" when there is none yet
	Management   org.AccountID `json:"management_account"`
	Customers    int           `json:"customers"` // wanted
	Present      int           `json:"present"`   // of those, with an account
	Changes      []Change      `json:"changes"`
	Steps        []Step        `json:"steps"`
	// Held are the customers whose account is not created yet because AWS is
	// creating accounts that may be theirs; the plan after this one tells.
	Held []string `json:"held,omitempty"`
	// Barred are the customers whose account is missing and is not created, since
	// the plan that was confirmed did not create it, or AWS failed too often, or
	// has created it in this run and does not show it yet.
	Barred []string `json:"barred,omitempty"`
	// Invited are the customers whose account is outside and does not join
	// before somebody there, or here, acts. They hold nothing back.
	Invited []Invited `json:"invited,omitempty"`
	// Suspended are the customers of the file whose account is suspended.
	Suspended []Suspended `json:"suspended,omitempty"`
	// Waiting are the customers whose people are not let in yet, and why.
	Waiting []Waiting `json:"waiting,omitempty"`
	// Notices are what a person may want to decide. Nothing is done about them.
	Notices []Notice `json:"notices,omitempty"`
	// Orphans are accounts tagged for a key that the file does not have.
	// Nothing is done with them.
	Orphans []org.Account `json:"-"`
}

// Notice is a sentence to whoever reads the plan; it is no change.
type Notice struct {
	Tier string `json:"tier,omitempty"` // key
	Text string `json:"text"`
}

// Invited is a customer whose account was invited, and what it waits for.
type Invited struct {
	Customer string        `json:"customer"` // key
	Account  org.AccountID `json:"account"`
	Why      string        `json:"why"`
}

// Waiting is a customer whose people with a role are not let into its account yet.
type Waiting struct {
	Customer string `json:"customer"` // key
	Role     string `json:"role"`
	Why      string `json:"why"`
}

// Suspended is a customer whose account may do nothing.
type Suspended struct {
	Customer string        `json:"customer"` // key
	Account  org.AccountID `json:"account"`
	Since    string        `json:"since"` // RFC 3339; "" while that is not written down
}

// Empty tells whether there is nothing to do for landlord. Somebody else may
// have to: see Invited.
func (p *Plan) Empty() bool { return len(p.Steps) == 0 && len(p.Held) == 0 && len(p.Barred) == 0 }

// Count tells how many changes have action a and one of the nouns; all nouns
// if none is given.
func (p *Plan) Count(a Action, nouns ...string) int {
	n := 0
	for _, c := range p.Changes {
		if c.Action != a {
			continue
		}
		if len(nouns) == 0 {
			n++
		}
		for _, noun := range nouns {
			if c.Noun == noun {
				n++
			}
		}
	}
	return n
}

// A Conflict says why there can be no plan: what is there and what is wanted
// contradict each other, and only a person can tell which is right.
type Conflict struct {
	Problems []string
}

func (c *Conflict) Error() string {
	if len(c.Problems) == 1 {
		return c.Problems[0]
	}
	return fmt.Sprintf("%d problems:\n  %s", len(c.Problems), strings.Join(c.Problems, "\n  "))
}

// Options change how a plan is made.
type Options struct {
	// Since, if set, is when this apply began, on AWS's clock. A creation
	// under way that was asked for later is somebody else's, since this apply
	// knows its own; it holds nothing back.
	Since time.Time
	// Create, if set, tells whether an account may be created for a customer,
	// by key. Who may not is Barred.
	Create func(customer string) bool
	// PerTarget is how many policies AWS lets be attached to one target; 0 is
	// what it has published last.
	PerTarget int
}
