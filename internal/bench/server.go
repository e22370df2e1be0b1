package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// mostMemory is what simaws may take with 10,000 accounts, MB; leastRate what it
// must answer in a second of one core; mostStart how long it may take from its
// start to its first answer.
const (
	mostMemory = 200
	leastRate  = 5_000
	mostStart  = 50 * time.Millisecond
)

// servers asks a simulated AWS, and moto_server if it is there, the same over a
// port, in one run.
func servers(s settings) (broken bool, err error) {
	fmt.Println("a server of AWS Organizations, over a port; 4 clients")
	accounts := s.customers()
	simaws := func(port string) *exec.Cmd {
		return exec.Command(s.binary, "simaws", "--listen", "127.0.0.1:"+port, "--profile", "instant", "--account-quota", strconv.Itoa(accounts+1))
	}
	ours, err := measure(simaws, accounts)
	if err == nil {
		ours.start, err = starting(simaws)
	}
	if err != nil {
		return false, err
	}
	fmt.Printf("  simaws        %6.0f requests/s   %6.0f in a second of one core   %4d MB with %d accounts\n", ours.rate, ours.perCore, ours.memory, accounts)
	fmt.Printf("                %.2f of the limit of %d MB   %v from start to first answer, median of %d, %s of the limit of %v\n",
		float64(ours.memory)/mostMemory, mostMemory, ours.start.Round(100*time.Microsecond), starts, ratio(ours.start, mostStart), mostStart)
	broken = ours.broken()
	path, err := exec.LookPath("moto_server")
	if err != nil {
		fmt.Println("  moto_server is not on the PATH: nothing to compare with (pip install 'moto[server]')")
		return broken, nil
	}
	theirs, err := measure(func(port string) *exec.Cmd { return exec.Command(path, "-H", "127.0.0.1", "-p", port) }, 1_000)
	if err != nil {
		return false, err
	}
	fmt.Printf("  moto_server   %6.0f requests/s   %6.0f in a second of one core   %4d MB with 1000 accounts\n", theirs.rate, theirs.perCore, theirs.memory)
	fmt.Printf("  simaws answers %.0f times as many in a second of one core\n", ours.perCore/theirs.perCore)
	return broken, nil
}

// speed is what a server showed.
type speed struct {
	rate    float64 // requests a second
	perCore float64 // requests a second of its processor time
	memory  int64   // MB at the most
	start   time.Duration
}

// broken tells whether a limit of simaws is.
func (s speed) broken() bool {
	return s.perCore < leastRate || s.memory > mostMemory || s.start > mostStart
}

// starts is how often a server is started to see how long that takes.
const starts = 11

// starting measures how long a server takes from its start to its first answer:
// the median of several starts.
func starting(command func(port string) *exec.Cmd) (time.Duration, error) {
	var all []time.Duration
	for range starts {
		began := time.Now()
		server, err := start(command)
		if err != nil {
			return 0, err
		}
		answer, err := server.client.Get(server.url + "/_simaws/metrics")
		all = append(all, time.Since(began))
		if err == nil {
			answer.Body.Close()
		}
		server.stop()
		if err != nil {
			return 0, err
		}
	}
	slices.Sort(all)
	return all[len(all)/2], nil
}

// measure starts a server, has it make accounts, and asks for them.
func measure(command func(port string) *exec.Cmd, accounts int) (speed, error) {
	server, err := start(command)
	if err != nil {
		return speed{}, err
	}
	defer server.stop()
	if err := server.call("CreateOrganization", `{"FeatureSet":"ALL"}`); err != nil {
		return speed{}, err
	}
	requests := 0
	began, spent := time.Now(), server.processor()
	ask := func(n int, operation func(i int) (string, string)) error {
		requests += n
		return beside(4, n, func(i int) error { return server.call(operation(i)) })
	}
	err = ask(accounts, func(i int) (string, string) {
		return "CreateAccount", fmt.Sprintf(`{"AccountName":"Customer %d","Email":"aws+%d@x.example","Tags":[{"Key":"landlord:customer","Value":"c%d"}]}`, i, i, i)
	})
	if err == nil {
		err = ask(accounts/5, func(int) (string, string) { return "ListAccounts", `{}` })
	}
	if err == nil {
		err = ask(accounts, func(int) (string, string) { return "DescribeOrganization", `{}` })
	}
	if err != nil {
		return speed{}, err
	}
	wall, processor := time.Since(began), server.processor()-spent
	return speed{rate: float64(requests) / wall.Seconds(), perCore: float64(requests) / processor.Seconds(), memory: server.memory()}, nil
}

// beside does n things, so many at once.
func beside(at, n int, do func(i int) error) error {
	next, failed := make(chan int), make(chan error, at)
	var workers sync.WaitGroup
	for range at {
		workers.Go(func() {
			var first error
			for i := range next {
				if err := do(i); err != nil && first == nil {
					first = err
				}
			}
			failed <- first
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	workers.Wait()
	close(failed)
	var errs []error
	for err := range failed {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// process is a server that was started.
type process struct {
	url    string
	cmd    *exec.Cmd
	client *http.Client
}

// start starts a server on a free port and waits until it answers.
func start(command func(port string) *exec.Cmd) (*process, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	p := &process{url: "http://127.0.0.1:" + port, cmd: command(port), client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	for wait := time.Now().Add(30 * time.Second); time.Now().Before(wait); time.Sleep(time.Millisecond) {
		if c, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			c.Close()
			return p, nil
		}
	}
	p.stop()
	return nil, fmt.Errorf("%v does not answer", p.cmd.Args)
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	_ = p.cmd.Wait() // how it ends tells nothing
}

// call asks for an operation of Organizations; nobody checks the signature.
func (p *process) call(operation, body string) error {
	r, err := http.NewRequest(http.MethodPost, p.url, bytes.NewReader([]byte(body)))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSOrganizationsV20161128."+operation)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/organizations/aws4_request, SignedHeaders=host, Signature=none")
	answer, err := p.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", operation, answer.Status, said)
	}
	return err
}

// processor is the processor time that the server has taken.
//
// Source: proc(5), /proc/PID/stat, fields 14 and 15, in hundredths of a second.
func (p *process) processor() time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	var ticks time.Duration
	for _, at := range []int{11, 12} {
		n, _ := strconv.Atoi(fields[at])
		ticks += time.Duration(n)
	}
	return max(ticks, 1) * 10 * time.Millisecond
}

// memory is the most memory that the server has taken, MB.
func (p *process) memory() int64 { return peak(p.cmd.Process.Pid) }

// peak is the most memory that a process has taken, MB.
func peak(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, is := strings.CutPrefix(line, "VmHWM:"); is {
			n, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return n / 1024
		}
	}
	return 0
}
