package symbols

import (
	"fmt"
	"io"
	"math/bits"
	"math/rand/v2"

	"github.com/foretell/foretell/internal/fault"
)

// A table finds 64-bit values: open addressing with linear probing. The hash is
// seeded per process, so that no input can be made to collide; no result depends
// on it.
type table struct {
	slots  []slot // a power of two, at most half full
	shift  int
	counts []uint32 // of each value, in order of appearance
}

type slot struct {
	value uint64
	id    uint32 // 1 + number of the value; 0 is an empty slot
}

var seed = [2]uint64{rand.Uint64(), rand.Uint64() | 1}

// newTable returns a table in which each value has its position in dict.
func newTable(dict []uint64) *table {
	t := &table{}
	t.resize(max(10, bits.Len(uint(len(dict)))+1))
	for i, v := range dict {
		t.find(v).put(v, i)
	}
	return t
}

func (s *slot) put(value uint64, number int) {
	s.value, s.id = value, uint32(number)+1
}

func (t *table) resize(log int) {
	old := t.slots
	t.slots = make([]slot, 1<<log)
	t.shift = 64 - log
	for _, s := range old {
		if s.id != 0 {
			*t.find(s.value) = s
		}
	}
}

// find returns the slot of a value, or the empty one where it belongs.
func (t *table) find(v uint64) *slot {
	hi, lo := bits.Mul64(v^seed[0], seed[1])
	h := hi ^ lo
	h *= seed[1]
	mask := uint64(len(t.slots) - 1)
	for i := h >> t.shift; ; i++ {
		s := &t.slots[i&mask]
		if s.id == 0 || s.value == v {
			return s
		}
	}
}

// lookup sets dst to the numbers of values. It returns the first position of one
// that is not in the table, else -1.
func (t *table) lookup(dst []uint32, values []uint64) int {
	dst = dst[:len(values)]
	for i, v := range values {
		s := t.find(v)
		if s.id == 0 {
			return i
		}
		dst[i] = s.id - 1
	}
	return -1
}

// count counts values. It reports whether they are MaxSymbols or fewer so far.
func (t *table) count(values []uint64) bool {
	for _, v := range values {
		s := t.find(v)
		if s.id == 0 {
			if len(t.counts) == MaxSymbols {
				return false
			}
			if 2*len(t.counts) >= len(t.slots) {
				t.resize(64 - t.shift + 1)
				s = t.find(v)
			}
			s.put(v, len(t.counts))
			t.counts = append(t.counts, 0)
		}
		t.counts[s.id-1]++
	}
	return true
}

// values returns all values.
func (t *table) values() []uint64 {
	list := make([]uint64, 0, len(t.counts))
	for _, s := range t.slots {
		if s.id != 0 {
			list = append(list, s.value)
		}
	}
	return list
}

// number gives each value its position in dict.
func (t *table) number(dict []uint64) {
	for i, v := range dict {
		t.find(v).put(v, i)
	}
	t.counts = nil
}

// A rice adapts the parameter of a Rice code to the mean of recent numbers, as
// JPEG-LS does (ITU-T T.87, A.5): the least k with n * 2^k >= sum.
type rice struct {
	sum, n uint64
	k      int
}

const (
	riceWindow = 32      // numbers after which both sums are halved
	riceLimit  = 1 << 56 // what a number adds to the sum at most
	riceEscape = 24      // quotients from here on: length and bits instead
)

// next adapts to x.
func (r *rice) next(x uint64) {
	if r.n == riceWindow {
		r.sum /= 2
		r.n /= 2
	}
	r.sum += min(x, riceLimit)
	r.n++
	for r.k > 0 && r.n<<(r.k-1) >= r.sum {
		r.k--
	}
	for r.n<<r.k < r.sum {
		r.k++
	}
}

// gapBits returns how many bits appendGaps takes.
func gapBits(dict []uint64) uint64 {
	var r rice
	var total uint64
	for i := 1; i < len(dict); i++ {
		x := dict[i] - dict[i-1] - 1
		if q := x >> r.k; q < riceEscape {
			total += q + 1 + uint64(r.k)
		} else {
			total += riceEscape + 6 + uint64(bits.Len64(x)) - 1
		}
		r.next(x)
	}
	return total
}

