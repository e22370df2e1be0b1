package cloud

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"landlord/guard/guardrail"
	"landlord/internal/limits"
	"landlord/org"
	"landlord/vend/blueprint"
)

// Caller is who the credentials are.
type Caller struct {
	Account org.AccountID
	ARN     string
}

// Caller asks AWS who is calling. An endpoint that does not answer is said to be
// that; any other error is mostly one of the credentials.
func (c *Client) Caller(ctx context.Context) (Caller, error) {
	out, err := read(ctx, c, "GetCallerIdentity", c.sts.GetCallerIdentity, &sts.GetCallerIdentityInput{})
	if without, is := errors.AsType[*CredentialsError](err); is {
		return Caller{}, without
	}
	if _, refused := errors.AsType[*Error](err); err != nil && !refused && ctx.Err() == nil {
		return Caller{}, fmt.Errorf("AWS cannot be reached to ask who is calling: %w. Are credentials, region and AWS_ENDPOINT_URL right?", err)
	}
	if err != nil {
		return Caller{}, fmt.Errorf("ask AWS who is calling: %w. Are the credentials right (AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)?", err)
	}
	if out.Account == nil {
		return Caller{}, missing("GetCallerIdentity", "an account")
	}
	return Caller{org.AccountID(aws.ToString(out.Account)), aws.ToString(out.Arn)}, nil
}

// ManagedBy asks AWS which account manages the caller's organization: any account
// in it may ask. "" is none.
func (c *Client) ManagedBy(ctx context.Context) (org.AccountID, error) {
	out, err := read(ctx, c, "DescribeOrganization", c.org.DescribeOrganization, &organizations.DescribeOrganizationInput{})
	if err != nil || out.Organization == nil {
		return "", err
	}
	return org.AccountID(aws.ToString(out.Organization.MasterAccountId)), nil
}

func (c *Client) observe(ctx context.Context) (seen org.Organization, err error) {
	described, err := read(ctx, c, "DescribeOrganization", c.org.DescribeOrganization, &organizations.DescribeOrganizationInput{})
	if code(err) == "AWSOrganizationsNotInUseException" {
		return org.Organization{Seen: c.Now()}, nil
	}
	if err != nil {
		return seen, err
	}
	if described.Organization == nil {
		return seen, missing("DescribeOrganization", "an organization")
	}
	seen.ID = aws.ToString(described.Organization.Id)
	seen.Management = org.AccountID(aws.ToString(described.Organization.MasterAccountId))
	if described.Organization.FeatureSet != types.OrganizationFeatureSetAll {
		return seen, fmt.Errorf("organization %s has only consolidated billing; guardrails need all features: aws organizations enable-all-features", seen.ID)
	}
	if err := c.root(ctx, &seen); err != nil {
		return seen, err
	}
	// What is being created is read before what is there: an account that is
	// finished in between is seen twice rather than not at all.
	for _, read := range []func(context.Context, *org.Organization) error{c.creations, c.units, c.accounts, c.policies, c.tagged, c.details} {
		if err := read(ctx, &seen); err != nil {
			return seen, err
		}
	}
	if err := c.settle(ctx, &seen); err != nil {
		return seen, err
	}
	if err := c.asked(ctx, &seen); err != nil {
		return seen, err
	}
	seen.Seen, seen.Skew = c.Now(), c.Skew()
	return seen, nil
}

// root reads the root and which types of policies are enabled on it.
func (c *Client) root(ctx context.Context, seen *org.Organization) error {
	out, err := read(ctx, c, "ListRoots", c.org.ListRoots, &organizations.ListRootsInput{})
	if err != nil {
		return err
	}
	if len(out.Roots) != 1 {
		return fmt.Errorf("organization %s has %d roots, not 1", seen.ID, len(out.Roots))
	}
	if seen.Root = aws.ToString(out.Roots[0].Id); seen.Root == "" {
		return missing("ListRoots", "an id of the root")
	}
	for _, t := range out.Roots[0].PolicyTypes {
		if t.Status == types.PolicyTypeStatusEnabled {
			seen.PolicyTypes = append(seen.PolicyTypes, string(t.Type))
		}
	}
	slices.Sort(seen.PolicyTypes)
	seen.SCPs = slices.Contains(seen.PolicyTypes, string(types.PolicyTypeServiceControlPolicy))
	return nil
}

// mostPages is more than any list of AWS has: the longest are those of the
// accounts that AWS grants, 20 a page; four times as many leave room for pages
// that hold nothing.
const mostPages = 4 * limits.AccountsGranted / 20

