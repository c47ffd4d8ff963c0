package foretell

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"unicode/utf8"

	"github.com/foretell/foretell/internal/container"
	"github.com/foretell/foretell/tokens"
	"github.com/zeebo/xxh3"
)

// A Writer writes a .fore file front to back, encoding its blocks in parallel.
// It holds a few blocks in memory. A Writer serves one goroutine.
type Writer struct {
	opts   WriterOptions
	out    *container.Writer
	coders chan *blockCoder // idle ones
	pipe   *pipeline[encoded]
	raws   pool          // for the elements of blocks
	bodies pool          // for their code
	stop   chan struct{} // closed when writing has failed
	ended  chan error    // the writing goroutine's end

	finished bool  // ended has been read
	failure  error // what it said
	costs    func(member int, first int64, costs []float32) error

	hash   xxh3.Hasher
	length uint64

	coded, written atomic.Int64 // what Progress returns

	begun   bool              // there is a file that parts belong to
	layout  []container.Entry // not yet written
	bytes   int               // of layout, about
	follows bool              // there is a member in layout
	member  int               // number of the current or last member
	block   *rawBlock
	plan    *planner
	err     error
}

// encoded is what the pipeline hands to the writing goroutine: a layout or a
// block.
type encoded struct {
	layout []container.Entry
	block  *rawBlock
	coded  codedBlock
	err    error
}

// NewWriter writes a file's header to w and returns a Writer for its content.
// Close completes the file; it does not close w.
func NewWriter(w io.Writer, opts *WriterOptions) (*Writer, error) {
	return newWriter(w, opts, nil)
}

func newWriter(out io.Writer, o *WriterOptions, costs func(int, int64, []float32) error) (*Writer, error) {
	opts, p, err := o.resolve()
	if err != nil {
		return nil, err
	}
	w := &Writer{
		opts: opts, costs: costs,
		pipe:   newPipeline[encoded](opts.Workers),
		raws:   make(pool, opts.Workers+2),
		bodies: make(pool, opts.Workers+2),
		stop:   make(chan struct{}),
		ended:  make(chan error, 1),
		member: -1,
		plan:   newPlanner(),
	}
	header := container.Header{
		Codec: uint8(p.codec), Preset: p.name, Level: uint64(p.level),
		Solid: opts.Solid, Apart: opts.Apart, BlockTokens: uint64(opts.BlockTokens),
	}
	var start *prior
	if len(opts.Prior) > 0 {
		if start, err = parsePrior(opts.Prior, 0); err != nil {
			return nil, err
		}
		n := container.Need{Kind: uint8(NeedPrior), Sum: start.sum, Size: uint64(len(opts.Prior)), Embedded: opts.EmbedPrior}
		if n.Embedded {
			n.Data = opts.Prior
		}
		header.Needs = append(header.Needs, n)
	}
	if opts.External != nil {
		header.Needs = append(header.Needs, container.Need{Kind: uint8(NeedModel), Sum: opts.External.ID})
	}
	w.coders, err = newBlockCoders(opts.Workers, p.codec, codecConfig{level: p.level, maxMemory: blockMemory}, opts.External, start)
	if err != nil {
		return nil, err
	}
	if w.out, err = container.NewWriter(out, header); err != nil {
		return nil, err
	}
	w.block = w.newBlock()
	go w.emit()
	return w, nil
}

func (w *Writer) newBlock() *rawBlock {
	return &rawBlock{costs: w.costs != nil, raw: w.raws.get()}
}

// emit writes what the pipeline gives out, in order.
func (w *Writer) emit() {
	var err error
	for {
		item, ok := w.pipe.next()
		if !ok {
			break
		}
		if err == nil {
			if err = w.write(item); err != nil {
				close(w.stop)
			}
		}
	}
	w.ended <- err
}

