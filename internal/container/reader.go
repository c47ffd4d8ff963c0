package container

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/foretell/foretell/internal/fault"
)

// Limits bound what a reader allocates for a file that it does not trust.
type Limits struct {
	Memory int64 // bytes for any one prior or block's code, and for the index
}

// A Record is a layout or a block.
type Record struct {
	Offset  int64   // of the record in the file
	Entries []Entry // layout; Block is nil

	Block *Block
	Data  BlockData
}

// BlockData is the payload of a block.
type BlockData struct {
	Params []byte // its own parameters
	Base   []byte // those of the block it leans on, nil if it stands alone
	Body   []byte
}

// A Reader reads a file front to back, checking everything that can be checked
// without decoding. NewReader makes one.
type Reader struct {
	Header Header
	Trailer

	id     uint64
	r      *bufio.Reader
	offset int64 // of the next byte of r
	limits Limits
	index  index
	base   []byte // parameters of the last block that stands alone
	noBase bool   // that block was damaged or is missing

	listed  *File     // what the index lists, if that is known beforehand
	recover bool      // go on after damage
	todo    []*unread // what was read but is not taken into account
	faulty  bool      // an error has been returned
	lost    tally     // how far what is missing has been told
	rescans int
	long    int // long headers that resync has looked at
	src     *source
	last    []byte // while recovering: what to look through again
	mem     Budget
	done    bool
}

// Trailer is what the end of a file says of its content. A Reader has it once
// Next has returned io.EOF.
type Trailer struct {
	Content [16]byte // 128-bit xxh3 of all content
	Length  uint64   // bytes of all content
}

const bufferSize = 1 << 17

func newBuffer(r io.Reader) *bufio.Reader { return bufio.NewReaderSize(r, bufferSize) }

// NewReader reads the header of the file that r begins with.
func NewReader(r io.Reader, limits Limits) (*Reader, error) {
	src := &source{r: r}
	br := newBuffer(src)
	h, id, size, err := readHeader(br, limits.Memory)
	if err != nil {
		return nil, err
	}
	return &Reader{Header: h, id: id, src: src, r: br, offset: size, limits: limits, mem: unlimited{}}, nil
}

// Begins reports whether the file is one that begins with the header h.
func (r *Reader) Begins(h *Header) bool { return r.id == headerID(h.append(nil)) }

// Charge has the memory of blocks' payloads counted: that of the blocks that Next
// returns, which the caller gives back, and what the Reader holds itself.
func (r *Reader) Charge(mem Budget) { r.mem = mem }

// Next returns the next record. At the end it checks the index and the trailer
// and returns io.EOF. A file that ends early is io.ErrUnexpectedEOF; damage is
// an error that wraps fault.ErrCorrupt. After Recover the caller may go on after
// a fault.ErrCorrupt.
func (r *Reader) Next() (Record, error) {
	rec, err := r.next()
	r.faulty = r.faulty || err != nil && err != io.EOF
	return rec, err
}

func (r *Reader) next() (Record, error) {
	for {
		x := r.ahead(0)
		if x == nil {
			return Record{}, io.EOF
		}
		if r.recover {
			if r.early(x) {
				r.todo[0], r.todo[1] = r.todo[1], x
				if !x.moved {
					x.moved = true
					return Record{}, misplaced("block", x.ordinal, r.index.blocks)
				}
				continue
			}
			if err := r.before(x); err != nil {
				return Record{}, err
			}
		}
		r.todo = r.todo[1:]
		return r.accept(x)
	}
}

// ahead returns the record that comes i after the next one, nil at the end. It stays
// to be taken into account.
func (r *Reader) ahead(i int) *unread {
	if i == len(r.todo) && !r.done {
		r.todo = append(r.todo, r.read())
	}
	if i == len(r.todo) {
		return nil
	}
	return r.todo[i]
}

func misplaced(what string, got, want uint64) error {
	return corrupt("%s %d stands where %d belongs", what, got, want)
}

// unread is a record that has been read but not taken into account.
type unread struct {
	offset  int64
	size    uint64 // of the record
	sum     uint32 // of its header
	kind    kind
	packed  packed // layout or index
	block   *Block
	payload []byte // of a layout or, once it has been looked at, an index
	data    BlockData
	err     error

	indexErr error // of the payload of an index

	looks   kind   // of what seems to be a record with a damaged header
	ordinal uint64 // of a block or layout whose header is whole
	known   bool   // ordinal is set
	moved   bool   // the block stands before one that belongs before it
}

