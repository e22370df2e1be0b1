package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"crypto/rand"

	"github.com/spf13/cobra"

	"landlord/internal/clock"
	"landlord/service/store"
	"landlord/vend/plan"
)

// remote is a house elsewhere, as its API shows it.
type remote struct {
	base  *url.URL
	token string
}

// serverFlag names a house.
func (p *program) serverFlag(c *cobra.Command) {
	c.Flags().StringVar(&p.server, "server", os.Getenv("LANDLORD_SERVER"), "the house, https://landlord.example (LANDLORD_SERVER); if left out, that of the only login")
	_ = c.RegisterFlagCompletionFunc("server", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		kept, _ := readLogins() // none is no suggestion
		var names []string
		for server := range kept {
			names = append(names, server)
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	})
}

// serverAddress is an address of a house, without anything after the host: a token
// goes to no other, and in the clear to this machine only.
func serverAddress(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("server %q: want an address such as https://landlord.example", text)
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return nil, fmt.Errorf("server %s: a token goes to https:// only, or to this machine", text)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// loginsFile keeps tokens by server.
func loginsFile() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find your configuration folder: %w", err)
	}
	return filepath.Join(dir, "landlord", "tokens.json"), nil
}

func readLogins() (map[string]string, error) {
	kept := map[string]string{}
	path, err := loginsFile()
	if err != nil {
		return kept, err
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return kept, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &kept)
	}
	if err != nil {
		return kept, fmt.Errorf("read your tokens in %s: %w", path, err)
	}
	return kept, nil
}

func writeLogins(kept map[string]string) error {
	path, err := loginsFile()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("keep the token: %w", err)
	}
	text, err := json.MarshalIndent(kept, "", "  ")
	if err != nil {
		return err
	}
	return writeWhole(path, append(text, '\n'), 0o600)
}

