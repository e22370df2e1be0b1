package web

type organizationPage struct {
	shell
	Known, Simulated bool
	MayPlan          bool
	ID               string
	Accounts, Units  int
	Looked           moment
	Root             unitNode
}

// unitNode is a unit and what is in it.
type unitNode struct {
	Name     string
	Open     bool
	Below    int // accounts in it and in its units
	Policies []string
	Units    []unitNode
	Leaves   []accountLeaf
	More     int    // accounts that are not shown
	Tier     string // key, where the unit is a tier's
}

type accountLeaf struct {
	Key, Name, Account, Note string
}
