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
	"github.com/foretell/foretell/tokens"
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

// An earlier is what an earlier run has handed out of a file. Nil has nothing.
type earlier struct {
	content io.ReaderAt
	tally   *tally
	at      int64         // in the content, of what the layout tells next
	starts  map[int]int64 // of members
	last    tokens.Info   // the latest member
	begun   int64         // where it begins
}

func newEarlier(content io.ReaderAt, count *tally) *earlier {
	if content == nil {
		return nil
	}
	return &earlier{content: content, tally: count, starts: map[int]int64{}}
}

// learn keeps where members stand in the content. What makes no sense is found out by
// the Reader, and by the hashes of blocks.
func (e *earlier) learn(entries []container.Entry) {
	if e == nil {
		return
	}
	for _, entry := range entries {
		switch entry.Kind {
		case container.EntryFraming:
			e.at += int64(len(entry.Data))
		case container.EntryMember:
			number, info, err := parseMember(entry.Data)
			if err != nil {
				continue
			}
			e.starts[number], e.last, e.begun = e.at, info, e.at
			if !info.Open() {
				e.at += info.Len() * int64(info.Type.Size())
			}
		case container.EntryEnd:
			if length, err := parseEnd(entry.Data); err == nil && e.last.Open() {
				e.last.Shape = append([]int{length}, e.last.Shape[1:]...)
				e.at = e.begun + e.last.Len()*int64(e.last.Type.Size())
			}
		}
	}
}

// places returns where the spans of a block stand in the content.
func (e *earlier) places(b *rawBlock) []int64 {
	if e == nil {
		return nil
	}
	var at []int64
	for i, s := range b.spans {
		at = append(at, e.starts[s.Member]+s.First*int64(b.infos[i].Type.Size()))
	}
	return at
}

// fill fills a block whose spans stand at the given places of the content, and reports
// whether it then has the right hash.
func (e *earlier) fill(b *rawBlock, at []int64, hash uint64) bool {
	if e == nil {
		return false
	}
	b.raw = slices.Grow(b.raw[:0], b.size)[:b.size]
	for i := range b.spans {
		part := b.span(i)
		if n, _ := e.content.ReadAt(part, at[i]); n < len(part) {
			return false
		}
	}
	if xxh3.Hash(b.raw) != hash {
		return false
	}
	e.tally.add(int64(b.size))
	return true
}
