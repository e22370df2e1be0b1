package execute

import (
	"slices"
	"strings"
	"time"
)

// before is the order in which operations get their turn: what is done in accounts
// first, so that one that was entered is done with before another is.
func before(a, b string) int {
	inA, inB := strings.Contains(a, ":"), strings.Contains(b, ":")
	switch {
	case inA == inB:
		return strings.Compare(a, b)
	case inA:
		return -1
	}
	return 1
}

// queue is a heap of steps, the first in the plan on top.
type queue struct{ items []int }

func (q *queue) Len() int           { return len(q.items) }
func (q *queue) Less(i, j int) bool { return q.items[i] < q.items[j] }
func (q *queue) Swap(i, j int)      { q.items[i], q.items[j] = q.items[j], q.items[i] }
func (q *queue) Push(x any)         { q.items = append(q.items, x.(int)) }
func (q *queue) Pop() any {
	last := len(q.items) - 1
	x := q.items[last]
	q.items = q.items[:last]
	return x
}

// delay is a step that is tried again at a time.
type delay struct {
	at   time.Time
	step int
}

// delays is a heap of delays, the earliest on top, then the first in the plan.
type delays []delay

func (d delays) Len() int { return len(d) }
func (d delays) Less(i, j int) bool {
	if d[i].at.Equal(d[j].at) {
		return d[i].step < d[j].step
	}
	return d[i].at.Before(d[j].at)
}
func (d delays) Swap(i, j int) { d[i], d[j] = d[j], d[i] }
func (d *delays) Push(x any)   { *d = append(*d, x.(delay)) }
func (d *delays) Pop() any {
	last := len(*d) - 1
	x := (*d)[last]
	*d = slices.Delete(*d, last, last+1)
	return x
}
