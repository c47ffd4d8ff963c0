package tokens

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync/atomic"

	"github.com/foretell/foretell/internal/fault"
)

// PieceSize is the largest number of framing bytes that a Part brings.
const PieceSize = 64 << 10

// readAhead is how much is read at a time for consumers that ask for less.
const readAhead = 256 << 10

// Options says how a Source reads. The zero value is ready to use.
type Options struct {
	// Dtype is the element type, little-endian, of what brings none of its
	// own: raw files, in archives too. 0 goes by the file name's extension
	// (.u8 to .u64, .i8 to .i64), else Uint8.
	Dtype Type

	// Shape is the shape of raw files outside archives. Its first axis may
	// be -1: as long as the data. A file of another length is an error. nil
	// is one axis; bytes that fill no whole element are then framing.
	Shape []int

	// Match chooses members; nil chooses all. With patterns an archive does
	// not come out whole: each chosen member becomes a file of its own.
	Match Patterns

	// StdinName names standard input; "" is "stdin".
	StdinName string

	// Output, if not "", is a file that will be written. Folders among the
	// inputs are read without what an earlier run has left there.
	Output string
}

// A Kind says what a Part is.
type Kind uint8

// The kinds of parts.
const (
	File    Kind = 1 // a new output file begins
	Framing Kind = 2 // bytes of the current file that are no array data
	Member  Kind = 3 // an array in the current file
)

// A Part is what a Source yields at a time.
type Part struct {
	Kind Kind

	// Name is the file's: a clean relative path with slashes. Repacked says
	// that it is not an input's bytes but holds its members in a fresh
	// envelope: the stored twin of a deflated npz, the plain tar of a tar.gz,
	// or a member that Match picked. Both are set for a File.
	Name     string
	Repacked bool

	// Bytes are at most PieceSize bytes of Framing, valid until the next call
	// of Next.
	Bytes []byte

	// Info describes a Member. Data reads its elements as they lie in the
	// file, at most until the next call of Next, which skips what is left.
	// Data ends after Info.Len elements, or after whole elements if that is
	// unknown; input that ends before is io.ErrUnexpectedEOF.
	Info Info
	Data io.Reader
}

// A Source reads inputs as a sequence of parts. Framing and members, written
// one after another in the order in which they come, are the output files.
//
// What a file is, its content tells first: an npy array; an npz (a zip with a
// member named *.npy, all of them stored or deflated, nothing encrypted); a tar;
// a gzip of a tar. All else is raw: elements of the type that Options gives, in
// most cases bytes, as is every member of an archive that is no npy. A zip that
// cannot be walked in order is raw as well. Arrays of floats, objects or records
// are errors that wrap fault.ErrUnsupported and name the member.
type Source struct {
	opts  Options
	next  func() (Part, error, bool)
	stop  func()
	yield func(Part, error) bool
	err   error // what Next returned last, if an error

	names names // of members
	files names // of files
	found bool  // a member was yielded

	piece []byte
	total int64        // bytes of all inputs, -1 if unknown
	done  atomic.Int64 // bytes read from them
}

// errStopped ends a walk whose consumer has had enough.
var errStopped = errors.New("stopped")

func newSource(opts Options, total int64, walk func(*Source) error) (*Source, error) {
	if err := opts.Match.Check(); err != nil {
		return nil, err
	}
	if opts.Dtype != 0 && !opts.Dtype.Valid() {
		return nil, fmt.Errorf("%w: element %v", fault.ErrUnsupported, opts.Dtype)
	}
	if opts.Shape != nil {
		in := Info{Type: Uint64, Shape: opts.Shape}
		if err := in.Validate(); err != nil || len(opts.Shape) == 0 {
			return nil, fmt.Errorf("shape %v: give lengths that are not negative, the first may be -1", opts.Shape)
		}
	}
	s := &Source{
		opts:  opts,
		names: names{},
		files: names{},
		piece: make([]byte, PieceSize),
		total: total,
	}
	s.next, s.stop = iter.Pull2(func(yield func(Part, error) bool) {
		s.yield = yield
		err := walk(s)
		if err == nil && len(opts.Match) > 0 && !s.found {
			err = fmt.Errorf("no member matches %s", strings.Join(opts.Match, ", "))
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(Part{}, err)
		}
	})
	return s, nil
}

