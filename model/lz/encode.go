package lz

import "encoding/binary"

// An encoder encodes bodies. It keeps its buffers from one block to the next.
type encoder struct {
	parser   parser
	coder    coder
	alphabet alphabet

	codes          []uint8
	mixer          mixer
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

	return e.literals(dst, size, p.literals)
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
