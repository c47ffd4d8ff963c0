package tokens

import (
	"bufio"
	"bytes"
	"io"
	"strconv"
	"strings"
)

const (
	tarBlock = 512

	// maxTarText bounds the long names and extended headers that are read;
	// larger ones stay framing and are not understood.
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

// tar reads a tar: headers, padding and trailer are framing, regular files are
// members. It reads on behind a trailer, as of joined archives. What follows a
// block that is no header is framing to the end.
func (s *Source) tar(prefix string, r *bufio.Reader) error {
	var block [tarBlock]byte
	var long tarNames
	for {
		n, err := io.ReadFull(r, block[:])
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return err
		}
		if err := s.envelope(block[:n]); err != nil || n < tarBlock {
			return err
		}
		if block == [tarBlock]byte{} {
			continue
		}
		size, ok := tarNumber(block[124:136])
		if !ok || !isTarHeader(block[:]) {
			_, err := s.copyFraming(r, -1, s.envelope)
			return err
		}
		kind := block[156]
		text := kind == 'x' || kind == 'L'
		switch {
		case text && size <= maxTarText:
			b := make([]byte, size)
			n, err := io.ReadFull(r, b)
			if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
				return err
			}
			if err := s.envelope(b[:n]); err != nil {
				return err
			}
			long.read(kind, b[:n])
		case kind >= '1' && kind <= '6':
			// Links, devices and folders have no data, whatever their size says.
			size = 0
			long = tarNames{}
		case kind == '0' || kind == 0 || kind == '7' || kind == 'S':
			name := long.name
			if name == "" {
				name = tarText(block[:100])
				if prefix := tarText(block[345:500]); prefix != "" && string(block[257:263]) == "ustar\x00" {
					name = prefix + "/" + name
				}
			}
			if long.sized {
				size = long.size
			}
			long = tarNames{}
			if kind == 0 && strings.HasSuffix(name, "/") {
				size = 0 // a folder, before there was a type for them
				break
			}
			if err := s.entry(prefix+name, prefix+name, r, size); err != nil {
				return err
			}
		default:
			if _, err := s.copyFraming(r, size, s.envelope); err != nil {
				return err
			}
		}
		if _, err := s.copyFraming(r, -size&(tarBlock-1), s.envelope); err != nil {
			return err
		}
	}
}

// tarNames is what extended headers say about the file that follows.
type tarNames struct {
	name  string
	size  int64
	sized bool
}

// read takes what an extended header of PAX ('x') or a long name of GNU ('L')
// says. Records that it cannot read it leaves out: names are only labels, and
// a wrong size shows at the next header.
func (t *tarNames) read(kind byte, b []byte) {
	if kind == 'L' {
		t.name = tarText(b)
		return
	}
	for len(b) > 0 {
		// "length key=value\n", the length being that of all this.
		digits, _, ok := bytes.Cut(b, []byte{' '})
		n, err := strconv.Atoi(string(digits))
		if !ok || err != nil || n <= len(digits)+1 || n > len(b) {
			return
		}
		key, value, _ := strings.Cut(strings.TrimSuffix(string(b[len(digits)+1:n]), "\n"), "=")
		b = b[n:]
		switch key {
		case "path":
			t.name = value
		case "size":
			if size, err := strconv.ParseInt(value, 10, 63); err == nil && size >= 0 {
				t.size, t.sized = size, true
			}
		}
	}
}
