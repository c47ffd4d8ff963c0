package foretell

import (
	"fmt"
	"io"

	"github.com/foretell/foretell/internal/container"
	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/tokens"
)

// memberData is the Data of a member.
type memberData struct {
	r    *Reader
	info tokens.Info
	done int64 // bytes handed out
	left int64 // bytes that must follow; below 0 if unknown
	zero int64 // of them, lost ones to be given as zeros
	err  error
}

func (d *memberData) Read(p []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	n, err := d.read(p)
	if err == nil {
		err = d.r.content(p[:n])
	}
	d.done += int64(n)
	if d.left > 0 {
		d.left -= int64(n)
	}
	d.err = err
	return n, err
}

func (d *memberData) read(p []byte) (int, error) {
	r := d.r
	for d.zero == 0 {
		if d.left == 0 {
			return 0, io.EOF
		}
		if r.spans != nil {
			ok, err := d.atSpan()
			if err != nil {
				return 0, err
			}
			if ok {
				n := copy(p, r.raw)
				r.raw = r.raw[n:]
				if len(r.raw) == 0 {
					r.nextSpan()
				}
				return n, nil
			}
			continue
		}
		if d.left < 0 && len(r.queue) > 0 {
			return 0, d.end()
		}
		if err := r.pull(); err == io.EOF {
			if !r.lost {
				return 0, errLacks
			}
			if d.left < 0 {
				return 0, io.EOF // how much is lost with the end is not known
			}
			d.zero = d.left
			break
		} else if err != nil {
			return 0, err
		}
	}
	n := min(int64(len(p)), d.zero)
	clear(p[:n])
	d.zero -= n
	return int(n), nil
}

var errLacks = fmt.Errorf("%w: a member lacks tokens", fault.ErrCorrupt)

// atSpan reports whether the block's current span goes on where the member
// stands. After damage it fills gaps with zeros or drops what cannot be placed.
func (d *memberData) atSpan() (bool, error) {
	r := d.r
	s := r.spans.block.spans[r.at]
	size := int64(d.info.Type.Size())
	inside := s.First*size + int64(len(r.spans.block.span(r.at))-len(r.raw))
	if s.Member == r.member && inside == d.done && (d.left < 0 || int64(len(r.raw)) <= d.left) {
		return true, nil
	}
	if !r.lost {
		if err := r.damage(fmt.Errorf("%w: a block holds other tokens than come next", fault.ErrCorrupt)); err != nil {
			return false, err
		}
	}
	switch {
	case s.Member == r.member && inside > d.done && (d.left < 0 || inside-d.done <= d.left):
		d.zero = inside - d.done
	case s.Member > r.member && d.left > 0:
		d.zero = d.left
	default:
		r.nextSpan()
	}
	return false, nil
}

// end closes a member of open length at the entry that tells it.
func (d *memberData) end() error {
	r := d.r
	if r.queue[0].Kind != container.EntryEnd {
		if r.lost {
			return io.EOF // its length is lost
		}
		return fmt.Errorf("%w: a member does not end", fault.ErrCorrupt)
	}
	length, err := parseEnd(r.queue[0].Data)
	if err != nil {
		return err
	}
	closed := d.info
	closed.Shape = append([]int{length}, closed.Shape[1:]...)
	total := closed.Len() * int64(closed.Type.Size())
	r.take()
	switch {
	case closed.Validate() != nil || total < d.done || total > d.done && !r.lost:
		return fmt.Errorf("%w: a member has another length than it says", fault.ErrCorrupt)
	}
	d.left = total - d.done
	d.zero = d.left
	if d.left == 0 {
		return io.EOF
	}
	return nil
}
