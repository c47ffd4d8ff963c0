// Package model holds the codecs of blocks: what predicts the symbols of a
// block, joined with the entropy coder that suits it. The container stores what
// they produce and knows none of them; they know nothing of the container.
package model

// An ID names a codec in a .fore file. The table is part of the format
// (docs/format.md); a number is never given a second meaning.
type ID uint8

// The codecs.
const (
	Stored     ID = 0 // symbols at their packed width, nothing predicted
	Zstd       ID = 1 // packed symbols under zstd
	Static     ID = 2 // a frequency table and the range coder
	Adaptive   ID = 3 // counts that adapt, of orders 0 to 2, and the range coder
	StaticRANS ID = 4 // a frequency table and interleaved rANS
	StaticTANS ID = 5 // a frequency table and interleaved tANS
	Mix        ID = 6 // context mixing over a code tree
	External   ID = 7 // the caller's own predictor
)

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

	// Costs, if not nil, is filled by EncodeBlock with the information
	// content of each symbol in bits.
	Costs []float32
}

// A Codec turns the symbols of a block into bytes and back. An instance serves
// one goroutine at a time and keeps its buffers from block to block, but never
// anything that changes a block's bytes.
type Codec interface {
	// EncodeBlock appends the block's body to dst. Equal blocks give equal
	// bytes on every machine.
	EncodeBlock(dst []byte, b *Block) ([]byte, error)

	// DecodeBlock fills b.Symbols from the body src. It uses all of src, or
	// returns an error: fault.ErrCorrupt or io.ErrUnexpectedEOF for a body
	// that EncodeBlock did not write, fault.ErrLimit for one that would need
	// more memory than allowed. Any body is safe to decode.
	DecodeBlock(b *Block, src []byte) error
}

// A Needer is a Codec whose blocks tell how much memory decoding them takes.
type Needer interface {
	Codec

	// Need returns how many bytes decoding the body src takes at most beside
	// the body and the symbols, for count symbols below size. It takes no
	// memory to speak of itself.
	Need(size, count int, src []byte) (int64, error)
}

// A Planner is a Codec that stores parameters, such as tables, which later
// blocks may share.
type Planner interface {
	Codec

	// Plan returns the parameters for a block's symbols. base is the Params
	// of the last block that stands alone, nil if there is none; leans says
	// whether the returned parameters need it. The blocks of a file are
	// planned one after another, before EncodeBlock runs in any order.
	Plan(b *Block, base []byte) (params []byte, leans bool, err error)
}
