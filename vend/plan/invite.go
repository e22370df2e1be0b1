package plan

import (
	"fmt"
	"slices"
	"time"

	"landlord/org"
	"landlord/vend/blueprint"
)

// invite asks an account that is outside into the organization, unless an
// invitation waits for an answer, or was refused: then a person must settle it.
func (m *maker) invite(c blueprint.Customer, id org.AccountID) {
	last, ended := lastInvitation(m.have, id)
	if why := Waits(m.have, id); why != "" {
		m.plan.Invited = append(m.plan.Invited, Invited{c.Key, id, why})
		m.change(Change{Action: Wait, Noun: AnAccount, Tier: c.Tier, Customer: c.Key, Name: c.Name, Detail: string(id) + " " + why})
		return
	}
	m.add(Step{Kind: InviteAccount, Tier: c.Tier, Customer: c.Key, Target: Ref(id), Name: c.Name, Tags: c.Tags, After: m.first,
		Text: m.want.Provider + " invites this account into its organization, as the account of " + c.Name + " (" + c.Key + ")"})
	detail := string(id) + " is outside the organization and is invited"
	if ended {
		detail += fmt.Sprintf("; invitation %s expired on %s", last.ID, last.Expires.UTC().Format(time.DateOnly))
	}
	m.change(Change{Action: Adopt, Noun: AnAccount, Tier: c.Tier, Customer: c.Key, Name: c.Name, Detail: detail})
}

// Waits says what an account outside waits for: its administrator's answer, or
// what follows from one; "" where landlord can invite it.
func Waits(have org.Organization, id org.AccountID) string {
	last, there := lastInvitation(have, id)
	if !there {
		return ""
	}
	again := fmt.Sprintf("to invite it once more: aws organizations invite-account-to-organization --target Id=%s,Type=ACCOUNT; if it is not the customer's, correct `account:`", id)
	switch last.State {
	case org.Expired:
		return ""
	case org.Accepted:
		return fmt.Sprintf("accepted its invitation %s and is not in the organization: it has left since, or AWS does not show it yet. If it has left, %s", last.ID, again)
	case org.Declined:
		return fmt.Sprintf("declined its invitation %s. Settle it with its administrator; %s", last.ID, again)
	case org.Canceled:
		return fmt.Sprintf("has an invitation that somebody canceled, %s; %s", last.ID, again)
	}
	return fmt.Sprintf("was invited %s; that expires %s, its administrator accepts with: aws organizations accept-handshake --handshake-id %s",
		ago(have.Seen.Sub(last.Requested)), ahead(last.Expires.Sub(have.Seen)), last.ID)
}

// lastInvitation is the one that was sent last to an account.
func lastInvitation(have org.Organization, id org.AccountID) (org.Invitation, bool) {
	for _, i := range slices.Backward(have.Invitations) {
		if i.Account == id {
			return i, true
		}
	}
	return org.Invitation{}, false
}

func ago(d time.Duration) string {
	if n := int(d.Hours() / 24); n > 0 {
		return days(n) + " ago"
	}
	return "today"
}

func ahead(d time.Duration) string {
	if n := int(d.Hours() / 24); n > 0 {
		return "in " + days(n)
	}
	return "within a day"
}

func days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}
