package mix

import (
	"fmt"
	"io"

	"github.com/foretell/foretell/internal/fault"
)

// Need returns how many bytes decoding the body src takes beside the body and the
// symbols, for count symbols below size. It reads no more than the start of src and of
// its parts, and takes no memory to speak of.
func (c *Codec) Need(size, count int, src []byte) (int64, error) {
	if size < 1 || size > MaxSize {
		return 0, fmt.Errorf("%w: the mix model takes 1 to %d symbols, not %d", fault.ErrCorrupt, MaxSize, size)
	}
	if len(src) == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	if src[0] == formParts {
		return c.needParts(size, count, src[1:])
	}
	if src[0] != formMixed {
		return 0, nil
	}
	s, _, err := parseSetup(src[1:])
	if err == nil {
		err = s.takes(size)
	}
	if err != nil {
		return 0, err
	}
	var p *blueprint
	switch {
	case s.learned != treePrior:
		p, err = s.draw(size, maxClasses, count)
	case c.config.Prior == nil:
		err = fmt.Errorf("%w: the block needs a prior", fault.ErrModel)
	default:
		p, err = c.config.Prior.plan(count)
	}
	if err != nil {
		return 0, err
	}
	return p.bytes() + s.treeBytes(size), nil
}

// needParts returns what the greatest part of a body takes, and the symbols of the
// parts.
func (c *Codec) needParts(size, count int, src []byte) (int64, error) {
	parts, _, err := parseParts(size, src)
	most := int64(0)
	for p := range parts {
		n, err := c.Need(parts[p].Size, count, parts[p].body)
		if err != nil {
			return 0, err
		}
		most = max(most, n)
	}
	return most + 4*int64(count) + smallThings, err
}
