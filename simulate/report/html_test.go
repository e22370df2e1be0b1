package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"landlord/org"
	"landlord/portfolio"
	"landlord/simulate"
)

func html(t testing.TB, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.HTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// node is an element of a page, or text where Name is "".
type node struct {
	Name  string
	Attr  map[string]string
	Text  string // of a text
	Below []*node
}

// parse reads a page. Pages are written so that they are XML too, which has
// every element closed and every attribute quoted.
func parse(t testing.TB, page string) *node {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	root := &node{}
	open := []*node{root}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return root
		}
		if err != nil {
			t.Fatalf("the page does not parse: %v", err)
		}
		last := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			n := &node{Name: token.Name.Local, Attr: map[string]string{}}
			for _, a := range token.Attr {
				n.Attr[a.Name.Local] = a.Value
			}
			last.Below = append(last.Below, n)
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			last.Below = append(last.Below, &node{Text: string(token)})
		}
	}
}

// all returns the elements below n with one of the names.
func (n *node) all(names ...string) []*node {
	var found []*node
	for _, below := range n.Below {
		if slices.Contains(names, below.Name) {
			found = append(found, below)
		}
		found = append(found, below.all(names...)...)
	}
	return found
}

// text is what is written below n.
func (n *node) text() string {
	var b strings.Builder
	b.WriteString(n.Text)
	for _, below := range n.Below {
		b.WriteString(below.text())
	}
	return b.String()
}

// sections are the ids of the page's sections, in the reference's order.
var sections = []string{"customers", "revenue", "architecture", "timeline", "tiers", "growth", "effort", "validation", "insights",
	"projections", "issues", "decision", "summary", "comparison", "steps", "differences", "times", "inputs"}

func TestPageHasEverySection(t *testing.T) {
	root := parse(t, html(t, New(study(t, example(t), simulate.Scales...))))
	var ids, links []string
	for _, s := range root.all("section") {
		ids = append(ids, s.Attr["id"])
		if len(s.all("h2")) != 1 || len(s.text()) < 200 {
			t.Errorf("section %s has no heading of its own or says next to nothing", s.Attr["id"])
		}
	}
	for _, a := range root.all("nav")[0].all("a") {
		links = append(links, strings.TrimPrefix(a.Attr["href"], "#"))
	}
	if !slices.Equal(ids, sections) || !slices.Equal(links, sections) {
		t.Errorf("sections %v, links to %v, want %v", ids, links, sections)
	}
	for _, id := range []string{"revenue-chart", "tree-chart", "timeline-chart", "deploy-chart", "margin-chart", "infrastructure-chart"} {
		if !slices.ContainsFunc(root.all("title"), func(n *node) bool { return n.Attr["id"] == id+"-t" }) {
			t.Errorf("there is no %s", id)
		}
	}
	text := root.text()
	for _, want := range []string{"Decision: deploy.", "222233334444", "ACME Finance Inc", "$58,000", "landlord-soc2", "5 invoices can be generated independently", "Customers-Government-Federal"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestPageIsTheSameEachTime(t *testing.T) {
	r := New(study(t, example(t), 1, 2))
	first, again := html(t, r), html(t, r)
	if first != again || first != html(t, New(study(t, example(t), 1, 2))) {
		t.Error("the same study gives different pages")
	}
}

// TestPageNeedsNothingElse checks that the page's own policy lets in its style
// sheet and nothing else, and that it asks for nothing else.
func TestPageNeedsNothingElse(t *testing.T) {
	root := parse(t, html(t, New(study(t, example(t), 1))))
	sum := sha256.Sum256([]byte(root.all("style")[0].text()))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "';"
	if got := root.all("meta")[1].Attr["content"]; !strings.HasPrefix(got, policy) {
		t.Errorf("policy %q, want %q", got, policy)
	}
	if css := root.all("style")[0].text(); strings.Contains(css, "url(") || strings.Contains(css, "@import") {
		t.Error("the style sheet loads something")
	}
	checkPage(t, root)
}

func TestOddPages(t *testing.T) {
	names := []string{`<script>alert("1")</script>`, `' onload='x`, "שלום עולם בע״מ", "🚀 日本株式会社", strings.Repeat("W", 128), "</style></title>", "a\u202eb"}
	weird := oddly(t, len(names), "", "fintech", "standard")
	for i, name := range names {
		weird.Customers[i].Name = name
	}
	for _, row := range []struct {
		name   string
		file   *portfolio.Portfolio
		scales []int
		charts int
	}{
		{"no customers", oddly(t, 0, ""), []int{1, 2}, 0},
		{"one customer at one scale has no curves", oddly(t, 1, "", "healthcare"), []int{1}, 3},
		{"one tier", oddly(t, 4, "", "fintech"), []int{1, 2}, 6},
		{"a tier of the file's own", oddly(t, 8, "", "own", "fintech"), []int{1, 100}, 6},
		{"200 customers", oddly(t, 200, "", "fintech", "healthcare", "standard"), []int{1, 50}, 6},
		{"names of every kind", weird, []int{1, 2}, 6},
		{"customers who pay nothing have no revenue to draw", oddly(t, 3, ", price: 0", "fintech", "healthcare"), []int{1, 2}, 4},
		{"a cent each", oddly(t, 3, ", price: 0.01", "fintech"), []int{1, 2}, 6},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := New(study(t, row.file, row.scales...))
			page := html(t, r)
			root := parse(t, page)
			checkPage(t, root)
			if found := nonsense.FindString(root.all("body")[0].text()); found != "" {
				t.Errorf("the page says %q", found)
			}
			charts := 0
			for _, svg := range root.all("svg") {
				if svg.Attr["class"] == "wide" {
					charts++
				}
			}
			if charts != row.charts {
				t.Errorf("%d charts, want %d", charts, row.charts)
			}
			for _, c := range r.Customers[:min(len(r.Customers), shownBars)] {
				if !strings.Contains(root.text(), oneLine(c.Name)) {
					t.Errorf("the page does not name %q", c.Name)
				}
			}
			if strings.ContainsRune(page, '\u202e') {
				t.Error("a name turns the text around")
			}
		})
	}
}

