package net

import (
	"github.com/foretell/foretell/internal/simd/gemm"
	"github.com/foretell/foretell/net/internal/layer"
)

// A decoder is a causal transformer that predicts tokens: a vector for each token,
// layers of attention and of a feed-forward network, each added to what it was
// given, and a product that gives logits. Architectures differ in which parts are
// there.
type decoder struct {
	embedding *layer.Embedding
	positions *layer.Embedding // nil where positions turn keys and queries instead
	rope      *layer.Rope      // nil where there are learned positions
	blocks    []block
	norm      *layer.Norm
	head      *layer.Linear

	width          int // of the residual
	dim            int // of a query, a key or a value
	heads, kvHeads int // of queries; of keys and values
	hidden         int // width of the feed-forward network
	context        int // positions that the network was trained for
	curve          *layer.Curve
}

// A block is one layer of a decoder.
type block struct {
	attention, forward *layer.Norm   // before each of the two halves
	q, k, v, o         *layer.Linear // attention
	qNorm, kNorm       *layer.Norm   // of each head; nil for none
	gate               *layer.Linear // nil where the activation is of up alone
	up, down           *layer.Linear
}

// A seat is where a row of work belongs: a stream's caches, one a layer, and the
// position of its token.
type seat struct {
	caches   []*layer.Cache
	position int
	token    uint32
}

// A pass is the working space to run a decoder over some rows of work together.
type pass struct {
	*decoder
	gang  *gang
	seats []seat // of the rows at hand
	table []int32

	x          []int64 // residuals
	in         *layer.Activations
	mid        *layer.Activations
	inner      *layer.Activations
	q, k, v, o *layer.Products
	gate, up   *layer.Products
	workers    []worker
	mixed      []int64 // what attention gives

	shift, left []uint8
	logits      []int32
	first, rows int    // the rows whose logits are being made
	block       *block // the layer at hand
	index       int

	phases phases
}

// phases are the methods of a pass that goroutines share, as values.
type phases struct {
	begin, project, turn, attend, close, output, middle, expand, activate, contract, end, final, predict func(part, parts int)
}

// A worker is the working space of one goroutine.
type worker struct {
	attention *layer.Attention
	wide      []int64
	narrow    []int32
	weights   []int16
}

// passBytes returns about how much memory newPass takes, without what does not grow
// with the rows.
func (d *decoder) passBytes(n, chunk int) int64 {
	inner := d.heads * d.dim
	row := d.width*(8+2+4) + inner*(2+4+8) + d.kvHeads*d.dim*8 + d.hidden*(2+8) + 256
	return int64(n)*int64(row) + 4*int64(chunk)*int64(d.head.Rows())
}

// newPass returns working space for up to n rows with logits of up to chunk of them
// at a time.
func newPass(d *decoder, n, chunk, threads, seen int) *pass {
	p := &pass{decoder: d, gang: newGang(threads), seats: make([]seat, 0, n)}
	p.x = make([]int64, n*d.width)
	p.in = layer.NewActivations(n, d.width)
	p.mid = layer.NewActivations(n, d.heads*d.dim)
	p.inner = layer.NewActivations(n, d.hidden)
	p.q = layer.NewProducts(n, d.heads*d.dim)
	p.k = layer.NewProducts(n, d.kvHeads*d.dim)
	p.v = layer.NewProducts(n, d.kvHeads*d.dim)
	p.o = layer.NewProducts(n, d.width)
	p.gate = layer.NewProducts(n, d.hidden)
	p.up = layer.NewProducts(n, d.hidden)
	p.mixed = make([]int64, n*d.heads*d.dim)
	p.shift, p.left = make([]uint8, n), make([]uint8, n)
	p.logits = make([]int32, chunk*d.head.Rows())
	for range threads {
		p.workers = append(p.workers, worker{
			attention: layer.NewAttention(d.dim, seen),
			wide:      make([]int64, max(d.width, d.hidden, d.dim)),
			narrow:    make([]int32, d.dim),
			weights:   make([]int16, d.width),
		})
	}
	p.phases = phases{
		begin: p.begin, project: p.project, turn: p.turn, attend: p.attend, close: p.close, output: p.output,
		middle: p.middle, expand: p.expand, activate: p.activate, contract: p.contract, end: p.end,
		final: p.final, predict: p.predict,
	}
	return p
}

