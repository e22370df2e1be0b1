package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// finding measures `landlord customer find` as a person meets it, the start of
// the process included: once the index is there, and after the file was edited.
func finding(s settings) (slow bool, err error) {
	const limit = 50 * time.Millisecond
	n := s.customers()
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "portfolio.yaml")
	var text strings.Builder
	text.WriteString("provider: {name: MSP, account_email: \"aws+{customer}@landlord.example\"}\norganization: {target: simulated, management_account: \"111122223333\"}\ncustomers:\n")
	for i := range n {
		fmt.Fprintf(&text, "  - key: customer-%d\n    name: Customer %d Inc\n    tier: standard\n    contact: ops@customer-%d.example\n    region: us-east-1\n", i, i, i)
	}
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		return false, err
	}
	run := func(args ...string) (time.Duration, error) {
		c := exec.Command(s.binary, append(args, "-f", file, "--dir", dir)...)
		began := time.Now()
		if said, err := c.CombinedOutput(); err != nil {
			return 0, fmt.Errorf("%v: %w\n%s", c.Args, err, said)
		}
		return time.Since(began), nil
	}
	if _, err := run("apply", "--yes", "--profile", "instant"); err != nil {
		return false, err
	}
	sought := fmt.Sprintf("customer %d inc", n-1)
	edited, err := run("customer", "find", sought)
	if err != nil {
		return false, err
	}
	var took []time.Duration
	for range 9 {
		d, err := run("customer", "find", sought)
		if err != nil {
			return false, err
		}
		took = append(took, d)
	}
	slices.Sort(took)
	median := took[len(took)/2]
	fmt.Printf("customer find among %d customers, the whole process\n", n)
	fmt.Printf("  median of %d          %7.3f s   %s of the limit of %v\n", len(took), median.Seconds(), ratio(median, limit), limit)
	fmt.Printf("  after a change        %7.3f s   (file parsed, organization read, index made)\n", edited.Seconds())
	return median > limit, nil
}
