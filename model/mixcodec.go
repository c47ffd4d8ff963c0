package model

import "github.com/foretell/foretell/model/mix"

// mixCodec is the codec of package mix.
type mixCodec struct {
	codec *mix.Codec
	block mix.Block
}

// NewMix returns the Mix codec.
func NewMix(cfg mix.Config) Codec { return &mixCodec{codec: mix.New(cfg)} }

func (m *mixCodec) load(b *Block) *mix.Block {
	spans := m.block.Spans[:0]
	for _, s := range b.Spans {
		spans = append(spans, mix.Span{First: s.First, Count: s.Count, Shape: s.Shape})
	}
	m.block = mix.Block{Spans: spans, Size: b.Size, Symbols: b.Symbols, Costs: b.Costs}
	return &m.block
}

func (m *mixCodec) EncodeBlock(dst []byte, b *Block) ([]byte, error) {
	return m.codec.Encode(dst, m.load(b))
}

func (m *mixCodec) Need(size, count int, src []byte) (int64, error) {
	return m.codec.Need(size, count, src)
}

func (m *mixCodec) DecodeBlock(b *Block, src []byte) error {
	return m.codec.Decode(m.load(b), src)
}
