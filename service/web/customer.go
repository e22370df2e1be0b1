package web

// customerShell is what stands above every tab of a customer's page.
type customerShell struct {
	shell
	Key, Lead string
	MayLook   bool // may see the customer's portal
	Tabs      []place
}

// account is what is known of a customer's account.
type account struct {
	State                            tone
	Account, Email, Unit             string
	Tier, Framework, Region, Segment string
	Price                            string
	Domains                          []named
	Updated                          moment
}

type named struct {
	Name  string
	State tone
}

// checkLine is what a promise came to when it was last looked at.
type checkLine struct {
	Title, Detail string
	State         tone
}

// guardrailLine is a statement of a policy.
type guardrailLine struct {
	Sid, Says string
}

type customerPage struct {
	customerShell
	account
	Tags       []string
	Checks     []checkLine
	Checked    moment
	Guardrails []guardrailLine
}

type customerPeoplePage struct {
	customerShell
	Contacts   []contactLine
	Members    []personLine
	MayInvite  bool
	Invite     field
	InviteRole string
}

type contactLine struct {
	Name, Email, Role string
	State             tone
}

type personLine struct {
	ID, Name, Email, Role string
	Me                    bool
}

type customerHistoryPage struct {
	customerShell
	Steps   []stepLine
	Entries []entryLine
	Paging  paging
}

// stepLine is a step of a run.
type stepLine struct {
	At    moment
	What  string
	State tone
	Error string
	Tries string
	Run   string
	Key   string // the customer's
}
