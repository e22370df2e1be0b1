package web

type overviewPage struct {
	shell
	MayPlan, MayAudit bool
	Customers         int
	MRR               string
	Looked            moment
	Needs             []need
	MoreNeeds         int // customers with failing checks beyond those shown
	Tiers             []tierShare
	Runs              []runLine
	Changed           []entryLine
}

// need is something that a person must do.
type need struct {
	State         tone
	What, Why, To string
	Since         moment
}

// tierShare is what a tier earns.
type tierShare struct {
	Key, Name, Framework, MRR string
	Customers                 string
	Share                     int // percent of the revenue
}

// entryLine is an entry of the audit log as pages show it.
type entryLine struct {
	At            moment
	What          string
	Before, After string
	Who, Source   string
	On, To        string // the customer, and where it leads
}
