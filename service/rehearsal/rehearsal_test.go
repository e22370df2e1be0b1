package rehearsal

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"landlord/portfolio"
	"landlord/service/onboard"
	"landlord/simaws"
	"landlord/simulate"
)

// TestPortals: customers who were onboarded in a simulation have their portals read; one
// that shows what is of another tier, or not the customer's account, fails that
// customer's step and nobody else's.
func TestPortals(t *testing.T) {
	text, err := os.ReadFile("../../examples/five-customers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	folio, err := portfolio.Parse("portfolio.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	folio.Customers = slices.DeleteFunc(folio.Customers, func(c portfolio.Customer) bool { return c.Key == "quantum" || c.Key == "techgov" })
	profile, err := simaws.ProfileNamed("instant")
	if err != nil {
		t.Fatal(err)
	}
	house, err := Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := house.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(house.dir); err == nil {
			t.Errorf("%s is left", house.dir)
		}
	}()
	show := house.Portal(string(text))
	o, err := simulate.Onboard(t.Context(), folio, simulate.Options{Profile: profile, Seed: 1, Portal: func(ctx context.Context, s simulate.Shown) (func(context.Context, string) (string, error), error) {
		s.Links["medicorp"] = "https://cis-msp.awsapps.com/start" // which no text shows
		s.Organization.Units = slices.Clone(s.Organization.Units)
		for i, u := range s.Organization.Units {
			s.Organization.Units[i].Name = strings.ReplaceAll(u.Name, "Customers-Standard", "Customers-HIPAA")
		}
		return show(ctx, s)
	}})
	if err != nil || o.Fault != "" {
		t.Fatal(err, o.Fault)
	}
	want := map[string]string{"acme": "19 pages answer", "medicorp": "page /portal/aws of the portal names CIS", "startup": "names HIPAA"}
	for _, list := range o.Lists {
		l := list.Lines[len(list.Lines)-1]
		if says := want[list.Customer]; l.Step != "portal" || (l.State == onboard.Done) != (list.Customer == "acme") || !strings.Contains(l.Says, says) {
			t.Errorf("%s: %+v, want %q", list.Customer, l, says)
		}
	}
	if len(o.Lists) != len(want) {
		t.Errorf("%d customers were onboarded", len(o.Lists))
	}
}
