package plan

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"landlord/guard/baseline"
	"landlord/guard/guardrail"
	"landlord/org"
	"landlord/vend/blueprint"
)

// Baselines are the baselines of an organization's accounts: what is wanted, and
// what of it was seen.
type Baselines struct {
	Logs     baseline.Logs
	LogsSeen baseline.LogsSeen
	Of       []Baseline // in the portfolio's order
	Unready  []Unready

	at map[place][2]int // where in Of, and which region
}

// Baseline is that of one customer's account.
type Baseline struct {
	Customer string // key
	Tier     string // key
	Name     string
	Account  org.AccountID
	Wants    []baseline.Want // by region
	Seen     []baseline.Seen // likewise
	Closed   []string        // regions that the tier's guardrails close
}

// Unready is a customer whose account gets no baseline yet.
type Unready struct {
	Customer string        `json:"customer"`
	Account  org.AccountID `json:"account,omitempty"`
	Why      string        `json:"why"`
}

type place struct {
	account org.AccountID
	region  string
}

// WantBaselines says what baselines the accounts of customers should have, all
// customers' if no key is given: of those that stand in their unit, under their
// tier's guardrails. regions are those in use, the home region first. The error is
// a *Conflict.
func WantBaselines(want blueprint.Blueprint, have org.Organization, regions []string, keys ...string) (*Baselines, error) {
	m := newMaker(want, have, Options{})
	b := &Baselines{Logs: baseline.Logs{Management: have.Management, Organization: have.ID, Home: regions[0], Partition: partition(regions[0])}, at: map[place][2]int{}}
	own, stand := want.Owners(have), want.Standing(have).Of
	open := map[string][]string{} // by tier: the regions that are not closed
	for _, t := range want.Tiers {
		open[t.Key] = openRegions(t, regions)
	}
	frameworks := map[string]string{}
	for _, t := range want.Tiers {
		frameworks[t.Key] = t.Framework
	}
	known := map[string]bool{}
	for _, c := range want.Customers {
		known[c.Key] = true
		if len(keys) > 0 && !slices.Contains(keys, c.Key) {
			continue
		}
		a, there := own.Of[c.Key]
		if why := unready(have, c, a, there, own.Outside[c.Key], stand[c.Unit]); why != "" {
			b.Unready = append(b.Unready, Unready{c.Key, a.ID, why})
			continue
		}
		of := Baseline{Customer: c.Key, Tier: c.Tier, Name: c.Name, Account: a.ID}
		for _, region := range regions {
			if !slices.Contains(open[c.Tier], region) {
				of.Closed = append(of.Closed, region)
				continue
			}
			home := len(of.Wants) == 0
			b.at[place{a.ID, region}] = [2]int{len(b.Of), len(of.Wants)}
			of.Wants = append(of.Wants, baseline.Want{
				Account: a.ID, Region: region, Home: home, Bucket: b.Logs.Bucket(), Pack: baseline.PackOf(frameworks[c.Tier], home),
				Role: "arn:" + partition(region) + ":iam::" + string(a.ID) + ":" + baseline.ServiceRole,
			})
		}
		of.Seen = make([]baseline.Seen, len(of.Wants))
		b.Of = append(b.Of, of)
	}
	for _, key := range keys {
		if !known[key] {
			m.problem("no customer %s is in the file", key)
		}
	}
	_, err := m.done()
	return b, err
}

// partition is the part of AWS that a region is in.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	}
	return "aws"
}

// openRegions are the regions in which a tier's guardrails let landlord's role set
// AWS Config up.
func openRegions(t blueprint.Tier, regions []string) []string {
	level := []guardrail.Document{all}
	for _, p := range t.Policies {
		document, err := guardrail.ParseDocument([]byte(p.Document))
		if err != nil {
			return regions // it was written here
		}
		level = append(level, document)
	}
	levels := guardrail.PrepareLevels([][]guardrail.Document{level})
	return slices.DeleteFunc(slices.Clone(regions), func(region string) bool {
		return !guardrail.Decide(levels, guardrail.Request{Action: "config:PutConfigurationRecorder", Resource: "*", Context: map[string][]string{
			"aws:RequestedRegion": {region}, "aws:PrincipalArn": {"arn:" + partition(region) + ":iam::111122223333:role/OrganizationAccountAccessRole"},
			"aws:PrincipalAccount": {"111122223333"}, "aws:SecureTransport": {"true"},
		}}).Allowed
	})
}

