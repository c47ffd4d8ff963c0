package tokens

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/foretell/foretell/internal/fault"
)

const (
	tarBlock = 512

	// maxTarText bounds the long names and extended headers that are read.
	maxTarText = 1 << 20
)

// isTarHeader reports whether b begins with a tar header: its checksum is right.
func isTarHeader(b []byte) bool {
	if len(b) < tarBlock || b[0] == 0 {
		return false
	}
	want, ok := tarNumber(b[148:156])
	if !ok {
		return false
	}
	// The sum is taken with the checksum's own bytes as spaces; old writers
	// summed signed bytes.
	sum, signed := int64(8*' '), int64(8*' ')
	for i, c := range b[:tarBlock] {
		if i < 148 || i >= 156 {
			sum += int64(c)
			signed += int64(int8(c))
		}
	}
	return want == sum || want == signed
}

// tarNumber reads a number of a header: octal digits between spaces or NULs, or
// base 256 if the first bit is set.
func tarNumber(b []byte) (int64, bool) {
	if b[0]&0x80 != 0 {
		var n int64
		for i, c := range b {
			if i == 0 {
				c &= 0x7f
			}
			if n >= 1<<54 {
				return 0, false
			}
			n = n<<8 | int64(c)
		}
		return n, true
	}
	text := strings.Trim(string(b), " \x00")
	if text == "" {
		return 0, true
	}
	n, err := strconv.ParseUint(text, 8, 62)
	return int64(n), err == nil
}

