package lz

import (
	"encoding/binary"
	"fmt"

	"github.com/foretell/foretell/ans"
	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/simd/matches"
)

// Most literals of few symbols are codes themselves, so that nothing but tANS is between the
// bytes and them: those below a bound, if it is not 0. For the others the codes of numbers
// follow. Where there is no such bound, literals are coded by an alphabet.
const maxBound = 1 << 12

// A mixer codes literals of which most are codes themselves.
type mixer struct {
	block  ans.TBlock[uint32]
	counts []uint64
	slots  []uint32
	codes  []uint32
	body   []byte
	low    []byte
}

// bound returns a bound below which nearly all of n literals are, if they are many for the
// symbols that occur there, else 0.
func bound(counts []uint32, n int) int {
	const manyForEach = 32
	end, below, used := 0, 0, 0
	for next := 1 << 8; below < n-n/16; next *= 2 {
		if end == min(maxBound, len(counts)) {
			return 0
		}
		next = min(next, len(counts))
		for _, k := range counts[end:next] {
			below += int(k)
			used += int(min(k, 1))
		}
		end = next
	}
	if n < used*manyForEach || used < 2 || used > 1<<(maxPrecision-1) {
		return 0
	}
	return end
}

// mixedSize returns how many codes literals below size have if those below a bound are
// codes themselves.
func mixedSize(bound, size int) int {
	if bound == size {
		return size
	}
	return bound + int(code(uint32(size-1-bound))) + 1
}

// literals appends literals, which are below size.
func (e *encoder) literals(dst []byte, size int, literals []uint32) ([]byte, error) {
	e.counts = resize(e.counts, size)
	clear(e.counts)
	for _, v := range literals {
		e.counts[v]++
	}
	bound := bound(e.counts, len(literals))
	dst = binary.AppendUvarint(dst, uint64(bound))
	if bound > 0 {
		return e.mixed(dst, bound, size, literals)
	}
	return e.pieces(dst, size, literals)
}

// mixed appends literals of which those below a bound are codes themselves.
func (e *encoder) mixed(dst []byte, bound, size int, literals []uint32) ([]byte, error) {
	m := &e.mixer
	m.counts = resize(m.counts, mixedSize(bound, size))
	clear(m.counts)
	for s, k := range e.counts[:bound] {
		m.counts[s] = uint64(k)
	}
	m.low = m.low[:0]
	if bound < size {
		m.codes = resize(m.codes, len(literals))
		low := bitWriter{dst: m.low}
		low.reset(len(literals))
		for i, v := range literals {
			if v >= uint32(bound) {
				v -= uint32(bound)
				c := code(v)
				low.put(v-buckets[c].Base(), buckets[c].Bits())
				v = uint32(bound) + c
				m.counts[v]++
			}
			m.codes[i] = v
		}
		literals = m.codes
		m.low = low.finish()
	}
	table, _, err := chooseTable(m.counts, len(literals))
	if err != nil {
		return dst, err
	}
	m.slots = resize(m.slots, len(m.counts))
	for c := range m.slots {
		m.slots[c] = table.Slots(uint32(c))
	}
	if dst, err = e.numbers(dst, m.slots); err != nil {
		return dst, err
	}
	if err = m.block.Reset(table); err != nil {
		return dst, err
	}
	if m.body, err = m.block.Encode(m.body[:0], literals, nil); err != nil {
		return dst, err
	}
	return append(appendSection(dst, m.body), m.low...), nil
}

// pieces appends an alphabet, the pieces of literals and the bits below them.
func (e *encoder) pieces(dst []byte, size int, literals []uint32) ([]byte, error) {
	a := &e.alphabet
	a.plan(e.counts)
	err := a.build()
	if err != nil {
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
	e.codes = resize(e.codes, len(literals))
	low := bitWriter{dst: e.low}
	low.reset(len(literals))
	letter, codes := e.letter, e.codes
	for l := literals; len(l) > 0; {
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
	return append(dst, e.low...), nil
}

// readLiterals reads n literals below size, all that is left of src.
func (d *decoder) readLiterals(n, size int, src []byte) error {
	most := min(size, maxBound)
	if n == 0 {
		most = 0
	}
	bound, src, err := number(src, most)
	if err != nil {
		return err
	}
	d.literals = resize(d.literals, n+matches.Slack)
	if bound > 0 {
		return d.mixed(d.literals[:n], bound, size, src)
	}
	a := &d.alphabet
	if src, err = a.decode(src, &d.coder, size, n); err != nil {
		return err
	}
	clear(a.pieces[a.used:])
	if n > 0 && a.used == 0 {
		return fmt.Errorf("%w: an alphabet without symbols", fault.ErrCorrupt)
	}
	d.codes = resize(d.codes, n)
	if src, err = d.coder.decode(d.codes, src); err != nil {
		return err
	}
	return checkBits(src, matches.Numbers(d.literals, d.codes, src, &a.pieces, a.order))
}

// mixed reads literals of which those below a bound are codes themselves.
func (d *decoder) mixed(literals []uint32, bound, size int, src []byte) error {
	m := &d.mixer
	n := mixedSize(bound, size)
	var err error
	if m.slots, src, err = d.numbers(m.slots, n, &buckets, src); err != nil {
		return err
	}
	table, err := ans.TableOf(m.slots[:n])
	if err != nil {
		return fmt.Errorf("%w: %v", fault.ErrCorrupt, err)
	}
	if table.Precision() > maxPrecision {
		return fmt.Errorf("%w: a table of 2^%d slots", fault.ErrCorrupt, table.Precision())
	}
	body, src, err := section(src)
	if err != nil {
		return err
	}
	if err := m.block.Reset(table); err != nil {
		return err
	}
	if err := m.block.Decode(literals, nil, body); err != nil {
		return err
	}
	bits, ok := resolve(literals, uint32(bound), uint32(size), src)
	if !ok {
		return fmt.Errorf("%w: a symbol out of range", fault.ErrCorrupt)
	}
	return checkBits(src, bits)
}

// resolve replaces the codes of literals from bound on by the numbers that they stand for
// with the bits of src, and returns how many bits these were, and whether all numbers are
// below size.
func resolve(literals []uint32, bound, size uint32, src []byte) (n uint, ok bool) {
	const stretch = 16 // literals that are looked at where there is such a code
	most := uint32(0)
	for {
		literals = literals[matches.IndexFrom(literals, bound):]
		if len(literals) == 0 {
			return n, most < size
		}
		next := literals[:min(stretch, len(literals))]
		literals = literals[len(next):]
		for i, v := range next {
			// Which it is can hardly be foreseen, so there are no branches.
			direct := uint32(int32(v-bound) >> 31)
			b := buckets[uint8((v-bound)&^direct)]
			bits := b.Bits() &^ uint8(direct)
			v = v&direct | (b.Base()+bound)&^direct + matches.Bits(src, n, bits)
			most = max(most, v)
			next[i] = v
			n += uint(bits)
		}
	}
}
