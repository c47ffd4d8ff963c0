package main

// #include "ft.h"
import "C"

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/internal/outputs"
	"github.com/foretell/foretell/tokens"
)

// A writer writes a file in the way of the command, or to a file object.
type writer struct {
	*foretell.Writer
	*task
	stage   outputs.Stage
	file    *outputs.File    // nil for a file object
	partial *outputs.Partial // nil if what is done is not kept
	array   pieces           // that is being appended to, nil if none
}

// A pieces is an ArrayWriter of any type.
type pieces interface {
	write(raw []byte) error
	Close() error
}

// writerOptions returns how a file is written by a task.
func writerOptions(w *C.ft_writing, t *task) *foretell.WriterOptions {
	return &foretell.WriterOptions{
		Network:     network(w.network),
		Model:       C.GoString(w.model),
		BlockTokens: int(w.block),
		Solid:       w.solid != 0,
		Workers:     int(w.workers),
		Prior:       slices.Clone(slice[byte](w.prior, w.prior_length)),
		EmbedPrior:  w.embed != 0,
		External:    external(&w.external, t),
	}
}

// ft_writer_new begins a file at a path, or with NULL one that the caller writes.
//
//export ft_writer_new
func ft_writer_new(c *C.ft_caller, path *C.char, o *C.ft_writing, e *C.ft_error) (h C.uint32_t) {
	defer rescue(e)
	w := &writer{task: newTask()}
	w.stage.Stop = w.Err
	options := writerOptions(o, w.task)
	options.Context = w.task
	err := w.run(c, nil, func() (err error) {
		var dst io.Writer = foreign{w.task}
		if path != nil {
			if o.network != 0 {
				w.stage.Read(networks.at(uint32(o.network)).file)
			}
			if w.file, err = w.stage.Path(C.GoString(path), true, outputs.AnyMode); err != nil {
				return err
			}
			// What waits for the reader of a pipe waits no more.
			context.AfterFunc(w.task, func() { w.file.SetWriteDeadline(time.Unix(1, 0)) })
			dst = w.file
			if w.file.Staged && (o.resume != 0 || options.Network != nil) {
				if w.partial, options.Resume, err = w.stage.Partial(C.GoString(path), o.resume != 0); err != nil {
					return err
				}
				dst = io.MultiWriter(w.file, w.partial)
			}
		}
		w.Writer, err = foretell.NewWriter(dst, options)
		return err
	})
	if fail(e, err) != 0 {
		w.abandon()
		return 0
	}
	return C.uint32_t(writers.add(w))
}

// progress is how much of what the caller has given is in the file.
func (w *writer) progress() (done, total int64) {
	done, _ = w.Progress()
	return done, -1
}

// info describes an array to be written.
func info(name, kind *C.char, shape []int64) (tokens.Info, error) {
	info := tokens.Info{Name: C.GoString(name), Form: tokens.Named}
	for _, n := range shape {
		info.Shape = append(info.Shape, int(n))
	}
	var err error
	info.Type, err = tokens.ParseType(C.GoString(kind))
	return info, err
}

// ft_writer_add adds an array whose elements lie at p, little-endian and in C
// order, as a file name.npy.
//
//export ft_writer_add
func ft_writer_add(c *C.ft_caller, h C.uint32_t, name, kind *C.char, rank C.int32_t, shape *C.int64_t, p unsafe.Pointer, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	info, err := info(name, kind, slice[int64](unsafe.Pointer(shape), C.int64_t(rank)))
	if err != nil {
		return fail(e, err)
	}
	header, err := tokens.AppendNPYHeader(nil, info)
	if err != nil {
		return fail(e, err)
	}
	raw := slice[byte](p, C.int64_t(info.Len())*C.int64_t(info.Type.Size()))
	w := writers.at(uint32(h))
	return fail(e, w.run(c, w.progress, func() error {
		for _, part := range []tokens.Part{
			{Kind: tokens.File, Name: info.Name + ".npy"},
			{Kind: tokens.Framing, Bytes: header},
			{Kind: tokens.Member, Info: info, Data: bytes.NewReader(raw)},
		} {
			if err := w.WritePart(part); err != nil {
				return err
			}
		}
		return nil
	}))
}

