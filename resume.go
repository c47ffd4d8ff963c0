package foretell

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/foretell/foretell/internal/container"
	"github.com/foretell/foretell/model"
	"github.com/zeebo/xxh3"
)

// A resumption is what an earlier run has left of a file.
type resumption struct {
	in *container.Reader // nil when there is no more of it
}

// resume returns what a partial file holds, if it begins with the header h.
func resume(partial io.Reader, h *container.Header) (*resumption, error) {
	if partial == nil {
		return new(resumption), nil
	}
	begun := bufio.NewReader(partial)
	if _, err := begun.Peek(1); err == io.EOF {
		return new(resumption), nil
	}
	in, err := container.NewReader(begun, container.Limits{Memory: defaultMaxMemory})
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return new(resumption), nil
	}
	if err == nil && !in.Begins(h) {
		err = errors.New("it was begun under other options")
	}
	if err != nil {
		return nil, fmt.Errorf("the partial file cannot be gone on with: %w", err)
	}
	return &resumption{in}, nil
}

// block returns a block as it was encoded before, if that is the next one of the
// partial file: it has the same place and its hash is that of the elements. After one
// that is not, there are no more.
func (r *resumption) block(b *rawBlock) (out codedBlock, ok bool) {
	for r.in != nil {
		rec, err := r.in.Next()
		if err != nil {
			break
		}
		if rec.Block == nil {
			continue
		}
		same := slices.EqualFunc(rec.Block.Spans, b.spans, func(s container.Span, t model.Span) bool {
			return s.Member == uint64(t.Member) && s.First == uint64(t.First) && s.Count == uint64(t.Count)
		})
		if !same || rec.Block.Hash != xxh3.Hash(b.raw) {
			break
		}
		return codedBlock{
			codec: model.ID(rec.Block.Codec), shares: rec.Block.Base != 0, hash: rec.Block.Hash,
			params: bytes.Clone(rec.Data.Params), body: bytes.Clone(rec.Data.Body),
		}, true
	}
	r.in = nil
	return out, false
}
