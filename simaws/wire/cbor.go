package wire

import (
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
)

// As much of RFC 8949 as Smithy's RPC v2 uses.

// The major types.
const (
	cborUint = iota << 5
	cborNegative
	cborBytes
	cborText
	cborArray
	cborMap
	cborTag
	cborSimple
)

func appendCBOR(b []byte, value any) []byte {
	switch v := value.(type) {
	case map[string]any:
		b = appendHead(b, cborMap, uint64(len(v)))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			b = appendCBOR(appendCBOR(b, key), v[key])
		}
	case []any:
		b = appendHead(b, cborArray, uint64(len(v)))
		for _, item := range v {
			b = appendCBOR(b, item)
		}
	case string:
		b = append(appendHead(b, cborText, uint64(len(v))), v...)
	case bool:
		b = append(b, cborSimple|20)
		if v {
			b[len(b)-1]++
		}
	case int64:
		if v < 0 {
			return appendHead(b, cborNegative, uint64(-1-v))
		}
		b = appendHead(b, cborUint, uint64(v))
	case seconds:
		b = appendCBOR(appendHead(b, cborTag, 1), float64(v))
	case float64:
		b = binary.BigEndian.AppendUint64(append(b, cborSimple|27), math.Float64bits(v))
	default:
		b = append(b, cborSimple|22)
	}
	return b
}

func appendHead(b []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(b, major|byte(n))
	case n <= math.MaxUint8:
		return append(b, major|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, major|27), n)
}

var errCBOR = errors.New("the request is not CBOR")

// fromCBOR reads a CBOR body. No body is an empty map.
func (m *member) fromCBOR(body []byte) (any, error) {
	if len(body) == 0 {
		return map[string]any{}, nil
	}
	r := reader{rest: body}
	value := r.value(0)
	if r.bad || len(r.rest) > 0 {
		return nil, errCBOR
	}
	return m.take(value), nil
}

// reader reads CBOR. Once it is bad it reads nothing more.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.rest)) {
		r.bad = true
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

// head reads the first byte of an item and its argument. endless says that the
// item has no length.
func (r *reader) head() (major, small byte, n uint64, endless bool) {
	first := r.take(1)
	if r.bad {
		return 0, 0, 0, false
	}
	major, small = first[0]&0xe0, first[0]&0x1f
	switch {
	case small < 24:
		return major, small, uint64(small), false
	case small == 31:
		return major, small, 0, true
	case small > 27:
		r.bad = true
		return 0, 0, 0, false
	}
	for _, b := range r.take(1 << (small - 24)) {
		n = n<<8 | uint64(b)
	}
	return major, small, n, false
}

// more tells whether an array or a map of n items, of which there were i, goes
// on.
func (r *reader) more(i, n uint64, endless bool) bool {
	if !endless || r.bad {
		return i < n && !r.bad
	}
	if len(r.rest) > 0 && r.rest[0] == 0xff {
		r.take(1)
		return false
	}
	return true
}

func (r *reader) value(depth int) any {
	if depth > 64 {
		r.bad = true
		return nil
	}
	major, small, n, endless := r.head()
	if r.bad {
		return nil
	}
	switch major {
	case cborUint:
		return float64(n)
	case cborNegative:
		return -1 - float64(n)
	case cborBytes, cborText:
		if !endless {
			return string(r.take(n))
		}
		var text strings.Builder
		for r.more(0, 0, true) {
			part, _ := r.value(depth + 1).(string)
			text.WriteString(part)
		}
		return text.String()
	case cborArray:
		out := []any{}
		for i := uint64(0); r.more(i, n, endless); i++ {
			out = append(out, r.value(depth+1))
		}
		return out
	case cborMap:
		out := map[string]any{}
		for i := uint64(0); r.more(i, n, endless); i++ {
			key, ok := r.value(depth + 1).(string)
			r.bad = r.bad || !ok
			out[key] = r.value(depth + 1)
		}
		return out
	case cborTag:
		return r.value(depth + 1)
	}
	return r.simple(small, n)
}

func (r *reader) simple(small byte, n uint64) any {
	switch small {
	case 20, 21:
		return small == 21
	case 22, 23:
		return nil
	case 26:
		return float64(math.Float32frombits(uint32(n)))
	case 27:
		return math.Float64frombits(n)
	}
	r.bad = true
	return nil
}
