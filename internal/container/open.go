package container

import (
	"bufio"
	"fmt"
	"io"
	"slices"

	"github.com/foretell/foretell/internal/fault"
)

// A File is a file with random access: its header, index and trailer have been
// read and checked, its blocks are read one by one. It is safe for concurrent use.
type File struct {
	Header
	Trailer
	Blocks  []BlockRef
	Entries []Entry // the layout without framing
	Sizes   Sizes

	id     uint64
	r      io.ReaderAt
	limits Limits
}

// Sizes says where the bytes of a file go. With the sizes of the blocks, which
// hold everything else, they add up to the size of the file.
type Sizes struct {
	Header   int64
	Embedded int64 // needs that the file carries
	Layout   int64 // layout records
	Index    int64
	Trailer  int64
}

// Open reads the header, the index and the trailer of a file of size bytes.
func Open(r io.ReaderAt, size int64, limits Limits) (*File, error) {
	h, id, first, err := readHeader(io.NewSectionReader(r, 0, size), limits.Memory)
	if err != nil {
		return nil, err
	}
	if size < first+int64(trailerSize) {
		return nil, io.ErrUnexpectedEOF
	}
	tail := make([]byte, trailerSize)
	if err := readAt(r, tail, size-int64(trailerSize)); err != nil {
		return nil, err
	}
	t, err := parseTrailer(tail)
	if err != nil {
		return nil, err
	}
	end := size - int64(trailerSize)
	if t.index > uint64(end-first) {
		return nil, corrupt("trailer")
	}
	start := end - int64(t.index)
	// A sequential reader that starts at the index reads just that.
	x := &Reader{id: id, r: newBuffer(io.NewSectionReader(r, start, int64(t.index))), limits: limits}
	k, fields, _, err := x.header()
	if err != nil {
		return nil, err
	}
	p, err := parsePacked(fields, id)
	if err != nil {
		return nil, err
	}
	raw, err := x.unpack(&p)
	if err != nil {
		return nil, err
	}
	if k != kindIndex || p.ordinal != 0 || x.offset != int64(t.index) {
		return nil, corrupt("index record")
	}
	f := &File{Header: h, Trailer: Trailer{Content: t.content, Length: t.length}, id: id, r: r, limits: limits}
	f.Sizes = Sizes{Header: first - h.embedded(), Embedded: h.embedded(), Index: int64(t.index), Trailer: int64(trailerSize)}
	all, err := parseIndex(raw, first, start, h.room(), limits)
	if err != nil {
		return nil, err
	}
	if all.end != start {
		return nil, corrupt("index")
	}
	f.Blocks, f.Entries, f.Sizes.Layout = all.blocks, all.entries, all.size
	return f, nil
}

// Block reads block i. Its data, which has a Base if the block leans on another,
// is counted in mem; the caller gives its Size back.
func (f *File) Block(i int, mem Budget) (*Block, BlockData, error) {
	ref := f.Blocks[i]
	b, data, err := f.block(i, mem)
	if err == nil && b.Base != 0 {
		var base *Block
		if base, data.Base, err = f.params(i-int(b.Base), mem); err == nil && base.Base != 0 {
			err = corrupt("it leans on block %d, which leans itself", base.Ordinal)
		}
	}
	if err != nil {
		mem.Give(data.Size())
		return nil, BlockData{}, &fault.BlockError{Block: int64(i), Offset: ref.Offset, Err: err}
	}
	return b, data, nil
}

// BlockHeader reads the header of block i alone.
func (f *File) BlockHeader(i int) (*Block, error) {
	b, _, err := f.open(i)
	if err != nil {
		return nil, &fault.BlockError{Block: int64(i), Offset: f.Blocks[i].Offset, Err: err}
	}
	return b, nil
}

// block reads a block without its base. What it returns with an error is counted
// all the same.
func (f *File) block(i int, mem Budget) (*Block, BlockData, error) {
	b, x, err := f.open(i)
	if err != nil {
		return nil, BlockData{}, err
	}
	x.mem = mem
	u := &unread{block: b}
	if err := x.blockData(u); err != nil {
		return nil, u.data, err
	}
	if checksum(u.data.Params) != b.paramsSum {
		return nil, u.data, corrupt("parameter checksum")
	}
	return b, u.data, nil
}

// params reads the parameters of block i. What it returns with an error is
// counted all the same.
func (f *File) params(i int, mem Budget) (*Block, []byte, error) {
	b, x, err := f.open(i)
	if err != nil {
		return nil, nil, err
	}
	params, err := x.payload(b.Params, mem)
	if err != nil {
		return nil, nil, err
	}
	if checksum(params) != b.paramsSum {
		err = corrupt("parameter checksum of block %d", i)
	}
	return b, params, err
}

// open reads the header of block i and returns a reader that stands behind it.
func (f *File) open(i int) (*Block, *Reader, error) {
	ref := f.Blocks[i]
	x := &Reader{id: f.id, r: bufio.NewReaderSize(io.NewSectionReader(f.r, ref.Offset, ref.Size), 4096), limits: f.limits}
	k, fields, sum, err := x.header()
	if err != nil {
		return nil, nil, err
	}
	if k != kindBlock || sum != ref.sum {
		return nil, nil, errUnlisted
	}
	b, err := parseBlock(fields, f.id, f.room())
	if err != nil {
		return nil, nil, err
	}
	if b.Ordinal != uint64(i) || x.offset+int64(b.Params)+int64(b.Body) != ref.Size || !slices.Equal(b.Spans, ref.Spans) {
		return nil, nil, errUnlisted
	}
	return b, x, nil
}

var errUnlisted = corrupt("the block is not the one that the index lists")

// readAt fills b from r at offset.
func readAt(r io.ReaderAt, b []byte, offset int64) error {
	n, err := r.ReadAt(b, offset)
	if n == len(b) {
		return nil
	}
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read at byte %d: %w", offset, err)
}
