package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"landlord/guard/compliance"
	"landlord/guard/compliance/report"
	"landlord/internal/clock"
	"landlord/org"
)

// houseFlag names a house that does what a command else does here.
func (p *program) houseFlag(c *cobra.Command, does string) {
	c.Flags().StringVar(&p.server, "server", "", does+", https://landlord.example; sign in with `landlord login`")
}

// upload sends a file, which is read while it is sent, and reads the answer into v.
func (r *remote) upload(ctx context.Context, path, name string, v any) error {
	for try := 1; ; try++ {
		wait, err := r.uploadOnce(ctx, path, name, v)
		if wait == 0 || try >= 10*tries {
			return err
		}
		if err := clock.Real().Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// uploadOnce is one try; wait is after how long another may succeed, 0 that none does.
func (r *remote) uploadOnce(ctx context.Context, path, name string, v any) (wait time.Duration, err error) {
	in, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, r.base.String()+"/api/v1"+path, in)
	if err != nil {
		return 0, err
	}
	if info, err := in.Stat(); err == nil && info.Mode().IsRegular() {
		q.ContentLength = info.Size()
	}
	q.Header.Set("Authorization", "Bearer "+r.token)
	q.Header.Set("Content-Type", "application/octet-stream")
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		return 0, fmt.Errorf("ask %s: %w", r.base.Host, err)
	}
	defer answer.Body.Close()
	switch {
	case answer.StatusCode == http.StatusTooManyRequests:
		return time.Second, fmt.Errorf("%s is asked too often", r.base.Host)
	case answer.StatusCode >= http.StatusMultipleChoices:
		told := &refusal{Status: answer.StatusCode}
		body, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
		if json.Unmarshal(body, told) != nil {
			told.Detail = answer.Status
		}
		told.Errors = nil // the sentence has it all
		return 0, told
	}
	if err := json.NewDecoder(answer.Body).Decode(v); err != nil {
		return 0, fmt.Errorf("read the answer of %s: %w", r.base.Host, err)
	}
	return 0, nil
}

// sendIn sends files to a house, each taken in whole or not at all there.
func (p *program) sendIn(ctx context.Context, files []string) ([]takenIn, error) {
	r, err := p.remote()
	if err != nil {
		return nil, err
	}
	var all []takenIn
	for _, name := range files {
		var got struct {
			ID         string                `json:"id"`
			Known      bool                  `json:"known"`
			Format     string                `json:"format"`
			Records    int                   `json:"records"`
			Findings   int                   `json:"findings"`
			Duplicates int                   `json:"duplicates"`
			Skipped    map[string]int        `json:"skipped"`
			ByCustomer map[string]int        `json:"by_customer"`
			ByAccount  map[org.AccountID]int `json:"by_account"`
			Unmapped   map[string]int        `json:"unmapped"`
		}
		err := r.upload(ctx, "/findings/imports?name="+url.QueryEscape(filepath.Base(name)), name, &got)
		if ctx.Err() != nil {
			return all, ctx.Err()
		}
		t := takenIn{File: name, Customers: map[string]int{}, Queue: map[org.AccountID]int{}, Unmapped: map[string]int{}}
		if err != nil {
			t.Error = fmt.Sprintf("%s: %v", name, err)
		} else {
			t.Import, t.Known, t.Format, t.Records, t.Findings, t.Duplicates, t.Skipped = got.ID, got.Known, got.Format, got.Records, got.Findings, got.Duplicates, got.Skipped
			if !got.Known {
				t.Customers, t.Queue, t.Unmapped = got.ByCustomer, got.ByAccount, got.Unmapped
			}
		}
		all = append(all, t)
	}
	return all, nil
}

// remoteStand is a customer of a house's overview.
type remoteStand struct {
	Customer  string         `json:"customer"`
	Framework string         `json:"framework"`
	AsOf      *time.Time     `json:"as_of"`
	Controls  map[string]int `json:"controls"`
	Score     struct {
		Pass int `json:"pass"`
		Of   int `json:"of"`
	} `json:"score"`
	FixFirst string `json:"fix_first"`
}

// stands are the customers of a house, or those of some keys.
func (r *remote) stands(ctx context.Context, keys []string) (all []remoteStand, err error) {
	for _, key := range keys {
		var one remoteStand
		err := r.ask(ctx, http.MethodGet, "/customers/"+url.PathEscape(key)+"/posture", nil, &one)
		if told, is := errors.AsType[*refusal](err); is && told.Status == http.StatusNotFound {
			return nil, fmt.Errorf("%s has no customer %q", r.base.Host, key)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	for next := "0"; len(keys) == 0 && next != ""; {
		var page struct {
			Items []remoteStand `json:"items"`
			Next  string        `json:"next"`
		}
		if err := r.ask(ctx, http.MethodGet, "/compliance/customers?limit=500&cursor="+url.QueryEscape(next), nil, &page); err != nil {
			return nil, err
		}
		all, next = append(all, page.Items...), page.Next
	}
	return all, nil
}

// asked at once of a house.
const reportsAtOnce = 4

// downloadReports writes reports that a house makes.
func (p *program) downloadReports(ctx context.Context, keys []string, o complianceFlags) error {
	r, err := p.remote()
	if err != nil {
		return err
	}
	stands, err := r.stands(ctx, distinct(keys))
	if err != nil {
		return err
	}
	single := o.single(len(stands))
	all := make([]reported, len(stands))
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(reportsAtOnce, len(stands)) {
		wg.Go(func() {
			for i := range next {
				if ctx.Err() == nil {
					all[i] = p.downloadReport(ctx, r, stands[i], o, single)
				}
			}
		})
	}
	for i := range stands {
		next <- i
	}
	close(next)
	wg.Wait()
	return p.tellReported(ctx, all, o, single)
}

func (p *program) downloadReport(ctx context.Context, r *remote, s remoteStand, o complianceFlags, single bool) reported {
	one := reported{Customer: s.Customer, Framework: s.Framework, Score: &compliance.Score{Pass: s.Score.Pass, Of: s.Score.Of}, Controls: map[string]int{}, First: s.FixFirst}
	for status, n := range s.Controls {
		one.Controls[strings.ReplaceAll(status, "_", " ")] = n
	}
	if s.AsOf != nil {
		one.AsOf = s.AsOf.UTC().Format("2006-01-02T15:04:05Z")
	}
	if o.all && !slices.Contains(compliance.Frameworks(), s.Framework) {
		one.Left = fmt.Sprintf("landlord has no controls of the framework %q", s.Framework)
		return one
	}
	for _, name := range o.formats {
		query := url.Values{"format": {name}}
		if o.edition != "" && (!o.all || compliance.Editions[s.Framework] != nil) {
			query.Set("edition", o.edition)
		}
		answer, err := r.send(ctx, http.MethodGet, "/customers/"+url.PathEscape(s.Customer)+"/report?"+query.Encode(), nil)
		if told, is := errors.AsType[*refusal](err); is && told.Status == http.StatusConflict && !single {
			one.Without = append(one.Without, name)
			continue
		}
		var text []byte
		if err == nil {
			text, err = io.ReadAll(answer.Body)
			err = errors.Join(err, answer.Body.Close())
		}
		if err != nil {
			one.err = fmt.Errorf("customer %s: %w", s.Customer, err)
			return one
		}
		format, _ := report.FormatOf(name)
		file, err := p.keepReport(s.Customer, format, text, o, single)
		if one.err = err; err != nil || file == "" {
			return one
		}
		one.Files = append(one.Files, file)
	}
	return one
}