// run runs the network over the rows of p.seats, up to the activations that logits
// are made of. The gang has been started.
func (p *pass) run() {
	p.gang.do(p.phases.begin)
	for i := range p.blocks {
		p.block, p.index = &p.blocks[i], i
		p.gang.do(p.phases.project)
		p.gang.do(p.phases.turn)
		p.gang.do(p.phases.attend)
		p.gang.do(p.phases.close)
		p.gang.do(p.phases.output)
		p.gang.do(p.phases.middle)
		p.gang.do(p.phases.expand)
		p.gang.do(p.phases.activate)
		p.gang.do(p.phases.contract)
		p.gang.do(p.phases.end)
	}
}

// residual returns the residual of a row.
func (p *pass) residual(row int) []int64 { return p.x[row*p.width:][:p.width] }

// normalize makes the norm of the residual of a row its activations.
func (p *pass) normalize(w *worker, n *layer.Norm, row int) {
	x := w.wide[:p.width]
	n.Apply(x, p.residual(row))
	p.in.Set(row, x, layer.NormFrac)
}

// begin makes the first residuals, and the activations of the first layer.
func (p *pass) begin(part, parts int) {
	w := &p.workers[part]
	from, to := share(len(p.seats), 1, part, parts)
	for row := from; row < to; row++ {
		x := p.residual(row)
		clear(x)
		seat := p.seats[row]
		p.embedding.Add(x, int(seat.token), w.weights)
		if p.positions != nil {
			p.positions.Add(x, seat.position, w.weights)
		}
		p.enter(w, &p.blocks[0], row)
	}
}

// enter prepares the products of the first half of a layer.
func (p *pass) enter(w *worker, b *block, row int) {
	p.normalize(w, b.attention, row)
	b.q.Plan(p.q, p.in, row)
	b.k.Plan(p.k, p.in, row)
	b.v.Plan(p.v, p.in, row)
}

// multiply sets a part of the rows of a product.
func (p *pass) multiply(dst *layer.Products, l *layer.Linear, in *layer.Activations, part, parts int) {
	from, to := share(l.Rows(), gemm.Block, part, parts)
	l.Apply(dst, in, len(p.seats), from, to)
}

// project makes queries, keys and values.
func (p *pass) project(part, parts int) {
	p.multiply(p.q, p.block.q, p.in, part, parts)
	p.multiply(p.k, p.block.k, p.in, part, parts)
	p.multiply(p.v, p.block.v, p.in, part, parts)
}

// turn puts keys and values into the caches.
func (p *pass) turn(part, parts int) {
	w := &p.workers[part]
	for i := part; i < len(p.seats)*p.kvHeads; i += parts {
		row, head := i/p.kvHeads, i%p.kvHeads
		seat := p.seats[row]
		cache := seat.caches[p.index]
		k, frac := p.k.Row(row)
		x, frac := p.rotate(w, k[head*p.dim:][:p.dim], frac, p.block.kNorm, seat.position)
		cache.PutKey(head, seat.position, x, frac)
		v, frac := p.v.Row(row)
		cache.PutValue(head, seat.position, v[head*p.dim:][:p.dim], frac)
	}
}

// rotate returns a query or key, normalised and turned if the network does that.
func (p *pass) rotate(w *worker, x []int32, frac int, n *layer.Norm, position int) ([]int64, int) {
	dst := w.wide[:p.dim]
	if n != nil {
		frac = n.ApplyHead(w.narrow, dst, x, frac)
		x = w.narrow
	}
	if p.rope == nil {
		for i, v := range x {
			dst[i] = int64(v)
		}
		return dst, frac
	}
	p.rope.Rotate(dst, x, p.table, position)
	return dst, frac + layer.RopeFrac
}

