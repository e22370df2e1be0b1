package compliance

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var start = time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC)

// random makes findings of a few checks, so that they meet often.
func random(r *rand.Rand, n int) []Finding {
	names := []string{"s3.versioning", "s3_bucket_object_versioning", "S3.14", "iam_no_root_access_key", "IAM.7", "kms.rotation", "nobody_knows"}
	methods := []string{ByConfig, ByCalls, Imported + "prowler"}
	all := make([]Finding, n)
	for i := range all {
		f := Finding{
			Name: names[r.IntN(len(names))], Region: []string{"us-east-1", "eu-west-1"}[r.IntN(2)], Resource: fmt.Sprint("r", r.IntN(3)),
			Status: Status(r.IntN(int(Fail) + 1)), Suppressed: r.IntN(5) == 0, At: start.Add(time.Duration(r.IntN(8)) * 12 * time.Hour),
			Method: methods[r.IntN(len(methods))], Hash: fmt.Sprintf("%064x", r.Uint64()),
		}
		f.Whole = f.Method != ByCalls // each method always or never looks at everything
		all[i] = f
	}
	return all
}

func posture(t *testing.T, framework string, all []Finding) Posture {
	t.Helper()
	f, err := Of(framework, "")
	if err != nil {
		t.Fatal(err)
	}
	var h History
	for _, one := range all {
		h.Add(one)
	}
	return h.Posture(f)
}

func marshal(t *testing.T, p Posture) string {
	t.Helper()
	text, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestOrderAndRepetition checks that neither the order of findings matters nor how
// often each is given.
func TestOrderAndRepetition(t *testing.T) {
	for seed := range uint64(80) {
		r := rand.New(rand.NewPCG(seed, 0))
		all := random(r, 1+r.IntN(60))
		framework := Frameworks()[r.IntN(4)]
		want := marshal(t, posture(t, framework, all))
		again := slices.Concat(all, all[:r.IntN(len(all))])
		r.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
		if got := marshal(t, posture(t, framework, again)); got != want {
			t.Fatalf("seed %d: another order or repetition makes another posture of %s:\n%s\nnot\n%s", seed, framework, got, want)
		}
	}
}

// naive is what a check's status should be, told another way: per method, region
// and resource the newest finding that no newer whole run of its place leaves
// out; of these the greatest.
func naive(c *Check, all []Finding) Status {
	status := NotAssessed
	for _, f := range all {
		if !slices.Contains(Named(f.Name), c) {
			continue
		}
		counts := true
		for _, g := range all {
			samePlace := g.Name == f.Name && g.Method == f.Method && g.Region == f.Region
			sameThing := samePlace && g.Resource == f.Resource
			switch {
			case sameThing && g.At.After(f.At), sameThing && g.At.Equal(f.At) && g.Status > f.Status:
				counts = false
			case samePlace && g.Whole && g.At.After(f.At):
				counts = false
			}
		}
		if counts {
			status = max(status, f.Status)
		}
	}
	return status
}

// TestStatusOfChecks compares with a second, naive reading of the rules, also of
// what the statuses were on each day.
func TestStatusOfChecks(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 1))
		all := random(r, 1+r.IntN(40))
		p := posture(t, "FedRAMP", all)
		for _, c := range p.Checks {
			want := naive(c.Check, all)
			if c.Status != want {
				t.Fatalf("seed %d: %s is %s, want %s, of %v", seed, c.ID, c.Status, want, all)
			}
			if want == NotAssessed {
				continue
			}
			// since: so it was at that time, and not just before.
			before := func(at time.Time, including bool) (list []Finding) {
				for _, f := range all {
					if f.At.Before(at) || including && f.At.Equal(at) {
						list = append(list, f)
					}
				}
				return list
			}
			if got := naive(c.Check, before(c.Since, true)); got != want {
				t.Errorf("seed %d: %s is %s since %s, but was %s then", seed, c.ID, want, c.Since, got)
			}
			if got := naive(c.Check, before(c.Since, false)); got == want {
				t.Errorf("seed %d: %s is %s since %s, but was so before", seed, c.ID, want, c.Since)
			}
		}
		for _, point := range p.Trend {
			end, err := time.Parse(time.DateOnly, point.Day)
			if err != nil {
				t.Fatal(err)
			}
			var then []Finding
			for _, f := range all {
				if f.At.Before(end.AddDate(0, 0, 1)) {
					then = append(then, f)
				}
			}
			if got := posture(t, "FedRAMP", then).Catalogues[0].Score; got != point.Score {
				t.Errorf("seed %d: the score of %s is %v, but the posture of then has %v", seed, point.Day, point.Score, got)
			}
		}
	}
}

