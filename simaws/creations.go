package simaws

import (
	"slices"
	"strings"
	"time"

	"landlord/internal/limits"
	"landlord/org"
)

// creation is one accepted CreateAccount. What becomes of it is settled when it
// is accepted and seen when it is due.
type creation struct {
	N         int               `json:"n"` // which accepted creation, from 1
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	Email     string            `json:"email"`
	Role      string            `json:"role"`
	Tags      map[string]string `json:"tags,omitempty"`
	Requested time.Time         `json:"requested"`
	Due       time.Time         `json:"due"`
	Account   string            `json:"account,omitempty"` // id of the account to be; "" if it fails
	Failure   string            `json:"failure,omitempty"` // FailureReason
	Done      bool              `json:"done,omitempty"`
	Unusable  time.Duration     `json:"unusable,omitempty"` // how long nobody can enter the account
}

func (c *creation) number() int { return c.N }

func (c *creation) state() string {
	switch {
	case !c.Done:
		return "IN_PROGRESS"
	case c.Failure != "":
		return "FAILED"
	}
	return "SUCCEEDED"
}

type creationOut struct {
	ID                 string `json:"Id"`
	AccountName        string `json:"AccountName"`
	State              string `json:"State"`
	RequestedTimestamp epoch  `json:"RequestedTimestamp"`
	CompletedTimestamp *epoch `json:"CompletedTimestamp,omitempty"`
	AccountID          string `json:"AccountId,omitempty"`
	FailureReason      string `json:"FailureReason,omitempty"`
}

func (c *creation) out() creationOut {
	out := creationOut{ID: c.ID, AccountName: c.Name, State: c.state(), RequestedTimestamp: epochOf(c.Requested)}
	if c.Done {
		completed := epochOf(c.Due)
		out.CompletedTimestamp, out.AccountID, out.FailureReason = &completed, c.Account, c.Failure
	}
	return out
}

type creationAnswer struct {
	CreateAccountStatus creationOut `json:"CreateAccountStatus"`
}

// Source: API reference, CreateAccount and CreateAccountStatus; five at once and
// the quota of accounts as in package limits.
func (w *world) createAccount(c *call) (any, error) {
	tags, err := w.tagsFor(c, kindAccount)
	switch {
	case err != nil:
		return nil, err
	case w.inFlight.len() >= limits.CreationsInFlight:
		return nil, &fault{code: "TooManyRequestsException", message: "AWS Organizations can't complete your request because another request is already in progress. Try again later."}
	case w.accountsCounted() >= w.quota:
		return nil, constraint("ACCOUNT_NUMBER_LIMIT_EXCEEDED", "")
	case strings.HasPrefix(c.in.text("RoleName"), "AWSServiceRoleFor"):
		return nil, invalid("INVALID_ROLE_NAME", "")
	}
	w.count.Created++
	made := &creation{
		N: w.count.Created, ID: w.mint("car-", hex, 32),
		Name: c.in.text("AccountName"), Email: c.in.text("Email"), Role: c.in.text("RoleName"), Tags: tags,
		Requested: c.now, Due: c.now.Add(w.profile.CreationLatency(w.seed, w.count.Created)),
	}
	if made.Role == "" {
		made.Role = "OrganizationAccountAccessRole"
	}
	made.Failure = w.creationFailure(made.Email)
	c.spoil(made)
	if made.Failure == "" {
		made.Account = w.allocate(made.Email)
	}
	w.addCreation(made)
	w.change.Creations = append(w.change.Creations, made)
	w.advance(c.now) // one without latency is done already
	return creationAnswer{made.out()}, nil
}

// createGovCloudAccount is refused: the management account of simaws has no
// partner in the GovCloud partition, which this needs.
//
// Source: API reference, CreateGovCloudAccount.
func (w *world) createGovCloudAccount(*call) (any, error) {
	return nil, constraint("MASTER_ACCOUNT_NOT_GOVCLOUD_ENABLED", "")
}

// creationFailure is the FailureReason that a new creation will end with, ""
// if it will succeed.
func (w *world) creationFailure(email string) string {
	folded := foldEmail(email)
	switch {
	case w.duplicates && deliverable(email):
		return ""
	case w.emailTaken(email):
		return "EMAIL_ALREADY_EXISTS"
	case slices.ContainsFunc(w.inFlight.items, func(c *creation) bool { return c.Account != "" && foldEmail(c.Email) == folded }):
		return "CONCURRENT_ACCOUNT_MODIFICATION"
	case !deliverable(email):
		return "INVALID_EMAIL"
	}
	return ""
}

// emailTaken tells whether an account has the address. AWS knows addresses
// regardless of case.
func (w *world) emailTaken(email string) bool {
	return w.emails[foldEmail(email)] != "" || foldEmail(email) == foldEmail(w.email)
}

// deliverable tells whether an address keeps to the rules that AWS documents
// beside the pattern.
//
// Source: API reference, CreateAccount, Email.
func deliverable(email string) bool {
	local, domain, _ := strings.Cut(email, "@")
	for _, c := range email {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return !strings.ContainsAny(local, `"'()<>[]:;,\|%&`) && !strings.HasPrefix(local, ".") &&
		strings.Contains(domain, ".") && domain == strings.Trim(domain, "-.") &&
		strings.Trim(strings.ToLower(domain), letters+"-.") == ""
}

// addCreation puts a new or just read creation in its place.
func (w *world) addCreation(c *creation) {
	w.creations[c.ID] = c
	w.creationList.insert(c)
	if !c.Done {
		w.inFlight.insert(c)
		if c.Account != "" {
			w.expected[c.Account] = true
		}
	}
}

// completeCreation ends a creation: its account stands under the root.
func (w *world) completeCreation(c *creation) {
	c.Done = true
	w.inFlight.remove(c)
	w.change.Creations = append(w.change.Creations, c)
	if c.Account == "" {
		return
	}
	delete(w.expected, c.Account)
	a := &account{
		node:  node{Number: w.nextNumber(), ID: c.Account, Name: c.Name, Parent: w.org.Root, Tags: c.Tags},
		Email: c.Email, State: org.Active, Joined: c.Due, Created: true, Role: c.Role,
	}
	if c.Unusable > 0 {
		a.Usable = c.Due.Add(c.Unusable)
	}
	w.addAccount(a)
	w.inheritCard(a.ID)
	w.change.Accounts = append(w.change.Accounts, a)
}

func (w *world) describeCreateAccountStatus(c *call) (any, error) {
	found := w.creations[c.in.text("CreateAccountRequestId")]
	if found == nil {
		return nil, refuse("CreateAccountStatusNotFoundException")
	}
	return creationAnswer{found.out()}, nil
}

func (w *world) listCreateAccountStatus(c *call) (any, error) {
	states := c.in.texts("States")
	list, keep := &w.creationList, func(x *creation) bool { return len(states) == 0 || slices.Contains(states, x.state()) }
	if len(states) == 1 && states[0] == "IN_PROGRESS" {
		list = &w.inFlight // what fleets poll: as long as what is in flight
	}
	p, err := paged(c, strings.Join(states, ","), list, keep)
	if err != nil {
		return nil, err
	}
	return struct {
		CreateAccountStatuses []creationOut `json:"CreateAccountStatuses"`
		NextToken             string        `json:"NextToken,omitempty"`
	}{shown(p.items, (*creation).out), p.next}, nil
}
