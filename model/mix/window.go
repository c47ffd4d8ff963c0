package mix

import "math/bits"

// A window knows how often each branch of the code tree was taken in the latest
// tokens: what a text is about right now.
type window struct {
	length int
	maps   []uint32 // chance of a 1 by the sizes of both counts
	at     int      // entry of maps for this bit; -1 if there is none
}

// taken is how often each branch of a node was taken in each window.
type taken [maxWindows][2]uint16

const (
	maxWindows  = 3
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

// A windows is the windows of a stream.
type windows struct {
	each  []window
	taken []taken // of each node
	done  int     // tokens whose branches were taken out of the windows that they have left
}

func newWindows(lengths []int, nodes int) windows {
	var w windows
	for _, n := range lengths {
		w.each = append(w.each, window{length: n, maps: make([]uint32, windowSizes*windowSizes)})
	}
	if len(lengths) > 0 {
		w.taken = make([]taken, nodes)
	}
	return w
}

func (w *windows) reset() {
	w.forget()
	for k := range w.each {
		m := w.each[k].maps
		for i := range m {
			m[i] = newEntry
		}
	}
}

// forget makes the windows empty.
func (w *windows) forget() {
	clear(w.taken)
	w.done = 0
}

// advance takes out the tokens that leave the windows when token i comes. What tokens come
// in, update is told.
func (w *windows) advance(t *tree, sym []uint32, i int) {
	for ; w.done < i; w.done++ {
		for k := range w.each {
			if old := w.done - w.each[k].length; old >= 0 {
				w.takeOut(t, k, sym[old])
			}
		}
	}
}

func (w *windows) takeOut(t *tree, k int, symbol uint32) {
	code, depth := t.code[symbol], t.depth[symbol]
	node := int32(0)
	for range depth {
		if int(node) >= len(w.taken) {
			return
		}
		bit := code >> 63
		code <<= 1
		w.taken[node][k][bit]--
		node = t.child[2*node+int32(bit)]
	}
}

// predict sets two stretched opinions on a node for each window.
func (w *windows) predict(node int32, x []int32) {
	var c taken
	if int(node) < len(w.taken) {
		c = w.taken[node]
	}
	for k := range w.each {
		x[2*k], x[2*k+1] = w.each[k].predict(c[k])
	}
}

func (w *windows) update(node int32, bit uint32) {
	for k := range w.each {
		if e := &w.each[k]; e.at >= 0 {
			adapt(&e.maps[e.at], bit, windowLimit)
		}
	}
	if int(node) < len(w.taken) {
		t := &w.taken[node]
		for k := range w.each {
			t[k][bit&1]++
		}
	}
}

// predict returns two stretched opinions by the counts of a node.
func (w *window) predict(c [2]uint16) (int32, int32) {
	w.at = -1
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
