// Package safetensors reads safetensors files, in which Hugging Face's libraries keep
// networks: tensors by name, and texts under keys. The format is specified at
// https://github.com/huggingface/safetensors.
//
// Files may come from anywhere. What Open allocates is bounded by a few times the bytes
// of the header, of which it takes 32 MiB at most; tensors are read only when asked for.
package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/net/tensor"
)

const (
	maxHeader   = 32 << 20
	maxTensors  = 1 << 16
	metadataKey = "__metadata__"
)

// types are the element types by their name in a file.
var types = map[string]tensor.Type{
	"F64": tensor.F64, "F32": tensor.F32, "F16": tensor.F16, "BF16": tensor.BF16, "BOOL": tensor.Bool,
	"I8": tensor.Int8, "U8": tensor.Uint8, "I16": tensor.Int16, "U16": tensor.Uint16,
	"I32": tensor.Int32, "U32": tensor.Uint32, "I64": tensor.Int64, "U64": tensor.Uint64,
}

// A File is the header of a safetensors file. It is safe for concurrent use if what it
// was opened over is.
type File struct {
	metadata map[string]string
	tensors  []*tensor.Tensor
	names    map[string]*tensor.Tensor
}

// Open reads the header of a safetensors file of size bytes. It returns
// foretell.ErrCorrupt for what no writer of such files writes, which includes tensors that
// overlap and bytes that belong to none, foretell.ErrUnsupported for an element type that
// package tensor does not have, foretell.ErrLimit for a header of more than 32 MiB or
// 65,536 tensors and io.ErrUnexpectedEOF for a file that ends early.
func Open(src io.ReaderAt, size int64) (*File, error) {
	f := &File{names: map[string]*tensor.Tensor{}}
	if err := f.read(src, size); err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	return f, nil
}

func (f *File) read(src io.ReaderAt, size int64) error {
	head := make([]byte, 8)
	if err := readAt(src, size, head, 0); err != nil {
		return err
	}
	n := binary.LittleEndian.Uint64(head)
	if n > maxHeader {
		return fmt.Errorf("%w: a header of %d bytes", fault.ErrLimit, n)
	}
	if int64(n) > size-8 {
		return io.ErrUnexpectedEOF
	}
	head = make([]byte, n)
	if err := readAt(src, size, head, 8); err != nil {
		return err
	}
	return f.parse(head, src, size)
}

// readAt fills b from an offset.
func readAt(src io.ReaderAt, size int64, b []byte, at int64) error {
	if at+int64(len(b)) > size {
		return io.ErrUnexpectedEOF
	}
	if n, err := src.ReadAt(b, at); n < len(b) {
		if err == nil || errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	return nil
}

// corrupt wraps what is wrong with a header.
func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %w", fault.ErrCorrupt, fmt.Errorf(format, args...))
}

// parse reads the header: an object with an entry for each tensor.
func (f *File) parse(head []byte, src io.ReaderAt, size int64) error {
	if len(head) == 0 || head[0] != '{' {
		return corrupt("the header is not an object")
	}
	d := json.NewDecoder(bytes.NewReader(head))
	if _, err := d.Token(); err != nil {
		return corrupt("the header: %w", err)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return corrupt("the header: %w", err)
		}
		name, _ := key.(string) // the decoder takes no other keys
		if name == metadataKey {
			if f.metadata != nil {
				return corrupt("two entries of %s", metadataKey)
			}
			if err := d.Decode(&f.metadata); err != nil {
				return corrupt("%s: %w", metadataKey, err)
			}
			if f.metadata == nil {
				return corrupt("%s is null", metadataKey)
			}
			continue
		}
		if err := f.add(d, name, src, size, 8+int64(len(head))); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return corrupt("the header: %w", err)
	}
	if rest := bytes.Trim(head[d.InputOffset():], " "); len(rest) > 0 {
		return corrupt("%d bytes behind the object of the header", len(rest))
	}
	return f.contiguous(8+int64(len(head)), size)
}

// add makes the tensor that the next entry describes.
func (f *File) add(d *json.Decoder, name string, src io.ReaderAt, size, start int64) error {
	var entry struct {
		Type    string   `json:"dtype"`
		Shape   []int    `json:"shape"`
		Offsets [2]int64 `json:"data_offsets"`
	}
	if len(f.tensors) == maxTensors {
		return fmt.Errorf("%w: more than %d tensors", fault.ErrLimit, maxTensors)
	}
	if err := d.Decode(&entry); err != nil {
		return corrupt("tensor %.80q: %w", name, err)
	}
	if f.names[name] != nil {
		return corrupt("two tensors of the name %.80q", name)
	}
	t, ok := types[entry.Type]
	if !ok {
		return fmt.Errorf("%w: tensor %.80q is of type %.20q", fault.ErrUnsupported, name, entry.Type)
	}
	from, to := entry.Offsets[0], entry.Offsets[1]
	if from < 0 || to < from || to > size-start {
		return corrupt("tensor %.80q at %d to %d of %d bytes", name, from, to, size-start)
	}
	made, err := tensor.New(src, size, name, entry.Shape, t, start+from)
	if err != nil {
		return err
	}
	if made.Bytes() != to-from {
		return corrupt("tensor %.80q takes %d bytes, not the %d that it is said to", name, made.Bytes(), to-from)
	}
	f.names[name] = made
	f.tensors = append(f.tensors, made)
	return nil
}

// contiguous refuses tensors that share bytes, and bytes that belong to none.
func (f *File) contiguous(start, size int64) error {
	slices.SortStableFunc(f.tensors, func(a, b *tensor.Tensor) int {
		return cmp.Or(cmp.Compare(a.Offset(), b.Offset()), cmp.Compare(a.Bytes(), b.Bytes()))
	})
	for _, t := range f.tensors {
		if t.Offset() != start {
			return corrupt("tensor %.80q begins at byte %d of the file instead of %d", t.Name, t.Offset(), start)
		}
		start += t.Bytes()
	}
	if start != size {
		return corrupt("%d bytes behind the last tensor", size-start)
	}
	return nil
}

// Tensor returns the tensor of that name, or nil if there is none.
func (f *File) Tensor(name string) *tensor.Tensor { return f.names[name] }

// Tensors returns all tensors, in the order of their bytes. It is not to be changed.
func (f *File) Tensors() []*tensor.Tensor { return f.tensors }

// Metadata returns the text under a key of the metadata. It reports false if there is
// none.
func (f *File) Metadata(key string) (string, bool) {
	s, ok := f.metadata[key]
	return s, ok
}
