package simaws

import (
	"fmt"
	"time"

	"landlord/internal/limits"
)

// quotaRequest is one RequestServiceQuotaIncrease for the accounts of the
// organization, the one quota that simaws has. What becomes of it is seen when
// it is due.
type quotaRequest struct {
	Number  int       `json:"number"`
	ID      string    `json:"id"`
	Desired int       `json:"desired"`
	Caller  string    `json:"caller"`
	Created time.Time `json:"created"`
	Due     time.Time `json:"due"`
	Status  string    `json:"status"` // PENDING, then APPROVED or NOT_APPROVED
}

func (q *quotaRequest) number() int { return q.Number }

// Source: Service Quotas, ListServiceQuotas of service "organizations"; the code
// and the values as in package limits.
const (
	quotaService     = "organizations"
	quotaServiceName = "AWS Organizations"
	quotaName        = "Default maximum number of accounts"
)

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

func (c *call) quotaARN() string {
	return "arn:aws:servicequotas::" + c.who.account + ":" + quotaService + "/" + limits.AccountsQuotaCode
}

func (c *call) quotaOut(value int) quotaOut {
	return quotaOut{
		ServiceCode: quotaService, ServiceName: quotaServiceName, QuotaARN: c.quotaARN(), QuotaCode: limits.AccountsQuotaCode,
		QuotaName: quotaName, Value: value, Unit: "None", Adjustable: true, GlobalQuota: true,
	}
}

// appliedQuota is the quota as the caller sees it: the management account's is
// raised, any other has the default.
func (w *world) appliedQuota(c *call) quotaOut {
	value := limits.AccountsDefault
	if c.who.standing == manager {
		value = w.quota
	}
	out := c.quotaOut(value)
	out.QuotaAppliedAtLevel = "ACCOUNT"
	return out
}

// quotaCall refuses services and quotas that simaws has not. Organizations' are
// in one region.
func (c *call) quotaCall() error {
	service, code := c.in.text("ServiceCode"), c.in.text("QuotaCode")
	switch {
	case service != "" && service != quotaService || c.region != organizationsRegion:
		return &fault{code: "NoSuchResourceException", message: "The request failed because the specified service does not exist."}
	case code != "" && code != limits.AccountsQuotaCode:
		return &fault{code: "NoSuchResourceException", message: "The request failed because the specified quota does not exist."}
	case c.in.text("NextToken") != "":
		return &fault{code: "InvalidPaginationTokenException", message: "Invalid token was used."} // no list has a second page
	}
	return nil
}

func (w *world) listServices(c *call) (any, error) {
	type service struct{ ServiceCode, ServiceName string }
	out := struct{ Services []service }{[]service{}}
	if err := c.quotaCall(); err == nil {
		out.Services = append(out.Services, service{quotaService, quotaServiceName})
	}
	return out, nil
}

func (w *world) listServiceQuotas(c *call) (any, error) {
	if err := c.quotaCall(); err != nil {
		return nil, err
	}
	return quotasAnswer{[]quotaOut{w.appliedQuota(c)}}, nil
}

func (w *world) listDefaultQuotas(c *call) (any, error) {
	if err := c.quotaCall(); err != nil {
		return nil, err
	}
	return quotasAnswer{[]quotaOut{c.quotaOut(limits.AccountsDefault)}}, nil
}

func (w *world) getServiceQuota(c *call) (any, error) {
	if err := c.quotaCall(); err != nil {
		return nil, err
	}
	return quotaAnswer{w.appliedQuota(c)}, nil
}

func (w *world) getDefaultQuota(c *call) (any, error) {
	if err := c.quotaCall(); err != nil {
		return nil, err
	}
	return quotaAnswer{c.quotaOut(limits.AccountsDefault)}, nil
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

func (w *world) quotaChangeOut(c *call, q *quotaRequest) quotaChangeOut {
	out := quotaChangeOut{
		ID: q.ID, ServiceCode: quotaService, ServiceName: quotaServiceName, QuotaCode: limits.AccountsQuotaCode, QuotaName: quotaName,
		DesiredValue: q.Desired, Status: q.Status, Created: epochOf(q.Created), LastUpdated: epochOf(q.Created),
		Requester: fmt.Sprintf(`{"accountId":%q,"callerArn":%q}`, w.management, q.Caller), QuotaARN: c.quotaARN(),
		GlobalQuota: true, Unit: "None", QuotaRequestedAtLevel: "ACCOUNT",
	}
	if q.Status != "PENDING" {
		out.LastUpdated = epochOf(q.Due)
	}
	return out
}

// requestIncrease asks for a higher quota of accounts. One request may be open.
//
// Source: Service Quotas API reference, RequestServiceQuotaIncrease; that the
// management account alone may ask: the page that package limits names.
func (w *world) requestIncrease(c *call) (any, error) {
	if err := c.quotaCall(); err != nil {
		return nil, err
	}
	desired := c.in.number("DesiredValue")
	switch {
	case c.who.standing != manager:
		return nil, c.service.denied("Only the management account of an organization can request this quota increase.")
	case w.openRequest() != nil:
		return nil, &fault{code: "ResourceAlreadyExistsException", message: "Only one open service quota increase request is allowed per quota."}
	case desired <= w.quota:
		return nil, &fault{code: "IllegalArgumentException", message: "You must provide a quota value greater than the current quota value."}
	}
	q := &quotaRequest{
		Number: w.nextNumber(), ID: w.mint("", hex, 32), Desired: desired, Caller: c.who.arn,
		Created: c.now, Due: c.now.Add(w.quotaDelay), Status: "PENDING",
	}
	w.quotaRequests.insert(q)
	w.change.QuotaRequests = append(w.change.QuotaRequests, q)
	w.advance(c.now) // one without delay is granted already
	return quotaChangeAnswer{w.quotaChangeOut(c, q)}, nil
}

// openRequest is the request that is not decided yet, or nil.
func (w *world) openRequest() *quotaRequest {
	if n := w.quotaRequests.len(); n > 0 && w.quotaRequests.items[n-1].Status == "PENDING" {
		return w.quotaRequests.items[n-1]
	}
	return nil
}

// decideRequest grants a request up to the most that AWS grants.
func (w *world) decideRequest(q *quotaRequest) {
	q.Status = "NOT_APPROVED"
	if q.Desired <= w.quotas.AccountsGranted {
		q.Status, w.quota = "APPROVED", q.Desired
	}
	w.change.QuotaRequests = append(w.change.QuotaRequests, q)
}

// addRequest puts a request that was read in its place.
func (w *world) addRequest(q *quotaRequest) {
	w.quotaRequests.insert(q)
	if q.Status == "APPROVED" {
		w.quota = max(w.quota, q.Desired)
	}
}

func (w *world) getRequestedChange(c *call) (any, error) {
	for _, q := range w.quotaRequests.items {
		if q.ID == c.in.text("RequestId") && c.who.standing == manager {
			return quotaChangeAnswer{w.quotaChangeOut(c, q)}, nil
		}
	}
	return nil, &fault{code: "NoSuchResourceException", message: "The specified request does not exist."}
}

func (w *world) listRequestedChanges(c *call) (any, error) {
	if err := c.quotaCall(); err != nil {
		return nil, err
	}
	out := struct{ RequestedQuotas []quotaChangeOut }{[]quotaChangeOut{}}
	status := c.in.text("Status")
	for _, q := range w.quotaRequests.items {
		if c.who.standing == manager && (status == "" || q.Status == status) {
			out.RequestedQuotas = append(out.RequestedQuotas, w.quotaChangeOut(c, q))
		}
	}
	return out, nil
}
