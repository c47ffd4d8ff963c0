// Package matches holds the inner loops of coding by matches and literals: remembering
// where symbols were last, and for decoding numbers made of codes and bits, and the
// copying. It knows no format; docs/codecs.md specifies what decoding computes.
//
// As everywhere below internal/simd the portable loops are the reference, and the
// faster twins give the same symbols.
package matches

import "encoding/binary"

// A Bucket is the numbers that a code stands for: the first one (upper 32 bits),
// and how many bits choose among them (lower 32).
type Bucket uint64

// NewBucket returns the bucket of the 1<<bits numbers from base on; bits is at
// most 28.
func NewBucket(base uint32, bits uint8) Bucket { return Bucket(base)<<32 | Bucket(bits) }

// Base returns the first number.
func (b Bucket) Base() uint32 { return uint32(b >> 32) }

// Bits returns how many bits choose the number.
func (b Bucket) Bits() uint8 { return uint8(b) }

// Numbers sets dst[i], for each code, to a number of the bucket table[codes[i]], or
// if order is not nil to the element of order with that number, which it has for
// every bucket. The bits that choose follow one another in src, the lowest first;
// beyond its end they are zeros. It returns how many there were. dst is at least as
// long as codes.
func Numbers(dst []uint32, codes []uint8, src []byte, table *[256]Bucket, order []uint32) (bits uint) {
	n, bits := numbersFast(dst[:len(codes)], codes, src, table, order)
	return numbersPortable(dst[n:len(codes)], codes[n:], src, bits, table, order)
}

// Bits returns n bits of src from bit at on, at most 28, zeros beyond the end.
func Bits(src []byte, at uint, n uint8) uint32 {
	return uint32(load(src, at>>3) >> (at & 7) & (1<<(n&63) - 1))
}

// IndexFrom returns where the first number of v is that is at least least, or the length
// of v if there is none. All are below 1<<31.
func IndexFrom(v []uint32, least uint32) int {
	i := indexFromFast(v, least)
	for i < len(v) && v[i] < least {
		i++
	}
	return i
}

func numbersPortable(dst []uint32, codes []uint8, src []byte, at uint, table *[256]Bucket, order []uint32) uint {
	dst = dst[:len(codes)]
	for i, c := range codes {
		b := table[c]
		acc := load(src, at>>3) >> (at & 7)
		n := uint(b.Bits())
		at += n
		dst[i] = b.Base() + uint32(acc&(1<<(n&63)-1))
	}
	if order != nil {
		for i, v := range dst {
			dst[i] = order[v]
		}
	}
	return at
}

// load returns the 8 bytes from src[at] on, zeros beyond the end.
func load(src []byte, at uint) uint64 {
	if at+8 <= uint(len(src)) {
		return binary.LittleEndian.Uint64(src[at:])
	}
	var b [8]byte
	if at < uint(len(src)) {
		copy(b[:], src[at:])
	}
	return binary.LittleEndian.Uint64(b[:])
}

// A Token says what a token stands for: a run of literals and then a match.
type Token struct {
	Run, Length uint8
	LongRun     uint8 // 1 if a long number is to be added to Run, else 0
	LongLength  uint8 // the same, after that, for Length
	Kind        uint8 // which of the last offsets the match has, or NewOffset
	_           [3]uint8
}

// NewOffset is the kind of a match with an offset of its own. The others are the
// places in a History.
const NewOffset = 3

// A History is the last offsets, the latest first.
type History [NewOffset]uint32

// Steps are what a block is made of. Offsets and Longs have as many numbers as the
// tokens call for and one more, which is not used.
type Steps struct {
	Tokens   []uint8
	Table    *[256]Token
	Offsets  []uint32 // at least 1
	Longs    []uint32 // below 1<<30
	Last     History
	Literals []uint32 // of which the last Slack are not used
}

// Slack is how many symbols may be copied beyond those that are called for.
const Slack = 16

// A Fault is what is wrong with steps.
type Fault int