// TestPageOfManyStaysSmall checks a report with 10,000 customers, made from one
// with 200 so that it need not be simulated.
func TestPageOfManyStaysSmall(t *testing.T) {
	r := New(study(t, oddly(t, 200, "", "fintech", "healthcare", "standard"), 1))
	customers, bars := r.Customers, r.Timeline.Bars
	for i := range 49 {
		for _, c := range customers {
			c.Key, c.Name = fmt.Sprint(c.Key, "-", i), fmt.Sprint(c.Name, " ", i)
			r.Customers = append(r.Customers, c)
		}
		for _, b := range bars {
			if b.Customer != "" {
				b.Customer = fmt.Sprint(b.Customer, "-", i)
				r.Timeline.Bars = append(r.Timeline.Bars, b)
			}
		}
	}
	for i := range r.Tree.Units {
		u := &r.Tree.Units[i]
		for len(u.Members) < 4000 {
			u.Members = append(u.Members, Member{Customer: "Customer", Account: org.AccountID(fmt.Sprintf("%012d", len(u.Members)))})
		}
	}
	page := html(t, r)
	root := parse(t, page)
	checkPage(t, root)
	if most := 1_000_000; len(page) >= most {
		t.Errorf("%d bytes, want less than %d", len(page), most)
	}
	if !strings.Contains(root.text(), "And 9,950 more customers") {
		t.Error("the page does not say how many customers it leaves out")
	}
}

// checkPage checks what every page promises: no reference to anything outside,
// no script, no style that the policy refuses, tables and charts that say what
// they are, and nothing drawn outside its picture.
func checkPage(t *testing.T, root *node) {
	t.Helper()
	ids := map[string]bool{}
	for _, n := range root.all("html", "section", "main", "h2", "title", "desc") {
		if id := n.Attr["id"]; id != "" && ids[id] {
			t.Errorf("id %s is there twice", id)
		}
		ids[n.Attr["id"]] = true
	}
	if found := root.all("script", "img", "iframe", "object", "image", "use", "form", "input", "button"); len(found) > 0 {
		t.Errorf("the page has %s", found[0].Name)
	}
	var every func(n *node)
	every = func(n *node) {
		for name, value := range n.Attr {
			inside := name == "href" && (value == "data:," || strings.HasPrefix(value, "#") && ids[value[1:]])
			if (name == "href" || name == "src" || name == "style" || strings.HasPrefix(name, "on")) && !inside {
				t.Errorf("%s has %s=%q", n.Name, name, value)
			}
			if name == "aria-labelledby" {
				for id := range strings.FieldsSeq(value) {
					if !ids[id] {
						t.Errorf("%s is labelled by %s, which is nowhere", n.Name, id)
					}
				}
			}
		}
		for _, below := range n.Below {
			every(below)
		}
	}
	every(root)
	if n := len(root.all("h1")); n != 1 || root.all("html")[0].Attr["lang"] != "en" || len(root.all("main", "header", "nav", "footer")) != 4 {
		t.Errorf("%d h1, landmarks %d, language %q", n, len(root.all("main", "header", "nav", "footer")), root.all("html")[0].Attr["lang"])
	}
	for _, table := range root.all("table") {
		captions := table.all("caption")
		if len(captions) != 1 || captions[0].text() == "" {
			t.Errorf("a table has no caption: %.80s", table.text())
			continue
		}
		head := len(table.all("thead")[0].all("th"))
		for _, row := range table.all("tbody")[0].all("tr") {
			heads := row.all("th")
			if len(row.all("th", "td")) != head || len(heads) != 1 || heads[0].Attr["scope"] != "row" {
				t.Errorf("table %s: row %q has %d of %d cells, %d heads", captions[0].text(), row.text(), len(row.all("th", "td")), head, len(heads))
			}
		}
	}
	for _, svg := range root.all("svg") {
		checkDrawing(t, svg)
	}
}

