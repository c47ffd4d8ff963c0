package lz

import "encoding/binary"

// An encoder encodes bodies. It keeps its buffers from one block to the next.
type encoder struct {
	parser   parser
	coder    coder
	alphabet alphabet

	codes          []uint8
	counts, letter []uint32 // by symbol: how often it is a literal; its piece and, in the lowest maxTokenBits, its number in it
	low            []byte
}

// body appends the body that parts make, of symbols below size.
func (e *encoder) body(dst []byte, size int, p *parts) ([]byte, error) {
	dst = binary.AppendUvarint(dst, uint64(len(p.tokens)))
	dst = binary.AppendUvarint(dst, uint64(len(p.literals)))
	var err error
	if dst, err = e.coder.encode(dst, p.tokens); err != nil {
		return nil, err
	}
	if dst, err = e.numbers(dst, p.offsets); err != nil {
		return nil, err
	}
	if dst, err = e.numbers(dst, p.longs); err != nil {
		return nil, err
	}

	e.counts = resize(e.counts, size)
	clear(e.counts)
	for _, v := range p.literals {
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
	for i, b := range a.pieces[:a.used] {
		for r, s := range a.order[b.Base() : b.Base()+1<<b.Bits()] {
			e.letter[s] = uint32(i)<<maxTokenBits | uint32(r)
		}
	}
	e.codes = resize(e.codes, len(p.literals))
	low := bitWriter{dst: e.low}
	low.reset(len(p.literals))
	letter, codes := e.letter, e.codes
	for l := p.literals; len(l) > 0; {
		const mask = 1<<maxTokenBits - 1
		x := letter[l[0]]
		piece := uint8(x >> maxTokenBits)
		n := a.pieces[piece].Bits()
		codes[0] = piece
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
