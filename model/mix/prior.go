package mix

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"slices"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/uvarint"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/rangecoder"
)

// A Prior is a state to start from: what a model has learned from sample data.
// It fits arrays of the same geometry whose symbols mean the same. It is not
// changed by use and serves any number of codecs.
type Prior struct {
	setup  setup
	size   int
	tokens int // that it was trained on, at most maxPriorTokens
	trees  learned
	engine *engine // in its state after training
	lines  []line  // of its table, by rising tag
	runs   []run   // likewise
	data   []byte  // as marshalled
}

// TrainConfig says how a prior is made.
type TrainConfig struct {
	Level Level

	// MaxBytes bounds the prior's size; 0 means 1 MiB. What was used least is
	// left out.
	MaxBytes int
}

const (
	priorMagic     = "fprior\x00\x01"
	defaultPrior   = 1 << 20
	maxPriorTokens = 1 << 26
	maxPriorLines  = 1 << 22
)

// Train learns a prior from a block of sample data.
func Train(cfg TrainConfig, b *model.Block) (*Prior, error) {
	prepare()
	if err := checkBlock(b); err != nil {
		return nil, err
	}
	if len(b.Symbols) == 0 || len(b.Symbols) > maxPriorTokens {
		return nil, fmt.Errorf("%w: a prior is trained on 1 to %d tokens, not %d", fault.ErrUnsupported, maxPriorTokens, len(b.Symbols))
	}
	if b.Size < 2 {
		return nil, fmt.Errorf("%w: the sample of the prior has only one value", fault.ErrUnsupported)
	}
	setups := choose(b, cfg.Level)
	p := &Prior{setup: setups[len(setups)-1], size: b.Size, tokens: len(b.Symbols)}
	var err error
	if p.trees, p.setup, err = learnTrees(b, p.setup); err != nil {
		return nil, err
	}
	c := New(Config{})
	r, err := c.runner(b, p.setup, p.trees.forest)
	if err != nil {
		return nil, err
	}
	if err := r.encode(rangecoder.NewEncoder(nil)); err != nil {
		return nil, err
	}
	p.engine = r.engine
	return p.pruned(cmp.Or(cfg.MaxBytes, defaultPrior), &pulse{b: b})
}

// An item is a line, of which the tag and the count are told like a run's, or a run.
type item struct {
	run
	line *line
}

// pruned keeps as many of the most used lines and runs as fit into limit bytes, and
// returns the prior as it will be read.
func (p *Prior) pruned(limit int, on *pulse) (*Prior, error) {
	var items []item
	for k := range p.engine.table.lines {
		if l := &p.engine.table.lines[k]; used(l) > 0 {
			items = append(items, item{run{l[0], used(l)}, l})
		}
	}
	for k := range p.engine.runs.buckets {
		b := &p.engine.runs.buckets[k]
		for k := 0; k < len(b); k += 2 {
			if b[k] != 0 {
				items = append(items, item{run{b[k], b[k+1]}, nil})
			}
		}
	}
	slices.SortFunc(items, func(a, b item) int {
		return cmp.Or(cmp.Compare(b.count(), a.count()), cmp.Compare(a.tag, b.tag), cmp.Compare(a.past, b.past))
	})
	best := p.largest(items, limit, on)
	if best == nil {
		for k := range p.engine.nets {
			p.engine.nets[k].reset()
		}
		best = p.largest(items, limit, on)
	}
	// Then weights and histories go, those first that were used least.
	for _, uses := range []uint16{15, 255, math.MaxUint16} {
		if best == nil {
			p.engine.forget(uses)
			best = p.largest(items, limit, on)
		}
	}
	if on.err != nil {
		return nil, on.err
	}
	if best == nil {
		return nil, fmt.Errorf("%w: the prior does not fit into %d bytes", fault.ErrLimit, limit)
	}
	return ParsePrior(best, 0)
}

// forget takes what was trained at most so often for untrained, of which a prior keeps
// nothing. The engine is good for nothing else then.
func (e *engine) forget(uses uint16) {
	e.mixer.forget(uses)
	e.last.forget(uses)
	for i, v := range e.history {
		if v&1023 <= uint32(uses) {
			e.history[i] = v &^ 1023
		}
	}
}

