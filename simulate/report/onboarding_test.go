package report

import (
	"slices"
	"strings"
	"testing"
	"time"

	"landlord/portfolio"
	"landlord/service/onboard"
	"landlord/simulate"
)

// onboardingOf is the model of an onboarding of p that ended like lists.
func onboardingOf(t *testing.T, p *portfolio.Portfolio, lists ...onboard.Checklist) *Onboarding {
	t.Helper()
	one := simulate.Scale(p, len(lists))
	for i := range one.Customers {
		one.Customers[i].People = make([]portfolio.Person, 1+i) // one more of each next customer
	}
	f := newFacts(&simulate.Study{Portfolio: p, Scenarios: []*simulate.Scenario{{Portfolio: p}}})
	f.study.Onboarding = &simulate.Onboarding{Portfolio: one, Lists: lists, Took: 4 * time.Minute}
	return f.onboarding()
}

// TestOnboardingMinutes: steps are of all customers together, and minutes of people
// are what is left to them.
func TestOnboardingMinutes(t *testing.T) {
	began := simulate.Start
	at := func(minutes int) *time.Time { is := began.Add(time.Duration(minutes) * time.Minute); return &is }
	invite, mend := []onboard.Task{{Who: "an engineer", What: "invite a", Why: "no API does"}}, []onboard.Task{{Who: "an engineer", What: "mend 3", Why: "it is theirs"}}
	p := example(t)
	o := onboardingOf(t, p,
		onboard.Checklist{Customer: "acme", Lines: []onboard.Line{
			{Step: "account", State: onboard.Done, Began: at(0), Ended: at(2)},
			{Step: "sign-in", State: onboard.Done, Began: at(2), Ended: at(3), ByHand: 10, Left: invite},
			{Step: "report", State: onboard.Done, Began: at(3), Ended: at(4), Left: mend}}},
		onboard.Checklist{Customer: "medicorp", Lines: []onboard.Line{
			{Step: "account", State: onboard.Done, Began: at(1), Ended: at(5)},
			{Step: "sign-in", State: onboard.Without, Began: at(5), Ended: at(5)},
			{Step: "report", State: onboard.Failed, Began: at(5), Ended: at(6)}}},
		onboard.Checklist{Customer: "techgov", Lines: []onboard.Line{
			{Step: "account", State: onboard.Failed, Began: at(1), Ended: at(3)},
			{Step: "sign-in", State: onboard.Waiting},
			{Step: "report", State: onboard.Waiting}}})
	want := []OnboardingStep{
		{"account", "", 5 * time.Minute, 0, 2, 1, 0},
		{"sign-in", "", 3 * time.Minute, 10, 1, 1, 1},
		{"report", "", 3 * time.Minute, 0, 1, 2, 0},
	}
	if !slices.Equal(o.Steps, want) {
		t.Errorf("steps\n%+v, want\n%+v", o.Steps, want)
	}
	// One invitation of three customers is two of five; 3 minutes each, 2 an invitation.
	if !o.Sampled || o.Each != "3.8" || o.PerDay != "126.3" || o.Work.SignIn != 4 {
		t.Errorf("sampled %t, %s minutes each, %s a day, %d of invitations; want true, 3.8, 126.3, 4", o.Sampled, o.Each, o.PerDay, o.Work.SignIn)
	}
	if len(o.Left) != 2 || !o.Left[0].Counted || o.Left[1].Counted {
		t.Errorf("left to people: %+v", o.Left)
	}
}

// TestOnboardingOfMany: of a large file the first of each tier are onboarded, and the
// lines say so.
func TestOnboardingOfMany(t *testing.T) {
	many := simulate.Scale(example(t), simulate.OnboardedMost+1)
	o, err := simulate.Onboard(t.Context(), simulate.Sample(many), simulate.Options{Profile: profileNamed(t, "typical"), Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Lists) != 4 || o.Fault != "" {
		t.Fatalf("%d customers were onboarded, %q; want 4", len(o.Lists), o.Fault)
	}
	f := newFacts(&simulate.Study{Portfolio: many, Scenarios: []*simulate.Scenario{{Portfolio: many}}, Onboarding: o})
	for _, l := range []Line{f.onboarded.people, f.onboarded.links, f.onboarded.baselines, f.onboarded.reports, f.onboarded.trails, f.onboarded.recorded} {
		if l.State != Passed || !strings.HasSuffix(l.Text, "(tried with 4 customers, one a tier)") {
			t.Errorf("%+v", l)
		}
	}
}
