package inputs

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/foretell/foretell/cmd/foretell/internal/flags"
	"github.com/foretell/foretell/cmd/foretell/internal/progress"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/foretell/foretell/cmd/foretell/internal/staged"
	"github.com/foretell/foretell/internal/container"
	"github.com/foretell/foretell/tokens"
)

// An File is a .fore file to read.
type File struct {
	*os.File
	Size int64 // -1 if it can only be read front to back
}

// OpenFore opens a file, or standard input for "-".
func OpenFore(name string) (*File, error) {
	in := &File{File: os.Stdin, Size: -1}
	if name == "-" {
		if show.IsTerminal(os.Stdin) {
			return nil, errors.New("standard input is a terminal: pipe a .fore file into it, or name one")
		}
		return in, staged.Input()
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	in.File = f
	fi, err := f.Stat()
	switch {
	case err != nil:
	case fi.IsDir():
		err = fmt.Errorf("%s is a folder", name)
	case fi.Mode().IsRegular():
		in.Size = fi.Size()
	}
	if err == nil {
		staged.Read(fi)
	}
	if err != nil {
		f.Close()
	}
	return in, err
}

// Names returns the names of the files that a .fore file holds, nil if they are not
// known before they are read.
func (in *File) Names(memory int64) (names []string) {
	if in.Size < 0 {
		return nil
	}
	r, err := foretell.OpenReaderAt(in, in.Size, &foretell.ReaderOptions{MaxMemory: memory})
	if err != nil {
		return nil // which reading from the front tells better
	}
	for _, f := range r.Files() {
		names = append(names, f.Name)
	}
	return names
}

// Metered returns the input as a reader that counts what is read. It keeps the
// random access that there is, by which reading finds its way after damage.
func (in *File) Metered(total *atomic.Int64) io.Reader {
	m := &progress.Meter{R: in.File, Total: total}
	if in.Size < 0 {
		return m
	}
	return struct {
		io.Reader
		io.ReaderAt
		io.Seeker
	}{m, in.File, in.File}
}

// Spool copies an input that can only be read front to back to a temporary file,
// so that it can be read at random.
func (in *File) Spool() error {
	if in.Size >= 0 {
		return nil
	}
	f, err := staged.Scratch()
	if err != nil {
		return err
	}
	n, err := io.Copy(f, in.File)
	in.File, in.Size = f, n
	return err
}

// maxSpool is the longest .fore file that is copied, in bytes.
const maxSpool = 1 << 36

// spoolFore is spool for what must be a .fore file: each record is checked as it is
// copied, so that what is none, or is damaged, is not read to its end.
func (in *File) spoolFore(memory int64) error {
	if in.Size >= 0 {
		return nil
	}
	f, err := staged.Scratch()
	if err != nil {
		return err
	}
	all := &io.LimitedReader{R: in.File, N: maxSpool}
	r, err := container.NewReader(io.TeeReader(all, f), container.Limits{Memory: memory})
	for err == nil {
		_, err = r.Next()
	}
	if all.N == 0 {
		err = fmt.Errorf("%w: the file is longer than the %d bytes that are copied of a pipe: save it first", foretell.ErrLimit, int64(maxSpool))
	}
	if err != io.EOF {
		return err
	}
	in.File, in.Size = f, maxSpool-all.N
	return nil
}

// A Series is parts that are read once, and how far that is.
type Series interface {
	tokens.Parts
	io.Closer
	Progress() (done, total int64)
}

// A ForeSeries is the content of a .fore file.
type ForeSeries struct {
	*foretell.Reader
	done atomic.Int64
	file io.Closer // to close as well, if not nil
}

// NewForeSeries reads a .fore file front to back. file, if not nil, is closed with the
// series.
func NewForeSeries(in io.Reader, file io.Closer, opts *foretell.ReaderOptions) (*ForeSeries, error) {
	s := &ForeSeries{file: file}
	opts.Progress = s.done.Store
	var err error
	s.Reader, err = foretell.NewReader(in, opts)
	return s, err
}

// Close ends the reading.
func (s *ForeSeries) Close() error {
	err := s.Reader.Close()
	if s.file != nil {
		err = cmp.Or(err, s.file.Close())
	}
	return err
}

// Progress returns how many bytes of content have been decoded, of how many.
func (s *ForeSeries) Progress() (done, total int64) { return s.done.Load(), s.ContentSize() }

// OpenContent opens an input, or the content of one that is a .fore file.
func (s *Flags) OpenContent(name string, opts tokens.Options, reading *foretell.ReaderOptions) (Series, error) {
	fi, err := os.Stat(name)
	if s.Dtype != "" || name != "-" && (err != nil || !fi.Mode().IsRegular()) {
		return s.Open([]string{name}, opts)
	}
	f, err := OpenFore(name)
	if err != nil {
		return nil, err
	}
	is, r := beginsFore(f.File)
	switch {
	case !is && name == "-" && r != io.Reader(f.File):
		return tokens.NewSource("stdin", r, opts)
	case !is:
		if name != "-" {
			f.Close()
		}
		return s.Open([]string{name}, opts)
	case len(s.Members) > 0 || s.Shape != "":
		return nil, failure.Usagef("--member and --shape do not go with a .fore file")
	}
	in, err := NewForeSeries(r, f, reading)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return in, nil
}

// describe reads what a .fore file says of itself.
func describe(name string, memory flags.Size) (*foretell.Description, error) {
	in, err := OpenFore(name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	flags.CollectBefore(memory)
	if err := in.spoolFore(int64(memory)); err != nil {
		return nil, err
	}
	r, err := foretell.OpenReaderAt(in, in.Size, &foretell.ReaderOptions{MaxMemory: int64(memory)})
	if err != nil {
		return nil, err
	}
	return r.Describe()
}