// read reads a record. While recovering, it goes to the next one after damage.
func (r *Reader) read() *unread {
	x := &unread{offset: r.offset}
	x.err = r.readRecord(x)
	switch {
	case !r.recover:
	case x.err == io.ErrUnexpectedEOF && len(r.last) > 0:
		// A damaged length may have led past whole records.
		x.err = corrupt("%w", x.err)
		r.resync()
	case x.err != nil && x.kind == 0 && errors.Is(x.err, fault.ErrCorrupt):
		r.resync()
	}
	if x.err != nil {
		x.block = nil
		r.drop(x)
	}
	return x
}

func (r *Reader) readRecord(x *unread) error {
	k, header, sum, err := r.header()
	if err != nil {
		x.looks = k
		return err
	}
	x.kind, x.sum, x.size = k, sum, uint64(r.offset-x.offset)
	switch k {
	case kindLayout, kindIndex:
		if x.packed, err = parsePacked(header, r.id); err != nil {
			return err
		}
		x.size += x.packed.stored
		if k == kindIndex && x.packed.ordinal != 0 {
			return corrupt("index %d", x.packed.ordinal)
		}
		if k == kindIndex {
			return nil
		}
		x.ordinal, x.known = x.packed.ordinal, true
		if x.packed.raw > MaxLayout {
			return corrupt("layout of %d bytes", x.packed.raw)
		}
		x.payload, err = r.unpack(&x.packed)
		return err
	case kindBlock:
		if x.block, err = parseBlock(header, r.id, r.Header.room()); err != nil {
			x.looks = k
			return err
		}
		x.ordinal, x.known = x.block.Ordinal, true
		x.size += x.block.Params + x.block.Body
		err = r.blockData(x)
		if err == nil && r.listed != nil && !r.listed.lists(x) {
			x.known = false
			return errUnlisted
		}
		return err
	}
	return corrupt("unknown record kind %q", k)
}

func blockError(x *unread, err error) error {
	return &fault.BlockError{Block: int64(x.ordinal), Offset: x.offset, Err: err}
}

func (r *Reader) blockData(x *unread) error {
	params, err := r.payload(x.block.Params, r.mem)
	if err != nil {
		r.keep(params)
		return err
	}
	x.data.Params = params
	body, err := r.payload(x.block.Body, r.mem)
	if err != nil {
		r.keep(params, body)
		return err
	}
	x.data.Body = body
	return nil
}

// drop gives up the payload of a block that is not handed out.
func (r *Reader) drop(x *unread) {
	r.mem.Give(x.data.Size())
	x.data = BlockData{}
}

// accept takes a record into account.
func (r *Reader) accept(x *unread) (Record, error) {
	rec, err := r.check(x)
	if err != nil {
		r.drop(x)
		return Record{}, err
	}
	return rec, nil
}

func (r *Reader) check(x *unread) (Record, error) {
	if x.err != nil {
		return Record{}, r.name(x)
	}
	switch x.kind {
	case kindLayout:
		if p := &x.packed; p.ordinal != r.index.layouts && !(r.recover && p.ordinal > r.index.layouts) {
			return Record{}, misplaced("layout record", p.ordinal, r.index.layouts)
		}
		entries, err := parseEntries(x.payload)
		if err != nil {
			return Record{}, err
		}
		r.index.layouts = x.packed.ordinal
		r.index.addLayout(x.size, x.sum, entries)
		if err := r.checkIndex(); err != nil {
			return Record{}, err
		}
		return Record{Offset: x.offset, Entries: entries}, nil
	case kindBlock:
		return r.acceptBlock(x)
	}
	r.done = true
	if err := r.end(x); err != nil {
		return Record{}, err
	}
	return Record{}, io.EOF
}

// checkIndex bounds the memory that the index takes.
func (r *Reader) checkIndex() error {
	x := &r.index
	return r.limits.index(uint64(len(x.list)+len(x.entries)), x.items, x.spans)
}

