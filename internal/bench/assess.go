package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"runtime/metrics"
	"strings"
	"sync"
	"time"

	"landlord/guard/compliance"
	"landlord/guard/compliance/assess"
	"landlord/guard/evidence"
	"landlord/guard/survey"
	"landlord/internal/clock"
	"landlord/internal/money"
	"landlord/org"
	"landlord/simaws"
	"landlord/vend/cloud"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// What assessing accounts must keep to besides AWS's own time, on two cores.
const (
	assessedASecond = 25  // accounts, by every check and both methods
	assessMegabytes = 256 // of memory, for any number of accounts
)

// assessments measures what `landlord baseline run` costs besides the calls: each
// account gives the answers that a simulated one gave through the SDK, is judged by
// every check, and what is found is kept.
func assessments(s settings) (slow bool, err error) {
	fmt.Println("assess: accounts judged and kept, with answers at once")
	w, err := remember()
	if err != nil {
		return false, err
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	kept := evidence.Open(dir)
	var subjects []assess.Subject
	for i := range s.customers() {
		subjects = append(subjects, w.subject(org.AccountID(complyAccount(i))))
	}
	v := survey.Survey{
		Parallel: 32, Now: time.Now, Ask: func(of assess.Subject) assess.Asker { return w.of(of.Account) },
		Keep: func(id org.AccountID, found []compliance.Finding) error { return kept.Keep("bench", id, found) },
	}
	var heap uint64
	v.Told = func(d survey.Done) {
		if d.Number%100 == 0 {
			now := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
			metrics.Read(now)
			heap = max(heap, now[0].Value.Uint64())
		}
	}
	began := time.Now()
	sum, err := v.Run(context.Background(), subjects)
	if err != nil {
		return false, err
	}
	took := time.Since(began)
	rate := float64(sum.Accounts) / took.Seconds()
	fmt.Printf("  %6s accounts             %7.3f s   %.0f accounts/s, %s findings/s, %d MB of heap at most\n", money.Group(fmt.Sprint(sum.Accounts)), took.Seconds(), rate, money.Group(fmt.Sprint(int(float64(sum.Findings)/took.Seconds()))), heap>>20)
	return rate < assessedASecond || heap>>20 > assessMegabytes, nil
}

// simulated is a simulated AWS in this process.
type simulated struct{ *simaws.Server }

// RoundTrip implements http.RoundTripper: the answer comes at once.
func (s simulated) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, _, err := s.Server.RoundTrip(r)
	return answer, err
}

// remembered are the answers of one account.
type remembered struct {
	account org.AccountID
	at      time.Time
	ask     assess.Asker

	mu      sync.Mutex
	answers map[string]assess.Answer
	refused map[string]error
}

// remember has every question of every check answered by a simulated account.
func remember() (*remembered, error) {
	profile, err := simaws.ProfileNamed("instant")
	if err != nil {
		return nil, err
	}
	now := clock.NewVirtual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	server, err := simaws.New(simaws.Config{Profile: profile, Seed: 1, Clock: now, Organization: true})
	if err != nil {
		return nil, err
	}
	defer server.Close()
	c := cloud.InProcess(simulated{server}, cloud.Options{Clock: now})
	r, err := c.Do(context.Background(), execute.Call{Step: plan.Step{Kind: plan.CreateAccount, Name: "ada", Email: "ada@landlord.example"}})
	if err == nil && r.ID == "" {
		r, err = c.Do(context.Background(), execute.Call{Purpose: execute.Confirm, Operation: "DescribeCreateAccountStatus", Step: plan.Step{Kind: plan.CreateAccount, Handle: r.Handle}})
	}
	if err != nil {
		return nil, err
	}
	w := &remembered{account: org.AccountID(r.ID), at: now.Now(), answers: map[string]assess.Answer{}, refused: map[string]error{}}
	one := w.subject(w.account)
	w.ask = c.Asker(one)
	if _, err := (assess.Account(context.Background(), one, w)); err != nil {
		return nil, err
	}
	_, err = assess.Config(context.Background(), one, w)
	return w, err
}

func (w *remembered) subject(account org.AccountID) assess.Subject {
	return assess.Subject{Account: account, Organization: "o-any", Regions: []string{"us-east-1"}, At: w.at, Checks: compliance.Checks(), Packs: "landlord-"}
}

func (w *remembered) key(q assess.Question, account org.AccountID) string {
	input, _ := json.Marshal(q.Input) // texts
	return q.Operation + q.Region + strings.ReplaceAll(string(input), string(account), "ACCOUNT")
}

// Ask implements assess.Asker: it asks the simulated account, and remembers.
func (w *remembered) Ask(ctx context.Context, q assess.Question) (assess.Answer, error) {
	a, err := w.ask.Ask(ctx, q)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers[w.key(q, w.account)], w.refused[w.key(q, w.account)] = a, err
	return a, err
}

// again answers as the account did that is remembered.
type again struct {
	w       *remembered
	account org.AccountID
}

func (w *remembered) of(account org.AccountID) assess.Asker { return again{w, account} }

// Ask implements assess.Asker.
func (a again) Ask(_ context.Context, q assess.Question) (assess.Answer, error) {
	key := a.w.key(q, a.account)
	answer, is := a.w.answers[key]
	if !is {
		return answer, fmt.Errorf("nobody remembers %s", key)
	}
	return answer, a.w.refused[key]
}
