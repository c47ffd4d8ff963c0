package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/bits"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/tokens"
)

// A twin writes the plain twin of a table: one group of all rows, the columns one after
// another, each of as few pages as can be.
type twin struct {
	*file
	read func(n int64)
	emit func(tokens.Part) error
	at   int64 // bytes so far

	most  float64 // bytes that values of any length may still have
	pages float64 // bytes that pages may still have, each time that they are read
}

// pageBytes is after how many bytes of values a page ends with its row, far below the
// 2 GiB that a page can have. Each page is a member.
const pageBytes = 1 << 30

func (t *twin) write() error {
	if err := t.framing([]byte(magic)); err != nil {
		return err
	}
	var columns []byte
	total := int64(0)
	for i := range t.leaves {
		if t.rows == 0 {
			break
		}
		meta, size, err := t.column(i)
		if err != nil {
			return err
		}
		columns = append(columns, meta...)
		total += size
	}
	var groups []byte
	n := 0
	if len(columns) > 0 {
		var group builder
		group.raw(1, kindList, listOf(kindStruct, len(t.leaves), columns))
		group.number(2, kindInt64, total)
		group.number(3, kindInt64, t.rows)
		groups, n = group.end(), 1
	}
	var meta builder
	meta.number(1, kindInt32, t.meta.number(1, 1))
	meta.copy(2, kindList, t.meta)
	meta.number(3, kindInt64, t.rows)
	meta.raw(4, kindList, listOf(kindStruct, n, groups))
	meta.copy(5, kindList, t.meta)
	meta.raw(6, kindBinary, []byte("foretell"))
	meta.copy(7, kindList, t.meta)
	footer := meta.end()
	footer = binary.LittleEndian.AppendUint32(footer, uint32(len(footer)))
	return t.framing(append(footer, magic...))
}

