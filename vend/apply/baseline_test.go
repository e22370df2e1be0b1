package apply_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"landlord/simaws"
	"landlord/simulate"
	"landlord/vend/apply"
	"landlord/vend/blueprint"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// settle looks, plans and carries out baselines, as `landlord baseline apply` does.
func settle(ctx context.Context, w apply.World, text string, t *testing.T, rules execute.Rules, seed uint64, keys ...string) (apply.Outcome, *apply.Baselines, error) {
	t.Helper()
	p := load(t, text)
	b := apply.NewBaselines(w, blueprint.From(p), p.Organization.Regions, rules, seed, keys...)
	seen, err := b.Observe(ctx)
	if err != nil {
		return apply.Outcome{}, b, err
	}
	todo, err := b.Plan(seen, plan.Options{})
	if err != nil {
		return apply.Outcome{}, b, err
	}
	out, err := apply.Rounds(ctx, b, b.Want, todo, seen, apply.Options{Rules: b.Rules, Seed: seed, Plan: b.Plan})
	return out, b, err
}

// gaps are what every customer lacks, a line each.
func gaps(b *apply.Baselines) (lines []string) {
	for _, g := range b.Last.Logs.Gaps(b.Last.LogsSeen) {
		lines = append(lines, fmt.Sprintf("%s %s %s", g.Piece, g.State, g.Detail))
	}
	for _, of := range b.Last.Of {
		for _, g := range of.Gaps() {
			lines = append(lines, fmt.Sprintf("%s: %s %s %s %s %s", of.Customer, g.Region, g.Piece, g.State, g.Name, g.Detail))
		}
	}
	for _, u := range b.Last.Unready {
		lines = append(lines, u.Customer+": "+u.Why)
	}
	return lines
}

