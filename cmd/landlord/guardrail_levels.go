package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"landlord/guard/guardrail"
	"landlord/org"
	"landlord/portfolio"
	"landlord/vend/blueprint"
	"landlord/vend/cloud"
)

// attachment is a service control policy somewhere between the root and an account.
type attachment struct {
	name     string
	document string
	ready    *guardrail.Prepared
}

// place is the root, a unit or an account, with its policies.
type place struct {
	kind, name string // "unit", "Customers-Fintech"
	policies   []attachment
}

func (p place) String() string { return strings.TrimSpace(p.kind + " " + p.name) }

// places are where policies hold an account: the root first, the account last.
type places []place

// judgement is what policies say of a request, in words.
type judgement struct {
	guardrail.Decision
	Where  string // the place whose policy decides
	Policy string // its name
	Says   string // its statement: its Sid and what it is for
	Basis  string // where what it lists is from
}

// judge asks the policies of all places.
func (all places) judge(r guardrail.Request) judgement {
	levels := make([][]*guardrail.Prepared, len(all))
	for i, at := range all {
		for _, p := range at.policies {
			levels[i] = append(levels[i], p.ready)
		}
	}
	j := judgement{Decision: guardrail.Decide(levels, r)}
	if j.Level >= 0 {
		j.Where = all[j.Level].String()
	}
	if j.Decision.Policy >= 0 {
		p := all[j.Level].policies[j.Decision.Policy]
		j.Policy, j.Says = p.name, cmp.Or(j.Sid, fmt.Sprintf("statement %d", j.Statement+1))
		if says := guardrail.WordsOf(p.document); j.Statement >= 0 && j.Statement < len(says) {
			j.Says = strings.Join(says[j.Statement], "; ")
		}
		for _, sid := range guardrail.Sids(j.Sid) {
			j.Basis = cmp.Or(j.Basis, guardrail.Basis(sid))
		}
	}
	return j
}

// fullAccess is AWS's own policy that allows everything.
const fullAccess = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

// shelf reads each policy once.
type shelf map[string]attachment

func (s shelf) take(name, document string) (attachment, error) {
	if p, known := s[name+"\n"+document]; known {
		return p, nil
	}
	_, ready, err := guardrail.Read([]byte(document))
	if err != nil {
		return attachment{}, fmt.Errorf("policy %s: %w", name, err)
	}
	p := attachment{name, document, ready}
	s[name+"\n"+document] = p
	return p, nil
}

func (s shelf) full() attachment {
	p, err := s.take("FullAWSAccess", fullAccess)
	if err != nil {
		panic(err) // constant
	}
	return p
}

// wanted are the policies that the file wants of a customer's account in a unit,
// and nothing else.
func (s shelf) wanted(want blueprint.Blueprint, unit, account string) (places, error) {
	var units places
	for key := unit; key != ""; {
		i := slices.IndexFunc(want.Units, func(u blueprint.Unit) bool { return u.Key == key })
		if i < 0 {
			return nil, fmt.Errorf("the file wants no unit %s", key)
		}
		u := want.Units[i]
		at := place{"unit", u.Name, []attachment{s.full()}}
		for _, p := range want.On(u) {
			one, err := s.take(p.Name, p.Document)
			if err != nil {
				return nil, err
			}
			at.policies = append(at.policies, one)
		}
		units = slices.Insert(units, 0, at)
		key = u.Parent
	}
	full := []attachment{s.full()}
	return slices.Concat(places{{"root", "", full}}, units, places{{"account", account, full}}), nil
}

// force is what is in force in an organization that was read.
type force struct {
	shelf
	client   *cloud.Client
	seen     org.Organization
	units    map[string]org.Unit
	attached map[string][]string // by target: ids, once they were read
	exactly  bool                // the accounts' own policies are read too
}

// newForce reads what the policies of others say. Where many accounts are asked
// about, AWS's own policy is taken to be on each: reading that takes a call for each.
func newForce(ctx context.Context, client *cloud.Client, seen org.Organization, accounts int) (*force, error) {
	f := &force{shelf: shelf{}, client: client, seen: seen, units: map[string]org.Unit{}, attached: map[string][]string{}, exactly: accounts <= exactAccounts}
	for _, u := range seen.Units {
		f.units[u.ID] = u
	}
	f.seen.Policies = slices.Clone(seen.Policies)
	return f, client.Others(ctx, &f.seen)
}

