package foretell

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/foretell/foretell/internal/container"
	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/symbols"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/tokens"
)

// newCoders checks that a file can be decoded under the options and returns what
// decodes its blocks, one for each worker.
func newCoders(h *container.Header, o *ReaderOptions, count *tally) (chan *blockCoder, error) {
	var start *prior
	var own *External
	var network *Network
	for i := range h.Needs {
		n := &h.Needs[i]
		var err error
		switch NeedKind(n.Kind) {
		case NeedPrior:
			start, err = findPrior(n, o)
		case NeedModel:
			if own = o.External; own == nil || own.ID != n.Sum {
				err = &NeedError{Need: needOf(n)}
			}
		case NeedWeights:
			network, err = findNetwork(n, o)
		default:
			err = fmt.Errorf("%w: the file needs the %v: a newer foretell may read it", fault.ErrUnsupported, needOf(n))
		}
		if err != nil {
			return nil, err
		}
	}
	id := model.ID(h.Codec)
	if own == nil && (id == codecOwn || id == codecOwnMix) {
		return nil, fmt.Errorf("%w: a file under an own model that does not name it", fault.ErrCorrupt)
	}
	config, together := codecConfig{level: int(min(h.Level, maxLevel)), maxMemory: o.MaxMemory}, o.Workers
	if network != nil {
		config.network, config.threads, together = network.model, o.Workers, 1
	}
	coders, err := newBlockCoders(o.Context.Err, count, together, id, config, own, start)
	if err != nil {
		return nil, err
	}
	for range together {
		c := <-coders
		c.keep = o.MaxMemory / (2 * reserve) / int64(o.Workers)
		c.largest = int(min(symbols.MaxSymbols, o.MaxMemory/dictionaryEntry))
		coders <- c
	}
	return coders, nil
}

// A fetcher reads the records of a file and has its blocks decoded.
type fetcher struct {
	*Reader
	in      *container.Reader
	coders  chan *blockCoder
	members []*tokens.Info       // from number 0 on
	others  map[int]*tokens.Info // that come after a gap
	earlier *earlier
}

// fetch gives the pipeline one job for each record, until the end of the file,
// an error, or Close.
func (f *fetcher) fetch() {
	defer f.pipe.done()
	for {
		rec, err := f.in.Next()
		switch {
		case err == io.EOF:
			f.hand(fetched{end: &f.in.Trailer})
			return
		case err != nil:
			if !f.hand(fetched{err: err}) || f.opts.KeepGoing == nil || !errors.Is(err, fault.ErrCorrupt) {
				return
			}
		case rec.Block == nil:
			entries, err := numbered(rec.Entries)
			if err == nil {
				err = f.learn(entries)
			}
			if err != nil {
				f.hand(fetched{err: err})
				return
			}
			f.earlier.learn(entries)
			memory := layoutMemory(entries)
			f.mem.hold(memory)
			if !f.hand(fetched{entries: entries, memory: memory}) {
				f.mem.finish(memory)
				return
			}
		default:
			if !f.block(rec) {
				return
			}
		}
	}
}

func (f *fetcher) hand(item fetched) bool {
	return f.pipe.run(f.stop, func() fetched { return item })
}

// learn keeps what the layout says of members.
func (f *fetcher) learn(entries []container.Entry) error {
	for _, e := range entries {
		if e.Kind == container.EntryMember {
			number, info, err := parseMember(e.Data)
			if err != nil {
				return err
			}
			switch {
			case number < len(f.members):
				f.members[number] = &info
			case number == len(f.members):
				f.members = append(f.members, &info)
			default:
				f.others[number] = &info
			}
		}
	}
	return nil
}

// member returns what the layout has said of a member.
func (f *fetcher) member(number uint64) *tokens.Info {
	switch {
	case number < uint64(len(f.members)):
		return f.members[number]
	case number > math.MaxInt:
		return nil
	}
	return f.others[int(number)]
}

// block has a block decoded.
func (f *fetcher) block(rec container.Record) bool {
	fail := func(err error) bool {
		err = &fault.BlockError{Block: int64(rec.Block.Ordinal), Offset: rec.Offset, Err: err}
		return f.hand(fetched{err: err}) && f.opts.KeepGoing != nil
	}
	decode, err := prepare(rec.Block, rec.Data, f.member, f.in.Header.BlockTokens, f.coders, f.mem, f.earlier, f.opts.Context.Err)
	if err != nil {
		return fail(err)
	}
	return f.pipe.run(f.stop, func() fetched {
		b, err := decode()
		if err != nil {
			err = &fault.BlockError{Block: int64(rec.Block.Ordinal), Offset: rec.Offset, Err: err}
		}
		return fetched{block: b, err: err}
	})
}

// prepare takes the memory that decoding a block needs beside its data, which has
// been taken, and returns a job that decodes it, or takes it from what there is from
// earlier. When the block that comes of it is done with, its memory is to be finished.
// After an error all is given back. stop is asked whether to go on.
func prepare(h *container.Block, data container.BlockData, member func(uint64) *tokens.Info, most uint64, coders chan *blockCoder, mem *budget, before *earlier, stop func() error) (job func() (*rawBlock, error), err error) {
	defer func() {
		if err != nil {
			mem.Give(data.Size())
		}
	}()
	b, err := newDecodeBlock(h, member, most)
	if err != nil {
		return nil, err
	}
	valueMap := mapMemory(&data)
	if err := mem.Take(valueMap); err != nil {
		return nil, err
	}
	// Jobs under way need the coder too, so it must not be held while waiting.
	c := <-coders
	need, err := c.need(h, b, &data)
	coders <- c
	mem.Give(valueMap)
	if err != nil {
		return nil, err
	}
	if err := mem.Take(need); err != nil {
		return nil, err
	}
	need += data.Size()
	mem.start()
	at := before.places(b)
	return func() (*rawBlock, error) {
		if before.fill(b, at, h.Hash) {
			mem.Give(need - b.memory())
			return b, nil
		}
		c := <-coders
		c.stop = stop
		err := c.decode(h, b, &data)
		c.release(need)
		coders <- c
		if err != nil {
			mem.finish(need)
			return nil, err
		}
		mem.Give(need - b.memory())
		return b, nil
	}, nil
}

// newDecodeBlock returns an empty block with the spans of h, checked against the
// members, which member gives by their numbers.
func newDecodeBlock(h *container.Block, member func(uint64) *tokens.Info, most uint64) (*rawBlock, error) {
	b := new(rawBlock)
	total := uint64(0)
	for _, s := range h.Spans {
		total += s.Count
		// What is beyond any array would wrap around.
		if s.First > 1<<59 || s.Count == 0 || s.Count > most || total > most {
			return nil, fmt.Errorf("%w: spans of the block", fault.ErrCorrupt)
		}
		info := member(s.Member)
		if info == nil {
			return nil, fmt.Errorf("%w: the block belongs to a member that is not known", fault.ErrCorrupt)
		}
		if n := info.Len(); n >= 0 && s.First+s.Count > uint64(n) {
			return nil, fmt.Errorf("%w: the block goes beyond its member", fault.ErrCorrupt)
		}
		b.add(int(s.Member), int64(s.First), int(s.Count), info)
	}
	if total == 0 {
		return nil, fmt.Errorf("%w: a block without tokens", fault.ErrCorrupt)
	}
	return b, nil
}
