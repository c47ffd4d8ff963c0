// Package stream guards against readers and writers that break the rules of io.
package stream

import "io"

// Write writes all of b to w. A Writer that writes less and says no error is
// io.ErrShortWrite.
func Write(w io.Writer, b []byte) (int, error) {
	n, err := w.Write(b)
	if n < len(b) && err == nil {
		err = io.ErrShortWrite
	}
	return n, err
}

// maxEmpty is how often a Reader may read nothing in a row.
const maxEmpty = 100

// Read reads into b. A Reader that reads nothing for ever, with no error, is
// io.ErrNoProgress.
func Read(r io.Reader, b []byte) (int, error) {
	for range maxEmpty {
		if n, err := r.Read(b); n > 0 || err != nil || len(b) == 0 {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// A Reader is an io.Reader that reads with Read.
type Reader struct{ R io.Reader }

func (r Reader) Read(b []byte) (int, error) { return Read(r.R, b) }
