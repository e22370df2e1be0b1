package simaws

import (
	"fmt"
	"slices"
	"time"

	"landlord/internal/limits"
)

// quotaRequest is one RequestServiceQuotaIncrease. What becomes of it is seen
// when it is due.
type quotaRequest struct {
	Number  int       `json:"number"`
	ID      string    `json:"id"`
	Code    string    `json:"code,omitempty"` // "" in older states: the accounts of the organization
	Desired int       `json:"desired"`
	Caller  string    `json:"caller"`
	Created time.Time `json:"created"`
	Due     time.Time `json:"due"`
	Status  string    `json:"status"` // PENDING, then APPROVED or NOT_APPROVED
}

func (q *quotaRequest) number() int { return q.Number }

func (q *quotaRequest) code() string {
	if q.Code == "" {
		return limits.AccountsQuotaCode
	}
	return q.Code
}

// serviceQuota is a quota that simaws has. Organizations' are asked for in one
// region, Identity Center's in the one it is in: any.
type serviceQuota struct {
	service, serviceName string
	code, name           string
	initial              int
	global               bool
}

// serviceQuotas are the quotas that simaws has. Of Identity Center's it keeps the
// numbers alone.
//
// Source: Service Quotas, ListServiceQuotas of service "organizations"; codes and
// values as in package limits. The names of Identity Center's are those of the
// page that package limits names.
var serviceQuotas = []serviceQuota{
	{"organizations", "AWS Organizations", limits.AccountsQuotaCode, "Default maximum number of accounts", limits.AccountsDefault, true},
	{"sso", "AWS IAM Identity Center", limits.IdentityCenterAccountsCode, "AWS accounts that can be configured", limits.IdentityCenterAccounts, false},
	{"sso", "AWS IAM Identity Center", limits.PermissionSetsCode, "Permission sets allowed in IAM Identity Center", limits.PermissionSets, false},
	{"sso", "AWS IAM Identity Center", limits.PermissionSetsPerAccountCode, "Permission sets allowed per AWS account", limits.PermissionSetsPerAccount, false},
}

type quotaOut struct {
	ServiceCode         string `json:"ServiceCode"`
	ServiceName         string `json:"ServiceName"`
	QuotaARN            string `json:"QuotaArn"`
	QuotaCode           string `json:"QuotaCode"`
	QuotaName           string `json:"QuotaName"`
	Value               int    `json:"Value"`
	Unit                string `json:"Unit"`
	Adjustable          bool   `json:"Adjustable"`
	GlobalQuota         bool   `json:"GlobalQuota"`
	QuotaAppliedAtLevel string `json:"QuotaAppliedAtLevel,omitempty"`
}

type quotaAnswer struct {
	Quota quotaOut `json:"Quota"`
}

type quotasAnswer struct {
	Quotas []quotaOut `json:"Quotas"`
}

func (c *call) quotaARN(q serviceQuota) string {
	region := c.region
	if q.global {
		region = ""
	}
	return "arn:aws:servicequotas:" + region + ":" + c.who.account + ":" + q.service + "/" + q.code
}

func (c *call) quotaOut(q serviceQuota, value int) quotaOut {
	return quotaOut{
		ServiceCode: q.service, ServiceName: q.serviceName, QuotaARN: c.quotaARN(q), QuotaCode: q.code,
		QuotaName: q.name, Value: value, Unit: "None", Adjustable: true, GlobalQuota: q.global,
	}
}

// quotaNow is what a quota is for the management account.
func (w *world) quotaNow(q serviceQuota) int {
	value := q.initial
	if q.code == limits.AccountsQuotaCode {
		value = w.quota
	}
	for _, r := range w.quotaRequests.items {
		if r.code() == q.code && r.Status == "APPROVED" {
			value = max(value, r.Desired)
		}
	}
	return value
}

// appliedQuota is a quota as the caller sees it: the management account's is
// raised, any other has the default.
func (w *world) appliedQuota(c *call, q serviceQuota) quotaOut {
	value := q.initial
	if c.who.standing == manager {
		value = w.quotaNow(q)
	}
	out := c.quotaOut(q, value)
	out.QuotaAppliedAtLevel = "ACCOUNT"
	return out
}

