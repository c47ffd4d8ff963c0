package lz

import "encoding/binary"

// An encoder encodes bodies. It keeps its buffers from one block to the next.
type encoder struct {
	parser   parser
	coder    coder
	alphabet alphabet

	tokens, codes  []uint8
	offsets, longs []uint32
	literals       []uint32
	counts, letter []uint32 // by symbol: how often it is a literal; its piece and, in the lowest maxTokenBits, its number in it
	low            []byte
}

// body appends the body of s, symbols below size, that the steps make.
func (e *encoder) body(dst []byte, s []uint32, size int, steps []step) ([]byte, error) {
	e.split(s, steps)
	dst = binary.AppendUvarint(dst, uint64(len(steps)))
	dst = binary.AppendUvarint(dst, uint64(len(e.literals)))
	var err error
	if dst, err = e.coder.encode(dst, e.tokens); err != nil {
		return nil, err
	}
	if dst, err = e.numbers(dst, e.offsets); err != nil {
		return nil, err
	}
	if dst, err = e.numbers(dst, e.longs); err != nil {
		return nil, err
	}

	e.counts = resize(e.counts, size)
	clear(e.counts)
	for _, v := range e.literals {
		e.counts[v]++
	}
	a := &e.alphabet
	a.plan(e.counts)
	if err = a.build(); err != nil {
		return nil, err
	}
	if dst, err = a.encode(dst, &e.coder); err != nil {
		return nil, err
	}
	e.letter = resize(e.letter, size)
	for i, p := range a.pieces[:a.used] {
		for r, s := range a.order[p.Base() : p.Base()+1<<p.Bits()] {
			e.letter[s] = uint32(i)<<maxTokenBits | uint32(r)
		}
	}
	e.codes = resize(e.codes, len(e.literals))
	low := bitWriter{dst: e.low}
	low.reset(len(e.literals))
	letter, codes := e.letter, e.codes
	for l := e.literals; len(l) > 0; {
		const mask = 1<<maxTokenBits - 1
		x := letter[l[0]]
		p := uint8(x >> maxTokenBits)
		n := a.pieces[p].Bits()
		codes[0] = p
		if len(l) == 1 {
			low.put(x&mask, n)
			break
		}
		y := letter[l[1]]
		q := uint8(y >> maxTokenBits)
		codes[1] = q
		low.putTwo(uint64(x&mask)|uint64(y&mask)<<(n&63), n+a.pieces[q].Bits())
		l, codes = l[2:], codes[2:]
	}
	if dst, err = e.coder.encode(dst, e.codes); err != nil {
		return nil, err
	}
	e.low = low.finish()
	dst = append(dst, e.low...)
	return dst, nil
}

// split sorts what the steps make of s by kinds.
func (e *encoder) split(s []uint32, steps []step) {
	e.tokens = resize(e.tokens, len(steps))
	e.offsets, e.longs = e.offsets[:0], e.longs[:0]
	e.literals = resize(e.literals, len(s))
	n, at := 0, 0
	for i, t := range steps {
		run := t.place - uint32(at)
		if n+8 <= len(e.literals) && run <= 8 && at+8 <= len(s) {
			*(*[8]uint32)(e.literals[n:]) = *(*[8]uint32)(s[at:]) // what is too much is written over
		} else {
			copy(e.literals[n:], s[at:t.place])
		}
		n += int(run)
		at = int(t.place + t.length)
		e.tokens[i] = token(run, t.length, t.kind())
		if run >= longRun {
			e.longs = append(e.longs, run-longRun)
		}
		if t.length >= longLength {
			e.longs = append(e.longs, t.length-longLength)
		}
		if t.offset >= newOffset {
			e.offsets = append(e.offsets, t.offset-newOffset)
		}
	}
	n += copy(e.literals[n:], s[at:])
	e.literals = e.literals[:n]
}

// numbers appends numbers: their codes, and the bits below them.
func (e *encoder) numbers(dst []byte, v []uint32) ([]byte, error) {
	if len(v) == 0 {
		return dst, nil
	}
	e.codes = resize(e.codes, len(v))
	low := bitWriter{dst: e.low}
	low.reset(len(v))
	for i, n := range v {
		k := uint8(code(n))
		e.codes[i] = k
		low.put(n-buckets[k].Base(), buckets[k].Bits())
	}
	dst, err := e.coder.encode(dst, e.codes)
	if err != nil {
		return nil, err
	}
	e.low = low.finish()
	return appendSection(dst, e.low), nil
}
