package soak

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"landlord/org"
)

// outsiderKey is the access key of somebody else in the management account. No
// fault meets them.
const outsiderKey = "AKIAOUTSIDER"

// hand makes a call as somebody else, and returns AWS's answer.
func (l *life) hand(operation string, input any) fields {
	return l.handAs(outsiderKey, operation, input)
}

// handAs makes a call as the administrator of an account whose id is key.
func (l *life) handAs(key, operation string, input any) fields {
	r := request(l.ctx, operation, input, key)
	c := exchange{at: l.aws.Clock.Now(), who: "outsider", operation: operation}
	c.input, _ = io.ReadAll(r.Body)
	r = request(l.ctx, operation, input, key)
	resp, _, err := l.aws.Server.RoundTrip(r)
	if err != nil {
		l.wrong("outsider: %s: %v", operation, err)
		return nil
	}
	c.status = resp.StatusCode
	c.answer, _ = io.ReadAll(resp.Body)
	l.write(c)
	var out fields
	if c.status != 200 || json.Unmarshal(c.answer, &out) != nil {
		return nil
	}
	return out
}

type fields = map[string]any

// meddle has somebody else do something in the organization.
func (l *life) meddle() {
	t := l.aws.Server.Truth()
	if t.Root == "" {
		return
	}
	j := l.file.judge(&t)
	var accounts []*org.Account
	for i := range t.Accounts {
		if p := l.file.owner(&t.Accounts[i]); p != nil && !p.gone {
			accounts = append(accounts, &t.Accounts[i])
		}
	}
	var units, strange []*org.Unit
	for i := range t.Units {
		if u := &t.Units[i]; own(u) {
			units = append(units, u)
		} else {
			strange = append(strange, u)
		}
	}
	var policies []*org.Policy
	for i := range t.Policies {
		if p := &t.Policies[i]; p.Tags["landlord:framework"] != "" {
			policies = append(policies, p)
		}
	}
	l.meddled++
	if len(accounts) > 0 && (l.r.IntN(2) == 0 || l.favours == "untag") {
		l.meddleAccount(j, accounts[l.r.IntN(len(accounts))], units, strange)
		return
	}
	if len(units) > 0 && len(policies) > 0 && l.r.IntN(3) > 0 {
		l.meddleUnit(units[l.r.IntN(len(units))], policies[l.r.IntN(len(policies))], t.Root)
		return
	}
	l.strangers(&t)
}

// meddleAccount does something to a customer's account.
func (l *life) meddleAccount(j *judge, a *org.Account, units, strange []*org.Unit) {
	id := string(a.ID)
	if _, told := a.Tags["landlord:suspended"]; l.r.IntN(2) == 0 && told && j.denied(a) { // the other still tells it
		l.release(j, a)
		return
	}
	act := l.r.IntN(6)
	if l.favours == "untag" {
		act = 4
	}
	switch act {
	case 0, 1: // moved: to the root, another unit, somebody's unit
		to := j.Root
		if all := append(slices.Clone(units), strange...); len(all) > 0 && l.r.IntN(3) > 0 {
			to = all[l.r.IntN(len(all))].ID
		}
		l.hand("MoveAccount", fields{"AccountId": id, "SourceParentId": a.Parent, "DestinationParentId": to})
	case 2:
		l.hand("TagResource", fields{"ResourceId": id, "Tags": []fields{{"Key": "landlord:tier", "Value": tiers[l.r.IntN(len(tiers))]}}})
	case 3:
		l.hand("TagResource", fields{"ResourceId": id, "Tags": []fields{{"Key": "cost-center", "Value": fmt.Sprint(l.r.IntN(100))}}})
	case 4: // its address tells still whose it is
		if p := l.file.owner(a); l.untags && a.Email == l.file.email(p) && p.account == "" {
			l.hand("UntagResource", fields{"ResourceId": id, "TagKeys": []string{"landlord:customer"}})
		}
	case 5:
		if len(units) > 0 {
			for _, p := range j.Policies {
				if p.Tags["landlord:framework"] != "" {
					l.hand("AttachPolicy", fields{"PolicyId": p.ID, "TargetId": id})
					return
				}
			}
		}
	}
}

// release takes off an account one of the two that say that it is suspended.
func (l *life) release(j *judge, a *org.Account) {
	for i := range j.Policies {
		p := &j.Policies[i]
		switch {
		case p.Tags["landlord:policy"] == "" || !slices.Contains(p.Targets, string(a.ID)):
		case l.r.IntN(3) == 0:
			l.hand("UpdatePolicy", fields{"PolicyId": p.ID, "Content": `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}`})
		case l.r.IntN(2) == 0:
			l.hand("UntagResource", fields{"ResourceId": string(a.ID), "TagKeys": []string{"landlord:suspended"}})
		default:
			l.hand("DetachPolicy", fields{"PolicyId": p.ID, "TargetId": string(a.ID)})
		}
	}
}

