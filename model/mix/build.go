package mix

// build returns an engine in its first state.
func (p *blueprint) build() *engine {
	n := len(p.contexts)
	e := &engine{
		contexts: p.contexts,
		hash:     make([]uint32, n),
		tags:     make([]uint32, n),
		which:    make([]int, n),
		places:   make([]uint32, 0, 3*n),
		marked:   make([]int, n+1),
		tracks:   make([]track, n),
		counters: make([]*line, n),
		entry:    make([]int32, n),
		history:  make([]uint32, n*p.g.pasts()*histories, n*p.g.pasts()*histories+1),
		table:    newTable(p.tableBits, p.g.runs),
		cands:    p.cands,
		sets:     p.sets,
		maps:     p.maps,
		lastSel:  p.last,
		mixer:    newMixer(p.inputs, p.sets, p.g.rates.rates()),
		last:     newMixer(len(p.sets), []selector{p.last}, p.g.finalRates.rates()),
	}
	for k := range e.cands {
		c := &e.cands[k]
		c.at = make([]int, len(c.sels))
		for _, s := range c.sels {
			c.entries = append(c.entries, make([]uint32, s.size))
		}
	}
	for _, inputs := range p.nets {
		e.nets = append(e.nets, newNet(p.dims, p.nodes, inputs, p.g.bent))
	}
	for _, s := range p.maps {
		e.apms = append(e.apms, newAPM(s.size))
	}
	e.windows = newWindows(p.g.windows, p.nodes)
	e.inputs = make([]int32, e.mixer.inputs)
	e.others = p.inputs - len(p.nets) - 1 - 2*len(p.g.windows)
	e.outputs = make([]int32, e.last.inputs)
	e.match.init(p.g.matches, p.cols)
	if p.g.guided {
		e.opinion.maps = make([]uint32, (maxDepth+1)*trusts)
	}
	if p.g.trail {
		e.trail.init(p.symbols)
	}
	e.layout.init(p.g, p.rows, p.cols, p.transposed)
	if p.g.runs {
		e.runs = newRuns(p.runBits)
	}
	e.startState()
	return e
}

// reset puts the engine in its first state.
func (e *engine) reset() {
	clear(e.table.lines)
	clear(e.table.marks)
	clear(e.runs.buckets)
	e.startState()
}

// startState puts all but the tables, which are empty, in its first state.
func (e *engine) startState() {
	for i := range e.history {
		h := i % histories
		zeros, ones := uint32(h>>1&7), uint32(h>>4&7)
		e.history[i] = (2*ones + 1) << 21 / (zeros + ones + 1) << 10
	}
	for k := range e.cands {
		for _, m := range e.cands[k].entries {
			for i := range m {
				m[i] = 3 << 29
			}
		}
	}
	// At first the contexts' opinions count together somewhat more than one.
	first := int32(3 * weightOne / (2*len(e.contexts) + 4))
	if e.layout.g.guided {
		e.mixer.reset(guidedWeight)
		for k := range guideInputs {
			e.mixer.start(2*len(e.contexts)+k, weightOne/guideInputs)
		}
		e.opinion.reset()
	} else {
		e.mixer.reset(first)
	}
	e.last.reset(int32(weightOne / len(e.sets)))
	for k := range e.apms {
		e.apms[k].reset()
	}
	e.windows.reset()
	e.match.reset()
	for k := range e.nets {
		e.nets[k].reset()
	}
}
