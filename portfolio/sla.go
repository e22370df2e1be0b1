package portfolio

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v4"

	"landlord/business/sla"
)

// promised is support.sla as the file has it.
type promised struct {
	calendars []named[placed[calendar]]
	tiers     []named[placed[agreement]]
}

// named is an entry of a mapping whose keys are names.
type named[T any] struct {
	key   *yaml.Node
	value T
}

type calendar struct {
	zone     sla.Zone
	hours    placed[week]
	holidays []string
}

type week [7][]sla.Span

type agreement struct {
	calendar string
	targets
	priorities []named[placed[targets]]
}

type targets struct{ first, next, resolution time.Duration }

// mostTarget is the longest that something can be promised for, in working time.
const mostTarget = 10_000 * time.Hour

var workingValue = value[time.Duration]{
	expects: "working time such as 15m, 4h or 1h30m",
	kind:    yaml.ScalarNode,
	schema: func() *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string", Pattern: workingText.String(), Examples: []any{"4h"}}
	},
	read: func(r *reader, n *yaml.Node, name string) time.Duration {
		d, err := time.ParseDuration(n.Value)
		if err != nil || !workingText.MatchString(n.Value) || d < time.Minute || d > mostTarget {
			r.fault(n, "%s %s is no working time such as 15m, 4h or 1h30m, at least a minute", name, quote(n.Value))
		}
		return d
	},
}

var workingText = regexp.MustCompile(`^([0-9]{1,5}h)?([0-9]{1,5}m)?$`)

var zoneValue = value[sla.Zone]{
	expects: "a time zone such as Europe/Berlin",
	kind:    yaml.ScalarNode,
	schema: func() *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string", Examples: []any{"Europe/Berlin"}}
	},
	read: func(r *reader, n *yaml.Node, name string) (z sla.Zone) {
		if err := z.UnmarshalText([]byte(n.Value)); err != nil {
			r.fault(n, "%s %s is no time zone such as Europe/Berlin", name, quote(n.Value))
		}
		return z
	},
}

var spanValue = value[sla.Span]{
	expects: "hours such as 09:00-17:30",
	kind:    yaml.ScalarNode,
	schema: func() *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string", Pattern: `^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$`, Examples: []any{"09:00-17:30"}}
	},
	read: func(r *reader, n *yaml.Node, name string) (s sla.Span) {
		if err := s.UnmarshalText([]byte(n.Value)); err != nil {
			r.fault(n, "%s: %s", name, cut(err.Error()))
		}
		return s
	},
}

var holidayValue = scalar("a day such as 2026-12-25, or 12-25 for every year", jsonschema.Schema{Pattern: `^(2[0-9]{3}-)?[0-9]{2}-[0-9]{2}$`},
	func(text, name string) string {
		whole := text
		if len(text) == len("12-25") {
			whole = "2000-" + text // a leap year
		}
		if _, err := time.Parse(time.DateOnly, whole); err != nil {
			return name + " " + quote(text) + " is no day such as 2026-12-25, or 12-25 for every year"
		}
		return ""
	})

func weekday(d time.Weekday) field[week] {
	name := strings.ToLower(d.String())
	return may(name, "The hours of each "+d.String()+", in order and apart from each other; [] for none.", list("a list of hours such as 09:00-17:30", name, spanValue), func(w *week) *[]sla.Span { return &w[d] })
}

var weekValue = mapping("a mapping of weekdays to hours", week{}, []field[week]{
	weekday(time.Monday), weekday(time.Tuesday), weekday(time.Wednesday), weekday(time.Thursday), weekday(time.Friday), weekday(time.Saturday), weekday(time.Sunday),
})

var calendarValue = mapping("a mapping with zone and hours", calendar{}, []field[calendar]{
	need("zone", "The time zone of the hours, by its name in the IANA database.", zoneValue, func(c *calendar) *sla.Zone { return &c.zone }),
	need("hours", "When there is somebody to answer, by weekday.", weekValue, func(c *calendar) *placed[week] { return &c.hours }),
	may("holidays", "Days without hours: 2026-12-25, or 12-25 for every year.", list("a list of days", "holiday", holidayValue), func(c *calendar) *[]string { return &c.holidays }),
})

func targetFields[T any](of func(*T) *targets) []field[T] {
	return []field[T]{
		may("first_response", "Working time until a customer's first message is answered.", workingValue, func(t *T) *time.Duration { return &of(t).first }),
		may("next_response", "Working time until each later message is answered.", workingValue, func(t *T) *time.Duration { return &of(t).next }),
		may("resolution", "Working time until a ticket is resolved, without what waits for the customer.", workingValue, func(t *T) *time.Duration { return &of(t).resolution }),
	}
}

var agreementValue = mapping("a mapping with calendar and targets", agreement{}, append([]field[agreement]{
	may("calendar", `The name of a calendar of the file, or "24x7" or "business".`, line(40), func(a *agreement) *string { return &a.calendar }),
	may("priorities", "Targets of tickets of another priority than normal; left out, urgent has half of normal's working time, high three quarters, low twice.",
		keyed("a mapping of priorities to targets", []string{string(sla.Urgent), string(sla.High), string(sla.Low)}, mapping("a mapping of targets", targets{}, targetFields(func(t *targets) *targets { return t }))), func(a *agreement) *[]named[placed[targets]] { return &a.priorities }),
}, targetFields(func(a *agreement) *targets { return &a.targets })...))