// list yields the pages of a list until AWS gives no token for another. One that
// gives a token again, or new ones without end, would go on for ever.
func list[In, Out, Opt any](ctx context.Context, c *Client, operation string, f method[In, Out, Opt], in func(token *string) *In, next func(*Out) *string) iter.Seq2[*Out, error] {
	return func(yield func(*Out, error) bool) {
		given := map[string]bool{}
		for token := (*string)(nil); ; {
			out, err := read(ctx, c, operation, f, in(token))
			if !yield(out, err) || err != nil {
				return
			}
			if token = next(out); aws.ToString(token) == "" {
				return
			}
			if given[*token] {
				yield(nil, fmt.Errorf("%s: the endpoint gives the same page again and again: is this AWS?", operation))
				return
			}
			given[*token] = true
			if len(given) == mostPages {
				yield(nil, fmt.Errorf("%s: %d pages and no end: no organization is so large. Is this AWS?", operation, mostPages))
				return
			}
		}
	}
}

// units reads all units, parents before their children.
func (c *Client) units(ctx context.Context, seen *org.Organization) error {
	depth := map[string]int{seen.Root: 0}
	for parents := []string{seen.Root}; len(parents) > 0; parents = parents[1:] {
		parent := parents[0]
		if depth[parent] == limits.UnitDepth { // none below
			continue
		}
		for out, err := range list(ctx, c, "ListOrganizationalUnitsForParent", c.org.ListOrganizationalUnitsForParent,
			func(token *string) *organizations.ListOrganizationalUnitsForParentInput {
				return &organizations.ListOrganizationalUnitsForParentInput{ParentId: &parent, NextToken: token}
			},
			func(out *organizations.ListOrganizationalUnitsForParentOutput) *string { return out.NextToken }) {
			if err != nil {
				return err
			}
			for _, u := range out.OrganizationalUnits {
				id := aws.ToString(u.Id)
				if id == "" {
					return missing("ListOrganizationalUnitsForParent", "an id of a unit")
				}
				if _, twice := depth[id]; twice { // a page moved on, or it lies in itself
					continue
				}
				depth[id] = depth[parent] + 1
				seen.Units = append(seen.Units, org.Unit{ID: id, Name: aws.ToString(u.Name), Parent: parent})
				parents = append(parents, id)
			}
		}
	}
	return nil
}

// accounts reads all accounts and the parent of each: two lists, beside each
// other if the client may, since AWS paces each by itself.
func (c *Client) accounts(ctx context.Context, seen *org.Organization) error {
	var below, all map[org.AccountID]org.Account
	err := c.beside(2, func(i int) (err error) {
		if i == 0 {
			below, err = c.below(ctx, seen)
		} else {
			all, err = c.all(ctx, seen)
		}
		return err
	})
	if err != nil {
		return err
	}
	for id, a := range below {
		if _, is := all[id]; !is {
			all[id] = a
		}
	}
	seen.Accounts = make([]org.Account, 0, len(all))
	for _, id := range slices.Sorted(maps.Keys(all)) { // in order, so that the same seed makes the same calls
		a := all[id]
		if a.Parent = below[a.ID].Parent; a.Parent == "" { // it moved while the lists were read
			var err error
			if a.Parent, err = c.parent(ctx, a.ID); err != nil {
				return err
			}
		}
		seen.Accounts = append(seen.Accounts, a)
	}
	return nil
}

// below reads the accounts of the root and of each unit.
func (c *Client) below(ctx context.Context, seen *org.Organization) (map[org.AccountID]org.Account, error) {
	parents := []string{seen.Root}
	for _, u := range seen.Units {
		parents = append(parents, u.ID)
	}
	accounts := map[org.AccountID]org.Account{}
	for _, id := range parents {
		for out, err := range list(ctx, c, "ListAccountsForParent", c.org.ListAccountsForParent,
			func(token *string) *organizations.ListAccountsForParentInput {
				return &organizations.ListAccountsForParentInput{ParentId: &id, NextToken: token}
			},
			func(out *organizations.ListAccountsForParentOutput) *string { return out.NextToken }) {
			if err != nil {
				return nil, err
			}
			for _, a := range out.Accounts {
				account := accountOf(a)
				if account.ID == "" {
					return nil, missing("ListAccountsForParent", "an id of an account")
				}
				account.Parent = id
				accounts[account.ID] = account
			}
		}
	}
	return accounts, nil
}

// all reads the accounts of the whole organization, and when those were created
// that were in the last hour.
func (c *Client) all(ctx context.Context, seen *org.Organization) (map[org.AccountID]org.Account, error) {
	accounts := map[org.AccountID]org.Account{}
	for out, err := range list(ctx, c, "ListAccounts", c.org.ListAccounts,
		func(token *string) *organizations.ListAccountsInput {
			return &organizations.ListAccountsInput{NextToken: token}
		},
		func(out *organizations.ListAccountsOutput) *string { return out.NextToken }) {
		if err != nil {
			return nil, err
		}
		for _, a := range out.Accounts {
			account := accountOf(a)
			if account.ID == "" {
				return nil, missing("ListAccounts", "an id of an account")
			}
			accounts[account.ID] = account
			if joined := aws.ToTime(a.JoinedTimestamp); a.JoinedMethod == types.AccountJoinedMethodCreated && c.recent(joined) {
				seen.Ended = append(seen.Ended, joined)
			}
		}
	}
	return accounts, nil
}

