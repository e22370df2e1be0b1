package report

import (
	"fmt"
	"math/big"
	"strings"

	"landlord/business/economics"
	"landlord/internal/money"
	"landlord/simulate"
)

// deployRules compute what is created and how long that takes.
var deployRules = []rule{
	{"resources.per_customer", file(func(f *facts) answer {
		if f.n == 0 {
			return answer{how: "the file has no customers"}
		}
		r := f.whole.Resources()
		return said(tenths(big.NewRat(int64(r), int64(f.n))), "%d / %d; it falls as tiers fill, so the reference's constant holds at no scale", r, f.n)
	})},
	{"resources.*", simulated(func(f *facts, s *simulate.Scenario) answer {
		return said(fmt.Sprint(s.Resources()), "%s + %s + %s, as they were read back%s", count(s.Units(), "unit"), count(s.Accounts(), "account"), count(s.Attachments(), "policy attachment"),
			growthNote(f, s))
	})},
	{"config_lines.*", scaled(func(f *facts, n int) answer {
		lines, within := f.lines(n)
		if within {
			return said(fmt.Sprint(lines), "%d lines a customer are the most, and every entry of the file stays within", f.file.Economics.ConfigLinesPerCustomer)
		}
		return said(fmt.Sprint(lines), "lines that the entries take; one takes more than %d", f.file.Economics.ConfigLinesPerCustomer)
	})},
	{"deploy_minutes.parallel", func(f *facts, _ string) answer {
		return f.both(1, 5, "phased times at 1 and 5 customers; the reference's own table has 7-10 and 10-12")
	}},
	{"deploy_minutes.same", func(f *facts, _ string) answer {
		return f.both(2, 5, "phased times at 2 and 5 customers, which are not the same; the reference's own table has 8-10 and 10-12")
	}},
	{"deploy_minutes.per_tier", file(func(f *facts) answer {
		r, from, to, ok := f.perTier()
		if !ok {
			return answer{how: "all scenarios have the same number of tiers, so there is no slope to measure"}
		}
		return said(tenths(r), "what the phases of units and attachments grow by from %d to %d tiers, a tier; the reference's own table allows at most 1", from.Units(), to.Units())
	})},
	{"deploy_minutes.*.comparison", simulated(func(f *facts, s *simulate.Scenario) answer {
		return said(tenths(economics.Minutes(s.Phased.Took)), "phased time at %s; the reference gives a range in its own table", count(s.Customers(), "customer"))
	})},
	{"deploy_minutes.*", simulated(func(f *facts, s *simulate.Scenario) answer {
		return said(tenths(economics.Minutes(s.Phased.Took)), "phased schedule of %s on the simulated AWS, profile %s, random seed %d", count(s.Customers(), "customer"), f.study.Profile.Name, f.study.Seed)
	})},
	{"deploy.phases", file(func(f *facts) answer {
		var parts []string
		for _, p := range f.whole.Phased.Phases {
			parts = append(parts, tenths(economics.Minutes(p.From))+"-"+tenths(economics.Minutes(p.To)))
		}
		return said(strings.Join(parts, ";"), "boundaries of the phased schedule of the whole file, which ends with its last phase; the reference's phases end at minute 8 of 10 to 12")
	})},
	{"units.*", simulated(func(f *facts, s *simulate.Scenario) answer {
		return said(fmt.Sprint(s.Units()), "units tagged as landlord's, as they were read back")
	})},
	{"accounts.*", simulated(func(f *facts, s *simulate.Scenario) answer {
		return said(fmt.Sprint(s.Accounts()), "customers' accounts, as they were read back")
	})},
	{"tiers.5.said", at(5, func(f *facts, s *simulate.Scenario) answer {
		return said(fmt.Sprint(tiersIn(s)), "units that hold customers' accounts; the reference means its customers")
	})},
	{"tiers.*", simulated(func(f *facts, s *simulate.Scenario) answer {
		return said(fmt.Sprint(tiersIn(s)), "units that hold customers' accounts, as they were read back")
	})},
	{"frameworks.5", func(f *facts, _ string) answer {
		names := frameworks(economics.Tiers(simulate.Scale(f.file, 5)))
		return said(fmt.Sprint(len(names)), "%s: tiers share theirs; the reference counts customers", list(names))
	}},
}

// both is the answer with the phased times of two scales.
func (f *facts) both(small, large int, how string) answer {
	a, isA := f.study.At(small)
	b, isB := f.study.At(large)
	switch {
	case !isA:
		return f.missing(small)
	case !isB:
		return f.missing(large)
	}
	return answer{tenths(economics.Minutes(a.Phased.Took)) + ";" + tenths(economics.Minutes(b.Phased.Took)), how}
}

// growthNote says why resources beyond the file differ from the reference's.
func growthNote(f *facts, s *simulate.Scenario) string {
	if s.Customers() <= f.n || s.Units() == 0 {
		return ""
	}
	return "; customers in a tier share its unit and policy, which the reference's 2.2 a customer leaves out"
}

