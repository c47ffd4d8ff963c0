package lz

// parts are what steps make of symbols, sorted by kinds.
type parts struct {
	tokens         []uint8
	offsets, longs []uint32
	literals       []uint32
	run            uint32 // literals since the last match
}

// reset begins anew, with room for n symbols.
func (p *parts) reset(n int) {
	p.tokens, p.offsets, p.longs = p.tokens[:0], p.offsets[:0], p.longs[:0]
	p.literals = resize(p.literals, n)[:0]
	p.run = 0
}

// add adds what the steps make of s[at:end].
func (p *parts) add(s []uint32, at, end int, steps []step) {
	n := len(p.literals)
	literals := p.literals[:cap(p.literals)]
	for _, t := range steps {
		run := t.place - uint32(at)
		if n+8 <= len(literals) && run <= 8 && at+8 <= len(s) {
			*(*[8]uint32)(literals[n:]) = *(*[8]uint32)(s[at:]) // what is too much is written over
		} else {
			copy(literals[n:], s[at:t.place])
		}
		n += int(run)
		at = int(t.place + t.length)
		run += p.run
		p.run = 0
		p.tokens = append(p.tokens, token(run, t.length, t.kind()))
		if run >= longRun {
			p.longs = append(p.longs, run-longRun)
		}
		if t.length >= longLength {
			p.longs = append(p.longs, t.length-longLength)
		}
		if t.offset >= newOffset {
			p.offsets = append(p.offsets, t.offset-newOffset)
		}
	}
	n += copy(literals[n:], s[at:end])
	p.run += uint32(end - at)
	p.literals = literals[:n]
}

// A mark is a place in parts.
type mark struct{ tokens, offsets, longs, literals int }

func (p *parts) mark() mark {
	return mark{len(p.tokens), len(p.offsets), len(p.longs), len(p.literals)}
}

// count adds what there is of the parts since a mark.
func (s *statistics) count(p *parts, m mark) {
	for _, t := range p.tokens[m.tokens:] {
		s.token[t]++
	}
	for _, v := range p.offsets[m.offsets:] {
		s.offset[code(v)]++
	}
	for _, v := range p.longs[m.longs:] {
		s.long[code(v)]++
	}
	lit := s.lit
	for _, v := range p.literals[m.literals:] {
		lit[v]++
	}
}
