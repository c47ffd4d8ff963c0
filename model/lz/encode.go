package lz

import "encoding/binary"

// An encoder encodes bodies. It keeps its buffers from one block to the next.
type encoder struct {
	parser   parser
	coder    coder
	alphabet alphabet

	tokens, codes  []uint8
	offsets, longs []uint32
	counts, rank   []uint32
	pieceOf        []uint8
	low            []byte
}

// body appends the body of s, symbols below size, that the steps make.
func (e *encoder) body(dst []byte, s []uint32, size int, steps []step) ([]byte, error) {
	e.counts = resize(e.counts, size)
	clear(e.counts)
	e.tokens, e.offsets, e.longs = e.tokens[:0], e.offsets[:0], e.longs[:0]
	at, literals := uint32(0), len(s)
	for _, t := range steps {
		run := t.place - at
		for _, v := range s[at:t.place] {
			e.counts[v]++
		}
		e.tokens = append(e.tokens, token(run, t.length, t.kind()))
		if run >= longRun {
			e.longs = append(e.longs, run-longRun)
		}
		if t.length >= longLength {
			e.longs = append(e.longs, t.length-longLength)
		}
		if t.offset >= newOffset {
			e.offsets = append(e.offsets, t.offset-newOffset)
		}
		literals -= int(t.length)
		at = t.place + t.length
	}
	for _, v := range s[at:] {
		e.counts[v]++
	}
	dst = binary.AppendUvarint(dst, uint64(len(steps)))
	dst = binary.AppendUvarint(dst, uint64(literals))
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

	a := &e.alphabet
	a.plan(e.counts)
	if err = a.build(); err != nil {
		return nil, err
	}
	if dst, err = a.encode(dst, &e.coder); err != nil {
		return nil, err
	}
	e.rank = resize(e.rank, size)
	e.pieceOf = resize(e.pieceOf, size)
	for i, p := range a.pieces[:a.used] {
		for r, s := range a.order[p.Base() : p.Base()+1<<p.Bits()] {
			e.rank[s] = uint32(r)
			e.pieceOf[s] = uint8(i)
		}
	}
	e.codes = e.codes[:0]
	at = 0
	low := bitWriter{dst: e.low[:0]}
	put := func(run []uint32) {
		for _, v := range run {
			p := e.pieceOf[v]
			e.codes = append(e.codes, p)
			low.put(e.rank[v], a.pieces[p].Bits())
		}
	}
	for _, t := range steps {
		put(s[at:t.place])
		at = t.place + t.length
	}
	put(s[at:])
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
	e.codes = e.codes[:0]
	low := bitWriter{dst: e.low[:0]}
	for _, n := range v {
		k := code(n)
		e.codes = append(e.codes, uint8(k))
		low.put(n-buckets[k].Base(), buckets[k].Bits())
	}
	dst, err := e.coder.encode(dst, e.codes)
	if err != nil {
		return nil, err
	}
	e.low = low.finish()
	return appendSection(dst, e.low), nil
}
