package lz

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/simd/matches"
)

// A decoder decodes bodies. It keeps its buffers from one block to the next.
type decoder struct {
	coder    coder
	alphabet alphabet

	tokens, codes  []uint8
	offsets, longs []uint32
	literals       []uint32
	mixer          mixer
}

// faults are what may be wrong with the copying.
var faults = [...]error{
	matches.None:   nil,
	matches.Length: fmt.Errorf("%w: a match or run goes beyond the block", fault.ErrCorrupt),
	matches.Offset: fmt.Errorf("%w: a match begins before the block", fault.ErrCorrupt),
	matches.Left:   fmt.Errorf("%w: literals are left over", fault.ErrCorrupt),
}

// body fills out, symbols below size, from src.
func (d *decoder) body(out []uint32, size int, src []byte) error {
	steps, src, err := number(src, len(out))
	if err != nil {
		return err
	}
	literals, src, err := number(src, len(out))
	if err != nil {
		return err
	}
	if src, err = d.steps(steps, src); err != nil {
		return err
	}
	if err := d.readLiterals(literals, size, src); err != nil {
		return err
	}
	return faults[matches.Copy(out, matches.Steps{
		Tokens: d.tokens, Table: &tokens, Offsets: d.offsets, Longs: d.longs, Last: firstHistory, Literals: d.literals,
	})]
}

// tokens is what each token stands for.
var tokens = func() (t [numTokens]matches.Token) {
	for i := range t {
		p := &t[i]
		p.Run, p.Length, p.Kind = uint8(i/(longLength*numKinds)), uint8(i/numKinds%longLength+1), uint8(i%numKinds)
		if p.Run == longRun {
			p.LongRun = 1
		}
		if p.Length == longLength {
			p.LongLength = 1
		}
	}
	return t
}()

// countNumbers returns how many offsets and how many long numbers follow tokens. It looks
// at eight at a time: a run, a length and a kind are 3, 3 and 2 bits, all of them ones
// where a number follows.
func countNumbers(t []uint8) (offsets, longs int) {
	const ones = 0x0101010101010101
	for len(t) >= 8 {
		x := binary.LittleEndian.Uint64(t)
		two := x & (x >> 1)
		offsets += bits.OnesCount64(two & ones)
		longs += bits.OnesCount64(two>>2&(x>>4)&ones | two>>5&(x>>7)&ones<<1)
		t = t[8:]
	}
	for _, k := range t {
		offsets += int((tokens[k].Kind + 1) >> 2)
		longs += int(tokens[k].LongRun + tokens[k].LongLength)
	}
	return offsets, longs
}

// steps reads n steps, and returns what follows them in src.
func (d *decoder) steps(n int, src []byte) ([]byte, error) {
	d.tokens = resize(d.tokens, n)
	src, err := d.coder.decode(d.tokens, src)
	if err != nil {
		return nil, err
	}
	fresh, long := countNumbers(d.tokens)
	// One more of each is looked at, but not used.
	if d.offsets, src, err = d.numbers(d.offsets, fresh, &offsetBuckets, src); err != nil {
		return nil, err
	}
	d.longs, src, err = d.numbers(d.longs, long, &buckets, src)
	return src, err
}

// numbers reads n numbers, in v's memory if they and one more fit, and returns what
// follows them in src.
func (d *decoder) numbers(v []uint32, n int, table *[256]matches.Bucket, src []byte) ([]uint32, []byte, error) {
	v = resize(v, n+1)
	v[n] = 0
	if n == 0 {
		return v, src, nil
	}
	d.codes = resize(d.codes, n)
	src, err := d.coder.decode(d.codes, src)
	if err != nil {
		return nil, nil, err
	}
	low, src, err := section(src)
	if err != nil {
		return nil, nil, err
	}
	return v, src, checkBits(low, matches.Numbers(v, d.codes, low, table, nil))
}

// checkBits returns an error if n bits are not all of src but zeros in its last
// byte.
func checkBits(src []byte, n uint) error {
	switch whole := int(n+7) >> 3; {
	case whole > len(src):
		return io.ErrUnexpectedEOF
	case whole < len(src) || n&7 != 0 && src[whole-1]>>(n&7) != 0:
		return fmt.Errorf("%w: bits are left over", fault.ErrCorrupt)
	}
	return nil
}
