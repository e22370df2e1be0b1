package sla

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var zones = []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia"}

// edges are instants near which clocks and calendars do something: they are changed in
// March and November, a day is skipped in Apia, February has a 29th, a year ends.
var edges = []string{"2026-03-08T05:00:00Z", "2026-03-29T00:00:00Z", "2026-10-25T00:00:00Z", "2026-11-01T05:00:00Z", "2026-04-04T13:00:00Z", "2026-10-03T14:00:00Z",
	"2011-12-29T22:00:00Z", "2028-02-28T12:00:00Z", "2027-02-28T12:00:00Z", "2026-12-31T10:00:00Z"}

func instant(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func calendar(t *testing.T, r *rand.Rand) Calendar {
	var z Zone
	if err := z.UnmarshalText([]byte(zones[r.IntN(len(zones))])); err != nil {
		t.Fatal(err)
	}
	c := Calendar{Name: "random", Zone: z}
	for d := range c.Week {
		at := 0
		for range r.IntN(4) {
			from := at + r.IntN(500)
			to := from + 1 + r.IntN(400)
			if to > Day.To {
				break
			}
			c.Week[d] = append(c.Week[d], Span{from, to})
			at = to
		}
	}
	if c.Empty() {
		c.Week[time.Wednesday] = []Span{Day}
	}
	for _, h := range []string{"12-25", "01-01", "02-29", "2026-03-29", "2026-12-31"} {
		if r.IntN(2) == 0 {
			c.Holidays = append(c.Holidays, h)
		}
	}
	return c
}

// works is the definition of working time, for the minute that begins at an instant.
func works(c Calendar, at time.Time) bool {
	local := at.In(c.Zone.in())
	for _, h := range c.Holidays {
		if h == local.Format("2006-01-02") || h == local.Format("01-02") {
			return false
		}
	}
	minute := local.Hour()*60 + local.Minute()
	return slices.ContainsFunc(c.Week[local.Weekday()], func(s Span) bool { return s.From <= minute && minute < s.To })
}

// FuzzMinutes compares working time and deadlines with minutes that are counted one by
// one.
func FuzzMinutes(f *testing.F) {
	for n := range uint64(60) {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, n uint64) {
		r := rand.New(rand.NewPCG(n, 0))
		c := calendar(t, r)
		a := instant(t, edges[r.IntN(len(edges))]).Add(time.Duration(r.IntN(4000)-2000) * time.Minute)
		b := a.Add(time.Duration(r.IntN(6*24*60)) * time.Minute)
		var count time.Duration
		for m := a; m.Before(b); m = m.Add(time.Minute) {
			if works(c, m) {
				count += time.Minute
			}
		}
		if got := c.Working(a, b); got != count {
			t.Errorf("%s: %v to %v works %v, want %v", c.Zone, a, b, got, count)
		}
		want := time.Duration(1+r.IntN(2000)) * time.Minute
		at, left := a, want
		for ; left > 0; at = at.Add(time.Minute) {
			if works(c, at) {
				left -= time.Minute
			}
		}
		if got := c.After(a, want); !got.Equal(at) {
			t.Errorf("%s: %v after %v is %v, want %v", c.Zone, want, a, got, at)
		}
	})
}

// oracle counts a ticket's deadlines minute by minute. Of each promise it keeps which
// minutes ran, and judges them by the terms in force at the end.
type oracle struct {
	terms             Terms
	ran               map[Promise]map[time.Time]bool
	open              map[Promise]bool
	answered          bool
	waiting, resolved bool
	met               []bool
}

func (o *oracle) worked(p Promise) (sum time.Duration) {
	for m := range o.ran[p] {
		if works(o.terms.Calendar, m) {
			sum += time.Minute
		}
	}
	return sum
}

func (o *oracle) event(e Event) {
	end := func(p Promise) {
		if o.open[p] {
			o.met = append(o.met, o.worked(p) <= o.terms.Targets.of(p))
			o.open[p], o.ran[p] = false, map[time.Time]bool{}
		}
	}
	switch e.Act {
	case Agreed:
		o.terms = e.Terms
	case Asked:
		o.waiting, o.resolved = false, false
		if !o.open[First] {
			if !o.answered && len(o.met) == 0 {
				o.open[First], o.open[Resolution] = true, true
			} else {
				o.open[Next] = true
			}
		}
	case Answered:
		end(First)
		end(Next)
	case Waiting:
		o.waiting = !o.resolved
	case Resumed:
		o.waiting = false
	case Resolved:
		if !o.resolved {
			end(First)
			end(Next)
			o.resolved, o.waiting = true, false
		}
	case Reopened:
		o.resolved = false
	}
}

