package container

import (
	"fmt"
	"io"

	"github.com/foretell/foretell/internal/fault"
)

// A Budget counts the memory that the payloads of blocks take. Take waits until
// n bytes are left, or returns an error that wraps fault.ErrLimit if they never
// will be. Whoever is handed a payload gives its bytes back.
type Budget interface {
	Take(n int64) error
	Give(n int64)
}

// unlimited is the budget of what is bounded otherwise.
type unlimited struct{}

func (unlimited) Take(int64) error { return nil }
func (unlimited) Give(int64)       {}

// Size returns the bytes of the payload, with those of the block it leans on.
func (d *BlockData) Size() int64 { return int64(len(d.Params) + len(d.Base) + len(d.Body)) }

// payload reads n bytes, allocating as they come, so that a header that lies
// costs no memory: a buffer that is full is followed by one of four times its
// size, up to n. With an error it returns what it has read, which is not counted.
func (r *Reader) payload(n uint64, mem Budget) ([]byte, error) {
	if n > uint64(r.limits.Memory) {
		return nil, fmt.Errorf("%w: a record of %d bytes", fault.ErrLimit, n)
	}
	const step = 1 << 20
	shift := 0
	for n>>shift > step {
		shift += 2
	}
	// The last buffer stands beside the one before it.
	most := int64(n)
	if shift > 0 {
		most += int64(n >> 2)
	}
	if err := mem.Take(most); err != nil {
		return nil, err
	}
	buf := make([]byte, n>>shift)
	have := 0
	for {
		got, err := r.full(buf[have:])
		if err != nil {
			mem.Give(most)
			return buf[:have+got], err
		}
		if shift == 0 {
			mem.Give(most - int64(n))
			return buf, nil
		}
		shift -= 2
		have = len(buf)
		next := make([]byte, n>>shift)
		copy(next, buf)
		buf = next
	}
}

// full reads all of b.
func (r *Reader) full(b []byte) (int, error) {
	n, err := io.ReadFull(counter{r}, b)
	return n, unexpected(err)
}
