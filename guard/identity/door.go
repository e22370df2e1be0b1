package identity

import "landlord/org"

// Door is a customer's account, as far as people may enter it.
type Door struct {
	Account org.AccountID // "" while there is none
	State   State
	Why     string // it is not Open
}

// State is what becomes of assignments in an account.
type State string

// The states of a door.
const (
	Open State = "open" // people are let in
	Wait State = "wait" // nobody more is let in for now; whoever is in stays
	Shut State = "shut" // nobody is let in: assignments end
	Gone State = "gone" // the account is closed: nothing is done there
)