// TestStatusOfControls checks the rules by which the statuses of checks become
// those of controls.
func TestStatusOfControls(t *testing.T) {
	for seed := range uint64(80) {
		r := rand.New(rand.NewPCG(seed, 2))
		p := posture(t, Frameworks()[r.IntN(4)], random(r, 1+r.IntN(60)))
		status := map[string]Status{}
		for _, c := range p.Checks {
			status[c.ID] = c.Status
		}
		for _, catalogue := range p.Catalogues {
			sum := 0
			var score, firm Score
			for _, n := range catalogue.Counts {
				sum += n
			}
			if sum != len(catalogue.Controls) {
				t.Errorf("seed %d: %s counts %d of %d controls", seed, catalogue.Name, sum, len(catalogue.Controls))
			}
			for _, c := range catalogue.Controls {
				has := map[Status]int{}
				for _, b := range c.Behind {
					if b.Status != status[b.Check] {
						t.Errorf("seed %d: %s shows %s as %s, which is %s", seed, c.ID, b.Check, b.Status, status[b.Check])
					}
					has[b.Status]++
				}
				want := NotAssessed
				for _, s := range []Status{Fail, Error, Manual, Pass, NotApplicable} {
					if has[s] > 0 {
						want = s
						break
					}
				}
				if c.Status != want {
					t.Errorf("seed %d: control %s is %s with checks %v, want %s", seed, c.ID, c.Status, has, want)
				}
				byConfirmed := NotAssessed
				for _, b := range c.Behind {
					if b.Confirmed {
						byConfirmed = max(byConfirmed, b.Status)
					}
				}
				if c.Firm != byConfirmed {
					t.Errorf("seed %d: control %s is %s by confirmed mappings alone, want %s", seed, c.ID, c.Firm, byConfirmed)
				}
				for s, of := range map[*Score]Status{&score: c.Status, &firm: c.Firm} {
					if of == Pass {
						s.Pass++
					}
					if of == Pass || of == Fail || of == Error {
						s.Of++
					}
				}
				if (c.Since.IsZero()) != (c.Status == NotAssessed) {
					t.Errorf("seed %d: control %s is %s since %v", seed, c.ID, c.Status, c.Since)
				}
			}
			if catalogue.Score != score || catalogue.Firm != firm {
				t.Errorf("seed %d: %s has scores %v and %v, want %v and %v", seed, catalogue.Name, catalogue.Score, catalogue.Firm, score, firm)
			}
		}
	}
}

// TestPassNeverWorsens checks that one more pass makes no control worse than a
// pass, and that an error, once it is the newest of its kind, leaves no check
// passing.
func TestPassNeverWorsens(t *testing.T) {
	for seed := range uint64(80) {
		r := rand.New(rand.NewPCG(seed, 3))
		all := random(r, 1+r.IntN(40))
		more := random(r, 1)[0]
		more.Whole = false
		more.Status = Pass
		before, after := posture(t, "FedRAMP", all), posture(t, "FedRAMP", append(slices.Clone(all), more))
		for i, c := range before.Catalogues[0].Controls {
			if is := after.Catalogues[0].Controls[i].Status; is > max(c.Status, Pass) {
				t.Errorf("seed %d: a pass of %s makes %s %s, which was %s", seed, more.Name, c.ID, is, c.Status)
			}
		}
		more.Status, more.At = Error, before.Last.Add(time.Hour)
		for _, c := range posture(t, "FedRAMP", append(all, more)).Checks {
			if slices.Contains(Named(more.Name), c.Check) && c.Status < Error {
				t.Errorf("seed %d: the newest finding of %s is an error, and it is %s", seed, c.ID, c.Status)
			}
		}
	}
}

// TestNamedCases are the cases that people asked about.
func TestNamedCases(t *testing.T) {
	at := func(day int) time.Time { return start.AddDate(0, 0, day) }
	find := func(status Status, day int, method, resource string) Finding {
		return Finding{Name: "s3.versioning", Region: "us-east-1", Resource: resource, Status: status, At: at(day), Method: method, Whole: method != ByCalls, Hash: resource}
	}
	const prowler = Imported + "prowler"
	for _, c := range []struct {
		name     string
		all      []Finding
		want     Status
		since    int // day
		disagree bool
		looked   int
	}{
		{"one pass", []Finding{find(Pass, 0, prowler, "a")}, Pass, 0, false, 1},
		{"a fail among passes", []Finding{find(Pass, 0, prowler, "a"), find(Fail, 0, prowler, "b")}, Fail, 0, false, 2},
		{"an error beats a pass", []Finding{find(Pass, 0, prowler, "a"), find(Error, 0, prowler, "b")}, Error, 0, false, 2},
		{"nothing that it asks of", []Finding{find(NotApplicable, 0, prowler, "a"), find(NotApplicable, 0, prowler, "b")}, NotApplicable, 0, false, 2},
		{"fixed on the third day", []Finding{find(Fail, 0, prowler, "a"), find(Fail, 1, prowler, "a"), find(Pass, 3, prowler, "a"), find(Pass, 4, prowler, "a")}, Pass, 3, false, 1},
		{"a failing bucket that the next run does not find is gone", []Finding{find(Pass, 0, prowler, "a"), find(Fail, 0, prowler, "b"), find(Pass, 1, prowler, "a")}, Pass, 1, false, 1},
		{"but not where a run does not look at everything", []Finding{find(Pass, 0, ByCalls, "a"), find(Fail, 0, ByCalls, "b"), find(Pass, 1, ByCalls, "a")}, Fail, 0, false, 2},
		{"archived", []Finding{find(Fail, 0, ByCalls, "a"), find(NotAssessed, 1, ByCalls, "a")}, NotAssessed, 0, false, 0},
		{"two methods agree", []Finding{find(Pass, 0, prowler, "a"), find(Pass, 0, ByConfig, "a")}, Pass, 0, false, 1},
		{"two methods disagree", []Finding{find(Pass, 1, prowler, "a"), find(Fail, 0, ByConfig, "a")}, Fail, 0, true, 1},
		{"two sources at one moment: the worse counts", []Finding{find(Pass, 0, prowler, "a"), find(Fail, 0, prowler, "a")}, Fail, 0, false, 1},
	} {
		p := posture(t, "HIPAA", c.all)
		i := slices.IndexFunc(p.Checks, func(r CheckResult) bool { return r.ID == "s3.versioning" })
		got := p.Checks[i]
		if got.Status != c.want || c.want != NotAssessed && !got.Since.Equal(at(c.since)) || got.Disagree != c.disagree || got.Looked != c.looked {
			t.Errorf("%s: %s since %s, disagree %v, population %d; want %s since %s, %v, %d", c.name, got.Status, got.Since, got.Disagree, got.Looked, c.want, at(c.since), c.disagree, c.looked)
		}
	}
}

