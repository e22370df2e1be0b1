package web

type foundPage struct {
	shell
	Query string
	Found []found
}

// found is a customer, a page or an action.
type found struct {
	Name, What, To string
}
