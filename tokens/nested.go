package tokens

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/foretell/foretell/internal/fault"
)

// A localHeader is what a zip says before the data of an entry.
type localHeader struct {
	name   string
	length int64 // of the header itself
	size   int64 // of the data
	stored bool
}

// The parts of a zip begin with numbers that say what they are.
const (
	localMagic   = "PK\x03\x04"
	localLength  = 30
	laterSizes   = 1 << 3 // a flag: the sizes come behind the data
	zipEncrypted = 1 << 0
)

// peekLocal returns the header that r goes on with, nil if that is none whose data can
// be read as it lies, within left bytes.
func peekLocal(r *bufio.Reader, left int64) (*localHeader, error) {
	if left < localLength {
		return nil, nil
	}
	b, err := r.Peek(localLength)
	if err != nil || string(b[:4]) != localMagic {
		return nil, ignoreEOF(err)
	}
	flags, method := binary.LittleEndian.Uint16(b[6:]), binary.LittleEndian.Uint16(b[8:])
	packed, size := int64(binary.LittleEndian.Uint32(b[18:])), int64(binary.LittleEndian.Uint32(b[22:]))
	name, extra := int(binary.LittleEndian.Uint16(b[26:])), int(binary.LittleEndian.Uint16(b[28:]))
	h := &localHeader{length: localLength + int64(name) + int64(extra), size: size, stored: method == 0}
	if flags&(laterSizes|zipEncrypted) != 0 || h.length > left {
		return nil, nil
	}
	if b, err = r.Peek(int(h.length)); err != nil {
		return nil, ignoreEOF(err)
	}
	h.name = string(b[localLength:][:name])
	const long = 1<<32 - 1
	for e := b[localLength+name:]; len(e) >= 4; {
		id, n := binary.LittleEndian.Uint16(e), int(binary.LittleEndian.Uint16(e[2:]))
		if e = e[4:]; n > len(e) {
			return nil, nil
		}
		if id == zip64Extra && size == long && packed == long && n >= 16 {
			u, p := binary.LittleEndian.Uint64(e), binary.LittleEndian.Uint64(e[8:])
			if u > 1<<62 || p > 1<<62 {
				return nil, nil
			}
			h.size, packed = int64(u), int64(p)
		}
		e = e[n:]
	}
	if h.stored && h.size != packed || packed > left-h.length {
		return nil, nil
	}
	return h, nil
}

func ignoreEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// npz reads the next size bytes of r, a file in an archive, as the arrays of an npz
// that stores them, and reports whether it is one. What lies between them is framing.
func (s *Source) npz(name string, r *bufio.Reader, size int64) (bool, error) {
	h, err := peekLocal(r, size)
	if err != nil || h == nil || !strings.HasSuffix(h.name, ".npy") {
		return false, err
	}
	if !h.stored {
		return false, inMember(name, s.note(inMember(name, fmt.Errorf("%w: %w", fault.ErrUnsupported, errDeflated)), "kept as bytes"))
	}
	for h != nil && h.stored {
		if err := s.between(r, h.length); err != nil {
			return true, err
		}
		size -= h.length
		if !strings.HasSuffix(h.name, "/") {
			file := name + "/" + h.name
			if err := s.entry(strings.TrimSuffix(file, ".npy"), file, r, h.size); err != nil {
				return true, err
			}
			size -= h.size
		}
		if h, err = peekLocal(r, size); err != nil {
			return true, err
		}
	}
	return true, s.between(r, size)
}

// errDeflated says why an npz in an archive is not read.
var errDeflated = errors.New("a deflated npz within an archive, which would not come back byte for byte")