func (o *oracle) minute(at time.Time) {
	for p, open := range o.open {
		if open && (p == First || !o.waiting && !o.resolved) {
			o.ran[p][at] = true
		}
	}
}

// due is when a promise will have run out if nothing more happens.
func (o *oracle) due(p Promise, now time.Time) time.Time {
	minutes := o.ran[p]
	var at []time.Time
	for m := range minutes {
		at = append(at, m)
	}
	slices.SortFunc(at, time.Time.Compare)
	left := o.terms.Targets.of(p)
	for _, m := range at {
		if works(o.terms.Calendar, m) {
			if left -= time.Minute; left == 0 {
				return m.Add(time.Minute)
			}
		}
	}
	for m := now; ; m = m.Add(time.Minute) {
		if works(o.terms.Calendar, m) {
			if left -= time.Minute; left == 0 {
				return m.Add(time.Minute)
			}
		}
	}
}

// FuzzHistory plays random histories, with changes of calendar and targets among them,
// and compares every deadline that runs, and every end, with the oracle's.
func FuzzHistory(f *testing.F) {
	for n := range uint64(25) {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, n uint64) {
		r := rand.New(rand.NewPCG(n, 1))
		terms := func() Terms {
			some := func() time.Duration { return time.Duration(1+r.IntN(900)) * time.Minute }
			return Terms{calendar(t, r), Targets{some(), some(), some()}}
		}
		at := instant(t, edges[r.IntN(len(edges))]).Add(time.Duration(r.IntN(3000)-1500) * time.Minute)
		o := &oracle{ran: map[Promise]map[time.Time]bool{First: {}, Next: {}, Resolution: {}}, open: map[Promise]bool{}}
		var c Clocks
		acts := []Act{Asked, Asked, Answered, Answered, Waiting, Resumed, Resolved, Reopened, Agreed}
		for i := range 10 {
			e := Event{At: at, Act: acts[r.IntN(len(acts))]}
			if i < 2 {
				e.Act = []Act{Agreed, Asked}[i]
			}
			if e.Act == Agreed {
				e.Terms = terms()
			}
			c.Apply(e)
			o.event(e)
			s := c.Standing()
			for _, d := range []Deadline{s.First, s.Next, s.Resolution} {
				runs := o.open[d.Promise] && (d.Promise == First || !o.waiting && !o.resolved)
				if (d.State == Running) != runs {
					t.Fatalf("seed %d: after %s the %s is %q, want it running: %v", n, e.Act, d.Promise, d.State, runs)
				}
				if want := o.worked(d.Promise); d.State == Paused && d.Left != o.terms.Targets.of(d.Promise)-want {
					t.Errorf("seed %d: the %s has %v left, want %v", n, d.Promise, d.Left, o.terms.Targets.of(d.Promise)-want)
				}
				if runs {
					if want := o.due(d.Promise, at); !d.Due.Equal(want) {
						t.Errorf("seed %d: after %s the %s is due %v, want %v", n, e.Act, d.Promise, d.Due, want)
					}
				}
			}
			var met []bool
			for _, d := range s.Ended {
				met = append(met, d.State == Met)
			}
			if !slices.Equal(met, o.met) {
				t.Fatalf("seed %d: after %s responses were met %v, want %v", n, e.Act, met, o.met)
			}
			next := at.Add(time.Duration(r.IntN(1500)) * time.Minute)
			for ; at.Before(next); at = at.Add(time.Minute) {
				o.minute(at)
			}
		}
	})
}