// TestSinceOfResources checks since when a resource has its status: through runs
// that find it so again, and anew after it was otherwise.
func TestSinceOfResources(t *testing.T) {
	at := func(day int) time.Time { return start.AddDate(0, 0, day) }
	for _, c := range []struct {
		statuses []Status // by day
		since    int
	}{
		{[]Status{Fail, Fail, Fail}, 0},
		{[]Status{Fail, Pass, Fail, Fail}, 2},
		{[]Status{Fail, Error}, 1},
		{[]Status{Fail, NotAssessed, Fail}, 2}, // gone in between
	} {
		for _, method := range []string{ByCalls, Imported + "prowler"} {
			var all []Finding
			for day, s := range c.statuses {
				all = append(all, Finding{Name: "s3.versioning", Resource: "a", Status: s, At: at(day), Method: method, Whole: method != ByCalls, Hash: fmt.Sprint(day)})
			}
			p := posture(t, "HIPAA", all)
			i := slices.IndexFunc(p.Checks, func(r CheckResult) bool { return r.ID == "s3.versioning" })
			r := p.Checks[i].Resources[0]
			if last := len(c.statuses) - 1; !r.Since.Equal(at(c.since)) || !r.Seen.Equal(at(last)) || r.Evidence != fmt.Sprint(last) {
				t.Errorf("%v by %s: %s since %s, seen %s, evidence %s; want since %s, seen %s", c.statuses, method, r.Status, r.Since, r.Seen, r.Evidence, at(c.since), at(last))
			}
		}
	}
}

// TestNothingFound checks that an account of which nothing is known has no score
// and no control that passes.
func TestNothingFound(t *testing.T) {
	for _, name := range Frameworks() {
		p := posture(t, name, nil)
		for _, c := range p.Catalogues {
			if c.Counts[NotAssessed] != len(c.Controls) || c.Score.Of != 0 || len(p.Fix) != 0 || len(p.Trend) != 0 {
				t.Errorf("%s without findings: %v, score %v, %d to fix", c.Name, c.Counts, c.Score, len(p.Fix))
			}
		}
	}
}

func TestFixFirst(t *testing.T) {
	find := func(name string, s Status) Finding {
		return Finding{Name: name, Status: s, At: start, Method: ByCalls, Hash: "x"}
	}
	p := posture(t, "CIS", []Finding{find("s3.versioning", Fail), find("iam.root_mfa", Fail), find("kms.rotation", Error), find("iam.support_role", Fail), find("iam.no_admin_policy", Pass)})
	var got []string
	for _, f := range p.Fix {
		got = append(got, f.Check)
	}
	want := []string{"iam.root_mfa", "iam.support_role", "kms.rotation"} // critical, low, then what could not be told; versioning is in no control of it
	if !slices.Equal(got, want) {
		t.Errorf("fix %v first, want %v", got, want)
	}
	if !slices.Equal(p.Fix[0].Turns, []string{"1.4"}) {
		t.Errorf("fixing iam.root_mfa turns %v, want 1.4", p.Fix[0].Turns)
	}
	// Who must be looked at by a person does not turn by a fix of another.
	p = posture(t, "CIS", []Finding{find("s3.account_public_block", Fail), find("s3.bucket_public_block", Manual), find("s3.versioning", Fail)})
	if len(p.Fix) != 1 || len(p.Fix[0].Turns) != 0 {
		t.Errorf("fix %+v; a control that waits for a person turns by no fix", p.Fix)
	}
	if p.Elsewhere.Findings != 1 {
		t.Errorf("%d findings are of no control, want that of s3.versioning", p.Elsewhere.Findings)
	}
}