// meddleUnit does something to a tier's unit or policy.
func (l *life) meddleUnit(u *org.Unit, p *org.Policy, root string) {
	switch l.r.IntN(7) {
	case 0, 1:
		for _, id := range u.SCPs {
			if id != org.FullAccess {
				l.hand("DetachPolicy", fields{"PolicyId": id, "TargetId": u.ID})
				return
			}
		}
	case 2:
		l.hand("AttachPolicy", fields{"PolicyId": p.ID, "TargetId": u.ID})
	case 3:
		l.hand("AttachPolicy", fields{"PolicyId": p.ID, "TargetId": root})
	case 4:
		l.hand("UpdateOrganizationalUnit", fields{"OrganizationalUnitId": u.ID, "Name": fmt.Sprintf("Renamed %d", l.meddled)})
	case 5:
		l.hand("UpdatePolicy", fields{"PolicyId": p.ID, "Content": `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}`})
	case 6:
		l.hand("DetachPolicy", fields{"PolicyId": org.FullAccess, "TargetId": u.ID})
	}
}

// strangers makes or changes things that are not landlord's.
func (l *life) strangers(t *view) {
	n := fmt.Sprint(l.meddled)
	act := l.r.IntN(5)
	switch l.favours {
	case "strange units":
		act = 0
	case "namesakes":
		act = 1
	}
	switch act {
	case 0:
		parent := t.Root
		if len(t.Units) > 0 && l.r.IntN(3) == 0 {
			if u := t.Units[l.r.IntN(len(t.Units))]; u.Parent == t.Root {
				parent = u.ID
			}
		}
		l.hand("CreateOrganizationalUnit", fields{"ParentId": parent, "Name": "Strange " + n})
	case 1:
		name := "Stranger " + n
		if now := l.file.current(); len(now) > 0 && (l.r.IntN(2) == 0 || l.favours == "namesakes") {
			name = now[l.r.IntN(len(now))].name // called as a customer is
		}
		l.hand("CreateAccount", fields{"Email": "stranger" + n + "@s.example", "AccountName": name})
	case 2:
		if t.SCPs {
			out := l.hand("CreatePolicy", fields{"Name": "strange-" + n, "Description": "", "Type": "SERVICE_CONTROL_POLICY",
				"Content": `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:*","Resource":"*"}]}`})
			if policy, made := out["Policy"].(fields); made {
				id := policy["PolicySummary"].(fields)["Id"]
				l.hand("AttachPolicy", fields{"PolicyId": id, "TargetId": append([]string{t.Root}, ids(t.Units)...)[l.r.IntN(1+len(t.Units))]})
			}
		}
	default: // what a person must decide, and will take back
		l.contradict(t)
	}
}

func ids(units []org.Unit) []string {
	var list []string
	for _, u := range units {
		list = append(list, u.ID)
	}
	return list
}

// contradict makes file and organization contradict each other, so that only a
// person can tell which is right, and remembers how it is taken back.
func (l *life) contradict(t *view) {
	if len(l.undo) > 0 {
		return
	}
	for i := range t.Units {
		u := &t.Units[i]
		if tier := u.Tags["landlord:tier"]; tier != "" && u.Name == l.file.units[tier] && slices.Contains(l.file.used(), tier) && l.r.IntN(2) == 0 {
			l.hand("UntagResource", fields{"ResourceId": u.ID, "TagKeys": []string{"landlord:tier"}})
			l.undo = append(l.undo, func() {
				l.hand("TagResource", fields{"ResourceId": u.ID, "Tags": []fields{{"Key": "landlord:tier", "Value": tier}}})
			})
			return
		}
	}
	var taken string // the key of a customer who has an account
	for i := range t.Accounts {
		if p := l.file.owner(&t.Accounts[i]); p != nil && !p.gone && t.Accounts[i].Tags["landlord:customer"] == p.key {
			taken = p.key
		}
	}
	for i := range t.Accounts {
		a := &t.Accounts[i]
		if taken != "" && l.file.owner(a) == nil && string(a.ID) != management {
			l.hand("TagResource", fields{"ResourceId": string(a.ID), "Tags": []fields{{"Key": "landlord:customer", "Value": taken}}})
			l.undo = append(l.undo, func() {
				l.hand("UntagResource", fields{"ResourceId": string(a.ID), "TagKeys": []string{"landlord:customer"}})
			})
			return
		}
	}
}

// takeBack undoes what contradicts.
func (l *life) takeBack() {
	for _, undo := range slices.Backward(l.undo) {
		undo()
	}
	l.undo = nil
	l.oneUnit()
}

// oneUnit does what the plan asks of a person where there are two units of one
// mark: take the tags off one, and off those below it. It comes of a rename by
// somebody else between two runs at once that both make the unit.
func (l *life) oneUnit() {
	t := l.aws.Server.Truth()
	first, strange := map[place]bool{}, map[string]bool{}
	for i := range t.Units { // parents first
		u := &t.Units[i]
		at := place{u.Parent, markOf(u.Tags), mark{}}
		if at.mark == (mark{}) || !first[at] && !strange[u.Parent] {
			first[at] = true
			continue
		}
		strange[u.ID] = true
		l.hand("UntagResource", fields{"ResourceId": u.ID, "TagKeys": []string{"landlord:tier", "landlord:unit", "landlord:region", "landlord:segment"}})
		l.hand("UpdateOrganizationalUnit", fields{"OrganizationalUnitId": u.ID, "Name": "Second " + u.ID})
	}
}
