package soak

import (
	"slices"
	"time"

	"landlord/org"
	"landlord/simaws"
)

// outside are accounts that customers bring along and that are in no
// organization yet.
var outside = []simaws.OutsideAccount{
	{ID: "900000000001", Email: "root@first.example", Name: "First Brought"},
	{ID: "900000000002", Email: "root@second.example", Name: "Second Brought"},
}

// bring gives a new customer an account outside.
func (l *life) bring() {
	if l.hasty || l.favours != "bring" && l.r.IntN(5) > 0 {
		return
	}
	for _, o := range outside {
		if !slices.ContainsFunc(l.file.people, func(p *person) bool { return p.account == o.ID }) {
			p := l.file.join(l.r)
			p.account = o.ID
			l.say("edit: bring %s for %s", o.ID, p.key)
			return
		}
	}
}

// invited are the customers whose account is outside still.
func (l *life) invited() []*person {
	t := l.aws.Server.Truth()
	return slices.DeleteFunc(l.file.current(), func(p *person) bool {
		return p.account == "" || slices.ContainsFunc(t.Accounts, func(a org.Account) bool { return string(a.ID) == p.account })
	})
}

// absent are their keys: landlord has done for them what it can.
func (l *life) absent() map[string]bool {
	keys := map[string]bool{}
	for _, p := range l.invited() {
		keys[p.key] = true
	}
	return keys
}

// open is the invitation of an account that waits for an answer, "" if none does.
func (l *life) open(id string) string {
	out := l.handAs(id, "ListHandshakesForAccount", fields{})
	list, _ := out["Handshakes"].([]any)
	for _, x := range list {
		if h := x.(fields); h["State"] == "OPEN" {
			return h["Id"].(string)
		}
	}
	return ""
}

// answer has those who were invited do what they do: accept mostly, or decline,
// or nothing, until the invitation expires; or somebody here cancels it.
func (l *life) answer() {
	for _, p := range l.invited() {
		h := l.open(p.account)
		if h == "" {
			continue
		}
		switch n := l.r.IntN(12); {
		case n < 6:
			l.handAs(p.account, "AcceptHandshake", fields{"HandshakeId": h})
		case n == 6:
			l.handAs(p.account, "DeclineHandshake", fields{"HandshakeId": h})
			l.again(p)
		case n == 7:
			l.hand("CancelHandshake", fields{"HandshakeId": h})
			l.again(p)
		case n == 8 && !l.hasty:
			l.wait(16*24*time.Hour, 17*24*time.Hour)
		}
	}
}

// again settles an invitation that came to nothing, as the plan asks: somebody
// sends another by hand, or the file no longer names the account.
func (l *life) again(p *person) {
	if l.r.IntN(2) == 0 {
		l.hand("InviteAccountToOrganization", fields{"Target": fields{"Id": p.account, "Type": "ACCOUNT"}})
		return
	}
	p.account = ""
	l.say("edit: account of %s", p.key)
}
