package foretell

import (
	"fmt"
	"io"

	"github.com/foretell/foretell/internal/fault"
)

// Recompress reads a .fore file and writes its content anew to dst, under other
// options: another model, block size or prior. It returns the number of bytes
// written. The result is the file that compressing the original inputs under the
// same options gives, and its content is checked against the hash that the first
// file carries. It does not close dst or src; from.KeepGoing must be nil.
func Recompress(dst io.Writer, src io.Reader, from *ReaderOptions, to *WriterOptions) (int64, error) {
	if from != nil && from.KeepGoing != nil {
		return 0, fmt.Errorf("recompressing a damaged file would hide what is lost: decompress it with KeepGoing first")
	}
	r, err := NewReader(src, from)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	w, err := NewWriter(dst, to)
	if err != nil {
		return 0, err
	}
	n, err := w.copy(r)
	if err == nil && w.hash.Sum128() != r.hash.Sum128() {
		err = fmt.Errorf("%w: the content has changed on its way", fault.ErrCorrupt)
	}
	return n, err
}
