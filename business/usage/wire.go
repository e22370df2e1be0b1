package usage

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"landlord/internal/money"
	"landlord/org"
)

// wire is a bill as it is sent: its lines follow it, each an array.
type wire struct {
	Account   org.AccountID `json:"account"`
	Month     string        `json:"month"`
	Currency  string        `json:"currency"`
	Format    string        `json:"format"`
	Rows      int64         `json:"rows"`
	Billed    money.Metered `json:"billed"`
	Effective money.Metered `json:"effective"`
	Lines     int           `json:"lines"`
}

// Write writes bills as Read reads them: JSON, a line for each bill and each of its
// lines.
func Write(w io.Writer, bills []Bill) error {
	b := bufio.NewWriterSize(w, 1<<16)
	to := json.NewEncoder(b)
	for _, bill := range bills {
		if err := to.Encode(wire{bill.Account, bill.Month, bill.Currency, bill.Format, bill.Rows, bill.Billed, bill.Effective, len(bill.Lines)}); err != nil {
			return err
		}
		for _, l := range bill.Lines {
			if err := to.Encode([7]string{string(l.Account), l.Day, l.Service, l.Region, l.Category, string(l.Billed), string(l.Effective)}); err != nil {
				return err
			}
		}
	}
	return b.Flush()
}

// linesMost is how many lines bills have at most: they are in memory at once.
const linesMost = 5_000_000

var (
	currencies = regexp.MustCompile(`^[A-Z]{3}$`)
	categories = map[string]bool{"Usage": true, "Purchase": true, "Tax": true, "Credit": true, "Adjustment": true}
)

// Read reads what Write wrote, whole, and judges it: amounts are as money.Metered has
// them, lines sum to their bill. The error says which line of the text is at fault.
func Read(r io.Reader) ([]Bill, error) {
	in := &reader{text: bufio.NewReaderSize(r, 1<<16), same: map[string]string{}}
	var bills []Bill
	for {
		b, err := in.bill()
		switch {
		case errors.Is(err, io.EOF):
			return bills, nil
		case err != nil:
			return nil, fmt.Errorf("line %d: %w", in.n, err)
		}
		bills = append(bills, b)
	}
}

type reader struct {
	text  *bufio.Reader
	n     int // lines that were read
	lines int // of bills
	same  map[string]string
}

// next reads a line into v; io.EOF where the text ends, io.ErrUnexpectedEOF where it
// ends within a line.
func (r *reader) next(v any) error {
	line, err := r.text.ReadBytes('\n')
	if errors.Is(err, io.EOF) && len(line) > 0 {
		return io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	r.n++
	return json.Unmarshal(line, v)
}

func (r *reader) bill() (b Bill, err error) {
	var w wire
	if err := r.next(&w); err != nil {
		return b, err
	}
	r.lines += w.Lines
	_, bad := time.Parse("2006-01", w.Month)
	switch {
	case w.Account == "" || len(w.Account) > 200:
		return b, errors.New("a bill is of an account")
	case bad != nil:
		return b, fmt.Errorf("month %q is none", w.Month)
	case !currencies.MatchString(w.Currency):
		return b, fmt.Errorf("currency %q is none", w.Currency)
	case w.Format == "" || w.Lines < 1 || w.Rows < int64(w.Lines):
		return b, errors.New("a bill has a format, lines, and rows that they are of")
	case r.lines > linesMost:
		return b, fmt.Errorf("these are more than %d lines; send the months apart", linesMost)
	}
	b = Bill{Account: w.Account, Month: w.Month, Currency: w.Currency, Format: w.Format, Rows: w.Rows, Billed: w.Billed, Effective: w.Effective}
	var billed, effective money.Sum
	for range w.Lines {
		l, err := r.line()
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return b, err
		}
		billed.Add(l.Billed)
		effective.Add(l.Effective)
		b.Lines = append(b.Lines, l)
	}
	if billed.Metered() != b.Billed || effective.Metered() != b.Effective {
		return b, fmt.Errorf("the bill of %s for %s is %s, effective %s, and its lines sum to %s, effective %s", b.Account, b.Month, b.Billed, b.Effective, billed.Metered(), effective.Metered())
	}
	return b, nil
}

func (r *reader) line() (l Line, err error) {
	var w [7]string
	if err := r.next(&w); err != nil {
		return l, err
	}
	for i := range w[:5] {
		if kept, there := r.same[w[i]]; there {
			w[i] = kept
		} else {
			r.same[w[i]] = w[i]
		}
	}
	l = Line{Account: org.AccountID(w[0]), Day: w[1], Service: w[2], Region: w[3], Category: w[4], Billed: money.Metered(w[5]), Effective: money.Metered(w[6])}
	if _, err := time.Parse(time.DateOnly, l.Day); err != nil {
		return l, fmt.Errorf("day %q is none", l.Day)
	}
	if !categories[l.Category] {
		return l, fmt.Errorf("category %q is none", l.Category)
	}
	for _, m := range []money.Metered{l.Billed, l.Effective} {
		if as, err := money.ParseMetered(string(m)); err != nil || as != m {
			return l, fmt.Errorf("%q is not an amount as landlord writes one", m)
		}
	}
	return l, nil
}
