package foretell

import (
	"io"

	"github.com/foretell/foretell/internal/stream"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/tokens"
)

// A rawBlock is a block before encoding or after decoding: bytes of elements,
// span after span.
type rawBlock struct {
	spans  []model.Span
	infos  []*tokens.Info // of each span's member
	starts []int          // of each span in raw
	size   int            // bytes of all spans
	raw    []byte
	tokens int
	costs  bool // the costs of its tokens are wanted
}

// fill reads up to n bytes into the block. It returns io.EOF only if the reader
// ended before that.
func (b *rawBlock) fill(r io.Reader, n int) (int, error) {
	const step = 1 << 20
	have := len(b.raw)
	for len(b.raw)-have < n {
		at := len(b.raw)
		want := min(n-(at-have), max(step, at))
		b.raw = append(b.raw, make([]byte, want)...)
		// Not io.ReadFull: the reader's own io.ErrUnexpectedEOF is no end.
		got := 0
		for got < want {
			k, err := stream.Read(r, b.raw[at+got:])
			got += k
			if err != nil && (err != io.EOF || got < want) {
				b.raw = b.raw[:at+got]
				return len(b.raw) - have, err
			}
		}
	}
	return n, nil
}

func (b *rawBlock) add(member int, first int64, count int, info *tokens.Info) {
	b.spans = append(b.spans, model.Span{Member: member, First: first, Count: count, Shape: info.StorageShape()})
	b.infos = append(b.infos, info)
	b.starts = append(b.starts, b.size)
	b.size += count * info.Type.Size()
	b.tokens += count
}

// extend is add for tokens that may go on where the block's last span ends.
func (b *rawBlock) extend(member int, first int64, count int, info *tokens.Info) {
	k := len(b.spans) - 1
	if k < 0 || b.spans[k].Member != member {
		b.add(member, first, count, info)
		return
	}
	b.spans[k].Count += count
	b.size += count * info.Type.Size()
	b.tokens += count
}

// memory returns how many bytes the block takes: its elements, and its spans here
// and in its header.
func (b *rawBlock) memory() int64 {
	n := int64(b.size)
	for _, s := range b.spans {
		n += spanMemory + 8*int64(len(s.Shape))
	}
	return n
}

const spanMemory = 160

// span returns the bytes of span i.
func (b *rawBlock) span(i int) []byte {
	return b.raw[b.starts[i]:][:b.spans[i].Count*b.infos[i].Type.Size()]
}
