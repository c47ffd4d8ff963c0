package ans

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretell/foretell/prob"
)

// The reference coders follow docs/ans.md to the letter, in unbounded integers
// and without a thought for speed.

func natural(x uint64) *big.Int { return new(big.Int).SetUint64(x) }

// push is C(s, x) = floor(x/f) * 2^prec + c + x mod f.
func push(x *big.Int, f, c uint64, prec uint) *big.Int {
	q, r := new(big.Int).QuoRem(x, natural(f), new(big.Int))
	q.Lsh(q, prec)
	return q.Add(q, r.Add(r, natural(c)))
}

// referenceStack returns the bytes of a stack with intervals pushed on it.
func referenceStack(ivs []prob.Interval) []byte {
	x := natural(1 << 48)
	limit := new(big.Int).Lsh(big.NewInt(1), 64)
	var words []byte
	for _, iv := range ivs {
		for push(x, iv.Width, iv.Low, 32).Cmp(limit) >= 0 {
			words = binary.LittleEndian.AppendUint16(words, uint16(new(big.Int).And(x, natural(0xffff)).Uint64()))
			x.Rsh(x, 16)
		}
		x = push(x, iv.Width, iv.Low, 32)
	}
	if len(words) == 0 && x.Cmp(natural(1<<48)) == 0 {
		return nil
	}
	code := binary.LittleEndian.AppendUint64(words, x.Uint64())
	return bytes.TrimRight(code, "\x00")
}

// referenceBlock returns the body of a block with the given number of lanes.
func referenceBlock(t *Table, symbols []uint32, lanes int) []byte {
	limit := new(big.Int).Lsh(big.NewInt(1), 63)
	var words []uint32 // the last one is read first
	shed := func(x *big.Int) {
		words = append(words, uint32(new(big.Int).And(x, natural(0xffffffff)).Uint64()))
		x.Rsh(x, 32)
	}
	put := func(x *big.Int, s uint32) *big.Int {
		return push(x, uint64(t.freq[s]), uint64(t.cum[s]), t.prec)
	}
	// one codes symbols that share a renormalisation, the last one first.
	one := func(x *big.Int, symbols ...uint32) *big.Int {
		try := func() *big.Int {
			y := new(big.Int).Set(x)
			for i := len(symbols) - 1; i >= 0; i-- {
				y = put(y, symbols[i])
			}
			return y
		}
		if try().Cmp(limit) >= 0 {
			shed(x)
		}
		return try()
	}
	n := len(symbols)
	x := natural(1 << 16)
	for n > 0 && (lanes == 1 || len(words) < lanes-1) {
		n--
		x = one(x, symbols[n])
	}
	if lanes == 1 || len(words) < lanes-1 {
		state := x.Bytes() // highest byte first
		for i, j := 0, len(state)-1; i < j; i, j = i+1, j-1 {
			state[i], state[j] = state[j], state[i]
		}
		if len(symbols) == 0 || t.sole {
			return nil
		}
		return appendWords(append([]byte{byte(len(state) << 4)}, state...), words)
	}
	states := make([]*big.Int, lanes)
	states[0] = x
	for l := 1; l < lanes; l++ {
		states[l] = natural(1<<31 + uint64(words[l-1]))
	}
	words = nil
	tail := len(symbols) - n
	group := lanes
	if t.prec <= 15 {
		group = 2 * lanes
	}
	for n%group != 0 {
		n--
		states[n%lanes] = one(states[n%lanes], symbols[n])
	}
	for ; n > 0; n -= group {
		g := symbols[n-group : n]
		for l := lanes - 1; l >= 0; l-- {
			if group == lanes {
				states[l] = one(states[l], g[l])
			} else {
				states[l] = one(states[l], g[l], g[lanes+l])
			}
		}
	}
	k := byte(0)
	for 1<<k < lanes {
		k++
	}
	body := binary.AppendUvarint([]byte{k}, uint64(tail))
	packed, at := new(big.Int), uint(0)
	for _, x := range states {
		bits := uint(x.BitLen())
		packed.Or(packed, new(big.Int).Lsh(natural(uint64(bits-32)), at))
		packed.Or(packed, new(big.Int).Lsh(new(big.Int).SetBit(x, int(bits-1), 0), at+5))
		at += 5 + bits - 1
	}
	return appendWords(append(body, littleEndian(packed, int(at+7)/8)...), words)
}

func appendWords(dst []byte, words []uint32) []byte {
	for i := len(words) - 1; i >= 0; i-- {
		dst = binary.LittleEndian.AppendUint32(dst, words[i])
	}
	return dst
}

func littleEndian(x *big.Int, n int) []byte {
	b := x.FillBytes(make([]byte, n))
	for i, j := 0, n-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return b
}

// referenceSpread returns the symbol at each place: slots are sorted by the place
// that they want, those that want the same in the order of their symbols.
func referenceSpread(t *Table) []int {
	type slot struct {
		want   uint64
		symbol int
	}
	var slots []slot
	for s, f := range t.freq {
		for i := range f {
			apart := uint64(1) << (32 + t.prec) / uint64(f)
			slots = append(slots, slot{(apart>>1 + uint64(i)*apart) >> 32, s})
		}
	}
	slices.SortStableFunc(slots, func(a, b slot) int { return cmp.Compare(a.want, b.want) })
	symbols := make([]int, len(slots))
	for place, s := range slots {
		symbols[place] = s.symbol
	}
	return symbols
}

