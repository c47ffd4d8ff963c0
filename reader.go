package foretell

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/foretell/foretell/internal/container"
	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/tokens"
	"github.com/zeebo/xxh3"
)

// A Reader reads a .fore file front to back, decoding blocks in parallel: it
// yields the parts that a Writer was given. Close frees what it holds. A Reader
// serves one goroutine.
type Reader struct {
	opts ReaderOptions
	pipe *pipeline[fetched]
	stop chan struct{}
	mem  *budget

	tally *tally
	known int64 // bytes of content, -1 if that is to be seen

	expected expected // of the layout, from the index, when keeping going

	queue  []container.Entry // read but not yet handed out
	queued int64             // bytes of queue
	spans  *fetched          // block being handed out
	at     int               // span of it
	raw    []byte            // the rest of the span
	begun  bool              // a file has begun
	member int               // number of the current or last member
	data   *memberData
	hash   xxh3.Hasher
	length uint64
	lost   bool
	err    error
}

// fetched is what the pipeline hands out: a layout, a decoded block or the end
// of the file.
type fetched struct {
	entries []container.Entry
	memory  int64 // of entries
	block   *rawBlock
	end     *container.Trailer
	err     error
}

// NewReader reads the header of the file that r begins with and returns a Reader
// of its content.
func NewReader(r io.Reader, opts *ReaderOptions) (*Reader, error) {
	o := opts.resolve()
	stop := make(chan struct{})
	in, err := container.NewReader(stoppable{r, stop}, container.Limits{Memory: o.MaxMemory})
	if err != nil {
		return nil, err
	}
	count := newTally(o.Progress)
	coders, err := newCoders(&in.Header, &o, count)
	if err != nil {
		return nil, err
	}
	known := int64(-1)
	var layout []container.Entry
	if f := openIndex(r, &o); f != nil {
		in.Know(f)
		known = int64(min(f.Trailer.Length, math.MaxInt64))
		if o.KeepGoing != nil {
			layout, _ = numbered(f.Entries) // nil if they are damaged
		}
		f.Entries = nil
	}
	if o.KeepGoing != nil {
		in.Recover()
	}
	d := &Reader{
		expected: expect(layout),
		opts:     o,
		tally:    count,
		known:    known,
		pipe:     newPipeline[fetched](o.Workers),
		stop:     stop,
		mem:      newBudget(o.MaxMemory),
		member:   -1,
	}
	in.Charge(d.mem)
	f := &fetcher{Reader: d, in: in, coders: coders, others: map[int]*tokens.Info{}, earlier: newEarlier(o.Resume, count)}
	if err := f.learn(layout); err != nil {
		return nil, err
	}
	go f.fetch()
	return d, nil
}

// ContentSize returns how many bytes of content the file says it holds, -1 if it can only
// be read front to back or its index is damaged.
func (r *Reader) ContentSize() int64 { return r.known }

// Next returns the next part, io.EOF after the last one. Data of a member that
// has not been read to its end is skipped, but checked all the same. At the end
// the hash of all content has been checked. Errors are final.
func (r *Reader) Next() (tokens.Part, error) {
	if r.err != nil {
		return tokens.Part{}, r.err
	}
	p, err := r.next()
	r.err = err
	return p, err
}

func (r *Reader) next() (p tokens.Part, err error) {
	if r.data != nil {
		if _, err := io.Copy(io.Discard, r.data); err != nil {
			return p, err
		}
		r.data = nil
	}
	for len(r.queue) == 0 {
		if r.spans != nil {
			if err := r.damage(fmt.Errorf("%w: a block holds tokens that have no place", fault.ErrCorrupt)); err != nil {
				return p, err
			}
			r.dropBlock()
		}
		if err := r.pull(); err != nil {
			return p, err
		}
	}
	e := r.take()
	if !r.begun && !r.lost && e.Kind != container.EntryFile {
		if err := r.damage(errNoFile); err != nil {
			return p, err
		}
	}
	switch e.Kind {
	case container.EntryFile:
		r.begun = true
		return parseFile(e.Data)
	case container.EntryFraming:
		r.tally.add(int64(len(e.Data)))
		return tokens.Part{Kind: tokens.Framing, Bytes: e.Data}, r.content(e.Data)
	case container.EntryMember:
		number, info, err := parseMember(e.Data)
		if err == nil && number != r.member+1 && !(r.lost && number > r.member) {
			err = fmt.Errorf("%w: member %d stands where %d belongs", fault.ErrCorrupt, number, r.member+1)
		}
		if err != nil {
			return p, err
		}
		r.member = number
		r.data = &memberData{r: r, info: info, left: info.Len() * int64(info.Type.Size())}
		return tokens.Part{Kind: tokens.Member, Info: info, Data: r.data}, nil
	}
	return p, fmt.Errorf("%w: the end of a member that is not open", fault.ErrCorrupt)
}

