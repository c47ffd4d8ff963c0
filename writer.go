package foretell

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

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

	files   nameSet
	names   nameSet           // of members
	pieces  string            // name of the array that an ArrayWriter writes, "" if none
	begun   bool              // there is a file that parts belong to
	layout  []container.Entry // not yet written
	bytes   int               // of layout, about
	follows bool              // there is a member in layout
	member  int               // number of the current or last member
	block   *rawBlock
	plan    *planner
	tally   *tally
	earlier *resumption
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
	together := opts.Workers // blocks that are encoded at a time
	if opts.Network != nil {
		together = 1
	}
	w := &Writer{
		opts: opts, costs: costs,
		pipe:   newPipeline[encoded](together),
		raws:   make(pool, opts.Workers+2),
		bodies: make(pool, opts.Workers+2),
		stop:   make(chan struct{}),
		ended:  make(chan error, 1),
		member: -1,
		plan:   newPlanner(),
		tally:  newTally(opts.Progress),
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
	config := codecConfig{level: p.level, maxMemory: blockMemory}
	if n := opts.Network; n != nil {
		header.Needs = append(header.Needs, container.Need{Kind: uint8(NeedWeights), Name: n.need.Name, Sum: n.need.Sum, Size: uint64(n.need.Size)})
		config.network, config.threads = n.model, opts.Workers
	}
	w.coders, err = newBlockCoders(w.stopped, w.tally, together, p.codec, config, opts.External, start)
	if err != nil {
		return nil, err
	}
	if w.earlier, err = resume(opts.Resume, &header); err != nil {
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
func (w *Writer) Progress() (content, file int64) {
	return w.coded.Load(), w.written.Load()
}

// stopped says whether blocks under way are to go on.
func (w *Writer) stopped() error {
	select {
	case <-w.stop:
		return errStopped
	default:
		return w.opts.Context.Err()
	}
}

var errStopped = errors.New("writing has ended early")

// WritePart adds a part, as a [tokens.Source] or a [Reader] yields it. It reads the
// Data of a member to its end, which must be where the shape says. What readers
// could not give back is refused: two files or two members of one name, and file
// names that are no plain relative path with slashes. Errors are final.
func (w *Writer) WritePart(p tokens.Part) error {
	if w.err != nil {
		return w.err
	}
	if w.err = cmp.Or(w.opts.Context.Err(), w.busy()); w.err == nil {
		w.err = w.part(p)
	}
	return w.err
}

func (w *Writer) part(p tokens.Part) error {
	if p.Kind != tokens.File && !w.begun {
		return errors.New("a part that belongs to no file: write a part of kind File first")
	}
	switch p.Kind {
	case tokens.File:
		if err := checkFileName(p.Name); err != nil {
			return err
		}
		if err := w.files.add("file", p.Name); err != nil {
			return err
		}
		w.begun = true
		return w.add(fileEntry(p.Name, p.Repacked))
	case tokens.Framing:
		w.content(p.Bytes)
		w.tally.add(int64(len(p.Bytes)))
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
	if w.costs == nil {
		if coded, ok := w.earlier.block(b); ok {
			return w.run(func() encoded {
				turn.begin()
				turn.end(coded.params, !coded.shares)
				w.raws.put(b.raw)
				return encoded{block: b, coded: coded}
			})
		}
	}
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
		w.err = cmp.Or(w.opts.Context.Err(), w.busy())
	}
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
