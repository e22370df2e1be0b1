package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"time"

	"landlord/guard/guardrail"
)

// decisionLimit is how many decisions a second one core must make.
const decisionLimit = 20_000

// decisions measures the policy evaluator: on policies that are ready, and by
// `landlord guardrail eval`, the reading of policies and requests included, in the
// time of the processor that it takes.
func decisions(s settings) (slow bool, err error) {
	var levels [][]guardrail.Document
	full := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	policy := guardrail.For("HIPAA").Document
	for _, level := range [][]string{{full}, {full, policy}, {full}} {
		var documents []guardrail.Document
		for _, text := range level {
			d, err := guardrail.ParseDocument([]byte(text))
			if err != nil {
				return false, err
			}
			documents = append(documents, d)
		}
		levels = append(levels, documents)
	}
	ready := guardrail.PrepareLevels(levels)
	n := 10 * s.customers()
	requests := make([]guardrail.Request, 0, n)
	var fresh, known bytes.Buffer
	for i := range n {
		action := []string{"s3:GetObject", "ec2:RunInstances", "cloudtrail:StopLogging", "rds:CreateDBInstance"}[i%4]
		context := map[string][]string{
			"aws:PrincipalArn": {"arn:aws:iam::111122223333:role/admin"}, "aws:RequestedRegion": {"us-east-1"}, "aws:SourceIp": {"203.0.113.7"},
			"aws:MultiFactorAuthPresent": {"true"}, "ec2:Encrypted": {[]string{"true", "false"}[i/4%2]},
		}
		r := guardrail.Request{Action: action, Resource: fmt.Sprintf("arn:aws:s3:::bucket/%d", i), Context: context}
		requests = append(requests, r)
		own := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Sid":"NoBuckets%d","Effect":"Deny","Action":["s3:DeleteBucket","s3:PutBucket*"],"Resource":"arn:aws:s3:::b%d*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:*:iam::*:role/landlord-*"}}},{"Effect":"Deny","NotAction":["iam:*","sts:*"],"Resource":"*","Condition":{"StringNotLike":{"aws:RequestedRegion":["us-*","eu-west-%d"]}}}]}`, i, i, i)
		for _, to := range []struct {
			out    *bytes.Buffer
			policy string
		}{{&known, policy}, {&fresh, own}} {
			line, err := json.Marshal(map[string]any{
				"levels": [][]json.RawMessage{{json.RawMessage(full)}, {json.RawMessage(full), json.RawMessage(to.policy)}},
				"action": r.Action, "resource": r.Resource, "context": r.Context, "principal": "arn:aws:iam::111122223333:role/admin",
			})
			if err != nil {
				return false, err
			}
			to.out.Write(append(line, '\n'))
		}
	}
	allowed := 0
	began := time.Now()
	for _, r := range requests {
		if guardrail.Decide(ready, r).Allowed {
			allowed++
		}
	}
	took := time.Since(began)
	if allowed == 0 || allowed == n {
		return false, fmt.Errorf("%d of %d requests are allowed", allowed, n)
	}
	fmt.Printf("guardrails: %d decisions on one core, limit %d/s\n", n, decisionLimit)
	slow = told("policies that are ready", n, took)
	for _, part := range []struct {
		name  string
		lines *bytes.Buffer
	}{{"`guardrail eval`, the same policies, a line of " + size(&known, n), &known}, {"`guardrail eval`, other policies on each, of " + size(&fresh, n), &fresh}} {
		c := exec.Command(s.binary, "guardrail", "eval")
		c.Stdin = part.lines
		c.Env = append(os.Environ(), "GOMAXPROCS=1")
		out, err := c.Output()
		if err != nil {
			return false, err
		}
		if lines := bytes.Count(out, []byte("\n")); lines != n || bytes.Contains(out, []byte(`"error"`)) {
			return false, fmt.Errorf("%d answers to %d lines, the first %.200s", lines, n, out)
		}
		slow = told(part.name, n, c.ProcessState.UserTime()+c.ProcessState.SystemTime()) || slow
	}
	return slow, nil
}

func size(lines *bytes.Buffer, n int) string {
	return fmt.Sprintf("%.1f kB", float64(lines.Len())/float64(n)/1000)
}

// told prints a rate, and tells whether it is below the limit.
func told(name string, n int, took time.Duration) bool {
	rate := float64(n) / took.Seconds()
	fmt.Printf("  %-58s %9.0f/s   %.1f times the limit\n", name, rate, rate/decisionLimit)
	return rate < decisionLimit
}
