package foretell

// A planner lets the blocks of a file settle their parameters one after another,
// while they are encoded in any order.
type planner struct {
	base   []byte // parameters of the last block that stands alone
	blocks int
	last   chan struct{} // closed when all blocks queued so far are planned
}

// restart is after how many blocks one stands alone again, so that damage to one
// costs no more than that.
const restart = 64

func newPlanner() *planner {
	p := &planner{last: make(chan struct{})}
	close(p.last)
	return p
}

// queue returns the place of the next block.
func (p *planner) queue() *planned {
	t := &planned{planner: p, before: p.last, after: make(chan struct{})}
	p.last = t.after
	return t
}

// planned is the place of a block in the order of planning. Its goroutine calls
// begin and end, or skip, whatever happens, for the blocks behind.
type planned struct {
	planner *planner
	before  chan struct{} // closed when it is the block's turn
	after   chan struct{}
	begun   bool
	ended   bool
}

// begin waits for the block's turn and returns the parameters that it may share,
// nil if it is to stand alone.
func (t *planned) begin() (base []byte) {
	<-t.before
	t.begun = true
	if t.planner.blocks%restart == 0 {
		return nil
	}
	return t.planner.base
}

// end lets the next block begin. alone says that later blocks may share params.
func (t *planned) end(params []byte, alone bool) {
	t.ended = true
	t.planner.blocks++
	if alone {
		t.planner.base = params
	}
	close(t.after)
}

// skip ends a turn that has not ended.
func (t *planned) skip() {
	if t.ended {
		return
	}
	if !t.begun {
		t.begin()
	}
	t.end(nil, false)
}
