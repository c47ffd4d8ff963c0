package main

import "math"

const (
	classes  = 256
	exchange = 300 // how often a token occurs that is moved until all are where they do most good
	settle   = 12  // and one that is moved before the rest is
	passes   = 6
)

// A clustering has classes of tokens such that neighbouring classes tell much of each other.
type clustering struct {
	*corpus
	class       []int32 // of each token; -1: none yet
	n           []int32 // how often a class stands after another
	left, right []int32 // sums of rows and columns
}

// cluster finds a class for each token.
func (c *corpus) cluster() *clustering {
	g := &clustering{
		corpus: c, class: make([]int32, len(c.count)),
		n: make([]int32, classes*classes), left: make([]int32, classes), right: make([]int32, classes),
	}
	for t := range g.class {
		g.class[t] = -1
	}
	order := c.common(exchange)
	for i, t := range order {
		g.class[t] = int32(i % classes)
	}
	for _, s := range order {
		for _, b := range append(c.next[s], bigram{s, c.self[s]}) {
			if d := g.class[b.token]; d >= 0 {
				g.n[g.class[s]*classes+d] += b.count
				g.left[g.class[s]] += b.count
				g.right[d] += b.count
			}
		}
	}
	for range passes {
		if moved := g.pass(order); moved*100 < len(order) {
			break
		}
	}
	g.pass(c.common(settle))
	var rest []int32
	for t, d := range g.class {
		if d < 0 {
			rest = append(rest, int32(t))
		}
	}
	g.pass(rest)
	return g
}

// pass puts each of some tokens where it does most good, and returns how many moved.
func (g *clustering) pass(order []int32) (moved int) {
	after, before := sums{count: make([]int32, classes)}, sums{count: make([]int32, classes)}
	for _, t := range order {
		after.collect(g.next[t], g.class)
		before.collect(g.prev[t], g.class)
		old := g.class[t]
		if old >= 0 {
			g.add(old, g.self[t], &after, &before, -1)
		}
		at := g.best(g.self[t], &after, &before)
		g.add(at, g.self[t], &after, &before, 1)
		if at != old {
			g.class[t] = at
			moved++
		}
	}
	return moved
}

// sums holds how often a token stands next to each class.
type sums struct {
	count []int32
	used  []int32 // classes with a count
	total int32
}

func (s *sums) collect(list []bigram, class []int32) {
	for _, c := range s.used {
		s.count[c] = 0
	}
	s.used, s.total = s.used[:0], 0
	for _, b := range list {
		c := class[b.token]
		if c < 0 {
			continue
		}
		if s.count[c] == 0 {
			s.used = append(s.used, c)
		}
		s.count[c] += b.count
		s.total += b.count
	}
}

// add puts a token's counts into a class (sign 1) or takes them out (-1).
func (g *clustering) add(a, self int32, after, before *sums, sign int32) {
	for _, b := range after.used {
		g.n[a*classes+b] += sign * after.count[b]
		g.right[b] += sign * after.count[b]
	}
	for _, b := range before.used {
		g.n[b*classes+a] += sign * before.count[b]
		g.left[b] += sign * before.count[b]
	}
	g.n[a*(classes+1)] += sign * self
	g.left[a] += sign * (after.total + self)
	g.right[a] += sign * (before.total + self)
}

// best returns the class in which a token raises the information most.
func (g *clustering) best(self int32, after, before *sums) int32 {
	var gain [classes]float64
	for a := range int32(classes) {
		row := g.n[a*classes:][:classes]
		sum := 0.0
		for _, b := range after.used {
			if b != a {
				sum += h(row[b]+after.count[b]) - h(row[b])
			}
		}
		sum += h(row[a]+after.count[a]+before.count[a]+self) - h(row[a])
		sum -= h(g.left[a]+after.total+self) - h(g.left[a])
		sum -= h(g.right[a]+before.total+self) - h(g.right[a])
		gain[a] = sum
	}
	for _, b := range before.used {
		n := before.count[b]
		for a, x := range g.n[b*classes:][:classes] {
			if int32(a) != b {
				gain[a] += h(x+n) - h(x)
			}
		}
	}
	at := 0
	for a := range gain {
		if gain[a] > gain[at] {
			at = a
		}
	}
	return int32(at)
}

// logs holds h of small numbers.
var logs = func() []float32 {
	t := make([]float32, 1<<18)
	for n := 2; n < len(t); n++ {
		t[n] = float32(float64(n) * math.Log2(float64(n)))
	}
	return t
}()

// h returns n log2 n.
func h(n int32) float64 {
	if int(n) < len(logs) {
		return float64(logs[n])
	}
	return float64(n) * math.Log2(float64(n))
}