func (w *Writer) write(item encoded) error {
	if item.err != nil {
		return item.err
	}
	if item.block == nil {
		return w.out.Layout(item.layout)
	}
	c := item.coded
	header := &container.Block{Codec: uint8(c.codec), Hash: c.hash}
	for _, s := range item.block.spans {
		header.Spans = append(header.Spans, container.Span{Member: uint64(s.Member), First: uint64(s.First), Count: uint64(s.Count)})
	}
	if err := w.out.Block(header, c.shares, c.params, c.body); err != nil {
		return err
	}
	w.bodies.put(c.body)
	w.coded.Add(int64(item.block.size))
	w.written.Store(w.out.Offset())
	if w.costs == nil {
		return nil
	}
	costs := c.costs
	for _, s := range item.block.spans {
		if err := w.costs(s.Member, s.First, costs[:s.Count]); err != nil {
			return err
		}
		costs = costs[s.Count:]
	}
	return nil
}

// Progress returns how many bytes of the elements of members have been encoded
// and written so far, and how many bytes of the file. It may be called from any
// goroutine.
func (w *Writer) Progress() (content, file int64) { return w.coded.Load(), w.written.Load() }

// WritePart adds a part, as a tokens.Source or a Reader yields it. It reads the
// Data of a member to its end.
func (w *Writer) WritePart(p tokens.Part) error {
	if w.err != nil {
		return w.err
	}
	w.err = w.part(p)
	return w.err
}

func (w *Writer) part(p tokens.Part) error {
	if p.Kind != tokens.File && !w.begun {
		return errors.New("a part that belongs to no file: write a part of kind File first")
	}
	switch p.Kind {
	case tokens.File:
		if len(p.Name) > tokens.MaxName || !utf8.ValidString(p.Name) {
			return fmt.Errorf("file name %.100q: give at most %d bytes of UTF-8", p.Name, tokens.MaxName)
		}
		w.begun = true
		return w.add(fileEntry(p.Name, p.Repacked))
	case tokens.Framing:
		w.content(p.Bytes)
		return w.add(container.Entry{Kind: container.EntryFraming, Data: append([]byte(nil), p.Bytes...)})
	case tokens.Member:
		return w.addMember(p.Info, p.Data)
	}
	return fmt.Errorf("part of unknown kind %d", p.Kind)
}

func (w *Writer) content(b []byte) {
	w.hash.Write(b)
	w.length += uint64(len(b))
}

// add appends to the layout that is to be written before the next block.
func (w *Writer) add(e container.Entry) error {
	if !w.fits(e) {
		if err := w.flushLayout(); err != nil {
			return err
		}
	}
	w.layout = append(w.layout, e)
	w.bytes += entrySize(e)
	return nil
}

// fits reports whether the layout has room for an entry in its record.
func (w *Writer) fits(e container.Entry) bool { return w.bytes+entrySize(e) <= container.MaxLayout }

// entrySize is how many bytes an entry takes at most.
func entrySize(e container.Entry) int { return len(e.Data) + 16 }

func (w *Writer) flushLayout() error {
	if len(w.layout) == 0 {
		return nil
	}
	item := encoded{layout: w.layout}
	w.layout, w.bytes, w.follows = nil, 0, false
	return w.run(func() encoded { return item })
}

// run gives a job to the pipeline.
func (w *Writer) run(job func() encoded) error {
	if !w.pipe.run(w.stop, job) {
		return w.finish()
	}
	return nil
}