// appendGaps appends the gaps of a sorted dictionary. A gap less one, x, is x>>k
// one bits, a zero bit and the low k bits of x; if x>>k is riceEscape or more,
// riceEscape one bits, 6 bits with the position of the first bit of x, and the
// bits below it. Bits fill bytes from the lowest up, numbers with their lowest
// bit first.
func appendGaps(dst []byte, dict []uint64) []byte {
	w := bitWriter{dst: dst}
	var r rice
	for i := 1; i < len(dict); i++ {
		x := dict[i] - dict[i-1] - 1
		if q := x >> r.k; q < riceEscape {
			w.put(1<<q-1, int(q)+1)
			w.put(x&(1<<r.k-1), r.k)
		} else {
			top := bits.Len64(x) - 1
			w.put(1<<riceEscape-1, riceEscape)
			w.put(uint64(top), 6)
			w.put(x&(1<<top-1), top)
		}
		r.next(x)
	}
	return w.end()
}

// parseGaps reads a dictionary of size values from first on.
func parseGaps(src []byte, first uint64, size int) (dict []uint64, rest []byte, err error) {
	if uint64(size-1) > 8*uint64(len(src)) {
		return nil, nil, io.ErrUnexpectedEOF
	}
	corrupt := func(what string) error { return fmt.Errorf("%w: dictionary: %s", fault.ErrCorrupt, what) }
	dict = make([]uint64, 1, size)
	dict[0] = first
	b := bitReader{src: src}
	var r rice
	var above uint64 // distance from first
	for range size - 1 {
		q := 0
		for q < riceEscape && b.get(1) == 1 {
			q++
		}
		var x uint64
		if q < riceEscape {
			x = uint64(q)<<r.k | b.get(r.k)
		} else {
			top := int(b.get(6))
			x = 1<<top | b.get(top)
			if x>>r.k < riceEscape && !b.short {
				return nil, nil, corrupt("a gap in its longer form")
			}
		}
		if b.short {
			return nil, nil, io.ErrUnexpectedEOF
		}
		if above+x+1 <= above || x+1 == 0 {
			return nil, nil, corrupt("values beyond 64 bits")
		}
		above += x + 1
		dict = append(dict, first+above)
		r.next(x)
	}
	rest, ok := b.end()
	if !ok {
		return nil, nil, corrupt("bits after its end")
	}
	return dict, rest, nil
}

// A bitWriter appends bits, lowest first.
type bitWriter struct {
	dst  []byte
	bits uint64
	n    int // fewer than 8 between calls
}

func (w *bitWriter) put(v uint64, n int) {
	if n > 32 {
		w.put(v&(1<<32-1), 32)
		v, n = v>>32, n-32
	}
	w.bits |= v << w.n
	w.n += n
	for w.n >= 8 {
		w.dst = append(w.dst, byte(w.bits))
		w.bits >>= 8
		w.n -= 8
	}
}

func (w *bitWriter) end() []byte {
	if w.n > 0 {
		w.dst = append(w.dst, byte(w.bits))
	}
	return w.dst
}

// A bitReader reads what a bitWriter wrote.
type bitReader struct {
	src   []byte
	bits  uint64
	n     int
	short bool // bits were asked for behind the end
}

func (r *bitReader) get(n int) uint64 {
	if n > 32 {
		low := r.get(32)
		return low | r.get(n-32)<<32
	}
	for r.n < n {
		if len(r.src) == 0 {
			r.short = true
			return 0
		}
		r.bits |= uint64(r.src[0]) << r.n
		r.src = r.src[1:]
		r.n += 8
	}
	v := r.bits & (1<<n - 1)
	r.bits >>= n
	r.n -= n
	return v
}

// end returns the bytes that follow, and whether the last bits were zeros.
func (r *bitReader) end() ([]byte, bool) { return r.src, r.bits == 0 }