// referenceTBlock returns the body of a block as one big number, whose lowest bit
// is the first one to be read.
func referenceTBlock(t *Table, symbols []uint32, lanes int) []byte {
	m := 1 << t.prec
	code := new(big.Int)
	bits := uint(0)
	prepend := func(x uint64, n uint) {
		code.Lsh(code, n)
		code.Or(code, natural(x))
		bits += n
	}
	// places holds the places of the slots of each symbol.
	places := make([][]int, t.Len())
	for place, s := range referenceSpread(t) {
		places[s] = append(places[s], place)
	}
	states := make([]int, lanes)
	for i := len(symbols) - 1; i >= 0; i-- {
		x := &states[i%lanes]
		s := symbols[i]
		f := int(t.freq[s])
		if *x == 0 {
			*x = m + places[s][0]
			continue
		}
		n := uint(0)
		for *x>>n >= 2*f {
			n++
		}
		prepend(uint64(*x&(1<<n-1)), n)
		*x = m + places[s][*x>>n-f]
	}
	for l := lanes - 1; l >= 0; l-- {
		prepend(uint64(states[l]-m), t.prec)
	}
	pad := -bits & 7
	prepend(0, pad)
	k := byte(0)
	for 1<<k < lanes {
		k++
	}
	return append([]byte{k | byte(pad<<3)}, littleEndian(code, int(bits/8))...)
}

// randomBlock returns symbols and a table of them.
func randomBlock(r *rand.Rand, size, n, prec int) (*Table, []uint32) {
	symbols := make([]uint32, n)
	skew := r.IntN(5)
	for i := range symbols {
		x := r.IntN(size)
		for range skew {
			x = r.IntN(x + 1)
		}
		symbols[i] = uint32(x)
	}
	counts := make([]uint64, size)
	if err := Count(counts, symbols); err != nil {
		panic(err)
	}
	if n == 0 {
		counts[0] = 1
	}
	t, err := NewTable(counts, prec)
	if err != nil {
		panic(err)
	}
	return t, symbols
}

func TestReference(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 120 {
		prec := 8 + r.IntN(5)
		if r.IntN(4) == 0 {
			prec = 15 + r.IntN(3)
		}
		tab, symbols := randomBlock(r, 1+r.IntN(200), r.IntN(300)+r.IntN(2)*r.IntN(2000), prec)
		checkReference(t, tab, symbols)
	}
}

func checkReference(t *testing.T, tab *Table, symbols []uint32) {
	t.Helper()
	b, err := NewBlock[uint32](tab)
	if err != nil {
		t.Fatal(err)
	}
	b.prepareEncode()
	for _, lanes := range []int{1, 4, 8, 16, 32} {
		got, err := b.encode(nil, symbols, nil, lanes)
		if err != nil {
			t.Fatal(err)
		}
		want := referenceBlock(tab, symbols, lanes)
		if packed := 1 + packedLen(len(symbols), tab.Len()); len(want) > packed {
			if len(got) != packed || got[0] != rawBody {
				t.Fatalf("%d bytes, where packing takes %d", len(got), packed)
			}
			want = got
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("%d lanes, %d symbols, prec %d: %x, want %x", lanes, len(symbols), tab.prec, got, want)
		}
		out := make([]uint32, len(symbols))
		if err := b.Decode(out, nil, got); err != nil {
			t.Fatal(err)
		}
		for i := range out {
			if out[i] != symbols[i] {
				t.Fatalf("%d lanes: symbol %d of %d is %d, want %d", lanes, i, len(out), out[i], symbols[i])
			}
		}
	}
	if len(symbols) == 0 || tab.sole || tab.prec > 15 {
		return
	}
	tb, err := NewTBlock[uint32](tab)
	if err != nil {
		t.Fatal(err)
	}
	got, err := tb.Encode(nil, symbols, nil)
	if err != nil {
		t.Fatal(err)
	}
	lanes := 1
	if len(symbols) >= 128 {
		lanes = 8
	}
	want := referenceTBlock(tab, symbols, lanes)
	if packed := 1 + packedLen(len(symbols), tab.Len()); len(want) > packed {
		if len(got) != packed || got[0] != rawBody {
			t.Fatalf("tANS: %d bytes, where packing takes %d", len(got), packed)
		}
	} else if !bytes.Equal(got, want) {
		t.Fatalf("tANS, %d symbols, prec %d: %x, want %x", len(symbols), tab.prec, got, want)
	}
}

func TestStackReference(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		ivs := randomIntervals(r, r.IntN(60))
		var s Stack
		for _, iv := range ivs {
			s.Push(iv)
		}
		if got, want := s.Append(nil), referenceStack(ivs); !bytes.Equal(got, want) {
			t.Fatalf("%x, want %x", got, want)
		}
	}
}

// randomIntervals returns intervals of all sizes from a point to the whole line.
func randomIntervals(r *rand.Rand, n int) []prob.Interval {
	ivs := make([]prob.Interval, n)
	for i := range ivs {
		width := uint64(1) << r.IntN(33)
		if width > 1 {
			width -= r.Uint64N(width)
		}
		ivs[i] = prob.Interval{Low: r.Uint64N(prob.Total - width + 1), Width: width}
	}
	return ivs
}
