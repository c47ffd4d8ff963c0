package ans

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

	"github.com/foretell/foretell/internal/fault"
)

const tLanes = 4 // states of a body of more than a few symbols

// A TBlock codes blocks of symbols with static tables by tANS: coding a symbol
// takes a look at a table, a shift and an addition, and no multiplication. Its
// bodies are a little longer than those of Block, and need tables that a cache
// can hold to be fast. It keeps what it derives from the tables, so one TBlock
// should serve many blocks; it serves one goroutine at a time.
type TBlock[S Symbol] struct {
	set  tableSet
	sym  [][]tSymbol // by table, then symbol
	next []uint32    // by table, then slots of the symbols before plus number of the slot: its place in the spread
	dec  []uint64    // by table, then place: symbol (16 bits), bits to read (8), place to add them to (32)
	buf  []byte      // bits of the block in hand, from the end backwards
}

// tSymbol is what coding a symbol takes: a state x, which is 2^prec and a place,
// sheds (x + bits) >> 24 bits, and what is left, plus base, is the index in next
// of the state that follows.
type tSymbol struct {
	bits  uint32
	base  int32
	slots uint32
}

// NewTBlock returns a coder with one or more tables, which must have the same
// precision and at most MaxSlots slots together; other tables are an error that
// wraps fault.ErrDistribution or fault.ErrLimit.
func NewTBlock[S Symbol](tables ...*Table) (*TBlock[S], error) {
	set, err := newTableSet(tables)
	if err != nil {
		return nil, err
	}
	return &TBlock[S]{set: set}, nil
}

// spread calls place for each place of the table, in order, with the symbol whose
// slot stands there. The slots of a symbol are spread evenly: the i-th of f wants
// place (2i+1)/2f of the way, and slots that want the same place follow in the
// order of their symbols.
func (t *Table) spread(place func(symbol int)) {
	size := 1 << t.prec
	start := make([]uint32, size+1)
	each := func(visit func(s int, want uint64)) {
		for s, f := range t.freq {
			if f == 0 {
				continue
			}
			step := uint64(1) << (t.prec + 32) / uint64(f)
			for at := step >> 1; f != 0; f-- {
				visit(s, at>>32)
				at += step
			}
		}
	}
	each(func(_ int, want uint64) { start[want+1]++ })
	for i := range size {
		start[i+1] += start[i]
	}
	order := make([]uint16, size)
	each(func(s int, want uint64) {
		order[start[want]] = uint16(s)
		start[want]++
	})
	for _, s := range order {
		place(int(s))
	}
}

func (b *TBlock[S]) prepareEncode() {
	prec := b.set.prec
	b.next = make([]uint32, len(b.set.tables)<<prec)
	for i, t := range b.set.tables {
		sym := make([]tSymbol, len(t.freq))
		for s, f := range t.freq {
			if f == 0 {
				continue
			}
			most := prec - uint(bits.Len32(f-1)) + 1
			if f == 1 {
				most = prec
			}
			sym[s] = tSymbol{bits: uint32(most)<<24 - f<<most, base: int32(i<<prec) + int32(t.cum[s]) - int32(f), slots: f}
		}
		b.sym = append(b.sym, sym)
		at := append([]uint32(nil), t.cum...)
		next := b.next[i<<prec:]
		place := uint32(1) << prec
		t.spread(func(s int) {
			next[at[s]] = place
			at[s]++
			place++
		})
	}
}

func (b *TBlock[S]) prepareDecode() {
	prec := b.set.prec
	b.dec = make([]uint64, 0, len(b.set.tables)<<prec)
	for _, t := range b.set.tables {
		slot := append([]uint32(nil), t.freq...)
		t.spread(func(s int) {
			n := prec + 1 - uint(bits.Len32(slot[s]))
			base := slot[s]<<n - 1<<prec
			b.dec = append(b.dec, uint64(base)<<32|uint64(n)<<16|uint64(s))
			slot[s]++
		})
	}
}

// certain reports whether no symbol can be another, so that the body is empty.
func (s *tableSet) certain(index []uint16, n int) bool {
	for i := range n {
		if !s.table(index, i).sole {
			return false
		}
		if index == nil {
			break
		}
	}
	return true
}

// Encode appends the body of a block to dst, as Block.Encode does.
func (b *TBlock[S]) Encode(dst []byte, symbols []S, index []uint16) ([]byte, error) {
	if err := b.set.check(index, len(symbols)); err != nil {
		return dst, err
	}
	if b.next == nil {
		b.prepareEncode()
	}
	raw := packedLen(len(symbols), b.set.size)
	if need := raw + 64; len(b.buf) < need {
		b.buf = make([]byte, need)
	}
	w := &tEncoder[S]{block: b, buf: b.buf, at: len(b.buf)}
	if err := w.encode(symbols, index); err != nil {
		return dst, err
	}
	switch {
	case w.empty:
		return dst, nil
	case w.full || len(b.buf)-w.at > raw:
		return appendRaw(append(dst, rawBody), &b.set, symbols, index)
	}
	return append(append(dst, w.head), b.buf[w.at:]...), nil
}

