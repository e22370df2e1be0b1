package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"landlord/portfolio"
	"landlord/simaws"
	"landlord/simulate"
)

var update = flag.Bool("update", false, "write golden files anew")

// defaultSeed is the random seed of `landlord simulate` if none is named.
const defaultSeed = 1

func profileNamed(t testing.TB, name string) simaws.Profile {
	t.Helper()
	p, err := simaws.ProfileNamed(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// study simulates p with the profile that the reference's times were fitted with.
func study(t testing.TB, p *portfolio.Portfolio, scales ...int) *simulate.Study {
	t.Helper()
	s, err := simulate.RunStudy(t.Context(), p, scales, simulate.Options{Profile: profileNamed(t, "reference"), Seed: defaultSeed, Onboard: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// quick is study without what is taken over many random seeds, and without the
// scenario of one tier.
func quick(t testing.TB, p *portfolio.Portfolio, scales ...int) *simulate.Study {
	t.Helper()
	profile := profileNamed(t, "reference")
	s := &simulate.Study{Portfolio: p, Profile: profile, Seed: defaultSeed}
	scales = append(slices.Clone(scales), len(p.Customers))
	slices.Sort(scales)
	for _, n := range slices.Compact(scales) {
		sc, err := simulate.Run(t.Context(), simulate.Scale(p, n), simulate.Options{Profile: profile, Seed: defaultSeed, Phased: true})
		if err != nil {
			t.Fatal(err)
		}
		s.Scenarios = append(s.Scenarios, sc)
	}
	return s
}

func example(t testing.TB) *portfolio.Portfolio {
	t.Helper()
	p, err := portfolio.Load(filepath.Join("..", "..", "examples", "five-customers.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func markdown(t testing.TB, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Markdown(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// found are the numbers of what checks found, which each better check changes.
var found = regexp.MustCompile(`[0-9]+ (findings|controls fail)`)

func TestGolden(t *testing.T) {
	got := found.ReplaceAllString(markdown(t, New(study(t, example(t), simulate.Scales...))), "N $1")
	path := filepath.Join("testdata", "five-customers.md")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range min(len(ours), len(theirs)) {
		if ours[i] != theirs[i] {
			t.Fatalf("%s:%d: go test -update writes it anew\n got %s\nwant %s", path, i+1, ours[i], theirs[i])
		}
	}
	if len(ours) != len(theirs) {
		t.Errorf("%s: got %d lines, want %d; go test -update writes it anew", path, len(ours), len(theirs))
	}
}
