package lz

import (
	"fmt"

	"github.com/foretell/foretell/internal/fault"
)

// A decoder decodes bodies. It keeps its buffers from one block to the next.
type decoder struct {
	coder    coder
	alphabet alphabet

	tokens, codes  []uint8
	offsets, longs []uint32
	literals       []uint32
	low            []byte
}

var (
	errLength   = fmt.Errorf("%w: a match or run goes beyond the block", fault.ErrCorrupt)
	errOffset   = fmt.Errorf("%w: a match begins before the block", fault.ErrCorrupt)
	errLiterals = fmt.Errorf("%w: literals are left over", fault.ErrCorrupt)
)

// slack is how many symbols are copied at a time where there is room for them.
const slack = 4

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
	return d.copy(out)
}

// tokenParts is what a token says.
type tokenParts struct {
	run, length, kind uint8
	long              uint8 // how many long numbers it needs
}

var tokens = func() (t [numTokens]tokenParts) {
	for i := range t {
		p := &t[i]
		p.run, p.length, p.kind = uint8(i/(longLength*numKinds)), uint8(i/numKinds%longLength+1), uint8(i%numKinds)
		if p.run == longRun {
			p.long++
		}
		if p.length == longLength {
			p.long++
		}
	}
	return t
}()

// steps reads n steps, and returns what follows them in src.
func (d *decoder) steps(n int, src []byte) ([]byte, error) {
	d.tokens = resize(d.tokens, n)
	src, err := d.coder.decode(d.tokens, src)
	if err != nil {
		return nil, err
	}
	fresh, long := 0, 0
	for _, k := range d.tokens {
		t := &tokens[k]
		fresh += int((t.kind + 1) >> 2)
		long += int(t.long)
	}
	// One more is looked at, but not used.
	d.offsets = resize(d.offsets, fresh+1)
	d.offsets[fresh] = 0
	if src, err = d.numbers(d.offsets[:fresh], src); err != nil {
		return nil, err
	}
	d.longs = resize(d.longs, long)
	return d.numbers(d.longs, src)
}

// numbers fills v with numbers, and returns what follows them in src.
func (d *decoder) numbers(v []uint32, src []byte) ([]byte, error) {
	if len(v) == 0 {
		return src, nil
	}
	d.codes = resize(d.codes, len(v))
	src, err := d.coder.decode(d.codes, src)
	if err != nil {
		return nil, err
	}
	low, src, err := section(src)
	if err != nil {
		return nil, err
	}
	d.low = pad(d.low, low)
	low = d.low
	var r bitReader
	codes := d.codes
	for len(v) >= 2 && len(codes) >= 2 {
		r = r.refill(low)
		b, c := &buckets[codes[0]], &buckets[codes[1]]
		v[0] = b.base + r.peek(b.bits)
		r = r.skip(b.bits)
		v[1] = c.base + r.peek(c.bits)
		r = r.skip(c.bits)
		v, codes = v[2:], codes[2:]
	}
	if len(v) > 0 {
		r = r.refill(low)
		b := &buckets[codes[0]]
		v[0] = b.base + r.peek(b.bits)
		r = r.skip(b.bits)
	}
	return src, r.finish(low)
}

// readLiterals reads n literals, all that is left of src.
func (d *decoder) readLiterals(n, size int, src []byte) error {
	src, err := d.alphabet.decode(src, &d.coder, size, n)
	if err != nil {
		return err
	}
	a := &d.alphabet
	clear(a.pieces[a.used:])
	if n > 0 && a.used == 0 {
		return fmt.Errorf("%w: an alphabet without symbols", fault.ErrCorrupt)
	}
	d.codes = resize(d.codes, n)
	if src, err = d.coder.decode(d.codes, src); err != nil {
		return err
	}
	d.literals = resize(d.literals, n+slack)
	out := d.literals[:n]
	d.low = pad(d.low, src)
	src = d.low
	var low bitReader
	order, pieces := a.order, &a.pieces
	codes := d.codes
	for len(out) >= 2 && len(codes) >= 2 {
		low = low.refill(src)
		b := &pieces[codes[0]]
		c := &pieces[codes[1]]
		v := b.base + low.peek(b.bits)
		low = low.skip(b.bits)
		w := c.base + low.peek(c.bits)
		low = low.skip(c.bits)
		out[0] = order[v]
		out[1] = order[w]
		out, codes = out[2:], codes[2:]
	}
	if len(out) > 0 {
		low = low.refill(src)
		b := &pieces[codes[0]]
		out[0] = order[b.base+low.peek(b.bits)]
		low = low.skip(b.bits)
	}
	return low.finish(src)
}

