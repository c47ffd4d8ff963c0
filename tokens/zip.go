package tokens

import (
	"archive/zip"
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/foretell/foretell/internal/fault"
	"github.com/klauspost/compress/flate"
)

// maxZipDirectory bounds the bytes that are read to find a zip's entries, and
// so the memory that they take: about a million of them.
const maxZipDirectory = 128 << 20

// budgetReaderAt fails after a number of bytes.
type budgetReaderAt struct {
	r    io.ReaderAt
	left int64
}

func (b *budgetReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, fault.ErrLimit
	}
	return b.r.ReadAt(p, off)
}

// A zipEntry is a file in a zip.
type zipEntry struct {
	*zip.File
	at   int64 // offset of its data
	size int64 // of its data when inflated
}

// zipFile reads a zip that holds arrays; any other is raw. r is at its start; ra
// reads all of it, or is nil if that is a pipe, which is then spooled.
func (s *Source) zipFile(name, prefix string, r *bufio.Reader, ra io.ReaderAt, size int64) error {
	if ra == nil {
		f, n, done, err := spool(r)
		if err != nil {
			return err
		}
		defer done()
		r, ra, size = bufio.NewReaderSize(f, readAhead), f, n
	}
	entries, deflated, err := zipEntries(ra, size)
	if err != nil {
		if err != errNoArrays {
			if !errors.Is(err, zip.ErrFormat) {
				err = fmt.Errorf("%w: %w", fault.ErrUnsupported, err)
			}
			if err := s.note(err, "kept as bytes"); err != nil {
				return err
			}
		}
		return s.plain(name, r, size)
	}
	if deflated && !s.given {
		for _, e := range entries {
			if err := e.check(); err != nil {
				return s.keepFile(name, r, size, inMember(e.Name, err))
			}
		}
	}
	if !s.filtered() {
		if err := s.file(name, deflated); err != nil {
			return err
		}
	}
	if deflated || s.filtered() {
		return s.repack(prefix, entries)
	}
	// Stored: the file is its entries and what lies between them.
	slices.SortStableFunc(entries, func(a, b zipEntry) int { return cmp.Compare(a.at, b.at) })
	at := int64(0)
	for _, e := range entries {
		if err := s.between(r, e.at-at); err != nil {
			return err
		}
		if at = e.at; e.folder() {
			continue
		}
		label, file := e.names(prefix)
		if err := s.entry(label, file, r, e.size); err != nil {
			return err
		}
		at += e.size
	}
	return s.between(r, size-at)
}

// between hands out n bytes of framing.
func (s *Source) between(r io.Reader, n int64) error {
	done, err := s.copyFraming(r, n, s.envelope)
	if err == nil && done < n {
		err = io.ErrUnexpectedEOF
	}
	return err
}

var (
	errNotWalked = errors.New("a zip whose arrays cannot be read one after another")
	errNoArrays  = errors.New("a zip without arrays")
)

// zipEntries returns the entries of a zip in the order of its directory and
// whether any is deflated. An error means that it is no zip, that it holds no
// arrays (errNoArrays), or that it cannot be split cleanly into entries and the rest
// (errNotWalked).
func zipEntries(r io.ReaderAt, size int64) (entries []zipEntry, deflated bool, err error) {
	budget := &budgetReaderAt{r, maxZipDirectory}
	z, err := zip.NewReader(budget, size)
	if err != nil {
		return nil, false, err
	}
	if !slices.ContainsFunc(z.File, func(f *zip.File) bool { return strings.HasSuffix(f.Name, ".npy") }) {
		return nil, false, errNoArrays
	}
	budget.left = math.MaxInt64
	z.RegisterDecompressor(zip.Deflate, flate.NewReader)
	for _, f := range z.File {
		at, err := f.DataOffset()
		if err != nil {
			return nil, false, err
		}
		e := zipEntry{f, at, int64(f.UncompressedSize64)}
		const encrypted = 1
		if f.Flags&encrypted != 0 || e.size < 0 || f.CompressedSize64 > uint64(size) ||
			f.Method != zip.Store && f.Method != zip.Deflate ||
			f.Method == zip.Store && f.CompressedSize64 != f.UncompressedSize64 {
			return nil, false, errNotWalked
		}
		if e.folder() && e.size > 0 {
			return nil, false, errNotWalked
		}
		deflated = deflated || f.Method == zip.Deflate
		entries = append(entries, e)
	}
	sorted := slices.SortedStableFunc(slices.Values(entries), func(a, b zipEntry) int { return cmp.Compare(a.at, b.at) })
	end := int64(0)
	for _, e := range sorted {
		if e.at < end || e.at > size-int64(e.CompressedSize64) {
			return nil, false, errNotWalked
		}
		end = e.at + int64(e.CompressedSize64)
	}
	return entries, deflated, nil
}

// check inflates the entry and returns what is wrong with it.
func (e *zipEntry) check() error {
	rc, err := e.Open()
	if err != nil {
		return err
	}
	defer rc.Close()
	_, err = io.Copy(io.Discard, rc)
	return err
}

// folder reports whether the entry stands for a folder.
func (e *zipEntry) folder() bool { return strings.HasSuffix(e.Name, "/") }

// names returns what the entry is called as a member and as a file of its own.
func (e *zipEntry) names(prefix string) (member, file string) {
	file = prefix + e.Name
	return strings.TrimSuffix(file, ".npy"), file
}

// repack reads the entries of a zip one by one and hands out a fresh zip that
// stores them.
func (s *Source) repack(prefix string, entries []zipEntry) error {
	var w zipWriter
	for _, e := range entries {
		if err := s.envelope(w.entry(e)); err != nil {
			return err
		}
		if e.folder() {
			continue
		}
		name, file := e.names(prefix)
		label, ok, err := s.choose(name, file)
		if ok {
			err = s.inflate(item{label: label, file: file, size: e.size, packed: true, renamed: name != file}, e)
		}
		err = inMember(label, err)
		if err != nil {
			return err
		}
	}
	return s.envelope(w.end())
}

// inflate reads one entry. Its size and CRC-32 are checked.
func (s *Source) inflate(it item, e zipEntry) error {
	rc, err := e.Open()
	if err != nil {
		return err
	}
	defer rc.Close()
	r := bufio.NewReaderSize(rc, readAhead)
	if err := s.array(it, r); err != nil {
		return err
	}
	if _, err := r.ReadByte(); err != io.EOF {
		if err == nil {
			err = zip.ErrFormat
		}
		return err
	}
	return nil
}
