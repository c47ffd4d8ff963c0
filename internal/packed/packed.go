// Package packed opens tars under zstd, xz and bzip2 for programs that read whatever
// people have. It stands apart from tokens to keep what that imports small.
package packed

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/tokens"
	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
)

// maxWindow bounds the memory that decompression takes. It is what zstd allows
// unless told, and twice what xz -9 needs.
const maxWindow = 128 << 20

// All returns the decompressors for zstd, xz and bzip2. Their readers' errors wrap
// fault.ErrCorrupt, fault.ErrLimit, fault.ErrUnsupported or io.ErrUnexpectedEOF where
// they are not those of the input.
func All() []tokens.Decompressor {
	return []tokens.Decompressor{
		{Magic: "\x28\xb5\x2f\xfd", Endings: map[string]string{".zst": "", ".tzst": ".tar"}, Open: openZstd},
		{Magic: "\xfd7zXZ\x00", Endings: map[string]string{".xz": "", ".txz": ".tar"}, Open: openXZ},
		{Magic: "BZh", Endings: map[string]string{".bz2": "", ".tbz2": ".tar", ".tbz": ".tar"}, Open: openBzip2},
	}
}

// A reader gives the errors of decompression their kinds.
type reader struct {
	io.Reader
	close func()
	in    *input
	kind  func(error) error // nil for data that is corrupt
}

// An input remembers its own error.
type input struct {
	r   io.Reader
	err error
}

func (in *input) Read(p []byte) (int, error) {
	n, err := in.r.Read(p)
	if err != nil && err != io.EOF {
		in.err = err
	}
	return n, err
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = r.classified(err)
	}
	return n, err
}

func (r *reader) classified(err error) error {
	if r.in.err != nil {
		return r.in.err
	}
	kind := fault.ErrCorrupt
	if known := r.kind(err); known != nil {
		kind = known
	}
	return fmt.Errorf("%w: %w", kind, err)
}

func (r *reader) Close() error {
	r.close()
	return nil
}

func openZstd(r *bufio.Reader, _ func(int64) error) (io.ReadCloser, error) {
	in := &input{r: r}
	z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return &reader{z, z.Close, in, func(err error) error {
		switch {
		case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
			return fault.ErrLimit
		case errors.Is(err, zstd.ErrUnknownDictionary):
			return fault.ErrUnsupported
		case errors.Is(err, io.ErrUnexpectedEOF):
			return io.ErrUnexpectedEOF
		}
		return nil
	}}, nil
}

func openXZ(r *bufio.Reader, _ func(int64) error) (io.ReadCloser, error) {
	x := &reader{close: func() {}, in: &input{r: r}, kind: func(err error) error {
		switch err {
		case xz.ErrMemlimit:
			return fault.ErrLimit
		case xz.ErrOptions, xz.ErrUnsupportedCheck:
			return fault.ErrUnsupported
		case xz.ErrBuf:
			return io.ErrUnexpectedEOF
		}
		return nil
	}}
	z, err := xz.NewReader(x.in, maxWindow)
	if err != nil {
		return nil, x.classified(err)
	}
	x.Reader = z
	return x, nil
}

func openBzip2(r *bufio.Reader, extra func(int64) error) (io.ReadCloser, error) {
	in := &endless{r: r}
	z := bzip2.NewReader(in)
	return &reader{readerFunc(func(p []byte) (int, error) {
		n, err := z.Read(p)
		if errors.Is(err, errBehind) {
			err = in.behind(extra)
		}
		return n, err
	}), func() {}, &in.input, func(err error) error {
		if in.more > 0 { // it went beyond the end
			return io.ErrUnexpectedEOF
		}
		return nil
	}}, nil
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// errBehind says that a file under bzip2 has been whole, and that what follows is no
// other.
const errBehind = bzip2.StructuralError("bad magic value in continuation file")

// An endless reader gives two zeros behind its input, with which every whole file under
// bzip2 ends in errBehind.
type endless struct {
	r *bufio.Reader
	input
	last [2]byte // that were read
	more int     // zeros given
}

func (e *endless) ReadByte() (byte, error) {
	c, err := e.r.ReadByte()
	switch {
	case err == io.EOF && e.more < len(e.last):
		e.more++
		c, err = 0, nil
	case err != nil && err != io.EOF:
		e.err = err
	}
	e.last = [2]byte{e.last[1], c}
	return c, err
}

// behind reads what follows a file, of which two bytes have been read: zeros, as on
// tapes, are passed over, and extra is told of the rest.
func (e *endless) behind(extra func(int64) error) error {
	n, first := int64(0), int64(0) // bytes, and the number of the first that is not zero
	count := func(c byte) {
		if n++; c != 0 && first == 0 {
			first = n
		}
	}
	for _, c := range e.last[:len(e.last)-e.more] {
		count(c)
	}
	for e.more == 0 {
		c, err := e.r.ReadByte()
		if err == io.EOF {
			break
		}
		if err != nil {
			e.err = err
			return err
		}
		count(c)
	}
	if first > 0 && extra != nil {
		if err := extra(n - first + 1); err != nil {
			return err
		}
	}
	return io.EOF
}
