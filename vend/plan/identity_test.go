package plan_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"landlord/directory"
	"landlord/guard/guardrail"
	"landlord/org"
	"landlord/vend/blueprint"
	"landlord/vend/plan"
)

// acme is a blueprint of one customer.
func acme(c directory.Customer) blueprint.Blueprint {
	return blueprint.Blueprint{
		Management: "999999999999",
		Tiers:      []blueprint.Tier{{Key: "fintech", Framework: "SOC 2", Policies: []guardrail.Policy{guardrail.For("SOC 2")}}},
		Units:      []blueprint.Unit{{Key: "fintech", Tier: "fintech", Name: "Customers-Fintech", Tags: org.Tags{org.TagTier: "fintech"}}},
		Customers:  []blueprint.Customer{{Customer: c, Name: "ACME Finance Inc", Tier: "fintech", Unit: "fintech", Tags: org.Tags{org.TagCustomer: c.Key, org.TagTier: "fintech"}}},
	}
}

func with(accounts ...org.Account) org.Organization {
	return org.Organization{ID: "o-1", Root: "r-1", Management: "999999999999", SCPs: true,
		Accounts: append([]org.Account{{ID: "999999999999", State: org.Active, Parent: "r-1"}}, accounts...)}
}

// TestWhoseAccount are the cases in which an edit of the file, or a hand in
// the organization, could make a second account for a customer. None may.
func TestWhoseAccount(t *testing.T) {
	const email = "aws+acme@x.example"
	tagged := func(id org.AccountID, key, email string) org.Account {
		return org.Account{ID: id, Name: "ACME Finance Inc", Email: email, State: org.Active, Parent: "r-1", Tags: org.Tags{org.TagCustomer: key, org.TagTier: "fintech"}}
	}
	closed := tagged("000000000001", "acme", email)
	closed.State = org.Closed
	closing := tagged("000000000001", "", email)
	closing.State, closing.Tags = org.PendingClosure, nil

	for _, tt := range []struct {
		name     string
		customer directory.Customer
		departed []string
		seen     org.Organization
		account  org.AccountID // the one that is found; "" when none may be made either
		problem  string        // what the conflict says; "" for none
	}{
		{"a renamed key says what it was", directory.Customer{Key: "acme2", Formerly: []string{"acme"}, Email: "aws+acme2@x.example"}, nil, with(tagged("000000000001", "acme", email)), "000000000001", ""},
		{"a renamed key that does not say so", directory.Customer{Key: "acme2", Email: "aws+acme2@x.example"}, nil, with(tagged("000000000001", "acme", email)), "", "add `formerly: [acme]`"},
		{"a renamed key whose account lost its tag, by address it is nobody's, by key neither", directory.Customer{Key: "acme", Email: email}, nil, with(tagged("000000000001", "gone", "other@x.example")), "", "customer gone's, who is not in the file"},
		{"a changed e-mail pattern", directory.Customer{Key: "acme", Email: "cloud+acme@new.example"}, nil, with(tagged("000000000001", "acme", email)), "000000000001", ""},
		{"an adopted account whose line is gone from the file", directory.Customer{Key: "acme", Email: email}, nil, with(tagged("000000000001", "acme", "bought@elsewhere.example")), "000000000001", ""},
		{"an adopted address that is not there", directory.Customer{Key: "acme", Email: email, Address: "own@x.example"}, nil, with(), "", "no account in the organization has the address own@x.example"},
		{"an adopted address", directory.Customer{Key: "acme", Email: email, Address: "Own@x.example"}, nil, with(org.Account{ID: "000000000001", Email: "own@X.example", State: org.Active, Parent: "r-1"}), "000000000001", ""},
		{"an account outside while another has the tag", directory.Customer{Key: "acme", Email: email, Account: "000000000007"}, nil, with(tagged("000000000001", "acme", email)), "", "its account is 000000000007, which is not in the organization"},
		{"an adopted account that is another customer's", directory.Customer{Key: "acme", Email: email, Account: "000000000001"}, nil, with(tagged("000000000001", "quantum", "q@x.example")), "", "tagged landlord:customer=quantum"},
		{"a key used again after its account was closed", directory.Customer{Key: "acme", Email: email}, nil, with(closed), "", "A key is for ever"},
		{"an address that a closing account holds", directory.Customer{Key: "acme", Email: email}, nil, with(closing), "", "A key is for ever"},
		{"tag and address that disagree", directory.Customer{Key: "acme", Email: email}, nil, with(tagged("000000000001", "quantum", email)), "", "Tag and address disagree"},
		{"two accounts with the customer's tag", directory.Customer{Key: "acme", Email: email}, nil, with(tagged("000000000001", "acme", email), tagged("000000000002", "acme", "b@x.example")), "", "both look like its own"},
		{"the tag on one account, the address on another", directory.Customer{Key: "acme", Email: email}, nil, with(tagged("000000000001", "acme", "b@x.example"), org.Account{ID: "000000000002", Email: strings.ToUpper(email), State: org.Active, Parent: "r-1"}), "", "both look like its own"},
		{"the management account", directory.Customer{Key: "acme", Email: email, Account: "999999999999"}, nil, with(), "", "management account"},
		{"a departed customer's account is left alone", directory.Customer{Key: "acme", Email: email}, []string{"gone"}, with(tagged("000000000001", "acme", email), tagged("000000000002", "gone", "g@x.example")), "000000000001", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := acme(tt.customer)
			want.Departed = tt.departed
			p, err := plan.Make(want, tt.seen, plan.Options{})
			if tt.problem != "" {
				if err == nil || !strings.Contains(err.Error(), tt.problem) {
					t.Fatalf("got %v, %v; want a conflict with %q", p, err, tt.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			moved := false
			for _, s := range p.Steps {
				if s.Kind == plan.CreateAccount {
					t.Errorf("a second account is created for %s", s.Customer)
				}
				moved = moved || s.Kind == plan.MoveAccount && s.Target == plan.Ref(tt.account)
			}
			if !moved {
				t.Errorf("account %s is not moved to its unit: %+v", tt.account, p.Changes)
			}
		})
	}
}

// TestCreationUnderWay: what a killed run left under way is waited for, never
// asked for again.
func TestCreationUnderWay(t *testing.T) {
	customer := directory.Customer{Key: "acme", Email: "aws+acme@x.example"}
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name      string
		creations []org.Creation
		since     time.Time
		kinds     string // of the steps of accounts
		held      int
	}{
		{"none is created", nil, time.Time{}, "create-account move-account", 0},
		{"one with the customer's account name is taken for its own", []org.Creation{{ID: "car-1", AccountName: "ACME Finance Inc"}}, time.Time{}, "await-account identify-account move-account", 0},
		{"one with another name may be the customer's under its old name", []org.Creation{{ID: "car-1", AccountName: "ACME Inc"}}, time.Time{}, "await-account", 1},
		{"two with the customer's name: only their tags can tell", []org.Creation{{ID: "car-1", AccountName: "ACME Finance Inc"}, {ID: "car-2", AccountName: "ACME Finance Inc"}}, time.Time{}, "await-account await-account", 1},
		{"one that somebody else began after this run did", []org.Creation{{ID: "car-1", AccountName: "Other", Requested: began.Add(time.Second)}}, began, "create-account move-account", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			seen := with()
			seen.Creations = tt.creations
			p, err := plan.Make(acme(customer), seen, plan.Options{Since: tt.since})
			if err != nil {
				t.Fatal(err)
			}
			var kinds []string
			for _, s := range p.Steps {
				if strings.HasSuffix(string(s.Kind), "-account") {
					kinds = append(kinds, string(s.Kind))
				}
			}
			if got := strings.Join(kinds, " "); got != tt.kinds || len(p.Held) != tt.held {
				t.Errorf("steps %q and %d held, want %q and %d", got, len(p.Held), tt.kinds, tt.held)
			}
		})
	}
}

