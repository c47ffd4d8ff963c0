package tokens

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"math"
	"path"
	"strings"

	"github.com/foretell/foretell/internal/fault"
)

// array reads an item: npy arrays, one after another, if it begins as one, else
// raw elements.
func (s *Source) array(it item, r *bufio.Reader) error {
	is, err := beginsNPY(r, it.size)
	if err != nil {
		return err
	}
	if !is {
		if err := s.checkFore(it, r); err != nil {
			return err
		}
		if is, err := s.known(it, r); err != nil || is {
			return err
		}
		if it.skip > 0 {
			if err := s.header(r, it.skip); err != nil {
				return err
			}
			if it.size >= 0 {
				it.size -= it.skip
			}
		}
		info := Info{Name: it.label, Type: rawType(it.file, cmp.Or(s.opts.Dtype, it.dtype)), BigEndian: s.opts.BigEndian && s.opts.Dtype.Size() > 1}
		if it.shape != nil {
			return s.shaped(info, r, it.size, it.shape)
		}
		return s.raw(info, r, it.size)
	}
	all := it
	read := int64(0)
	for is {
		n, err := s.npy(it, r)
		if err != nil || n < 0 {
			return err
		}
		read += n
		if it.size >= 0 {
			it.size -= n
		}
		if is, err = beginsNPY(r, it.size); err != nil {
			return err
		}
		if is {
			it.label = s.names.unique(all.label) // saved into the same file
		}
	}
	n, err := s.tail(r, it.size)
	if err == nil && n*100 > n+read {
		err = s.note(all.about(fmt.Errorf("%w: %d bytes behind the array", fault.ErrUnsupported, n)), "kept, but not as an array")
	}
	return err
}

// ErrFore says that an input is a .fore file, whose bytes are hardly what is meant. It
// wraps foretell.ErrUnsupported.
var ErrFore = fmt.Errorf("%w: a .fore file already, whose content 'foretell decompress' gives back; its bytes are taken as they are where the element type is set to uint8", fault.ErrUnsupported)

const foreMagic = "\xf0FORE\r\n\x1a"

// IsFore reports whether a file that begins with head is a .fore file.
func IsFore(head []byte) bool { return bytes.HasPrefix(head, []byte(foreMagic)) }

// checkFore refuses a .fore file that is an input itself, and tells of one that is found
// in a folder or an archive, whose bytes are kept.
func (s *Source) checkFore(it item, r *bufio.Reader) error {
	if s.opts.Dtype != 0 || it.size >= 0 && it.size < int64(len(foreMagic)) {
		return nil
	}
	head, err := r.Peek(len(foreMagic))
	switch {
	case err != nil && err != io.EOF:
		return err
	case !IsFore(head):
		return nil
	case s.given && !it.packed:
		return ErrFore
	}
	return s.note(it.about(fmt.Errorf("%w: a .fore file already", fault.ErrUnsupported)), "its bytes are kept as they are")
}

// beginsNPY reports whether the next size bytes of r begin as an npy array.
func beginsNPY(r *bufio.Reader, size int64) (bool, error) {
	if size >= 0 && size < int64(len(npyMagic)) {
		return false, nil
	}
	magic, err := r.Peek(len(npyMagic))
	if err == io.EOF {
		err = nil
	}
	return string(magic) == npyMagic, err
}

// npy reads an array and returns how many bytes it took, -1 if all of the item
// was kept as bytes.
func (s *Source) npy(it item, r *bufio.Reader) (int64, error) {
	head, info, err := readNPYHeader(r, it.size)
	n := info.Len() * int64(info.Type.Size())
	if err == nil && it.size >= 0 && it.size-int64(len(head)) < n {
		err = errCut
	}
	if err != nil {
		if keepable(err) {
			err = s.keep(it, head, r, err)
		}
		return -1, err
	}
	if info.Name, info.Form = it.label, NPY; it.renamed {
		info.Form = Named
	}
	if err := s.framing(head); err != nil {
		return 0, err
	}
	return int64(len(head)) + n, s.member(info, &data{r: r, left: n})
}

// tail hands out the rest bytes after a file's array, or all if rest < 0.
func (s *Source) tail(r *bufio.Reader, rest int64) (int64, error) {
	n, err := s.copyFraming(r, rest, s.framing)
	if err == nil && n < rest {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// raw hands out size bytes of r, or the rest if size < 0, as an array of one axis;
// what fills no element is framing.
func (s *Source) raw(info Info, r *bufio.Reader, size int64) error {
	info.Shape = []int{-1}
	unit := int64(info.Type.Size())
	if size/unit > math.MaxInt {
		return fmt.Errorf("%w: %d bytes on a 32-bit machine", fault.ErrLimit, size)
	}
	read := io.Reader(&openData{r: r, unit: int(unit)})
	rest := int64(-1)
	if size >= 0 {
		rest = size % unit
		info.Shape[0] = int(size / unit)
		read = &data{r: r, left: size - rest}
	}
	if err := s.member(info, read); err != nil {
		return err
	}
	_, err := s.tail(r, rest)
	return err
}

// shaped reads a raw file whose length must fit shape.
func (s *Source) shaped(info Info, r *bufio.Reader, size int64, shape []int) error {
	unit := int64(info.Type.Size())
	info.Shape = append([]int(nil), shape...)
	misfit := func(size int64) error {
		return fmt.Errorf("%d bytes do not fill the shape %s of %v", size, shapeText(shape), info.Type)
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
				err = fmt.Errorf("more data than the shape %s of %v", shapeText(shape), info.Type)
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

// shapeText writes a shape as options give it: 7,3.
func shapeText(shape []int) string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(shape), "[]"), " ", ",")
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
