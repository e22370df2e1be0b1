package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"landlord/guard/identity"
	"landlord/internal/clock"
	"landlord/portfolio"
	"landlord/service/control"
	"landlord/service/onboard"
	"landlord/simaws"
	"landlord/simulate"
	"landlord/vend/cloud"
	"landlord/vend/execute"
)

// inProcess is a simulated AWS in this process, in the wall's time.
type inProcess struct{ *simaws.Server }

// RoundTrip implements http.RoundTripper: the answer comes when AWS would have sent it.
func (w inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, took, err := w.Server.RoundTrip(r)
	if err == nil {
		err = clock.Real().Sleep(r.Context(), took)
	}
	return answer, err
}

// living is an organization behind a client, in the wall's time.
type living struct {
	*cloud.Client
	rules execute.Rules
}

func (l living) Rules() execute.Rules { return l.rules }

func (l living) Execute(ctx context.Context, m *execute.Machine, watch func([]execute.Event)) error {
	return execute.Run(ctx, m, l.Client, clock.Real(), watch)
}

// Center is IAM Identity Center there.
func (l living) Center(region string) onboard.Center { return livingCenter{l, region} }

// livingCenter is IAM Identity Center in a region of an organization.
type livingCenter struct {
	living
	region string
}

func (c livingCenter) SignIn(ctx context.Context) (identity.Seen, error) {
	return c.living.SignIn(ctx, c.region)
}

// briskName is the profile of up's simulated AWS, unless another is named.
const briskName = "brisk"

// brisk is the simulated AWS of `landlord up`: everything is as with the typical
// profile, only a twentieth as slow, so that a person can watch it.
func brisk() simaws.Profile {
	p, err := simaws.ProfileNamed("typical")
	if err != nil {
		panic(err) // it is built in
	}
	const times = 20
	p.Name = briskName
	p.TailShare, p.CreationSigma = 0, 0.3
	for _, d := range []*time.Duration{&p.CreationMedian, &p.Closing, &p.Read, &p.Write, &p.PolicyChange, &p.Assignment} {
		*d /= times
	}
	return p
}

// openInProcess starts a simulated AWS that is kept in a file.
func openInProcess(folio *portfolio.Portfolio, profile simaws.Profile, state string) (*simaws.Server, error) {
	return simaws.New(simaws.Config{
		Profile: profile, Seed: 1, Clock: clock.Real(), ManagementAccount: string(folio.Organization.Management),
		Organization: true, AccountIDs: simulate.AccountIDs(folio), State: state,
	})
}

// awsOf returns how runs reach the organization that a portfolio names: a
// simulated AWS in this process, if there is one, or AWS. Each look and each run
// has a client of its own.
func (p *program) awsOf(sim *simaws.Server, flags *worldFlags) func(context.Context, *portfolio.Portfolio, ...string) (control.World, error) {
	return func(ctx context.Context, folio *portfolio.Portfolio, suspends ...string) (control.World, error) {
		f := new(*flags)
		f.suspends = suspends
		if folio.Organization.Target == portfolio.AWS {
			w, err := openAWS(ctx, folio, f)
			if err != nil {
				return nil, err
			}
			return living{w.Client, f.hold(cloud.Rules(f.pace == "aws"))}, nil
		}
		if sim == nil {
			return nil, fmt.Errorf("organization.target is simulated, and this server has no simulated AWS: `landlord up` has one; or run `landlord simaws`, set AWS_ENDPOINT_URL to it, and name target aws")
		}
		return living{cloud.InProcess(inProcess{sim}, cloud.Options{Clock: clock.Real(), Paced: f.paced(), Parallel: pacedReads, Took: f.took, Asks: f.asks(folio)}), cloud.Rules(f.paced())}, nil
	}
}

// paced tells whether calls are to keep to AWS's rates.
func (f *worldFlags) paced() bool { return f.pace == "aws" }