func deployed(t *testing.T, cfg simaws.Config, text string) *simulate.World {
	t.Helper()
	w := newWorld(t, cfg)
	if _, err := run(t.Context(), w, load(t, text), 1); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestBaseline: before an account stands in its unit it gets none; then every
// framework's comes about under its own guardrails, which protect it from
// everybody else; a second run finds nothing to do.
func TestBaseline(t *testing.T) {
	empty := newWorld(t, simaws.Config{Seed: 1})
	out, b, err := settle(t.Context(), empty, five, t, empty.Rules(), 1)
	if err != nil || len(b.Last.Unready) != 5 {
		t.Fatalf("without accounts: %v, %v", gaps(b), err)
	}
	if out.Made[plan.PutRecorder] != 0 {
		t.Errorf("without accounts: %v", out.Made)
	}
	w := deployed(t, simaws.Config{Seed: 1}, five)
	out, b, err = settle(t.Context(), w, five, t, w.Rules(), 1)
	if err != nil || !out.Complete() {
		t.Fatalf("%v %+v\n%v", err, out.Failures, gaps(b))
	}
	if g := gaps(b); len(g) > 0 {
		t.Errorf("left: %v", g)
	}
	for kind, want := range map[plan.Kind]int{plan.PutRecorder: 5, plan.PutChannel: 5, plan.StartRecord: 5, plan.PutPack: 5, plan.CreateTrail: 1, plan.CreateBucket: 1} {
		if out.Made[kind] != want {
			t.Errorf("%s: %d, want %d", kind, out.Made[kind], want)
		}
	}
	out, b, err = settle(t.Context(), w, five, t, w.Rules(), 2)
	if err != nil || out.Done != 0 || !out.Complete() {
		t.Errorf("a second run did %d steps: %v %v", out.Done, gaps(b), err)
	}
	if len(b.Last.Of) != 5 {
		t.Errorf("%d accounts", len(b.Last.Of))
	}
}

// inside makes a call of AWS Config in an account as somebody there, and returns
// the status and the answer.
func inside(t *testing.T, w *simulate.World, key, region, operation, body string) (int, string) {
	t.Helper()
	return send(t, w, key, region, "config", map[string]string{"X-Amz-Target": "StarlingDoveService." + operation, "Content-Type": "application/x-amz-json-1.1"}, body)
}

func send(t *testing.T, w *simulate.World, key, region, service string, headers map[string]string, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, "https://"+service+"."+region+".amazonaws.com/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+key+"/20260119/"+region+"/"+service+"/aws4_request, SignedHeaders=host, Signature=none")
	answer, _, err := w.Server.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

var accessKey = regexp.MustCompile("<AccessKeyId>(ASIA[A-Z0-9]+)</AccessKeyId>")

// provider is an access key of the provider's role in an account, which the
// guardrails exempt as they do landlord.
func provider(t *testing.T, w *simulate.World, account string) string {
	t.Helper()
	_, text := send(t, w, "AKIAADMIN", "us-east-1", "sts", map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
		"Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A"+account+"%3Arole%2FOrganizationAccountAccessRole&RoleSessionName=somebody")
	found := accessKey.FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("AssumeRole answered %s", text)
	}
	return found[1]
}

// firstRule is a rule of a template.
var firstRule = regexp.MustCompile(`(?m)^  AccessKeysRotated:\n(    .*\n)+`)

// TestBaselineDriftIsMended: a customer's administrator can do nothing to the
// baseline; what somebody with the provider's role did is named for that customer
// alone, and mended by the next apply, also a rule that is gone.
func TestBaselineDriftIsMended(t *testing.T) {
	w := deployed(t, simaws.Config{Seed: 1}, five)
	_, b, err := settle(t.Context(), w, five, t, w.Rules(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range b.Last.Of[2:4] { // of two frameworks
		account, pack := string(of.Account), of.Wants[0].Pack
		key := provider(t, w, account)
		// A pack without its first rule, under landlord's name and version.
		short := firstRule.ReplaceAllString(pack.Template, "")
		edited := fmt.Sprintf(`{"ConformancePackName":%q,"TemplateBody":%q,"ConformancePackInputParameters":[{"ParameterName":"LandlordVersion","ParameterValue":%q}]}`, pack.Name, short, pack.Version)
		for _, tt := range []struct{ name, operation, body, says string }{
			{"recording was stopped", "StopConfigurationRecorder", `{"ConfigurationRecorderName":"default"}`, "recording stopped"},
			{"the recorder was deleted", "DeleteConfigurationRecorder", `{"ConfigurationRecorderName":"default"}`, "recorder missing"},
			{"it records some types", "PutConfigurationRecorder", `{"ConfigurationRecorder":{"name":"default","recordingGroup":{"allSupported":false,"resourceTypes":["AWS::EC2::Instance"]}}}`, "recorder edited"},
			{"a rule is gone", "PutConformancePack", edited, "rule missing access-keys-rotated"},
			{"the pack is gone", "DeleteConformancePack", fmt.Sprintf(`{"ConformancePackName":%q}`, pack.Name), "conformance pack missing"},
		} {
			if status, text := inside(t, w, account, "us-east-1", tt.operation, tt.body); status == http.StatusOK || !strings.Contains(text, "AccessDenied") {
				t.Errorf("%s: %s by the customer's administrator answered %d %s", of.Customer, tt.operation, status, text)
			}
			if status, text := inside(t, w, key, "us-east-1", tt.operation, tt.body); status != http.StatusOK {
				t.Fatalf("%s: %s answered %d %s", of.Customer, tt.operation, status, text)
			}
			w.Clock.Advance(2 * time.Minute)
			look := apply.NewBaselines(w, b.Want, b.Regions, w.Rules(), 1)
			if _, err := look.Observe(t.Context()); err != nil {
				t.Fatal(err)
			}
			found := gaps(look)
			if !slices.ContainsFunc(found, func(line string) bool { return strings.Contains(line, tt.says) }) || slices.ContainsFunc(found, func(line string) bool { return !strings.HasPrefix(line, of.Customer+": ") }) {
				t.Errorf("%s: %s: found %q, want only of that customer %q", of.Customer, tt.name, found, tt.says)
			}
			if _, mended, err := settle(t.Context(), w, five, t, w.Rules(), 1); err != nil || len(gaps(mended)) > 0 {
				t.Fatalf("%s: %s: after apply %q, %v", of.Customer, tt.name, gaps(mended), err)
			}
		}
	}
}

// TestTrailThatLeavesEventsOut: a trail that logs but some of the calls is named, however
// sound it looks otherwise; one that logs more than the calls is not.
func TestTrailThatLeavesEventsOut(t *testing.T) {
	w := deployed(t, simaws.Config{Seed: 1}, five)
	_, b, err := settle(t.Context(), w, five, t, w.Rules(), 1)
	if err != nil || len(gaps(b)) > 0 {
		t.Fatalf("%q, %v", gaps(b), err)
	}
	for selectors, sound := range map[string]bool{
		`"EventSelectors":[{"ReadWriteType":"WriteOnly","IncludeManagementEvents":true}]`:                                                                             false,
		`"EventSelectors":[{"ReadWriteType":"All","IncludeManagementEvents":false}]`:                                                                                  false,
		`"EventSelectors":[{"ReadWriteType":"All","IncludeManagementEvents":true,"ExcludeManagementEventSources":["kms.amazonaws.com"]}]`:                             false,
		`"EventSelectors":[{"ReadWriteType":"All","DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]}]}]`:                                             true,
		`"AdvancedEventSelectors":[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}]`:                                                           true,
		`"AdvancedEventSelectors":[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"readOnly","Equals":["true"]}]}]`:                    false,
		`"AdvancedEventSelectors":[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"eventSource","NotEquals":["kms.amazonaws.com"]}]}]`: false,
	} {
		status, text := send(t, w, "AKIAADMIN", "us-east-1", "cloudtrail", map[string]string{"X-Amz-Target": "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.PutEventSelectors", "Content-Type": "application/x-amz-json-1.1"},
			`{"TrailName":"landlord-organization",`+selectors+`}`)
		if status != http.StatusOK {
			t.Fatalf("%s: %d %s", selectors, status, text)
		}
		look := apply.NewBaselines(w, b.Want, b.Regions, w.Rules(), 1)
		if _, err := look.Observe(t.Context()); err != nil {
			t.Fatal(err)
		}
		if found := gaps(look); (len(found) == 0) != sound || !sound && !strings.HasPrefix(found[0], "organization trail failing its event selectors") {
			t.Errorf("%s: found %q", selectors, found)
		}
	}
}

// TestBaselineSurvivesAnything kills and cuts at random places; when that stops,
// one apply ends with every baseline whole, and nothing is there twice.
func TestBaselineSurvivesAnything(t *testing.T) {
	kills := 0
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 7))
		w := deployed(t, simaws.Config{Seed: seed}, five)
		for try := range 1 + r.IntN(3) {
			w.Meddle = chaos(t, r, 1+r.IntN(150), asked{})
			func() {
				defer func() {
					if x := recover(); x != nil {
						if _, is := x.(killed); !is {
							panic(x)
						}
						kills++
					}
				}()
				if _, _, err := settle(t.Context(), w, five, t, w.Rules(), seed+uint64(try)); err != nil && !errors.Is(err, execute.ErrUnknown) && !strings.Contains(err.Error(), errCut.Error()) {
					t.Errorf("seed %d: %v", seed, err)
				}
			}()
			w.Meddle = nil
			w.Reconnect()
		}
		out, b, err := settle(t.Context(), w, five, t, w.Rules(), seed)
		if err != nil || len(out.Failures) > 0 || len(gaps(b)) > 0 {
			t.Fatalf("seed %d: %v %v %q", seed, err, out.Failures, gaps(b))
		}
		for _, of := range b.Last.Of {
			_, text := inside(t, w, provider(t, w, string(of.Account)), "us-east-1", "DescribeConformancePacks", "{}")
			if n := strings.Count(text, `"ConformancePackName"`); n != 1 {
				t.Errorf("seed %d: %s has %d conformance packs", seed, of.Customer, n)
			}
		}
	}
	if kills < 8 {
		t.Errorf("only %d runs were killed: the test does not test", kills)
	}
}

