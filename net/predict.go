package net

import (
	"fmt"
	"runtime"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/net/internal/layer"
)

// Frames is the working space to predict frames. It belongs to one goroutine at a
// time.
type Frames struct {
	*frames
	gang    *gang
	workers []frameWorker
	chunk   int          // places that are worked on together in the past
	cache   *layer.Cache // of the places of a frame
	base    []int64      // what places and ages add to residuals, for each place and age
	x       []int64      // residuals of the places
	before  []place      // of each place: what it stores
	after   []place      // and the last that it sees
	context []uint32     // the frames at hand
	logits  []int32
	encoder *encoder // the layer at hand
	phases  struct{ past, put, see, predict func(part, parts int) }
}

// A frameWorker is the working space of one goroutine.
type frameWorker struct {
	temporal, spatial *encoding

	x             []int64 // residuals of some places at all frames, place after place
	before, after []place // as for the places of a frame
	last          []place // of each place: the last frame

	in, inner *layer.Activations
	out       *layer.Products
	down, up  *layer.Products // of the adapter
	wide      []int64
}

// together is about how many rows are worked on together in the past.
const together = 128

// newFrames returns working space for that many goroutines; 0 stands for GOMAXPROCS.
func newFrames(f *frames, threads int) (*Frames, error) {
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	if threads < 1 || threads > 1024 {
		return nil, fmt.Errorf("%w: %d threads; 1 to 1024 can be used", fault.ErrLimit, threads)
	}
	c := f.shape
	w := &Frames{frames: f, gang: newGang(threads), chunk: min(max(together/c.ContextFrames, 1), c.Places)}
	w.base = make([]int64, c.Places*c.ContextFrames*c.Width)
	for i := range c.Places * c.ContextFrames {
		x := w.base[i*c.Width:][:c.Width]
		w.places.Add(x, i/c.ContextFrames, nil)
		w.ages.Add(x, i%c.ContextFrames, nil)
	}
	w.x = make([]int64, c.Places*c.Width)
	w.logits = make([]int32, c.Places*c.Vocabulary)
	w.cache = layer.NewCache(c.SpatialHeads, c.Width/c.SpatialHeads, 0, c.Places, 1, c.Places)
	for p := range c.Places {
		w.before, w.after = append(w.before, place{w.cache, p}), append(w.after, place{w.cache, c.Places - 1})
	}
	for range threads {
		w.workers = append(w.workers, w.worker((c.Places+threads-1)/threads))
	}
	w.phases.past, w.phases.put, w.phases.see, w.phases.predict = w.past, w.put, w.see, w.predict
	return w, nil
}

// worker returns working space for n places of a frame.
func (w *Frames) worker(n int) frameWorker {
	c, old := w.shape, w.chunk*w.shape.ContextFrames
	hidden := c.Width * c.Expansion
	f := frameWorker{
		temporal: newEncoding(old, c.Width, hidden, c.Width/c.TemporalHeads, c.ContextFrames),
		spatial:  newEncoding(n, c.Width, hidden, c.Width/c.SpatialHeads, c.Places),
		x:        make([]int64, old*c.Width),
		in:       layer.NewActivations(n, c.Width),
		out:      layer.NewProducts(n, c.Vocabulary),
		wide:     make([]int64, max(c.Width, c.AdapterRank)),
	}
	if c.AdapterRank > 0 {
		f.inner = layer.NewActivations(n, c.AdapterRank)
		f.down, f.up = layer.NewProducts(n, c.AdapterRank), layer.NewProducts(n, c.Vocabulary)
	}
	for range w.chunk {
		cache := layer.NewCache(c.TemporalHeads, c.Width/c.TemporalHeads, 0, c.ContextFrames, 1, c.ContextFrames)
		for age := range c.ContextFrames {
			f.before, f.after = append(f.before, place{cache, age}), append(f.after, place{cache, c.ContextFrames - 1})
		}
		f.last = append(f.last, place{cache, c.ContextFrames - 1})
	}
	return f
}

