// Package org holds the words of an AWS organization: units, accounts,
// policies, tags. They are values; nothing here talks to AWS or decides.
package org

import (
	"slices"
	"strings"
	"time"
)

// AccountID is an AWS account's number: 12 digits, leading zeros included.
type AccountID string

// Valid tells whether id is 12 digits.
func (id AccountID) Valid() bool {
	if len(id) != 12 {
		return false
	}
	for _, c := range id {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// The tags by which landlord knows what is its own. AWS holds them; there is
// no other state.
const (
	TagCustomer  = "landlord:customer"  // on an account: the customer's key
	TagTier      = "landlord:tier"      // on an account, a unit, a policy: the tier's key
	TagRegion    = "landlord:region"    // on an account: its home region; on a unit: that of its accounts
	TagSegment   = "landlord:segment"   // on an account: the customer's segment; on a unit: that of its accounts
	TagContact   = "landlord:contact"   // on an account: whom to write to, as TagText writes it
	TagSuspended = "landlord:suspended" // on an account: since when the customer is suspended, RFC 3339 in UTC
	TagClosed    = "landlord:closed"    // on an account: when landlord asked AWS to close it, likewise
	TagUnit      = "landlord:unit"      // on a unit that is of no one tier: what it is for
	TagFramework = "landlord:framework" // on a policy: the framework it is for
	TagRole      = "landlord:role"      // on a permission set, and in a group's description: the role it is for
	TagPolicy    = "landlord:policy"    // on a policy that is for no framework: what it is for
)

// OwnTags is how many tags landlord may set on one account.
const OwnTags = 7

// Tags are the tags of one resource.
type Tags map[string]string

// States of an account, the API's State (its older Status is retired).
const (
	Active            = "ACTIVE"
	PendingActivation = "PENDING_ACTIVATION"
	Suspended         = "SUSPENDED"
	PendingClosure    = "PENDING_CLOSURE"
	Closed            = "CLOSED"
)

// Account is a member account, or the management account.
type Account struct {
	ID     AccountID
	Name   string
	Email  string // the root user's address
	State  string // one of the states above
	Joined time.Time
	Parent string // id of the unit or root it is in
	Tags   Tags
	SCPs   []string // ids of the service control policies attached; read only where a plan may attach another
}

// Gone tells whether the account is closed or being closed.
func (a Account) Gone() bool { return a.State == Closed || a.State == PendingClosure }

// Unit is an organizational unit.
type Unit struct {
	ID     string
	Name   string
	Parent string // id of the unit or root above
	Tags   Tags
	SCPs   []string // ids of the service control policies attached; read only for landlord's own units
}

// FullAccess is the policy of AWS's own that allows everything. Without it, or
// another that allows, a unit's accounts can do nothing.
const FullAccess = "p-FullAWSAccess"

// Policy is a service control policy.
type Policy struct {
	ID         string
	Name       string
	Document   string   // JSON; read only for landlord's own
	AWSManaged bool     // FullAWSAccess
	Targets    []string // ids of roots, units and accounts it is attached to; read only for landlord's own
	Tags       Tags
}

// Creation is an account creation that AWS has not finished.
type Creation struct {
	ID          string // car-…
	AccountName string
	Requested   time.Time // on AWS's clock
}

// Organization is what an organization was seen to hold.
type Organization struct {
	ID          string // o-…; empty when the account has no organization
	Management  AccountID
	Root        string    // r-…
	SCPs        bool      // service control policies are enabled on the root
	PolicyTypes []string  // all types of policies that are enabled on the root, sorted: "SERVICE_CONTROL_POLICY"
	Units       []Unit    // in the order they were read, parents first
	Accounts    []Account // by id
	Policies    []Policy  // by id
	Creations   []Creation
	Ended       []time.Time   // when creations of the last hour were asked for, or only known to have ended, that are no longer under way; on AWS's clock
	Seen        time.Time     // when it was read, on AWS's clock
	Skew        time.Duration // AWS's clock minus ours

	Trusted     map[string]bool // services with trusted access; nil if that was not read
	Invitations []Invitation    // oldest first; nil if they were not read
}

// Questions are what is read of an organization only when it is needed.
type Questions struct {
	Invitations bool
	Names       []AccountID // accounts whose name AWS is asked for once more, and which services it trusts
	Slots       []AccountID // accounts whose policies are counted
}

// Invitation is an invitation of an account to the organization. AWS shows one
// for 30 days after its end.
type Invitation struct {
	ID        string    // h-…
	Account   AccountID // "" if it was sent to an address
	Email     string    // "" if it was sent to an account
	State     string    // one of the states below
	Requested time.Time
	Expires   time.Time
}

// States of an invitation.
const (
	Requested = "REQUESTED" // a moment before it is open
	Open      = "OPEN"
	Accepted  = "ACCEPTED"
	Declined  = "DECLINED"
	Canceled  = "CANCELED"
	Expired   = "EXPIRED"
)

// Carries tells whether what was read of a unit's own policies does not deny
// that one is among them. Nothing is denied of a unit whose policies were not
// read.
func Carries(o Organization, unit, policy string) bool {
	for _, u := range o.Units {
		if u.ID == unit && len(u.SCPs) > 0 {
			return slices.Contains(u.SCPs, policy)
		}
	}
	return true
}

// Exists tells whether there is an organization at all.
func (o Organization) Exists() bool { return o.ID != "" }

// Path is where the unit with an id stands: the names of units, by their ids, from
// below the root down; "" for the root. Below a unit that is not known it is that
// one's id.
func Path(units map[string]Unit, root, id string) string {
	var names []string
	for id != root {
		u, is := units[id]
		if !is {
			return id
		}
		names = append(names, u.Name)
		id = u.Parent
	}
	slices.Reverse(names)
	return strings.Join(names, "/")
}
