package tokens

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/stream"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
)

// An input is a file to read.
type input struct {
	path  string // to open; "" is a reader that is open already
	name  string // in the output
	given bool   // by itself, not in a folder
}

// Open returns a Source that reads the named files one after another. A folder
// stands for the regular files in it and below, in sorted order; symbolic links
// in it are followed to files, while a link to a folder, a device or the like is
// an error. "-" is standard input.
//
// Files are named by their paths below the deepest folder that holds all inputs,
// so one input has its base name. The members of an archive have its name and a
// slash before theirs, unless it is the only input; those of an npz lose their
// ending .npy, as in NumPy.
func Open(inputs []string, opts Options) (*Source, error) {
	return open(disk{
		open: func(name string) (fs.File, error) { return os.Open(name) },
		stat: os.Stat,
		walk: filepath.WalkDir,
		abs:  filepath.Abs,
	}, inputs, opts)
}

// OpenFS is Open with the files of fsys, such as an embed.FS or a bucket of an
// object store. Names are those that fs.ValidPath takes, so that "-" is a file like
// any other; Options.Outputs means nothing. Files that are an io.ReaderAt and an
// io.Seeker have a known length, and a zip in them needs no temporary file.
func OpenFS(fsys fs.FS, inputs []string, opts Options) (*Source, error) {
	opts.Outputs = nil
	return open(disk{
		open:    fsys.Open,
		stat:    func(name string) (fs.FileInfo, error) { return fs.Stat(fsys, name) },
		walk:    func(root string, fn fs.WalkDirFunc) error { return fs.WalkDir(fsys, root, fn) },
		abs:     func(name string) (string, error) { return string(filepath.Separator) + filepath.FromSlash(name), nil },
		virtual: true,
	}, inputs, opts)
}

// A disk is where files are: the system's, or those of an fs.FS.
type disk struct {
	open    func(name string) (fs.File, error)
	stat    func(name string) (fs.FileInfo, error)
	walk    func(root string, fn fs.WalkDirFunc) error
	abs     func(name string) (string, error)
	virtual bool // an fs.FS: no standard input, no separator behind a folder
}

