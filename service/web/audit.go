package web

type auditPage struct {
	shell
	Lead                    string
	Customer, Actor, Action string
	Filtered                bool
	Entries                 []entryLine
	Paging                  paging
}
