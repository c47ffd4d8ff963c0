package mix

import (
	"cmp"
	"math/bits"
	"slices"
)

// Classes of symbols by what comes before and after them: the exchange method
// (Martin, Liermann, Ney, Algorithms for bigram and trigram word clustering,
// 1998) moves symbols between classes while that raises the mutual information
// of neighbouring classes; then classes are joined, those first that lose least
// of it (Brown et al., Class-based n-gram models of natural language, 1992),
// which gives a tree over the classes.
//
// With N(a, b) the count of class b after class a, what is raised is the sum of
// h(N(a, b)) less the sums of h(N(a, *)) and h(N(*, b)), where h(n) = n log2 n.

const (
	exchangePasses = 12
	entropyBits    = 16 // after the point of h
	tabulated      = 1 << 16
	classCost      = 2 // what a bit of the class of a symbol counts, which has to be stored
)

// entropyTable holds h below tabulated.
var entropyTable []int64

func makeEntropies() {
	entropyTable = make([]int64, tabulated+1)
	for n := 2; n <= tabulated; n++ {
		entropyTable[n] = int64(n) * int64(log2(uint64(n)))
	}
}

// h returns n log2 n.
func h(n int32) int64 {
	if n <= tabulated {
		return entropyTable[n]
	}
	// n = m * 2^k with m tabulated, and a remainder that is spread evenly.
	k := bits.Len32(uint32(n)) - 16
	m := n >> k
	low := entropyTable[m] + int64(m)*int64(k)<<entropyBits
	high := entropyTable[m+1] + int64(m+1)*int64(k)<<entropyBits
	return low<<k + (high-low)*int64(n-m<<k)
}

// A bigram is a symbol that stands next to another, and how often.
type bigram struct {
	symbol, count int32
}

// A clustering assigns classes to symbols. Class 0 is for those that are too rare
// to be moved.
type clustering struct {
	classes     int
	class       []int32
	members     []int      // symbols of each class
	worth       []int64    // of a class of so many symbols, for being cheaper to store
	next, prev  [][]bigram // of each symbol, without itself
	self        []int32
	n           []int32 // classes x classes
	left, right []int32 // sums of rows and columns
}

func newClustering(size, classes int, p pairs, on *pulse) *clustering {
	c := &clustering{
		classes: classes, class: make([]int32, size),
		next: make([][]bigram, size), prev: make([][]bigram, size), self: make([]int32, size),
	}
	if p.sort(on); on.err != nil {
		return c
	}
	for k := 0; k < len(p); {
		end := k
		for end < len(p) && p[end] == p[k] {
			end++
		}
		a, b := p[k]/uint64(size), p[k]%uint64(size)
		if count := int32(end - k); a == b {
			c.self[a] = count
		} else {
			c.next[a] = append(c.next[a], bigram{int32(b), count})
			c.prev[b] = append(c.prev[b], bigram{int32(a), count})
		}
		k = end
	}
	return c
}

// start puts the symbols of order, the commonest first, into classes 1 and up.
func (c *clustering) start(order []uint32) {
	c.members, c.worth = make([]int, c.classes), make([]int64, len(order)+1)
	for n := range c.worth {
		c.worth[n] = classCost * int64(log2(uint64(n+1)))
	}
	for i, s := range order {
		c.class[s] = int32(1 + i%(c.classes-1))
		c.members[c.class[s]]++
	}
	k := c.classes
	c.n, c.left, c.right = make([]int32, k*k), make([]int32, k), make([]int32, k)
	for s, list := range c.next {
		for _, b := range list {
			c.n[int(c.class[s])*k+int(c.class[b.symbol])] += b.count
		}
		c.n[int(c.class[s])*(k+1)] += c.self[s]
	}
	for a := range k {
		for b := range k {
			c.left[a] += c.n[a*k+b]
			c.right[b] += c.n[a*k+b]
		}
	}
}

// exchange moves each symbol of order to its best class, again and again.
func (c *clustering) exchange(order []uint32, on *pulse) {
	var after, before sums
	after.init(c.classes)
	before.init(c.classes)
	for range exchangePasses {
		moved := 0
		for i, s := range order {
			if i%pulseEvery == 0 && on.stops() {
				return
			}
			after.collect(c.next[s], c.class)
			before.collect(c.prev[s], c.class)
			old := c.class[s]
			c.members[old]--
			c.add(int(old), c.self[s], &after, &before, -1)
			best := c.best(c.self[s], &after, &before, int(old))
			c.add(best, c.self[s], &after, &before, 1)
			c.members[best]++
			if best != int(old) {
				c.class[s] = int32(best)
				moved++
			}
		}
		if moved*100 < len(order) {
			break
		}
	}
}

// sums holds how often a symbol stands next to each class.
type sums struct {
	count []int32
	used  []int32 // classes with a count
	total int32
}

func (s *sums) init(classes int) { s.count = make([]int32, classes) }