// quotaCall finds the quotas that a call is about, and refuses services and
// quotas that simaws has not. Organizations' are in one region.
func (c *call) quotaCall() ([]serviceQuota, error) {
	service, code := c.in.text("ServiceCode"), c.in.text("QuotaCode")
	var found []serviceQuota
	for _, q := range serviceQuotas {
		if (service == "" || q.service == service) && (!q.global || c.region == organizationsRegion) {
			found = append(found, q)
		}
	}
	if len(found) == 0 {
		return nil, &fault{code: "NoSuchResourceException", message: "The request failed because the specified service does not exist."}
	}
	if code != "" {
		found = slices.DeleteFunc(found, func(q serviceQuota) bool { return q.code != code })
	}
	switch {
	case len(found) == 0:
		return nil, &fault{code: "NoSuchResourceException", message: "The request failed because the specified quota does not exist."}
	case c.in.text("NextToken") != "":
		return nil, &fault{code: "InvalidPaginationTokenException", message: "Invalid token was used."} // no list has a second page
	}
	return found, nil
}

func (w *world) listServices(c *call) (any, error) {
	type service struct{ ServiceCode, ServiceName string }
	out := struct{ Services []service }{[]service{}}
	found, err := c.quotaCall()
	if err != nil {
		return out, nil
	}
	for _, q := range found {
		if s := (service{q.service, q.serviceName}); !slices.Contains(out.Services, s) {
			out.Services = append(out.Services, s)
		}
	}
	return out, nil
}

func (w *world) listServiceQuotas(c *call) (any, error) {
	found, err := c.quotaCall()
	if err != nil {
		return nil, err
	}
	out := quotasAnswer{[]quotaOut{}}
	for _, q := range found {
		out.Quotas = append(out.Quotas, w.appliedQuota(c, q))
	}
	return out, nil
}

func (w *world) listDefaultQuotas(c *call) (any, error) {
	found, err := c.quotaCall()
	if err != nil {
		return nil, err
	}
	out := quotasAnswer{[]quotaOut{}}
	for _, q := range found {
		out.Quotas = append(out.Quotas, c.quotaOut(q, q.initial))
	}
	return out, nil
}

func (w *world) getServiceQuota(c *call) (any, error) {
	found, err := c.quotaCall()
	if err != nil {
		return nil, err
	}
	return quotaAnswer{w.appliedQuota(c, found[0])}, nil
}

func (w *world) getDefaultQuota(c *call) (any, error) {
	found, err := c.quotaCall()
	if err != nil {
		return nil, err
	}
	return quotaAnswer{c.quotaOut(found[0], found[0].initial)}, nil
}

type quotaChangeOut struct {
	ID                    string `json:"Id"`
	ServiceCode           string `json:"ServiceCode"`
	ServiceName           string `json:"ServiceName"`
	QuotaCode             string `json:"QuotaCode"`
	QuotaName             string `json:"QuotaName"`
	DesiredValue          int    `json:"DesiredValue"`
	Status                string `json:"Status"`
	Created               epoch  `json:"Created"`
	LastUpdated           epoch  `json:"LastUpdated"`
	Requester             string `json:"Requester"`
	QuotaARN              string `json:"QuotaArn"`
	GlobalQuota           bool   `json:"GlobalQuota"`
	Unit                  string `json:"Unit"`
	QuotaRequestedAtLevel string `json:"QuotaRequestedAtLevel"`
}

type quotaChangeAnswer struct {
	RequestedQuota quotaChangeOut `json:"RequestedQuota"`
}

