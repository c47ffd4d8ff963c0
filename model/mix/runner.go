package mix

import (
	"fmt"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/surprisal"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/model/mix/internal/vocabulary"
	"github.com/foretell/foretell/rangecoder"
)

// A runner takes an engine through the tokens of a block, in the order in which
// they are coded.
type runner struct {
	*engine
	b      *model.Block
	g      *geometry
	costs  []float32 // to be filled, or nil
	seen   int       // tokens visited
	pass   int       // over the block, of so many
	of     int
	record int // length of a record; 0 if that is not asked for
}

// workEvery is after how many tokens a block is told of them.
const workEvery = 1 << 10

// worked tells the block how many of its tokens have been coded.
func (r *runner) worked() error {
	return r.b.Worked((r.pass*len(r.b.Symbols) + r.seen) / max(r.of, 1))
}

// visit calls f for the position of every token of the block in coding order,
// when everything that it is predicted from is loaded.
func (r *runner) visit(f func(i int) error) error {
	start := 0
	for k := range r.b.Spans {
		s := &r.b.Spans[k]
		if s.Count == 0 {
			continue
		}
		if err := r.layout.enter(s, r.b.Symbols[start:start+s.Count]); err != nil {
			return err
		}
		if err := r.visitSpan(start, f); err != nil {
			return err
		}
		start += s.Count
	}
	return nil
}

func (r *runner) visitSpan(start int, f func(i int) error) error {
	l := &r.layout
	places := l.rows * l.cols
	from, to := l.times()
	n := len(r.g.neighbours)
	v := &l.values
	for t := from; t < to; t = l.after(t) {
		l.now = t
		if b := t - r.g.backward; r.g.backward > 0 && b >= from {
			for place := range places {
				if i := l.at(b, place); uint(i) < uint(len(l.sym)) {
					l.load(i, b, place, -1)
					r.learn(l.sym[i], place)
				}
			}
		}
		tokens, changed := 0, 0
		for place := range places {
			i := l.at(t, place)
			if uint(i) >= uint(len(l.sym)) {
				continue
			}
			l.load(i, t, place, 1)
			v[n+valueChurn] = uint32(16 * changed / (tokens + 1))
			if r.g.trail {
				r.trail.advance(r.b.Symbols, start+i)
				r.trail.load(v[n:], r.b.Symbols, start+i)
			}
			if r.g.words {
				r.words.advance(r.b.Symbols, start+i)
				r.words.load(v[n:])
			}
			if r.record > 0 {
				loadRecord(v[n:], r.b.Symbols, start+i, r.record)
			}
			if r.g.spelt {
				r.spell.load(v[n:], place)
			}
			r.loadMatches(place)
			r.windows.advance(r.tree, r.b.Symbols, start+i)
			if r.g.guided {
				if err := r.opinion.load(start + i); err != nil {
					return err
				}
			}
			if r.seen++; r.seen%workEvery == 0 {
				if err := r.worked(); err != nil {
					return err
				}
			}
			r.begin(place)
			if err := f(start + i); err != nil {
				return err
			}
			r.match.follow(place, r.b.Symbols, start+i, l.frames)
			if r.g.spelt {
				r.spell.follow(place, l.sym[i])
			}
			tokens++
			if len(r.cands) > 0 && v[r.cands[0].value] != l.sym[i]+1 {
				changed++
			}
		}
	}
	return nil
}

// loadMatches sets the candidates from matches for the next token of a stream.
func (r *runner) loadMatches(stream int) {
	v := &r.layout.values
	n := len(r.g.neighbours)
	for k := range r.g.matches {
		v[n+valueM1+k], v[n+valueLen1+k] = 0, 0
		if l := r.match.len[k][stream]; l > 0 {
			v[n+valueM1+k] = r.b.Symbols[r.match.at[k][stream]] + 1
			v[n+valueLen1+k] = uint32(l)
		}
	}
}

func (r *runner) encode(enc *rangecoder.Encoder) error {
	var sum *surprisal.Sum
	if r.costs != nil {
		sum = new(surprisal.Sum)
	}
	return r.visit(func(i int) error {
		r.engine.encode(enc, r.b.Symbols[i], sum)
		if sum != nil {
			r.costs[i] = float32(sum.Bits())
			*sum = surprisal.Sum{}
		}
		return nil
	})
}

func (r *runner) decode(dec *rangecoder.Decoder) error {
	n := 0
	return r.visit(func(i int) error {
		x := r.engine.decode(dec)
		if x >= uint32(r.b.Size) {
			return fmt.Errorf("%w: symbol out of range", fault.ErrCorrupt)
		}
		r.b.Symbols[i] = x
		if n++; n%1024 == 0 {
			return dec.Err()
		}
		return nil
	})
}

// runner prepares a run through a block.
func (c *Codec) runner(b *model.Block, s setup, forest []*tree) (*runner, error) {
	var p *blueprint
	var err error
	if s.learned == treePrior {
		p, err = c.config.Prior.plan(len(b.Symbols))
	} else {
		p, err = s.draw(b.Size, forest[0].classes, len(b.Symbols))
	}
	if err != nil {
		return nil, err
	}
	if need := p.bytes() + s.treeBytes(b.Size); c.config.MaxMemory > 0 && need > c.config.MaxMemory {
		return nil, fmt.Errorf("%w: the mix model takes %d bytes of memory for a block", fault.ErrLimit, need)
	}
	key := engineKey{s, b.Size, forest[0].classes, p.tableBits, p.runBits, p.netRows}
	if c.engine != nil && c.key == key {
		c.engine.reset()
	} else {
		c.engine = nil // its memory is for the new one
		c.engine, c.key = p.build(), key
	}
	if s.learned == treePrior {
		c.engine.load(c.config.Prior)
	}
	c.engine.plant(forest)
	c.engine.trail.reset(uint32(s.delimiter))
	c.engine.words = wordbook{}
	if s.learned == treeLetters {
		if err := c.engine.prime(s, b.Size); err != nil {
			return nil, err
		}
	}
	r := &runner{engine: c.engine, b: b, g: p.g, pass: c.pass, of: c.of}
	c.pass, c.of = 0, 0
	switch s.geometry {
	case geometryBytes:
		r.record = s.cols
	case geometrySpelt:
		r.spell.bytes, r.spell.text = false, vocabulary.Get(s.cols).Text
		r.spell.reset(1)
	}
	return r, nil
}

// An engineKey tells whether an engine serves for another block.
type engineKey struct {
	setup
	size, classes, tableBits, runBits, netRows int
}