// largest returns the prior with as many lines and runs as fit into limit bytes, nil if it
// is too large even without any.
func (p *Prior) largest(items []item, limit int, on *pulse) []byte {
	a := archive{enc: rangecoder.NewEncoder(nil)}
	p.trees.put(a.enc)
	a.engine(p.engine)
	at, learned := a.enc.State(), slices.Clone(a.enc.Pending())
	if len(learned) > limit {
		return nil
	}
	var best []byte
	low, high := 0, len(items)
	for n := high; low <= high && !on.stops(); n = (low + high + 1) / 2 {
		some := slices.Clone(items[:n])
		slices.SortFunc(some, func(a, b item) int { return cmp.Compare(a.tag, b.tag) })
		var lines []line
		var runs []run
		for _, it := range some {
			if it.line != nil {
				lines = append(lines, *it.line)
			} else {
				runs = append(runs, it.run)
			}
		}
		a.enc.Resume(at, slices.Clone(learned))
		a.lineModels = lineModels{}
		a.lines(lines)
		a.runs(runs, p.trees.forest[0])
		data := p.marshal(len(lines), len(runs), a.enc.Finish())
		if len(data) <= limit {
			best, low = data, n+1
		} else {
			high = n - 1
		}
		if high-low < len(items)>>8 && best != nil {
			break
		}
	}
	return best
}

// MarshalBinary returns the prior's bytes, which ParsePrior reads.
func (p *Prior) MarshalBinary() ([]byte, error) { return slices.Clone(p.data), nil }

// marshal returns the prior of so many lines and runs, whose code is what follows the numbers.
func (p *Prior) marshal(lines, runs int, code []byte) []byte {
	out := p.setup.append([]byte(priorMagic))
	out = binary.AppendUvarint(out, uint64(p.size))
	out = binary.AppendUvarint(out, uint64(p.tokens))
	out = binary.AppendUvarint(out, uint64(lines))
	if geometries[p.setup.geometry].runs {
		out = binary.AppendUvarint(out, uint64(runs))
	}
	out = append(out, code...)
	return binary.LittleEndian.AppendUint32(out, crc32.Checksum(out, crc32.MakeTable(crc32.Castagnoli)))
}

// ParsePrior reads what MarshalBinary returned. Any bytes are safe to parse;
// maxMemory, if not 0, bounds the memory that the prior may take.
func ParsePrior(data []byte, maxMemory int64) (*Prior, error) {
	prepare()
	bad := func(what string) error { return fmt.Errorf("%w: prior: %s", fault.ErrCorrupt, what) }
	if len(data) < len(priorMagic)+4 {
		return nil, io.ErrUnexpectedEOF
	}
	if string(data[:len(priorMagic)]) != priorMagic {
		return nil, bad("not a prior, or one of another version")
	}
	body, sum := data[:len(data)-4], binary.LittleEndian.Uint32(data[len(data)-4:])
	if crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)) != sum {
		return nil, bad("wrong checksum")
	}
	p := &Prior{data: slices.Clone(data)}
	var err error
	if p.setup, body, err = parseSetup(body[len(priorMagic):]); err != nil {
		return nil, err
	}
	if geometries[p.setup.geometry].guided {
		return nil, bad("of guided blocks")
	}
	var numbers [4]int
	for k, limit := range [4]uint64{MaxSize, maxPriorTokens, maxPriorLines, maxPriorLines} {
		if k == 3 && !geometries[p.setup.geometry].runs {
			break
		}
		v, n := uvarint.Parse(body)
		if n <= 0 || v > limit {
			return nil, bad("impossible sizes")
		}
		numbers[k], body = int(v), body[n:]
	}
	p.size, p.tokens = numbers[0], numbers[1]
	if p.size < 2 || p.setup.learned == treePrior {
		return nil, bad("impossible sizes")
	}
	if numbers[2] > len(body) || numbers[3]/8 > len(body) {
		return nil, bad("impossible sizes")
	}
	need := p.setup.treeBytes(p.size) + 64*int64(numbers[2]) + 8*int64(numbers[3])
	if maxMemory > 0 && need > maxMemory {
		return nil, fmt.Errorf("%w: the prior takes %d bytes of memory", fault.ErrLimit, need)
	}
	dec := rangecoder.NewDecoder(body)
	if p.trees.forest, err = readTree(dec, p.size, p.setup); err != nil {
		return nil, err
	}
	plan, err := p.plan(0)
	if err != nil {
		return nil, err
	}
	plan.tableBits, plan.runBits = 0, min(plan.runBits, 0)
	if need += plan.bytes(); maxMemory > 0 && need > maxMemory {
		return nil, fmt.Errorf("%w: the prior takes %d bytes of memory", fault.ErrLimit, need)
	}
	p.engine = plan.build()
	a := archive{dec: dec}
	a.engine(p.engine)
	if a.bad {
		return nil, bad("impossible numbers")
	}
	if err := dec.Err(); err != nil {
		return nil, err
	}
	p.lines = make([]line, numbers[2])
	a.lines(p.lines)
	p.runs = make([]run, numbers[3])
	a.runs(p.runs, p.trees.forest[0])
	if a.bad {
		return nil, bad("impossible numbers")
	}
	if err := dec.Finish(); err != nil {
		return nil, err
	}
	return p, nil
}