func (s *sums) collect(list []bigram, class []int32) {
	for _, c := range s.used {
		s.count[c] = 0
	}
	s.used, s.total = s.used[:0], 0
	for _, b := range list {
		c := class[b.symbol]
		if s.count[c] == 0 {
			s.used = append(s.used, c)
		}
		s.count[c] += b.count
		s.total += b.count
	}
}

// add puts a symbol's counts into class a (sign 1) or takes them out (-1).
func (c *clustering) add(a int, self int32, after, before *sums, sign int32) {
	k := c.classes
	for _, b := range after.used {
		c.n[a*k+int(b)] += sign * after.count[b]
		c.right[b] += sign * after.count[b]
	}
	for _, b := range before.used {
		c.n[int(b)*k+a] += sign * before.count[b]
		c.left[b] += sign * before.count[b]
	}
	c.n[a*(k+1)] += sign * self
	c.left[a] += sign * (after.total + self)
	c.right[a] += sign * (before.total + self)
}

// best returns the class, 1 or above, in which a symbol does most good. Classes that have
// many symbols are cheaper to store.
func (c *clustering) best(self int32, after, before *sums, old int) int {
	k := c.classes
	best, at := int64(-1<<62), old
	for a := 1; a < k; a++ {
		row := c.n[a*k : a*k+k]
		gain := int64(0)
		for _, b := range after.used {
			if int(b) != a {
				gain += h(row[b]+after.count[b]) - h(row[b])
			}
		}
		for _, b := range before.used {
			if int(b) != a {
				n := c.n[int(b)*k+a]
				gain += h(n+before.count[b]) - h(n)
			}
		}
		gain += h(row[a]+after.count[a]+before.count[a]+self) - h(row[a])
		gain -= h(c.left[a]+after.total+self) - h(c.left[a])
		gain -= h(c.right[a]+before.total+self) - h(c.right[a])
		gain += c.worth[c.members[a]]
		if gain > best {
			best, at = gain, a
		}
	}
	return at
}

// A merge joins two nodes, classes or earlier merges (numbered from the number of
// classes on), into one.
type merge [2]int32

// join returns the merges that turn the classes into one tree.
func (c *clustering) join(on *pulse) []merge {
	k := c.classes
	size := 2 * k
	n := make([]int32, size*size)
	left, right := make([]int32, size), make([]int32, size)
	active := make([]int, k)
	for a := range k {
		copy(n[a*size:], c.n[a*k:a*k+k])
		left[a], right[a] = c.left[a], c.right[a]
		active[a] = a
	}
	// part is what of the loss of joining a and b is about their relation to x.
	part := func(a, b, x int) int64 {
		p, q, r, s := n[a*size+x], n[b*size+x], n[x*size+a], n[x*size+b]
		return h(p) + h(q) - h(p+q) + h(r) + h(s) - h(r+s)
	}
	loss := func(a, b int) int64 {
		p, q, r, s := n[a*size+a], n[a*size+b], n[b*size+a], n[b*size+b]
		d := h(p) + h(q) + h(r) + h(s) - h(p+q+r+s)
		d -= h(left[a]) + h(left[b]) - h(left[a]+left[b])
		d -= h(right[a]) + h(right[b]) - h(right[a]+right[b])
		for _, x := range active {
			if x != a && x != b {
				d += part(a, b, x)
			}
		}
		return d
	}
	cost := make([]int64, size*size) // for a before b in active
	for i, a := range active {
		for _, b := range active[i+1:] {
			cost[a*size+b] = loss(a, b)
		}
	}
	var merges []merge
	for next := k; len(active) > 1 && !on.stops(); next++ {
		best, ba, bb := int64(1<<62), 0, 0
		for i, a := range active {
			for _, b := range active[i+1:] {
				if cost[a*size+b] < best {
					best, ba, bb = cost[a*size+b], a, b
				}
			}
		}
		merges = append(merges, merge{int32(ba), int32(bb)})
		active = slices.DeleteFunc(active, func(x int) bool { return x == ba || x == bb })
		for _, x := range active {
			n[next*size+x] = n[ba*size+x] + n[bb*size+x]
			n[x*size+next] = n[x*size+ba] + n[x*size+bb]
		}
		n[next*size+next] = n[ba*size+ba] + n[ba*size+bb] + n[bb*size+ba] + n[bb*size+bb]
		left[next], right[next] = left[ba]+left[bb], right[ba]+right[bb]
		for i, a := range active {
			for _, b := range active[i+1:] {
				cost[a*size+b] += part(a, b, next) - part(a, b, ba) - part(a, b, bb)
			}
		}
		active = append(active, next)
		for _, a := range active[:len(active)-1] {
			cost[a*size+next] = loss(a, next)
		}
	}
	return merges
}

// common returns the symbols that occur least times or more, the commonest first.
func common(count []int32, least int32) []uint32 {
	var order []uint32
	for s, n := range count {
		if n >= least {
			order = append(order, uint32(s))
		}
	}
	slices.SortFunc(order, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	return order
}