// checkDrawing checks that a picture is named and that its marks are inside it.
func checkDrawing(t *testing.T, svg *node) {
	t.Helper()
	if len(svg.all("title")) != 1 || len(svg.all("desc")) != 1 || svg.all("desc")[0].text() == "" || svg.Attr["role"] != "img" {
		t.Errorf("a picture has no title or description: %.80s", svg.text())
	}
	number := func(s string) float64 {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || v != v || v > 1e6 {
			t.Errorf("picture %s has the coordinate %q", svg.all("title")[0].text(), s)
		}
		return v
	}
	box := strings.Fields(svg.Attr["viewBox"])
	w, h := number(box[2]), number(box[3])
	inside := func(n *node, x, y float64) {
		if x < -0.1 || x > w+0.1 || y < -0.1 || y > h+0.1 {
			t.Errorf("picture %s: %s %v at %v, %v is outside %v × %v", svg.all("title")[0].text(), n.Name, n.text(), x, y, w, h)
		}
	}
	for _, n := range svg.all("text", "rect", "line", "circle", "polyline", "polygon") {
		switch n.Name {
		case "text":
			inside(n, number(n.Attr["x"]), number(n.Attr["y"]))
		case "rect":
			x, y := number(n.Attr["x"]), number(n.Attr["y"])
			inside(n, x, y)
			inside(n, x+number(n.Attr["width"]), y+number(n.Attr["height"]))
		case "line":
			inside(n, number(n.Attr["x1"]), number(n.Attr["y1"]))
			inside(n, number(n.Attr["x2"]), number(n.Attr["y2"]))
		case "circle":
			inside(n, number(n.Attr["cx"]), number(n.Attr["cy"]))
		default:
			for at := range strings.FieldsSeq(n.Attr["points"]) {
				x, y, _ := strings.Cut(at, ",")
				inside(n, number(x), number(y))
			}
		}
	}
}

// FuzzFit checks that text is cut to the room there is, and never within a
// character.
func FuzzFit(f *testing.F) {
	f.Add("ACME Finance Inc", 40)
	f.Add("日本株式会社", 30)
	f.Fuzz(func(t *testing.T, s string, room int) {
		s = strings.ToValidUTF8(s, "")
		got := fit(s, px(room))
		if got != s && (!strings.HasSuffix(got, "…") || textWidth(s) <= px(room)) {
			t.Errorf("fit(%q, %d) = %q", s, room, got)
		}
	})
}

func TestTicks(t *testing.T) {
	for _, row := range []struct {
		lo, hi float64
		most   int
		want   []float64
	}{
		{0, 11.2, 7, []float64{0, 2, 4, 6, 8, 10, 12}},
		{0, 25000, 5, []float64{0, 5000, 10000, 15000, 20000, 25000}},
		{0, 100, 5, []float64{0, 20, 40, 60, 80, 100}},
		{-234, 100, 4, []float64{-300, -200, -100, 0, 100}},
		{0, 0, 4, []float64{0, 0.5, 1}},
	} {
		if got := ticks(row.lo, row.hi, row.most); !slices.Equal(got, row.want) {
			t.Errorf("ticks(%v, %v, %d) = %v, want %v", row.lo, row.hi, row.most, got, row.want)
		}
	}
}
