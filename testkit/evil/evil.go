// Package evil makes .fore files that no encoder writes, with every checksum right,
// for tests of what a reader does with them.
package evil

import (
	"bytes"
	"encoding/binary"
	"strconv"

	"github.com/foretell/foretell/internal/container"
	"github.com/zeebo/xxh3"
)

// A File is a .fore file in the making, whose members hold zeros of uint8.
type File struct {
	out  bytes.Buffer
	w    *container.Writer
	size int // bytes of content
}

// New begins a file whose blocks hold at most blockTokens tokens, as it says.
func New(blockTokens uint64) *File {
	f := new(File)
	var err error
	f.w, err = container.NewWriter(&f.out, container.Header{BlockTokens: blockTokens})
	must(err)
	return f
}

// must is for what cannot fail: the output is memory.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Layout adds a layout record.
func (f *File) Layout(entries ...container.Entry) { must(f.w.Layout(entries)) }

// Block adds a block of zeros under the codec stored, whose alphabet is one symbol,
// so that they take no code. It says that it holds the spans. Where they are
// wrong, its hash is not that of its tokens.
func (f *File) Block(wrong bool, spans ...container.Span) {
	b := &container.Block{Spans: spans}
	zeros := make([]byte, b.Tokens())
	b.Hash = xxh3.Hash(zeros)
	if wrong {
		b.Hash++
	}
	f.size += len(zeros)
	must(f.w.Block(b, false, []byte{3, 0, 0, 1}, nil))
}

// BytesOf ends the file, whose content is as many zeros as said, and returns it.
func (f *File) BytesOf(size int) []byte {
	f.size = size
	return f.Bytes()
}

// Bytes ends the file, whose content is as many zeros as its blocks hold, and
// returns it.
func (f *File) Bytes() []byte {
	must(f.w.Close(xxh3.Hash128(make([]byte, f.size)).Bytes(), uint64(f.size)))
	return f.out.Bytes()
}

// Name is an entry that begins a file of that name.
func Name(name string) container.Entry {
	return container.Entry{Kind: container.EntryFile, Data: append([]byte{0}, name...)}
}

// Flags of members.
const (
	BigEndian = 1
	Fortran   = 2
)

// Open is the length of an axis that is told at its end.
const Open = ^uint64(0)

// next is the number of a member that follows another in its record.
const next = ^uint64(0)

// Member is an entry of a member of uint8 called m.
func Member(number uint64, flags byte, axes ...uint64) container.Entry {
	d := append(binary.AppendUvarint(nil, number+1), 6, flags, byte(len(axes)))
	for _, n := range axes {
		d = binary.AppendUvarint(d, n+1)
	}
	return container.Entry{Kind: container.EntryMember, Data: append(d, 'm')}
}

// End is an entry that tells the length of the first axis of a member.
func End(length uint64) container.Entry {
	return container.Entry{Kind: container.EntryEnd, Data: binary.AppendUvarint(nil, length)}
}

// Span is a span of a block.
func Span(member, first, count uint64) container.Span {
	return container.Span{Member: member, First: first, Count: count}
}

// NoSpans is a file with a block that holds nothing.
func NoSpans() []byte {
	f := New(1 << 20)
	f.Layout(Name("a"), Member(0, 0, 4))
	f.Block(false)
	f.Block(false, Span(0, 0, 4))
	return f.Bytes()
}

// EmptySpan is a file with a block one of whose spans holds nothing.
func EmptySpan() []byte {
	f := New(1 << 20)
	f.Layout(Name("a"), Member(0, 0, 4), Member(1, 0, 0))
	f.Block(false, Span(0, 0, 4), Span(1, 0, 0))
	return f.Bytes()
}

// LargeBlock is a file with a block of more tokens than its header allows.
func LargeBlock() []byte {
	f := New(3)
	f.Layout(Name("a"), Member(0, 0, 4))
	f.Block(false, Span(0, 0, 4))
	return f.Bytes()
}

// LargeBlocks is a file that allows blocks of more tokens than the format does.
func LargeBlocks() []byte {
	f := New(1<<26 + 1)
	f.Layout(Name("a"), Member(0, 0, 4))
	f.Block(false, Span(0, 0, 4))
	return f.Bytes()
}

// Columns is a file of an empty array in Fortran order of n columns.
func Columns(n uint64) []byte {
	f := New(1 << 20)
	f.Layout(Name("a"), Member(0, Fortran, 0, n))
	return f.Bytes()
}

// Empty is a file of n layout records of 2^19 entries without data each.
func Empty(n int) []byte {
	f := New(1 << 20)
	f.Layout(Name("a"))
	list := make([]container.Entry, 1<<19)
	for i := range list {
		list[i] = container.Entry{Kind: container.EntryFraming}
	}
	for range n {
		f.Layout(list...)
	}
	return f.Bytes()
}

// Members is a file of n members without elements, each of a name of its own.
func Members(n int) []byte {
	const record = 1 << 15
	f := New(1 << 20)
	f.Layout(Name("a"))
	for at := 0; at < n; at += record {
		var list []container.Entry
		for i := at; i < min(at+record, n); i++ {
			number := uint64(i)
			if i > at {
				number = next
			}
			e := Member(number, 0, 0)
			e.Data = strconv.AppendInt(e.Data[:len(e.Data)-1], int64(i), 36)
			list = append(list, e)
		}
		f.Layout(list...)
	}
	return f.Bytes()
}

// Scan is a file whose first block is damaged, with the given number of blocks
// behind it and then as many entries, which repeat one that has come.
func Scan(entry container.Entry, entries, blocks int) []byte {
	f := New(1 << 20)
	f.Layout(Name("a"), Member(0, 0, 1), Member(1, 0, uint64(blocks)))
	f.Block(true, Span(0, 0, 1))
	for i := range blocks {
		f.Block(false, Span(1, uint64(i), 1))
	}
	const record = 100_000
	list := make([]container.Entry, min(record, entries))
	for i := range list {
		list[i] = entry
	}
	for ; entries > 0; entries -= record {
		f.Layout(list[:min(record, entries)]...)
	}
	return f.Bytes()
}
