package web

type runPage struct {
	shell
	ID, Who string
	Asked   moment
	MayStop bool
	progress
}

// progress is how far a run is; it is sent again whenever that changes.
type progress struct {
	Live          bool
	State         tone
	Doing, Left   string
	Steps, Done   int
	Error         string
	Customers     []stepLine
	MoreCustomers int
	Others        []stepLine
}
