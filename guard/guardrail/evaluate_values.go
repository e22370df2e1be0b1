package guardrail

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// boolean reads true or false, whose case does not count.
func boolean(text string) (bool, error) {
	switch {
	case strings.EqualFold(text, "true"):
		return true, nil
	case strings.EqualFold(text, "false"):
		return false, nil
	}
	return false, fmt.Errorf("%q: want true or false", text)
}

func isBoolean(text string) error {
	_, err := boolean(text)
	return err
}

// sameBoolean compares as Bool does.
func sameBoolean(want, have string) bool {
	w, wrong := boolean(want)
	h, err := boolean(have)
	return wrong == nil && err == nil && w == h
}

// decimal is a number as policies write it.
var decimal = regexp.MustCompile(`^[+-]?([0-9]{1,64}(\.[0-9]{0,64})?|\.[0-9]{1,64})([eE][+-]?[0-9]{1,2})?$`)

// rational reads a number exactly.
func rational(text string) (*big.Rat, bool) {
	text = strings.TrimSpace(text)
	if !decimal.MatchString(text) {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// number compares as the numeric operators do: the request's with the policy's.
// What is no number is like none.
func number(holds func(int) bool) func(string) (test, error) {
	return func(want string) (test, error) {
		small, err := strconv.ParseInt(want, 10, 64)
		isSmall := err == nil
		w, is := rational(want)
		if !is {
			return nil, fmt.Errorf("%q: want a number", want)
		}
		return func(_ *asked, have string) answer {
			if h, err := strconv.ParseInt(have, 10, 64); err == nil && isSmall {
				return truth(holds(cmp.Compare(h, small)))
			}
			h, is := rational(have)
			return truth(is && holds(h.Cmp(w)))
		}, nil
	}
}

// layouts are the forms of a moment: those of ISO 8601 that W3C names, and the
// basic form. A moment without a zone is in UTC.
//
// Source: IAM user guide, "Condition operators", Date; W3C, "Date and Time Formats".
var layouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04",
	"2006-01-02", "2006-01", "2006", "20060102T150405Z0700", "20060102T150405",
}

// moment reads a moment in ISO 8601, or in seconds since 1970. Four digits are a year.
func moment(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	for _, layout := range layouts {
		if len(text) > 40 {
			break
		}
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	if r, is := rational(text); is {
		seconds := new(big.Int).Quo(r.Num(), r.Denom())
		if seconds.IsInt64() && seconds.CmpAbs(big.NewInt(1<<50)) < 0 {
			rest := new(big.Rat).Sub(r, new(big.Rat).SetInt(seconds))
			nano, _ := rest.Mul(rest, big.NewRat(1e9, 1)).Float64()
			return time.Unix(seconds.Int64(), int64(nano)), true
		}
	}
	return time.Time{}, false
}

// date compares as the date operators do.
func date(holds func(int) bool) func(string) (test, error) {
	return func(want string) (test, error) {
		w, is := moment(want)
		if !is {
			return nil, fmt.Errorf("%q: want a date, as 2026-01-31T23:59:59Z or in seconds since 1970", want)
		}
		return func(_ *asked, have string) answer {
			h, is := moment(have)
			return truth(is && holds(h.Compare(w)))
		}, nil
	}
}

// binary compares the bytes that both texts are in base64.
func binary(want string) (test, error) {
	w, err := base64.StdEncoding.DecodeString(want)
	if err != nil {
		return nil, fmt.Errorf("%q: want base64", want)
	}
	return func(_ *asked, have string) answer {
		h, err := base64.StdEncoding.DecodeString(have)
		return truth(err == nil && string(h) == string(w))
	}, nil
}

// address tells whether an address is one, or in a range.
func address(want string) (test, error) {
	w, err := netip.ParsePrefix(want)
	if err != nil {
		one, wrong := netip.ParseAddr(want)
		if wrong != nil || one.Zone() != "" {
			return nil, fmt.Errorf("%q: want an address or a range, as 203.0.113.0/24", want)
		}
		w = netip.PrefixFrom(one, one.BitLen())
	}
	if w.Addr().Is4In6() && w.Bits() >= 96 {
		w = netip.PrefixFrom(w.Addr().Unmap(), w.Bits()-96)
	}
	return func(_ *asked, have string) answer {
		h, err := netip.ParseAddr(have)
		return truth(err == nil && w.Contains(h.Unmap().WithZone("")))
	}, nil
}
