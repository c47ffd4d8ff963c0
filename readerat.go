package foretell

import (
	"fmt"
	"io"
	"sync"

	"github.com/foretell/foretell/internal/container"
	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/tokens"
)

// A ReaderAt reads parts of a .fore file at random: it decodes only the blocks
// that it needs, each checked by its own hash. It is safe for concurrent use.
type ReaderAt struct {
	opts    ReaderOptions
	in      *container.File
	coders  func() (chan *blockCoder, error) // made when first needed
	mem     *budget
	files   []File
	members []tokens.Info
	byID    map[int]*tokens.Info
	places  [][]place // of each member's tokens, in order

	mu     sync.Mutex
	cached *rawBlock // the block decoded last
	number int       // of it
}

// A File is one file of the original content.
type File struct {
	Name     string
	Repacked bool  // its envelope is not the original's; see tokens.Part
	Members  []int // numbers of its members
}

// A place is a run of a member's tokens in a block.
type place struct {
	first, count int64
	block, span  int
}

// OpenReaderAt reads the header and the index of the file of size bytes that r
// gives access to. The prior or model that the file needs is asked for when
// tokens are first read.
func OpenReaderAt(r io.ReaderAt, size int64, opts *ReaderOptions) (*ReaderAt, error) {
	o := opts.resolve()
	in, err := container.Open(r, size, container.Limits{Memory: o.MaxMemory})
	if err != nil {
		return nil, err
	}
	a := &ReaderAt{
		opts: o, in: in, number: -1,
		mem:  newBudget(o.MaxMemory),
		byID: map[int]*tokens.Info{},
	}
	a.coders = sync.OnceValues(func() (chan *blockCoder, error) { return newCoders(&in.Header, &o) })
	if err := a.readLayout(); err != nil {
		return nil, err
	}
	return a, a.findPlaces()
}

func (r *ReaderAt) readLayout() error {
	for _, e := range r.in.Entries {
		switch e.Kind {
		case container.EntryFile:
			p, err := parseFile(e.Data)
			if err != nil {
				return err
			}
			r.files = append(r.files, File{Name: p.Name, Repacked: p.Repacked})
		case container.EntryMember:
			number, info, err := parseMember(e.Data)
			if err != nil {
				return err
			}
			if number != len(r.members) || len(r.files) == 0 {
				return fmt.Errorf("%w: member %d stands where %d belongs", fault.ErrCorrupt, number, len(r.members))
			}
			f := &r.files[len(r.files)-1]
			f.Members = append(f.Members, number)
			r.members = append(r.members, info)
		case container.EntryEnd:
			length, err := parseEnd(e.Data)
			if err != nil {
				return err
			}
			if len(r.members) == 0 || !r.members[len(r.members)-1].Open() {
				return fmt.Errorf("%w: the end of a member that is not open", fault.ErrCorrupt)
			}
			info := &r.members[len(r.members)-1]
			info.Shape[0] = length
			if err := info.Validate(); err != nil {
				return err
			}
		}
	}
	for i := range r.members {
		if r.members[i].Open() {
			return fmt.Errorf("%w: a member does not end", fault.ErrCorrupt)
		}
		r.byID[i] = &r.members[i]
	}
	return nil
}

// findPlaces lists where the tokens of each member are and checks that all are
// there.
func (r *ReaderAt) findPlaces() error {
	r.places = make([][]place, len(r.members))
	have := make([]int64, len(r.members))
	for i, ref := range r.in.Blocks {
		for k, s := range ref.Spans {
			if s.Member >= uint64(len(r.members)) || int64(s.First) != have[s.Member] || s.Count == 0 {
				return fmt.Errorf("%w: the index lists tokens that have no place", fault.ErrCorrupt)
			}
			have[s.Member] += int64(s.Count)
			r.places[s.Member] = append(r.places[s.Member], place{int64(s.First), int64(s.Count), i, k})
		}
	}
	for i := range r.members {
		if have[i] != r.members[i].Len() {
			return fmt.Errorf("%w: member %d has %d of %d tokens", fault.ErrCorrupt, i, have[i], r.members[i].Len())
		}
	}
	return nil
}

// Files returns the files of the content in order.
func (r *ReaderAt) Files() []File { return r.files }

// Members returns all members in order. A member's number is its position.
func (r *ReaderAt) Members() []tokens.Info { return r.members }

// CopyRange writes the elements of rows from..to-1 of a member to w, as they lie
// in its file: a row is an index of the first axis, and an array without axes
// has one. Of an array in Fortran order, all blocks are decoded and count
// against ReaderOptions.MaxOutput.
func (r *ReaderAt) CopyRange(w io.Writer, member, from, to int) error {
	row, err := r.row(member, from, to)
	if err != nil {
		return err
	}
	info := &r.members[member]
	if !info.Fortran || len(info.Shape) < 2 {
		return r.copyTokens(w, member, int64(from)*row, int64(to)*row)
	}
	pick := &columns{w: w, size: info.Type.Size(), length: info.Shape[0], from: from, to: to}
	return r.copyTokens(pick, member, 0, info.Len())
}

// row checks a range of rows and returns the number of tokens in one.
func (r *ReaderAt) row(member, from, to int) (int64, error) {
	if member < 0 || member >= len(r.members) {
		return 0, fmt.Errorf("no member has the number %d", member)
	}
	shape := r.members[member].Shape
	rows := 1
	if len(shape) > 0 {
		rows = shape[0]
	}
	if from < 0 || to < from || to > rows {
		return 0, fmt.Errorf("range %d:%d is not within the %d rows of %q", from, to, rows, r.members[member].Name)
	}
	if rows == 0 {
		return 0, nil
	}
	return r.members[member].Len() / int64(rows), nil
}

