package matches

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretell/foretell/internal/simd"
)

// atLevels calls f at every level above the portable one.
func atLevels(t *testing.T, f func(level string)) {
	for _, level := range simd.Levels()[1:] {
		restore, err := simd.Use(level)
		if err != nil {
			t.Fatal(err)
		}
		f(level)
		restore()
	}
}

// TestNumbers holds every level against the portable loop, on bits that may end
// too early.
func TestNumbers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	order := make([]uint32, 1<<12)
	for i := range order {
		order[i] = r.Uint32()
	}
	for range 300 {
		var table, short [256]Bucket
		for i := range table {
			table[i] = NewBucket(r.Uint32(), uint8(r.IntN(29)))
			n := r.IntN(12)
			short[i] = NewBucket(r.Uint32N(uint32(len(order)-1<<n)), uint8(n))
		}
		codes, src := make([]byte, r.IntN(300)), make([]byte, r.IntN(500))
		for _, b := range [][]byte{codes, src} {
			for i := range b {
				b[i] = byte(r.Uint32())
			}
		}
		want, wantOrdered := make([]uint32, len(codes)), make([]uint32, len(codes))
		bits := numbersPortable(want, codes, src, 0, &table, nil)
		bitsOrdered := numbersPortable(wantOrdered, codes, src, 0, &short, order)
		atLevels(t, func(level string) {
			got := make([]uint32, len(codes))
			if n := Numbers(got, codes, src, &table, nil); n != bits || !slices.Equal(got, want) {
				t.Fatalf("%s: %d numbers of %d bits, not %d", level, len(codes), n, bits)
			}
			if n := Numbers(got, codes, src, &short, order); n != bitsOrdered || !slices.Equal(got, wantOrdered) {
				t.Fatalf("%s: %d numbers in order of %d bits, not %d", level, len(codes), n, bitsOrdered)
			}
		})
	}
}

// testTable has all kinds of tokens, and runs and lengths up to 31.
func testTable() (table [256]Token) {
	for i := range table {
		table[i] = Token{Run: uint8(i >> 2 & 7), Length: uint8(i>>5&7) + 1, Kind: uint8(i & 3)}
		if table[i].Run == 7 {
			table[i].LongRun = 1
		}
		if table[i].Length == 8 {
			table[i].LongLength = 1
		}
	}
	return table
}

// slowly is Copy as its comment puts it, symbol by symbol.
func slowly(out []uint32, s Steps) Fault {
	at, last, literals := 0, s.Last, s.Literals[:len(s.Literals)-Slack]
	for _, k := range s.Tokens {
		t := s.Table[k]
		run, length := int(t.Run), int(t.Length)
		if t.LongRun != 0 {
			run += int(s.Longs[0])
			s.Longs = s.Longs[1:]
		}
		if t.LongLength != 0 {
			length += int(s.Longs[0])
			s.Longs = s.Longs[1:]
		}
		switch t.Kind {
		case 1:
			last[0], last[1] = last[1], last[0]
		case 2:
			last[0], last[1], last[2] = last[2], last[0], last[1]
		case NewOffset:
			last[0], last[1], last[2] = s.Offsets[0], last[0], last[1]
			s.Offsets = s.Offsets[1:]
		}
		if run > len(literals) || run+length > len(out)-at {
			return Length
		}
		if int(last[0]) > at+run {
			return Offset
		}
		at += copy(out[at:], literals[:run])
		literals = literals[run:]
		for range length {
			out[at] = out[at-int(last[0])]
			at++
		}
	}
	if len(literals) != len(out)-at {
		return Left
	}
	copy(out[at:], literals)
	return None
}

