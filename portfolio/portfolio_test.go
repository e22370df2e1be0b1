package portfolio

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"landlord/internal/money"
	"landlord/org"
)

// valid is a portfolio file that the tests change a line of.
const valid = `provider:
  name: Example MSP
  account_email: aws+{customer}@landlord.example
organization:
  target: simulated
  management_account: "111122223333"
  simulated_accounts: {acme: "222233334444"}
customers:
  - key: acme
    name: ACME Finance Inc
    tier: fintech
    contact: john@acmefinance.com
  - key: medicorp
    name: MediCorp Solutions Inc
    tier: healthcare
    contact: compliance@medicorp.com
`

// with is valid with its one old replaced.
func with(t *testing.T, old, now string) string {
	t.Helper()
	if strings.Count(valid, old) != 1 {
		t.Fatalf("%q is in the valid file %d times, want once", old, strings.Count(valid, old))
	}
	return strings.Replace(valid, old, now, 1)
}

func parse(t *testing.T, text string) *Portfolio {
	t.Helper()
	p, err := Parse("portfolio.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%v\nin\n%s", err, text)
	}
	return p
}

func TestTheExampleHoldsTheFiveCustomers(t *testing.T) {
	p, err := Load("../examples/five-customers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	type customer struct {
		key, name, tier, contact, email string
		price                           money.Cents
		simulated                       org.AccountID
	}
	want := []customer{
		{"acme", "ACME Finance Inc", "fintech", "john@acmefinance.com", "aws+acme@landlord.example", 8000_00, "222233334444"},
		{"medicorp", "MediCorp Solutions Inc", "healthcare", "compliance@medicorp.com", "aws+medicorp@landlord.example", 15000_00, "333344445555"},
		{"techgov", "TechGov Solutions Inc", "government-federal", "security@techgov.gov", "aws+techgov@landlord.example", 25000_00, "444455556666"},
		{"quantum", "Quantum Bank Corp", "fintech", "ops@quantumbank.com", "aws+quantum@landlord.example", 8000_00, "555566667777"},
		{"startup", "StartupCorp Inc", "standard", "admin@startupcorp.io", "aws+startup@landlord.example", 2000_00, "666677778888"},
	}
	var got []customer
	for _, c := range p.Customers {
		got = append(got, customer{c.Key, c.Name, c.Tier, c.Contact, c.Email, c.Price, p.Organization.SimulatedAccounts[c.Key]})
		if c.Account != "" {
			t.Errorf("%s adopts account %s, want none", c.Key, c.Account)
		}
		if c.Lines > p.Economics.ConfigLinesPerCustomer || c.Lines != 4 {
			t.Errorf("%s takes %d lines, want 4", c.Key, c.Lines)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestWhatAFileLeavesOutHasADefault(t *testing.T) {
	p := parse(t, valid)
	if !reflect.DeepEqual(p.Tiers, builtin) {
		t.Errorf("tiers %v, want %v", p.Tiers, builtin)
	}
	if p.Economics != economics {
		t.Errorf("economics %+v, want %+v", p.Economics, economics)
	}
	if want := []string{"us-east-1"}; !reflect.DeepEqual(p.Organization.Regions, want) {
		t.Errorf("regions %v, want %v", p.Organization.Regions, want)
	}
}

func TestAFileChangesWhatItNames(t *testing.T) {
	p := parse(t, valid+`  - {key: zed, name: Zoë Ltd, tier: gaming, contact: z@zed.example, price: 12.50, account: "000000000042",
     region: eu-west-1, segment: Games, since: 2026-01-31, until: "2027-01-31", formerly: [zee, zet]}
departed: [oldco, {key: older, until: 2026-05-31}]
tiers:
  gaming: {name: Gaming, framework: ISO 27001, price: "4000.5"}
  fintech: {price: 9000}
economics: {infrastructure: 200, minutes: {baseline: 20}, account_cost: {high: 20}}
`)
	want := Customer{Key: "zed", Name: "Zoë Ltd", Tier: "gaming", Contact: "z@zed.example", Price: 1250, OwnPrice: true, Account: "000000000042",
		Region: "eu-west-1", Segment: "Games", Since: "2026-01-31", Until: "2027-01-31", Formerly: []string{"zee", "zet"},
		AccountName: "Zoe Ltd", Email: "aws+zed@landlord.example", Line: 17, Lines: 2}
	if got := p.Customers[2]; !reflect.DeepEqual(got, want) {
		t.Errorf("customer\ngot  %+v\nwant %+v", got, want)
	}
	if got, want := p.Customers[0].Price, money.Dollars(9000); got != want {
		t.Errorf("acme pays %s, want the file's price of its tier, %s", got, want)
	}
	if got, _ := p.Tier("gaming"); !reflect.DeepEqual(got, Tier{Key: "gaming", Name: "Gaming", Framework: "ISO 27001", Unit: "Customers-Gaming", Price: 4000_50, Partition: Commercial, Units: Flat}) || !reflect.DeepEqual(p.Tiers[4], got) {
		t.Errorf("tier gaming is %+v, want it last of %+v", got, p.Tiers)
	}
	if got, _ := p.Tier("fintech"); got.Unit != "Customers-Fintech" || got.Price != 9000_00 {
		t.Errorf("tier fintech is %+v, want only its price changed", got)
	}
	if want := []Departure{{"oldco", "", 19}, {"older", "2026-05-31", 19}}; !reflect.DeepEqual(p.Departed, want) {
		t.Errorf("departed %+v, want %+v", p.Departed, want)
	}
	e := economics
	e.Infrastructure, e.Minutes.Baseline, e.AccountCost.High = 200_00, 20, 20_00
	if p.Economics != e {
		t.Errorf("economics %+v, want %+v", p.Economics, e)
	}
}

func TestTheFormOfAFileDoesNotMatter(t *testing.T) {
	want := parse(t, valid)
	for name, text := range map[string]string{
		"a byte order mark":        "\ufeff" + valid,
		"lines that end in CR LF":  strings.ReplaceAll(valid, "\n", "\r\n"),
		"no line break at the end": strings.TrimSuffix(valid, "\n"),
		"an end marker":            valid + "...\n",
		"comments at the end":      valid + "# the end\n",
	} {
		if got := parse(t, text); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got\n%+v\nwant\n%+v", name, got, want)
		}
	}
}

func TestNoCustomersAreAPortfolio(t *testing.T) {
	head, _, _ := strings.Cut(valid, "  simulated_accounts")
	if p := parse(t, head+"customers: []\n"); len(p.Customers) != 0 {
		t.Errorf("customers %v, want none", p.Customers)
	}
}

func TestTextIsTakenAsItIsWritten(t *testing.T) {
	p := parse(t, strings.NewReplacer("key: medicorp", "key: no", "name: MediCorp Solutions Inc", "name: 0x7B").Replace(valid))
	if c := p.Customers[1]; c.Key != "no" || c.Name != "0x7B" {
		t.Errorf("key %q, name %q, want them as written", c.Key, c.Name)
	}
}

func TestLoadRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large.yaml")
	file, err := os.Create(large)
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Truncate(50_000_000); err != nil {
		t.Fatal(err)
	}
	file.Close()
	for path, want := range map[string]string{
		filepath.Join(dir, "none.yaml"): "there is no such file",
		dir:                             "is a folder",
		large:                           "has 50 MB; a portfolio file has at most 10 MB",
		"/dev/zero":                     "has more than 10 MB",
	} {
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
	if _, err := Load(filepath.Join(dir, "none.yaml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want one that is fs.ErrNotExist", err)
	}
}
