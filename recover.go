package foretell

import (
	"bytes"
	"fmt"
	"io"
	"path"

	"github.com/foretell/foretell/internal/container"
	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/tokens"
)

// openIndex opens the index of the file that r reads, or returns nil if r has no
// random access or the index is damaged.
func openIndex(r io.Reader, o *ReaderOptions) *container.File {
	f, ok := r.(interface {
		io.ReaderAt
		io.Seeker
	})
	if !ok {
		return nil
	}
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil
	}
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil
	}
	if _, err := f.Seek(at, io.SeekStart); err != nil {
		return nil
	}
	// What the reader has buffered of the header is not missed: an index is
	// found from the end.
	in, err := container.Open(io.NewSectionReader(f, 0, end), end, container.Limits{Memory: o.MaxMemory})
	if err != nil {
		return nil
	}
	return in
}

// While keeping going with an index, the layout that it repeats stands in for
// layout records that are lost: entries that should have come by now are put
// into the queue before what shows that they are missing.

// An expected layout is what should come, in order.
type expected struct {
	entries []container.Entry
	done    int   // how many have come or are restored
	members []int // where each member's entry is
}

// expect returns the layout of the given entries, nothing if its members are not
// numbered in order.
func expect(entries []container.Entry) expected {
	x := expected{entries: entries}
	for i, e := range entries {
		if e.Kind != container.EntryMember {
			continue
		}
		number, _, err := parseMember(e.Data)
		if err != nil || number != len(x.members) {
			return expected{}
		}
		x.members = append(x.members, i)
	}
	return x
}

// late reports whether entries have a member that has come already.
func (x *expected) late(entries []container.Entry) bool {
	for _, e := range entries {
		if e.Kind != container.EntryMember {
			continue
		}
		number, _, err := parseMember(e.Data)
		if err == nil && number < len(x.members) && x.members[number] < x.done {
			return true
		}
	}
	return false
}

// restoreBefore restores what should have come before the entry e.
func (r *Reader) restoreBefore(e container.Entry) {
	x := &r.expected
	if e.Kind == container.EntryFraming || x.done == len(x.entries) {
		return
	}
	for i, want := range x.entries[x.done:] {
		if want.Kind == e.Kind && bytes.Equal(want.Data, e.Data) {
			r.restore(x.done + i)
			x.done++
			return
		}
	}
	*x = expected{} // the index is that of another layout
}

// restoreMember restores the layout up to a member, which a block belongs to.
func (r *Reader) restoreMember(member int) {
	if at := r.expected.members; member < len(at) {
		r.restore(at[member] + 1)
	}
}

// restore puts the expected entries up to number n into the queue. An npy file whose
// header is lost gets a fresh one.
func (r *Reader) restore(n int) {
	x := &r.expected
	if x.done < n && !r.lost {
		r.damage(fmt.Errorf("%w: the layout is not where it belongs", fault.ErrCorrupt))
	}
	file := ""
	for ; x.done < n; x.done++ {
		e := x.entries[x.done]
		switch e.Kind {
		case container.EntryFile:
			if p, err := parseFile(e.Data); err == nil {
				file = p.Name
			}
		case container.EntryMember:
			_, info, err := parseMember(e.Data)
			if err != nil || path.Ext(file) != ".npy" || info.Open() {
				break
			}
			if header, err := tokens.AppendNPYHeader(nil, info); err == nil {
				r.put(container.Entry{Kind: container.EntryFraming, Data: header})
			}
		}
		r.put(e)
	}
}
