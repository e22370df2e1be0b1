package cloud

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"landlord/org"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// Do makes one call of an executor. A step that already took effect is done,
// and its id is found; only the creation of an account must not be repeated
// while it is unknown what became of it.
func (c *Client) Do(ctx context.Context, call execute.Call) (execute.Result, error) {
	var request string
	r, err := c.do(context.WithValue(ctx, requestKey{}, &request), call)
	r.Request = request
	return r, err
}

// requestKey finds in a context where to keep AWS's id of the latest call.
type requestKey struct{}

func (c *Client) do(ctx context.Context, call execute.Call) (execute.Result, error) {
	if signsIn(call.Operation) {
		return c.doSignIn(ctx, call)
	}
	switch call.Purpose {
	case execute.Watch:
		return c.watch(ctx)
	case execute.Confirm:
		switch call.Operation {
		case "DescribeAccount":
			return c.closed(ctx, call.Step)
		case plan.LookPackStates.Operation():
			return c.packMade(ctx, call.Step)
		}
		return c.confirm(ctx, call.Step)
	}
	r, err := c.step(ctx, call.Step)
	if already(err) {
		return r, nil
	}
	if err != nil {
		return r, fmt.Errorf("%s %s: %w", call.Step.Kind, call.Step.Name, err)
	}
	return r, nil
}

func (c *Client) step(ctx context.Context, s plan.Step) (execute.Result, error) {
	switch s.Kind {
	case plan.CreateOrganization:
		return c.createOrganization(ctx)
	case plan.EnablePolicies:
		_, err := once(ctx, c, "EnablePolicyType", c.org.EnablePolicyType,
			&organizations.EnablePolicyTypeInput{RootId: (*string)(&s.Target), PolicyType: types.PolicyTypeServiceControlPolicy})
		return execute.Result{}, err
	case plan.CreatePolicy:
		return c.createPolicy(ctx, s)
	case plan.UpdatePolicy:
		_, err := once(ctx, c, "UpdatePolicy", c.org.UpdatePolicy,
			&organizations.UpdatePolicyInput{PolicyId: (*string)(&s.Target), Content: &s.Document, Description: &s.Text})
		return execute.Result{}, err
	case plan.CreateUnit:
		return c.createUnit(ctx, s)
	case plan.RenameUnit:
		_, err := once(ctx, c, "UpdateOrganizationalUnit", c.org.UpdateOrganizationalUnit,
			&organizations.UpdateOrganizationalUnitInput{OrganizationalUnitId: (*string)(&s.Target), Name: &s.Name})
		if code(err) == "DuplicateOrganizationalUnitException" {
			err = fmt.Errorf("%w: another unit is called so: %w", execute.ErrCustomer, err)
		}
		return execute.Result{}, err
	case plan.DeleteUnit: // AWS takes off what is attached to it
		_, err := once(ctx, c, "DeleteOrganizationalUnit", c.org.DeleteOrganizationalUnit,
			&organizations.DeleteOrganizationalUnitInput{OrganizationalUnitId: (*string)(&s.Target)})
		if code(err) == "OrganizationalUnitNotFoundException" { // it is gone already
			err = nil
		}
		return execute.Result{}, err
	case plan.AttachPolicy:
		_, err := once(ctx, c, "AttachPolicy", c.org.AttachPolicy,
			&organizations.AttachPolicyInput{PolicyId: (*string)(&s.Target), TargetId: (*string)(&s.To)})
		return execute.Result{}, err
	case plan.DetachPolicy:
		_, err := once(ctx, c, "DetachPolicy", c.org.DetachPolicy,
			&organizations.DetachPolicyInput{PolicyId: (*string)(&s.Target), TargetId: (*string)(&s.To)})
		return execute.Result{}, err
	case plan.CreateAccount:
		out, err := once(ctx, c, "CreateAccount", c.org.CreateAccount,
			&organizations.CreateAccountInput{AccountName: &s.Name, Email: &s.Email, Tags: tagList(s.Tags)})
		if err != nil {
			return execute.Result{}, err
		}
		return creation(out.CreateAccountStatus)
	case plan.IdentifyAccount:
		return c.identify(ctx, s)
	case plan.MoveAccount:
		_, err := once(ctx, c, "MoveAccount", c.org.MoveAccount,
			&organizations.MoveAccountInput{AccountId: (*string)(&s.Target), SourceParentId: (*string)(&s.From), DestinationParentId: (*string)(&s.To)})
		return execute.Result{}, err
	case plan.Tag:
		_, err := once(ctx, c, "TagResource", c.org.TagResource,
			&organizations.TagResourceInput{ResourceId: (*string)(&s.Target), Tags: tagList(s.Tags)})
		return execute.Result{}, err
	}
	if s.Kind.Member() {
		return c.member(ctx, s)
	}
	return c.life(ctx, s)
}

