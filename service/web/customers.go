package web

type customersPage struct {
	shell
	All, Failing int
	MRR          string
	CSV          string // the address of the export of what is shown
	Query, Sort  string
	Filtered     bool
	Choices      []choice
	Heads        []columnHead
	Rows         []customerRow
	Paging       paging
}

// choice is a filter of which one value is chosen.
type choice struct {
	Name, Label string
	Options     []option
}

type option struct {
	Value, Label string
	Chosen       bool
}

// columnHead is the head of a column, and where it leads to sort by it.
type columnHead struct {
	Name, Class, To, Order string
}

type customerRow struct {
	Key, Name, Found       string
	Tier, Framework        string
	State, Health          tone
	Account, Region, Price string
}

// paging is which part of a list is shown, and the way on.
type paging struct {
	Shown, Before, After string
}
