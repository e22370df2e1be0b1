package report

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"landlord/portfolio"
	"landlord/simulate"
)

func TestZZGen(t *testing.T) {
	gen := func(name string, p *portfolio.Portfolio, scales ...int) {
		var b bytes.Buffer
		if err := New(study(t, p, scales...)).HTML(&b); err != nil {
			t.Fatal(err)
		}
		fmt.Println(name, b.Len())
		os.WriteFile("/tmp/htmlr/"+name+".html", b.Bytes(), 0o644)
	}
	gen("five", example(t), simulate.Scales...)
	if os.Getenv("ALL") == "" {
		return
	}
	one := *example(t)
	one.Customers = one.Customers[:1]
	gen("one", &one, 1)
	none := *example(t)
	none.Customers = nil
	gen("none", &none)
	gen("many", simulate.Scale(example(t), 200), 1, 10, 50, 100)
	weird := *simulate.Scale(example(t), 7)
	weird.Customers[0].Name = `<script>alert("x")</script> & Söhne`
	weird.Customers[1].Name = "שלום עולם בע״מ"
	weird.Customers[2].Name = "🚀🛰 日本株式会社の長い名前のお客様でございます、とても長い名前のお客様でございます"
	weird.Customers[3].Name = "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW"
	weird.Customers[4].Name = "A name of many words that goes on and on for one hundred and twenty-eight characters, as the portfolio file lets it go, really so"
	gen("weird", &weird, 1, 2)
	if os.Getenv("ALL") == "2" {
		gen("huge", simulate.Scale(example(t), 10000), 1)
	}
}
