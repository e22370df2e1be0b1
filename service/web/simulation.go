package web

type simulationPage struct {
	shell
	Customers, Add, Most int
	Tiers                []option
	Fault                string
	Result               *simulated
}

// simulated is what a simulation came to.
type simulated struct {
	Deploy   bool
	State    tone
	Decision string
	Reasons  []string
	Lines    []todayThen
	Report   string // the address of the whole report
}

type todayThen struct {
	Name, Today, Then string
}