// ft_writer_begin begins an array that is written in pieces, with rows of a shape.
//
//export ft_writer_begin
func ft_writer_begin(c *C.ft_caller, h C.uint32_t, name, kind *C.char, rank C.int32_t, row *C.int64_t, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	w := writers.at(uint32(h))
	info, err := info(name, kind, slice[int64](unsafe.Pointer(row), C.int64_t(rank)))
	if err != nil {
		return fail(e, err)
	}
	return fail(e, w.run(c, w.progress, func() (err error) {
		w.array, err = newPieces(w.Writer, info)
		return err
	}))
}

func newPieces(w *foretell.Writer, info tokens.Info) (pieces, error) {
	switch info.Type {
	case tokens.Uint8:
		return begin[uint8](w, info)
	case tokens.Int8:
		return begin[int8](w, info)
	case tokens.Uint16:
		return begin[uint16](w, info)
	case tokens.Int16:
		return begin[int16](w, info)
	case tokens.Uint32:
		return begin[uint32](w, info)
	case tokens.Int32:
		return begin[int32](w, info)
	case tokens.Uint64:
		return begin[uint64](w, info)
	case tokens.Int64:
		return begin[int64](w, info)
	}
	return nil, fmt.Errorf("%w: an array of %v in pieces", foretell.ErrUnsupported, info.Type)
}

// An appender is an ArrayWriter that takes bytes.
type appender[T foretell.Integer] struct{ *foretell.ArrayWriter[T] }

func begin[T foretell.Integer](w *foretell.Writer, info tokens.Info) (pieces, error) {
	a, err := foretell.NewArrayWriter[T](w, info.Name, info.Shape...)
	return appender[T]{a}, err
}

func (a appender[T]) write(raw []byte) error {
	size := int(unsafe.Sizeof(T(0)))
	return a.Write(unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(raw))), len(raw)/size))
}

// ft_writer_append adds the n bytes at p, aligned elements in the order of this
// machine, to the array that was begun.
//
//export ft_writer_append
func ft_writer_append(c *C.ft_caller, h C.uint32_t, p unsafe.Pointer, n C.int64_t, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	w := writers.at(uint32(h))
	return fail(e, w.run(c, w.progress, func() error { return w.array.write(slice[byte](p, n)) }))
}

// ft_writer_end ends the array that was begun.
//
//export ft_writer_end
func ft_writer_end(c *C.ft_caller, h C.uint32_t, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	w := writers.at(uint32(h))
	return fail(e, w.run(c, w.progress, func() error { return w.array.Close() }))
}

// ft_writer_close completes the file, unless whole is 0, and releases the writer.
//
//export ft_writer_close
func ft_writer_close(c *C.ft_caller, h C.uint32_t, whole C.int32_t, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	w := writers.remove(uint32(h))
	defer w.abandon()
	if whole == 0 {
		return C.FT_OK
	}
	return fail(e, w.run(c, w.progress, func() error {
		err := w.Close()
		if err == nil && w.file != nil {
			err = w.file.Finish()
		}
		if err == nil && w.file != nil {
			err = cmp.Or(w.Err(), w.stage.Commit())
		}
		if err == nil && w.partial != nil {
			err, w.partial = w.partial.Remove(), nil
		}
		return err
	}))
}

// abandon removes what was written and is not complete, but for the partial file.
func (w *writer) abandon() {
	w.stop()
	if w.Writer != nil {
		w.Close()
	}
	if w.partial != nil {
		w.partial.Close()
	}
	if w.file != nil && !w.file.Staged {
		w.file.Close()
	}
	w.stage.Discard()
}

// A reader reads an open file.
type reader struct {
	*foretell.ReaderAt
	*task           // of a file object
	file   *os.File // else
	memory int64    // that it may take, 0 for the default
}

const (
	// memberMemory is how much memory Python takes for each array of an open file,
	// with what is garbage once it has them.
	memberMemory = 2048

	defaultMemory = 1 << 30 // that of foretell.ReaderOptions
)

