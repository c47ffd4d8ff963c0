package net

import (
	"runtime"
	"sync/atomic"
)

// A gang shares the parts of a piece of work among goroutines, which live from
// start to stop. A gang of one has none.
//
// A step of a network has hundreds of pieces of some ten microseconds, and to wake a
// goroutine takes as long as one. So those that wait for the next piece, or for the
// others to be done, look for it for a while before they sleep.
type gang struct {
	parts int
	piece func(part, parts int)
	begun []bell // of each goroutine: there is a piece
	left  atomic.Int32
	done  bell // all others are done
	run   []func()
}

// newGang returns a gang for that many parts.
func newGang(parts int) *gang {
	g := &gang{parts: parts, begun: make([]bell, parts-1), done: newBell()}
	for i := range g.begun {
		begun := &g.begun[i]
		*begun = newBell()
		g.run = append(g.run, func() {
			for {
				begun.wait()
				piece := g.piece
				if piece != nil {
					piece(i+1, parts)
				}
				if g.left.Add(-1) == 0 {
					g.done.ring()
				}
				if piece == nil {
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
	if g.parts > 1 {
		g.piece = f
		g.left.Store(int32(g.parts - 1))
		for i := range g.begun {
			g.begun[i].ring()
		}
		defer g.done.wait()
	}
	if f != nil {
		f(0, g.parts)
	}
}

// stop ends the goroutines.
func (g *gang) stop() { g.do(nil) }

// A bell is rung by one goroutine for another that waits, in turns.
type bell struct {
	state atomic.Uint32
	wake  chan struct{}
}

// States of a bell: silent, rung, and silent while the other goroutine sleeps.
const (
	silent = iota
	rung
	asleep
)

func newBell() bell { return bell{wake: make(chan struct{}, 1)} }

// ring lets the other goroutine go on.
func (b *bell) ring() {
	if b.state.Swap(rung) == asleep {
		b.wake <- struct{}{}
	}
}

// A goroutine looks at a bell looks times in a row and then lets others run, as often as
// rounds says before it sleeps: some 20 microseconds in all.
const (
	rounds = 64
	looks  = 256
)

// wait returns when the bell has rung, and silences it.
func (b *bell) wait() {
	for range rounds {
		for range looks {
			if b.state.Load() == rung {
				b.state.Store(silent)
				return
			}
		}
		runtime.Gosched()
	}
	if b.state.CompareAndSwap(silent, asleep) {
		<-b.wake
	}
	b.state.Store(silent)
}

// share returns the range of n things that is a part's, in multiples of unit.
func share(n, unit, part, parts int) (from, to int) {
	units := (n + unit - 1) / unit
	return min(units*part/parts*unit, n), min(units*(part+1)/parts*unit, n)
}
