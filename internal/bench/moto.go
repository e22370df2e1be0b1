package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// What others took against moto_server on two cores, each measured once and before
// this was written: Terraform with HashiCorp's provider (from the commit that
// v1.60.1-0.20260602190131-5f2286d6d836 names) with 1,000 accounts, org-formation
// with 200.
const (
	terraformApply  = 40800 * time.Millisecond
	terraformPlan   = 25000 * time.Millisecond
	terraformSecond = 27600 * time.Millisecond
	formation200    = 22300 * time.Millisecond
)

// emulator applies, plans and applies again on moto_server, if it is there: as it
// is, and told the account that calls. For access keys that it does not know, it
// searches all its accounts at every request; then nothing but its number of
// requests counts, and it serves the tags of accounts only one by one.
func emulator(s settings) (bool, error) {
	const customers = 1_000
	if s.short {
		fmt.Println("an emulator: left out, it takes a minute")
		return false, nil
	}
	path, err := exec.LookPath("moto_server")
	if err != nil {
		fmt.Println("moto_server is not on the PATH: landlord is not measured against it (pip install 'moto[server]')")
		return false, nil
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "portfolio.yaml")
	if err := os.WriteFile(file, []byte(portfolioOf(customers)), 0o600); err != nil {
		return false, err
	}
	fmt.Printf("%d customers on moto_server, --pace off\n", customers)
	fmt.Printf("  %-46s %8s %8s %8s\n", "", "apply", "plan", "again")
	for _, known := range []bool{false, true} {
		name, env := "landlord", os.Environ()
		if known {
			name, env = "landlord, MOTO_ACCOUNT_ID told to moto_server", append(env, "MOTO_ACCOUNT_ID=123456789012")
		}
		took, err := against(s.binary, file, func(port string) *exec.Cmd {
			c := exec.Command(path, "-H", "127.0.0.1", "-p", port)
			c.Env = env
			return c
		})
		if err != nil {
			return false, err
		}
		fmt.Printf("  %-46s %6.1f s %6.1f s %6.1f s\n", name, took[0].Seconds(), took[1].Seconds(), took[2].Seconds())
		if !known {
			fmt.Printf("  %-46s %6.1f s %6.1f s %6.1f s\n", "Terraform, measured earlier", terraformApply.Seconds(), terraformPlan.Seconds(), terraformSecond.Seconds())
			fmt.Printf("  %-46s %7.1f× %7.1f× %7.1f×\n", "landlord is as many times as fast", terraformApply.Seconds()/took[0].Seconds(), terraformPlan.Seconds()/took[1].Seconds(), terraformSecond.Seconds()/took[2].Seconds())
		}
	}
	fmt.Printf("  %-46s %6.1f s\n", "org-formation, 200 accounts, measured earlier", formation200.Seconds())
	return false, nil
}

// against runs apply, plan and apply, and tells how long each took.
func against(binary, file string, command func(port string) *exec.Cmd) (took [3]time.Duration, err error) {
	server, err := start(command)
	if err != nil {
		return took, err
	}
	defer server.stop()
	for i, args := range [][]string{{"apply", "--yes"}, {"plan"}, {"apply", "--yes"}} {
		c := exec.Command(binary, append(args, "-f", file, "--pace", "off")...)
		c.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=bench", "AWS_SECRET_ACCESS_KEY=bench", "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true", "AWS_ENDPOINT_URL="+server.url)
		began := time.Now()
		if said, err := c.CombinedOutput(); err != nil {
			return took, fmt.Errorf("%v: %w\n%s", c.Args, err, said)
		}
		took[i] = time.Since(began)
	}
	return took, nil
}

// portfolioOf is a file of so many customers in four tiers, managed by the account
// that moto_server gives to everybody.
func portfolioOf(customers int) string {
	var b strings.Builder
	b.WriteString("provider: {name: MSP, account_email: \"aws+{customer}@landlord.example\"}\norganization: {target: aws, management_account: \"123456789012\"}\ncustomers:\n")
	tiers := []string{"fintech", "healthcare", "government-federal", "standard"}
	for i := range customers {
		fmt.Fprintf(&b, "  - {key: c%d, name: Customer %d Inc, tier: %s, contact: ops@c%d.example}\n", i, i, tiers[i%len(tiers)], i)
	}
	return b.String()
}
