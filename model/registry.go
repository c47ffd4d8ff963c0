package model

import (
	"errors"
	"fmt"
	"strings"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model/mix"
)

// Config is what codecs are made with. Its zero value is good.
type Config struct {
	// Level is the level of Zstd, 1 (fastest) to 3 (smallest); 0 means 2.
	Level int

	// Mix is how Mix works.
	Mix mix.Config

	// Predictor makes the predictor of External.
	Predictor func() (Predictor, error)
}

// makers is the table of codecs by ID.
var makers = map[ID]func(Config) (Codec, error){
	Stored:     func(Config) (Codec, error) { return stored{}, nil },
	Zstd:       func(c Config) (Codec, error) { return newZstd(c.Level) },
	Static:     func(Config) (Codec, error) { return new(static), nil },
	Adaptive:   func(Config) (Codec, error) { return new(adaptive), nil },
	StaticRANS: func(Config) (Codec, error) { return &staticTable{make: newRANS}, nil },
	StaticTANS: func(Config) (Codec, error) { return &staticTable{make: newTANS}, nil },
	Mix: func(c Config) (Codec, error) {
		return &limited{Codec: NewMix(c.Mix), other: new(adaptive), otherID: Adaptive}, nil
	},
	External: newExternal,
}

// New returns a codec.
func New(id ID, cfg Config) (Codec, error) {
	make, ok := makers[id]
	if !ok {
		return nil, fmt.Errorf("%w: codec %d", fault.ErrUnsupported, id)
	}
	return make(cfg)
}

var names = [...]string{
	Stored:     "stored",
	Zstd:       "zstd",
	Static:     "static-range",
	Adaptive:   "adaptive",
	StaticRANS: "static",
	StaticTANS: "static-tans",
	Mix:        "mix",
	External:   "external",
}

// String returns the codec's name.
func (id ID) String() string {
	if int(id) < len(names) {
		return names[id]
	}
	return fmt.Sprintf("codec %d", uint8(id))
}

// ParseID returns the codec of a name that String gives.
func ParseID(name string) (ID, error) {
	for id, n := range names {
		if n == name {
			return ID(id), nil
		}
	}
	return 0, fmt.Errorf("no codec is called %q: use one of %s", name, strings.Join(names[:], ", "))
}

// Memory returns how many bytes at most a codec takes beside the symbols and the
// encoded bytes of the blocks that it is given, for alphabets of size symbols and
// blocks of count tokens. It is 0 for a Needer, whose blocks tell, and for
// External, of whose predictor nothing is known.
func Memory(id ID, cfg Config, size, count int) int64 {
	switch id {
	case Zstd:
		return zstdMemory(size, count)
	case Static:
		return staticMemory(size)
	case Adaptive:
		return adaptiveMemory(size, count)
	case StaticRANS, StaticTANS:
		return staticTableMemory(size, count)
	}
	return 0
}

// A substituter is a Codec that encodes some blocks with another.
type substituter interface {
	// substitute returns the ID of the codec that encodes b: id or another.
	substitute(id ID, b *Block) ID
}

// limited is a Codec that cannot take every block, because of the size of its
// alphabet or the memory that decoding would need, and then uses another.
type limited struct {
	Codec
	other   Codec
	otherID ID
	turned  bool // the last block went to the other
}

func (l *limited) EncodeBlock(dst []byte, b *Block) ([]byte, error) {
	out, err := l.Codec.EncodeBlock(dst, b)
	l.turned = errors.Is(err, fault.ErrUnsupported) || errors.Is(err, fault.ErrLimit)
	if l.turned {
		return l.other.EncodeBlock(dst, b)
	}
	return out, err
}

func (l *limited) substitute(id ID, b *Block) ID {
	if l.turned {
		return l.otherID
	}
	return id
}

func (l *limited) Need(size, count int, src []byte) (int64, error) {
	return l.Codec.(Needer).Need(size, count, src)
}

// Encode encodes a block with c, whose ID is id, and returns the ID of the codec
// to decode it with. That is Adaptive for an alphabet too large for Mix or a block
// that would need more memory than its limit, Static for an alphabet too large for
// StaticRANS and StaticTANS, and Stored where it takes fewer bytes. A Planner's blocks are not stored: later blocks may lean on their Params,
// and its Plan finds parameters that cost hardly more than Stored does where
// nothing is gained.
func Encode(id ID, c Codec, dst []byte, b *Block) ([]byte, ID, error) {
	start := len(dst)
	out, err := c.EncodeBlock(dst, b)
	if err != nil {
		return dst, id, err
	}
	if s, ok := c.(substituter); ok {
		id = s.substitute(id, b)
	}
	if _, ok := c.(Planner); ok || int64(len(out)-start) <= packedLen(len(b.Symbols), width(b.Size)) {
		return out, id, nil
	}
	out, err = stored{}.EncodeBlock(out[:start], b)
	return out, Stored, err
}