// keyed is a mapping of names, of those known if there are any, to values.
func keyed[V any](expects string, known []string, v value[V]) value[[]named[V]] {
	return value[[]named[V]]{
		expects: expects,
		kind:    yaml.MappingNode,
		schema: func() *jsonschema.Schema {
			s := object()
			for _, name := range known {
				s.Properties.Set(name, v.schema())
			}
			if known == nil {
				s.PatternProperties = map[string]*jsonschema.Schema{keyPattern: v.schema()}
			}
			return s
		},
		read: func(r *reader, n *yaml.Node, name string) (got []named[V]) {
			for key, at := range r.entries(n, name) {
				switch {
				case known == nil:
					keyValue.of(r, key, "key")
				case !slices.Contains(known, key.Value):
					r.fault(key, "unknown %s in %s%s", quote(key.Value), name, r.nearest(key.Value, known, "; known are "+strings.Join(known, ", ")))
				}
				got = append(got, named[V]{key, v.of(r, at, quote(key.Value))})
			}
			return got
		},
	}
}

var promisedValue = mapping("a mapping with calendars and tiers", promised{}, []field[promised]{
	may("calendars", `Calendars of your own, by name. "24x7" and "business" (Monday to Friday, 09:00-17:00 UTC) are built in.`, keyed("a mapping of names to calendars", nil, calendarValue), func(p *promised) *[]named[placed[calendar]] { return &p.calendars }),
	may("tiers", "What is promised to each tier. What is left out is as it is built in.", keyed("a mapping of tier keys to agreements", nil, agreementValue), func(p *promised) *[]named[placed[agreement]] { return &p.tiers }),
})

// checkPromised tells which calendars and tiers there are not, and which hours are none.
func (r *reader) checkPromised(d document) {
	p := d.support.value.promised.value
	known := []string{sla.Always.Name, sla.Business.Name}
	for _, c := range p.calendars {
		known = append(known, c.key.Value)
		if c.value.node == nil {
			continue
		}
		built := c.value.value.calendar("")
		if built.Empty() && c.value.value.hours.node != nil {
			r.fault(c.key, "calendar %s has no hours on any weekday", quote(c.key.Value))
		}
		for day, spans := range built.Week {
			for i := 1; i < len(spans); i++ {
				if spans[i].From < spans[i-1].To {
					r.fault(c.value.value.hours.at(strings.ToLower(time.Weekday(day).String())), "the hours of %s are not in order, or overlap", strings.ToLower(time.Weekday(day).String()))
				}
			}
		}
		yearly := 0
		for _, h := range built.Holidays {
			if len(h) == len("12-25") {
				yearly++
			}
		}
		if yearly > sla.MostYearly {
			r.fault(c.value.at("holidays"), "calendar %s has %d holidays of every year; the most is %d", quote(c.key.Value), yearly, sla.MostYearly)
		}
	}
	var tiers []string
	for _, t := range d.allTiers() {
		tiers = append(tiers, t.Key)
	}
	for _, a := range p.tiers {
		if !slices.Contains(tiers, a.key.Value) {
			r.fault(a.key, "unknown tier %s%s", quote(a.key.Value), r.nearest(a.key.Value, tiers, "; known are "+cut(strings.Join(tiers, ", "))))
		}
		if n := a.value.fields["calendar"]; n != nil && n.Kind == yaml.ScalarNode && !slices.Contains(known, n.Value) {
			r.fault(n, "unknown calendar %s%s", quote(n.Value), r.nearest(n.Value, known, "; known are "+cut(strings.Join(known, ", "))))
		}
	}
}

func (c calendar) calendar(name string) sla.Calendar {
	return sla.Calendar{Name: name, Zone: c.zone, Week: c.hours.value, Holidays: c.holidays}
}

// agreements are what is promised to each tier.
func (d document) agreements() map[string]sla.Agreement {
	p := d.support.value.promised.value
	calendars := map[string]sla.Calendar{sla.Always.Name: sla.Always, sla.Business.Name: sla.Business}
	for _, c := range p.calendars {
		calendars[c.key.Value] = c.value.value.calendar(c.key.Value)
	}
	all := map[string]sla.Agreement{}
	for _, t := range d.allTiers() {
		all[t.Key] = sla.Default(t.Key)
	}
	for _, own := range p.tiers {
		a := all[own.key.Value]
		if name := own.value.value.calendar; name != "" {
			a.Calendar = calendars[name]
		}
		a.Targets = own.value.value.over(a.Targets)
		a.Own = map[sla.Priority]sla.Targets{}
		for _, p := range own.value.value.priorities {
			a.Own[sla.Priority(p.key.Value)] = p.value.value.over(sla.Targets{})
		}
		all[own.key.Value] = a
	}
	return all
}

// over is t where it says something, and what was promised else.
func (t targets) over(was sla.Targets) sla.Targets {
	of := func(own, was time.Duration) time.Duration {
		if own > 0 {
			return own
		}
		return was
	}
	return sla.Targets{First: of(t.first, was.First), Next: of(t.next, was.Next), Resolution: of(t.resolution, was.Resolution)}
}
