package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
)

// What others took against moto_server on two cores, each measured once and before
// this was written: Terraform with HashiCorp's provider (from the commit that
// v1.60.1-0.20260602190131-5f2286d6d836 names) with 1,000 accounts, org-formation
// with 200.
const (
	terraformApply  = 40800 * time.Millisecond
	terraformPlan   = 25000 * time.Millisecond
	terraformSecond = 27600 * time.Millisecond // a second apply
	formation200    = 22300 * time.Millisecond
)

// An apply is bounded by what the server answers: moto_server computes on one core,
// for at least leastBusy of the apply's time. Where the server knows the caller, a
// plan takes at most one in leastTimes of Terraform's in the same run.
const (
	leastBusy  = 0.80
	leastTimes = 10
)

// emulator applies, applies again and plans on moto_server, if it is there: as it
// is, and told the account that calls. For access keys that it does not know, it
// searches all its accounts at every request; then nothing but its number of
// requests counts, and it serves the tags of accounts only one by one. With
// PROVIDER, Terraform plans the same organization right after landlord.
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
	provider := os.Getenv("PROVIDER")
	fmt.Printf("%d customers on moto_server, --pace off\n", customers)
	fmt.Printf("  %-46s %8s %8s %8s %20s\n", "", "apply", "again", "plan", "processor, plan")
	fmt.Printf("  %-46s %6.1f s %6.1f s %6.1f s\n", "Terraform, measured earlier", terraformApply.Seconds(), terraformSecond.Seconds(), terraformPlan.Seconds())
	broken := false
	for _, known := range []bool{false, true} {
		name, env := "moto_server as it is", os.Environ()
		if known {
			name, env = "moto_server with MOTO_ACCOUNT_ID", append(env, "MOTO_ACCOUNT_ID=123456789012")
		}
		server := func(port string) *exec.Cmd {
			c := exec.Command(path, "-H", "127.0.0.1", "-p", port)
			c.Env, c.Stderr = env, new(requestLog)
			return c
		}
		m, err := against(s.binary, file, provider, server)
		if err != nil {
			return false, err
		}
		plain, err := creating(server, customers)
		if err != nil {
			return false, err
		}
		fmt.Printf("%s\n", name)
		fmt.Printf("  %-46s %6.1f s %6.1f s %6.1f s %6.1f s + server %4.1f s\n", "landlord", m.apply.wall.Seconds(), m.again.wall.Seconds(), m.plan.wall.Seconds(), m.plan.own.Seconds(), m.plan.server.Seconds())
		rate, most := m.apply.requests/m.apply.wall.Seconds(), customers/plain.Seconds()
		fmt.Printf("  %-46s %.0f for %d accounts: %.0f/s, one plain client gets %.0f/s: %.2f of that\n", "requests of apply", m.apply.requests, customers, rate, most, rate/most)
		busy := m.apply.server.Seconds() / m.apply.wall.Seconds()
		fmt.Printf("  %-46s %.2f of apply's time, at least %.2f\n", "the server computes", busy, leastBusy)
		broken = broken || busy < leastBusy
		planned := terraformPlan
		if provider != "" {
			broken = broken || known && m.terraform.wall < leastTimes*m.plan.wall
			planned = m.terraform.wall
			fmt.Printf("  %-46s %8s %8s %6.1f s %6.1f s + server %4.1f s\n", "Terraform, the same organization", "", "", planned.Seconds(), m.terraform.own.Seconds(), m.terraform.server.Seconds())
		}
		fmt.Printf("  %-46s %7.1f× %7.1f× %7.1f×\n", "landlord is as many times as fast", terraformApply.Seconds()/m.apply.wall.Seconds(), terraformSecond.Seconds()/m.again.wall.Seconds(), planned.Seconds()/m.plan.wall.Seconds())
	}
	if provider == "" {
		fmt.Println("PROVIDER=FILE, HashiCorp's AWS provider as scripts/check-terraform builds it, has Terraform plan in the same run")
	}
	fmt.Printf("  %-46s %6.1f s\n", "org-formation, 200 accounts, measured earlier", formation200.Seconds())
	return broken, nil
}