// Decode fills symbols from the body src, all of it, as Block.Decode does.
func (b *TBlock[S]) Decode(symbols []S, index []uint16, src []byte) error {
	if err := b.set.check(index, len(symbols)); err != nil {
		return err
	}
	if b.dec == nil {
		b.prepareDecode()
	}
	if len(src) == 0 {
		return b.fill(symbols, index)
	}
	if src[0] == rawBody {
		return decodeRaw(symbols, index, &b.set, src[1:])
	}
	if src[0]&7 > 2 || src[0] >= 64 {
		return fmt.Errorf("%w: no such kind of block body", fault.ErrCorrupt)
	}
	lanes := 1 << (src[0] & 7)
	if len(symbols) < lanes {
		return errLeftOver
	}
	d := tDecoder[S]{block: b, src: src[1:], pos: uint(src[0] >> 3)}
	if len(d.src) == 0 {
		return io.ErrUnexpectedEOF
	}
	if d.src[0]&(1<<d.pos-1) != 0 {
		return errLeftOver
	}
	return d.decode(symbols, index, lanes)
}

// fill sets symbols that no bits are needed for.
func (b *TBlock[S]) fill(symbols []S, index []uint16) error {
	if !b.set.certain(index, len(symbols)) {
		return io.ErrUnexpectedEOF
	}
	for i := range symbols {
		slot := 0
		if index != nil {
			slot = int(index[i]) << b.set.prec
		}
		symbols[i] = S(b.dec[slot] & 0xffff)
	}
	return nil
}

// A tEncoder writes one body, last symbol first: the bits that are read first end
// up lowest in the first byte.
type tEncoder[S Symbol] struct {
	block *TBlock[S]
	buf   []byte
	at    int    // the last byte written
	acc   uint64 // bits not yet written, the latest lowest
	n     uint   // their number, below 32 between symbols
	head  byte
	full  bool
	empty bool
}

func (w *tEncoder[S]) encode(symbols []S, index []uint16) error {
	set := &w.block.set
	lanes := 1
	if len(symbols) >= 64 {
		lanes = tLanes
	}
	var states [tLanes]uint32
	i := len(symbols)
	// The last symbol of a lane costs no bits: it chooses the first state.
	for ; i > 0 && i > len(symbols)-lanes; i-- {
		e, err := w.symbol(symbols, index, i-1)
		if err != nil {
			return err
		}
		states[(i-1)%lanes] = w.block.next[e.base+int32(e.slots)]
	}
	for ; i > 0 && (i%lanes != 0 || index != nil || lanes == 1); i-- {
		e, err := w.symbol(symbols, index, i-1)
		if err != nil {
			return err
		}
		x := states[(i-1)%lanes]
		n := uint(x+e.bits) >> 24
		w.put(uint64(x)&(1<<n-1), n)
		states[(i-1)%lanes] = w.block.next[int32(x>>n)+e.base]
		if w.full {
			return nil
		}
	}
	if err := w.groups(symbols[:i], &states); err != nil || w.full {
		return err
	}
	if set.certain(index, len(symbols)) {
		w.empty = true
		return nil
	}
	for l := lanes - 1; l >= 0; l-- {
		w.put(uint64(states[l])&(1<<set.prec-1), set.prec)
	}
	pad := -w.n & 7
	w.head = byte(pad<<3) | byte(bits.Len(uint(lanes))-1)
	w.acc <<= pad
	for w.n += pad; w.n > 0; w.n -= 8 {
		w.at--
		w.buf[w.at] = byte(w.acc >> (w.n - 8))
	}
	return nil
}

// symbol returns what coding symbol i takes.
func (w *tEncoder[S]) symbol(symbols []S, index []uint16, i int) (*tSymbol, error) {
	sym := w.block.sym[0]
	if index != nil {
		sym = w.block.sym[index[i]]
	}
	s := uint(symbols[i])
	if s >= uint(len(sym)) || sym[s].slots == 0 {
		return nil, w.block.set.table(index, i).symbolError(uint32(s))
	}
	return &sym[s], nil
}

func (w *tEncoder[S]) put(x uint64, n uint) {
	w.acc = w.acc<<n | x
	w.n += n
	if w.n >= 32 {
		w.flush()
	}
}

// flush writes the 32 oldest bits.
func (w *tEncoder[S]) flush() {
	if w.at < 32 {
		w.full = true
		return
	}
	w.n -= 32
	w.at -= 4
	binary.LittleEndian.PutUint32(w.buf[w.at:], uint32(w.acc>>w.n))
}

