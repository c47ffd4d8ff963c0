package ans

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/simd/rans"
	"github.com/foretell/foretell/internal/uvarint"
	"github.com/foretell/foretell/prob"
)

const (
	rawBody = 7 // first byte of a body of packed symbols; else it is log2 of the lanes

	// MaxSlots is the largest number of slots that the tables of one Block or
	// TBlock may have together, and of symbols if all had as many as the largest.
	// Decoding takes 8 bytes of memory a slot, encoding at most 16 a symbol and 4
	// a slot.
	MaxSlots = 1 << 24
)

// A Block codes blocks of symbols with static tables by interleaved rANS. It
// keeps what it derives from the tables, so one Block should serve many blocks;
// it serves one goroutine at a time.
type Block[S Symbol] struct {
	set   tableSet
	ready struct{ enc, dec bool }
	enc   []rans.Entry // by table, then symbol: the size of the largest for each
	dec   []rans.Slot  // by table, then slot
	bits  []uint64     // by table: expected information content of a symbol in 2^-16 bit
	buf   []byte       // words of the block in hand, from the end backwards
}

// tableSet is one or more tables of the same precision.
type tableSet struct {
	tables []*Table
	prec   uint
	size   int // of the largest alphabet
}

func newTableSet(tables []*Table) (tableSet, error) {
	if len(tables) == 0 {
		return tableSet{}, &prob.DistributionError{Index: -1, Reason: "a block needs a table"}
	}
	s := tableSet{tables: tables, prec: tables[0].prec}
	for i, t := range tables {
		if t.prec != s.prec {
			return tableSet{}, &prob.DistributionError{Index: i, Reason: "the tables of a block must have one precision"}
		}
		s.size = max(s.size, len(t.freq))
	}
	if len(tables) > MaxSlots>>s.prec || len(tables) > MaxSlots/s.size {
		return tableSet{}, fmt.Errorf("%w: %d tables of 2^%d slots and up to %d symbols", fault.ErrLimit, len(tables), s.prec, s.size)
	}
	return s, nil
}

// check returns an error if index is not nil and does not choose a table for each
// of n symbols.
func (s *tableSet) check(index []uint16, n int) error {
	if index == nil {
		if len(s.tables) != 1 {
			return &prob.DistributionError{Index: -1, Reason: "with several tables an index must choose one for each symbol"}
		}
		return nil
	}
	if len(index) != n {
		return &prob.DistributionError{Index: -1, Reason: fmt.Sprintf("an index of %d entries for %d symbols", len(index), n)}
	}
	for i, x := range index {
		if int(x) >= len(s.tables) {
			return &prob.DistributionError{Index: i, Reason: fmt.Sprintf("table %d of %d", x, len(s.tables))}
		}
	}
	return nil
}

