package lz

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/foretell/foretell/internal/fault"
)

// A Decoder decodes blocks. It keeps its buffers from one block to the next.
type Decoder struct {
	coder    coder
	alphabet alphabet

	runs, lengths, offsets, index []uint16
	pieces                        []uint16
	literals                      []uint32
}

var (
	errLength   = fmt.Errorf("%w: a match or run goes beyond the block", fault.ErrCorrupt)
	errOffset   = fmt.Errorf("%w: a match begins before the block", fault.ErrCorrupt)
	errLiterals = fmt.Errorf("%w: literals are left over", fault.ErrCorrupt)
)

// slack is how many symbols are copied at a time where there is room for them.
const slack = 4

// body fills out, symbols below size, from src.
func (d *Decoder) body(out []uint32, size int, src []byte) error {
	steps, src, err := number(src, len(out))
	if err != nil {
		return err
	}
	literals, src, err := number(src, len(out))
	if err != nil {
		return err
	}
	extra, src, err := d.steps(steps, src)
	if err != nil {
		return err
	}
	if err := d.readLiterals(literals, size, src); err != nil {
		return err
	}
	return d.copy(out, bitReader{src: extra})
}

// number reads a number of at most limit.
func number(src []byte, limit int) (int, []byte, error) {
	n, w := binary.Uvarint(src)
	if w == 0 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	if w < 0 || n > uint64(limit) {
		return 0, nil, errLength
	}
	return int(n), src[w:], nil
}

// steps reads the codes of n steps, and returns the bits below them and what
// follows in src.
func (d *Decoder) steps(n int, src []byte) (extra, rest []byte, err error) {
	d.lengths, d.runs, d.offsets = resize(d.lengths, n), resize(d.runs, n), resize(d.offsets, n)
	d.index = resize(d.index, n)
	if src, err = d.coder.decode(d.lengths, nil, numCodes, 1, src); err != nil {
		return nil, nil, err
	}
	c := uint16(numClasses - 1)
	for i, k := range d.lengths {
		d.index[i] = c
		if k == 0 {
			return nil, nil, fmt.Errorf("%w: a match of no length", fault.ErrCorrupt)
		}
		c = min(k, numClasses) - 1
	}
	if src, err = d.coder.decode(d.runs, d.index, numCodes, numClasses, src); err != nil {
		return nil, nil, err
	}
	for i, k := range d.lengths {
		c := min(k, numClasses) - 1
		if d.runs[i] == 0 {
			c += numClasses
		}
		d.index[i] = c
	}
	if src, err = d.coder.decode(d.offsets, d.index, numOffsets, offsetContexts, src); err != nil {
		return nil, nil, err
	}
	return section(src)
}

// readLiterals reads n literals, all that is left of src.
func (d *Decoder) readLiterals(n, size int, src []byte) error {
	src, err := d.alphabet.decode(src, &d.coder, size, n)
	if err != nil {
		return err
	}
	a := &d.alphabet
	d.pieces = resize(d.pieces, n)
	if n > 0 && len(a.pieces) == 0 {
		return fmt.Errorf("%w: an alphabet without symbols", fault.ErrCorrupt)
	}
	if src, err = d.coder.decode(d.pieces, nil, len(a.pieces), 1, src); err != nil {
		return err
	}
	d.literals = resize(d.literals, n+slack)
	out := d.literals[:n]
	low := bitReader{src: src}
	order, pieces := a.order, a.pieces
	for len(out) >= 2 {
		p := d.pieces[n-len(out):]
		low.refill()
		b := &pieces[p[0]]
		c := &pieces[p[1]]
		v := b.base + low.take(b.bits)
		w := c.base + low.take(c.bits)
		out[0] = order[v]
		out[1] = order[w]
		out = out[2:]
	}
	if len(out) > 0 {
		low.refill()
		b := &pieces[d.pieces[n-1]]
		out[0] = order[b.base+low.take(b.bits)]
	}
	return low.finish()
}

// copy carries out the steps.
func (d *Decoder) copy(out []uint32, extra bitReader) error {
	literals := d.literals[:len(d.literals)-slack]
	padded := d.literals
	lengths, offsets := d.lengths, d.offsets
	lengths, offsets = lengths[:len(d.runs)], offsets[:len(d.runs)]
	last := firstHistory
	at, lit := 0, 0
	for i, r := range d.runs {
		// A block has less than 2^maxBits symbols: numbers of 24 bits.
		extra.refill()
		b := &buckets[r]
		run := int(b.base + extra.take(b.bits))
		b = &buckets[lengths[i]]
		length := int(b.base + extra.take(b.bits))
		o := uint32(offsets[i])
		var offset uint32
		if o >= numReps {
			if extra.fill < 32 {
				extra.refill()
			}
			b = &buckets[o-numReps]
			offset = b.base + extra.take(b.bits) + 1
			last = history{offset, last[0], last[1]}
		} else {
			offset = last[o]
			last = last.use(o)
		}
		if run > len(literals)-lit || run+length > len(out)-at {
			return errLength
		}
		if run <= slack && len(out)-at >= slack {
			*(*[slack]uint32)(out[at:]) = *(*[slack]uint32)(padded[lit:])
		} else {
			copy(out[at:at+run], literals[lit:lit+run])
		}
		at += run
		lit += run
		if int(offset) > at {
			return errOffset
		}
		from := at - int(offset)
		switch {
		case offset >= slack && length <= 2*slack && len(out)-at >= 2*slack:
			*(*[slack]uint32)(out[at:]) = *(*[slack]uint32)(out[from:])
			if length > slack {
				*(*[slack]uint32)(out[at+slack:]) = *(*[slack]uint32)(out[from+slack:])
			}
		case int(offset) >= length:
			copy(out[at:at+length], out[from:])
		default:
			for done := 0; done < length; {
				done += copy(out[at+done:at+length], out[from:at+done])
			}
		}
		at += length
	}
	if copy(out[at:], literals[lit:]) != len(out)-at || len(literals)-lit != len(out)-at {
		return errLiterals
	}
	return extra.finish()
}
