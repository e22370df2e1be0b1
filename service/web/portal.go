package web

type portalPage struct {
	shell
	account
	Lead    string
	Checks  []checkLine
	Checked moment
	Entries []entryLine
}

type portalAccountPage struct {
	shell
	account
	Contacts []contactLine
}

type portalGuardrailsPage struct {
	shell
	Framework  string
	Guardrails []guardrailLine
}

type portalPeoplePage struct {
	shell
	Members    []personLine
	MayInvite  bool
	Invite     field
	InviteRole string
	EndTo      string
	Sessions   []sessionLine
}

type portalAWSPage struct {
	shell
	Account   string
	Simulated bool
	Start     string // the organization's access portal; "" where there is none
}

type portalAuditPage struct {
	shell
	Entries []entryLine
	Paging  paging
}
