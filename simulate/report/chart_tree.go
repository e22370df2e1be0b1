package report

import (
	"fmt"
)

// branch is a unit as the page shows it.
type branch struct {
	Unit
	Tone string
	More int // accounts that are not shown
	Sub  []branch
}

// branches are units as the page shows them: of many accounts, the first.
func (r *Report) branches(units []Unit, most int) []branch {
	tones := map[string]string{}
	for _, t := range r.Tiers {
		tones[t.Key] = r.tones()[t.Name]
	}
	var all []branch
	for _, u := range units {
		b := branch{Unit: u, Tone: tones[u.Tier], Sub: r.branches(u.Units, most)}
		if len(u.Members) > most+1 {
			b.More = len(u.Members) - most
			b.Members = u.Members[:most]
		}
		all = append(all, b)
	}
	return all
}

// flat are branches and those below them, named by their path.
func flat(branches []branch, path string) []branch {
	var all []branch
	for _, b := range branches {
		b.Name = path + b.Name
		all = append(all, b)
		all = append(all, flat(b.Sub, b.Name+"/")...)
	}
	return all
}

// drawTree draws the organization from left to right: the root, units with
// their policies, accounts. It is for wide pages; a phone gets the list.
func drawTree(r *Report, branches []branch) *drawing {
	const (
		root, unit, account = 0, 190, 540 // where columns start
		elbow               = 18
		lines               = 17 // from line to line
		wide                = 860
	)
	d := &drawing{ID: "tree-chart", W: wide, Title: "Units and accounts", Desc: "The organization, its units with their policies, and the accounts in each, as in the list beside."}
	y := px(6)
	var middles []px
	for _, b := range flat(branches, "") {
		top := y
		unitLines := 2 + len(b.Policies)
		leaves := len(b.Members)
		if b.More > 0 {
			leaves++
		}
		tall := max(px(unitLines*lines), px(leaves)*(2*lines+4))
		middle := top + tall/2
		middles = append(middles, middle)
		d.block(unit, middle-px(unitLines*lines)/2-1, 4, px(unitLines*lines)+2, b.Tone)
		at := middle - px(unitLines*lines)/2 + 13
		d.text(unit+12, at, "start", "strong", b.Name, account-unit-60)
		d.text(unit+12, at+lines, "start", "soft", b.ID, account-unit-60)
		for _, p := range b.Policies {
			at += lines
			d.text(unit+12, at+lines, "start", "soft", fmt.Sprintf("%s: %s %s", p.Framework, p.Name, p.ID), account-unit-50)
		}
		leaf := middle - px(leaves)*(2*lines+4)/2
		for i := range leaves {
			place := leaf + px(i)*(2*lines+4)
			joint := place + lines + 2 // the middle of its two lines
			d.line(account-elbow, joint, account-6, joint, "branch")
			if i == len(b.Members) {
				d.text(account, place+lines+5, "start", "soft", "and "+count(b.More, "more account"), wide-account)
				continue
			}
			m := b.Members[i]
			d.text(account, place+14, "start", "", m.Label(), wide-account)
			d.text(account, place+14+lines, "start", "soft", string(m.Account), wide-account)
		}
		if leaves > 0 {
			d.line(account-elbow, leaf+lines+2, account-elbow, leaf+px(leaves-1)*(2*lines+4)+lines+2, "branch")
			d.line(account-elbow*2, middle, account-elbow, middle, "branch")
		}
		y = top + tall + 20
	}
	for i, m := range r.Tree.Loose {
		if i == shownBars {
			break
		}
		d.text(unit+12, y+14, "start", "", m.Label()+" "+string(m.Account)+": in no unit ❌", wide-unit)
		middles = append(middles, y+9)
		y += 28
	}
	if len(middles) == 0 {
		return nil
	}
	first, last := middles[0], middles[len(middles)-1]
	middle := (first + last) / 2
	for _, m := range middles {
		d.line(unit-elbow, m, unit-6, m, "branch")
	}
	d.line(unit-elbow, first, unit-elbow, last, "branch")
	d.line(unit-elbow*2, middle, unit-elbow, middle, "branch")
	d.text(root, middle-20, "start", "strong", "Organization", unit-40)
	for i, text := range []string{r.Tree.Organization, "root " + r.Tree.Root, "management"} {
		d.text(root, middle-20+px(i+1)*lines, "start", "soft", text, unit-40)
	}
	d.text(root, middle-20+4*lines, "start", "soft", string(r.Tree.Management), unit-40)
	d.H = max(y, middle+60)
	return d
}

// Label names the customer of an account, or the account.
func (a Member) Label() string {
	if a.Customer != "" {
		return a.Customer
	}
	return a.Name
}
