package portfolio

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"landlord/guard/guardrail"
)

const guarded = valid + `  - key: zed
    name: Zed
    tier: healthcare
    contact: z@zed.example
    exempt:
      - {statement: NoStreams, reason: a trial, until: 2027-03-31}
tiers:
  healthcare:
    guardrails:
      - sid: NoStreams
        why: no streams of data
        actions: ["kinesis:Create*"]
        condition: {StringNotEquals: {"aws:RequestedRegion": [us-east-1, us-west-2]}, Bool: {"aws:SecureTransport": "true"}}
`

func TestGuardrailsOfAFile(t *testing.T) {
	p := parse(t, guarded)
	tier, _ := p.Tier("healthcare")
	want := []guardrail.Rule{{Sid: "NoStreams", Prevents: "no streams of data", Actions: []string{"kinesis:Create*"}, Resources: []string{"*"}, Set: guardrail.Added,
		Condition: guardrail.Condition{"StringNotEquals": {"aws:RequestedRegion": {"us-east-1", "us-west-2"}}, "Bool": {"aws:SecureTransport": {"true"}}}}}
	if !reflect.DeepEqual(tier.Guardrails, want) {
		t.Errorf("the tier adds %+v, want %+v", tier.Guardrails, want)
	}
	if rules := tier.Rules(); len(rules) != len(guardrail.Rules("HIPAA"))+1 || rules[len(rules)-1].Sid != "NoStreams" {
		t.Errorf("the tier has %d rules", len(rules))
	}
	last := p.Customers[len(p.Customers)-1]
	if want := []Exemption{{"NoStreams", "a trial", "2027-03-31"}}; !reflect.DeepEqual(last.Exempt, want) {
		t.Errorf("%s is exempt from %+v, want %+v", last.Key, last.Exempt, want)
	}
}

func TestFaultsOfGuardrails(t *testing.T) {
	long := "[" + strings.Repeat(`"s3:AnActionWithALongName", `, 400) + `"s3:X"]`
	var many strings.Builder
	many.WriteString("tiers:\n  fintech:\n    guardrails:\n")
	for i := range 18 {
		fmt.Fprintf(&many, "      - {sid: Long%d, why: long, actions: [\"s3:*\"], resources: [%s]}\n", i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("%q, ", fmt.Sprint("arn:aws:s3:::", i, strings.Repeat("x", 480))), 9), ", "))
	}
	for _, c := range []struct{ name, old, now, want string }{
		{"a statement that the tier does not have", "statement: NoStreams", "statement: EncryptVolume", `tier "healthcare" has no statement "EncryptVolume". Did you mean "EncryptVolumes"?`},
		{"another tier's statement", "statement: NoStreams", "statement: KeepFlowLogs", `tier "healthcare" has no statement "KeepFlowLogs"`},
		{"an exemption without a reason", ", reason: a trial", "", `an exemption lacks "reason"`},
		{"an exemption with an empty reason", "reason: a trial", `reason: " "`, "reason is empty"},
		{"an exemption without an end", ", until: 2027-03-31", "", `an exemption lacks "until"`},
		{"a day that is none", "2027-03-31", "2027-02-30", `until "2027-02-30" is not a date`},
		{"an exemption twice", "      - {statement", "      - {statement: NoStreams, reason: x, until: 2027-01-01}\n      - {statement", `statement "NoStreams" is already on line`},
		{"what suspends has no exemption", "statement: NoStreams", "statement: DenyAll", `tier "healthcare" has no statement "DenyAll"`},
		{"a name that is taken", "sid: NoStreams", "sid: NoRoot", `sid "NoRoot" is already a statement's`},
		{"a name of two", "sid: NoStreams", "sid: ThisAndThat", `sid "ThisAndThat" has And in it`},
		{"a name with a space", "sid: NoStreams", "sid: No Streams", "is not 1 to 64 letters and digits"},
		{"no actions", `        actions: ["kinesis:Create*"]` + "\n", "", "has to have either actions or not_actions"},
		{"an action that is none", `"kinesis:Create*"`, `kinesis`, `action "kinesis" is not an action such as s3:PutObject`},
		{"an operator that there is not", "Bool: {", "Boolean: {", `statement "NoStreams" cannot be: `},
		{"an Allow", "        why:", "        effect: Allow\n        why:", `effect "Allow" cannot be; a tier's statements only deny`},
		{"a value that is no text", `"aws:SecureTransport": "true"`, `"aws:SecureTransport": true`, "is not text; write it in quotes"},
		{"too many characters", `["kinesis:Create*"]`, long, "characters alone; AWS lets one policy have 10240"},
		{"too many policies", "tiers:\n", many.String(), "guardrails take 10 policies with those of its framework; AWS lets 10 be attached to its unit, and FullAWSAccess is one of them"},
		{"two tiers of one framework", "tiers:\n", "tiers:\n  clinics: {name: Clinics, framework: HIPAA, price: 1}\n", "are both of HIPAA and share its policy; write the same guardrails for both"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(guarded, c.old, c.now, 1)
			if text == guarded {
				t.Fatalf("%q is not in the file", c.old)
			}
			if got := faultsOf(t, text); !strings.Contains(got, c.want) {
				t.Errorf("faults are\n%s\nwant %q", got, c.want)
			}
		})
	}
}
