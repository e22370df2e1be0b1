package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"landlord/guard/compliance"
	"landlord/internal/money"
)

// What taking findings in and reporting on them must keep to, on two cores.
const (
	findingsASecond  = 10_000           // taken in
	hundredReports   = 30 * time.Second // of 100 customers, in every format
	reportMegabytes  = 512              // of memory, for any number of customers
	findingsOfReport = 300              // of each of the 100
	findingsOfMany   = 60               // of each of the many
)

// compliances measures `landlord findings import` and `landlord report compliance
// --all` as whole processes: 100 customers with as many findings as Prowler makes
// of a small account, in every format, and many with fewer.
func compliances(s settings) (slow bool, err error) {
	fmt.Println("compliance: findings taken in and reported, the whole process")
	few, err := comply(s, 100, findingsOfReport, "md,html,json,pdf,oscal,poam,ocsf")
	if err != nil {
		return false, err
	}
	slow = few.report > hundredReports || few.rate < findingsASecond
	fmt.Printf("  100 in 7 formats           %s of the limit of %v\n", ratio(few.report, hundredReports), hundredReports)
	many, err := comply(s, s.customers(), findingsOfMany, "json")
	if err != nil {
		return false, err
	}
	fmt.Printf("  memory of the many         %.2f of the limit of %d MB\n", float64(max(many.importMB, many.reportMB))/reportMegabytes, reportMegabytes)
	return slow || max(many.importMB, many.reportMB) > reportMegabytes, nil
}

// complied is what one measurement came to.
type complied struct {
	rate               float64 // findings a second
	report             time.Duration
	importMB, reportMB int64
}

func comply(s settings, customers, each int, formats string) (c complied, err error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return c, err
	}
	defer os.RemoveAll(dir)
	file, found := filepath.Join(dir, "portfolio.yaml"), filepath.Join(dir, "findings.json")
	if err := os.WriteFile(file, []byte(complyPortfolio(customers)), 0o600); err != nil {
		return c, err
	}
	size, err := complyFindings(found, customers, each)
	if err != nil {
		return c, err
	}
	run := func(args ...string) (time.Duration, int64, error) {
		cmd := exec.Command(s.binary, append(args, "-f", file, "--dir", filepath.Join(dir, "kept"))...)
		began := time.Now()
		said, err := cmd.CombinedOutput()
		if err != nil {
			return 0, 0, fmt.Errorf("%v: %w\n%.2000s", cmd.Args, err, said)
		}
		return time.Since(began), cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10, nil // Linux: kilobytes
	}
	took, memory, err := run("findings", "import", found)
	if err != nil {
		return c, err
	}
	n := customers * each
	c.rate, c.importMB = float64(n)/took.Seconds(), memory>>20
	fmt.Printf("  %6s findings of %6s   %7.3f s   %s findings/s, %d MB read, %d MB of memory\n", money.Group(fmt.Sprint(n)), money.Group(fmt.Sprint(customers)), took.Seconds(), money.Group(fmt.Sprint(int(c.rate))), size>>20, c.importMB)
	c.report, memory, err = run("report", "compliance", "--all", "-o", filepath.Join(dir, "reports"), "--format", formats)
	c.reportMB = memory >> 20
	fmt.Printf("  %6s customers reported    %7.3f s   %.1f ms each in %s, %d MB of memory\n", money.Group(fmt.Sprint(customers)), c.report.Seconds(), 1000*c.report.Seconds()/float64(customers), formats, c.reportMB)
	return c, err
}

func complyAccount(i int) string { return fmt.Sprintf("%012d", 200_000_000_000+i) }

// complyPortfolio is a portfolio of customers in the four tiers, whose accounts it names.
func complyPortfolio(customers int) string {
	var text strings.Builder
	text.WriteString("provider: {name: MSP, account_email: \"aws+{customer}@landlord.example\"}\norganization: {target: simulated, management_account: \"111122223333\"}\ncustomers:\n")
	tiers := []string{"fintech", "healthcare", "government-federal", "standard"}
	for i := range customers {
		fmt.Fprintf(&text, "  - {key: customer-%d, name: Customer %d Inc, tier: %s, contact: ops@customer-%d.example, account: %q}\n", i, i, tiers[i%4], i, complyAccount(i))
	}
	return text.String()
}

// complyFindings writes findings as Prowler does, one file for all accounts.
func complyFindings(name string, customers, each int) (int64, error) {
	file, err := os.Create(name)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	w := bufio.NewWriterSize(file, 1<<20)
	var checks []string
	for _, c := range compliance.Checks() {
		checks = append(checks, c.Prowler...)
	}
	sep := "["
	for i := range customers {
		account := complyAccount(i)
		for n := range each {
			check, status := checks[n%len(checks)], "PASS"
			if (n+i)%5 == 0 {
				status = "FAIL"
			}
			fmt.Fprintf(w, `%s{"message":"what was found of it, in a sentence","metadata":{"event_code":%q,"product":{"name":"Prowler","uid":"prowler","vendor_name":"Prowler","version":"5.40.0"},"profiles":["cloud","datetime"],"version":"1.4.0"},"severity_id":3,"severity":"Medium","status":"New","status_code":%q,"status_detail":"what was found of it, in a sentence","status_id":1,"unmapped":{"related_url":"","categories":[],"depends_on":[],"compliance":{"One-1.0":["1","2"],"Other-2.0":["3"]}},"activity_name":"Create","activity_id":1,"finding_info":{"created_time":1795154400,"desc":"What the check is for, in some words.","title":"What should be so","types":[],"uid":"prowler-aws-%s-%s-us-east-1-%d"},"resources":[{"cloud_partition":"aws","region":"us-east-1","data":{"details":"","metadata":{}},"group":{"name":"s3"},"labels":[],"name":"thing-%d","type":"AwsS3Bucket","uid":"arn:aws:s3:::%s-thing-%d"}],"category_uid":2,"class_uid":2004,"cloud":{"account":{"name":"","type":"AWS Account","type_id":10,"uid":%q,"labels":[]},"provider":"aws","region":"us-east-1"},"time":1795154400,"type_uid":200401}`,
				sep, check, status, check, account, n, n, account, n, account)
			sep = ",\n"
		}
	}
	w.WriteString("]\n")
	if err := w.Flush(); err != nil {
		return 0, err
	}
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
