package tokens

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"path"
	"strings"

	"github.com/foretell/foretell/internal/fault"
)

// Files of tokens that begin with a header of their own: what it says is taken where
// nothing else is asked for, and its bytes are framing.

// known reads a raw item that begins with a header of llm.c or is an index of
// Megatron-LM, and reports whether it was one.
func (s *Source) known(it item, r *bufio.Reader) (bool, error) {
	if s.opts.Dtype != 0 || it.shape != nil || it.skip > 0 {
		return false, nil
	}
	n := indexHeader
	if it.size < 0 || it.size >= llmcHeader {
		n = llmcHeader
	}
	head, err := r.Peek(n)
	if err != nil && err != io.EOF {
		return false, err
	}
	if t := llmcType(head, it.size); t != 0 {
		if err := s.header(r, llmcHeader); err != nil {
			return true, err
		}
		if it.size >= 0 {
			it.size -= llmcHeader
		}
		return true, s.raw(Info{Name: it.label, Type: t}, r, it.size)
	}
	if it.size >= 0 && isIndex(head) {
		return true, s.index(it, r)
	}
	return false, nil
}

// header hands out the first n bytes of a file.
func (s *Source) header(r io.Reader, n int64) error {
	done, err := s.copyFraming(r, n, s.framing)
	if err == nil && done < n {
		err = fmt.Errorf("%d bytes to skip in a file of %d", n, done)
	}
	return err
}

// llmcHeader is how many bytes the header of a file of llm.c takes: 256 words, of which
// the first three are a number that marks the kind of the file, its version, and how
// many tokens follow (dev/data/data_common.py of llm.c).
const llmcHeader = 1024

// llmcType returns the type of the tokens behind a header of llm.c, 0 if head is none
// of a file of size bytes.
func llmcType(head []byte, size int64) Type {
	if len(head) < llmcHeader {
		return 0
	}
	word := func(i int) uint32 { return binary.LittleEndian.Uint32(head[4*i:]) }
	t := Type(0)
	switch {
	case word(0) == 20240520 && word(1) == 1:
		t = Uint16
	case word(0) == 20240801 && word(1) == 7:
		t = Uint32
	}
	if t != 0 && size >= 0 && size != llmcHeader+int64(word(2))*int64(t.Size()) {
		return 0
	}
	return t
}

// The index of a data set of Megatron-LM (megatron/core/datasets/indexed_dataset.py):
// a header, the lengths of the sequences, their offsets, and the first sequence of each
// document.
const (
	indexMagic  = "MMIDIDX\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00" // with version 1
	indexHeader = len(indexMagic) + 1 + 8 + 8
)

// indexTypes are the element types by their numbers in an index.
var indexTypes = map[byte]Type{1: Uint8, 2: Int8, 3: Int16, 4: Int32, 5: Int64, 8: Uint16}

func isIndex(head []byte) bool {
	return len(head) >= indexHeader && bytes.HasPrefix(head, []byte(indexMagic))
}

// index reads an index as its three arrays.
func (s *Source) index(it item, r *bufio.Reader) error {
	head, err := r.Peek(indexHeader)
	if err != nil {
		return err
	}
	sequences := binary.LittleEndian.Uint64(head[len(indexMagic)+1:])
	documents := binary.LittleEndian.Uint64(head[len(indexMagic)+9:])
	if err := s.header(r, int64(indexHeader)); err != nil {
		return err
	}
	left := it.size - int64(indexHeader)
	for _, a := range []struct {
		name   string
		t      Type
		length uint64
	}{{"sizes", Int32, sequences}, {"pointers", Int64, sequences}, {"documents", Int64, documents}} {
		unit := int64(a.t.Size())
		if a.length > min(uint64(left/unit), math.MaxInt) {
			if err := s.note(it.about(fmt.Errorf("%w: an index of Megatron-LM that is cut off", fault.ErrUnsupported)), "kept, but not as arrays"); err != nil {
				return err
			}
			break
		}
		n := int64(a.length) * unit
		label, err := s.label(it.label + "/" + a.name)
		if err != nil {
			return err
		}
		if err := s.member(Info{Name: label, Type: a.t, Shape: []int{int(a.length)}}, &data{r: r, left: n}); err != nil {
			return err
		}
		left -= n
	}
	_, err = s.tail(r, left)
	return err
}

// indexedType returns the element type of X.bin that X.idx beside it tells, 0 if there
// is none.
func (s *Source) indexedType(from disk, name string) Type {
	if s.opts.Dtype != 0 || !strings.EqualFold(path.Ext(name), ".bin") {
		return 0
	}
	f, err := from.open(name[:len(name)-len(".bin")] + ".idx")
	if err != nil {
		return 0
	}
	defer f.Close()
	head := make([]byte, indexHeader)
	if _, err := io.ReadFull(f, head); err != nil || !isIndex(head) {
		return 0
	}
	return indexTypes[head[len(indexMagic)]]
}
