package tokens

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/foretell/foretell/internal/fault"
)

const (
	npyMagic = "\x93NUMPY"

	// maxNPYHeader bounds the memory that a header may take. NumPy itself
	// refuses to parse more than 10,000 bytes unless told.
	maxNPYHeader = 1 << 20
)

// readNPYHeader reads the header of an npy file of size bytes, -1 if that is
// unknown: all bytes before the data and what they say. The member's name is left
// to the caller. With an error come the bytes that have been read.
func readNPYHeader(r *bufio.Reader, size int64) ([]byte, Info, error) {
	head := make([]byte, 0, 256)
	more := func(n int) error {
		start := len(head)
		if size >= 0 && int64(start+n) > size {
			return errCut
		}
		head = append(head, make([]byte, n)...)
		k, err := readFull(r, head[start:])
		head = head[:start+k]
		if err == nil && k < n {
			if err = errCut; size >= 0 {
				err = io.ErrUnexpectedEOF // of what holds the file
			}
		}
		return err
	}
	if err := more(8); err != nil {
		return head, Info{}, err
	}
	if string(head[:6]) != npyMagic {
		return head, Info{}, fmt.Errorf("%w: not an npy header", fault.ErrCorrupt)
	}
	width := 4
	switch {
	case head[6] == 1 && head[7] == 0:
		width = 2
	case (head[6] == 2 || head[6] == 3) && head[7] == 0:
	default:
		return head, Info{}, fmt.Errorf("%w: npy version %d.%d", fault.ErrUnsupported, head[6], head[7])
	}
	if err := more(width); err != nil {
		return head, Info{}, err
	}
	var length [4]byte
	copy(length[:], head[8:])
	n := binary.LittleEndian.Uint32(length[:])
	if n > maxNPYHeader {
		return head, Info{}, fmt.Errorf("%w: npy header of %d bytes", fault.ErrLimit, n)
	}
	start := len(head)
	if err := more(int(n)); err != nil {
		return head, Info{}, err
	}
	info, err := parseNPYDict(head[start:])
	return head, info, err
}

