package neural

import (
	"fmt"

	"github.com/foretell/foretell/internal/fault"
)

// cut returns the tokens of text, and makes sure that they are it.
func (c *Codec) cut(text []uint32) ([]uint32, error) {
	b := make([]byte, len(text))
	for i, x := range text {
		b[i] = byte(x)
	}
	c.tokens = c.model.text.Encode(c.tokens[:0], b)
	for _, s := range c.tokens {
		part := c.model.text.Bytes(s)
		if len(part) > len(b) || string(b[:len(part)]) != part || part == "" {
			return nil, fmt.Errorf("%w: the tokenizer of the model loses text", fault.ErrUnsupported)
		}
		b = b[len(part):]
	}
	if len(b) > 0 {
		return nil, fmt.Errorf("%w: the tokenizer of the model loses text", fault.ErrUnsupported)
	}
	return c.tokens, nil
}

// join turns tokens into the bytes of a text.
func (c *Codec) join(text []uint32, tokens []uint32) error {
	n := 0
	for _, s := range tokens {
		part := c.model.text.Bytes(s)
		if part == "" || len(part) > len(text)-n {
			return fmt.Errorf("%w: the tokens are not the bytes of the block", fault.ErrCorrupt)
		}
		for i := range len(part) {
			text[n+i] = uint32(part[i])
		}
		n += len(part)
	}
	if n < len(text) {
		return fmt.Errorf("%w: the tokens are not the bytes of the block", fault.ErrCorrupt)
	}
	return nil
}
