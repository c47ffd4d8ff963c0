package foretell

import (
	"fmt"
	"io"

	"github.com/foretell/foretell/internal/container"
	"github.com/foretell/foretell/tokens"
)

func (w *Writer) addMember(info tokens.Info, data io.Reader) error {
	if data == nil {
		return fmt.Errorf("member %q comes without Data", info.Name)
	}
	m, err := w.beginMember(info)
	if err != nil {
		return err
	}
	if err := w.feed(m, data); err != nil {
		return err
	}
	if total := info.Len(); m.done < total {
		return fmt.Errorf("member %q has %d of %d elements: %w", info.Name, m.done, total, io.ErrUnexpectedEOF)
	}
	if err := atEnd(data); err != nil {
		return fmt.Errorf("member %q, behind its %d elements: %w", info.Name, m.done, err)
	}
	return w.endMember(m)
}

// A memberState is a member that is being written.
type memberState struct {
	info tokens.Info
	done int64 // elements
}

func (w *Writer) beginMember(info tokens.Info) (*memberState, error) {
	if err := info.Validate(); err != nil {
		return nil, fmt.Errorf("member %q: %w", info.Name, err)
	}
	if err := w.names.add("member", info.Name); err != nil {
		return nil, err
	}
	total := info.Len()
	if !w.opts.Solid && (total < 0 || total > int64(w.shared()-w.block.tokens)) {
		if err := w.flushBlock(); err != nil {
			return nil, err
		}
	}
	w.member++
	e := memberEntry(w.member, &info, w.follows)
	if !w.fits(e) {
		e = memberEntry(w.member, &info, false)
	}
	if err := w.add(e); err != nil {
		return nil, err
	}
	w.follows = true
	return &memberState{info: info}, nil
}

// feed adds elements to a member: up to its length, if that is known, or the end of
// data.
func (w *Writer) feed(m *memberState, data io.Reader) error {
	size := m.info.Type.Size()
	total := m.info.Len()
	for ended := false; !ended && (m.done < total || total < 0); {
		b := w.block
		room := int64(w.opts.BlockTokens - b.tokens)
		if total >= 0 {
			room = min(room, total-m.done)
		}
		if err := w.opts.Context.Err(); err != nil {
			return err
		}
		n, err := b.fill(data, int(room)*size)
		if err != nil && err != io.EOF {
			return err
		}
		if n%size != 0 {
			return fmt.Errorf("member %q ends within an element: %w", m.info.Name, io.ErrUnexpectedEOF)
		}
		if n > 0 {
			w.content(b.raw[len(b.raw)-n:])
			b.extend(w.member, m.done, n/size, &m.info)
			m.done += int64(n / size)
		}
		ended = err == io.EOF
		if b.tokens == w.opts.BlockTokens || len(b.spans) == container.MaxSpans {
			if err := w.flushBlock(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *Writer) endMember(m *memberState) error {
	if !w.opts.Solid && w.block.tokens >= w.shared() || m.info.Open() {
		if err := w.flushBlock(); err != nil {
			return err
		}
	}
	if !m.info.Open() {
		return nil
	}
	row := int64(1)
	for _, n := range m.info.Shape[1:] {
		row *= int64(n)
	}
	if row == 0 || m.done%row != 0 {
		return fmt.Errorf("member %q: %d elements do not fill rows of %d", m.info.Name, m.done, row)
	}
	return w.add(endEntry(int(m.done / row)))
}
