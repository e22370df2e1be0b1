// Package survey assesses many accounts at once. Accounts come in, with whom to
// ask; what was found in each goes to whoever keeps it as soon as the account is
// done, and nothing of it is held: only sums go out. It knows no AWS, and keeps
// nothing itself.
package survey

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"landlord/guard/compliance"
	"landlord/guard/compliance/assess"
	"landlord/org"
)

// Survey is how accounts are assessed.
type Survey struct {
	Parallel int              // accounts at once
	Now      func() time.Time // that what is found is as of
	Ask      func(assess.Subject) assess.Asker
	// Regions tells which regions of an account are looked at, the home region first;
	// those of the subject if it is nil.
	Regions func(context.Context, assess.Subject, assess.Asker) ([]string, error)
	// Kept returns what was kept of an account, if it is done already. It may be nil.
	Kept func(org.AccountID) ([]compliance.Finding, bool, error)
	Keep func(org.AccountID, []compliance.Finding) error
	// Told is told of each account that is done, one at a time. It may be nil.
	Told func(Done)
}

// Done is what became of one account.
type Done struct {
	Account org.AccountID
	Number  int  // how many are done
	Before  bool // it was done already
	Errors  int  // its findings that are errors
}

// Sum is what a survey came to.
type Sum struct {
	Accounts  int                       `json:"accounts"`
	Before    int                       `json:"accounts_done_before"`
	Whole     int                       `json:"accounts_without_errors"`
	Findings  int                       `json:"findings"`
	Statuses  map[compliance.Status]int `json:"findings_by_status"`
	Checks    map[compliance.Status]int `json:"checks_by_status"`        // of all accounts together
	Errors    map[string]int            `json:"errors_by_call"`          // "iam:ListUsers AccessDenied" → accounts
	Reads     int                       `json:"accounts_by_reads_alone"` // of which AWS Config said nothing
	Alone     []org.AccountID           `json:"by_reads_alone"`          // the first of them
	Disagree  int                       `json:"disagreements"`
	Disagreed []Disagreement            `json:"disagreed"` // the first, by account
}

// Disagreement is a check of which two methods say different things.
type Disagreement struct {
	Account org.AccountID     `json:"account"`
	Check   string            `json:"check"`
	Reads   compliance.Status `json:"api"`
	Config  compliance.Status `json:"config"`
}

// disagreedMost is how many disagreements are told one by one, and accounts by reads alone.
const disagreedMost = 1000

// Run assesses accounts by both methods: landlord's own reads and what AWS Config
// found. When ctx ends no further account is begun, and one that is under way is
// not kept. An account that cannot be entered is one of errors; an error of Run is
// ctx's, or of whoever keeps.
func (s Survey) Run(ctx context.Context, subjects []assess.Subject) (Sum, error) {
	sum := Sum{Accounts: len(subjects), Statuses: map[compliance.Status]int{}, Checks: map[compliance.Status]int{}, Errors: map[string]int{}, Alone: []org.AccountID{}, Disagreed: []Disagreement{}}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	next := make(chan assess.Subject)
	var mu sync.Mutex
	done := 0
	var wg sync.WaitGroup
	for range max(1, min(s.Parallel, len(subjects))) {
		wg.Go(func() {
			for one := range next {
				found, before, err := s.account(ctx, one)
				if err != nil {
					stop(err)
					continue
				}
				mu.Lock()
				done++
				bad := sum.add(one, found, before)
				if s.Told != nil {
					s.Told(Done{one.Account, done, before, bad})
				}
				mu.Unlock()
			}
		})
	}
	for _, one := range subjects {
		if ctx.Err() != nil {
			break
		}
		select {
		case next <- one:
		case <-ctx.Done():
		}
	}
	close(next)
	wg.Wait()
	sum.settle()
	return sum, context.Cause(ctx)
}

// account assesses one account, unless it is done.
func (s Survey) account(ctx context.Context, one assess.Subject) (found []compliance.Finding, before bool, err error) {
	if s.Kept != nil {
		if found, before, err = s.Kept(one.Account); before || err != nil {
			return found, before, err
		}
	}
	one.At = s.Now()
	ask := s.Ask(one)
	if s.Regions != nil {
		regions, err := s.Regions(ctx, one, ask)
		if err != nil { // then nothing is known of any
			ask = failing{err}
		} else {
			one.Regions = regions
		}
	}
	if found, err = assess.Account(ctx, one, ask); err != nil {
		return nil, false, err
	}
	judged, err := assess.Config(ctx, one, ask)
	if err != nil {
		return nil, false, err
	}
	found = append(found, judged...)
	if err := s.Keep(one.Account, found); err != nil {
		return nil, false, fmt.Errorf("account %s: %w", one.Account, err)
	}
	return found, false, nil
}

// failing asks nothing, for a reason.
type failing struct{ err error }

// Ask implements assess.Asker.
func (f failing) Ask(context.Context, assess.Question) (assess.Answer, error) {
	return assess.Answer{}, f.err
}

// add counts what was found in an account.
func (s *Sum) add(one assess.Subject, found []compliance.Finding, before bool) (bad int) {
	if before {
		s.Before++
	}
	failed, judged := map[string]bool{}, false
	methods := map[string]map[string]compliance.Status{} // check → method → status
	for _, f := range found {
		if f.Status == compliance.NotAssessed {
			continue
		}
		s.Findings++
		judged = judged || f.Method == compliance.ByConfig
		s.Statuses[f.Status]++
		if f.Status == compliance.Error {
			bad++
			failed[failure(f)] = true
		}
		for _, c := range compliance.Named(f.Name) {
			if methods[c.ID] == nil {
				methods[c.ID] = map[string]compliance.Status{}
			}
			methods[c.ID][f.Method] = max(methods[c.ID][f.Method], f.Status)
		}
	}
	for name := range failed {
		s.Errors[name]++
	}
	for _, c := range one.Checks {
		by := methods[c.ID]
		var worst compliance.Status
		for _, status := range by {
			worst = max(worst, status)
		}
		s.Checks[worst]++
		reads, config := by[compliance.ByCalls], by[compliance.ByConfig]
		if compliance.Contradict(reads, config) {
			s.Disagree++
			s.Disagreed = append(s.Disagreed, Disagreement{one.Account, c.ID, reads, config})
		}
	}
	if !judged {
		s.Reads++
		s.Alone = append(s.Alone, one.Account)
	}
	if len(s.Disagreed) > 2*disagreedMost || len(s.Alone) > 2*disagreedMost {
		s.settle()
	}
	if bad == 0 {
		s.Whole++
	}
	return bad
}

// failure is the call that a finding is an error for, and AWS's word for it.
func failure(f compliance.Finding) string {
	if f.Evidence == nil {
		return "unknown"
	}
	for _, c := range slices.Backward(f.Evidence.Calls) {
		if c.Error != "" {
			if strings.Contains(c.Code, " ") { // another call was refused, before this could be made
				return c.Code
			}
			return c.Operation + " " + cmp.Or(c.Code, "unanswered")
		}
	}
	return "the answer could not be judged"
}

// settle leaves the first disagreements by account, and the first accounts of which
// AWS Config said nothing.
func (s *Sum) settle() {
	slices.Sort(s.Alone)
	s.Alone = s.Alone[:min(len(s.Alone), disagreedMost)]
	slices.SortFunc(s.Disagreed, func(a, b Disagreement) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Check, b.Check))
	})
	s.Disagreed = s.Disagreed[:min(len(s.Disagreed), disagreedMost)]
}
