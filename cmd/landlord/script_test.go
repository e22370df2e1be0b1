package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"landlord/internal/clock"
	"landlord/internal/limits"
	"landlord/simaws"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"landlord": func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
			stop()
			os.Exit(code)
		},
	})
}

// TestScripts runs each behaviour of the command as a script.
func TestScripts(t *testing.T) {
	example, err := os.ReadFile("../../examples/five-customers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			for _, s := range []string{"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true", "NO_COLOR=1"} {
				key, value, _ := strings.Cut(s, "=")
				e.Setenv(key, value)
			}
			examples, err := filepath.Abs("../../examples")
			if err != nil {
				return err
			}
			e.Setenv("EXAMPLES", examples)
			return os.WriteFile(e.WorkDir+"/five.yaml", example, 0o644)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"simaws":    startSimAWS,
			"call":      call,
			"query":     query,
			"await":     await,
			"calls":     calls,
			"awaitfile": awaitFile,
			"json":      jsonField,
			"replace":   replaceText,
			"quoted":    quoted,
			"repeat":    repeat,
			"s3":        startObjects,
		},
	})
}

// servers are the simulated AWSs of the scripts, by their URL.
var (
	lock    sync.Mutex
	servers = map[string]*simaws.Server{}
)

// startSimAWS serves a simulated AWS for the rest of the script, and points
// AWS_ENDPOINT_URL at it: simaws [-account-quota=N] [-quotas=NAME] [-quota-delay=D]
// PROFILE [TIMES-FASTER [CALLER=POLICY]].
func startSimAWS(ts *testscript.TestScript, neg bool, args []string) {
	cfg := simaws.Config{Seed: 1, Organization: true}
	flags := flag.NewFlagSet("simaws", flag.ContinueOnError)
	flags.IntVar(&cfg.AccountQuota, "account-quota", 0, "")
	flags.DurationVar(&cfg.QuotaDelay, "quota-delay", 0, "")
	flags.Func("outside", "", func(account string) error {
		id, email, _ := strings.Cut(account, "=")
		cfg.Outside = append(cfg.Outside, simaws.OutsideAccount{ID: id, Email: email})
		return nil
	})
	flags.Func("quotas", "", func(name string) error {
		cfg.Quotas, _ = limits.QuotasNamed(name)
		return nil
	})
	ts.Check(flags.Parse(args))
	args = flags.Args()
	profile, err := simaws.ProfileNamed(args[0])
	ts.Check(err)
	cfg.Profile = profile
	scale := 1.0
	if len(args) > 1 {
		scale, err = strconv.ParseFloat(args[1], 64)
		ts.Check(err)
	}
	if len(args) > 2 {
		key, file, _ := strings.Cut(args[2], "=")
		cfg.Callers = map[string]string{key: ts.ReadFile(file)}
	}
	cfg.Clock = clock.Scaled(time.Now(), scale)
	server, err := simaws.New(cfg)
	ts.Check(err)
	h := httptest.NewServer(server)
	ts.Defer(func() { h.Close(); server.Close() })
	ts.Setenv("AWS_ENDPOINT_URL", h.URL)
	lock.Lock()
	servers[h.URL] = server
	lock.Unlock()
}

// call makes a call behind landlord's back and keeps the answer as stdout:
// call [as=ACCOUNT] OPERATION JSON. The JSON may name a value of an earlier answer.
func call(ts *testscript.TestScript, neg bool, args []string) {
	body, caller := "{}", "AKIAOUTSIDER"
	if id, as := strings.CutPrefix(args[0], "as="); as {
		caller, args = id, args[1:]
	}
	if len(args) > 1 {
		body = args[1]
	}
	req, err := http.NewRequest("POST", ts.Getenv("AWS_ENDPOINT_URL"), strings.NewReader(body))
	ts.Check(err)
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "AWSOrganizationsV20161128."+args[0])
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+caller+"/20260101/us-east-1/organizations/aws4_request, SignedHeaders=host, Signature=0")
	answer, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	ts.Check(err)
	if failed := answer.StatusCode != http.StatusOK; failed != neg {
		ts.Fatalf("%s: %s %s", args[0], answer.Status, text)
	}
	ts.Check(os.WriteFile(ts.MkAbs("answer.json"), text, 0o644))
}