// TestUnreadIsNotMissing: where a look fails, that is said of this customer, and
// nothing is changed in its account.
func TestUnreadIsNotMissing(t *testing.T) {
	w := deployed(t, simaws.Config{Seed: 1}, five)
	if _, _, err := settle(t.Context(), w, five, t, w.Rules(), 1); err != nil {
		t.Fatal(err)
	}
	seen, err := w.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var account string
	for _, a := range seen.Accounts {
		if a.Tags["landlord:customer"] == "acme" {
			account = string(a.ID)
		}
	}
	key := provider(t, w, account)
	inside(t, w, key, "us-east-1", "StopConfigurationRecorder", `{"ConfigurationRecorderName":"default"}`)
	w.Reconnect()
	entered := false
	changes := 0
	w.Meddle = func(r *http.Request, next func() (*http.Response, error)) (*http.Response, error) {
		target := r.Header.Get("X-Amz-Target")
		if strings.HasSuffix(target, ".DescribeConformancePacks") && !entered {
			entered = true // of the first account, which is acme's
			return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, Body: io.NopCloser(strings.NewReader(`{"__type":"AccessDeniedException","message":"not yours"}`))}, nil
		}
		if strings.Contains(target, "StarlingDove") && !strings.Contains(target, "Describe") {
			changes++
		}
		return next()
	}
	look := apply.NewBaselines(w, blueprint.From(load(t, five)), []string{"us-east-1"}, w.Rules(), 1)
	if seen, err = look.Observe(t.Context()); err != nil {
		t.Fatal(err)
	}
	found := gaps(look)
	if len(found) != 1 || !strings.HasPrefix(found[0], "acme: us-east-1 account unknown") || !strings.Contains(found[0], "not yours") {
		t.Errorf("found %q", found)
	}
	todo, err := look.Plan(seen, plan.Options{})
	if err != nil || len(todo.Steps) != 0 || len(todo.Notices) != 1 {
		t.Errorf("planned %+v, notices %v, %v", todo.Steps, todo.Notices, err)
	}
	if changes > 0 {
		t.Errorf("a look changed something %d times", changes)
	}
}