// writeWhole replaces a file whole or not at all.
func writeWhole(path string, text []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".landlord-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(f.Name()) // no harm once it has its name
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// remote is the house that --server or the only login names.
func (p *program) remote() (*remote, error) {
	kept, err := readLogins()
	if err != nil {
		return nil, err
	}
	if p.server == "" {
		if len(kept) != 1 {
			return nil, fmt.Errorf("name the house: --server https://landlord.example or LANDLORD_SERVER (you are signed in to %d)", len(kept))
		}
		for server := range kept {
			p.server = server
		}
	}
	base, err := serverAddress(p.server)
	if err != nil {
		return nil, err
	}
	token := os.Getenv("LANDLORD_TOKEN")
	if token == "" {
		token = kept[base.String()]
	}
	if token == "" {
		return nil, fmt.Errorf("you are not signed in to %s: `landlord login --server %[1]s`", base)
	}
	return &remote{base, token}, nil
}

// refusal is a problem as a house tells it, RFC 9457.
type refusal struct {
	Status   int    `json:"status"`
	Title    string `json:"title"`
	Detail   string `json:"detail"`
	Instance string `json:"instance"`
	Errors   []struct {
		Message  string `json:"message"`
		Location string `json:"location"`
	} `json:"errors"`
}

func (r *refusal) Error() string {
	var text strings.Builder
	text.WriteString(orElse(r.Detail, orElse(r.Title, http.StatusText(r.Status))))
	for _, e := range r.Errors {
		text.WriteString("\n  " + strings.TrimSpace(e.Location+" "+e.Message))
	}
	return text.String()
}

// patience is how long a house may take: a look at 10,000 accounts takes minutes.
const patience = 10 * time.Minute

// ask sends a request and reads the answer into v, if it is not nil. A write
// that is sent again after its answer was lost is done once.
func (r *remote) ask(ctx context.Context, method, path string, in, v any, headers ...string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := r.send(ctx, method, path, in, headers...)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if v == nil {
		return nil
	}
	if err := json.NewDecoder(answer.Body).Decode(v); err != nil {
		return fmt.Errorf("read the answer of %s: %w", r.base.Host, err)
	}
	return nil
}

// tries is how often a request is sent that no answer comes to.
const tries = 3

func (r *remote) send(ctx context.Context, method, path string, in any, headers ...string) (*http.Response, error) {
	var text []byte
	if in != nil {
		var err error
		if text, err = json.Marshal(in); err != nil {
			return nil, err
		}
	}
	key := rand.Text()
	for try := 1; ; try++ {
		q, err := http.NewRequestWithContext(ctx, method, r.base.String()+"/api/v1"+path, bytes.NewReader(text))
		if err != nil {
			return nil, err
		}
		q.Header.Set("Authorization", "Bearer "+r.token)
		if in != nil {
			q.Header.Set("Content-Type", "application/json")
		}
		if method != http.MethodGet {
			q.Header.Set("Idempotency-Key", key)
		}
		for i := 0; i+1 < len(headers); i += 2 {
			q.Header.Set(headers[i], headers[i+1])
		}
		answer, err := http.DefaultClient.Do(q)
		switch {
		case err != nil && (try >= tries || ctx.Err() != nil):
			return nil, fmt.Errorf("ask %s: %w", r.base.Host, err)
		case err != nil:
			_ = clock.Real().Sleep(ctx, time.Duration(try)*300*time.Millisecond) // the next try tells
			continue
		case answer.StatusCode < 300:
			return answer, nil
		case answer.StatusCode == http.StatusTooManyRequests && try < 100*tries:
			answer.Body.Close()
			wait, err := strconv.Atoi(answer.Header.Get("Retry-After"))
			if err != nil || wait < 1 || wait > 60 {
				wait = 1
			}
			if err := clock.Real().Sleep(ctx, time.Duration(wait)*time.Second); err != nil {
				return nil, err
			}
			continue
		}
		defer answer.Body.Close()
		told := &refusal{Status: answer.StatusCode}
		body, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
		if json.Unmarshal(body, told) != nil { // a proxy's words, not the house's
			told.Detail = answer.Status
		}
		if told.Status == http.StatusUnauthorized {
			return nil, fmt.Errorf("%s does not know your token: `landlord login --server %s` (%w)", r.base.Host, r.base, told)
		}
		return nil, told
	}
}

// remoteRun is a run as the API tells it.
type remoteRun struct {
	ID        string     `json:"id"`
	Kind      string     `json:"kind"`
	State     string     `json:"state"`
	Portfolio int64      `json:"portfolio"`
	AskedBy   string     `json:"asked_by"`
	AskedAt   time.Time  `json:"asked_at"`
	StartedAt *time.Time `json:"started_at,omitempty"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
	Summary   string     `json:"summary,omitempty"`
	Checks    *struct {
		Passed int `json:"passed"`
		Failed int `json:"failed"`
	} `json:"checks,omitempty"`
	Tries  int        `json:"tries,omitempty"`
	NextAt *time.Time `json:"next_at,omitempty"`
}

// queues tells whether the run waits for somebody else's work on the organization.
func (r remoteRun) queues() bool { return r.State == "waiting" && r.Tries == 0 && r.Summary != "" }

// follow tells how a run goes until it has ended: a line for each account and each
// failure, and what it comes to. It exits 1 unless all was done and no check failed.
func (r *remote) follow(ctx context.Context, w io.Writer, id string) error {
	var last remoteRun
	told := map[string]bool{} // of whom it was said that the account is there
	for try := 0; ; try++ {
		before := last
		err := r.events(ctx, w, id, &last, told)
		if last.EndedAt != nil {
			break
		}
		if refused, is := errors.AsType[*refusal](err); is && refused.Status < http.StatusInternalServerError {
			return refused
		}
		if last != before {
			try = 0
		}
		if ctx.Err() != nil || try == 10*tries {
			fmt.Fprintf(w, "The run goes on there. `landlord runs %s --follow` tells of it.\n", id)
			return cmp.Or(err, fmt.Errorf("%s tells no more, and run %s has not ended", r.base.Host, id))
		}
		_ = clock.Real().Sleep(ctx, time.Second) // the replica that was asked is gone, as a proxy may say; another answers
	}
	took := last.EndedAt.Sub(last.AskedAt)
	fmt.Fprintf(w, "Run %s: %s after %s. %s.\n", last.ID, last.State, took.Round(100*time.Millisecond), cleanLines(last.Summary))
	if last.State != "done" || last.Checks != nil && last.Checks.Failed > 0 {
		return exit(exitFault)
	}
	return nil
}

// events reads a run's events until they end.
func (r *remote) events(ctx context.Context, w io.Writer, id string, last *remoteRun, told map[string]bool) error {
	answer, err := r.send(ctx, http.MethodGet, "/runs/"+url.PathEscape(id)+"/events", nil, "Accept", "text/event-stream")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	lines, waits := bufio.NewScanner(answer.Body), map[string]bool{}
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		data, is := bytes.CutPrefix(lines.Bytes(), []byte("data: "))
		if !is {
			continue
		}
		var p struct {
			Run  remoteRun
			News []struct{ Kind, What, Customer, State, Error string }
		}
		if err := json.Unmarshal(data, &p); err != nil {
			return fmt.Errorf("read the events of run %s: %w", id, err)
		}
		for _, s := range p.News {
			switch {
			case s.State == "done" && s.Kind == "create-account" && told[s.Customer]: // told before a replica died
			case s.State == "done" && s.Kind == "create-account":
				told[s.Customer] = true
				fmt.Fprintf(w, "  %-12s account created\n", s.Customer)
			case s.State == "running" && s.Error != "":
				if !waits[s.Kind+" "+s.What] { // once for each: AWS may refuse often
					fmt.Fprintf(w, "  %-12s %s waits, it is tried again: %s\n", s.Customer, cmp.Or(doing[plan.Kind(s.Kind)], s.Kind), clean(s.Error))
				}
				waits[s.Kind+" "+s.What] = true
			case s.State == "failed":
				fmt.Fprintf(w, "  ✗ %s %s: %s\n", s.Kind, clean(s.What), clean(s.Error))
			}
		}
		if p.Run.ID != "" {
			if p.Run.Tries > last.Tries {
				fmt.Fprintf(w, "  AWS cannot be looked at: %s. The run waits and tries again.\n", clean(p.Run.Summary))
			} else if p.Run.queues() && p.Run.Summary != last.Summary {
				fmt.Fprintf(w, "  %s. The run waits for that.\n", clean(p.Run.Summary))
			}
			if p.Run.State == store.RunRunning && p.Run.NextAt != nil && last.NextAt == nil {
				fmt.Fprintf(w, "  It waits, and is tried again: %s.\n", clean(p.Run.Summary))
			}
			*last = p.Run
		}
	}
	return lines.Err()
}
