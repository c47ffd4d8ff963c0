package foretell

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"sort"
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
	files   []File
	members []tokens.Info
	places  []place // of the members' tokens, member after member, in order
	ends    []int   // where each member's places end

	mu     sync.Mutex
	cached *rawBlock // the last block of the range that was read last
	number int       // of it

	file *os.File // that Open has opened, else nil
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
	a := &ReaderAt{opts: o, in: in, number: -1}
	a.coders = kept(func() (chan *blockCoder, error) { return newCoders(&in.Header, &o, newTally(o.Progress)) })
	if err := a.readLayout(); err != nil {
		return nil, err
	}
	return a, a.findPlaces()
}

func (r *ReaderAt) readLayout() error {
	count := 0
	for _, e := range r.in.Entries {
		if e.Kind == container.EntryMember {
			count++
		}
	}
	r.members = make([]tokens.Info, 0, count)
	var n numbers
	for _, e := range r.in.Entries {
		e, err := n.full(e)
		if err != nil {
			return err
		}
		switch e.Kind {
		case container.EntryFile:
			p, err := parseFile(e.Data)
			if err != nil {
				return err
			}
			if n := len(r.members); n > 0 && r.members[n-1].Open() {
				return fmt.Errorf("%w: a member does not end", fault.ErrCorrupt)
			}
			r.files = append(r.files, File{Name: p.Name, Repacked: p.Repacked})
		case container.EntryMember:
			number, info, err := parseMember(e.Data)
			if err != nil {
				return err
			}
			if len(r.files) == 0 {
				return errNoFile
			}
			if number != len(r.members) {
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
	}
	r.in.Entries = nil
	return nil
}

// member returns the member of a number, nil if there is none.
func (r *ReaderAt) member(number uint64) *tokens.Info {
	if number >= uint64(len(r.members)) {
		return nil
	}
	return &r.members[number]
}

// placesOf returns the places of a member's tokens.
func (r *ReaderAt) placesOf(member int) []place {
	first := 0
	if member > 0 {
		first = r.ends[member-1]
	}
	return r.places[first:r.ends[member]]
}

// findPlaces lists where the tokens of each member are and checks that all are
// there.
func (r *ReaderAt) findPlaces() error {
	have := make([]int64, len(r.members))
	last := uint64(0)
	r.ends = make([]int, len(r.members))
	for _, ref := range r.in.Blocks {
		for _, s := range ref.Spans {
			if s.Member < last || s.Member >= uint64(len(r.members)) || int64(s.First) != have[s.Member] {
				return fmt.Errorf("%w: the index lists tokens that have no place", fault.ErrCorrupt)
			}
			last = s.Member
			have[s.Member] += int64(s.Count)
			r.ends[s.Member]++
		}
	}
	total := 0
	for i := range r.members {
		if have[i] != r.members[i].Len() {
			return fmt.Errorf("%w: member %d has %d of %d tokens", fault.ErrCorrupt, i, have[i], r.members[i].Len())
		}
		total, r.ends[i] = total+r.ends[i], total
	}
	r.places = make([]place, total)
	for i, ref := range r.in.Blocks {
		for k, s := range ref.Spans {
			r.places[r.ends[s.Member]] = place{int64(s.First), int64(s.Count), i, k}
			r.ends[s.Member]++
		}
	}
	return nil
}

// ContentSize returns how many bytes the content has, framing included.
func (r *ReaderAt) ContentSize() int64 { return int64(r.in.Length) }

// Files returns the files of the content in order.
func (r *ReaderAt) Files() []File { return r.files }

// Members returns all members in order. A member's number is its position.
func (r *ReaderAt) Members() []tokens.Info { return r.members }

// BlockSpans returns which tokens block i holds, as the index lists them, so that
// what is lost with a damaged block can be told; nil if the file has no such block.
func (r *ReaderAt) BlockSpans(i int64) []SpanDescription {
	if i < 0 || i >= int64(len(r.in.Blocks)) {
		return nil
	}
	var spans []SpanDescription
	for _, s := range r.in.Blocks[i].Spans {
		spans = append(spans, SpanDescription{int(s.Member), int64(s.First), int64(s.Count)})
	}
	return spans
}

// CopyRange writes the elements of rows from..to-1 of a member to w, as they lie
// in its file: a row is an index of the first axis, and an array without axes
// has one; to may be [End]. Of an array in Fortran order, all blocks are decoded and count
// against ReaderOptions.MaxOutput.
func (r *ReaderAt) CopyRange(w io.Writer, member, from, to int) error {
	return r.CopyRangeContext(r.opts.Context, w, member, from, to)
}

// CopyRangeContext is CopyRange, which ctx ends when it is done, in the place of
// ReaderOptions.Context.
func (r *ReaderAt) CopyRangeContext(ctx context.Context, w io.Writer, member, from, to int) error {
	return r.copyRange(ctx, w, newBudget(r.opts.MaxMemory), member, from, r.end(member, to))
}

func (r *ReaderAt) copyRange(ctx context.Context, w io.Writer, mem *budget, member, from, to int) error {
	row, err := r.row(member, from, to)
	if err != nil {
		return err
	}
	info := &r.members[member]
	if !info.Fortran || len(info.Shape) < 2 {
		return r.copyTokens(ctx, w, mem, member, int64(from)*row, int64(to)*row)
	}
	pick := &columns{w: w, size: info.Type.Size(), length: info.Shape[0], from: from, to: to}
	return r.copyTokens(ctx, pick, mem, member, 0, info.Len())
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
func (r *ReaderAt) copyTokens(ctx context.Context, w io.Writer, mem *budget, member int, from, to int64) error {
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
	places := r.placesOf(member)
	begin := sort.Search(len(places), func(i int) bool { return places[i].first+places[i].count > from })
	end := sort.Search(len(places), func(i int) bool { return places[i].first >= to })
	places = places[begin:end]
	number, cached := r.recall(places)
	if cached != nil && mem.Take(cached.memory()) != nil {
		r.cache(-1, nil)
		cached = nil
	}
	type result struct {
		place place
		block *rawBlock
		err   error
	}
	pipe := newPipeline[result](r.opts.Workers)
	stop := make(chan struct{})
	go func() {
		defer pipe.done()
		for _, p := range places {
			decode := func() (*rawBlock, error) { return cached, nil }
			var err error
			if cached == nil || p.block != number {
				decode, err = r.prepare(ctx, p.block, mem)
			}
			ok := pipe.run(stop, func() result {
				if err != nil {
					return result{err: err}
				}
				b, err := decode()
				return result{p, b, err}
			})
			if !ok || err != nil {
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
		if failed == nil {
			failed = cmp.Or(ctx.Err(), part.err)
			if failed == nil {
				p := part.place
				lo, hi := max(from-p.first, 0), min(to-p.first, p.count)
				_, failed = w.Write(part.block.span(p.span)[lo*size : hi*size])
			}
			if failed != nil {
				close(stop)
			} else if part.place == places[len(places)-1] {
				r.cache(part.place.block, part.block)
			}
		}
		if part.block != nil && part.block != cached {
			mem.finish(part.block.memory())
		}
	}
}

// recall returns the block that is cached if it is of use for a range, or makes
// room for another.
func (r *ReaderAt) recall(places []place) (int, *rawBlock) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cached == nil || r.number < places[0].block || r.number > places[len(places)-1].block {
		r.cached, r.number = nil, -1
	}
	return r.number, r.cached
}

func (r *ReaderAt) cache(number int, b *rawBlock) {
	r.mu.Lock()
	r.number, r.cached = number, b
	r.mu.Unlock()
}

// prepare reads block i and returns a job that decodes it, in the memory of mem.
func (r *ReaderAt) prepare(ctx context.Context, i int, mem *budget) (func() (*rawBlock, error), error) {
	h, data, err := r.in.Block(i, mem)
	if err != nil {
		return nil, err
	}
	coders, err := r.coders()
	if err != nil {
		return nil, err
	}
	name := func(err error) error {
		if err == nil {
			return nil
		}
		return &fault.BlockError{Block: int64(i), Offset: r.in.Blocks[i].Offset, Err: err}
	}
	decode, err := prepare(h, data, r.member, r.in.Header.BlockTokens, coders, mem, nil, ctx.Err)
	if err != nil {
		return nil, name(err)
	}
	return func() (*rawBlock, error) {
		b, err := decode()
		return b, name(err)
	}, nil
}