// TestBaselineRegions: each region of the file gets a recorder, what is global is
// recorded in the home region alone, and a region that a tier's guardrails close
// is left out.
func TestBaselineRegions(t *testing.T) {
	text := strings.Replace(five, `management_account: "111122223333"`, `management_account: "111122223333", regions: [us-east-1, eu-west-1]`, 1)
	w := deployed(t, simaws.Config{Seed: 1}, text)
	out, b, err := settle(t.Context(), w, text, t, w.Rules(), 1)
	if err != nil || !out.Complete() || len(gaps(b)) > 0 {
		t.Fatalf("%v %v %q", err, out.Failures, gaps(b))
	}
	for _, of := range b.Last.Of {
		regions := 2
		if of.Tier == "government-federal" {
			regions = 1
		}
		if len(of.Wants) != regions || len(of.Closed) != 2-regions {
			t.Errorf("%s: %d regions, %v closed", of.Customer, len(of.Wants), of.Closed)
		}
		for i, s := range of.Seen {
			if s.Recorder == nil || s.Recorder.Global != (i == 0) || s.Recording == nil || !s.Recording.On {
				t.Errorf("%s in %s: %+v", of.Customer, of.Wants[i].Region, s.Recorder)
			}
		}
	}
}

// TestBaselineOrder: whatever order steps come in, each comes after what AWS asks
// for before it.
func TestBaselineOrder(t *testing.T) {
	w := deployed(t, simaws.Config{Seed: 1}, five)
	b := apply.NewBaselines(w, blueprint.From(load(t, five)), []string{"us-east-1", "us-west-2"}, w.Rules(), 1)
	seen, err := b.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	todo, err := b.Plan(seen, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	needs := map[plan.Kind][]plan.Kind{
		plan.CloseBucket: {plan.CreateBucket}, plan.GuardBucket: {plan.CreateBucket}, plan.CreateTrail: {plan.GuardBucket, plan.TrustService}, plan.StartTrail: {plan.CreateTrail},
		plan.PutRecorder: {plan.EnterAccount, plan.CreateRole}, plan.PutChannel: {plan.PutRecorder, plan.GuardBucket, plan.CloseBucket},
		plan.StartRecord: {plan.PutChannel}, plan.PutPack: {plan.StartRecord},
	}
	before := make([]map[plan.Kind]bool, len(todo.Steps)) // by step: what is done before, in its own account and region or in none
	held := 0
	for i, s := range todo.Steps {
		before[i] = map[plan.Kind]bool{}
		for _, j := range s.After {
			o := todo.Steps[j]
			if o.Account != "" && o.Account != s.Account || o.Region != "" && o.Account != "" && o.Region != s.Region && o.Kind != plan.CreateRole {
				t.Errorf("step %d %s in %s waits for %s in %s %s", i, s.Kind, s.Account, o.Kind, o.Account, o.Region)
			}
			before[i][o.Kind] = true
			for kind := range before[j] {
				before[i][kind] = true
			}
		}
		for _, kind := range needs[s.Kind] {
			if held++; !before[i][kind] {
				t.Errorf("step %d %s does not wait for %s", i, s.Kind, kind)
			}
		}
	}
	if held < 60 {
		t.Errorf("only %d needs were looked at", held)
	}
}
