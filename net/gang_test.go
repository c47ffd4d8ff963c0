package net

import (
	"sync/atomic"
	"testing"
	"time"
)

// TestGang has every part done once, by goroutines that look and by ones that sleep.
func TestGang(t *testing.T) {
	for _, parts := range []int{1, 2, 7} {
		g := newGang(parts)
		for range 2 {
			g.start()
			for turn := range 300 {
				done := make([]atomic.Int32, parts)
				if turn%100 == 1 {
					time.Sleep(time.Millisecond)
				}
				g.do(func(part, parts int) {
					if turn%100 == 2 && part == parts-1 {
						time.Sleep(time.Millisecond)
					}
					done[part].Add(1)
				})
				for part := range done {
					if n := done[part].Load(); n != 1 {
						t.Fatalf("part %d of %d was done %d times", part, parts, n)
					}
				}
			}
			g.stop()
		}
	}
}