// tarText returns a field up to its first NUL.
func tarText(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// A tarWalk reads a tar: headers, padding and trailer are framing, regular files
// are members. It reads on behind a trailer, as of joined archives. Where it does
// not understand what comes, the rest is framing to the end.
type tarWalk struct {
	s      *Source
	prefix string // of names
	r      *bufio.Reader
	left   int64 // bytes up to the end, -1 if unknown
	next   tarNames
}

// tar reads a tar of size bytes, -1 if unknown.
func (s *Source) tar(prefix string, r *bufio.Reader, size int64) error {
	t := &tarWalk{s: s, prefix: prefix, r: r, left: size}
	for {
		var block [tarBlock]byte
		n, err := t.read(block[:])
		if err != nil || n == 0 {
			return err
		}
		if n < tarBlock && !zeros(block[:]) {
			return t.cut()
		}
		if n < tarBlock || zeros(block[:]) {
			continue
		}
		more, err := t.entry(&block)
		if err != nil || !more {
			return err
		}
	}
}

func zeros(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

// read reads and hands out framing. There is less of it only at the end.
func (t *tarWalk) read(b []byte) (int, error) {
	n, err := readFull(t.r, b)
	t.took(int64(n))
	if err == nil {
		err = t.s.envelope(b[:n])
	}
	return n, err
}

func (t *tarWalk) took(n int64) {
	if t.left >= 0 {
		t.left = max(t.left-n, 0)
	}
}

// skip hands out n bytes as framing and reports whether there were as many.
func (t *tarWalk) skip(n int64) (bool, error) {
	done, err := t.s.copyFraming(t.r, n, t.s.envelope)
	t.took(done)
	if err == nil && done < n {
		return false, t.cut()
	}
	return err == nil, err
}

func (t *tarWalk) cut() error {
	return t.s.note(fmt.Errorf("the tar is cut off: %w", io.ErrUnexpectedEOF), "kept as it is")
}

// rest ends the walk before what is not understood.
func (t *tarWalk) rest(why string) error {
	if err := t.s.note(fmt.Errorf("%w: %s", fault.ErrUnsupported, why), "from there on the tar is kept, but not read as files"); err != nil {
		return err
	}
	_, err := t.s.copyFraming(t.r, -1, t.s.envelope)
	return err
}

// entry reads what follows a header. It reports whether the walk goes on.
func (t *tarWalk) entry(block *[tarBlock]byte) (more bool, err error) {
	size, ok := tarNumber(block[124:136])
	if !ok || !isTarHeader(block[:]) {
		return false, t.rest("a block that is no header")
	}
	next := t.next
	t.next = tarNames{}
	switch kind := block[156]; kind {
	case 'x', 'X', 'L':
		if t.next = next; size > maxTarText {
			return false, t.rest(fmt.Sprintf("an extended header of %d bytes", size))
		}
		b := make([]byte, size)
		n, err := t.read(b)
		if err != nil {
			return false, err
		}
		if n < len(b) {
			return false, t.cut()
		}
		if !t.next.read(kind, b) {
			return false, t.rest("an extended header that is malformed")
		}
	case 'K', 'g', 'A', 'D', 'N', 'V':
		// Names of links and other things that are no file's content.
		t.next = next
		if more, err := t.skip(size); !more {
			return false, err
		}
	case '1', '2', '3', '4', '5', '6':
		// Links, devices and folders have no data, whatever their size says.
		size = 0
	default:
		name := next.name
		if name == "" {
			name = tarText(block[:100])
			if prefix := tarText(block[345:500]); prefix != "" && string(block[257:263]) == "ustar\x00" {
				name = prefix + "/" + name
			}
		}
		if next.sized {
			size = next.size
		}
		if kind == 0 && strings.HasSuffix(name, "/") {
			size = 0 // a folder, before there was a type for them
			break
		}
		if more, err := t.file(kind, t.prefix+name, size, next.sparse, block); !more {
			return false, err
		}
	}
	return t.skip(-size & (tarBlock - 1))
}

// file reads a file's data. It reports whether the walk goes on.
func (t *tarWalk) file(kind byte, name string, size int64, sparse bool, block *[tarBlock]byte) (more bool, err error) {
	var why error // these are not the bytes of the file
	switch {
	case kind == 'S':
		if string(block[257:265]) != "ustar  \x00" {
			return false, t.rest("a sparse file in a form that is not known")
		}
		// The map of the segments may go on in blocks of its own.
		for more := block[482]; more != 0; {
			var segments [tarBlock]byte
			if n, err := t.read(segments[:]); err != nil || n < tarBlock {
				return false, cmp.Or(err, t.cut())
			}
			more = segments[504]
		}
		why = errSparse
	case sparse:
		why = errSparse
	case kind != '0' && kind != 0 && kind != '7':
		why = fmt.Errorf("%w: an entry of type %q", fault.ErrUnsupported, kind)
	}
	whole := t.left < 0 || size <= t.left
	if !whole {
		why, size = fmt.Errorf("the tar is cut off: %w", io.ErrUnexpectedEOF), t.left
	}
	var is bool // an npz
	switch {
	case why != nil:
		err = t.s.stored(name, t.r, size, why)
	default:
		if is, err = t.s.npz(name, t.r, size); err == nil && !is {
			err = t.s.entry(name, name, t.r, size)
		}
	}
	t.took(size)
	return err == nil && whole, err
}

var errSparse = fmt.Errorf("%w: stored as a sparse file, without its zeros", fault.ErrUnsupported)

// tarNames is what extended headers say about the file that follows.
type tarNames struct {
	name   string
	size   int64
	sized  bool
	sparse bool // in one of GNU's three ways, or star's
}

// read takes what an extended header of PAX ('x'; 'X' is Solaris's) or a long name
// of GNU ('L') says. It reports whether that was understood.
func (t *tarNames) read(kind byte, b []byte) bool {
	if kind == 'L' {
		t.name = tarText(b)
		return true
	}
	real := "" // a sparse file's own name
	padding := len(b) - len(bytes.TrimRight(b, "\x00"))
	for len(b) > padding {
		// "length key=value\n", the length being that of all this.
		digits, _, ok := bytes.Cut(b, []byte{' '})
		n, err := strconv.Atoi(string(digits))
		if !ok || err != nil || n <= len(digits)+1 || n > len(b) {
			return false
		}
		key, value, _ := strings.Cut(strings.TrimSuffix(string(b[len(digits)+1:n]), "\n"), "=")
		b = b[n:]
		switch {
		case key == "path":
			t.name = value
		case key == "size" && value != "":
			size, err := strconv.ParseUint(value, 10, 62)
			if err != nil {
				return false
			}
			t.size, t.sized = int64(size), true
		case key == "GNU.sparse.name":
			real, t.sparse = value, true
		case strings.HasPrefix(key, "GNU.sparse."), key == "SCHILY.realsize":
			t.sparse = true
		}
	}
	t.name = cmp.Or(real, t.name)
	return true
}
