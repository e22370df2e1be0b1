package cloud

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/s3control"
	endpoints "github.com/aws/smithy-go/endpoints"

	"landlord/guard/compliance/assess"
)

// question is an operation that an assessment may ask: it changes nothing. An
// account says much, and little of each operation; what is read of an answer is
// decided where it is judged, so that all answers are the same here: JSON, by the
// names that the SDK has for the API's.
type question func(ctx context.Context, m *Member, operation string, input map[string]any) (map[string]any, error)

// paging is where an answer says that there is more, and where to ask for it.
type paging struct {
	out, in string
	with    map[string]any // what else the operation is asked with
}

// The ways in which AWS's services have pages.
var (
	whole  = paging{}
	byNext = paging{out: "NextToken", in: "NextToken"}
	byMark = paging{out: "Marker", in: "Marker"}
	byMore = paging{out: "NextMarker", in: "Marker"}
	// Pages of EC2 must be asked for: without, it answers late or not at all.
	byPage = paging{out: "NextToken", in: "NextToken", with: map[string]any{"MaxResults": 1000}}
)

// asking makes a question of an operation of the SDK.
func asking[In, Out, Opt any](f method[In, Out, Opt], p paging) question {
	return func(ctx context.Context, m *Member, operation string, input map[string]any) (map[string]any, error) {
		all := map[string]any{}
		given := map[string]bool{}
		asked := maps.Clone(p.with)
		if asked == nil {
			asked = map[string]any{}
		}
		maps.Copy(asked, input)
		for {
			in := new(In)
			if err := turn(asked, in); err != nil {
				return nil, fmt.Errorf("%s: %w", operation, err)
			}
			out, err := readInside(ctx, m, operation, f, in)
			if err != nil {
				return nil, err
			}
			page := map[string]any{}
			if err := turn(out, &page); err != nil {
				return nil, fmt.Errorf("%s: %w", operation, err)
			}
			join(all, page)
			token, _ := page[p.out].(string)
			if token == "" {
				delete(all, "ResultMetadata")
				delete(all, p.out)
				return all, nil
			}
			if given[token] {
				return nil, fmt.Errorf("%s: the endpoint gives the same page again and again: is this AWS?", operation)
			}
			given[token] = true
			if len(given) == mostPages {
				return nil, fmt.Errorf("%s: %d pages and no end: is this AWS?", operation, mostPages)
			}
			asked[p.in] = token
		}
	}
}

// turn makes one value of another, by the names of their members.
func turn(from, to any) error {
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(to)
}

// join adds a page: its lists to the lists, all else in the place of what is there.
func join(all, page map[string]any) {
	for name, v := range page {
		more, is := v.([]any)
		if have, had := all[name].([]any); is && had {
			all[name] = append(have, more...)
		} else if v != nil || all[name] == nil {
			all[name] = v
		}
	}
}

// Asker asks in one account, wherever a question is about. It implements
// assess.Asker.
func (c *Client) Asker(account assess.Subject) assess.Asker { return &asker{c: c, of: account} }

type asker struct {
	c  *Client
	of assess.Subject

	enter  sync.Once
	locked error // why the account cannot be entered
}

// Ask implements assess.Asker.
func (a *asker) Ask(ctx context.Context, q assess.Question) (assess.Answer, error) {
	where := q.Region
	if where == "" {
		where = a.of.Regions[0]
	}
	there := a.c.In(a.of.Account, where)
	ask, is := there.questions[q.Operation]
	if !is {
		return assess.Answer{}, fmt.Errorf("%s: landlord does not call it", q.Operation)
	}
	// One that cannot be entered is not tried again for each question.
	if a.enter.Do(func() { a.locked = there.Enter(ctx) }); a.locked != nil {
		answer, err := unanswered(assess.Answer{At: a.c.Now()}, a.locked)
		if r, is := errors.AsType[*assess.Refusal](err); is {
			r.Code = "sts:AssumeRole " + r.Code
		}
		return answer, err
	}
	var request string
	ctx = context.WithValue(ctx, requestKey{}, &request)
	members, err := ask(ctx, there, q.Operation, q.Input)
	answer := assess.Answer{RequestID: request, At: a.c.Now()}
	if err != nil {
		return unanswered(answer, err)
	}
	answer.Body, err = json.Marshal(members) // its members in order
	return answer, err
}

// unanswered is an answer that is none: a refusal, if AWS gave one.
func unanswered(a assess.Answer, err error) (assess.Answer, error) {
	if r, is := errors.AsType[*Error](err); is {
		return a, &assess.Refusal{Code: r.Code, Message: r.Message, RequestID: r.RequestID, Err: err}
	}
	return a, err
}

// oneHost asks an endpoint of somebody's own, which seldom has a name for each
// account, under its own name. It implements s3control.EndpointResolverV2.
type oneHost struct{ s3control.EndpointResolverV2 }

// ResolveEndpoint implements s3control.EndpointResolverV2.
func (o oneHost) ResolveEndpoint(ctx context.Context, p s3control.EndpointParameters) (endpoints.Endpoint, error) {
	at, err := o.EndpointResolverV2.ResolveEndpoint(ctx, p)
	if p.Endpoint != nil && p.AccountId != nil {
		at.URI.Host = strings.TrimPrefix(at.URI.Host, *p.AccountId+".")
	}
	return at, err
}
