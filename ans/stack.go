package ans

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/prob"
)

const (
	stackLower = 1 << 48 // a Stack's state is never below
	wordBytes  = 2       // a Stack's state grows and shrinks by 16 bits
)

// A Stack is a rANS coder as a stack of symbols: the symbol that was pushed last
// is popped first, and pushing and popping may be mixed freely. What it holds is
// at every moment one natural number, so a caller may pop symbols of one
// distribution from bytes that were pushed under another (bits-back coding).
// The zero value is an empty stack.
//
// The state has 64 bits and is at least 2^48, the words that it sheds have 16, so
// that an interval costs its information content to within 2^-15 bit, and nearly
// nothing more on average; a stack takes at most 8 bytes above that.
type Stack struct {
	rest  uint64 // state - stackLower, so that the zero value is ready to use
	words []byte // what the state has shed, 2 bytes a word, little endian, oldest first
	n     int    // words in use; those above are there to seek to
}

// Position is a place in a Stack: all that was pushed before it lies below.
type Position struct {
	Words int    // number of 16-bit words below the state
	State uint64 // 2^48..2^64-1
}

var errUnderflow = fmt.Errorf("pop from an empty stack: %w", io.ErrUnexpectedEOF)

// LoadStack returns the stack that Append stored as src. No bytes are a stack, and
// so are any 7 or more of which the last is not zero, except for 7 that hold 2^48:
// six zeros and a 1, the state of the empty stack, which has no bytes. Others are
// an error that wraps foretell.ErrCorrupt, or io.ErrUnexpectedEOF where there are 1
// to 6.
func LoadStack(src []byte) (*Stack, error) {
	s := new(Stack)
	switch {
	case len(src) == 0:
		return s, nil
	case len(src) < 7:
		return nil, io.ErrUnexpectedEOF
	case src[len(src)-1] == 0:
		return nil, fmt.Errorf("%w: a stack does not end in a zero byte", fault.ErrCorrupt)
	}
	words := (len(src) - 7) / wordBytes * wordBytes
	var top [8]byte
	copy(top[:], src[words:])
	s.rest = binary.LittleEndian.Uint64(top[:]) - stackLower
	if words == 0 && s.rest == 0 {
		return nil, fmt.Errorf("%w: an empty stack has no bytes", fault.ErrCorrupt)
	}
	s.words = append(s.words, src[:words]...)
	s.n = words / wordBytes
	return s, nil
}

// Append appends the stack's bytes to dst: nothing for an empty stack, else the
// words, 2 bytes each, oldest first, and the state without the zero bytes at its
// end (7 or 8 bytes), all little endian. Every stack has one such form.
func (s *Stack) Append(dst []byte) []byte {
	if s.Empty() {
		return dst
	}
	dst = append(dst, s.words[:s.n*wordBytes]...)
	x := s.rest + stackLower
	dst = binary.LittleEndian.AppendUint64(dst, x)
	if x>>56 == 0 {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// Len returns the number of bytes that Append would append.
func (s *Stack) Len() int {
	switch {
	case s.Empty():
		return 0
	case (s.rest+stackLower)>>56 == 0:
		return s.n*wordBytes + 7
	}
	return s.n*wordBytes + 8
}

// Empty reports whether all that was pushed has been popped.
func (s *Stack) Empty() bool { return s.rest == 0 && s.n == 0 }

// Reset empties the stack and keeps its memory.
func (s *Stack) Reset() {
	*s = Stack{words: s.words[:0]}
}

// Push puts a symbol, given as its interval, on the stack. The interval must be
// valid, as every one that a prob.Distribution gives is.
func (s *Stack) Push(iv prob.Interval) {
	if iv.Width>>32 != 0 {
		return
	}
	x := s.rest + stackLower
	for x >= iv.Width<<32 {
		s.words = binary.LittleEndian.AppendUint16(s.words[:s.n*wordBytes], uint16(x))
		s.n++
		x >>= 16
	}
	q := x / iv.Width
	s.rest = q<<32 + (x - q*iv.Width) + iv.Low - stackLower
}

// Point returns the point of the line, 0..2^32-1, that lies in the interval of
// the symbol on top.
func (s *Stack) Point() uint32 { return uint32(s.rest) }

// Pop takes the symbol on top off the stack. The interval must hold the point
// that Point returned; another is an error that wraps prob.ErrDistribution. A
// stack that does not hold as much information as the interval is an error that
// wraps io.ErrUnexpectedEOF. After an error the stack is as it was.
func (s *Stack) Pop(iv prob.Interval) error {
	x := s.rest + stackLower
	point := x & (prob.Total - 1)
	if point-iv.Low >= iv.Width {
		return &prob.DistributionError{Index: -1, Reason: "the interval does not hold the point"}
	}
	if iv.Width>>32 != 0 {
		return nil
	}
	x = iv.Width*(x>>32) + point - iv.Low
	n := s.n
	for x < stackLower {
		if n == 0 {
			return errUnderflow
		}
		n--
		x = x<<16 | uint64(binary.LittleEndian.Uint16(s.words[n*wordBytes:]))
	}
	s.rest, s.n = x-stackLower, n
	return nil
}

// PushBytes puts bytes on the stack as they are, 8 bits each: the information
// that bits-back coding begins with.
func (s *Stack) PushBytes(p []byte) {
	for _, b := range p {
		s.Push(byteInterval(b))
	}
}

// PopBytes takes len(p) bytes off the stack, into p in the order in which
// PushBytes was given them. After an error the stack and p hold what is left.
func (s *Stack) PopBytes(p []byte) error {
	for i := len(p) - 1; i >= 0; i-- {
		b := byte(s.Point() >> 24)
		if err := s.Pop(byteInterval(b)); err != nil {
			return err
		}
		p[i] = b
	}
	return nil
}

func byteInterval(b byte) prob.Interval {
	return prob.Interval{Low: uint64(b) << 24, Width: 1 << 24}
}

// Position returns the place that the stack is at.
func (s *Stack) Position() Position {
	return Position{Words: s.n, State: s.rest + stackLower}
}

// Seek moves the stack to a position that it was at, in constant time. It can go
// down to any position from which the stack grew to what it is, and up again as
// long as nothing has been pushed in between. A position that the stack cannot
// have been at is an error that wraps foretell.ErrCorrupt.
func (s *Stack) Seek(p Position) error {
	if p.Words < 0 || p.Words > len(s.words)/wordBytes || p.State < stackLower {
		return fmt.Errorf("%w: no such position in the stack", fault.ErrCorrupt)
	}
	s.n, s.rest = p.Words, p.State-stackLower
	return nil
}