// TestNameIsAGuess: a creation under way has a new customer's name, but may be
// that of another whose key and name were edited. Nobody's account is created
// before its tag has told.
func TestNameIsAGuess(t *testing.T) {
	want := acme(directory.Customer{Key: "k1", Formerly: []string{"c1"}, Email: "aws+k1@x.example"})
	want.Customers[0].Name = "Gamma"
	second := want.Customers[0]
	second.Key, second.Formerly, second.Email, second.Name = "c2", nil, "aws+c2@x.example", "Beta"
	want.Customers = append(want.Customers, second)
	seen := with()
	seen.Creations = []org.Creation{{ID: "car-1", AccountName: "Beta"}}
	p, err := plan.Make(want, seen, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	told := slices.IndexFunc(p.Steps, func(s plan.Step) bool { return s.Kind == plan.IdentifyAccount })
	for _, s := range p.Steps {
		if s.Kind == plan.CreateAccount && (told < 0 || !slices.Contains(s.After, told)) {
			t.Errorf("the account of %s is created before it is told whose car-1 is", s.Customer)
		}
	}
}

// TestOwnCreationHoldsNobodyBack: a creation that was asked for since this apply
// began, under a customer's name, is this run's own: other accounts need not wait
// for it to be told.
func TestOwnCreationHoldsNobodyBack(t *testing.T) {
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	want := acme(directory.Customer{Key: "acme", Email: "aws+acme@x.example"})
	second := want.Customers[0]
	second.Key, second.Email, second.Name = "beta", "aws+beta@x.example", "Beta"
	want.Customers = append(want.Customers, second)
	for _, tt := range []struct {
		since time.Time
		waits bool
	}{{began, false}, {began.Add(time.Second), true}, {time.Time{}, true}} {
		seen := with()
		seen.Creations = []org.Creation{{ID: "car-1", AccountName: "ACME Finance Inc", Requested: began.Add(time.Second)}}
		p, err := plan.Make(want, seen, plan.Options{Since: tt.since})
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(p.Steps, func(s plan.Step) bool { return s.Kind == plan.CreateAccount })
		told := slices.IndexFunc(p.Steps, func(s plan.Step) bool { return s.Kind == plan.IdentifyAccount })
		if i < 0 || told < 0 || p.Steps[i].Customer != "beta" || slices.Contains(p.Steps[i].After, told) != tt.waits {
			t.Errorf("this run began at %v: steps %+v, that beta's waits should be %t", tt.since, p.Steps, tt.waits)
		}
	}
}

// TestCreationOfOthers: while every customer has an account, what somebody else
// is creating is no part of the plan.
func TestCreationOfOthers(t *testing.T) {
	want := acme(directory.Customer{Key: "acme", Email: "aws+acme@x.example"})
	seen := with(org.Account{ID: "000000000001", Name: "ACME Finance Inc", Email: "aws+acme@x.example", State: org.Active, Parent: "r-1"})
	seen.Creations = []org.Creation{{ID: "car-1", AccountName: "Theirs"}}
	p, err := plan.Make(want, seen, plan.Options{})
	if err != nil || slices.ContainsFunc(p.Steps, func(s plan.Step) bool { return s.Kind == plan.AwaitAccount }) {
		t.Errorf("%+v, %v; want nothing about car-1", p, err)
	}
}

// TestForeignThingsStayUntouched: a unit or policy of landlord's name without
// landlord's tag is somebody's; the plan stops and says how to hand it over.
func TestForeignThingsStayUntouched(t *testing.T) {
	want := acme(directory.Customer{Key: "acme", Email: "aws+acme@x.example"})
	seen := with()
	seen.Units = []org.Unit{{ID: "ou-1", Name: "Customers-Fintech", Parent: "r-1"}}
	seen.Policies = []org.Policy{{ID: "p-1", Name: "landlord-soc2"}}
	_, err := plan.Make(want, seen, plan.Options{})
	for _, part := range []string{"unit Customers-Fintech (ou-1) exists and is not landlord's", "policy landlord-soc2 (p-1) exists and is not landlord's", "aws organizations tag-resource --resource-id ou-1"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("got %v, want a conflict with %q", err, part)
		}
	}
}