// What may be wrong.
const (
	None   Fault = iota
	Length       // a run or match goes beyond the literals or the block
	Offset       // a match begins before the block
	Left         // literals are left over
)

// Copy fills out from the steps: for each a run of literals and a match, a copy
// symbol by symbol of what begins offset symbols before, and then the literals that
// are left. If something is wrong out is of no use.
func Copy(out []uint32, s Steps) Fault {
	at := copyFast(out, &s)
	var moves [batch]move
	for len(s.Tokens) > 0 {
		n := min(len(s.Tokens), batch)
		s.unfold(moves[:n])
		var f Fault
		if at, f = s.carry(moves[:n], out, at); f != None {
			return f
		}
	}
	if len(s.Literals)-Slack != len(out)-at {
		return Left
	}
	copy(out[at:], s.Literals)
	return None
}

// A move is a step as it is carried out.
type move struct{ run, length, offset uint32 }

// batch is how many moves are made out before they are carried out, so that the
// one does not wait for the other.
const batch = 256

// unfold takes the tokens of moves off s.
func (s *Steps) unfold(moves []move) {
	offsets, longs := s.Offsets, s.Longs
	first, second, third := s.Last[0], s.Last[1], s.Last[2]
	for i, k := range s.Tokens[:len(moves)] {
		t := &s.Table[k]
		run, length := uint32(t.Run), uint32(t.Length)
		if t.LongRun|t.LongLength != 0 {
			run += longs[0] * uint32(t.LongRun)
			longs = longs[t.LongRun:]
			length += longs[0] * uint32(t.LongLength)
			longs = longs[t.LongLength:]
		}
		// Which offset is used can hardly be foreseen, so there are no branches.
		kind := t.Kind
		fresh := offsets[0]
		offsets = offsets[(kind+1)>>2:]
		offset := first
		if kind == 1 {
			offset = second
		}
		if kind == 2 {
			offset = third
		}
		if kind == NewOffset {
			offset = fresh
		}
		if kind >= 2 {
			third = second
		}
		if kind >= 1 {
			second = first
		}
		first = offset
		moves[i] = move{run, length, offset}
	}
	s.Tokens = s.Tokens[len(moves):]
	s.Offsets, s.Longs, s.Last = offsets, longs, History{first, second, third}
}

// stride is how many symbols the portable loops copy at a time.
const stride = 4

// carry carries out moves from out[at] on, and returns where they end.
func (s *Steps) carry(moves []move, out []uint32, at int) (int, Fault) {
	literals := s.Literals
	for i := range moves {
		m := &moves[i]
		run, length, offset := int(m.run), int(m.length), int(m.offset)
		if run > len(literals)-Slack || run+length > len(out)-at {
			return 0, Length
		}
		if offset > at+run {
			return 0, Offset
		}
		if run+length+2*stride > len(out)-at {
			at += copy(out[at:], literals[:run])
			for j := range length {
				out[at+j] = out[at+j-offset]
			}
		} else {
			copyAhead(out[at:], literals)
			for n := stride; n < run; n += stride {
				copyAhead(out[at+n:], literals[n:])
			}
			at += run
			from := at - offset
			copyOver(out[at:], out[from:])
			for n := stride; n < length; n += stride {
				copyOver(out[at+n:], out[from+n:])
			}
		}
		literals = literals[run:]
		at += length
	}
	s.Literals = literals
	return at, None
}

// copyOver copies symbols one after another, so that some may be those that it has
// just written.
func copyOver(dst, src []uint32) {
	d, s := (*[stride]uint32)(dst), (*[stride]uint32)(src)
	d[0] = s[0]
	d[1] = s[1]
	d[2] = s[2]
	d[3] = s[3]
}

// copyAhead copies symbols that do not overlap.
func copyAhead(dst, src []uint32) {
	d, s := (*[stride]uint32)(dst), (*[stride]uint32)(src)
	a, b, c, e := s[0], s[1], s[2], s[3]
	d[0], d[1], d[2], d[3] = a, b, c, e
}
