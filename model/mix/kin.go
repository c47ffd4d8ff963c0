package mix

import "slices"

// Coarse classes of symbols from few tokens: two symbols are alike if the same
// tokens stand near them, each kind of place near them counting on its own. What
// is raised is the sum of h(N(c, f)) less the sum of h(N(c, *)), with N(c, f) the
// count of feature f, a token at a kind of place, near symbols of class c.

const (
	kinClasses = 9  // class 0, of symbols that are not listed, included
	kinLeast   = 12 // least count of a listed symbol
	kinPasses  = 10
)

// learnKin returns classes of the symbols of one column. near holds, for each
// token, symbol*features + feature of each of its neighbours.
func learnKin(size, features int, near pairs, count []int32, on *pulse) *book {
	order := common(count, kinLeast)
	k := &kin{features: features, class: make([]int32, size), lists: make([][]bigram, size), n: make([]int32, 2*kinClasses*features), total: make([]int32, 2*kinClasses)}
	if near.sort(on); on.err != nil {
		return nil
	}
	for i := 0; i < len(near); {
		end := i
		for end < len(near) && near[end] == near[i] {
			end++
		}
		s, f := near[i]/uint64(features), near[i]%uint64(features)
		k.lists[s] = append(k.lists[s], bigram{int32(f), int32(end - i)})
		i = end
	}
	for i, s := range order {
		k.class[s] = int32(1 + i%(kinClasses-1))
	}
	for s := range k.lists {
		k.add(int(k.class[s]), uint32(s), 1)
	}
	for range kinPasses {
		moved := 0
		for i, s := range order {
			if i%pulseEvery == 0 && on.stops() {
				return nil
			}
			old := int(k.class[s])
			k.add(old, s, -1)
			best, at := int64(-1<<62), old
			for c := 1; c < kinClasses; c++ {
				if g := k.gain(c, s); g > best {
					best, at = g, c
				}
			}
			k.add(at, s, 1)
			if at != old {
				k.class[s] = int32(at)
				moved++
			}
		}
		if moved*100 < len(order) {
			break
		}
	}
	b := &book{class: make([]uint16, size), scale: make([]uint8, size), count: kinClasses}
	number := b.shape(k.join(), kinClasses)
	for _, s := range order {
		b.class[s] = number[k.class[s]]
	}
	return b
}

type kin struct {
	features int
	class    []int32
	lists    [][]bigram // of each symbol, its features
	n        []int32    // classes x features
	total    []int32
}

func (k *kin) add(c int, s uint32, sign int32) {
	row := k.n[c*k.features:][:k.features]
	for _, f := range k.lists[s] {
		row[f.symbol] += sign * f.count
		k.total[c] += sign * f.count
	}
}

func (k *kin) gain(c int, s uint32) int64 {
	row := k.n[c*k.features:][:k.features]
	gain, total := int64(0), int32(0)
	for _, f := range k.lists[s] {
		n := row[f.symbol]
		gain += h(n+f.count) - h(n)
		total += f.count
	}
	return gain - h(k.total[c]+total) + h(k.total[c])
}

// join returns the merges that turn the classes into one tree.
func (k *kin) join() []merge {
	var active []int
	for c := range kinClasses {
		active = append(active, c)
	}
	var merges []merge
	for next := kinClasses; len(active) > 1; next++ {
		best, ba, bb := int64(1<<62), 0, 0
		for i, a := range active {
			for _, b := range active[i+1:] {
				if l := k.loss(a, b); l < best {
					best, ba, bb = l, a, b
				}
			}
		}
		merges = append(merges, merge{int32(ba), int32(bb)})
		for f := range k.features {
			k.n[next*k.features+f] = k.n[ba*k.features+f] + k.n[bb*k.features+f]
		}
		k.total[next] = k.total[ba] + k.total[bb]
		active = slices.DeleteFunc(active, func(x int) bool { return x == ba || x == bb })
		active = append(active, next)
	}
	return merges
}

// loss returns what joining two classes loses.
func (k *kin) loss(a, b int) int64 {
	l := h(k.total[a]+k.total[b]) - h(k.total[a]) - h(k.total[b])
	p, q := k.n[a*k.features:][:k.features], k.n[b*k.features:][:k.features]
	for f, n := range p {
		if m := q[f]; n != 0 && m != 0 {
			l += h(n) + h(m) - h(n+m)
		}
	}
	return l
}