// parent asks for the parent of one account.
func (c *Client) parent(ctx context.Context, id org.AccountID) (string, error) {
	out, err := read(ctx, c, "ListParents", c.org.ListParents, &organizations.ListParentsInput{ChildId: (*string)(&id)})
	if err != nil {
		return "", err
	}
	if len(out.Parents) != 1 {
		return "", fmt.Errorf("account %s has %d parents, not 1", id, len(out.Parents))
	}
	return aws.ToString(out.Parents[0].Id), nil
}

func accountOf(a types.Account) org.Account {
	state := string(a.State)
	if state == "" { // an endpoint that knows only the retired Status
		state = string(a.Status)
	}
	return org.Account{
		ID: org.AccountID(aws.ToString(a.Id)), Name: aws.ToString(a.Name), Email: aws.ToString(a.Email),
		State: state, Joined: aws.ToTime(a.JoinedTimestamp),
	}
}

// policies lists the service control policies.
func (c *Client) policies(ctx context.Context, seen *org.Organization) error {
	for out, err := range list(ctx, c, "ListPolicies", c.org.ListPolicies,
		func(token *string) *organizations.ListPoliciesInput {
			return &organizations.ListPoliciesInput{Filter: types.PolicyTypeServiceControlPolicy, NextToken: token}
		},
		func(out *organizations.ListPoliciesOutput) *string { return out.NextToken }) {
		if err != nil {
			return err
		}
		for _, p := range out.Policies {
			if aws.ToString(p.Id) == "" {
				return missing("ListPolicies", "an id of a policy")
			}
			seen.Policies = append(seen.Policies, org.Policy{ID: aws.ToString(p.Id), Name: aws.ToString(p.Name), AWSManaged: p.AwsManaged})
		}
	}
	slices.SortFunc(seen.Policies, func(a, b org.Policy) int { return strings.Compare(a.ID, b.ID) })
	return nil
}

// named tells whether a policy has a name that landlord gives.
func named(p org.Policy) bool { return !p.AWSManaged && strings.HasPrefix(p.Name, guardrail.Prefix) }

// details reads what landlord's own policies say and where they are attached:
// those with its tag, and those with its name; and what is attached to its own
// units.
func (c *Client) details(ctx context.Context, seen *org.Organization) error {
	for i := range seen.Policies {
		if p := &seen.Policies[i]; named(*p) || p.Tags[org.TagFramework] != "" || p.Tags[org.TagPolicy] != "" {
			if err := c.policy(ctx, p); err != nil {
				return err
			}
		}
	}
	for i := range seen.Units {
		u := &seen.Units[i]
		if !blueprint.Ours(*u) || !seen.SCPs {
			continue
		}
		var err error
		if u.SCPs, err = c.attached(ctx, u.ID); err != nil {
			return err
		}
	}
	return nil
}

// attached lists the service control policies of a unit or an account.
func (c *Client) attached(ctx context.Context, target string) ([]string, error) {
	var policies []string
	for out, err := range list(ctx, c, "ListPoliciesForTarget", c.org.ListPoliciesForTarget,
		func(token *string) *organizations.ListPoliciesForTargetInput {
			return &organizations.ListPoliciesForTargetInput{TargetId: &target, Filter: types.PolicyTypeServiceControlPolicy, NextToken: token}
		},
		func(out *organizations.ListPoliciesForTargetOutput) *string { return out.NextToken }) {
		if err != nil {
			return nil, err
		}
		for _, p := range out.Policies {
			policies = append(policies, aws.ToString(p.Id))
		}
	}
	return policies, nil
}

// policy reads the document and the targets of p.
func (c *Client) policy(ctx context.Context, p *org.Policy) error {
	described, err := read(ctx, c, "DescribePolicy", c.org.DescribePolicy, &organizations.DescribePolicyInput{PolicyId: &p.ID})
	if err != nil {
		return err
	}
	if described.Policy == nil {
		return missing("DescribePolicy", "a policy")
	}
	p.Document = aws.ToString(described.Policy.Content)
	for out, err := range list(ctx, c, "ListTargetsForPolicy", c.org.ListTargetsForPolicy,
		func(token *string) *organizations.ListTargetsForPolicyInput {
			return &organizations.ListTargetsForPolicyInput{PolicyId: &p.ID, NextToken: token}
		},
		func(out *organizations.ListTargetsForPolicyOutput) *string { return out.NextToken }) {
		if err != nil {
			return err
		}
		for _, t := range out.Targets {
			p.Targets = append(p.Targets, aws.ToString(t.TargetId))
		}
	}
	return nil
}
