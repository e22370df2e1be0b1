package soak

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"landlord/org"
)

// told is what one process was told by AWS's answers: the last answer about
// each thing, and what its own calls did that were answered.
type told struct {
	root     string
	scps     bool
	atRoot   []string // policies on the root
	units    map[string]org.Unit
	accounts map[string]org.Account
	policies map[string]org.Policy
	asked    map[string]org.Account // creations that were asked for, by handle
	coming   map[string]bool        // handles of those that are under way
}

func newTold() *told {
	return &told{atRoot: []string{org.FullAccess}, units: map[string]org.Unit{}, accounts: map[string]org.Account{}, policies: map[string]org.Policy{}, asked: map[string]org.Account{}, coming: map[string]bool{}}
}

// view is what was told, as an organization.
func (t *told) view() *view {
	v := &view{Organization: org.Organization{Root: t.root, SCPs: t.scps}, RootSCPs: t.atRoot}
	for _, id := range slices.Sorted(maps.Keys(t.units)) {
		v.Units = append(v.Units, t.units[id])
	}
	for _, id := range slices.Sorted(maps.Keys(t.accounts)) {
		v.Accounts = append(v.Accounts, t.accounts[id])
	}
	for _, id := range slices.Sorted(maps.Keys(t.policies)) {
		v.Policies = append(v.Policies, t.policies[id])
	}
	for _, handle := range slices.Sorted(maps.Keys(t.coming)) {
		v.Coming = append(v.Coming, t.asked[handle])
	}
	return v
}

type tag struct{ Key, Value string }

// answer is every part of AWS's answers that tells how things are.
type answer struct {
	Accounts []struct{ ID, Name, Email, State string }
	Account  *struct{ ID, Name, Email, State string }
	Units    []struct{ ID, Name string } `json:"OrganizationalUnits"`
	Unit     *struct{ ID, Name string }  `json:"OrganizationalUnit"`
	Parents  []struct{ ID string }
	Policies []struct {
		ID, Name   string
		AwsManaged bool
	}
	Policy *struct {
		PolicySummary struct{ ID, Name string }
		Content       string
	}
	Targets []struct{ TargetID string }
	Roots   []struct {
		ID          string
		PolicyTypes []struct{ Type, Status string }
	}
	ResourceTagMappingList []struct {
		ResourceARN string
		Tags        []tag
	}
	Tags                  []tag
	CreateAccountStatus   *struct{ ID, State, AccountID string }
	CreateAccountStatuses []struct{ ID string }
	Type                  string `json:"__type"`
}

// question is every part of a call's input that says what it is about.
type question struct {
	ParentID, ChildID, PolicyID, TargetID, ResourceID, NextToken string
	AccountID, DestinationParentID, OrganizationalUnitID         string
	Name, Email, AccountName, Content                            string
	Tags                                                         []tag
	TagKeys                                                      []string
}

func tagsOf(list []tag) org.Tags {
	tags := org.Tags{}
	for _, t := range list {
		tags[t.Key] = t.Value
	}
	return tags
}

// done tells whether an answer says that what was asked for is so.
func done(c *exchange, a answer) bool {
	return c.status == 200 || slices.Contains([]string{
		"DuplicateAccountException", "DuplicatePolicyAttachmentException", "PolicyNotAttachedException", "PolicyTypeAlreadyEnabledException",
	}, a.Type)
}

// unheard is the handle of a creation whose answer was lost.
const unheard = "unheard"

// hear takes in an answer.
func (t *told) hear(c *exchange) {
	var q question
	var a answer
	if t != nil && c.operation == "CreateAccount" && (c.err != "" || c.status >= 500) { // it may be under way, until it is looked for
		if json.Unmarshal(c.input, &q) == nil {
			t.coming[unheard], t.asked[unheard] = true, org.Account{Name: q.AccountName, Email: q.Email, Parent: t.root, Tags: tagsOf(q.Tags)}
		}
		return
	}
	if t == nil || c.err != "" || json.Unmarshal(c.answer, &a) != nil && len(c.answer) > 0 || json.Unmarshal(c.input, &q) != nil {
		return
	}
	if !done(c, a) {
		return
	}
	t.lists(c.operation, q, a)
	for _, r := range a.ResourceTagMappingList {
		t.tag(r.ResourceARN[strings.LastIndexByte(r.ResourceARN, '/')+1:], tagsOf(r.Tags))
	}
	switch c.operation {
	case "ListTagsForResource":
		t.tag(q.ResourceID, tagsOf(a.Tags))
	case "DescribePolicy":
		p := t.policies[q.PolicyID]
		p.ID, p.Name, p.Document = q.PolicyID, a.Policy.PolicySummary.Name, a.Policy.Content
		t.policies[q.PolicyID] = p
	default:
		t.change(c.operation, q, a)
	}
}

