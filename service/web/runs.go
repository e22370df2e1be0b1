package web

type runsPage struct {
	shell
	Lead    string
	MayPlan bool
	Runs    []runLine
	Paging  paging
}

// runLine is a run in a list.
type runLine struct {
	ID, What, Who string
	State         tone
	At            moment
	Took          string
}