func (w *Writer) addMember(info tokens.Info, data io.Reader) error {
	if err := info.Validate(); err != nil {
		return fmt.Errorf("member %q: %w", info.Name, err)
	}
	size := info.Type.Size()
	total := info.Len()
	if !w.opts.Solid && (total < 0 || total > int64(w.shared()-w.block.tokens)) {
		if err := w.flushBlock(); err != nil {
			return err
		}
	}
	w.member++
	e := memberEntry(w.member, &info, w.follows)
	if !w.fits(e) {
		e = memberEntry(w.member, &info, false)
	}
	if err := w.add(e); err != nil {
		return err
	}
	w.follows = true
	for done := int64(0); done < total || total < 0; {
		b := w.block
		room := int64(w.opts.BlockTokens - b.tokens)
		if total >= 0 {
			room = min(room, total-done)
		}
		n, err := b.fill(data, int(room)*size)
		if err != nil && err != io.EOF {
			return err
		}
		if n%size != 0 {
			return fmt.Errorf("member %q ends within an element: %w", info.Name, io.ErrUnexpectedEOF)
		}
		if n > 0 {
			w.content(b.raw[len(b.raw)-n:])
			b.add(w.member, done, n/size, &info)
			done += int64(n / size)
		}
		if err == io.EOF {
			if total >= 0 && done < total {
				return fmt.Errorf("member %q has %d of %d elements: %w", info.Name, done, total, io.ErrUnexpectedEOF)
			}
			total = done
		}
		if b.tokens == w.opts.BlockTokens || len(b.spans) == container.MaxSpans {
			if err := w.flushBlock(); err != nil {
				return err
			}
		}
	}
	if !w.opts.Solid && w.block.tokens >= w.shared() || info.Open() {
		if err := w.flushBlock(); err != nil {
			return err
		}
	}
	if !info.Open() {
		return nil
	}
	row := int64(1)
	for _, n := range info.Shape[1:] {
		row *= int64(n)
	}
	if row == 0 || total%row != 0 {
		return fmt.Errorf("member %q: %d elements do not fill rows of %d", info.Name, total, row)
	}
	return w.add(endEntry(int(total / row)))
}

// shared returns how many tokens a block may have that is not one member's alone.
func (w *Writer) shared() int {
	if w.opts.Apart {
		return 0
	}
	return min(SharedTokens, w.opts.BlockTokens)
}

// flushBlock hands the block that is being filled to the pipeline, behind the
// layout that tells of its members.
func (w *Writer) flushBlock() error {
	if w.block.tokens == 0 {
		return nil
	}
	if err := w.flushLayout(); err != nil {
		return err
	}
	b, turn := w.block, w.plan.queue()
	w.block = w.newBlock()
	return w.run(func() encoded {
		c := <-w.coders
		coded, err := c.encode(w.bodies.get(), b, turn)
		w.coders <- c
		w.raws.put(b.raw)
		return encoded{block: b, coded: coded, err: err}
	})
}

// Close writes what is left and completes the file. It returns the first error
// of the Writer, if there was one; then the file is not complete.
func (w *Writer) Close() error {
	if w.err == nil {
		w.err = w.flushBlock()
	}
	if w.err == nil {
		w.err = w.flushLayout()
	}
	if errors.Is(w.err, errClosed) {
		return nil
	}
	if err := w.finish(); w.err == nil {
		w.err = err
	}
	if w.err == nil {
		w.err = w.out.Close(w.hash.Sum128().Bytes(), w.length)
	}
	if w.err != nil {
		return w.err
	}
	w.err = errClosed
	return nil
}

var errClosed = errors.New("the writer is closed")

// finish ends the pipeline and returns the writing goroutine's error.
func (w *Writer) finish() error {
	if !w.finished {
		w.finished = true
		w.pipe.done()
		w.failure = <-w.ended
	}
	return w.failure
}

// WriteArray adds a file name.npy that holds one array: values in C order with
// the given shape, as NumPy would save it.
func WriteArray[T Integer](w *Writer, name string, shape []int, values []T) error {
	info := tokens.Info{Name: name, Type: typeOf[T](), Shape: shape, Form: tokens.Named}
	if n := info.Len(); n != int64(len(values)) {
		return fmt.Errorf("shape %v does not fit %d values", shape, len(values))
	}
	header, err := tokens.AppendNPYHeader(nil, info)
	if err != nil {
		return err
	}
	for _, p := range []tokens.Part{
		{Kind: tokens.File, Name: name + ".npy"},
		{Kind: tokens.Framing, Bytes: header},
		{Kind: tokens.Member, Info: info, Data: newArrayReader(values)},
	} {
		if err := w.WritePart(p); err != nil {
			return err
		}
	}
	return nil
}