func (w *world) quotaChangeOut(c *call, r *quotaRequest) quotaChangeOut {
	q := serviceQuotas[slices.IndexFunc(serviceQuotas, func(q serviceQuota) bool { return q.code == r.code() })]
	out := quotaChangeOut{
		ID: r.ID, ServiceCode: q.service, ServiceName: q.serviceName, QuotaCode: q.code, QuotaName: q.name,
		DesiredValue: r.Desired, Status: r.Status, Created: epochOf(r.Created), LastUpdated: epochOf(r.Created),
		Requester: fmt.Sprintf(`{"accountId":%q,"callerArn":%q}`, w.management, r.Caller), QuotaARN: c.quotaARN(q),
		GlobalQuota: q.global, Unit: "None", QuotaRequestedAtLevel: "ACCOUNT",
	}
	if r.Status != "PENDING" {
		out.LastUpdated = epochOf(r.Due)
	}
	return out
}

// requestIncrease asks for a higher quota. One request for each may be open.
//
// Source: Service Quotas API reference, RequestServiceQuotaIncrease; that the
// management account alone may ask: the page that package limits names.
func (w *world) requestIncrease(c *call) (any, error) {
	found, err := c.quotaCall()
	if err != nil {
		return nil, err
	}
	quota, desired := found[0], c.in.number("DesiredValue")
	switch {
	case c.who.standing != manager:
		return nil, c.service.denied("Only the management account of an organization can request this quota increase.")
	case slices.ContainsFunc(w.quotaRequests.items, func(r *quotaRequest) bool { return r.code() == quota.code && r.Status == "PENDING" }):
		return nil, &fault{code: "ResourceAlreadyExistsException", message: "Only one open service quota increase request is allowed per quota."}
	case desired <= w.quotaNow(quota):
		return nil, &fault{code: "IllegalArgumentException", message: "You must provide a quota value greater than the current quota value."}
	}
	r := &quotaRequest{
		Number: w.nextNumber(), ID: w.mint("", hex, 32), Code: quota.code, Desired: desired, Caller: c.who.arn,
		Created: c.now, Due: c.now.Add(w.quotaDelay), Status: "PENDING",
	}
	w.quotaRequests.insert(r)
	w.change.QuotaRequests = append(w.change.QuotaRequests, r)
	w.advance(c.now) // one without delay is granted already
	return quotaChangeAnswer{w.quotaChangeOut(c, r)}, nil
}

// openRequest is the request that is decided next, or nil. All take as long.
func (w *world) openRequest() *quotaRequest {
	for _, r := range w.quotaRequests.items {
		if r.Status == "PENDING" {
			return r
		}
	}
	return nil
}

// decideRequest grants a request; for accounts up to the most that AWS grants.
func (w *world) decideRequest(r *quotaRequest) {
	r.Status = "APPROVED"
	if r.code() == limits.AccountsQuotaCode {
		if r.Desired > w.quotas.AccountsGranted {
			r.Status = "NOT_APPROVED"
		} else {
			w.quota = r.Desired
		}
	}
	w.change.QuotaRequests = append(w.change.QuotaRequests, r)
}

// addRequest puts a request that was read in its place.
func (w *world) addRequest(r *quotaRequest) {
	w.quotaRequests.insert(r)
	if r.code() == limits.AccountsQuotaCode && r.Status == "APPROVED" {
		w.quota = max(w.quota, r.Desired)
	}
}

func (w *world) getRequestedChange(c *call) (any, error) {
	for _, r := range w.quotaRequests.items {
		if r.ID == c.in.text("RequestId") && c.who.standing == manager {
			return quotaChangeAnswer{w.quotaChangeOut(c, r)}, nil
		}
	}
	return nil, &fault{code: "NoSuchResourceException", message: "The specified request does not exist."}
}

func (w *world) listRequestedChanges(c *call) (any, error) {
	found, err := c.quotaCall()
	if err != nil {
		return nil, err
	}
	out := struct{ RequestedQuotas []quotaChangeOut }{[]quotaChangeOut{}}
	status := c.in.text("Status")
	for _, r := range w.quotaRequests.items {
		about := slices.ContainsFunc(found, func(q serviceQuota) bool { return q.code == r.code() })
		if c.who.standing == manager && about && (status == "" || r.Status == status) {
			out.RequestedQuotas = append(out.RequestedQuotas, w.quotaChangeOut(c, r))
		}
	}
	return out, nil
}