// plan returns the blueprint of an engine that starts from the prior, for blocks
// of a number of tokens.
func (p *Prior) plan(tokens int) (*blueprint, error) {
	b, err := p.setup.draw(p.size, p.trees.forest[0].classes, p.tokens)
	if err != nil {
		return nil, err
	}
	n := min(tokens, manyTokens) * len(b.contexts)
	b.size(p.setup.level, n+len(p.lines), n+len(p.runs))
	return b, nil
}

// load puts an engine in the prior's state.
func (e *engine) load(p *Prior) {
	from := p.engine
	copy(e.history, from.history)
	for k := range e.cands {
		for i, m := range e.cands[k].entries {
			copy(m, from.cands[k].entries[i])
		}
	}
	for k := range e.windows.each {
		copy(e.windows.each[k].maps, from.windows.each[k].maps)
	}
	e.mixer.load(&from.mixer)
	e.last.load(&from.last)
	for k := range e.apms {
		copy(e.apms[k].t, from.apms[k].t)
	}
	for k := range e.nets {
		e.nets[k].copy(&from.nets[k])
	}
	for k := range p.lines {
		*e.table.find(p.lines[k][0]) = p.lines[k]
	}
	for _, r := range p.runs {
		e.runs.put(r)
	}
}

func (m *mixer) load(from *mixer) {
	for k := range m.sets {
		copy(m.sets[k].w, from.sets[k].w)
		copy(m.sets[k].count, from.sets[k].count)
	}
}

// check reports whether a block fits the prior.
func (p *Prior) check(b *model.Block) error {
	if b.Size > p.size {
		return fmt.Errorf("%w: the prior knows %d symbols, the data have %d", fault.ErrModel, p.size, b.Size)
	}
	for _, s := range b.Spans {
		// The places are all axes but the first, or the last two: see arrange.
		all, two := 1, 1
		for k, n := range s.Shape {
			if k > 0 {
				all = product(all, max(1, n))
			}
			if k > 0 && k >= len(s.Shape)-2 {
				two = product(two, max(1, n))
			}
		}
		places := p.setup.rows * p.setup.cols
		fits := p.setup.flat() || all == places || two == places
		if p.setup.transposed {
			fits = len(s.Shape) == 2 && s.Shape[0] == p.setup.cols
		}
		if !fits {
			return fmt.Errorf("%w: the prior is of arrays of another shape (%d x %d)", fault.ErrModel, p.setup.rows, p.setup.cols)
		}
	}
	return nil
}

// Size returns the number of symbols that the prior knows: it is for data whose
// symbols are among them and mean the same.
func (p *Prior) Size() int { return p.size }
