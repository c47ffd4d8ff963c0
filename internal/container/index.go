package container

import (
	"encoding/binary"
	"fmt"

	"github.com/foretell/foretell/internal/fault"
)

// An index lists all records of a file and repeats the layout but for framing,
// so that a reader with random access needs nothing else to find what it wants.
// Writing and reading both build it record by record; a sequential reader
// compares what it built with what the file says.
type index struct {
	records  uint64
	list     []byte // per record: kind, size, checksum of its header; for blocks their spans
	entries  []byte // all entries that are not framing
	items    uint64 // blocks and entries
	spans    uint64
	blocks   uint64
	layouts  uint64
	lastBase uint64 // ordinal of the last block that stands alone
}

func (x *index) add(k kind, size uint64, headerSum uint32) {
	x.records++
	x.list = append(x.list, byte(k))
	x.list = binary.AppendUvarint(x.list, size)
	x.list = binary.LittleEndian.AppendUint32(x.list, headerSum)
}

func (x *index) addLayout(size uint64, headerSum uint32, entries []Entry) {
	x.add(kindLayout, size, headerSum)
	x.layouts++
	for _, e := range entries {
		if e.Kind != EntryFraming {
			x.entries = e.append(x.entries)
			x.items++
		}
	}
}

func (x *index) addBlock(size uint64, headerSum uint32, b *Block) {
	x.add(kindBlock, size, headerSum)
	x.list = appendSpans(x.list, b.Spans)
	x.items++
	x.spans += uint64(len(b.Spans))
	if b.Base == 0 {
		x.lastBase = b.Ordinal
	}
	x.blocks = b.Ordinal + 1
}

// What readers make of an index takes at most so many bytes of memory, and of garbage
// on the way: for each of its bytes, for each block and entry, for each span of a block.
const (
	memoryByte = 4
	memoryItem = 768
	memorySpan = 64
)

// smallIndex is how much memory an index may take under any limit.
const smallIndex = 16 << 20

// index refuses an index that takes more memory than it may.
func (l Limits) index(bytes, items, spans uint64) error {
	need := memoryByte*bytes + memoryItem*items + memorySpan*spans
	if need > uint64(max(l.Memory, smallIndex)) {
		return fmt.Errorf("%w: the list of members and blocks takes %d bytes of memory or more, %d are allowed", fault.ErrLimit, need, l.Memory)
	}
	return nil
}

// payload returns the index as it is stored.
func (x *index) payload() []byte {
	p := binary.AppendUvarint(nil, x.records)
	p = binary.AppendUvarint(p, uint64(len(x.list)))
	p = append(p, x.list...)
	return append(p, x.entries...)
}

// A BlockRef says where a block is.
type BlockRef struct {
	Offset int64 // of its record in the file
	Size   int64 // of its record in bytes
	Spans  []Span

	sum uint32 // checksum of the record's header
}

// A listing is what an index says.
type listing struct {
	blocks  []BlockRef
	layouts uint64 // records
	size    int64  // bytes of layout records
	end     int64  // where the records end
	entries []Entry
}

// parseIndex reads an index payload. The records begin at offset first and must not
// go beyond offset limit; a block holds at most most.
func parseIndex(payload []byte, first, limit int64, most room, limits Limits) (*listing, error) {
	f := fields{b: payload}
	spans := uint64(0)
	records := f.uvarint()
	list := fields{b: f.bytes(f.uvarint())}
	if f.bad {
		return nil, corrupt("index")
	}
	x := &listing{end: first}
	entries := countEntries(f.b)
	for range records {
		k := kind(list.byte())
		size := list.uvarint()
		sum := list.uint32()
		if list.bad || size > uint64(limit-x.end) {
			return nil, corrupt("index")
		}
		switch k {
		case kindLayout:
			x.layouts++
			x.size += int64(size)
		case kindBlock:
			x.blocks = append(x.blocks, BlockRef{Offset: x.end, Size: int64(size), Spans: list.spans(most), sum: sum})
			spans += uint64(len(x.blocks[len(x.blocks)-1].Spans))
			if err := limits.index(uint64(len(payload)), entries+uint64(len(x.blocks)), spans); err != nil {
				return nil, err
			}
		default:
			return nil, corrupt("index")
		}
		x.end += int64(size)
	}
	if list.bad || len(list.b) != 0 {
		return nil, corrupt("index")
	}
	if err := limits.index(uint64(len(payload)), entries+uint64(len(x.blocks)), spans); err != nil {
		return nil, err
	}
	var err error
	x.entries, err = parseEntries(f.b)
	return x, err
}
