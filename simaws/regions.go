package simaws

import (
	"slices"
	"strings"
	"time"
)

// The regions of the commercial partition: those that every account has, and
// those that an account opts into.
//
// Source: Account Management reference guide, "Enable or disable AWS Regions in
// your account", mid-2026.
var (
	regionsAlways = strings.Fields(`ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-southeast-1 ap-southeast-2 ca-central-1
		eu-central-1 eu-north-1 eu-west-1 eu-west-2 eu-west-3 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2`)
	regionsOptIn = strings.Fields(`af-south-1 ap-east-1 ap-east-2 ap-south-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6
		ap-southeast-7 ca-west-1 eu-central-2 eu-south-1 eu-south-2 il-central-1 me-central-1 me-south-1 mx-central-1`)
)

// Changes of regions under way at once.
//
// Source: Account Management reference guide, "Quotas".
const (
	regionChangesPerAccount = 6
	regionChangesOfAll      = 50
)

// regionChoice is the last thing that an account asked for a region.
type regionChoice struct {
	Enabled bool      `json:"enabled"`
	At      time.Time `json:"at"`
}

type regionOut struct {
	RegionName      string `json:"RegionName"`
	RegionOptStatus string `json:"RegionOptStatus"`
}

// regionStatus is the RegionOptStatus of a region. A change takes as long as
// closing an account does: AWS says minutes to hours.
func (w *world) regionStatus(k *card, name string, now time.Time) string {
	choice, chosen := k.Regions[name]
	changing := chosen && now.Before(choice.At.Add(w.profile.Closing))
	switch {
	case slices.Contains(regionsAlways, name):
		return "ENABLED_BY_DEFAULT"
	case changing && choice.Enabled:
		return "ENABLING"
	case changing:
		return "DISABLING"
	case choice.Enabled:
		return "ENABLED"
	}
	return "DISABLED"
}

// regionNamed reads the region that a call names.
func (c *call) regionNamed() (string, error) {
	name := c.in.text("RegionName")
	if !slices.Contains(regionsAlways, name) && !slices.Contains(regionsOptIn, name) {
		return "", fieldFault("The region " + name + " does not exist.")
	}
	return name, nil
}

func getRegion(w *world, c *call, k *card) (any, error) {
	name, err := c.regionNamed()
	if err != nil {
		return nil, err
	}
	return regionOut{name, w.regionStatus(k, name, c.now)}, nil
}

func listRegions(w *world, c *call, k *card) (any, error) {
	wanted := c.in.texts("RegionOptStatusContains")
	names := slices.Sorted(slices.Values(slices.Concat(regionsAlways, regionsOptIn)))
	from := 0
	if token := c.in.text("NextToken"); token != "" {
		var ok bool
		if from, ok = decodeToken(token, c.operation+"/"+k.Account+"/"); !ok {
			return nil, fieldFault("The NextToken is not valid.")
		}
	}
	most := c.in.number("MaxResults")
	if most == 0 {
		most = len(names)
	}
	out := struct {
		Regions   []regionOut `json:"Regions"`
		NextToken string      `json:"NextToken,omitempty"`
	}{Regions: []regionOut{}}
	for i := from; i < len(names); i++ {
		status := w.regionStatus(k, names[i], c.now)
		if len(wanted) > 0 && !slices.Contains(wanted, status) {
			continue
		}
		if len(out.Regions) == most {
			out.NextToken = c.token(k.Account, i)
			break
		}
		out.Regions = append(out.Regions, regionOut{names[i], status})
	}
	return out, nil
}

// changeRegion opts an account into a region or out of it.
func changeRegion(enable bool) func(*world, *call, *card) (any, error) {
	return func(w *world, c *call, k *card) (any, error) {
		name, err := c.regionNamed()
		if err != nil {
			return nil, err
		}
		switch status := w.regionStatus(k, name, c.now); {
		case status == "ENABLED_BY_DEFAULT":
			return nil, fieldFault("The region " + name + " is enabled by default and can't be changed.")
		case status == "ENABLING" && !enable || status == "DISABLING" && enable:
			return nil, conflict("The region " + name + " is " + strings.ToLower(status) + ". Try again when that has ended.")
		case enable == (status == "ENABLED" || status == "ENABLING"):
			return nil, nil
		case w.regionChanges(k, c.now) >= regionChangesPerAccount:
			return nil, conflict("The account has too many regions that are being enabled or disabled.")
		case w.regionChangesOfAll(c.now) >= regionChangesOfAll:
			return nil, conflict("The organization has too many regions that are being enabled or disabled.")
		}
		k = w.cardOf(k.Account)
		if k.Regions == nil {
			k.Regions = map[string]regionChoice{}
		}
		k.Regions[name] = regionChoice{enable, c.now}
		w.keepCard(k)
		return nil, nil
	}
}

// regionChanges counts the changes of an account that are under way.
func (w *world) regionChanges(k *card, now time.Time) int {
	n := 0
	for _, choice := range k.Regions {
		if now.Before(choice.At.Add(w.profile.Closing)) {
			n++
		}
	}
	return n
}

func (w *world) regionChangesOfAll(now time.Time) int {
	n := 0
	for _, k := range w.cards {
		n += w.regionChanges(k, now)
	}
	return n
}
