package container

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"io"
	"math"
	"slices"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/stream"
	"github.com/foretell/foretell/internal/uvarint"
)

// Recover makes Next go on behind damage: after an error, the next call looks
// for the next record that is whole.
func (r *Reader) Recover() { r.recover = true }

// Know tells the Reader of the same file with random access, whose index is
// whole: then only blocks that it lists come out, and errors name them.
func (r *Reader) Know(f *File) { r.listed = f }

// lists reports whether a block is one that the index lists.
func (f *File) lists(x *unread) bool {
	i := x.block.Ordinal
	return i < uint64(len(f.Blocks)) && f.Blocks[i].sum == x.sum
}

// A tally says up to which ordinal all records are accounted for: they have come,
// or have been told to be lost.
type tally struct{ blocks, layouts uint64 }

// count takes what has come into account.
func (t *tally) count(x *index) {
	t.blocks, t.layouts = max(t.blocks, x.blocks), max(t.layouts, x.layouts)
}

// early reports whether a block stands before one that belongs before it, which the
// record behind it tells.
func (r *Reader) early(x *unread) bool {
	if x.block == nil || x.ordinal <= r.index.blocks {
		return false
	}
	y := r.ahead(1)
	return y != nil && y.block != nil && y.ordinal >= r.index.blocks && y.ordinal < x.ordinal
}

// before returns an error that tells what is missing before a record, one at a time,
// nil if nothing is that has not been told.
func (r *Reader) before(x *unread) error {
	r.lost.count(&r.index)
	switch {
	case x.kind == kindIndex && x.err == nil && r.readIndex(x) == nil:
		all, err := parseIndex(x.payload, 0, math.MaxInt64, r.Header.room(), r.limits)
		if err != nil {
			return nil // which the end tells
		}
		if err := r.missingBlocks(x, uint64(len(all.blocks))); err != nil {
			return err
		}
		return r.missingLayouts(all.layouts)
	case !x.known:
		return nil
	case x.kind == kindLayout:
		return r.missingLayouts(x.ordinal)
	}
	return r.missingBlocks(x, x.ordinal)
}

// missingBlocks tells that blocks before number until are missing before x.
func (r *Reader) missingBlocks(x *unread, until uint64) error {
	from := r.lost.blocks
	if from >= until {
		return nil
	}
	if f := r.listed; f != nil && until <= uint64(len(f.Blocks)) {
		r.lost.blocks++
		return &fault.BlockError{Block: int64(from), Offset: f.Blocks[from].Offset, Err: corrupt("the block is missing")}
	}
	r.lost.blocks = until
	err := corrupt("the block is missing")
	if until-from > 1 {
		err = corrupt("it and all blocks up to %d are missing", until-1)
	}
	return &fault.BlockError{Block: int64(from), Offset: x.offset, Err: err}
}

// missingLayouts tells that layout records before number until are missing.
func (r *Reader) missingLayouts(until uint64) error {
	from := r.lost.layouts
	if from >= until {
		return nil
	}
	r.lost.layouts = until
	return corrupt("of the layout, records %d to %d are missing", from, until-1)
}

// name returns the error of a record, with the block that is lost where that is known:
// it is the one in the header, the one that the index lists there or, without an
// index, the next one if that is missing behind it or it seems to be a block.
func (r *Reader) name(x *unread) error {
	if x.err == io.ErrUnexpectedEOF {
		return x.err
	}
	r.lost.count(&r.index)
	next := r.lost.blocks
	switch {
	case x.known && x.kind == kindLayout:
		r.lost.layouts = max(r.lost.layouts, x.ordinal+1)
		return x.err
	case x.known:
		if x.ordinal < next && r.recover {
			return x.err
		}
		r.lost.blocks = max(next, x.ordinal+1)
		return blockError(x, x.err)
	case r.listed != nil:
		i, ok := slices.BinarySearchFunc(r.listed.Blocks, x.offset, func(b BlockRef, at int64) int { return cmp.Compare(b.Offset, at) })
		if !ok || uint64(i) != next {
			break
		}
		r.lost.blocks++
		return &fault.BlockError{Block: int64(next), Offset: x.offset, Err: x.err}
	}
	switch what := r.was(x); {
	case what == kindBlock && r.listed == nil:
		r.lost.blocks++
		return &fault.BlockError{Block: int64(next), Offset: x.offset, Err: x.err}
	case what == kindLayout:
		r.lost.layouts++
	}
	return x.err
}

