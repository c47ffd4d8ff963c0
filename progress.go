package foretell

import "sync/atomic"

// A tally counts bytes of content that have been coded, those within blocks that are
// under way included, and tells its owner. It may be used by several goroutines.
type tally struct {
	done atomic.Int64
	tell func(done int64)
}

// newTally returns a tally for what options ask to be told, nil if nothing.
func newTally(tell func(done int64)) *tally {
	if tell == nil {
		return nil
	}
	return &tally{tell: tell}
}

// add counts n bytes more, or fewer where a block has failed.
func (t *tally) add(n int64) {
	if t != nil && n != 0 {
		t.tell(t.done.Add(n))
	}
}

// begin makes the bytes of a block those that progress speaks of.
func (c *blockCoder) begin(b *rawBlock) { c.size, c.told = b.size, 0 }

// progress says how far a codec is with the block at hand, and asks whether to go on.
// A block that is gone over again counts from where it had come to before.
func (c *blockCoder) progress(done, all int) error {
	if now := int64(float64(c.size) * float64(done) / float64(max(all, 1))); now > c.told {
		c.tally.add(now - c.told)
		c.told = now
	}
	return c.stop()
}

// finish counts what is left of the block at hand, or takes it back if it has failed.
func (c *blockCoder) finish(err error) {
	if err != nil {
		c.tally.add(-c.told)
	} else {
		c.tally.add(int64(c.size) - c.told)
	}
}
