package tokens

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/foretell/foretell/internal/fault"
	"github.com/klauspost/compress/gzip"
)

// A Decompressor opens one kind of compressed files, so that a Source reads the
// tars in them.
type Decompressor struct {
	Magic string // how its files begin

	// Endings are those of its files' names, and what the names of the tars in
	// them end in instead.
	Endings map[string]string

	// Open returns a reader that gives what a file holds and then io.EOF if the
	// file was whole, and takes a bounded amount of memory. extra, which may be
	// nil, it tells how many bytes stand behind the file and are passed over.
	Open func(r *bufio.Reader, extra func(n int64) error) (io.ReadCloser, error)
}

// packedPeek is how much of a compressed file is looked at to tell whether it holds
// a tar: enough for the largest block of the usual compressors.
const packedPeek = 2 << 20

var gunzip = Decompressor{
	Magic:   "\x1f\x8b\x08",
	Endings: map[string]string{".gz": "", ".tgz": ".tar"},
	Open: func(r *bufio.Reader, extra func(int64) error) (io.ReadCloser, error) {
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, err
		}
		z.Multistream(false)
		return &gunzipper{z, r, extra}, nil
	},
}

// A gunzipper reads gzip files that follow one another, and what gzip itself lets
// stand behind them: zeros, as on tapes.
type gunzipper struct {
	*gzip.Reader
	r     *bufio.Reader
	extra func(int64) error
}

func (g *gunzipper) Read(p []byte) (int, error) {
	for {
		n, err := g.Reader.Read(p)
		if n > 0 && err == io.EOF {
			return n, nil // the next call comes back here
		}
		if n > 0 || err != io.EOF {
			return n, err
		}
		if more, err := g.another(); err != nil || !more {
			return 0, err
		}
	}
}

// another begins the next file, if there is one: else it returns io.EOF.
func (g *gunzipper) another() (bool, error) {
	magic, err := g.r.Peek(2)
	if err != nil && err != io.EOF {
		return false, err
	}
	if string(magic) == gunzip.Magic[:2] {
		err := g.Reset(g.r)
		g.Multistream(false)
		return err == nil, truncated(err)
	}
	rest, n := int64(0), int64(0) // bytes from the first that is not zero
	for {
		c, err := g.r.ReadByte()
		if err == io.EOF {
			break
		}
		if err != nil {
			return false, err
		}
		if n++; c != 0 && rest == 0 {
			rest = n
		}
	}
	if rest > 0 && g.extra != nil {
		if err := g.extra(n - rest + 1); err != nil {
			return false, err
		}
	}
	return false, io.EOF
}

// packedFile reads the tar or the npy array in a compressed file, or the file's bytes if
// it holds none. ra reads all of it, or is nil if that is a pipe.
func (s *Source) packedFile(d Decompressor, name, prefix string, r *bufio.Reader, ra io.ReaderAt, size int64) error {
	peek := packedPeek
	if size >= 0 {
		peek = int(min(size, packedPeek))
	}
	r = bufio.NewReaderSize(r, peek)
	head, err := r.Peek(peek)
	if err != nil && err != io.EOF {
		return err
	}
	tar, npy := d.holds(head)
	if !tar && !npy {
		return s.plain(name, r, size)
	}
	if ra != nil && !s.given {
		if err := d.check(io.NewSectionReader(ra, 0, size)); err != nil {
			return s.keepFile(name, r, size, err)
		}
	}
	z, err := d.Open(r, func(n int64) error {
		return s.note(fmt.Errorf("%w: %d bytes behind the compressed data", fault.ErrUnsupported, n), "they are not kept")
	})
	if err != nil {
		return err
	}
	defer z.Close()
	name = d.unpackedName(name)
	inside := bufio.NewReaderSize(z, readAhead)
	if npy {
		label := s.names.unique(name)
		if !s.matches(label) {
			return nil
		}
		if err := s.file(name, true); err != nil {
			return err
		}
		return s.array(item{label: label, file: name, size: -1}, inside)
	}
	if !s.filtered() {
		if err := s.file(name, true); err != nil {
			return err
		}
	}
	return s.tar(prefix, inside, -1)
}

// holds reports whether a file that begins with head holds a tar or an npy array.
func (d *Decompressor) holds(head []byte) (tar, npy bool) {
	z, err := d.Open(bufio.NewReader(bytes.NewReader(head)), nil)
	if err != nil {
		return false, false
	}
	defer z.Close()
	var first [tarBlock]byte
	n, _ := io.ReadFull(z, first[:])
	return isTarHeader(first[:n]), bytes.HasPrefix(first[:n], []byte(npyMagic))
}

// check reads all of a file and returns what is wrong with it.
func (d *Decompressor) check(file io.Reader) error {
	z, err := d.Open(bufio.NewReaderSize(file, readAhead), nil)
	if err != nil {
		return err
	}
	defer z.Close()
	_, err = io.Copy(io.Discard, z)
	return err
}

// keepFile keeps as bytes one of many files that cannot be unpacked, which is found out
// before anything of it is handed out.
func (s *Source) keepFile(name string, r *bufio.Reader, size int64, why error) error {
	if err := s.note(why, "kept as bytes"); err != nil {
		return err
	}
	return s.plain(name, r, size)
}

// unpackedName names the tar or array in a file.
func (d *Decompressor) unpackedName(name string) string {
	for ending, tar := range d.Endings {
		if at := len(name) - len(ending); at > 0 && strings.EqualFold(name[at:], ending) {
			return name[:at] + tar
		}
	}
	return name
}