func tagList(tags org.Tags) []types.Tag {
	var list []types.Tag
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: &key, Value: aws.String(tags[key])})
	}
	return list
}

// createOrganization makes the organization and finds its root.
func (c *Client) createOrganization(ctx context.Context) (execute.Result, error) {
	_, err := once(ctx, c, "CreateOrganization", c.org.CreateOrganization,
		&organizations.CreateOrganizationInput{FeatureSet: types.OrganizationFeatureSetAll})
	if err != nil && code(err) != "AlreadyInOrganizationException" {
		return execute.Result{}, err
	}
	var seen org.Organization
	if err := c.root(ctx, &seen); err != nil {
		return execute.Result{}, err
	}
	return execute.Result{ID: seen.Root}, nil
}

// createPolicy makes a policy, or finds the one it made before.
func (c *Client) createPolicy(ctx context.Context, s plan.Step) (execute.Result, error) {
	out, err := once(ctx, c, "CreatePolicy", c.org.CreatePolicy, &organizations.CreatePolicyInput{
		Name: &s.Name, Description: &s.Text, Content: &s.Document, Type: types.PolicyTypeServiceControlPolicy, Tags: tagList(s.Tags),
	})
	if err == nil {
		if out.Policy == nil || out.Policy.PolicySummary == nil {
			return execute.Result{}, missing("CreatePolicy", "a policy")
		}
		return execute.Result{ID: aws.ToString(out.Policy.PolicySummary.Id)}, nil
	}
	if code(err) != "DuplicatePolicyException" {
		return execute.Result{}, err
	}
	var seen org.Organization
	if err := c.policies(ctx, &seen); err != nil {
		return execute.Result{}, err
	}
	for _, p := range seen.Policies {
		if p.Name == s.Name && !p.AWSManaged {
			return c.found(ctx, p.ID, s)
		}
	}
	return execute.Result{}, fmt.Errorf("%w: %w", execute.ErrBusy, err) // made a moment ago, not listed yet
}

// createUnit makes a unit, or finds the one it made before.
func (c *Client) createUnit(ctx context.Context, s plan.Step) (execute.Result, error) {
	out, err := once(ctx, c, "CreateOrganizationalUnit", c.org.CreateOrganizationalUnit,
		&organizations.CreateOrganizationalUnitInput{ParentId: (*string)(&s.To), Name: &s.Name, Tags: tagList(s.Tags)})
	if err == nil {
		if out.OrganizationalUnit == nil {
			return execute.Result{}, missing("CreateOrganizationalUnit", "a unit")
		}
		return execute.Result{ID: aws.ToString(out.OrganizationalUnit.Id)}, nil
	}
	if code(err) != "DuplicateOrganizationalUnitException" {
		return execute.Result{}, err
	}
	seen := org.Organization{Root: string(s.To)}
	if err := c.units(ctx, &seen); err != nil {
		return execute.Result{}, err
	}
	for _, u := range seen.Units {
		if u.Name == s.Name && u.Parent == string(s.To) {
			return c.found(ctx, u.ID, s)
		}
	}
	return execute.Result{}, fmt.Errorf("%w: %w", execute.ErrBusy, err)
}