// was returns of what kind a record is whose header is damaged, by what is missing before
// the next records, else by what it seems to be.
func (r *Reader) was(x *unread) kind {
	if !r.recover {
		return x.looks
	}
	layouts := r.lost.layouts
	for i := range 3 {
		y := r.ahead(i)
		switch {
		case y == nil:
			return x.looks
		case y.known && y.kind == kindLayout && y.ordinal > layouts:
			return kindLayout
		case y.known && y.kind == kindLayout:
			layouts++
			continue
		case y.known && y.ordinal > r.lost.blocks:
			return kindBlock
		case y.known && y.ordinal == r.lost.blocks && layouts == r.lost.layouts:
			return kindLayout
		case y.kind == kindIndex && y.err == nil && r.readIndex(y) == nil:
			all, err := parseIndex(y.payload, 0, math.MaxInt64, r.Header.room(), r.limits)
			switch {
			case err != nil:
			case uint64(len(all.blocks)) > r.lost.blocks:
				return kindBlock
			case all.layouts > layouts:
				return kindLayout
			}
		}
		break
	}
	return x.looks
}

// A source reads from r, after what is to be read again.
type source struct {
	again [][]byte
	r     io.Reader
}

func (s *source) Read(b []byte) (int, error) {
	for len(s.again) > 0 {
		n := copy(b, s.again[0])
		if n > 0 {
			s.again[0] = s.again[0][n:]
			return n, nil
		}
		s.again = s.again[1:]
	}
	s.again = nil
	return stream.Read(s.r, b)
}

// counter keeps count of what is read.
type counter struct{ r *Reader }

func (h counter) Read(b []byte) (int, error) {
	n, err := h.r.r.Read(b)
	h.r.offset += int64(n)
	return n, err
}

// maxAgain bounds what is kept of a payload that the file ends in, to look for
// records that it ran over: only if more than that was cut out of it could they
// begin before.
const maxAgain = 1 << 24

// keep keeps the end of what was read last, for resync to look through again.
func (r *Reader) keep(parts ...[]byte) {
	if !r.recover {
		return
	}
	room := int(min(maxAgain, max(r.limits.Memory/16, 1<<16)))
	r.last = nil
	for _, p := range slices.Backward(parts) {
		p = p[max(len(p)-(room-len(r.last)), 0):]
		r.last = slices.Concat(p, r.last)
	}
}

const (
	// maxFound is how much of the file resync looks at to find a record
	// header: more than the longest takes.
	maxFound = maxRecordHeader + 64

	// shortFound is the length up to which all that looks like a header is
	// looked at; of longer ones it is only until maxLong were none, which
	// bounds the work.
	shortFound = 1 << 14
	maxLong    = 256
)

// maxRescans bounds how often resync goes back, since a file made for it could
// have each of many records claim all that follows.
const maxRescans = 256

// resync moves to the next record header that is whole and belongs to this file,
// or to the end. It looks again through what was read since the last one, since
// a cut in the file makes a payload run over the next record.
func (r *Reader) resync() {
	if r.rescans < maxRescans {
		r.rescans++
		ahead, _ := r.r.Peek(r.r.Buffered())
		r.src.again = append([][]byte{r.last, bytes.Clone(ahead)}, r.src.again...)
		if r.r.Size() < 2*maxFound {
			r.r = bufio.NewReaderSize(r.src, 2*maxFound)
		} else {
			r.r.Reset(r.src)
		}
		r.offset -= int64(len(r.last))
	}
	r.last = nil
	for {
		b, err := r.r.Peek(r.r.Size())
		end := len(b) - maxFound
		if err != nil {
			end = len(b)
		}
		at := 0
		for at < end {
			i := bytes.Index(b[at:], []byte(mark))
			if i < 0 || at+i >= end {
				at = max(at, end-len(mark)+1)
				break
			}
			at += i
			if r.whole(b[at:]) {
				r.skip(at)
				return
			}
			at++
		}
		if err != nil {
			r.skip(len(b))
			r.done = true
			return
		}
		r.skip(at)
	}
}

func (r *Reader) skip(n int) {
	n, _ = r.r.Discard(n)
	r.offset += int64(n)
}

// whole reports whether b begins with a record header of this file that has not
// been read yet.
func (r *Reader) whole(b []byte) bool {
	if len(b) < markSize {
		return false
	}
	k := kind(b[len(mark)])
	n, l := uvarint.Parse(b[markSize:])
	if l <= 0 || n < 8 || n > maxRecordHeader {
		return false
	}
	start := markSize + l
	end := start + int(n)
	if end+4 > len(b) || binary.LittleEndian.Uint64(b[start:]) != r.id {
		return false
	}
	if n > shortFound && r.long == maxLong {
		return false
	}
	if checksum(b[:end]) != headerSum(b[:end+4]) {
		if n > shortFound {
			r.long++
		}
		return false
	}
	switch k {
	case kindBlock:
		h, err := parseBlock(b[start:end], r.id, r.Header.room())
		return err == nil && h.Ordinal >= r.index.blocks
	case kindLayout:
		p, err := parsePacked(b[start:end], r.id)
		return err == nil && p.ordinal >= r.index.layouts
	}
	_, err := parsePacked(b[start:end], r.id)
	return err == nil && k == kindIndex
}