// readerOptions returns how the file with a path, or bytes if that is "", is read by a
// task.
func readerOptions(r *C.ft_reading, path string, t *task) *foretell.ReaderOptions {
	near := ""
	if path != "" {
		near = filepath.Dir(path)
	}
	given := C.GoStringN(r.places, C.int(r.places_length))
	places := append(strings.FieldsFunc(given, func(c rune) bool { return c == 0 }), foretell.ModelPlaces(near)...)
	return &foretell.ReaderOptions{
		Network:   network(r.network),
		Resolve:   foretell.Resolve(places...),
		MaxMemory: int64(r.memory),
		MaxOutput: int64(r.output),
		Workers:   int(r.workers),
		Prior:     slices.Clone(slice[byte](r.prior, r.prior_length)),
		External:  external(&r.external, t),
	}
}

// ft_reader_new opens a file, or with a path of NULL one of size bytes that the caller
// reads, one call at a time.
//
//export ft_reader_new
func ft_reader_new(c *C.ft_caller, path *C.char, size C.int64_t, o *C.ft_reading, e *C.ft_error) (h C.uint32_t) {
	defer rescue(e)
	r := &reader{task: newTask(), memory: int64(o.memory)}
	options := readerOptions(o, C.GoString(path), r.task)
	err := r.run(c, nil, func() (err error) {
		if path == nil {
			r.ReaderAt, err = foretell.OpenReaderAt(foreign{r.task}, int64(size), options)
			return err
		}
		if r.file, err = os.Open(C.GoString(path)); err != nil {
			return err
		}
		stat, err := r.file.Stat()
		if err == nil {
			r.ReaderAt, err = foretell.OpenReaderAt(r.file, stat.Size(), options)
		}
		return err
	})
	if fail(e, err) != 0 {
		r.close()
		return 0
	}
	return C.uint32_t(readers.add(r))
}

func (r *reader) close() {
	r.stop()
	if r.file != nil {
		r.file.Close()
	}
}

// A member is what is said of an array, in JSON.
type member struct {
	Name      string `json:"name"`
	Type      string `json:"type"`
	Shape     []int  `json:"shape"`
	BigEndian bool   `json:"big_endian"`
	Fortran   bool   `json:"fortran"`
}

func describe(m tokens.Info) *member {
	return &member{m.Name, m.Type.String(), append([]int{}, m.Shape...), m.BigEndian, m.Fortran}
}

//export ft_reader_info
func ft_reader_info(h C.uint32_t, length *C.int64_t, e *C.ft_error) (blob C.uint32_t) {
	defer rescue(e)
	r := readers.at(uint32(h))
	count, limit := int64(len(r.Members())), cmp.Or(max(r.memory, 0), defaultMemory)
	if need := count * memberMemory; need > max(limit, 1<<24) {
		fail(e, fmt.Errorf("%w: the list of %d arrays takes %d bytes of memory, %d are allowed", foretell.ErrLimit, count, need, limit))
		return 0
	}
	all := make([]*member, 0, count)
	for _, m := range r.Members() {
		all = append(all, describe(m))
	}
	b, err := json.Marshal(all)
	if fail(e, err) != 0 {
		return 0
	}
	return give(b, length)
}

// ft_reader_rows puts rows from..to-1 of a member to dst, which has room for
// exactly that, or for nothing: then it only tells whether the first can be had.
//
//export ft_reader_rows
func ft_reader_rows(c *C.ft_caller, h C.uint32_t, number, from, to C.int64_t, dst unsafe.Pointer, length C.int64_t, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	r := readers.at(uint32(h))
	w := &filler{room: slice[byte](dst, length)}
	t := newTask()
	t.asks = r.asks
	err := t.run(c, w.progress, func() error {
		return r.CopyRangeContext(t, w, int(number), int(from), int(to))
	})
	switch {
	case err == nil && len(w.room) != 0:
		err = errRoom
	case err == errRoom && length == 0:
		err = nil
	}
	return fail(e, err)
}

// A filler is an io.Writer to memory of fixed size.
type filler struct {
	room []byte
	done atomic.Int64
}

var errRoom = errors.New("the array does not have the size of its memory")

func (f *filler) Write(p []byte) (int, error) {
	if len(p) > len(f.room) {
		return 0, errRoom
	}
	f.room = f.room[copy(f.room, p):]
	f.done.Add(int64(len(p)))
	return len(p), nil
}

func (f *filler) progress() (done, total int64) { return f.done.Load(), -1 }