// found takes what exists under a step's name for the step's, if its tags say
// that landlord made it.
func (c *Client) found(ctx context.Context, id string, s plan.Step) (execute.Result, error) {
	tags, err := c.tagsOf(ctx, id)
	if err != nil {
		return execute.Result{}, err
	}
	for key, value := range s.Tags {
		if tags[key] != value {
			return execute.Result{}, fmt.Errorf("%w: %s (%s) exists and is not landlord's: its tag %s is %q, not %q", execute.ErrCustomer, s.Name, id, key, tags[key], value)
		}
	}
	return execute.Result{ID: id}, nil
}

// creation says what AWS's status of a creation means.
func creation(s *types.CreateAccountStatus) (execute.Result, error) {
	if s == nil {
		return execute.Result{}, fmt.Errorf("%w: %w", execute.ErrUnknown, missing("CreateAccount", "a status"))
	}
	switch s.State {
	case types.CreateAccountStateSucceeded:
		return execute.Result{ID: aws.ToString(s.AccountId), Finished: aws.ToTime(s.CompletedTimestamp)}, nil
	case types.CreateAccountStateFailed:
		means, listed := failures[s.FailureReason]
		if !listed {
			means = execute.ErrCustomer
		}
		return execute.Result{}, fmt.Errorf("%w: AWS did not create the account: %s [%s]", means, s.FailureReason, aws.ToString(s.Id))
	}
	return execute.Result{Handle: aws.ToString(s.Id)}, nil
}

// watch lists the creations that are under way, anybody's: one page, which holds
// four times as many as AWS has under way at once. The executor paces it.
func (c *Client) watch(ctx context.Context) (execute.Result, error) {
	out, err := once(ctx, c, "ListCreateAccountStatus", c.org.ListCreateAccountStatus, underway(nil))
	if err != nil {
		return execute.Result{}, err
	}
	r := execute.Result{}
	for _, s := range out.CreateAccountStatuses {
		r.Working = append(r.Working, execute.Work{Handle: aws.ToString(s.Id), Asked: c.ours(s.RequestedTimestamp)})
	}
	return r, nil
}

// confirm asks what became of one creation.
func (c *Client) confirm(ctx context.Context, s plan.Step) (execute.Result, error) {
	out, err := once(ctx, c, "DescribeCreateAccountStatus", c.org.DescribeCreateAccountStatus,
		&organizations.DescribeCreateAccountStatusInput{CreateAccountRequestId: &s.Handle})
	if err != nil {
		return execute.Result{}, err
	}
	r, err := creation(out.CreateAccountStatus)
	r.Ended = out.CreateAccountStatus != nil && out.CreateAccountStatus.State != types.CreateAccountStateInProgress
	if err != nil && s.Kind == plan.AwaitAccount && !errors.Is(err, execute.ErrLater) {
		err = fmt.Errorf("%w: %w", execute.ErrLater, err) // the next look plans it anew
	}
	return r, err
}

// identify tells whether the account that came of a creation found under way
// is the customer's, by its tag.
func (c *Client) identify(ctx context.Context, s plan.Step) (execute.Result, error) {
	out, err := once(ctx, c, "ListTagsForResource", c.org.ListTagsForResource,
		&organizations.ListTagsForResourceInput{ResourceId: (*string)(&s.Target)})
	if err != nil {
		return execute.Result{}, err
	}
	for _, tag := range out.Tags {
		if aws.ToString(tag.Key) == org.TagCustomer && slices.Contains(s.Keys, aws.ToString(tag.Value)) {
			return execute.Result{}, nil
		}
	}
	return execute.Result{}, fmt.Errorf("%w: account %s is not tagged for the customer", execute.ErrLater, s.Target)
}
