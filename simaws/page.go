package simaws

import (
	"encoding/base64"
	"slices"
	"sort"
	"strconv"
	"strings"

	"landlord/internal/limits"
)

// numbered is an entity with its place in every list: the number it was made
// under, which never changes and is never used again.
type numbered interface{ number() int }

// ordered is a set of entities in the order they were made. Lists are cut out
// of it, so a page costs its own length.
type ordered[T numbered] struct{ items []T }

// after returns the entities with a number above n.
func (o *ordered[T]) after(n int) []T {
	return o.items[sort.Search(len(o.items), func(i int) bool { return o.items[i].number() > n }):]
}

func (o *ordered[T]) insert(x T) {
	n := x.number()
	at := len(o.items)
	if at > 0 && o.items[at-1].number() > n {
		at -= len(o.after(n))
	}
	o.items = slices.Insert(o.items, at, x)
}

func (o *ordered[T]) remove(x T) {
	n := x.number()
	at := len(o.items) - len(o.after(n-1))
	if at < len(o.items) && o.items[at].number() == n {
		o.items = slices.Delete(o.items, at, at+1)
	}
}

func (o *ordered[T]) len() int { return len(o.items) }

// page is one page of a list and the token of the next, "" at the end.
type page[T any] struct {
	items []T
	next  string
}

// paged cuts a page out of list: the entities that keep accepts (nil accepts
// all), from where the call's token points to. scope is what the call lists,
// so that a token is good for one list only.
func paged[T numbered](c *call, scope string, list *ordered[T], keep func(T) bool) (page[T], error) {
	last, err := c.position(scope)
	if err != nil {
		return page[T]{}, err
	}
	var p page[T]
	most := c.pageSize()
	for _, x := range list.after(last) {
		if keep != nil && !keep(x) {
			continue
		}
		if len(p.items) == most {
			p.next = c.token(scope, last)
			break
		}
		p.items = append(p.items, x)
		last = x.number()
	}
	return p, nil
}

// shown are the items of a page as an answer has them: never null.
func shown[T, O any](items []T, out func(T) O) []O {
	list := make([]O, 0, len(items))
	for _, x := range items {
		list = append(list, out(x))
	}
	return list
}

// pageSize is how many items the caller wants on a page.
func (c *call) pageSize() int {
	if n := c.in.number("MaxResults"); n > 0 {
		return min(n, limits.PageSize)
	}
	return limits.PageSize
}

// token makes the opaque token of the page that starts behind entity last.
func (c *call) token(scope string, last int) string {
	return base64.RawURLEncoding.EncodeToString([]byte(c.operation + "/" + scope + "/" + strconv.Itoa(last)))
}

// position reads the call's token: the last entity of the page before, 0 for
// the first page.
func (c *call) position(scope string) (int, error) {
	token := c.in.text("NextToken")
	if token == "" {
		return 0, nil
	}
	last, ok := decodeToken(token, c.operation+"/"+scope+"/")
	if !ok {
		return 0, invalid("INVALID_NEXT_TOKEN", "You specified a NextToken that is not valid for this call. Get the value from the response to a previous call of the operation.")
	}
	return last, nil
}

func decodeToken(token, prefix string) (last int, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return 0, false
	}
	rest, ok := strings.CutPrefix(string(raw), prefix)
	if !ok {
		return 0, false
	}
	last, err = strconv.Atoi(rest)
	return last, err == nil && last >= 0
}