// truncated turns the end of input into io.ErrUnexpectedEOF.
func truncated(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// A literal reads the few forms of Python literals that npy headers use.
type literal struct{ rest []byte }

func (l *literal) space() {
	l.rest = bytes.TrimLeft(l.rest, " \t\r\n\f\v")
}

// take skips white space and then c, if it comes next.
func (l *literal) take(c byte) bool {
	l.space()
	if len(l.rest) > 0 && l.rest[0] == c {
		l.rest = l.rest[1:]
		return true
	}
	return false
}

// word takes a run of letters and digits.
func (l *literal) word() string {
	l.space()
	n := 0
	for n < len(l.rest) && (l.rest[n]|0x20 >= 'a' && l.rest[n]|0x20 <= 'z' || l.rest[n] >= '0' && l.rest[n] <= '9') {
		n++
	}
	w := string(l.rest[:n])
	l.rest = l.rest[n:]
	return w
}

// text takes a quoted string without escapes, with or without a prefix u or b.
func (l *literal) text() (string, bool) {
	l.space()
	if len(l.rest) > 1 && (l.rest[0] == 'u' || l.rest[0] == 'b') {
		l.rest = l.rest[1:]
	}
	if len(l.rest) == 0 || l.rest[0] != '\'' && l.rest[0] != '"' {
		return "", false
	}
	n := bytes.IndexByte(l.rest[1:], l.rest[0])
	if n < 0 {
		return "", false
	}
	s := string(l.rest[1 : 1+n])
	l.rest = l.rest[n+2:]
	return s, !strings.Contains(s, `\`)
}

// ints takes a tuple of integers; Python 2 wrote some with an L after them.
func (l *literal) ints() ([]int, bool) {
	if !l.take('(') {
		return nil, false
	}
	list := []int{}
	for !l.take(')') {
		if len(list) > 0 && !l.take(',') {
			return nil, false
		}
		if l.take(')') {
			break
		}
		n, err := strconv.Atoi(strings.TrimSuffix(l.word(), "L"))
		if err != nil || n < 0 {
			return nil, false
		}
		list = append(list, n)
	}
	return list, true
}

// parseNPYDict reads the dictionary in an npy header: keys in any order, each
// once, white space and a last comma anywhere that Python allows.
func parseNPYDict(src []byte) (Info, error) {
	var info Info
	bad := fmt.Errorf("%w: npy header is not a dictionary of descr, fortran_order and shape", fault.ErrCorrupt)
	l := literal{src}
	if !l.take('{') {
		return info, bad
	}
	seen := map[string]bool{}
	for !l.take('}') {
		if len(seen) > 0 && !l.take(',') {
			return info, bad
		}
		if l.take('}') {
			break
		}
		key, ok := l.text()
		if !ok || seen[key] || !l.take(':') {
			return info, bad
		}
		seen[key] = true
		switch key {
		case "descr":
			if l.take('[') || l.take('(') {
				return info, fmt.Errorf("%w: structured array: store each field as an array of its own", fault.ErrUnsupported)
			}
			descr, ok := l.text()
			if !ok {
				return info, bad
			}
			var err error
			if info.Type, info.BigEndian, err = parseDescr(descr); err != nil {
				return info, err
			}
		case "fortran_order":
			switch l.word() {
			case "True":
				info.Fortran = true
			case "False":
			default:
				return info, bad
			}
		case "shape":
			if info.Shape, ok = l.ints(); !ok {
				return info, bad
			}
		default:
			return info, bad
		}
	}
	l.space()
	if len(l.rest) > 0 || !seen["descr"] || !seen["fortran_order"] || !seen["shape"] {
		return info, bad
	}
	return info, info.Validate()
}

// npyTypes are NumPy's codes of plain integers and booleans; those whose size is
// the platform's are taken as on 64-bit Unix.
var npyTypes = map[string]Type{
	"b1": Bool, "?": Bool, "i1": Int8, "b": Int8, "u1": Uint8, "B": Uint8,
	"i2": Int16, "h": Int16, "u2": Uint16, "H": Uint16, "i4": Int32, "i": Int32, "u4": Uint32, "I": Uint32,
	"i8": Int64, "q": Int64, "l": Int64, "p": Int64, "n": Int64,
	"u8": Uint64, "Q": Uint64, "L": Uint64, "P": Uint64, "N": Uint64,
}

// npyNames are NumPy's names of them, which take no byte order.
var npyNames = map[string]Type{
	"bool": Bool, "bool_": Bool, "bool8": Bool,
	"int8": Int8, "byte": Int8, "uint8": Uint8, "ubyte": Uint8,
	"int16": Int16, "short": Int16, "uint16": Uint16, "ushort": Uint16,
	"int32": Int32, "intc": Int32, "uint32": Uint32, "uintc": Uint32,
	"int64": Int64, "int": Int64, "int_": Int64, "intp": Int64, "long": Int64, "longlong": Int64,
	"uint64": Uint64, "uint": Uint64, "uintp": Uint64, "ulong": Uint64, "ulonglong": Uint64,
}

// parseDescr reads NumPy's short form of an element type, such as "<i8", or a name.
// Native order, which NumPy does not write, is taken to be little-endian.
func parseDescr(s string) (Type, bool, error) {
	order, kind := byte('='), s
	if kind != "" && strings.IndexByte("<>|=", kind[0]) >= 0 {
		order, kind = kind[0], kind[1:]
	}
	t, ok := npyTypes[kind]
	if !ok && kind == s {
		t, ok = npyNames[s]
	}
	if !ok {
		why := "only integers and bool can be compressed"
		switch {
		case strings.HasPrefix(kind, "f"):
			why = "floats need to be quantised to integers first"
		case strings.HasPrefix(kind, "O"):
			why = "Python objects (pickles) are not read; store integers"
		}
		return 0, false, fmt.Errorf("%w: array of element type %.40q: %s", fault.ErrUnsupported, s, why)
	}
	return t, order == '>' && t.Size() > 1, nil
}

// growth is how many digits NumPy leaves room for in the axis that may grow.
const growth = 21

// AppendNPYHeader appends the npy header, version 1.0, that NumPy writes for
// such an array: aligned to 64 bytes, with room to grow. An Info that is open
// or that Validate refuses is an error.
func AppendNPYHeader(dst []byte, info Info) ([]byte, error) {
	if err := info.Validate(); err != nil {
		return dst, err
	}
	if info.Open() {
		return dst, fmt.Errorf("npy header of %q: its length is not known yet", info.Name)
	}
	order := byte('|')
	switch {
	case info.Type.Size() == 1:
	case info.BigEndian:
		order = '>'
	default:
		order = '<'
	}
	kind := byte('u')
	switch {
	case info.Type == Bool:
		kind = 'b'
	case info.Type.Signed():
		kind = 'i'
	}
	fortran := "False"
	if info.Fortran {
		fortran = "True"
	}
	dict := fmt.Appendf(nil, "{'descr': '%c%c%d', 'fortran_order': %s, 'shape': (", order, kind, info.Type.Size(), fortran)
	for i, n := range info.Shape {
		if i > 0 {
			dict = append(dict, ", "...)
		}
		dict = strconv.AppendInt(dict, int64(n), 10)
	}
	if len(info.Shape) == 1 {
		dict = append(dict, ',')
	}
	dict = append(dict, "), }"...)
	if len(info.Shape) > 0 {
		grows := info.Shape[0]
		if info.Fortran {
			grows = info.Shape[len(info.Shape)-1]
		}
		dict = append(dict, strings.Repeat(" ", growth-len(strconv.Itoa(grows)))...)
	}
	const before = len(npyMagic) + 4
	pad := 64 - (before+len(dict)+1)%64
	dict = append(dict, strings.Repeat(" ", pad)...)
	dict = append(dict, '\n')
	dst = append(dst, npyMagic+"\x01\x00"...)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(dict)))
	return append(dst, dict...), nil
}