func (t *twin) framing(b []byte) error {
	t.at += int64(len(b))
	for len(b) > 0 {
		n := min(len(b), tokens.PieceSize)
		if err := t.emit(tokens.Part{Kind: tokens.Framing, Bytes: b[:n:n]}); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// member hands out an array of n elements.
func (t *twin) member(name string, kind tokens.Type, n int64, r io.Reader) error {
	if n > math.MaxInt {
		return fmt.Errorf("%w: %d elements on a 32-bit machine", fault.ErrLimit, n)
	}
	t.at += n * int64(kind.Size())
	return t.emit(tokens.Part{Kind: tokens.Member, Info: tokens.Info{Name: name, Type: kind, Shape: []int{int(n)}}, Data: r})
}

// column writes a column and returns its metadata and how many bytes its pages take.
func (t *twin) column(i int) (meta []byte, size int64, err error) {
	l := &t.leaves[i]
	p := t.plan(i)
	if l.repeated == 0 || !l.whole() {
		for more := true; more && err == nil; {
			more, err = p.step()
			p.starts = p.starts[:0]
		}
		if err != nil {
			return nil, 0, err
		}
	}
	if l.whole() && (l.repeated > 0 || p.total < t.rows) {
		o := &offsets{plan: t.plan(i)}
		if err := t.member(l.name+".offsets", tokens.Int64, t.rows+1, o); err != nil {
			return nil, 0, err
		}
		p = o.plan
	}
	at := t.at
	values := &reader{walker: t.walk(i)}
	values.done = t.read
	all := int64(0)
	for _, page := range p.pages {
		if err := t.page(l, &page, values); err != nil {
			return nil, 0, err
		}
		all += page.levels
	}
	size = t.at - at
	var m builder
	m.number(1, kindInt32, l.kind)
	m.raw(2, kindList, listOf(kindInt32, 2, appendVarint(appendVarint(nil, encodingPlain), encodingRLE)))
	m.raw(3, kindList, t.paths[i])
	m.number(4, kindInt32, codecNone)
	m.number(5, kindInt64, all)
	m.number(6, kindInt64, size)
	m.number(7, kindInt64, size)
	m.number(9, kindInt64, at)
	var c builder
	c.number(2, kindInt64, 0)
	c.raw(3, kindStruct, m.end())
	return c.end(), size, nil
}

// page writes a page.
func (t *twin) page(l *leaf, p *pagePlan, values *reader) error {
	var levels []byte
	for _, b := range [][]byte{p.reps, p.defs} {
		if b != nil {
			levels = append(binary.LittleEndian.AppendUint32(levels, uint32(len(b))), b...)
		}
	}
	size := int64(len(levels)) + p.bytes
	if size > math.MaxInt32 || p.levels > math.MaxInt32 {
		return fmt.Errorf("%w: column %s has a row that is too long", fault.ErrLimit, l.name)
	}
	var d builder
	d.number(1, kindInt32, p.levels)
	d.number(2, kindInt32, encodingPlain)
	d.number(3, kindInt32, encodingRLE)
	d.number(4, kindInt32, encodingRLE)
	var h builder
	h.number(1, kindInt32, pageData)
	h.number(2, kindInt32, size)
	h.number(3, kindInt32, size)
	h.raw(5, kindStruct, d.end())
	if err := t.framing(append(h.end(), levels...)); err != nil {
		return err
	}
	kind := l.elements()
	values.want = p.values
	return t.member(l.name, kind, p.bytes/int64(kind.Size()), values)
}

func (t *twin) walk(column int) *walker {
	return &walker{leaf: &t.leaves[column], file: t.r, chunks: t.chunks[column], most: &t.pages}
}

// A pagePlan is what is known of a page before it is written.
type pagePlan struct {
	levels, values int64 // values that are there
	bytes          int64 // of them
	reps, defs     []byte
}

// A plan finds out what pages a column is made of.
type plan struct {
	*walker
	pages      []pagePlan
	page       pagePlan // that grows
	reps, defs hybridWriter
	total      int64    // values so far
	starts     []byte   // the offsets of the rows that have begun since they were taken
	held       int      // bytes of levels
	bytes      *float64 // that values of any length may still have
	value      []byte
}

// maxLevels bounds the bytes of a column's levels.
const maxLevels = 256 << 20

func (t *twin) plan(column int) *plan {
	w := t.walk(column)
	return &plan{walker: w, reps: hybridWriter{width: uint(bits.Len32(w.repeated))}, defs: hybridWriter{width: uint(bits.Len32(w.defined))}, bytes: &t.most}
}

// step takes some levels into account. It reports whether there may be more.
func (p *plan) step() (bool, error) {
	reps, defs, err := p.levels()
	if err != nil {
		return false, err
	}
	if len(reps) == 0 {
		p.starts = binary.LittleEndian.AppendUint64(p.starts, uint64(p.total))
		return false, p.flush()
	}
	for i, r := range reps {
		if r == 0 {
			if p.page.bytes >= pageBytes || p.page.levels >= pageBytes {
				if err := p.flush(); err != nil {
					return false, err
				}
			}
			p.starts = binary.LittleEndian.AppendUint64(p.starts, uint64(p.total))
		}
		if p.repeated > 0 {
			p.reps.put(r)
		}
		if p.defined > 0 {
			p.defs.put(defs[i])
		}
		p.page.levels++
		if defs[i] == p.defined {
			if err := p.count(); err != nil {
				return false, err
			}
		}
	}
	if p.held+len(p.reps.b)+len(p.defs.b) > maxLevels {
		return false, fmt.Errorf("%w: the levels of column %s take more than %d bytes", fault.ErrLimit, p.name, maxLevels)
	}
	return true, nil
}

// count counts a value.
func (p *plan) count() error {
	p.total++
	p.page.values++
	if p.width > 0 {
		p.page.bytes += int64(p.width)
		return nil
	}
	var err error
	if p.value, _, err = p.values.next(p.value[:0], 1); err != nil {
		return p.in(err)
	}
	p.page.bytes += int64(len(p.value))
	if *p.bytes -= float64(len(p.value)); *p.bytes < 0 {
		return fmt.Errorf("%w: column %s and those before it have too many bytes of values for the size of the file", fault.ErrLimit, p.name)
	}
	return nil
}

// flush ends a page.
func (p *plan) flush() error {
	if p.page.levels == 0 {
		return nil
	}
	if p.kind == typeBool {
		p.page.bytes = (p.page.values + 7) / 8
	}
	if p.repeated > 0 {
		p.page.reps = p.reps.end()
	}
	if p.defined > 0 {
		p.page.defs = p.defs.end()
	}
	p.held += len(p.page.reps) + len(p.page.defs)
	p.pages = append(p.pages, p.page)
	p.page = pagePlan{}
	return nil
}

// offsets reads how many values there are before each row, and before the end.
type offsets struct {
	*plan
	over bool
}

func (o *offsets) Read(b []byte) (int, error) {
	for len(o.starts) == 0 {
		if o.over {
			return 0, io.EOF
		}
		more, err := o.step()
		if err != nil {
			return 0, err
		}
		o.over = !more
	}
	n := copy(b, o.starts)
	o.starts = o.starts[:copy(o.starts, o.starts[n:])]
	return n, nil
}

// A reader reads the values of one page of the twin after another.
type reader struct {
	*walker
	want int64 // values of the page that are to come
	have int   // values of what was walked into
	raw  []byte
	out  bytes.Buffer

	bits   byte // of booleans, so many of them
	packed int
}

func (r *reader) Read(b []byte) (int, error) {
	for r.out.Len() == 0 {
		if r.want == 0 {
			return 0, io.EOF
		}
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
	return r.out.Read(b)
}

// fill reads some values.
func (r *reader) fill() error {
	for r.have == 0 {
		_, defs, err := r.levels()
		if err != nil {
			return err
		}
		if len(defs) == 0 {
			return errGroups // the file is another than it was
		}
		for _, d := range defs {
			if d == r.defined {
				r.have++
			}
		}
	}
	n := int(min(int64(r.have), r.want))
	var err error
	if r.raw, n, err = r.values.next(r.raw[:0], n); err != nil {
		return r.in(err)
	}
	r.have -= n
	r.want -= int64(n)
	if r.kind != typeBool {
		r.out.Write(r.raw)
		return nil
	}
	for _, v := range r.raw {
		r.bits |= v << r.packed
		if r.packed++; r.packed == 8 {
			r.pack()
		}
	}
	if r.want == 0 && r.packed > 0 {
		r.pack()
	}
	return nil
}

// pack writes the booleans that there are.
func (r *reader) pack() {
	r.out.WriteByte(r.bits)
	r.bits, r.packed = 0, 0
}
