package tokens

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"path"
	"strings"

	"github.com/foretell/foretell/internal/fault"
)

// array reads the next size bytes of r, or the rest if size < 0: as an npy file
// if they are one, else raw.
func (s *Source) array(name string, r *bufio.Reader, size int64, shape []int) error {
	if size < 0 || size >= int64(len(npyMagic)) {
		magic, err := r.Peek(len(npyMagic))
		if err != nil && err != io.EOF {
			return err
		}
		if string(magic) == npyMagic {
			return s.npy(name, r, size)
		}
	}
	return s.raw(name, r, size, shape)
}

func (s *Source) npy(name string, r *bufio.Reader, size int64) error {
	head, info, err := readNPYHeader(r)
	if err != nil {
		return err
	}
	info.Name = name
	if err := s.framing(head); err != nil {
		return err
	}
	n := info.Len() * int64(info.Type.Size())
	rest := int64(-1)
	if size >= 0 {
		if rest = size - int64(len(head)) - n; rest < 0 {
			return io.ErrUnexpectedEOF
		}
	}
	if err := s.member(info, &data{r: r, left: n}); err != nil {
		return err
	}
	return s.tail(r, rest)
}

// tail hands out the rest bytes after a file's array, or all if rest < 0.
func (s *Source) tail(r *bufio.Reader, rest int64) error {
	n, err := s.copyFraming(r, rest, s.framing)
	if err == nil && n < rest {
		err = io.ErrUnexpectedEOF
	}
	return err
}

func (s *Source) raw(name string, r *bufio.Reader, size int64, shape []int) error {
	info := Info{Name: name, Type: rawType(name, s.opts.Dtype), Shape: []int{-1}}
	unit := int64(info.Type.Size())
	if shape != nil {
		return s.shaped(info, r, size, shape)
	}
	if size/unit > math.MaxInt {
		return fmt.Errorf("%w: %d bytes on a 32-bit machine", fault.ErrLimit, size)
	}
	if size >= 0 {
		info.Shape[0] = int(size / unit)
		if err := s.member(info, &data{r: r, left: size - size%unit}); err != nil {
			return err
		}
		return s.tail(r, size%unit)
	}
	if err := s.member(info, &openData{r: r, unit: int(unit)}); err != nil {
		return err
	}
	return s.tail(r, -1)
}

// shaped reads a raw file whose length must fit shape.
func (s *Source) shaped(info Info, r *bufio.Reader, size int64, shape []int) error {
	unit := int64(info.Type.Size())
	info.Shape = append([]int(nil), shape...)
	misfit := func(size int64) error {
		return fmt.Errorf("%d bytes do not fill shape %v of %v", size, shape, info.Type)
	}
	want := info.Len() * unit
	row := unit
	if info.Open() {
		row *= (&Info{Shape: shape[1:]}).Len()
		if size >= 0 {
			if row == 0 || size%row != 0 || size/row > math.MaxInt {
				return misfit(size)
			}
			info.Shape[0] = int(size / row)
			want = size
		}
	}
	if size >= 0 && size != want {
		return misfit(size)
	}
	if want >= 0 {
		if err := s.member(info, &data{r: r, left: want}); err != nil {
			return err
		}
		if _, err := r.ReadByte(); err != io.EOF {
			if err == nil {
				err = fmt.Errorf("more data than shape %v of %v", shape, info.Type)
			}
			return err
		}
		return nil
	}
	d := &openData{r: r, unit: int(unit)}
	if err := s.member(info, d); err != nil {
		return err
	}
	n := d.done + int64(r.Buffered())
	if row == 0 || n%row != 0 {
		return misfit(n)
	}
	return nil
}

// member hands out an array and skips what the consumer leaves of it.
func (s *Source) member(info Info, r io.Reader) error {
	if err := info.Validate(); err != nil {
		return err
	}
	s.found = true
	if err := s.emit(Part{Kind: Member, Info: info, Data: &memberReader{r, info.Name}}); err != nil {
		return err
	}
	for {
		_, err := r.Read(s.piece)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// rawTypes gives the element types of raw files by extension.
var rawTypes = map[string]Type{
	".u8": Uint8, ".u16": Uint16, ".u32": Uint32, ".u64": Uint64,
	".i8": Int8, ".i16": Int16, ".i32": Int32, ".i64": Int64,
}

func rawType(name string, dtype Type) Type {
	if dtype != 0 {
		return dtype
	}
	if t, ok := rawTypes[strings.ToLower(path.Ext(name))]; ok {
		return t
	}
	return Uint8
}

// A memberReader adds the member's name to errors.
type memberReader struct {
	r    io.Reader
	name string
}

func (m *memberReader) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%s: %w", m.name, classified(err))
	}
	return n, err
}

// data reads a known number of bytes.
type data struct {
	r    *bufio.Reader
	left int64
	err  error
}

func (d *data) Read(p []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	if d.left == 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > d.left {
		p = p[:d.left]
	}
	n, err := d.r.Read(p)
	d.left -= int64(n)
	if err == io.EOF && d.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	d.err = err
	return n, err
}

// openData reads whole units to the end of its input and leaves the rest there.
type openData struct {
	r    *bufio.Reader
	unit int
	done int64
	left int // bytes up to the end of the last unit that is known to be whole
	err  error
}

func (d *openData) Read(p []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	if d.left == 0 {
		if _, err := d.r.Peek(d.unit); err != nil {
			d.err = err
			return 0, err
		}
		d.left = d.r.Buffered() / d.unit * d.unit
	}
	n, err := d.r.Read(p[:min(len(p), d.left)])
	d.left -= n
	d.done += int64(n)
	return n, err
}
