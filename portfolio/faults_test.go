package portfolio

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// faultsOf are the faults of a file, one a line.
func faultsOf(t *testing.T, text string) string {
	t.Helper()
	_, err := Parse("f", []byte(text))
	if err == nil {
		t.Fatalf("no fault in\n%s", text)
	}
	if _, ok := errors.AsType[*Faults](err); !ok {
		t.Fatalf("error is %T, want *Faults", err)
	}
	return err.Error()
}

// manyTags are one more than fit.
func manyTags() string {
	var tags []string
	for i := range OwnTags + 1 {
		tags = append(tags, fmt.Sprintf("t%d: x", i))
	}
	return strings.Join(tags, ", ")
}

func TestAFaultNamesItsPlaceAndWhatIsExpected(t *testing.T) {
	for _, c := range []struct{ name, old, now, want string }{
		{"an unknown field names the nearest", "    tier: fintech", "    teir: fintech", "f:11:5: unknown field \"teir\" in a customer. Did you mean \"tier\"?"},
		{"an unknown field like no other names all", "  name: Example MSP", "  name: Example MSP\n  colour: red", `f:3:3: unknown field "colour" in provider; known are name, account_email`},
		{"an unknown tier names the nearest", "tier: fintech", "tier: fintec", `f:11:11: unknown tier "fintec". Did you mean "fintech"?`},
		{"an unknown tier like no other names all", "tier: fintech", "tier: gold", `f:11:11: unknown tier "gold"; known are fintech, healthcare, government-federal, standard`},
		{"a list where text is expected", "name: ACME Finance Inc", "name: [ACME]", `f:10:11: name is a list; expected text of 1 to 128 characters`},
		{"a text where a mapping is expected", "simulated_accounts: {acme: \"222233334444\"}", "simulated_accounts: acme", `f:7:23: simulated_accounts is "acme"; expected a mapping of customer keys to account ids`},
		{"a field without a value", "name: ACME Finance Inc", "name:", `f:10:10: name has no value; expected text of 1 to 128 characters`},
		{"a required field that is missing", "    contact: john@acmefinance.com\n", "", `f:9:5: a customer lacks "contact": an e-mail address`},
		{"a field twice", "    tier: fintech", "    tier: fintech\n    tier: standard", `f:12:5: "tier" is given twice in a customer; first on line 11`},
		{"a key twice", "key: medicorp", "key: acme", `f:13:10: key "acme" is already on line 9`},
		{"a key that was another's", "    tier: fintech", "    tier: fintech\n    formerly: [medicorp]", `f:12:16: former key "medicorp" is already on line 14`},
		{"a key that is the customer's own", "    tier: fintech", "    tier: fintech\n    formerly: [acme]", `f:12:16: former key "acme" is already on line 9`},
		{"a key of one who left", "customers:", "departed: [acme]\ncustomers:", `f:8:12: departed key "acme" is already on line 10`},
		{"a key that left twice", "customers:", "departed: [oldco, {key: oldco}]\ncustomers:", `f:8:25: departed key "oldco" is already on line 8`},
		{"a contact twice, in another case", "compliance@medicorp.com", "John@ACMEFinance.com", `f:16:14: contact "John@ACMEFinance.com" is already on line 12`},
		{"an account of two", "    tier: healthcare", "    tier: healthcare\n    account: \"222233334444\"", `f:16:14: account "222233334444" is already that of "acme" on line 7`},
		{"the management account as a customer's", "    tier: healthcare", "    tier: healthcare\n    account: \"111122223333\"", `f:16:14: account "111122223333" is the management account; a customer's is another`},
		{"an account without quotes", "    tier: healthcare", "    tier: healthcare\n    account: 012345678901", `f:16:14: account 012345678901 is not quoted; write "012345678901": YAML takes it for a number and eats leading zeros`},
		{"an account of five digits", "    tier: healthcare", "    tier: healthcare\n    account: \"12345\"", `f:16:14: account "12345" is not an AWS account id: 12 digits, quoted`},
		{"an account by an address that is none", "    tier: healthcare", "    tier: healthcare\n    account: a b@x.example", `f:16:14: account "a b@x.example" is not the root address of an account: before the @ no space and none of " ' ( ) < > [ ] : ; , \ | % & are allowed`},
		{"an account of two by its address", "  - key: medicorp", "  - {key: other, name: Other, tier: standard, contact: o@o.example, account: Own@x.example}\n  - key: medicorp\n    account: own@x.example", `f:15:14: account "own@x.example" is already on line 13`},
		{"a tag of landlord's", "    tier: fintech", "    tier: fintech\n    tags: {Landlord:tier: x}", `f:12:12: tag key "Landlord:tier" is reserved: keys that begin with landlord: are landlord's, aws: AWS's`},
		{"a tag that AWS does not take", "    tier: fintech", "    tier: fintech\n    tags:\n      team: a|b", `f:13:7: the value "a|b" of tag "team" is not 0 to 256 letters, digits, spaces or any of _ . : / = + - @`},
		{"a tag without a value", "    tier: fintech", "    tier: fintech\n    tags:\n      team:", `f:13:12: tag "team" has no value; write "" for an empty one`},
		{"more tags than an account holds", "    tier: fintech", "    tier: fintech\n    tags: {" + manyTags() + "}", `f:12:11: 44 tags; AWS allows 50 on an account, of which landlord keeps 7 for its own`},
		{"two frameworks of one policy", "customers:", "tiers:\n  cobalt: {name: A, framework: \"C+\", price: 1}\n  copper: {name: B, framework: C, price: 1}\ncustomers:", `f:10:32: framework "C" of tier "copper" has the policy landlord-c, which is that of framework "C+" of tier "cobalt"; write both alike, or choose another name`},
		{"a framework that is written as no other tier's", "customers:", "tiers:\n  own: {name: A, framework: SOC2, price: 1}\ncustomers:", `f:9:29: framework "SOC2" of tier "own" has the policy landlord-soc2, which is that of framework "SOC 2" of tier "fintech"; write both alike, or choose another name`},
		{"a tier in GovCloud", "customers:", "tiers:\n  government-federal: {partition: aws-us-gov}\ncustomers:", `f:9:35: partition "aws-us-gov" is not built yet: each customer there is a pair of accounts (CreateGovCloudAccount), whose second half is invited into an organization of its own in GovCloud, with units, policies, sign-in and credentials of its own. FedRAMP Moderate can stay in the US regions of "aws"`},
		{"a tier in no partition", "customers:", "tiers:\n  government-federal: {partition: aws-us-gow}\ncustomers:", `f:9:35: unknown partition "aws-us-gow". Did you mean "aws-us-gov"?`},
		{"a simulated account of nobody", "{acme:", "{acne:", `f:7:24: unknown customer "acne". Did you mean "acme"?`},
		{"a contact that is no address", "contact: john@acmefinance.com", "contact: john.acmefinance.com", `f:12:14: contact "john.acmefinance.com" is not an e-mail address such as ops@example.com`},
		{"a contact with a name", "contact: john@acmefinance.com", "contact: John <john@acmefinance.com>", `f:12:14: contact "John <john@acmefinance.com>" is not an e-mail address such as ops@example.com`},
		{"a pattern without a place for the key", "aws+{customer}@", "aws@", `f:3:18: account_email "aws@landlord.example": a pattern holds "{customer}" once`},
		{"a pattern with two", "aws+{customer}@", "a{customer}+{customer}@", `f:3:18: account_email "a{customer}+{customer}@landlord.example": a pattern holds "{customer}" once`},
		{"a pattern with the key in the domain", "aws+{customer}@", "aws@{customer}.", `f:3:18: account_email "aws@{customer}.landlord.example": "{customer}" stands before the @`},
		{"a pattern without a dot in its domain", "@landlord.example", "@landlord", `f:3:18: account_email "aws+{customer}@landlord": after the @ comes a domain such as example.com`},
		{"a pattern with a space", "aws+{", "aws {", `f:3:18: account_email "aws {customer}@landlord.example": before the @ no space and none of " ' ( ) < > [ ] : ; , \ | % & are allowed`},
		{"a pattern that begins with a dot", "aws+{", ".{", `f:3:18: account_email ".{customer}@landlord.example": what stands before the @ is not empty and does not begin with a dot`},
		{"a pattern with two @", "aws+{", "aws@{", `f:3:18: account_email "aws@{customer}@landlord.example": "{customer}" stands before the @`},
		{"a pattern that is not ASCII", "aws+{", "äws+{", `f:3:18: account_email "äws+{customer}@landlord.example": an address is ASCII only`},
		{"a pattern that leaves no room", "@landlord.example", "@a-very-long-name-of-a-provider-who-sells-hosting.example", `f:3:18: account_email "aws+{customer}@a-very-long-name-of-a-provider-who-sells-host…": besides {customer} it has 61 characters; at most 54 leave room for a key`},
		{"a price below zero", "    tier: fintech", "    tier: fintech\n    price: -1", `f:12:12: price "-1" is negative; expected an amount in USD such as 8000 or 99.50`},
		{"a price with three decimals", "    tier: fintech", "    tier: fintech\n    price: 1.005", `f:12:12: price "1.005" is not an amount in USD: digits such as 8000, or 99.50`},
		{"a price in words", "    tier: fintech", "    tier: fintech\n    price: free", `f:12:12: price "free" is not an amount in USD: digits such as 8000, or 99.50`},
		{"a price that is not a number", "    tier: fintech", "    tier: fintech\n    price: .nan", `f:12:12: price ".nan" is not an amount in USD: digits such as 8000, or 99.50`},
		{"a hexadecimal price", "    tier: fintech", "    tier: fintech\n    price: 0x10", `f:12:12: price "0x10" is not an amount in USD: digits such as 8000, or 99.50`},
		{"an octal price", "    tier: fintech", "    tier: fintech\n    price: 010", `f:12:12: price "010" is not an amount in USD: digits such as 8000, or 99.50`},
		{"a price with an exponent", "    tier: fintech", "    tier: fintech\n    price: 1e3", `f:12:12: price "1e3" is not an amount in USD: digits such as 8000, or 99.50`},
		{"a price with separators", "    tier: fintech", "    tier: fintech\n    price: 8_000", `f:12:12: price "8_000" is not an amount in USD: digits such as 8000, or 99.50`},
		{"a price beyond all prices", "    tier: fintech", "    tier: fintech\n    price: 100000000.01", `f:12:12: price "100000000.01" is too large; the most is $100,000,000`},
		{"a key in capitals", "key: medicorp", "key: MediCorp", `f:13:10: key "MediCorp" is not a key: a lower-case letter, then up to 39 lower-case letters, digits or hyphens`},
		{"a key of 41 characters", "key: medicorp", "key: m23456789012345678901234567890123456789x1", `f:13:10: key "m23456789012345678901234567890123456789x1" is not a key: a lower-case letter, then up to 39 lower-case letters, digits or hyphens`},
		{"an empty name", "name: ACME Finance Inc", `name: "  "`, `f:10:11: name is empty; expected text of 1 to 128 characters`},
		{"a name with a line break", "name: ACME Finance Inc", `name: "ACME\nInc"`, `f:10:11: name "ACME\nInc" has control characters; expected text of 1 to 128 characters`},
		{"a name of 129 characters", "name: ACME Finance Inc", "name: " + strings.Repeat("é", 129), `f:10:11: name has 129 characters; expected text of 1 to 128 characters`},
		{"a day that does not exist", "    tier: fintech", "    tier: fintech\n    since: 2026-02-29", `f:12:12: since "2026-02-29" is not a date; expected one such as 2026-01-31`},
		{"an end on the day of the begin", "    tier: fintech", "    tier: fintech\n    since: 2026-02-28\n    until: 2026-02-28", `f:13:12: until "2026-02-28" is not after since "2026-02-28"`},
		{"a region like no region", "    tier: fintech", "    tier: fintech\n    region: Virginia", `f:12:13: region "Virginia" is not an AWS region such as us-east-1`},
		{"no region at all", "  target: simulated", "  target: simulated\n  regions: []", `f:6:12: regions is empty; expected at least one AWS region, the home region first`},
		{"a target like the nearest", "target: simulated", "target: simulate", `f:5:11: unknown target "simulate". Did you mean "simulated"?`},
		{"a target like none", "target: simulated", "target: azure", `f:5:11: unknown target "azure"; expected "simulated" or "aws"`},
		{"a lock elsewhere", "  target: simulated", "  target: simulated\n  lock: gs://x", `f:6:9: lock "gs://x" is not a lock; expected a folder, "s3://bucket/key" or "server"`},
		{"a tier that lacks fields", "customers:", "tiers: {fintec: {price: 1}}\ncustomers:", `f:8:9: tier "fintec" is not built in and lacks "name", "framework". Did you mean "fintech"?`},
		{"a framework that is called as a suspension", "customers:", "tiers: {standard: {framework: Sus-Pended}}\ncustomers:", `f:8:31: framework "Sus-Pended" cannot be: its policy would be landlord-suspended, which landlord keeps for the accounts of suspended customers; choose another name`},
		{"a unit of two tiers", "customers:", "tiers: {standard: {unit: customers-fintech}}\ncustomers:", `f:8:26: unit "customers-fintech" of tier "standard" is already the unit of tier "fintech"`},
		{"no people", "customers:", "economics: {customers_per_person: 0}\ncustomers:", `f:8:35: customers_per_person "0" is not a whole number from 1 to 1000000`},
		{"minutes in words", "customers:", "economics: {minutes: {baseline: ten}}\ncustomers:", `f:8:33: baseline "ten" is not a whole number from 0 to 100000`},
		{"a cost the wrong way round", "customers:", "economics: {account_cost: {low: 20}}\ncustomers:", `f:8:27: account_cost has low 20 above high 15`},
		{"an anchor and its alias", "name: ACME Finance Inc\n    tier: fintech", "name: &n ACME\n    tier: *n", "f:10:11: the anchor &n is not taken; write each value where it belongs\nf:11:11: the alias *n is not taken; write the value out"},
		{"a merge key", "    tier: fintech", "    tier: fintech\n    <<: {region: us-east-1}", `f:12:5: the merge key "<<" is not taken; write the fields out`},
		{"a tag", "name: ACME Finance Inc", "name: !!str ACME", `f:10:11: the tag "!!str" is not taken; leave it out`},
		{"a second document", "customers:", "---\ncustomers:", "f:8:1: a second document begins here; a portfolio file holds one"},
		{"a colon in a text", "name: ACME Finance Inc", "name: ACME: Finance", `f:10:15: this is not YAML: a ":" where none can be; check the indent, and quote a text that holds ": "`},
		{"quotes that never end", "name: ACME Finance Inc", `name: "ACME`, "f:10:11: this is not YAML: the quotes that begin here never end"},
		{"a tab as indent", "    tier: fintech", "\ttier: fintech", "f:11:1: this is not YAML: a tab cannot indent YAML; use spaces"},
		{"a value that begins with @", "name: ACME Finance Inc", "name: @acme", `f:10:11: this is not YAML: a value cannot begin with "@"; quote it`},
		{"a list that never ends", "name: ACME Finance Inc", "name: [ACME", `f:10:11: this is not YAML: the list that begins here has no "]" or lacks a comma`},
		{"a line without a colon", "    tier: fintech", "    tier", `f:11:5: this is not YAML: this line is no "field: value"`},
		{"an invalid byte", "ACME Finance", "ACM\xff Finance", "f:10:14: byte 0xff is not UTF-8; save the file as UTF-8 text"},
		{"a binary file", "ACME Finance", "ACME\x00Finance", "f:10:15: the character U+0000 is not text; expected a YAML file"},
	} {
		if got := faultsOf(t, with(t, c.old, c.now)); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestAFileThatIsNoPortfolio(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"an empty file", "", "f:1:1: the file is empty; expected provider, organization and customers"},
		{"only comments", "# one\n# two\n", "f:1:1: the file is empty; expected provider, organization and customers"},
		{"only a marker", "---\n", "f:1:1: the file is empty; expected provider, organization and customers"},
		{"a list", "- a\n", "f:1:1: the file is a list; expected provider, organization and customers"},
		{"a text", "hello\n", `f:1:1: the file is "hello"; expected provider, organization and customers`},
		{"an empty mapping", "{}\n", "f:1:1: the file lacks \"provider\": the provider's name and account_email\n" +
			"f:1:1: the file lacks \"organization\": a mapping with target and management_account\n" +
			"f:1:1: the file lacks \"customers\": a list of customers, [] for none"},
	} {
		if got := faultsOf(t, c.text); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}

// faulty has many faults at once.
const faulty = `provider:
  name: Example MSP
  account_email: aws@landlord.example
organisation:
  target: simulated
customers:
  - key: acme
    name: 東京金融 "ACME"
    tier: fintec
    contact: john@acmefinance.com
  - {key: medicorp, name: "株式会社", tier: "helthcare", contact: john@acmefinance.com, account: 12345}
  - key: Quantum
    name: "Quantum\u001b[31m"
    tier: fintech
    price: 1e3
`

func TestFaultsArePrintedForPeople(t *testing.T) {
	long := strings.Replace(faulty, "東京金融", strings.Repeat("long ", 40)+"東京金融", 1)
	for name, c := range map[string]struct {
		text  string
		color bool
	}{
		"faults":       {faulty, false},
		"faults-color": {faulty, true},
		"faults-long":  {long[:strings.Index(long, "  - key: Quantum")] + "  - {name: " + strings.Repeat("long ", 20) + ", price: none}\n", false},
		"fault":        {"a: [b\n", false},
	} {
		_, err := Parse("portfolio.yaml", []byte(c.text))
		faults, ok := errors.AsType[*Faults](err)
		if !ok {
			t.Fatalf("%s: %v, want faults", name, err)
		}
		var got strings.Builder
		if err := faults.Write(&got, c.color); err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", name+".txt")
		if *update {
			if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got.String() != string(want) {
			t.Errorf("%s:\ngot\n%swant\n%s", name, got.String(), want)
		}
	}
}

// TestAnAnswerDoesNotWait parses files of the sizes and shapes that make a
// careless check quadratic.
func TestAnAnswerDoesNotWait(t *testing.T) {
	head, _, _ := strings.Cut(valid, "  simulated_accounts")
	var many, strange, ids strings.Builder
	ids.WriteString("  simulated_accounts:\n")
	for i := range 10_000 {
		fmt.Fprintf(&many, "  - key: c%d\n    name: Customer %d\n    tier: fintech\n    contact: c%d@c.example\n", i, i, i)
		fmt.Fprintf(&strange, "  - key: c%d\n    name: Customer %d\n    teir: fintec\n    contact: c@c.example\n", i%100, i)
		fmt.Fprintf(&ids, "    d%d: \"%012d\"\n", i, i)
	}
	for name, text := range map[string]string{
		"10,000 customers":              head + "customers:\n" + many.String(),
		"10,000 customers with faults":  head + "customers:\n" + strange.String(),
		"10,000 unknown account owners": head + ids.String() + "customers:\n" + many.String(),
		"a million open brackets":       "a: " + strings.Repeat("[", 1_000_000),
		"a bomb of aliases":             "a: &a [x,x,x,x,x,x,x,x,x]\n" + bomb(20),
	} {
		begin := time.Now()
		_, err := Parse("f", []byte(text))
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
		if good := name == "10,000 customers"; good != (err == nil) {
			t.Errorf("%s: error %v", name, err != nil)
		}
	}
}

// bomb is n lists that each hold the one before nine times.
func bomb(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%[2]c: &%[2]c [%[1]s]\n", strings.Repeat(fmt.Sprintf("*%c,", 'a'+i), 9), 'b'+i)
	}
	return b.String()
}