func (r *Reader) acceptBlock(x *unread) (Record, error) {
	b := x.block
	if b.Ordinal != r.index.blocks && !(r.recover && b.Ordinal > r.index.blocks) {
		err := misplaced("block", b.Ordinal, r.index.blocks)
		if !r.recover {
			err = blockError(x, err)
		}
		return Record{}, err // while recovering, nothing is lost with a block that came before
	}
	damaged := checksum(x.data.Params) != b.paramsSum
	base := r.index.lastBase
	r.index.blocks = b.Ordinal
	r.index.addBlock(x.size, x.sum, b)
	if err := r.checkIndex(); err != nil {
		return Record{}, err
	}
	if b.Base == 0 {
		r.mem.Give(int64(len(r.base)))
		r.base, r.noBase = nil, true
	}
	switch {
	case damaged:
		return Record{}, blockError(x, corrupt("parameter checksum"))
	case b.Base == 0:
		// It is held for the blocks to come, longer than this one.
		if err := r.mem.Take(int64(b.Params)); err != nil {
			return Record{}, err
		}
		r.base, r.noBase = x.data.Params, false
	case b.Ordinal-b.Base != base || r.noBase:
		return Record{}, blockError(x, corrupt("the parameters of block %d, which it needs, are missing", b.Ordinal-b.Base))
	default:
		if err := r.mem.Take(int64(len(r.base))); err != nil {
			return Record{}, err
		}
		x.data.Base = r.base
	}
	return Record{Offset: x.offset, Block: b, Data: x.data}, nil
}

// header reads a record's mark, header and checksum. With an error, k is the kind
// that the record seems to be of, 0 if there is none.
func (r *Reader) header() (k kind, header []byte, sum uint32, err error) {
	offset := r.offset
	raw := make([]byte, markSize, 128)
	r.last = nil
	defer func() {
		if err != nil {
			r.keep(raw[:r.offset-offset])
		}
	}()
	if _, err := r.full(raw); err != nil {
		return 0, nil, 0, err
	}
	if string(raw[:len(mark)]) != mark {
		return 0, nil, 0, corrupt("no record at byte %d", offset)
	}
	k = kind(raw[len(mark)])
	raw, n, err := readUvarint(counter{r}, raw)
	if err != nil {
		return k, nil, 0, err
	}
	if n > maxRecordHeader {
		return k, nil, 0, corrupt("record header of %d bytes", n)
	}
	start := len(raw)
	raw = append(raw, make([]byte, n+4)...)
	if _, err := r.full(raw[start:]); err != nil {
		return k, nil, 0, err
	}
	sum = headerSum(raw)
	if checksum(raw[:len(raw)-4]) != sum {
		return k, nil, 0, corrupt("record header checksum at byte %d", offset)
	}
	return k, raw[start : len(raw)-4], sum, nil
}

// end checks the index and the trailer, and that nothing follows.
func (r *Reader) end(x *unread) error {
	if err := r.readIndex(x); err != nil {
		return err
	}
	// What is missing has been told by now.
	if !r.faulty && !bytes.Equal(x.payload, r.index.payload()) {
		return corrupt("the index disagrees with the file: a record is missing, added or changed")
	}
	tail := make([]byte, trailerSize)
	if _, err := r.full(tail); err != nil {
		return err
	}
	t, err := parseTrailer(tail)
	if err != nil {
		return err
	}
	if t.index != x.size {
		return corrupt("trailer")
	}
	r.Trailer = Trailer{Content: t.content, Length: t.length}
	switch _, err := r.r.ReadByte(); {
	case err == nil:
		return corrupt("bytes after the end of the file")
	case err != io.EOF:
		return err
	}
	return nil
}

// readIndex reads the payload of an index record.
func (r *Reader) readIndex(x *unread) error {
	if x.payload == nil && x.indexErr == nil {
		x.payload, x.indexErr = r.unpack(&x.packed)
	}
	return x.indexErr
}

func (r *Reader) unpack(p *packed) ([]byte, error) {
	if err := r.limits.index(p.raw, 0, 0); err != nil {
		return nil, err
	}
	stored, err := r.payload(p.stored, unlimited{})
	if err != nil {
		r.keep(stored)
		return nil, err
	}
	return p.unpack(stored)
}
