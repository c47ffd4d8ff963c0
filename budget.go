package foretell

import (
	"fmt"
	"sync"

	"github.com/foretell/foretell/internal/fault"
)

// A budget holds back work while what is under way takes too much memory. One
// goroutine takes, in the order in which its jobs are done with, so that it never
// waits for itself.
type budget struct {
	mu    sync.Mutex
	freed sync.Cond
	all   int64 // the limit
	left  int64
	busy  int // jobs under way, which give their memory back without more being taken
}

// reserve is the part of a limit that is for what is kept for reuse, beside what
// a budget counts.
const reserve = 8

// limitFor returns the least limit under which n bytes may be taken.
func limitFor(n int64) int64 {
	return n + (n-1)/(reserve-1)
}

func newBudget(limit int64) *budget {
	b := &budget{all: limit, left: limit - limit/reserve}
	b.freed.L = &b.mu
	return b
}

// Take waits until n bytes are left, or returns an error if they are not with
// nothing under way.
func (b *budget) Take(n int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.left < n && b.busy > 0 {
		b.freed.Wait()
	}
	if b.left < n {
		taken := b.all - b.all/reserve - b.left
		return fmt.Errorf("%w: decoding needs a limit of %d bytes of memory, more than the %d bytes allowed", fault.ErrLimit, limitFor(taken+n), b.all)
	}
	b.left -= n
	return nil
}

// hold takes n bytes for a job that is under way from now on. It waits until they
// are left, or nothing else is under way: what has a bound of its own is not refused,
// but there is no more than one that the limit does not hold.
func (b *budget) hold(n int64) {
	b.mu.Lock()
	for b.left < n && b.busy > 0 {
		b.freed.Wait()
	}
	b.left -= n
	b.busy++
	b.mu.Unlock()
}

// Give gives back n bytes.
func (b *budget) Give(n int64) {
	b.mu.Lock()
	b.left += n
	b.freed.Broadcast()
	b.mu.Unlock()
}

// start says that a job is under way.
func (b *budget) start() {
	b.mu.Lock()
	b.busy++
	b.mu.Unlock()
}

// finish ends a job and gives back its last n bytes.
func (b *budget) finish(n int64) {
	b.mu.Lock()
	b.busy--
	b.left += n
	b.freed.Broadcast()
	b.mu.Unlock()
}
