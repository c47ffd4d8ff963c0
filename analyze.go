package foretell

import (
	"io"

	"github.com/foretell/foretell/tokens"
)

// Compress writes all parts of src to a .fore file on dst and returns how many
// bytes that took. It does not close either.
func Compress(dst io.Writer, src tokens.Parts, opts *WriterOptions) (int64, error) {
	w, err := NewWriter(dst, opts)
	if err != nil {
		return 0, err
	}
	return w.copy(src)
}

// copy writes all parts of src and closes the Writer.
func (w *Writer) copy(src tokens.Parts) (int64, error) {
	for p, err := range tokens.All(src) {
		if err == nil {
			err = w.WritePart(p)
		} else {
			w.err = err
		}
		if err != nil {
			w.Close()
			return w.out.Offset(), err
		}
	}
	err := w.Close()
	return w.out.Offset(), err
}

// Analyze compresses src without keeping the result and calls fn with the cost
// of each token: its information content in bits under the model, by which
// costs[i] belongs to token first+i of a member in storage order. The calls come
// in the order of the tokens, costs is valid during the call, and an error ends
// the analysis. Analyze returns the size that the compressed file would have.
func Analyze(src tokens.Parts, opts *WriterOptions, fn func(member int, first int64, costs []float32) error) (int64, error) {
	w, err := newWriter(io.Discard, opts, fn)
	if err != nil {
		return 0, err
	}
	return w.copy(src)
}

// Verify reads a .fore file to its end and checks every hash, in bounded memory.
// With opts.KeepGoing it goes on after damage, which it reports there. It
// returns the number of bytes of the original content.
func Verify(src io.Reader, opts *ReaderOptions) (int64, error) {
	r, err := NewReader(src, opts)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	for {
		if _, err := r.Next(); err == io.EOF {
			return int64(r.length), nil
		} else if err != nil {
			return int64(r.length), err
		}
	}
}
