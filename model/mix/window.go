package mix

import "math/bits"

// A window knows how often each branch of the code tree was taken in the latest
// tokens: what a text is about right now.
type window struct {
	length int
	taken  [][2]uint16 // of each node
	maps   []uint32    // chance of a 1 by the sizes of both counts
	done   int         // tokens taken in
	at     int         // entry of maps for this bit; -1 if there is none
}

const (
	windowSizes = 16
	windowLimit = 200
	maxWindow   = 1<<16 - 1
)

// windowLog holds ln(n + 0.3) in units.
var windowLog [maxWindow + 1]int16

func makeWindowLogs() {
	for n := range windowLog {
		windowLog[n] = int16(logit(uint64(10*n+3), uint64(10*n+13)))
	}
}

func newWindow(length, nodes int) window {
	return window{length: length, taken: make([][2]uint16, nodes), maps: make([]uint32, windowSizes*windowSizes)}
}

func (w *window) reset() {
	clear(w.taken)
	w.done = 0
	for i := range w.maps {
		w.maps[i] = newEntry
	}
}

// advance takes in sym[:i], of which a part may be known already.
func (w *window) advance(t *tree, sym []uint32, i int) {
	for ; w.done < i; w.done++ {
		w.count(t, sym[w.done], 1)
		if old := w.done - w.length; old >= 0 {
			w.count(t, sym[old], ^uint16(0))
		}
	}
}

func (w *window) count(t *tree, symbol uint32, by uint16) {
	code, depth := t.code[symbol], t.depth[symbol]
	node := int32(0)
	for range depth {
		if int(node) >= len(w.taken) {
			return
		}
		bit := code >> 63
		code <<= 1
		w.taken[node][bit] += by
		node = t.child[2*node+int32(bit)]
	}
}

// predict returns two stretched opinions on a node.
func (w *window) predict(node int32) (int32, int32) {
	w.at = -1
	if int(node) >= len(w.taken) {
		return 0, 0
	}
	c := w.taken[node]
	if c[0] == 0 && c[1] == 0 {
		return 0, 0
	}
	w.at = windowSize(c[0])*windowSizes + windowSize(c[1])
	return int32(windowLog[c[1]]) - int32(windowLog[c[0]]), stretch(w.maps[w.at] >> 16)
}

// windowSize returns a count's size: exact if small, else its logarithm.
func windowSize(n uint16) int {
	if n < 4 {
		return int(n)
	}
	k := bits.Len16(n) // 3 for 4..7
	return min(2*k-2+int(n>>(k-2)&1), windowSizes-1)
}

func (w *window) update(bit uint32) {
	if w.at >= 0 {
		adapt(&w.maps[w.at], bit, windowLimit)
	}
}
