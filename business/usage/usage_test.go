package usage

import (
	"bytes"
	"fmt"
	"math/big"
	"math/rand/v2"
	"reflect"
	"testing"

	"landlord/internal/money"
	"landlord/org"
)

// TestNothingIsLost: whoever has which accounts, what customers and pools have is the
// bill; and a bill that is another is noticed.
func TestNothingIsLost(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 0))
		owners := map[org.AccountID]string{}
		for range r.IntN(20) {
			owners[org.AccountID(fmt.Sprint(r.IntN(30)))] = fmt.Sprint("customer ", r.IntN(5))
		}
		var lines []Line
		var billed, effective money.Sum
		for range r.IntN(200) {
			l := Line{Account: org.AccountID(fmt.Sprint(r.IntN(30))), Category: []string{"Usage", "Tax", "Credit", "Purchase"}[r.IntN(4)], Service: []string{"Amazon S3", "AWS Support (Business)"}[r.IntN(2)],
				Billed: money.Metered(fmt.Sprintf("%d.%d1", r.IntN(100)-50, r.IntN(1e9))), Effective: "0.5"}
			lines = append(lines, l)
			billed.Add(l.Billed)
			effective.Add(l.Effective)
		}
		b := Bill{Account: "7", Billed: billed.Metered(), Effective: effective.Metered(), Lines: lines}
		owned := Attribute(lines, b.Account, owners)
		s, err := b.Split(owned)
		sum := new(big.Rat)
		for _, c := range s.Customers {
			sum.Add(sum, c.Billed.Rat())
		}
		for _, c := range s.Pools {
			sum.Add(sum, c.Billed.Rat())
		}
		if err != nil || sum.Cmp(b.Billed.Rat()) != 0 {
			t.Errorf("seed %d: %v: all is %s, want %s", seed, err, sum.RatString(), b.Billed)
		}
		b.Billed += "1"
		if _, err := b.Split(owned); err == nil {
			t.Errorf("seed %d: a bill of another sum was split", seed)
		}
	}
}

func TestPools(t *testing.T) {
	owners := map[org.AccountID]string{"111122223330": "acme"}
	for name, c := range map[string]struct {
		line Line
		want string
	}{
		"a customer's":                       {Line{Account: "111122223330", Category: "Usage"}, "acme/"},
		"tax on a customer's account":        {Line{Account: "111122223330", Category: "Tax"}, "acme/"},
		"tax on none":                        {Line{Category: "Tax"}, "/tax"},
		"a credit of the one that is billed": {Line{Account: "999988887777", Category: "Credit"}, "/credits"},
		"support of the whole":               {Line{Account: "999988887777", Category: "Usage", Service: "AWS Support (Enterprise)"}, "/support"},
		"what runs where the bill goes":      {Line{Account: "999988887777", Category: "Usage", Service: "AWS CloudTrail"}, "/management"},
		"what names no account":              {Line{Category: "Purchase"}, "/management"},
		"an account of nobody's":             {Line{Account: "555566667777", Category: "Usage"}, "/unknown"},
	} {
		got := Attribute([]Line{c.line}, "999988887777", owners)[0]
		if got := got.Customer + "/" + string(got.Pool); got != c.want {
			t.Errorf("%s is %s, want %s", name, got, c.want)
		}
	}
}

// TestDigest: the same in another order is the same; anything else is not.
func TestDigest(t *testing.T) {
	a := Owned{Line: Line{Account: "1", Day: "2026-01-01", Service: "S", Region: "r", Category: "Usage", Billed: "1", Effective: "2"}, Customer: "acme"}
	b := a
	b.Day = "2026-01-02"
	want := Digest([]Owned{a, b})
	if got := Digest([]Owned{b, a}); got != want {
		t.Errorf("in another order it is %s, want %s", got, want)
	}
	for name, change := range map[string]func(*Owned){
		"account": func(o *Owned) { o.Account = "2" }, "day": func(o *Owned) { o.Day = "2026-01-03" }, "service": func(o *Owned) { o.Service = "T" }, "region": func(o *Owned) { o.Region = "" },
		"category": func(o *Owned) { o.Category = "Tax" }, "billed": func(o *Owned) { o.Billed = "1.1" }, "effective": func(o *Owned) { o.Effective = "0" },
		"customer": func(o *Owned) { o.Customer = "bolt" }, "pool": func(o *Owned) { o.Pool = Tax },
	} {
		c := a
		change(&c)
		if Digest([]Owned{c, b}) == want {
			t.Errorf("another %s gives the same digest", name)
		}
	}
}

// TestSent: what is written is read, and what is cut off is not.
func TestSent(t *testing.T) {
	bills := []Bill{
		{Account: "999988887777", Month: "2026-01", Currency: "USD", Format: "FOCUS 1.2", Rows: 7, Billed: "1.5", Effective: "-2", Lines: []Line{
			{Account: "111122223330", Day: "2026-01-02", Service: `Amazon "S3"`, Region: "us-east-1", Category: "Usage", Billed: "1", Effective: "-2"},
			{Day: "2026-01-03", Category: "Tax", Billed: "0.5", Effective: "0"},
		}},
		{Account: "999988887777", Month: "2026-02", Currency: "USD", Format: "FOCUS 1.2", Rows: 1, Billed: "0", Effective: "0", Lines: []Line{{Day: "2026-02-03", Category: "Credit", Billed: "0", Effective: "0"}}},
	}
	var text bytes.Buffer
	if err := Write(&text, bills); err != nil {
		t.Fatal(err)
	}
	got, err := Read(bytes.NewReader(text.Bytes()))
	if err != nil || !reflect.DeepEqual(got, bills) {
		t.Errorf("%v: %+v, want %+v", err, got, bills)
	}
	whole := bytes.Index(text.Bytes(), []byte("2026-02")) // the second bill begins in that line
	for n := 1; n < text.Len(); n++ {
		if bytes.LastIndexByte(text.Bytes()[:whole], '\n')+1 == n {
			continue // one whole bill; how long the rest is, HTTP says
		}
		if got, err := Read(bytes.NewReader(text.Bytes()[:n])); err == nil {
			t.Errorf("%d of %d bytes were read: %+v", n, text.Len(), got)
		}
	}
}
