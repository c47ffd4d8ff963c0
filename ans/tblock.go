package ans

import (
	"encoding/binary"
	"io"
	"math/bits"

	"github.com/foretell/foretell/internal/simd/tans"
)

// A TBlock codes blocks of symbols with static tables by tANS: coding a symbol
// takes a look at a table, a shift and an addition, and no multiplication. It
// needs tables that a cache can hold to be fast. It keeps what it derives from
// the tables, so one TBlock should serve many blocks; it serves one goroutine at
// a time.
type TBlock[S Symbol] struct {
	set   tableSet
	ready struct{ enc, dec bool }
	enc   []tans.Entry     // by table, then symbol: the size of the largest for each
	next  []uint32         // by table, then slots of the symbols before plus number of the slot: the state
	dec   []tans.Slot      // by table, then state
	short []tans.ShortSlot // the same, for small alphabets, instead
	first []uint32         // where the slots of a table are put
	near  []uint16         // the same, for tables of few slots, instead
	buf   []byte           // bits of the block in hand, from the end backwards
}

// NewTBlock returns a coder with one or more tables, which must have the same
// precision and at most MaxSlots slots together; other tables are an error that
// wraps prob.ErrDistribution or foretell.ErrLimit.
func NewTBlock[S Symbol](tables ...*Table) (*TBlock[S], error) {
	b := new(TBlock[S])
	if err := b.Reset(tables...); err != nil {
		return nil, err
	}
	return b, nil
}

// Reset changes the tables and keeps the memory. After an error the tables are as
// they were.
func (b *TBlock[S]) Reset(tables ...*Table) error {
	set, err := newTableSet(tables)
	if err != nil {
		return err
	}
	b.set = set
	b.ready.enc, b.ready.dec = false, false
	return nil
}

// step returns how far the slots of a symbol with f of them are from one another, in
// 2^-32 of a place.
func (t *Table) step(f uint32) uint64 {
	if f < uint32(len(steps)) {
		return steps[f] >> (MaxPrecision - t.prec)
	}
	return 1 << (t.prec + 32) / uint64(f)
}

// steps is what step returns at the greatest precision for most symbols, which saves
// dividing.
var steps = func() (s [64]uint64) {
	for f := 1; f < len(s); f++ {
		s[f] = 1 << (MaxPrecision + 32) / uint64(f)
	}
	return s
}()

func (b *TBlock[S]) prepareEncode() {
	prec := b.set.prec
	b.next = resize(b.next, len(b.set.tables)<<prec)
	b.enc = resize(b.enc, len(b.set.tables)*b.set.size)
	clear(b.enc)
	b.first = resize(b.first, 1<<prec+1)
	for i, t := range b.set.tables {
		spread(t, b.first)
		next := b.next[i<<prec:]
		for s, f := range t.freq {
			if f == 0 {
				continue
			}
			most := prec // bits that the largest states shed
			if f > 1 {
				most -= uint(bits.Len32(f-1)) - 1
			}
			b.enc[i*b.set.size+s] = tans.Entry{Bits: uint32(most)<<24 - f<<most, Base: int32(i<<prec) + int32(t.cum[s]) - int32(f)}
			step := t.step(f)
			at := step >> 1
			for k := range next[t.cum[s]:][:f] {
				place := &b.first[at>>32]
				next[t.cum[s]+uint32(k)] = 1<<prec + *place
				*place++
				at += step
			}
		}
	}
	b.ready.enc = true
}

func (b *TBlock[S]) prepareDecode() {
	n := len(b.set.tables) << b.set.prec
	switch {
	case b.set.size <= 1<<8 && b.set.prec < tans.MaxShort:
		b.short, b.dec = resize(b.short, n), b.dec[:0]
		b.near = resize(b.near, 1<<b.set.prec+1)
		fillSlots(&b.set, b.short, b.near)
	default:
		b.dec, b.short = resize(b.dec, n), b.short[:0]
		b.first = resize(b.first, 1<<b.set.prec+1)
		fillSlots(&b.set, b.dec, b.first)
	}
	b.ready.dec = true
}

