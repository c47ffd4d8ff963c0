package tokenizer

import (
	"sync"
	"unicode/utf8"
)

// none is no symbol.
const none = 1<<32 - 1

// A worker is the working space to cut a word: its symbols as a doubly linked list, and
// a heap of the pairs that may be merged.
type worker struct {
	nodes []node
	heap  []candidate
}

type node struct {
	symbol     uint32 // none if it is merged with the one before
	prev, next int32  // -1 and len(nodes) at the ends
}

// A candidate is a pair of neighbours that was there when it was put into the heap.
type candidate struct {
	order uint64 // rank, then place
	pair
	token uint32
}

var workers = sync.Pool{New: func() any { return new(worker) }}

// Encode appends the symbols of text to dst: tokens, and Size plus the byte for each
// byte that no token has. Their bytes, one after another, are text.
func (t *Tokenizer) Encode(dst []uint32, text []byte) []uint32 {
	dst, _ = t.EncodePart(dst, text, len(text))
	return dst
}

// EncodePart appends the symbols of the words at the front of text, at least enough bytes
// of it or all, as Encode does, and returns how many bytes they have: the symbols of
// parts are those of the whole.
func (t *Tokenizer) EncodePart(dst []uint32, text []byte, enough int) ([]uint32, int) {
	w := workers.Get().(*worker)
	defer workers.Put(w)
	done := 0
	for done < min(enough, len(text)) {
		rest := text[done:]
		n := t.split(rest[:min(len(rest), maxWord)])
		dst = t.word(dst, w, rest[:n])
		done += n
	}
	return dst, done
}

// word appends the symbols of a word.
func (t *Tokenizer) word(dst []uint32, w *worker, text []byte) []uint32 {
	if t.whole {
		if id, ok := t.ids[string(text)]; ok {
			return append(dst, id)
		}
	}
	w.nodes, w.heap = w.nodes[:0], w.heap[:0]
	for i := 0; i < len(text); {
		if t.runes && text[i] >= utf8.RuneSelf {
			_, n := utf8.DecodeRune(text[i:])
			if id, ok := t.ids[string(text[i:i+n])]; ok {
				w.add(id)
				i += n
				continue
			}
		}
		w.add(t.single[text[i]])
		i++
	}
	for i := 1; i < len(w.nodes); i++ {
		t.offer(w, int32(i-1), int32(i))
	}
	for len(w.heap) > 0 {
		c := w.pop()
		i := int32(c.order & (1<<32 - 1))
		left := &w.nodes[i]
		if left.symbol != c.left || int(left.next) == len(w.nodes) || w.nodes[left.next].symbol != c.right {
			continue
		}
		right := &w.nodes[left.next]
		left.symbol, right.symbol = c.token, none
		left.next = right.next
		if int(left.next) < len(w.nodes) {
			w.nodes[left.next].prev = i
			t.offer(w, i, left.next)
		}
		if left.prev >= 0 {
			t.offer(w, left.prev, i)
		}
	}
	for i := 0; i < len(w.nodes); i = int(w.nodes[i].next) {
		dst = append(dst, w.nodes[i].symbol)
	}
	return dst
}

func (w *worker) add(symbol uint32) {
	n := int32(len(w.nodes))
	w.nodes = append(w.nodes, node{symbol, n - 1, n + 1})
}

// offer puts a pair of neighbours into the heap, if it may be merged.
func (t *Tokenizer) offer(w *worker, left, right int32) {
	p := pair{w.nodes[left].symbol, w.nodes[right].symbol}
	if m, ok := t.pairs[p]; ok {
		w.push(candidate{uint64(m.rank)<<32 | uint64(left), p, m.token})
	}
}

func (w *worker) push(c candidate) {
	h := append(w.heap, c)
	i := len(h) - 1
	for i > 0 {
		up := (i - 1) / 2
		if h[up].order <= c.order {
			break
		}
		h[i] = h[up]
		i = up
	}
	h[i] = c
	w.heap = h
}

func (w *worker) pop() candidate {
	h := w.heap
	top, c := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	w.heap = h
	i := 0
	for {
		down := 2*i + 1
		if down >= len(h) {
			break
		}
		if down+1 < len(h) && h[down+1].order < h[down].order {
			down++
		}
		if h[down].order >= c.order {
			break
		}
		h[i] = h[down]
		i = down
	}
	if len(h) > 0 {
		h[i] = c
	}
	return top
}
