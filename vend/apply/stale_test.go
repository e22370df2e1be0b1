package apply_test

import (
	"strings"
	"testing"

	"landlord/simaws"
	"landlord/vend/plan"
)

const one = `
provider: {name: MSP, account_email: "aws+{customer}@landlord.example"}
organization: {target: simulated, management_account: "111122223333"}
customers:
  - {key: acme, name: ACME Finance Inc, tier: fintech, contact: a@a.example}
`

// TestStaleLists: while AWS's lists show what was there before, a run is told of
// what it has made as missing, or as unknown. It makes nothing twice, counts
// nothing twice, and waits; for lists that stay so it ends and says what to do.
func TestStaleLists(t *testing.T) {
	for _, tt := range []struct{ name, rule, says string }{
		{"all lists lag behind for 20 s", `{kind: stale-read, operation: "List*", rate: 1, for: 20s}`, ""},
		{"lists of accounts do", `{kind: stale-read, operation: "ListAccounts*", rate: 1, for: 20s}`, ""},
		{"lists of accounts do for long", `{kind: stale-read, operation: "ListAccounts*", rate: 1, for: 30m}`, "run the same command again"},
	} {
		for seed := range uint64(5) {
			faults, err := simaws.ParseFaults("faults.yaml", []byte("rules: ["+tt.rule+"]"))
			if err != nil {
				t.Fatal(err)
			}
			profile, err := simaws.ProfileNamed("instant")
			if err != nil {
				t.Fatal(err)
			}
			p := load(t, one)
			w := newWorld(t, simaws.Config{Seed: seed, Faults: faults, Profile: profile})
			out, err := run(t.Context(), w, p, seed)
			if tt.says != "" {
				if err == nil || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("%s: the run ends with %v, want %q", tt.name, err, tt.says)
				}
			} else if err != nil || !out.Complete() {
				t.Errorf("%s: %v, left %+v", tt.name, err, out.Left)
			}
			for kind, n := range out.Made {
				if n != 1 {
					t.Errorf("%s: %d of %s are counted, want 1", tt.name, n, kind)
				}
			}
			if out.Made[plan.CreateUnit] != 1 || out.Made[plan.AttachPolicy] != 1 {
				t.Errorf("%s: made is %v", tt.name, out.Made)
			}
		}
	}
}