// Next returns the next part, io.EOF after the last one. Any other error names
// the input; it is final. fault.ErrCorrupt and io.ErrUnexpectedEOF mark damaged
// input, fault.ErrUnsupported such as cannot be compressed.
func (s *Source) Next() (Part, error) {
	if s.err != nil {
		return Part{}, s.err
	}
	p, err, ok := s.next()
	if !ok {
		err = io.EOF
	}
	s.err = err
	return p, err
}

// Progress returns how many bytes of the inputs have been read and how many
// there are, -1 if that is unknown. It may be called at any time from any
// goroutine.
func (s *Source) Progress() (done, total int64) {
	done = s.done.Load()
	if s.total >= 0 {
		done = min(done, s.total) // parts of a zip are read twice
	}
	return done, s.total
}

// Close closes the inputs and deletes temporary files. Every Source must be
// closed, and not while Next runs.
func (s *Source) Close() error {
	s.stop()
	s.err = errors.New("source is closed")
	return nil
}

// filtered reports whether members come out as files of their own.
func (s *Source) filtered() bool { return len(s.opts.Match) > 0 }

// emit hands a part to the consumer.
func (s *Source) emit(p Part) error {
	if !s.yield(p, nil) {
		return errStopped
	}
	return nil
}

// file begins an output file.
func (s *Source) file(name string, repacked bool) error {
	return s.emit(Part{Kind: File, Name: s.files.unique(name), Repacked: repacked})
}

// envelope hands out framing of an archive, which with a filter there is none.
func (s *Source) envelope(b []byte) error {
	if s.filtered() {
		return nil
	}
	return s.framing(b)
}

// framing hands out b in pieces.
func (s *Source) framing(b []byte) error {
	for len(b) > 0 {
		n := min(len(b), PieceSize)
		if err := s.emit(Part{Kind: Framing, Bytes: b[:n:n]}); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// copyFraming hands out the next n bytes of r, or those up to its end if n < 0.
// It returns how many there were; with n >= 0 they may be fewer.
func (s *Source) copyFraming(r io.Reader, n int64, hand func([]byte) error) (int64, error) {
	var done int64
	for n < 0 || done < n {
		b := s.piece
		if n >= 0 {
			b = b[:min(int64(len(b)), n-done)]
		}
		k, err := io.ReadFull(r, b)
		done += int64(k)
		if herr := hand(b[:k]); herr != nil {
			return done, herr
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return done, nil
		}
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// matches reports whether the options choose the member.
func (s *Source) matches(name string) bool { return s.opts.Match.Match(name) }

// plain reads a file that is no archive: the rest of r, size bytes if that is
// not negative.
func (s *Source) plain(name string, r *bufio.Reader, size int64) error {
	name = s.names.unique(name)
	if !s.matches(name) {
		return nil
	}
	if err := s.file(name, false); err != nil {
		return err
	}
	return s.array(name, r, size, s.opts.Shape)
}

// choose names a member of an archive and reports whether it is to be read. file
// is the path that it has as a file of its own, which then begins.
func (s *Source) choose(name, file string) (label string, ok bool, err error) {
	label = s.names.unique(cleanName(name))
	if !s.matches(label) {
		return label, false, nil
	}
	if s.filtered() {
		err = s.file(cleanName(file), true)
	}
	return label, err == nil, err
}

// entry reads a member of an archive, the next size bytes of r, all of which it
// consumes.
func (s *Source) entry(name, file string, r *bufio.Reader, size int64) error {
	label, ok, err := s.choose(name, file)
	switch {
	case err != nil:
		return err
	case ok:
		err = s.array(label, r, size, nil)
	default:
		err = discard(r, size)
	}
	return inMember(label, err)
}

// inMember adds the name of an archive's member to an error.
func inMember(name string, err error) error {
	if err == nil || err == errStopped {
		return err
	}
	return fmt.Errorf("member %s: %w", name, err)
}

// discard skips n bytes.
func discard(r *bufio.Reader, n int64) error {
	for n > 0 {
		k, err := r.Discard(int(min(n, 1<<30)))
		if err != nil {
			return truncated(err)
		}
		n -= int64(k)
	}
	return nil
}