// content counts bytes that are handed out.
func (r *Reader) content(b []byte) error {
	r.hash.Write(b)
	r.length += uint64(len(b))
	if r.length > uint64(r.opts.MaxOutput) {
		return fmt.Errorf("%w: the file holds more than %d bytes of content", fault.ErrLimit, r.opts.MaxOutput)
	}
	return nil
}

// damage reports err to the caller who wants to keep going, or returns it. It is
// no damage if the reading was ended.
func (r *Reader) damage(err error) error {
	if err := r.opts.Context.Err(); err != nil {
		return err
	}
	if r.opts.KeepGoing == nil {
		return err
	}
	r.lost = true
	r.opts.KeepGoing(err)
	return nil
}

// pull takes the next item from the pipeline: it extends the queue or sets
// spans. At the end of the file it checks the content.
func (r *Reader) pull() error {
	if err := r.opts.Context.Err(); err != nil {
		return err
	}
	item, ok := r.pipe.next()
	switch {
	case !ok:
		return io.EOF
	case item.err != nil:
		return r.damage(item.err)
	case item.end != nil:
		if r.lost {
			r.restore(len(r.expected.entries))
			return nil
		}
		if r.length != item.end.Length || r.hash.Sum128().Bytes() != item.end.Content {
			return fmt.Errorf("%w: the content does not match its hash", fault.ErrCorrupt)
		}
	case item.block != nil:
		r.restoreMember(item.block.spans[len(item.block.spans)-1].Member)
		r.spans, r.at = &item, 0
		r.raw = item.block.span(0)
	default:
		r.mem.finish(item.memory)
		if r.expected.late(item.entries) {
			return nil // what it tells has been restored, or will be
		}
		r.queue = slices.Grow(r.queue, len(item.entries))
		for _, e := range item.entries {
			r.restoreBefore(e)
			r.put(e)
		}
		if r.queued > r.opts.MaxMemory {
			return fmt.Errorf("%w: layout without blocks", fault.ErrLimit)
		}
	}
	return nil
}

// put adds an entry to the queue.
func (r *Reader) put(e container.Entry) {
	r.queue = append(r.queue, e)
	r.queued += entryMemory + int64(len(e.Data))
}

// take takes the first entry off the queue.
func (r *Reader) take() container.Entry {
	e := r.queue[0]
	r.queue = r.queue[1:]
	r.queued -= entryMemory + int64(len(e.Data))
	return e
}

// entryMemory is how many bytes an entry takes beside its data.
const entryMemory = 32

// layoutMemory returns how many bytes entries of a layout record take.
func layoutMemory(entries []container.Entry) int64 {
	n := int64(0)
	for _, e := range entries {
		n += entryMemory + int64(len(e.Data))
	}
	return n
}

func (r *Reader) dropBlock() {
	if r.spans != nil {
		r.mem.finish(r.spans.block.memory())
		r.spans, r.raw = nil, nil
	}
}

// nextSpan moves on within the current block.
func (r *Reader) nextSpan() {
	r.at++
	if r.at == len(r.spans.block.spans) {
		r.dropBlock()
		return
	}
	r.raw = r.spans.block.span(r.at)
}

var errReaderClosed = errors.New("the reader is closed")

// A stoppable reads from r until stop is closed.
type stoppable struct {
	r    io.Reader
	stop <-chan struct{}
}

func (s stoppable) Read(b []byte) (int, error) {
	select {
	case <-s.stop:
		return 0, errReaderClosed
	default:
		return s.r.Read(b)
	}
}

// Close stops the decoding that is under way. It does not wait long for a source that
// is being read from: a read that has begun may end after Close, and is the last.
func (r *Reader) Close() error {
	if r.err == nil {
		r.err = errReaderClosed
	}
	select {
	case <-r.stop:
		return nil
	default:
	}
	close(r.stop)
	r.dropBlock()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.drain()
	}()
	select {
	case <-ended:
	case <-time.After(closeWait):
	}
	return nil
}

// closeWait is how long Close waits for what is under way, which the source can hold
// up as long as it likes.
const closeWait = 200 * time.Millisecond

// drain takes what is left in the pipeline.
func (r *Reader) drain() {
	for {
		item, ok := r.pipe.next()
		if !ok {
			return
		}
		switch {
		case item.block != nil:
			r.mem.finish(item.block.memory())
		case item.err == nil && item.end == nil:
			r.mem.finish(item.memory)
		}
	}
}