// exactAccounts is how many accounts' own policies are read one by one.
const exactAccounts = 50

// of are the policies that hold an account, as they are attached.
func (f *force) of(ctx context.Context, a org.Account) (places, error) {
	all := places{}
	for id := a.Parent; id != "" && id != f.seen.Root; id = f.units[id].Parent {
		at, err := f.at(ctx, place{kind: "unit", name: org.Path(f.units, f.seen.Root, id)}, id, true)
		if err != nil {
			return nil, err
		}
		all = slices.Insert(all, 0, at)
	}
	root, err := f.at(ctx, place{kind: "root"}, f.seen.Root, true)
	if err != nil {
		return nil, err
	}
	own, err := f.at(ctx, place{kind: "account", name: string(a.ID)}, string(a.ID), f.exactly)
	return slices.Concat(places{root}, all, places{own}), err
}

// at puts the policies of a target into its place.
func (f *force) at(ctx context.Context, at place, target string, exactly bool) (place, error) {
	if !f.seen.SCPs { // nothing holds
		at.policies = []attachment{f.full()}
		return at, nil
	}
	ids, known := f.attached[target]
	if !known && exactly {
		var err error
		if ids, err = f.client.Attached(ctx, target); err != nil {
			return at, err
		}
		f.attached[target] = ids
	}
	for _, p := range f.seen.Policies {
		switch {
		case exactly && !slices.Contains(ids, p.ID), !exactly && !p.AWSManaged && !slices.Contains(p.Targets, target):
			continue
		case p.AWSManaged:
			at.policies = append(at.policies, f.full())
			continue
		}
		one, err := f.take(p.Name, p.Document)
		if err != nil {
			return at, err
		}
		at.policies = append(at.policies, one)
	}
	return at, nil
}

// after are the policies that hold an account once apply has run: those that the
// file wants, and of those in force the ones that are not the tiers'.
func (f *force) after(ctx context.Context, want blueprint.Blueprint, unit string, a org.Account) (places, error) {
	all, err := f.wanted(want, unit, string(a.ID))
	if err != nil || !f.seen.SCPs {
		return all, err
	}
	stands := want.Standing(f.seen).Of
	targets := []string{string(a.ID)}
	for key := unit; key != ""; {
		i := slices.IndexFunc(want.Units, func(u blueprint.Unit) bool { return u.Key == key })
		targets = append([]string{stands[key].ID}, targets...)
		key = want.Units[i].Parent
	}
	for i, target := range append([]string{f.seen.Root}, targets...) {
		if target == "" {
			continue // the unit is still to be made
		}
		for _, p := range f.seen.Policies {
			if p.AWSManaged || p.Tags[org.TagFramework] != "" || !slices.Contains(p.Targets, target) {
				continue
			}
			one, err := f.take(p.Name, p.Document)
			if err != nil {
				return nil, err
			}
			all[i].policies = append(all[i].policies, one)
		}
	}
	return all, nil
}

// usual is a request as somebody in a customer's account makes it every day: over
// TLS, not through a service, in the customer's region, or the one that most use.
func usual(c blueprint.Customer, principal, action, resource string, context map[string][]string) (guardrail.Request, guardrail.Principal, error) {
	who, err := guardrail.ParsePrincipal(principal)
	if err != nil {
		return guardrail.Request{}, who, err
	}
	region := c.Tags[org.TagRegion]
	if region == "" {
		region = "us-east-1"
	}
	all := map[string][]string{}
	maps.Copy(all, context)
	for key, value := range map[string]string{"aws:RequestedRegion": region, "aws:SecureTransport": "true", "aws:ViaAWSService": "false", "aws:PrincipalIsAWSService": "false"} {
		if !slices.ContainsFunc(keysOf(context), func(k string) bool { return strings.EqualFold(k, key) }) {
			all[key] = []string{value}
		}
	}
	who.Fill(all)
	return guardrail.Request{Action: action, Resource: resource, Context: all}, who, nil
}

// customerOf finds a customer of the file.
func customerOf(want blueprint.Blueprint, folio *portfolio.Portfolio, key string) (blueprint.Customer, error) {
	var keys []string
	for _, c := range want.Customers {
		if c.Key == key {
			return c, nil
		}
		keys = append(keys, c.Key)
	}
	return blueprint.Customer{}, fmt.Errorf("%s has no customer %q%s", folio.File, key, meant(key, keys))
}
