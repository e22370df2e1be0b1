package baseline

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"landlord/guard/compliance"
	"landlord/guard/guardrail"
)

// TestPacks: each framework's pack is within AWS's limits, has a rule for each
// check that one decides and no other, says what its rules are, names no other
// framework, and is the same bytes each time.
func TestPacks(t *testing.T) {
	versions := map[string]bool{}
	for _, name := range compliance.Frameworks() {
		f, err := compliance.Of(name, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, home := range []bool{true, false} {
			p := PackOf(name, home)
			if len(p.Rules) == 0 || len(p.Rules) > RulesMost || len(p.Template) > TemplateMost {
				t.Errorf("%s: %d rules, %d bytes", p.Name, len(p.Rules), len(p.Template))
			}
			if versions[p.Version] || len(p.Version) != 16 {
				t.Errorf("%s: version %q is another's too", p.Name, p.Version)
			}
			versions[p.Version] = true
			if again := writePack(name, home); !reflect.DeepEqual(p, again) {
				t.Errorf("%s: written again it differs", p.Name)
			}
			want := map[string]bool{}
			for _, c := range f.Checks() {
				for _, id := range c.Rules {
					name := compliance.RuleName(id) + " " + compliance.Identifier(id)
					want[name] = want[name] || home || c.Scope != "global"
				}
			}
			maps.DeleteFunc(want, func(_ string, in bool) bool { return !in })
			got := map[string]bool{}
			for _, r := range readTemplate(t, p) {
				got[r.Name+" "+r.Identifier] = true
				if i := slices.IndexFunc(p.Rules, func(o Rule) bool { return o.Name == r.Name }); i < 0 || !reflect.DeepEqual(p.Rules[i], r) {
					t.Errorf("%s: the template has %v, the pack does not", p.Name, r)
				}
			}
			if !maps.Equal(got, want) || len(got) != len(p.Rules) {
				t.Errorf("%s: rules %v, want %v", p.Name, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
			}
			for _, other := range compliance.Frameworks() {
				if slug := guardrail.Slug(other); other != name && (strings.Contains(p.Name, slug) || strings.Contains(strings.ToLower(p.Template), slug+"-")) {
					t.Errorf("%s names %s", p.Name, other)
				}
			}
			if id := controls.FindString(p.Template); id != "" {
				t.Errorf("%s: the template names control %s", p.Name, id)
			}
		}
	}
	if p := PackOf("ISO 27001", true); len(p.Rules) != 0 || p.Template != "" {
		t.Errorf("a framework without checks has the pack %v", p)
	}
}

// controls are the forms of ids of controls.
var controls = regexp.MustCompile(`CC\d|164\.|\b[a-z]{2}-\d`)

// readTemplate reads a template as AWS does.
func readTemplate(t *testing.T, p Pack) (rules []Rule) {
	t.Helper()
	var doc struct {
		Parameters map[string]struct{ Type, Default string } `yaml:"Parameters"`
		Resources  map[string]struct {
			Type       string `yaml:"Type"`
			Properties struct {
				ConfigRuleName  string            `yaml:"ConfigRuleName"`
				InputParameters map[string]string `yaml:"InputParameters"`
				Source          struct{ Owner, SourceIdentifier string }
			} `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	var raw map[string]any
	if err := yaml.Unmarshal([]byte(p.Template), &raw); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	if doc.Parameters[VersionParameter].Default != p.Version {
		t.Errorf("%s: the template's version is %v, not %s", p.Name, doc.Parameters, p.Version)
	}
	for id, r := range doc.Resources {
		if r.Type != "AWS::Config::ConfigRule" || r.Properties.Source.Owner != "AWS" || strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") != "" {
			t.Errorf("%s: resource %s is %+v", p.Name, id, r)
		}
		rules = append(rules, Rule{r.Properties.ConfigRuleName, r.Properties.Source.SourceIdentifier, r.Properties.InputParameters})
	}
	return rules
}

// whole is an account that has all that is wanted.
func whole() (Want, Seen) {
	w := Want{Account: "222233334444", Region: "us-east-1", Home: true, Role: "arn:aws:iam::222233334444:" + ServiceRole, Bucket: "landlord-logs-111122223333", Pack: PackOf("CIS", true)}
	var s Seen
	recorder, channel := w.Recorder(nil), w.Channel(nil)
	s.Take(w, &recorder)
	s.Take(w, &channel)
	s.Take(w, &Recording{On: true})
	s.Take(w, []Installed{{Name: "somebody's"}, {Name: w.Pack.Name, ID: "conformance-pack-a", Version: w.Pack.Version}})
	s.Take(w, []State{{Name: w.Pack.Name, State: Complete}})
	s.Take(w, rulesOf(w))
	return w, s
}

// rulesOf are the rules that AWS makes of a pack.
func rulesOf(w Want) (rules []Rule) {
	for _, r := range w.Pack.Rules {
		r.Name += "-conformance-pack-a"
		rules = append(rules, r)
	}
	return rules
}

// TestGaps: each thing that somebody may do to a baseline is named, alone.
func TestGaps(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(w Want, s *Seen)
		want  Gap
	}{
		{"nothing", func(Want, *Seen) {}, Gap{}},
		{"the recorder records some types", func(_ Want, s *Seen) { s.Recorder.All = false }, Gap{TheRecorder, Edited, "us-east-1", "", "it does not record every type of resource"}},
		{"the recorder leaves out what is global", func(_ Want, s *Seen) { s.Recorder.Global = false }, Gap{TheRecorder, Edited, "us-east-1", "", "it does not record global types"}},
		{"another role", func(_ Want, s *Seen) { s.Recorder.Role = "arn:aws:iam::222233334444:role/none" },
			Gap{TheRecorder, Edited, "us-east-1", "", "its role is arn:aws:iam::222233334444:role/none, not arn:aws:iam::222233334444:" + ServiceRole}},
		{"a recorder of another name", func(_ Want, s *Seen) { s.Recorder.Name = "mine" }, Gap{}},
		{"recording was stopped", func(_ Want, s *Seen) { s.Recording.On = false }, Gap{TheRecording, Stopped, "us-east-1", "", ""}},
		{"recording fails", func(_ Want, s *Seen) { s.Recording.Error = "AccessDenied" }, Gap{TheRecording, Failing, "us-east-1", "", "AccessDenied"}},
		{"the channel is gone", func(_ Want, s *Seen) { s.Channel = nil }, Gap{TheChannel, Missing, "us-east-1", "", ""}},
		{"the channel leads elsewhere", func(_ Want, s *Seen) { s.Channel.Bucket = "mine" }, Gap{TheChannel, Edited, "us-east-1", "", "it delivers to mine, not to landlord-logs-111122223333"}},
		{"the pack is gone", func(w Want, s *Seen) { s.Take(w, []Installed{}) }, Gap{ThePack, Missing, "us-east-1", "landlord-cis", "44 rules"}},
		{"the pack is another version", func(_ Want, s *Seen) { s.Pack.Version = "0" }, Gap{ThePack, Edited, "us-east-1", "landlord-cis", "it is version 0, not " + PackOf("CIS", true).Version}},
		{"the pack is being made", func(w Want, s *Seen) { s.Take(w, []State{{Name: w.Pack.Name, State: Creating}}) }, Gap{ThePack, Underway, "us-east-1", "landlord-cis", ""}},
		{"the pack failed", func(w Want, s *Seen) { s.Take(w, []State{{w.Pack.Name, "CREATE_FAILED", "why"}}) }, Gap{ThePack, Failing, "us-east-1", "landlord-cis", "CREATE_FAILED: why"}},
		{"a pack of another tier", func(w Want, s *Seen) { s.Take(w, []Installed{*s.Pack, {Name: "landlord-other"}}) }, Gap{ThePack, Unwanted, "us-east-1", "landlord-other", ""}},
		{"a rule is gone", func(w Want, s *Seen) { s.Take(w, rulesOf(w)[1:]) }, Gap{ARule, Missing, "us-east-1", "access-keys-rotated", ""}},
		{"a rule has other parameters", func(w Want, s *Seen) {
			rules := rulesOf(w)
			rules[0].Parameters = map[string]string{"maxAccessKeyAge": "9000"}
			s.Take(w, rules)
		}, Gap{ARule, Edited, "us-east-1", "access-keys-rotated", "its parameters are map[maxAccessKeyAge:9000], not map[maxAccessKeyAge:90]"}},
		{"a rule is another", func(w Want, s *Seen) {
			rules := rulesOf(w)
			rules[0].Identifier = "REQUIRED_TAGS"
			s.Take(w, rules)
		}, Gap{ARule, Edited, "us-east-1", "access-keys-rotated", "it is REQUIRED_TAGS, not ACCESS_KEYS_ROTATED"}},
		{"it could not be read", func(_ Want, s *Seen) { *s = Seen{Failed: "refused"} }, Gap{TheAccount, Unknown, "us-east-1", "", "refused"}},
	} {
		w, s := whole()
		tt.spoil(w, &s)
		got := w.Gaps(s)
		want := []Gap{tt.want}
		if tt.want == (Gap{}) {
			want = nil
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", tt.name, got, want)
		}
	}
}

// TestLogGaps: likewise of the bucket and the trail.
func TestLogGaps(t *testing.T) {
	l := Logs{Management: "111122223333", Organization: "o-abc", Home: "us-east-1", Partition: "aws"}
	sound := func() LogsSeen {
		var s LogsSeen
		s.Take(Trust{CloudTrail: true})
		s.Take(Trails{{Name: "somebody's"}, l.Trail()})
		s.Take(&Delivery{On: true})
		s.Take(BucketPolicy{true, l.Policy()})
		s.Take(BucketPrivate(true))
		return s
	}
	for _, tt := range []struct {
		name  string
		spoil func(s *LogsSeen)
		piece Piece
		state string
	}{
		{"nothing", func(*LogsSeen) {}, "", ""},
		{"no bucket", func(s *LogsSeen) { s.Take(BucketPolicy{}) }, TheBucket, Missing},
		{"no policy", func(s *LogsSeen) { s.Take(BucketPolicy{Exists: true}) }, TheBucket, Edited},
		{"a policy that lets others in", func(s *LogsSeen) {
			s.Take(BucketPolicy{true, strings.Replace(l.Policy(), `"o-abc"`, `"o-other"`, 1)})
		}, TheBucket, Edited},
		{"it can be public", func(s *LogsSeen) { s.Take(BucketPrivate(false)) }, TheBucket, Edited},
		{"no trail", func(s *LogsSeen) { s.Take(Trails{}) }, TheTrail, Missing},
		{"of one account", func(s *LogsSeen) { s.Trail.Organization = false }, TheTrail, Edited},
		{"of one region", func(s *LogsSeen) { s.Trail.Everywhere = false }, TheTrail, Edited},
		{"without digests", func(s *LogsSeen) { s.Trail.Validated = false }, TheTrail, Edited},
		{"to another bucket", func(s *LogsSeen) { s.Trail.Bucket = "mine" }, TheTrail, Edited},
		{"without services of no region", func(s *LogsSeen) { s.Trail.Global = false }, TheTrail, Edited},
		{"of another home", func(s *LogsSeen) { s.Trail.Home = "eu-west-1" }, TheTrail, Edited},
		{"stopped", func(s *LogsSeen) { s.Take(&Delivery{}) }, TheTrail, Stopped},
		{"it leaves events out", func(s *LogsSeen) { s.Trail.Partial = true }, TheTrail, Failing},
		{"cannot deliver", func(s *LogsSeen) { s.Take(&Delivery{true, "AccessDenied"}) }, TheTrail, Failing},
		{"not read", func(s *LogsSeen) { s.Failed = "refused" }, TheTrail, Unknown},
	} {
		s := sound()
		tt.spoil(&s)
		got := l.Gaps(s)
		if tt.piece == "" && len(got) == 0 {
			continue
		}
		if len(got) != 1 || got[0].Piece != tt.piece || got[0].State != tt.state || tt.state == Edited && got[0].Detail == "" {
			t.Errorf("%s: %+v, want %s %s", tt.name, got, tt.piece, tt.state)
		}
	}
	if at := l.Events("222233334444"); at != "s3://landlord-logs-111122223333/AWSLogs/o-abc/222233334444/CloudTrail/" {
		t.Errorf("events of 222233334444 are at %s", at)
	}
}