// lists takes in lists of things.
func (t *told) lists(operation string, q question, a answer) {
	for _, r := range a.Roots {
		t.root, t.scps = r.ID, false
		for _, p := range r.PolicyTypes {
			t.scps = t.scps || p.Type == "SERVICE_CONTROL_POLICY" && p.Status == "ENABLED"
		}
	}
	for _, x := range a.Accounts {
		account := t.accounts[x.ID]
		account.ID, account.Name, account.Email, account.State = org.AccountID(x.ID), x.Name, x.Email, x.State
		if operation == "ListAccountsForParent" {
			account.Parent = q.ParentID
		}
		t.accounts[x.ID] = account
	}
	for _, x := range a.Units {
		u := t.units[x.ID]
		u.ID, u.Name, u.Parent = x.ID, x.Name, q.ParentID
		t.units[x.ID] = u
	}
	if operation == "ListParents" && len(a.Parents) == 1 {
		account := t.accounts[q.ChildID]
		account.ID, account.Parent = org.AccountID(q.ChildID), a.Parents[0].ID
		t.accounts[q.ChildID] = account
	}
	for _, x := range a.Policies {
		p := t.policies[x.ID]
		p.ID, p.Name, p.AWSManaged = x.ID, x.Name, x.AwsManaged
		t.policies[x.ID] = p
	}
	switch operation {
	case "ListTargetsForPolicy":
		targets := map[string]bool{}
		for _, x := range a.Targets {
			targets[x.TargetID] = true
		}
		for _, id := range t.places(q.PolicyID) {
			if q.NextToken == "" && !targets[id] {
				t.attach(q.PolicyID, id, false)
			}
		}
		for _, x := range a.Targets {
			t.attach(q.PolicyID, x.TargetID, true)
		}
	case "ListPoliciesForTarget":
		listed := map[string]bool{}
		for _, x := range a.Policies {
			listed[x.ID] = true
			t.attach(x.ID, q.TargetID, true)
		}
		for id := range t.policies {
			if q.NextToken == "" && !listed[id] {
				t.attach(id, q.TargetID, false)
			}
		}
	}
}

// places are where a policy was told to be attached.
func (t *told) places(policy string) []string { return slices.Clone(t.policies[policy].Targets) }

// attach notes that a policy is attached to a target, or not.
func (t *told) attach(policy, target string, on bool) {
	with := func(list []string, id string) []string {
		list = slices.DeleteFunc(slices.Clone(list), func(x string) bool { return x == id })
		if on {
			list = append(list, id)
		}
		slices.Sort(list)
		return list
	}
	p := t.policies[policy]
	p.ID, p.AWSManaged = policy, p.AWSManaged || policy == org.FullAccess
	if !p.AWSManaged {
		p.Targets = with(p.Targets, target)
	}
	t.policies[policy] = p
	if target == t.root {
		t.atRoot = with(t.atRoot, policy)
	}
	if u, is := t.units[target]; is {
		u.SCPs = with(u.SCPs, policy)
		t.units[target] = u
	}
}

// tag notes all tags of a thing.
func (t *told) tag(id string, tags org.Tags) {
	switch {
	case strings.HasPrefix(id, "ou-"):
		u := t.units[id]
		u.ID, u.Tags = id, tags
		t.units[id] = u
	case strings.HasPrefix(id, "p-"):
		p := t.policies[id]
		p.ID, p.Tags = id, tags
		t.policies[id] = p
	case org.AccountID(id).Valid():
		a := t.accounts[id]
		a.ID, a.Tags = org.AccountID(id), tags
		t.accounts[id] = a
	}
}