// table returns the table of symbol i.
func (s *tableSet) table(index []uint16, i int) *Table {
	if index == nil {
		return s.tables[0]
	}
	return s.tables[index[i]]
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

// NewBlock returns a coder with one or more tables, which must have the same
// precision and at most MaxSlots slots together; other tables are an error that
// wraps prob.ErrDistribution or foretell.ErrLimit.
func NewBlock[S Symbol](tables ...*Table) (*Block[S], error) {
	b := new(Block[S])
	if err := b.Reset(tables...); err != nil {
		return nil, err
	}
	return b, nil
}

// Reset changes the tables and keeps the memory. After an error the tables are as
// they were.
func (b *Block[S]) Reset(tables ...*Table) error {
	set, err := newTableSet(tables)
	if err != nil {
		return err
	}
	b.set = set
	b.ready.enc, b.ready.dec = false, false
	return nil
}

// resize returns a slice of n elements, of any values, in s's memory if it fits.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// Encode appends the body of a block to dst. index chooses the table of each
// symbol; nil stands for the only one. A body is never longer than the symbols at
// their packed width, in whole bytes, plus one. A symbol that its table cannot
// code is an error that wraps prob.ErrSymbol, a wrong index one that wraps
// prob.ErrDistribution.
func (b *Block[S]) Encode(dst []byte, symbols []S, index []uint16) ([]byte, error) {
	if err := b.set.check(index, len(symbols)); err != nil {
		return dst, err
	}
	if !b.ready.enc {
		b.prepareEncode()
	}
	return b.encode(dst, symbols, index, lanesFor(b.content(len(symbols), index)))
}

// encode is Encode with a given number of lanes.
func (b *Block[S]) encode(dst []byte, symbols []S, index []uint16, lanes int) ([]byte, error) {
	raw := packedLen(len(symbols), b.set.size)
	// Where the words do not fit, packing takes less.
	b.buf = resize(b.buf, raw+wordSize*(rans.MaxLanes+1))
	w := &laneEncoder[S]{block: b, buf: b.buf, at: len(b.buf)}
	out, err := w.encode(dst, symbols, index, lanes)
	if err != nil {
		return dst, err
	}
	if w.full || len(out)-len(dst) > 1+raw {
		return appendRaw(append(dst, rawBody), &b.set, symbols, index)
	}
	return out, nil
}

// content returns the expected information content of n symbols in bytes, were
// they drawn from their tables.
func (b *Block[S]) content(n int, index []uint16) uint64 {
	if index == nil {
		return uint64(n) * b.bits[0] >> 19
	}
	sum := uint64(0)
	for _, x := range index {
		sum += b.bits[x]
	}
	return sum >> 19
}

// lanesFor returns how many states a body of about so many bytes is coded with.
// A lane costs about 5 bits, so there are as many as cost less than 0.02 %, or a
// few bytes.
func lanesFor(size uint64) int {
	switch {
	case size >= 128<<10:
		return 32
	case size >= 64<<10:
		return 16
	case size >= 16<<10:
		return 8
	case size >= 4<<10:
		return 4
	}
	return 1
}

func (b *Block[S]) prepareEncode() {
	b.enc = resize(b.enc, len(b.set.tables)*b.set.size)
	clear(b.enc)
	b.bits = b.bits[:0]
	for i, t := range b.set.tables {
		enc := b.enc[i*b.set.size:]
		content := uint64(0)
		for s, f := range t.freq {
			if f != 0 {
				enc[s] = rans.NewEntry(f, t.cum[s], t.prec)
				content += uint64(f) * (uint64(t.prec)<<16 - log2(f)>>(fraction-16))
			}
		}
		b.bits = append(b.bits, content>>t.prec)
	}
	b.ready.enc = true
}

func (b *Block[S]) prepareDecode() {
	b.dec = resize(b.dec, len(b.set.tables)<<b.set.prec)
	dec := b.dec
	for _, t := range b.set.tables {
		for s, f := range t.freq {
			for j := range dec[:f] {
				dec[j] = rans.NewSlot(uint16(s), uint32(j), f)
			}
			dec = dec[f:]
		}
	}
	b.ready.dec = true
}

// slot returns the slot that state x is in when symbol i is next.
func (b *Block[S]) slot(index []uint16, i int, x uint64) rans.Slot {
	slot := x & (1<<b.set.prec - 1)
	if index != nil {
		slot += uint64(index[i]) << b.set.prec
	}
	return b.dec[slot]
}

// Decode fills symbols from the body src, all of it. index must be the one that
// was encoded with. A body that Encode did not write is an error that wraps
// foretell.ErrCorrupt or io.ErrUnexpectedEOF, or else gives wrong symbols; any body
// is safe to decode.
func (b *Block[S]) Decode(symbols []S, index []uint16, src []byte) error {
	if err := b.set.check(index, len(symbols)); err != nil {
		return err
	}
	if !b.ready.dec {
		b.prepareDecode()
	}
	if len(src) == 0 {
		if !b.set.certain(index, len(symbols)) {
			return io.ErrUnexpectedEOF
		}
		for i := range symbols {
			symbols[i] = S(b.slot(index, i, 0).Symbol())
		}
		return nil
	}
	switch k := src[0] & 7; {
	case b.set.certain(index, len(symbols)):
		return errCertain
	case src[0] == rawBody:
		return decodeRaw(symbols, index, &b.set, src[1:])
	case k == 0:
		return b.decodeSingle(symbols, index, src)
	case k <= 5 && src[0] == k:
		return b.decodeLanes(symbols, index, src[1:], 1<<k)
	}
	return errKind
}

var errKind = fmt.Errorf("%w: no such kind of block body", fault.ErrCorrupt)

var errCertain = fmt.Errorf("%w: code of symbols that are certain", fault.ErrCorrupt)

var errLeftOver = fmt.Errorf("%w: the block body goes on after its last symbol", fault.ErrCorrupt)

func (b *Block[S]) decodeSingle(symbols []S, index []uint16, src []byte) error {
	n := int(src[0] >> 4)
	if n > 8 || src[0]&8 != 0 {
		return errKind
	}
	if len(src) < 1+n {
		return io.ErrUnexpectedEOF
	}
	var x [8]byte
	copy(x[:], src[1:1+n])
	state := binary.LittleEndian.Uint64(x[:])
	if bits.Len64(state) > 63 || (bits.Len64(state)+7)/8 != n || state < firstState {
		return fmt.Errorf("%w: no state of a coder", fault.ErrCorrupt)
	}
	return b.decodeTail(symbols, index, state, src[1+n:])
}

// decodeTail decodes with one state, which ends at firstState when all words, 4
// bytes each, are used up.
func (b *Block[S]) decodeTail(symbols []S, index []uint16, x uint64, words []byte) error {
	for i := range symbols {
		e := b.slot(index, i, x)
		symbols[i] = S(e.Symbol())
		x = e.Pop(x, b.set.prec)
		if x < rans.Lower && len(words) != 0 {
			if len(words) < wordSize {
				return io.ErrUnexpectedEOF
			}
			x = x<<32 | uint64(binary.LittleEndian.Uint32(words))
			words = words[wordSize:]
		}
	}
	if x != firstState || len(words) != 0 {
		return errLeftOver
	}
	return nil
}

func (b *Block[S]) decodeLanes(symbols []S, index []uint16, src []byte, lanes int) error {
	tail, n := uvarint.Parse(src)
	if n <= 0 || tail > uint64(len(symbols)) {
		return fmt.Errorf("%w: more symbols than the block has", fault.ErrCorrupt)
	}
	src = src[n:]
	var states [rans.MaxLanes]uint64
	n, ok := unpackStates(states[:lanes], src)
	if !ok {
		return io.ErrUnexpectedEOF
	}
	src = src[n:]
	main := len(symbols) - int(tail)
	used, err := b.decodeMain(symbols[:main], index, src, states[:lanes])
	if err != nil {
		return err
	}
	if used != len(src) {
		return errLeftOver
	}
	// The other lanes began with words that the first one shed.
	var words [wordSize * (rans.MaxLanes - 1)]byte
	fill := words[:0]
	for l := lanes - 1; l > 0; l-- {
		w := states[l] - rans.Lower
		if w>>32 != 0 {
			return errLeftOver
		}
		fill = binary.LittleEndian.AppendUint32(fill, uint32(w))
	}
	if index != nil {
		index = index[main:]
	}
	return b.decodeTail(symbols[main:], index, states[0], fill)
}
