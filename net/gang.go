package net

import "sync"

// A gang shares the parts of a piece of work among goroutines, which live from
// start to stop. A gang of one has none.
type gang struct {
	parts int
	work  []chan func(part, parts int)
	run   []func()
	wait  sync.WaitGroup
}

// newGang returns a gang for that many parts.
func newGang(parts int) *gang {
	g := &gang{parts: parts}
	for part := 1; part < parts; part++ {
		c := make(chan func(part, parts int), 1)
		g.work = append(g.work, c)
		g.run = append(g.run, func() {
			for {
				f := <-c
				if f != nil {
					f(part, parts)
				}
				g.wait.Done()
				if f == nil {
					return
				}
			}
		})
	}
	return g
}

// start starts the goroutines.
func (g *gang) start() {
	for _, f := range g.run {
		go f()
	}
}

// do calls f for every part and returns when all are done.
func (g *gang) do(f func(part, parts int)) {
	g.wait.Add(len(g.work))
	for _, c := range g.work {
		c <- f
	}
	if f != nil {
		f(0, g.parts)
	}
	g.wait.Wait()
}

// stop ends the goroutines.
func (g *gang) stop() { g.do(nil) }

// share returns the range of n things that is a part's, in multiples of unit.
func share(n, unit, part, parts int) (from, to int) {
	units := (n + unit - 1) / unit
	return min(units*part/parts*unit, n), min(units*(part+1)/parts*unit, n)
}
