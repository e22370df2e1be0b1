package simaws

import (
	"time"

	"landlord/org"
)

// emailUpdate is a change of an account's root address that waits for the code
// that AWS sent to the new one.
type emailUpdate struct {
	Email string    `json:"email"`
	OTP   string    `json:"otp"`
	At    time.Time `json:"at"`
}

// mail is a message that AWS would have sent: GET /_simaws/mail shows those
// that wait for an answer.
type mail struct {
	To      string    `json:"to"`
	Account string    `json:"account"`
	OTP     string    `json:"otp"`
	Sent    time.Time `json:"sent"`
}

func (w *world) emailOf(id string) string {
	if a := w.accounts[id]; a != nil {
		return a.Email
	}
	return w.email
}

func getPrimaryEmail(w *world, _ *call, k *card) (any, error) {
	return map[string]string{"PrimaryEmail": w.emailOf(k.Account)}, nil
}

type emailAnswer struct {
	Status string `json:"Status"`
}

// startEmail sends a code to the address that is to be the account's. Starting
// again sends another; the older one is good no more.
//
// Source: Account Management API reference, StartPrimaryEmailUpdate and
// ConflictException: "an email address which is already in use".
func startEmail(w *world, c *call, k *card) (any, error) {
	email := c.in.text("PrimaryEmail")
	switch {
	case !deliverable(email):
		return nil, fieldFault("The email address is not valid.")
	case w.emailTaken(email):
		return nil, conflict("The email address is already in use.")
	case w.accounts[k.Account].State != org.Active:
		return nil, conflict("The account is closed or being closed.")
	}
	w.count.Minted++
	k = w.cardOf(k.Account)
	k.Update = &emailUpdate{email, draw(w.seed, "otp", w.count.Minted, digits, 6), c.now}
	w.keepCard(k)
	return emailAnswer{"PENDING"}, nil
}

// acceptEmail ends the change with its code. The old address is free from then on.
func acceptEmail(w *world, c *call, k *card) (any, error) {
	update := k.Update
	switch {
	case update == nil || foldEmail(update.Email) != foldEmail(c.in.text("PrimaryEmail")):
		return nil, notFound("update of the primary email to this address")
	case update.OTP != c.in.text("Otp"):
		return nil, fieldFault("The OTP is not valid.")
	case w.emailTaken(update.Email):
		return nil, conflict("The email address is already in use.")
	}
	a := w.accounts[k.Account]
	delete(w.emails, foldEmail(a.Email))
	a.Email, k.Update = update.Email, nil
	w.emails[foldEmail(a.Email)] = a.ID
	w.keepCard(k)
	w.change.Accounts = append(w.change.Accounts, a)
	return emailAnswer{"ACCEPTED"}, nil
}

// mailbox lists the messages that wait for an answer, by account.
func (w *world) mailbox() []mail {
	all := []mail{}
	for _, k := range w.sortedCards() {
		if u := k.Update; u != nil {
			all = append(all, mail{u.Email, k.Account, u.OTP, u.At})
		}
	}
	return all
}