// groups codes symbols with one table, four at a time.
func (w *tEncoder[S]) groups(symbols []S, states *[tLanes]uint32) error {
	if len(symbols) == 0 {
		return nil
	}
	sym, next := w.block.sym[0], w.block.next
	buf, at, acc, n := w.buf, w.at, w.acc, w.n
	for i := len(symbols); i >= tLanes; i -= tLanes {
		if at < 32 {
			w.full = true
			return nil
		}
		g := symbols[i-tLanes : i]
		for l := tLanes - 1; l >= 0; l-- {
			s := uint(g[l])
			if s >= uint(len(sym)) || sym[s].slots == 0 {
				return w.block.set.tables[0].symbolError(uint32(s))
			}
			e := &sym[s]
			x := states[l]
			k := (x + e.bits) >> 24
			acc = acc<<(k&63) | uint64(x)&(1<<(k&63)-1)
			n += uint(k)
			states[l] = next[int32(x>>(k&31))+e.base]
			if n >= 32 {
				n -= 32
				at -= 4
				binary.LittleEndian.PutUint32(buf[at:], uint32(acc>>(n&63)))
			}
		}
	}
	w.at, w.acc, w.n = at, acc, n
	return nil
}

// A tDecoder reads one body.
type tDecoder[S Symbol] struct {
	block *TBlock[S]
	src   []byte
	pos   uint // next bit of src
}

// peek returns the bits from pos on, at least 56 of them, zeros after the end.
func (d *tDecoder[S]) peek() uint64 {
	if d.pos>>3+8 <= uint(len(d.src)) {
		return binary.LittleEndian.Uint64(d.src[d.pos>>3:]) >> (d.pos & 7)
	}
	var b [8]byte
	if d.pos>>3 < uint(len(d.src)) {
		copy(b[:], d.src[d.pos>>3:])
	}
	return binary.LittleEndian.Uint64(b[:]) >> (d.pos & 7)
}

func (d *tDecoder[S]) get(n uint) uint32 {
	x := uint32(d.peek() & (1<<n - 1))
	d.pos += n
	return x
}

func (d *tDecoder[S]) decode(symbols []S, index []uint16, lanes int) error {
	prec := d.block.set.prec
	var states [tLanes]uint32
	for l := range lanes {
		states[l] = d.get(prec)
	}
	i, last := 0, len(symbols)-lanes
	if index == nil && lanes == tLanes {
		i = d.groups(symbols[:last], &states)
	}
	for ; i < last; i++ {
		l := i & (lanes - 1)
		e := d.entry(index, i, states[l])
		symbols[i] = S(e & 0xffff)
		states[l] = uint32(e>>32) + d.get(uint(e>>16&0xff))
	}
	for ; i < len(symbols); i++ {
		e := d.entry(index, i, states[i&(lanes-1)])
		s := uint32(e & 0xffff)
		symbols[i] = S(s)
		// The encoder began with the first slot of the symbol.
		f := d.block.set.table(index, i).freq[s]
		if n := uint(e >> 16 & 0xff); uint32(e>>32)+1<<prec != f<<n {
			return errLeftOver
		}
	}
	switch {
	case d.pos > 8*uint(len(d.src)):
		return io.ErrUnexpectedEOF
	case d.pos < 8*uint(len(d.src)):
		return errLeftOver
	}
	return nil
}

func (d *tDecoder[S]) entry(index []uint16, i int, state uint32) uint64 {
	if index != nil {
		return d.block.dec[int(index[i])<<d.block.set.prec+int(state)]
	}
	return d.block.dec[state]
}

// groups decodes symbols with one table, four at a time, as far as 16 bytes can
// be read, and returns how many.
func (d *tDecoder[S]) groups(symbols []S, states *[tLanes]uint32) int {
	dec := d.block.dec
	src, pos := d.src, d.pos
	a, b, c, e := states[0], states[1], states[2], states[3]
	i := 0
	for ; i+tLanes <= len(symbols) && pos>>3+16 <= uint(len(src)); i += tLanes {
		g := symbols[i : i+tLanes]
		p, q := dec[a], dec[b]
		acc := binary.LittleEndian.Uint64(src[pos>>3:]) >> (pos & 7)
		n := uint(p >> 16 & 0xff)
		a = uint32(p>>32) + uint32(acc)&(1<<(n&31)-1)
		m := uint(q >> 16 & 0xff)
		b = uint32(q>>32) + uint32(acc>>(n&63))&(1<<(m&31)-1)
		pos += n + m
		g[0], g[1] = S(p&0xffff), S(q&0xffff)

		p, q = dec[c], dec[e]
		acc = binary.LittleEndian.Uint64(src[pos>>3:]) >> (pos & 7)
		n = uint(p >> 16 & 0xff)
		c = uint32(p>>32) + uint32(acc)&(1<<(n&31)-1)
		m = uint(q >> 16 & 0xff)
		e = uint32(q>>32) + uint32(acc>>(n&63))&(1<<(m&31)-1)
		pos += n + m
		g[2], g[3] = S(p&0xffff), S(q&0xffff)
	}
	*states = [tLanes]uint32{a, b, c, e}
	d.pos = pos
	return i
}