// creating is how long one client takes that does nothing but create accounts, one
// after the other, on a server of its own.
func creating(command func(port string) *exec.Cmd, accounts int) (time.Duration, error) {
	server, err := start(command)
	if err != nil {
		return 0, err
	}
	defer server.stop()
	if err := server.call("CreateOrganization", `{"FeatureSet":"ALL"}`); err != nil {
		return 0, err
	}
	began := time.Now()
	err = beside(1, accounts, func(i int) error {
		return server.call("CreateAccount", fmt.Sprintf(`{"AccountName":"Customer %d","Email":"aws+%d@x.example"}`, i, i))
	})
	return time.Since(began), err
}

// spent is how long a command took, the processor time that it and the server
// took for it, and how many requests it made.
type spent struct {
	wall, own, server time.Duration
	requests          float64
}

// requestLog counts the requests in what moto_server logs: a line each.
type requestLog struct{ atomic.Int64 }

func (l *requestLog) Write(p []byte) (int, error) {
	l.Add(int64(bytes.Count(p, []byte(" HTTP/1."))))
	return len(p), nil
}

// requests is how many requests the server has logged.
func (p *process) requests() float64 {
	l, is := p.cmd.Stderr.(*requestLog)
	if !is {
		return 0
	}
	return float64(l.Load())
}

// runs is what each command took against one server.
type runs struct{ apply, again, plan, terraform spent }

// against runs landlord against a server of its own; and with a provider a plan
// of Terraform's after landlord's.
func against(binary, file, provider string, command func(port string) *exec.Cmd) (took runs, err error) {
	server, err := start(command)
	if err != nil {
		return took, err
	}
	defer server.stop()
	env := append(os.Environ(), "AWS_ACCESS_KEY_ID=bench", "AWS_SECRET_ACCESS_KEY=bench", "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true", "AWS_ENDPOINT_URL="+server.url)
	landlord := func(args ...string) (spent, error) {
		return server.timed(env, binary, append(args, "-f", file, "--pace", "off")...)
	}
	if took.apply, err = landlord("apply", "--yes"); err != nil {
		return took, err
	}
	if took.again, err = landlord("apply", "--yes"); err != nil {
		return took, err
	}
	var planned func() (spent, error)
	if provider != "" {
		hcl := filepath.Join(filepath.Dir(file), "terraform", filepath.Base(server.url))
		if _, err := landlord("terraform", "export", hcl); err != nil {
			return took, err
		}
		if planned, err = server.terraform(env, hcl, provider); err != nil {
			return took, err
		}
	}
	if took.plan, err = landlord("plan"); err != nil {
		return took, err
	}
	if planned != nil {
		took.terraform, err = planned()
	}
	return took, err
}

// timed runs a command against p.
func (p *process) timed(env []string, name string, args ...string) (spent, error) {
	c := exec.Command(name, args...)
	c.Env = env
	began, server, requests := time.Now(), p.processor(), p.requests()
	if said, err := c.CombinedOutput(); err != nil {
		return spent{}, fmt.Errorf("%v: %w\n%s", c.Args, err, said)
	}
	return spent{time.Since(began), c.ProcessState.UserTime() + c.ProcessState.SystemTime(), p.processor() - server, p.requests() - requests}, nil
}

// terraform imports an export of landlord's, and returns what plans it: nothing
// is to be changed.
func (p *process) terraform(env []string, hcl, provider string) (plan func() (spent, error), err error) {
	provider, err = filepath.Abs(provider)
	if err != nil {
		return nil, err
	}
	const version = "6.48.0" // as scripts/check-terraform calls it
	mirror := filepath.Join(filepath.Dir(hcl), "mirror-"+filepath.Base(hcl))
	plugin := filepath.Join(mirror, "registry.terraform.io", "hashicorp", "aws", version, runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(plugin, 0o700); err != nil {
		return nil, err
	}
	if err := os.Symlink(provider, filepath.Join(plugin, "terraform-provider-aws_v"+version)); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(hcl, "bench_override.tf"), []byte("terraform {\n  backend \"local\" {}\n}\n"), 0o600); err != nil {
		return nil, err
	}
	env = append(env, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_CLI_CONFIG_FILE=/dev/null", "NO_COLOR=1")
	if _, err := p.timed(env, "terraform", "-chdir="+hcl, "init", "-input=false", "-plugin-dir="+mirror); err != nil {
		return nil, err
	}
	if _, err := p.timed(env, "terraform", "-chdir="+hcl, "apply", "-input=false", "-auto-approve"); err != nil {
		return nil, err
	}
	return func() (spent, error) {
		return p.timed(env, "terraform", "-chdir="+hcl, "plan", "-input=false", "-detailed-exitcode") // 2 if something is to be changed
	}, nil
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