// tags are what was told of a thing.
func (t *told) tags(id string) org.Tags {
	tags := org.Tags{}
	maps.Copy(tags, t.units[id].Tags)
	maps.Copy(tags, t.policies[id].Tags)
	maps.Copy(tags, t.accounts[id].Tags)
	return tags
}

// change notes what a call did.
func (t *told) change(operation string, q question, a answer) {
	switch operation {
	case "EnablePolicyType":
		t.scps = true
	case "MoveAccount":
		x := t.accounts[q.AccountID]
		x.ID, x.Parent = org.AccountID(q.AccountID), q.DestinationParentID
		t.accounts[q.AccountID] = x
	case "CloseAccount":
		x := t.accounts[q.AccountID]
		x.ID, x.State = org.AccountID(q.AccountID), org.PendingClosure
		t.accounts[q.AccountID] = x
	case "CreateAccount":
		handle := "would be"
		if s := a.CreateAccountStatus; s != nil {
			handle = s.ID
		}
		t.asked[handle] = org.Account{Name: q.AccountName, Email: q.Email, Parent: t.root, Tags: tagsOf(q.Tags)}
		t.coming[handle] = true
		t.status(a)
	case "AttachPolicy", "DetachPolicy":
		t.attach(q.PolicyID, q.TargetID, operation == "AttachPolicy")
	case "TagResource":
		tags := t.tags(q.ResourceID)
		maps.Copy(tags, tagsOf(q.Tags))
		t.tag(q.ResourceID, tags)
	case "UntagResource":
		tags := t.tags(q.ResourceID)
		for _, key := range q.TagKeys {
			delete(tags, key)
		}
		t.tag(q.ResourceID, tags)
	case "UpdatePolicy":
		p := t.policies[q.PolicyID]
		p.ID, p.Document = q.PolicyID, q.Content
		t.policies[q.PolicyID] = p
	case "UpdateOrganizationalUnit":
		u := t.units[q.OrganizationalUnitID]
		u.ID, u.Name = q.OrganizationalUnitID, q.Name
		t.units[q.OrganizationalUnitID] = u
	case "PutAccountName":
		x := t.accounts[q.AccountID]
		x.ID, x.Name = org.AccountID(q.AccountID), q.AccountName
		t.accounts[q.AccountID] = x
	case "CreateOrganizationalUnit":
		if a.Unit != nil {
			t.units[a.Unit.ID] = org.Unit{ID: a.Unit.ID, Name: q.Name, Parent: q.ParentID, Tags: tagsOf(q.Tags), SCPs: []string{org.FullAccess}}
		}
	case "DeleteOrganizationalUnit":
		delete(t.units, q.OrganizationalUnitID)
	case "CreatePolicy":
		if a.Policy != nil {
			t.policies[a.Policy.PolicySummary.ID] = org.Policy{ID: a.Policy.PolicySummary.ID, Name: q.Name, Document: q.Content, Tags: tagsOf(q.Tags)}
		}
	case "ListCreateAccountStatus":
		for handle := range t.coming {
			if !slices.ContainsFunc(a.CreateAccountStatuses, func(s struct{ ID string }) bool { return s.ID == handle }) {
				delete(t.coming, handle)
			}
		}
	case "DescribeCreateAccountStatus":
		t.status(a)
	}
}

// status notes what became of a creation.
func (t *told) status(a answer) {
	s := a.CreateAccountStatus
	if s == nil || s.State == "IN_PROGRESS" {
		return
	}
	delete(t.coming, s.ID)
	if account, ours := t.asked[s.ID]; ours && s.State == "SUCCEEDED" {
		account.ID, account.State = org.AccountID(s.AccountID), org.Active
		if _, known := t.accounts[s.AccountID]; !known {
			t.accounts[s.AccountID] = account
		}
	}
}

// after is what a process must take for so if a call takes effect as it was
// asked for, whether its answer comes or not.
func (t *told) after(c *exchange) *told {
	next := &told{t.root, t.scps, t.atRoot, maps.Clone(t.units), maps.Clone(t.accounts), maps.Clone(t.policies), maps.Clone(t.asked), maps.Clone(t.coming)}
	would := *c
	if would.status != 200 || would.err != "" {
		would.status, would.err, would.answer = 200, "", nil
	}
	next.hear(&would)
	return next
}