// query makes a call in an account behind landlord's back, in the protocol of older
// services: query ACCOUNT SERVICE FORM.
func query(ts *testscript.TestScript, neg bool, args []string) {
	req, err := http.NewRequest("POST", ts.Getenv("AWS_ENDPOINT_URL"), strings.NewReader(args[2]))
	ts.Check(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+args[0]+"/20260101/us-east-1/"+args[1]+"/aws4_request, SignedHeaders=host, Signature=0")
	answer, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	ts.Check(err)
	if failed := answer.StatusCode != http.StatusOK; failed != neg {
		ts.Fatalf("%s: %s %s", args[2], answer.Status, text)
	}
}

// await returns when the simulated AWS has answered an operation so often:
// await OPERATION N.
func await(ts *testscript.TestScript, neg bool, args []string) {
	lock.Lock()
	server := servers[ts.Getenv("AWS_ENDPOINT_URL")]
	lock.Unlock()
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	until(ts, func() bool { return server.Metrics().Calls[args[0]] >= n })
}

// calls tells that the simulated AWS has answered an operation so often, and no more:
// calls OPERATION N.
func calls(ts *testscript.TestScript, neg bool, args []string) {
	lock.Lock()
	server := servers[ts.Getenv("AWS_ENDPOINT_URL")]
	lock.Unlock()
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	if made := server.Metrics().Calls[args[0]]; made != n {
		ts.Fatalf("%d calls of %s, want %d", made, args[0], n)
	}
}

// awaitFile returns when a file holds a text: awaitfile FILE TEXT.
func awaitFile(ts *testscript.TestScript, neg bool, args []string) {
	until(ts, func() bool {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		return err == nil && strings.Contains(string(text), args[1])
	})
}

// until looks every millisecond whether what another process does has come
// about, for 30 s at most.
func until(ts *testscript.TestScript, come func() bool) {
	for deadline := time.Now().Add(30 * time.Second); !come(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("waited for 30 s in vain")
		}
	}
}

// jsonField sets a variable to a value in a JSON file: json VAR FILE PATH,
// where PATH is keys, indexes, or KEY=VALUE to choose from a list, by slashes.
func jsonField(ts *testscript.TestScript, neg bool, args []string) {
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &v))
	for step := range strings.SplitSeq(args[2], "/") {
		switch x := v.(type) {
		case map[string]any:
			v = x[step]
		case []any:
			v = choose(x, step)
		default:
			v = nil
		}
	}
	if v == nil {
		ts.Fatalf("no %s in %s", args[2], args[1])
	}
	ts.Setenv(args[0], fmt.Sprint(v))
}

func choose(list []any, step string) any {
	if i, err := strconv.Atoi(step); err == nil && i < len(list) {
		return list[i]
	}
	key, value, _ := strings.Cut(step, "=")
	for _, item := range list {
		if m, is := item.(map[string]any); is && fmt.Sprint(m[key]) == value {
			return item
		}
	}
	return nil
}

// replaceText edits a file: replace FILE OLD NEW, where \n in NEW is a new line.
func replaceText(ts *testscript.TestScript, neg bool, args []string) {
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, args[1], strings.ReplaceAll(args[2], `\n`, "\n"))), 0o644))
}

// repeat makes a file of so many bytes: repeat FILE BYTES TEXT.
func repeat(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.Repeat([]byte(args[2]+"\n"), n/(len(args[2])+1)), 0o644))
}

// quoted sets a variable to the text of a file as a JSON string: quoted VAR FILE.
func quoted(ts *testscript.TestScript, neg bool, args []string) {
	text, err := json.Marshal(ts.ReadFile(args[1]))
	ts.Check(err)
	ts.Setenv(args[0], string(text))
}