func TestDefaults(t *testing.T) {
	for _, c := range []struct {
		name, tier string
		priority   Priority
		at, due    string
	}{
		{"a federal ticket on a Sunday night", "government-federal", Normal, "2026-03-29T01:00:00Z", "2026-03-29T01:15:00Z"},
		{"healthcare at the end of the year", "healthcare", Normal, "2026-12-31T23:30:00Z", "2027-01-01T00:30:00Z"},
		{"fintech on a Friday afternoon goes on on Monday", "fintech", Normal, "2026-11-20T15:00:00Z", "2026-11-23T11:00:00Z"},
		{"fintech that ends with the day is due when it ends", "fintech", Normal, "2026-11-20T13:00:00Z", "2026-11-20T17:00:00Z"},
		{"standard has a business day", "standard", Normal, "2026-11-23T10:00:00Z", "2026-11-24T10:00:00Z"},
		{"standard before a leap day", "standard", Normal, "2028-02-28T10:00:00Z", "2028-02-29T10:00:00Z"},
		{"an urgent one has half of it", "fintech", Urgent, "2026-11-23T09:00:00Z", "2026-11-23T11:00:00Z"},
		{"a low one has twice", "fintech", Low, "2026-11-23T09:00:00Z", "2026-11-23T17:00:00Z"},
		{"a tier of one's own is as standard", "gold", Normal, "2026-11-23T10:00:00Z", "2026-11-24T10:00:00Z"},
	} {
		at := instant(t, c.at)
		got := Judge([]Event{{at, Agreed, Default(c.tier).Of(c.priority)}, {at, Asked, Terms{}}})
		if want := instant(t, c.due); !got.First.Due.Equal(want) {
			t.Errorf("%s: due %v, want %v", c.name, got.First.Due, want)
		}
	}
}

// TestWhatOthersGotWrong are faults that users of other help desks reported.
func TestWhatOthersGotWrong(t *testing.T) {
	at := instant(t, "2026-11-23T09:00:00Z")
	h := func(n int, a Act) Event { return Event{at.Add(time.Duration(n) * time.Hour), a, Terms{}} }
	begin := []Event{{at, Agreed, Terms{Always, Targets{4 * time.Hour, 2 * time.Hour, 10 * time.Hour}}}, h(0, Asked)}
	for _, c := range []struct {
		name string
		then []Event
		want func(Standing) bool
	}{
		{"nothing runs on after the ticket is resolved", []Event{h(1, Answered), h(2, Asked), h(3, Resolved)}, func(s Standing) bool { _, runs := s.Due(); return !runs }},
		{"nothing is awaited once it is answered", []Event{h(1, Answered)}, func(s Standing) bool { d, _ := s.Due(); return d.Promise == Resolution }},
		{"a second question does not put off the first", []Event{h(1, Answered), h(2, Asked), h(3, Asked)}, func(s Standing) bool { return s.Next.Due.Equal(at.Add(4 * time.Hour)) }},
		{"a later response overrules no earlier one", []Event{h(5, Answered), h(6, Asked), h(7, Answered)}, func(s Standing) bool {
			return s.First.State == Missed && s.Next.State == Met && len(s.Ended) == 2
		}},
		{"waiting for the customer costs nothing", []Event{h(1, Answered), h(1, Waiting), h(50, Asked)}, func(s Standing) bool { return s.Resolution.Due.Equal(at.Add(59 * time.Hour)) }},
		{"waiting before any answer puts off none", []Event{h(1, Waiting)}, func(s Standing) bool { return s.First.Due.Equal(at.Add(4 * time.Hour)) }},
		{"what was resolved in time stays so when the terms are tightened", []Event{h(9, Resolved), {at.Add(9 * time.Hour), Agreed, Terms{Always, Targets{1, 1, 1}}}}, func(s Standing) bool { return s.Resolution.State == Met }},
		{"what is opened again goes on where it was", []Event{h(1, Resolved), h(30, Reopened)}, func(s Standing) bool { return s.Resolution.Due.Equal(at.Add(39 * time.Hour)) }},
	} {
		if s := Judge(append(slices.Clone(begin), c.then...)); !c.want(s) {
			t.Errorf("%s: %+v", c.name, s)
		}
	}
}

func TestTermsAreKeptAsText(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 0))
	for range 50 {
		want := Terms{calendar(t, r), Targets{1, 2, 3}}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Terms
		if err := json.Unmarshal(text, &got); err != nil || !got.Same(want) {
			t.Fatalf("%s: %v; got %v", text, err, got)
		}
	}
	for _, s := range []string{"", "9:00-17:00", "09:00-09:00", "10:00-09:00", "09:00-24:01", "09:60-10:00", "-9:00-17:00", "09:00-17:0x"} {
		if err := new(Span).UnmarshalText([]byte(s)); err == nil {
			t.Errorf("%q is a span", s)
		}
	}
}