// effortRules compute what people do.
var effortRules = []rule{
	{"effort.configuration", batch(func(e economics.Effort) int { return e.Configuration }, "writing the entries of %d")},
	{"effort.validation", file(func(f *facts) answer {
		return said(fmt.Sprint(f.effort.Validation), "economics.minutes.validation of the file, once a batch")
	})},
	{"effort.pre", batch(economics.Effort.Before, "configuration and validation of %d")},
	{"effort.verification", file(func(f *facts) answer {
		return said(fmt.Sprint(f.effort.Verification), "economics.minutes.verification of the file, once a batch")
	})},
	{"effort.deploy", file(func(f *facts) answer {
		return said(tenths(f.effort.During(f.whole.Phased.Took)), "phased deployment %s and verification %d min", minutes(f.whole.Phased.Took), f.effort.Verification)
	})},
	{"effort.sso", batch(func(e economics.Effort) int { return e.SignIn }, "sign-in for %d")},
	{"effort.baseline", batch(func(e economics.Effort) int { return e.Baseline }, "compliance baseline for %d")},
	{"effort.dashboard", batch(func(e economics.Effort) int { return e.AccessTest }, "access test for %d")},
	{"effort.post", batch(economics.Effort.After, "sign-in, baseline and access test for %d")},
	{"effort.total.5", at(5, func(f *facts, s *simulate.Scenario) answer { return f.total(s, "which the reference says to the hour") })},
	{"effort.total.*", simulated(func(f *facts, s *simulate.Scenario) answer {
		return f.total(s, "the reference's follows from no sum of its own minutes")
	})},
	{"effort.saving", file((*facts).saving)},
	{"effort.saving.validation", file((*facts).saving)},
	{"effort.sequential", batch(func(e economics.Effort) int { return e.Sequential }, "one after the other, %d")},
	{"effort.per_customer", file(func(f *facts) answer {
		return said(fmt.Sprint(economics.PerCustomer(f.file.Economics)), "%s of a person", f.minutesEach())
	})},
	{"effort.onboarding", file(func(f *facts) answer {
		return said(fmt.Sprint(economics.PerCustomer(f.file.Economics)), "%s of a person; the reference leaves the configuration out here", f.minutesEach())
	})},
	{"capacity.per_day", file(func(f *facts) answer { return f.perDay(economics.PerCustomer(f.file.Economics), 1, "") })},
	{"capacity.per_day.said", file(func(f *facts) answer {
		return f.perDay(economics.PerCustomer(f.file.Economics), 1, "; the reference's range follows from nothing it states")
	})},
	{"capacity.automated", file(func(f *facts) answer { return f.perDay(f.file.Economics.Minutes.Automated, 0, "") })},
	{"capacity.automated.week", file(func(f *facts) answer {
		r, ok := economics.PerDay(f.file.Economics, f.file.Economics.Minutes.Automated)
		if !ok {
			return answer{how: "automated onboarding takes no time"}
		}
		week := new(big.Rat).Mul(r, big.NewRat(workdays, 1))
		return said(money.Decimal(week, 0), "%d working days of %s customers; the reference says for a week what it computes for a day", workdays, money.Decimal(r, 0))
	})},
	{"fixes.minutes", file(func(f *facts) answer {
		return said(fmt.Sprint(f.file.Economics.Minutes.Fixes), "economics.minutes.fixes of the file")
	})},
}

// workdays are the working days of a week.
const workdays = 5

// batch is the computation of minutes that the whole file takes.
func batch(minutes func(economics.Effort) int, how string) func(*facts, string) answer {
	return file(func(f *facts) answer {
		return said(fmt.Sprint(minutes(f.effort)), how+" "+verb(f.n, "customer", "customers"), f.n)
	})
}

// minutesEach names the minutes that each customer takes.
func (f *facts) minutesEach() string {
	m := f.file.Economics.Minutes
	return fmt.Sprintf("configuration %d, sign-in %d, baseline %d, access test %d minutes", m.Configuration, m.SignIn, m.Baseline, m.AccessTest)
}

// total is the effort for the customers of s.
func (f *facts) total(s *simulate.Scenario, note string) answer {
	e := economics.EffortOf(f.file.Economics, s.Customers())
	return said(tenths(e.Total(s.Phased.Took)), "%d before, %s for the phased deployment and verification, %d after; %s",
		e.Before(), tenths(e.During(s.Phased.Took)), e.After(), note)
}

func (f *facts) saving() answer {
	r, ok := f.effort.Saved(f.whole.Phased.Took)
	if !ok {
		return answer{how: "without customers there is nothing to save"}
	}
	return said(money.Decimal(r, 0), "%s min against the assumed %d min one after the other; both are sums, so nothing of it is done in parallel, and the reference gives 40 and 50 for the same",
		tenths(f.effort.Total(f.whole.Phased.Took)), f.effort.Sequential)
}

func (f *facts) perDay(each, places int, why string) answer {
	r, ok := economics.PerDay(f.file.Economics, each)
	if !ok {
		return answer{how: "onboarding takes no time"}
	}
	return said(money.Decimal(r, places), "%d minutes of a working day / %d%s", f.file.Economics.WorkdayMinutes, each, why)
}