// columns passes on some of the elements of each column of an array in Fortran
// order, whose columns hold one element of each row. It buffers partial elements.
type columns struct {
	w        io.Writer
	size     int // bytes of an element
	length   int // elements of a column
	from, to int
	at       int // bytes into the column
}

func (c *columns) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		start, end := c.from*c.size, c.to*c.size
		var step int
		switch {
		case c.at < start:
			step = min(len(p), start-c.at)
		case c.at < end:
			step = min(len(p), end-c.at)
			if _, err := c.w.Write(p[:step]); err != nil {
				return 0, err
			}
		default:
			step = min(len(p), c.length*c.size-c.at)
		}
		c.at += step
		if c.at == c.length*c.size {
			c.at = 0
		}
		p = p[step:]
	}
	return n, nil
}

// copyTokens writes tokens from..to-1 of a member, in storage order, to w.
func (r *ReaderAt) copyTokens(w io.Writer, member int, from, to int64) error {
	if from == to {
		return nil
	}
	if _, err := r.coders(); err != nil {
		return err
	}
	size := int64(r.members[member].Type.Size())
	if (to-from)*size > r.opts.MaxOutput {
		return fmt.Errorf("%w: the range has more than %d bytes", fault.ErrLimit, r.opts.MaxOutput)
	}
	type result struct {
		raw []byte
		err error
	}
	pipe := newPipeline[result](r.opts.Workers)
	stop := make(chan struct{})
	go func() {
		defer pipe.done()
		for _, p := range r.places[member] {
			if p.first+p.count <= from || p.first >= to {
				continue
			}
			ok := pipe.run(stop, func() result {
				b, err := r.decode(p.block)
				if err != nil {
					return result{err: err}
				}
				lo, hi := max(from-p.first, 0), min(to-p.first, p.count)
				return result{raw: b.span(p.span)[lo*size : hi*size]}
			})
			if !ok {
				return
			}
		}
	}()
	var failed error
	for {
		part, ok := pipe.next()
		if !ok {
			return failed
		}
		if failed != nil {
			continue
		}
		if failed = part.err; failed == nil {
			_, failed = w.Write(part.raw)
		}
		if failed != nil {
			close(stop)
		}
	}
}

// decode returns block i, decoded.
func (r *ReaderAt) decode(i int) (*rawBlock, error) {
	r.mu.Lock()
	if r.number == i {
		defer r.mu.Unlock()
		return r.cached, nil
	}
	r.mu.Unlock()
	h, data, err := r.in.Block(i)
	if err != nil {
		return nil, err
	}
	b, err := r.decodeBlock(h, &data)
	if err != nil {
		return nil, &fault.BlockError{Block: int64(i), Offset: r.in.Blocks[i].Offset, Err: err}
	}
	r.mu.Lock()
	r.cached, r.number = b, i
	r.mu.Unlock()
	return b, nil
}

func (r *ReaderAt) decodeBlock(h *container.Block, data *container.BlockData) (*rawBlock, error) {
	b, err := newDecodeBlock(h, r.byID, r.in.Header.BlockTokens)
	if err != nil {
		return nil, err
	}
	coders, err := r.coders()
	if err != nil {
		return nil, err
	}
	c := <-coders
	defer func() { coders <- c }()
	need, err := c.need(h, b, data)
	if err != nil {
		return nil, err
	}
	if need > r.opts.MaxMemory {
		return nil, fmt.Errorf("%w: the block takes %d bytes to decode, more than the %d allowed", fault.ErrLimit, need, r.opts.MaxMemory)
	}
	r.mem.take(need)
	defer r.mem.give(need)
	err = c.decode(h, b, data)
	if later := c.release(need); err == nil {
		err = later
	}
	return b, err
}

// ReadArray returns rows from..to-1 of a member as values in the order in which
// they lie in its file. T must hold all values of the member's type.
func ReadArray[T Integer](r *ReaderAt, member, from, to int) ([]T, error) {
	row, err := r.row(member, from, to)
	if err != nil {
		return nil, err
	}
	info := &r.members[member]
	if !holds(typeOf[T](), info.Type) {
		return nil, fmt.Errorf("%w: %v values do not fit %v", fault.ErrUnsupported, info.Type, typeOf[T]())
	}
	n := row * int64(to-from)
	if n > r.opts.MaxMemory/int64(info.Type.Size()+8) {
		return nil, fmt.Errorf("%w: the range has %d tokens", fault.ErrLimit, n)
	}
	raw := buffer(make([]byte, 0, n*int64(info.Type.Size())))
	if err := r.CopyRange(&raw, member, from, to); err != nil {
		return nil, err
	}
	values := make([]T, n)
	decodeArray(values, raw, info)
	return values, nil
}

// buffer is an io.Writer that appends.
type buffer []byte

func (b *buffer) Write(p []byte) (int, error) {
	*b = append(*b, p...)
	return len(p), nil
}

// holds reports whether every value of type t is one of type wide.
func holds(wide, t tokens.Type) bool {
	if t.Signed() {
		return wide.Signed() && wide.Size() >= t.Size()
	}
	if wide.Signed() {
		return wide.Size() > t.Size()
	}
	return wide.Size() >= t.Size()
}
