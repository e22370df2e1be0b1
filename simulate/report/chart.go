package report

import (
	"math"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// drawing is a picture: what the page writes as SVG, painted in the order of
// its fields. Colours are classes of the style sheet, so that light, dark and
// print each have their own.
type drawing struct {
	ID          string
	Title, Desc string // for who cannot see it
	Narrow      bool   // for a phone
	W, H        px
	Areas       []curve
	Lines       []stroke
	Blocks      []block
	Curves      []curve
	Dots        []dot
	Labels      []label
}

type (
	stroke struct {
		X1, Y1, X2, Y2 px
		Class          string
	}
	block struct {
		X, Y, W, H px
		Class      string
	}
	dot struct {
		X, Y  px
		Class string
	}
	curve struct{ Points, Class string }
	label struct {
		X, Y   px
		Anchor string // start, middle or end
		Class  string
		Text   string
	}
)

// px is a length in a drawing.
type px float64

// String writes p with at most one decimal.
func (p px) String() string {
	return strings.TrimSuffix(strconv.FormatFloat(float64(p), 'f', 1, 64), ".0")
}

// chart is a drawing twice, the sentence above it that says what it shows, and
// one below where it does not show all.
type chart struct {
	Caption      string
	Wide, Narrow *drawing
	More         string
}

// frame is what a chart is drawn into.
type frame struct {
	w      px
	narrow bool
}

// twice draws for a wide page and for a phone. No chart is drawn where draw
// has nothing to show.
func twice(id, caption string, draw func(frame) *drawing) *chart {
	wide, narrow := draw(frame{860, false}), draw(frame{340, true})
	if wide == nil || narrow == nil {
		return nil
	}
	wide.ID, wide.W = id, 860
	narrow.ID, narrow.W, narrow.Narrow = id+"-narrow", 340, true
	return &chart{Caption: caption, Wide: wide, Narrow: narrow}
}

func (d *drawing) line(x1, y1, x2, y2 px, class string) {
	d.Lines = append(d.Lines, stroke{x1, y1, x2, y2, class})
}

func (d *drawing) block(x, y, w, h px, class string) {
	d.Blocks = append(d.Blocks, block{x, y, w, h, class})
}

// text writes s at x, y, cut to fit into room.
func (d *drawing) text(x, y px, anchor, class, s string, room px) {
	if class == "strong" {
		room *= 0.9
	}
	d.Labels = append(d.Labels, label{x, y, anchor, class, fit(oneLine(s), room)})
}

// points writes the points of a curve.
func points(at [][2]px) string {
	var b strings.Builder
	for i, p := range at {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(p[0].String() + "," + p[1].String())
	}
	return b.String()
}

// textWidth is about how wide s is at 13 pixels, in a typeface that is rather
// wide.
func textWidth(s string) px {
	var w px
	for _, r := range s {
		switch k := width.LookupRune(r).Kind(); {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case k == width.EastAsianWide || k == width.EastAsianFullwidth || r > 0xFFFF:
			w += 15
		case strings.ContainsRune("MWmw@%", r):
			w += 13
		case unicode.IsUpper(r):
			w += 9.4
		case strings.ContainsRune("ijltfrI.,;:'|()[] -", r):
			w += 4.8
		default:
			w += 8.1
		}
	}
	return w
}

// fit is s, cut with an ellipsis if it is wider than room.
func fit(s string, room px) string {
	if textWidth(s) <= room {
		return s
	}
	runes := []rune(s)
	for len(runes) > 1 && textWidth(string(runes))+9 > room {
		runes = runes[:len(runes)-1]
	}
	return strings.TrimRight(string(runes), " ") + "…"
}

// scale maps values to places in a drawing.
type scale struct {
	min, max float64
	from, to px
	log      bool
}

func (s scale) at(v float64) px {
	lo, hi := s.min, s.max
	if s.log {
		lo, hi, v = math.Log(lo), math.Log(hi), math.Log(v)
	}
	if hi == lo {
		return s.from
	}
	return s.from + px((v-lo)/(hi-lo))*(s.to-s.from)
}

// ticks are the round numbers that divide lo to hi into at most most parts; the
// first is not above lo, the last not below hi.
func ticks(lo, hi float64, most int) []float64 {
	if hi <= lo {
		hi = lo + 1
	}
	step := math.Pow(10, math.Floor(math.Log10((hi-lo)/float64(most))))
	for _, by := range []float64{1, 2, 2.5, 5, 10, 20} {
		first, last := math.Floor(lo/(step*by)), math.Ceil(hi/(step*by))
		if by == 2.5 && step < 10 || last-first > float64(most) {
			continue
		}
		var at []float64
		for i := first; i <= last; i++ {
			at = append(at, i*step*by)
		}
		return at
	}
	return []float64{lo, hi}
}

// tickText writes a tick.
func tickText(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return whole(int(v))
	}
	return strconv.FormatFloat(v, 'f', -1, 32)
}