// attend lets each head of each row look at the keys of its stream.
func (p *pass) attend(part, parts int) {
	w := &p.workers[part]
	group := p.heads / p.kvHeads
	for i := part; i < len(p.seats)*p.kvHeads; i += parts {
		row, head := i%len(p.seats), i/len(p.seats)
		seat := p.seats[row]
		q, frac := p.q.Row(row)
		for h := head * group; h < (head+1)*group; h++ {
			x, frac := p.rotate(w, q[h*p.dim:][:p.dim], frac, p.block.qNorm, seat.position)
			w.attention.SetQuery(x, frac)
			to := p.mixed[(row*p.heads+h)*p.dim:][:p.dim]
			w.attention.Attend(to, seat.caches[p.index], head, seat.position)
		}
	}
}

// close makes what attention gave the activations of its last product.
func (p *pass) close(part, parts int) {
	width := p.heads * p.dim
	from, to := share(len(p.seats), 1, part, parts)
	for row := from; row < to; row++ {
		p.mid.Set(row, p.mixed[row*width:][:width], layer.ResidualFrac)
		p.block.o.Plan(p.o, p.mid, row)
	}
}

// output multiplies with the last matrix of attention.
func (p *pass) output(part, parts int) { p.multiply(p.o, p.block.o, p.mid, part, parts) }

// add adds p.o to the residual of a row.
func (p *pass) add(row int) {
	y, frac := p.o.Row(row)
	layer.Add(p.residual(row), y, frac)
}

// middle adds what attention gives to the residuals, and prepares the feed-forward
// network.
func (p *pass) middle(part, parts int) {
	w := &p.workers[part]
	from, to := share(len(p.seats), 1, part, parts)
	for row := from; row < to; row++ {
		p.add(row)
		p.normalize(w, p.block.forward, row)
		p.block.up.Plan(p.up, p.in, row)
		if p.block.gate != nil {
			p.block.gate.Plan(p.gate, p.in, row)
		}
	}
}

// expand makes the inner numbers of the feed-forward network.
func (p *pass) expand(part, parts int) {
	p.multiply(p.up, p.block.up, p.in, part, parts)
	if p.block.gate != nil {
		p.multiply(p.gate, p.block.gate, p.in, part, parts)
	}
}

// activate puts them through the activation.
func (p *pass) activate(part, parts int) {
	x := p.workers[part].wide[:p.hidden]
	from, to := share(len(p.seats), 1, part, parts)
	for row := from; row < to; row++ {
		up, frac := p.up.Row(row)
		if p.block.gate != nil {
			gate, gateFrac := p.gate.Row(row)
			p.curve.Gate(x, gate, gateFrac, up)
			frac += gateFrac
		} else {
			p.curve.Apply(x, up, frac)
		}
		p.inner.Set(row, x, frac)
		p.block.down.Plan(p.o, p.inner, row)
	}
}

// contract multiplies with the last matrix of the feed-forward network.
func (p *pass) contract(part, parts int) { p.multiply(p.o, p.block.down, p.inner, part, parts) }

// end adds what it gives to the residuals, and prepares the next layer.
func (p *pass) end(part, parts int) {
	w := &p.workers[part]
	from, to := share(len(p.seats), 1, part, parts)
	for row := from; row < to; row++ {
		p.add(row)
		if p.index+1 < len(p.blocks) {
			p.enter(w, &p.blocks[p.index+1], row)
		}
	}
}

// final prepares the logits of some rows.
func (p *pass) final(part, parts int) {
	w := &p.workers[part]
	from, to := share(len(p.seats), 1, part, parts)
	for row := from; row < to; row++ {
		p.normalize(w, p.norm, row)
		p.head.PlanLogits(p.shift, p.left, p.in, row)
	}
}

// makeLogits returns the logits of some rows, once they have been prepared.
func (p *pass) makeLogits(first, rows int) []int32 {
	p.first, p.rows = first, rows
	p.gang.do(p.phases.predict)
	return p.logits[:rows*p.head.Rows()]
}

// predict makes the logits of p.rows rows from p.first on.
func (p *pass) predict(part, parts int) {
	from, to := share(p.head.Rows(), gemm.Block, part, parts)
	p.head.Logits(p.logits, p.head.Rows(), p.in, p.first, p.rows, p.shift, p.left, from, to)
}
