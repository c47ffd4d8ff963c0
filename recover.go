package foretell

import (
	"bytes"
	"io"
	"path"

	"github.com/foretell/foretell/internal/container"
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

// expect restores what should have come before the entry e.
func (r *Reader) expect(e container.Entry) {
	if e.Kind == container.EntryFraming {
		return
	}
	for i, want := range r.expected {
		if want.Kind == e.Kind && bytes.Equal(want.Data, e.Data) {
			r.restore(i)
			r.expected = r.expected[1:]
			return
		}
	}
	r.expected = nil // the index is that of another layout
}

// restoreMember restores the layout up to a member, which a block belongs to.
func (r *Reader) restoreMember(member int) {
	for i, want := range r.expected {
		if want.Kind != container.EntryMember {
			continue
		}
		number, _, err := parseMember(want.Data)
		if err != nil || number > member {
			return
		}
		if number == member {
			r.restore(i + 1)
			return
		}
	}
}

// restore puts the next n expected entries into the queue. An npy file whose
// header is lost gets a fresh one.
func (r *Reader) restore(n int) {
	file := ""
	for _, e := range r.expected[:n] {
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
				r.queue = append(r.queue, container.Entry{Kind: container.EntryFraming, Data: header})
			}
		}
		r.queue = append(r.queue, e)
	}
	r.expected = r.expected[n:]
}
