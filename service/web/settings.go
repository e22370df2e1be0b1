package web

type settingsPage struct {
	shell
	Lead      string
	Tabs      []place
	Tab       string // sessions, people or tokens
	EndTo     string // below which sessions are ended
	Sessions  []sessionLine
	People    []personLine
	Roles     []option
	MayInvite bool
	Invite    field
	Tokens    []tokenLine
	Token     field
	Scope     string
	Secret    string // of the token just made
}

type sessionLine struct {
	ID                string
	Began, Seen, Ends moment
	Source, Agent     string
	Me                bool
}

type tokenLine struct {
	ID, Name, Who, May string
	Ends               moment
}
