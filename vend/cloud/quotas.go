package cloud

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas/types"

	"landlord/internal/limits"
	"landlord/org"
	"landlord/vend/execute"
	"landlord/vend/preflight"
)

// Quotas reads what Service Quotas tells of the limits, what was asked for before,
// and the open invitations, which count as accounts. What AWS does not tell is no
// error: Told says why.
func (c *Client) Quotas(ctx context.Context, wanted []preflight.Limit) (preflight.Told, error) {
	told := preflight.Told{Silent: map[string]string{}}
	services := preflight.Services(wanted)
	var err error
	for _, service := range slices.Sorted(maps.Keys(services)) {
		if !errors.Is(err, execute.ErrUnknown) { // else nobody is there to answer
			err = c.quotasOf(ctx, service, services[service], wanted, &told)
		}
		if err != nil {
			told.Silent[service] = err.Error()
		}
		if ctx.Err() != nil {
			return told, ctx.Err()
		}
	}
	if err = c.invited(ctx, &told); err != nil {
		told.Uninvited = err.Error()
	}
	return told, ctx.Err()
}

// invited counts the invitations that wait for an answer.
func (c *Client) invited(ctx context.Context, told *preflight.Told) error {
	sent, err := c.sent(ctx)
	if code(err) == "AWSOrganizationsNotInUseException" {
		return nil
	}
	for _, i := range sent {
		if i.State == org.Open || i.State == org.Requested {
			told.Invited++
		}
	}
	return err
}

// in has a call of Service Quotas made in a Region.
func in[In, Out any](region string, f method[In, Out, servicequotas.Options]) method[In, Out, servicequotas.Options] {
	return func(ctx context.Context, in *In, opt ...func(*servicequotas.Options)) (*Out, error) {
		return f(ctx, in, append(opt, func(o *servicequotas.Options) { o.Region = region })...)
	}
}

// quotasOf reads the quotas of one service and the requests for higher ones.
// Of a quota whose own value is not told, AWS's default is.
func (c *Client) quotasOf(ctx context.Context, service, region string, wanted []preflight.Limit, told *preflight.Told) error {
	seen := map[string]bool{}
	for out, err := range list(ctx, c, "ListServiceQuotas", in(region, c.quotas.ListServiceQuotas),
		func(token *string) *servicequotas.ListServiceQuotasInput {
			return &servicequotas.ListServiceQuotasInput{ServiceCode: &service, NextToken: token}
		},
		func(out *servicequotas.ListServiceQuotasOutput) *string { return out.NextToken }) {
		if err != nil {
			return err
		}
		for _, q := range out.Quotas {
			seen[aws.ToString(q.QuotaCode)] = true
			told.Quotas = append(told.Quotas, quota(q, service, region, false))
		}
	}
	for _, l := range wanted {
		if l.Service != service || seen[l.Code] {
			continue
		}
		out, err := read(ctx, c, "GetAWSDefaultServiceQuota", in(region, c.quotas.GetAWSDefaultServiceQuota),
			&servicequotas.GetAWSDefaultServiceQuotaInput{ServiceCode: &service, QuotaCode: &l.Code})
		if err == nil && out.Quota != nil {
			told.Quotas = append(told.Quotas, quota(*out.Quota, service, region, true))
		}
	}
	for out, err := range list(ctx, c, "ListRequestedServiceQuotaChangeHistory", in(region, c.quotas.ListRequestedServiceQuotaChangeHistory),
		func(token *string) *servicequotas.ListRequestedServiceQuotaChangeHistoryInput {
			return &servicequotas.ListRequestedServiceQuotaChangeHistoryInput{ServiceCode: &service, NextToken: token}
		},
		func(out *servicequotas.ListRequestedServiceQuotaChangeHistoryOutput) *string { return out.NextToken }) {
		if err != nil {
			return fmt.Errorf("what was asked for before: %w", err)
		}
		for _, r := range out.RequestedQuotas {
			told.Requests = append(told.Requests, request(&r))
		}
	}
	return nil
}

// AccountQuota reads how many accounts the organization may have, and the open
// invitations, which count as accounts: two calls.
func (c *Client) AccountQuota(ctx context.Context) (preflight.Told, error) {
	var told preflight.Told
	if err := c.invited(ctx, &told); err != nil {
		told.Uninvited = err.Error()
	}
	service, code := preflight.Organizations, limits.AccountsQuotaCode
	out, err := read(ctx, c, "GetServiceQuota", in(region, c.quotas.GetServiceQuota), &servicequotas.GetServiceQuotaInput{ServiceCode: &service, QuotaCode: &code})
	switch {
	case ctx.Err() != nil:
		return preflight.Told{}, ctx.Err()
	case err != nil:
		told.Silent = map[string]string{service: err.Error()}
	case out.Quota == nil || out.Quota.Value == nil:
		told.Silent = map[string]string{service: missing("GetServiceQuota", "a quota").Error()}
	default:
		told.Quotas = []preflight.Quota{quota(*out.Quota, service, region, false)}
	}
	return told, nil
}

// RequestQuota asks for a higher quota.
func (c *Client) RequestQuota(ctx context.Context, service, code, region string, value int) (preflight.Request, error) {
	desired := float64(value)
	out, err := once(ctx, c, "RequestServiceQuotaIncrease", in(region, c.quotas.RequestServiceQuotaIncrease),
		&servicequotas.RequestServiceQuotaIncreaseInput{ServiceCode: &service, QuotaCode: &code, DesiredValue: &desired})
	switch {
	case err != nil:
		return preflight.Request{}, fmt.Errorf("ask for %d of quota %s: %w", value, code, err)
	case out.RequestedQuota == nil:
		return preflight.Request{}, missing("RequestServiceQuotaIncrease", "a request")
	}
	return request(out.RequestedQuota), nil
}

func quota(q types.ServiceQuota, service, region string, byDefault bool) preflight.Quota {
	return preflight.Quota{Service: service, Code: aws.ToString(q.QuotaCode), Name: aws.ToString(q.QuotaName), Region: region,
		Value: int(aws.ToFloat64(q.Value)), Adjustable: q.Adjustable, Default: byDefault}
}

func request(r *types.RequestedServiceQuotaChange) preflight.Request {
	return preflight.Request{Service: aws.ToString(r.ServiceCode), Code: aws.ToString(r.QuotaCode), ID: aws.ToString(r.Id), Case: aws.ToString(r.CaseId),
		Status: string(r.Status), Value: int(aws.ToFloat64(r.DesiredValue)), Created: aws.ToTime(r.Created)}
}