// fillSlots fills dec, by table and then state, with first as scratch.
func fillSlots[P uint16 | uint32, D tans.AnySlot](set *tableSet, dec []D, first []P) {
	prec := set.prec
	for i, t := range set.tables {
		spread(t, first)
		dec := dec[i<<prec:][:1<<prec]
		for s, f := range t.freq {
			if f == 0 {
				continue
			}
			step := t.step(f)
			at := step >> 1
			n := prec + 1 - uint(bits.Len32(f))
			half := uint32(1) << bits.Len32(f) // from which slot on a bit less is read
			for slot := f; slot < 2*f; slot++ {
				if slot == half {
					n--
				}
				want := at >> 32
				place := first[want]
				first[want] = place + 1
				dec[place] = tans.NewSlot[D](uint16(s), n, slot<<(n&31)-1<<(prec&31))
				at += step
			}
		}
	}
}

// spread sets first[p] to the number of slots that stand before those that want
// place p: the i-th of f slots of a symbol wants (2i+1)/2f of the way, and slots that
// want the same place follow in the order of their symbols. Going through the slots
// in this order again, each is put at first[p], which then grows by one.
func spread[P uint16 | uint32](t *Table, first []P) {
	first = first[:1<<t.prec+1]
	clear(first)
	for _, f := range t.freq {
		if f == 0 {
			continue
		}
		step := t.step(f)
		for at := step >> 1; f != 0; f-- {
			first[at>>32+1]++
			at += step
		}
	}
	sum := P(0)
	for i, n := range first {
		sum += n
		first[i] = sum
	}
}

// Encode appends the body of a block to dst, as Block.Encode does.
func (b *TBlock[S]) Encode(dst []byte, symbols []S, index []uint16) ([]byte, error) {
	if err := b.set.check(index, len(symbols)); err != nil {
		return dst, err
	}
	if !b.ready.enc {
		b.prepareEncode()
	}
	raw := packedLen(len(symbols), b.set.size)
	b.buf = resize(b.buf, raw+2*tans.Room)
	w := &tEncoder[S]{block: b, Writer: tans.Writer{Buf: b.buf, At: len(b.buf)}}
	if err := w.encode(symbols, index); err != nil {
		return dst, err
	}
	switch {
	case w.empty:
		return dst, nil
	case w.full || len(b.buf)-w.At > raw:
		return appendRaw(append(dst, rawBody), &b.set, symbols, index)
	}
	return append(append(dst, w.head), b.buf[w.At:]...), nil
}

// Decode fills symbols from the body src, all of it, as Block.Decode does.
func (b *TBlock[S]) Decode(symbols []S, index []uint16, src []byte) error {
	if err := b.set.check(index, len(symbols)); err != nil {
		return err
	}
	if !b.ready.dec {
		b.prepareDecode()
	}
	if len(src) == 0 {
		return b.fill(symbols, index)
	}
	if b.set.certain(index, len(symbols)) {
		return errCertain
	}
	if src[0] == rawBody {
		return decodeRaw(symbols, index, &b.set, src[1:])
	}
	lanes := 1
	switch src[0] & 7 {
	case 0:
	case 3:
		lanes = tans.Lanes
	default:
		return errKind
	}
	d := tDecoder[S]{block: b, src: src[1:], pos: uint(src[0] >> 3)}
	switch {
	case src[0] >= 64:
		return errKind
	case len(symbols) < lanes:
		return errLeftOver
	case len(d.src) == 0:
		return io.ErrUnexpectedEOF
	case d.src[0]&(1<<d.pos-1) != 0:
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
		symbols[i] = S(b.slot(index, i, 0).Symbol())
	}
	return nil
}

// slot returns the entry of a state when symbol i is next.
func (b *TBlock[S]) slot(index []uint16, i int, state uint32) tans.Slot {
	if index != nil {
		state += uint32(index[i]) << b.set.prec
	}
	if len(b.short) > 0 {
		return b.short[state].Slot()
	}
	return b.dec[state]
}

// A tEncoder writes one body, last symbol first.
type tEncoder[S Symbol] struct {
	tans.Writer
	block *TBlock[S]
	head  byte
	full  bool // there was no room: the body is longer than the packed symbols
	empty bool // there is nothing to say
}

