package portfolio

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"landlord/business/sla"
)

const promises = `support:
  sla:
    calendars:
      berlin:
        zone: Europe/Berlin
        hours: {monday: ["09:00-12:00", "13:00-17:30"], friday: ["09:00-12:00"]}
        holidays: ["2026-12-25", "01-01"]
    tiers:
      fintech:
        calendar: berlin
        first_response: 2h
        priorities: {urgent: {first_response: 30m}}
`

func TestPromises(t *testing.T) {
	p := parse(t, valid+promises)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	fintech := p.Support.SLA["fintech"]
	want := sla.Agreement{
		Calendar: sla.Calendar{Name: "berlin", Zone: sla.Zone{Location: berlin}, Holidays: []string{"2026-12-25", "01-01"},
			Week: [7][]sla.Span{time.Monday: {{From: 540, To: 720}, {From: 780, To: 1050}}, time.Friday: {{From: 540, To: 720}}}},
		Targets: sla.Targets{First: 2 * time.Hour, Next: 4 * time.Hour, Resolution: 16 * time.Hour},
		Own:     map[sla.Priority]sla.Targets{sla.Urgent: {First: 30 * time.Minute}},
	}
	if !reflect.DeepEqual(fintech, want) {
		t.Errorf("fintech is promised %+v, want %+v", fintech, want)
	}
	if got := fintech.Of(sla.Urgent).Targets; got != (sla.Targets{First: 30 * time.Minute, Next: 2 * time.Hour, Resolution: 8 * time.Hour}) {
		t.Errorf("an urgent one has %+v", got)
	}
	if got := p.Support.SLA["healthcare"]; !reflect.DeepEqual(got, sla.Default("healthcare")) {
		t.Errorf("healthcare, of which the file says nothing, is promised %+v", got)
	}
	if err := compiled(t).Validate(instance(t, valid+promises)); err != nil {
		t.Errorf("the schema refuses it: %v", err)
	}
}

func TestPromisesThatCannotBe(t *testing.T) {
	for _, c := range []struct{ old, now, want string }{
		{"Europe/Berlin", "Berlin", `zone "Berlin" is no time zone such as Europe/Berlin`},
		{"Europe/Berlin", "Local", `zone "Local" is no time zone`},
		{"13:00-17:30", "11:00-17:30", "the hours of monday are not in order, or overlap"},
		{"13:00-17:30", "13:00-12:30", "it ends after it begins"},
		{"13:00-17:30", "1pm-5pm", "no span such as 09:00-17:30"},
		{`{monday: ["09:00-12:00", "13:00-17:30"], friday: ["09:00-12:00"]}`, "{}", `calendar "berlin" has no hours on any weekday`},
		{`"01-01"`, `"02-30"`, `holiday "02-30" is no day`},
		{"calendar: berlin", "calendar: berln", `unknown calendar "berln". Did you mean "berlin"?`},
		{"fintech:\n        calendar", "fintec:\n        calendar", `unknown tier "fintec". Did you mean "fintech"?`},
		{"first_response: 2h", "first_response: 2", `first_response "2" is no working time`},
		{"first_response: 2h", "first_response: 0m", `first_response "0m" is no working time`},
		{"urgent:", "urgnt:", `unknown "urgnt"`},
		{"monday:", "mon:", `unknown field "mon"`},
	} {
		if strings.Count(promises, c.old) != 1 {
			t.Fatalf("%q is there %d times", c.old, strings.Count(promises, c.old))
		}
		if got := faultsOf(t, valid+strings.Replace(promises, c.old, c.now, 1)); !strings.Contains(got, c.want) {
			t.Errorf("%s for %s: %s, want %s", c.now, c.old, got, c.want)
		}
	}
}
