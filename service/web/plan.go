package web

type planPage struct {
	shell
	Fault             string
	Problems          []string
	Empty             bool
	Sum, Closes, Time string
	Organization      string
	Management        string
	Simulated         bool
	Present           int
	Customers         int
	Groups            []changeGroup
	Notices           []string
	Running           string // the run that is under way
	MayApply          bool
	Digest, Button    string
	Confirm           field
}

// changeGroup is what changes in a tier, or above all.
type changeGroup struct {
	ID              int
	Name, Framework string
	Changes         []changeLine
	More            int
}

type changeLine struct {
	Action, Mark, Noun, Customer, Name, Detail string
	Loses, Gains                               string
}
