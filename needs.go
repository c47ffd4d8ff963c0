package foretell

import (
	"encoding/hex"
	"fmt"
	"io"

	"github.com/foretell/foretell/internal/container"
	"github.com/foretell/foretell/internal/fault"
)

// A NeedKind says what a file needs from outside its blocks. The numbers are part
// of the format.
type NeedKind uint8

// What files can need.
const (
	NeedPrior     NeedKind = 1 // what Train made
	NeedModel     NeedKind = 2 // the caller's own model, an External
	NeedWeights   NeedKind = 3 // a network
	NeedTokenizer NeedKind = 4 // what turns text into a network's tokens
)

func (k NeedKind) String() string {
	switch k {
	case NeedPrior:
		return "prior"
	case NeedModel:
		return "own model"
	case NeedWeights:
		return "weights"
	case NeedTokenizer:
		return "tokenizer"
	}
	return fmt.Sprintf("need of kind %d", uint8(k))
}

// A Need is something that decoding a file takes besides the file's blocks, as its
// header names it.
type Need struct {
	Kind     NeedKind
	Name     string   // a hint where to find it, such as a file's name; "" if there is none
	Sum      [32]byte // its SHA-256, or of an own model its ID
	Size     int64    // its length in bytes, 0 if unknown
	Embedded bool     // the file carries it
}

// String names the need, its size and its hash.
func (n Need) String() string {
	s := n.Kind.String()
	if n.Name != "" {
		s += fmt.Sprintf(" %q", n.Name)
	}
	if n.Size > 0 {
		s += fmt.Sprintf(" of %d bytes", n.Size)
	}
	return s + " with the SHA-256 " + hex.EncodeToString(n.Sum[:])
}

// A NeedError says what a file needs that the reader does not have. It is an
// ErrModel.
type NeedError struct {
	Need Need
	Err  error // why not, nil if it was just not given
}

func (e *NeedError) Error() string {
	s := fmt.Sprintf("%v: the file needs the %v", fault.ErrModel, e.Need)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns ErrModel and the cause.
func (e *NeedError) Unwrap() []error {
	if e.Err == nil {
		return []error{fault.ErrModel}
	}
	return []error{fault.ErrModel, e.Err}
}

// needsOf returns what a header names.
func needsOf(h *container.Header) []Need {
	var needs []Need
	for i := range h.Needs {
		needs = append(needs, needOf(&h.Needs[i]))
	}
	return needs
}

func needOf(n *container.Need) Need {
	return Need{NeedKind(n.Kind), n.Name, n.Sum, int64(min(n.Size, 1<<62)), n.Embedded}
}

// content returns the content of a need of at most limit bytes: what the file
// carries, what was given, or what Resolve finds, in that order.
func (o *ReaderOptions) content(h *container.Need, given []byte, limit int64) ([]byte, error) {
	n := needOf(h)
	if h.Embedded {
		return h.Data, nil
	}
	if len(given) > 0 {
		return given, nil
	}
	if o.Resolve == nil {
		return nil, &NeedError{Need: n}
	}
	r, size, err := o.Resolve(n)
	if err != nil {
		return nil, &NeedError{Need: n, Err: err}
	}
	if c, ok := r.(io.Closer); ok {
		defer c.Close()
	}
	if size > limit {
		return nil, fmt.Errorf("%w: the %v takes more than the %d bytes allowed", fault.ErrLimit, n, limit)
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(r, 0, size), data); err != nil {
		return nil, &NeedError{Need: n, Err: err}
	}
	return data, nil
}
