package assess

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"context"

	"landlord/guard/compliance"
)

// look is one check looked at in one place.
type look struct {
	*visit
	ctx      context.Context
	check    *compliance.Check
	region   string            // "" for the account
	calls    []compliance.Call // that the next verdict rests on
	verdicts []compliance.Finding
}

// say gives a verdict on a resource; "" is the account, or the region.
func (l *look) say(status compliance.Status, resource, reason string) {
	calls := slices.Clone(l.calls)
	sum := sha256.New()
	for _, c := range calls {
		fmt.Fprintf(sum, "%s %s %s %s %s %s\n", c.Operation, c.Region, c.Input, c.SHA256, c.Code, c.Error)
	}
	l.verdicts = append(l.verdicts, compliance.Finding{
		Name: l.check.ID, Account: l.Account, Region: l.region, Resource: resource, Status: status, At: l.At, Method: compliance.ByCalls,
		Hash: hex.EncodeToString(sum.Sum(nil)), Reason: reason,
		Evidence: &compliance.Evidence{Calls: calls, Evaluator: Version, Mapping: compliance.Version},
	})
}

// is gives a verdict by what is so: the first reason if it is, the second if not.
func (l *look) is(ok bool, resource, good, bad string) {
	if ok {
		l.say(compliance.Pass, resource, good)
	} else {
		l.say(compliance.Fail, resource, bad)
	}
}

// untold says that it could not be told of a resource.
func (l *look) untold(resource string, err error) {
	l.say(compliance.Error, resource, "it could not be told: "+err.Error())
}

// in is what a question is asked with.
type in map[string]any

// ask asks in the look's region and reads the answer into out.
func (l *look) ask(operation string, with in, out any) error {
	return l.askIn(l.region, operation, with, out)
}

func (l *look) askIn(region, operation string, with in, out any) error {
	k := l.question(region, operation, with)
	l.calls = append(l.calls, k.call)
	if k.err != nil {
		return k.err
	}
	if err := json.Unmarshal(k.body, out); err != nil {
		return fmt.Errorf("%s: the answer is not as AWS documents it: %w", operation, err)
	}
	return nil
}

// question asks, unless the same was asked before.
func (l *look) question(region, operation string, with in) known {
	var input string
	if len(with) > 0 {
		text, err := json.Marshal(with) // its keys in order
		if err != nil {
			return known{err: fmt.Errorf("%s: %w", operation, err)}
		}
		input = string(text)
	}
	key := operation + " " + region + " " + input
	if k, is := l.known[key]; is {
		return k
	}
	a, err := l.asker.Ask(l.ctx, Question{operation, region, with})
	k := known{compliance.Call{Operation: operation, Region: region, Input: input, RequestID: a.RequestID, At: a.At.UTC()}, a.Body, err}
	if err != nil {
		k.call.Error, k.body = err.Error(), nil
		if r, is := errors.AsType[*Refusal](err); is {
			k.call.Code, k.call.Error, k.call.RequestID = r.Code, r.Message, r.RequestID
		}
	} else {
		sum := sha256.Sum256(a.Body)
		k.call.SHA256 = hex.EncodeToString(sum[:])
	}
	l.known[key] = k
	return k
}

// refused tells whether AWS refused with one of the codes.
func refused(err error, codes ...string) bool {
	r, is := errors.AsType[*Refusal](err)
	return is && slices.Contains(codes, r.Code)
}

// list asks for a list. An answer that has none is no empty one.
func list[T any](l *look, operation string, with in, field string) ([]T, error) {
	return listIn[T](l, l.region, operation, with, field)
}

func listIn[T any](l *look, region, operation string, with in, field string) ([]T, error) {
	var members map[string]json.RawMessage
	if err := l.askIn(region, operation, with, &members); err != nil {
		return nil, err
	}
	raw, is := members[field]
	if !is {
		return nil, fmt.Errorf("%s: the answer has no %s", operation, field)
	}
	var items []T
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, fmt.Errorf("%s: the answer is not as AWS documents it: %w", operation, err)
	}
	return items, nil
}

// every judges each of some resources. What fails of one is an error of that one.
func every[T any](l *look, items []T, name func(T) string, judge func(T) error) {
	base := len(l.calls)
	for _, item := range items {
		if l.ctx.Err() != nil {
			return
		}
		l.calls = l.calls[:base:base]
		if err := judge(item); err != nil {
			l.untold(name(item), err)
		}
	}
	l.calls = l.calls[:base:base]
}

// each is a check of every item of a list, in each region.
func each[T any](operation string, with in, field string, name func(*look, T) string, judge func(l *look, item T, resource string) error) evaluator {
	return evaluator{look: func(l *look) error {
		items, err := list[T](l, operation, with, field)
		if err != nil {
			return err
		}
		every(l, items, func(item T) string { return name(l, item) }, func(item T) error { return judge(l, item, name(l, item)) })
		return nil
	}}
}

// arn names something of the account in the look's region.
func (l *look) arn(service, rest string) string {
	return "arn:aws:" + service + ":" + l.region + ":" + string(l.Account) + ":" + rest
}

// self is the account as a resource.
func (l *look) self() string { return "arn:aws:iam::" + string(l.Account) + ":root" }

// home is the region that is asked where an account is looked at as a whole.
func (l *look) home() string { return l.Regions[0] }