// encode codes symbol i with lane i modulo lanes. The last symbol of each lane
// costs no bits: it chooses the state that the lane begins with.
func (w *tEncoder[S]) encode(symbols []S, index []uint16) error {
	b := w.block
	lanes := 1
	if len(symbols) >= 128 {
		lanes = tans.Lanes
	}
	var states [tans.Lanes]uint32
	i := len(symbols)
	for ; i > 0 && i > len(symbols)-lanes; i-- {
		e, f, err := w.entry(symbols, index, i-1)
		if err != nil {
			return err
		}
		states[(i-1)%lanes] = b.next[e.Base+int32(f)]
	}
	groups := 0
	if index == nil && lanes == tans.Lanes {
		groups = i - i%lanes
	}
	for ; i > groups; i-- {
		e, _, err := w.entry(symbols, index, i-1)
		if err != nil {
			return err
		}
		x := states[(i-1)%lanes]
		n := uint(x+e.Bits) >> 24
		states[(i-1)%lanes] = b.next[int32(x>>n)+e.Base]
		if !w.Put(uint64(x)&(1<<n-1), n) {
			w.full = true
			return nil
		}
	}
	left, ok := tans.Encode(&w.Writer, symbols[:i], &states, b.enc, b.next, b.set.prec)
	switch {
	case !ok:
		return firstError(&b.set, symbols[:i], nil)
	case left != 0:
		w.full = true
		return nil
	case b.set.certain(index, len(symbols)):
		w.empty = true
		return nil
	}
	for l := lanes - 1; l >= 0; l-- {
		w.full = w.full || !w.Put(uint64(states[l])&(1<<b.set.prec-1), b.set.prec)
	}
	pad := -w.Pending() & 7
	w.head = byte(pad<<3) | byte(bits.Len(uint(lanes))-1)
	w.full = w.full || !w.Put(0, pad)
	return nil
}

// entry returns what coding symbol i takes, and the slots of the symbol.
func (w *tEncoder[S]) entry(symbols []S, index []uint16, i int) (tans.Entry, uint32, error) {
	b := w.block
	t := b.set.table(index, i)
	s := uint32(symbols[i])
	f := t.Slots(s)
	if f == 0 {
		return tans.Entry{}, 0, t.symbolError(s)
	}
	if index != nil {
		return b.enc[int(index[i])*b.set.size+int(s)], f, nil
	}
	return b.enc[s], f, nil
}

// A tDecoder reads one body.
type tDecoder[S Symbol] struct {
	block *TBlock[S]
	src   []byte
	pos   uint // next bit of src
}

// get reads n bits, zeros after the end.
func (d *tDecoder[S]) get(n uint) uint32 {
	at := d.pos >> 3
	x := uint64(0)
	if at+8 <= uint(len(d.src)) {
		x = binary.LittleEndian.Uint64(d.src[at:])
	} else if at < uint(len(d.src)) {
		var b [8]byte
		copy(b[:], d.src[at:])
		x = binary.LittleEndian.Uint64(b[:])
	}
	x >>= d.pos & 7
	d.pos += n
	return uint32(x & (1<<n - 1))
}

func (d *tDecoder[S]) decode(symbols []S, index []uint16, lanes int) error {
	b := d.block
	var states [tans.Lanes]uint32
	for l := range lanes {
		states[l] = d.get(b.set.prec)
	}
	i, last := 0, len(symbols)-lanes
	if index == nil && lanes == tans.Lanes {
		if len(b.short) > 0 {
			i, d.pos = tans.Decode(symbols[:last], d.src, d.pos, &states, b.short, b.set.prec)
		} else {
			i, d.pos = tans.Decode(symbols[:last], d.src, d.pos, &states, b.dec, b.set.prec)
		}
	}
	for ; i < last; i++ {
		l := i & (lanes - 1)
		e := b.slot(index, i, states[l])
		symbols[i] = S(e.Symbol())
		states[l] = e.Base() + d.get(e.Bits())
	}
	for ; i < len(symbols); i++ {
		e := b.slot(index, i, states[i&(lanes-1)])
		s := e.Symbol()
		symbols[i] = S(s)
		// The encoder began with the first slot of the symbol.
		if f := b.set.table(index, i).freq[s]; e.Base()+1<<b.set.prec != f<<e.Bits() {
			return errLeftOver
		}
	}
	switch end := 8 * uint(len(d.src)); {
	case d.pos > end:
		return io.ErrUnexpectedEOF
	case d.pos < end:
		return errLeftOver
	}
	return nil
}
