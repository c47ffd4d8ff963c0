package tokens

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync/atomic"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/stream"
)

// PieceSize is the largest number of framing bytes that a Part brings.
const PieceSize = 64 << 10

// readAhead is how much is read at a time for consumers that ask for less.
const readAhead = 256 << 10

// Options says how a Source reads. The zero value is ready to use.
type Options struct {
	// Dtype is the element type of what brings none of its
	// own: raw files, in archives too. 0 goes by the file name's extension
	// (.u8 to .u64, .i8 to .i64), else Uint8.
	Dtype Type

	// BigEndian says that elements of the type Dtype have their highest byte first.
	BigEndian bool

	// Shape is the shape of raw files outside archives. Its first axis may
	// be -1: as long as the data. A file of another length is an error. nil
	// is one axis; bytes that fill no whole element are then framing.
	Shape []int

	// Skip is how many bytes of raw files outside archives come before their
	// elements; they are framing.
	Skip int64

	// Match chooses members; nil chooses all. With patterns an archive does
	// not come out whole: each chosen member becomes a file of its own.
	Match Patterns

	// Exclude leaves out files and folders that are found in folders among the
	// inputs, by their paths below those.
	Exclude Patterns

	// Note, if not nil, is told what is kept as plain bytes, or passed over,
	// though it begins as something that could be read, and why. It is called
	// within Next. The errors name the input and wrap what Next would return.
	Note func(error) `json:"-"`

	// Strict makes errors of what Note would be told.
	Strict bool

	// Decompressors open tars that are compressed otherwise than by gzip.
	Decompressors []Decompressor `json:"-"`

	// Formats read kinds of files that are not known otherwise, where Dtype is not set.
	Formats []Format `json:"-"`

	// StdinName names standard input; "" is "stdin".
	StdinName string

	// Outputs are files that will be written. Folders among the inputs are read
	// without what an earlier run has left there.
	Outputs []string
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
	// envelope: the stored twin of a deflated npz or the plain tar of a tar.gz.
	// Both are set for a File.
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
// member named *.npy, all of them stored or deflated, nothing encrypted); a tar, in
// which an npz may be that stores its members; a tar or an npy array that gzip or one of
// Options.Decompressors has compressed; what one of Options.Formats reads; a file of
// tokens of llm.c; an index of Megatron-LM, and X.bin beside X.idx. An npy may have others
// behind it. All else is raw: elements of the type that Options gives, in most cases
// bytes, as is every member of an archive that is no npy. Arrays of floats, objects or
// records, arrays that are cut off and zips that cannot be walked in order are kept as
// bytes, of which Options.Note is told; see also Stored. So are .fore files in folders
// and archives, unless Options.Dtype is set; one that is an input itself is ErrFore.
type Source struct {
	opts  Options
	list  []input // of Open
	input string  // that is being read
	dtype Type    // of its elements, if another file tells that
	given bool    // by itself, not in a folder
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
	if err := cmp.Or(opts.Match.Check(), opts.Exclude.Check()); err != nil {
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
// the input; it is final. foretell.ErrCorrupt and io.ErrUnexpectedEOF mark damaged
// input, foretell.ErrUnsupported such as cannot be compressed.
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

// file begins an output file. Its name is a promise and never cut.
func (s *Source) file(name string, repacked bool) error {
	name = s.files.unique(name)
	if len(name) > MaxName {
		return fmt.Errorf("%w: a path of %d bytes, more than the %d that can be kept", fault.ErrLimit, len(name), MaxName)
	}
	return s.emit(Part{Kind: File, Name: name, Repacked: repacked})
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
		k, err := readFull(r, b)
		done += int64(k)
		if herr := hand(b[:k]); herr != nil {
			return done, herr
		}
		if err != nil || k < len(b) {
			return done, err
		}
	}
	return done, nil
}

// readFull fills b as far as r goes: fewer bytes without an error are all up to
// its end. Unlike io.ReadFull it tells that end from an io.ErrUnexpectedEOF of r,
// which says that r itself was cut off.
func readFull(r io.Reader, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var k int
		k, err = stream.Read(r, b[n:])
		n += k
	}
	if err == io.EOF || n == len(b) {
		err = nil
	}
	return n, err
}

// matches reports whether the options choose the member.
func (s *Source) matches(name string) bool { return s.opts.Match.Match(name) }

// plain reads a file that is no archive: the rest of r, size bytes if that is
// not negative.
func (s *Source) plain(file string, r *bufio.Reader, size int64) error {
	name := s.names.unique(file)
	if !s.matches(name) {
		return nil
	}
	if err := s.file(file, false); err != nil {
		return err
	}
	return s.array(item{label: name, file: file, size: size, shape: s.opts.Shape, skip: s.opts.Skip, dtype: s.dtype}, r)
}

// An item is a file to read, or one in an archive.
type item struct {
	label  string // names the member
	file   string // path that it has as a file
	size   int64  // bytes, -1 if unknown
	shape  []int  // if it is raw and that is known
	skip   int64  // if it is raw, bytes before its elements
	dtype  Type   // if it is raw and another file tells that
	packed bool   // it is in an archive

	renamed bool // label lacks the end of the file's name, as of arrays in an npz
}

// about adds the name of an archive's member to an error.
func (it *item) about(err error) error {
	if it.packed {
		return inMember(it.label, err)
	}
	return err
}

// choose names a member of an archive and reports whether it is to be read. file
// is the path that it has as a file of its own, which then begins.
func (s *Source) choose(name, file string) (label string, ok bool, err error) {
	if label, err = s.label(name); err != nil {
		return label, false, err
	}
	if !s.matches(label) {
		return label, false, nil
	}
	if s.filtered() {
		err = s.file(cleanName(file), false)
	}
	return label, err == nil, err
}

// entry reads a member of an archive, the next size bytes of r, all of which it
// consumes.
func (s *Source) entry(name, file string, r *bufio.Reader, size int64) error {
	label, ok, err := s.choose(name, file)
	switch {
	case err != nil:
		return inMember(label, err)
	case ok:
		err = s.array(item{label: label, file: file, size: size, packed: true, renamed: name != file}, r)
	default:
		err = discard(r, size)
	}
	return inMember(label, err)
}

// inMember adds the name of an archive's member to an error, once.
func inMember(name string, err error) error {
	var named *memberError
	if err == nil || err == errStopped || errors.As(err, &named) {
		return err
	}
	return &memberError{name, err}
}

// A memberError says in which member of an archive an error is.
type memberError struct {
	name string
	err  error
}

func (e *memberError) Error() string { return "member " + e.name + ": " + e.err.Error() }
func (e *memberError) Unwrap() error { return e.err }

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