// all allows everything, as AWS's own policy beside a tier's does.
var all = func() guardrail.Document {
	d, err := guardrail.ParseDocument([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`))
	if err != nil {
		panic(err) // constant
	}
	return d
}()

// unready says why an account gets no baseline yet; "" if it does.
func unready(have org.Organization, c blueprint.Customer, a org.Account, there bool, outside org.AccountID, unit org.Unit) string {
	_, tagged, denied := Suspension(have, a)
	switch {
	case !there && outside != "":
		return fmt.Sprintf("account %s is not in the organization; it was invited, or `landlord apply` invites it", outside)
	case !there:
		if _, err := AccountOf(blueprint.Blueprint{Customers: []blueprint.Customer{c}, Departed: nil}, have, c.Key); err == nil {
			return "its account is closed"
		}
		return "its account is not created yet; `landlord apply` creates it"
	case a.Gone():
		return "its account is closed"
	case tagged || denied || a.State == org.Suspended:
		return "it is suspended: nothing can be done in its account"
	case a.State != "" && a.State != org.Active:
		return "its account is " + state(a)
	case unit.ID == "" || a.Parent != unit.ID:
		return "its account is not in its tier's unit; `landlord apply` moves it there, under the tier's guardrails"
	}
	return ""
}

// Looks are the steps that look at everything.
func (b *Baselines) Looks() []Step {
	var steps []Step
	add := func(s Step) int {
		s.ID = len(steps)
		steps = append(steps, s)
		return s.ID
	}
	home, trail := b.Logs.Home, baseline.TrailName
	add(Step{Kind: LookTrust})
	add(Step{Kind: LookLogging, Region: home, Name: trail, After: []int{add(Step{Kind: LookTrails, Region: home})}})
	add(Step{Kind: LookPrivate, Region: home, Name: b.Logs.Bucket(), After: []int{add(Step{Kind: LookBucket, Region: home, Name: b.Logs.Bucket()})}})
	for _, of := range b.Of {
		enter := []int{add(Step{Kind: EnterAccount, Tier: of.Tier, Customer: of.Customer, Account: of.Account, Name: of.Name})}
		for _, w := range of.Wants {
			look := func(kind Kind, after []int) int {
				return add(Step{Kind: kind, Tier: of.Tier, Customer: of.Customer, Account: of.Account, Region: w.Region, Name: of.Name, After: after})
			}
			look(LookRecorder, enter)
			look(LookRecording, enter)
			look(LookChannel, enter)
			packs := []int{look(LookPacks, enter)}
			if len(w.Pack.Rules) > 0 {
				look(LookPackStates, packs)
				look(LookRules, packs)
			}
		}
	}
	return steps
}

// Take adds what a step of Looks saw.
func (b *Baselines) Take(s Step, look any) {
	if s.Account == "" {
		b.LogsSeen.Take(look)
		return
	}
	if at, is := b.at[place{s.Account, s.Region}]; is {
		of := &b.Of[at[0]]
		of.Seen[at[1]].Take(of.Wants[at[1]], look)
	}
}

// Missed adds that a step of Looks saw nothing, and why: what is not known is not
// taken for missing.
func (b *Baselines) Missed(s Step, why error) {
	text := strings.TrimPrefix(fmt.Sprint(why), "failed: ")
	if s.Account == "" {
		b.LogsSeen.Failed = text
		return
	}
	for i := range b.Of {
		if b.Of[i].Account != s.Account {
			continue
		}
		for j, w := range b.Of[i].Wants {
			if (s.Region == "" || s.Region == w.Region) && b.Of[i].Seen[j].Failed == "" {
				b.Of[i].Seen[j].Failed = text
			}
		}
	}
}

// Gaps says what one customer's account lacks.
func (of Baseline) Gaps() []baseline.Gap {
	var gaps []baseline.Gap
	for i, w := range of.Wants {
		gaps = append(gaps, w.Gaps(of.Seen[i])...)
	}
	return gaps
}

// Lacks says why nobody is let into a customer's account for want of its baseline: what
// of it is missing, edited, stopped or not known, of the account or of what serves all.
// "" is nothing; of a customer whose account was not looked into nothing is known.
func (b *Baselines) Lacks(customer string) string {
	if b == nil {
		return "its baseline was not looked at"
	}
	for _, u := range b.Unready {
		if u.Customer == customer {
			return u.Why
		}
	}
	at := slices.IndexFunc(b.Of, func(of Baseline) bool { return of.Customer == customer })
	if at < 0 {
		return "its baseline was not looked at"
	}
	gaps := append(b.Logs.Gaps(b.LogsSeen), b.Of[at].Gaps()...)
	if len(gaps) == 0 {
		return ""
	}
	text := "its baseline is not whole: " + gaps[0].String()
	if len(gaps) > 1 {
		text += fmt.Sprintf(", and %d more", len(gaps)-1)
	}
	return text + "; `landlord baseline apply " + customer + "` mends it"
}

// text is a piece as a step carries it.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts and flags alone
	}
	return string(b)
}