// TestCopy holds Copy at every level against copying symbol by symbol, on steps of
// which some are wrong.
func TestCopy(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	table := testTable()
	faults := make(map[Fault]int)
	for i := range 4000 {
		s := Steps{Table: &table, Last: History{1, 2, 3}, Tokens: make([]uint8, r.IntN(400))}
		far := uint32(1) << r.IntN(12)
		symbols, runs := 0, 0
		for k := range s.Tokens {
			token := uint8(r.Uint32())
			s.Tokens[k] = token
			e := table[token]
			for range e.LongRun + e.LongLength {
				s.Longs = append(s.Longs, r.Uint32N(1<<r.IntN(7)))
				symbols += int(s.Longs[len(s.Longs)-1])
			}
			if e.LongRun != 0 {
				runs += int(s.Longs[len(s.Longs)-1-int(e.LongLength)])
			}
			if e.Kind == NewOffset {
				// Mostly within what is there by then.
				reach := far
				if r.IntN(400) > 0 {
					reach = min(far, uint32(symbols+int(e.Run)))
				}
				s.Offsets = append(s.Offsets, 1+r.Uint32N(max(1, reach)))
			}
			symbols += int(e.Run) + int(e.Length)
			runs += int(e.Run)
		}
		more := r.IntN(40)
		s.Offsets, s.Longs = append(s.Offsets, 0), append(s.Longs, 0)
		s.Literals = make([]uint32, runs+more+Slack)
		for k := range s.Literals {
			s.Literals[k] = r.Uint32()
		}
		size := symbols + more
		switch i % 8 {
		case 1:
			size = max(0, size-1-r.IntN(20))
		case 2:
			size++
		case 3:
			s.Literals = s.Literals[:Slack+(len(s.Literals)-Slack)/2]
		}
		want := make([]uint32, size)
		fault := slowly(want, s)
		faults[fault]++
		for _, level := range simd.Levels() {
			restore, err := simd.Use(level)
			if err != nil {
				t.Fatal(err)
			}
			room := make([]uint32, size+64)
			got := room[:size]
			if f := Copy(got, s); f != fault || fault == None && !slices.Equal(got, want) {
				t.Fatalf("%s: %d steps to %d symbols, fault %d, not %d", level, len(s.Tokens), size, f, fault)
			}
			if slices.ContainsFunc(room[size:], func(v uint32) bool { return v != 0 }) {
				t.Fatalf("%s: symbols beyond the end", level)
			}
			restore()
		}
	}
	for f := None; f <= Left; f++ {
		if faults[f] < 20 {
			t.Errorf("fault %d has been seen %d times", f, faults[f])
		}
	}
}

// TestEnter holds every level against the portable loops, on few and on many symbols.
func TestEnter(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		n := r.IntN(300)
		s := make([]uint32, n+4)
		few := 1 + r.Uint32N(1<<r.IntN(20))
		for i := range s {
			s[i] = r.Uint32N(few)
			if r.IntN(4) == 0 {
				s[i] = ^s[i]
			}
		}
		start := r.Uint32N(1 << 20)
		mask := uint32(1)<<(8+r.IntN(HeadBits-7)) - 1
		enter := func() (latest, known, fours []uint32, pairs, quads *Heads) {
			pairs, quads = new(Heads), new(Heads)
			latest, known, fours = make([]uint32, n), make([]uint32, n), make([]uint32, n)
			for k := range uint32(2) { // what is found the second time was entered the first time
				known = known[:EnterPairs(latest, known[:n], s, start+k*uint32(n), pairs, mask)]
				EnterFours(fours, known, s, start+k*uint32(n), quads, mask)
			}
			return latest, known, fours, pairs, quads
		}
		restore, err := simd.Use("purego")
		if err != nil {
			t.Fatal(err)
		}
		latest, known, fours, pairs, quads := enter()
		restore()
		atLevels(t, func(level string) {
			l, k, f, p, q := enter()
			if !slices.Equal(l, latest) || !slices.Equal(k, known) || !slices.Equal(f, fours) || *p != *pairs || *q != *quads {
				t.Fatalf("%s: %d places are entered otherwise", level, n)
			}
		})
	}
}

// TestIndexFrom looks for numbers at all places of slices of all lengths.
func TestIndexFrom(t *testing.T) {
	for n := range 40 {
		for first := range n + 1 {
			v := make([]uint32, n)
			for i := range v {
				v[i] = uint32(i % 7)
				if i >= first && (i-first)%3 == 0 {
					v[i] = 7 + uint32(i)<<20
				}
			}
			for _, level := range simd.Levels() {
				restore, err := simd.Use(level)
				if err != nil {
					t.Fatal(err)
				}
				if got := IndexFrom(v, 7); got != first {
					t.Errorf("%s: at %d of %d, not %d", level, got, n, first)
				}
				restore()
			}
		}
	}
}

// TestBits takes bits out of bytes and beyond their end.
func TestBits(t *testing.T) {
	src := []byte{0x80, 0x01, 0xff, 0, 0, 0, 0, 0, 0x55, 0xaa}
	for _, k := range []struct {
		at   uint
		n    uint8
		want uint32
	}{{7, 2, 3}, {0, 0, 0}, {16, 8, 0xff}, {12, 28, 0xff0}, {64, 16, 0xaa55}, {68, 28, 0xaa5}, {80, 9, 0}, {1 << 20, 28, 0}} {
		if got := Bits(src, k.at, k.n); got != k.want {
			t.Errorf("%d bits from %d on are %#x, not %#x", k.n, k.at, got, k.want)
		}
	}
}