// Predict returns the prediction of a frame from the frames before it, the oldest
// first: for each place a logit for every token of the vocabulary, with LogitFrac
// fraction bits. They are there until the next call.
//
// Errors are prob.ErrSymbol, and foretell.ErrLimit for another number of tokens.
func (w *Frames) Predict(context []uint32) ([]int32, error) {
	c := w.shape
	if len(context) != c.ContextFrames*c.Places {
		return nil, fmt.Errorf("%w: a frame predicted from %d tokens instead of %d frames of %d", fault.ErrLimit,
			len(context), c.ContextFrames, c.Places)
	}
	for _, t := range context {
		if t >= uint32(c.Vocabulary) {
			return nil, fmt.Errorf("%w: token %d of a network of %d", fault.ErrSymbol, t, c.Vocabulary)
		}
	}
	w.context = context
	w.gang.start()
	defer w.gang.stop()
	w.gang.do(w.phases.past)
	for i := range w.spatial {
		w.encoder = &w.spatial[i]
		w.gang.do(w.phases.put)
		w.gang.do(w.phases.see)
	}
	w.gang.do(w.phases.predict)
	return w.logits, nil
}

// past makes the residuals of places from the frames before.
func (w *Frames) past(part, parts int) {
	c, f := w.shape, &w.workers[part]
	for first := part * w.chunk; first < c.Places; first += parts * w.chunk {
		n := min(w.chunk, c.Places-first)
		rows := n * c.ContextFrames
		copy(f.x[:rows*c.Width], w.base[first*c.ContextFrames*c.Width:])
		for row := range rows {
			at, age := first+row/c.ContextFrames, row%c.ContextFrames
			w.embedding.Add(f.x[row*c.Width:][:c.Width], int(w.context[age*c.Places+at]), nil)
		}
		for i := range w.temporal[:len(w.temporal)-1] {
			f.temporal.put(&w.temporal[i], f.x, f.before[:rows])
			f.temporal.see(&w.temporal[i], f.x, f.after[:rows])
		}
		// Of the last layer only the last frame is needed.
		e := &w.temporal[len(w.temporal)-1]
		f.temporal.put(e, f.x, f.before[:rows])
		to := w.x[first*c.Width:][:n*c.Width]
		for i := range n {
			copy(to[i*c.Width:][:c.Width], f.x[((i+1)*c.ContextFrames-1)*c.Width:])
		}
		f.temporal.see(e, to, f.last[:n])
	}
}

// put stores keys and values of a part of the places.
func (w *Frames) put(part, parts int) {
	from, to := share(w.shape.Places, 1, part, parts)
	w.workers[part].spatial.put(w.encoder, w.x[from*w.shape.Width:], w.before[from:to])
}

// see runs a layer over a part of the places.
func (w *Frames) see(part, parts int) {
	from, to := share(w.shape.Places, 1, part, parts)
	w.workers[part].spatial.see(w.encoder, w.x[from*w.shape.Width:], w.after[from:to])
}

// predict makes the logits of a part of the places.
func (w *Frames) predict(part, parts int) {
	c, f := w.shape, &w.workers[part]
	from, to := share(c.Places, 1, part, parts)
	n := to - from
	for i := range n {
		w.norm.Apply(f.wide[:c.Width], w.x[(from+i)*c.Width:])
		f.in.Set(i, f.wide[:c.Width], layer.NormFrac)
		w.head.Plan(f.out, f.in, i)
		if w.down != nil {
			w.down.Plan(f.down, f.in, i)
		}
	}
	w.head.Apply(f.out, f.in, n, 0, c.Vocabulary)
	if w.down != nil {
		w.down.Apply(f.down, f.in, n, 0, c.AdapterRank)
		for i := range n {
			x, frac := f.down.Row(i)
			layer.GELU.Apply(f.wide[:c.AdapterRank], x, frac)
			f.inner.Set(i, f.wide[:c.AdapterRank], frac)
			w.up.Plan(f.up, f.inner, i)
		}
		w.up.Apply(f.up, f.inner, n, 0, c.Vocabulary)
	}
	for i := range n {
		x, frac := f.out.Row(i)
		var y []int32
		var yFrac int
		if w.down != nil {
			y, yFrac = f.up.Row(i)
		}
		w.scale.Apply(w.logits[(from+i)*c.Vocabulary:][:c.Vocabulary], from+i, x, frac, y, yFrac)
	}
}
