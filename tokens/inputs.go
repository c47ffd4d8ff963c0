package tokens

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/foretell/foretell/internal/fault"
)

// An input is a file to read.
type input struct {
	path string // to open; "" is a reader that is open already
	name string // in the output
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
	var list []input
	var total int64
	root, err := commonFolder(inputs)
	if err != nil {
		return nil, err
	}
	for _, in := range inputs {
		if in == "-" {
			list = append(list, input{name: stdinName(opts)})
			total = -1
			continue
		}
		err := filepath.WalkDir(in, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			fi, err := os.Stat(p)
			if err != nil {
				return err
			}
			if fi.IsDir() && p == in {
				// WalkDir does not enter a folder through a link; a slash makes it.
				return fmt.Errorf("%s is a link to a folder: give %s%c", p, p, filepath.Separator)
			}
			if !fi.Mode().IsRegular() && p != in {
				return fmt.Errorf("%s is no regular file: leave it out or give it by name", p)
			}
			switch {
			case !fi.Mode().IsRegular():
				total = -1
			case total >= 0:
				total += fi.Size()
			}
			name, err := nameBelow(root, p)
			list = append(list, input{path: p, name: name})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(list) == 0 {
		return nil, errors.New("no input files")
	}
	alone := len(inputs) == 1 && len(list) == 1 && list[0].path == inputs[0] || len(list) == 1 && list[0].path == ""
	return newSource(opts, total, func(s *Source) error {
		for _, in := range list {
			prefix := in.name + "/"
			if alone {
				prefix = ""
			}
			r := os.Stdin
			if in.path != "" {
				f, err := os.Open(in.path)
				if err != nil {
					return err
				}
				r = f
			}
			err := s.input(in.name, prefix, r)
			if in.path != "" {
				r.Close()
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// NewSource returns a Source that reads one file with the given name from r. If
// r is an io.ReaderAt and an io.Seeker too, its length is known and a zip needs
// no temporary file. Close leaves r open.
func NewSource(name string, r io.Reader, opts Options) (*Source, error) {
	_, size := readerAt(r)
	return newSource(opts, size, func(s *Source) error {
		return s.input(cleanName(filepath.ToSlash(name)), "", r)
	})
}

func stdinName(opts Options) string {
	if opts.StdinName == "" {
		return "stdin"
	}
	return cleanName(filepath.ToSlash(opts.StdinName))
}

// commonFolder returns the deepest folder that holds all inputs.
func commonFolder(inputs []string) (string, error) {
	common := ""
	for _, in := range inputs {
		if in == "-" {
			continue
		}
		p, err := filepath.Abs(in)
		if err != nil {
			return "", err
		}
		dir := filepath.Dir(p)
		if common == "" {
			common = dir
		}
		for common != dir && !strings.HasPrefix(dir, strings.TrimSuffix(common, string(filepath.Separator))+string(filepath.Separator)) {
			up := filepath.Dir(common)
			if up == common {
				break // another volume
			}
			common = up
		}
	}
	return common, nil
}

// nameBelow names the file p in the output.
func nameBelow(root, p string) (string, error) {
	p, err := filepath.Abs(p)
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(root, p)
	if err != nil {
		rel = filepath.Base(p)
	}
	return cleanName(filepath.ToSlash(rel)), nil
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
	n, err := c.r.Read(p)
	c.s.done.Add(int64(n))
	return n, err
}

// input reads one input and adds its name to errors.
func (s *Source) input(name, prefix string, src io.Reader) error {
	err := s.detect(name, prefix, src)
	if err == nil || err == errStopped {
		return err
	}
	var bad flate.CorruptInputError
	for _, e := range []error{zip.ErrChecksum, zip.ErrFormat, gzip.ErrChecksum, gzip.ErrHeader} {
		if errors.Is(err, e) || errors.As(err, &bad) {
			err = fmt.Errorf("%w: %w", fault.ErrCorrupt, err)
			break
		}
	}
	return fmt.Errorf("%s: %w", name, err)
}

// detect finds out what an input is and reads it.
func (s *Source) detect(name, prefix string, src io.Reader) error {
	ra, size := readerAt(src)
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
		return s.tar(prefix, r)
	case bytes.HasPrefix(head, []byte("\x1f\x8b\x08")):
		return s.gzipFile(name, prefix, r, size)
	}
	return s.plain(name, r, size)
}

// gzipFile reads a gzip file: the tar in it, or its bytes if it holds none.
func (s *Source) gzipFile(name, prefix string, r *bufio.Reader, size int64) error {
	head, err := r.Peek(PieceSize)
	if err != nil && err != io.EOF {
		return err
	}
	var first [tarBlock]byte
	if z, err := gzip.NewReader(bytes.NewReader(head)); err == nil {
		n, _ := io.ReadFull(z, first[:])
		if !isTarHeader(first[:n]) {
			return s.plain(name, r, size)
		}
	}
	z, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	if !s.filtered() {
		if err := s.file(withoutGzip(name), true); err != nil {
			return err
		}
	}
	return s.tar(prefix, bufio.NewReaderSize(z, readAhead))
}

// withoutGzip names the tar in a tar.gz.
func withoutGzip(name string) string {
	switch ext := path.Ext(name); strings.ToLower(ext) {
	case ".gz":
		return strings.TrimSuffix(name, ext)
	case ".tgz":
		return strings.TrimSuffix(name, ext) + ".tar"
	}
	return name
}

// spool copies a pipe to a temporary file, which done deletes.
func spool(r io.Reader) (f *os.File, size int64, done func(), err error) {
	f, err = os.CreateTemp("", "foretell-*.zip")
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

// cleanName makes a relative path in UTF-8 of whatever name an archive gives,
// as a label: the name itself stays in the framing.
func cleanName(name string) string {
	name = strings.ToValidUTF8(strings.ReplaceAll(name, "\x00", ""), "\uFFFD")
	name = path.Clean("/" + name)[1:]
	if len(name) > MaxName/2 {
		n := MaxName / 2
		for !utf8.RuneStart(name[n]) {
			n--
		}
		name = strings.TrimSuffix(name[:n], "/")
	}
	if name == "" {
		name = "unnamed"
	}
	return name
}

// names makes names unique; it holds the number of times that each was used.
type names map[string]int

// unique returns name, with a number after it if it was used before.
func (u names) unique(name string) string {
	free := name
	for u[free] > 0 {
		u[name]++
		free = name + "#" + strconv.Itoa(u[name])
	}
	u[free]++
	return free
}
