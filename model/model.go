// Package model holds the contracts between what predicts the symbols of a block
// and what stores blocks: a [Codec] joins a model with the entropy coder that suits
// it, and a [Predictor] is a caller's own model. Each codec has a package of its
// own below this one; the table of all is in the root package. The container stores
// what they produce and knows none of them; they know nothing of the container, and
// nothing of one another.
package model

// An ID names a codec in a .fore file. The table is part of the format
// (docs/format.md); a number is never given a second meaning.
type ID uint8

// MaxSize is the largest number of symbols that a block's alphabet may have.
const MaxSize = 1 << 24

// A Span is a run of consecutive tokens of one member within a block. Decoding
// needs the Shape that encoding had, but for the length of its first axis.
type Span struct {
	Member int   // number of the member in the file
	First  int64 // index of its first token in the member, in storage order
	Count  int   // number of tokens
	Shape  []int // shape of the member in storage order, slowest axis first; -1 where not yet known
}

// A Block is what a codec encodes at a time: the symbols of one or more spans,
// one span after another. Nothing outside it is needed to decode it but Params,
// Base and what the codec was made with.
type Block struct {
	Spans   []Span   // they add up to the symbols
	Size    int      // symbols are 0..Size-1; 1..MaxSize
	Symbols []uint32 // to encode, or to be filled by decoding; its length is known to both

	// Params is what the codec's Plan decided: it is stored before the body
	// and comes back for decoding. Base holds the Params of the last earlier
	// block that did not lean on another, if this one leans on it.
	Params, Base []byte

	// Costs, if not nil, is filled by Encode with the information content of
	// each symbol in bits.
	Costs []float32

	// Work, if not nil, is told now and then how many of the symbols have been
	// coded, 0 while a block is only looked at. An error that it returns ends the coding.
	Work func(done int) error
}

// Worked tells Work how many symbols have been coded, and returns what it says.
// Codecs that take long call it every few thousand symbols.
func (b *Block) Worked(done int) error {
	if b.Work == nil {
		return nil
	}
	return b.Work(done)
}

// A Codec turns the symbols of a block into bytes and back. An instance serves
// one goroutine at a time and keeps its buffers from block to block, but never
// anything that changes a block's bytes.
//
// Plan and Encode refuse a block that is not for the codec, such as one of too
// large an alphabet or one whose decoding would take more memory than the codec
// was allowed, with foretell.ErrUnsupported or foretell.ErrLimit: another codec is then
// asked. A codec that plans refuses in Plan.
type Codec interface {
	// Plan settles the parameters of a block, such as tables, which later
	// blocks may share. base is the Params of the last block that stands
	// alone, nil if there is none; leans says whether the returned parameters
	// need it. The blocks of a file are planned one after another, before
	// they are encoded in any order. Codecs without parameters embed Unplanned.
	Plan(b *Block, base []byte) (params []byte, leans bool, err error)

	// Encode appends the block's body to dst. Equal blocks give equal bytes on
	// every machine.
	Encode(dst []byte, b *Block) ([]byte, error)

	// Need returns how many bytes decoding the body src takes at most beside
	// the body and the symbols, for count symbols below size. It takes no
	// memory to speak of itself.
	Need(size, count int, src []byte) (int64, error)

	// Decode fills b.Symbols from the body src. It uses all of src, or returns
	// an error: foretell.ErrCorrupt or io.ErrUnexpectedEOF for a body that Encode
	// did not write, foretell.ErrLimit for one that would need more memory than
	// allowed. Any body is safe to decode.
	Decode(b *Block, src []byte) error
}

// Unplanned is the Plan of a Codec without parameters.
type Unplanned struct{}

// Plan returns nothing.
func (Unplanned) Plan(*Block, []byte) ([]byte, bool, error) { return nil, false, nil }