func open(from disk, inputs []string, opts Options) (*Source, error) {
	list, total, leftOut, err := from.list(inputs, opts)
	if err != nil {
		return nil, err
	}
	switch {
	case len(list) > 0:
	case leftOut:
		return nil, errors.New("no input files but the output")
	case len(inputs) == 0:
		return nil, errors.New("no input files")
	default:
		return nil, fmt.Errorf("no files in %s", strings.Join(inputs, ", "))
	}
	alone := len(inputs) == 1 && (list[0].path == "" || list[0].path == inputs[0])
	s, err := newSource(opts, total, func(s *Source) error {
		for _, in := range list {
			prefix := in.name + "/"
			if alone {
				prefix = ""
			}
			if err := s.open(from, in, prefix); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		s.list = list
	}
	return s, err
}

// Paths returns the paths of the files that Open has found, in the order in which
// they are read, without standard input; nil for a Source of NewSource.
func (s *Source) Paths() []string {
	var paths []string
	for _, in := range s.list {
		if in.path != "" {
			paths = append(paths, in.path)
		}
	}
	return paths
}

func (s *Source) open(from disk, in input, prefix string) error {
	s.given = in.given
	if in.path == "" {
		return s.read(in.name, prefix, os.Stdin)
	}
	f, err := from.open(in.path)
	if err != nil {
		return err
	}
	defer f.Close()
	s.dtype = s.indexedType(from, in.path)
	return s.read(in.name, prefix, f)
}

// list finds all files to read and the sum of their sizes, -1 if unknown. It reports
// whether it left out an output.
func (from disk) list(inputs []string, opts Options) (list []input, total int64, leftOut bool, err error) {
	root, err := from.commonFolder(inputs)
	if err != nil {
		return nil, 0, false, err
	}
	add := func(size int64) {
		if size < 0 || total < 0 {
			total = -1
		} else {
			total += size
		}
	}
	var outputs []fs.FileInfo
	for _, name := range opts.Outputs {
		if fi, err := os.Stat(name); err == nil { // else there is none yet
			outputs = append(outputs, fi)
		}
	}
	stdin := false
	for _, in := range inputs {
		if from.stdin(in) {
			if stdin {
				return nil, 0, false, errors.New("standard input can be read only once")
			}
			stdin = true
			_, size := readerAt(os.Stdin)
			add(size)
			list = append(list, input{name: stdinName(opts), given: true})
			continue
		}
		fi, err := from.stat(in)
		if err != nil {
			return nil, 0, false, err
		}
		given := in
		if fi.IsDir() && !from.virtual {
			in += string(filepath.Separator) // enters a link to a folder as well
		}
		err = from.walk(in, func(p string, d fs.DirEntry, err error) error {
			if err == nil && len(opts.Exclude) > 0 && p != in && opts.Exclude.Match(filepath.ToSlash(strings.TrimPrefix(p, in))) {
				if d.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			if err != nil || d.IsDir() {
				return err
			}
			fi, err := from.stat(p)
			if err != nil {
				return err
			}
			if p != given && slices.ContainsFunc(outputs, func(out fs.FileInfo) bool { return os.SameFile(fi, out) }) {
				leftOut = true
				return nil
			}
			size := fi.Size()
			if !fi.Mode().IsRegular() {
				if p != given {
					return fmt.Errorf("%s is no regular file: leave it out or give it by name", p)
				}
				size = -1
			}
			add(size)
			name, err := from.nameBelow(root, p)
			list = append(list, input{path: p, name: name, given: p == given})
			return err
		})
		if err != nil {
			return nil, 0, false, err
		}
	}
	return list, total, leftOut, nil
}

// stdin reports whether an input is standard input.
func (from disk) stdin(name string) bool { return name == "-" && !from.virtual }

// NewSource returns a Source that reads one file with the given name from r. If
// r is an io.ReaderAt and an io.Seeker too, its length is known and a zip needs
// no temporary file. Close leaves r open.
func NewSource(name string, r io.Reader, opts Options) (*Source, error) {
	_, size := readerAt(r)
	return newSource(opts, size, func(s *Source) error {
		s.given = true
		return s.read(cleanName(filepath.ToSlash(name)), "", r)
	})
}

func stdinName(opts Options) string {
	if opts.StdinName == "" {
		return "stdin"
	}
	return cleanName(filepath.ToSlash(opts.StdinName))
}

// readerAt returns r from its current position as an io.ReaderAt and its length,
// nil and -1 if it is a pipe or the like.
func readerAt(r io.Reader) (io.ReaderAt, int64) {
	if f, ok := r.(*os.File); ok {
		if fi, err := f.Stat(); err != nil || !fi.Mode().IsRegular() {
			return nil, -1
		}
	}
	ra, ok := r.(interface {
		io.ReaderAt
		io.Seeker
	})
	if !ok {
		return nil, -1
	}
	at, err := ra.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, -1
	}
	end, err := ra.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, -1
	}
	if _, err := ra.Seek(at, io.SeekStart); err != nil || end < at {
		return nil, -1
	}
	return io.NewSectionReader(ra, at, end-at), end - at
}

// counter counts the bytes that are read.
type counter struct {
	r io.Reader
	s *Source
}

func (c counter) Read(p []byte) (int, error) {
	n, err := stream.Read(c.r, p)
	c.s.done.Add(int64(n))
	return n, err
}

// counterAt counts the bytes that are read.
type counterAt struct {
	r io.ReaderAt
	s *Source
}

func (c counterAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(p, off)
	c.s.done.Add(int64(n))
	return n, err
}

// read reads one input and adds its name to errors.
func (s *Source) read(name, prefix string, src io.Reader) error {
	s.input = name
	err := s.detect(name, prefix, src)
	if err == nil || err == errStopped {
		return err
	}
	return fmt.Errorf("%s: %w", name, classified(err))
}

// classified marks the errors of decompression as corrupt data.
func classified(err error) error {
	var bad flate.CorruptInputError
	if errors.Is(err, zip.ErrChecksum) || errors.Is(err, zip.ErrFormat) ||
		errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) || errors.As(err, &bad) {
		return fmt.Errorf("%w: %w", fault.ErrCorrupt, err)
	}
	return err
}

// detect finds out what an input is and reads it.
func (s *Source) detect(name, prefix string, src io.Reader) error {
	ra, size := readerAt(src)
	if ra != nil {
		ra = counterAt{ra, s}
	}
	r := bufio.NewReaderSize(counter{src, s}, readAhead)
	head, err := r.Peek(tarBlock)
	if err != nil && err != io.EOF {
		return err
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return s.zipFile(name, prefix, r, ra, size)
	case isTarHeader(head):
		if !s.filtered() {
			if err := s.file(name, false); err != nil {
				return err
			}
		}
		return s.tar(prefix, r, size)
	}
	for _, f := range s.opts.Formats {
		if bytes.HasPrefix(head, []byte(f.Magic)) && s.opts.Dtype == 0 {
			return s.formatted(f, name, prefix, r, ra, size)
		}
	}
	for _, d := range append([]Decompressor{gunzip}, s.opts.Decompressors...) {
		if bytes.HasPrefix(head, []byte(d.Magic)) {
			return s.packedFile(d, name, prefix, r, ra, size)
		}
	}
	return s.plain(name, r, size)
}

// spool copies a pipe to a temporary file, which done deletes.
func spool(r io.Reader) (f *os.File, size int64, done func(), err error) {
	f, err = os.CreateTemp("", "foretell-*.tmp")
	if err != nil {
		return nil, 0, nil, err
	}
	// Where the system allows it, the file is gone even if we are killed.
	removed := os.Remove(f.Name()) == nil
	done = func() {
		f.Close()
		if !removed {
			os.Remove(f.Name())
		}
	}
	if size, err = io.Copy(f, r); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		done()
		return nil, 0, nil, err
	}
	return f, size, done, nil
}
