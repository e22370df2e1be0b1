package web

// field is a field of a form, with what is wrong with what was typed.
type field struct {
	Name, Label, Hint, Type string
	Value, Fault            string
	Complete                string // the browser's word for what it may fill in
	Needed                  bool
	Min, Max                string
}

func emailField(value, fault string) field {
	return field{Name: "email", Label: "E-mail address", Type: "email", Complete: "email", Needed: true, Value: value, Fault: fault}
}