// A move is a step as it is carried out.
type move struct{ run, length, offset uint32 }

// batch is how many moves are made out before they are carried out, so that the
// one does not wait for the other.
const batch = 256

// copy carries out the steps.
func (d *decoder) copy(out []uint32) error {
	u := unfolder{offsets: d.offsets, longs: d.longs, last: firstHistory}
	var moves [batch]move
	literals := d.literals
	at := 0
	for t := d.tokens; len(t) > 0; {
		n := min(len(t), batch)
		u.unfold(moves[:n], t[:n])
		t = t[n:]
		var err error
		if at, literals, err = carry(moves[:n], out, at, literals); err != nil {
			return err
		}
	}
	if len(literals)-slack != len(out)-at {
		return errLiterals
	}
	copy(out[at:], literals)
	return nil
}

// An unfolder makes moves of tokens.
type unfolder struct {
	offsets, longs []uint32
	last           history
}

func (u *unfolder) unfold(moves []move, codes []uint8) {
	offsets := u.offsets
	first, second, third := u.last[0], u.last[1], u.last[2]
	moves = moves[:len(codes)]
	for i, k := range codes {
		t := &tokens[k]
		run, length := uint32(t.run), uint32(t.length)
		if t.long != 0 {
			if run == longRun {
				run += u.longs[0]
				u.longs = u.longs[1:]
			}
			if length == longLength {
				length += u.longs[0]
				u.longs = u.longs[1:]
			}
		}
		// Which offset is used can hardly be foreseen, so there are no branches.
		kind := t.kind
		fresh := offsets[0] + 1
		offsets = offsets[(kind+1)>>2:]
		offset := first
		if kind == 1 {
			offset = second
		}
		if kind == 2 {
			offset = third
		}
		if kind == newOffset {
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
	u.offsets, u.last = offsets, history{first, second, third}
}

// carry carries out moves from out[at] on, and returns where they end and the
// literals that are left.
func carry(moves []move, out []uint32, at int, literals []uint32) (int, []uint32, error) {
	for i := range moves {
		m := &moves[i]
		run, length, offset := int(m.run), int(m.length), int(m.offset)
		if run > len(literals)-slack || run+length > len(out)-at {
			return 0, nil, errLength
		}
		if offset > at+run {
			return 0, nil, errOffset
		}
		if run+length+2*slack > len(out)-at {
			at += copy(out[at:], literals[:run])
			for j := range length {
				out[at+j] = out[at+j-offset]
			}
		} else {
			copyAhead(out[at:], literals)
			for n := slack; n < run; n += slack {
				copyAhead(out[at+n:], literals[n:])
			}
			at += run
			from := at - offset
			copyOver(out[at:], out[from:])
			for n := slack; n < length; n += slack {
				copyOver(out[at+n:], out[from+n:])
			}
		}
		literals = literals[run:]
		at += length
	}
	return at, literals, nil
}

// copyOver copies slack symbols one after another, so that some may be those that
// it has just written.
func copyOver(dst, src []uint32) {
	d, s := (*[slack]uint32)(dst), (*[slack]uint32)(src)
	d[0] = s[0]
	d[1] = s[1]
	d[2] = s[2]
	d[3] = s[3]
}

// copyAhead copies slack symbols that do not overlap.
func copyAhead(dst, src []uint32) {
	d, s := (*[slack]uint32)(dst), (*[slack]uint32)(src)
	a, b, c, e := s[0], s[1], s[2], s[3]
	d[0], d[1], d[2], d[3] = a, b, c, e
}
