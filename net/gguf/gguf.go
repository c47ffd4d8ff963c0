// Package gguf reads GGUF files, in which llama.cpp and its kin keep language models:
// tensors by name, and metadata under keys such as "llama.block_count". Versions 2 and
// 3 are read, little-endian. The format is specified at
// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
//
// Files may come from anywhere. What Open allocates is bounded by a few times the bytes
// of the header, of which it takes 64 MiB at most; tensors are read only when asked for.
package gguf

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/net/tensor"
)

const (
	magic            = "GGUF"
	maxHeader        = 64 << 20 // bytes before the first tensor
	defaultAlignment = 32
	maxAlignment     = 1 << 20
	maxAxes          = 4       // of a tensor, by the specification
	maxEntries       = 1 << 16 // keys, and tensors
)

// types are the element types by their number in a file.
var types = map[uint32]tensor.Type{
	0: tensor.F32, 1: tensor.F16, 2: tensor.Q4_0, 3: tensor.Q4_1, 6: tensor.Q5_0, 7: tensor.Q5_1,
	8: tensor.Q8_0, 12: tensor.Q4_K, 13: tensor.Q5_K, 14: tensor.Q6_K, 24: tensor.Int8,
	25: tensor.Int16, 26: tensor.Int32, 27: tensor.Int64, 28: tensor.F64, 30: tensor.BF16,
}

// others are the names of types that are known but not read.
var others = map[uint32]string{
	9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS",
	19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 29: "IQ1_M",
	34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4", 40: "NVFP4",
}

// A File is the header of a GGUF file. It is safe for concurrent use if what it was
// opened over is.
type File struct {
	keys    []string
	values  map[string]value
	tensors []*tensor.Tensor
	names   map[string]*tensor.Tensor
}

// Open reads the header of a GGUF file of size bytes. It returns foretell.ErrCorrupt for
// what no writer of such files writes, foretell.ErrUnsupported for another version, a
// part of a split model or an element type that package tensor does not have,
// foretell.ErrLimit for a header of more than 64 MiB or 65,536 tensors or keys and
// io.ErrUnexpectedEOF for a file that ends early.
func Open(src io.ReaderAt, size int64) (*File, error) {
	r := newReader(src, size)
	f := &File{values: map[string]value{}, names: map[string]*tensor.Tensor{}}
	if err := f.read(r, src, size); err != nil {
		return nil, fmt.Errorf("gguf: %w", err)
	}
	return f, nil
}

func (f *File) read(r *reader, src io.ReaderAt, size int64) error {
	if got := r.bytes(4); r.err == nil && string(got) != magic {
		return fmt.Errorf("%w: the file does not begin with %s", fault.ErrCorrupt, magic)
	}
	if v := r.uint32(); r.err == nil && v != 2 && v != 3 {
		return fmt.Errorf("%w: version %d (2 and 3 are read, little-endian)", fault.ErrUnsupported, v)
	}
	tensors, pairs := r.uint64(), r.uint64()
	if r.err == nil && (tensors > maxEntries || pairs > maxEntries) {
		return fmt.Errorf("%w: %d tensors and %d keys; %d can be read of each", fault.ErrLimit, tensors, pairs, maxEntries)
	}
	for range pairs {
		key := r.text()
		if r.err != nil {
			return r.err
		}
		if _, ok := f.values[key]; ok {
			return fmt.Errorf("%w: two values for %.80q", fault.ErrCorrupt, key)
		}
		v := r.value()
		if r.err != nil {
			return fmt.Errorf("value of %.80q: %w", key, r.err)
		}
		f.keys = append(f.keys, key)
		f.values[key] = v
	}
	if n, ok := f.Integer("split.count"); ok && n > 1 {
		return fmt.Errorf("%w: one of the %d parts of a split model; join them with llama-gguf-split --merge", fault.ErrUnsupported, n)
	}
	var infos []info
	for range tensors {
		x := r.info()
		if r.err != nil {
			return r.err
		}
		infos = append(infos, x)
	}
	if r.err != nil {
		return r.err
	}
	alignment, err := f.alignment()
	if err != nil {
		return err
	}
	start := (r.at + alignment - 1) / alignment * alignment
	for _, x := range infos {
		if err := f.add(x, src, size, start, alignment); err != nil {
			return err
		}
	}
	return f.overlap()
}

// alignment returns the alignment of tensors.
func (f *File) alignment() (int64, error) {
	if _, ok := f.values["general.alignment"]; !ok {
		return defaultAlignment, nil
	}
	n, ok := f.Integer("general.alignment")
	if !ok || n < 8 || n > maxAlignment || n%8 != 0 {
		return 0, fmt.Errorf("%w: the alignment is not a multiple of 8 up to %d", fault.ErrCorrupt, maxAlignment)
	}
	return n, nil
}

// add makes the tensor that an entry of the file describes.
func (f *File) add(x info, src io.ReaderAt, size, start, alignment int64) error {
	if f.names[x.name] != nil {
		return fmt.Errorf("%w: two tensors of the name %.80q", fault.ErrCorrupt, x.name)
	}
	if x.offset%uint64(alignment) != 0 || x.offset > uint64(size) {
		return fmt.Errorf("%w: tensor %.80q at offset %d in a file of %d bytes, aligned to %d",
			fault.ErrCorrupt, x.name, x.offset, size, alignment)
	}
	t, ok := types[x.kind]
	if !ok {
		name, ok := others[x.kind]
		if !ok {
			name = fmt.Sprintf("number %d", x.kind)
		}
		return fmt.Errorf("%w: tensor %.80q is of type %s; take a file with another quantisation, such as Q8_0 or Q4_K",
			fault.ErrUnsupported, x.name, name)
	}
	made, err := tensor.New(src, size, x.name, x.shape, t, start+int64(x.offset))
	if err != nil {
		return err
	}
	f.names[x.name] = made
	f.tensors = append(f.tensors, made)
	return nil
}

// overlap refuses tensors that share bytes: no writer makes them, and files of them
// would say that they hold far more than they do.
func (f *File) overlap() error {
	sorted := slices.SortedFunc(slices.Values(f.tensors), func(a, b *tensor.Tensor) int {
		return cmp.Or(cmp.Compare(a.Offset(), b.Offset()), cmp.Compare(a.Bytes(), b.Bytes()))
	})
	for i := 1; i < len(sorted); i++ {
		a, b := sorted[i-1], sorted[i]
		if a.Offset()+a.Bytes() > b.Offset() {
			return fmt.Errorf("%w: tensors %.80q and %.80q overlap", fault.ErrCorrupt, a.Name, b.Name)
		}
	}
	return nil
}

// Tensor returns the tensor of that name, or nil if there is none.
func (f *File) Tensor(name string) *tensor.Tensor { return f.names[name] }

// Tensors returns all tensors, in the order of the file. It is not to be changed.
func (f *File) Tensors() []*tensor.Tensor { return f.tensors }

// Keys returns the keys of the metadata, in the order of the file. It is not to be
// changed.
func (f *File) Keys() []string { return f.keys }
